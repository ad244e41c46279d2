//! What holds for every mask and every text, whatever stands in it.

mod secrets;

use proptest::{collection::vec, prelude::*, sample::select};
use trine_model::mask::{
    self, Detectors, GROWTH_MAX, KEPT_CHARS_MAX, KeyPolicy, Kind, MASKED, MASKED_BYTES_MAX, Treatment,
};

/// Any text, among them such as are nearly what a mask expects.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9 +()./-]{0,40}",
        "[0-9*xX#• -]{0,40}",
        "[A-Z]{2}[0-9]{2}[A-Z0-9 -]{0,50}",
        "[a-zä.+@\"]{0,12}@[a-z.ü-]{0,20}",
        "[0-9a-f:.*\\[\\]]{0,40}",
        "[A-Z]{0,2}\\*\\*\\*[0-9a-z]{0,6}",
        select(secrets::all()).prop_map(|secret| secret.text),
    ]
}

/// Pieces of which hostile texts are made: secrets, what stands around them, what is nearly one.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    const AROUND: [&str; 88] = [
        "password",
        "token",
        "api_key",
        "secret",
        "pwd",
        "Authorization",
        "Cookie",
        "card_number",
        "iban",
        "otp",
        "cvv2",
        "jwt",
        "has_",
        "db_",
        "--",
        "User { ",
        "=",
        ":",
        ": ",
        " = ",
        "=>",
        ":=",
        "==",
        "::",
        "\"",
        "'",
        "`",
        "\\\"",
        "\\\\\"",
        "\\",
        "\"]",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "<",
        ">",
        ",",
        ", ",
        ";",
        "&",
        "|",
        "?",
        "/",
        "://",
        "http://",
        "@",
        "u:p@",
        "example.com",
        "*",
        "***",
        "****-****-****-1111",
        "DE***3000",
        "ghp_***",
        "u***@",
        "-",
        "_",
        ".",
        "+",
        "$",
        "%",
        "#",
        " ",
        "\n",
        "\\n",
        "\t",
        "Bearer ",
        "Basic ",
        "Digest ",
        "eyJ",
        "eyJhbGciOiJIUzI1NiJ9",
        "ghp_",
        "sk-",
        "AKIA",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----END RSA PRIVATE KEY-----",
        "4111",
        "1111",
        "4242",
        "is too short",
        "null",
        "hunter2",
        "x1y2z3w4",
        "order_id",
        "äß",
        "0",
    ];
    prop_oneof![
        6 => select(AROUND.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
        3 => select(secrets::all()).prop_map(|secret| secret.text.into_bytes()),
        1 => "[ -~]{0,12}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..4),
        1 => "[a-zA-Z0-9]{12,70}".prop_map(String::into_bytes),
    ]
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    vec(piece(), 1..14).prop_map(|pieces| pieces.concat())
}

/// Any set of kinds, most often all or the defaults.
fn detectors() -> impl Strategy<Value = Detectors> {
    let every = || Kind::ALL.into_iter().fold(Detectors::default(), Detectors::with);
    let some = vec(any::<bool>(), Kind::ALL.len()).prop_map(move |chosen| {
        let without = |detectors: Detectors, (kind, chosen): (Kind, bool)| {
            if chosen { detectors } else { detectors.without(kind) }
        };
        Kind::ALL.into_iter().zip(chosen).fold(every(), without)
    });
    prop_oneof![Just(Detectors::default()), Just(every()), some]
}

