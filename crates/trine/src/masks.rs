//! What is masked where: keys before the ring, values where lines are rendered.

use std::sync::{Arc, LazyLock};

use trine_ring::{Arg, record::BlockBuilder};

#[derive(Debug, Default)]
pub(crate) struct Masks {}

static DEFAULTS: LazyLock<Arc<Masks>> = LazyLock::new(Arc::default);

impl Masks {
    /// What is masked where nothing is said.
    pub(crate) fn defaults() -> Arc<Masks> {
        Arc::clone(&DEFAULTS)
    }

    pub(crate) fn names(&self, _key: &str) -> bool {
        false
    }

    pub(crate) fn set(&self, builder: &mut BlockBuilder, key: &str, arg: &Arg<'_>) {
        builder.set(key, arg);
    }

    /// Hands the arguments to `emit`, those whose keys are named as their masks leave them.
    pub(crate) fn with_masked(&self, _keys: &[&str], args: &[Arg<'_>], emit: impl FnOnce(&[Arg<'_>])) {
        emit(args);
    }
}
