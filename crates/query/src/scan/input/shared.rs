//! A stream that one worker reads and others help to look at.
//!
//! Whoever opened it reads it to its end: a decoder that went from core to core with every block would find its window in the
//! other core's cache (one zstd frame took a third longer with two workers that took turns). Helpers, who have nothing else
//! to do, take blocks from a short queue; where it is full, the reader looks at its block itself.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Blocks that wait for each helper: one to go on with at once, so that it does not wait for the reader.
const QUEUED_PER_HELPER: usize = 2;
/// How soon a waiting helper sees that the scan was stopped.
const STOP_POLL: Duration = Duration::from_millis(20);

/// A block and its number.
pub(super) type Numbered = (Vec<u8>, u64);

#[derive(Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    helpers: usize,
    queue: VecDeque<Numbered>,
    /// Buffers that were looked at, to be filled again.
    spare: Vec<Vec<u8>>,
    is_ended: bool,
}

/// The reader's hold of a stream. Gone, the stream has ended, also when the reader panics: nobody waits for it.
pub(super) struct Reading<'a>(pub(super) &'a Shared);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.lock().is_ended = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    pub(super) fn is_open(&self) -> bool {
        !self.lock().is_ended
    }

    /// Gives a block to the helpers, and another buffer for it; false when it is the reader's own to look at.
    pub(super) fn hand_over(&self, buffer: &mut Vec<u8>, block: u64) -> bool {
        let mut state = self.lock();
        if state.queue.len() >= state.helpers * QUEUED_PER_HELPER {
            return false;
        }
        let spare = state.spare.pop().unwrap_or_default();
        state.queue.push_back((std::mem::replace(buffer, spare), block));
        self.changed.notify_one();
        true
    }

    /// A block that still waits.
    pub(super) fn take(&self) -> Option<Numbered> {
        self.lock().queue.pop_front()
    }

    /// Helps until the stream has ended and no block waits.
    pub(super) fn help(&self, goes_on: &dyn Fn() -> bool, look: &mut dyn FnMut(&Numbered)) {
        let mut state = self.lock();
        state.helpers += 1;
        while goes_on() {
            if let Some(numbered) = state.queue.pop_front() {
                drop(state);
                look(&numbered);
                state = self.lock();
                state.spare.push(numbered.0);
            } else if state.is_ended {
                break;
            } else {
                let waited = self.changed.wait_timeout(state, STOP_POLL);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        state.helpers -= 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Mutex, thread};

    use super::*;

    #[test]
    fn every_block_is_looked_at_once_by_the_reader_or_a_helper() {
        let shared = Shared::default();
        let seen = Mutex::new(Vec::new());
        let look = |(bytes, block): &Numbered| seen.lock().unwrap().push((bytes.clone(), *block));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| shared.help(&|| true, &mut |numbered| look(numbered)));
            }
            let reading = Reading(&shared);
            let mut buffer = Vec::new();
            for block in 0..2_000_u64 {
                buffer.clear();
                buffer.extend_from_slice(&block.to_be_bytes());
                if !shared.hand_over(&mut buffer, block) {
                    look(&(buffer.clone(), block));
                }
            }
            while let Some(numbered) = shared.take() {
                look(&numbered);
            }
            drop(reading);
        });
        let mut seen = seen.into_inner().unwrap();
        seen.sort();
        let expected: Vec<_> = (0..2_000_u64).map(|block| (block.to_be_bytes().to_vec(), block)).collect();
        assert_eq!(seen, expected);
        assert!(!shared.is_open());
    }

    #[test]
    fn nobody_waits_for_a_stream_whose_reader_is_gone_or_a_scan_that_was_stopped() {
        let shared = Shared::default();
        shared.help(&|| false, &mut |_| panic!("there is no block"));
        drop(Reading(&shared));
        shared.help(&|| true, &mut |_| panic!("there is no block"));
        assert!(!shared.hand_over(&mut vec![1], 0), "nobody helps");
    }
}
