//! Sinks that misbehave on command.

use std::{
    io,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use trine::{Sink, WriteError, sink::FileSink};

/// What a [`Valve`] does with lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Lets them through.
    Open,
    /// Refuses them.
    Broken,
    /// Keeps the writer waiting.
    Stuck,
}

/// A file behind a valve. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Valve {
    state: Arc<(Mutex<Flow>, Condvar)>,
    file: Arc<FileSink>,
    /// It behaves as its file in all else.
    is_file: bool,
    largest: Arc<AtomicUsize>,
}

impl Valve {
    pub(crate) fn new(file: FileSink, flow: Flow) -> Valve {
        Valve {
            state: Arc::new((Mutex::new(flow), Condvar::new())),
            file: Arc::new(file),
            is_file: false,
            largest: Arc::default(),
        }
    }

    /// One that is called as its file.
    pub(crate) fn as_file(file: FileSink, flow: Flow) -> Valve {
        Valve { is_file: true, ..Valve::new(file, flow) }
    }

    /// Bytes of the largest write.
    pub(crate) fn largest(&self) -> usize {
        self.largest.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, flow: Flow) {
        *self.state.0.lock().unwrap() = flow;
        self.state.1.notify_all();
    }
}

impl Sink for Valve {
    fn write(&self, lines: &[u8]) -> Result<(), WriteError> {
        self.largest.fetch_max(lines.len(), Ordering::Relaxed);
        let (flow, changed) = &*self.state;
        let flow = *changed.wait_while(flow.lock().unwrap(), |flow| *flow == Flow::Stuck).unwrap();
        match flow {
            Flow::Broken => Err(WriteError { written: 0, source: io::Error::other("the valve is shut") }),
            _ => self.file.write(lines),
        }
    }

    fn is_file(&self) -> bool {
        self.is_file
    }

    fn describe(&self) -> String {
        if self.is_file { self.file.describe() } else { "valve".into() }
    }
}
