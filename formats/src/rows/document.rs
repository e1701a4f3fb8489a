//! Text, sheets, slides and books.

use crate::Compression::Either;
use crate::Feature::{
    Alpha, Animation, BitDepth, ColourProfile, Colours, Encryption, Fonts, Formulas, Inks, Layers,
};
use crate::Feature::{Chapters, Macros, Metadata, Pages, Text, Vector};
use crate::{Feature, Format, Signature};

/// Where the OpenDocument formats are specified.
const OPEN_DOCUMENT: &str =
    "ISO/IEC 26300; OASIS OpenDocument 1.3, https://docs.oasis-open.org/office/OpenDocument/v1.3/";
/// What word-processing files hold.
const WRITER: &[Feature] = &[Alpha, Colours, Encryption, Fonts, Macros, Metadata, Pages, Text, Vector];
/// What spreadsheets hold.
const SHEETS: &[Feature] =
    &[Alpha, Colours, Encryption, Fonts, Formulas, Macros, Metadata, Pages, Text, Vector];
/// What slide shows hold.
const SLIDES: &[Feature] =
    &[Alpha, Animation, Colours, Encryption, Fonts, Macros, Metadata, Pages, Text, Vector];
/// What electronic books hold.
const BOOK: &[Feature] = &[Alpha, Chapters, Colours, Fonts, Metadata, Text, Vector];

