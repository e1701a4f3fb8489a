//! Decoding times of copied pictures: no later than the picture is shown, which muxers insist on.

use crate::Packet;
use formwork_sdk::Result;

/// Pictures are reordered within so many packets (H.264 and HEVC keep at most 16 pictures back).
const WINDOW: usize = 16;

/// Moves the decoding times of a track as far ahead as its first packets need.
#[derive(Default)]
pub(super) struct DecodeTimes {
    held: Vec<Packet>,
    ahead: Option<i64>,
    last: Option<i64>,
}

impl DecodeTimes {
    /// Takes a packet with both times and hands over those that are right.
    pub(super) fn take(
        &mut self,
        mut packet: Packet,
        each: &mut dyn FnMut(Packet) -> Result<()>,
    ) -> Result<()> {
        if let Some(ahead) = self.ahead {
            self.fit(&mut packet, ahead);
            return each(packet);
        }
        self.held.push(packet);
        if self.held.len() < WINDOW { Ok(()) } else { self.release(each) }
    }

    /// Hands over what was held back, and begins anew.
    pub(super) fn finish(&mut self, each: &mut dyn FnMut(Packet) -> Result<()>) -> Result<()> {
        self.release(each)?;
        *self = DecodeTimes::default();
        Ok(())
    }

    fn release(&mut self, each: &mut dyn FnMut(Packet) -> Result<()>) -> Result<()> {
        let late = |packet: &Packet| Some(packet.dts()?.saturating_sub(packet.pts()?));
        let ahead = self.held.iter().filter_map(late).max().unwrap_or(0).max(0);
        self.ahead = Some(ahead);
        for mut packet in std::mem::take(&mut self.held) {
            self.fit(&mut packet, ahead);
            each(packet)?;
        }
        Ok(())
    }

    fn fit(&mut self, packet: &mut Packet, ahead: i64) {
        let (Some(pts), Some(dts)) = (packet.pts(), packet.dts()) else { return };
        let mut dts = dts.saturating_sub(ahead);
        if dts > pts {
            // Damaged: as early as it still can be.
            dts = self.last.map_or(pts, |last| pts.max(last.saturating_add(1)));
        }
        self.last = Some(dts);
        packet.set_times(Some(pts.max(dts)), Some(dts), packet.duration());
    }
}
