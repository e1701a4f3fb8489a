//! ASCII85 (PostScript Language Reference 3, section 3.13.3): four bytes become five printable ones.

/// Characters in a line. The conventions for document structure allow 255.
const LINE: usize = 76;

/// Encodes bytes, in lines, with the mark that ends them.
pub(super) fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut text = Lines { text: Vec::with_capacity(bytes.len() / 4 * 5 + bytes.len() / 50 + 16), column: 0 };
    let (groups, rest) = bytes.as_chunks::<4>();
    for group in groups {
        match u32::from_be_bytes(*group) {
            0 => text.put(b"z"),
            value => text.put(&digits(value)),
        }
    }
    if !rest.is_empty() {
        let mut last = [0; 4];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        text.put(digits(u32::from_be_bytes(last)).get(..rest.len() + 1).unwrap_or(&[]));
    }
    text.text.extend(b"\n~>\n");
    text.text
}

/// The five digits of base 85, most significant first.
fn digits(value: u32) -> [u8; 5] {
    let mut rest = value;
    let mut digits = [0; 5];
    for digit in digits.iter_mut().rev() {
        *digit = b'!' + (rest % 85) as u8;
        rest /= 85;
    }
    digits
}

/// Text broken into lines, none of which looks like a comment.
struct Lines {
    text: Vec<u8>,
    column: usize,
}

impl Lines {
    fn put(&mut self, characters: &[u8]) {
        for character in characters {
            if self.column == LINE {
                self.text.push(b'\n');
                self.column = 0;
            }
            if self.column == 0 && *character == b'%' {
                // A line that starts with `%` would be taken for a comment of the document's structure.
                self.text.push(b' ');
                self.column = 1;
            }
            self.text.push(*character);
            self.column += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut group = Vec::new();
        for character in text.split(|byte| *byte == b'~').next().unwrap() {
            match character {
                b'z' => bytes.extend([0; 4]),
                b'!'..=b'u' => group.push(u32::from(character - b'!')),
                _ => {}
            }
            if group.len() == 5 {
                let value =
                    group.drain(..).fold(0u32, |value, digit| value.wrapping_mul(85).wrapping_add(digit));
                bytes.extend(value.to_be_bytes());
            }
        }
        if !group.is_empty() {
            let count = group.len() - 1;
            group.resize(5, 84);
            let value = group.iter().fold(0u64, |value, digit| value * 85 + u64::from(*digit)) as u32;
            bytes.extend(&value.to_be_bytes()[..count]);
        }
        bytes
    }

    #[test]
    fn comes_back() {
        assert_eq!(encode(b"Man "), b"9jqo^\n~>\n");
        for length in 0..400usize {
            let bytes: Vec<u8> =
                (0..length).map(|i| if i % 7 < 4 { 0 } else { ((i * i * 31) >> 3) as u8 }).collect();
            let text = encode(&bytes);
            assert_eq!(decode(&text), bytes);
            assert!(
                text.split(|byte| *byte == b'\n').all(|line| line.len() <= LINE && !line.starts_with(b"%"))
            );
        }
    }
}
