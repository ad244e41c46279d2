//! The search for secrets in texts, beside a copy of the text and a set of regular expressions.
//!
//!     cargo run --release -p trine-bench-masks                 # in bench/
//!     cargo run --release -p trine-bench-masks rounds=31
//!
//! Texts are those of `crates/model/tests/corpus`, in which nothing is found, as they are and in pieces; and texts that are made to
//! be slow. Rounds are interleaved; the table holds the median over the rounds, and the spread: compare ratios inside one run.
#![forbid(unsafe_code)]

mod patterns;
mod texts;

use std::{hint::black_box, time::Instant};

use regex::bytes::RegexSet;
use texts::Texts;
use trine_model::mask::Detectors;

/// Rounds of a run without arguments.
const ROUNDS: usize = 15;
/// Bytes that a round goes over, so that the clock's steps do not matter; texts are repeated.
const BYTES_A_ROUND: usize = 4_000_000;

/// Who looks at a text, and says whether it is clean.
struct Contestant {
    name: &'static str,
    is_clean: Box<dyn Fn(&[u8]) -> bool>,
}

fn contestants() -> Vec<Contestant> {
    let detectors = Detectors::default();
    let masking = Detectors::default();
    let set = RegexSet::new(patterns::ALL).expect("the patterns are good");
    let buffer = std::cell::RefCell::new(Vec::new());
    let copies = std::cell::RefCell::new(Vec::new());
    vec![
        Contestant {
            name: "copy",
            is_clean: Box::new(move |text| {
                let mut copy = copies.borrow_mut();
                copy.clear();
                copy.extend_from_slice(black_box(text));
                black_box(&copy[..]).len() == text.len()
            }),
        },
        Contestant { name: "Detectors::is_clean", is_clean: Box::new(move |text| detectors.is_clean(text)) },
        Contestant {
            name: "Detectors::mask",
            is_clean: Box::new(move |text| {
                let mut out = buffer.borrow_mut();
                out.clear();
                !masking.mask(text, &mut out)
            }),
        },
        Contestant { name: "RegexSet", is_clean: Box::new(move |text| !set.is_match(text)) },
    ]
}

fn main() {
    let mut rounds = ROUNDS;
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            Some(("rounds", text)) => {
                rounds = text.parse().unwrap_or_else(|_| panic!("`{argument}` has no number"));
            }
            _ => panic!("unknown argument `{argument}`; allowed: rounds=N"),
        }
    }
    check(&contestants());
    println!("| texts | bytes each | by | MB/s | ns each | spread |\n|---|---|---|---|---|---|");
    for texts in texts::all() {
        // What a set of expressions finds in the first bytes it does not search.
        let mut contestants = contestants();
        contestants.retain(|contestant| texts.is_ordinary || contestant.name != "RegexSet");
        let mut seconds = vec![Vec::new(); contestants.len()];
        for _ in 0..rounds.max(1) {
            for (contestant, seconds) in contestants.iter().zip(&mut seconds) {
                seconds.push(round(contestant, &texts));
            }
        }
        for (contestant, mut seconds) in contestants.iter().zip(seconds) {
            seconds.sort_by(f64::total_cmp);
            let median = seconds[seconds.len() / 2];
            println!(
                "| {} | {} | {} | {:.0} | {:.0} | {:.2}-{:.2} |",
                texts.name,
                texts.bytes() / texts.all.len(),
                contestant.name,
                texts.bytes() as f64 / median / 1e6,
                median * 1e9 / texts.all.len() as f64,
                seconds[0] / median,
                seconds[seconds.len() - 1] / median,
            );
        }
    }
}

/// Seconds for all texts once.
fn round(contestant: &Contestant, texts: &Texts) -> f64 {
    let repeats = (BYTES_A_ROUND / texts.bytes()).max(1);
    let begin = Instant::now();
    for _ in 0..repeats {
        let clean = texts.all.iter().filter(|text| (contestant.is_clean)(black_box(text.as_bytes()))).count();
        assert!(!texts.is_ordinary || clean == texts.all.len() || contestant.name == "RegexSet");
    }
    begin.elapsed().as_secs_f64() / repeats as f64
}

/// Everyone but the copy finds what is planted, so that nobody is fast by being blind.
fn check(contestants: &[Contestant]) {
    for text in texts::planted() {
        for contestant in contestants.iter().filter(|contestant| contestant.name != "copy") {
            assert!(!(contestant.is_clean)(text.as_bytes()), "{} misses {text}", contestant.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_finds_what_is_planted_and_nothing_in_ordinary_texts() {
        let contestants = contestants();
        check(&contestants);
        for texts in texts::all() {
            assert!(texts.bytes() > 0, "{}", texts.name);
            let first = Texts { all: texts.all[..1].to_vec(), ..texts };
            contestants.iter().for_each(|contestant| assert!(round(contestant, &first) > 0.0));
        }
    }
}
