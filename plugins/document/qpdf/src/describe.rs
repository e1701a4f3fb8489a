//! What the plugin says of itself.

use crate::run;
use formwork_sdk::{Capability, Cost, Description, Feature, Library, OptionKind, OptionSpec, option};
use std::path::Path;

/// What to do when qpdf is missing.
pub(crate) const REMEDY: &str = "apt install qpdf";

/// Says what the plugin can do on this machine.
pub(crate) fn describe() -> Description {
    let program = run::find();
    let version = program.as_deref().and_then(version).unwrap_or_default();
    let on_pdf = |operation: &str, role: &str, options| Capability {
        operation: operation.into(),
        from: vec!["pdf".into()],
        to: vec!["pdf".into()],
        options,
        role: role.into(),
        cost: Cost { fixed_ms: 60.0, per_mib_ms: 100.0, memory_ratio: 20.0 },
        unavailable: program.is_none().then(|| REMEDY.into()),
        ..Capability::default()
    };
    let password = || option("password").with_summary("Password that opens the file.");
    let kept = |but: Option<Feature>| {
        let kept = Feature::ALL.iter().filter(|(feature, _)| Some(*feature) != but);
        kept.map(|(_, word)| (*word).to_owned()).collect()
    };
    Description {
        id: "pdf.qpdf".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Mends and linearizes PDF files, through an installed qpdf".into(),
        licence: "MIT OR Apache-2.0".into(),
        libraries: vec![Library {
            name: "qpdf (separate program)".into(),
            version,
            licence: "Apache-2.0".into(),
        }],
        memory_safe: false,
        touches: "programs".into(),
        capabilities: vec![
            Capability {
                keeps: kept(Some(Feature::Encryption)),
                ..on_pdf("pdf/repair", "rescue", vec![password()])
            },
            Capability {
                keeps: kept(None),
                ..on_pdf("pdf/linearize", "finish", vec![linearize(), password(), option("max_bytes")])
            },
        ],
        ..Description::default()
    }
}

fn linearize() -> OptionSpec {
    OptionSpec::new(
        "linearize",
        OptionKind::Boolean,
        "Orders the PDF so that its first page can be shown before all of it is there; needs qpdf.",
    )
}

fn version(program: &Path) -> Option<String> {
    let text = formwork_program::ask(program, "--version")?;
    let word = text.lines().next()?.split_whitespace().nth(2)?;
    Some(word.to_owned()).filter(|version| version.len() < 32)
}
