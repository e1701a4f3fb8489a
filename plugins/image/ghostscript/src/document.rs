//! What is read of a document before Ghostscript sees it: the comments of Adobe's Document Structuring
//! Conventions 3.0 and the header of EPSF 3.0 section 5.

use formwork_sdk::{Error, Result};

/// Start of an EPS file with a preview for DOS: offsets of the parts follow.
const DOS: [u8; 4] = [0xc5, 0xd0, 0xd3, 0xc6];
/// Printer job language may come before the document.
const PREAMBLE: usize = 1024;
/// Comments are looked for in so much of the start, and of the end.
const COMMENTS: usize = 1 << 20;

/// A rectangle in points, 1/72 inch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BoundingBox {
    pub(crate) left: f64,
    pub(crate) bottom: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
}

impl BoundingBox {
    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.top - self.bottom
    }

    /// Reads four numbers.
    pub(crate) fn parse(text: &str) -> Option<BoundingBox> {
        let mut numbers = text.split_ascii_whitespace().map(|word| word.parse::<f64>().ok());
        let mut next = || numbers.next().flatten().filter(|number| number.is_finite());
        let (left, bottom, right, top) = (next()?, next()?, next()?, next()?);
        Some(BoundingBox { left, bottom, right, top })
    }

    fn is_empty(&self) -> bool {
        self.width() <= 0.0 || self.height() <= 0.0
    }
}

/// A document without what surrounds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Document<'b> {
    /// The program text, or a PDF.
    pub(crate) body: &'b [u8],
    /// It is a PDF, as current Illustrator files are.
    pub(crate) is_pdf: bool,
    /// It says it is EPS.
    pub(crate) says_eps: bool,
    /// What it covers, when it says so and it is not empty.
    pub(crate) bounding_box: Option<BoundingBox>,
    /// How many pages it says it has.
    pub(crate) pages: Option<u32>,
    /// It says that it uses inks other than black.
    pub(crate) inks: bool,
}

impl<'b> Document<'b> {
    /// Finds the document in a file.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when there is none.
    pub(crate) fn find(bytes: &'b [u8]) -> Result<Document<'b>> {
        let body = without_preamble(without_preview(bytes)?)?;
        let is_pdf = body.starts_with(b"%PDF-");
        let comments = Comments::new(body);
        Ok(Document {
            body,
            is_pdf,
            says_eps: comments.lines().next().is_some_and(|line| line.contains("EPSF")),
            bounding_box: if is_pdf { None } else { comments.bounding_box() },
            pages: comments.pages(),
            inks: comments.values("%%DocumentProcessColors:").any(|value| {
                ["cyan", "magenta", "yellow"].iter().any(|ink| value.to_ascii_lowercase().contains(ink))
            }),
        })
    }
}

fn without_preview(bytes: &[u8]) -> Result<&[u8]> {
    let Some(header) = bytes.strip_prefix(&DOS) else { return Ok(bytes) };
    let number = |at: usize| {
        let four = header.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok());
        four.map(|four| u32::from_le_bytes(four) as usize)
    };
    let part = number(0).zip(number(4)).and_then(|(start, length)| bytes.get(start..)?.get(..length));
    part.ok_or_else(|| Error::corrupt("the EPS header points outside the file"))
}

fn without_preamble(bytes: &[u8]) -> Result<&[u8]> {
    let head = bytes.get(..PREAMBLE).unwrap_or(bytes);
    let start = head.windows(2).position(|two| two == b"%!");
    let start = start.or_else(|| head.windows(5).position(|five| five == b"%PDF-"));
    let body = start.and_then(|start| bytes.get(start..));
    body.ok_or_else(|| Error::corrupt("the file does not start like PostScript or PDF"))
}

/// The lines of a document that can hold comments.
struct Comments<'b> {
    head: &'b [u8],
    tail: &'b [u8],
}

impl<'b> Comments<'b> {
    fn new(body: &'b [u8]) -> Self {
        let (head, rest) = body.split_at(body.len().min(COMMENTS));
        let tail = rest.get(rest.len().saturating_sub(COMMENTS)..).unwrap_or(rest);
        Comments { head, tail }
    }

    fn lines(&self) -> impl Iterator<Item = std::borrow::Cow<'b, str>> {
        let all = [self.head, self.tail].into_iter();
        all.flat_map(|part| part.split(|byte| matches!(byte, b'\r' | b'\n'))).map(String::from_utf8_lossy)
    }

    fn values(&self, name: &str) -> impl Iterator<Item = String> {
        self.lines().filter_map(move |line| line.strip_prefix(name).map(|value| value.trim().to_owned()))
    }

    /// The last number counts: the first place may say that it stands at the end.
    fn pages(&self) -> Option<u32> {
        self.values("%%Pages:").filter_map(|value| value.split_whitespace().next()?.parse().ok()).last()
    }

    fn bounding_box(&self) -> Option<BoundingBox> {
        let fine = self.first_or_last("%%HiResBoundingBox:");
        fine.or_else(|| self.first_or_last("%%BoundingBox:"))
    }

    /// The first value counts, unless it says that the value stands at the end.
    fn first_or_last(&self, name: &str) -> Option<BoundingBox> {
        let mut values = self.values(name);
        let first = values.next()?;
        let value = if first.contains("atend") { values.last()? } else { first };
        BoundingBox::parse(&value).filter(|found| !found.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes() {
        let find = |text: &str| Document::find(text.as_bytes()).unwrap().bounding_box;
        let wanted = Some(BoundingBox { left: 1.0, bottom: 2.0, right: 30.5, top: 40.0 });
        assert_eq!(find("%!PS-Adobe-3.0 EPSF-3.0\r%%BoundingBox: 1 2 30.5 40\r"), wanted);
        assert_eq!(find("%!\n%%BoundingBox: (atend)\n0\n%%BoundingBox: 1 2 30.5 40"), wanted);
        assert_eq!(find("%!\n%%BoundingBox: 0 0 9 9\n%%HiResBoundingBox: 1 2 30.5 40"), wanted);
        assert_eq!(find("%!\n%%BoundingBox: 5 5 5 5\n"), None);
        assert_eq!(find("%!\n%%BoundingBox: nan nan nan nan\n"), None);
    }

    #[test]
    fn previews_are_cut_off() {
        let mut bytes = DOS.to_vec();
        bytes.extend([12, 0, 0, 0, 4, 0, 0, 0]);
        bytes.extend(b"%!PSpreview");
        assert_eq!(Document::find(&bytes).unwrap().body, b"%!PS");
        bytes[4] = 200;
        assert!(Document::find(&bytes).is_err());
        assert!(Document::find(b"nothing").is_err());
    }
}
