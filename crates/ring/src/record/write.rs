//! Arguments to bytes.

use std::{
    fmt::{self, Write as _},
    net::{IpAddr, SocketAddr},
    panic::AssertUnwindSafe,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{HEADER_BYTES, RECORD_BYTES_MAX, Tag, VALUES_MAX};
use crate::{
    append::Appender,
    arg::Arg,
    caught::{self, catch_unwind},
    value::{Value, ValueWriter},
};

/// A place bytes are appended to: a ring's slot, which may be too small, or a vector, which grows.
pub(crate) trait Out {
    /// Appends `N` bytes known at compile time.
    fn array<const N: usize>(&mut self, bytes: [u8; N]);
    /// Appends text or a block.
    fn bytes(&mut self, bytes: &[u8]);
    /// Appends a tag, a length and a text.
    fn text(&mut self, tag: Tag, text: &str);
}

impl Out for Vec<u8> {
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        self.extend_from_slice(&bytes);
    }
    fn bytes(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
    fn text(&mut self, tag: Tag, text: &str) {
        Appender::new(self).text(tag, text);
    }
}

/// A tag, then its payload.
fn tagged<const N: usize>(out: &mut impl Out, tag: Tag, payload: [u8; N]) {
    out.array([tag as u8]);
    out.array(payload);
}

impl Out for Appender<'_> {
    #[inline(always)]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        Appender::array(self, bytes);
    }
    #[inline(always)]
    fn bytes(&mut self, bytes: &[u8]) {
        Appender::bytes(self, bytes);
    }
    #[inline(always)]
    fn text(&mut self, tag: Tag, text: &str) {
        self.sized([tag as u8], text.as_bytes());
    }
}

/// Appends a plain argument. Arguments that run the user's code go through [`any`].
#[inline]
pub(crate) fn plain(out: &mut impl Out, arg: &Arg<'_>) {
    if !common(out, arg) {
        rare(out, arg);
    }
}

/// Appends an argument of one of the types that most are of, in place. False for the others.
#[inline(always)]
pub(crate) fn common(out: &mut impl Out, arg: &Arg<'_>) -> bool {
    match *arg {
        Arg::Str(v) => text(out, Tag::Str, v),
        Arg::I64(v) => integer(out, Tag::I64, v as u64),
        Arg::U64(v) => integer(out, Tag::U64, v),
        Arg::F64(v) => integer(out, Tag::F64, v.to_bits()),
        Arg::Bool(v) => out.array([if v { Tag::True } else { Tag::False } as u8]),
        Arg::Null => out.array([Tag::Null as u8]),
        _ => return false,
    }
    true
}

/// Appends a plain argument of a type seen less often; out of line, so that the common ones stay small.
#[inline(never)]
pub(crate) fn rare(out: &mut impl Out, arg: &Arg<'_>) {
    match *arg {
        Arg::I128(v) => tagged(out, Tag::I128, v.to_le_bytes()),
        Arg::U128(v) => tagged(out, Tag::U128, v.to_le_bytes()),
        Arg::F32(v) => small(out, Tag::F32, v.to_bits()),
        Arg::Char(v) => small(out, Tag::Char, u32::from(v)),
        Arg::Duration(v) => duration(out, v),
        Arg::Time(v) => time(out, v),
        Arg::Ip(v) => ip(out, v),
        Arg::Socket(v) => socket(out, v),
        Arg::Str(_) | Arg::I64(_) | Arg::U64(_) | Arg::F64(_) | Arg::Bool(_) | Arg::Null => {
            common(out, arg);
        }
        // Never reached from the crate: callers test `is_plain`. A value all the same, so that a record stays readable.
        Arg::Display(_) | Arg::Debug(_) | Arg::Dyn(_) => out.array([Tag::Null as u8]),
    }
}

/// The tag and the number as one array: one bounds check instead of two.
#[inline(always)]
fn integer(out: &mut impl Out, tag: Tag, v: u64) {
    let mut bytes = [0; 9];
    bytes[0] = tag as u8;
    bytes[1..].copy_from_slice(&v.to_le_bytes());
    out.array(bytes);
}

