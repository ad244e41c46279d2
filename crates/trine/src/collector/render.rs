//! From a record to the lines of the outputs that want it.

use std::sync::Arc;

use trine_ring::{clock, record::Record};

use crate::{
    callsite::{self, Callsite},
    clock::Timeline,
    encoder::Encoder,
    event::EventRef,
    lock,
    metrics::Meter,
    pipeline::{self, Config, Pipe},
};

/// Most outputs. They are bits of a word, of which one says that the others are known.
pub(crate) const OUTPUTS_MAX: usize = 63;
const ADMITS_KNOWN: u64 = 1 << 63;

/// Renders records for a list of outputs. Each thread that renders has its own.
#[derive(Debug)]
pub(crate) struct Renderer {
    version: u64,
    config: Option<Arc<Config>>,
    /// By number, from one.
    sites: Vec<&'static Callsite>,
    /// By number: a bit per output that wants the callsite, and whether that is known.
    admits: Vec<u64>,
    encoders: Vec<Box<dyn Encoder>>,
    pub(super) timeline: Timeline,
    pub(super) meter: Meter,
}

impl Renderer {
    pub(crate) fn new() -> Renderer {
        let mut renderer = Renderer {
            version: u64::MAX,
            config: None,
            sites: Vec::new(),
            admits: Vec::new(),
            encoders: Vec::new(),
            timeline: Timeline::new(),
            meter: Meter::default(),
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
            self.encoders = self.pipes().iter().map(|pipe| lock(&pipe.encoder).fresh()).collect();
        }
    }

    pub(crate) fn pipes(&self) -> &[Pipe] {
        self.config.as_ref().map_or(&[], |config| &config.pipes)
    }

    /// The callsite with a number.
    #[inline]
    pub(super) fn site(&mut self, id: u32) -> Option<&'static Callsite> {
        let index = (id as usize).checked_sub(1)?;
        if index >= self.sites.len() {
            callsite::catch_up(&mut self.sites);
        }
        self.sites.get(index).copied()
    }

    /// A bit per output that wants the callsite.
    #[inline]
    pub(super) fn admits(&mut self, site: &Callsite) -> u64 {
        let id = site.id() as usize;
        match self.admits.get(id) {
            Some(bits) if bits & ADMITS_KNOWN != 0 => *bits,
            _ => self.decide(site, id),
        }
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

    /// Appends the record's line to each output that wants it.
    pub(crate) fn render(&mut self, site: &'static Callsite, record: Record<'_>, lines: &mut [Vec<u8>]) {
        self.meter.watch(site, record);
        let admits = self.admits(site);
        self.render_to(admits, site, record, lines);
    }

    /// Appends the record's line to the outputs whose bit is set.
    #[inline]
    pub(super) fn render_to(
        &mut self,
        outputs: u64,
        site: &'static Callsite,
        record: Record<'_>,
        lines: &mut [Vec<u8>],
    ) {
        let event = EventRef { site, record, unix_ns: self.timeline.unix_ns(record.ticks()) };
        for (index, (encoder, lines)) in self.encoders.iter_mut().zip(lines).enumerate() {
            if outputs & 1 << index != 0 {
                encoder.encode(&event, lines);
            }
        }
    }
}
