//! PackBits (TIFF 6.0, section 9), which Photoshop uses row by row.

/// The longest run or literal.
const LONGEST: usize = 128;

/// Unpacks a row; `None` when the bytes do not fill it. What is too much is left out.
pub(super) fn decode(packed: &[u8], row: &mut [u8]) -> Option<()> {
    let (mut packed, mut row) = (packed, row);
    while !row.is_empty() {
        let (head, rest) = packed.split_first()?;
        let count = usize::from(*head);
        match count {
            128 => packed = rest,
            0..128 => {
                let wanted = (count + 1).min(row.len());
                row.get_mut(..wanted)?.copy_from_slice(rest.get(..wanted)?);
                packed = rest.get(count + 1..).unwrap_or(&[]);
                row = row.get_mut(wanted..)?;
            }
            _ => {
                let (value, rest) = rest.split_first()?;
                let wanted = (257 - count).min(row.len());
                row.get_mut(..wanted)?.fill(*value);
                packed = rest;
                row = row.get_mut(wanted..)?;
            }
        }
    }
    Some(())
}

/// Packs a row: equal bytes from three on as runs, the rest as they are.
pub(super) fn encode(row: &[u8], to: &mut Vec<u8>) {
    let mut literal = 0;
    let mut place = 0;
    while let Some(value) = row.get(place) {
        let same =
            row.get(place..).unwrap_or(&[]).iter().take(LONGEST).take_while(|byte| *byte == value).count();
        if same < 3 {
            place += same;
            continue;
        }
        put_literal(row.get(literal..place).unwrap_or(&[]), to);
        to.extend([(257 - same) as u8, *value]);
        place += same;
        literal = place;
    }
    put_literal(row.get(literal..).unwrap_or(&[]), to);
}

fn put_literal(bytes: &[u8], to: &mut Vec<u8>) {
    for part in bytes.chunks(LONGEST) {
        to.push((part.len() - 1) as u8);
        to.extend(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let noise: Vec<u8> = (0..300u32).map(|n| (n * n / 7) as u8).collect();
        for row in [&noise[..], &[5; 400], &[1, 1, 2, 2, 2, 3], &[9], &[1, 2, 2, 2]] {
            let mut packed = Vec::new();
            encode(row, &mut packed);
            let mut back = vec![0; row.len()];
            assert_eq!(decode(&packed, &mut back), Some(()));
            assert_eq!(back, row);
            assert!(packed.len() <= row.len() + row.len().div_ceil(LONGEST));
            packed.pop();
            assert_eq!(decode(&packed, &mut back), None);
        }
    }

    #[test]
    fn example_of_the_specification() {
        let packed =
            [0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7, 0xAA];
        let mut row = [0; 24];
        assert_eq!(decode(&packed, &mut row), Some(()));
        assert_eq!(row[..8], [0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA]);
    }
}