pub(super) const TABLE: &[Format] = &[
    Format {
        id: "ai",
        name: "Adobe Illustrator artwork",
        extensions: &["ai", "ait"],
        aliases: &["illustrator"],
        mime: &["application/vnd.adobe.illustrator", "application/illustrator"],
        container: Some("pdf"),
        holds: &[Alpha, ColourProfile, Colours, Fonts, Inks, Layers, Metadata, Pages, Text, Vector],
        specification: "Adobe Illustrator File Format Specification; ISO 32000 since Illustrator 9",
        ..Format::DOCUMENT
    },
    Format {
        id: "azw3",
        name: "Kindle format 8",
        extensions: &["azw3", "kf8"],
        mime: &["application/vnd.amazon.mobi8-ebook", "application/x-mobi8-ebook"],
        container: Some("mobi"),
        holds: BOOK,
        specification: "Not published by its maker; described at https://wiki.mobileread.com/wiki/KF8",
        ..Format::DOCUMENT
    },
    Format {
        id: "csv",
        name: "Comma-separated values",
        extensions: &["csv", "tsv", "tab", "psv"],
        mime: &["text/csv", "text/tab-separated-values", "application/csv"],
        holds: &[Text],
        specification: "RFC 4180, https://www.rfc-editor.org/rfc/rfc4180",
        ..Format::DOCUMENT
    },
    Format {
        id: "doc",
        name: "Word 97-2003 document",
        extensions: &["doc", "dot"],
        aliases: &["word"],
        mime: &["application/msword"],
        holds: WRITER,
        specification: "Microsoft [MS-DOC] in [MS-CFB], https://learn.microsoft.com/openspecs/office_file_formats/ms-doc/",
        ..Format::DOCUMENT
    },
    Format {
        id: "docx",
        name: "Word document",
        extensions: &["docx", "docm", "dotx", "dotm"],
        mime: &[
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.ms-word.document.macroEnabled.12",
        ],
        container: Some("zip"),
        holds: WRITER,
        specification: "ISO/IEC 29500, WordprocessingML; ECMA-376",
        ..Format::DOCUMENT
    },
    Format {
        id: "epub",
        name: "EPUB book",
        extensions: &["epub"],
        mime: &["application/epub+zip"],
        signatures: &[Signature::at(30, b"mimetypeapplication/epub+zip")],
        container: Some("zip"),
        holds: BOOK,
        specification: "W3C EPUB 3.3, https://www.w3.org/TR/epub-33/",
        ..Format::DOCUMENT
    },
    Format {
        id: "fb2",
        name: "FictionBook 2",
        extensions: &["fb2"],
        aliases: &["fictionbook"],
        mime: &["application/x-fictionbook+xml", "text/fb2+xml"],
        container: Some("xml"),
        holds: &[Alpha, Chapters, Colours, Metadata, Text],
        specification: "FictionBook 2.1 schema, http://www.fictionbook.org",
        ..Format::DOCUMENT
    },
    Format {
        id: "fodp",
        name: "Flat OpenDocument presentation",
        extensions: &["fodp"],
        mime: &["application/vnd.oasis.opendocument.presentation-flat-xml"],
        container: Some("xml"),
        holds: SLIDES,
        specification: OPEN_DOCUMENT,
        ..Format::DOCUMENT
    },
    Format {
        id: "fods",
        name: "Flat OpenDocument spreadsheet",
        extensions: &["fods"],
        mime: &["application/vnd.oasis.opendocument.spreadsheet-flat-xml"],
        container: Some("xml"),
        holds: SHEETS,
        specification: OPEN_DOCUMENT,
        ..Format::DOCUMENT
    },
    Format {
        id: "fodt",
        name: "Flat OpenDocument text",
        extensions: &["fodt"],
        mime: &["application/vnd.oasis.opendocument.text-flat-xml"],
        container: Some("xml"),
        holds: WRITER,
        specification: OPEN_DOCUMENT,
        ..Format::DOCUMENT
    },
    Format {
        id: "html",
        name: "Web page",
        extensions: &["html", "htm", "xhtml", "xht", "shtml"],
        mime: &["text/html", "application/xhtml+xml"],
        holds: &[Alpha, Animation, Colours, Fonts, Macros, Metadata, Text, Vector],
        specification: "WHATWG HTML Living Standard, https://html.spec.whatwg.org",
        ..Format::DOCUMENT
    },
    Format {
        id: "md",
        name: "Markdown",
        extensions: &["md", "markdown", "mkd", "mdown", "mdwn"],
        aliases: &["commonmark", "gfm"],
        mime: &["text/markdown", "text/x-markdown"],
        holds: &[Text, Metadata],
        specification: "CommonMark 0.31.2, https://spec.commonmark.org; RFC 7763",
        ..Format::DOCUMENT
    },
    Format {
        id: "mobi",
        name: "Mobipocket book",
        extensions: &["mobi", "azw", "prc"],
        aliases: &["mobipocket"],
        mime: &["application/x-mobipocket-ebook", "application/vnd.amazon.ebook"],
        signatures: &[Signature::at(60, b"BOOKMOBI")],
        holds: &[Chapters, Colours, Encryption, Metadata, Text],
        specification: "Not published by its maker; described at https://wiki.mobileread.com/wiki/MOBI",
        ..Format::DOCUMENT
    },
    Format {
        id: "odg",
        name: "OpenDocument drawing",
        extensions: &["odg", "otg"],
        mime: &["application/vnd.oasis.opendocument.graphics"],
        container: Some("zip"),
        holds: &[Alpha, Colours, Encryption, Fonts, Layers, Macros, Metadata, Pages, Text, Vector],
        specification: OPEN_DOCUMENT,
        ..Format::DOCUMENT
    },
    Format {
        id: "odp",
        name: "OpenDocument presentation",
        extensions: &["odp", "otp"],
        mime: &["application/vnd.oasis.opendocument.presentation"],
        container: Some("zip"),
        holds: SLIDES,
        specification: OPEN_DOCUMENT,
        ..Format::DOCUMENT
    },
    Format {
        id: "ods",
        name: "OpenDocument spreadsheet",
        extensions: &["ods", "ots"],
        mime: &["application/vnd.oasis.opendocument.spreadsheet"],
        container: Some("zip"),
        holds: SHEETS,
        specification: OPEN_DOCUMENT,
        ..Format::DOCUMENT
    },
    Format {
        id: "odt",
        name: "OpenDocument text",
        extensions: &["odt", "ott", "odm"],
        mime: &["application/vnd.oasis.opendocument.text"],
        container: Some("zip"),
        holds: WRITER,
        specification: OPEN_DOCUMENT,
        ..Format::DOCUMENT
    },
    Format {
        id: "pdf",
        name: "Portable Document Format",
        extensions: &["pdf"],
        mime: &["application/pdf", "application/x-pdf"],
        signatures: &[Signature::start(b"%PDF-")],
        compression: Either,
        holds: &[
            Alpha,
            BitDepth,
            Chapters,
            ColourProfile,
            Colours,
            Encryption,
            Fonts,
            Inks,
            Layers,
            Metadata,
            Pages,
            Text,
            Vector,
        ],
        specification: "ISO 32000-2, https://pdfa.org/resource/iso-32000-2/",
        ..Format::DOCUMENT
    },
    Format {
        id: "ppt",
        name: "PowerPoint 97-2003 presentation",
        extensions: &["ppt", "pps", "pot"],
        aliases: &["powerpoint"],
        mime: &["application/vnd.ms-powerpoint"],
        holds: SLIDES,
        specification: "Microsoft [MS-PPT] in [MS-CFB], https://learn.microsoft.com/openspecs/office_file_formats/ms-ppt/",
        ..Format::DOCUMENT
    },
    Format {
        id: "pptx",
        name: "PowerPoint presentation",
        extensions: &["pptx", "pptm", "ppsx", "ppsm", "potx", "potm"],
        mime: &[
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
        ],
        container: Some("zip"),
        holds: SLIDES,
        specification: "ISO/IEC 29500, PresentationML; ECMA-376",
        ..Format::DOCUMENT
    },
    Format {
        id: "ps",
        name: "PostScript",
        extensions: &["ps"],
        aliases: &["postscript"],
        mime: &["application/postscript"],
        signatures: &[Signature::start(b"%!PS"), Signature::start(b"\x04%!PS")],
        holds: &[ColourProfile, Colours, Fonts, Inks, Pages, Text, Vector],
        specification: "Adobe PostScript Language Reference, third edition",
        ..Format::DOCUMENT
    },
    Format {
        id: "rst",
        name: "reStructuredText",
        extensions: &["rst", "rest"],
        aliases: &["restructuredtext"],
        mime: &["text/x-rst", "text/prs.fallenstein.rst"],
        holds: &[Text, Metadata],
        specification: "Docutils, https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html",
        ..Format::DOCUMENT
    },
    Format {
        id: "rtf",
        name: "Rich Text Format",
        extensions: &["rtf"],
        mime: &["application/rtf", "text/rtf"],
        signatures: &[Signature::start(b"{\\rtf")],
        holds: &[Alpha, Colours, Fonts, Metadata, Pages, Text, Vector],
        specification: "Microsoft Rich Text Format (RTF) Specification 1.9.1",
        ..Format::DOCUMENT
    },
    Format {
        id: "tex",
        name: "TeX source",
        extensions: &["tex", "latex", "ltx"],
        mime: &["application/x-tex", "text/x-tex", "application/x-latex"],
        holds: &[Fonts, Macros, Metadata, Text],
        specification: "D. E. Knuth, The TeXbook; LaTeX2e reference, https://latexref.xyz",
        ..Format::DOCUMENT
    },
    Format {
        id: "txt",
        name: "Plain text",
        extensions: &["txt", "text", "log", "asc"],
        aliases: &["plain"],
        mime: &["text/plain"],
        holds: &[Text],
        specification: "RFC 2046 section 4.1.3; The Unicode Standard, https://www.unicode.org/standard/standard.html",
        ..Format::DOCUMENT
    },
    Format {
        id: "xls",
        name: "Excel 97-2003 workbook",
        extensions: &["xls", "xlt", "xla"],
        aliases: &["excel"],
        mime: &["application/vnd.ms-excel"],
        holds: SHEETS,
        specification: "Microsoft [MS-XLS] in [MS-CFB], https://learn.microsoft.com/openspecs/office_file_formats/ms-xls/",
        ..Format::DOCUMENT
    },
    Format {
        id: "xlsb",
        name: "Excel binary workbook",
        extensions: &["xlsb"],
        mime: &["application/vnd.ms-excel.sheet.binary.macroEnabled.12"],
        container: Some("zip"),
        holds: SHEETS,
        specification: "Microsoft [MS-XLSB], https://learn.microsoft.com/openspecs/office_file_formats/ms-xlsb/",
        ..Format::DOCUMENT
    },
    Format {
        id: "xlsx",
        name: "Excel workbook",
        extensions: &["xlsx", "xlsm", "xltx", "xltm"],
        mime: &[
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.ms-excel.sheet.macroEnabled.12",
        ],
        container: Some("zip"),
        holds: SHEETS,
        specification: "ISO/IEC 29500, SpreadsheetML; ECMA-376",
        ..Format::DOCUMENT
    },
    Format {
        id: "xml",
        name: "XML document",
        extensions: &["xml", "xsl", "xslt", "xsd"],
        mime: &["application/xml", "text/xml"],
        holds: &[Metadata, Text],
        specification: "W3C Extensible Markup Language 1.0, fifth edition, https://www.w3.org/TR/xml/",
        ..Format::DOCUMENT
    },
];
