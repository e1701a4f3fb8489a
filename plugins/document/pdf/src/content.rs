//! Reads content streams: operators with their operands (ISO 32000-2, 7.8.2), and where in the stream they stand.

use std::ops::Range;

/// Operands of one operator; what is beyond them is broken.
const MOST_OPERANDS: usize = 4_096;

/// An operand.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    Number(f64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    Array(Vec<Operand>),
    /// A dictionary, or a word such as `true`.
    Other,
}

impl Operand {
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Operand::Number(value) => Some(*value),
            _ => None,
        }
    }
}

/// An operator with its operands.
#[derive(Clone, Debug)]
pub(crate) struct Operation<'c> {
    pub(crate) operator: &'c [u8],
    pub(crate) operands: Vec<Operand>,
    /// Where it stands in its stream, with its operands.
    pub(crate) range: Range<usize>,
}

impl Operation<'_> {
    /// The operands as so many numbers.
    pub(crate) fn numbers<const N: usize>(&self) -> Option<[f64; N]> {
        let first = self.operands.len().checked_sub(N)?;
        let mut numbers = [0.0; N];
        for (number, operand) in numbers.iter_mut().zip(self.operands.get(first..)?) {
            *number = operand.number()?;
        }
        Some(numbers)
    }

    /// The name that is the last operand.
    pub(crate) fn name(&self) -> Option<&[u8]> {
        match self.operands.last() {
            Some(Operand::Name(name)) => Some(name),
            _ => None,
        }
    }
}

/// The operations of a content stream.
pub(crate) struct Operations<'c> {
    bytes: &'c [u8],
    at: usize,
    /// A string or an array did not end, or ended without a begin: other readers may see something else in it.
    pub(crate) is_broken: bool,
}

impl<'c> Operations<'c> {
    pub(crate) fn new(bytes: &'c [u8]) -> Operations<'c> {
        Operations { bytes, at: 0, is_broken: false }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'%' => self.skip_while(|byte| !matches!(byte, b'\r' | b'\n')),
                byte if is_space(byte) => self.at += 1,
                _ => return,
            }
        }
    }

    fn skip_while(&mut self, holds: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&holds) {
            self.at += 1;
        }
    }

    fn word(&mut self) -> &'c [u8] {
        let start = self.at;
        self.skip_while(|byte| !is_space(byte) && !is_delimiter(byte));
        self.bytes.get(start..self.at).unwrap_or(&[])
    }

    /// One operand; `Err` is an operator.
    fn operand(&mut self) -> Option<Result<Operand, &'c [u8]>> {
        self.skip_space();
        Some(match self.peek()? {
            b'/' => {
                self.at += 1;
                Ok(Operand::Name(unescaped(self.word())))
            }
            b'(' => Ok(Operand::Text(self.literal())),
            b'<' if self.bytes.get(self.at + 1) == Some(&b'<') => {
                self.dictionary();
                Ok(Operand::Other)
            }
            b'<' => Ok(Operand::Text(self.hexadecimal())),
            b'[' => Ok(Operand::Array(self.array())),
            b')' | b']' | b'>' | b'{' | b'}' => {
                self.is_broken = true;
                self.at += 1;
                Ok(Operand::Other)
            }
            _ => match self.word() {
                b"true" | b"false" | b"null" => Ok(Operand::Other),
                word => number(word).map(Operand::Number).ok_or(word),
            },
        })
    }

    fn array(&mut self) -> Vec<Operand> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.skip_space();
            match self.peek() {
                None => {
                    self.is_broken = true;
                    return items;
                }
                Some(b']') => {
                    self.at += 1;
                    return items;
                }
                // Arrays in arrays are not used in content.
                Some(b'[') => self.at += 1,
                Some(_) => {
                    if let Some(Ok(item)) = self.operand()
                        && items.len() < MOST_OPERANDS * 16
                    {
                        items.push(item);
                    }
                }
            }
        }
    }

    /// Skips a dictionary with all in it.
    fn dictionary(&mut self) {
        let mut depth = 0u32;
        while let Some(byte) = self.peek() {
            let double = self.bytes.get(self.at + 1) == Some(&byte);
            match byte {
                b'<' if double => {
                    depth += 1;
                    self.at += 2;
                }
                b'>' if double => {
                    depth = depth.saturating_sub(1);
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                b'(' => drop(self.literal()),
                _ => self.at += 1,
            }
        }
    }

    /// A string in parentheses (7.3.4.2).
    fn literal(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut depth = 0u32;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => {
                    depth += 1;
                    if depth > 1 {
                        text.push(byte);
                    }
                }
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        return text;
                    }
                    text.push(byte);
                }
                b'\\' => self.escape(&mut text),
                byte => text.push(byte),
            }
        }
        self.is_broken = true;
        text
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\r' => self.at += usize::from(self.peek() == Some(b'\n')),
            b'\n' => {}
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                text.push(value as u8);
            }
            other => text.push(other),
        }
    }

    fn hexadecimal(&mut self) -> Vec<u8> {
        let mut digits = Vec::new();
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match (byte as char).to_digit(16) {
                Some(digit) => digits.push(digit as u8),
                None if byte == b'>' => break,
                None => {}
            }
        }
        digits.chunks(2).map(|two| two[0] << 4 | two.get(1).unwrap_or(&0)).collect()
    }

    /// Skips the samples of an inline image (8.9.7): they end at an `EI` that stands alone.
    fn skip_samples(&mut self) {
        self.at += 1;
        while let Some(rest) = self.bytes.get(self.at..).filter(|rest| rest.len() >= 2) {
            let alone = self.at == 0 || self.bytes.get(self.at - 1).is_none_or(|byte| is_space(*byte));
            let ends = rest.get(2).is_none_or(|byte| is_space(*byte));
            if alone && ends && rest.starts_with(b"EI") && looks_like_content(rest.get(2..).unwrap_or(&[])) {
                self.at += 2;
                return;
            }
            self.at += 1;
        }
        self.at = self.bytes.len();
    }
}

