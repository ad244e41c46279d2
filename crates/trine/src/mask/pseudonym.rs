//! Pseudonyms: the same value has the same one, and nobody without the key knows whose it is.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::OnceLock,
};

use hmac_sha256::HMAC;

use crate::masks;

/// Shortest key: 128 bits, when they are random, are more than anybody tries out.
pub const PSEUDONYM_KEY_BYTES_MIN: usize = 16;
/// Longest key. More than 64 bytes add nothing: HMAC hashes them first.
pub const PSEUDONYM_KEY_BYTES_MAX: usize = 4_096;
/// Length of a pseudonym: 64 bits. Among a million values two share one with a probability of 3 in 100 million.
pub const PSEUDONYM_LETTERS: usize = 16;

/// The digits of a pseudonym. Letters only, so that none looks like a number, and none of those that hexadecimal has.
const DIGITS: &[u8; 16] = b"klmnopqrstuvwxyz";

/// Replaces values by pseudonyms that still join: HMAC-SHA-256 under a key.
///
/// A plain hash would be undone by hashing all telephone numbers; without the key that is not possible. Who has the key can
/// find a known value again, and nobody can compute a value from its pseudonym. Programs with the same key give the same
/// pseudonyms, so that their events join.
///
/// ```
/// use trine::mask::Pseudonymizer;
///
/// let ours = Pseudonymizer::new("a key that is 32 bytes long or so").unwrap();
/// assert_eq!(ours.of("user@example.com"), ours.of("user@example.com"));
/// assert_ne!(ours.of("user@example.com"), ours.of("User@example.com"));
/// assert_eq!(ours.of("user@example.com").len(), trine::mask::PSEUDONYM_LETTERS);
///
/// let error = Pseudonymizer::new("short").unwrap_err();
/// assert_eq!(error.to_string(), "a key of 5 bytes; allowed: 16 to 4096 bytes, best 32 at random (`openssl rand -hex 32`)");
/// ```
///
/// Cost: about a microsecond for a short value, on the thread that asks.
/// Source: RFC 2104, FIPS 198-1; the first 64 bits, as the letters `k` to `z`.
#[derive(Clone)]
pub struct Pseudonymizer(HMAC);

impl Pseudonymizer {
    /// Pseudonyms under this key.
    ///
    /// Errors: a key shorter than [`PSEUDONYM_KEY_BYTES_MIN`] or longer than [`PSEUDONYM_KEY_BYTES_MAX`].
    pub fn new(key: impl AsRef<[u8]>) -> Result<Pseudonymizer, PseudonymKeyError> {
        let key = key.as_ref();
        match key.len() {
            PSEUDONYM_KEY_BYTES_MIN..=PSEUDONYM_KEY_BYTES_MAX => Ok(Pseudonymizer(HMAC::new(key))),
            bytes => Err(PseudonymKeyError::Length { bytes }),
        }
    }

    /// Pseudonyms under the key that a variable of the environment holds; white space around it does not count.
    ///
    /// Errors: the variable is not there, is not UTF-8, or its key is too short or too long.
    pub fn from_env(variable: &str) -> Result<Pseudonymizer, PseudonymKeyError> {
        match std::env::var(variable) {
            Ok(key) => Pseudonymizer::new(key.trim()),
            Err(std::env::VarError::NotPresent) => Err(PseudonymKeyError::Missing),
            Err(std::env::VarError::NotUnicode(_)) => Err(PseudonymKeyError::NotText),
        }
    }

    /// Pseudonyms under a key that is drawn once for the process: they join within it, and with nothing else.
    pub fn of_this_process() -> Pseudonymizer {
        static KEY: OnceLock<Pseudonymizer> = OnceLock::new();
        let drawn = || {
            // The standard library seeds each hasher with 128 bits of the system's randomness.
            let seeds = RandomState::new();
            let key: Vec<u8> = (0..8_u64).flat_map(|n| seeds.hash_one(n).to_le_bytes()).collect();
            Pseudonymizer(HMAC::new(key))
        };
        KEY.get_or_init(drawn).clone()
    }

    /// The pseudonym of a value, of [`PSEUDONYM_LETTERS`] letters. Case and white space count; convert them before.
    pub fn of(&self, value: impl AsRef<[u8]>) -> String {
        let digest = self.digest(value.as_ref());
        let letters = digest[..PSEUDONYM_LETTERS / 2].iter().flat_map(|byte| [byte >> 4, byte & 15]);
        letters.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
    }

    fn digest(&self, value: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(value);
        mac.finalize()
    }
}

