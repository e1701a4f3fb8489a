//! Files made to break a reader: every answer is allowed, but it must come, and soon.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::super::{Source, detect};
use super::{atom, patched};

/// A source that says how much was read.
struct Metered<'a>(&'a [u8], Cell<usize>);

impl Source for Metered<'_> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read_at(offset, buffer)?;
        self.1.set(self.1.get() + count);
        Ok(count)
    }

    fn length(&self) -> Option<u64> {
        self.0.length()
    }
}

fn survives(bytes: &[u8]) {
    let started = Instant::now();
    for name in [None, Some("a.mp3"), Some("a.tar"), Some("a.md")] {
        let source = Metered(bytes, Cell::new(0));
        detect(&source, name).unwrap();
        assert!(source.1.get() <= 1 << 20, "{} bytes read", source.1.get());
    }
    assert!(started.elapsed() < Duration::from_secs(20));
}

/// The start of one file of each kind that is opened further.
fn seeds() -> Vec<Vec<u8>> {
    let starts: &[&[u8]] = &[
        b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR",
        b"\xFF\xD8\xFF\xE1\xFF\xFF",
        b"II*\0\x08\0\0\0\x02\0\x4A\x01\x04\0\xFF\xFF\xFF\xFF\x08\0\0\0\x0F\x01\x02\0\xFF\0\0\0\x08\0\0\0\x08\0\0\0",
        b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0\xFF\xFF\0\0\0\0\0\0",
        b"PK\x03\x04\x14\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\0\0mimetype",
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0",
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        b"\x1F\x8B\x08\x1E\0\0\0\0\0\x03\xFF\xFFname\0",
        b"BZh91AY&SY\xFF\xFF\xFF\xFF",
        b"\xFD7zXZ\0\0\x04\xE6\xD6\xB4\x46\x02\0\x21\x01\x16\0\0\0\0\0\0\0\x01",
        b"\x28\xB5\x2F\xFD\x84\xFF\xFF\xFF\xFF\xFF",
        b"\x04\x22\x4D\x18\x6D\x70\xFF\xFF\xFF\xFF",
        b"\x50\x2A\x4D\x18\xFF\xFF\xFF\xFF",
        b"7z\xBC\xAF\x27\x1C\0\x04\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
        b"Rar!\x1A\x07\0\0\0\x74\0\x80\x07\0\0\0\0\0",
        b"Rar!\x1A\x07\x01\0\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F",
        b"\x1A\x45\xDF\xA3\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x42\x82\x88matroska",
        b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xFF",
        b"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\x00\xAA\x00\x62\xCE\x6C\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
        b"RIFF\xFF\xFF\xFF\xFFAVI LIST\xFF\xFF\xFF\xFFhdrlstrh\xFF\xFF\xFF\xFF",
        b"ID3\x04\0\0\x7F\x7F\x7F\x7F",
        b"%PDF-1.7\nstartxref\n99999999999999999999",
        b"<!DOCTYPE a [<!ENTITY b '\xC3\xA9'> <",
        b"\0\0\x01\xBA\x44\0\x04\0\x04\x01\x43\x38\xDB\xFF",
        b"\x47\x40\x00\x10",
        b"\x0B\x77\0\0\xFF\xFF",
        b"P6\n#",
    ];
    let mut seeds: Vec<Vec<u8>> = starts.iter().map(|start| start.to_vec()).collect();
    let boxes =
        [atom(b"ftyp", b"isom\0\0\0\0mp41"), b"\0\0\0\x01moov\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xF0".to_vec()];
    seeds.push(
        [boxes.concat(), atom(b"trak", &atom(b"mdia", b"\0\0\0\x01hdlr\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"))]
            .concat(),
    );
    seeds.push(patched(200, &[(60, b"BOOKMOBI"), (78, b"\xFF\xFF\xFF\xFF")]));
    seeds
}

/// A small generator of repeatable noise (xorshift).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[3]).collect()
    }
}

#[test]
fn every_start_cut_at_every_length() {
    for seed in seeds() {
        for length in 0..=seed.len() {
            survives(&seed[..length]);
        }
    }
}

#[test]
fn every_start_followed_by_noise() {
    let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
    for seed in seeds() {
        for size in [10, 600, 5000, 40_000] {
            let mut bytes = [seed.clone(), noise.bytes(size)].concat();
            survives(&bytes);
            for _ in 0..8 {
                let at = usize::try_from(noise.next()).unwrap() % bytes.len();
                bytes[at] = noise.bytes(1)[0];
            }
            survives(&bytes);
            bytes[seed.len()..].fill(0xFF);
            survives(&bytes);
            bytes[seed.len()..].fill(0);
            survives(&bytes);
        }
    }
}

/// Things that repeat: packets, tags, frames, boxes, quotes, nested brackets.
#[test]
fn long_files_of_one_thing() {
    for piece in [
        b"ID3\x04\0\0\0\0\0\0".as_slice(),
        b"\xFF\xFB\x90\x00",
        b"\xFF\xF1\x50\x80\x00\xFF\xFC",
        b"\0\0\0\x08free",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"<!--",
        b"<a>",
        b"[<'",
        b"\"",
        b"# ",
        b"P1 ",
        b",\n",
        b"\r",
        b"G",
        b"\0",
        b"\xFF",
        b"OggS\0\x02",
        b"\x1A\x45\xDF\xA3\x80",
    ] {
        survives(&piece.repeat(1_000_000 / piece.len()));
    }
}
