//! Keeping what is rendered where another process finds it, and going on with what another process kept.

use std::{
    collections::{BinaryHeap, HashMap},
    path::Path,
    time::Instant,
};

use trine_ring::{
    Arg, Consumer,
    record::{Block, BlockBuilder, Record},
};

use super::{Collector, Draining, OutputState, REPLACE_WAIT, Renderer};
use crate::{
    black_box::{self, Journal, Outputs, Pending, Remains},
    callsite::Callsite,
    clock::Timeline,
    health,
    loss::LossReport,
};

/// The key that is added where an output may have had an event already.
const RECOVERED: &str = "recovered";

impl Collector {
    /// Keeps the rendered lines, and how far the rings are read. What is kept is written once, whatever becomes of the process.
    pub(super) fn keep(&mut self) {
        let Collector { journal: Some(journal), renderer: Some(renderer), rings, lines, .. } = self else {
            return;
        };
        journal.keep(lines, rings.iter().map(Consumer::position), renderer.timeline.anchor());
    }

    /// Begins a journal for the outputs as they are now, where there is a black box.
    pub(super) fn renew_journal(&mut self) {
        let Some(directory) = black_box::directory() else { return };
        let Collector { journal, generation, renderer: Some(renderer), rings, lines, .. } = self else {
            return;
        };
        let pending = |(index, lines): (usize, &Vec<u8>)| Pending {
            bytes: lines.clone(),
            is_mid_line: journal.as_ref().is_some_and(|journal| journal.is_mid_line(index)),
        };
        let pending: Vec<Pending> = lines.iter().enumerate().map(pending).collect();
        let tails: Vec<u64> = rings.iter().map(Consumer::position).collect();
        let outputs = renderer.outputs();
        if journal.as_mut().is_some_and(|journal| journal.goes_on_for(&outputs)) {
            return;
        }
        *generation += 1;
        let anchor = renderer.timeline.anchor();
        *journal = Journal::create(&directory, *generation, &outputs, (&pending, &tails), anchor)
            .inspect_err(|error| black_box::give_up_journal(error))
            .ok();
    }
}

/// Writes what dead processes of the service left, before anything of this one.
pub(crate) fn recover() {
    let Some(_draining) = Draining::until(Instant::now() + REPLACE_WAIT) else { return };
    for remains in black_box::take_remains() {
        let directory = remains.directory().to_owned();
        match write_remains(remains) {
            Ok((0, _)) => {}
            Ok((events, how)) => {
                health::report(format_args!("wrote {events} events that {how}"));
            }
            Err(why) => black_box::report_kept(&directory, &why),
        }
    }
}

/// Writes what one dead process left, with the pipeline as it is; with `to`, everything to that file.
pub(crate) fn recover_one(mut remains: Remains, to: Option<&Path>) -> Result<u64, String> {
    let Some(_draining) = Draining::until(Instant::now() + REPLACE_WAIT) else {
        return Err("the pipeline is busy".to_owned());
    };
    if to.is_some() {
        let output = Renderer::new().outputs().all.into_iter().next().unwrap_or_default();
        remains.waiting.iter_mut().for_each(|(identity, _)| identity.clone_from(&output.identity));
    }
    write_remains(remains).map(|(events, _)| events)
}

impl Renderer {
    /// The outputs, in words.
    fn outputs(&self) -> Outputs {
        self.config.as_deref().map(Outputs::of).unwrap_or_default()
    }
}

