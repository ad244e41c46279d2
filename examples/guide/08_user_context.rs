//! User Context: a function that returns a logger; in a scope, what is called deep inside need not be handed one.

use trine::{Logger, bind, info};

fn role_of(user_id: &str) -> &'static str {
    if user_id == "user_123" { "admin" } else { "guest" }
}

fn tenant_of(_user_id: &str) -> &'static str {
    "tenant_7"
}

fn with_user_context(user_id: &str) -> Logger {
    bind!(user_id = user_id, user_role = role_of(user_id), tenant_id = tenant_of(user_id))
}

/// Knows nothing of users and loggers.
fn download(rows: u64) {
    info!("data_downloaded", format = "csv", rows);
}

fn main() {
    let user_log = with_user_context("user_123");
    info!(user_log, "feature_accessed", feature = "export");

    let _scope = user_log.enter();
    download(1_000);
}

// Output, without the timestamps:
// {"event":"feature_accessed","feature":"export","user_id":"user_123","user_role":"admin","tenant_id":"tenant_7","level":"info"}
// {"event":"data_downloaded","format":"csv","rows":1000,"user_id":"user_123","user_role":"admin","tenant_id":"tenant_7","level":"info"}
