//! Operations: what begins and ends, and says so.
//!
//! [`timed!`](crate::timed) emits `database_query_started` and gives an [`Operation`], which emits `database_query_completed`
//! or `database_query_failed` when it ends, whatever way that is. `docs/operations.md` tells why it is as it is.

mod current;
mod fields;
mod future;
mod id;
mod judge;
mod macros;
mod outcome;
mod site;

use std::{
    any::{Any, type_name},
    error::Error,
    fmt::{self, Display},
    future::Future,
    marker::PhantomData,
    mem,
    panic::{self, AssertUnwindSafe},
    sync::Mutex,
    thread,
};

use trine_ring::{
    Arg, Value, caught,
    clock::ticks,
    record::{FieldBuffer, KeptValues, RunIds},
    value::arg,
};

use crate::{
    callsite::Callsite,
    clock::ms_between,
    emit,
    error::{Facts, Failure},
    lock,
    logger::Logger,
    panics,
};

use self::current::Opened;
pub(crate) use self::current::renew_ids;
#[doc(inline)]
pub use self::{
    current::{current, record},
    future::Timed,
    id::{OperationId, ParseOperationIdError},
    outcome::Outcome,
};
#[doc(hidden)]
pub use self::{
    future::Within,
    judge::{By, ByOutcome, Judge},
    outcome::{
        HasText, Probe, ProbeAny, ProbeOutcome, ProbeResult, ProbeResultCoded, ProbeResultError,
        ProbeResultHeld,
    },
    site::{Names, OperationSite, join, joined_len, text},
};

/// Reason of an ending that nobody asked for.
const CANCELLED: &str = "cancelled";
/// Reason of an ending while the stack unwinds.
const PANIC: &str = "panic";

/// One run of an operation, which has started and ends once. Made by [`timed!`](crate::timed).
///
/// Around a piece of work there is [`run`](Operation::run) and [`run_async`](Operation::run_async), which look at the result;
/// else keep the guard and end it with [`complete`](Operation::complete) or [`fail`](Operation::fail). Dropped without that,
/// by `?`, an early `return` or a future that is dropped, it ends as failed with the reason `cancelled`; while the stack
/// unwinds, with the reason `panic`. `mem::forget`, and a process that is killed, leave a start without an end; so does a
/// panic in a program that aborts on panics.
///
/// Events: `_started`, with the fields of the call; `_completed` (or the word that `success:` gives) or `_failed`, with
/// `duration_ms`, then `error` and `reason`, what was [`record`](Operation::record)ed, the fields of the call. All carry
/// `operation_id`, and `parent` when there is an enclosing operation.
/// Units: `duration_ms` is a float, milliseconds of a clock that never steps.
/// Cost: about two events; no allocation once a thread has warmed up. Off, a load and a branch per event it could emit.
///
/// A guard is `Send` and `Sync`, and encloses nothing by itself: it may move to another thread, and what would run inside it
/// then? [`enter`](Operation::enter) says it for a thread, [`run`](Operation::run) and `run_async` for a piece of work.
///
/// ```
/// use trine::{assert_event, timed};
/// # fn read() -> Result<Vec<u8>, std::io::Error> { Ok(vec![1, 2]) }
/// let captured = trine::testing::capture();
/// let op = timed!("file_read", path = "/etc/hosts");
/// match read() {
///     Ok(bytes) => {
///         op.record("bytes", bytes.len());
///         op.complete();
///     }
///     Err(error) => op.fail(&error),
/// }
/// assert_eq!(captured.names(), ["file_read_started", "file_read_completed"]);
/// assert_event!(captured, "file_read_completed", bytes = 2, path = "/etc/hosts");
/// ```
#[must_use = "an operation ends when it is dropped: `let op = timed!(...)`, or `timed!(...).run(|| ...)`"]
pub struct Operation(
    /// `None` when it is off, or has ended. Behind a pointer, so that a guard is moved by moving eight bytes; the box comes from
    /// its thread, which keeps those of runs that have ended.
    Option<Box<Run>>,
);

