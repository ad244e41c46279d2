//! How long an event waits for room, where a sink takes nothing.

use std::time::Duration;

use super::STALL_MAX;

/// Most that one look counts for: a process that was stopped, or that waits for a processor, has not waited for its sink.
const LOOK_MAX: Duration = Duration::from_millis(10);

/// The wait of one event so far: since it began, or since its sinks last took something.
///
/// A pass over many full rings may take longer than [`STALL_MAX`] on a machine with too much to do, and whoever looks then sees a
/// write that was interrupted for longer than writes take. That is no stuck sink: others' events are being written.
#[derive(Debug, Default)]
pub(super) struct Wait {
    waited: Duration,
    written: u64,
}

impl Wait {
    /// Counts the pause before a look, which found so many bytes written by all sinks so far.
    pub(super) fn add(&mut self, pause: Duration, written: u64) {
        if self.written != written {
            *self = Wait { waited: Duration::ZERO, written };
        }
        self.waited += pause.min(LOOK_MAX);
    }

    /// True when it has lasted [`STALL_MAX`].
    pub(super) fn is_over(&self) -> bool {
        self.waited >= STALL_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks of which the last ends a wait.
    const LOOKS: u128 = STALL_MAX.as_nanos() / LOOK_MAX.as_nanos();

    #[test]
    fn a_stop_of_minutes_is_one_look() {
        let mut wait = Wait::default();
        wait.add(Duration::from_secs(150), 1);
        assert!(!wait.is_over());
        (1..LOOKS).for_each(|_| wait.add(LOOK_MAX, 1));
        assert!(wait.is_over());
    }

    #[test]
    fn a_sink_that_takes_something_is_waited_for_anew() {
        let mut wait = Wait::default();
        for written in 0..5 {
            (1..LOOKS).for_each(|_| wait.add(LOOK_MAX, written));
            assert!(!wait.is_over());
        }
        wait.add(LOOK_MAX, 4);
        assert!(wait.is_over());
    }
}
