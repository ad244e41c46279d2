//! Reads what the victims of a batch left in their files.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use crate::{
    plan::Plan,
    victim::{LOG, SECOND, text},
};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Figure {
    events: u64,
    lost: u64,
    doubled: u64,
    torn: u64,
    out_of_order: u64,
    invented: u64,
    files: u64,
    /// Events that a victim wrote for another.
    pub(crate) recovered: u64,
    /// What victims said besides.
    complaints: u64,
    /// The first few places where something is wrong.
    places: Vec<String>,
}

/// The file with what victims say.
pub(crate) const ERRORS: &str = "stderr";
/// Places that are shown.
const PLACES_MAX: usize = 10;

impl Figure {
    pub(crate) fn is_good(&self) -> bool {
        self.lost + self.doubled + self.torn + self.out_of_order + self.invented + self.complaints == 0
    }

    /// A victim did not die of its signal.
    pub(crate) fn of_one_that_lives() -> Figure {
        Figure { complaints: 1, places: vec!["a victim lives on".to_owned()], ..Figure::default() }
    }

    pub(crate) fn add(&mut self, other: &Figure) {
        self.events += other.events;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.torn += other.torn;
        self.out_of_order += other.out_of_order;
        self.invented += other.invented;
        self.files += other.files;
        self.recovered += other.recovered;
        self.complaints += other.complaints;
    }

    fn at(&mut self, place: impl FnOnce() -> String) {
        if self.places.len() < PLACES_MAX {
            self.places.push(place());
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figure { events, lost, doubled, torn, out_of_order, invented, files, recovered, .. } = self;
        write!(
            f,
            "{events} events in {files} files, {recovered} of them recovered; lost {lost}, doubled {doubled}, torn \
             {torn}, out of order {out_of_order}, invented {invented}"
        )?;
        self.places.iter().try_for_each(|place| write!(f, "\n    {place}"))
    }
}

/// Compares the files of a batch with what was emitted: by run, by thread.
pub(crate) fn check(place: &Path, plan: &Plan, returned: &[Vec<u64>]) -> Figure {
    let mut figure = Figure::default();
    check_files(&logs(place), parse_json, returned, &mut figure);
    if plan.has_second {
        check_files(&[place.join(SECOND)], parse_logfmt, returned, &mut figure);
    }
    listen(place, &mut figure);
    figure
}

/// Reads what the victims said.
fn listen(place: &Path, figure: &mut Figure) {
    for line in fs::read_to_string(place.join(ERRORS)).unwrap_or_default().lines() {
        let events =
            line.strip_prefix("trine: wrote ").and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        match events {
            Some(events) => figure.recovered += events,
            None => {
                figure.complaints += 1;
                figure.at(|| line.to_owned());
            }
        }
    }
}

/// Compares the files with what was emitted by a victim that was not killed, and what it has counted as lost: together they are
/// all, and nothing else is wrong.
pub(crate) fn check_accounted(place: &Path, returned: &[u64], counted: u64) -> Figure {
    let mut figure = Figure::default();
    check_files(&logs(place), parse_json, &[], &mut figure);
    // Those that are lost are missing from among the others.
    figure.places.clear();
    (figure.out_of_order, figure.invented) = (0, 0);
    let emitted: u64 = returned.iter().sum();
    figure.lost = emitted.abs_diff(figure.events + counted);
    if figure.lost > 0 {
        figure.at(|| format!("{emitted} emitted, {} written, {counted} counted", figure_events(place)));
    }
    figure
}

fn figure_events(place: &Path) -> usize {
    logs(place).iter().filter_map(|path| fs::read_to_string(path).ok()).map(|text| text.lines().count()).sum()
}

/// The closed files, then the one that is written.
fn logs(place: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl") && !path.ends_with(LOG))
        .collect();
    files.sort();
    files.push(place.join(LOG));
    files
}

type Numbers = [u64; 3];

fn check_files(
    files: &[PathBuf],
    parse: fn(&str) -> Option<(Numbers, &str)>,
    returned: &[Vec<u64>],
    figure: &mut Figure,
) {
    let mut next: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    for path in files {
        let Ok(content) = fs::read_to_string(path) else { continue };
        figure.files += 1;
        for (number, line) in (1..).zip(content.split_inclusive('\n')) {
            let place = || format!("{}:{number}: {}", path.display(), &line[..line.len().min(200)]);
            if line.starts_with("{\"event\":\"trine_events_lost\"") && line.ends_with("}\n") {
                continue;
            }
            let Some(([run, thread, n], found)) = line.strip_suffix('\n').and_then(parse) else {
                figure.torn += 1;
                figure.at(place);
                continue;
            };
            figure.events += 1;
            if found != text(n) {
                figure.invented += 1;
                figure.at(place);
            }
            let expected = next.entry((run, thread)).or_default();
            if n != *expected {
                // Later than expected: those between are lost, unless they come yet.
                let counter = if n < *expected { &mut figure.doubled } else { &mut figure.out_of_order };
                *counter += 1;
                figure.at(|| format!("expected {expected}: {}", place()));
            }
            *expected = (*expected).max(n + 1);
        }
    }
    for (run, threads) in (0..).zip(returned) {
        for (thread, count) in (0..).zip(threads) {
            let found = next.remove(&(run, thread)).unwrap_or(0);
            if found < *count {
                figure.lost += count - found;
                figure.at(|| format!("run {run}, thread {thread}: {found} of {count}"));
            } else if found > count + 1 {
                figure.invented += found - count - 1;
                figure.at(|| format!("run {run}, thread {thread}: {found}, but {count} were emitted"));
            }
        }
    }
    figure.invented += next.len() as u64;
}

/// `{"event":"step_done","run":0,"thread":0,"n":0,"text":"","timestamp":"...","level":"info"}`
fn parse_json(line: &str) -> Option<(Numbers, &str)> {
    let rest = line.strip_prefix("{\"event\":\"step_done\",\"run\":")?;
    let (run, rest) = rest.split_once(",\"thread\":")?;
    let (thread, rest) = rest.split_once(",\"n\":")?;
    let (n, rest) = rest.split_once(",\"text\":\"")?;
    let (text, rest) = rest.split_once("\",\"timestamp\":\"")?;
    let is_end = rest.len() == 44 && rest.ends_with("Z\",\"level\":\"info\"}");
    let numbers = [run.parse().ok()?, thread.parse().ok()?, n.parse().ok()?];
    is_end.then_some((numbers, text))
}

/// `event=step_done run=0 thread=0 n=0 text="" timestamp=... level=info`
fn parse_logfmt(line: &str) -> Option<(Numbers, &str)> {
    let rest = line.strip_prefix("event=step_done run=")?;
    let (run, rest) = rest.split_once(" thread=")?;
    let (thread, rest) = rest.split_once(" n=")?;
    let (n, rest) = rest.split_once(" text=")?;
    let (text, rest) = rest.split_once(" timestamp=")?;
    let is_end = rest.len() == 38 && rest.ends_with("Z level=info");
    let numbers = [run.parse().ok()?, thread.parse().ok()?, n.parse().ok()?];
    is_end.then_some((numbers, text.trim_matches('"')))
}
