//! Several fields in one pass over the line.

use super::{
    Broken, Front, Hits, Kind, Line, Members, Path, Raw, Step,
    hits::Keys,
    path,
    quotes::Quotes,
    skip,
    walk::{Member, after_blank, length_bit},
};

/// The fields a question wants, made ready for [`FieldSet::find`].
#[derive(Clone, Debug)]
pub struct FieldSet {
    /// As they were given.
    paths: Vec<Path>,
    /// By the lengths of their keys.
    candidates: Vec<Candidate>,
    /// Where the candidates of each length begin: a key is compared with those of its own length alone, of which there are few.
    begins: [u16; LENGTHS + 1],
    /// Fields that were given before: where again, and where first.
    again: Vec<(usize, usize)>,
    /// Of the keys that are wanted: see [`length_bit`].
    lengths: u64,
    /// Those that are keys of the line itself, and not at its ends.
    keys: Keys,
    /// Which field each end of the line answers.
    name: Option<usize>,
    time: Option<usize>,
    level: Option<usize>,
    /// The fields that no end answers.
    others: Vec<usize>,
}

/// Lengths of keys that are told apart: see [`length_bit`].
const LENGTHS: usize = u64::BITS as usize;

/// A key of the line that leads to a wanted field.
#[derive(Clone, Debug)]
struct Candidate {
    key: Box<[u8]>,
    /// Its first and its last bytes: see [`Outline`].
    outline: Outline,
    /// The steps from its value on.
    rest: Box<[Step]>,
    field: usize,
}

/// The first and the last eight bytes of a key, as numbers: what tells most keys of one length apart without a call, and all of those that
/// are not longer than both together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outline {
    first: u64,
    last: u64,
}

impl Outline {
    const WORD: usize = size_of::<u64>();
    /// Longest key that its outline tells whole, if the lengths are equal.
    const WHOLE_MAX: usize = 2 * Outline::WORD;

    /// Of the key that begins there and has this length; bytes behind it may be looked at.
    #[inline(always)]
    fn of(bytes: &[u8], begin: usize, length: usize) -> Outline {
        let word = |at: usize| bytes.get(at..).and_then(|rest| rest.first_chunk()).copied();
        match (word(begin), length) {
            (Some(first), Outline::WORD..) => {
                let last = word(begin + length - Outline::WORD).unwrap_or_default();
                Outline { first: u64::from_le_bytes(first), last: u64::from_le_bytes(last) }
            }
            (Some(first), _) => {
                Outline { first: u64::from_le_bytes(first) & ((1 << (8 * length)) - 1), last: 0 }
            }
            (None, _) => Outline::of_short(&bytes[begin.min(bytes.len())..], length),
        }
    }

    /// Of a key with less than a word behind its begin.
    #[cold]
    fn of_short(bytes: &[u8], length: usize) -> Outline {
        let mut first = [0; Outline::WORD];
        first.iter_mut().zip(bytes.iter().take(length)).for_each(|(to, from)| *to = *from);
        Outline { first: u64::from_le_bytes(first), last: 0 }
    }
}

impl FieldSet {
    /// Fields by their paths.
    pub fn new(paths: impl IntoIterator<Item = Path>) -> FieldSet {
        let paths: Vec<Path> = paths.into_iter().collect();
        let (mut candidates, mut again) = (Vec::new(), Vec::new());
        for (field, path) in paths.iter().enumerate() {
            if let Some(first) = paths[..field].iter().position(|other| other == path) {
                again.push((field, first));
                continue;
            }
            let mut add = |key: &str, rest: &[Step]| {
                let key = key.as_bytes();
                candidates.push(Candidate {
                    key: key.into(),
                    outline: Outline::of(key, 0, key.len()),
                    rest: rest.into(),
                    field,
                });
            };
            if let [Step::Key(key), rest @ ..] = path.steps() {
                add(key, rest);
            }
            if let Some(key) = path.dotted() {
                add(&key, &[]);
            }
        }
        // Stable: of one key, the candidates stay in the order of their fields.
        candidates.sort_by_key(|candidate: &Candidate| length_of(&candidate.key));
        let begin_of = |length| candidates.partition_point(|candidate| length_of(&candidate.key) < length);
        let begins = std::array::from_fn(|length| begin_of(length) as u16);
        let lengths =
            candidates.iter().fold(0, |lengths, candidate| lengths | length_bit(candidate.key.len()));
        let end = |key| paths.iter().position(|path| path.as_key() == Some(key));
        let (name, time, level) = (end("event"), end("timestamp"), end("level"));
        let at_ends = [name, time, level];
        let is_first = |field: usize| !again.iter().any(|(other, _)| *other == field);
        let keys = Keys::of(
            paths
                .iter()
                .enumerate()
                .filter(|(field, _)| !at_ends.contains(&Some(*field)) && is_first(*field)),
        );
        let others = (0..paths.len()).filter(|field| !at_ends.contains(&Some(*field))).collect();
        FieldSet { paths, candidates, begins, again, lengths, keys, name, time, level, others }
    }

