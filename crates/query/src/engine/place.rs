//! Where an event stands in the input.

use crate::scan::input::Order;

/// Sorted by it, events are in the order of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) block: Order,
    /// Which line of the block, or which row of a table.
    pub(super) line: u32,
    /// Which event of a batch, or item of a list.
    pub(super) child: u32,
}
