//! One id for all that happens because of one request, across threads, processes and services.
//!
//! ```
//! use trine::{Correlation, assert_event, info};
//! let captured = trine::testing::capture();
//! let headers = [("X-Correlation-ID", "req-7f3a"), ("Accept", "*/*")];
//!
//! let correlation = Correlation::from_headers(headers);
//! let _scope = correlation.logger().enter();
//! info!("request_received", path = "/users");
//! assert_event!(captured, "request_received", correlation_id = "req-7f3a");
//! ```
//!
//! # What if the header is hostile?
//! It is not taken. An id is short and has letters, digits and `-_.:/+=` only: no quotes, no spaces, no line ends, nothing that a
//! terminal, a shell or a log viewer could take for more than text. What was refused is said by [`Correlation::refused`].

mod id;
mod traceparent;

use std::fmt;

pub use self::{
    id::{CorrelationId, correlation_id},
    traceparent::{ParseTraceParentError, SpanId, TraceId, TraceParent},
};
use crate::{Logger, ScopeGuard, bind, operation};

/// Longest id that is taken from a header. Bytes; a UUID has 36, an id of a cloud's load balancer some 60.
pub const HEADER_ID_BYTES_MAX: usize = 128;

/// Name of the header with the id that goes through all services.
pub const CORRELATION_HEADER: &str = "x-correlation-id";
/// Name of the header with the id of one request.
pub const REQUEST_HEADER: &str = "x-request-id";
/// Name of the header with the ids of W3C Trace Context.
pub const TRACEPARENT_HEADER: &str = "traceparent";

/// Headers in the order in which they are looked for.
const HEADERS: [&str; 3] = [CORRELATION_HEADER, REQUEST_HEADER, TRACEPARENT_HEADER];

/// What ties the events of one request together: an id, and those that came with the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correlation {
    id: Box<str>,
    is_new: bool,
    request_id: Option<Box<str>>,
    trace: Option<TraceParent>,
    /// Which of [`HEADERS`] were there and not taken.
    refused: [bool; HEADERS.len()],
}

impl Correlation {
    /// A new id, of a request that begins here.
    ///
    /// ```
    /// let correlation = trine::Correlation::new();
    /// assert!(correlation.is_new());
    /// assert_eq!(correlation.id().len(), 36);
    /// ```
    pub fn new() -> Correlation {
        Correlation {
            id: correlation_id().as_str().into(),
            is_new: true,
            request_id: None,
            trace: None,
            refused: [false; HEADERS.len()],
        }
    }

