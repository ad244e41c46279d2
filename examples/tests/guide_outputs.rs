//! What the guide to structured events shows as output is our output: keys, their order, values.

use trine::{Format, Output, bind, info, sink::MemorySink};

/// The guide's "Output:" of its first event.
const USER_LOGIN: &str = r#"
{
  "event": "user_login",
  "user_id": "user_123",
  "source": "web_app",
  "ip_address": "192.168.1.100",
  "timestamp": "2025-10-24T10:00:00Z",
  "level": "info"
}"#;

/// The guide's "Output:" under context binding. It leaves out `timestamp` and `level`, which every event has.
const PAGE_VIEW: &str = r#"
{
  "event": "page_view",
  "page": "/dashboard",
  "request_id": "req_123",
  "user_id": "user_123",
  "session_id": "sess_456"
}"#;

/// The guide's block as one line. No value in it holds a line break or `": "`.
fn on_one_line(block: &str) -> String {
    block.lines().map(|line| line.trim().replacen("\": ", "\":", 1)).collect()
}

/// The line up to its time, and what stands behind the time. The time has the guide's form, with microseconds.
#[track_caller]
fn around_time(line: &str) -> (&str, &str) {
    let (before, rest) = line.split_once(r#""timestamp":""#).unwrap();
    let (time, after) = rest.split_once('"').unwrap();
    let form: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert!(["0000-00-00T00:00:00Z", "0000-00-00T00:00:00.000000Z"].contains(&&*form), "{time}");
    (before, after)
}

#[test]
fn the_guides_examples_have_the_guides_output() {
    let memory = MemorySink::new();
    trine::setup().level("info").output(Output::to(memory.clone()).format(Format::Json)).force().start();

    info!("user_login", user_id = "user_123", source = "web_app", ip_address = "192.168.1.100");
    let request_logger = bind!(request_id = "req_123", user_id = "user_123", session_id = "sess_456");
    info!(request_logger, "page_view", page = "/dashboard");
    info!(request_logger, "action_taken", action = "export_report");
    info!(request_logger, "page_exit", time_on_page_s = 45);
    assert_eq!(trine::flush(std::time::Duration::from_secs(5)), 0);

    let lines = memory.lines();
    assert_eq!(lines.len(), 4);
    assert_eq!(around_time(&lines[0]), around_time(&on_one_line(USER_LOGIN)));
    let (fields, tail) = around_time(&lines[1]);
    assert_eq!(format!("{}}}", fields.trim_end_matches(',')), on_one_line(PAGE_VIEW));
    assert_eq!(tail, r#","level":"info"}"#);
    // "All subsequent logs include bound context."
    let context = r#""request_id":"req_123","user_id":"user_123","session_id":"sess_456","#;
    assert_eq!(
        around_time(&lines[2]).0,
        format!(r#"{{"event":"action_taken","action":"export_report",{context}"#)
    );
    assert_eq!(around_time(&lines[3]).0, format!(r#"{{"event":"page_exit","time_on_page_s":45,{context}"#));
}
