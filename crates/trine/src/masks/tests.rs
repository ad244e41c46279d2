//! Keys at every depth, texts in every place.

use std::{collections::BTreeMap, fmt};

use crate::{
    Event, Value, ValueWriter, assert_event, bind, error,
    event::{Field, OwnedValue},
    info, scope, testing,
};

const CARD: &str = "4111 1111 1111 1111";

/// What the program gave to all events, as text: neither times nor ids, which may have any digits.
fn all(events: &[Event]) -> String {
    let given = |event: &Event| {
        let is_given = |field: &&Field| !["operation_id", "parent", "duration_ms"].contains(&&*field.key);
        let fields: Vec<_> = event.fields().iter().filter(is_given).collect();
        format!("{} {fields:?}\n", event.name())
    };
    events.iter().map(given).collect()
}

fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_secret_is_masked_in_the_call_and_in_the_context() {
    let captured = testing::capture();
    let none: Option<&str> = None;
    info!(bind!(api_key = "hush"), "auth_login_success", user_id = 7, password = "hush", token = none);
    let event = all(&captured.events());
    assert!(!event.contains("hush") && event.matches("***").count() == 2, "{event}");
    assert!(event.contains("Null"), "{event}");
}

#[test]
fn a_key_counts_at_every_depth_and_in_every_spelling() {
    let captured = testing::capture();
    let deep = vec![vec![map(&[("X-Api-Key", "hush"), ("token_id", "tok_456")])]];
    info!("request_send_started", userPassword = "hush", deep, headers = map(&[("Authorization", "hush")]));
    assert_event!(captured, "request_send_started", userPassword = "***");
    let event = all(&captured.events());
    assert!(!event.contains("hush") && event.matches("***").count() == 3, "{event}");
    assert!(event.contains("tok_456"));
}

#[test]
fn a_key_masks_all_that_is_below_it_and_numbers_too() {
    let captured = testing::capture();
    let below = map(&[("user", "alice"), ("site", "hush")]);
    let card_number = 4_111_111_111_111_111_u64;
    info!(
        "payment_process_started",
        credentials = below,
        pin_code = 1234,
        card_number,
        cards = [card_number]
    );
    assert_event!(
        captured,
        "payment_process_started",
        credentials = "***",
        pin_code = "***",
        card_number = "****-****-****-1111"
    );
    // A key that says nothing, and a number: no text to be searched.
    assert_eq!(
        captured.events()[0].get("cards"),
        Some(&OwnedValue::List(vec![OwnedValue::Int(card_number.into())]))
    );
}

#[test]
fn a_treatment_is_laid_over_every_leaf() {
    let captured = testing::capture();
    info!("payment_process_started", card_number = [CARD, "123"], iban = Some("DE89370400440532013000"));
    let event = all(&captured.events());
    assert!(event.contains("****-****-****-1111") && event.contains("3000"), "{event}");
    assert!(!event.contains("4111") && !event.contains("\"123\"") && !event.contains("0532013"), "{event}");
}

#[test]
fn texts_are_searched_wherever_they_stand() {
    let captured = testing::capture();
    let _scope = scope!(from_scope = CARD);
    let log = bind!(from_logger = CARD, list = vec![CARD]);
    let text = format!("paid with {CARD}");
    info!(log, "payment_note_added", text, shown = %text, debug = ?Some(&text), entry = map(&[("a", CARD), (CARD, "b")]));
    let event = all(&captured.events());
    assert!(!event.contains("4111"), "{event}");
    assert_eq!(event.matches("****-****-****-1111").count(), 8, "{event}");
}

#[test]
fn a_plain_text_by_itself_is_searched() {
    // Beside a value that is written anew, it would be looked at with it.
    let captured = testing::capture();
    info!("payment_note_added", text = format!("paid with {CARD}"));
    assert_event!(captured, "payment_note_added", text = "paid with ****-****-****-1111");
}

#[test]
fn a_treatment_holds_for_what_is_below_its_key() {
    let captured = testing::capture();
    info!("payment_process_started", card_number = map(&[("first", "1234 5678"), ("card_no", CARD)]));
    let event = all(&captured.events());
    assert!(!event.contains("5678") && event.contains("\"***\"") && event.contains("****-1111"), "{event}");
}

#[test]
fn prose_and_numbers_are_left_alone() {
    let captured = testing::capture();
    info!("auth_token_expired", note = "token expired yesterday", id = 4_111_111_111_111_111_u64, at = 1.5);
    assert_event!(captured, "auth_token_expired", note = "token expired yesterday", at = 1.5);
    assert_event!(captured, "auth_token_expired", id = 4_111_111_111_111_111_u64);
}

struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("cannot show {CARD}")
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Broken {{ password: \"hush\" }}")
    }
}

impl std::error::Error for Broken {}

impl Value for Broken {
    fn encode(&self, writer: ValueWriter<'_>) {
        writer.failed("api_key=hush");
    }
}

#[test]
fn what_failed_says_so_without_the_secret() {
    let captured = testing::capture();
    info!("value_show_failed", shown = %Broken, debug = ?Broken, value = Broken);
    let event = all(&captured.events());
    assert!(!event.contains("4111") && !event.contains("hush"), "{event}");
    assert!(event.contains("Display panicked: cannot show ****-****-****-1111"), "{event}");
}

#[test]
fn errors_and_what_caused_them_are_searched() {
    #[derive(Debug)]
    struct Outer(std::io::Error);
    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "cannot read postgres://app:hush@db/shop")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let captured = testing::capture();
    let failed = Outer(std::io::Error::other("Authorization: Bearer hush-hush-hush-0123456789"));
    error!(cause: &failed, "database_read_failed", reason = %failed);
    let event = all(&captured.events());
    assert!(!event.contains("hush"), "{event}");
    assert!(event.contains("postgres://app:***@db/shop"), "{event}");
}

#[test]
fn an_operation_is_masked_from_its_start_to_its_end() {
    let captured = testing::capture();
    let log = bind!(client_secret = "hush");
    let operation = crate::timed!(
        log,
        "payment_process",
        password = "hush",
        card = CARD,
        headers = map(&[("cookie", "hush")])
    );
    operation.record("refresh_token", "hush");
    operation.record("note", CARD);
    operation.record("body", map(&[("api_key", "hush")]));
    operation.fail(&format!("declined: {CARD}, api_key=hush"));
    assert_eq!(captured.names(), ["payment_process_started", "payment_process_failed"]);
    let events = all(&captured.events());
    assert!(!events.contains("hush") && !events.contains("4111"), "{events}");
    assert_eq!(captured.events()[1].get("password").and_then(OwnedValue::as_str), Some("***"));
}

#[test]
fn keys_of_the_log_itself_and_ids_stay() {
    let captured = testing::capture();
    info!(
        "auth_session_started",
        session_id = "ses_1",
        token_type = "jwt",
        author = "alice",
        cache_key = "user:1"
    );
    assert_event!(
        captured,
        "auth_session_started",
        session_id = "ses_1",
        token_type = "jwt",
        author = "alice",
        cache_key = "user:1"
    );
}
