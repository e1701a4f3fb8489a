//! Pictures from a fuzzer's bytes, in the internal format `raster`.

use crate::dice::Dice;

/// The greatest side of a picture that is made: formats have their special cases at small sizes.
const SIDE: usize = 40;
/// Bytes of a sample a picture may have.
const WIDTHS: [u32; 3] = [1, 2, 4];
/// Channels of the five layouts, in the order in which the format numbers them.
const CHANNELS: [usize; 5] = [1, 2, 3, 4, 4];

/// Makes a picture: mostly a sound one with a header of its own, sometimes the bytes as they are.
pub(crate) fn raster(dice: &mut Dice<'_>) -> Vec<u8> {
    if dice.once_in(16) {
        return dice.rest().to_vec();
    }
    let mut file = b"FWRASTER".to_vec();
    let sequence = dice.below(3) as u32;
    for value in [1, sequence, u32::from(dice.byte()), 1 + dice.below(8) as u32] {
        file.extend(value.to_le_bytes());
    }
    let density = f64::from(dice.byte());
    file.extend(density.to_le_bytes());
    file.extend(density.to_le_bytes());
    for _ in ["icc", "exif", "xmp"] {
        block(&mut file, dice);
    }
    file.extend(0_u32.to_le_bytes());
    let frames = if sequence == 0 { 1 } else { 1 + dice.below(4) as u32 };
    let (layout, width) = (dice.below(CHANNELS.len()), WIDTHS[dice.below(WIDTHS.len())]);
    let (columns, rows) = (1 + dice.below(SIDE), 1 + dice.below(SIDE));
    let samples = dice.rest();
    file.extend(frames.to_le_bytes());
    for number in 0..frames as usize {
        for value in [columns as u32, rows as u32, layout as u32, width, 10 * number as u32] {
            file.extend(value.to_le_bytes());
        }
        put_samples(&mut file, samples, number, columns * rows * CHANNELS[layout], width);
    }
    file
}

/// A block of descriptive data, mostly absent.
fn block(file: &mut Vec<u8>, dice: &mut Dice<'_>) {
    if !dice.once_in(4) {
        file.extend(u32::MAX.to_le_bytes());
        return;
    }
    let length = dice.below(64);
    let bytes = dice.bytes(length);
    file.extend((bytes.len() as u32).to_le_bytes());
    file.extend(bytes);
}

/// The samples of a frame: the given bytes again and again, each frame from another place on. Numbers with a
/// point are mostly between 0 and 1, and sometimes whatever their bits say.
fn put_samples(file: &mut Vec<u8>, given: &[u8], start: usize, count: usize, width: u32) {
    let odd = given.first().is_some_and(|byte| byte & 15 == 15);
    let mut bytes = given.iter().copied().cycle().skip(start);
    let mut next = || bytes.next().unwrap_or(0);
    for _ in 0..count {
        match width {
            1 => file.push(next()),
            2 => file.extend([next(), next()]),
            _ if odd => file.extend([next(), next(), next(), next()]),
            _ => file.extend((f32::from(next()) / 255.0).to_le_bytes()),
        }
    }
}
