//! From member to member, and from item to item.

use super::{
    broken::{Broken, Problem},
    raw::Raw,
    skip, text,
};

/// A key and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    key: &'a [u8],
    escaped: bool,
    /// The value.
    pub value: Raw<'a>,
}

impl<'a> Member<'a> {
    /// The key as it stands between its quotes, escapes and all.
    #[inline]
    pub const fn key_bytes(self) -> &'a [u8] {
        self.key
    }

    /// The key, borrowed from the line where it can be, else resolved into `buffer`, as [`Raw::text`].
    pub fn key<'b>(self, buffer: &'b mut String) -> &'b str
    where
        'a: 'b,
    {
        text::read(self.key, self.escaped, buffer)
    }

    /// Whether the key is written with escapes.
    #[inline(always)]
    pub(super) fn is_escaped(self) -> bool {
        self.escaped
    }

    /// True when this is the key, however it is escaped.
    #[inline(always)]
    pub fn has_key(self, wanted: &[u8]) -> bool {
        text::equal(self.key, self.escaped, wanted)
    }
}

/// The members of an object, in order.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    bytes: &'a [u8],
    at: usize,
    next: Next,
    /// A line may hold nothing behind its object; a value was cut out.
    is_line: bool,
}

/// Where the walk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Begin,
    First,
    Key,
    Further,
    End,
}

