//! Error Events Schema: `cause:` asks the error itself, for its type, message, causes and code, and gives its kind a fingerprint.

use std::{borrow::Cow, error::Error, fmt, io};

use trine::{ErrorCode, ErrorContext, error, log_error_event, scope};

/// Why a payment failed, and what made it fail.
#[derive(Debug)]
struct PaymentError {
    gateway: &'static str,
    source: io::Error,
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

impl ErrorCode for PaymentError {
    fn error_code(&self) -> Option<Cow<'_, str>> {
        Some("E1001".into())
    }
}

fn process_payment(gateway: &'static str) -> Result<(), PaymentError> {
    Err(PaymentError { gateway, source: io::Error::other("connection reset by peer") })
}

fn main() {
    // The ids are those of the request: no error has to carry them.
    let _scope = scope!(request_id = "req_123", user_id = "user_123");
    // Two gateways, one kind of failure: the fingerprint is the same.
    for gateway in ["gateway_7", "gateway_12"] {
        if let Err(error) = process_payment(gateway) {
            error!(cause: &error, "payment_process_failed", order_id = "ORD-123");
        }
    }
    // The guide's helper, for errors that come as pieces: what a service in another language answered.
    log_error_event(
        "payment",
        "refund",
        ErrorContext::new("RefundError", "refund window is over").error_code("E2002").user_id("user_456"),
    );
}

// Output, without the timestamps:
// {"event":"payment_process_failed","order_id":"ORD-123","error_type":"PaymentError","error_message":"no answer from gateway_7","error_chain":["connection reset by peer"],"error_code":"E1001","error_fingerprint":"12b0cd4dfaa08b72","request_id":"req_123","user_id":"user_123","level":"error"}
// {"event":"payment_process_failed","order_id":"ORD-123","error_type":"PaymentError","error_message":"no answer from gateway_12","error_chain":["connection reset by peer"],"error_code":"E1001","error_fingerprint":"12b0cd4dfaa08b72","request_id":"req_123","user_id":"user_123","level":"error"}
// {"event":"payment_refund_failed","error_type":"RefundError","error_message":"refund window is over","error_code":"E2002","error_fingerprint":"352053f584547e04","user_id":"user_456","request_id":"req_123","level":"error"}
