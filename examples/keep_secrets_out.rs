//! How do I keep secrets out of the log, those that Trine knows and those of my own?
use std::{collections::BTreeMap, error::Error};

use trine::{
    Secret, error, info,
    mask::{self, Kind, Masks, Treatment},
};

/// The type hides the value, wherever it is logged or printed.
#[derive(Debug)]
struct Database {
    host: &'static str,
    password: Secret<&'static str>,
}

impl Database {
    /// The one place where the secret is needed is the one that says so.
    fn connect(&self) -> Result<(), Box<dyn Error>> {
        Err(format!("cannot reach postgres://shop:{}@{}/orders", self.password.expose(), self.host).into())
    }
}

fn main() {
    // Besides what is always masked. `[masks]` in trine.toml says the same: see docs/masks.md.
    let masks = Masks::new()
        .key("nickname", Treatment::Redact)
        .key("phone", Treatment::Phone)
        .allow("parser_token")
        .detect(Kind::Email);
    trine::setup().masks(masks).start();

    let database = Database { host: "db.internal", password: Secret::new("hunter2") };
    info!("database_connect_started", ?database);
    if let Err(failed) = database.connect() {
        // Nobody chose this text for a log: what has the form of a secret in it is masked.
        error!("database_connect_failed", reason = %failed);
    }

    let headers = BTreeMap::from([("accept", "text/html"), ("x-api-key", "5f2a91c7")]);
    info!("http_request_sent", headers, email = mask::email("user@example.com"));
    info!(
        "user_signup_completed",
        user_nickname = "al",
        phone = "+44 20 7946 0123",
        note = "write to alice@example.com"
    );
    info!("query_parse_failed", parser_token = "}", at = 17);
}
