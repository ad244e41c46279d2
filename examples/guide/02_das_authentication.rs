//! Authentication Domain: the same calls, with names and levels that the compiler knows.

use trine::{error, info, mask, warning};

fn main() {
    // Login
    info!("auth_login_success", user_id = "user_123", duration_ms = 45);
    warning!("auth_login_failed", username = "alice", reason = "invalid_password");
    info!("auth_login_started", username = "alice", source = "mobile_app");

    // Logout
    info!("auth_logout_success", user_id = "user_123", session_duration_s = 3600);

    // Tokens
    info!("auth_token_issued", user_id = "user_123", token_type = "jwt", ttl_s = 3600);
    warning!("auth_token_expired", user_id = "user_123", token_id = "tok_456");
    error!("auth_token_invalid", token_id = "tok_789", reason = "signature_mismatch");

    // Passwords
    info!("auth_password_changed", user_id = "user_123");
    warning!("auth_password_reset_requested", email = mask::email("user@example.com"));
}

// Output, without the timestamps:
// {"event":"auth_login_success","user_id":"user_123","duration_ms":45,"level":"info"}
// {"event":"auth_login_failed","username":"alice","reason":"invalid_password","level":"warning"}
// {"event":"auth_login_started","username":"alice","source":"mobile_app","level":"info"}
// {"event":"auth_logout_success","user_id":"user_123","session_duration_s":3600,"level":"info"}
// {"event":"auth_token_issued","user_id":"user_123","token_type":"jwt","ttl_s":3600,"level":"info"}
// {"event":"auth_token_expired","user_id":"user_123","token_id":"tok_456","level":"warning"}
// {"event":"auth_token_invalid","token_id":"tok_789","reason":"signature_mismatch","level":"error"}
// {"event":"auth_password_changed","user_id":"user_123","level":"info"}
// {"event":"auth_password_reset_requested","email":"u***@example.com","level":"warning"}
