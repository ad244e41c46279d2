//! What a thread keeps for operations: which one encloses what runs now, used buffers, a generator of ids.

use std::{
    cell::{Cell, RefCell},
    hash::{BuildHasher, RandomState},
};

use trine_ring::{Value, clock, record::FieldBuffer, value::arg};

use super::{OperationSite, Run, fields, id::OperationId};

/// Ended runs kept per thread, for those to come: as many as are usually open at once on one.
const RUNS_KEPT: usize = 16;
/// Runs with more memory than this are not kept: one huge operation should not hold it for the thread's life.
const RUN_BYTES_KEPT: usize = 4 << 10;
/// A new buffer has room for the fields of most operations.
pub(super) const BUFFER_BYTES: usize = 256;

struct Thread {
    frames: RefCell<Vec<Frame>>,
    /// That of the innermost frame, or zero: beside them, so that a start need not borrow.
    parent: Cell<u64>,
    serial_next: Cell<u64>,
    /// The run that ended last: the next one, most of the time.
    spare: Cell<Option<Box<Run>>>,
    #[expect(clippy::vec_box, reason = "an operation holds its run by this very box")]
    runs: RefCell<Vec<Box<Run>>>,
    /// State of the generator; zero before the first id.
    random: Cell<u64>,
}

/// One operation that encloses what runs now.
struct Frame {
    serial: u64,
    /// The id that operations inside have as their parent: its own, or that of the one around it when its start was not
    /// emitted. Zero when there is none.
    parent: u64,
    /// Fields recorded inside without the operation at hand; `None` when it is off.
    recorded: Option<FieldBuffer>,
}

thread_local! {
    static THREAD: Thread = const {
        Thread {
            frames: RefCell::new(Vec::new()),
            parent: Cell::new(0),
            serial_next: Cell::new(0),
            spare: Cell::new(None),
            runs: RefCell::new(Vec::new()),
            random: Cell::new(0),
        }
    };
}

/// What a new run gets from its thread.
pub(super) struct Opened {
    pub(super) id: u64,
    pub(super) parent: u64,
    pub(super) run: Box<Run>,
}

#[inline]
pub(super) fn open(site: &'static OperationSite) -> Opened {
    THREAD
        .try_with(|thread| Opened {
            id: thread.random_id(),
            parent: thread.parent.get(),
            run: thread.spare.take().unwrap_or_else(|| thread.another(site)),
        })
        // The thread is ending: as at its beginning.
        .unwrap_or_else(|_| Opened { id: seed(), parent: 0, run: Run::new(site) })
}

/// Keeps a run that has ended with nothing recorded, for the next one: only its values may have grown.
#[inline(always)]
pub(super) fn keep(run: Box<Run>) {
    if run.kept.capacity() <= RUN_BYTES_KEPT {
        let _ = THREAD.try_with(|thread| {
            if let Some(other) = thread.spare.replace(Some(run)) {
                thread.keep_another(other);
            }
        });
    }
}

/// As [`keep`], for a run that ended in any way.
pub(super) fn keep_bounded(mut run: Box<Run>) {
    if run.capacity() <= RUN_BYTES_KEPT {
        keep(run);
    }
}

/// The operation that encloses what runs now on this thread: what [`timed!`](crate::timed) takes as the parent.
///
/// Hand it on to make operations of another thread children of it:
///
/// ```
/// use trine::{operation, timed};
/// let captured = trine::testing::capture();
/// timed!("order_fulfill").run(|| {
///     let (parent, handle) = (operation::current(), captured.handle());
///     std::thread::spawn(move || {
///         let _attached = handle.attach();
///         timed!(parent: parent, "payment_charge").run(|| ());
///     }).join().unwrap();
/// });
/// let events = captured.events();
/// assert_eq!(events[1].get("parent"), events[0].get("operation_id"));
/// ```
pub fn current() -> Option<OperationId> {
    THREAD.try_with(|thread| thread.parent.get()).ok().and_then(OperationId::new)
}

/// Adds a field to the ending of the innermost operation that encloses what runs now on this thread, as
/// [`Operation::record`](super::Operation::record) does; nothing where there is none.
///
/// For what has no operation at hand: inside [`run`](super::Operation::run), a future in
/// [`run_async`](super::Operation::run_async), a function with `#[timed]`.
///
/// ```
/// use trine::{assert_event, operation, timed};
/// let captured = trine::testing::capture();
/// timed!("database_query", table = "users").run(|| operation::record("rows", 3));
/// assert_event!(captured, "database_query_completed", rows = 3, table = "users");
/// ```
pub fn record(key: &str, value: impl Value) {
    // The value may run code of the user's, which may record as well: nothing is borrowed meanwhile.
    let taken = THREAD.try_with(|thread| {
        let mut frames = thread.frames.borrow_mut();
        let frame = frames.last_mut()?;
        Some((frame.serial, std::mem::take(frame.recorded.as_mut()?)))
    });
    let Ok(Some((serial, mut recorded))) = taken else { return };
    fields::record(&mut recorded, key, &arg(&value));
    let _ = THREAD.try_with(|thread| {
        let mut frames = thread.frames.borrow_mut();
        if let Some(frame) = frames.iter_mut().rfind(|frame| frame.serial == serial)
            && let Some(meanwhile) = &mut frame.recorded
        {
            recorded.extend_missing(meanwhile);
            *meanwhile = recorded;
        }
    });
}

