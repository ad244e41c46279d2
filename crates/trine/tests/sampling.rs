//! Sampling: what is kept, what it says, and that weights add up.

use std::sync::{Mutex, MutexGuard};

use trine::{Event, assert_event, bind, critical, debug, error, event, info, sample, scope, testing};

/// Rules are the process's: tests that set them, or would be changed by them, run one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Rules in force until this drops.
struct Rules(#[expect(dead_code, reason = "holds the other tests off")] MutexGuard<'static, ()>);

impl Rules {
    fn set(rules: &str) -> Rules {
        let alone = alone();
        trine::set_sampling(rules).unwrap();
        Rules(alone)
    }
}

impl Drop for Rules {
    fn drop(&mut self) {
        trine::set_sampling("").unwrap();
    }
}

fn weight(event: &Event) -> f64 {
    1.0 / event.get("sample_rate").and_then(|rate| rate.as_f64()).unwrap_or(1.0)
}

#[test]
fn a_million_events_at_one_in_a_hundred_keep_one_percent_and_count_a_million() {
    const EVENTS: f64 = 1_000_000.0;
    let captured = testing::capture();
    (0..EVENTS as u32).for_each(|n| info!(sample: 0.01, "cache_hit", n));
    let kept = captured.events();
    let sigma = (EVENTS * 0.01 * 0.99).sqrt();
    assert!((kept.len() as f64 - EVENTS * 0.01).abs() < 4.0 * sigma, "{}", kept.len());
    let weights: f64 = kept.iter().map(weight).sum();
    assert!((weights - EVENTS).abs() < 4.0 * sigma * 100.0, "{weights}");
    assert_eq!(kept[0].keys(), ["n", "sampled", "sample_rate"]);
    assert_event!(captured, "cache_hit", sampled = true, sample_rate = 0.01);
}

#[test]
fn every_rate_keeps_its_share_by_chance_and_by_key() {
    const EVENTS: f64 = 50_000.0;
    for rate in [0.001, 0.25, 0.9] {
        let captured = testing::capture();
        (0..EVENTS as u32).for_each(|n| {
            debug!(sample: rate, "cache_get", n);
            debug!(sample: sample::by_key(rate), "cache_put", request_id = %format_args!("req_{n}"));
        });
        let sigma = (EVENTS * rate * (1.0 - rate)).sqrt();
        for name in ["cache_get", "cache_put"] {
            let kept = captured.named(name);
            assert!((kept.len() as f64 - EVENTS * rate).abs() < 4.5 * sigma, "{name} {rate}: {}", kept.len());
        }
    }
}

#[test]
fn rates_beyond_the_ends_keep_all_or_nothing() {
    let captured = testing::capture();
    for rate in [0.0, -1.0, f64::NAN] {
        info!(sample: rate, "cache_hit");
    }
    info!(sample: 1.0, "cache_hit", n = 1);
    info!(sample: 7.0, "cache_hit", n = 2);
    let rates: Vec<f64> = captured.events().iter().map(weight).collect();
    assert_eq!(rates, [1.0, 1.0]);
}

#[test]
fn what_is_dropped_evaluates_no_argument() {
    let captured = testing::capture();
    let mut evaluated = 0;
    let mut count = || {
        evaluated += 1;
        evaluated
    };
    (0..100).for_each(|_| info!(sample: 0.0, "cache_hit", n = count()));
    assert_eq!((evaluated, captured.events().len()), (0, 0));
}

/// An id that writes itself.
struct Id<'a>(&'a str);

impl trine::Value for Id<'_> {
    fn encode(&self, writer: trine::ValueWriter<'_>) {
        writer.str(self.0);
    }
}

#[test]
fn one_key_has_one_answer_whatever_carries_it() {
    for n in 0..200 {
        let id = format!("req_{n}");
        let expected = trine_model::sample::keeps(&id, 0.5);
        let captured = testing::capture();
        debug!(sample: sample::by_key(0.5), "database_query_started", request_id = id);
        debug!(bind!(request_id = id), sample: sample::by_key(0.5), "database_query_started");
        {
            let _scope = scope!(request_id = id);
            debug!(sample: sample::by_key(0.5), "database_query_started");
        }
        debug!(sample: sample::by(0.5, &id), "database_query_started");
        debug!(sample: sample::by_key(0.5), "database_query_started", request_id = Id(&id));
        debug!(sample: sample::by_key(0.5), "database_query_started", request_id = %id);
        assert_eq!(captured.events().len(), if expected { 6 } else { 0 }, "{id}");
    }
}

