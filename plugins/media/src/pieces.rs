//! Packets of sound that FFmpeg's decoder must get one frame at a time.

use crate::{Packet, Rational, Track, ff};
use formwork_sdk::Result;

/// How packets of MetaSound are cut into frames. Its decoder gives no sound for the first two packets, because the
/// first two frames have nothing before them; a packet of Windows Media has 35 frames, which is four seconds lost.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pieces {
    /// Bytes of a frame.
    bytes: usize,
    bit_rate: i64,
    /// Unit of the packets' times.
    time_base: Rational,
}

impl Pieces {
    /// How packets of a track are cut; `None` where its decoder takes them as they are.
    pub(crate) fn of(track: &Track) -> Option<Pieces> {
        let raw = track.parameters.raw();
        let bytes = usize::try_from(raw.block_align).ok().filter(|bytes| *bytes > 0)?;
        let is_cut = raw.codec_id == ff::AVCodecID::AV_CODEC_ID_METASOUND && raw.bit_rate > 0;
        is_cut.then_some(Pieces { bytes, bit_rate: raw.bit_rate, time_base: track.time_base })
    }

    /// The frames of a packet, each with its time.
    pub(crate) fn cut(&self, packet: &Packet) -> Result<Vec<Packet>> {
        let start = |index: usize| {
            // Frames have the same number of bytes, so that the bit rate says how long each is.
            let bits = (index * self.bytes) as f64 * 8.0;
            self.time_base.time(bits / self.bit_rate as f64)
        };
        let piece = |(index, bytes): (usize, &[u8])| {
            let mut piece = Packet::of(bytes)?;
            let at = |time: Option<i64>| time.map(|time| time.saturating_add(start(index)));
            piece.set_times(at(packet.pts()), at(packet.dts()), start(index + 1) - start(index));
            Ok(piece)
        };
        packet.data().chunks(self.bytes).enumerate().map(piece).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_a_packet_have_their_times() {
        let pieces = Pieces { bytes: 64, bit_rate: 8_000, time_base: Rational::new(1, 1000) };
        let mut packet = Packet::of(&[7; 64 * 3 + 5]).unwrap();
        packet.set_times(Some(192), None, 0);
        let cut = pieces.cut(&packet).unwrap();
        let seen: Vec<_> = cut.iter().map(|piece| (piece.size(), piece.pts(), piece.dts())).collect();
        let due = [(64, 192), (64, 256), (64, 320), (5, 384)];
        assert_eq!(seen, due.map(|(size, pts)| (size, Some(pts), None)));
    }
}
