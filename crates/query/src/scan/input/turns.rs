//! What comes of the blocks of a scan, given on in the order of the input, though blocks come in any.
//!
//! Work is handed out in the order of the input, so what is before the earliest work that is not done yet can be given on. Whoever is
//! ahead of it waits once [`WAITING_BYTES_MAX`] lie there; whoever does the earliest work never waits, so there is always somebody who
//! goes on.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::run::Order;

/// Bytes of results that wait for their turn, before those who are ahead wait as well. Enough for a hundred blocks, so that a block that
/// takes long stops nobody; what one worker adds to it comes on top.
pub const WAITING_BYTES_MAX: usize = 32 << 20;

/// A run of frames of a zstd file whose results wait until it is done: longer ones are read as a stream.
pub(super) const RUN_BYTES_MAX: u64 = 8 << 20;

/// How soon one that waits sees that the scan was stopped.
const STOP_POLL: Duration = Duration::from_millis(20);

/// Who hears of the work that is handed out.
pub(super) trait Watch: Sync {
    /// Work begins, on what stands in the input from there on.
    fn begin(&self, at: Order, is_stream: bool);

    /// It is done.
    fn end(&self, at: Order);

    /// A block had no lines.
    fn pass(&self, block: Order);
}

/// Holds the turn of some work, until it is dropped.
pub(super) struct Turn<'w> {
    watch: &'w dyn Watch,
    at: Order,
}

impl<'w> Turn<'w> {
    pub(super) fn new(watch: &'w dyn Watch, at: Order, is_stream: bool) -> Turn<'w> {
        watch.begin(at, is_stream);
        Turn { watch, at }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.watch.end(self.at);
    }
}

/// Results that wait, and to whom they are given.
pub(super) struct Turns<'s, T, G> {
    state: Mutex<State<T, G>>,
    changed: Condvar,
    stop: Option<&'s AtomicBool>,
}

struct State<T, G> {
    /// Work that is not done: how many are at it, and whether it is a stream.
    open: BTreeMap<Order, (usize, bool)>,
    /// Of a stream, the block that comes next.
    next: HashMap<u32, u64>,
    /// Results by their blocks, and how many bytes each has; `None` of a block without lines.
    waiting: BTreeMap<Order, (Option<T>, usize)>,
    bytes: usize,
    give: G,
}

impl<'s, T, G: FnMut(T)> Turns<'s, T, G> {
    pub(super) fn new(stop: Option<&'s AtomicBool>, give: G) -> Turns<'s, T, G> {
        let (open, next, waiting) = (BTreeMap::new(), HashMap::new(), BTreeMap::new());
        Turns {
            state: Mutex::new(State { open, next, waiting, bytes: 0, give }),
            changed: Condvar::new(),
            stop,
        }
    }

    /// Takes what came of a block, and gives on what is due. May wait until it is.
    pub(super) fn put(&self, block: Order, result: T, bytes: usize) {
        let mut state = self.lock();
        state.waiting.insert(block, (Some(result), bytes));
        state.bytes += bytes;
        state.give_on();
        self.changed.notify_all();
        let goes_on = || !self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed));
        while state.bytes > WAITING_BYTES_MAX && !state.is_first(block) && goes_on() {
            let waited = self.changed.wait_timeout(state, STOP_POLL);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T, G>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send, G: FnMut(T) + Send> Watch for Turns<'_, T, G> {
    fn begin(&self, at: Order, is_stream: bool) {
        self.lock().open.entry(at).or_insert((0, is_stream)).0 += 1;
    }

    fn end(&self, at: Order) {
        let mut state = self.lock();
        if let Some((workers, _)) = state.open.get_mut(&at) {
            *workers -= 1;
            if *workers == 0 {
                state.open.remove(&at);
            }
        }
        state.give_on();
        self.changed.notify_all();
    }

    fn pass(&self, block: Order) {
        let mut state = self.lock();
        state.waiting.insert(block, (None, 0));
        state.give_on();
    }
}

impl<T, G: FnMut(T)> State<T, G> {
    fn give_on(&mut self) {
        while let Some(first) = self.waiting.first_entry() {
            let block = *first.key();
            let next = self.next.get(&block.source).copied().unwrap_or_default();
            let is_due = self.open.first_key_value().is_none_or(|(open, (_, is_stream))| {
                block <= *open || *is_stream && block.source == open.source && block.block == next
            });
            if !is_due {
                return;
            }
            let (result, bytes) = first.remove();
            self.next.insert(block.source, block.block + 1);
            self.bytes -= bytes;
            if let Some(result) = result {
                (self.give)(result);
            }
        }
    }

