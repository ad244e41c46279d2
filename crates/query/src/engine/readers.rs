//! One reader for each format, made when the first line of it comes.

use std::sync::OnceLock;

use super::{
    event::{Reader, With},
    scope::EventScope,
};
use crate::scan::{
    foreign::{self, FORMATS, Format},
    input::{Block, Input},
};

/// Bytes of a source that are looked at to see what format it has.
const HEAD_BYTES: usize = 64 << 10;

/// Readers of all formats, and which format each source has.
#[derive(Debug)]
pub(super) struct Readers {
    readers: Vec<[OnceLock<Reader>; 4]>,
    sources: Vec<OnceLock<&'static Format>>,
}

impl Readers {
    /// For these sources; where they cannot be looked into twice, the first block that comes decides.
    pub(super) fn new(input: &Input) -> Readers {
        let sources = input.sources().iter().map(|source| {
            let known = OnceLock::new();
            let head = source.head(HEAD_BYTES);
            if !head.is_empty() {
                let _ = known.set(foreign::detect(&head).unwrap_or(&foreign::UNKNOWN));
            }
            known
        });
        Readers { sources: sources.collect(), ..Readers::without_sources() }
    }

    /// For events that bring their format along, and for one stream.
    pub(super) fn without_sources() -> Readers {
        let readers = (0..=FORMATS.len()).map(|_| Default::default()).collect();
        Readers { readers, sources: vec![OnceLock::new()] }
    }

    pub(super) fn format_of(&self, block: Block<'_>) -> &'static Format {
        let detect = || {
            let head = &block.bytes[..block.bytes.len().min(HEAD_BYTES)];
            foreign::detect(head).unwrap_or(&foreign::UNKNOWN)
        };
        match self.sources.get(block.order.source as usize) {
            Some(known) => known.get_or_init(detect),
            None => detect(),
        }
    }

    /// `with`: what the line may have.
    #[inline]
    pub(super) fn of(&self, format: &'static Format, with: With, scope: &EventScope) -> &Reader {
        let place = FORMATS.iter().position(|other| std::ptr::eq(other, format)).unwrap_or(FORMATS.len());
        let variant = usize::from(with.weight) + 2 * usize::from(with.own);
        self.readers[place][variant].get_or_init(|| Reader::new(format, &scope.slots, with))
    }
}
