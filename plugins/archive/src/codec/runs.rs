//! A deflate encoder for tar headers: fixed codes, and matches only for runs of one byte.
//!
//! A header is a few dozen characters and many zeros. This encoder needs no tables and no start-up, so it
//! takes about a microsecond where a full one takes twenty, for about the same size.

/// Bits written from the lowest up.
#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits {
    /// Appends a number, its lowest bit first.
    fn push(&mut self, value: u32, bits: u32) {
        self.held |= u64::from(value) << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.out.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// Appends a Huffman code, its highest bit first.
    fn code(&mut self, code: u32, bits: u32) {
        self.push(code.reverse_bits() >> (32 - bits), bits);
    }

    /// A symbol of the fixed literal and length code (RFC 1951, 3.2.6).
    fn symbol(&mut self, symbol: u32) {
        match symbol {
            0..=143 => self.code(0x30 + symbol, 8),
            144..=255 => self.code(0x190 + symbol - 144, 9),
            256..=279 => self.code(symbol - 256, 7),
            _ => self.code(0xC0 + symbol - 280, 8),
        }
    }

    /// Repeats the last byte 3 to 258 times.
    fn repeat(&mut self, length: u32) {
        if length == 258 {
            self.symbol(285);
        } else if length <= 10 {
            self.symbol(254 + length);
        } else {
            // From 11 on each four codes share a number of extra bits (RFC 1951, 3.2.5).
            let extra = (length - 3).ilog2() - 2;
            let group = (length - 3) >> extra;
            self.symbol(257 + 4 * extra + group);
            self.push((length - 3) & ((1 << extra) - 1), extra);
        }
        self.code(0, 5);
    }
}

/// Deflates bytes as one final block.
pub(crate) fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0b011, 3);
    for run in plain.chunk_by(|a, b| a == b) {
        let Some(byte) = run.first() else { continue };
        bits.symbol(u32::from(*byte));
        let mut left = run.len() - 1;
        while left >= 3 {
            let length = left.min(258);
            bits.repeat(length as u32);
            left -= length;
        }
        for _ in 0..left {
            bits.symbol(u32::from(*byte));
        }
    }
    bits.symbol(256);
    bits.push(0, 7);
    bits.out
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    #[test]
    fn every_run_length_comes_back() {
        for length in 0..1_100 {
            let mut plain = vec![b'a'; 3];
            plain.extend(std::iter::repeat_n(0, length));
            plain.extend(*b"\xFF\xFFb");
            let mut back = Vec::new();
            let deflated = super::deflate(&plain);
            flate2::read::DeflateDecoder::new(deflated.as_slice()).read_to_end(&mut back).unwrap();
            assert!(back == plain, "{length}");
        }
    }
}
