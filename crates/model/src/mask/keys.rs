//! Which keys name secrets.

mod names;

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use super::{Treatment, UnknownWord};
use crate::Error;

/// Most letters of a key that are kept in a policy; of a longer one the end counts. More than any sensible key has.
pub const KEY_LETTERS_MAX: usize = 128;

/// The values under which keys are masked, and how.
///
/// A key is looked at from its end, word by word: `password` also names `db_password`, `userPassword`, `X-User-Password`,
/// `user.password`, `PASSWORD` and `passwords[password]`; digits and brackets at its end do not matter (`password2`). What only
/// speaks of a secret has another last word and is left alone: `token_id`, `token_type`, `password_changed`, `secret_name`. So
/// is a question: `has_password`. Of several names that fit, the longest decides: `page_token` is left alone, `token` is not.
///
/// [`KeyPolicy::default`] has the names that `docs/masks.md` lists: secrets, cards, bank accounts. Personal data (`email`,
/// `phone`, `ip`) is not among them, since many programs log it on purpose: [`KeyPolicy::add`] does.
///
/// ```
/// use trine_model::mask::{KeyPolicy, Treatment};
///
/// let policy = KeyPolicy::default().add("nickname", Treatment::Redact).add("email", Treatment::Email).allow("pwd");
/// assert_eq!(policy.treatment("http.request.header.authorization"), Some(Treatment::Redact));
/// assert_eq!(policy.treatment("cardNumber"), Some(Treatment::Card));
/// assert_eq!(policy.treatment("user_nickname"), Some(Treatment::Redact));
/// assert_eq!(policy.treatment("user_email"), Some(Treatment::Email));
/// for free in ["pwd", "session_id", "tokens_used", "cache_key", "auth", "author", "authentication_method"] {
///     assert_eq!(policy.treatment(free), None, "{free}");
/// }
/// ```
///
/// Cost: a look-up allocates nothing. It reads a key's letters from the end for as long as some name ends in them: two or
/// three of an ordinary key, some ten nanoseconds; it is linear in the key at worst.
#[derive(Clone)]
pub struct KeyPolicy(Arc<Tree>);

static DEFAULT: LazyLock<KeyPolicy> = LazyLock::new(|| {
    let mut tree = Tree::none();
    let mask = |treatment, is_anywhere| Rule { treatment, is_anywhere, is_ours: true };
    let redact = Some(Treatment::Redact);
    names::SECRET_ANYWHERE.iter().for_each(|name| tree.insert(name, mask(redact, true)));
    names::SECRET.iter().for_each(|name| tree.insert(name, mask(redact, false)));
    names::CARD.iter().for_each(|name| tree.insert(name, mask(Some(Treatment::Card), false)));
    names::IBAN.iter().for_each(|name| tree.insert(name, mask(Some(Treatment::Iban), false)));
    names::LEFT_ALONE.iter().for_each(|name| tree.insert(name, mask(None, false)));
    KeyPolicy(Arc::new(tree))
});

/// The names that `docs/masks.md` lists.
impl Default for KeyPolicy {
    fn default() -> KeyPolicy {
        DEFAULT.clone()
    }
}

impl KeyPolicy {
    /// The policy that masks nothing.
    pub fn none() -> KeyPolicy {
        KeyPolicy(Arc::new(Tree::none()))
    }

    /// Masks what stands under `key`, and under longer keys that end in it.
    ///
    /// A key without a letter or digit changes nothing: [`KeyPolicy::check`] says so where people can read it.
    ///
    /// ```
    /// use trine_model::mask::{KeyPolicy, Treatment};
    ///
    /// let policy = KeyPolicy::none().add("customer-phone", Treatment::Phone);
    /// assert_eq!(policy.treatment("customerPhone"), Some(Treatment::Phone));
    /// assert_eq!(policy.treatment("phone"), None);
    /// ```
    pub fn add(self, key: &str, treatment: Treatment) -> KeyPolicy {
        self.with(key, Some(treatment))
    }

    /// Leaves alone what stands under `key`, and under longer keys that end in it, unless a longer name says otherwise.
    ///
    /// ```
    /// use trine_model::mask::{KeyPolicy, Treatment};
    ///
    /// let policy = KeyPolicy::default().allow("token");
    /// assert_eq!(policy.treatment("parser_token"), None);
    /// assert_eq!(policy.treatment("api_key"), Some(Treatment::Redact));
    /// ```
    pub fn allow(self, key: &str) -> KeyPolicy {
        self.with(key, None)
    }

    fn with(mut self, key: &str, treatment: Option<Treatment>) -> KeyPolicy {
        // What is left of an endless key may begin inside a word of it.
        let is_anywhere = letters(key).nth(KEY_LETTERS_MAX).is_some();
        Arc::make_mut(&mut self.0).insert(key, Rule { treatment, is_anywhere, is_ours: false });
        self
    }

