//! What the plugin says of itself.

use crate::fonts;
use crate::settings::{PAPERS, STANDARDS};
use formwork_sdk::{Capability, Cost, Description, Feature, Library, OptionSpec, option};

/// Says what the plugin can do on this machine.
pub(crate) fn describe() -> Description {
    Description {
        id: "typeset".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Sets text, Markdown, tables and web pages into PDF".into(),
        licence: "(MIT OR Apache-2.0) AND Apache-2.0 AND MPL-2.0".into(),
        libraries: vec![
            library("typst", "0.15.1", "Apache-2.0"),
            library("pulldown-cmark", "0.13", "MIT"),
            library("scraper", "0.29", "ISC"),
            library("csv", "1.4", "Unlicense OR MIT"),
        ],
        memory_safe: true,
        touches: "files".into(),
        fuzzed: true,
        capabilities: vec![
            to_pdf("txt", &[Feature::Text], vec![monospaced()]),
            to_pdf("csv", &[Feature::Text], vec![header()]),
            to_pdf("md", &[Feature::Text, Feature::Metadata], vec![contents()]),
            to_pdf("html", HTML, vec![contents()]),
            join(),
        ],
        ..Description::default()
    }
}

/// What arrives of a web page: no scripts, no fonts, nothing that moves.
const HTML: &[Feature] =
    &[Feature::Text, Feature::Metadata, Feature::Alpha, Feature::Colours, Feature::Vector];

fn library(name: &str, version: &str, licence: &str) -> Library {
    Library { name: name.into(), version: version.into(), licence: licence.into() }
}

fn to_pdf(from: &str, keeps: &[Feature], own: Vec<OptionSpec>) -> Capability {
    let mut keeps: Vec<String> = keeps.iter().map(|feature| feature.word().to_owned()).collect();
    keeps.push(Feature::Quality.word().into());
    let mut options = own;
    options.extend(common());
    Capability {
        from: vec![from.into()],
        to: vec!["pdf".into()],
        options,
        keeps,
        cost: Cost { fixed_ms: 60.0, per_mib_ms: 1_700.0, memory_ratio: 280.0 },
        parallel: true,
        unavailable: (!fonts::are_there()).then(|| fonts::REMEDY.into()),
        ..Capability::default()
    }
}

/// The rows of several tables in one.
fn join() -> Capability {
    Capability {
        operation: "merge".into(),
        from: vec!["csv".into()],
        to: vec!["csv".into()],
        keeps: [Feature::Text, Feature::Quality].map(|feature| feature.word().into()).into(),
        cost: Cost { fixed_ms: 1.0, per_mib_ms: 20.0, memory_ratio: 3.0 },
        many_inputs: true,
        // A workbook's sheets become tables first.
        companions: vec!["csv".into()],
        ..Capability::default()
    }
}

fn common() -> Vec<OptionSpec> {
    let papers: Vec<&str> = PAPERS.iter().map(|(name, _)| *name).collect();
    let standards: Vec<&str> =
        std::iter::once("none").chain(STANDARDS.iter().map(|(word, ..)| *word)).collect();
    vec![
        option("page_size").with_choices(&papers).with_default("a4"),
        option("orientation").with_summary(
            "How the page stands: portrait or landscape; without it upright, and on its side for wide tables.",
        ),
        option("margin")
            .with_range(0, 100)
            .with_default(20)
            .with_summary("Distance of the text from the edges of the page in millimetres."),
        option("font").with_summary("Family of fonts, or sans, serif, mono; it has to be installed."),
        option("font_size")
            .with_range(4, 72)
            .with_summary("Height of the letters in points; without it 10.5, less where lines are long."),
        option("conforms")
            .with_choices(&standards)
            .with_default("none")
            .with_summary("What the result conforms to: a part of PDF/A, level B, or PDF/UA."),
        option("tagged").with_default(true),
        option("page_numbers").with_default(false),
        option("language").with_summary("Language of the text, as in en or pt-BR; without it what the document says."),
        option("title").with_summary("Title of the document."),
        option("date").with_summary("Date of the document: a year, or YYYY-MM-DD; without it what the document says."),
    ]
}

fn monospaced() -> OptionSpec {
    option("monospaced").with_choices(&["auto", "yes", "no"]).with_default("auto")
}

fn header() -> OptionSpec {
    option("header").with_default(true)
}

fn contents() -> OptionSpec {
    option("contents").with_default(false)
}
