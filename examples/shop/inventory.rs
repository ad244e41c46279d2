//! Inventory: putting aside what was ordered.

use std::{error::Error, fmt, time::Instant};

use trine::{Logger, error, info};

use crate::order::Order;

/// Goods that wait for their parcel.
#[derive(Debug)]
pub(crate) struct Reservation {
    pub(crate) warehouse: &'static str,
}

/// Why nothing was put aside.
#[derive(Debug)]
pub(crate) struct OutOfStock {
    sku: String,
    wanted: u64,
    left: u64,
}

impl fmt::Display for OutOfStock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} wanted, {} left", self.wanted, self.sku, self.left)
    }
}

impl Error for OutOfStock {}

pub(crate) fn reserve(log: &Logger, order: &mut Order) -> Result<Reservation, OutOfStock> {
    info!(log, "inventory_reserve_started", items_count = order.items_count);
    let start = Instant::now();
    let reservation_id = order.chance.identifier() % 1_000_000;
    let warehouse = order.chance.pick(&["east-1", "east-2", "west-1"]);
    if order.chance.per_mille(15) {
        let sku = format!("SKU-{:04}", order.chance.below(3000));
        let error =
            OutOfStock { sku, wanted: order.items_count, left: order.chance.below(order.items_count) };
        error!(log, "inventory_reserve_failed", %error, sku = error.sku, duration_ms = start.elapsed());
        return Err(error);
    }
    info!(log, "inventory_reserve_success", reservation_id, warehouse, duration_ms = start.elapsed());
    Ok(Reservation { warehouse })
}
