use trine::scope;

fn main() {
    let _scope = scope!(keep_debug_on_failure: 256 KB, request_id = "req_123");
}
