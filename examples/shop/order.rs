//! Orders, as customers might place them.

use crate::chance::Chance;

/// What is to be fulfilled.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) customer_id: String,
    pub(crate) amount: f64,
    pub(crate) currency: &'static str,
    pub(crate) payment_method: &'static str,
    pub(crate) items_count: u64,
    pub(crate) country: &'static str,
    /// Decides what happens to the order.
    pub(crate) chance: Chance,
}

impl Order {
    /// The order of that number: the same in every run.
    pub(crate) fn numbered(number: u64) -> Order {
        let mut chance = Chance::seeded(number);
        let (country, currency) = chance.pick(&[
            ("US", "USD"),
            ("DE", "EUR"),
            ("FR", "EUR"),
            ("GB", "GBP"),
            ("JP", "JPY"),
            ("BR", "BRL"),
        ]);
        Order {
            id: format!("ORD-{:06}", 100_000 + number),
            customer_id: format!("cust_{}", 1000 + chance.below(50_000)),
            // Whole cents, most of them small sums.
            amount: (499 + chance.below(20_000) * chance.below(20) / 4) as f64 / 100.0,
            currency,
            payment_method: chance.pick(&["credit_card", "credit_card", "paypal", "invoice", "gift_card"]),
            items_count: 1 + chance.below(5) * chance.below(3),
            country,
            chance,
        }
    }
}
