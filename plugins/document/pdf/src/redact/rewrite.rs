//! Writes a content stream anew, without what is to go.

use super::scan::{At, Letter, shown_items};
use crate::content::{Operand, Operation, Operations};
use lopdf::ObjectId;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;

/// What becomes of a code.
enum Fate {
    Stays(Vec<u8>),
    /// So many bytes make place for a distance.
    Goes(usize, f64),
}

/// What goes from the streams of a document.
#[derive(Default)]
pub(super) struct Removal {
    /// Operations that show text with what is to stay of them: each code, or the distance in its place.
    texts: HashMap<At, BTreeMap<usize, Fate>>,
    /// Operations that paint what goes as a whole.
    whole: BTreeSet<At>,
}

impl Removal {
    /// Removes letters by their numbers. All letters of the operations they are in must be among those given.
    pub(super) fn letters(&mut self, letters: &[Letter], gone: &BTreeSet<usize>) {
        let touched: BTreeSet<At> =
            gone.iter().filter_map(|number| letters.get(*number)).map(|it| it.at).collect();
        for (number, letter) in letters.iter().enumerate().filter(|(_, letter)| touched.contains(&letter.at))
        {
            let codes = self.texts.entry(letter.at).or_default();
            // What one use of a form loses, all lose.
            let kept = codes.entry(letter.place).or_insert_with(|| Fate::Stays(letter.code.bytes.clone()));
            if gone.contains(&number) {
                *kept = Fate::Goes(letter.code.bytes.len(), letter.back);
            }
        }
    }

    pub(super) fn whole(&mut self, at: At) {
        self.whole.insert(at);
    }

    /// The streams that change.
    pub(super) fn streams(&self) -> BTreeSet<ObjectId> {
        self.texts.keys().chain(&self.whole).map(|at| at.stream).collect()
    }

    /// A stream without what goes.
    pub(super) fn applied(&self, stream: ObjectId, content: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(content.len());
        // An image in the content begins one operation before its samples.
        let mut begin = None;
        for (number, operation) in Operations::new(content).enumerate() {
            let at = At { stream, operation: number };
            let own = content.get(operation.range.clone()).unwrap_or_default();
            if let Some(start) = begin.take()
                && self.whole.contains(&at)
                && operation.operator == b"ID"
            {
                out.truncate(start);
                continue;
            }
            if operation.operator == b"BI" {
                begin = Some(out.len());
            }
            match self.texts.get(&at) {
                Some(codes) => shown(&operation, codes, &mut out),
                None if self.whole.contains(&at) => out.extend_from_slice(b"\nn"),
                None => out.extend_from_slice(&untagged(&operation, own)),
            }
        }
        out
    }
}

/// Content may be tagged with the text it shows; such tags lose what they say.
fn untagged(operation: &Operation<'_>, own: &[u8]) -> Vec<u8> {
    match (operation.operator, operation.operands.as_slice()) {
        (b"BDC", [Operand::Name(tag), ..]) if tag != b"OC" => b"\n/Span BMC".to_vec(),
        (b"DP", _) => Vec::new(),
        _ => own.to_vec(),
    }
}

/// An operation that shows text, with what stays of it.
fn shown(operation: &Operation<'_>, codes: &BTreeMap<usize, Fate>, out: &mut Vec<u8>) {
    let mut text = String::from("\n");
    match (operation.operator, operation.operands.as_slice()) {
        (b"\"", [Operand::Number(words), Operand::Number(letters), ..]) => {
            let _ = write!(text, "{words} Tw {letters} Tc T* ");
        }
        (b"'", _) => text.push_str("T* "),
        _ => {}
    }
    text.push('[');
    let mut left = codes.values();
    for item in shown_items(operation) {
        match item {
            Operand::Number(back) => {
                let _ = write!(text, " {back}");
            }
            Operand::Text(bytes) => {
                let mut seen = 0;
                while seen < bytes.len() {
                    match left.next() {
                        Some(Fate::Stays(code)) => {
                            seen += code.len();
                            let _ = write!(
                                text,
                                "<{}>",
                                code.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
                            );
                        }
                        Some(Fate::Goes(length, back)) => {
                            seen += length;
                            let _ = write!(text, " {back:.3} ");
                        }
                        None => break,
                    }
                }
            }
            _ => {}
        }
    }
    text.push_str("] TJ");
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::font::Code;

    #[test]
    fn letters_leave_their_room() {
        let stream = (1, 0);
        let content = b"BT 1 0 0 1 5 5 Tm [(ab) -20 (c)] TJ /P <</ActualText (abc)>> BDC EMC ET 0 0 m f BI /W 1 ID \x01 EI Q";
        let letter = |place: usize, byte: u8| Letter {
            at: At { stream, operation: 2 },
            place,
            code: Code { bytes: vec![byte], text: (byte as char).into(), copied: None, width: 0.5 },
            back: -500.0,
            area: [0.0; 4],
            size: 10.0,
            along: (1.0, 0.0),
        };
        let letters = [letter(0, b'a'), letter(1, b'b'), letter(2, b'c')];
        let mut removal = Removal::default();
        removal.letters(&letters, &BTreeSet::from([1]));
        removal.whole(At { stream, operation: 7 });
        removal.whole(At { stream, operation: 9 });
        let out = String::from_utf8(removal.applied(stream, content)).unwrap();
        assert_eq!(out, "BT 1 0 0 1 5 5 Tm\n[<61> -500.000  -20<63>] TJ\n/Span BMC EMC ET 0 0 m\nn Q");
    }
}
