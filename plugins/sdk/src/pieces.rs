use crate::Step;
use formwork_abi as abi;

/// Keeps pieces of a step's work where a host has that ability: when the job is killed and done once more, the step finds
/// what it kept. Names are the step's own. Shared freely between the threads of a call.
#[derive(Clone, Copy)]
pub struct Pieces<'a> {
    step: &'a Step<'a>,
    table: &'a abi::Pieces,
}

// SAFETY: the table is read only, and the contract lets its functions be called from any thread.
unsafe impl Send for Pieces<'_> {}
// SAFETY: as above.
unsafe impl Sync for Pieces<'_> {}

impl<'a> Pieces<'a> {
    pub(crate) fn of(step: &'a Step<'a>) -> Option<Pieces<'a>> {
        // A host of 1.0 ends before this slot.
        let reaches = std::mem::offset_of!(abi::Host, extension) + size_of::<usize>();
        let ask = step.host.extension.filter(|_| step.host.size as usize >= reaches)?;
        let table = ask(step.host.context, abi::Text::new(abi::PIECES)).cast::<abi::Pieces>();
        // SAFETY: the contract says this name leads to null or to a table that lives as long as the call.
        let table = unsafe { table.as_ref() }.filter(|table| table.size as usize >= size_of::<abi::Pieces>());
        table.map(|table| Pieces { step, table })
    }

    /// Keeps some bytes, at most [`MOST_PIECE`](crate::MOST_PIECE). Returns whether they are kept; where they are not, the
    /// step goes on as if nobody had asked.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> bool {
        let (name, bytes) =
            (abi::Text::new(name), abi::Text { pointer: bytes.as_ptr(), length: bytes.len() });
        (self.table.keep)(self.step.host.context, name, bytes) == 0
    }

    /// Whether something was kept under a name.
    pub fn has(&self, name: &str) -> bool {
        (self.table.length)(self.step.host.context, abi::Text::new(name)) >= 0
    }

    /// What was kept under a name; `None` when there is nothing, or nothing that can be read.
    pub fn find(&self, name: &str) -> Option<Vec<u8>> {
        let (context, name) = (self.step.host.context, abi::Text::new(name));
        let length = u64::try_from((self.table.length)(context, name)).ok()?;
        let mut bytes = vec![0; usize::try_from(length).ok().filter(|_| length <= abi::MOST_PIECE)?];
        let mut read = 0;
        while let Some(rest) = bytes.get_mut(read..).filter(|rest| !rest.is_empty()) {
            let count = (self.table.read_at)(context, name, read as u64, rest.as_mut_ptr(), rest.len());
            read += usize::try_from(count).ok().filter(|count| (1..=rest.len()).contains(count))?;
        }
        Some(bytes)
    }
}
