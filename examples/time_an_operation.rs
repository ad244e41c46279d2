//! How do I say that something began, how long it took, and whether it went well?

use std::io;

use trine::{attr, operation, timed};

/// Rows of a table, or an error: stands for a real query.
fn query(table: &str) -> io::Result<Vec<u32>> {
    if table == "users" { Ok(vec![1, 2, 3]) } else { Err(io::Error::other(format!("no table {table}"))) }
}

/// Around a piece of work: the result says how it ended, and is passed on.
fn around_a_closure() {
    let rows = timed!("database_query", table = "users", operation = "SELECT").run(|| query("users"));
    assert_eq!(rows.unwrap().len(), 3);
    let rows = timed!("database_query", table = "userz", operation = "SELECT").run(|| query("userz"));
    assert!(rows.is_err());
}

/// By hand, with fields that are known on the way only.
fn by_hand() -> io::Result<()> {
    let op = timed!(level: debug, success: "committed", slow_ms: 0, "database_transaction");
    let rows = query("users")?; // Had it failed, the operation would have ended as cancelled.
    op.record("rows", rows.len());
    op.complete();
    Ok(())
}

/// A whole function. Arguments are fields only when they are named.
#[attr::timed("user_import", fields(source))]
fn import_users(source: &str, _password: &str) -> io::Result<usize> {
    let rows = timed!("database_query", table = "users").run(|| query("users"))?;
    operation::record("imported", rows.len());
    Ok(rows.len())
}

fn main() -> io::Result<()> {
    trine::setup().level("debug").start();
    around_a_closure();
    by_hand()?;
    import_users("users.csv", "hunter2")?;
    Ok(())
}
