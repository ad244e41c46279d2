//! Sampling by name, changeable while the program runs: `cache_hit=0.01,database_query=first:10/100,api=100/s,auth=key:0.1!`.

use std::{fmt, str::FromStr, sync::Mutex, sync::OnceLock};

use super::{Kind, Sample, by_key, first, per_second};
use crate::{
    config::{Finding, Mistake, excerpt},
    health, lock, pipeline,
    rules::{self, RulesError},
};

/// Most rules of one set.
pub const RATE_RULES_MAX: usize = 1_000;
/// Most different ways to sample that rules name while the process lives; they are never forgotten, so that callsites may
/// refer to them. What comes beyond it is reported and ignored.
const WAYS_MAX: usize = 1_024;

const FORMS: &str = "a rate such as 0.01 or 1%, 100/s, first:10, first:10/100 (then every 100th), key:0.1";
const RULE_OUTCOME: &str = "this rule is left out";

/// Which events are sampled, and how, by the beginning of their names.
///
/// Shape: items `name=how` joined by `,`; a bare `how` is for all other names. A name is that of an event or its beginning up to a
/// word boundary (`cache`, `cache_hit`), the longest that matches decides; dots count as `_`. `how` is a rate (`0.01`, `1%`),
/// `100/s` (at most so many a second and place in the code), `first:10` (the first of each second), `first:10/100` (and then
/// every 100th), `key:0.1` (whole traces or requests). Events at `error` and above are kept unless the item ends in `!`.
///
/// `Display` writes what [`SampleRules::parse`] reads; it comes back equal.
///
/// ```
/// use trine::sample::SampleRules;
///
/// let rules: SampleRules = "cache_hit = 1%, database_query=first:10/100".parse().unwrap();
/// assert_eq!(rules.to_string(), "cache_hit=0.01,database_query=first:10/100");
/// let error = "cache_hit=1.5".parse::<SampleRules>().unwrap_err();
/// assert!(error.to_string().contains("a rate lies between 0 and 1"), "{error}");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampleRules {
    default: Option<Way>,
    /// Sorted by name, each once.
    rules: Vec<(Box<str>, Way)>,
}

impl Eq for SampleRules {}

/// How the events of a rule are sampled.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Way {
    sample: Sample,
    includes_errors: bool,
}

impl SampleRules {
    /// Reads rules as they stand in `TRINE_SAMPLE`.
    ///
    /// Errors: the whole text is judged. What is right is in the rules, and each mistake is a finding, placed by its column.
    #[must_use]
    pub fn parse(text: &str) -> (SampleRules, Vec<Finding>) {
        let (rules, mistakes) = judge(text);
        let placed = mistakes.into_iter().map(|mistake| {
            let place = Some((1, mistake.column + 1));
            Finding { place, ..mistake.found_in("sampling rules") }
        });
        (rules, placed.collect())
    }

    /// How events of this name are sampled; `is_error` when they are at `error` or above.
    fn way(&self, name: &str, is_error: bool) -> Option<Way> {
        let found = rules::name_ends(name).find_map(|end| {
            let key = &name.as_bytes()[..end];
            let place = self.rules.binary_search_by(|(other, _)| rules::compare(other.as_bytes(), key));
            place.ok().map(|place| self.rules[place].1)
        });
        found.or(self.default).filter(|way| way.includes_errors || !is_error)
    }
}

/// Changes the sampling of the running process: `"cache_hit=0.01,database_query=first:10/100"`. Replaces all rules of before.
///
/// Errors: the text holds a mistake; says what is wrong, and nothing is changed.
///
/// ```
/// assert!(trine::set_sampling("cache_hit=0.01").is_ok());
/// let error = trine::set_sampling("cache_hit=often").unwrap_err();
/// assert!(error.to_string().contains("`often` is no way to sample"), "{error}");
/// # trine::set_sampling("").unwrap();
/// ```
pub fn set_sampling(rules: &str) -> Result<(), RulesError> {
    pipeline::set_sampling(rules.parse()?);
    Ok(())
}

/// Ways to sample that rules have named, by number from one.
static WAYS: [OnceLock<Sample>; WAYS_MAX] = [const { OnceLock::new() }; WAYS_MAX];
static WAYS_LOCK: Mutex<()> = Mutex::new(());