/// True for what looks like a pseudonym. Such a value is left as it is where a key asks for one: events pass by masks more than once
/// (batches, stages), and a pseudonym of a pseudonym would join with nothing.
pub(crate) fn is_pseudonym(text: &str) -> bool {
    text.len() == PSEUDONYM_LETTERS && text.bytes().all(|byte| DIGITS.contains(&byte))
}

/// Those with the same key are the same.
impl PartialEq for Pseudonymizer {
    fn eq(&self, other: &Pseudonymizer) -> bool {
        self.digest(b"") == other.digest(b"")
    }
}

impl Eq for Pseudonymizer {}

/// Without the key.
impl fmt::Debug for Pseudonymizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pseudonymizer").finish_non_exhaustive()
    }
}

/// The pseudonym of a value under the key that is in force: that of [`Masks::pseudonym_key`](super::Masks::pseudonym_key), of
/// `pseudonym_key_env` in `trine.toml`, else one [of this process](Pseudonymizer::of_this_process).
///
/// ```
/// use trine::{info, mask};
///
/// info!("page_view", user = mask::pseudonym("user@example.com"), page = "/dashboard");
/// assert_eq!(mask::pseudonym("user@example.com"), mask::pseudonym("user@example.com"));
/// ```
pub fn pseudonym(value: &str) -> String {
    masks::with(|masks| masks.pseudonymizer().of(value))
}

/// A key that pseudonyms cannot be made with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PseudonymKeyError {
    /// It is too short, or too long.
    Length {
        /// How long it is.
        bytes: usize,
    },
    /// There is no such variable.
    Missing,
    /// The variable is not UTF-8.
    NotText,
}

impl fmt::Display for PseudonymKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PseudonymKeyError::Length { bytes } => write!(
                f,
                "a key of {bytes} bytes; allowed: {PSEUDONYM_KEY_BYTES_MIN} to {PSEUDONYM_KEY_BYTES_MAX} bytes, best 32 at \
                 random (`openssl rand -hex 32`)"
            ),
            PseudonymKeyError::Missing => f.write_str("there is no such variable"),
            PseudonymKeyError::NotText => f.write_str("the variable is not UTF-8"),
        }
    }
}

impl std::error::Error for PseudonymKeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudonyms_are_those_of_hmac_sha_256() {
        // RFC 4231, test case 6: the digest begins with 60 e4 31 59 1e e0 b6 7f.
        let pseudonyms = Pseudonymizer::new([0xaa; 131]).unwrap();
        let pseudonym = pseudonyms.of("Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(pseudonym, "qkyonlptlyykvqrz");
    }

    #[test]
    fn pseudonyms_join_under_one_key_and_under_no_other() {
        let [a, b] = ["a".repeat(32), "b".repeat(32)].map(|key| Pseudonymizer::new(key).unwrap());
        assert_eq!(a.of("alice"), a.clone().of("alice"));
        assert_ne!(a.of("alice"), b.of("alice"));
        assert_ne!(a.of("alice"), a.of("bob"));
        assert!(a == a.clone() && a != b);
    }

    #[test]
    fn keys_have_bounds_and_are_not_shown() {
        for bytes in [0, PSEUDONYM_KEY_BYTES_MIN - 1, PSEUDONYM_KEY_BYTES_MAX + 1] {
            assert_eq!(Pseudonymizer::new(vec![7; bytes]), Err(PseudonymKeyError::Length { bytes }));
        }
        let key = "sixteen-and-more";
        assert!(!format!("{:?}", Pseudonymizer::new(key).unwrap()).contains(key));
        assert_eq!(Pseudonymizer::from_env("TRINE_TEST_NO_SUCH_KEY"), Err(PseudonymKeyError::Missing));
    }

    #[test]
    fn without_a_key_pseudonyms_join_within_the_process() {
        let (ours, again) = (Pseudonymizer::of_this_process(), Pseudonymizer::of_this_process());
        assert_eq!(ours.of("alice"), again.of("alice"));
        assert_ne!(ours, Pseudonymizer(HMAC::new([0; 64])));
    }

    #[test]
    fn no_detector_and_no_reader_takes_a_pseudonym_for_something_else() {
        let pseudonyms = Pseudonymizer::of_this_process();
        for n in 0..1_000_u32 {
            let pseudonym = pseudonyms.of(n.to_le_bytes());
            assert!(
                pseudonym.len() == PSEUDONYM_LETTERS && pseudonym.bytes().all(|b| b.is_ascii_lowercase())
            );
            assert!(trine_model::mask::Detectors::default().is_clean(pseudonym.as_bytes()), "{pseudonym}");
        }
    }
}
