//! Secrets that are none: made up, right in form, and put together here so that scanners of repositories find nothing.
//!
//! Digits and letters come from a fixed sequence; check digits are calculated.

use trine_model::mask::Kind;

/// A planted secret.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    pub(crate) kind: Kind,
    /// The secret, with what marks it.
    pub(crate) text: String,
    /// What no output may hold.
    pub(crate) hidden: String,
}

/// How many of each form.
const EACH: usize = 12;

/// A sequence of numbers that is the same everywhere (SplitMix64).
pub(crate) struct Sequence(pub(crate) u64);

impl Sequence {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e3779b97f4a7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d049bb133111eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    pub(crate) fn of(&mut self, letters: &str, length: usize) -> String {
        let letters = letters.as_bytes();
        (0..length).map(|_| char::from(letters[self.below(letters.len())])).collect()
    }
}

const DIGITS: &str = "0123456789";
const HEX: &str = "0123456789abcdef";
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ALNUM: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const BASE64URL: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

/// All of them.
pub(crate) fn all() -> Vec<Secret> {
    let mut sequence = Sequence(7);
    let mut all = Vec::new();
    for _ in 0..EACH {
        cards(&mut sequence, &mut all);
        accounts(&mut sequence, &mut all);
        tokens(&mut sequence, &mut all);
        web_token(&mut sequence, &mut all);
        private_key(&mut sequence, &mut all);
        headers_and_urls(&mut sequence, &mut all);
        assignments(&mut sequence, &mut all);
    }
    all
}

fn push(all: &mut Vec<Secret>, kind: Kind, mark: &str, hidden: String) {
    all.push(Secret { kind, text: [mark, &hidden].concat(), hidden });
}

/// The digit that makes a number right (Luhn).
fn with_check_digit(digits: &str) -> String {
    let sum: usize = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, digit)| usize::from(digit - b'0') * (2 - index % 2))
        .map(|value| if value > 9 { value - 9 } else { value })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

fn cards(sequence: &mut Sequence, all: &mut Vec<Secret>) {
    let groups = |number: &str, groups: &[usize], separator: &str| {
        let mut at = 0;
        let parts: Vec<&str> =
            groups.iter().map(|length| (at, at += length).0..at).map(|part| &number[part]).collect();
        parts.join(separator)
    };
    for (prefix, length) in
        [("4", 16), ("51", 16), ("2221", 16), ("6011", 16), ("3528", 16), ("34", 15), ("36", 14)]
    {
        let number = with_check_digit(&[prefix, &sequence.of(DIGITS, length - 1 - prefix.len())].concat());
        let grouped = match length {
            16 => groups(&number, &[4, 4, 4, 4], if sequence.below(2) == 0 { " " } else { "-" }),
            15 => groups(&number, &[4, 6, 5], " "),
            _ => groups(&number, &[4, 6, 4], " "),
        };
        push(all, Kind::Card, "", number);
        push(all, Kind::Card, "", grouped);
    }
}

fn accounts(sequence: &mut Sequence, all: &mut Vec<Secret>) {
    for (country, bank, length) in
        [("DE", "", 22), ("GB", "NWBK", 22), ("FR", "", 27), ("NO", "", 15), ("NL", "ABNA", 18)]
    {
        let account = [bank, &sequence.of(DIGITS, length - 4 - bank.len())].concat();
        let number = |check: &str| -> usize {
            let digits = [&account, country, check].concat();
            digits.chars().filter_map(|c| c.to_digit(36)).fold(0, |rest, value| {
                (if value < 10 { rest * 10 } else { rest * 100 } + value as usize) % 97
            })
        };
        let iban = format!("{country}{:02}{account}", 98 - number("00"));
        let groups: Vec<&str> = (0..length).step_by(4).map(|at| &iban[at..(at + 4).min(length)]).collect();
        push(all, Kind::Iban, "", groups.join(" "));
        push(all, Kind::Iban, "", iban.clone());
    }
}

