//! What the plugin can do, and how its formats are built.

use crate::codec::Codec;
use formwork_sdk::{
    Capability, Cost, Description, Error, Feature, Library, OptionKind, OptionSpec, Result, option,
};

/// How a format is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Container(Container),
    /// A tar archive, perhaps in a compressed stream.
    Tar(Option<Codec>),
    /// One file in a compressed stream.
    Stream(Codec),
}

/// Archives with a structure of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    Zip,
    SevenZip,
    Rar,
    Cpio,
}

/// A format with what can be done with it.
struct Row {
    id: &'static str,
    shape: Shape,
    write: bool,
}

const fn row(id: &'static str, shape: Shape, write: bool) -> Row {
    Row { id, shape, write }
}

/// Every format the plugin knows.
const FORMATS: &[Row] = &[
    row("zip", Shape::Container(Container::Zip), true),
    row("7z", Shape::Container(Container::SevenZip), true),
    row("rar", Shape::Container(Container::Rar), false),
    row("cpio", Shape::Container(Container::Cpio), false),
    row("tar", Shape::Tar(None), true),
    row("tgz", Shape::Tar(Some(Codec::Gzip)), true),
    row("tbz2", Shape::Tar(Some(Codec::Bzip2)), true),
    row("txz", Shape::Tar(Some(Codec::Xz)), true),
    row("tzst", Shape::Tar(Some(Codec::Zstd)), true),
    row("tlz4", Shape::Tar(Some(Codec::Lz4)), false),
    row("gz", Shape::Stream(Codec::Gzip), true),
    row("bz2", Shape::Stream(Codec::Bzip2), true),
    row("xz", Shape::Stream(Codec::Xz), true),
    row("zst", Shape::Stream(Codec::Zstd), true),
    row("lz4", Shape::Stream(Codec::Lz4), false),
    row("lzma", Shape::Stream(Codec::Lzma), false),
];

/// Finds how a format is built.
///
/// # Errors
///
/// `unsupported_format`, with the ones that are known.
pub(crate) fn shape(id: &str) -> Result<Shape> {
    let found = FORMATS.iter().find(|row| row.id == id);
    found.map(|row| row.shape).ok_or_else(|| {
        let known: Vec<&str> = FORMATS.iter().map(|row| row.id).collect();
        let text = format!("`{id}` is no archive format known here; known are {}", known.join(", "));
        Error::new(formwork_sdk::ErrorKind::UnsupportedFormat, text)
    })
}

/// The format of a single stream of that codec.
pub(crate) fn id_of(codec: Codec) -> &'static str {
    FORMATS.iter().find(|row| row.shape == Shape::Stream(codec)).map_or("", |row| row.id)
}

fn ids(fits: impl Fn(&Row) -> bool) -> Vec<String> {
    FORMATS.iter().filter(|row| fits(row)).map(|row| row.id.to_owned()).collect()
}

/// The description of the whole plugin.
pub(crate) fn description() -> Description {
    Description {
        id: "archive".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Reads, writes and converts archives and compressed streams".into(),
        licence:
            "(MIT OR Apache-2.0) AND Apache-2.0 AND MIT AND Zlib AND BSD-3-Clause AND 0BSD AND bzip2-1.0.6"
                .into(),
        libraries: libraries(),
        memory_safe: false,
        fuzzed: true,
        probes: ids(|_| true),
        capabilities: capabilities(),
        ..Description::default()
    }
}

fn libraries() -> Vec<Library> {
    let rows = [
        ("libdeflate", "1.26", "MIT"),
        ("zlib-rs", "0.6", "Zlib"),
        ("liblzma", "5.8", "0BSD"),
        ("zstd", "1.5.7", "BSD-3-Clause"),
        ("libbz2-rs", "0.2", "bzip2-1.0.6"),
        ("lz4_flex", "0.14", "MIT"),
        ("zip", "9.4", "MIT"),
        ("sevenz-rust2", "0.24", "Apache-2.0"),
        ("rars", "0.12", "Apache-2.0"),
    ];
    let library = |(name, version, licence): (&str, &str, &str)| Library {
        name: name.into(),
        version: version.into(),
        licence: licence.into(),
    };
    rows.into_iter().map(library).collect()
}

/// Everything an archive of entries can hold.
const ENTRIES: &[Feature] = &[
    Feature::Entries,
    Feature::Names,
    Feature::Timestamps,
    Feature::Permissions,
    Feature::Links,
    Feature::Quality,
];

fn words(features: &[Feature]) -> Vec<String> {
    features.iter().map(|feature| feature.word().to_owned()).collect()
}

/// What arrives in a target when the source has it.
fn keeps(target: &Row) -> Vec<String> {
    match target.shape {
        Shape::Container(kind) => {
            let mut keeps = [ENTRIES, &[Feature::Encryption]].concat();
            // Modes it keeps, but no owners.
            keeps.retain(|feature| kind != Container::SevenZip || *feature != Feature::Permissions);
            words(&keeps)
        }
        Shape::Tar(_) => words(ENTRIES),
        // One file keeps its name and time in gzip only; several are kept as a tar inside the stream.
        Shape::Stream(Codec::Gzip) => {
            words(&[Feature::Entries, Feature::Names, Feature::Timestamps, Feature::Links, Feature::Quality])
        }
        Shape::Stream(_) => words(&[Feature::Entries, Feature::Links, Feature::Quality]),
    }
}

