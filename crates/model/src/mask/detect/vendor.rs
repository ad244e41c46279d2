//! Tokens that their issuers mark with a prefix.
//!
//! Forms as the issuers document them, and as their scanning partners look for them; prefixes are kept, the rest is the secret.

use std::ops::Range;

use super::{
    Kind,
    bytes::{begins_word, is_alnum, is_base64url, run},
    header, jwt,
    scan::Grams,
};

/// How a token of one issuer looks.
#[derive(Clone, Copy, Debug)]
struct Form {
    kind: Kind,
    /// What marks it. Case matters.
    prefix: &'static str,
    /// Where in the prefix the character is by which it is found: a mark, which letters are not; where there is none, a letter
    /// that is rare.
    mark_at: usize,
    /// What the rest is made of.
    is_part: fn(u8) -> bool,
    /// How long the rest is.
    length: (usize, usize),
    /// What else must be true of the rest.
    is_likely: fn(&[u8]) -> bool,
}

/// Longest rest of a token that is judged; one that goes on is masked whole.
const JUDGED_MAX: usize = 256;

const fn form(kind: Kind, prefix: &'static str, is_part: fn(u8) -> bool, length: (usize, usize)) -> Form {
    let letters = prefix.as_bytes();
    let mut mark_at = 0;
    while mark_at < letters.len() && !matches!(letters[mark_at], b'_' | b'-' | b'.') {
        mark_at += 1;
    }
    if mark_at == letters.len() {
        mark_at = 2;
        while !matches!(letters[mark_at], b'I' | b'z') {
            mark_at += 1;
        }
    }
    Form { kind, prefix, mark_at, is_part, length, is_likely: |_| true }
}

const ANY: usize = usize::MAX;

const FORMS: [Form; 38] = [
    form(Kind::Aws, "AKIA", is_base32, (16, 16)),
    form(Kind::Aws, "ASIA", is_base32, (16, 16)),
    form(Kind::Gcp, "AIza", is_base64url, (35, 35)),
    form(Kind::Gcp, "GOCSPX-", is_base64url, (24, 40)),
    form(Kind::Gcp, "ya29.", is_base64url, (20, ANY)),
    form(Kind::Github, "ghp_", is_alnum, (36, ANY)),
    form(Kind::Github, "gho_", is_alnum, (36, ANY)),
    form(Kind::Github, "ghu_", is_alnum, (36, ANY)),
    form(Kind::Github, "ghs_", is_alnum, (36, ANY)),
    form(Kind::Github, "ghr_", is_alnum, (36, ANY)),
    form(Kind::Github, "github_pat_", is_word, (40, ANY)),
    form(Kind::Gitlab, "glpat-", is_base64url, (20, ANY)),
    form(Kind::Gitlab, "gldt-", is_base64url, (20, ANY)),
    form(Kind::Gitlab, "glrt-", is_base64url, (20, ANY)),
    slack("xoxa-"),
    slack("xoxb-"),
    slack("xoxe-"),
    slack("xoxe."),
    slack("xoxo-"),
    slack("xoxp-"),
    slack("xoxr-"),
    slack("xoxs-"),
    slack("xapp-"),
    // The address of a webhook is its key.
    form(Kind::Slack, "hooks.slack.com/services/", is_path, (20, ANY)),
    form(Kind::Stripe, "sk_live_", is_alnum, (16, ANY)),
    form(Kind::Stripe, "rk_live_", is_alnum, (16, ANY)),
    form(Kind::Stripe, "whsec_", is_base64, (24, ANY)),
    Form { is_likely: is_ai_key, ..form(Kind::Ai, "sk-", is_base64url, (20, ANY)) },
    form(Kind::Vendor, "npm_", is_alnum, (36, 36)),
    form(Kind::Vendor, "pypi-AgEI", is_base64url, (50, ANY)),
    Form { is_likely: |rest| rest.get(22) == Some(&b'.'), ..form(Kind::Vendor, "SG.", is_dotted, (66, 66)) },
    form(Kind::Vendor, "hf_", is_alnum, (34, 40)),
    form(Kind::Vendor, "dop_v1_", is_alnum, (64, 64)),
    form(Kind::Vendor, "shpat_", is_hex, (32, 32)),
    form(Kind::Vendor, "shpss_", is_hex, (32, 32)),
    form(Kind::Vendor, "dckr_pat_", is_base64url, (24, ANY)),
    form(Kind::Vendor, "hvs.", is_base64url, (24, ANY)),
    form(Kind::Vendor, "hvb.", is_base64url, (24, ANY)),
];

