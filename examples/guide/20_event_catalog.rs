//! Event Catalog: constants that are judged while compiling, and know their parts and what their status means.

use trine::{Role, error, info};

/// The events of the application, in one place.
mod events {
    use trine::EventName;

    // Authentication
    pub(crate) const AUTH_LOGIN_SUCCESS: EventName = EventName::literal("auth_login_success");
    pub(crate) const AUTH_LOGIN_FAILED: EventName = EventName::literal("auth_login_failed");
    pub(crate) const AUTH_LOGOUT_SUCCESS: EventName = EventName::literal("auth_logout_success");

    // Payments
    pub(crate) const PAYMENT_PROCESS_STARTED: EventName = EventName::literal("payment_process_started");
    pub(crate) const PAYMENT_PROCESS_SUCCESS: EventName = EventName::literal("payment_process_success");
    pub(crate) const PAYMENT_PROCESS_FAILED: EventName = EventName::literal("payment_process_failed");

    // API
    pub(crate) const API_REQUEST_STARTED: EventName = EventName::literal("api_request_started");
    pub(crate) const API_REQUEST_COMPLETED: EventName = EventName::literal("api_request_completed");
    pub(crate) const API_REQUEST_FAILED: EventName = EventName::literal("api_request_failed");

    pub(crate) const ALL: [EventName; 9] = [
        AUTH_LOGIN_SUCCESS,
        AUTH_LOGIN_FAILED,
        AUTH_LOGOUT_SUCCESS,
        PAYMENT_PROCESS_STARTED,
        PAYMENT_PROCESS_SUCCESS,
        PAYMENT_PROCESS_FAILED,
        API_REQUEST_STARTED,
        API_REQUEST_COMPLETED,
        API_REQUEST_FAILED,
    ];
}

fn main() {
    info!(events::AUTH_LOGIN_SUCCESS, user_id = "123");
    error!(events::PAYMENT_PROCESS_FAILED, order_id = "ORD-123");

    // The guide's constants are texts and know nothing; a name can be asked.
    let name = events::PAYMENT_PROCESS_FAILED;
    info!("catalog_name_shown", domain = name.domain(), action = name.action(), status = name.status());
    let failures: Vec<&str> =
        events::ALL.iter().filter(|name| name.role() == Role::Fail).map(|name| name.as_str()).collect();
    info!("catalog_read_completed", names_count = events::ALL.len(), failures);
}

// Output, without the timestamps:
// {"event":"auth_login_success","user_id":"123","level":"info"}
// {"event":"payment_process_failed","order_id":"ORD-123","level":"error"}
// {"event":"catalog_name_shown","domain":"payment","action":"process","status":"failed","level":"info"}
// {"event":"catalog_read_completed","names_count":9,"failures":["auth_login_failed","payment_process_failed","api_request_failed"],"level":"info"}
