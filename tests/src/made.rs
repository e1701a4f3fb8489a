//! Small files made here, byte by byte, so that tests need neither a corpus nor our own writers.

use crate::random::Random;

/// Makes an 8-bit RGB PNG: a diagonal ramp, no two corners alike. Deflate is used in its stored form.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    ramp_png(width, height, false)
}

/// Makes the same with an alpha channel: clear at the left, opaque at the right.
pub fn clear_png(width: u32, height: u32) -> Vec<u8> {
    ramp_png(width, height, true)
}

fn ramp_png(width: u32, height: u32, alpha: bool) -> Vec<u8> {
    let mut rows = Vec::new();
    for y in 0..height {
        rows.push(0); // filter: none
        for x in 0..width {
            rows.extend([ramp(x, width), ramp(y, height), ramp(x + y, width + height)]);
            rows.extend(alpha.then(|| ramp(x, width)));
        }
    }
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, if alpha { 6 } else { 2 }, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, *b"IHDR", &header);
    chunk(&mut file, *b"IDAT", &zlib_stored(&rows));
    chunk(&mut file, *b"IEND", &[]);
    file
}

/// Makes a binary PPM of noise, which no codec makes short work of. The noise is always the same.
pub fn noise_ppm(width: usize, height: usize) -> Vec<u8> {
    let mut file = format!("P6\n{width} {height}\n255\n").into_bytes();
    let mut random = Random::new(1);
    file.extend((0..width * height * 3).map(|_| random.number() as u8));
    file
}

/// Makes raw YUV video (`yuv4mpeg`, 4:2:0) of noise at 25 frames a second. The noise is always the same.
pub fn noise_video(width: usize, height: usize, frames: usize) -> Vec<u8> {
    let mut file = format!("YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420jpeg\n").into_bytes();
    let mut random = Random::new(1);
    for _ in 0..frames {
        file.extend(b"FRAME\n");
        file.extend((0..width * height * 3 / 2).map(|_| random.number() as u8));
    }
    file
}

/// Makes a WAV of a tone: 16 bits, mono, 8 kHz.
pub fn wav(samples: u32) -> Vec<u8> {
    let mut file = b"RIFF".to_vec();
    file.extend((36 + samples * 2).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(8_000_u32.to_le_bytes());
    file.extend(16_000_u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend((samples * 2).to_le_bytes());
    file.extend((0..samples).flat_map(|n| (((n * 37 % 200) as i16 - 100) * 100).to_le_bytes()));
    file
}

/// Makes a ZIP with stored members.
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let offset = length(&file);
        let mut facts = Vec::new(); // what the local header and the directory entry share
        facts.extend([20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x58]); // version 2.0, stored, 1 January 2024
        facts.extend(crc32(data).to_le_bytes());
        facts.extend(length(data).to_le_bytes());
        facts.extend(length(data).to_le_bytes());
        facts.extend(short(name.len()));
        facts.extend([0, 0]);
        file.extend(b"PK\x03\x04");
        file.extend(&facts);
        file.extend(name.bytes());
        file.extend(*data);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&facts);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.bytes());
    }
    let start = length(&file);
    let size = length(&directory);
    file.extend(directory);
    file.extend(b"PK\x05\x06\x00\x00\x00\x00");
    file.extend(short(members.len()));
    file.extend(short(members.len()));
    file.extend(size.to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0, 0]);
    file
}

/// Makes a ustar archive of regular files. Names may climb or be absolute: that is what some tests want.
pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = Vec::new();
    for (name, data) in members {
        let mut header = [0_u8; 512];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, name.as_bytes());
        put(100, b"0000644\x000000000\x000000000\x00");
        put(124, format!("{:011o}\x00{:011o}\x00        0", data.len(), 1_700_000_000).as_bytes());
        put(257, b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        file.extend(header);
        file.extend(*data);
        file.resize(file.len().next_multiple_of(512), 0);
    }
    file.resize(file.len() + 1024, 0);
    file
}

fn ramp(at: u32, end: u32) -> u8 {
    u8::try_from(at * 255 / end.max(1)).unwrap_or(255)
}

fn chunk(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    file.extend(length(data).to_be_bytes());
    let body = [kind.as_slice(), data].concat();
    file.extend(&body);
    file.extend(crc32(&body).to_be_bytes());
}

/// Wraps `data` as RFC 1950 says, in blocks that are stored rather than packed (RFC 1951, 3.2.4).
fn zlib_stored(data: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = data.chunks(65535).peekable();
    while let Some(block) = blocks.next() {
        let size = u16::try_from(block.len()).unwrap_or(u16::MAX);
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(size.to_le_bytes());
        stream.extend((!size).to_le_bytes());
        stream.extend(block);
    }
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in data {
        low = (low + u32::from(*byte)) % 65521;
        high = (high + low) % 65521;
    }
    stream.extend((high << 16 | low).to_be_bytes());
    stream
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg()))
    })
}

fn length(data: &[u8]) -> u32 {
    u32::try_from(data.len()).unwrap_or(u32::MAX)
}

fn short(count: usize) -> [u8; 2] {
    u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_matches_the_standard_check_value() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn tar_is_whole_blocks() {
        assert_eq!(tar(&[("a", b"x")]).len(), 512 * 4);
    }
}
