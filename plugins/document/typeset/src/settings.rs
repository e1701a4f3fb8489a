//! The options of a step, in points and words of this crate.

use formwork_sdk::{Error, Result, Step};
use typst::foundations::Datetime;
use typst_pdf::PdfStandard;

/// Points for one millimetre.
const MILLIMETRE: f64 = 72.0 / 25.4;
/// Sizes of paper by their names, in millimetres, upright: ISO 216 and ANSI/ASME Y14.1.
pub(crate) const PAPERS: &[(&str, (f64, f64))] = &[
    ("a3", (297.0, 420.0)),
    ("a4", (210.0, 297.0)),
    ("a5", (148.0, 210.0)),
    ("a6", (105.0, 148.0)),
    ("b5", (176.0, 250.0)),
    ("letter", (215.9, 279.4)),
    ("legal", (215.9, 355.6)),
    ("tabloid", (279.4, 431.8)),
];
/// What a result may conform to, by the option's word.
pub(crate) const STANDARDS: &[(&str, &str, PdfStandard)] = &[
    ("pdfa-1b", "PDF/A-1b", PdfStandard::A_1b),
    ("pdfa-2b", "PDF/A-2b", PdfStandard::A_2b),
    ("pdfa-3b", "PDF/A-3b", PdfStandard::A_3b),
    ("pdfua-1", "PDF/UA-1", PdfStandard::Ua_1),
];
/// The date in files whose standard asks for one, when nothing tells it: the same input gives the same bytes.
const UNTOLD: (i32, u8, u8) = (2000, 1, 1);
/// The least room for text, in points: margins that leave less are refused.
const LEAST_ROOM: f64 = 60.0;

/// How a document is to be set. Lengths are in points.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Width and height of a page.
    pub(crate) page: (f64, f64),
    /// Whether the page was asked to lie or stand.
    pub(crate) oriented: bool,
    /// Distance of the text from all edges.
    pub(crate) margin: f64,
    /// Height of letters, when asked for.
    pub(crate) size: Option<f64>,
    /// Family of fonts, when asked for.
    pub(crate) font: Option<String>,
    /// Whether plain text has letters of one width, when asked for.
    pub(crate) mono: Option<bool>,
    /// What the result conforms to: its name and itself.
    pub(crate) standard: Option<(&'static str, PdfStandard)>,
    /// Whether the structure is written along.
    pub(crate) tagged: bool,
    /// Whether pages are numbered.
    pub(crate) numbered: bool,
    /// Whether a table of contents comes first.
    pub(crate) contents: bool,
    /// Language of the text, when told.
    pub(crate) language: Option<String>,
    /// Title of the document, when told.
    pub(crate) title: Option<String>,
    /// Date of the document, when told.
    pub(crate) date: Option<Datetime>,
}

impl Settings {
    /// Reads the options of a step.
    ///
    /// # Errors
    ///
    /// `invalid_request` when there is no room for text, or the language is none.
    pub(crate) fn of(step: &Step<'_>) -> Result<Settings> {
        let options = step.options();
        let word = |name: &str| options.text(name).map(str::to_owned).filter(|text| !text.trim().is_empty());
        let named = options.text("page_size").unwrap_or_default();
        let paper = PAPERS.iter().find(|(name, _)| *name == named).map_or((210.0, 297.0), |(_, size)| *size);
        let standing = (paper.0 * MILLIMETRE, paper.1 * MILLIMETRE);
        let orientation = options.text("orientation");
        let page = if orientation == Some("landscape") { (standing.1, standing.0) } else { standing };
        let margin = options.number("margin").unwrap_or(20.0) * MILLIMETRE;
        if page.0.min(page.1) - 2.0 * margin < LEAST_ROOM {
            let most = (page.0.min(page.1) - LEAST_ROOM) / 2.0 / MILLIMETRE;
            return Err(Error::invalid(format!(
                "margins of {} mm leave no room for text; {most:.0} is the most here",
                margin / MILLIMETRE
            )));
        }
        let language = word("language");
        if let Some(language) = language.as_deref().filter(|language| parts(language).is_none()) {
            return Err(Error::invalid(format!(
                "the language `{language}` is no code such as en, de or pt-BR"
            )));
        }
        let date = word("date");
        if let Some(date) = date.as_deref().filter(|date| day(date).is_none()) {
            return Err(Error::invalid(format!("the date `{date}` is none such as 2026 or 2026-11-26")));
        }
        let standard = STANDARDS.iter().find(|(word, ..)| Some(*word) == options.text("conforms"));
        Ok(Settings {
            page,
            oriented: orientation.is_some(),
            margin,
            size: options.number("font_size"),
            font: word("font"),
            mono: options.text("monospaced").and_then(|word| match word {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            }),
            standard: standard.map(|(_, name, standard)| (*name, *standard)),
            tagged: options.flag("tagged"),
            numbered: options.flag("page_numbers"),
            contents: options.flag("contents"),
            language,
            title: word("title"),
            date: date.as_deref().and_then(day),
        })
    }

    /// Width and height of what a page has for text.
    pub(crate) fn room(&self) -> (f64, f64) {
        (self.page.0 - 2.0 * self.margin, self.page.1 - 2.0 * self.margin)
    }

    /// The date to write: the one that was asked for, else the document's own.
    pub(crate) fn dated(&self, own: Option<&str>) -> Option<Datetime> {
        let untold = || self.standard.and_then(|_| Datetime::from_ymd(UNTOLD.0, UNTOLD.1, UNTOLD.2));
        self.date.or_else(|| own.and_then(day)).or_else(untold)
    }

    /// The same page on its side, whichever it was.
    pub(crate) fn turned(&self) -> Settings {
        Settings { page: (self.page.1, self.page.0), ..self.clone() }
    }
}

/// A day, from a year or the start of a date as ISO 8601 writes it.
pub(crate) fn day(text: &str) -> Option<Datetime> {
    let mut parts = text.trim().get(..10).unwrap_or(text.trim()).splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let mut part = || parts.next().map_or(Some(1), |part| part.parse().ok());
    let (month, day) = (part()?, part()?);
    Datetime::from_ymd(year, month, day)
}

/// Language and region of a code as RFC 5646 writes it; other parts are dropped.
pub(crate) fn parts(code: &str) -> Option<(String, Option<String>)> {
    let mut subtags = code.trim().split(['-', '_']);
    let letters = |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let language = subtags.next().filter(|tag| matches!(tag.len(), 2 | 3)).filter(letters)?;
    let region = subtags.find(|tag| tag.len() == 2).filter(letters);
    Some((language.to_ascii_lowercase(), region.map(str::to_ascii_uppercase)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_languages_are_read() {
        assert_eq!(day("2026-11-26T10:00:00Z"), Datetime::from_ymd(2026, 11, 26));
        assert_eq!(day("2026"), Datetime::from_ymd(2026, 1, 1));
        for none in ["", "26.11.2026", "2026-13-01", "soon", "2026-11-x"] {
            assert_eq!(day(none), None, "{none}");
        }
        assert_eq!(parts("pt-BR"), Some(("pt".into(), Some("BR".into()))));
        assert_eq!(parts("zh_Hant_TW"), Some(("zh".into(), Some("TW".into()))));
        assert_eq!((parts("english"), parts("x!"), parts("")), (None, None, None));
    }
}
