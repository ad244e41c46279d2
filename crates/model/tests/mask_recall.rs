//! Planted secrets: every kind, in every surrounding that logs have, is found, and nothing of it is left.

mod secrets;

use std::collections::BTreeMap;

use secrets::Secret;
use trine_model::mask::{Detectors, Kind};

/// What stands around a secret; it takes the place of `§`.
const SURROUNDINGS: [&str; 36] = [
    "§",
    "  §  ",
    "request failed with § after 3 attempts",
    "got §.",
    "got §, retrying",
    "is it §?",
    "error: §",
    "value=§",
    "a=1 value=§ b=2",
    "(§)",
    "[§]",
    "<§>",
    "{§}",
    "`§`",
    "'§'",
    "\"§\"",
    "\"message\": \"§\"",
    "{\"message\":\"§\",\"n\":1}",
    "{\\\"message\\\":\\\"§\\\"}",
    "{'message': '§'}",
    "Some(\"§\")",
    "Config { value: \"§\", n: 7 }",
    "[\"a\",\"§\",\"b\"]",
    "a,§,b",
    "a;§;b",
    "a|§|b",
    "<value>§</value>",
    "line one\n§\nline three",
    "line one\\n§\\nline three",
    "\t§\t",
    "INSERT INTO t VALUES (7, '§', NULL)",
    "2026-11-25T21:39:27.000001Z ERROR shop::pay: declined: § (attempt 3)",
    "Traceback (most recent call last):\n  File \"shop.py\", line 7, in pay\n    raise Declined('§')\n",
    "thread 'main' panicked at src/main.rs:7:9:\ncalled `Result::unwrap()` on an `Err` value: \"§\"",
    "zurückgewiesen: „§“ – Größe 7",
    "拒否されました：§。",
];

fn masked(text: &str) -> String {
    let mut out = Vec::new();
    if !Detectors::default().mask(text.as_bytes(), &mut out) {
        return text.to_owned();
    }
    String::from_utf8(out).expect("what was UTF-8 stays so")
}

/// True when more of a secret is left than a mask may show, anywhere in it.
fn is_left(masked: &str, secret: &Secret) -> bool {
    /// A mask shows the last four digits of a card or an account.
    const SHOWN: usize = 4;
    let parts = secret.hidden.as_bytes().windows(SHOWN + 2);
    parts.map(String::from_utf8_lossy).any(|part| masked.contains(&*part))
}

#[test]
fn every_planted_secret_is_found_in_every_surrounding() {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut missed = Vec::new();
    for secret in secrets::all() {
        for around in SURROUNDINGS {
            let text = around.replace('§', &secret.text);
            *places.entry(secret.kind.as_str()).or_default() += 1;
            if is_left(&masked(&text), &secret) {
                missed.push(format!("{} {text:?} -> {:?}", secret.kind, masked(&text)));
            }
        }
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed[..missed.len().min(40)].join("\n"));
    let kinds: Vec<&str> =
        Kind::ALL.into_iter().filter(|kind| *kind != Kind::Email).map(Kind::as_str).collect();
    assert!(kinds.iter().all(|kind| places.get(kind).is_some_and(|count| *count >= 20 * 12)), "{places:?}");
}