/// What is known of a run while it lasts.
#[derive(Debug)]
struct Run {
    site: &'static OperationSite,
    id: u64,
    started: u64,
    /// Somebody saw it start.
    is_seen: bool,
    /// It began while the stack was unwinding, so that this says nothing about its end.
    was_panicking: bool,
    /// Infinite without a limit.
    slow_ms: f64,
    /// The fields of the call, the ids, the logger's fields: copied, as a count of the logger's users would be waited for.
    kept: KeptValues,
    recorded: Mutex<FieldBuffer>,
    /// Where the fields of an ending are put together.
    ending: FieldBuffer,
}

impl Run {
    fn new(site: &'static OperationSite) -> Box<Run> {
        Box::new(Run {
            site,
            id: 0,
            started: 0,
            is_seen: false,
            was_panicking: false,
            slow_ms: f64::INFINITY,
            kept: KeptValues::new(Vec::with_capacity(current::BUFFER_BYTES)),
            recorded: Mutex::new(FieldBuffer::EMPTY),
            ending: FieldBuffer::EMPTY,
        })
    }

    /// Memory it holds.
    fn capacity(&mut self) -> usize {
        self.kept.capacity() + recorded(&mut self.recorded).capacity() + self.ending.capacity()
    }
}

fn recorded(place: &mut Mutex<FieldBuffer>) -> &mut FieldBuffer {
    place.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Operation {
    /// One that says nothing, as its events are all off.
    #[doc(hidden)]
    #[inline]
    pub const fn off() -> Operation {
        Operation(None)
    }

    /// Starts one. What `timed!` calls.
    #[doc(hidden)]
    pub fn start(
        site: &'static OperationSite,
        logger: Option<&Logger>,
        parent: Option<Option<OperationId>>,
        slow_ms: f64,
        args: &[Arg<'_>],
    ) -> Operation {
        let Opened { id, parent: enclosing, mut run } = current::open(site);
        let parent = parent.map_or(enclosing, |parent| parent.map_or(0, OperationId::number));
        let started = fields::start(&mut run.kept, site, logger, args, RunIds { id, parent });
        run.site = site;
        run.id = id;
        run.started = started.ticks;
        run.is_seen = started.is_seen;
        run.was_panicking = thread::panicking();
        run.slow_ms = slow_ms;
        Operation(Some(run))
    }

    /// Its id; `None` when all its events are off, and so nobody will ever see it.
    pub fn id(&self) -> Option<OperationId> {
        self.0.as_ref().and_then(|run| OperationId::new(run.id))
    }

    /// Adds a field to the ending. A key set again takes the new value; so does one of the fields of the call.
    ///
    /// The keys that the events have by themselves are kept with a `_` behind them: `event`, `timestamp`, `level`, `duration_ms`,
    /// `operation_id`, `parent`. Where the ending has an `error` or a `reason` of its own, that wins.
    pub fn record(&self, key: &str, value: impl Value) {
        let Some(run) = &self.0 else { return };
        // The value may run code of the user's, which may record as well: nothing is locked meanwhile.
        let mut recorded = mem::take(&mut *lock(&run.recorded));
        fields::record(&mut recorded, key, &arg(&value));
        let mut place = lock(&run.recorded);
        recorded.merge(&place);
        *place = recorded;
    }

    /// Ends it well.
    #[inline]
    pub fn complete(mut self) {
        end_well(self.0.take());
    }

    /// Ends it as failed; `error` is the error's `Display`. Of an error with a type there are also `error_type`, `error_message`
    /// and `error_fingerprint`: see `docs/errors.md`.
    #[inline]
    pub fn fail<E: Display + ?Sized>(self, error: &E) {
        self.fail_as(Failure::of(&error, error));
    }

    /// As [`fail`](Operation::fail), with what only an [`Error`] can be asked for: `error_chain`, the texts of its causes.
    #[inline]
    pub fn fail_with_cause<E: Error + ?Sized>(self, error: &E) {
        self.fail_as(Failure::error(&error));
    }

    #[inline(never)]
    fn fail_as(mut self, failure: Failure<'_>) {
        end_badly(self.0.take(), Some(failure), None);
    }

    /// Makes it the operation that encloses what runs on this thread until the guard drops: others that start there have it
    /// as their `parent`.
    ///
    /// A guard dropped before one that was made after it ends that one's enclosing too, as with scopes. Not across an `await`:
    /// the guard is not `Send`, and other tasks would run inside; use [`run_async`](Operation::run_async).
    ///
    /// ```
    /// use trine::timed;
    /// let captured = trine::testing::capture();
    /// let order = timed!("order_fulfill");
    /// {
    ///     let _entered = order.enter();
    ///     timed!("payment_charge").run(|| ());
    /// }
    /// order.complete();
    /// let events = captured.events();
    /// assert_eq!(events[1].get("parent"), events[0].get("operation_id"));
    /// ```
    pub fn enter(&self) -> Entered<'_> {
        let serial = current::enter(self.seen_id(), self.0.is_some());
        Entered { serial, operation: self, thread: PhantomData }
    }

    /// Runs `work` inside it, and ends it as the result says; passes the result on unchanged.
    ///
    /// A panic in `work` ends it as failed, with the reason `panic` and the panic's text as `error`, and goes on.
    ///
    /// ```
    /// use trine::{assert_event, timed};
    /// let captured = trine::testing::capture();
    /// let parsed = timed!("config_parse", file = "a.toml").run(|| "x".parse::<u8>());
    /// assert!(parsed.is_err());
    /// assert_event!(captured, "config_parse_failed", error = "invalid digit found in string", file = "a.toml");
    /// ```
    #[inline]
    pub fn run<T: Outcome>(self, work: impl FnOnce() -> T) -> T {
        self.run_with(|_| work())
    }

    /// As [`run`](Operation::run), for work that records fields.
    ///
    /// ```
    /// use trine::{assert_event, timed};
    /// let captured = trine::testing::capture();
    /// let rows = timed!("database_query", table = "users").run_with(|op| {
    ///     let rows = ["ada", "bob"];
    ///     op.record("rows", rows.len());
    ///     rows
    /// });
    /// assert_event!(captured, "database_query_completed", rows = 2, table = "users");
    /// # assert_eq!(rows.len(), 2);
    /// ```
    pub fn run_with<T: Outcome>(self, work: impl FnOnce(&Operation) -> T) -> T {
        let (operation, result) = self.run_unjudged(work);
        ByOutcome.end(operation, &result);
        result
    }

    /// As [`run`](Operation::run), for results that are no [`Outcome`], or mean something else here: `judge` says what went
    /// wrong, and `None` when it went well.
    ///
    /// ```
    /// use trine::{assert_event, timed};
    /// #[derive(Debug)]
    /// struct NoRoute(u8); // has no `Display`
    /// let captured = trine::testing::capture();
    /// let route = timed!("route_find").run_judged(
    ///     || Err::<(), NoRoute>(NoRoute(7)),
    ///     |route| route.as_ref().err().map(|error| format!("{error:?}")),
    /// );
    /// assert_event!(captured, "route_find_failed", error = "NoRoute(7)");
    /// # assert!(route.is_err());
    /// ```
    pub fn run_judged<T, D: Display>(
        self,
        work: impl FnOnce() -> T,
        judge: impl FnOnce(&T) -> Option<D>,
    ) -> T {
        let (operation, result) = self.run_unjudged(|_| work());
        By(judge).end(operation, &result);
        result
    }

    /// Makes `future` a future that runs inside it, wherever it is polled, and ends it as the result says.
    ///
    /// It has started already; the future that is dropped before it is done ends it as failed, with the reason `cancelled`.
    /// Inside, [`operation::record`](record()) adds fields.
    ///
    /// ```
    /// use trine::{assert_event, operation, timed};
    /// # fn block_on<T>(future: impl Future<Output = T>) -> T {
    /// #     let mut future = std::pin::pin!(future);
    /// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// #     loop { if let std::task::Poll::Ready(done) = future.as_mut().poll(&mut context) { return done; } }
    /// # }
    /// let captured = trine::testing::capture();
    /// let body = block_on(timed!("api_call", endpoint = "/users").run_async(async {
    ///     operation::record("status_code", 200);
    ///     Ok::<_, std::io::Error>("[]")
    /// }));
    /// assert_eq!(body.unwrap(), "[]");
    /// assert_event!(captured, "api_call_completed", status_code = 200, endpoint = "/users");
    /// ```
    pub fn run_async<F>(self, future: F) -> Timed<F, ByOutcome>
    where
        F: Future,
        F::Output: Outcome,
    {
        Timed::new(self, future, ByOutcome)
    }

    /// As [`run_async`](Operation::run_async), with a closure that says what went wrong, as for
    /// [`run_judged`](Operation::run_judged).
    pub fn run_async_judged<F, D, J>(self, future: F, judge: J) -> Timed<F, By<J>>
    where
        F: Future,
        D: Display,
        J: FnOnce(&F::Output) -> Option<D>,
    {
        Timed::new(self, future, By(judge))
    }

    /// Runs `work` inside it without ending it, unless `work` panics.
    #[doc(hidden)]
    pub fn run_unjudged<T>(self, work: impl FnOnce(&Operation) -> T) -> (Operation, T) {
        let entered = self.enter();
        let result = panic::catch_unwind(AssertUnwindSafe(|| work(&self)));
        drop(entered);
        match result {
            Ok(result) => (self, result),
            Err(panic) => {
                self.end_by_panic(&*panic);
                panic::resume_unwind(panic)
            }
        }
    }

    /// A future that runs inside it without ending it.
    #[doc(hidden)]
    pub fn run_async_unjudged<F: Future>(self, future: F) -> Within<F> {
        Within::new(self, future)
    }

    /// Ends it by what a judge found.
    #[doc(hidden)]
    #[inline]
    pub fn end_by(self, failure: Option<Failure<'_>>) {
        match failure {
            None => self.complete(),
            Some(failure) => self.fail_as(failure),
        }
    }

    /// Ends it by what a closure finds.
    #[doc(hidden)]
    pub fn end_judged<T, D: Display>(self, result: &T, judge: impl FnOnce(&T) -> Option<D>) {
        By(judge).end(self, result);
    }

    fn end_by_panic(mut self, panic: &(dyn Any + Send)) {
        let text = caught::message(panic);
        let failure = text.as_ref().map(|text| Failure::shown(text, type_name::<str>()));
        end_badly(self.0.take(), failure, Some(PANIC));
    }

    /// Its id, when somebody saw it start.
    fn seen_id(&self) -> Option<u64> {
        self.0.as_ref().filter(|run| run.is_seen).map(|run| run.id)
    }

    #[cold]
    fn end_by_drop(&mut self) {
        let Some(run) = &self.0 else { return };
        let is_panic = thread::panicking() && !run.was_panicking;
        let text = if is_panic { panics::message_since(run.started) } else { None };
        let failure = text.as_ref().map(|text| Failure::shown(text, type_name::<str>()));
        end_badly(self.0.take(), failure, Some(if is_panic { PANIC } else { CANCELLED }));
    }
}

/// Ends a run that went well.
#[inline(never)]
fn end_well(run: Option<Box<Run>>) {
    let Some(mut run) = run else { return };
    let site = run.site;
    let now = ticks();
    let duration_ms = ms_between(run.started, now);
    if !recorded(&mut run.recorded).is_empty() || duration_ms > run.slow_ms {
        return run.end_at_length(site, now, duration_ms, Ending::Success);
    }
    let [of_root, of_child] = &site.succeeded;
    let succeeded = if site.is_child(&run.kept) { of_child } else { of_root };
    if succeeded.is_on() {
        emit::push_end(now, succeeded, duration_ms, &run.kept);
    }
    current::keep(run);
}

/// Ends a run that went wrong.
#[inline(never)]
fn end_badly(run: Option<Box<Run>>, failure: Option<Failure<'_>>, reason: Option<&'static str>) {
    let Some(run) = run else { return };
    let site = run.site;
    let now = ticks();
    let duration_ms = ms_between(run.started, now);
    run.end_at_length(site, now, duration_ms, Ending::Failure { failure, reason });
}

impl Run {
    /// An ending with more to say than how long it took.
    #[inline(never)]
    fn end_at_length(
        mut self: Box<Run>,
        site: &'static OperationSite,
        now: u64,
        duration_ms: f64,
        ending: Ending<'_>,
    ) {
        let Run { kept, recorded: place, ending: fields, slow_ms, .. } = &mut *self;
        let recorded = recorded(place);
        let mut emit = |callsite: &'static Callsite, facts: Option<&Facts>, reason| {
            fields::ending(fields, facts, reason, recorded, site, kept);
            emit::push_at_length(now, callsite, kept.context(), fields.as_block(), duration_ms);
        };
        // Before the ending, which is the last that is heard of a run.
        if duration_ms > *slow_ms
            && let Some(slow) = &site.slow
            && slow.is_on()
        {
            emit(slow, None, None);
        }
        match ending {
            Ending::Success => {
                if site.succeeded_at_length.is_on() {
                    emit(&site.succeeded_at_length, None, None);
                }
            }
            Ending::Failure { failure, reason } => {
                if site.failed.is_on() {
                    emit(&site.failed, failure.map(|failure| Facts::of_ending(&failure)).as_ref(), reason);
                }
            }
        }
        recorded.clear();
        current::keep_bounded(self);
    }
}