    /// Judges a key that is to be added or allowed.
    ///
    /// Errors: [`Error::is_invalid`] when there is no letter or digit in it.
    ///
    /// ```
    /// use trine_model::mask::KeyPolicy;
    ///
    /// assert!(KeyPolicy::check("X-Api-Key").is_ok());
    /// let error = KeyPolicy::check("-").unwrap_err();
    /// assert_eq!(error.to_string(), "read `-` as a key to mask: it has no letter and no digit, like `api_key` has");
    /// ```
    pub fn check(key: &str) -> Result<(), Error> {
        if letters(key).next().is_none() { Err(UnknownWord::no_letters(key)) } else { Ok(()) }
    }

    /// What becomes of a value under this key; `None`: it is left alone.
    #[inline]
    pub fn treatment(&self, key: &str) -> Option<Treatment> {
        self.treatment_of(key.as_bytes())
    }

    pub(super) fn treatment_of(&self, key: &[u8]) -> Option<Treatment> {
        self.treatment_of_phrase(key, key.len())
    }

    /// The same for a key in a text, `length` bytes at the end of `phrase`. The word before it belongs to it where a name says so.
    pub(super) fn treatment_of_phrase(&self, phrase: &[u8], length: usize) -> Option<Treatment> {
        let key = phrase.len() - length;
        let found = self.0.find_ended(phrase, key);
        let Some((rule, at)) = found.inside else { return found.longest?.0.treatment };
        match found.longest {
            Some((rule, at)) if at < key => rule.treatment,
            _ if rule.is_ours && is_question(&phrase[key..at]) => None,
            _ => rule.treatment,
        }
    }

    /// The keys that are masked, as they were written.
    pub(super) fn masked(&self) -> impl Iterator<Item = &str> {
        self.0.names.iter().map(|name| &**name)
    }
}

/// The names that are masked.
impl fmt::Debug for KeyPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.masked().filter(|name| self.treatment(name).is_some())).finish()
    }
}

/// What a name says about keys that end in it.
#[derive(Clone, Copy, Debug)]
struct Rule {
    treatment: Option<Treatment>,
    /// The name counts at the end of a word, too.
    is_anywhere: bool,
    /// One of [`names`], which a question before it takes back. A name of the user's holds as it is said.
    is_ours: bool,
}

/// The names, spelled backwards, as a tree of letters: a look-up is a walk, and most end at the second step.
#[derive(Clone, Debug)]
struct Tree {
    /// The node of each last letter; 0: no name ends in it.
    last: Box<[u32; 256]>,
    /// The first is never reached.
    nodes: Vec<Node>,
    /// Those that are to be masked, for who looks for them in texts.
    names: Vec<Box<str>>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    letter: u8,
    /// The node of the same letters but for this one; 0: none.
    sibling: u32,
    /// The first node of those with one letter more; 0: none.
    child: u32,
    rule: Option<Rule>,
}

impl Tree {
    fn none() -> Tree {
        let root = Node { letter: 0, sibling: 0, child: 0, rule: None };
        Tree { last: Box::new([0; 256]), nodes: vec![root], names: Vec::new() }
    }

    fn insert(&mut self, name: &str, rule: Rule) {
        let mut at = 0;
        for letter in letters(name).take(KEY_LETTERS_MAX) {
            let next = if at == 0 { self.last[usize::from(letter)] } else { self.child(at, letter) };
            at = if next == 0 { self.grow(at, letter) } else { next };
        }
        if at == 0 {
            return;
        }
        self.nodes[at as usize].rule = Some(rule);
        if rule.treatment.is_some() {
            self.names.push(name.into());
        }
    }

    /// A new node for a letter behind those of the node `at`; 0: behind none.
    fn grow(&mut self, at: u32, letter: u8) -> u32 {
        let new =
            u32::try_from(self.nodes.len()).expect("names fit into memory, so their letters can be counted");
        let first =
            if at == 0 { &mut self.last[usize::from(letter)] } else { &mut self.nodes[at as usize].child };
        let sibling = std::mem::replace(first, new);
        self.nodes.push(Node { letter, sibling, child: 0, rule: None });
        new
    }

    /// The node of one letter more, or 0.
    fn child(&self, at: u32, letter: u8) -> u32 {
        let mut at = self.nodes[at as usize].child;
        while at != 0 && self.nodes[at as usize].letter != letter {
            at = self.nodes[at as usize].sibling;
        }
        at
    }

