//! Which start belongs to which end. The rules are in docs/ops.md; this is all of them, as a function of the events alone.

use hashbrown::HashMap;

use super::keys::{self, Keys, kind_of};
use crate::weight::Weight;

/// Starts under one id that are looked at for one end, the latest first: a limit to what a hostile log can cost.
pub const CANDIDATES_MAX: usize = 64;

/// A start or an end.
///
/// The order is that in which they are looked at: by time, of one time starts first, and then so that it is the same for the same events
/// in whatever order they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Nanoseconds since 1970-01-01 UTC.
    pub at_ns: i64,
    /// Which of the two.
    pub side: Side,
    /// The ids of the event.
    pub keys: Keys,
    /// How long an end says that its run took. Nanoseconds.
    pub duration_ns: Option<u64>,
    /// How many events it stands for.
    pub weight: Weight,
    /// For whoever pairs, to find the event again.
    pub tag: u32,
    /// A start that another one under the same id came after, which may have been let go since.
    pub is_replaced: bool,
}

/// Start or end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// A run began.
    Start,
    /// A run ended.
    End,
}

/// What became of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It belongs to the mark at this place.
    Paired(usize),
    /// A start without an end, that another start of the same id came after: a run that was begun again.
    Restarted,
    /// Nothing was found for it.
    Alone,
}

/// How pairs were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Means {
    /// Pairs that share an id.
    pub by_key: usize,
    /// Pairs of events that have no id at all.
    pub by_time: usize,
}

/// Pairs the marks of one operation, which are sorted on the way.
///
/// Shape: a fate for each mark, in their new order.
///
/// 1. An `operation_id` belongs to one run: its start and its end are a pair, whenever they are.
/// 2. Else they share an id, contradict each other in none, and the start is not after the end.
/// 3. Of several starts, an end that says how long its run took takes the one nearest to where that run must have begun; another takes
///    the latest: of runs within each other the inner one ends first.
/// 4. Marks without any id are paired in the same way, by time alone.
///
/// An id that is more particular ([`keys::KEYS`]) goes first.
pub fn pair(marks: &mut [Mark]) -> (Vec<Fate>, Means) {
    // Those of each part of a log come sorted as a rule: runs that this sort finds, and only merges.
    marks.sort();
    let kinds =
        marks.iter().flat_map(|mark| mark.keys.iter()).fold(0_u64, |kinds, key| kinds | 1 << kind_of(key));
    let mut pairing = Pairing {
        marks,
        fates: vec![Fate::Alone; marks.len()],
        left: (0..marks.len() as u32).collect(),
        before: vec![NONE; marks.len()],
    };
    let mut means = Means::default();
    for kind in (0..u64::BITS as u8).filter(|kind| kinds >> kind & 1 == 1) {
        means.by_key += pairing.round(|keys| keys.get(kind), kind == keys::OPERATION);
    }
    means.by_time = pairing.round(|keys| keys.is_none().then_some(0), false);
    pairing.find_restarted();
    (pairing.fates, means)
}

struct Pairing<'a> {
    marks: &'a [Mark],
    fates: Vec<Fate>,
    /// Marks that are not paired yet, by time.
    left: Vec<u32>,
    /// Of a start that waits, the one under the same id that waited before it.
    before: Vec<u32>,
}

/// No start.
const NONE: u32 = u32::MAX;

impl Pairing<'_> {
    /// Pairs what has the same key; how many pairs that gave.
    fn round(&mut self, key_of: impl Fn(Keys) -> Option<u64>, at_any_time: bool) -> usize {
        // The latest start under each id, behind which the others hang.
        let mut waiting: HashMap<u64, u32> = HashMap::new();
        let mut pairs = 0;
        let passes: &[&[Side]] =
            if at_any_time { &[&[Side::Start], &[Side::End]] } else { &[&[Side::Start, Side::End]] };
        for sides in passes {
            for place in &self.left {
                let mark = &self.marks[*place as usize];
                if !sides.contains(&mark.side) {
                    continue;
                }
                let Some(key) = key_of(mark.keys) else { continue };
                match mark.side {
                    Side::Start => {
                        let before = waiting.insert(key, *place);
                        self.before[*place as usize] = before.unwrap_or(NONE);
                    }
                    Side::End => {
                        let Some(latest) = waiting.get_mut(&key) else { continue };
                        let Some(start) = take(self.marks, &mut self.before, latest, mark, at_any_time)
                        else {
                            continue;
                        };
                        self.fates[start as usize] = Fate::Paired(*place as usize);
                        self.fates[*place as usize] = Fate::Paired(start as usize);
                        pairs += 1;
                    }
                }
            }
        }
        let fates = &self.fates;
        self.left.retain(|place| fates[*place as usize] == Fate::Alone);
        pairs
    }

    /// Tells starts without an end that were begun again from those that go on.
    fn find_restarted(&mut self) {
        let alone = self.left.iter().map(|place| *place as usize);
        let alone: Vec<usize> = alone.filter(|place| self.marks[*place].side == Side::Start).collect();
        // The last start under each of their ids.
        let mut last: HashMap<u64, usize> =
            alone.iter().filter_map(|place| Some((self.marks[*place].keys.iter().next()?, *place))).collect();
        if last.is_empty() {
            return;
        }
        for (place, mark) in self.marks.iter().enumerate().filter(|(_, mark)| mark.side == Side::Start) {
            for key in mark.keys.iter() {
                if let Some(last) = last.get_mut(&key) {
                    *last = place;
                }
            }
        }
        for place in alone {
            let keys = self.marks[place].keys;
            let again = keys.iter().next().and_then(|key| last.get(&key).copied());
            if again.is_some_and(|again| again > place && self.marks[again].keys.agrees(keys)) {
                self.fates[place] = Fate::Restarted;
            }
        }
    }
}

