//! Reads SVG: a thread with a large stack does the work, the caller's thread watches the clock.

use super::draw::{self, Shared};
use super::parse::{self, Findings};
use super::size::Wish;
use super::styles::is_svg;
use super::survey::{Survey, survey};
use super::{decode, entities};
use formwork_image_pixels::{Frame, Picture, raster};
use formwork_sdk::{Error, ErrorKind, Feature, Result, Step, json};
use resvg::usvg::{Options, Tree};
use roxmltree::Document;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Reading and drawing recurse once or twice for each element within another. Only what is used of it
/// takes memory.
const STACK: usize = 256 << 20;
/// How often the caller's thread asks whether to go on.
const TICK: Duration = Duration::from_millis(20);
/// How long a cancelled drawing gets to end before it is left to itself.
const GRACE: Duration = Duration::from_millis(200);

/// What drawing a document gave.
struct Drawing {
    frame: Frame,
    has_text: bool,
    /// Nothing in it can be seen.
    empty: bool,
    findings: Arc<Findings>,
}

/// `svg` or `svgz` to `raster`.
pub(crate) fn read(step: &Step<'_>) -> Result<()> {
    let text = decode::text(&step.input()?.bytes()?, step.limits())?;
    let wish = Wish::new(&step.options());
    let drawing = draw_watched(step, text, wish)?;
    tell(step, &drawing);
    let picture = picture(drawing, &wish);
    let mut output = step.create_output_of(raster::length(&picture))?;
    raster::write(&picture, &mut output)?;
    output.close()
}

fn draw_watched(step: &Step<'_>, text: String, wish: Wish) -> Result<Drawing> {
    let findings = Findings::new(*step.limits());
    let shared = Arc::new(Shared::default());
    let answer = on_large_stack({
        let shared = shared.clone();
        move || {
            let parsed = parse::parse(&text, &findings, 0)?;
            shared.check()?;
            let frame = draw::draw(&parsed.tree, &wish, findings.limits(), &shared)?;
            let empty = !parsed.tree.root().has_children();
            Ok(Drawing { frame, has_text: parsed.text, empty, findings })
        }
    })?;
    watch(step, &shared, &answer)
}

/// Runs work on a thread of its own; a panic there becomes an error here.
fn on_large_stack<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<Receiver<Result<T>>> {
    let (sender, receiver) = channel();
    let guarded = move || {
        let result = catch_unwind(AssertUnwindSafe(work));
        let fault = |_| Err(Error::new(ErrorKind::PluginFault, "drawing the SVG panicked"));
        let _ = sender.send(result.unwrap_or_else(fault));
    };
    std::thread::Builder::new().name("svg".into()).stack_size(STACK).spawn(guarded)?;
    Ok(receiver)
}

fn watch<T>(step: &Step<'_>, shared: &Shared, answer: &Receiver<Result<T>>) -> Result<T> {
    loop {
        match answer.recv_timeout(TICK) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::new(ErrorKind::Internal, "the drawing thread ended without a result"));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        let (done, total) = (shared.done.load(Ordering::Relaxed), shared.total.load(Ordering::Relaxed));
        if let Err(error) = step.tick(done.min(total), total) {
            shared.stop.store(true, Ordering::Relaxed);
            let _ = answer.recv_timeout(GRACE);
            return Err(error);
        }
    }
}

fn tell(step: &Step<'_>, drawing: &Drawing) {
    let outside = drawing.findings.outside();
    if let Some(first) = outside.first() {
        let count = outside.len();
        step.warn(format!("{count} reference(s) outside the drawing were not followed, such as \"{first}\""));
    }
    if drawing.empty {
        step.warn("nothing in the drawing is visible");
    }
    if drawing.findings.fontless() {
        step.lose(Feature::Text, "no font is installed to draw it with: apt install fonts-dejavu-core");
    }
    let families = &drawing.findings.missing.families;
    for (wanted, drawn) in families.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        step.lose(Feature::Fonts, format!("\"{wanted}\" is not installed, drawn with \"{drawn}\""));
    }
}

fn picture(drawing: Drawing, wish: &Wish) -> Picture {
    let mut picture = Picture::still(drawing.frame);
    picture.dropped.push(Feature::Vector);
    if drawing.has_text {
        picture.dropped.push(Feature::Text);
    }
    if wish.is_free() && wish.density != super::CSS_DENSITY {
        picture.metadata.density = Some((wish.density, wish.density));
    }
    picture
}

/// Checks that a file is an SVG or SVGZ document within the limits, without drawing it.
pub(crate) fn check(step: &Step<'_>, bytes: &[u8]) -> Result<()> {
    let text = decode::text(bytes, step.limits())?;
    examine(step, &text).map(|_| ())
}

/// Reads a document as far as it can be without expanding it.
fn examine<'t>(step: &Step<'_>, text: &'t str) -> Result<(Document<'t>, Survey)> {
    entities::check(text, decode::most(step.limits()))?;
    let document = parse::document(text)?;
    if !is_svg(&document.root_element(), "svg") {
        return Err(Error::corrupt("the document is not an SVG drawing"));
    }
    let survey = survey(&document, step.limits())?;
    Ok((document, survey))
}

/// Tells size and features without drawing.
pub(crate) fn probe(step: &Step<'_>) -> Result<()> {
    let text = decode::text(&step.input()?.bytes()?, step.limits())?;
    let (document, survey) = examine(step, &text)?;
    let size = match size_of_root(&document) {
        Some(size) => size,
        None => size_of_content(step, text.clone())?,
    };
    let mut features = vec![Feature::Vector.word(), Feature::Alpha.word(), Feature::Colours.word()];
    if survey.text {
        features.extend([Feature::Text.word(), Feature::Fonts.word()]);
    }
    let whole = |side: f32| side.round().max(1.0) as u64;
    step.report(&json!({"width": whole(size.0), "height": whole(size.1), "features": features}));
    Ok(())
}

/// Reads the size from the outermost element alone, when it says one.
fn size_of_root(document: &Document<'_>) -> Option<(f32, f32)> {
    let root = document.root_element();
    let whole = root.has_attribute("width") && root.has_attribute("height");
    if !whole && !root.has_attribute("viewBox") {
        return None;
    }
    let escape = |value: &str| value.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let attributes: String = root
        .attributes()
        .filter(|attribute| ["width", "height", "viewBox", "style", "font-size"].contains(&attribute.name()))
        .map(|attribute| format!(" {}=\"{}\"", attribute.name(), escape(attribute.value())))
        .collect();
    let stub = format!("<svg xmlns=\"http://www.w3.org/2000/svg\"{attributes}/>");
    let tree = Tree::from_str(&stub, &Options::default()).ok()?;
    Some((tree.size().width(), tree.size().height()))
}

/// Reads the whole document, whose size is that of its shapes.
fn size_of_content(step: &Step<'_>, text: String) -> Result<(f32, f32)> {
    let findings = Findings::new(*step.limits());
    let shared = Shared::default();
    let answer = on_large_stack(move || {
        let tree = parse::parse(&text, &findings, 0)?.tree;
        Ok((tree.size().width(), tree.size().height()))
    })?;
    watch(step, &shared, &answer)
}
