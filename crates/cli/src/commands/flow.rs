//! `trine flow`: everything of one id, as a tree of runs.

use std::{fmt::Write as _, io::Write};

use clap::Args;
use trine_model::Role;
use trine_query::{
    answer::{Answer, Cell, Column, Kind},
    flow::{Finder, Flow, Node, What},
    operations::KEYS,
};

use crate::{
    exit::Failure,
    logs::{Logs, Range},
    render::{
        self, Look, Output, Screen, Shown, cell_count, clean, clock, cut, duration, pad_left, pad_right,
        span_bar, width,
    },
};

/// Show everything that happened under one id: runs within each other, how long they took, what failed, what never ended.
#[derive(Args, Debug)]
pub(crate) struct Flags {
    /// Files, folders and globs; `-` is the standard input.
    #[arg(value_name = "LOGS", required = true)]
    logs: Vec<String>,
    /// A request, trace, order, user: any value of any field.
    #[arg(value_name = "ID", required = true)]
    id: String,
    #[command(flatten)]
    range: Range,
    #[command(flatten)]
    shown: Shown,
}

/// Columns of the bars: a share of the screen, held between these.
const BAR_PART: usize = 5;
const BAR_MIN: usize = 12;
const BAR_MAX: usize = 60;
/// Columns of the tree: at most half of the screen.
const TREE_PART: usize = 2;
/// What is in a bar.
const RUNNING: char = '━';
const ENDLESS: char = '╌';

pub(crate) fn run(flags: &Flags) -> Result<(), Failure> {
    let logs = Logs { logs: flags.logs.clone(), range: flags.range.clone() };
    let input = logs.find()?;
    let finder = Finder::new(&flags.id, logs.range.range());
    let (states, _) =
        logs.read(&input, || finder.begin(), |found, block, format| finder.feed(found, block, format));
    let flow = finder.finish(states);
    if flow.events == 0 {
        let beyond = if flow.left_out > 0 { " that has a time" } else { "" };
        return Err(Failure::Nothing(format!("no event{beyond} has `{}` in any field", clean(&flags.id))));
    }
    let written = Failure::io("write to the standard output");
    if matches!(flags.shown.output, Output::Table | Output::Chart) {
        let screen = Screen::of_stdout();
        let text = tree(&flow, &flags.id, &screen);
        return std::io::stdout().lock().write_all(text.as_bytes()).map_err(written);
    }
    let title = format!("trine flow {} {}", logs.names(), flags.id);
    render::show(&answer(&flow), Look { title: &title, spare: &[] }, &flags.shown).map_err(written)
}

fn answer(flow: &Flow) -> Answer {
    let mut answer = Answer::new(vec![
        Column::key("time", Kind::Time),
        Column::new("depth", Kind::Number),
        Column::new("what", Kind::Text),
        Column::key("name", Kind::Text),
        Column::new("status", Kind::Text),
        Column::new("duration", Kind::Duration),
        Column::new("fields", Kind::Nested),
    ]);
    for node in &flow.nodes {
        let what = match node.what {
            What::Run => "run",
            What::Unfinished => "unfinished",
            What::Event => "event",
            What::Gap => "gap",
        };
        let mut fields =
            Answer::new(node.fields.iter().map(|(key, _)| Column::new(key, Kind::Text)).collect());
        fields.rows.push(node.fields.iter().map(|(_, value)| Cell::Text(value.clone())).collect());
        answer.rows.push(vec![
            Cell::Time(node.begin_ns),
            Cell::Int(node.depth as i128),
            Cell::Text(what.to_owned()),
            Cell::Text(node.name.clone()),
            if node.status.is_empty() { Cell::Null } else { Cell::Text(node.status.clone()) },
            node.duration_ns.map_or(Cell::Null, |ns| Cell::Duration(i64::try_from(ns).unwrap_or(i64::MAX))),
            Cell::Nested(fields.ndjson().trim_end().to_owned()),
        ]);
    }
    answer.notes.remarks.extend(left_out(flow));
    answer
}

