//! A document's way to pixels: find it in its file, work out the resolution, let Ghostscript draw it, decode the
//! pages.

use crate::describe::REMEDY;
use crate::document::{BoundingBox, Document};
use crate::{pages, pdf, program};
use formwork_image_pixels::{Metadata, Picture, Sequence, raster};
use formwork_program::{Outcome, Program};
use formwork_sdk::{Error, ErrorKind, Feature, Options, Result, Step, json};
use std::path::Path;
use std::time::Duration;

/// Default resolution in dots per inch.
pub(crate) const DENSITY: f64 = 150.0;
/// Points in an inch.
const POINTS: f64 = 72.0;
/// Sides of EPS files that cannot be meant, in points.
const MOST_POINTS: f64 = 1e7;

/// The program, and what it may use.
pub(crate) fn ghostscript(path: &Path) -> Program<'_> {
    Program {
        name: "Ghostscript",
        path,
        environment: &[("TMPDIR", "/dev/null")],
        own_memory: 512 << 20,
        own_files: 0,
        silence: Duration::from_secs(8),
        whole: Duration::from_secs(100),
    }
}

/// Does one step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let program = program::find().ok_or_else(|| {
        Error::new(ErrorKind::BackendMissing, format!("Ghostscript is not installed: {REMEDY}"))
    })?;
    let input = step.input()?;
    let bytes = input.bytes()?;
    let document = Document::find(&bytes)?;
    if step.target() == "pdf" {
        return pdf::write(step, &program, &document);
    }
    let whole_pages = input.format() == "ps" || document.is_pdf;
    let picture = if whole_pages {
        draw_pages(step, &program, &document)?
    } else {
        draw_eps(step, &program, &document)?
    };
    let mut output = step.create_output_of(raster::length(&picture))?;
    raster::write(&picture, &mut output)?;
    output.close()
}

/// Tells size and features from the comments alone. The size is that of the page, in whole points.
pub(crate) fn probe(step: &Step<'_>) -> Result<()> {
    let bytes = step.input()?.bytes()?;
    let document = Document::find(&bytes)?;
    let is_picture = step.input()?.format() == "eps";
    let mut facts = if is_picture {
        json!({"frames": 1, "features": features(&document).map(Feature::word).collect::<Vec<_>>()})
    } else {
        document.pages.map_or_else(|| json!({}), |pages| json!({"pages": pages}))
    };
    let sides = if is_picture { ["width", "height"] } else { ["page_width", "page_height"] };
    if let (Some(found), Some(members)) = (document.bounding_box, facts.as_object_mut()) {
        for (side, length) in sides.into_iter().zip([found.width(), found.height()]) {
            members.insert(side.into(), (length.ceil() as u64).into());
        }
    }
    step.report(&facts);
    Ok(())
}

fn features(document: &Document<'_>) -> impl Iterator<Item = Feature> {
    [Some(Feature::Vector), document.inks.then_some(Feature::Inks)].into_iter().flatten()
}

/// Draws what the bounding box covers.
fn draw_eps(step: &Step<'_>, program: &Path, document: &Document<'_>) -> Result<Picture> {
    let area = match document.bounding_box {
        Some(area) => area,
        None => measure(step, program, document)?,
    };
    let density = Density::of(&step.options(), Some(area));
    density.check(step, area)?;
    let (mut arguments, text) = (arguments("pngalpha", density), as_eps(document, area));
    arguments.extend(["-dEPSCrop".into(), "-".into()]);
    let outcome = ghostscript(program).run(step, &arguments, &text, |output| {
        check_size(step, output)?;
        Ok(output.ends_with(b"IEND\xaeB`\x82") && !pages::split(output).is_empty())
    })?;
    let first = pages::split(&outcome.output).into_iter().take(1);
    picture(step, first, &outcome, document, density)
}

/// Draws all pages.
fn draw_pages(step: &Step<'_>, program: &Path, document: &Document<'_>) -> Result<Picture> {
    let density = Density::of(&step.options(), None);
    let mut arguments = arguments("pngalpha", density);
    // A PDF is read from its end, so it needs a name: standard input is a file in memory.
    arguments.push(if document.is_pdf { "/dev/stdin".into() } else { "-".into() });
    let outcome = ghostscript(program).run(step, &arguments, document.body, |output| {
        check_size(step, output)?;
        Ok(false)
    })?;
    let pages = pages::split(&outcome.output);
    step.within("frames", pages.len() as u64, step.limits().frames)?;
    picture(step, pages.into_iter(), &outcome, document, density)
}

/// Finds out what a document covers that does not say so, by drawing it to nowhere.
pub(crate) fn measure(step: &Step<'_>, program: &Path, document: &Document<'_>) -> Result<BoundingBox> {
    let text = [document.body, b"\nshowpage\n".as_slice()].concat();
    let (found, outcome) = boxes(step, program, &text)?;
    let found = found.into_iter().next().filter(|found| found.width() > 0.0 && found.height() > 0.0);
    found.ok_or_else(|| failure(&outcome))
}

/// What each page that a document shows covers, with how that was found out.
pub(crate) fn boxes(step: &Step<'_>, program: &Path, text: &[u8]) -> Result<(Vec<BoundingBox>, Outcome)> {
    let mut arguments = arguments("bbox", Density::new(POINTS));
    arguments.push("-".into());
    let outcome = ghostscript(program).run(step, &arguments, text, |_| Ok(false))?;
    let lines = outcome.messages.lines().filter_map(|line| line.strip_prefix("%%HiResBoundingBox:"));
    Ok((lines.filter_map(BoundingBox::parse).collect(), outcome))
}

