use trine::attr::timed;

#[timed]
unsafe fn memory_read(at: *const u8) -> u8 {
    unsafe { *at }
}

fn main() {
    let _ = memory_read;
}
