//! From a record to the lines of the outputs that want it.

use std::sync::Arc;

use trine_ring::{
    Arg, clock,
    record::{FLAG_RELEASED, Record},
};

use super::journal::Recovery;
use crate::{
    callsite::{self, Callsite},
    clock::Timeline,
    encoder::Encoder,
    event::EventRef,
    lock,
    masks::Screen,
    metrics::{Meter, Timed},
    pipeline::{self, Config, Pipe},
    stage::Stages,
};

/// Most outputs. They are bits of a word, of which one says that the others are known.
pub(crate) const OUTPUTS_MAX: usize = 63;
const ADMITS_KNOWN: u64 = 1 << 63;

/// What is known of a record without reading it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hints<'a> {
    /// Where it says how long an operation took.
    pub(super) timed: Option<Timed>,
    /// What its values were written from: read in place of them, as each value's place depends on the one before it (18 ns of 112,
    /// inline `W1`).
    pub(super) args: Option<&'a [Arg<'a>]>,
}

/// Renders records for a list of outputs. Each thread that renders has its own.
#[derive(Debug)]
pub(crate) struct Renderer {
    version: u64,
    pub(super) config: Option<Arc<Config>>,
    /// By number, from one.
    sites: Vec<&'static Callsite>,
    /// By number: a bit per output that wants the callsite, and whether that is known.
    admits: Vec<u64>,
    encoders: Vec<Box<dyn Encoder>>,
    stages: Stages,
    screen: Screen,
    /// An event that a stage has changed.
    changed: Vec<u8>,
    /// Whose event is being rendered: should a stage or an encoder panic, this one is lost.
    rendering: Option<&'static Callsite>,
    pub(super) timeline: Timeline,
    pub(super) meter: Meter,
    /// The records are another process's.
    pub(super) recovery: Option<Box<Recovery>>,
}

impl Renderer {
    pub(crate) fn new() -> Renderer {
        let mut renderer = Renderer {
            version: u64::MAX,
            config: None,
            sites: Vec::new(),
            admits: Vec::new(),
            encoders: Vec::new(),
            stages: Stages::default(),
            screen: Screen::default(),
            changed: Vec::new(),
            rendering: None,
            timeline: Timeline::new(),
            meter: Meter::default(),
            recovery: None,
        };
        renderer.refresh(clock::ticks());
        renderer
    }

    /// Takes over a changed configuration, and reads the clock again when it is time, as of `ticks`.
    #[inline]
    pub(crate) fn refresh(&mut self, ticks: u64) {
        self.timeline.refresh(ticks);
        let version = pipeline::version();
        if self.version != version {
            self.version = version;
            self.config = pipeline::config();
            self.admits.clear();
            self.screen.forget();
            self.stages = self.config.as_ref().map_or_else(Stages::default, |config| config.stages.clone());
            self.encoders = self.pipes().iter().map(|pipe| lock(&pipe.encoder).fresh()).collect();
        }
    }

