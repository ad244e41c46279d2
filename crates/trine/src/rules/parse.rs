//! Reads level rules, and judges all of them.

use super::{LevelRules, RULES_MAX};
use crate::config::Mistake;
use crate::config::{FINDINGS_MAX, excerpt, nearest};
use trine_model::Level;

/// The word that turns events off, where a level could stand.
pub(super) const OFF: &str = "off";

/// Every word that may stand for a level.
const WORDS: [&str; Level::ALL.len() + 1] = {
    let mut words = [OFF; Level::ALL.len() + 1];
    let mut at = 0;
    while at < Level::ALL.len() {
        words[at] = Level::ALL[at].as_str();
        at += 1;
    }
    words
};

/// Words other loggers have for a level, too far from ours for a look at the letters. [`Level`] itself understands a few
/// more, such as `warn`.
const FOREIGN_WORDS: [(&str, &str); 6] = [
    ("all", "trace"),
    ("emergency", "critical"),
    ("none", OFF),
    ("notice", "info"),
    ("panic", "critical"),
    ("verbose", "trace"),
];

const RULE_OUTCOME: &str = "this rule is left out";

/// What became of a text: the rules that are right, how many items that were, and the mistakes in order.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) rules: LevelRules,
    pub(crate) kept: usize,
    pub(crate) mistakes: Vec<Mistake>,
}

/// Most mistakes that are told one by one; with the one that counts the rest they fill a list of findings.
const TOLD_MAX: usize = FINDINGS_MAX - 1;

/// Judges the whole text. At most [`TOLD_MAX`] mistakes are told, and one more that says how many are not.
pub(crate) fn judge(text: &str) -> Judged {
    let mut judged = Judged { rules: LevelRules::default(), kept: 0, mistakes: Vec::new() };
    let (mut default_said, mut beyond, mut column) = (false, 0_usize, 0);
    for item in text.split(',') {
        let start = column + item.chars().take_while(|c| c.is_whitespace()).count();
        column += item.chars().count() + 1;
        let result = match item.trim() {
            "" => continue,
            item => take(item, &mut judged.rules, &mut default_said),
        };
        match result {
            Ok(()) => judged.kept += 1,
            Err(mistake) if judged.mistakes.len() < TOLD_MAX => judged.mistakes.push(mistake.at(start)),
            Err(_) => beyond += 1,
        }
    }
    if beyond > 0 {
        let message = format!("further mistakes in these rules, not shown: {beyond}");
        judged.mistakes.push(Mistake::new("rules-many-mistakes", message).outcome("they are left out"));
    }
    judged
}

/// Takes one item, already without spaces around it, into the rules.
fn take(item: &str, rules: &mut LevelRules, default_said: &mut bool) -> Result<(), Mistake> {
    let Some((key, level)) = item.split_once('=') else {
        let threshold = read_level(item)?;
        if std::mem::replace(default_said, true) {
            let message = format!("`{}` is a second level without a key; one is allowed", excerpt(item));
            return Err(Mistake::new("level-default-twice", message).outcome("the first one stays"));
        }
        rules.default = threshold;
        return Ok(());
    };
    // Both sides are judged, and the key first: it says which rule this is.
    let key = read_key(key.trim(), level.trim())?;
    let threshold = read_level(level.trim()).map_err(|mistake| mistake.outcome(RULE_OUTCOME))?;
    if rules.rules.len() >= RULES_MAX {
        let message = format!("`{}` is beyond the {RULES_MAX} rules that are allowed", excerpt(item));
        return Err(Mistake::new("rules-too-many", message).outcome(RULE_OUTCOME));
    }
    match rules.insert(&key, threshold) {
        true => Ok(()),
        false => {
            let message = format!("`{}` has a rule already; one a key is allowed", excerpt(&key));
            Err(Mistake::new("rule-twice", message).outcome("the first one stays"))
        }
    }
}

fn read_level(word: &str) -> Result<Option<Level>, Mistake> {
    if word.eq_ignore_ascii_case(OFF) {
        return Ok(None);
    }
    word.parse().map(Some).map_err(|_| {
        let foreign = FOREIGN_WORDS.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(word));
        let meant = foreign.map(|(_, ours)| (*ours).to_owned()).or_else(|| nearest(word, &WORDS));
        Mistake::unknown("level-unknown", "level", word, &WORDS).suggest(meant)
    })
}