/// Takes out of the starts that wait, from the latest on, the one that an end belongs to.
fn take(
    marks: &[Mark],
    before: &mut [u32],
    latest: &mut u32,
    end: &Mark,
    decides_alone: bool,
) -> Option<u32> {
    let begin_ns = end.duration_ns.map(|duration_ns| i128::from(end.at_ns) - i128::from(duration_ns));
    // The start, the one that waits behind it, and how far it is from where the run must have begun.
    let mut chosen: Option<(u32, u32, i128)> = None;
    let (mut start, mut behind) = (*latest, NONE);
    for _ in 0..CANDIDATES_MAX {
        let Some(mark) = marks.get(start as usize) else { break };
        if decides_alone || mark.keys.agrees(end.keys) {
            let Some(begin_ns) = begin_ns else {
                chosen = Some((start, behind, 0));
                break;
            };
            let off_ns = (i128::from(mark.at_ns) - begin_ns).abs();
            // Of equal distances the first, which is the latest.
            if chosen.is_none_or(|(_, _, least_ns)| off_ns < least_ns) {
                chosen = Some((start, behind, off_ns));
            }
        }
        (behind, start) = (start, before[start as usize]);
    }
    let (start, behind, _) = chosen?;
    let next = before[start as usize];
    match before.get_mut(behind as usize) {
        Some(place) => *place = next,
        None => *latest = next,
    }
    Some(start)
}

/// How far an end's duration may miss its start, and still be certain to mean it: the rounding of times to milliseconds.
const NEAR_NS: u64 = 2_000_000;