    /// The ids that came with a request.
    ///
    /// The correlation id is that of `X-Correlation-ID`, else of `X-Request-ID`, else the trace id of `traceparent`, else a new
    /// one. Names count in any case. Takes any list of names and values: a slice of pairs, a `&HashMap`, `&http::HeaderMap`.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use trine::Correlation;
    /// let headers = HashMap::from([
    ///     ("X-Request-ID", "req_123"),
    ///     ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    /// ]);
    /// let fields = Correlation::from_headers(&headers).logger().fields();
    /// let keys: Vec<_> = fields.iter().map(|field| &*field.key).collect();
    /// assert_eq!(keys, ["correlation_id", "request_id", "trace_id", "span_id"]);
    ///
    /// let hostile = Correlation::from_headers([("X-Correlation-ID", "x\",\"user_role\":\"admin")]);
    /// assert!(hostile.is_new());
    /// assert_eq!(hostile.refused().collect::<Vec<_>>(), ["x-correlation-id"]);
    /// ```
    ///
    /// Of a header that comes twice the first valid one counts, but two unlike `traceparent` are none, as its standard wants.
    pub fn from_headers<N, V>(headers: impl IntoIterator<Item = (N, V)>) -> Correlation
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let mut ids: [Option<Box<str>>; 2] = [None, None];
        let mut trace = Found::Nothing;
        let mut refused = [false; HEADERS.len()];
        for (name, value) in headers {
            let name = name.as_ref();
            let Some(which) = HEADERS.iter().position(|header| header.eq_ignore_ascii_case(name)) else {
                continue;
            };
            let value = value.as_ref().trim_ascii();
            let is_taken = match ids.get_mut(which) {
                Some(id) => match header_id(value) {
                    Some(text) => {
                        id.get_or_insert_with(|| text.into());
                        true
                    }
                    None => false,
                },
                None => trace.take(value),
            };
            refused[which] |= !is_taken;
        }
        let [id, request_id] = ids;
        let trace = trace.parent();
        let known = id
            .or_else(|| request_id.clone())
            .or_else(|| trace.map(|trace| trace.trace_id().to_string().into_boxed_str()));
        match known {
            Some(id) => Correlation { id, is_new: false, request_id, trace, refused },
            None => Correlation { request_id, trace, refused, ..Correlation::new() },
        }
    }

    /// The correlation id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// True when the id was made here: the request brought none that could be taken.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The id of `X-Request-ID`.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The ids of `traceparent`.
    pub fn trace(&self) -> Option<TraceParent> {
        self.trace
    }

    /// Names of the headers that were there and not taken: to warn, with a name of your own, about a peer that sends nonsense.
    pub fn refused(&self) -> impl Iterator<Item = &'static str> {
        let refused = self.refused;
        HEADERS.into_iter().zip(refused).filter_map(|(header, is_refused)| is_refused.then_some(header))
    }

    /// A logger with `correlation_id`, and with `request_id`, `trace_id` and `span_id` where the request brought them.
    ///
    /// `bind!(correlation.logger(), user_id)` adds fields, `.enter()` puts them on the thread, `future.in_scope(...)` on a
    /// future.
    pub fn logger(&self) -> Logger {
        let mut logger = bind!(correlation_id = &*self.id);
        if let Some(request_id) = self.request_id() {
            logger = bind!(logger, request_id);
        }
        match self.trace {
            Some(trace) => bind!(logger, trace_id = trace.trace_id(), span_id = trace.span_id()),
            None => logger,
        }
    }

    /// Puts the fields of [`Correlation::logger`] on the current thread until the guard drops, over those of a scope that is open
    /// there.
    ///
    /// ```
    /// use trine::{Correlation, assert_event, info};
    /// let captured = trine::testing::capture();
    /// let correlation = Correlation::new();
    /// let _scope = correlation.enter();
    /// info!("page_view");
    /// assert_event!(captured, "page_view", correlation_id = correlation.id());
    /// ```
    pub fn enter(&self) -> ScopeGuard {
        self.logger().enter()
    }

    /// Headers that hand the ids on to the next service.
    ///
    /// `traceparent` is among them when the request brought one; its span is the operation that encloses the call, so that what
    /// happens there has it as its parent.
    ///
    /// ```
    /// use trine::{Correlation, timed};
    /// # let _captured = trine::testing::capture();
    /// let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    /// let correlation = Correlation::from_headers([("x-request-id", "req_123"), ("traceparent", trace)]);
    /// timed!("payment_charge").run_with(|op| {
    ///     let headers: Vec<_> = correlation.headers().collect();
    ///     assert_eq!(headers[0], ("x-correlation-id", "req_123".to_owned()));
    ///     assert_eq!(headers[1], ("x-request-id", "req_123".to_owned()));
    ///     let span = op.id().expect("it is on");
    ///     assert_eq!(headers[2], ("traceparent", format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{span}-01")));
    /// });
    /// ```
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let request_id = self.request_id().map(|id| (REQUEST_HEADER, id.to_owned()));
        let trace = self.trace.map(|trace| match operation::current() {
            Some(operation) => trace.with_span(operation.into()),
            None => trace,
        });
        let trace = trace.map(|trace| (TRACEPARENT_HEADER, trace.to_string()));
        [Some((CORRELATION_HEADER, self.id.to_string())), request_id, trace].into_iter().flatten()
    }
}

/// A new id.
impl Default for Correlation {
    fn default() -> Correlation {
        Correlation::new()
    }
}

/// The id.
impl fmt::Display for Correlation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.id)
    }
}

/// What stood in headers called `traceparent`.
enum Found {
    Nothing,
    One(TraceParent),
    Unlike,
}

impl Found {
    /// False when the value is refused.
    fn take(&mut self, value: &[u8]) -> bool {
        let parent = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
        *self = match (&self, parent) {
            (Found::Nothing, Some(parent)) => Found::One(parent),
            (Found::One(known), Some(parent)) if *known == parent => Found::One(parent),
            (Found::Nothing, None) => return false,
            _ => Found::Unlike,
        };
        !matches!(self, Found::Unlike)
    }

