//! Secrets inside texts, found by their form.

mod assignment;
mod bytes;
mod card;
mod email;
mod ends;
mod header;
mod iban;
mod jwt;
mod kind;
mod overlap;
mod pem;
mod scan;
mod short;
#[cfg(test)]
mod tests;
mod url;
mod value;
pub(super) mod vendor;
mod words;

use std::{
    fmt,
    ops::Range,
    sync::{Arc, LazyLock},
};

pub use self::kind::Kind;
use self::scan::{BLOCK, Grams, Shapes};
use super::{KeyPolicy, MASKED, Treatment};

/// How many times longer a masked text can be than the text: `pwd=x` becomes `pwd=***`, which is the worst.
pub const GROWTH_MAX: usize = 2;

/// Finds secrets inside texts: card numbers, accounts, tokens, keys, passwords that are assigned to something.
///
/// A detector asks for a form that nothing else has: a prefix, a length, a checksum, a sign of assignment. Prose is left alone
/// ("token expired yesterday"), and so are ids, hashes, UUIDs, dates and numbers. `docs/masks.md` says what each kind looks for,
/// and what that misses.
///
/// ```
/// use trine_model::mask::{Detectors, Kind};
///
/// let detectors = Detectors::default();
/// let text = b"paid with 4111 1111 1111 1111 by user@example.com";
/// let found: Vec<_> = detectors.find(text).map(|found| (found.kind, found.range)).collect();
/// assert_eq!(found, [(Kind::Card, 10..29)]);
///
/// let mut out = Vec::new();
/// assert!(detectors.clone().with(Kind::Email).mask(text, &mut out));
/// assert_eq!(out, b"paid with ****-****-****-1111 by u***@example.com");
///
/// assert!(detectors.is_clean(b"token expired yesterday"));
/// assert!(!detectors.without(Kind::Card).mask(text, &mut out));
/// ```
///
/// Shape: any bytes, also such that are not UTF-8; a text that is UTF-8 stays so. What was masked is not found again: masking
/// twice is masking once.
///
/// Cost: no allocation but in `out`; time linear in the text, whatever it is (10 instructions a byte of prose, 20 where ids, paths
/// and times stand close; some 60 for a text of fewer than 16 bytes without a sign). A clone is two references.
#[derive(Clone)]
pub struct Detectors {
    kinds: u32,
    keys: KeyPolicy,
    grams: Arc<Grams>,
}

/// A secret inside a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// What is replaced, in bytes of the text: the secret, without the prefix, scheme or domain that is shown.
    pub range: Range<usize>,
    treatment: Treatment,
}

/// All kinds but [`Kind::Email`], and the keys of [`KeyPolicy::default`].
impl Default for Detectors {
    fn default() -> Detectors {
        static DEFAULT: LazyLock<Detectors> = LazyLock::new(|| {
            let keys = KeyPolicy::default();
            let all = Kind::ALL.iter().fold(0, |kinds, kind| kinds | kind.bit());
            Detectors { kinds: all & !Kind::Email.bit(), grams: Detectors::grams(&keys), keys }
        });
        DEFAULT.clone()
    }
}

impl Detectors {
    /// Length of the shortest text in which anything is found: `pwd=x`. Bytes.
    pub const TEXT_BYTES_MIN: usize = short::TEXT_MIN;

    /// Finds this kind, too.
    pub fn with(mut self, kind: Kind) -> Detectors {
        self.kinds |= kind.bit();
        self
    }

    /// Does not find this kind.
    pub fn without(mut self, kind: Kind) -> Detectors {
        self.kinds &= !kind.bit();
        self
    }

    /// Whether this kind is looked for.
    pub fn finds(&self, kind: Kind) -> bool {
        self.kinds & kind.bit() != 0
    }

    /// Looks for values that are assigned to these keys instead of those of [`KeyPolicy::default`].
    ///
    /// Keys of one letter are not looked for inside texts, nor those of other scripts than Latin.
    ///
    /// ```
    /// use trine_model::mask::{Detectors, KeyPolicy, Treatment};
    ///
    /// let keys = KeyPolicy::default().add("diagnosis", Treatment::Redact).allow("pwd");
    /// let detectors = Detectors::default().keys(keys);
    /// let mut out = Vec::new();
    /// assert!(detectors.mask(b"pwd=x diagnosis=F32", &mut out));
    /// assert_eq!(out, b"pwd=x diagnosis=***");
    /// ```
    ///
    /// Cost: some 100 us, more with keys of two letters; to be called once.
    pub fn keys(mut self, keys: KeyPolicy) -> Detectors {
        self.grams = Detectors::grams(&keys);
        self.keys = keys;
        self
    }

