//! Readers of JSON lines, side by side: the same questions over the same lines in memory, and the scan of a file.
//!
//!     cargo run --release -p trine-bench-query                       # in bench/
//!     cargo run --release -p trine-bench-query lines=1000000 rounds=9
//!
//! Every contestant gives the same answer, or the run fails. Rounds are interleaved; the table holds the median over the rounds,
//! and the spread: compare ratios inside one run.
#![forbid(unsafe_code)]

mod file;
mod readers;

use std::time::Instant;

use trine_query::generate::{self, Settings};

/// A contestant: what it is called, and its answer, which all of one question share.
struct Contestant {
    question: &'static str,
    name: &'static str,
    run: Box<dyn Fn() -> u64>,
}

fn main() {
    let (mut lines, mut rounds) = (300_000, 5);
    for argument in std::env::args().skip(1) {
        let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("`{argument}` has no number"));
        match argument.split_once('=') {
            Some(("lines", text)) => lines = number(text),
            Some(("rounds", text)) => rounds = number(text) as usize,
            _ => panic!("unknown argument `{argument}`; allowed: lines=N, rounds=N"),
        }
    }
    let settings = Settings { events: lines, ..Settings::default() };
    let begin = Instant::now();
    let mut text = Vec::new();
    generate::write(settings, &mut text).expect("memory takes all");
    let seconds = begin.elapsed().as_secs_f64();
    let bytes = text.len() as f64;
    println!(
        "{lines} lines, {:.0} bytes each, made in {seconds:.2} s ({:.0} ns a line)\n",
        bytes / lines as f64,
        seconds / lines as f64 * 1e9
    );

    let text: &'static [u8] = text.leak();
    let file = file::Folder::new(text);
    let mut contestants = readers::all(text);
    contestants.extend(file.contestants());
    let mut rates = vec![Vec::new(); contestants.len()];
    let mut answers: Vec<(&str, u64)> = Vec::new();
    for _ in 0..rounds.max(1) {
        for (contestant, rates) in contestants.iter().zip(&mut rates) {
            let begin = Instant::now();
            let answer = (contestant.run)();
            rates.push(bytes / begin.elapsed().as_secs_f64() / 1e9);
            match answers.iter().find(|(question, _)| *question == contestant.question) {
                Some((question, expected)) => {
                    assert_eq!(answer, *expected, "{} on {question}", contestant.name)
                }
                None => answers.push((contestant.question, answer)),
            }
        }
    }
    println!("| question | reader | GB/s | spread | against the first |\n|---|---|---|---|---|");
    let mut first = ("", 1.0);
    for (contestant, mut rates) in contestants.iter().zip(rates) {
        rates.sort_by(f64::total_cmp);
        let median = rates[rates.len() / 2];
        if first.0 != contestant.question {
            first = (contestant.question, median);
        }
        println!(
            "| {} | {} | {median:.2} | {:.2}-{:.2} | {:.2} |",
            contestant.question,
            contestant.name,
            rates[0] / median,
            rates[rates.len() - 1] / median,
            median / first.1,
        );
    }
}