/// Whether a pair is one whatever other events there may be: by its `operation_id`, or because the end's duration points at the start.
pub(super) fn is_certain(start: &Mark, end: &Mark) -> bool {
    let operation = start.keys.get(keys::OPERATION);
    if operation.is_some() {
        return operation == end.keys.get(keys::OPERATION);
    }
    let near_ns = |duration_ns| NEAR_NS.max(duration_ns / 1_000);
    end.duration_ns.is_some_and(|duration_ns| {
        end.at_ns.abs_diff(start.at_ns).abs_diff(duration_ns) <= near_ns(duration_ns)
    }) && !start.keys.is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scan::line::Raw;

    /// Marks from a text: `S` or `E`, time, ids as `r1` (request), `t1` (trace), `o1` (operation), and `/5` for a duration.
    fn marks(text: &str) -> Vec<Mark> {
        let mark = |(tag, word): (usize, &str)| {
            let side = if word.starts_with('S') { Side::Start } else { Side::End };
            let mut parts = word[1..].split(',');
            let at_ns = parts.next().unwrap().parse().unwrap();
            let mut fields = [None; keys::KEYS.len()];
            let mut duration_ns = None;
            for part in parts {
                let (kind, value) = part.split_at(1);
                match kind {
                    "/" => duration_ns = value.parse().ok(),
                    _ => {
                        let kind = ["o", "s", "r", "c", "t"].iter().position(|name| *name == kind).unwrap();
                        fields[kind] = Some(Raw::of(value.as_bytes()).unwrap());
                    }
                }
            }
            let keys = Keys::of(&fields);
            Mark { at_ns, side, keys, duration_ns, weight: Weight::ONE, tag: tag as u32, is_replaced: false }
        };
        text.split_whitespace().enumerate().map(mark).collect()
    }

    /// What becomes of each mark, by its number in the text: that of its partner, `again`, or `-`.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut marks = marks(text);
        let (fates, _) = pair(&mut marks);
        let mut said: Vec<(u32, String)> = fates
            .iter()
            .zip(&marks)
            .map(|(fate, mark)| {
                let fate = match fate {
                    Fate::Paired(other) => marks[*other].tag.to_string(),
                    Fate::Restarted => "again".to_owned(),
                    Fate::Alone => "-".to_owned(),
                };
                (mark.tag, fate)
            })
            .collect();
        said.sort();
        let said: Vec<String> = said.into_iter().map(|(_, fate)| fate).collect();
        assert_eq!(said.join(" "), expected, "{text}");
    }

    #[test]
    fn an_operation_id_decides_alone() {
        check("S1,o1 S2,o2 E3,o1 E4,o2", "2 3 0 1");
        // Even where the end is stamped before the start, and other ids differ.
        check("E1,o1,r1 S2,o1,r2", "1 0");
        // One that has no partner takes none of another run's.
        check("S1,o1,r1 E2,o2,r1", "- -");
    }

    #[test]
    fn of_runs_within_each_other_the_inner_one_ends_first() {
        check("S1,r1 S2,r1 E3,r1 E4,r1", "3 2 1 0");
    }

    #[test]
    fn an_end_that_says_how_long_takes_the_start_that_lies_there() {
        check("S10,r1 S20,r1 E30,r1,/20 E40,r1,/20", "2 3 0 1");
        check("S10,r1 S20,r1 E30,r1,/19", "2 - 0");
        // As near as any: the latest.
        check("S10,r1 S20,r1 E30,r1,/15", "again 2 1");
    }

    #[test]
    fn a_start_that_comes_again_replaces_the_one_before() {
        check("S1,r1 S2,r1 E3,r1", "again 2 1");
        check("S1,r1 E2,r1 S3,r1 E4,r1", "1 0 3 2");
        check("S1,r1 E2,r1 S3,r1", "1 0 -");
    }

    #[test]
    fn runs_of_one_trace_are_told_apart_by_what_they_have_beside_it() {
        check("S1,r1,t1 S2,r2,t1 E3,r1,t1 E4,r2,t1", "2 3 0 1");
        // The end knows the trace alone.
        check("S1,r1,t1 E2,t1", "1 0");
        // One id in common, another contradicts.
        check("S1,r1,t1 E2,r2,t1", "- -");
    }

    #[test]
    fn an_end_is_not_before_its_start() {
        check("E1,r1 S2,r1", "- -");
        // At one time, the start comes first.
        check("E1,r1 S1,r1", "1 0");
    }

    #[test]
    fn events_without_an_id_are_paired_by_time() {
        check("S1 S2 E3 E4", "3 2 1 0");
        check("S10 S20 E30,/20 E40,/20", "2 3 0 1");
        check("S1 E2,r1", "- -");
        let (_, means) = pair(&mut marks("S1 E2 S3,r1 E4,r1"));
        assert_eq!(means, Means { by_key: 1, by_time: 1 });
    }

    #[test]
    fn what_is_certain_does_not_depend_on_others() {
        let certain = |text: &str| {
            let marks = marks(text);
            is_certain(&marks[0], &marks[1])
        };
        assert!(certain("S1,o1 E9,o1"));
        assert!(certain("S1000000000,r1 E2000000000,r1,/1000900000"));
        assert!(!certain("S1000000000,r1 E2000000000,r1,/900000000"));
        assert!(!certain("S1,r1 E9,r1"));
        assert!(!certain("S1 E9,/8"), "without an id");
    }

    proptest! {
        #[test]
        fn pairs_are_pairs_and_do_not_depend_on_the_order_of_the_marks(
            words in prop::collection::vec((0_i64..20, any::<bool>(), 0_u8..5, 0_u8..4, prop::option::of(0_u64..20)), 0..40),
            seed in any::<u64>(),
        ) {
            let text: Vec<String> = words
                .iter()
                .map(|(at, is_start, request, trace, duration)| {
                    let mut word = format!("{}{at}", if *is_start { 'S' } else { 'E' });
                    if *request > 0 { word += &format!(",r{request}"); }
                    if *trace > 0 { word += &format!(",t{trace}"); }
                    if let (Some(duration), false) = (duration, is_start) { word += &format!(",/{duration}"); }
                    word
                })
                .collect();
            let mut one = marks(&text.join(" "));
            one.iter_mut().for_each(|mark| mark.tag = 0);
            let mut two = one.clone();
            let mut random = seed | 1;
            for place in (1..two.len()).rev() {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                two.swap(place, (random >> 33) as usize % (place + 1));
            }
            let ((fates, means), (others, _)) = (pair(&mut one), pair(&mut two));
            prop_assert_eq!(&one, &two);
            prop_assert_eq!(&fates, &others);
            let mut pairs = 0;
            for (place, fate) in fates.iter().enumerate() {
                let Fate::Paired(other) = *fate else { continue };
                prop_assert_eq!(fates[other], Fate::Paired(place));
                if one[place].side == Side::Start {
                    pairs += 1;
                    prop_assert_eq!(one[other].side, Side::End);
                    prop_assert!(one[place].at_ns <= one[other].at_ns);
                    prop_assert!(one[place].keys.agrees(one[other].keys));
                }
            }
            prop_assert_eq!(pairs, means.by_key + means.by_time);
            // Nothing was left that could have been paired.
            for (a, start) in one.iter().enumerate().filter(|(a, _)| fates[*a] == Fate::Alone || fates[*a] == Fate::Restarted) {
                for (b, end) in one.iter().enumerate().filter(|(b, _)| fates[*b] == Fate::Alone) {
                    let share = start.keys.iter().any(|key| end.keys.iter().any(|other| other == key));
                    prop_assert!(
                        a == b || start.side == end.side || start.side == Side::End || start.at_ns > end.at_ns
                            || !share || !start.keys.agrees(end.keys),
                        "{:?} {:?}", start, end
                    );
                }
            }
        }
    }
}