    fn grams(keys: &KeyPolicy) -> Arc<Grams> {
        let mut grams = Grams::new();
        vendor::insert(&mut grams);
        ends::insert(keys, &mut grams);
        Arc::new(grams)
    }

    /// Appends the masked text to `out` and gives true when there is a secret in it; else gives false and leaves `out` alone.
    ///
    /// At most [`GROWTH_MAX`] times as much as the text is appended.
    pub fn mask(&self, text: &[u8], out: &mut Vec<u8>) -> bool {
        self.mask_first(text, text.len(), out)
    }

    /// The same for the first `bytes` of a text that is to be cut there. All of it is looked at, as what a secret is may only be
    /// known from what stands behind the cut.
    ///
    /// ```
    /// use trine_model::mask::Detectors;
    ///
    /// let text = "at redis://:hunter2@cache".as_bytes();
    /// let mut out = Vec::new();
    /// assert!(!Detectors::default().mask(&text[..17], &mut out), "a password only before an `@`");
    /// assert!(Detectors::default().mask_first(text, 17, &mut out));
    /// assert_eq!(out, b"at redis://:***");
    /// ```
    pub fn mask_first(&self, text: &[u8], bytes: usize, out: &mut Vec<u8>) -> bool {
        if self.is_nothing(text) {
            return false;
        }
        let mut copied = 0;
        for found in self.findings(text).take_while(|found| found.range.start < bytes) {
            out.extend_from_slice(&text[copied..found.range.start]);
            found.write(text, out);
            copied = found.range.end;
        }
        let is_masked = copied > 0;
        if is_masked {
            out.extend_from_slice(text.get(copied..bytes.min(text.len())).unwrap_or_default());
        }
        is_masked
    }

    /// True when nothing is found.
    pub fn is_clean(&self, text: &[u8]) -> bool {
        self.is_nothing(text) || self.is_clean_at_length(text)
    }

    /// By itself, so that a short text does not pay for its frame.
    #[inline(never)]
    fn is_clean_at_length(&self, text: &[u8]) -> bool {
        let mut findings = self.findings(text);
        findings.is_over() || findings.next().is_none()
    }

    /// True for a short text that a few comparisons judge.
    #[inline]
    fn is_nothing(&self, text: &[u8]) -> bool {
        text.len() < short::TEXT_MIN
            || (text.len() < short::SHORT && !short::is_worth_a_look(text, self.finds(Kind::Email)))
    }

    /// The secrets in a text, in their order; they do not overlap.
    pub fn find<'a>(&'a self, text: &'a [u8]) -> Findings<'a> {
        self.findings(if self.is_nothing(text) { b"" } else { text })
    }

    /// The same for a text that is worth a look.
    #[inline]
    fn findings<'a>(&'a self, text: &'a [u8]) -> Findings<'a> {
        let shapes = Shapes { card: self.finds(Kind::Card), at_sign: self.finds(Kind::Email) };
        let text = if self.kinds == 0 { b"" } else { text };
        let candidates = if text.is_empty() { 0 } else { scan::candidates(text, 0, &self.grams, shapes) };
        Findings { detectors: self, text, shapes, block: 0, candidates, done: 0 }
    }

