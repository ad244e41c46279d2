//! Secrets inside texts, found by their form.

mod assignment;
mod bytes;
mod card;
mod email;
mod header;
mod iban;
mod jwt;
mod kind;
mod overlap;
mod pem;
mod scan;
#[cfg(test)]
mod tests;
mod url;
mod value;
pub(super) mod vendor;

use std::{
    fmt,
    ops::Range,
    sync::{Arc, LazyLock},
};

pub use self::kind::Kind;
use self::scan::{BLOCK, Grams, Place, Shapes};
use super::{KeyPolicy, MASKED, Treatment};

/// How many times longer a masked text can be than the text: `pwd=x` becomes `pwd=***`, which is the worst.
pub const GROWTH_MAX: usize = 2;

/// Shorter texts are looked at as one word or two.
const SHORT: usize = 16;

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
/// Cost: no allocation but in `out`; time linear in the text, whatever it is (about 1 ns a byte for ordinary text, and a few
/// nanoseconds for one of fewer than 16 bytes without `=` or `:`). A clone is a reference.
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
            Detectors { kinds: all & !Kind::Email.bit(), grams: Arc::new(Grams::of(&keys)), keys }
        });
        DEFAULT.clone()
    }
}

impl Detectors {
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
    /// Keys of one word and fewer than three letters are not found inside texts.
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
    /// Cost: some 50 us; to be called once.
    pub fn keys(mut self, keys: KeyPolicy) -> Detectors {
        self.grams = Arc::new(Grams::of(&keys));
        self.keys = keys;
        self
    }

    /// Appends the masked text to `out` and gives true when there is a secret in it; else gives false and leaves `out` alone.
    ///
    /// At most [`GROWTH_MAX`] times as much as the text is appended.
    pub fn mask(&self, text: &[u8], out: &mut Vec<u8>) -> bool {
        let mut copied = 0;
        for found in self.find(text) {
            out.extend_from_slice(&text[copied..found.range.start]);
            found.write(text, out);
            copied = found.range.end;
        }
        let is_masked = copied > 0;
        if is_masked {
            out.extend_from_slice(&text[copied..]);
        }
        is_masked
    }

    /// True when nothing is found.
    pub fn is_clean(&self, text: &[u8]) -> bool {
        self.find(text).next().is_none()
    }

    /// The secrets in a text, in their order; they do not overlap.
    pub fn find<'a>(&'a self, text: &'a [u8]) -> Findings<'a> {
        let shapes = Shapes {
            card: self.finds(Kind::Card),
            iban: self.finds(Kind::Iban),
            at_sign: self.finds(Kind::Email),
        };
        let is_nothing = text.len() < SHORT && !scan::is_worth_a_look(text, shapes);
        let next = if is_nothing || self.kinds == 0 { text.len() } else { 0 };
        Findings { detectors: self, text, shapes, block: 0, next, candidates: 0, done: 0 }
    }

    /// The secret that is known by what stands at `at`, in what is not masked yet.
    fn find_at(&self, text: &[u8], at: usize, done: usize) -> Option<Finding> {
        let found = |kind: Kind, treatment: Treatment, range: Option<Range<usize>>| {
            // Something may begin before what is known, and so before what was masked.
            let range = range.filter(|range| range.start >= done && !range.is_empty())?;
            Some(Finding { kind, range: range.start..overlap::end(text, &range, done), treatment })
        };
        let is_on = |kind: Kind| self.finds(kind).then_some(kind);
        if at < done {
            let is_url = text[at..].get(1..4) == Some(b"://") && self.finds(Kind::Url);
            return found(Kind::Url, Treatment::Redact, is_url.then(|| url::find(text, at + 1)).flatten());
        }
        match text[at] {
            b'0'..=b'9' if self.finds(Kind::Card) => {
                if let Some(found) = found(Kind::Card, Treatment::Card, card::find(text, at, done)) {
                    return Some(found);
                }
            }
            b'A'..=b'Z' if self.finds(Kind::Iban) => {
                if let Some(found) = found(Kind::Iban, Treatment::Iban, iban::find(text, at)) {
                    return Some(found);
                }
            }
            b'@' if self.finds(Kind::Email) => {
                return found(Kind::Email, Treatment::Email, email::find(text, at, done));
            }
            _ => {}
        }
        let gram = *text[at..].first_chunk::<4>()?;
        self.grams.places(gram).find_map(|place| {
            let (kind, range) = match place {
                Place::Key => {
                    let kind = is_on(Kind::Assignment)?;
                    let (range, treatment) = assignment::find(text, at, done, &self.keys)?;
                    let treatment = match treatment {
                        Treatment::Card | Treatment::Iban => treatment,
                        _ => Treatment::Redact,
                    };
                    return found(kind, treatment, Some(range));
                }
                Place::Form(index) => {
                    let form = &vendor::FORMS[usize::from(index)];
                    (is_on(form.kind)?, vendor::find(form, text, at)?)
                }
                Place::Jwt => (is_on(Kind::Jwt)?, jwt::find(text, at)?),
                Place::Header => (is_on(Kind::Header)?, header::find(text, at)?),
                Place::Pem => {
                    (is_on(Kind::PrivateKey)?, pem::find(text, at.checked_sub(scan::PEM_GRAM_AT)?)?)
                }
                Place::Url => (is_on(Kind::Url)?, url::find(text, at + 1)?),
            };
            found(kind, Treatment::Redact, Some(range))
        })
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
    /// Where the next block begins.
    next: usize,
    /// Positions of the block that are yet to be looked at.
    candidates: u64,
    /// Where the last finding ended.
    done: usize,
}

impl Iterator for Findings<'_> {
    type Item = Finding;

    fn next(&mut self) -> Option<Finding> {
        loop {
            while self.candidates != 0 {
                let at = self.block + self.candidates.trailing_zeros() as usize;
                self.candidates &= self.candidates - 1;
                // One earlier may be a URL, whose group begins before its `://`.
                if at + 1 >= self.done
                    && at < self.text.len()
                    && let Some(found) = self.detectors.find_at(self.text, at, self.done)
                {
                    self.done = found.range.end;
                    return Some(found);
                }
            }
            // What was masked is not looked at again: a long key is stepped over.
            self.block = self.next.max(self.done / BLOCK * BLOCK);
            self.next = self.block + BLOCK;
            if self.block >= self.text.len() {
                return None;
            }
            self.candidates = scan::candidates(self.text, self.block, &self.detectors.grams, self.shapes);
        }
    }
}

impl std::iter::FusedIterator for Findings<'_> {}
