//! RIFF and its big-endian cousin IFF: a form name decides, for AVI also the video codec.

use super::bytes::{has, le32, slice};
use super::finding::Finding;
use super::reader::Reader;

/// Codec names in AVI that are called DivX: the MPEG-4 ones and the older MSMPEG4v3 ones.
const DIVX: &[&[u8]] = &[b"DIVX", b"DX50", b"DIV3", b"DIV4", b"DIV5", b"DIV6", b"DIVF"];
/// The most chunks of an AVI header that are looked at.
const CHUNKS: usize = 64;

/// Tells which use of RIFF or IFF a file is.
pub(super) fn probe(reader: &Reader<'_>) -> Option<Finding> {
    let head = reader.head();
    let form = slice(head, 8, 4)?;
    match (slice(head, 0, 4)?, form) {
        (b"RIFF" | b"RIFX" | b"RF64" | b"BW64" | b"FFIR", b"WAVE") => {
            Some(Finding::certain("wav", "RIFF form WAVE"))
        }
        (b"RIFF", b"WEBP") => Some(Finding::certain("webp", "RIFF form WEBP")),
        (b"RIFF", b"AVI " | b"AVIX" | b"AVI\x19" | b"AMV ") => Some(avi(head)),
        (b"RIFF", b"RMID") => Some(Finding::certain("mid", "RIFF form RMID")),
        (b"FORM", b"AIFF" | b"AIFC") => Some(Finding::certain("aiff", "IFF form AIFF")),
        _ => None,
    }
}

fn avi(head: &[u8]) -> Finding {
    let codec = video_codec(head).map(|codec| codec.to_ascii_uppercase());
    let word = codec.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    match codec.as_deref() {
        Some(b"XVID" | b"XVIX") => {
            Finding::certain("xvid", format!("RIFF form AVI, video codec {word}")).or_named(&["avi", "divx"])
        }
        Some(codec) if DIVX.contains(&codec) => {
            Finding::certain("divx", format!("RIFF form AVI, video codec {word}")).or_named(&["avi", "xvid"])
        }
        // MPEG-4 by another name: what the file is called decides.
        Some(b"FMP4" | b"MP4V" | b"M4S2" | b"MP4S") => {
            Finding::certain("avi", format!("RIFF form AVI, video codec {word}")).or_named(&["divx", "xvid"])
        }
        _ => Finding::certain("avi", "RIFF form AVI"),
    }
}

/// Finds the first video stream's header (`strh` of type `vids`) and returns the codec of its format
/// (`strf`, a BITMAPINFOHEADER) or, where that says nothing, of its handler.
fn video_codec(head: &[u8]) -> Option<&[u8]> {
    let mut at = 12;
    let mut handler = None;
    for _ in 0..CHUNKS {
        let (id, size) = (slice(head, at, 4)?, usize::try_from(le32(head, at + 4)?).ok()?);
        match id {
            // A list is entered: its type, then chunks.
            b"LIST" => {
                at += 12;
                continue;
            }
            b"strh" => handler = has(head, at + 8, b"vids").then(|| slice(head, at + 12, 4)).flatten(),
            b"strf" if handler.is_some() => {
                let codec = slice(head, at + 24, 4)?;
                let named = codec.iter().all(u8::is_ascii_alphanumeric);
                return if named { Some(codec) } else { handler };
            }
            b"movi" => return None,
            _ => {}
        }
        at = at.checked_add(8)?.checked_add(size)?.checked_add(size & 1)?;
    }
    None
}