    /// Whose event a stage or an encoder panicked at, when one did.
    #[cold]
    pub(super) fn interrupted(&mut self) -> Option<&'static Callsite> {
        self.rendering.take()
    }

    pub(crate) fn pipes(&self) -> &[Pipe] {
        self.config.as_ref().map_or(&[], |config| &config.pipes)
    }

    /// The callsite of a record.
    #[inline]
    pub(super) fn site(&mut self, record: Record<'_>) -> Option<&'static Callsite> {
        if let Some(recovery) = &mut self.recovery {
            return recovery.site(record);
        }
        let index = (record.site() as usize).checked_sub(1)?;
        if index >= self.sites.len() {
            callsite::catch_up(&mut self.sites);
        }
        self.sites.get(index).copied()
    }

    /// A bit per output that wants the record.
    #[inline]
    pub(super) fn admits(&mut self, site: &Callsite, record: Record<'_>) -> u64 {
        if record.flags() & FLAG_RELEASED != 0 {
            return self.admits_released(site);
        }
        let id = site.id() as usize;
        match self.admits.get(id) {
            Some(bits) if bits & ADMITS_KNOWN != 0 => *bits,
            _ => self.decide(site, id),
        }
    }

    /// A bit per output that wants what a failed scope held.
    #[cold]
    fn admits_released(&self, site: &Callsite) -> u64 {
        let Some(config) = &self.config else { return 0 };
        let bit = |(index, pipe)| u64::from(config.admits_released(pipe, site)) << index;
        config.pipes.iter().enumerate().map(bit).sum()
    }

    #[cold]
    fn decide(&mut self, site: &Callsite, id: usize) -> u64 {
        let Some(config) = &self.config else { return 0 };
        let bit = |(index, pipe)| u64::from(config.admits(pipe, site)) << index;
        let bits = config.pipes.iter().enumerate().map(bit).fold(ADMITS_KNOWN, |bits, bit| bits | bit);
        if self.admits.len() <= id {
            self.admits.resize(id + 1, 0);
        }
        self.admits[id] = bits;
        bits
    }

    /// Appends the record's line to each output that wants it; `args` are what its values were written from, where that is known. False
    /// when a stage dropped the event.
    pub(crate) fn render(
        &mut self,
        site: &'static Callsite,
        record: Record<'_>,
        args: Option<&[Arg<'_>]>,
        lines: &mut [Vec<u8>],
    ) -> bool {
        let hints = Hints { timed: self.meter.timed(site), args };
        let admits = self.admits(site, record);
        self.render_to(admits, site, record, hints, lines)
    }

    /// Appends the record's line to the outputs whose bit is set, and adds the duration that it may have. False when a stage
    /// dropped the event.
    #[inline]
    pub(super) fn render_to(
        &mut self,
        outputs: u64,
        site: &'static Callsite,
        record: Record<'_>,
        hints: Hints<'_>,
        lines: &mut [Vec<u8>],
    ) -> bool {
        match &self.recovery {
            Some(recovery) if recovery.marks & outputs != 0 => {
                self.render_marked(recovery.marks, outputs, site, record, hints, lines)
            }
            _ => self.render_plain(outputs, site, record, hints, lines),
        }
    }

    /// As [`Renderer::render_to`], with a mark for some of the outputs.
    #[cold]
    fn render_marked(
        &mut self,
        marks: u64,
        outputs: u64,
        site: &'static Callsite,
        record: Record<'_>,
        hints: Hints<'_>,
        lines: &mut [Vec<u8>],
    ) -> bool {
        let bytes = self.recovery.as_mut().map(|recovery| recovery.mark(record)).unwrap_or_default();
        let marked = Record::new(&bytes).unwrap_or(record);
        let mut is_rendered = self.render_plain(outputs & marks, site, marked, hints, lines);
        if outputs & !marks & !ADMITS_KNOWN != 0 {
            is_rendered |= self.render_plain(outputs & !marks, site, record, Hints::default(), lines);
        }
        if let Some(recovery) = &mut self.recovery {
            recovery.keep(bytes);
        }
        is_rendered
    }

    #[inline]
    fn render_plain(
        &mut self,
        outputs: u64,
        site: &'static Callsite,
        record: Record<'_>,
        hints: Hints<'_>,
        lines: &mut [Vec<u8>],
    ) -> bool {
        self.rendering = Some(site);
        let mut event = EventRef { site, record, unix_ns: self.timeline.unix_ns(record.ticks()) };
        let Renderer { config, encoders, stages, screen, changed, .. } = self;
        if let Some(config) = config {
            let is_clean = if let Some(args) = hints.args {
                if let Some(timed) = hints.timed {
                    timed.add_of(record, args);
                }
                screen.are_clean(&config.masking, args)
            } else {
                let index = hints.timed.map_or(usize::MAX, |timed| timed.index);
                let (is_clean, duration) = screen.is_clean(&config.masking, record, index);
                if let Some(timed) = hints.timed {
                    timed.add(duration);
                }
                is_clean
            };
            // First of all: no stage sees what may not be shown.
            if !is_clean {
                event = screen.masked(&config.masking, event);
            }
        }
        let mut encode = |event: &EventRef<'_>| {
            for (index, (encoder, lines)) in encoders.iter_mut().zip(lines.iter_mut()).enumerate() {
                if outputs & 1 << index != 0 {
                    encoder.encode(event, lines);
                }
            }
        };
        if stages.is_empty() {
            encode(&event);
            return true;
        }
        stages.apply(event, changed, encode)
    }
}
