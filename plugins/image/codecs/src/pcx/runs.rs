//! Run lengths: a byte above 191 says how often the next one comes.

/// Both upper bits say that the rest is a count.
const COUNT: u8 = 0xC0;
/// The longest run.
const LONGEST: usize = 63;

/// Reads rows one after the other. Runs may go on over the end of a row.
pub(super) struct Runs<'b> {
    bytes: std::slice::Iter<'b, u8>,
    encoded: bool,
    left: u8,
    value: u8,
}

impl<'b> Runs<'b> {
    pub(super) fn new(bytes: &'b [u8], encoded: bool) -> Runs<'b> {
        Runs { bytes: bytes.iter(), encoded, left: 0, value: 0 }
    }

    /// Fills a row; `None` when the data ends before.
    pub(super) fn fill(&mut self, row: &mut [u8]) -> Option<()> {
        row.iter_mut().try_for_each(|byte| {
            *byte = self.next()?;
            Some(())
        })
    }

    fn next(&mut self) -> Option<u8> {
        while self.left == 0 {
            let byte = *self.bytes.next()?;
            (self.left, self.value) =
                if self.encoded && byte >= COUNT { (byte & !COUNT, *self.bytes.next()?) } else { (1, byte) };
        }
        self.left -= 1;
        Some(self.value)
    }
}

/// Appends one plane of one row.
pub(super) fn encode(row: &[u8], to: &mut Vec<u8>) {
    for run in row.chunk_by(|one, other| one == other) {
        for part in run.chunks(LONGEST) {
            let Some(value) = part.first() else { continue };
            if part.len() > 1 || *value >= COUNT {
                to.push(COUNT | part.len() as u8);
            }
            to.push(*value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let row: Vec<u8> = [&[7; 200][..], &[0xC0, 0xFF, 3, 3, 0xFF, 0xFF], &[1; 63]].concat();
        let mut packed = Vec::new();
        encode(&row, &mut packed);
        assert!(packed.len() < 24, "{}", packed.len());
        let mut back = vec![0; row.len()];
        let mut runs = Runs::new(&packed, true);
        assert_eq!(runs.fill(&mut back), Some(()));
        assert_eq!(back, row);
        assert_eq!(runs.fill(&mut [0]), None);
    }
}