/// Writes what one process left; how many events, and whose they were.
///
/// Done with its own journal, so that dying here is dying there once more.
fn write_remains(mut remains: Remains) -> Result<(u64, String), String> {
    if remains.waiting.is_empty() && remains.rings.iter_mut().all(|ring| ring.backlog() == 0) {
        black_box::finish(remains);
        return Ok((0, String::new()));
    }
    let mut renderer = Renderer::new();
    let outputs = renderer.outputs();
    let mut lines = vec![Vec::new(); outputs.all.len()];
    for (identity, rest) in &remains.waiting {
        match outputs.all.iter().position(|output| output.identity == *identity) {
            Some(index) => lines[index].extend_from_slice(rest),
            None => black_box::append(identity, rest)?,
        }
    }
    renderer.timeline = Timeline::of(remains.anchor);
    let marks = renderer.pipes().iter().enumerate();
    let marks = marks.map(|(index, pipe)| u64::from(!pipe.sink.is_file()) << index).sum();
    renderer.recovery = Some(Box::new(Recovery::new(std::mem::take(&mut remains.sites), marks)));
    let pending: Vec<Pending> =
        lines.iter().map(|bytes| Pending { bytes: bytes.clone(), is_mid_line: false }).collect();
    let rings = std::mem::take(&mut remains.rings);
    let tails: Vec<u64> = rings.iter().map(Consumer::position).collect();
    let journal = Journal::create(
        remains.directory(),
        remains.generation,
        &outputs,
        (&pending, &tails),
        remains.anchor,
    )
    .map_err(|error| error.to_string())?;
    let count = |lines: &Vec<u8>| lines.iter().filter(|byte| **byte == b'\n').count() as u64;
    let rendered: u64 = lines.iter().map(count).max().unwrap_or(0);
    let mut collector = Collector {
        ring_times: vec![i64::MIN; rings.len()],
        rings,
        heads: BinaryHeap::new(),
        renderer: Some(renderer),
        outputs: lines
            .iter()
            .map(|lines| OutputState { events: count(lines), ..OutputState::default() })
            .collect(),
        lines,
        losses: LossReport::new(),
        ticked: None,
        hangups: 0,
        flushes_seen: 0,
        journal: Some(journal),
        generation: remains.generation,
    };
    let blocked = || Err("an output does not take its lines".to_owned());
    if !collector.commit() {
        return blocked();
    }
    // All of them: these rings do not grow, and their clock may be another boot's.
    let pass = collector.read(&mut BinaryHeap::new(), u64::MAX);
    if pass.is_blocked || collector.lines_waiting() > 0 {
        return blocked();
    }
    collector.flush_sinks();
    remains.damaged.extend(collector.damage());
    let how = black_box::how_it_ended(remains.directory());
    black_box::finish(remains);
    Ok((rendered + pass.records, how))
}

impl Collector {
    /// What could not be read of the rings, in words.
    fn damage(&self) -> Option<String> {
        let recovery = self.renderer.as_ref()?.recovery.as_ref()?;
        (recovery.damaged > 0).then(|| format!("{} damaged records", recovery.damaged))
    }
}

/// What is different when another process's records are rendered.
#[derive(Debug)]
pub(super) struct Recovery {
    sites: HashMap<u32, &'static Callsite>,
    /// A bit per output that gets the mark: it cannot be read, and so may have had the event.
    pub(super) marks: u64,
    mark: Block,
    /// A record with the mark.
    marked: Vec<u8>,
    /// Records that were damaged, or of no callsite.
    damaged: u64,
}

impl Recovery {
    fn new(sites: HashMap<u32, &'static Callsite>, marks: u64) -> Recovery {
        let mut mark = BlockBuilder::new();
        mark.set(RECOVERED, &Arg::Bool(true));
        Recovery { sites, marks, mark: mark.finish_once(), marked: Vec::new(), damaged: 0 }
    }

    /// The callsite of a record, unless one of them is damaged.
    pub(super) fn site(&mut self, record: Record<'_>) -> Option<&'static Callsite> {
        let site = self.sites.get(&record.site()).copied().filter(|_| record.is_whole());
        self.damaged += u64::from(site.is_none());
        site
    }

    /// The bytes of a record with the mark, to be given back with [`Recovery::keep`].
    pub(super) fn mark(&mut self, record: Record<'_>) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.marked);
        bytes.clear();
        bytes.extend_from_slice(record.as_bytes());
        bytes.extend_from_slice(self.mark.as_bytes());
        let length = bytes.len() as u32;
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        bytes
    }

    pub(super) fn keep(&mut self, bytes: Vec<u8>) {
        self.marked = bytes;
    }
}