fn left_out(flow: &Flow) -> Option<String> {
    (flow.left_out > 0)
        .then(|| format!("{} more events were left out: too many, or without a time", flow.left_out))
}

/// The tree for a terminal.
fn tree(flow: &Flow, id: &str, screen: &Screen) -> String {
    let (style, columns) = (screen.style, screen.columns());
    let (begin_ns, _) = flow.times_ns.unwrap_or_default();
    let begin_ns = flow.nodes.iter().map(|node| node.begin_ns).min().unwrap_or(begin_ns).min(begin_ns);
    let end_ns = flow.times_ns.map_or(begin_ns, |(_, last)| last);
    let mut out = head(flow, id, (begin_ns, end_ns), screen);
    let branches = branches(&flow.nodes);
    let names: Vec<String> =
        flow.nodes.iter().zip(&branches).map(|(node, branch)| branch.clone() + &name(node)).collect();
    let times: Vec<String> = flow.nodes.iter().map(|node| offset(node.begin_ns.abs_diff(begin_ns))).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| width(text)).max().unwrap_or(0);
    let (time_columns, name_columns) = (widest(&times), widest(&names).min(columns / TREE_PART));
    let bar_columns = (columns / BAR_PART).clamp(BAR_MIN, BAR_MAX);
    let rest = columns.saturating_sub(time_columns + name_columns + bar_columns + 6);
    for ((node, time), name) in flow.nodes.iter().zip(&times).zip(&names) {
        let bar = bar(node, (begin_ns, end_ns), bar_columns);
        let says = cut(&says(node, flow), rest.max(8));
        let (name, bar) = (pad_right(&cut(name, name_columns), name_columns), pad_right(&bar, bar_columns));
        let time = style.faint(&pad_left(time, time_columns));
        let line = match node.what {
            What::Gap => style.faint(&format!("{name}  {bar}  {says}")),
            What::Unfinished => {
                format!("{}  {}  {}", style.bold(&name), style.warning(&bar), style.warning(&says))
            }
            What::Run => format!(
                "{}  {}  {}",
                style.bold(&name),
                style.role(node.role, &bar),
                tone(node, &says, screen)
            ),
            What::Event => format!("{name}  {}  {}", style.role(node.role, &bar), tone(node, &says, screen)),
        };
        let _ = writeln!(out, "{time}  {}", line.trim_end());
    }
    if let Some(left_out) = left_out(flow) {
        let _ = writeln!(out, "{}", style.faint(&left_out));
    }
    out
}

/// In red what failed.
fn tone(node: &Node, text: &str, screen: &Screen) -> String {
    if node.role == Role::Fail { screen.style.bad(text) } else { text.to_owned() }
}

/// The id, how much there is of it, from when to when; and the other ids that all of it shares.
fn head(flow: &Flow, id: &str, (begin_ns, end_ns): (i64, i64), screen: &Screen) -> String {
    let keys: Vec<&str> = flow.found_at.keys().map(String::as_str).collect();
    let events = if flow.events == 1 {
        "1 event".to_owned()
    } else {
        format!("{} events", cell_count(flow.events as f64))
    };
    let failed = flow.nodes.iter().filter(|node| node.role == Role::Fail).count();
    let open = flow.nodes.iter().filter(|node| node.what == What::Unfinished).count();
    let mut parts =
        vec![events, duration(end_ns.abs_diff(begin_ns) as f64), format!("{} UTC", clock(begin_ns))];
    if failed > 0 {
        parts.push(screen.style.bad(&format!("{failed} failed")));
    }
    if open > 0 {
        parts.push(screen.style.warning(&format!("{open} unfinished")));
    }
    let title = format!("{} {}", clean(&keys.join(", ")), clean(id));
    let mut out = format!("{}  {}\n", screen.style.bold(&title), parts.join(" · "));
    let others: Vec<String> = KEYS
        .iter()
        .flat_map(|names| names.iter())
        .filter(|key| !flow.found_at.contains_key(**key))
        .filter_map(|key| Some(format!("{key} {}", clean(&flow.shared.get(*key)?.0))))
        .collect();
    if !others.is_empty() {
        let _ = writeln!(out, "{}", screen.style.faint(&cut(&others.join(" · "), screen.columns())));
    }
    out.push('\n');
    out
}

