//! Every snippet of the guide has its counterpart in `examples/guide/`, in the guide's order, with the output it shows.

mod programs;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use programs::Program;

/// Headings of the guide that have code, in its order; "Best Practices" is one file for its six snippets.
const SECTIONS: [&str; 21] = [
    "Basic Event Logging",
    "Authentication Domain",
    "Payment Domain",
    "API Domain",
    "Database Domain",
    "Context Binding",
    "Correlation IDs",
    "User Context",
    "Order Events Schema",
    "Error Events Schema",
    "Event Counter",
    "Event Timing",
    "Order Fulfillment Flow",
    "Searchable Events",
    "Time-Based Events",
    "High-Volume Events",
    "Event Batching",
    "Sensitive Data Masking",
    "Best Practices",
    "Event Catalog",
    "Custom Processors",
];
/// What stands above the output at the end of each file.
const OUTPUT: &str = "// Output, without the timestamps:\n";
/// Programs that print other lines from run to run, and have a test of their own.
const BY_CHANCE: [&str; 1] = ["16_high_volume_sampling"];

/// A program of the guide: its name without `.rs`, and its text.
struct Snippet {
    name: String,
    text: String,
}

impl Snippet {
    fn all() -> Vec<Snippet> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guide");
        let mut all: Vec<Snippet> = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .map(|path| Snippet {
                name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
                text: fs::read_to_string(&path).unwrap(),
            })
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    fn named(name: &str) -> Snippet {
        Snippet::all().into_iter().find(|snippet| snippet.name == name).unwrap()
    }

    /// The lines that the file says it prints.
    fn output(&self) -> Vec<&str> {
        let Some((_, output)) = self.text.split_once(OUTPUT) else { panic!("{} shows no output", self.name) };
        output.lines().map(|line| line.strip_prefix("// ").unwrap_or_else(|| panic!("{line}"))).collect()
    }

    /// The lines that it prints. `case` tells the directories of tests apart that run the same program.
    fn run(&self, case: &str) -> Vec<String> {
        let run = Program::new(&format!("guide_{}", self.name), case).run().succeeded();
        run.stdout.lines().map(str::to_owned).collect()
    }
}

/// What placeholders stand for, found in the lines so far.
#[derive(Default)]
struct Seen(BTreeMap<String, String>);

