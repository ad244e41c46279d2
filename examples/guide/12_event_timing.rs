//! Event Timing: an operation ends once, whatever happens, also by a panic or a cancelled future, and on a monotonic clock.

use trine::{attr, operation, timed};

struct Db;

impl Db {
    fn query(&self, sql: &str) -> Result<Vec<u32>, String> {
        if sql.contains("users") { Ok(vec![1, 2, 3]) } else { Err(format!("no such table in `{sql}`")) }
    }
}

/// A whole function is an operation. Its arguments are fields only when they are named.
#[attr::timed("api_call", fields(endpoint, method = "GET"))]
fn get(endpoint: &str, _token: &str) -> u16 {
    operation::record("status_code", 200);
    200
}

fn main() {
    let db = Db;
    let results = timed!("database_query", table = "users", operation = "SELECT")
        .run(|| db.query("SELECT * FROM users WHERE active = true"));
    assert_eq!(results.unwrap().len(), 3);

    assert_eq!(get("/users", "not a field"), 200);

    let failed = timed!("database_query", table = "userz", operation = "SELECT")
        .run(|| db.query("SELECT * FROM userz"));
    assert!(failed.is_err());

    let panicked = std::panic::catch_unwind(|| {
        timed!("api_call", endpoint = "/orders", method = "GET").run(|| -> u16 { panic!("no route to host") })
    });
    assert!(panicked.is_err()); // Said twice: the thread panicked, and that was the end of the call.
}

// Output, without the timestamps:
// {"event":"database_query_started","table":"users","operation":"SELECT","operation_id":"<id 1>","level":"info"}
// {"event":"database_query_completed","duration_ms":<ms>,"table":"users","operation":"SELECT","operation_id":"<id 1>","level":"info"}
// {"event":"api_call_started","endpoint":"/users","method":"GET","operation_id":"<id 2>","level":"info"}
// {"event":"api_call_completed","duration_ms":<ms>,"status_code":200,"endpoint":"/users","method":"GET","operation_id":"<id 2>","level":"info"}
// {"event":"database_query_started","table":"userz","operation":"SELECT","operation_id":"<id 3>","level":"info"}
// {"event":"database_query_failed","duration_ms":<ms>,"error":"no such table in `SELECT * FROM userz`","table":"userz","operation":"SELECT","operation_id":"<id 3>","level":"error"}
// {"event":"api_call_started","endpoint":"/orders","method":"GET","operation_id":"<id 4>","level":"info"}
// {"event":"runtime_thread_panicked","thread":"main","location":"examples/guide/12_event_timing.rs:33:82","message":"no route to host","error_fingerprint":"b2fdc84ce793f71f","level":"critical"}
// {"event":"api_call_failed","duration_ms":<ms>,"error":"no route to host","reason":"panic","endpoint":"/orders","method":"GET","operation_id":"<id 4>","level":"error"}
