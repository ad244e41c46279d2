//! Error Events Schema: `cause:` asks the error itself, for its type, its message and what caused it; nothing is copied by hand.

use std::{error::Error, fmt, io};

use trine::{error, scope};

/// Why a payment failed, and what made it fail.
#[derive(Debug)]
struct PaymentError {
    gateway: &'static str,
    source: io::Error,
}

impl PaymentError {
    fn code(&self) -> &'static str {
        "E1001"
    }
}

impl fmt::Display for PaymentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer from {}", self.gateway)
    }
}

impl Error for PaymentError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

fn process_payment(_order_id: &str) -> Result<(), PaymentError> {
    Err(PaymentError { gateway: "gateway_7", source: io::Error::other("connection reset by peer") })
}

fn main() {
    // The ids are those of the request: no error has to carry them.
    let _scope = scope!(request_id = "req_123", user_id = "user_123");
    if let Err(error) = process_payment("ORD-123") {
        error!(cause: &error, "payment_process_failed", order_id = "ORD-123", error_code = error.code());
    }
}

// Output, without the timestamps:
// {"event":"payment_process_failed","order_id":"ORD-123","error_code":"E1001","error_type":"guide_10_error_schema::PaymentError","error_message":"no answer from gateway_7","error_chain":["connection reset by peer"],"request_id":"req_123","user_id":"user_123","level":"error"}