    /// The longest names in which a key ends.
    fn find_ended(&self, phrase: &[u8], key: usize) -> Found {
        let none = Found { longest: None, inside: None };
        let Some(last) = phrase.iter().rposition(|byte| !is_separator(*byte)) else { return none };
        let found = self.find(&phrase[..=last], key);
        if found.longest.is_some() || !phrase[last].is_ascii_digit() {
            return found;
        }
        // `password2`, `tokens[0]`: what the key is called stands before the digits.
        let is_name = |byte: &u8| !is_separator(*byte) && !byte.is_ascii_digit();
        match phrase[..last].iter().rposition(is_name) {
            Some(last) => self.find(&phrase[..=last], key),
            None => none,
        }
    }

    /// The longest names in which a phrase ends. It ends in a letter or digit.
    fn find(&self, phrase: &[u8], key: usize) -> Found {
        let mut found = Found { longest: None, inside: None };
        let Some((&last, mut before)) = phrase.split_last() else { return found };
        let mut at = self.last[usize::from(LETTERS[usize::from(last)])];
        while at != 0 {
            if let Some(rule) = self.nodes[at as usize].rule
                && (rule.is_anywhere || is_word_start(phrase, before.len()))
            {
                found.longest = Some((rule, before.len()));
                if before.len() >= key {
                    found.inside = found.longest;
                }
            }
            let letter = loop {
                let Some((&byte, rest)) = before.split_last() else { return found };
                before = rest;
                let letter = LETTERS[usize::from(byte)];
                if letter != 0 {
                    break letter;
                }
            };
            at = self.child(at, letter);
        }
        found
    }
}

/// The longest names in which a key ends, and where they begin.
#[derive(Clone, Copy)]
struct Found {
    /// Wherever it begins.
    longest: Option<(Rule, usize)>,
    /// Of those that begin in the key, and not in what stands before it.
    inside: Option<(Rule, usize)>,
}

/// Every byte as the tree has it: in lower case, and zero for what stands between words.
const LETTERS: [u8; 256] = {
    let mut letters = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        letters[byte] = if is_separator(byte as u8) { 0 } else { (byte as u8).to_ascii_lowercase() };
        byte += 1;
    }
    letters
};

/// The letters of a name from its end, as the tree has them.
fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().rev().filter(|byte| !is_separator(*byte)).map(|byte| byte.to_ascii_lowercase())
}

/// True for what stands between words. Bytes of other scripts are letters.
const fn is_separator(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric()
}

/// True when a word begins at `at`: behind a separator or a digit, or where the case changes, as in `userPassword`, `HTTPCookie`.
fn is_word_start(key: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| key[before]) else { return true };
    let (here, next) = (key[at], key.get(at + 1));
    is_separator(before)
        || (before.is_ascii_digit() && !here.is_ascii_digit())
        || (here.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || next.is_some_and(u8::is_ascii_lowercase)))
}