/// The branches in front of each node: `│  ├─ `.
fn branches(nodes: &[Node]) -> Vec<String> {
    let mut branches = vec![String::new(); nodes.len()];
    // Whether something more comes at each depth, below the same one; from the end on.
    let mut comes = Vec::new();
    for (place, node) in nodes.iter().enumerate().rev() {
        comes.resize(node.depth + 1, false);
        let mut branch = String::new();
        for more in comes.iter().take(node.depth).skip(1) {
            branch.push_str(if *more { "│  " } else { "   " });
        }
        if node.depth > 0 {
            branch.push_str(if comes[node.depth] { "├─ " } else { "└─ " });
        }
        comes[node.depth] = true;
        branches[place] = branch;
    }
    branches
}

fn name(node: &Node) -> String {
    match node.what {
        What::Gap => format!("· {} without events", duration(node.duration_ns.unwrap_or(0) as f64)),
        _ => clean(&node.name),
    }
}

/// When, from the begin of the flow on.
fn offset(ns: u64) -> String {
    if ns == 0 { "0".to_owned() } else { format!("+{}", duration(ns as f64)) }
}

fn bar(node: &Node, (begin_ns, end_ns): (i64, i64), columns: usize) -> String {
    let all = (end_ns.abs_diff(begin_ns) as f64).max(1.0);
    let share = |ns: i64| ns.abs_diff(begin_ns) as f64 / all;
    match (node.what, node.end_ns) {
        (What::Gap, _) => String::new(),
        (What::Unfinished, _) => {
            let mut bar: Vec<char> = span_bar(share(node.begin_ns), 1.0, columns, ENDLESS).chars().collect();
            if let Some(last) = bar.last_mut() {
                *last = '▶';
            }
            bar.into_iter().collect()
        }
        (_, Some(end)) => span_bar(share(node.begin_ns), share(end), columns, RUNNING),
        (_, None) => span_bar(share(node.begin_ns), share(node.begin_ns), columns, '◆'),
    }
}

/// How long it took, how it went, and its fields but for those that all of the flow shares.
fn says(node: &Node, flow: &Flow) -> String {
    let mut parts = Vec::new();
    match node.what {
        What::Gap => return String::new(),
        What::Unfinished => parts.push("never ended".to_owned()),
        What::Run => {
            parts.extend(node.duration_ns.map(|ns| duration(ns as f64)));
            parts.push(clean(&node.status));
        }
        What::Event => {}
    }
    let is_told = |key: &str| {
        key.starts_with("duration")
            || matches!(key, "operation_id" | "parent" | "sampled" | "sample_rate" | "status")
    };
    // Why it failed is said where it failed, even if all that failed says the same.
    let has_reason = node.fields.iter().any(|(key, _)| key == "reason");
    let is_why = |key: &str| key == "reason" || key == "error" && !has_reason;
    let is_shared = |key: &str| {
        flow.shared.get(key).is_some_and(|(_, events)| *events > 1) && flow.events > 2 && !is_why(key)
    };
    let fields = node
        .fields
        .iter()
        .filter(|(key, _)| !is_told(key) && !is_shared(key) && !flow.found_at.contains_key(key));
    // Why it failed comes first.
    let (why, rest): (Vec<_>, Vec<_>) =
        fields.partition(|(key, _)| matches!(key.as_str(), "reason" | "error" | "error_message"));
    // Behind the status: `failed: card declined`.
    match (why.first(), parts.last_mut()) {
        (Some((_, reason)), Some(status)) => *status = format!("{status}: {}", clean(reason)),
        (Some((key, reason)), None) => parts.push(format!("{}={}", clean(key), clean(reason))),
        (None, _) => {}
    }
    parts.extend(
        why.iter().skip(1).chain(&rest).map(|(key, value)| format!("{}={}", clean(key), clean(value))),
    );
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}
