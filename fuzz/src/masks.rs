//! Masks over any bytes: nothing panics, what was masked is not found again, findings are in order, and UTF-8 stays UTF-8. And
//! what is made of the pieces of secrets comes out without the one that was put in.

use trine_model::mask::{
    Detectors, GROWTH_MAX, KeyPolicy, Kind, MASKED, MASKED_BYTES_MAX, Treatment, keep_last,
};

/// See the module.
pub fn run(data: &[u8]) {
    texts(data, &Detectors::default());
    texts(data, &Kind::ALL.into_iter().fold(Detectors::default(), Detectors::with));
    planted(data);
    let text = String::from_utf8_lossy(data);
    values(&text);
    keys(&text);
}

fn texts(data: &[u8], detectors: &Detectors) {
    let found: Vec<_> = detectors.find(data).collect();
    assert!(found.iter().all(|found| !found.range.is_empty() && found.range.end <= data.len()));
    assert!(found.is_sorted_by(|a, b| a.range.end <= b.range.start));
    let once = masked(detectors, data);
    assert!(once.len() <= data.len() * GROWTH_MAX);
    assert!(str::from_utf8(data).is_err() || str::from_utf8(&once).is_ok());
    let twice = masked(detectors, &once);
    assert_eq!(String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once), "masked twice");
}

fn masked(detectors: &Detectors, text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let is_masked = detectors.mask(text, &mut out);
    assert_eq!(is_masked, !detectors.is_clean(text));
    if is_masked { out } else { text.to_vec() }
}

/// A token says by itself what it is: nothing before it, and nothing on the next line, may hide it from the detectors.
fn planted(data: &[u8]) {
    let secret = "a7".repeat(18);
    let (before, after) = data.split_at(data.len() / 2);
    // The bytes may have learned the secret.
    if data.windows(8).any(|window| secret.as_bytes().starts_with(window)) {
        return;
    }
    for open in [" ", "\n", "\"", "=", "("] {
        let text = [before, open.as_bytes(), b"ghp", b"_", secret.as_bytes(), b"\n", after].concat();
        let masked = masked(&Detectors::default(), &text);
        assert!(
            !masked.windows(secret.len()).any(|window| window == secret.as_bytes()),
            "{}",
            String::from_utf8_lossy(&masked)
        );
    }
}

fn values(text: &str) {
    for treatment in Treatment::ALL {
        let once = treatment.apply(text);
        assert!(once.len() <= MASKED_BYTES_MAX && once.contains(MASKED));
        assert_eq!(treatment.apply(&once), once, "{treatment}");
        assert!(once != text || text.contains(MASKED), "{treatment}");
    }
    let kept = keep_last(text, text.len());
    assert!(kept.starts_with(MASKED));
    let kept = kept.chars().count() - MASKED.len();
    assert!(kept * 4 <= text.chars().count());
}

/// A key that is added is found again, and may be taken back.
fn keys(text: &str) {
    let is_key = KeyPolicy::check(text).is_ok();
    let policy = KeyPolicy::none().add(text, Treatment::Redact);
    assert_eq!(policy.treatment(text).is_some(), is_key);
    assert_eq!(policy.clone().allow(text).treatment(text), None);
    let _ = KeyPolicy::default().treatment(text);
    // Keys of two letters are many groups of bytes; one input in some has them looked for.
    if text.len() % 16 == 3 {
        texts(text.as_bytes(), &Detectors::default().keys(policy));
    }
}
