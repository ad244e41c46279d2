//! From events in order to a tree: runs with their begin and end, what happened in them, and the gaps.

use std::collections::{BTreeMap, HashMap};

use trine_model::{Level, Role};

use super::Found;
use crate::{
    operations::{Fate, Mark, Side, pair},
    weight::Weight,
};

/// A gap is told when nothing happens for this share of the whole flow ...
pub const GAP_SHARE: f64 = 0.1;
/// ... and for so long. Nanoseconds.
pub const GAP_NS_MIN: i64 = 10_000_000;
/// How far a begin that is reckoned from a duration may be off, as durations are rounded.
const SLACK_NS: i64 = 1_000_000;
/// Deepest tree: what lies deeper is shown at this depth.
const DEPTH_MAX: usize = 32;

/// A line of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Below how many others it lies.
    pub depth: usize,
    /// What it is.
    pub what: What,
    /// Operation or event; empty for a gap.
    pub name: String,
    /// When it began.
    pub begin_ns: i64,
    /// When it ended; none for a run that never did, and for a single event.
    pub end_ns: Option<i64>,
    /// How long it took: as its end says, else from begin to end. Nanoseconds.
    pub duration_ns: Option<u64>,
    /// How it went: the status of its end, or what the event's status says.
    pub role: Role,
    /// The last word of the name of its end: `success`, `timed_out`.
    pub status: String,
    /// How much it matters: the higher of start and end.
    pub level: Option<Level>,
    /// Fields of its start and its end; of a key that both have, the end's.
    pub fields: Vec<(String, String)>,
    /// Whether its start was not found, and its begin is reckoned from its duration.
    pub is_reckoned: bool,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A run of an operation.
    Run,
    /// A run that was begun again before it ended, or never ended.
    Unfinished,
    /// One event.
    Event,
    /// Nothing, for a while.
    Gap,
}

/// A node, and what places it.
struct Placed {
    node: Node,
    id: Option<String>,
    parent_id: Option<String>,
    /// Place in the list of the one that it is below.
    below: Option<usize>,
}

/// The tree of these events, which are in order.
pub(super) fn of(events: Vec<Found>) -> Vec<Node> {
    let Some((first_ns, last_ns)) = events.first().zip(events.last()).map(|(a, b)| (a.at_ns, b.at_ns)) else {
        return Vec::new();
    };
    let mut placed = placed(events);
    // Of those that begin together the longest is the outer one; a single event is the innermost.
    placed.sort_by_key(|one| {
        let is_single = one.node.what == What::Event;
        (one.node.begin_ns, std::cmp::Reverse(extent(&one.node, last_ns)), is_single)
    });
    put_below(&mut placed, last_ns);
    let mut children: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    for (place, one) in placed.iter().enumerate() {
        children.entry(one.below).or_default().push(place);
    }
    let gap_ns = (last_ns.abs_diff(first_ns) as f64 * GAP_SHARE) as i64;
    let mut nodes = Vec::new();
    let mut nodes_of: Vec<Option<Node>> = placed.into_iter().map(|one| Some(one.node)).collect();
    write(None, 0, &children, &mut nodes_of, (gap_ns.max(GAP_NS_MIN), last_ns), &mut nodes);
    nodes
}

/// The end of a node, where one that never ended goes on to the last event.
fn extent(node: &Node, last_ns: i64) -> i64 {
    match node.what {
        What::Unfinished => last_ns.max(node.begin_ns),
        _ => node.end_ns.unwrap_or(node.begin_ns),
    }
}

/// Pairs starts and ends, and makes a node of each run and of each other event.
fn placed(events: Vec<Found>) -> Vec<Placed> {
    let mut marks: BTreeMap<String, Vec<Mark>> = BTreeMap::new();
    for (tag, event) in events.iter().enumerate().filter(|(_, event)| event.role != Role::Point) {
        marks.entry(event.operation.clone()).or_default().push(Mark {
            at_ns: event.at_ns,
            side: if event.role == Role::Open { Side::Start } else { Side::End },
            keys: event.keys,
            duration_ns: event.duration_ms.map(|ms| (ms * 1e6) as u64),
            weight: Weight::ONE,
            tag: tag as u32,
            is_replaced: false,
        });
    }
    let mut placed = Vec::new();
    let mut is_used = vec![false; events.len()];
    for (operation, mut marks) in marks {
        let (fates, _) = pair(&mut marks);
        for (mark, fate) in marks.iter().zip(fates) {
            let event = &events[mark.tag as usize];
            let one = match (mark.side, fate) {
                (Side::Start, Fate::Paired(end)) => {
                    let end = marks[end].tag as usize;
                    is_used[end] = true;
                    run(&operation, Some(event), Some(&events[end]))
                }
                (Side::Start, _) => run(&operation, Some(event), None),
                (Side::End, Fate::Paired(_)) => continue,
                (Side::End, _) if event.duration_ms.is_some() => run(&operation, None, Some(event)),
                (Side::End, _) => continue,
            };
            is_used[mark.tag as usize] = true;
            placed.push(one);
        }
    }
    let rest = events.into_iter().zip(is_used).filter(|(_, is_used)| !is_used);
    placed.extend(rest.map(|(event, _)| single(event)));
    placed
}

