//! `#[timed]` on functions of every kind: what they do and return stays as it was.
#![forbid(unsafe_code)]
#![cfg(feature = "attributes")]

use std::{collections::HashMap, fmt::Display, future::Future, pin::pin, task::Poll};

use futures_lite::future::block_on;
use trine::{
    Level, Logger, assert_event,
    attr::timed,
    bind,
    event::OwnedValue,
    operation,
    testing::{Capture, capture},
};

#[track_caller]
fn names(captured: &Capture, expected: &[&str]) {
    assert_eq!(captured.names(), expected);
    captured.clear();
}

#[derive(Debug, PartialEq)]
struct Declined(u32);

impl Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "order {} declined", self.0)
    }
}

#[timed]
fn cache_clear() {}

#[timed()]
pub(crate) fn __database_vacuum__() -> u8 {
    7
}

#[timed("payment_charge", fields(order, shown = %order, doubled = order * 2, "quoted key" = 1), level = debug, success = "committed", slow_ms = 0)]
fn charge(order: u32) -> Result<u32, Declined> {
    if order == 0 {
        return Err(Declined(order));
    }
    let checked = check(order)?;
    operation::record("checked", checked);
    Ok(checked)
}

fn check(order: u32) -> Result<u32, Declined> {
    if order == 13 { Err(Declined(13)) } else { Ok(order + 1) }
}

#[test]
fn a_function_is_named_after_itself_or_as_told() {
    let captured = capture();
    cache_clear();
    names(&captured, &["cache_clear_started", "cache_clear_completed"]);
    assert_eq!(__database_vacuum__(), 7);
    names(&captured, &["database_vacuum_started", "database_vacuum_completed"]);
}

#[test]
fn options_fields_and_records_are_those_of_the_macro() {
    let captured = capture();
    assert_eq!(charge(1), Ok(2));
    let events = captured.events();
    assert_eq!(
        captured.names(),
        ["payment_charge_started", "payment_charge_slow", "payment_charge_committed"]
    );
    assert_eq!(events[0].level(), Level::Debug);
    assert_eq!(events[0].keys(), ["order", "shown", "doubled", "quoted key", "operation_id"]);
    assert_event!(captured, "payment_charge_committed", checked = 2, order = 1, shown = "1", doubled = 2);
    assert_eq!(charge(0), Err(Declined(0)));
    assert_event!(captured, "payment_charge_failed", error = "order 0 declined");
    assert_eq!(charge(13), Err(Declined(13)));
    assert_event!(captured, "payment_charge_failed", error = "order 13 declined", order = 13);
}

struct Shop {
    log: Logger,
    orders: Vec<String>,
}

impl Shop {
    #[timed("order_find", fields(id), log = self.log)]
    fn find(&self, id: usize) -> Option<&str> {
        self.orders.get(id).map(String::as_str)
    }

    #[timed("order_open", fields(id))]
    fn open(&mut self, id: usize) -> &mut String {
        &mut self.orders[id]
    }

    #[timed("shop_close")]
    fn close(self) -> Vec<String> {
        self.orders
    }

    #[timed("order_fetch", fields(id), log = self.log)]
    async fn fetch<'a>(&'a self, id: usize) -> Result<&'a str, Declined> {
        operation::record("seen", true);
        self.orders.get(id).map(|order| &**order).ok_or(Declined(id as u32))
    }

    #[timed("shop_make")]
    fn make(mut orders: Vec<String>) -> Self {
        orders.sort();
        Self { log: bind!(shop = "main"), orders }
    }
}

#[test]
fn methods_borrow_and_move_as_before() {
    let captured = capture();
    let mut shop = Shop::make(vec!["b".into(), "a".into()]);
    assert_eq!(shop.find(0), Some("a"));
    assert_event!(captured, "order_find_completed", id = 0, shop = "main");
    shop.open(1).push('!');
    assert_eq!(block_on(shop.fetch(1)), Ok("b!"));
    assert_event!(captured, "order_fetch_completed", id = 1, seen = true, shop = "main");
    assert_eq!(block_on(shop.fetch(7)), Err(Declined(7)));
    assert_event!(captured, "order_fetch_failed", error = "order 7 declined");
    assert_eq!(shop.close(), ["a", "b!"]);
}

#[timed("numbers_double")]
fn double(numbers: &[u8]) -> impl Iterator<Item = u16> + '_ {
    numbers.iter().map(|number| u16::from(*number) * 2)
}

#[timed("numbers_parse")]
fn parse(text: &str) -> Result<(usize, impl Iterator<Item = u8> + use<>), std::num::ParseIntError> {
    let numbers = text.split(',').map(str::parse).collect::<Result<Vec<u8>, _>>()?;
    Ok((numbers.len(), numbers.into_iter()))
}

#[timed("numbers_fetch")]
async fn fetch(text: &str) -> Result<impl Iterator<Item = u8> + use<>, std::num::ParseIntError> {
    let number = text.parse::<u8>()?;
    Ok(0..number)
}

