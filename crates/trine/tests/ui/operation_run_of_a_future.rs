use trine::timed;

fn main() {
    let _ = timed!("api_call", endpoint = "/users").run(|| async { 200 });
}
