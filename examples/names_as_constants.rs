//! How do I keep the names of all events in one place?
use trine::{Role, bind, error, info};

/// The event catalog: each name is judged while compiling, and a typing error in its use does not compile.
mod events {
    use trine::EventName;

    pub(crate) const AUTH_LOGIN_SUCCESS: EventName = EventName::literal("auth_login_success");
    pub(crate) const AUTH_LOGIN_FAILED: EventName = EventName::literal("auth_login_failed");
    pub(crate) const PAYMENT_PROCESS_STARTED: EventName = EventName::literal("payment_process_started");
    pub(crate) const PAYMENT_PROCESS_FAILED: EventName = EventName::literal("payment_process_failed");
    pub(crate) const ALL: [EventName; 4] =
        [AUTH_LOGIN_SUCCESS, AUTH_LOGIN_FAILED, PAYMENT_PROCESS_STARTED, PAYMENT_PROCESS_FAILED];
}

fn main() {
    info!(events::AUTH_LOGIN_SUCCESS, user_id = "user_123");
    error!(events::AUTH_LOGIN_FAILED, username = "alice", reason = "invalid_password");

    let log = bind!(order_id = "ORD-123");
    info!(log, events::PAYMENT_PROCESS_STARTED, amount = 99.99);
    error!(log, events::PAYMENT_PROCESS_FAILED, error_code = "E1001");

    // A name knows its parts, and what its status means.
    for name in events::ALL {
        let ends_badly = if name.role() == Role::Fail { "  (a failure)" } else { "" };
        println!("{name}: {} / {} / {}{ends_badly}", name.domain(), name.action(), name.status());
    }
}