#[inline(always)]
fn small(out: &mut impl Out, tag: Tag, v: u32) {
    let mut bytes = [0; 5];
    bytes[0] = tag as u8;
    bytes[1..].copy_from_slice(&v.to_le_bytes());
    out.array(bytes);
}

#[inline(always)]
fn text(out: &mut impl Out, tag: Tag, v: &str) {
    // Longer text cannot be said in the length; RECORD_BYTES_MAX is below it, so such a record is refused anyway.
    out.text(tag, v);
}

fn seconds(out: &mut impl Out, tag: Tag, seconds: i64, nanos: u32) {
    let mut bytes = [0; 13];
    bytes[0] = tag as u8;
    bytes[1..9].copy_from_slice(&seconds.to_le_bytes());
    bytes[9..].copy_from_slice(&nanos.to_le_bytes());
    out.array(bytes);
}

fn duration(out: &mut impl Out, v: &Duration) {
    seconds(out, Tag::Duration, v.as_secs() as i64, v.subsec_nanos());
}

/// Whole seconds since 1970 rounded down, and the nanoseconds above them, so that times before 1970 have one spelling.
fn time(out: &mut impl Out, v: &SystemTime) {
    let (s, ns) = match v.duration_since(UNIX_EPOCH) {
        Ok(after) => (after.as_secs() as i64, after.subsec_nanos()),
        Err(before) => match (before.duration().as_secs() as i64, before.duration().subsec_nanos()) {
            (s, 0) => (-s, 0),
            (s, ns) => (-s - 1, 1_000_000_000 - ns),
        },
    };
    seconds(out, Tag::Time, s, ns);
}

fn ip(out: &mut impl Out, v: &IpAddr) {
    match v {
        IpAddr::V4(v) => tagged(out, Tag::Ip4, v.octets()),
        IpAddr::V6(v) => tagged(out, Tag::Ip6, v.octets()),
    }
}

fn socket(out: &mut impl Out, v: &SocketAddr) {
    match v {
        SocketAddr::V4(v) => {
            tagged(out, Tag::Socket4, v.ip().octets());
            out.array(v.port().to_le_bytes());
        }
        SocketAddr::V6(v) => {
            tagged(out, Tag::Socket6, v.ip().octets());
            out.array(v.port().to_le_bytes());
            out.array(v.scope_id().to_le_bytes());
        }
    }
}

/// Appends any argument. The user's code may run; whatever it does, exactly one value is appended.
pub(crate) fn any(out: &mut Vec<u8>, arg: &Arg<'_>, depth: usize) {
    match *arg {
        Arg::Display(v) => formatted(out, "Display", format_args!("{v}")),
        Arg::Debug(v) => formatted(out, "Debug", format_args!("{v:?}")),
        Arg::Dyn(v) => dynamic(out, v, depth),
        ref other => plain(&mut Appender::new(out), other),
    }
}

/// Appends text as it is formatted.
struct Text<'a>(&'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.0.extend_from_slice(s.as_bytes());
        Ok(())
    }
}

/// Appends a map's key: its length, and what it formats to.
pub(crate) fn formatted_key(out: &mut Vec<u8>, key: fmt::Arguments<'_>) {
    let start = out.len();
    out.array([0; 4]);
    if Text(out).write_fmt(key).is_err() {
        out.truncate(start + 4);
        out.bytes(b"<Display failed>");
    }
    let len = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&len.to_le_bytes());
}

/// Appends the key of a map's entry.
pub(crate) fn key(out: &mut Vec<u8>, key: &str) {
    Appender::new(out).sized([], key.as_bytes());
}

/// Appends what `text` formats to, or a value that says that it failed. `kind` names the trait in that case.
pub(crate) fn formatted(out: &mut Vec<u8>, kind: &str, text: fmt::Arguments<'_>) {
    let start = out.len();
    small(out, Tag::Str, 0);
    let outcome = catch_unwind(AssertUnwindSafe(|| Text(out).write_fmt(text)));
    match outcome {
        Ok(Ok(())) => patch_length(out, start),
        Ok(Err(fmt::Error)) => failed(out, start, &format!("{kind} failed")),
        Err(panic) => failed(out, start, &format!("{kind} panicked{}", caught::suffix(panic.as_ref()))),
    }
}

