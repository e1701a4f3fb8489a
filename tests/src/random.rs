//! Numbers that look random and are the same each time, and damage done with them.

/// Marsaglia's xorshift64.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A row of numbers of its own for each seed.
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() >> 16) as usize % end.max(1)
    }

    /// Puts things into another order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for end in (1..things.len()).rev() {
            things.swap(end, self.below(end + 1));
        }
    }

    /// A number from 0 up to 1.
    pub fn part(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Numbers that readers trip over: the ends of the ranges of sizes and counts.
const EXTREMES: &[u32] = &[0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF];

/// Damages a file in one to four ways, as transfer, failing disks and attackers do.
pub fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            return;
        }
        // Headers are hit more often than their share: that is where sizes and counts are.
        let reach = if random.below(2) == 0 { bytes.len().min(256) } else { bytes.len() };
        let at = random.below(reach);
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.number() as u8,
            2 => put(bytes, at, EXTREMES[random.below(EXTREMES.len())], random.below(2) == 0),
            3 => bytes.truncate(at),
            4 => {
                let end = bytes.len().min(at + 1 + random.below(64));
                bytes[at..end].iter_mut().for_each(|byte| *byte = random.number() as u8);
            }
            _ => {
                let end = bytes.len().min(at + 1 + random.below(1_024));
                let copy = bytes[at..end].to_vec();
                let place = random.below(bytes.len());
                bytes.splice(place..place, copy);
            }
        }
    }
}

fn put(bytes: &mut [u8], at: usize, value: u32, little: bool) {
    let value = if little { value.to_le_bytes() } else { value.to_be_bytes() };
    for (place, byte) in bytes[at..].iter_mut().zip(value) {
        *place = byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_each_time() {
        let damaged = |seed| {
            let mut bytes = vec![7; 1_000];
            damage(&mut bytes, &mut Random::new(seed));
            bytes
        };
        assert_eq!(damaged(1), damaged(1));
        assert_ne!(damaged(1), damaged(2));
    }
}