    /// The paths, in the order in which they were given, which is that of the answers.
    pub fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// How many fields.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// True when nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Finds the fields of one line.
    ///
    /// Shape: `found[i]` is the value of the path `i`, `None` where the line does not have it; further places become `None`, and
    /// fields beyond the slice are not looked for.
    ///
    /// Errors: the line is broken before the last field was found. What was found before that stays found.
    ///
    /// Cost: one pass up to the last wanted field, the whole line when one is missing; no allocation. Name, time and level of a line
    /// of Trine's shape need no pass.
    #[inline]
    pub fn find<'a>(&self, line: Line<'a>, found: &mut [Option<Raw<'a>>]) -> Result<(), Broken> {
        self.find_behind(Front::of(line), line, found).map(drop)
    }

    /// As [`FieldSet::find`], of a line whose front is known.
    ///
    /// True when the ends of the line had all that is looked for there: then no name, time or level is missing.
    #[inline(always)]
    pub fn find_behind<'a>(
        &self,
        front: Option<Front<'a>>,
        line: Line<'a>,
        found: &mut [Option<Raw<'a>>],
    ) -> Result<bool, Broken> {
        let missing = self.find_ends(front, line, found);
        let result = if missing == 0 { Ok(()) } else { self.walk(line, found, missing) };
        self.repeat(found);
        result.map(|()| missing == 0)
    }

    /// As [`FieldSet::find_behind`], of a line of a block: it begins at `begin` of those whose hits these are.
    #[inline(always)]
    pub fn find_in_block<'a>(
        &self,
        front: Option<Front<'a>>,
        line: Line<'a>,
        begin: usize,
        hits: &mut Hits<'_>,
        found: &mut [Option<Raw<'a>>],
    ) -> Result<bool, Broken> {
        let missing = self.find_ends(front, line, found);
        let is_done =
            missing == 0 || (missing == self.keys.len() && hits.find(&self.keys, line, begin, found));
        let result = if is_done { Ok(()) } else { self.walk(line, found, missing) };
        self.repeat(found);
        result.map(|()| is_done)
    }

