//! What the plugin says of itself.

use formwork_sdk::{Capability, Cost, Description, Feature, Library, OptionSpec, option};

/// Workbooks that are read.
const BOOKS: &[&str] = &["xlsx", "xls", "ods"];
/// A table of text, which is a book of one sheet.
const TABLE: &str = "csv";

/// Says what the plugin can do.
pub(crate) fn describe() -> Description {
    let library = |name: &str, version: &str, licence: &str| Library {
        name: name.into(),
        version: version.into(),
        licence: licence.into(),
    };
    Description {
        id: "sheets".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Reads spreadsheets, and writes them as workbooks, tables and pages".into(),
        licence: "(MIT OR Apache-2.0) AND MIT".into(),
        libraries: vec![
            library("calamine", "0.38", "MIT"),
            library("rust_xlsxwriter", "0.102", "MIT OR Apache-2.0"),
            library("csv", "1.4", "Unlicense OR MIT"),
        ],
        memory_safe: true,
        fuzzed: true,
        capabilities: capabilities(),
        ..Description::default()
    }
}

fn capabilities() -> Vec<Capability> {
    let all = || BOOKS.iter().chain([&TABLE]).copied();
    // What is already in the target's own format is not written anew.
    let others = |to: &str| all().filter(|from| *from != to).map(str::to_owned).collect::<Vec<_>>();
    let to = |to: &str, mut options: Vec<OptionSpec>| {
        options.push(option("sheet").with_default("all"));
        Capability {
            from: others(to),
            to: vec![to.into()],
            options,
            keeps: KEPT.iter().map(|feature| feature.word().into()).collect(),
            cost: Cost { fixed_ms: 2.0, per_mib_ms: 600.0, memory_ratio: 40.0 },
            ..Capability::default()
        }
    };
    let header =
        || option("header").with_default(true).with_summary("The first row of a sheet names its columns.");
    vec![
        // The way to paper too, so it costs a little less than tables: those would come to a file for each sheet.
        to("html", vec![header()]),
        Capability {
            many_outputs: true,
            cost: Cost { fixed_ms: 4.0, per_mib_ms: 600.0, memory_ratio: 40.0 },
            ..to("csv", vec![])
        },
        to("xlsx", vec![]),
        to("md", vec![header()]),
        to("txt", vec![]),
        merge(all().map(str::to_owned).collect()),
    ]
}

/// What arrives: of all sheets, in one file or in a file for each.
const KEPT: &[Feature] = &[Feature::Text, Feature::Pages, Feature::Quality];

/// All sheets of several books and tables in one book.
fn merge(from: Vec<String>) -> Capability {
    Capability {
        operation: "merge".into(),
        from,
        to: vec!["xlsx".into()],
        keeps: KEPT.iter().map(|feature| feature.word().into()).collect(),
        cost: Cost { fixed_ms: 2.0, per_mib_ms: 600.0, memory_ratio: 40.0 },
        many_inputs: true,
        ..Capability::default()
    }
}
