//! The header `traceparent` of W3C Trace Context, read strictly.

use std::{
    fmt,
    num::{NonZeroU64, NonZeroU128},
    str::FromStr,
};

use trine_ring::{Arg, Value, ValueWriter};

use crate::operation::OperationId;

/// Bytes of a header of version 00, and at least of a later one.
const BYTES: usize = 55;
/// Longest header of a later version that is looked at. Bytes.
const BYTES_MAX: usize = 512;

/// The ids of a `traceparent` header: which trace a request belongs to, and which span has sent it.
///
/// Source: W3C Trace Context, level 1, section 3.2.
///
/// ```
/// use trine::correlation::TraceParent;
/// let parent: TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap();
/// assert_eq!(parent.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// assert_eq!(parent.span_id().to_string(), "00f067aa0ba902b7");
/// assert!(parent.is_sampled());
/// assert!("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01".parse::<TraceParent>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace_id: TraceId,
    span_id: SpanId,
    flags: u8,
}

impl TraceParent {
    /// The trace.
    pub fn trace_id(self) -> TraceId {
        self.trace_id
    }

    /// The span that has sent the request.
    pub fn span_id(self) -> SpanId {
        self.span_id
    }

    /// True when the sender says that it may have recorded the trace.
    pub fn is_sampled(self) -> bool {
        self.flags & 1 != 0
    }

    /// The same trace, with another span.
    #[must_use = "this is another header"]
    pub fn with_span(self, span_id: SpanId) -> TraceParent {
        TraceParent { span_id, ..self }
    }
}

/// Reads a header of version 00 to the letter, and of a later version what it shares with it.
impl FromStr for TraceParent {
    type Err = ParseTraceParentError;

    fn from_str(text: &str) -> Result<TraceParent, ParseTraceParentError> {
        read(text.as_bytes()).map_err(ParseTraceParentError)
    }
}

fn read(text: &[u8]) -> Result<TraceParent, &'static str> {
    const SHAPE: &str = "it is `00-<32 digits>-<16 digits>-<2 digits>`, with lower-case hexadecimal digits";
    if text.len() < BYTES || text.len() > BYTES_MAX {
        return Err(SHAPE);
    }
    let (head, rest) = text.split_at(BYTES);
    if [head[2], head[35], head[52]] != *b"---" {
        return Err(SHAPE);
    }
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0u128, |sum, digit| Some(sum << 4 | hex(*digit)?)).ok_or(SHAPE)
    };
    let version = number(&head[..2])?;
    let trace_id = number(&head[3..35])?;
    let span_id = number(&head[36..52])? as u64;
    let flags = number(&head[53..])? as u8;
    match version {
        0xff => return Err("its version is never ff"),
        0 if !rest.is_empty() => return Err("a header of version 00 has 55 characters"),
        _ if !rest.is_empty() && rest[0] != b'-' => return Err(SHAPE),
        _ => {}
    }
    match (NonZeroU128::new(trace_id), NonZeroU64::new(span_id)) {
        (Some(trace_id), Some(span_id)) => {
            Ok(TraceParent { trace_id: TraceId(trace_id), span_id: SpanId(span_id), flags })
        }
        _ => Err("its ids are not all zero"),
    }
}

fn hex(digit: u8) -> Option<u128> {
    match digit {
        b'0'..=b'9' => Some(u128::from(digit - b'0')),
        b'a'..=b'f' => Some(u128::from(digit - b'a') + 10),
        _ => None,
    }
}

/// A header of version 00: of the flags only the one that version knows.
impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id, self.span_id, self.flags & 1)
    }
}

/// Which trace: 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(NonZeroU128);

/// Which span: 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(NonZeroU64);

/// A run of an operation is a span of the trace it belongs to.
impl From<OperationId> for SpanId {
    fn from(id: OperationId) -> SpanId {
        SpanId(id.into())
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The digits, as text.
impl Value for TraceId {
    fn encode(&self, writer: ValueWriter<'_>) {
        writer.arg(&Arg::Display(self));
    }
}

/// The digits, as text.
impl Value for SpanId {
    fn encode(&self, writer: ValueWriter<'_>) {
        writer.arg(&Arg::Display(self));
    }
}

/// A text is not a `traceparent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTraceParentError(&'static str);

impl fmt::Display for ParseTraceParentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "read a traceparent: {}", self.0)
    }
}

impl std::error::Error for ParseTraceParentError {}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: &str = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";

    #[test]
    fn versions_and_flags_are_read_as_the_standard_says() {
        for (text, is_sampled) in [
            (format!("00-{IDS}-01"), true),
            (format!("00-{IDS}-00"), false),
            (format!("00-{IDS}-03"), true),
            (format!("01-{IDS}-01"), true),
            (format!("cc-{IDS}-01-what-the-future-will-be-like"), true),
            (format!("fe-{IDS}-00-"), false),
        ] {
            let parent: TraceParent = text.parse().unwrap();
            assert_eq!(parent.is_sampled(), is_sampled, "{text}");
            assert_eq!(parent.to_string(), format!("00-{IDS}-0{}", u8::from(is_sampled)));
        }
    }

    #[test]
    fn all_else_is_refused_with_its_reason() {
        let zeros = "0".repeat(32);
        let span = "00f067aa0ba902b7";
        let trace = &IDS[..32];
        for (text, reason) in [
            (String::new(), "32 digits"),
            (format!("00-{IDS}-1"), "32 digits"),
            (format!("00-{IDS}-01-"), "55 characters"),
            (format!("00-{IDS}-01 "), "55 characters"),
            (format!("01-{IDS}-01."), "32 digits"),
            (format!("ff-{IDS}-01"), "never ff"),
            (format!("0G-{IDS}-01"), "lower-case"),
            (format!("00-{}-01", IDS.to_uppercase()), "lower-case"),
            (format!("00-{zeros}-{span}-01"), "not all zero"),
            (format!("00-{trace}-{}-01", &zeros[..16]), "not all zero"),
            (format!("00_{IDS}_01"), "32 digits"),
            (format!("00-{}é-{span}-01", &trace[..30]), "lower-case"),
            (format!("cc-{IDS}-01-{}", "x".repeat(BYTES_MAX)), "32 digits"),
        ] {
            let error = text.parse::<TraceParent>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