#[test]
fn a_trace_decides_before_a_correlation_and_that_before_a_request() {
    let keeps = |key: &str| trine_model::sample::keeps(key, 0.5);
    let one = |kept: bool| (0..).map(|n| format!("id_{n}")).find(|id| keeps(id) == kept).unwrap();
    let (kept, dropped) = (one(true), one(false));
    let captured = testing::capture();
    let log = bind!(request_id = dropped, correlation_id = dropped);
    info!(log, sample: sample::by_key(0.5), "page_view", trace_id = kept);
    info!(bind!(log, correlation_id = kept), sample: sample::by_key(0.5), "page_view");
    info!(log, sample: sample::by_key(0.5), "page_view", request_id = kept);
    assert_eq!(captured.events().len(), 2);
}

#[test]
fn the_first_ones_of_a_period_are_kept_and_weights_add_up() {
    let captured = testing::capture();
    let day = std::time::Duration::from_secs(86_400);
    for n in 0..1_000 {
        info!(sample: sample::first(10).then_every(100).per(day), "item_processed", n);
    }
    let kept = captured.events();
    assert_eq!(kept.len(), 10 + 9);
    assert_eq!(kept.iter().map(weight).sum::<f64>(), 10.0 + 900.0);
}

#[test]
fn a_rule_samples_by_name_and_wins_over_the_code() {
    let _rules = Rules::set("cache_miss=0,page=1");
    let captured = testing::capture();
    info!("cache_miss", key = "user:1");
    info!("cache.miss", key = "user:1");
    info!(sample: 1.0, "cache_miss", key = "user:1");
    info!(sample: 0.0, "page_view", page = "/");
    info!("cache_lost");
    assert_eq!(captured.names(), ["page_view", "cache_lost"]);
    assert_event!(captured, "page_view", sampled = true, sample_rate = 1.0);
    assert_eq!(captured.named("cache_lost")[0].get("sampled"), None);
}

#[test]
fn rules_leave_errors_alone_unless_asked() {
    let _rules = Rules::set("payment=0,order=0!");
    let captured = testing::capture();
    info!("payment_process_started");
    error!("payment_process_failed", reason = "insufficient_funds");
    critical!("payment_service_lost");
    event!(trine::Level::Error, "payment_refund_failed");
    error!("order_create_failed");
    assert_eq!(captured.names(), ["payment_process_failed", "payment_service_lost", "payment_refund_failed"]);
    assert_eq!(captured.events()[0].get("sampled"), None);
}

#[test]
fn a_rule_can_be_changed_while_the_program_runs() {
    let emit = || info!("session_activity");
    let captured = testing::capture();
    {
        let _rules = Rules::set("session_activity=0");
        (0..5).for_each(|_| emit());
        trine::set_sampling("session=first:1/2").unwrap();
        (0..5).for_each(|_| emit());
    }
    (0..5).for_each(|_| emit());
    let weights: Vec<f64> = captured.events().iter().map(weight).collect();
    assert_eq!(weights, [1.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
}

#[test]
fn options_stand_together() {
    let captured = testing::capture();
    let failure = std::io::Error::other("disk on fire");
    error!(sample: 1.0, cause: &failure, "file_write_failed", path = "/tmp/x");
    let keys = captured.events()[0].keys().join(",");
    assert!(keys.starts_with("path,sampled,sample_rate,error_type,error_message"), "{keys}");
}

#[test]
fn counts_say_what_happened_not_what_was_kept() {
    let _captured = testing::capture();
    let count = |name: &str| trine::counts().get(name).copied().unwrap_or(0);
    (0..1_000).for_each(|_| info!(sample: 0.0, "sampling_probe_dropped"));
    (0..1_000).for_each(|_| info!(sample: 1.0, "sampling_probe_kept"));
    assert_eq!((count("sampling_probe_dropped"), count("sampling_probe_kept")), (1_000, 1_000));
}