/// Reads a key and gives it with `_` for dots.
fn read_key(key: &str, level: &str) -> Result<String, Mistake> {
    let plain = key.replace('.', "_");
    if is_key(&plain) && !(key.contains('.') && key.contains("::")) {
        return Ok(plain);
    }
    let message = format!(
        "`{}` is no key; allowed before `=`: the beginning of an event's name, such as payment or payment_process, or a \
         module path, such as my_crate::db",
        excerpt(key)
    );
    let mended = plain.replace('-', "_").replace("**", "*");
    let mended = mended.trim_end_matches(['*', '_', ':']);
    let suggestion = is_key(mended).then(|| format!("{mended}={level}"));
    Err(Mistake::new("rule-key-wrong", message).suggest(suggestion).outcome(RULE_OUTCOME))
}

/// Whether this is identifiers joined by `::`. Event names are identifiers too.
fn is_key(key: &str) -> bool {
    key.split("::").all(|step| !step.is_empty() && step.chars().all(|c| c == '_' || c.is_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Judges a text that holds one mistake, and gives the rules that stay beside its finding's line.
    #[track_caller]
    fn check(text: &str, rules: &str, column: usize, line: &str) {
        let judged = judge(text);
        assert_eq!(judged.rules.to_string(), rules, "{text}");
        assert_eq!(judged.mistakes.len(), 1, "{:?}", judged.mistakes);
        assert_eq!(judged.mistakes[0].column, column, "{text}");
        assert_eq!(judged.mistakes[0].clone().found_in("x").to_string(), format!("trine: x: {line}"));
    }

    const ALLOWED: &str = "allowed: trace, debug, info, warning, error, critical, off";

    #[test]
    fn spaces_empty_items_and_case_do_not_matter() {
        let judged = judge(" Warning , payment = DEBUG ,, cache=Off, ");
        assert_eq!(judged.rules.to_string(), "warning,cache=off,payment=debug");
        assert_eq!((judged.kept, judged.mistakes), (3, vec![]));
    }

    #[test]
    fn an_unknown_default_leaves_info() {
        let line = format!("unknown level `inof`; {ALLOWED}; did you mean `info`?");
        check("inof,payment=debug", "info,payment=debug", 0, &line);
    }

    #[test]
    fn an_unknown_level_leaves_its_rule_out_and_the_others_in() {
        let line = format!("unknown level `debgu`; {ALLOWED}; did you mean `debug`? (this rule is left out)");
        check("error, payment=debgu,cache=off", "error,cache=off", 7, &line);
    }

    #[test]
    fn the_words_of_other_loggers_are_understood_at_least_in_the_suggestion() {
        assert_eq!(judge("WARN,payment=fatal").rules.to_string(), "warning,payment=critical");
        check("verbose", "info", 0, &format!("unknown level `verbose`; {ALLOWED}; did you mean `trace`?"));
        check("NONE", "info", 0, &format!("unknown level `NONE`; {ALLOWED}; did you mean `off`?"));
    }

    #[test]
    fn a_second_default_or_rule_does_not_replace_the_first() {
        let line = "`debug` is a second level without a key; one is allowed (the first one stays)";
        check("error,debug", "error", 6, line);
        let line = "`a_b` has a rule already; one a key is allowed (the first one stays)";
        check("a_b=debug,a.b=trace", "info,a_b=debug", 10, line);
    }

    #[test]
    fn a_key_that_can_match_nothing_is_mended_in_the_suggestion() {
        for (text, meant) in [
            ("my-crate=debug", "my_crate=debug"),
            ("payment_*=debug", "payment=debug"),
            ("a::b::*=debug", "a::b=debug"),
            ("a::=debug", "a=debug"),
            ("a.b::c=debug", "a_b::c=debug"),
        ] {
            let judged = judge(text);
            assert_eq!(judged.mistakes[0].id, "rule-key-wrong", "{text}");
            assert_eq!(judged.mistakes[0].suggestion.as_deref(), Some(meant), "{text}");
        }
        for text in ["=debug", "a b=debug", "a:b=debug", "?=debug"] {
            assert_eq!(judge(text).mistakes[0].id, "rule-key-wrong", "{text}");
            assert_eq!(judge(text).mistakes[0].suggestion, None, "{text}");
        }
    }

    #[test]
    fn rules_beyond_the_bound_are_left_out_and_counted() {
        let text: Vec<String> = (0..RULES_MAX + TOLD_MAX + 5).map(|i| format!("k{i}=debug")).collect();
        let judged = judge(&text.join(","));
        assert_eq!((judged.rules.rules.len(), judged.kept), (RULES_MAX, RULES_MAX));
        assert_eq!(judged.mistakes.len(), FINDINGS_MAX);
        assert_eq!(judged.mistakes[0].id, "rules-too-many");
        assert!(judged.mistakes[TOLD_MAX].message.ends_with("not shown: 5"));
    }
}
