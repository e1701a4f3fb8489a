//! The words of PDF's syntax (ISO 32000-2, 7.2 and 7.3), as far as it takes to follow references.

/// One word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word<'b> {
    /// `<<`, `[`.
    Open,
    /// `>>`, `]`.
    Close,
    /// Without its slash.
    Name(&'b [u8]),
    /// A whole number that is not negative.
    Number(u64),
    /// Text of either kind.
    Text,
    /// Anything else, as `obj`, `R`, `-1.5`.
    Plain(&'b [u8]),
}

/// Words one after the other.
#[derive(Clone)]
pub(super) struct Words<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Words<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Words<'b> {
        Words { bytes, at: 0 }
    }

    /// Bytes that were read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The next word, when it is a number.
    pub(super) fn number(&mut self) -> Option<u64> {
        match self.next()? {
            Word::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Whether the next word is this one.
    pub(super) fn is_next(&mut self, word: &[u8]) -> bool {
        self.next() == Some(Word::Plain(word))
    }

    /// A value from its first to its last word, as bytes.
    fn value(&mut self) -> Option<&'b [u8]> {
        self.skip_space();
        let start = self.at;
        match self.next()? {
            Word::Open => {
                let mut depth = 1_usize;
                while depth > 0 {
                    match self.next()? {
                        Word::Open => depth += 1,
                        Word::Close => depth -= 1,
                        _ => {}
                    }
                }
            }
            Word::Number(_) => {
                let mut ahead = self.clone();
                if ahead.number().is_some() && ahead.is_next(b"R") {
                    self.at = ahead.at;
                }
            }
            Word::Close => return None,
            _ => {}
        }
        self.bytes.get(start..self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'%' => self.skip_while(|byte| !matches!(byte, b'\r' | b'\n')),
                byte if is_space(byte) => self.at += 1,
                _ => break,
            }
        }
    }

    fn skip_while(&mut self, skip: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&skip) {
            self.at += 1;
        }
    }

    /// To the end of a text in parentheses, which may hold further pairs of them.
    fn skip_text(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'(' => depth += 1,
                b')' if depth <= 1 => break,
                b')' => depth -= 1,
                _ => {}
            }
        }
    }
}

impl<'b> Iterator for Words<'b> {
    type Item = Word<'b>;

    fn next(&mut self) -> Option<Word<'b>> {
        self.skip_space();
        let start = self.at;
        let first = self.peek()?;
        self.at += 1;
        let second = self.peek();
        Some(match first {
            b'<' | b'>' if second == Some(first) => {
                self.at += 1;
                if first == b'<' { Word::Open } else { Word::Close }
            }
            b'[' => Word::Open,
            b']' => Word::Close,
            b'<' => {
                self.skip_while(|byte| byte != b'>');
                self.at += 1;
                Word::Text
            }
            b'(' => {
                self.at = start;
                self.skip_text();
                Word::Text
            }
            b'/' => {
                self.skip_while(is_regular);
                Word::Name(self.bytes.get(start + 1..self.at)?)
            }
            byte if is_regular(byte) => {
                self.skip_while(is_regular);
                plain(self.bytes.get(start..self.at)?)
            }
            _ => Word::Plain(self.bytes.get(start..self.at)?),
        })
    }
}

fn plain(word: &[u8]) -> Word<'_> {
    let number = word.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    });
    number.map_or(Word::Plain(word), Word::Number)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_regular(byte: u8) -> bool {
    let is_delimiter = matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%');
    !is_space(byte) && !is_delimiter
}

/// The entries of a dictionary, and what follows it.
pub(super) struct Entries<'b> {
    entries: Vec<(&'b [u8], &'b [u8])>,
    pub(super) rest: &'b [u8],
}