impl Drop for Operation {
    #[inline]
    fn drop(&mut self) {
        if self.0.is_some() {
            self.end_by_drop();
        }
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.as_ref().map(|run| run.site.started[0].name());
        f.debug_struct("Operation").field("started", &name).field("id", &self.id()).finish_non_exhaustive()
    }
}

/// How an operation ends.
enum Ending<'a> {
    Success,
    Failure { failure: Option<Failure<'a>>, reason: Option<&'static str> },
}

/// Encloses what runs on a thread, until it is dropped. From [`Operation::enter`]; belongs to its thread: not `Send`.
#[derive(Debug)]
#[must_use = "it encloses until it is dropped: `let _entered = op.enter();`"]
pub struct Entered<'a> {
    /// `None` where the thread is ending.
    serial: Option<u64>,
    operation: &'a Operation,
    thread: PhantomData<*const ()>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let recorded = self.serial.and_then(current::leave);
        if let (Some(recorded), Some(run)) = (recorded, &self.operation.0)
            && !recorded.is_empty()
        {
            lock(&run.recorded).merge(&recorded);
        }
    }
}

/// What the option `parent:` takes.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an operation",
    label = "cannot be a parent",
    note = "the option `parent` takes an `Operation`, its `OperationId`, or an `Option` of that: `timed!(parent: op.id(), ...)`"
)]
pub trait IsParent {
    fn parent_id(&self) -> Option<OperationId>;
}