/// A run, of which one of the two events was found at least.
fn run(operation: &str, start: Option<&Found>, end: Option<&Found>) -> Placed {
    let last = end.or(start);
    let begin_ns = match (start, end) {
        (Some(start), _) => start.at_ns,
        (None, Some(end)) => end.at_ns.saturating_sub((end.duration_ms.unwrap_or(0.0) * 1e6) as i64),
        (None, None) => 0,
    };
    let mut fields: Vec<(String, String)> = end.map(|end| end.fields.clone()).unwrap_or_default();
    for (key, value) in start.into_iter().flat_map(|start| &start.fields) {
        if !fields.iter().any(|(known, _)| known == key) {
            fields.push((key.clone(), value.clone()));
        }
    }
    Placed {
        node: Node {
            depth: 0,
            what: if end.is_some() { What::Run } else { What::Unfinished },
            name: operation.to_owned(),
            begin_ns,
            end_ns: end.map(|end| end.at_ns.max(begin_ns)),
            duration_ns: end.map(|end| {
                let said = end.duration_ms.map(|ms| (ms * 1e6).round() as u64);
                said.unwrap_or_else(|| end.at_ns.saturating_sub(begin_ns).max(0) as u64)
            }),
            role: last.map_or(Role::Open, |last| last.role),
            status: last.map(|last| last.status.clone()).unwrap_or_default(),
            level: start.and_then(|start| start.level).max(end.and_then(|end| end.level)),
            fields,
            is_reckoned: start.is_none(),
        },
        id: last.and_then(|last| last.operation_id.clone()),
        parent_id: last.and_then(|last| last.parent.clone()),
        below: None,
    }
}

fn single(event: Found) -> Placed {
    let status = event.status;
    Placed {
        node: Node {
            depth: 0,
            what: What::Event,
            name: event.name,
            begin_ns: event.at_ns,
            end_ns: None,
            duration_ns: None,
            role: event.role,
            status,
            level: event.level,
            fields: event.fields,
            is_reckoned: false,
        },
        id: None,
        // An event that a run emits about itself (`_slow`) lies in it.
        parent_id: event.operation_id.or(event.parent),
        below: None,
    }
}

/// Finds for each node, which are sorted by begin, the one that it is below.
fn put_below(placed: &mut [Placed], last_ns: i64) {
    let by_id: HashMap<String, usize> =
        placed.iter().enumerate().filter_map(|(place, one)| Some((one.id.clone()?, place))).collect();
    // Runs that began and have not ended yet at the begin of the one that is looked at.
    let mut open: Vec<usize> = Vec::new();
    for place in 0..placed.len() {
        let node = &placed[place].node;
        open.retain(|run| extent(&placed[*run].node, last_ns) >= node.begin_ns);
        let said = placed[place].parent_id.as_ref().and_then(|id| by_id.get(id).copied());
        let is_around = |run: &&usize| {
            let around = &placed[**run].node;
            let slack_ns = if node.is_reckoned || around.is_reckoned { SLACK_NS } else { 0 };
            // What never ended may lie in anything.
            node.what == What::Unfinished
                || extent(around, last_ns).saturating_add(slack_ns) >= extent(node, last_ns)
        };
        // Only one that began before: so no circle of parents can come about.
        let below = said.filter(|said| *said < place).or_else(|| open.iter().rev().find(is_around).copied());
        let is_run = node.what != What::Event;
        placed[place].below = below;
        if is_run {
            open.push(place);
        }
    }
}

/// Writes what lies below one node, with the gaps between.
fn write(
    below: Option<usize>,
    depth: usize,
    children: &HashMap<Option<usize>, Vec<usize>>,
    nodes: &mut [Option<Node>],
    (gap_ns, last_ns): (i64, i64),
    out: &mut Vec<Node>,
) {
    // With a stack of its own: a log may nest deeper than ours.
    let mut work: Vec<(usize, usize)> = Vec::new();
    let push = |below: Option<usize>, depth: usize, work: &mut Vec<(usize, usize)>| {
        work.extend(children.get(&below).into_iter().flatten().rev().map(|place| (*place, depth)));
    };
    push(below, depth, &mut work);
    // Until when something happened, at each depth.
    let mut busy_ns: Vec<i64> = vec![i64::MIN; DEPTH_MAX + 2];
    while let Some((place, depth)) = work.pop() {
        let Some(mut node) = nodes[place].take() else { continue };
        let depth = depth.min(DEPTH_MAX);
        node.depth = depth;
        let until_ns = busy_ns[depth];
        if until_ns != i64::MIN && node.begin_ns.saturating_sub(until_ns) > gap_ns {
            out.push(Node { depth, ..gap(until_ns, node.begin_ns) });
        }
        let end_ns = extent(&node, last_ns);
        busy_ns[depth] = busy_ns[depth].max(end_ns);
        // Within it, time begins with it.
        busy_ns[depth + 1] = node.begin_ns;
        out.push(node);
        push(Some(place), depth + 1, &mut work);
    }
}

fn gap(begin_ns: i64, end_ns: i64) -> Node {
    Node {
        depth: 0,
        what: What::Gap,
        name: String::new(),
        begin_ns,
        end_ns: Some(end_ns),
        duration_ns: Some(end_ns.saturating_sub(begin_ns).max(0) as u64),
        role: Role::Point,
        status: String::new(),
        level: None,
        fields: Vec::new(),
        is_reckoned: false,
    }
}