/// Begins to enclose what runs on this thread. `id` is `None` when nobody has seen the operation start.
pub(super) fn enter(id: Option<u64>, is_on: bool) -> Option<u64> {
    THREAD
        .try_with(|thread| {
            let serial = thread.serial_next.replace(thread.serial_next.get().wrapping_add(1));
            let mut frames = thread.frames.borrow_mut();
            let parent = id.unwrap_or(thread.parent.get());
            thread.parent.set(parent);
            frames.push(Frame { serial, parent, recorded: is_on.then(FieldBuffer::default) });
            serial
        })
        .ok()
}

/// Ends that, for whatever was entered later and not left as well. Returns what was recorded.
pub(super) fn leave(serial: u64) -> Option<FieldBuffer> {
    THREAD
        .try_with(|thread| {
            let mut frames = thread.frames.borrow_mut();
            let place = frames.iter().rposition(|frame| frame.serial == serial)?;
            frames.truncate(place + 1);
            let frame = frames.pop()?;
            thread.parent.set(frames.last().map_or(0, |frame| frame.parent));
            frame.recorded
        })
        .ok()
        .flatten()
}

impl Thread {
    /// A run besides the spare one, as where operations are nested.
    #[cold]
    #[inline(never)]
    fn another(&self, site: &'static OperationSite) -> Box<Run> {
        self.runs.borrow_mut().pop().unwrap_or_else(|| Run::new(site))
    }

    #[cold]
    #[inline(never)]
    fn keep_another(&self, run: Box<Run>) {
        let mut runs = self.runs.borrow_mut();
        // One less, for the spare one.
        if runs.len() < RUNS_KEPT - 1 {
            runs.push(run);
        }
    }

    /// Of xorshift64*, which never gives zero: 2^64 - 1 ids before one comes again.
    ///
    /// Source: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016.
    #[inline]
    fn random_id(&self) -> u64 {
        let mut x = self.random.get();
        if x == 0 {
            x = seed();
        }
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.random.set(x);
        x.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}

/// A number that no other thread, process or machine has drawn. The process and the time are in it because a fork copies the
/// keys of `RandomState`.
#[cold]
fn seed() -> u64 {
    RandomState::new().hash_one((std::process::id(), clock::ticks(), std::thread::current().id())) | 1
}

/// In the child of a fork: the thread's ids must not be those that the parent draws next.
pub(crate) fn renew_ids() {
    let _ = THREAD.try_with(|thread| thread.random.set(0));
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use trine_model::Level;
    use trine_ring::record::KeptValues;

    use super::*;
    use crate::operation::Names;

    static SITE: OperationSite = OperationSite::new(
        "test_run",
        "completed",
        Names {
            started: "test_run_started",
            succeeded: "test_run_completed",
            failed: "test_run_failed",
            slow: None,
        },
        Level::Info,
        ("here", "here.rs", 1),
        &["duration_ms", "operation_id", "parent"],
    );

    #[test]
    fn ids_of_many_threads_differ() {
        let threads: Vec<_> = (0..8)
            .map(|_| std::thread::spawn(|| (0..1_000).map(|_| open(&SITE).id).collect::<Vec<u64>>()))
            .collect();
        let ids: HashSet<u64> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(ids.len(), 8_000);
        assert!(!ids.contains(&0));
    }

    #[test]
    fn ids_after_a_fork_are_others() {
        let state = THREAD.with(|thread| {
            open(&SITE);
            thread.random.get()
        });
        let next = open(&SITE).id;
        THREAD.with(|thread| thread.random.set(state));
        renew_ids();
        assert_ne!(open(&SITE).id, next);
    }

    #[test]
    fn leaving_an_outer_one_leaves_those_inside_as_well() {
        let outer = enter(Some(1), true).unwrap();
        let inner = enter(Some(2), true).unwrap();
        assert_eq!(current(), OperationId::new(2));
        assert!(leave(outer).is_some());
        assert_eq!(current(), None);
        assert!(leave(inner).is_none());
    }

    #[test]
    fn one_whose_start_nobody_saw_is_nobodys_parent() {
        let outer = enter(Some(1), true).unwrap();
        let inner = enter(None, true).unwrap();
        assert_eq!(current(), OperationId::new(1));
        leave(inner);
        leave(outer);
    }

    #[test]
    fn ended_runs_are_kept_up_to_a_bound() {
        for _ in 0..2 * RUNS_KEPT {
            keep(Run::new(&SITE));
        }
        THREAD.with(|thread| {
            assert_eq!(thread.runs.borrow_mut().drain(..).count(), RUNS_KEPT - 1);
            assert!(thread.spare.take().is_some());
        });
        let mut huge = Run::new(&SITE);
        huge.ending.set("text", &trine_ring::Arg::Str(&"x".repeat(RUN_BYTES_KEPT)));
        keep_bounded(huge);
        let mut huge = Run::new(&SITE);
        huge.kept = KeptValues::new(Vec::with_capacity(RUN_BYTES_KEPT + 1));
        keep(huge);
        THREAD.with(|thread| assert!(thread.spare.take().is_none()));
    }
}
