//! Puts a text or a picture on pages.

mod font;
mod picture;
mod place;
mod text;

use crate::content::Operations;
use crate::draw::{Matrix, page_content, times};
use crate::graph::{as_dict, dict_at, dict_mut, value};
use crate::open::{Pdf, open};
use crate::pages;
use crate::save::{Manner, save};
use formwork_sdk::{Error, Options, Result, Step, json};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use place::Place;
pub(crate) use place::{View, rectangle};

/// How opaque a mark is when nothing is said: what is under it stays readable.
const OPACITY: f64 = 0.3;

/// A thing that is drawn: a form, and its size in points.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    form: ObjectId,
    width: f64,
    height: f64,
}

/// Marks pages with the option `text`, or with the first page of the second input.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let options = step.options();
    let mut pdf = open(step, step.input()?)?;
    pdf.tell(step);
    crate::tell_encryption(step, &pdf);
    let mut chosen = pages::chosen(&options, pdf.pages.len())?;
    chosen.sort_unstable();
    chosen.dedup();
    let views: Vec<View> = chosen.iter().map(|place| View::of_page(&pdf, *place)).collect();
    let marks = match (options.text("text"), step.input_at(1)) {
        (Some(text), _) => text::marks(step, &mut pdf, text, &chosen, &views)?,
        (None, Some(input)) => {
            let mark = picture::mark(step, &mut pdf.doc, input)?;
            vec![mark; chosen.len()]
        }
        (None, None) => {
            return Err(Error::invalid(
                "a watermark needs the option `text`, or a picture or PDF as second input: IN PICTURE OUT",
            ));
        }
    };
    let stamp = Stamp::of(&options, &mut pdf.doc);
    let total = chosen.len() as u64;
    for (done, ((page, view), mark)) in chosen.iter().zip(&views).zip(&marks).enumerate() {
        step.tick(done as u64, total)?;
        if let Some(id) = pdf.pages.get(*page).copied() {
            stamp.put(step, &mut pdf, id, view, mark);
        }
    }
    save(step, pdf.doc, &Manner::default(), step.create_output()?)?;
    step.report(&json!({ "pages": pdf.pages.len(), "marked": chosen.len() }));
    Ok(())
}

/// How marks are put on pages.
struct Stamp {
    place: Place,
    width: Option<f64>,
    below: bool,
    state: ObjectId,
}

impl Stamp {
    fn of(options: &Options<'_>, doc: &mut Document) -> Stamp {
        let opacity = options.number("opacity").unwrap_or(OPACITY);
        let state = doc.add_object(dictionary! { "Type" => "ExtGState", "ca" => opacity, "CA" => opacity });
        Stamp {
            place: Place::of(options),
            width: options.number("width").filter(|_| options.text("text").is_none()),
            below: options.text("layer") == Some("below"),
            state,
        }
    }

    fn put(&self, step: &Step<'_>, pdf: &mut Pdf, id: ObjectId, view: &View, mark: &Mark) {
        let scale = self.scale(view, mark);
        let matrix = self.place.matrix((mark.width * scale, mark.height * scale), view.size());
        let matrix = times(times([scale, 0.0, 0.0, scale, 0.0, 0.0], matrix), view.to_user());
        let drawing = Drawing { form: mark.form, matrix, state: Some(self.state), below: self.below };
        drawing.put(step, &mut pdf.doc, id);
    }

    /// A mark is as large as it is, or as wide as asked for, and never larger than the page.
    fn scale(&self, view: &View, mark: &Mark) -> f64 {
        let wanted = self.width.map_or(1.0, |width| width / mark.width.max(0.01));
        let (width, height) = self.place.room(view.size(), (mark.width, mark.height));
        wanted.min(width).min(height)
    }
}

/// A form that is drawn on a page, above or below what that shows.
pub(crate) struct Drawing {
    pub(crate) form: ObjectId,
    pub(crate) matrix: Matrix,
    /// State of graphics it is drawn in.
    pub(crate) state: Option<ObjectId>,
    pub(crate) below: bool,
}

impl Drawing {
    pub(crate) fn put(&self, step: &Step<'_>, doc: &mut Document, page: ObjectId) {
        let form = listed(doc, page, "XObject", "Mark", self.form);
        let state = self.state.map(|state| listed(doc, page, "ExtGState", "MarkState", state));
        let state = state.map_or_else(String::new, |name| format!("/{name} gs "));
        let drawing = format!("q {} cm {state}/{form} Do Q\n", written(self.matrix));
        let plain = |text: String| Stream::new(Dictionary::new(), text.into_bytes());
        let Some(dict) = doc.objects.get(&page).and_then(as_dict) else { return };
        let mut parts = contents(doc, dict);
        if self.below {
            parts.insert(0, doc.add_object(plain(drawing)).into());
        } else {
            // What the page leaves open is closed, so that the drawing stands where it should.
            let open = unclosed(&page_content(step, doc, dict));
            let text = format!("\n{}{drawing}", "Q\n".repeat(open + 1));
            parts.insert(0, doc.add_object(plain("q\n".into())).into());
            parts.push(doc.add_object(plain(text)).into());
        }
        if let Some(page) = dict_mut(doc, page) {
            page.set("Contents", parts);
        }
    }
}

/// Lists an object among a page's resources, under a name that is free.
fn listed(doc: &mut Document, page: ObjectId, category: &str, prefix: &str, id: ObjectId) -> String {
    let Some(dict) = doc.objects.get(&page).and_then(as_dict) else { return prefix.to_owned() };
    let mut resources = dict_at(doc, dict, b"Resources").cloned().unwrap_or_default();
    let mut entries = dict_at(doc, &resources, category.as_bytes()).cloned().unwrap_or_default();
    let names = (0..).map(|number| format!("{prefix}{number}"));
    let name = names.into_iter().find(|name| !entries.has(name.as_bytes())).unwrap_or_default();
    entries.set(name.as_bytes(), id);
    resources.set(category, entries);
    if let Some(page) = dict_mut(doc, page) {
        page.set("Resources", resources);
    }
    name
}

/// The streams of a page, as references.
pub(crate) fn contents(doc: &Document, page: &Dictionary) -> Vec<Object> {
    match (page.get(b"Contents"), value(doc, page, b"Contents")) {
        (_, Object::Array(parts)) => parts.clone(),
        (Ok(one), Object::Stream(_)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

/// How many saved states a content leaves behind.
pub(crate) fn unclosed(content: &[u8]) -> usize {
    let mut open = 0usize;
    for operation in Operations::new(content) {
        match operation.operator {
            b"q" => open += 1,
            b"Q" => open = open.saturating_sub(1),
            _ => {}
        }
    }
    open.min(1_000)
}

/// A matrix in PDF's words.
pub(crate) fn written(matrix: Matrix) -> String {
    matrix.map(|value| format!("{}", (value * 1e5).round() / 1e5)).join(" ")
}
