fn main() {
    let _op = trine::timed!(level: debug, success: "committed");
}
