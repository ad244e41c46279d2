//! Best Practices: what the guide advises against does not compile, or does not reach the line.

use trine::{critical, debug, error, info, warning};

fn main() {
    trine::setup().level("debug").start();

    // Do: use consistent naming. `info!("logout-successful")` does not compile. `info!("user_logged_in")` does: which words say what is
    // for people to agree on, and to keep as constants (20_event_catalog.rs).
    info!("auth_login_success");
    info!("auth_logout_success");
    info!("auth_token_issued");

    // Do: include rich context. A variable is its own key.
    let (order_id, customer_id, total_amount, items_count) = ("ORD-123", "cust_456", 99.99, 3);
    info!("order_created", order_id, customer_id, total_amount, items_count, payment_method = "credit_card");

    // Do: use appropriate levels. There are six, and no seventh by a typing error.
    debug!("cache_hit", key = "user:123"); // Low importance
    info!("user_login_success", user_id = "123"); // Normal operation
    warning!("api_ratelimit_exceeded", user_id = "123"); // Concerning
    error!("payment_process_failed", order_id = "ORD-123"); // An error
    critical!("database_connection_lost"); // The system cannot work

    // Do: structure for searchability. `info!("API GET /users completed in 45ms")` does not compile.
    info!("api_request_completed", endpoint = "/users", method = "GET", status_code = 200, duration_ms = 45);

    // Don't: log sensitive data. Who does it by mistake leaks nothing: the key tells, before anything is stored.
    info!("auth_login_success", user_id = "123", password = "secret123");

    // Don't: use dynamic event names. `info!(format!("user_{action}_completed"))` does not compile; a field is the way.
    for action in ["export", "import"] {
        info!("user_action_completed", action);
    }
}

// Output, without the timestamps:
// {"event":"auth_login_success","level":"info"}
// {"event":"auth_logout_success","level":"info"}
// {"event":"auth_token_issued","level":"info"}
// {"event":"order_created","order_id":"ORD-123","customer_id":"cust_456","total_amount":99.99,"items_count":3,"payment_method":"credit_card","level":"info"}
// {"event":"cache_hit","key":"user:123","level":"debug"}
// {"event":"user_login_success","user_id":"123","level":"info"}
// {"event":"api_ratelimit_exceeded","user_id":"123","level":"warning"}
// {"event":"payment_process_failed","order_id":"ORD-123","level":"error"}
// {"event":"database_connection_lost","level":"critical"}
// {"event":"api_request_completed","endpoint":"/users","method":"GET","status_code":200,"duration_ms":45,"level":"info"}
// {"event":"auth_login_success","user_id":"123","password":"***","level":"info"}
// {"event":"user_action_completed","action":"export","level":"info"}
// {"event":"user_action_completed","action":"import","level":"info"}