#[timed("value_apply", fields(count = N))]
fn apply<T: Clone, F, const N: usize>(value: T, f: F) -> [T; N]
where
    F: Fn(T) -> T + Send,
{
    std::array::from_fn(|_| f(value.clone()))
}

#[timed("map_make")]
fn map<K: std::hash::Hash + Eq>(key: K) -> HashMap<K, (u8, Vec<K>)> {
    HashMap::from([(key, (1, Vec::new()))])
}

#[test]
fn generic_functions_and_opaque_results_work() {
    let captured = capture();
    assert_eq!(double(&[1, 2]).collect::<Vec<_>>(), [2, 4]);
    names(&captured, &["numbers_double_started", "numbers_double_completed"]);
    let (count, numbers) = parse("1,2").unwrap();
    assert_eq!((count, numbers.sum::<u8>()), (2, 3));
    captured.clear();
    assert!(parse("1,x").is_err());
    names(&captured, &["numbers_parse_started", "numbers_parse_failed"]);
    assert_eq!(block_on(fetch("3")).unwrap().count(), 3);
    captured.clear();
    assert!(block_on(fetch("x")).is_err());
    names(&captured, &["numbers_fetch_started", "numbers_fetch_failed"]);
    let applied: [u8; 3] = apply(1, |value| value + 1);
    assert_eq!(applied, [2, 2, 2]);
    assert_event!(captured, "value_apply_completed", count = 3);
    assert_eq!(map("a").len(), 1);
}

#[derive(Debug)]
struct NoText;

#[timed("route_find", judge = |route| route.as_ref().err().map(|error| format!("{error:?}")))]
fn route(found: bool) -> Result<u8, NoText> {
    if found { Ok(1) } else { Err(NoText) }
}

#[timed("route_fetch", judge = |route: &Option<u8>| route.is_none().then_some("no route"))]
async fn route_later(found: bool) -> Option<u8> {
    found.then_some(1)
}

#[test]
fn a_judge_says_what_is_a_failure() {
    let captured = capture();
    assert!(route(true).is_ok());
    assert!(route(false).is_err());
    assert_event!(captured, "route_find_failed", error = "NoText");
    assert_eq!(block_on(route_later(true)), Some(1));
    assert_eq!(block_on(route_later(false)), None);
    assert_event!(captured, "route_fetch_failed", error = "no route");
}

#[timed("order_fulfill")]
async fn fulfill() -> u8 {
    std::future::pending().await
}

#[test]
fn an_async_function_starts_when_polled_and_is_cancelled_when_dropped() {
    let captured = capture();
    drop(fulfill());
    names(&captured, &[]);
    {
        let mut future = pin!(fulfill());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(matches!(future.as_mut().poll(&mut context), Poll::Pending));
        names(&captured, &["order_fulfill_started"]);
    }
    let end = captured.events().pop().unwrap();
    assert_eq!(
        (end.name(), end.get("reason").and_then(OwnedValue::as_str)),
        ("order_fulfill_failed", Some("cancelled"))
    );
}

#[timed("tree_walk", fields(depth))]
fn walk(depth: u8) -> u8 {
    if depth == 0 { panic!("bottom") } else { walk(depth - 1) }
}

#[test]
fn timed_functions_nest_and_a_panic_ends_them_all() {
    let captured = capture();
    assert!(std::panic::catch_unwind(|| walk(2)).is_err());
    let failed = captured.named("tree_walk_failed");
    let started = captured.named("tree_walk_started");
    assert_eq!((failed.len(), started.len()), (3, 3));
    assert_eq!(started[1].get("parent"), started[0].get("operation_id"));
    assert_event!(captured, "tree_walk_failed", reason = "panic", error = "bottom", depth = 2);
}

trait Store {
    fn save(&mut self, value: u8) -> Result<(), String>;
    /// With a body, which a trait may have.
    #[timed("store_describe")]
    fn describe(&self) -> String {
        "a store".into()
    }
}

impl Store for Vec<u8> {
    #[timed("store_save", fields(value))]
    fn save(&mut self, value: u8) -> Result<(), String> {
        self.push(value);
        Ok(())
    }
}

#[test]
fn trait_methods_can_be_timed() {
    let captured = capture();
    let mut store = Vec::new();
    store.save(3).unwrap();
    assert_eq!(store.describe(), "a store");
    assert_event!(captured, "store_save_completed", value = 3);
    assert_event!(captured, "store_describe_completed");
}

/// Nothing here is what its name says, and the attribute does not care.
mod shadowed {
    #![allow(dead_code, non_camel_case_types)]
    struct Option;
    struct Result;
    struct Some;
    mod core {}
    mod std {}

    #[::trine::attr::timed("order_count", fields(n))]
    pub(super) fn count(n: u8) -> u8 {
        n + 1
    }

    #[::trine::attr::timed("order_count")]
    pub(super) async fn count_later(n: u8) -> u8 {
        n + 1
    }
}

#[test]
fn nothing_in_the_users_module_breaks_the_expansion() {
    let _captured = capture();
    assert_eq!(shadowed::count(1), 2);
    assert_eq!(block_on(shadowed::count_later(1)), 2);
}