impl<'a> Members<'a> {
    #[inline]
    pub(super) const fn of_line(bytes: &'a [u8]) -> Members<'a> {
        Members { bytes, at: 0, next: Next::Begin, is_line: true }
    }

    #[inline]
    pub(super) const fn of_map(bytes: &'a [u8]) -> Members<'a> {
        Members { bytes, at: 0, next: Next::Begin, is_line: false }
    }

    /// The next member; `None` at the end of the object.
    #[inline(always)]
    pub(super) fn step(&mut self) -> Result<Option<Member<'a>>, Broken> {
        let mut at = self.at;
        match self.next {
            Next::Further => {
                at = skip::blank(self.bytes, at);
                match self.bytes.get(at) {
                    Some(b',') => at = skip::blank(self.bytes, at + 1),
                    Some(b'}') => return self.end(at + 1),
                    Some(_) => return self.fail(Problem::NoComma, at),
                    None => return self.fail(Problem::Cut, at),
                }
            }
            Next::Begin => {
                at = skip::blank(self.bytes, at);
                match self.bytes.get(at) {
                    Some(b'{') => at = skip::blank(self.bytes, at + 1),
                    Some(_) => return self.fail(Problem::NotAnObject, at),
                    None => return self.fail(Problem::Empty, at),
                }
                self.next = Next::First;
            }
            Next::First | Next::Key => {}
            Next::End => return Ok(None),
        }
        match self.bytes.get(at) {
            Some(b'"') => {}
            Some(b'}') if self.next == Next::First => return self.end(at + 1),
            Some(_) => return self.fail(Problem::NoKey, at),
            None => return self.fail(Problem::Cut, at),
        }
        let Some((end, escaped)) = skip::text(self.bytes, at + 1) else {
            return self.fail(Problem::Cut, self.bytes.len());
        };
        let key = &self.bytes[at + 1..end];
        at = skip::blank(self.bytes, end + 1);
        match self.bytes.get(at) {
            Some(b':') => at = skip::blank(self.bytes, at + 1),
            Some(_) => return self.fail(Problem::NoColon, at),
            None => return self.fail(Problem::Cut, at),
        }
        match skip::value(self.bytes, at) {
            Ok(value) => {
                self.at = at + value.bytes().len();
                self.next = Next::Further;
                Ok(Some(Member { key, escaped, value }))
            }
            Err(broken) => self.fail(broken.problem, broken.at),
        }
    }

    /// From this member on: `at` is where its key has its opening quote.
    pub(super) const fn of_line_from_key(bytes: &'a [u8], at: usize) -> Members<'a> {
        Members { bytes, at, next: Next::Key, is_line: true }
    }

    /// From behind the value that ends at `at`.
    pub(super) const fn of_line_from_value_end(bytes: &'a [u8], at: usize) -> Members<'a> {
        Members { bytes, at, next: Next::Further, is_line: true }
    }

    /// Goes over members to one whose key has one of these lengths (bit `n`: `n` bytes, the highest for all longer ones), which the next
    /// step gives; it may stop at others as well. For lines as programs write them; at whatever is unusual it stops, and the step
    /// judges.
    ///
    /// No member is put together on the way, and of a text only the end is looked for: a third less work than stepping.
    #[inline(always)]
    pub(super) fn skip_to(&mut self, lengths: u64) {
        let bytes = self.bytes;
        let mut at = match self.next {
            Next::Begin if bytes.first() == Some(&b'{') => 1,
            Next::Further if bytes.get(self.at) == Some(&b',') => after_blank(bytes, self.at + 1),
            _ => return,
        };
        while bytes.get(at) == Some(&b'"') {
            self.at = at;
            self.next = Next::Key;
            let Some((end, escaped)) = skip::text(bytes, at + 1) else { return };
            if escaped || lengths & length_bit(end - at - 1) != 0 || bytes.get(end + 1) != Some(&b':') {
                return;
            }
            let Some(end) = skip::value_end(bytes, after_blank(bytes, end + 2)) else { return };
            if bytes.get(end) != Some(&b',') {
                self.at = end;
                self.next = Next::Further;
                return;
            }
            at = after_blank(bytes, end + 1);
        }
    }

    fn end(&mut self, at: usize) -> Result<Option<Member<'a>>, Broken> {
        self.next = Next::End;
        let at = skip::blank(self.bytes, at);
        if self.is_line && at < self.bytes.len() { Err(Problem::Trailing.at(at)) } else { Ok(None) }
    }

    #[cold]
    fn fail(&mut self, problem: Problem, at: usize) -> Result<Option<Member<'a>>, Broken> {
        self.next = Next::End;
        Err(problem.at(at))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<Member<'a>, Broken>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// The bit of a set of lengths.
#[inline(always)]
pub(super) fn length_bit(length: usize) -> u64 {
    1 << length.min(63)
}

/// Over one blank, as Python writes it behind `:` and `,`.
#[inline(always)]
pub(super) fn after_blank(bytes: &[u8], at: usize) -> usize {
    at + usize::from(bytes.get(at) == Some(&b' '))
}

/// The items of a list, in order.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    bytes: &'a [u8],
    at: usize,
    next: Next,
}

impl<'a> Items<'a> {
    pub(super) const fn of_list(bytes: &'a [u8]) -> Items<'a> {
        Items { bytes, at: 1, next: Next::First }
    }

    fn step(&mut self) -> Result<Option<Raw<'a>>, Broken> {
        if self.next == Next::End {
            return Ok(None);
        }
        let mut at = skip::blank(self.bytes, self.at);
        match (self.bytes.get(at), self.next) {
            (Some(b']'), _) => {
                self.next = Next::End;
                return Ok(None);
            }
            (Some(b','), Next::Further) => at = skip::blank(self.bytes, at + 1),
            (Some(_), Next::Further) => return self.fail(Problem::NoComma, at),
            (Some(_), _) => {}
            (None, _) => return self.fail(Problem::Cut, at),
        }
        match skip::value(self.bytes, at) {
            Ok(value) => {
                self.at = at + value.bytes().len();
                self.next = Next::Further;
                Ok(Some(value))
            }
            Err(broken) => self.fail(broken.problem, broken.at),
        }
    }

    #[cold]
    fn fail(&mut self, problem: Problem, at: usize) -> Result<Option<Raw<'a>>, Broken> {
        self.next = Next::End;
        Err(problem.at(at))
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<Raw<'a>, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// The value of the first member with this key.
pub(super) fn first<'a>(mut members: Members<'a>, key: &[u8]) -> Result<Option<Raw<'a>>, Broken> {
    loop {
        members.skip_to(length_bit(key.len()));
        let Some(member) = members.step()? else { return Ok(None) };
        if member.has_key(key) {
            return Ok(Some(member.value));
        }
    }
}