    /// Whether a block is part of the earliest work. Of a run of frames, blocks come after the line in front of it.
    fn is_first(&self, block: Order) -> bool {
        self.open.first_key_value().is_none_or(|(open, (_, is_stream))| {
            block.source == open.source && (*is_stream || block.part <= open.part + 1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(source: u32, part: u64, block: u64) -> Order {
        Order { source, part, block }
    }

    /// What was given, and the turns that gave it.
    #[track_caller]
    fn check(steps: impl FnOnce(&dyn Fn(Order, &'static str), &dyn Watch), expected: &str) {
        let given = Mutex::new(Vec::new());
        let turns = Turns::new(None, |text: &'static str| given.lock().unwrap().push(text));
        steps(&|block, text| turns.put(block, text, text.len()), &turns);
        assert_eq!(given.lock().unwrap().join(" "), expected);
    }

    #[test]
    fn what_is_ahead_waits_for_what_is_not_done() {
        check(
            |put, watch| {
                watch.begin(at(0, 0, 0), false);
                watch.begin(at(0, 1, 0), false);
                put(at(0, 1, 0), "b");
                watch.end(at(0, 1, 0));
                watch.begin(at(1, 0, 0), false);
                put(at(1, 0, 0), "c");
                put(at(0, 0, 0), "a");
            },
            "a",
        );
        check(
            |put, watch| {
                watch.begin(at(0, 0, 0), false);
                watch.begin(at(0, 1, 0), false);
                put(at(0, 1, 0), "b");
                put(at(0, 0, 0), "a");
                watch.end(at(0, 0, 0));
            },
            "a b",
        );
    }

    #[test]
    fn a_stream_is_given_block_by_block() {
        check(
            |put, watch| {
                watch.begin(at(0, 0, 0), true);
                watch.begin(at(0, 0, 0), true);
                watch.begin(at(1, 0, 0), false);
                put(at(1, 0, 0), "d");
                put(at(0, 0, 2), "c");
                watch.pass(at(0, 0, 0));
                put(at(0, 0, 1), "b");
                watch.end(at(0, 0, 0));
                put(at(0, 0, 4), "never, as the third block is missing");
            },
            "b c",
        );
    }

    #[test]
    fn the_blocks_of_a_run_wait_for_the_line_in_front_of_it() {
        check(
            |put, watch| {
                watch.begin(at(0, 2, 0), false);
                put(at(0, 3, 0), "b");
                put(at(0, 3, 1), "c");
                put(at(0, 2, 0), "a");
                watch.end(at(0, 2, 0));
            },
            "a b c",
        );
    }

    #[test]
    fn whoever_does_the_earliest_work_does_not_wait() {
        let given = Mutex::new(0);
        let turns = Turns::new(None, |bytes: usize| *given.lock().unwrap() += bytes);
        let watch: &dyn Watch = &turns;
        watch.begin(at(0, 0, 0), false);
        for block in 0..3 {
            turns.put(at(0, 1, block), WAITING_BYTES_MAX, WAITING_BYTES_MAX);
        }
        assert_eq!(*given.lock().unwrap(), 0);
        watch.end(at(0, 0, 0));
        assert_eq!(*given.lock().unwrap(), 3 * WAITING_BYTES_MAX);
    }
}
