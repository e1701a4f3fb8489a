//! Archives and compressed streams.

use std::io::Write;

use super::{found, id, named, padded, patched};

/// A tar header for an empty file, with its checksum.
fn tar(magic: &[u8]) -> Vec<u8> {
    let mut header = patched(1024, &[(0, b"a.txt"), (100, b"0000644\0"), (148, b"        "), (257, magic)]);
    let sum: u32 = header.iter().take(512).map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

fn gzip(flags: u8, extra: &[u8], content: &[u8]) -> Vec<u8> {
    let packed = miniz_oxide::deflate::compress_to_vec(content, 6);
    [&[0x1F, 0x8B, 8, flags, 0, 0, 0, 0, 0, 3], extra, &packed, &[0; 8]].concat()
}

#[test]
fn tar_is_proved_by_its_checksum() {
    assert_eq!(id(&tar(b"ustar\x0000")), Some("tar"));
    assert_eq!(id(&tar(b"")), Some("tar"));
    let mut damaged = tar(b"ustar\x0000");
    damaged[10] ^= 1;
    assert_eq!(id(&damaged), Some("tar"));
    let mut v7 = tar(b"");
    v7[10] ^= 1;
    assert_eq!(id(&v7), None);
    assert_eq!(named(&[0; 1024], "empty.tar"), (Some("tar"), None));
}

#[test]
fn gzip_is_opened() {
    assert_eq!(id(&gzip(0, b"", b"words")), Some("gz"));
    assert_eq!(id(&gzip(0, b"", &tar(b"ustar"))), Some("tgz"));
    assert_eq!(id(&gzip(0x1C, b"\x02\0xxname\0comment\0", &tar(b"ustar"))), Some("tgz"));
    assert_eq!(id(&gzip(0x08, b"a.svg\0", b"<?xml version='1.0'?>\n<svg/>")), Some("svgz"));
    assert_eq!(named(&gzip(0, b"", b"words"), "a.tar.gz"), (Some("gz"), Some("tgz")));
    assert_eq!(named(&gzip(0, b"", &tar(b"ustar")), "a.gz"), (Some("tgz"), None));
    assert_eq!(named(&gzip(0, b"", &[0; 1024]), "a.tgz"), (Some("tgz"), None));
    // A name without its end, and a stream that is cut off.
    assert_eq!(id(b"\x1F\x8B\x08\x08\0\0\0\0\0\x03name"), Some("gz"));
    assert_eq!(id(b"\x1F\x8B\x08"), Some("gz"));
}

#[test]
fn bzip2_is_opened() {
    let pack = |content: &[u8]| {
        let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
        writer.write_all(content).unwrap();
        writer.finish().unwrap()
    };
    assert_eq!(id(&pack(b"words")), Some("bz2"));
    assert_eq!(id(&pack(&tar(b"ustar"))), Some("tbz2"));
    assert_eq!(id(&pack(b"")), Some("bz2"));
    assert_eq!(id(b"BZhang is a name.\n"), Some("txt"));
}

/// An xz stream with one uncompressed LZMA2 chunk; the dictionary is stated as 4 GiB less one byte.
fn xz(content: &[u8]) -> Vec<u8> {
    let size = u16::try_from(content.len() - 1).unwrap().to_be_bytes();
    [
        b"\xFD7zXZ\0\0\x04\xE6\xD6\xB4\x46".as_slice(),
        b"\x02\0\x21\x01\x28\0\0\0\0\0\0\0",
        &[1],
        &size,
        content,
        &[0],
    ]
    .concat()
}

#[test]
fn xz_is_opened_without_its_dictionary() {
    assert_eq!(id(&xz(b"words")), Some("xz"));
    assert_eq!(id(&xz(&tar(b"ustar"))), Some("txz"));
    assert_eq!(id(b"\xFD7zXZ\0"), Some("xz"));
}

/// A Zstandard frame with one raw block; the window is stated as 3.75 TiB.
fn zstd(content: &[u8]) -> Vec<u8> {
    let header = (u32::try_from(content.len()).unwrap() << 3 | 1).to_le_bytes();
    [b"\x28\xB5\x2F\xFD\0\xFF".as_slice(), &header[..3], content].concat()
}

/// An LZ4 frame with one block: literals, then a match that repeats zero bytes.
fn lz4(content: &[u8]) -> Vec<u8> {
    let more = content.len() - 15;
    let mut block = vec![0xF0];
    block.extend(vec![255; more / 255]);
    block.push(u8::try_from(more % 255).unwrap());
    block.extend(content);
    let size = u32::try_from(block.len()).unwrap().to_le_bytes();
    [b"\x04\x22\x4D\x18\x40\x70\xDF".as_slice(), &size, &block].concat()
}

#[test]
fn zstd_and_lz4_are_opened() {
    assert_eq!(id(&zstd(b"words")), Some("zst"));
    assert_eq!(id(&zstd(&tar(b"ustar"))), Some("tzst"));
    assert_eq!(id(&lz4(b"words enough for a block")), Some("lz4"));
    assert_eq!(id(&lz4(&tar(b"ustar"))), Some("tlz4"));
    let skippable = b"\x50\x2A\x4D\x18\x04\0\0\0abcd";
    assert_eq!(id(&[skippable.as_slice(), &zstd(&tar(b"ustar"))].concat()), Some("tzst"));
    assert_eq!(id(&[skippable.as_slice(), &lz4(b"words enough for a block")].concat()), Some("lz4"));
    assert_eq!(id(b"\x28\xB5\x2F\xFD"), Some("zst"));
    assert_eq!(id(b"\x04\x22\x4D\x18"), Some("lz4"));
}

#[test]
fn other_archives() {
    assert_eq!(id(&padded(b"\x5D\0\0\x80\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\x3A", 40)), Some("lzma"));
    assert_eq!(id(&padded(b"\x20\x55-lh5-\x10\0\0\0\x10\0\0\0\0\0\0\0\x20\x01", 60)), Some("lzh"));
    assert_eq!(id(&padded(b"\x60\xEA\x28\0\x1E\x06\x01\0\x10\0\x02", 60)), Some("arj"));
    assert_eq!(id(b"!<arch>\ndebian-binary   "), Some("deb"));
    assert_eq!(id(b"!<arch>\nmain.o/         "), Some("ar"));
    assert_eq!(id(&padded(b"MSCF\0\0\0\0\x10", 60)), Some("cab"));
    assert_eq!(id(&b"070701".repeat(20)), Some("cpio"));
    assert_eq!(id(&patched(64, &[(0, b"\xC7\x71"), (20, b"\x06\0"), (26, b"a.txt\0")])), Some("cpio"));
    assert_eq!(id(b"\x1F\x9D\x90abc"), Some("z"));
    assert_eq!(id(&patched(40_000, &[(0x8001, b"CD001")])), Some("iso"));
}

#[test]
fn encryption_of_archives_is_seen() {
    assert!(!found(&padded(b"7z\xBC\xAF\x27\x1C\0\x04", 32)).encrypted);
    let sealed = patched(60, &[(0, b"7z\xBC\xAF\x27\x1C\0\x04"), (20, b"\x10"), (40, b"\x06\xF1\x07\x01")]);
    assert!(found(&sealed).encrypted);
    let rar4 =
        |flags: &[u8]| [b"Rar!\x1A\x07\0".as_slice(), b"\0\0\x73", flags, b"\x0D\0\0\0\0\0\0\0"].concat();
    assert!(!found(&rar4(b"\0\0")).encrypted);
    assert!(found(&rar4(b"\x80\0")).encrypted);
    let rar5 = |kind: u8| [b"Rar!\x1A\x07\x01\0".as_slice(), b"\0\0\0\0\x03", &[kind, 0, 0, 0, 0]].concat();
    assert!(found(&rar5(4)).encrypted);
    assert!(!found(&rar5(2)).encrypted);
}
