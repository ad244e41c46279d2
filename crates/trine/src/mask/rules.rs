//! What is masked beyond what always is: said by the program, by `trine.toml`, or at run time.

use trine_model::mask::{KeyPolicy, Kind, Treatment};

use super::Pseudonymizer;
use crate::{health, pipeline};

/// Most keys that a configuration adds or allows. What is beyond is reported and ignored.
pub const MASK_RULES_MAX: usize = 1_000;

/// Changes to what is masked: keys, what is searched for in texts, and the key of pseudonyms.
///
/// Everything that always holds (`docs/masks.md` lists keys and forms) holds until it is taken back here. What is said later
/// wins. For [`Setup::masks`](crate::Setup::masks) and [`set_masks`]; `[masks]` in `trine.toml` says the same.
///
/// ```
/// use trine::{info, mask::{Kind, Masks, Treatment}, sink::MemorySink, Output};
///
/// let lines = MemorySink::new();
/// let masks = Masks::new()
///     .key("nickname", Treatment::Redact)
///     .key("email", Treatment::Email)
///     .allow("parser_token")
///     .detect(Kind::Email);
/// trine::setup().masks(masks).output(Output::to(lines.clone())).force().start();
///
/// info!("user_signup_completed", user_nickname = "al", email = "alice@example.com", parser_token = "}", note = "as alice@example.com");
/// trine::flush(std::time::Duration::from_secs(5));
/// let expected = r#""user_nickname":"***","email":"a***@example.com","parser_token":"}","note":"as a***@example.com""#;
/// assert!(lines.lines()[0].contains(expected), "{:?}", lines.lines());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masks {
    /// In the order in which they were said; `None`: the key is left alone.
    keys: Vec<(Box<str>, Option<Treatment>)>,
    kinds: Vec<(Kind, bool)>,
    pseudonym_key: Option<PseudonymKey>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PseudonymKey {
    Given(Pseudonymizer),
    Variable(Box<str>),
}

impl Masks {
    /// No change: what always is masked.
    pub const fn new() -> Masks {
        Masks { keys: Vec::new(), kinds: Vec::new(), pseudonym_key: None }
    }

    /// Masks values under `key`, and under longer keys that end in it, at any depth: see [`KeyPolicy::add`].
    ///
    /// A key without a letter or digit is reported when the masks are put in force, and ignored.
    pub fn key(self, key: &str, treatment: Treatment) -> Masks {
        self.with_key(key, Some(treatment))
    }

    /// Leaves alone values under `key`, and under longer keys that end in it: see [`KeyPolicy::allow`].
    pub fn allow(self, key: &str) -> Masks {
        self.with_key(key, None)
    }

    fn with_key(mut self, key: &str, treatment: Option<Treatment>) -> Masks {
        self.keys.push((key.into(), treatment));
        self
    }

    /// Searches texts for this kind of secret, too. All but [`Kind::Email`] are searched for anyway.
    pub fn detect(mut self, kind: Kind) -> Masks {
        self.kinds.push((kind, true));
        self
    }

    /// Does not search texts for this kind of secret.
    pub fn ignore(mut self, kind: Kind) -> Masks {
        self.kinds.push((kind, false));
        self
    }

    /// What [`pseudonym`](super::pseudonym) makes pseudonyms with. Default: [`Pseudonymizer::of_this_process`].
    pub fn pseudonym_key(mut self, pseudonyms: Pseudonymizer) -> Masks {
        self.pseudonym_key = Some(PseudonymKey::Given(pseudonyms));
        self
    }

    /// As [`Masks::pseudonym_key`], with the key that a variable of the environment holds when the masks are put in force. Where it
    /// is missing or no key, that is reported, and the key is that of the process: nothing is shown.
    pub fn pseudonym_key_env(mut self, variable: &str) -> Masks {
        self.pseudonym_key = Some(PseudonymKey::Variable(variable.into()));
        self
    }

    /// What a lower layer says, then what is said here.
    pub(crate) fn over(self, lower: Masks) -> Masks {
        let Masks { mut keys, mut kinds, pseudonym_key } = lower;
        keys.extend(self.keys);
        kinds.extend(self.kinds);
        Masks { keys, kinds, pseudonym_key: self.pseudonym_key.or(pseudonym_key) }
    }

