//! The one thing this plugin has to know of AV1 itself: how large a frame its stream may have
//! (AV1 Bitstream & Decoding Process Specification, sections 5.3 to 5.5).
//!
//! libaom allocates frames of the size the stream says, whatever the container says; so the stream is
//! asked first.

/// `obu_type` of a sequence header.
const SEQUENCE_HEADER: u8 = 1;

/// Returns the greatest width and height any sequence header in a stream allows; 0 by 0 without one.
pub(crate) fn largest(stream: &[u8]) -> (u64, u64) {
    let (mut width, mut height) = (0, 0);
    let mut rest = stream;
    while let Some((kind, payload, after)) = unit(rest) {
        if kind == SEQUENCE_HEADER
            && let Some((w, h)) = frame_size(payload)
        {
            (width, height) = (u64::max(width, w), u64::max(height, h));
        }
        rest = after;
    }
    (width, height)
}

/// Splits the first unit off: its type, its payload, what follows.
fn unit(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first()?;
    let kind = head >> 3 & 0x0F;
    let rest = if head & 4 != 0 { rest.get(1..)? } else { rest };
    if head & 2 == 0 {
        return Some((kind, rest, &[]));
    }
    let (size, rest) = leb128(rest)?;
    // A unit cut short is still looked at: a decoder may do so too.
    let size = size.min(rest.len());
    Some((kind, rest.get(..size)?, rest.get(size..)?))
}

/// A number of up to eight bytes of seven bits, the lowest first.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().take(8).enumerate() {
        value |= u64::from(byte & 0x7F) << (index * 7);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).unwrap_or(usize::MAX), bytes.get(index + 1..)?));
        }
    }
    None
}

/// `max_frame_width_minus_1` and `max_frame_height_minus_1`, plus one.
fn frame_size(payload: &[u8]) -> Option<(u64, u64)> {
    let mut bits = Bits { bytes: payload, position: 0 };
    let _profile = bits.take(3)?;
    let _still = bits.take(1)?;
    if bits.flag()? {
        bits.take(5)?;
    } else {
        skip_operating_points(&mut bits)?;
    }
    let (width, height) = (bits.take(4)? + 1, bits.take(4)? + 1);
    Some((bits.take(width as u32)? + 1, bits.take(height as u32)? + 1))
}

/// Timing, decoder model and operating points.
fn skip_operating_points(bits: &mut Bits<'_>) -> Option<()> {
    let mut delay = None;
    if bits.flag()? {
        bits.take(32)?;
        bits.take(32)?;
        if bits.flag()? {
            skip_uvlc(bits)?;
        }
        if bits.flag()? {
            delay = Some(bits.take(5)? + 1);
            bits.take(32)?;
            bits.take(10)?;
        }
    }
    let display_delay = bits.flag()?;
    for _ in 0..=bits.take(5)? {
        bits.take(12)?;
        if bits.take(5)? > 7 {
            bits.take(1)?;
        }
        if let Some(delay) = delay
            && bits.flag()?
        {
            bits.take(delay as u32)?;
            bits.take(delay as u32)?;
            bits.take(1)?;
        }
        if display_delay && bits.flag()? {
            bits.take(4)?;
        }
    }
    Some(())
}

/// A number with as many bits as there were zeros before it.
fn skip_uvlc(bits: &mut Bits<'_>) -> Option<()> {
    let mut zeros = 0;
    while !bits.flag()? {
        zeros += 1;
    }
    if zeros < 32 {
        bits.take(zeros)?;
    }
    Some(())
}

/// Reads bits from the highest on.
struct Bits<'b> {
    bytes: &'b [u8],
    position: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<u64> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.position / 8)?;
            value = value << 1 | u64::from(byte >> (7 - self.position % 8) & 1);
            self.position += 1;
        }
        Some(value)
    }

    fn flag(&mut self) -> Option<bool> {
        self.take(1).map(|bit| bit == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reduced still picture header: profile 0, level 0, 16 bits each for 65,536 by 300.
    fn header() -> Vec<u8> {
        let mut text = String::from("000" /* profile */);
        text += "11" /* still, reduced */;
        text += "00000" /* level */;
        text += "11111111";
        text += &format!("{:016b}{:016b}", 65_535, 299);
        while text.len() % 8 != 0 {
            text.push('0');
        }
        text.as_bytes()
            .chunks(8)
            .map(|eight| eight.iter().fold(0, |byte, bit| byte << 1 | (bit - b'0')))
            .collect()
    }

    #[test]
    fn finds_the_size_behind_other_units() {
        let payload = header();
        let mut stream = vec![0x12, 0x00, 0x0A, payload.len() as u8];
        stream.extend(&payload);
        assert_eq!(largest(&stream), (65_536, 300));
        // Without a length, and with an extension byte.
        let mut stream = vec![0x0C, 0x00];
        stream.extend(&payload);
        assert_eq!(largest(&stream), (65_536, 300));
    }

    #[test]
    fn broken_streams_have_no_size() {
        for stream in
            [&[][..], &[0x0A], &[0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], &[0x0A, 3, 0, 0, 0]]
        {
            assert_eq!(largest(stream), (0, 0), "{stream:?}");
        }
    }
}