    /// The secret that is known by what stands at `at`, in what is not masked yet.
    fn find_at(&self, text: &[u8], at: usize, done: usize) -> Option<Finding> {
        let found = |kind: Kind, treatment: Treatment, range: Range<usize>| {
            // Something may begin before what is known, and so before what was masked.
            let is_new = range.start >= done && !range.is_empty() && self.finds(kind);
            let end = is_new.then(|| overlap::end(text, &range, done))?;
            Some(Finding { kind, range: range.start..end, treatment })
        };
        let redacted = |kind: Kind, range: Option<Range<usize>>| found(kind, Treatment::Redact, range?);
        let form = || vendor::find(text, at).and_then(|(kind, range)| found(kind, Treatment::Redact, range));
        let assigned = |range: Option<(Range<usize>, Treatment)>| {
            let (range, treatment) = range?;
            match treatment {
                Treatment::Card | Treatment::Iban => found(Kind::Assignment, treatment, range),
                _ => found(Kind::Assignment, Treatment::Redact, range),
            }
        };
        let account = || found(Kind::Iban, Treatment::Iban, iban::find(text, at.checked_sub(1)?)?);
        let key = || redacted(Kind::PrivateKey, pem::find(text, (at + 1).checked_sub(pem::DASHES)?));
        let flag = || {
            let is_on = self.finds(Kind::Assignment);
            is_on.then(|| assigned(assignment::find_flag(text, at - 1, &self.keys))).flatten()
        };
        match text[at] {
            b':' if text[at + 1..].starts_with(b"//") => redacted(Kind::Url, url::find(text, at)),
            b'=' | b':' | b'>' | b',' if self.finds(Kind::Assignment) => {
                assigned(assignment::find(text, at, done, &self.keys))
            }
            // No card begins with another digit, and times do with 1.
            b'2'..=b'6' => found(Kind::Card, Treatment::Card, card::find(text, at, done)?),
            b'@' => found(Kind::Email, Treatment::Email, email::find(text, at, done)?),
            b'J' if text[..at].ends_with(b"ey") => redacted(Kind::Jwt, jwt::find(text, at - 2)),
            b'I' => form().or_else(account),
            b'b' | b'B' if header::begins(text, at) => redacted(Kind::Header, header::find(text, at)),
            b'A'..=b'Z' => account(),
            b'-' if text[..at].ends_with(b"-") => match text.get(at + 1)? {
                b'-' => None,
                b'B' => key().or_else(flag),
                _ => flag(),
            },
            b'-' | b'_' | b'.' | b'z' => form(),
            _ => None,
        }
    }
}

impl fmt::Debug for Detectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<&str> =
            Kind::ALL.into_iter().filter(|kind| self.finds(*kind)).map(Kind::as_str).collect();
        f.debug_struct("Detectors").field("kinds", &kinds).finish_non_exhaustive()
    }
}

impl Finding {
    /// Appends what is shown in place of the secret.
    fn write(&self, text: &[u8], out: &mut Vec<u8>) {
        let secret = &text[self.range.clone()];
        match (self.treatment, std::str::from_utf8(secret)) {
            // Its range is what stands before the `@`.
            (Treatment::Email, Ok(local)) => {
                out.extend_from_slice(super::partial::local_part(local).as_bytes());
            }
            (treatment, Ok(secret)) => out.extend_from_slice(treatment.apply(secret).as_bytes()),
            (_, Err(_)) => out.extend_from_slice(MASKED.as_bytes()),
        }
    }
}

/// The secrets in a text: see [`Detectors::find`].
#[derive(Clone, Debug)]
pub struct Findings<'a> {
    detectors: &'a Detectors,
    text: &'a [u8],
    shapes: Shapes,
    /// Where the block begins whose candidates are left.
    block: usize,
    /// Positions of the block that are yet to be looked at.
    candidates: u64,
    /// Where the last finding ended.
    done: usize,
}

impl Findings<'_> {
    /// True when nothing is left to be looked at.
    #[inline]
    fn is_over(&self) -> bool {
        self.candidates == 0 && self.block + BLOCK >= self.text.len()
    }
}

impl Iterator for Findings<'_> {
    type Item = Finding;

    fn next(&mut self) -> Option<Finding> {
        loop {
            while self.candidates != 0 {
                let at = self.block + self.candidates.trailing_zeros() as usize;
                self.candidates &= self.candidates - 1;
                if at >= self.done
                    && at < self.text.len()
                    && let Some(found) = self.detectors.find_at(self.text, at, self.done)
                {
                    self.done = found.range.end;
                    return Some(found);
                }
            }
            if self.is_over() {
                return None;
            }
            // What was masked is not looked at again: a long key is stepped over.
            self.block = (self.block + BLOCK).max(self.done / BLOCK * BLOCK);
            if self.block >= self.text.len() {
                return None;
            }
            self.candidates = scan::candidates(self.text, self.block, &self.detectors.grams, self.shapes);
        }
    }
}

impl std::iter::FusedIterator for Findings<'_> {}