/// The document with a head that says what it is and covers, and an end that shows the page: EPS may
/// leave both to the program that places it.
pub(crate) fn as_eps(document: &Document<'_>, area: BoundingBox) -> Vec<u8> {
    let mut text = Vec::new();
    if !document.says_eps || document.bounding_box.is_none() {
        let BoundingBox { left, bottom, right, top } = area;
        let outer =
            [left.floor(), bottom.floor(), right.ceil(), top.ceil()].map(|side| side.to_string()).join(" ");
        let head = format!(
            "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: {outer}\n\
             %%HiResBoundingBox: {left} {bottom} {right} {top}\n%%EndComments\n"
        );
        text.extend(head.into_bytes());
    }
    text.extend(document.body);
    text.extend(b"\nshowpage\n");
    text
}

/// What every run is told: it opens nothing, asks nothing, and writes to standard output.
pub(crate) const QUIET: [&str; 8] = [
    "-q",
    "-dSAFER",
    "-dBATCH",
    "-dNOPAUSE",
    "-dNOPROMPT",
    "-P-",
    "-sstdout=%stderr",
    "-sOutputFile=%stdout",
];

fn arguments(device: &str, density: Density) -> Vec<String> {
    let drawing =
        ["-dNumRenderingThreads=0", "-sBandListStorage=memory", "-dTextAlphaBits=4", "-dGraphicsAlphaBits=4"];
    let mut arguments: Vec<String> = QUIET.into_iter().chain(drawing).map(String::from).collect();
    arguments.push(format!("-sDEVICE={device}"));
    arguments.push(format!("-r{}x{}", density.x, density.y));
    arguments
}

/// Dots per inch, horizontally and vertically.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Density {
    x: f64,
    y: f64,
}

impl Density {
    fn new(both: f64) -> Density {
        Density { x: both, y: both }
    }

    /// Reads the options; width and height only count when it is known how large the drawing is.
    fn of(options: &Options<'_>, area: Option<BoundingBox>) -> Density {
        let given = |name: &str| options.number(name).filter(|value| *value > 0.0);
        let wanted = area.map(|area| {
            let x = given("width").map(|width| width * POINTS / area.width());
            (x, given("height").map(|height| height * POINTS / area.height()))
        });
        match wanted {
            Some((Some(x), Some(y))) => match options.text("fit") {
                Some("scale") => Density { x, y },
                Some("crop") => Density::new(x.max(y)),
                _ => Density::new(x.min(y)),
            },
            Some((Some(one), None) | (None, Some(one))) => Density::new(one),
            _ => Density::new(given("density").unwrap_or(DENSITY)),
        }
    }

    /// Checks what will be drawn before it is.
    fn check(&self, step: &Step<'_>, area: BoundingBox) -> Result<()> {
        if area.width() > MOST_POINTS || area.height() > MOST_POINTS {
            let met = area.width().max(area.height()) as u64;
            return Err(Error::limit("side", met, step.limits().side));
        }
        let pixels = |points: f64, density: f64| (points * density / POINTS).round().max(1.0) as u64;
        step.check_picture(pixels(area.width(), self.x), pixels(area.height(), self.y), 4)
    }
}

/// Refuses pages that are too large as soon as their header arrives.
fn check_size(step: &Step<'_>, output: &[u8]) -> Result<()> {
    pages::size_of(output).map_or(Ok(()), |(width, height)| step.check_picture(width, height, 4))
}

fn picture<'o>(
    step: &Step<'_>,
    pages: impl Iterator<Item = &'o [u8]>,
    outcome: &Outcome,
    document: &Document<'_>,
    density: Density,
) -> Result<Picture> {
    let mut picture = Picture {
        sequence: Sequence::Pages,
        metadata: Metadata { density: Some((density.x, density.y)), ..Metadata::default() },
        dropped: features(document).collect(),
        ..Picture::default()
    };
    for page in pages {
        step.tick(picture.frames.len() as u64, 0)?;
        picture.frames.push(pages::decode(step, page)?);
        step.within("memory", picture.bytes(), step.limits().memory)?;
    }
    match picture.frames.len() {
        0 => return Err(failure(outcome)),
        1 => picture.sequence = Sequence::Still,
        _ => {}
    }
    if !outcome.success {
        step.warn(format!("the document stopped with an error after its pages ({})", complaint(outcome)));
    }
    Ok(picture)
}

/// Says why nothing was drawn.
pub(crate) fn failure(outcome: &Outcome) -> Error {
    if outcome.messages.contains("invalidfileaccess") {
        return Error::corrupt("the document tried to open a file or run a program, which it may not");
    }
    if outcome.messages.contains("VMerror") {
        return Error::limit("memory", "more", "what the job may use");
    }
    Error::corrupt(format!("Ghostscript drew nothing ({})", complaint(outcome)))
}

/// What Ghostscript complained of, in a few words.
pub(crate) fn complaint(outcome: &Outcome) -> String {
    let line = outcome.messages.lines().find(|line| line.contains("Error"));
    let line = line.or_else(|| outcome.messages.lines().next()).unwrap_or("no message");
    line.chars().filter(|letter| !letter.is_control()).take(120).collect::<String>().trim().to_owned()
}