    /// True when there is no change to what is always masked but perhaps another key of pseudonyms.
    pub(crate) fn is_plain(&self) -> bool {
        self.keys.is_empty() && self.kinds.is_empty()
    }

    /// A line per change, for whoever writes events of this process without it: a word, a tab, and what it is about. The key of
    /// pseudonyms is left out: it is a secret.
    pub(crate) fn to_lines(&self) -> impl Iterator<Item = String> {
        let keys = self.keys.iter().map(|(key, treatment)| match treatment {
            Some(treatment) => format!("mask\t{treatment}\t{key}"),
            None => format!("allow\t{key}"),
        });
        let kinds = self.kinds.iter().map(|(kind, is_on)| match is_on {
            true => format!("detect\t{kind}"),
            false => format!("ignore\t{kind}"),
        });
        // A key may be anything; one that would end a line is none that has an effect.
        keys.filter(|line| !line.contains(['\n', '\r'])).chain(kinds)
    }

    /// Adds the change that a line of [`Masks::to_lines`] says; false where it says none.
    pub(crate) fn add_line(&mut self, line: &str) -> bool {
        let (word, rest) = line.split_once('\t').unwrap_or((line, ""));
        let change = match (word, rest.split_once('\t')) {
            ("mask", Some((treatment, key))) => {
                treatment.parse().map(|treatment| Masks::new().key(key, treatment)).ok()
            }
            ("allow", _) => Some(Masks::new().allow(rest)),
            ("detect", _) => rest.parse().map(|kind| Masks::new().detect(kind)).ok(),
            ("ignore", _) => rest.parse().map(|kind| Masks::new().ignore(kind)).ok(),
            _ => None,
        };
        let is_one = change.is_some();
        *self = change.unwrap_or_default().over(std::mem::take(self));
        is_one
    }

    /// The keys that are masked, with the changes; each that is none is reported.
    pub(crate) fn key_policy(&self) -> KeyPolicy {
        if self.keys.len() > MASK_RULES_MAX {
            health::report(format_args!(
                "{} keys are to be masked or left alone, allowed are {MASK_RULES_MAX}; the rest is ignored",
                self.keys.len()
            ));
        }
        self.keys.iter().take(MASK_RULES_MAX).fold(KeyPolicy::default(), |policy, (key, treatment)| {
            if let Err(error) = KeyPolicy::check(key) {
                health::report(format_args!("{error} (ignored)"));
            }
            match treatment {
                Some(treatment) => policy.add(key, *treatment),
                None => policy.allow(key),
            }
        })
    }

    /// The kinds of secrets that texts are searched for besides, or not at all, in the order in which that was said.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (Kind, bool)> {
        self.kinds.iter().copied()
    }

    /// What makes pseudonyms; a variable without a key is reported.
    pub(crate) fn pseudonymizer(&self) -> Pseudonymizer {
        let variable = match &self.pseudonym_key {
            None => return Pseudonymizer::of_this_process(),
            Some(PseudonymKey::Given(pseudonyms)) => return pseudonyms.clone(),
            Some(PseudonymKey::Variable(variable)) => variable,
        };
        Pseudonymizer::from_env(variable).unwrap_or_else(|error| {
            health::report(format_args!(
                "the key of pseudonyms is to be in the variable `{variable}`: {error} (using a key of this process: \
                 pseudonyms will join with those of no other)"
            ));
            Pseudonymizer::of_this_process()
        })
    }
}

/// Changes what is masked while the program runs. Replaces all changes of before, also those of `trine.toml`.
///
/// In force for all events that are emitted after it returns; contexts keep what they were when they were bound.
///
/// ```
/// use trine::{info, mask::{self, Masks, Treatment}};
///
/// mask::set_masks(Masks::new().key("nickname", Treatment::Redact));
/// let captured = trine::testing::capture();
/// info!("user_rename_completed", nickname = "al");
/// trine::assert_event!(captured, "user_rename_completed", nickname = "***");
/// ```
pub fn set_masks(masks: Masks) {
    pipeline::set_masks(&masks);
}
