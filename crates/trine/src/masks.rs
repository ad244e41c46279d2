//! What is masked where: keys before the ring, values where lines are rendered.

use std::sync::Arc;
use trine_ring::{Arg, record::BlockBuilder};

#[derive(Debug, Default)]
pub(crate) struct Masks {}

pub(crate) fn current() -> Arc<Masks> {
    Arc::new(Masks {})
}

impl Masks {
    pub(crate) fn set(&self, builder: &mut BlockBuilder, key: &str, arg: &Arg<'_>) {
        builder.set(key, arg);
    }
}
