//! Sinks that misbehave on command.

use std::{
    io,
    sync::{Arc, Condvar, Mutex},
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
}

impl Valve {
    pub(crate) fn new(file: FileSink, flow: Flow) -> Valve {
        Valve { state: Arc::new((Mutex::new(flow), Condvar::new())), file: Arc::new(file) }
    }

    pub(crate) fn set(&self, flow: Flow) {
        *self.state.0.lock().unwrap() = flow;
        self.state.1.notify_all();
    }
}

impl Sink for Valve {
    fn write(&self, lines: &[u8]) -> Result<(), WriteError> {
        let (flow, changed) = &*self.state;
        let flow = *changed.wait_while(flow.lock().unwrap(), |flow| *flow == Flow::Stuck).unwrap();
        match flow {
            Flow::Broken => Err(WriteError { written: 0, source: io::Error::other("the valve is shut") }),
            _ => self.file.write(lines),
        }
    }

    fn describe(&self) -> String {
        "valve".into()
    }
}
