//! Database Domain: queries and transactions measure themselves, and the slow ones say so without an `if`.

use std::time::Duration;

use trine::{info, operation, timed, warning};

/// Rows of a table: stands for a real query.
fn select(table: &str) -> Result<u64, &'static str> {
    let rows = if table == "users" { 10 } else { 10_000 };
    operation::record("rows_returned", rows);
    Ok(rows)
}

fn main() {
    // Queries are too many to be seen by default.
    trine::setup().level("info,database=debug").start();

    timed!(level: debug, slow_ms: 60_000, "database_query", table = "users", operation = "SELECT")
        .run(|| select("users"))
        .unwrap();
    // Nobody waits for an example: here, every query is slow.
    timed!(level: debug, slow_ms: 0, "database_query", table = "orders", operation = "SELECT")
        .run(|| select("orders"))
        .unwrap();

    // Connections
    info!("database_connection_opened", host = "db.example.com", port = 5432);
    warning!("database_connection_failed", host = "db.example.com", error = "timeout");
    info!("database_connection_closed", duration_s = Duration::from_secs(3600));

    // A transaction ends as committed. `?`, a panic or an early return would have ended it as failed.
    let transaction = timed!(level: debug, success: "committed", "database_transaction", isolation_level = "READ_COMMITTED");
    transaction.record("changes", 5);
    transaction.complete();
    warning!("database_transaction_rollback", reason = "constraint_violation");
}

// Output, without the timestamps:
// {"event":"database_query_started","table":"users","operation":"SELECT","operation_id":"<id 1>","level":"debug"}
// {"event":"database_query_completed","duration_ms":<ms>,"rows_returned":10,"table":"users","operation":"SELECT","operation_id":"<id 1>","level":"debug"}
// {"event":"database_query_started","table":"orders","operation":"SELECT","operation_id":"<id 2>","level":"debug"}
// {"event":"database_query_slow","duration_ms":<ms>,"rows_returned":10000,"table":"orders","operation":"SELECT","operation_id":"<id 2>","level":"warning"}
// {"event":"database_query_completed","duration_ms":<ms>,"rows_returned":10000,"table":"orders","operation":"SELECT","operation_id":"<id 2>","level":"debug"}
// {"event":"database_connection_opened","host":"db.example.com","port":5432,"level":"info"}
// {"event":"database_connection_failed","host":"db.example.com","error":"timeout","level":"warning"}
// {"event":"database_connection_closed","duration_s":3600.0,"level":"info"}
// {"event":"database_transaction_started","isolation_level":"READ_COMMITTED","operation_id":"<id 3>","level":"debug"}
// {"event":"database_transaction_committed","duration_ms":<ms>,"changes":5,"isolation_level":"READ_COMMITTED","operation_id":"<id 3>","level":"debug"}
// {"event":"database_transaction_rollback","reason":"constraint_violation","level":"warning"}