fn dynamic(out: &mut Vec<u8>, value: &dyn Value, depth: usize) {
    let start = out.len();
    let outcome = catch_unwind(AssertUnwindSafe(|| value.encode(ValueWriter::new(out, depth))));
    match outcome {
        Ok(()) if out.len() == start => out.array([Tag::Null as u8]),
        Ok(()) => {}
        Err(panic) => failed(out, start, &format!("value panicked{}", caught::suffix(panic.as_ref()))),
    }
}

/// Replaces everything from `start` by a marked value.
pub(crate) fn failed(out: &mut Vec<u8>, start: usize, why: &str) {
    out.truncate(start);
    text(out, Tag::Failed, why);
}

/// Writes the length of what follows the tag at `start` into the four bytes behind the tag.
pub(crate) fn patch_length(out: &mut [u8], start: usize) {
    let len = out.len() - start - 5;
    out[start + 1..start + 5].copy_from_slice(&(len as u32).to_le_bytes());
}

/// The bytes before the first value.
///
/// In whole words: whoever reads a part of one right after it was stored need not wait, which they would for two stores at once.
#[inline(always)]
pub(crate) fn header(len: u32, site: u32, ticks: u64, values: u16, check: u32) -> [u8; HEADER_BYTES] {
    let words = [u64::from(len) | u64::from(site) << 32, ticks, u64::from(values) | u64::from(check) << 32];
    let mut bytes = [0; HEADER_BYTES];
    for (bytes, word) in bytes.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// Sets the flags of an encoded record, as [`FLAG_RELEASED`](super::FLAG_RELEASED).
///
/// Shape: `record` begins with the record; nothing is done where there is no whole header.
pub fn set_flags(record: &mut [u8], flags: u16) {
    if record.len() >= HEADER_BYTES {
        record[18..20].copy_from_slice(&flags.to_le_bytes());
    }
}

/// Texts of which there can never be too many for a record.
const TEXT_BYTES_SHORT: usize = RECORD_BYTES_MAX / 4 / VALUES_MAX;

/// Encodes a whole record at the end of `out`, whatever its arguments are.
///
/// Every argument becomes exactly one value: one that fails or panics, a marked one. `blocks` are contexts as
/// [`BlockBuilder`](super::BlockBuilder) makes them, the most specific first.
///
/// Shape: at most [`VALUES_MAX`] arguments; more are ignored. A record above [`RECORD_BYTES_MAX`] keeps the place of its
/// longest values with marked ones.
/// Cost: allocates when `out` must grow, or when an argument's own code does.
pub fn encode(out: &mut Vec<u8>, site: u32, ticks: u64, args: &[Arg<'_>], blocks: &[&[u8]]) {
    let args = &args[..args.len().min(VALUES_MAX)];
    let start = out.len();
    let mut appender = Appender::new(out);
    Out::array(&mut appender, header(0, site, ticks, args.len() as u16, 0));
    // Text alone can make a record of plain arguments too long: VALUES_MAX others stay below 2 MiB.
    let mut texts = 0;
    for arg in args {
        let text = if let Arg::Str(text) = arg { text.len() } else { 0 };
        if text <= TEXT_BYTES_SHORT && common(&mut appender, arg) {
            continue;
        }
        texts += text;
        if arg.is_plain() && texts < RECORD_BYTES_MAX / 4 {
            plain(&mut appender, arg);
        } else {
            appender.with_vec(|out| bounded(out, start, arg));
        }
    }
    appender.with_vec(|out| {
        for block in blocks {
            if out.len() - start + block.len() <= RECORD_BYTES_MAX {
                Out::bytes(out, block);
            }
        }
        let len = (out.len() - start) as u32;
        out[start..start + 4].copy_from_slice(&len.to_le_bytes());
    });
}

/// Appends any argument, or a marked value when the record would become longer than it may.
fn bounded(out: &mut Vec<u8>, start: usize, arg: &Arg<'_>) {
    let at = out.len();
    if let Arg::Str(text) = arg
        && at - start + text.len() > RECORD_BYTES_MAX
    {
        return failed(out, at, "value too large");
    }
    any(out, arg, 0);
    if out.len() - start > RECORD_BYTES_MAX {
        failed(out, at, "value too large");
    }
}