/// The number of the way in which the rules sample these events; zero when they do not.
pub(crate) fn rule_number(rules: &SampleRules, name: &str, is_error: bool) -> u32 {
    let Some(way) = rules.way(name, is_error) else { return 0 };
    let _adding = lock(&WAYS_LOCK);
    for (index, slot) in WAYS.iter().enumerate() {
        if *slot.get_or_init(|| way.sample) == way.sample {
            return index as u32 + 1;
        }
    }
    health::report(format_args!("more than {WAYS_MAX} ways to sample; `{name}` is not sampled"));
    0
}

/// The way with this number.
#[inline]
pub(crate) fn rule_for(number: u32) -> Option<Sample> {
    WAYS.get((number as usize).checked_sub(1)?)?.get().copied()
}

fn judge(text: &str) -> (SampleRules, Vec<Mistake>) {
    let (mut rules, mut mistakes, mut column) = (SampleRules::default(), Vec::new(), 0);
    for item in text.split(',') {
        let start = column + item.chars().take_while(|c| c.is_whitespace()).count();
        column += item.chars().count() + 1;
        if !item.trim().is_empty()
            && let Err(mistake) = take(item.trim(), &mut rules)
        {
            mistakes.push(mistake.outcome(RULE_OUTCOME).at(start));
        }
    }
    (rules, mistakes)
}

fn take(item: &str, rules: &mut SampleRules) -> Result<(), Mistake> {
    let twice = |what: &str| {
        Mistake::new("sample-twice", format!("`{}` has a rule already; one a name is allowed", excerpt(what)))
    };
    let Some((name, way)) = item.split_once('=') else {
        let way = read_way(item)?;
        return if rules.default.replace(way).is_none() { Ok(()) } else { Err(twice("every other name")) };
    };
    let name = read_name(name.trim())?;
    let way = read_way(way.trim())?;
    if rules.rules.len() >= RATE_RULES_MAX {
        return Err(Mistake::new(
            "sample-too-many",
            format!("`{}` is beyond the {RATE_RULES_MAX} rules that are allowed", excerpt(item)),
        ));
    }
    match rules.rules.binary_search_by(|(other, _)| rules::compare(other.as_bytes(), name.as_bytes())) {
        Ok(_) => Err(twice(&name)),
        Err(place) => {
            rules.rules.insert(place, (name.into(), way));
            Ok(())
        }
    }
}

/// A name, or its beginning, with `_` for dots.
fn read_name(name: &str) -> Result<String, Mistake> {
    let plain = name.replace('.', "_");
    let is_name = |name: &str| {
        !name.is_empty()
            && name.split('_').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    if is_name(&plain) {
        return Ok(plain);
    }
    let mended = plain.trim_end_matches(['*', '_']).replace('-', "_");
    Err(Mistake::new(
        "sample-name-wrong",
        format!(
            "`{}` is no name; allowed before `=`: an event's name or its beginning, such as cache_hit or cache",
            excerpt(name)
        ),
    )
    .suggest(is_name(&mended).then_some(mended)))
}

fn read_way(text: &str) -> Result<Way, Mistake> {
    let (text, includes_errors) = match text.strip_suffix('!') {
        Some(rest) => (rest.trim_end(), true),
        None => (text, false),
    };
    let wrong = || {
        Mistake::new("sample-way-wrong", format!("`{}` is no way to sample; allowed: {FORMS}", excerpt(text)))
    };
    let sample = if let Some(rest) = text.strip_prefix("first:") {
        let (count, every) = match rest.split_once('/') {
            Some((count, every)) => (count, every.trim().parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?),
            None => (rest, 0),
        };
        first(count.trim().parse().map_err(|_| wrong())?).then_every(every)
    } else if let Some(rest) = text.strip_prefix("key:") {
        by_key(read_rate(rest.trim(), &wrong)?)
    } else if let Some(count) = text.strip_suffix("/s") {
        per_second(count.trim().parse().map_err(|_| wrong())?)
    } else {
        Sample(Kind::Rate(read_rate(text, &wrong)?))
    };
    Ok(Way { sample, includes_errors })
}

/// A share: `0.01`, or `1%`.
fn read_rate(text: &str, wrong: &impl Fn() -> Mistake) -> Result<f64, Mistake> {
    let (digits, unit) = match text.strip_suffix('%') {
        Some(digits) => (digits.trim_end(), 100.0),
        None => (text, 1.0),
    };
    let rate = digits.parse::<f64>().map_err(|_| wrong())? / unit;
    if (0.0..=1.0).contains(&rate) {
        return Ok(rate);
    }
    let message = format!("a rate lies between 0 and 1 (0 % and 100 %), and `{}` does not", excerpt(text));
    let percent = format!("{digits}%");
    let is_percent = unit == 1.0 && (1.0..=100.0).contains(&rate);
    Err(Mistake::new("sample-rate-wrong", message).suggest(is_percent.then_some(percent)))
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sample.0 {
            Kind::Rate(rate) | Kind::Decided { rate, .. } => write!(f, "{rate}")?,
            Kind::ByKey(rate) => write!(f, "key:{rate}")?,
            Kind::First { first, every: 0, .. } => write!(f, "first:{first}")?,
            Kind::First { first, every, .. } => write!(f, "first:{first}/{every}")?,
        }
        f.write_str(if self.includes_errors { "!" } else { "" })
    }
}