impl<'b> Entries<'b> {
    /// Reads the dictionary that begins here; nothing when there is none, or a broken one.
    pub(super) fn read(bytes: &'b [u8]) -> Option<Entries<'b>> {
        let mut words = Words::new(bytes);
        if words.next()? != Word::Open || words.at() < 2 || !bytes.get(..words.at())?.ends_with(b"<<") {
            return None;
        }
        let mut entries = Vec::new();
        loop {
            match words.next()? {
                Word::Name(key) => entries.push((key, words.value()?)),
                Word::Close => return Some(Entries { entries, rest: words.rest() }),
                _ => return None,
            }
        }
    }

    /// The bytes of a value.
    pub(super) fn get(&self, key: &[u8]) -> Option<&'b [u8]> {
        self.entries.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'b [u8], &'b [u8])> {
        self.entries.iter().copied()
    }

    /// A number that stands here itself.
    pub(super) fn number(&self, key: &[u8]) -> Option<u64> {
        let mut words = Words::new(self.get(key)?);
        words.number().filter(|_| words.next().is_none())
    }

    /// The number of the object that a value refers to.
    pub(super) fn reference(&self, key: &[u8]) -> Option<u32> {
        let value = self.get(key)?;
        references(value).next().filter(|_| value.ends_with(b"R") && !value.starts_with(b"["))
    }

    /// A list of numbers.
    pub(super) fn numbers(&self, key: &[u8]) -> Option<Vec<u64>> {
        let list = self.get(key)?.strip_prefix(b"[")?.strip_suffix(b"]")?;
        Words::new(list)
            .map(|word| if let Word::Number(number) = word { Some(number) } else { None })
            .collect()
    }

    /// What stands behind `stream`, when that follows the dictionary.
    pub(super) fn stream(&self) -> Option<&'b [u8]> {
        let mut words = Words::new(self.rest);
        let rest = words.is_next(b"stream").then(|| words.rest())?;
        let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
        Some(rest.strip_prefix(b"\n").unwrap_or(rest))
    }
}

/// The numbers of all objects that an object refers to; what its stream holds is not looked at.
pub(super) fn references(object: &[u8]) -> impl Iterator<Item = u32> {
    let mut before = [None; 2];
    let words = Words::new(object).take_while(|word| !matches!(word, Word::Plain(b"stream" | b"endobj")));
    words.filter_map(move |word| {
        let found = if word == Word::Plain(b"R") { before[0].filter(|_| before[1].is_some()) } else { None };
        let number = if let Word::Number(number) = word { u32::try_from(number).ok() } else { None };
        before = [before[1], number];
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found() {
        let object = b"<< /A 1 0 R /B [2 0 R (3 0 R \\) (4 0 R)) <5020>] % 6 0 R\n/C << /D 7 2 R>> /E 8 >> stream 9 0 R";
        assert_eq!(references(object).collect::<Vec<_>>(), [1, 2, 7]);
        assert_eq!(references(b"(no end \\").count() + references(b"<< /A [").count(), 0);
    }

    #[test]
    fn entries_are_told_apart() {
        let text = b"<</Type/XRef/W[1 2 1]/Root 4 0 R/Size 12/ID[<aa><bb>]/P<</Columns 4>>>> stream\r\nxyz";
        let entries = Entries::read(text).unwrap();
        assert_eq!(entries.get(b"Type"), Some(&b"/XRef"[..]));
        assert_eq!(entries.numbers(b"W"), Some(vec![1, 2, 1]));
        assert_eq!((entries.reference(b"Root"), entries.number(b"Size")), (Some(4), Some(12)));
        assert_eq!((entries.number(b"Root"), entries.reference(b"ID")), (None, None));
        assert_eq!(Entries::read(entries.get(b"P").unwrap()).unwrap().number(b"Columns"), Some(4));
        assert_eq!(entries.stream(), Some(&b"xyz"[..]));
        for broken in [&b"[/A 1]"[..], b"<< /A", b"<< /A >>", b"<< 1 2 >>", b""] {
            assert!(Entries::read(broken).is_none());
        }
    }
}