impl Seen {
    /// Whether the line, but for its time, is as shown. In what is shown, `<ms>` and `<s>` are any time that is not negative, `<id 1>`
    /// is an id of 16 digits, the same wherever it has the same number and another otherwise; `<uuid 1>` is a UUID likewise.
    /// `<time>` is a time; `<hour>` and `<day>` are those of the line's own time.
    fn is_line(&mut self, line: &str, shown: &str) -> bool {
        // The last: events in a batch have times of their own.
        let Some((before, rest)) = line.rsplit_once(r#""timestamp":""#) else { return false };
        let Some((time, after)) = rest.split_once(r#"","#) else { return false };
        if !is_time(time) {
            return false;
        }
        self.is_text(&format!("{before}{after}"), shown, time)
    }

    fn is_text(&mut self, mut text: &str, mut shown: &str, time: &str) -> bool {
        while let Some((plain, rest)) = shown.split_once('<') {
            let (placeholder, rest) = rest.split_once('>').expect("a placeholder ends with `>`");
            let Some(at) = text.strip_prefix(plain) else { return false };
            let end = at.find(['"', ',', '}']).unwrap_or(at.len());
            let value;
            (value, text) = at.split_at(end);
            shown = rest;
            let is_it = match placeholder {
                "ms" | "s" => value.parse().is_ok_and(|number: f64| number >= 0.0),
                "hour" => value.parse() == time[11..13].parse::<u8>(),
                "day" => value == weekday(time),
                "time" => is_time(value),
                _ => self.is_same(placeholder, value),
            };
            if !is_it {
                return false;
            }
        }
        text == shown
    }

    fn is_same(&mut self, placeholder: &str, value: &str) -> bool {
        let (kind, _) = placeholder.split_once(' ').expect("a placeholder that is known");
        let form: String = value.chars().map(|c| if c.is_ascii_hexdigit() { '0' } else { c }).collect();
        let is_form = match kind {
            "id" => form == "0".repeat(16),
            "uuid" => form == "00000000-0000-0000-0000-000000000000",
            _ => panic!("no placeholder is called {kind}"),
        };
        let is_taken = self.0.iter().any(|(other, taken)| other != placeholder && taken == value);
        is_form
            && !is_taken
            && self.0.entry(placeholder.to_owned()).or_insert_with(|| value.to_owned()) == value
    }
}

/// Whether it is a time as lines have it.
fn is_time(text: &str) -> bool {
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    ["0000-00-00T00:00:00Z", "0000-00-00T00:00:00.000000Z"].contains(&&*form)
}

/// The day of the week of a time like `2026-11-25T21:38:20Z`, by Sakamoto's method.
fn weekday(time: &str) -> &'static str {
    const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    const SHIFTS: [usize; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
    let number = |range: std::ops::Range<usize>| time[range].parse::<usize>().unwrap();
    let (month, day) = (number(5..7), number(8..10));
    let year = number(0..4) - usize::from(month < 3);
    DAYS[(year + year / 4 - year / 100 + year / 400 + SHIFTS[month - 1] + day) % 7]
}

#[test]
fn each_program_prints_what_its_file_shows() {
    for snippet in Snippet::all() {
        if BY_CHANCE.contains(&&*snippet.name) {
            continue;
        }
        let (lines, shown) = (snippet.run("shown"), snippet.output());
        let mut seen = Seen::default();
        for (line, shown) in lines.iter().zip(&shown) {
            assert!(
                seen.is_line(line, shown),
                "{} prints\n{line}\nand shows\n{shown}\n\nIt prints\n{}",
                snippet.name,
                lines.join("\n")
            );
        }
        assert_eq!(lines.len(), shown.len(), "{} prints\n{}", snippet.name, lines.join("\n"));
        assert!(!shown.is_empty(), "{}", snippet.name);
    }
}

#[test]
fn sampling_keeps_the_share_it_says_and_whole_requests() {
    let snippet = Snippet::named("16_high_volume_sampling");
    let (lines, shown) = (snippet.run("sampled"), snippet.output());
    let mut seen = Seen::default();
    let hits: Vec<_> = lines.iter().take_while(|line| name_of(line) == Some("cache_hit")).collect();
    assert!(hits.iter().all(|line| shown[..2].iter().any(|shown| seen.is_line(line, shown))), "{hits:?}");
    // 10,000 at 0.01: 100, with a standard deviation of 10. Six of them are one failure in 500 million runs.
    assert!((40..=160).contains(&hits.len()), "{}", hits.len());
    let (rest, shown) = (&lines[hits.len()..], &shown[2..]);
    assert_eq!(rest.len(), shown.len(), "{}", rest.join("\n"));
    for (line, shown) in rest.iter().zip(shown) {
        assert!(seen.is_line(line, shown), "{line}\nis not\n{shown}");
    }
}

#[test]
fn the_programs_are_the_sections_of_the_guide_in_its_order() {
    let all = Snippet::all();
    let readme = include_str!("../guide/README.md");
    let manifest = include_str!("../Cargo.toml");
    let mut sections = Vec::new();
    for Snippet { name, text } in &all {
        let first = text.lines().next().unwrap().strip_prefix("//! ").unwrap_or_else(|| panic!("{name}"));
        let (section, better) = first.split_once(": ").unwrap_or_else(|| panic!("{name}: {first}"));
        assert!(!better.is_empty());
        assert!(
            readme.contains(&format!("| {section} | [`{name}.rs`]({name}.rs) |")),
            "{name} in the README"
        );
        assert!(
            manifest.contains(&format!("name = \"guide_{name}\"\npath = \"guide/{name}.rs\"\n")),
            "{name}"
        );
        sections.push((name[..2].parse::<usize>().unwrap(), section));
    }
    let expected: Vec<_> = (1..).zip(SECTIONS).collect();
    assert_eq!(sections, expected);
}

#[test]
fn every_name_of_the_guide_is_printed_by_its_programs() {
    /// The guide's names for what one should not write.
    const BAD: [&str; 3] = ["logout_successful", "token_created", "user_logged_in"];
    let all = Snippet::all();
    let shown: BTreeSet<&str> = all.iter().flat_map(Snippet::output).filter_map(name_of).collect();
    let names: Vec<&str> = include_str!("../../crates/model/tests/guide_names.rs")
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("(\"")?.split('"').next())
        .collect();
    assert_eq!(names.len(), 70);
    let missing: Vec<&str> =
        names.into_iter().filter(|name| !shown.contains(name) && !BAD.contains(name)).collect();
    assert_eq!(missing, [""; 0]);
    assert!(BAD.iter().all(|bad| !shown.contains(bad)));
}

fn name_of(line: &str) -> Option<&str> {
    line.strip_prefix(r#"{"event":""#)?.split('"').next()
}

#[test]
fn what_differs_from_what_is_shown_is_found() {
    let line = |fields: &str| {
        format!(
            r#"{{"event":"a_b_started",{fields},"timestamp":"2026-11-25T21:38:20.000001Z","level":"info"}}"#
        )
    };
    let shown = |fields: &str| format!(r#"{{"event":"a_b_started",{fields},"level":"info"}}"#);
    let is = |seen: &mut Seen, is: &str, says: &str| seen.is_line(&line(is), &shown(says));
    let mut seen = Seen::default();
    assert!(is(&mut seen, r#""duration_ms":0.5"#, r#""duration_ms":<ms>"#));
    assert!(!is(&mut seen, r#""duration_ms":-0.5"#, r#""duration_ms":<ms>"#));
    assert!(!is(&mut seen, r#""duration_ms":0.5,"rows":1"#, r#""duration_ms":<ms>"#));
    assert!(!is(&mut seen, r#""rows":1"#, r#""rows":2"#));
    let (one, two) = (r#""parent":"0123456789abcdef""#, r#""parent":"0123456789abcdee""#);
    assert!(is(&mut seen, one, r#""parent":"<id 1>""#));
    assert!(is(&mut seen, one, r#""parent":"<id 1>""#));
    assert!(!is(&mut seen, two, r#""parent":"<id 1>""#), "another value");
    assert!(!is(&mut seen, one, r#""parent":"<id 2>""#), "the value of another");
    assert!(is(&mut seen, two, r#""parent":"<id 2>""#));
    assert!(is(&mut seen, r#""h":21,"d":"Wednesday""#, r#""h":<hour>,"d":"<day>""#));
    assert!(!is(&mut seen, r#""h":22,"d":"Wednesday""#, r#""h":<hour>,"d":"<day>""#));
    assert!(!is(&mut seen, r#""h":21,"d":"Thursday""#, r#""h":<hour>,"d":"<day>""#));
    assert!(!seen.is_line(&line(one).replace('T', " "), &shown(one)), "another form of time");
    assert_eq!(["2024-02-29", "1970-01-01", "2026-01-01"].map(weekday), ["Thursday"; 3]);
}
