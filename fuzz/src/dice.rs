//! Choices taken from the bytes of a fuzzer, so that a small change of them is a small change of the work.

use formwork_sdk::{OptionKind, OptionSpec, Value};

/// Bytes to choose with. Past their end every choice is the first.
pub(crate) struct Dice<'d>(&'d [u8]);

impl<'d> Dice<'d> {
    pub(crate) fn new(bytes: &'d [u8]) -> Dice<'d> {
        Dice(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or(0)
    }

    pub(crate) fn short(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    pub(crate) fn long(&mut self) -> u64 {
        (0..8).fold(0, |value, _| value << 8 | u64::from(self.byte()))
    }

    /// A number below `end`, which is at most 256.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end.max(1)
    }

    /// True once in `odds` times.
    pub(crate) fn once_in(&mut self, odds: usize) -> bool {
        self.below(odds) == odds - 1
    }

    /// The next bytes, as many as there are.
    pub(crate) fn bytes(&mut self, count: usize) -> &'d [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Everything that is left.
    pub(crate) fn rest(&mut self) -> &'d [u8] {
        std::mem::take(&mut self.0)
    }

    /// Values for some of these options, in the form in which they cross the plugin border.
    pub(crate) fn options(&mut self, specs: &[OptionSpec]) -> Vec<(String, Value)> {
        let mut chosen = Vec::new();
        for spec in specs {
            if self.once_in(2) {
                chosen.push((spec.name.clone(), self.value(&spec.kind)));
            }
        }
        chosen
    }

    fn value(&mut self, kind: &OptionKind) -> Value {
        match kind {
            OptionKind::Boolean => (self.byte() & 1 == 1).into(),
            OptionKind::Integer { min, max } => self.integer(*min, *max).into(),
            OptionKind::Number { min, max } => self.number(*min, *max).into(),
            OptionKind::Choice { words } => words.get(self.below(words.len())).cloned().into(),
            OptionKind::Quality => self.integer(1, 100).into(),
            OptionKind::Colour => {
                let colour = u32::from_be_bytes([self.byte(), self.byte(), self.byte(), self.byte()]);
                format!("#{colour:08x}").into()
            }
            OptionKind::Time => self.number(0.0, 100_000.0).into(),
            OptionKind::Bytes => i64::from(self.short()).into(),
            OptionKind::Pages => ["all", "1", "2", "1-2", "2-1", "3,1", "9"][self.below(7)].into(),
            OptionKind::Text | OptionKind::Secret => {
                let length = self.below(12);
                String::from_utf8_lossy(self.bytes(length)).into()
            }
        }
    }

    /// Mostly a small number, as the large ones only meet limits.
    fn integer(&mut self, min: i64, max: i64) -> i64 {
        match self.below(8) {
            0 => min,
            1 => max,
            2 => (min + i64::from(self.short())).min(max),
            _ => (min + i64::from(self.byte())).min(max),
        }
    }

    fn number(&mut self, min: f64, max: f64) -> f64 {
        min + (max - min) * f64::from(self.short()) / f64::from(u16::MAX)
    }
}

/// Some inputs that differ in every byte, always the same: starting points where no file is one.
pub(crate) fn noise(count: u32, length: usize) -> Vec<Vec<u8>> {
    let one = |number: u32| {
        // Marsaglia's xorshift.
        let mut state = number.wrapping_mul(0x9E37_79B9) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[1]
        };
        (0..length).map(|_| next()).collect()
    };
    (1..=count).map(one).collect()
}
