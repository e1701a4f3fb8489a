//! Packets as bytes, to be kept and read back by the same build of this plugin.

use crate::ff::AVPacketSideDataType::{self, *};
use crate::{Packet, ff};

/// Side data that muxers look at.
const WANTED: &[AVPacketSideDataType] = &[AV_PKT_DATA_NEW_EXTRADATA, AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL];

/// Packets as bytes, one behind the other, little-endian.
#[derive(Debug, Default)]
pub(crate) struct KeptPackets(Vec<u8>);

impl KeptPackets {
    /// Adds a packet with all that muxers look at.
    pub(crate) fn add(&mut self, packet: &Packet) {
        // SAFETY: the packet is alive.
        let raw = unsafe { &*packet.as_ptr() };
        for number in [raw.pts, raw.dts, raw.duration] {
            self.0.extend_from_slice(&number.to_le_bytes());
        }
        self.0.extend_from_slice(&raw.flags.to_le_bytes());
        self.bytes(packet.data());
        for kind in WANTED {
            let mut size = 0;
            // SAFETY: the packet is alive, and its side data has `size` bytes.
            let data = unsafe {
                let data = ff::av_packet_get_side_data(raw, *kind, &raw mut size);
                if data.is_null() { &[] } else { std::slice::from_raw_parts(data, size) }
            };
            self.bytes(data);
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.0.extend_from_slice(bytes);
    }

    /// How many bytes there are.
    pub(crate) fn length(&self) -> usize {
        self.0.len()
    }

    /// All of them, with a number that tells the last picture they were made of from others.
    pub(crate) fn finish(mut self, last_picture: u64) -> Vec<u8> {
        self.0.extend_from_slice(&last_picture.to_le_bytes());
        self.0
    }

    /// Reads both back; `None` when the bytes are not whole.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Vec<Packet>, u64)> {
        let (packets, last_picture) = bytes.split_last_chunk()?;
        let (mut rest, mut read) = (Rest(packets), Vec::new());
        while !rest.0.is_empty() {
            read.push(rest.packet()?);
        }
        Some((read, u64::from_le_bytes(*last_picture)))
    }
}

/// What is still to be read.
struct Rest<'r>(&'r [u8]);

impl<'r> Rest<'r> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn bytes(&mut self) -> Option<&'r [u8]> {
        let length = u32::from_le_bytes(self.take()?) as usize;
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn packet(&mut self) -> Option<Packet> {
        let [pts, dts, duration] = [self.take()?, self.take()?, self.take()?].map(i64::from_le_bytes);
        let flags = i32::from_le_bytes(self.take()?);
        let packet = Packet::of(self.bytes()?).ok()?;
        // SAFETY: the packet is ours.
        unsafe {
            let raw = &mut *packet.as_ptr();
            (raw.pts, raw.dts, raw.duration, raw.flags) = (pts, dts, duration, flags);
        }
        for kind in WANTED {
            let bytes = self.bytes()?;
            if !bytes.is_empty() {
                add_side_data(&packet, *kind, bytes)?;
            }
        }
        Some(packet)
    }
}

fn add_side_data(packet: &Packet, kind: AVPacketSideDataType, bytes: &[u8]) -> Option<()> {
    // SAFETY: the packet is ours; the new side data has room for the bytes.
    unsafe {
        let data = ff::av_packet_new_side_data(packet.as_ptr(), kind, bytes.len());
        if data.is_null() {
            return None;
        }
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), data, bytes.len());
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_back() {
        let mut packet = Packet::of(b"coded").unwrap();
        packet.set_times(Some(7), Some(-2), 5);
        packet.set_key();
        add_side_data(&packet, AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL, b"alpha").unwrap();
        let mut kept = KeptPackets::default();
        kept.add(&packet);
        kept.add(&Packet::of(b"").unwrap());
        let bytes = kept.finish(77);
        let (back, last_picture) = KeptPackets::read(&bytes).unwrap();
        assert_eq!(last_picture, 77);
        assert_eq!((back[0].data(), back[0].pts(), back[0].dts()), (&b"coded"[..], Some(7), Some(-2)));
        assert_eq!((back[0].duration(), back[0].is_key(), back[1].size()), (5, true, 0));
        let mut again = KeptPackets::default();
        back.iter().for_each(|packet| again.add(packet));
        assert!(KeptPackets::read(&bytes[..bytes.len() - 1]).is_none());
        assert_eq!(again.finish(77), bytes);
    }
}
