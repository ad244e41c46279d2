//! Sensitive Data Masking: functions that are total, types that mask themselves, and keys and forms that need no call at all.
//!
//! The guide's functions fail on `@b.com` and on `a@b@c`, and show a "card" `123` whole.

use std::collections::BTreeMap;

use trine::{
    Secret, error, info,
    mask::{self, Masked, Pseudonymizer, Treatment},
};

fn main() {
    info!(
        "payment_process_started",
        user_email = mask::email("user@example.com"),
        card_number = mask::card("4111111111111111"),
        amount = 99.99
    );

    // Any text has a mask.
    let emails = ["@b.com", "a@b@c", "\"x@y\"@z.com", "ü@example.com", "no address", ""].map(mask::email);
    let cards = ["4111-1111-1111-1234", "123", "4111", "not a card", ""].map(mask::card);
    info!("masks_show_completed", emails, cards);

    // The type masks, so no call can forget it; the program uses the value as it is.
    let email = Masked::new("user@example.com", Treatment::Email);
    let password = Secret::new("hunter2");
    assert!(email.contains('@') && password.expose().len() > 6);
    info!("auth_login_started", email, password);

    // What stands under a key that names a secret is masked, at any depth, before it is stored anywhere.
    let headers = BTreeMap::from([("Accept", "text/html"), ("Authorization", "Bearer eyJhbGciOi")]);
    info!("auth_token_issued", user_id = "user_123", token = "eyJhbGciOi", token_type = "jwt", headers);

    // So is what looks like a secret, and hardly like anything else, in any text.
    error!("database_connect_failed", reason = "cannot reach postgres://shop:hunter2@db/orders");
    info!("support_note_added", note = "wants 4111 1111 1111 1111 charged; his token expired yesterday");

    // What has to join gets a pseudonym. (The key comes from a variable: see `pseudonym_key_env` in docs/configuration.md.)
    let pseudonyms = Pseudonymizer::new("an example, and so no secret at all").expect("more than 16 bytes");
    info!("page_view", user = pseudonyms.of("user@example.com"), page = "/dashboard");
    info!("page_view", user = pseudonyms.of("user@example.com"), page = "/orders");
}

// Output, without the timestamps:
// {"event":"payment_process_started","user_email":"u***@example.com","card_number":"****-****-****-1111","amount":99.99,"level":"info"}
// {"event":"masks_show_completed","emails":["***@b.com","***","***@z.com","***@example.com","***","***"],"cards":["****-****-****-1234","***","***","***","***"],"level":"info"}
// {"event":"auth_login_started","email":"u***@example.com","password":"***","level":"info"}
// {"event":"auth_token_issued","user_id":"user_123","token":"***","token_type":"jwt","headers":{"Accept":"text/html","Authorization":"***"},"level":"info"}
// {"event":"database_connect_failed","reason":"cannot reach postgres://shop:***@db/orders","level":"error"}
// {"event":"support_note_added","note":"wants ****-****-****-1111 charged; his token expired yesterday","level":"info"}
// {"event":"page_view","user":"qxqprpqyxxllppkv","page":"/dashboard","level":"info"}
// {"event":"page_view","user":"qxqprpqyxxllppkv","page":"/orders","level":"info"}