impl fmt::Display for SampleRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let default = self.default.iter().map(|way| (None, way));
        let named = self.rules.iter().map(|(name, way)| (Some(name), way));
        for (index, (name, way)) in default.chain(named).enumerate() {
            f.write_str(if index > 0 { "," } else { "" })?;
            match name {
                Some(name) => write!(f, "{name}={way}")?,
                None => write!(f, "{way}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for SampleRules {
    type Err = RulesError;

    /// Reads rules that hold no mistake at all; [`SampleRules::parse`] is for those that may.
    fn from_str(text: &str) -> Result<SampleRules, RulesError> {
        match SampleRules::parse(text) {
            (rules, findings) if findings.is_empty() => Ok(rules),
            (_, findings) => Err(RulesError::new(findings)),
        }
    }
}

/// Judges rules for a reader of configuration: what is right, and how many items that are, beside the mistakes.
pub(crate) fn read(text: &str) -> (SampleRules, Vec<Mistake>) {
    judge(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let (rules, mistakes) = judge(text);
        assert_eq!(mistakes, [], "{text}");
        assert_eq!(rules.to_string(), expected);
        assert_eq!(judge(expected).0, rules);
    }

    #[track_caller]
    fn fails(text: &str, column: usize, message: &str, suggestion: Option<&str>) {
        let (_, mistakes) = judge(text);
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert_eq!((mistakes[0].column, mistakes[0].suggestion.as_deref()), (column, suggestion));
        assert!(mistakes[0].message.starts_with(message), "{}", mistakes[0].message);
    }

    #[test]
    fn every_way_is_read_and_written() {
        check(" cache_hit = 0.01 ,, api=100/s,", "api=first:100,cache_hit=0.01");
        check(
            "1%,auth=key:0.1!,database.query=first:10/100",
            "0.01,auth=key:0.1!,database_query=first:10/100",
        );
        check("", "");
    }

    #[test]
    fn mistakes_are_told_with_their_place_and_what_was_meant() {
        fails("a=0.1,cache=often", 6, "`often` is no way to sample; allowed: a rate", None);
        fails("cache=5", 0, "a rate lies between 0 and 1", Some("5%"));
        fails("cache=-1", 0, "a rate lies between 0 and 1", None);
        fails("cache=NaN", 0, "a rate lies between 0 and 1", None);
        fails("cache_*=0.5", 0, "`cache_*` is no name", Some("cache"));
        fails("a=1,a=0.5", 4, "`a` has a rule already", None);
        fails("0.1,0.2", 4, "`every other name` has a rule already", None);
        fails("a=first:1/0", 0, "`first:1/0` is no way to sample", None);
    }

    #[test]
    fn the_longest_name_decides_and_errors_are_kept_unless_asked_for() {
        let (rules, _) = judge("0.5,cache=0.1,cache_hit=0.01,payment=0.2!");
        let rate = |name, is_error| rules.way(name, is_error).map(|way| way.sample.0);
        assert_eq!(rate("cache_hit", false), Some(Kind::Rate(0.01)));
        assert_eq!(rate("cache.miss", false), Some(Kind::Rate(0.1)));
        assert_eq!(rate("user_login", false), Some(Kind::Rate(0.5)));
        assert_eq!(rate("cache_hit", true), None);
        assert_eq!(rate("payment_process_failed", true), Some(Kind::Rate(0.2)));
    }

    #[test]
    fn rules_beyond_the_bound_are_left_out() {
        let text: Vec<String> = (0..RATE_RULES_MAX + 1).map(|i| format!("k{i}=0.5")).collect();
        let (rules, mistakes) = judge(&text.join(","));
        assert_eq!((rules.rules.len(), mistakes.len()), (RATE_RULES_MAX, 1));
    }
}