fn tokens(sequence: &mut Sequence, all: &mut Vec<Secret>) {
    let forms: [(Kind, &str, &str, usize); 22] = [
        (Kind::Aws, "AKIA", BASE32, 16),
        (Kind::Aws, "ASIA", BASE32, 16),
        (Kind::Gcp, "AIza", BASE64URL, 35),
        (Kind::Gcp, "GOCSPX-", ALNUM, 28),
        (Kind::Github, "ghp_", ALNUM, 36),
        (Kind::Github, "gho_", ALNUM, 36),
        (Kind::Github, "ghu_", ALNUM, 36),
        (Kind::Github, "ghs_", ALNUM, 36),
        (Kind::Github, "ghr_", ALNUM, 76),
        (Kind::Github, "github_pat_", ALNUM, 82),
        (Kind::Gitlab, "glpat-", ALNUM, 20),
        (Kind::Slack, "xoxb-1234567890-", ALNUM, 24),
        (Kind::Slack, "https://hooks.slack.com/services/T0123/B0123/", ALNUM, 24),
        (Kind::Stripe, "sk_live_", ALNUM, 24),
        (Kind::Stripe, "rk_live_", ALNUM, 99),
        (Kind::Ai, "sk-proj-", ALNUM, 64),
        (Kind::Ai, "sk-ant-api03-", ALNUM, 93),
        (Kind::Ai, "sk-", ALNUM, 48),
        (Kind::Vendor, "npm_", ALNUM, 36),
        (Kind::Vendor, "hf_", ALNUM, 34),
        (Kind::Vendor, "dop_v1_", HEX, 64),
        (Kind::Vendor, "shpat_", HEX, 32),
    ];
    for (kind, mark, letters, length) in forms {
        // A key of Google may end in `-`, which a sentence does as well: these do not.
        let hidden = sequence.of(letters, length - 1) + "7";
        push(all, kind, mark, hidden);
    }
}

fn web_token(sequence: &mut Sequence, all: &mut Vec<Secret>) {
    let head =
        ["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9"][sequence.below(2)];
    let hidden = format!("{head}.eyJ{}.{}", sequence.of(ALNUM, 60), sequence.of(BASE64URL, 42) + "7");
    push(all, Kind::Jwt, "", hidden);
}

fn private_key(sequence: &mut Sequence, all: &mut Vec<Secret>) {
    let dashes = "-".repeat(5);
    let label = ["", "RSA ", "EC ", "OPENSSH "][sequence.below(4)];
    let lines: Vec<String> = (0..4).map(|_| sequence.of(ALNUM, 64)).collect();
    let hidden = lines.join(["\n", "\\n", "\r\n"][sequence.below(3)]);
    let text =
        format!("{dashes}BEGIN {label}PRIVATE KEY{dashes}\n{hidden}\n{dashes}END {label}PRIVATE KEY{dashes}");
    all.push(Secret { kind: Kind::PrivateKey, text, hidden });
}

fn headers_and_urls(sequence: &mut Sequence, all: &mut Vec<Secret>) {
    push(all, Kind::Header, "Bearer ", sequence.of(ALNUM, 30) + "47a");
    push(all, Kind::Header, "bearer ", sequence.of(HEX, 38) + "4f");
    // The base64 of `user:` and of three more groups of letters.
    push(all, Kind::Header, "Basic ", ["dXNlcjp", ["h", "o"][sequence.below(2)], "dW50ZXIy"].concat());
    let password = sequence.of(ALNUM, 12);
    let scheme = ["postgres", "https", "amqp", "mongodb+srv"][sequence.below(4)];
    all.push(Secret {
        kind: Kind::Url,
        text: format!("{scheme}://app:{password}@db.internal/shop"),
        hidden: password,
    });
}

fn assignments(sequence: &mut Sequence, all: &mut Vec<Secret>) {
    const KEYS: [&str; 10] = [
        "password",
        "db_password",
        "apiKey",
        "X-Api-Key",
        "client_secret",
        "access_token",
        "PGPASSWORD",
        "pwd",
        "secret_key",
        "aws_secret_access_key",
    ];
    for form in [
        "K=V",
        "K=V&next=1",
        "K = V",
        "\"K\":\"V\"",
        "'K': 'V'",
        "\\\"K\\\":\\\"V\\\"",
        "K: V",
        "--K V",
        "{x=1, K=V}",
        "\"K\" => \"V\"",
        "<K>V</K>",
        "curl -H 'K: V' localhost",
    ] {
        let key = KEYS[sequence.below(KEYS.len())];
        let hidden = sequence.of(ALNUM, 20) + "7x9";
        let text = form.replace('K', key).replace('V', &hidden);
        all.push(Secret { kind: Kind::Assignment, text, hidden });
    }
}
