//! Shipping: a parcel and a carrier who takes it.

use std::{error::Error, fmt, time::Instant};

use trine::{Logger, error, info};

use crate::{inventory::Reservation, order::Order};

/// Why the parcel stays.
#[derive(Debug)]
pub(crate) enum ShippingError {
    AddressUnknown { country: &'static str },
    CarrierUnavailable { carrier: &'static str },
}

impl fmt::Display for ShippingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShippingError::AddressUnknown { country } => write!(f, "there is no such address in {country}"),
            ShippingError::CarrierUnavailable { carrier } => write!(f, "{carrier} has no capacity today"),
        }
    }
}

impl Error for ShippingError {}

pub(crate) fn create(log: &Logger, order: &mut Order, from: &Reservation) -> Result<(), ShippingError> {
    let carrier = order.chance.pick(&["dhl", "ups", "post"]);
    info!(log, "shipping_create_started", carrier, country = order.country, warehouse = from.warehouse);
    let start = Instant::now();
    match book(order, carrier) {
        Ok(tracking_number) => {
            let weight_kg = order.items_count as f64 * 0.75;
            let duration_ms = start.elapsed();
            info!(log, "shipping_create_success", tracking_number, weight_kg, duration_ms);
            Ok(())
        }
        Err(error) => {
            error!(log, "shipping_create_failed", %error, carrier, duration_ms = start.elapsed());
            Err(error)
        }
    }
}

/// The tracking number.
fn book(order: &mut Order, carrier: &'static str) -> Result<String, ShippingError> {
    let tracking_number = format!("1Z{:014X}", order.chance.identifier() >> 8);
    match order.chance.below(1000) {
        0..5 => Err(ShippingError::AddressUnknown { country: order.country }),
        5..8 => Err(ShippingError::CarrierUnavailable { carrier }),
        _ => Ok(tracking_number),
    }
}
