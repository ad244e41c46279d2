fn main() {
    let op = trine::timed!("api_call");
    op.complete();
    op.fail("again");
}
