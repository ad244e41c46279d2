//! Notification: telling the customer.

use std::{error::Error, fmt, time::Instant};

use trine::{Logger, error, info};

use crate::order::Order;

/// Why the customer does not know.
#[derive(Debug)]
pub(crate) struct Bounced {
    status_code: u64,
}

impl fmt::Display for Bounced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the mail server answered {}", self.status_code)
    }
}

impl Error for Bounced {}

pub(crate) fn send(log: &Logger, order: &mut Order) -> Result<(), Bounced> {
    info!(log, "notification_send_started", type = "order_confirmation", channel = "email");
    let start = Instant::now();
    let message_id = order.chance.identifier();
    if order.chance.per_mille(6) {
        let error = Bounced { status_code: order.chance.pick(&[421, 550, 552]) };
        let (status_code, duration_ms) = (error.status_code, start.elapsed());
        error!(log, "notification_send_failed", %error, status_code, duration_ms);
        return Err(error);
    }
    info!(log, "notification_send_success", message_id, duration_ms = start.elapsed());
    Ok(())
}
