//! What the plugin says of itself.

use crate::reading::REMEDY;
use crate::{library, size, slides};
use formwork_image_pixels::drawing_options;
use formwork_sdk::{Capability, Cost, Description, Feature, Library, OptionKind, OptionSpec, option};

/// Says what the plugin can do on this machine.
pub(crate) fn describe() -> Description {
    Description {
        id: "pdf.pages".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Draws the pages of PDF files, and reads their text".into(),
        licence: "(MIT OR Apache-2.0) AND BSD-3-Clause AND IJG".into(),
        libraries: libraries(),
        memory_safe: false,
        touches: "files".into(),
        fuzzed: true,
        probes: vec!["pdf".into()],
        capabilities: vec![
            pictures(false),
            pictures(true),
            thumbnail(),
            text("txt", TEXT),
            text("md", TEXT),
            text("html", TEXT),
            text("docx", TEXT),
            text("odt", TEXT),
            text("epub", BOOK),
            slides(),
            Capability { many_outputs: true, ..text("csv", TABLES) },
            text("xlsx", TABLES),
        ],
        ..Description::default()
    }
}

fn libraries() -> Vec<Library> {
    let of = |name: &str, version: &str, licence: &str| Library {
        name: name.into(),
        version: version.into(),
        licence: licence.into(),
    };
    let pdfium =
        library::get().ok().map(|library| of("pdfium", &library.version, "BSD-3-Clause AND Apache-2.0"));
    pdfium
        .into_iter()
        .chain([
            of("hayro", "0.9", "MIT OR Apache-2.0"),
            of("jpeg-encoder", "0.7", "(MIT OR Apache-2.0) AND IJG"),
        ])
        .collect()
}

fn words(features: &[Feature]) -> Vec<String> {
    features.iter().map(|feature| feature.word().to_owned()).collect()
}

/// Pages to pixels: each in a file of its own, or `joined` in one where the target holds several. The first loses no
/// pages, so it is made to cost a little more: a target that holds pages gets them all in one file.
fn pictures(joined: bool) -> Capability {
    let mut keeps = vec![Feature::Alpha, Feature::Colours, Feature::Quality];
    keeps.extend(joined.then_some(Feature::Pages));
    Capability {
        from: vec!["pdf".into()],
        to: vec!["raster".into()],
        options: drawing(joined),
        keeps: words(&keeps),
        cost: Cost { fixed_ms: if joined { 20.0 } else { 22.0 }, per_mib_ms: 500.0, memory_ratio: 20.0 },
        many_outputs: !joined,
        in_parts: !joined,
        ..Capability::default()
    }
}

fn drawing(joined: bool) -> Vec<OptionSpec> {
    let mut options = vec![
        option("density").with_default(size::DENSITY),
        option("pages").with_default("all").with_summary("Pages to draw: \"1-5\", \"1,3,5-\" or \"all\"."),
        OptionSpec::new(
            "join",
            OptionKind::Boolean,
            "Puts all pages into one file; for targets that hold several pages, as tiff.",
        )
        .with_default(joined),
    ];
    options.extend(common());
    options
}

fn common() -> Vec<OptionSpec> {
    let mut options = drawing_options("a page");
    options.extend([
        option("background")
            .with_default("#ffffff")
            .with_summary("Colour of the paper, as in #ffffff, or transparent."),
        option("password").with_summary("Password that opens the PDF."),
    ]);
    options
}

fn thumbnail() -> Capability {
    let mut options = vec![option("pages").with_default("1").with_summary("Page to draw; the first one.")];
    options.extend(common());
    Capability {
        operation: "thumbnail".into(),
        options,
        cost: Cost { fixed_ms: 20.0, per_mib_ms: 20.0, memory_ratio: 5.0 },
        in_parts: false,
        ..pictures(false)
    }
}

/// What arrives with text that flows: of all pages, one after the other.
const TEXT: &[Feature] = &[Feature::Text, Feature::Pages, Feature::Quality];

/// What arrives in a book as well.
const BOOK: &[Feature] =
    &[Feature::Text, Feature::Pages, Feature::Quality, Feature::Chapters, Feature::Metadata];

/// What arrives with tables alone.
const TABLES: &[Feature] = &[Feature::Pages, Feature::Quality];

/// Pages as slides.
fn slides() -> Capability {
    let mut slides = text("pptx", TEXT);
    slides.options.push(option("density").with_default(slides::DENSITY).with_summary(
        "Dots an inch of what is drawn behind the text; a page is never drawn larger than 4000 pixels.",
    ));
    slides.cost = Cost { fixed_ms: 20.0, per_mib_ms: 700.0, memory_ratio: 20.0 };
    slides
}

/// Text of pages.
fn text(to: &str, keeps: &[Feature]) -> Capability {
    Capability {
        from: vec!["pdf".into()],
        to: vec![to.into()],
        options: vec![
            option("pages")
                .with_default("all")
                .with_summary("Pages to read: \"1-5\", \"1,3,5-\" or \"all\"."),
            option("password").with_summary("Password that opens the PDF."),
        ],
        keeps: words(keeps),
        cost: Cost { fixed_ms: 5.0, per_mib_ms: 200.0, memory_ratio: 10.0 },
        unavailable: library::get().is_err().then(|| REMEDY.into()),
        ..Capability::default()
    }
}
