//! Every event name of the reference guide, with the parts and the role that a person would give it.

use std::collections::HashSet;

use trine_model::{EventName, NameParts, Role, Role::*};

/// Name, domain, action, status, role.
type Row = (&'static str, &'static str, &'static str, &'static str, Role);

#[rustfmt::skip]
const NAMES: &[Row] = &[
    ("action_taken",                  "action",       "",               "taken",      Point),
    ("api_ratelimit_exceeded",        "api",          "ratelimit",      "exceeded",   Point),
    ("api_request_completed",         "api",          "request",        "completed",  Ok),
    ("api_request_failed",            "api",          "request",        "failed",     Fail),
    ("api_request_started",           "api",          "request",        "started",    Open),
    ("api_validation_failed",         "api",          "validation",     "failed",     Fail),
    ("auth_login_failed",             "auth",         "login",          "failed",     Fail),
    ("auth_login_started",            "auth",         "login",          "started",    Open),
    ("auth_login_success",            "auth",         "login",          "success",    Ok),
    ("auth_logout_success",           "auth",         "logout",         "success",    Ok),
    ("auth_password_changed",         "auth",         "password",       "changed",    Point),
    ("auth_password_reset_requested", "auth",         "password_reset", "requested",  Open),
    ("auth_token_expired",            "auth",         "token",          "expired",    Point),
    ("auth_token_invalid",            "auth",         "token",          "invalid",    Fail),
    ("auth_token_issued",             "auth",         "token",          "issued",     Ok),
    ("cache_hit",                     "cache",        "hit",            "",           Point),
    ("cache_miss",                    "cache",        "miss",           "",           Point),
    ("data_downloaded",               "data",         "",               "downloaded", Point),
    ("database_connection_closed",    "database",     "connection",     "closed",     Ok),
    ("database_connection_failed",    "database",     "connection",     "failed",     Fail),
    ("database_connection_lost",      "database",     "connection",     "lost",       Point),
    ("database_connection_opened",    "database",     "connection",     "opened",     Open),
    ("database_query_completed",      "database",     "query",          "completed",  Ok),
    ("database_query_slow",           "database",     "query",          "slow",       Point),
    ("database_query_started",        "database",     "query",          "started",    Open),
    ("database_transaction_committed", "database",    "transaction",    "committed",  Ok),
    ("database_transaction_rollback", "database",     "transaction",    "rollback",   Fail),
    ("database_transaction_started",  "database",     "transaction",    "started",    Open),
    ("events_batch",                  "events",       "batch",          "",           Point),
    ("feature_accessed",              "feature",      "",               "accessed",   Point),
    ("inventory_reserve_failed",      "inventory",    "reserve",        "failed",     Fail),
    ("inventory_reserve_started",     "inventory",    "reserve",        "started",    Open),
    ("inventory_reserve_success",     "inventory",    "reserve",        "success",    Ok),
    ("item_processed",                "item",         "",               "processed",  Point),
    ("metrics_summary",               "metrics",      "summary",        "",           Point),
    ("notification_send_started",     "notification", "send",           "started",    Open),
    ("notification_send_success",     "notification", "send",           "success",    Ok),
    ("order_created",                 "order",        "",               "created",    Point),
    ("order_fulfill_completed",       "order",        "fulfill",        "completed",  Ok),
    ("order_fulfill_failed",          "order",        "fulfill",        "failed",     Fail),
    ("order_fulfill_started",         "order",        "fulfill",        "started",    Open),
    ("page_exit",                     "page",         "exit",           "",           Point),
    ("page_view",                     "page",         "view",           "",           Point),
    ("payment_charge_failed",         "payment",      "charge",         "failed",     Fail),
    ("payment_charge_started",        "payment",      "charge",         "started",    Open),
    ("payment_charge_success",        "payment",      "charge",         "success",    Ok),
    ("payment_fraud_detected",        "payment",      "fraud",          "detected",   Point),
    ("payment_process_failed",        "payment",      "process",        "failed",     Fail),
    ("payment_process_started",       "payment",      "process",        "started",    Open),
    ("payment_process_success",       "payment",      "process",        "success",    Ok),
    ("payment_refund_completed",      "payment",      "refund",         "completed",  Ok),
    ("payment_refund_initiated",      "payment",      "refund",         "initiated",  Open),
    ("request_completed",             "request",      "",               "completed",  Ok),
    ("request_failed",                "request",      "",               "failed",     Fail),
    ("request_received",              "request",      "",               "received",   Open),
    ("session_activity",              "session",      "activity",       "",           Point),
    ("shipping_create_started",       "shipping",     "create",         "started",    Open),
    ("shipping_create_success",       "shipping",     "create",         "success",    Ok),
    ("user_action",                   "user",         "action",         "",           Point),
    ("user_action_completed",         "user",         "action",         "completed",  Ok),
    ("user_login",                    "user",         "login",          "",           Point),
    ("user_login_success",            "user",         "login",          "success",    Ok),
    // Composed at run time by the guide's `log_order_event` and `timed_event`.
    ("order_create_success",          "order",        "create",         "success",    Ok),
    ("order_process_started",         "order",        "process",        "started",    Open),
    ("api_call_started",              "api",          "call",           "started",    Open),
    ("api_call_completed",            "api",          "call",           "completed",  Ok),
    ("api_call_failed",               "api",          "call",           "failed",     Fail),
    // The guide's examples of inconsistent naming: legal, and they still mean something.
    ("logout_successful",             "logout",       "",               "successful", Ok),
    ("token_created",                 "token",        "",               "created",    Point),
    ("user_logged_in",                "user",         "",               "logged_in",  Point),
];

#[test]
fn all_names_of_the_guide_are_here() {
    let names: HashSet<&str> = NAMES.iter().map(|row| row.0).collect();
    assert_eq!(names.len(), 65 + 5, "65 literals, 5 composed");
}

#[test]
fn names_of_the_guide_have_the_parts_a_person_would_say() {
    for (name, domain, action, status, role) in NAMES {
        assert_eq!(EventName::check(name), Result::Ok(()), "{name}");
        let parts = NameParts::of(name);
        assert_eq!(parts, NameParts { domain, action, status }, "{name}");
        assert_eq!(parts.role(), *role, "{name}");
    }
}

#[test]
fn names_of_the_guide_mean_the_same_written_with_dots() {
    for (name, domain, action, status, role) in NAMES {
        let segments: Vec<&str> =
            [*domain, action, status].into_iter().filter(|part| !part.is_empty()).collect();
        let dotted = EventName::intern(&segments.join(".")).unwrap();
        assert_eq!(dotted, EventName::intern(name).unwrap());
        assert_eq!(dotted.parts(), NameParts { domain, action, status }, "{dotted}");
        assert_eq!(dotted.role(), *role, "{dotted}");
    }
}

#[test]
fn names_of_the_guide_can_be_composed_from_their_parts() {
    for (name, domain, action, status, _) in NAMES {
        assert_eq!(EventName::compose(domain, action, status).unwrap().as_str(), *name);
    }
}
