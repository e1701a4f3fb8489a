//! A writer of small DNG files (Adobe Digital Negative 1.7, TIFF 6.0) for tests.

/// Size of the photo unless another is wanted.
pub(crate) const SENSOR: (u32, u32) = (96, 48);

/// What the file is to hold. The camera sees sRGB's linear light, with a white balance of its own.
pub(crate) struct Dng {
    /// Colours of the filter, row by row.
    pub(crate) filter: &'static str,
    /// Width and height.
    pub(crate) size: (u32, u32),
    /// Width and height the directory states, when they lie.
    pub(crate) stated: Option<(u32, u32)>,
    /// One grey instead of four bars.
    pub(crate) even: bool,
    /// EXIF's orientation.
    pub(crate) orientation: u16,
    /// Puts a plain picture of 8 by 4 into the first directory.
    pub(crate) thumbnail: bool,
}

impl Default for Dng {
    fn default() -> Dng {
        Dng { filter: "RGGB", size: SENSOR, stated: None, even: false, orientation: 1, thumbnail: false }
    }
}

const BLACK: u16 = 512;
const WHITE: u16 = 60_000;
/// What the camera sees of white.
const NEUTRAL: [f64; 3] = [0.5, 1.0, 0.625];
/// From XYZ to sRGB's linear light, in ten-thousandths (IEC 61966-2-1).
const MATRIX: [i32; 9] = [32_405, -15_371, -4_985, -9_693, 18_760, 416, 556, -2_040, 10_572];

/// A directory that is being written: tag, type, number of values, their bytes.
type Entries = Vec<(u16, u16, u32, Vec<u8>)>;

fn shorts(tag: u16, values: &[u16]) -> (u16, u16, u32, Vec<u8>) {
    (tag, 3, values.len() as u32, values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

fn long(tag: u16, value: u32) -> (u16, u16, u32, Vec<u8>) {
    (tag, 4, 1, value.to_le_bytes().to_vec())
}

fn text(tag: u16, value: &str) -> (u16, u16, u32, Vec<u8>) {
    (tag, 2, value.len() as u32 + 1, [value.as_bytes(), b"\0"].concat())
}

impl Dng {
    /// The file's bytes; the sensor's data comes last.
    pub(crate) fn file(&self) -> Vec<u8> {
        let mut first = self.names();
        let mut sensor = self.sensor();
        if !self.thumbnail {
            first.append(&mut sensor);
            first.push(long(0x0111, 0));
            let start = 8 + length(&first);
            set(&mut first, 0x0111, start);
            return [head(), directory(first, 8), self.samples()].concat();
        }
        let thumbnail: Vec<u8> = [1u8, 2, 3].repeat(8 * 4);
        first.extend([long(0x00FE, 1), long(0x0100, 8), long(0x0101, 4), shorts(0x0102, &[8, 8, 8])]);
        first.extend([shorts(0x0103, &[1]), shorts(0x0106, &[2]), shorts(0x0115, &[3]), long(0x0116, 4)]);
        first.extend([long(0x0111, 0), long(0x0117, thumbnail.len() as u32), long(0x014A, 0)]);
        sensor.push(long(0x0111, 0));
        let second = 8 + length(&first);
        let third = second + length(&sensor);
        set(&mut first, 0x014A, second);
        set(&mut first, 0x0111, third);
        set(&mut sensor, 0x0111, third + thumbnail.len() as u32);
        [head(), directory(first, 8), directory(sensor, second), thumbnail, self.samples()].concat()
    }

    fn names(&self) -> Entries {
        let ratios = |tag, kind, values: Vec<(i32, i32)>| {
            let bytes =
                values.iter().flat_map(|(a, b)| [a.to_le_bytes(), b.to_le_bytes()].concat()).collect();
            (tag, kind, values.len() as u32, bytes)
        };
        vec![
            text(0x010F, "Formwork"),
            text(0x0110, "Test"),
            shorts(0x0112, &[self.orientation]),
            (0xC612, 1, 4, vec![1, 4, 0, 0]),
            ratios(0xC621, 10, MATRIX.iter().map(|value| (*value, 10_000)).collect()),
            ratios(0xC628, 5, NEUTRAL.iter().map(|value| ((*value * 1_000.0) as i32, 1_000)).collect()),
            shorts(0xC65A, &[21]),
        ]
    }

    fn sensor(&self) -> Entries {
        let (width, height) = self.stated.unwrap_or(self.size);
        let side = if self.filter.len() == 36 { 6 } else { 2 };
        let filter: Vec<u8> = self.filter.bytes().map(colour).map(|colour| colour as u8).collect();
        vec![
            long(0x00FE, 0),
            long(0x0100, width),
            long(0x0101, height),
            shorts(0x0102, &[16]),
            shorts(0x0103, &[1]),
            shorts(0x0106, &[32_803]),
            shorts(0x0115, &[1]),
            long(0x0116, height),
            long(0x0117, self.size.0 * self.size.1 * 2),
            shorts(0x828D, &[side, side]),
            (0x828E, 1, filter.len() as u32, filter),
            shorts(0xC61A, &[BLACK]),
            shorts(0xC61D, &[WHITE]),
        ]
    }

    fn samples(&self) -> Vec<u8> {
        let (width, height) = self.size;
        let side = if self.filter.len() == 36 { 6 } else { 2 };
        let sample = |x: u32, y: u32| {
            let place = (y as usize % side) * side + x as usize % side;
            let colour = colour(self.filter.as_bytes()[place]);
            let bar = if self.even { 0 } else { x * 4 / width };
            let light = if bar == 0 || bar as usize == colour + 1 { 0.6 } else { 0.05 };
            let level = f64::from(BLACK) + light * NEUTRAL[colour] * f64::from(WHITE - BLACK);
            level as u16
        };
        (0..height).flat_map(|y| (0..width).flat_map(move |x| sample(x, y).to_le_bytes())).collect()
    }
}

fn colour(letter: u8) -> usize {
    match letter {
        b'R' => 0,
        b'G' => 1,
        _ => 2,
    }
}

fn head() -> Vec<u8> {
    b"II*\0\x08\0\0\0".to_vec()
}

/// Bytes a directory takes with its values.
fn length(entries: &Entries) -> u32 {
    let outside =
        entries.iter().map(|(.., bytes)| if bytes.len() > 4 { bytes.len().div_ceil(2) * 2 } else { 0 });
    6 + 12 * entries.len() as u32 + outside.sum::<usize>() as u32
}

fn set(entries: &mut Entries, tag: u16, value: u32) {
    entries
        .iter_mut()
        .filter(|entry| entry.0 == tag)
        .for_each(|entry| entry.3 = value.to_le_bytes().to_vec());
}

fn directory(mut entries: Entries, start: u32) -> Vec<u8> {
    entries.sort_by_key(|entry| entry.0);
    let mut bytes = (entries.len() as u16).to_le_bytes().to_vec();
    let mut outside = Vec::new();
    let values = start + 6 + 12 * entries.len() as u32;
    for (tag, kind, count, value) in entries {
        bytes.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        bytes.extend(count.to_le_bytes());
        if value.len() <= 4 {
            bytes.extend(value.iter().copied().chain([0; 4]).take(4));
        } else {
            bytes.extend((values + outside.len() as u32).to_le_bytes());
            outside.extend(&value);
            outside.resize(outside.len().div_ceil(2) * 2, 0);
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(outside);
    bytes
}
