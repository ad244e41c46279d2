struct Response;

fn main() {
    let _ = trine::timed!("api_call").run(|| Response);
}
