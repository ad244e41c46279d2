//! How much is looked at, whatever the text: so often each byte at most, also of texts made to be looked at again and again.

use super::super::{Detectors, Kind, bytes::steps};

/// Bytes looked at per byte of the text, beside the scan that looks at each once.
fn steps_per_byte(text: &[u8]) -> usize {
    let detectors = Kind::ALL.into_iter().fold(Detectors::default(), Detectors::with);
    steps::take();
    detectors.mask(text, &mut Vec::new());
    steps::take() / text.len()
}

#[test]
fn no_text_is_looked_at_again_and_again() {
    /// The worst are keys in a row, each of which might be the value of the one before.
    const STEPS_PER_BYTE_MAX: usize = 100;

    let key = format!("{0}BEGIN PRIVATE KEY{0}", "-".repeat(5));
    let pieces = [
        "pwd:",
        "pwd: ",
        "pwd=",
        "pwd = ",
        "pwd=\"",
        "pwd=\\\"",
        "pwd:\"",
        "\"pwd\":",
        "--pwd ",
        "{pwd:[",
        "{pwd:[1,",
        "{pwd:[\"a\",",
        "{pwd:Some(",
        "{pwd:A(A(A(A(",
        "pwd=Some(\"",
        "(\"pwd\",",
        "(\"pwd\",A(A(A(",
        "pwd=,",
        "pwd:a,b,",
        "password.",
        "password=$",
        "pwd=((",
        "cookie: ",
        "cookie:a=",
        "authorization: bearer ",
        "authorization: digest ",
        "bearer ",
        "basic ",
        "basic dTpw ",
        "bearer pwd:",
        "eyJ.",
        ".eyJhbGciOiJIUzI1",
        "eyJhbGciOiJIUzI1NiJ9.",
        "SG.",
        "sk-",
        " sk-a1",
        "ghp_",
        "xoxb-",
        "hvs.",
        "ya29.",
        "a://",
        "a://b:",
        "a://b:c@",
        "://@",
        "@",
        "a@",
        "a@b.",
        "a@b.c",
        "4111",
        "4111 ",
        "4111-",
        "4111 1111 ",
        "41111111111111111111",
        "DE89",
        "DE89 ",
        " DE89370400440532013000",
        "GB29 NWBK ",
        "iban:",
        "iban=DE89 ",
        "card_number=4111 ",
        "\\",
        "\"",
        "'",
        "\\\"",
        ":",
        "=",
        "[",
        "***",
        "pwd=***",
        &key,
        "pwd=-----BEGIN ",
        "-----BEGIN",
        "-----END ",
        &[&key, "AAAAAAAAAAAAAAAAAAAA"].concat(),
        &["pwd=", &key, "AAAAAAAAAAAAAAAAAAAA "].concat(),
        "äöü",
        "\u{1F600}",
    ];
    for piece in pieces {
        for before in ["", &key, "pwd=\"", "pwd=\\\\\\\"", "eyJhbGciOiJIUzI1NiJ9."] {
            for joint in ["", " ", "\n", ";"] {
                let length = 1_000;
                let text = before.to_owned() + &[piece, joint].concat().repeat(length / piece.len());
                let steps = steps_per_byte(text.as_bytes());
                assert!(steps <= STEPS_PER_BYTE_MAX, "{steps}: {before}{piece}{joint}");
                // Of four times as much, each byte is looked at as often.
                let longer = before.to_owned() + &[piece, joint].concat().repeat(4 * length / piece.len());
                assert!(steps_per_byte(longer.as_bytes()) <= steps + steps / 8 + 2, "{before}{piece}{joint}");
            }
        }
    }
}