/// CPU milliseconds for packing one MiB of plain bytes.
fn pack_cost(target: &Row) -> f64 {
    match target.shape {
        Shape::Container(Container::SevenZip) => 220.0,
        Shape::Container(_) => 16.0,
        Shape::Tar(codec) => codec.map_or(1.0, codec_cost),
        Shape::Stream(codec) => codec_cost(codec),
    }
}

fn codec_cost(codec: Codec) -> f64 {
    match codec {
        Codec::Gzip => 16.0,
        Codec::Bzip2 => 80.0,
        Codec::Xz | Codec::Lzma => 300.0,
        Codec::Zstd => 5.0,
        Codec::Lz4 => 2.0,
    }
}

/// What converting costs for one MiB of input.
fn convert_cost(source: &Row, target: &Row) -> f64 {
    let packed = |codec: Option<Codec>| if codec.is_some() { 3.0 } else { 1.0 };
    let growth = match source.shape {
        Shape::Container(Container::Cpio) => 1.0,
        Shape::Container(_) => 3.0,
        Shape::Tar(codec) => packed(codec),
        Shape::Stream(codec) => packed(Some(codec)),
    };
    match (source.id, target.id) {
        // Lanes: the packed bytes are handed on, and unpacked for their checksums only.
        ("zip", "zip") => 5.0,
        ("zip", "tgz" | "gz") => 8.0,
        ("gz", "zip") => 10.0,
        _ => 4.0 * growth + growth * pack_cost(target),
    }
}

fn capabilities() -> Vec<Capability> {
    let readers = ids(|_| true);
    let mut all = Vec::new();
    for target in FORMATS.iter().filter(|row| row.write) {
        all.extend(conversions(target));
        all.push(Capability {
            operation: "archive".into(),
            to: vec![target.id.into()],
            options: options(None, target),
            keeps: keeps(target),
            cost: Cost { fixed_ms: 1.0, per_mib_ms: pack_cost(target), memory_ratio: 0.1 },
            many_inputs: !matches!(target.shape, Shape::Stream(_)),
            streams: true,
            parallel: true,
            ..Capability::default()
        });
    }
    all.extend(FORMATS.iter().filter(|row| row.write && !matches!(row.shape, Shape::Stream(_))).map(merge));
    all.push(Capability {
        operation: "extract".into(),
        from: readers,
        options: vec![password()],
        keeps: words(ENTRIES),
        cost: Cost { fixed_ms: 1.0, per_mib_ms: 10.0, memory_ratio: 0.5 },
        many_outputs: true,
        streams: true,
        parallel: true,
        ..Capability::default()
    });
    all
}

/// The entries of several archives in one.
fn merge(target: &Row) -> Capability {
    let mut options = options(None, target);
    if options.iter().all(|option| option.name != "password") {
        options.push(password());
    }
    Capability {
        operation: "merge".into(),
        from: ids(|_| true),
        to: vec![target.id.into()],
        options,
        keeps: keeps(target),
        cost: Cost { fixed_ms: 1.0, per_mib_ms: 8.0 + 3.0 * pack_cost(target), memory_ratio: 0.5 },
        many_inputs: true,
        streams: true,
        parallel: true,
        ..Capability::default()
    }
}

/// Conversions to one target: sources of equal cost and options share a capability.
fn conversions(target: &Row) -> Vec<Capability> {
    let mut all: Vec<Capability> = Vec::new();
    for source in FORMATS {
        let cost = Cost { fixed_ms: 1.0, per_mib_ms: convert_cost(source, target), memory_ratio: 0.5 };
        let options = options(Some(source), target);
        match all.iter_mut().find(|known| known.cost == cost && known.options == options) {
            Some(known) => known.from.push(source.id.into()),
            None => all.push(Capability {
                from: vec![source.id.into()],
                to: vec![target.id.into()],
                options,
                keeps: keeps(target),
                cost,
                streams: true,
                parallel: true,
                ..Capability::default()
            }),
        }
    }
    all
}

fn options(source: Option<&Row>, target: &Row) -> Vec<OptionSpec> {
    let mut options = Vec::new();
    let secret = |row: &Row| {
        matches!(row.shape, Shape::Container(Container::Zip | Container::SevenZip | Container::Rar))
    };
    if source.is_some_and(secret) || secret(target) {
        options.push(password());
    }
    if target.shape != Shape::Tar(None) {
        options.push(option("effort"));
    }
    if matches!(target.shape, Shape::Tar(Some(Codec::Gzip)) | Shape::Stream(Codec::Gzip)) {
        options.push(
            OptionSpec::new(
                "single_member",
                OptionKind::Boolean,
                "Writes gzip as one member, for readers that stop after the first; a little larger.",
            )
            .with_default(false),
        );
    }
    options
}

fn password() -> OptionSpec {
    option("password")
        .with_summary("Password that opens an encrypted archive, and protects a zip or 7z that is written.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_in_the_table() {
        for row in FORMATS {
            assert!(formwork_sdk::formats::by_id(row.id).is_some(), "{}", row.id);
        }
    }

    #[test]
    fn every_pair_has_one_capability() {
        let all = capabilities();
        for source in FORMATS {
            for target in FORMATS.iter().filter(|row| row.write) {
                let has = |list: &[String], id: &str| list.iter().any(|known| known == id);
                let fits = |c: &&Capability| {
                    c.operation == "convert" && has(&c.from, source.id) && has(&c.to, target.id)
                };
                assert_eq!(all.iter().filter(fits).count(), 1, "{} to {}", source.id, target.id);
            }
        }
    }
}
