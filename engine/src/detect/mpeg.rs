//! MPEG streams for video: transport streams, program streams, DV.

use super::bytes::{be16, byte, has, slice};
use super::finding::Finding;
use super::reader::Reader;

/// The byte every transport packet starts with (ISO/IEC 13818-1, 2.4.3.2).
const SYNC: u8 = 0x47;
/// Packet sizes, and how the result is called: plain, with a time stamp (BDAV), with parity bytes.
const PACKETS: &[(usize, &str)] = &[(188, "ts"), (192, "m2ts"), (204, "ts")];
/// How many packets in a row must start with the sync byte, in files of more than a few packets.
const IN_A_ROW: usize = 5;

/// Tells whether a file is one of these streams.
pub(super) fn probe(reader: &Reader<'_>) -> Option<Finding> {
    let head = reader.head();
    program(head).or_else(|| digital_video(head)).or_else(|| transport(head))
}

/// A transport stream is a sync byte at every packet's start; the stream may begin inside a packet.
fn transport(head: &[u8]) -> Option<Finding> {
    let in_sync = |start: usize, size: usize| {
        let packets = head.get(start..).unwrap_or_default().chunks(size);
        let marked = packets.clone().take_while(|packet| packet.first() == Some(&SYNC)).count();
        let whole = packets.len() >= 3 && head.len().is_multiple_of(size);
        marked >= packets.len().min(2 * IN_A_ROW) && (marked >= IN_A_ROW || start <= 4 && whole)
    };
    let at_start = PACKETS.iter().find(|(size, _)| in_sync(if *size == 192 { 4 } else { 0 }, *size));
    let inside = || PACKETS.iter().find(|(size, _)| (1..*size).any(|start| in_sync(start, *size)));
    let (size, id) = at_start.or_else(inside)?;
    let evidence = format!("transport stream packets of {size} bytes");
    let found =
        if at_start.is_some() { Finding::certain(id, evidence) } else { Finding::likely(id, evidence) };
    Some(found.or_named(&["ts", "mts", "m2ts"]))
}

/// Program streams start with a pack, bare video with a sequence header (ISO/IEC 11172-1 and -2,
/// 13818-1 and -2). DVD packs go on with a system header that is followed by private stream 2.
fn program(head: &[u8]) -> Option<Finding> {
    match slice(head, 0, 4)? {
        b"\x00\x00\x01\xBA" if byte(head, 4)? & 0xC4 == 0x44 => {
            let stuffing = usize::from(byte(head, 13)? & 7);
            let id = if is_dvd(head, 14 + stuffing) { "vob" } else { "mpeg" };
            Some(Finding::certain(id, "MPEG-2 pack header").or_named(&["mpeg", "vob"]))
        }
        b"\x00\x00\x01\xBA" if byte(head, 4)? & 0xF0 == 0x20 => {
            Some(Finding::certain("mpeg", "MPEG-1 pack header").or_named(&["vob"]))
        }
        b"\x00\x00\x01\xBA" => Some(Finding::likely("mpeg", "MPEG pack start code").or_named(&["vob"])),
        // Width and height are 12 bits each and not zero.
        b"\x00\x00\x01\xB3" if be16(head, 4)? >> 4 > 0 && be16(head, 5)? & 0x0FFF > 0 => {
            Some(Finding::certain("mpeg", "MPEG video sequence header").or_named(&["vob"]))
        }
        _ => None,
    }
}

/// A navigation pack: system header (BB), then a packet of private stream 2 (BF) of 980 bytes.
fn is_dvd(head: &[u8], at: usize) -> bool {
    let next = has(head, at, b"\x00\x00\x01\xBB").then(|| be16(head, at + 4)).flatten();
    next.is_some_and(|length| has(head, at + 6 + usize::from(length), b"\x00\x00\x01\xBF\x03\xD4"))
}

/// DV: a header block (section 0), then subcode blocks (section 1), 80 bytes each (SMPTE 314M, 5).
fn digital_video(head: &[u8]) -> Option<Finding> {
    let block = |index: usize| byte(head, index * 80).map(|id| id >> 5);
    let fits = has(head, 1, b"\x07\x00")
        && byte(head, 0)? == 0x1F
        && block(1)? == 1
        && block(2)? == 1
        && block(3)? == 2;
    fits.then(|| Finding::certain("dv", "DV header and subcode blocks"))
}
