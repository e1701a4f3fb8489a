//! What the plugin says of itself.

use crate::program::{self, DENSITY, LANGUAGE};
use formwork_sdk::{Capability, Cost, Description, Feature, Library, OptionKind, OptionSpec, option};

/// What to do when Tesseract is missing.
pub(crate) const REMEDY: &str = "apt install tesseract-ocr tesseract-ocr-eng";

/// Says what the plugin can do on this machine.
pub(crate) fn describe() -> Description {
    let program = program::find();
    let version = program.as_deref().and_then(program::version).unwrap_or_default();
    let of = |name: &str, version: &str, licence: &str| Library {
        name: name.into(),
        version: version.into(),
        licence: licence.into(),
    };
    Description {
        id: "pdf.ocr".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Makes scanned PDF files searchable, through an installed Tesseract".into(),
        licence: "MIT OR Apache-2.0".into(),
        libraries: vec![
            of("tesseract (separate program)", &version, "Apache-2.0"),
            of("hayro", "0.9", "MIT OR Apache-2.0"),
            of("lopdf", "0.47", "MIT"),
        ],
        memory_safe: false,
        touches: "programs".into(),
        capabilities: vec![Capability {
            operation: "pdf/ocr".into(),
            from: vec!["pdf".into()],
            to: vec!["pdf".into()],
            options: options(program.as_deref().map(program::languages).unwrap_or_default()),
            keeps: keeps(),
            cost: Cost { fixed_ms: 3_000.0, per_mib_ms: 3_000.0, memory_ratio: 20.0 },
            parallel: true,
            unavailable: program.is_none().then(|| REMEDY.into()),
            ..Capability::default()
        }],
        ..Description::default()
    }
}

/// All but protection: what is written anew is open.
fn keeps() -> Vec<String> {
    let kept = Feature::ALL.iter().filter(|(feature, _)| *feature != Feature::Encryption);
    kept.map(|(_, word)| (*word).to_owned()).collect()
}

fn options(languages: Vec<String>) -> Vec<OptionSpec> {
    let installed = if languages.is_empty() { LANGUAGE.to_owned() } else { languages.join(", ") };
    vec![
        OptionSpec::new(
            "language",
            OptionKind::Text,
            &format!("Language of the text, or several as eng+deu; installed: {installed}."),
        )
        .with_default(LANGUAGE),
        option("density").with_default(DENSITY).with_summary("Dots per inch that pages are read at."),
        option("pages").with_default("all").with_summary("Pages to read: \"1-5\", \"1,3,5-\" or \"all\"."),
        option("password").with_summary("Password that opens the PDF; the result has none."),
    ]
}