fn masked(detectors: &Detectors, text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    if detectors.mask(text, &mut out) { out } else { text.to_vec() }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn masks_of_values_are_bounded_and_stable_and_never_the_value(text in text()) {
        for treatment in Treatment::ALL {
            let once = treatment.apply(&text);
            prop_assert!(once.len() <= MASKED_BYTES_MAX);
            prop_assert_eq!(&treatment.apply(&once), &once, "{}", treatment);
            // Only what is masked already is shown as it was.
            prop_assert!(once != text || text.contains(MASKED), "{}", treatment);
            prop_assert!(once.contains(MASKED));
        }
        prop_assert!(digits(&mask::card(&text)) <= 4);
        prop_assert!(digits(&mask::phone(&text)) <= 3);
        let address = mask::email(&text);
        let local = address.split('@').next().unwrap_or_default();
        prop_assert!(local.chars().count() <= 1 + MASKED.len());
    }

    #[test]
    fn the_kept_end_is_at_most_a_quarter(text in text(), n in prop_oneof![0..40_usize, Just(usize::MAX)]) {
        let kept = mask::keep_last(&text, n);
        let kept = kept.strip_prefix(MASKED).unwrap();
        prop_assert!(text.ends_with(kept));
        prop_assert!(kept.chars().count() * 4 <= text.chars().count());
        prop_assert!(kept.chars().count() <= n.min(KEPT_CHARS_MAX));
    }

    #[test]
    fn short_values_show_at_most_a_quarter(text in "[ -~äß]{0,11}") {
        for treatment in [Treatment::Redact, Treatment::Card, Treatment::Iban] {
            let shown = treatment.apply(&text);
            prop_assert!(shown == MASKED || text.contains(MASKED), "{}", treatment);
        }
        let shown = mask::phone(&text);
        prop_assert!(text.contains(MASKED) || digits(&shown) * 4 <= text.chars().count());
    }

    #[test]
    fn any_key_is_judged_alike_in_every_case_and_with_every_separator(words in vec("[a-z]{1,9}", 1..5)) {
        let policy = KeyPolicy::default();
        let expected = policy.treatment(&words.join("_"));
        for separator in ["-", ".", " "] {
            prop_assert_eq!(policy.treatment(&words.join(separator)), expected);
        }
        prop_assert_eq!(policy.treatment(&words.join("_").to_uppercase()), expected);
        let camel: String = words.iter().map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        // A word of one letter has no small letter to tell it from its neighbours.
        prop_assert!(policy.treatment(&camel) == expected || words.iter().any(|word| word.len() == 1));
    }

    #[test]
    fn any_added_key_is_found_again(key in any::<String>(), before in "[a-z]{1,9}") {
        let policy = KeyPolicy::none().add(&key, Treatment::Email);
        let is_key = KeyPolicy::check(&key).is_ok();
        prop_assert_eq!(policy.treatment(&key).is_some(), is_key);
        prop_assert_eq!(policy.treatment(&format!("{before}_{key}")).is_some(), is_key);
        prop_assert_eq!(policy.allow(&key).treatment(&key), None);
        let _ = Detectors::default().keys(KeyPolicy::none().add(&key, Treatment::Redact)).is_clean(key.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn masking_twice_is_masking_once(detectors in detectors(), text in pieces()) {
        let once = masked(&detectors, &text);
        let twice = masked(&detectors, &once);
        prop_assert_eq!(
            String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once), "{}", String::from_utf8_lossy(&text)
        );
        prop_assert!(detectors.is_clean(&once));
    }

    #[test]
    fn findings_lie_in_the_text_in_order_and_the_output_is_bounded(detectors in detectors(), text in pieces()) {
        let found: Vec<_> = detectors.find(&text).collect();
        prop_assert!(found.iter().all(|found| !found.range.is_empty() && found.range.end <= text.len()));
        prop_assert!(found.iter().all(|found| detectors.finds(found.kind)));
        prop_assert!(found.is_sorted_by(|a, b| a.range.end <= b.range.start));
        let mut out = Vec::new();
        prop_assert_eq!(detectors.mask(&text, &mut out), !found.is_empty());
        prop_assert_eq!(detectors.is_clean(&text), found.is_empty());
        prop_assert!(out.len() <= GROWTH_MAX * text.len());
        prop_assert!(std::str::from_utf8(&text).is_err() || std::str::from_utf8(&out).is_ok());
    }

    #[test]
    fn a_secret_is_in_no_output(
        before in pieces(), after in pieces(), secret in select(secrets::all()), open in select(vec![" ", "\n", "(", "\"", "="])
    ) {
        // What stands before a number or a value may say that it is none, as `order_id` does; a token or a key says itself what it is.
        let is_itself = !matches!(secret.kind, Kind::Card | Kind::Iban | Kind::Assignment);
        let before = if is_itself { before } else { Vec::new() };
        let hidden = secret.hidden.as_bytes();
        prop_assume!(!contains(&before, hidden) && !contains(&after, hidden));
        let text = [&before, open.as_bytes(), secret.text.as_bytes(), b"\n", &after].concat();
        let masked = masked(&Detectors::default(), &text);
        prop_assert!(!contains(&masked, hidden), "{}", String::from_utf8_lossy(&text));
    }

    #[test]
    fn an_assigned_password_is_in_no_output(
        key in select(vec!["password", "DB_PASSWORD", "apiKey", "x-auth-token", "client.secret", "pwd"]),
        form in select(vec!["K=V", "K=V&x=1", "K = V;", "\"K\":\"V\"", "'K': 'V'", "\\\"K\\\":\\\"V\\\"", "K=\"V\" x", "{K=V, x=1}", "X { K: Some(\"V\") }", "X { a: 1, K: Y([\"V\", \"V\"]) }", "X {\n    K: \"V\",\n}", "[(\"K\", \"V\")]", "K: V"]),
        value in "[a-z][A-Za-z0-9!@#%^+/~:.-]{4,20}[0-9][a-z][0-9]",
        before in "[a-z {}\\[\\],.;!?\n-]{0,40}",
    ) {
        let text = format!("{before} {}", form.replace('K', key).replace('V', &value));
        let masked = masked(&Detectors::default(), text.as_bytes());
        let is_unsure = form == "K: V"; // A name, a date, a URL and a path are left alone there.
        prop_assert!(is_unsure || !String::from_utf8_lossy(&masked).contains(&value), "{}", text);
    }

    #[test]
    fn any_bytes_are_masked_once(detectors in detectors(), text in vec(any::<u8>(), 0..300)) {
        let once = masked(&detectors, &text);
        prop_assert_eq!(masked(&detectors, &once), once);
    }
}
