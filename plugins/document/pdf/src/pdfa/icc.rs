//! The profile of sRGB (IEC 61966-2-1) as ICC.1:1998 has it, which all parts of PDF/A allow.

/// Red, green and blue of sRGB and its white, seen under D50, in parts of 65,536.
const COLOURS: [(&[u8; 4], [i32; 3]); 4] = [
    (b"wtpt", [63_190, 65_536, 54_061]),
    (b"rXYZ", [28_578, 14_581, 912]),
    (b"gXYZ", [25_241, 46_981, 6_362]),
    (b"bXYZ", [9_376, 3_974, 46_799]),
];
/// Points of the curve.
const POINTS: u32 = 1_024;
const NAME: &[u8] = b"sRGB IEC61966-2.1";

/// Makes the profile.
pub(super) fn srgb() -> Vec<u8> {
    let mut tags: Vec<(&[u8; 4], Vec<u8>)> = vec![(b"desc", description()), (b"cprt", text(b"No copyright"))];
    tags.extend(COLOURS.iter().map(|(name, colour)| (*name, xyz(colour))));
    let curve = curve();
    let (mut table, mut data) = (Vec::new(), Vec::new());
    let count = tags.len() + 3;
    let start = 128 + 4 + 12 * count;
    let mut add = |name: &[u8; 4], place: usize, length: usize| {
        table.extend_from_slice(name);
        table.extend(((start + place) as u32).to_be_bytes());
        table.extend((length as u32).to_be_bytes());
    };
    for (name, mut content) in tags {
        add(name, data.len(), content.len());
        content.resize(content.len().next_multiple_of(4), 0);
        data.append(&mut content);
    }
    // The three curves are one.
    for name in [b"rTRC", b"gTRC", b"bTRC"] {
        add(name, data.len(), curve.len());
    }
    data.extend(curve);
    let mut profile = header((start + data.len()) as u32);
    profile.extend((count as u32).to_be_bytes());
    profile.append(&mut table);
    profile.append(&mut data);
    profile
}

fn header(length: u32) -> Vec<u8> {
    let mut header = length.to_be_bytes().to_vec();
    header.extend([0; 4]);
    header.extend([2, 0x10, 0, 0]);
    header.extend_from_slice(b"mntrRGB XYZ ");
    header.extend([2024u16, 1, 1, 0, 0, 0].iter().flat_map(|part| part.to_be_bytes()));
    header.extend_from_slice(b"acsp");
    header.resize(68, 0);
    header.extend([63_190i32, 65_536, 54_061].iter().flat_map(|part| part.to_be_bytes()));
    header.resize(128, 0);
    header
}

fn description() -> Vec<u8> {
    let mut tag = b"desc\0\0\0\0".to_vec();
    tag.extend((NAME.len() as u32 + 1).to_be_bytes());
    tag.extend_from_slice(NAME);
    // No description in Unicode, none in the script of a Macintosh.
    tag.resize(tag.len() + 1 + 8 + 3 + 67, 0);
    tag
}

fn text(words: &[u8]) -> Vec<u8> {
    [b"text\0\0\0\0", words, b"\0"].concat()
}

fn xyz(colour: &[i32; 3]) -> Vec<u8> {
    let mut tag = b"XYZ \0\0\0\0".to_vec();
    tag.extend(colour.iter().flat_map(|part| part.to_be_bytes()));
    tag
}

fn curve() -> Vec<u8> {
    let mut tag = b"curv\0\0\0\0".to_vec();
    tag.extend(POINTS.to_be_bytes());
    for point in 0..POINTS {
        let value = f64::from(point) / f64::from(POINTS - 1);
        let light = if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
        tag.extend(((light * 65_535.0).round() as u16).to_be_bytes());
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_lie_within_the_profile() {
        let profile = srgb();
        let number = |at: usize| u32::from_be_bytes(profile[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(number(0), profile.len());
        assert_eq!(number(128), 9);
        for tag in 0..9 {
            let (place, length) = (number(136 + 12 * tag), number(140 + 12 * tag));
            assert!(place % 4 == 0 && place + length <= profile.len());
        }
    }
}
