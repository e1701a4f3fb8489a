//! What this plugin says of itself.

use crate::operation::metadata::TAGS;
use formwork_sdk::{Capability, Cost, Description, Feature, Library, OptionKind, OptionSpec, option};

/// Features that arrive when only the arrangement of pages changes.
const KEEPS: [Feature; 12] = [
    Feature::Alpha,
    Feature::BitDepth,
    Feature::Chapters,
    Feature::ColourProfile,
    Feature::Colours,
    Feature::Fonts,
    Feature::Inks,
    Feature::Layers,
    Feature::Metadata,
    Feature::Pages,
    Feature::Text,
    Feature::Vector,
];

/// What reads and writes input.
const LIBRARIES: [(&str, &str, &str); 7] = [
    ("lopdf", "0.47", "MIT"),
    ("usvg", "0.49", "MIT OR Apache-2.0"),
    ("subsetter", "0.2.6", "MIT OR Apache-2.0"),
    ("zune-jpeg", "0.5.15", "MIT OR Apache-2.0 OR Zlib"),
    ("hayro-ccitt", "0.5", "Apache-2.0 OR MIT"),
    ("hayro-jbig2", "0.4", "Apache-2.0 OR MIT"),
    ("jpeg-encoder", "0.7", "(MIT OR Apache-2.0) AND IJG"),
];

pub(crate) fn describe() -> Description {
    Description {
        id: "pdf".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        summary: "Works on the structure of PDF files".into(),
        licence: "(MIT OR Apache-2.0) AND IJG".into(),
        libraries: LIBRARIES
            .map(|(name, version, licence)| Library {
                name: name.into(),
                version: version.into(),
                licence: licence.into(),
            })
            .to_vec(),
        // The codecs of images use the processor's vectors.
        memory_safe: false,
        // Fonts, for the text of watermarks.
        touches: "files".into(),
        capabilities: capabilities(),
        ..Description::default()
    }
}

fn capabilities() -> Vec<Capability> {
    let opens = || option("password").with_summary("Password that opens the file.");
    let pages = || option("pages").with_summary("Pages to change: \"1-5\", \"1,3,5\" or \"all\".");
    let merge = |name| Capability {
        many_inputs: true,
        companions: vec!["pdf".into()],
        ..on_pdf(name, vec![opens()])
    };
    vec![
        Capability {
            many_outputs: true,
            ..on_pdf("pdf/split", vec![option("ranges"), option("every"), opens()])
        },
        on_pdf(
            "pdf/extract-pages",
            vec![option("pages").with_summary("Pages to take, in this order: \"1-5\", \"5,1,3\"."), opens()],
        ),
        on_pdf(
            "pdf/rotate",
            vec![option("angle").with_summary("Clockwise turn: 90, 180 or 270 degrees."), pages(), opens()],
        ),
        merge("pdf/merge"),
        merge("merge"),
        on_pdf(
            "pdf/encrypt",
            vec![
                option("password").with_summary("Password that opens the result."),
                option("owner_password"),
                option("permissions"),
            ],
        ),
        on_pdf("pdf/decrypt", vec![opens()]),
        compress("pdf/compress"),
        compress("optimize"),
        watermark("pdf/watermark"),
        watermark("watermark"),
        metadata(opens()),
        taking_out("pdf/extract-images", opens()),
        taking_out("pdf/extract-attachments", opens()),
        on_pdf("pdf/flatten", vec![opens()]),
        redact(opens()),
        on_pdf("pdf/repair", vec![opens()]),
        on_pdf("pdf/to-pdfa", vec![conforms(), opens()]),
    ]
}

fn compress(name: &str) -> Capability {
    let options = vec![
        option("density")
            .with_default(150.0)
            .with_summary("Images finer than so many dots an inch are made coarser."),
        option("quality").with_default(75),
        option("lossless").with_summary("Leaves images as they are.").with_default(false),
        option("max_bytes"),
        option("password").with_summary("Password that opens the file."),
    ];
    let whole = on_pdf(name, options);
    Capability {
        keeps: whole.keeps.iter().filter(|word| *word != Feature::Quality.word()).cloned().collect(),
        cost: Cost { fixed_ms: 5.0, per_mib_ms: 400.0, memory_ratio: 20.0 },
        ..whole
    }
}

fn watermark(name: &str) -> Capability {
    let layer = option("layer").with_choices(&["above", "below"]).with_default("above");
    let options = vec![
        option("text").with_summary(
            "Text to write, {page} and {pages} are numbers; without it the picture or PDF given as second input.",
        ),
        option("position").with_default("center"),
        option("margin").with_default(36).with_summary("Distance from the edges in points."),
        option("opacity").with_default(0.3),
        option("angle"),
        option("font_size").with_summary(
            "Size of the letters in points; without it 12, in the middle of a page so that the text is wide.",
        ),
        option("color").with_default("#808080"),
        option("width").with_summary("Width of the picture in points."),
        layer.with_summary("Whether it lies above what the page shows, or below."),
        option("pages").with_summary("Pages to mark: \"1-5\", \"1,3,5\" or \"all\"."),
        option("password").with_summary("Password that opens the file."),
    ];
    Capability { companions: vec!["pdf".into()], ..on_pdf(name, options) }
}

fn metadata(opens: OptionSpec) -> Capability {
    let mut options = vec![option("strip_metadata").with_default(false)];
    options.extend(TAGS.map(|(name, key)| option(name).with_summary(&format!("{key} of the document."))));
    options.extend(["date", "copyright"].map(option));
    options.push(opens);
    on_pdf("metadata", options)
}

/// An operation that writes what it finds.
fn taking_out(operation: &str, opens: OptionSpec) -> Capability {
    Capability { to: Vec::new(), many_outputs: true, ..on_pdf(operation, vec![opens]) }
}

fn redact(opens: OptionSpec) -> Capability {
    let areas = OptionSpec::new(
        "areas",
        OptionKind::Text,
        "Places to blacken with all that is under them: page, then left, top, width and height in points from the \
                  upper left corner, as in \"2:72,100,200,14;3-4:0,0,612,50\".",
    );
    let options = vec![
        option("text").with_summary("Words to take out wherever they stand, in capitals or not."),
        areas,
        option("pages").with_summary("Pages to look for the words on: \"1-5\", \"1,3,5\" or \"all\"."),
        option("color").with_default("#000000").with_summary("Colour of the boxes."),
        opens,
    ];
    let whole = on_pdf("pdf/redact", options);
    Capability {
        keeps: whole.keeps.iter().filter(|word| *word != Feature::Quality.word()).cloned().collect(),
        cost: Cost { fixed_ms: 10.0, per_mib_ms: 300.0, memory_ratio: 20.0 },
        ..whole
    }
}

fn conforms() -> OptionSpec {
    option("conforms")
        .with_choices(&["pdfa-1b", "pdfa-2b", "pdfa-3b"])
        .with_summary("The part of PDF/A, level B.")
        .with_default("pdfa-2b")
}

/// An operation from PDF to PDF.
fn on_pdf(operation: &str, options: Vec<OptionSpec>) -> Capability {
    let mut keeps: Vec<String> = KEEPS.iter().map(|feature| feature.word().to_owned()).collect();
    keeps.push(Feature::Quality.word().into());
    Capability {
        operation: operation.into(),
        from: vec!["pdf".into()],
        to: vec!["pdf".into()],
        options,
        keeps,
        // 352 pages, 1.3 MiB: 20 ms; objects take many times their packed size.
        cost: Cost { fixed_ms: 5.0, per_mib_ms: 15.0, memory_ratio: 20.0 },
        ..Capability::default()
    }
}
