//! Pictures and camera raw.

use super::{Confidence, found, id, named, padded, patched};

fn png(chunks: &[&[u8; 4]]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1A\n".to_vec();
    for kind in chunks {
        bytes.extend([&8_u32.to_be_bytes(), kind.as_slice(), &[0; 12]].concat());
    }
    bytes
}

#[test]
fn png_is_animated_by_a_chunk_before_its_pixels() {
    assert_eq!(id(&png(&[b"IHDR", b"IDAT", b"IEND"])), Some("png"));
    assert_eq!(id(&png(&[b"IHDR", b"acTL", b"fcTL", b"IDAT"])), Some("apng"));
    assert_eq!(id(&png(&[b"IHDR", b"IDAT", b"acTL"])), Some("png"));
    assert_eq!(named(&png(&[b"IHDR", b"acTL", b"IDAT"]), "a.png"), (Some("apng"), None));
    assert_eq!(id(&png(&[])), Some("png"));
}

#[test]
fn short_signatures_need_more() {
    let bmp = patched(64, &[(0, b"BM"), (10, b"\x36\0\0\0\x28\0\0\0")]);
    assert_eq!(id(&bmp), Some("bmp"));
    assert_eq!(id(b"BMW builds cars, and motorcycles too.\n"), Some("txt"));
    let icon = patched(64, &[(2, b"\x01\0\x01\0\x10\x10"), (14, b"\x28\0\0\0\x16\0\0\0")]);
    assert_eq!(id(&icon), Some("ico"));
    assert_eq!(id(&patched(64, &[(2, b"\x02\0\x01\0"), (14, b"\x28\0\0\0\x16\0\0\0")])), Some("cur"));
    assert_eq!(id(&padded(b"qoif\0\0\0\x10\0\0\0\x10\x04\0", 40)), Some("qoi"));
    assert_eq!(id(&padded(b"DDS \x7C\0\0\0\x07\x10\0\0", 140)), Some("dds"));
    assert_eq!(id(&padded(b"\xFF\x0A\xFA\x1F\x01\x90\x08\x10\x10\x09\x08\x08", 40)), Some("jxl"));
    assert_eq!(id(&padded(b"\0\0\0\x0CJXL \r\n\x87\n", 40)), Some("jxl"));
    assert_eq!(id(&padded(b"\0\0\0\x0CjP  \r\n\x87\n\0\0\0\x14ftypjp2 ", 40)), Some("jp2"));
    assert_eq!(id(&padded(b"\xFF\x4F\xFF\x51\0\x2F", 40)), Some("jp2"));
}

#[test]
fn headers_without_signature_must_add_up() {
    assert_eq!(id(b"P6\n# made\n4 4\n255\n................................................"), Some("pnm"));
    assert_eq!(id(b"P1 2 2 0 1 1 0\n"), Some("pnm"));
    assert_eq!(id(b"Pf\n2 2\n-1.0\n\0\0\0\0"), Some("pnm"));
    assert_eq!(id(b"P7\nWIDTH 2\nHEIGHT 2\nDEPTH 1\nMAXVAL 255\nENDHDR\n....\0"), Some("pnm"));
    assert_eq!(id(b"P6 is the name of a car\n"), Some("txt"));
    let pcx = patched(200, &[(0, b"\x0A\x05\x01\x08\0\0\0\0\x0F\0\x0F\0"), (65, b"\x01\x10\0")]);
    assert_eq!(id(&pcx), Some("pcx"));
    assert_eq!(id(&patched(600, &[(0, b"\x01\xDA\x01\x01\0\x03\0\x10\0\x10\0\x03")])), Some("sgi"));
    assert_eq!(id(&patched(100, &[(0, b"\x01\0\0\0"), (40, b" EMF")])), Some("emf"));
}

#[test]
fn targa_is_believed_by_footer_by_name_or_when_strict() {
    let header = b"\0\0\x02\0\0\0\0\0\0\0\0\0\x04\0\x04\0\x18\x20";
    let exact = padded(header, 18 + 4 * 4 * 3);
    assert_eq!((id(&exact), found(&exact).confidence), (Some("tga"), Confidence::Guess));
    assert_eq!(id(&padded(header, 30)), None);
    assert_eq!(named(&padded(header, 30), "a.tga"), (Some("tga"), None));
    let signed = [padded(header, 100).as_slice(), b"\0\0\0\0\0\0\0\0TRUEVISION-XFILE.\0"].concat();
    assert_eq!((id(&signed), found(&signed).confidence), (Some("tga"), Confidence::Certain));
}

/// A little-endian TIFF with one directory of SHORT or LONG entries, and the maker's name behind.
fn tiff(entries: &[(u16, u32)], make: &[u8]) -> Vec<u8> {
    let count = u16::try_from(entries.len() + 1).unwrap();
    let text_at = 8 + 2 + 12 * u32::from(count) + 4;
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend(count.to_le_bytes());
    for (tag, value) in entries {
        bytes.extend([&tag.to_le_bytes()[..], &[4, 0, 1, 0, 0, 0], &value.to_le_bytes()].concat());
    }
    let length = u32::try_from(make.len()).unwrap();
    bytes.extend(
        [&271_u16.to_le_bytes()[..], &[2, 0], &length.to_le_bytes(), &text_at.to_le_bytes()].concat(),
    );
    bytes.extend([&[0; 4], make].concat());
    bytes
}

#[test]
fn raw_is_told_from_tiff_by_its_samples_and_maker() {
    assert_eq!(id(&tiff(&[(262, 2)], b"NIKON CORPORATION\0")), Some("tiff"));
    assert_eq!(id(&tiff(&[(262, 32803)], b"NIKON CORPORATION\0")), Some("nef"));
    assert_eq!(id(&tiff(&[(259, 32767)], b"SONY\0\0\0\0")), Some("arw"));
    assert_eq!(id(&tiff(&[(262, 32803)], b"EASTMAN KODAK COMPANY\0")), Some("kdc"));
    assert_eq!(id(&tiff(&[(262, 32803)], b"PENTAX Corporation\0")), Some("pef"));
    assert_eq!(id(&tiff(&[(262, 32803)], b"Nobody in particular\0")), Some("raw"));
    assert_eq!(id(&tiff(&[(50706, 0x0401)], b"SONY\0\0\0\0")), Some("dng"));
    assert_eq!(id(b"II*\0\x10\0\0\0CR\x02\0\0\0\0\0"), Some("cr2"));
    assert_eq!(named(&tiff(&[], b"NIKON CORPORATION\0"), "cut.nef"), (Some("nef"), None));
    assert_eq!(named(&tiff(&[], b"Canon\0\0\0\0\0\0\0\0"), "a.nef"), (Some("tiff"), Some("nef")));
    // The only directory lies in a sub-directory that points to itself.
    assert_eq!(id(&tiff(&[(330, 8)], b"SONY\0\0\0\0")), Some("tiff"));
    // BigTIFF: offsets of 8 bytes.
    let big = patched(64, &[(0, b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x12\xC6\x01\0\x04")]);
    assert_eq!(id(&big), Some("dng"));
}
