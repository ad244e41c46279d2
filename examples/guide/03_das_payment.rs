//! Payment Domain: started, success and failed are one operation, which ends once and measures itself.

use trine::{bind, info, operation, timed, warning};

/// The processor's answer: the transaction, or why there is none.
fn process(order_id: &str) -> Result<&'static str, &'static str> {
    if order_id == "ORD-123" { Ok("txn_456") } else { Err("card declined") }
}

fn pay(order_id: &str, amount: f64) -> Result<(), &'static str> {
    let log = bind!(order_id = order_id);
    timed!(log, success: "success", "payment_process", amount, currency = "USD", payment_method = "credit_card")
        .run(|| match process(order_id) {
            Ok(transaction_id) => {
                operation::record("transaction_id", transaction_id);
                Ok(())
            }
            Err(why) => {
                operation::record("reason", "insufficient_funds");
                operation::record("error_code", "E1001");
                Err(why)
            }
        })
}

fn main() {
    assert!(pay("ORD-123", 99.99).is_ok());
    assert!(pay("ORD-124", 99.99).is_err());

    // Refunds begin and end far apart, perhaps in two processes: two events.
    info!("payment_refund_initiated", transaction_id = "txn_456", amount = 99.99);
    info!("payment_refund_completed", refund_id = "ref_789", amount = 99.99);

    // A list stays a list.
    warning!(
        "payment_fraud_detected",
        order_id = "ORD-123",
        user_id = "user_123",
        risk_score = 0.95,
        rules_triggered = ["velocity", "location"],
    );
}

// Output, without the timestamps:
// {"event":"payment_process_started","amount":99.99,"currency":"USD","payment_method":"credit_card","operation_id":"<id 1>","order_id":"ORD-123","level":"info"}
// {"event":"payment_process_success","duration_ms":<ms>,"transaction_id":"txn_456","amount":99.99,"currency":"USD","payment_method":"credit_card","operation_id":"<id 1>","order_id":"ORD-123","level":"info"}
// {"event":"payment_process_started","amount":99.99,"currency":"USD","payment_method":"credit_card","operation_id":"<id 2>","order_id":"ORD-124","level":"info"}
// {"event":"payment_process_failed","duration_ms":<ms>,"error":"card declined","reason":"insufficient_funds","error_code":"E1001","amount":99.99,"currency":"USD","payment_method":"credit_card","operation_id":"<id 2>","order_id":"ORD-124","level":"error"}
// {"event":"payment_refund_initiated","transaction_id":"txn_456","amount":99.99,"level":"info"}
// {"event":"payment_refund_completed","refund_id":"ref_789","amount":99.99,"level":"info"}
// {"event":"payment_fraud_detected","order_id":"ORD-123","user_id":"user_123","risk_score":0.95,"rules_triggered":["velocity","location"],"level":"warning"}
