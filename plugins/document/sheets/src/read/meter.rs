//! What of a step's limits its cells have used up.

use crate::value::Value;
use formwork_sdk::{Result, Step};

/// Cells between two looks at whether to go on.
const TICK: u64 = 1024;
/// Bytes of memory that a cell takes while its sheet is in memory.
pub(crate) const CELL: u64 = 48;

/// Counts the cells of all sheets of a step: a part that many sheets name is counted as often as it is read.
pub(crate) struct Meter<'s> {
    step: &'s Step<'s>,
    /// Bytes of memory that one cell takes.
    each: u64,
    cells: u64,
    text: u64,
}

impl<'s> Meter<'s> {
    pub(crate) fn new(step: &'s Step<'s>, each: u64) -> Meter<'s> {
        Meter { step, each, cells: 0, text: 0 }
    }

    pub(crate) fn step(&self) -> &'s Step<'s> {
        self.step
    }

    /// Counts a cell.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`); `cancelled`; `timeout`.
    pub(crate) fn add(&mut self, value: &Value) -> Result<()> {
        self.cells += 1;
        self.text += value.weight();
        if self.cells.is_multiple_of(TICK) {
            self.step.tick(0, 0)?;
        }
        self.fits(0)
    }

    /// Sees that there is memory for so many bytes more.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub(crate) fn fits(&self, more: u64) -> Result<()> {
        let taken = self.cells.saturating_mul(self.each).saturating_add(self.text).saturating_add(more);
        self.step.within("memory", taken, self.step.limits().memory)
    }
}