const fn slack(prefix: &'static str) -> Form {
    let form = form(Kind::Slack, prefix, is_slack, (20, ANY));
    Form { is_likely: |rest| rest.iter().any(u8::is_ascii_digit), ..form }
}

impl Form {
    /// Where the secret lies of the token that begins at `start`.
    fn find(&self, text: &[u8], start: usize) -> Option<Range<usize>> {
        let secret = start + self.prefix.len();
        if !text[start..].starts_with(self.prefix.as_bytes()) || !begins_token(text, start) {
            return None;
        }
        let judged = run(text, secret, JUDGED_MAX.min(self.length.1.saturating_add(1)), self.is_part);
        if judged < self.length.0 || !(self.is_likely)(&text[secret..secret + judged]) {
            return None;
        }
        let length = if judged == JUDGED_MAX { run(text, secret, usize::MAX, self.is_part) } else { judged };
        let end = secret + length;
        // Where a letter goes on that no such token has, it is none.
        let is_whole = length <= self.length.1 && text.get(end).is_none_or(|next| !is_alnum(*next));
        is_whole.then_some(secret..end)
    }
}

/// The four bytes up to its mark of every prefix.
pub(super) fn insert(grams: &mut Grams) {
    let beginnings = FORMS.iter().map(|form| &form.prefix.as_bytes()[..=form.mark_at]);
    for beginning in beginnings.chain([jwt::BEGINNING]).chain(header::BEGINNINGS) {
        match *beginning {
            [.., a, b, c, d] => grams.insert_form([a, b, c, d]),
            // A word begins with three of them, behind anything but a letter; or behind the letter of `\n`.
            [a, b, c] => (0..=255_u8)
                .filter(|before| !is_alnum(*before) || b"nrt".contains(before))
                .for_each(|before| grams.insert_form([before, a, b, c])),
            _ => {}
        }
    }
}

/// The token whose mark is at `at`: what it is, and where its secret lies.
pub(super) fn find(text: &[u8], at: usize) -> Option<(Kind, Range<usize>)> {
    FORMS.iter().find_map(|form| {
        let start = at.checked_sub(form.mark_at)?;
        // Most are other forms: their first letter is compared before anything is called.
        (text[start] == form.prefix.as_bytes()[0]).then_some(())?;
        Some((form.kind, form.find(text, start)?))
    })
}

/// Not in the middle of a word, nor of base64.
fn begins_token(text: &[u8], at: usize) -> bool {
    begins_word(text, at) && (at == 0 || !matches!(text[at - 1], b'-' | b'+' | b'*'))
}

/// The prefix that marks a token as some issuer's; empty when none does.
pub(crate) fn prefix(token: &str) -> &'static str {
    FORMS.iter().map(|form| form.prefix).find(|prefix| token.starts_with(prefix)).unwrap_or("")
}

/// `sk-` is short: what follows must be another of the prefixes in use, or as random as a key is.
fn is_ai_key(rest: &[u8]) -> bool {
    const MARKS: [&[u8]; 5] = [b"ant-", b"proj-", b"svcacct-", b"admin-", b"or-v1-"];
    let digits = rest.iter().filter(|byte| byte.is_ascii_digit()).count();
    let (upper, lower) = (rest.iter().any(u8::is_ascii_uppercase), rest.iter().any(u8::is_ascii_lowercase));
    if MARKS.iter().any(|mark| rest.starts_with(mark)) {
        return digits >= 2 && upper && lower;
    }
    rest.len() >= 32 && digits >= 3 && rest.iter().all(|byte| is_alnum(*byte)) && lower
}

fn is_base32(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_base64(byte: u8) -> bool {
    is_alnum(byte) || matches!(byte, b'+' | b'/' | b'=')
}

fn is_word(byte: u8) -> bool {
    is_alnum(byte) || byte == b'_'
}

fn is_slack(byte: u8) -> bool {
    is_alnum(byte) || byte == b'-'
}

fn is_path(byte: u8) -> bool {
    is_alnum(byte) || byte == b'/'
}

fn is_dotted(byte: u8) -> bool {
    is_base64url(byte) || byte == b'.'
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}