impl<'c> Iterator for Operations<'c> {
    type Item = Operation<'c>;

    fn next(&mut self) -> Option<Operation<'c>> {
        let mut operands = Vec::new();
        let start = self.at;
        loop {
            match self.operand()? {
                Ok(operand) if operands.len() < MOST_OPERANDS => operands.push(operand),
                Ok(_) => {}
                Err(operator) => {
                    if operator.is_empty() {
                        // No word begins with this byte.
                        self.at += 1;
                        continue;
                    }
                    if operator == b"ID" {
                        self.skip_samples();
                    }
                    return Some(Operation { operator, operands, range: start..self.at });
                }
            }
        }
    }
}

/// Samples may hold the letters `EI` by chance; what follows the real ones is text.
fn looks_like_content(after: &[u8]) -> bool {
    after.iter().take(10).all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 12 | 0 | 32..=126))
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_delimiter(byte: u8) -> bool {
    b"()<>[]{}/%".contains(&byte)
}

/// A number as PDF writes it, and as broken writers do: `--5`, `1.2.3`.
fn number(word: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(word).ok()?;
    if !text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte)) || text.is_empty() {
        return None;
    }
    text.parse()
        .ok()
        .or_else(|| {
            let body = text.trim_start_matches(['-', '+']);
            let end = body.find(['-', '+']).unwrap_or(body.len());
            body.get(..end)?
                .parse::<f64>()
                .ok()
                .map(|value| if text.starts_with('-') { -value } else { value })
        })
        .or(Some(0.0))
}

fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *byte == b'#') {
            Some(value) => {
                plain.push(value);
                rest = after.get(2..).unwrap_or(&[]);
            }
            None => {
                plain.push(*byte);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operators(text: &[u8]) -> Vec<String> {
        Operations::new(text).map(|one| String::from_utf8_lossy(one.operator).into_owned()).collect()
    }

    #[test]
    fn operands_come_with_their_operator() {
        let all: Vec<_> =
            Operations::new(b"q 1 0 0 -.5 3 4 cm /F#31 12 Tf (a\\(b\\)\\101) Tj [(x) -3 <41>] TJ Q")
                .collect();
        assert_eq!(all[1].numbers(), Some([1.0, 0.0, 0.0, -0.5, 3.0, 4.0]));
        assert_eq!(all[2].operands[0], Operand::Name(b"F1".to_vec()));
        assert_eq!(all[3].operands, [Operand::Text(b"a(b)A".to_vec())]);
        let Operand::Array(items) = &all[4].operands[0] else { panic!() };
        assert_eq!(items.len(), 3);
        assert_eq!(all[5].operator, b"Q");
    }

    #[test]
    fn samples_of_inline_images_are_no_operators() {
        let text = b"BI /W 1 /H 1 ID \x01 EI\xff Q EI Q";
        assert_eq!(operators(text), ["BI", "ID", "Q"]);
        assert_eq!(operators(b"BI ID never ends"), ["BI", "ID"]);
    }

    #[test]
    fn broken_content_ends() {
        for text in [&b"(("[..], b"[ [ [", b"<< << (", b"<4", b"] > ) } {", b"\xff\xfe", b"- -- 1-2 x"] {
            let mut operations = Operations::new(text);
            while operations.next().is_some() {}
            assert!(operations.is_broken || !text.contains(&b'('), "{text:?}");
        }
    }
}
