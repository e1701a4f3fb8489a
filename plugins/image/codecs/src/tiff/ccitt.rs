//! CCITT bilevel compression: T.4 in one and two dimensions, T.6, and TIFF's own variant without end of
//! line codes. The code tables are those of the `fax` crate.

use fax::BitReader;
use fax::maps::{Mode, black, mode, white};

/// Which of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Compression 2: one-dimensional, each row begins at a byte.
    Rows,
    /// Compression 3; two-dimensional when told so.
    Group3 {
        /// A bit after each end of line tells how the row is coded.
        two_dimensional: bool,
    },
    /// Compression 4.
    Group4,
}

/// Bits from the left of each byte; zeroes follow the end.
struct Bits<'b> {
    bytes: &'b [u8],
    place: usize,
}

impl BitReader for Bits<'_> {
    type Error = ();

    fn peek(&self, bits: u8) -> Option<u16> {
        let byte = self.place / 8;
        let window = (0..4).fold(0u32, |all, index| {
            all << 8 | u32::from(self.bytes.get(byte + index).copied().unwrap_or(0))
        });
        let shifted = window << (self.place % 8);
        Some((shifted >> (32 - u32::from(bits.clamp(1, 16)))) as u16)
    }

    fn consume(&mut self, bits: u8) -> Result<(), ()> {
        self.place += usize::from(bits);
        if self.place > self.bytes.len() * 8 + 16 { Err(()) } else { Ok(()) }
    }

    fn bits_to_byte_boundary(&self) -> u8 {
        ((8 - self.place % 8) % 8) as u8
    }
}

impl Bits<'_> {
    fn ended(&self) -> bool {
        self.place >= self.bytes.len() * 8
    }

    /// A run of one colour; `None` at a code that is none.
    fn run(&mut self, dark: bool) -> Option<usize> {
        let mut all = 0;
        loop {
            let part = if dark { black::decode(self) } else { white::decode(self) }?;
            all += usize::from(part);
            if part < 64 {
                return Some(all);
            }
        }
    }

    /// Skips an end of line code with the fill before it, if one is there.
    fn end_of_line(&mut self) -> bool {
        let start = self.place;
        while !self.ended() && self.peek(1) == Some(0) {
            self.place += 1;
        }
        let found = self.place - start >= 11 && self.peek(1) == Some(1);
        self.place = if found { self.place + 1 } else { start };
        found
    }

    /// Goes to the next end of line code, after damage.
    fn resynchronise(&mut self) {
        while !self.ended() {
            if self.peek(11) == Some(0) {
                return;
            }
            self.place += 1;
        }
    }
}

/// Decodes up to `height` rows into bytes whose set bits are black. Returns the rows that could be
/// decoded.
pub(super) fn decode(bytes: &[u8], width: usize, height: usize, scheme: Scheme) -> (Vec<u8>, usize) {
    let mut bits = Bits { bytes, place: 0 };
    let row_bytes = width.div_ceil(8);
    let mut packed = vec![0; row_bytes * height];
    let mut above: Vec<usize> = Vec::new();
    let mut done = 0;
    for row in packed.chunks_exact_mut(row_bytes.max(1)) {
        let Some(changes) = next_row(&mut bits, width, &above, scheme) else { break };
        paint(row, &changes, width);
        above = changes;
        done += 1;
    }
    (packed, done)
}

/// The places where the next row changes colour, beginning with white.
fn next_row(bits: &mut Bits<'_>, width: usize, above: &[usize], scheme: Scheme) -> Option<Vec<usize>> {
    match scheme {
        Scheme::Rows => {
            bits.place = bits.place.next_multiple_of(8);
            if bits.ended() { None } else { one_dimensional(bits, width) }
        }
        Scheme::Group4 => two_dimensional(bits, width, above),
        Scheme::Group3 { two_dimensional: mixed } => {
            let mut ends = 0;
            let mut single = true;
            while bits.end_of_line() {
                ends += 1;
                if mixed {
                    single = bits.peek(1) == Some(1);
                    bits.place += 1;
                }
            }
            // Several in a row mean the end of the page.
            if ends > 1 && bits.place > 64 || bits.ended() {
                return None;
            }
            let row = if single { one_dimensional(bits, width) } else { two_dimensional(bits, width, above) };
            if row.is_none() {
                // A damaged row repeats the one above, as fax machines do.
                bits.resynchronise();
                return if bits.ended() { None } else { Some(above.to_vec()) };
            }
            row
        }
    }
}

fn one_dimensional(bits: &mut Bits<'_>, width: usize) -> Option<Vec<usize>> {
    let (mut changes, mut at, mut dark) = (Vec::new(), 0, false);
    while at < width {
        at += bits.run(dark)?;
        changes.push(at.min(width));
        dark = !dark;
    }
    Some(changes)
}

fn two_dimensional(bits: &mut Bits<'_>, width: usize, above: &[usize]) -> Option<Vec<usize>> {
    let mut changes = Vec::new();
    // The imaginary place before the row.
    let (mut at, mut first, mut dark) = (0, true, false);
    while at < width {
        let (b1, b2) = reference(above, at, first, dark, width);
        match mode::decode(bits)? {
            Mode::Pass => at = b2,
            Mode::Horizontal => {
                let start = at + bits.run(dark)?;
                let end = start + bits.run(!dark)?;
                changes.extend([start.min(width), end.min(width)]);
                at = end;
            }
            Mode::Vertical(by) => {
                at = b1.checked_add_signed(by.into())?.min(width);
                changes.push(at);
                dark = !dark;
            }
            Mode::Extension | Mode::EOF => return None,
        }
        first = false;
    }
    Some(changes)
}

/// The first change above that lies right of `at` and goes to the other colour, and the one after it.
fn reference(above: &[usize], at: usize, first: bool, dark: bool, width: usize) -> (usize, usize) {
    // Changes to black stand at even places, changes to white at odd ones.
    let mut index = above.partition_point(|change| *change < at || *change == at && !first);
    if index % 2 != usize::from(dark) {
        index += 1;
    }
    let change = |index: usize| above.get(index).copied().unwrap_or(width);
    (change(index), change(index + 1))
}

fn paint(row: &mut [u8], changes: &[usize], width: usize) {
    for pair in changes.chunks(2) {
        let [from, rest @ ..] = pair else { continue };
        for x in *from..rest.first().copied().unwrap_or(width).min(width) {
            if let Some(byte) = row.get_mut(x / 8) {
                *byte |= 0x80 >> (x % 8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows of a made picture through the encoder of the `fax` crate.
    #[test]
    fn group_4_round_trip() {
        use fax::{Color, VecWriter, encoder::Encoder};
        let width = 37;
        let dark = |x: usize, y: usize| (x * x + y * 13) % 11 < 4;
        let mut encoder = Encoder::new(VecWriter::new());
        for y in 0..9 {
            let pels = (0..width).map(|x| if dark(x, y) { Color::Black } else { Color::White });
            let _ = encoder.encode_line(pels, width as u32);
        }
        let bytes = encoder.finish().unwrap().finish();
        let (packed, rows) = decode(&bytes, width, 9, Scheme::Group4);
        assert_eq!(rows, 9);
        for y in 0..9 {
            for x in 0..width {
                assert_eq!(packed[y * 5 + x / 8] & (0x80 >> (x % 8)) != 0, dark(x, y), "{x} {y}");
            }
        }
        for length in 0..bytes.len() {
            for scheme in [Scheme::Group4, Scheme::Rows, Scheme::Group3 { two_dimensional: true }] {
                let _ = decode(&bytes[..length], width, 9, scheme);
            }
        }
    }
}