    /// The hits, in a block, of the fields that are not at the ends of lines; `None` where looking for them does not pay.
    pub fn hits<'b>(&self, block: &'b [u8]) -> Option<Hits<'b>> {
        Hits::of(&self.keys, block)
    }

    /// What stands at the ends of the line; how many fields are missing then.
    #[inline(always)]
    fn find_ends<'a>(
        &self,
        front: Option<Front<'a>>,
        line: Line<'a>,
        found: &mut [Option<Raw<'a>>],
    ) -> usize {
        for field in &self.others {
            if let Some(place) = found.get_mut(*field) {
                *place = None;
            }
        }
        if let Some(further) = found.get_mut(self.paths.len()..)
            && !further.is_empty()
        {
            further.fill(None);
        }
        let tail = match front {
            Some(front) if self.time.is_some() || self.level.is_some() => front.tail(line.bytes()),
            _ => None,
        };
        let mut missing = self.paths.len() - self.again.len();
        let ends = [
            (self.name, front.map(Front::name)),
            (self.time, tail.map(|(time, _)| time)),
            (self.level, tail.map(|(_, level)| level)),
        ];
        for (field, raw) in ends {
            if let Some(place) = field.and_then(|field| found.get_mut(field)) {
                *place = raw;
                missing -= usize::from(raw.is_some());
            }
        }
        missing
    }

    #[inline(always)]
    fn repeat(&self, found: &mut [Option<Raw<'_>>]) {
        for (field, first) in &self.again {
            if *field < found.len() {
                found[*field] = found[*first];
            }
        }
    }

    fn walk<'a>(
        &self,
        line: Line<'a>,
        found: &mut [Option<Raw<'a>>],
        mut missing: usize,
    ) -> Result<(), Broken> {
        let mut members = match self.walk_quotes(line.bytes(), found, &mut missing) {
            Ok(Walked::Whole) => return Ok(()),
            Ok(Walked::Up(to)) => to,
            Err(broken) => return Err(broken),
        };
        loop {
            members.skip_to(self.lengths);
            let Some(member) = members.step()? else { return Ok(()) };
            for candidate in self.candidates_for(member) {
                if !member.has_key(&candidate.key) || !matches!(found.get(candidate.field), Some(None)) {
                    continue;
                }
                if let Some(raw) = path::descend(member.value, &candidate.rest)? {
                    missing -= put(found, candidate.field, raw);
                    if missing == 0 {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// The candidates with keys of this length.
    #[inline(always)]
    fn of_length(&self, length: usize) -> &[Candidate] {
        let length = length.min(LENGTHS - 1);
        &self.candidates[usize::from(self.begins[length])..usize::from(self.begins[length + 1])]
    }

    /// The candidates that a member may be: those of its length, all where its key is written with escapes.
    fn candidates_for(&self, member: Member<'_>) -> &[Candidate] {
        if member.is_escaped() { &self.candidates } else { self.of_length(member.key_bytes().len()) }
    }

    /// Walks a line as programs write them, short and without escapes, from quote to quote. At whatever is unusual it stops: the members
    /// from there on are for a walk that judges.
    #[inline(always)]
    fn walk_quotes<'a>(
        &self,
        bytes: &'a [u8],
        found: &mut [Option<Raw<'a>>],
        missing: &mut usize,
    ) -> Result<Walked<'a>, Broken> {
        let from_begin = Ok(Walked::Up(Members::of_line(bytes)));
        let Some(mut quotes) = Quotes::of(bytes) else { return from_begin };
        if !bytes.starts_with(b"{\"") || quotes.next().is_none() {
            return from_begin;
        }
        let mut at = 1;
        loop {
            // `at` is the opening quote of a key, and was passed.
            let from_key = || Ok(Walked::Up(Members::of_line_from_key(bytes, at)));
            let Some(key_end) = quotes.next() else { return from_key() };
            if bytes.get(key_end + 1) != Some(&b':') {
                return from_key();
            }
            let begin = after_blank(bytes, key_end + 2);
            let (kind, end) = match bytes.get(begin) {
                Some(b'"') => match (quotes.next(), quotes.next()) {
                    (Some(_), Some(end)) => (Kind::Text, end + 1),
                    _ => return from_key(),
                },
                Some(b'-' | b'0'..=b'9') => (Kind::Number, skip::scalar_end(bytes, begin)),
                Some(_) => match skip::value(bytes, begin) {
                    Ok(raw) => {
                        let end = begin + raw.bytes().len();
                        quotes.pass(end);
                        (raw.kind(), end)
                    }
                    Err(_) => return from_key(),
                },
                None => return from_key(),
            };
            let key = &bytes[at + 1..key_end];
            if self.lengths & length_bit(key.len()) != 0 {
                let outline = Outline::of(bytes, at + 1, key.len());
                for candidate in self.of_length(key.len()) {
                    if candidate.outline != outline
                        || key.len() > Outline::WHOLE_MAX && *candidate.key != *key
                        || !matches!(found.get(candidate.field), Some(None))
                    {
                        continue;
                    }
                    let raw = Raw::new(&bytes[begin..end], kind, false);
                    if let Some(raw) = path::descend(raw, &candidate.rest)? {
                        *missing -= put(found, candidate.field, raw);
                        if *missing == 0 {
                            return Ok(Walked::Whole);
                        }
                    }
                }
            }
            at = after_blank(bytes, end + 1);
            if bytes.get(end) != Some(&b',') || bytes.get(at) != Some(&b'"') {
                if bytes.get(end) == Some(&b'}') && end + 1 == bytes.len() {
                    return Ok(Walked::Whole);
                }
                return Ok(Walked::Up(Members::of_line_from_value_end(bytes, end)));
            }
            quotes.next();
        }
    }
}

/// The length of a key, as far as lengths are told apart.
fn length_of(key: &[u8]) -> usize {
    key.len().min(LENGTHS - 1)
}

/// How far a walk came.
enum Walked<'a> {
    /// To the end, or to the last field that was missing.
    Whole,
    /// Up to these members.
    Up(Members<'a>),
}

/// Puts a value into its place, if there is one and it is free; how many were put.
#[inline(always)]
fn put<'a>(found: &mut [Option<Raw<'a>>], field: usize, raw: Raw<'a>) -> usize {
    match found.get_mut(field) {
        Some(place @ None) => {
            *place = Some(raw);
            1
        }
        _ => 0,
    }
}
