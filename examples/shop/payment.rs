//! Payment: charging a customer, and giving the money back.

use std::{error::Error, fmt, time::Instant};

use trine::{Logger, debug, error, info};

use crate::order::Order;

/// A charge that went through.
#[derive(Debug)]
pub(crate) struct Payment {
    transaction_id: String,
    amount: f64,
}

/// Why nothing was charged.
#[derive(Debug)]
pub(crate) enum PaymentError {
    InsufficientFunds,
    CardExpired { month: u64, year: u64 },
    ProviderUnavailable { provider: &'static str },
}

impl PaymentError {
    fn code(&self) -> &'static str {
        match self {
            PaymentError::InsufficientFunds => "E1001",
            PaymentError::CardExpired { .. } => "E1002",
            PaymentError::ProviderUnavailable { .. } => "E1503",
        }
    }
}

impl fmt::Display for PaymentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PaymentError::InsufficientFunds => f.write_str("insufficient funds"),
            PaymentError::CardExpired { month, year } => write!(f, "the card expired in {month:02}/{year}"),
            PaymentError::ProviderUnavailable { provider } => write!(f, "{provider} does not answer"),
        }
    }
}

impl Error for PaymentError {}

pub(crate) fn charge(log: &Logger, order: &mut Order) -> Result<Payment, PaymentError> {
    info!(
        log,
        "payment_charge_started",
        amount = order.amount,
        currency = order.currency,
        payment_method = order.payment_method
    );
    let start = Instant::now();
    let result = ask_provider(log, order);
    let duration_ms = start.elapsed();
    match &result {
        Ok(payment) => {
            info!(log, "payment_charge_success", transaction_id = payment.transaction_id, duration_ms);
        }
        Err(error) => {
            let (amount, error_code) = (order.amount, error.code());
            error!(log, "payment_charge_failed", %error, error_code, amount, duration_ms);
        }
    }
    result
}

pub(crate) fn refund(log: &Logger, payment: &Payment) {
    info!(log, "payment_refund_started", transaction_id = payment.transaction_id, amount = payment.amount);
    let start = Instant::now();
    let refund_id = payment.transaction_id.replace("txn", "ref");
    info!(log, "payment_refund_completed", refund_id, amount = payment.amount, duration_ms = start.elapsed());
}

fn ask_provider(log: &Logger, order: &mut Order) -> Result<Payment, PaymentError> {
    let chance = &mut order.chance;
    let transaction_id = format!("txn_{:012x}", chance.identifier() >> 16);
    debug!(log, "payment_risk_scored", risk_score = chance.below(100) as f64 / 100.0);
    if chance.per_mille(18) {
        return Err(PaymentError::InsufficientFunds);
    }
    if order.payment_method == "credit_card" && chance.per_mille(12) {
        return Err(PaymentError::CardExpired { month: 1 + chance.below(12), year: 2020 + chance.below(5) });
    }
    if chance.per_mille(4) {
        return Err(PaymentError::ProviderUnavailable { provider: chance.pick(&["acme-pay", "globex"]) });
    }
    Ok(Payment { transaction_id, amount: order.amount })
}
