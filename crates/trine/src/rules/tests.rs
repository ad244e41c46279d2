//! Tests of the rules: what they say of an event.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(rules: &str, name: &str, module: &str, expected: Option<Level>) {
    assert_eq!(
        rules.parse::<LevelRules>().unwrap().threshold(name, module),
        expected,
        "{rules} {name} {module}"
    );
}

#[test]
fn a_bare_level_holds_everywhere() {
    check("warning", "payment_process_failed", "shop", Some(Level::Warning));
    check("off", "payment_process_failed", "shop", None);
    check("", "payment_process_failed", "shop", Some(Level::Info));
}

#[test]
fn a_key_is_the_beginning_of_a_name_up_to_a_word_boundary() {
    check("payment=debug", "payment_process_failed", "shop", Some(Level::Debug));
    check("payment_process=debug", "payment_process_failed", "shop", Some(Level::Debug));
    check("payment_process_failed=debug", "payment_process_failed", "shop", Some(Level::Debug));
    check("payment_pro=debug", "payment_process_failed", "shop", Some(Level::Info));
    check("process=debug", "payment_process_failed", "shop", Some(Level::Info));
}

#[test]
fn a_key_is_a_module_and_those_below_it() {
    check("shop::db=trace", "user_login", "shop::db", Some(Level::Trace));
    check("shop::db=trace", "user_login", "shop::db::pool", Some(Level::Trace));
    check("shop=trace", "user_login", "shop::db::pool", Some(Level::Trace));
    check("shop::db=trace", "user_login", "shop::dbx", Some(Level::Info));
    check("shop::db=trace", "user_login", "shop", Some(Level::Info));
}

#[test]
fn the_longest_key_decides() {
    let rules = "info,payment=warning,payment_refund=debug,shop=error,shop::payments::api=trace";
    check(rules, "payment_process_failed", "other", Some(Level::Warning));
    check(rules, "payment_refund_failed", "other", Some(Level::Debug));
    check(rules, "payment_refund_failed", "shop", Some(Level::Debug));
    check(rules, "payment_refund_failed", "shop::payments::api", Some(Level::Trace));
}

#[test]
fn a_name_decides_over_a_module_of_the_same_length() {
    check("user=trace,shop=off", "user_login", "shop", Some(Level::Trace));
    check("shop=trace,user=off", "user_login", "shop", None);
}

#[test]
fn dots_count_as_underscores_in_keys_and_in_names() {
    check("payment.process=debug", "payment_process_failed", "shop", Some(Level::Debug));
    check("payment_process=debug", "payment.process.failed", "shop", Some(Level::Debug));
    assert_eq!(
        "payment.process=debug".parse::<LevelRules>().unwrap().to_string(),
        "info,payment_process=debug"
    );
}

#[test]
fn what_is_off_allows_nothing_and_what_is_on_allows_its_level_and_above() {
    let rules: LevelRules = "info,cache=off".parse().unwrap();
    assert!(!rules.allows("cache_hit", "shop", Level::Critical));
    assert!(rules.allows("user_login", "shop", Level::Info));
    assert!(!rules.allows("user_login", "shop", Level::Debug));
}

#[test]
fn the_empty_name_and_the_empty_module_are_answered() {
    check("payment=debug", "", "", Some(Level::Info));
}

#[test]
fn an_error_tells_every_mistake() {
    let error = "inof,payment=debgu".parse::<LevelRules>().unwrap_err();
    assert_eq!(error.findings().len(), 2);
    assert!(error.to_string().contains("`inof`") && error.to_string().contains("`debgu`"), "{error}");
}

fn threshold() -> impl Strategy<Value = Option<Level>> {
    prop::sample::select(Level::ALL.into_iter().map(Some).chain([None]).collect::<Vec<_>>())
}

/// Keys of few letters, so that they often match each other's beginnings.
fn rules() -> impl Strategy<Value = LevelRules> {
    let keys = prop::collection::vec(("[ab]{1,2}((_|::)[ab]{1,2}){0,3}", threshold()), 0..12);
    (threshold(), keys).prop_map(|(default, keys)| {
        let mut rules = LevelRules::everywhere(default);
        for (key, threshold) in &keys {
            rules.insert(key, *threshold);
        }
        rules
    })
}

/// What the module's documentation says, word for word.
fn naive(rules: &LevelRules, name: &str, module: &str) -> Option<Level> {
    let begins =
        |text: &str, key: &str, joint: &str| text == key || text.starts_with(&format!("{key}{joint}"));
    let mut best: Option<((usize, bool), Option<Level>)> = None;
    for rule in &rules.rules {
        let by_name = begins(name, &rule.key, "_");
        if by_name || begins(module, &rule.key, "::") {
            let rank = (rule.key.len(), by_name);
            best = best.filter(|(other, _)| *other > rank).or(Some((rank, rule.threshold)));
        }
    }
    best.map_or(rules.default, |(_, threshold)| threshold)
}

proptest! {
    #[test]
    fn what_is_displayed_is_read_back_equal(rules in rules()) {
        prop_assert_eq!(LevelRules::parse(&rules.to_string()), (rules, vec![]));
    }

    #[test]
    fn the_longest_match_is_that_of_the_naive_model(
        rules in rules(),
        name in "[ab]{1,2}(_[ab]{1,2}){0,3}",
        module in "[ab]{1,2}(::[ab]{1,2}){0,3}",
    ) {
        prop_assert_eq!(rules.threshold(&name, &module), naive(&rules, &name, &module));
    }

    #[test]
    fn any_text_gives_rules_that_answer(text in any::<String>(), name in any::<String>(), module in any::<String>()) {
        let (rules, _) = LevelRules::parse(&text);
        let _ = rules.threshold(&name, &module);
        prop_assert_eq!(LevelRules::parse(&rules.to_string()), (rules, vec![]));
    }
}
