//! Events of the reference guide as records, for the encoders' tests.

use std::{
    net::{IpAddr, Ipv4Addr},
    time,
};

use proptest::prelude::*;
use trine_ring::{
    Arg::{self, *},
    record::{Block, BlockBuilder, Record, encode},
};

use super::Encoder;
use crate::{callsite::Callsite, event::EventRef};

/// `2025-10-24T10:00:00.123456789Z`, the guide's hour.
pub(super) const TEN_NS: i64 = 1_761_300_000_123_456_789;

/// One event, before it has a time.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) site: &'static Callsite,
    pub(super) bytes: Vec<u8>,
}

impl Sample {
    pub(super) fn new(site: &'static Callsite, args: &[Arg<'_>], contexts: &[&Block]) -> Sample {
        let mut bytes = Vec::new();
        let contexts: Vec<&[u8]> = contexts.iter().map(|block| block.as_bytes()).collect();
        encode(&mut bytes, 1, 0, args, &contexts);
        Sample { site, bytes }
    }

    /// What the encoder makes of it; `None` when the bytes are no record any more.
    pub(super) fn encoded(&self, encoder: &mut dyn Encoder, unix_ns: i64) -> Option<Vec<u8>> {
        let event = EventRef { site: self.site, record: Record::new(&self.bytes)?, unix_ns };
        let mut out = Vec::new();
        encoder.encode(&event, &mut out);
        Some(out)
    }
}

/// A block of text fields; `context` when it is one, and not what an option of one event added.
pub(super) fn block(context: bool, fields: &[(&str, Arg<'_>)]) -> Block {
    let mut builder = BlockBuilder::new();
    for (key, value) in fields {
        builder.set(key, value);
    }
    if context { builder.finish() } else { builder.finish_once() }
}

/// A static callsite.
macro_rules! site {
    ($level:ident, $name:literal $(, $key:literal)*) => {{
        static SITE: Callsite =
            Callsite::new($name, trine_model::Level::$level, ("shop::orders", "src/orders.rs", 7), &[$($key),*]);
        &SITE
    }};
}
pub(super) use site;

/// An event of a level, a name, and fields; behind `;` contexts.
macro_rules! sample {
    // sample!(Info, "cache_miss", "key" = Str("user:123"); &context);
    ($level:ident, $name:literal $(, $key:literal = $arg:expr)* $(; $($context:expr),+)?) => {
        Sample::new(site!($level, $name $(, $key)*), &[$($arg),*], &[$($($context),+)?])
    };
}
pub(super) use sample;

/// The order fulfilment flow of the guide as it goes well, then its failures, then events of the other domains.
pub(super) fn flow() -> Vec<Sample> {
    let order = block(true, &[("order_id", Str("ORD-123"))]);
    let request = block(
        true,
        &[("request_id", Str("req_123")), ("user_id", Str("user_123")), ("session_id", Str("sess_456"))],
    );
    let sampled = block(false, &[("sampled", Bool(true)), ("sample_rate", F64(0.01))]);
    let rules: &dyn trine_ring::Value = &vec!["velocity", "location"];
    let ip = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 100));
    let trace =
        "Traceback (most recent call last):\n  File \"orders.py\", line 42, in charge\n\traise CardError\n";
    vec![
        sample!(Info, "order_fulfill_started"; &order),
        sample!(Info, "payment_charge_started"; &order),
        sample!(Info, "payment_charge_success", "transaction_id" = Str("txn_456"), "duration_ms" = Duration(&time::Duration::from_micros(1_234_500)); &order),
        sample!(Info, "inventory_reserve_success", "reservation_id" = U64(789); &order),
        sample!(Info, "notification_send_started", "type" = Str("order_confirmation"); &order),
        sample!(Info, "order_fulfill_completed", "status" = Str("shipped"); &order),
        sample!(Error, "payment_charge_failed", "error" = Str("card declined"), "stack_trace" = Str(trace); &order),
        sample!(Error, "order_fulfill_failed", "reason" = Str("payment_failed"); &order),
        sample!(
            Info,
            "user_login",
            "user_id" = Str("user_123"),
            "source" = Str("web_app"),
            "ip_address" = Ip(&ip)
        ),
        sample!(Warning, "auth_password_reset_requested", "email" = Str("user@example.com")),
        sample!(Warning, "payment_fraud_detected", "risk_score" = F64(0.95), "rules_triggered" = Dyn(rules)),
        sample!(Debug, "database_transaction_committed", "changes" = I64(5), "isolation_level" = Null),
        sample!(Info, "page_view", "page" = Str("/dashboard?tab=2"), "user_id" = Str("guest"); &request),
        sample!(Trace, "cache_hit", "key" = Str("user:123"); &sampled, &request),
        sample!(Critical, "database_connection_lost"),
        sample!(Info, "sensor_heat_measured", "celsius" = F64(f64::NAN)),
    ]
}

/// The whole flow, one millisecond apart, as text.
pub(super) fn encoded_flow(encoder: &mut dyn Encoder) -> String {
    let lines = flow().into_iter().enumerate().map(|(index, sample)| {
        let unix_ns = TEN_NS + index as i64 * 1_000_000;
        String::from_utf8(sample.encoded(encoder, unix_ns).unwrap()).unwrap()
    });
    lines.collect()
}

/// Texts that encoders have trouble with: what ends a line or a value, commands a terminal, or cannot be seen.
pub(super) fn hostile_text() -> impl Strategy<Value = String> {
    let nasty = vec![
        '\n', '\r', '\t', '\0', ' ', '=', '"', '\\', '\u{1b}', '\u{7f}', '\u{9b}', '\u{202e}', '\u{2028}',
        '\u{3000}',
    ];
    let c = prop_oneof![3 => proptest::sample::select(nasty), 2 => proptest::char::range('a', 'e'), 1 => any::<char>()];
    proptest::collection::vec(c, 0..12).prop_map(String::from_iter)
}

/// An event whose texts, and the keys of its context, are `texts`.
pub(super) fn of_texts(texts: &[String]) -> Sample {
    let fields: Vec<_> = texts.iter().map(|text| (&**text, Str(text))).collect();
    let list: &dyn trine_ring::Value = &texts.to_vec();
    let first = texts.first().map_or("", |text| text);
    sample!(Info, "page_view", "page" = Str(first), "pages" = Dyn(list), "error" = Display(&first); &block(true, &fields))
}

/// An event with some bytes of its record overwritten, as in a ring that was damaged.
pub(super) fn damaged(at: usize, flip: u8) -> Sample {
    let list: &dyn trine_ring::Value = &vec!["velocity", "location"];
    let context = block(true, &[("request_id", Str("req_123")), ("user_id", Str("user_123"))]);
    let mut sample =
        sample!(Error, "payment_charge_failed", "error" = Str("two\nlines"), "rules" = Dyn(list); &context);
    let at = at % sample.bytes.len();
    sample.bytes[at] ^= flip;
    sample
}