/// True when what stands before a name makes a question of it: its last word, or the first behind the last dot.
fn is_question(before: &[u8]) -> bool {
    let Some(last) = before.iter().rposition(|byte| !is_separator(*byte)) else { return false };
    let begins = |at: &usize| is_word_start(before, *at) && !is_separator(before[*at]);
    let dot = before[..=last].iter().rposition(|byte| *byte == b'.').map_or(0, |dot| dot + 1);
    let last = (0..=last).rev().find(begins).unwrap_or(0);
    [dot, last].into_iter().any(|start| {
        let word = before[start..].iter().take_while(|byte| !is_separator(**byte)).count();
        let word = (1..word).find(|at| begins(&(start + at))).unwrap_or(word);
        let word = &before[start..start + word];
        names::QUESTIONS.iter().any(|question| question.as_bytes().eq_ignore_ascii_case(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(treatment: Option<Treatment>, keys: &str) {
        let policy = KeyPolicy::default();
        for key in keys.split_whitespace() {
            assert_eq!(policy.treatment(key), treatment, "{key}");
        }
    }

    #[test]
    fn keys_of_secrets_are_named_in_every_spelling() {
        check(
            Some(Treatment::Redact),
            "password Password PASSWORD passwd pwd passphrase pass-phrase secret client_secret token access_token \
             refresh_token id_token auth_token session_token csrf_token xsrfToken csrfmiddlewaretoken api_key apikey apiKey APIKey \
             API-KEY X-Api-Key x-auth-token x-csrf-token x-session-token authorization proxy-authorization Proxy-Authorization \
             cookie Set-Cookie set_cookie private_key privateKey secret_key credentials cvv cvc CVV2 pin_code pinCode ssn \
             aws_secret_access_key AWS_SECRET_ACCESS_KEY SecretAccessKey otp jwt bearer",
        );
    }

    #[test]
    fn a_longer_key_that_ends_in_a_name_is_named() {
        check(
            Some(Treatment::Redact),
            "db_password userPassword stripe_api_key http.request.header.authorization user.credentials.password PGPASSWORD \
             MYSQL_PWD new-password password2 password_2 passwords[password] params[\"token\"] form.token[] userAPIKey2 oauth2token \
             HTTPAuthorization request.headers[cookie]",
        );
    }

    #[test]
    fn keys_that_only_speak_of_secrets_are_left_alone() {
        check(
            None,
            "token_id token_type token_count tokens_used tokens max_tokens prompt_tokens session_id password_changed \
             password_reset_requested password_length password_expires_at secret_name secret_id key cache_key primary_key \
             foreign_key public_key partition_key idempotency_key sort_key author authors authority authentication_method auth \
             auth_method oauth authorized authorized_by secretary tokenizer tokenized cookie_name cookie_consent keyboard monkey \
             turkey donkey access_key_id card_type card_last4 last4 cardinality private keys pin pins opinion compass bypass pass \
             passed passenger ibanez user_id duration_ms status_code _ - 42 2fa",
        );
    }

    #[test]
    fn cursors_words_of_parsers_and_questions_are_left_alone() {
        check(
            None,
            "page_token next_page_token nextPageToken nextToken continuation-token eos_token unexpected_token has_password \
             hasPassword is_secret needs_token requires_authorization missing_api_key user.has_access_token allow_credentials \
             access-control-allow-credentials withCredentials accept_cookies",
        );
        check(
            Some(Treatment::Redact),
            "this_password hash_password chassis_token password_has_password2x_token invalid_token",
        );
    }

    #[test]
    fn cards_and_accounts_are_masked_by_their_functions() {
        check(
            Some(Treatment::Card),
            "card_number cardNumber card-no credit_card creditCard payment.credit_card_number ccnumber",
        );
        check(Some(Treatment::Iban), "iban IBAN creditor_iban debtorIban");
    }

    #[test]
    fn longest_name_decides_whoever_said_it() {
        let policy = KeyPolicy::default()
            .allow("db_password")
            .add("page_token", Treatment::Token)
            .add("ip", Treatment::Ip);
        assert_eq!(policy.treatment("db_password"), None);
        assert_eq!(policy.treatment("main_db_password"), None);
        assert_eq!(policy.treatment("password"), Some(Treatment::Redact));
        assert_eq!(policy.treatment("next_page_token"), Some(Treatment::Token));
        assert_eq!(policy.treatment("client_ip"), Some(Treatment::Ip));
        assert_eq!(policy.treatment("clip"), None);
    }

    #[test]
    fn names_of_users_hold_as_they_are_said() {
        let policy =
            KeyPolicy::none().add("has_password", Treatment::Redact).add("diagnosis", Treatment::Redact);
        assert_eq!(policy.treatment("hasPassword"), Some(Treatment::Redact));
        assert_eq!(policy.treatment("has_diagnosis"), Some(Treatment::Redact));
        assert_eq!(policy.treatment("password"), None);
        let policy = policy.add("пароль", Treatment::Redact).add("line_2", Treatment::Redact);
        assert_eq!(policy.treatment("user_пароль"), Some(Treatment::Redact));
        assert_eq!(policy.treatment("address_line2"), Some(Treatment::Redact));
        assert_eq!(policy.treatment("line"), None);
    }

    #[test]
    fn a_policy_is_not_changed_by_its_copy() {
        let _changed = KeyPolicy::default().allow("password");
        assert_eq!(KeyPolicy::default().treatment("password"), Some(Treatment::Redact));
    }

    #[test]
    fn names_without_letters_and_endless_ones_do_no_harm() {
        for name in ["", "-", "[]", " . "] {
            assert!(KeyPolicy::check(name).unwrap_err().is_invalid());
            assert_eq!(KeyPolicy::none().add(name, Treatment::Redact).treatment(name), None);
        }
        let long = "ab".repeat(KEY_LETTERS_MAX);
        let policy = KeyPolicy::none().add(&long, Treatment::Redact);
        assert_eq!(policy.treatment(&["x_", &long[KEY_LETTERS_MAX..]].concat()), Some(Treatment::Redact));
        assert_eq!(policy.treatment(&long), Some(Treatment::Redact));
    }

    #[test]
    fn every_name_of_the_lists_is_found_and_once() {
        let lists =
            [&names::SECRET_ANYWHERE[..], &names::SECRET, &names::CARD, &names::IBAN, &names::LEFT_ALONE];
        let mut all = lists.concat();
        for name in &all {
            assert_eq!(
                KeyPolicy::default().treatment(name).is_none(),
                names::LEFT_ALONE.contains(name),
                "{name}"
            );
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
