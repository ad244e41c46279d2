//! What a line is asked for: the fields that say how long a run took, why it failed, and which run it was.

use trine_model::Role;

use super::{keys::KEYS, reasons};
use crate::{
    events::{Event, Reader},
    scan::{
        foreign::Format,
        line::{Broken, FieldSet, Line, Raw},
    },
    weight::Weight,
};

/// Fields that say how long a run took, and what to multiply them with for milliseconds.
pub(crate) const DURATIONS: [(&[&str], f64); 5] = [
    (&["duration_ms"], 1.0),
    (&["duration_s"], 1e3),
    (&["duration_us"], 1e-3),
    (&["duration_ns"], 1e-6),
    (&["duration"], 1e3),
];

/// What the fields of [`DURATIONS`] say, in milliseconds; `None` where it is no length of time.
pub(crate) fn duration_ms(fields: &[Option<Raw<'_>>]) -> Option<f64> {
    let found = DURATIONS.iter().zip(fields).find_map(|((_, ms), raw)| Some(raw.as_ref()?.number()? * ms));
    found.filter(|ms| *ms >= 0.0 && ms.is_finite())
}

/// How the lines of one format are asked.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Any line.
    pub(super) reader: Reader,
    /// A line of Trine's shape whose name is a start, a good end, another end: only what such a one can say.
    by_role: Option<[Fields; 3]>,
    /// Of which kind each id is that the reader gives.
    kinds: Vec<u8>,
}

/// The fields of one role.
#[derive(Debug)]
pub(super) struct Fields {
    /// First the sample rate, then durations and reasons, as far as they are wanted, then ids.
    set: FieldSet,
    has_durations: bool,
    has_reasons: bool,
    /// Of which kind each id is; one that has several spellings stands there several times.
    kinds: Vec<u8>,
}

/// What was found in a line. Slices are empty where nothing was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'f, 'a> {
    /// In the order of [`DURATIONS`].
    pub(super) durations: &'f [Option<Raw<'a>>],
    /// In the order of [`reasons::FIELDS`].
    pub(super) reasons: &'f [Option<Raw<'a>>],
    pub(super) ids: Ids<'f, 'a>,
}

/// Ids, the most particular first, and of which kind each is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ids<'f, 'a> {
    pub(super) found: &'f [Option<Raw<'a>>],
    pub(super) kinds: &'f [u8],
}

impl<'a> Ids<'_, 'a> {
    /// Kind and value of those that are there; of one kind the first.
    #[inline]
    pub(super) fn each(self) -> impl Iterator<Item = (u8, Raw<'a>)> {
        let mut last = None;
        let there = self.kinds.iter().zip(self.found).filter_map(|(kind, raw)| Some((*kind, (*raw)?)));
        there.filter(move |(kind, _)| last.replace(*kind) != Some(*kind))
    }
}

impl Wanted {
    /// Of this format, with further ids behind the first.
    pub(super) fn new(format: &'static Format, more: &[String]) -> Wanted {
        let more: Vec<[&str; 1]> = more.iter().map(|name| [name.as_str()]).collect();
        let ids: Vec<&[&str]> = KEYS[..1]
            .iter()
            .copied()
            .chain(more.iter().map(|names| &names[..]))
            .chain(KEYS[1..].iter().copied())
            .collect();
        let reasons = reasons::FIELDS.map(|name| [name]);
        let mut wanted: Vec<&[&str]> = DURATIONS.iter().map(|(names, _)| *names).collect();
        wanted.extend(reasons.iter().map(|names| &names[..]));
        wanted.extend(&ids);
        // A field has one place then, but for an id with several spellings.
        let is_plain = format.event.first() == Some(&"event") && format.fields.is_none();
        Wanted {
            reader: Reader::new(format, &wanted),
            by_role: is_plain.then(|| {
                [(false, false), (true, false), (true, true)]
                    .map(|(has_durations, has_reasons)| Fields::new(format, has_durations, has_reasons, &ids))
            }),
            kinds: (0..ids.len() as u8).collect(),
        }
    }

    /// Whether a line of Trine's shape has its name where this format has it.
    pub(super) fn is_in_front(&self) -> bool {
        self.reader.has_name_in_front()
    }

    /// For a line of Trine's shape; `None` where this format's lines must be looked at more closely.
    #[inline]
    pub(super) fn by_role(&self, role: Role) -> Option<&Fields> {
        let by_role = self.by_role.as_ref()?;
        Some(match role {
            Role::Open => &by_role[0],
            Role::Fail => &by_role[2],
            _ => &by_role[1],
        })
    }

    /// What the reader found in an event.
    pub(super) fn of<'f, 'a>(&'f self, event: &'f Event<'a>) -> Values<'f, 'a> {
        let (durations, rest) = event.fields.split_at(DURATIONS.len());
        let (reasons, found) = rest.split_at(reasons::FIELDS.len());
        Values { durations, reasons, ids: Ids { found, kinds: &self.kinds } }
    }
}

impl Fields {
    fn new(format: &Format, has_durations: bool, has_reasons: bool, ids: &[&[&str]]) -> Fields {
        let mut paths = format.paths("sample_rate");
        paths.truncate(1);
        let durations = DURATIONS.iter().filter(|_| has_durations).flat_map(|(names, _)| *names);
        let reasons = reasons::FIELDS.iter().filter(|_| has_reasons);
        paths.extend(durations.chain(reasons).flat_map(|name| format.paths(name)));
        let mut kinds = Vec::new();
        for (kind, names) in (0..).zip(ids) {
            let found: Vec<_> = names.iter().flat_map(|name| format.paths(name)).collect();
            kinds.extend(found.iter().map(|_| kind));
            paths.extend(found);
        }
        Fields { set: FieldSet::new(paths), has_durations, has_reasons, kinds }
    }

    /// Looks into a line: its weight, and the values. `found` is for what is found.
    ///
    /// Errors: the line is broken.
    #[inline]
    pub(super) fn of<'f, 'a>(
        &'f self,
        line: Line<'a>,
        found: &'f mut Vec<Option<Raw<'a>>>,
    ) -> Result<(Weight, Values<'f, 'a>), Broken> {
        found.resize(self.set.len(), None);
        self.set.find(line, found)?;
        let (rate, rest) = found.split_at(1);
        let weight = Weight::of_field(rate[0]);
        let (durations, rest) = rest.split_at(if self.has_durations { DURATIONS.len() } else { 0 });
        let (reasons, found) = rest.split_at(if self.has_reasons { reasons::FIELDS.len() } else { 0 });
        Ok((weight, Values { durations, reasons, ids: Ids { found, kinds: &self.kinds } }))
    }
}