impl IsParent for OperationId {
    fn parent_id(&self) -> Option<OperationId> {
        Some(*self)
    }
}

impl IsParent for Option<OperationId> {
    fn parent_id(&self) -> Option<OperationId> {
        *self
    }
}

impl IsParent for Operation {
    fn parent_id(&self) -> Option<OperationId> {
        self.seen_id().and_then(OperationId::new)
    }
}

#[diagnostic::do_not_recommend]
impl<T: IsParent + ?Sized> IsParent for &T {
    fn parent_id(&self) -> Option<OperationId> {
        (**self).parent_id()
    }
}

/// The id that an expression stands for.
#[doc(hidden)]
pub fn parent(parent: &impl IsParent) -> Option<OperationId> {
    parent.parent_id()
}

/// `None`, of the type the macro needs: the enclosing operation is the parent.
#[doc(hidden)]
#[inline]
pub const fn no_parent() -> Option<Option<OperationId>> {
    None
}

/// What the option `slow_ms:` takes.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number of milliseconds",
    label = "not a number",
    note = "the option `slow_ms` takes a number: `timed!(slow_ms: 500, \"database_query\", ...)`"
)]
pub trait Milliseconds {
    fn milliseconds(self) -> f64;
}

macro_rules! milliseconds {
    ($($number:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Milliseconds for $number {
            #[inline]
            fn milliseconds(self) -> f64 {
                self as f64
            }
        }
    )*};
}

milliseconds!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64);

/// The limit that an expression stands for.
#[doc(hidden)]
#[inline]
pub fn milliseconds(limit: impl Milliseconds) -> f64 {
    limit.milliseconds()
}