    fn parent(self) -> Option<TraceParent> {
        match self {
            Found::One(parent) => Some(parent),
            Found::Nothing | Found::Unlike => None,
        }
    }
}

/// The value of a header as an id, if it may be one.
fn header_id(value: &[u8]) -> Option<&str> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
    let is_id = (1..=HEADER_ID_BYTES_MAX).contains(&value.len()) && value.iter().all(is_plain);
    if is_id { std::str::from_utf8(value).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use super::*;

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const OTHER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    fn refused(correlation: &Correlation) -> Vec<&'static str> {
        correlation.refused().collect()
    }

    #[test]
    fn the_most_lasting_id_is_the_correlation_id() {
        let all = [("TRACEPARENT", TRACE), ("x-request-ID", "req_1"), ("X-Correlation-Id", "corr_1")];
        assert_eq!(Correlation::from_headers(all).id(), "corr_1");
        assert_eq!(
            Correlation::from_headers(&all[..2].iter().copied().collect::<HashMap<_, _>>()).id(),
            "req_1"
        );
        let traced = Correlation::from_headers(all[..1].iter().copied());
        assert_eq!(traced.id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(!traced.is_new() && traced.request_id().is_none());
        assert!(Correlation::from_headers::<&str, &str>([]).is_new());
    }

    #[test]
    fn headers_may_be_of_many_types() {
        let map = BTreeMap::from([("x-request-id".to_owned(), b"req_1".to_vec())]);
        assert_eq!(Correlation::from_headers(&map).id(), "req_1");
        assert_eq!(Correlation::from_headers(map).id(), "req_1");
        assert_eq!(Correlation::from_headers([("x-request-id", &b"req_1"[..])]).id(), "req_1");
    }

    #[test]
    fn what_is_no_plain_short_id_is_refused() {
        let long = "a".repeat(HEADER_ID_BYTES_MAX + 1);
        for hostile in [
            "",
            " ",
            "a b",
            "a\nb",
            "a\r\nevent: x",
            "\"",
            "a\0",
            "\u{1b}[31m",
            "${jndi:ldap://x}",
            "<script>",
            "é",
            "a,b",
            &long,
        ] {
            let correlation = Correlation::from_headers([(CORRELATION_HEADER, hostile)]);
            assert!(correlation.is_new(), "{hostile:?}");
            assert_eq!(refused(&correlation), [CORRELATION_HEADER], "{hostile:?}");
        }
        let bytes = Correlation::from_headers([(CORRELATION_HEADER, [0xff, 0xfe])]);
        assert!(bytes.is_new());
        for good in ["1", &long[1..], "  padded\t", "Root=1-67891233-abcdef012345678912345678", "YWJj+/=="] {
            let correlation = Correlation::from_headers([(CORRELATION_HEADER, good)]);
            assert_eq!(correlation.id(), good.trim());
            assert_eq!(refused(&correlation), [""; 0]);
        }
    }

    #[test]
    fn of_headers_that_come_twice_the_first_good_one_counts() {
        let headers = [(REQUEST_HEADER, "a b"), (REQUEST_HEADER, "req_1"), (REQUEST_HEADER, "req_2")];
        let correlation = Correlation::from_headers(headers);
        assert_eq!((correlation.id(), refused(&correlation)), ("req_1", vec![REQUEST_HEADER]));
    }

    #[test]
    fn unlike_traceparents_are_none() {
        let traces = |values: &[&'static str]| {
            Correlation::from_headers(values.iter().map(|value| (TRACEPARENT_HEADER, *value)))
        };
        assert!(traces(&[TRACE, TRACE]).trace().is_some());
        for values in [&[TRACE, OTHER][..], &[TRACE, "nonsense"], &[TRACE, OTHER, TRACE]] {
            let correlation = traces(values);
            assert_eq!((correlation.trace(), refused(&correlation)), (None, vec![TRACEPARENT_HEADER]));
        }
        assert!(traces(&["nonsense", TRACE]).trace().is_some());
    }

    #[test]
    fn without_an_operation_the_trace_is_handed_on_as_it_came() {
        let headers: Vec<_> = Correlation::from_headers([("traceparent", TRACE)]).headers().collect();
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(headers, [(CORRELATION_HEADER, id.to_owned()), (TRACEPARENT_HEADER, TRACE.to_owned())]);
    }
}
