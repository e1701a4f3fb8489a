//! Takes words and areas out of a document, not only out of sight.
//!
//! ```text
//! pages ─► scan (letters, images, paths, with the operations that draw them)
//!            ├ find, areas ─► what goes ─► rewrite ─► boxes over it
//!            └ images in areas are painted over
//! the rest ─► clean (notes, fields, bookmarks, descriptions, attachments)
//! all of it ─► scanned again: what is still there is an error
//! ```

mod areas;
mod clean;
mod find;
mod font;
mod names;
mod rewrite;
mod scan;

use crate::compress::painted;
use crate::draw::{Matrix, page_content, unpacked};
use crate::graph::{as_dict, dict_mut};
use crate::mark::unclosed;
use crate::open::{Pdf, open};
use crate::pages;
use crate::save::{Manner, deflate, save};
use find::Needle;
use formwork_sdk::{Error, Result, Step, json};
use lopdf::{Dictionary, Document, Object, Stream, dictionary};
use rewrite::Removal;
use scan::{Box4, Letter, Shown, around};
use std::collections::{BTreeMap, BTreeSet};

/// Part of a letter's width and height that must lie in an area for it to go.
const TOUCHED: f64 = 0.1;
/// Part of a path that must lie in an area for it to go.
const COVERED: f64 = 0.5;
/// Room around words under their boxes, in points.
const ROOM: f64 = 1.0;

/// Removes what the options `text` and `areas` name.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let options = step.options();
    let needle = options.text("text").map(|text| {
        Needle::new(text).ok_or_else(|| Error::invalid("`text` has no letters: say which words are to go"))
    });
    let needle = needle.transpose()?;
    let mut pdf = open(step, step.input()?)?;
    let chosen = pages::chosen(&options, pdf.pages.len())?;
    let areas =
        options.text("areas").map(|text| areas::parse(text, &pdf, &chosen)).transpose()?.unwrap_or_default();
    if needle.is_none() && areas.is_empty() {
        return Err(Error::invalid(
            "say what is to go: `text` for words, `areas` for places, as 2:72,100,200,14",
        ));
    }
    pdf.tell(step);
    crate::tell_encryption(step, &pdf);
    let told = redact(step, &mut pdf, needle.as_ref(), &areas, &chosen)?;
    if told.letters == 0 && told.others == 0 {
        // Whoever asks for words to go believes that they are there: a file that still shows them must not look done.
        if needle.is_some() {
            return Err(Error::invalid(
                "the words of `text` are not in the text that can be read, so no file was written; name their place with `areas`",
            ));
        }
        step.warn("nothing was found to take out");
    }
    save(step, pdf.doc, &Manner::default(), step.create_output()?)?;
    step.report(&json!({ "pages": pdf.pages.len(), "letters": told.letters, "others": told.others }));
    Ok(())
}

/// How much went.
#[derive(Default)]
struct Told {
    letters: u64,
    /// Texts beside the pages, images, paths, notes and fields.
    others: u64,
}

fn redact(
    step: &Step<'_>,
    pdf: &mut Pdf,
    needle: Option<&Needle>,
    areas: &BTreeMap<usize, Vec<Box4>>,
    chosen: &[usize],
) -> Result<Told> {
    let mut told = Told::default();
    clean::drop_copies(step, pdf);
    let mut removal = Removal::default();
    let mut boxes: BTreeMap<usize, Vec<Box4>> = areas.clone();
    let mut pictures = false;
    for (done, id) in pdf.pages.clone().into_iter().enumerate() {
        step.tick(done as u64, 2 * pdf.pages.len() as u64)?;
        let shown = scan::page(step, &pdf.doc, id)?;
        let own = areas.get(&done).map(Vec::as_slice).unwrap_or_default();
        let mut gone: BTreeSet<usize> = within(&shown.letters, own);
        if let Some(needle) = needle.filter(|_| chosen.contains(&done)) {
            let found = needle.among(&shown.letters);
            boxes.entry(done).or_default().extend(lines(&shown.letters, &found));
            gone.extend(found);
            pictures |= !shown.images.is_empty();
            all_read(&shown.letters, &gone, &format!("on page {}", done + 1))?;
        }
        told.letters += gone.len() as u64;
        removal.letters(&shown.letters, &gone);
        told.others += paths(&shown, own, &mut removal);
        told.others += images(step, &mut pdf.doc, &shown, own, &mut removal);
        told.others += clean::annotations(&mut pdf.doc, id, own);
    }
    if let Some(needle) = needle {
        told.others += beside(step, pdf, needle, &mut removal, chosen)?;
    }
    if pictures {
        step.warn("words in pictures are not looked for: name their place with `areas`");
    }
    write(step, pdf, &removal, &boxes)?;
    if let Some(needle) = needle {
        check(step, pdf, needle, chosen)?;
    }
    Ok(told)
}

/// Letters without a meaning may be the words that are to go.
fn all_read(letters: &[Letter], gone: &BTreeSet<usize>, place: &str) -> Result<()> {
    let unread = |(number, letter): (usize, &Letter)| letter.code.text.is_empty() && !gone.contains(&number);
    if letters.iter().enumerate().any(unread) {
        return Err(Error::unsupported(format!(
            "a font {place} does not say what its letters mean, so words in it cannot be found and no file was \
             written; name the place of that text with `areas`"
        )));
    }
    Ok(())
}

/// The letters that lie in areas.
fn within(letters: &[Letter], areas: &[Box4]) -> BTreeSet<usize> {
    let touched = |letter: &Letter, area: &Box4| {
        let shared = |low: usize, high: usize| {
            let own = (letter.area[high] - letter.area[low]).max(1e-6);
            (letter.area[high].min(area[high]) - letter.area[low].max(area[low])) / own
        };
        shared(0, 2) > TOUCHED && shared(1, 3) > TOUCHED
    };
    let hit = |letter: &Letter| areas.iter().any(|area| touched(letter, area));
    letters.iter().enumerate().filter(|(_, letter)| hit(letter)).map(|(number, _)| number).collect()
}

/// Boxes around letters, one for those that stand side by side.
fn lines(letters: &[Letter], found: &BTreeSet<usize>) -> Vec<Box4> {
    let mut boxes: Vec<Box4> = Vec::new();
    for letter in found.iter().filter_map(|number| letters.get(*number)) {
        let area = letter.area;
        let near = |last: &&mut Box4| {
            let height = (area[3] - area[1]).max(1.0);
            (last[1] - area[1]).abs() < height * 0.5
                && area[0] - last[2] < height
                && last[0] - area[2] < height
        };
        match boxes.last_mut().filter(near) {
            Some(last) => {
                *last =
                    around([(last[0], last[1]), (last[2], last[3]), (area[0], area[1]), (area[2], area[3])])
            }
            None => boxes.push(area),
        }
    }
    boxes.iter().map(|[l, b, r, t]| [l - ROOM, b - ROOM, r + ROOM, t + ROOM]).collect()
}

/// Removes paths that lie in areas: letters may be drawn as such.
fn paths(shown: &Shown, areas: &[Box4], removal: &mut Removal) -> u64 {
    let covered = |path: &Box4, area: &Box4| {
        let part = |low: usize, high: usize| {
            let shared = path[high].min(area[high]) - path[low].max(area[low]);
            // A line has no width of its own.
            if path[high] - path[low] < 0.01 {
                f64::from(u8::from(shared >= 0.0))
            } else {
                shared / (path[high] - path[low])
            }
        };
        part(0, 2) > 0.0 && part(1, 3) > 0.0 && part(0, 2) * part(1, 3) > COVERED
    };
    let hit = shown.paths.iter().filter(|(_, path)| areas.iter().any(|area| covered(path, area)));
    hit.map(|(at, _)| removal.whole(*at)).count() as u64
}

/// Paints over images in areas; what is not understood goes as a whole.
fn images(step: &Step<'_>, doc: &mut Document, shown: &Shown, areas: &[Box4], removal: &mut Removal) -> u64 {
    let mut changed = 0;
    for image in &shown.images {
        let place = around(
            [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]
                .map(|(x, y)| crate::draw::apply(image.matrix, x, y)),
        );
        for area in areas {
            if place[0] >= area[2] || area[0] >= place[2] || place[1] >= area[3] || area[1] >= place[3] {
                continue;
            }
            changed += 1;
            let Some(id) = image.id else {
                removal.whole(image.at);
                continue;
            };
            let fresh = match (doc.objects.get(&id), unit_of(image.matrix, area)) {
                (Some(Object::Stream(stream)), Some(unit)) => painted(step, doc, stream, unit),
                _ => None,
            };
            if fresh.is_none() {
                step.warn("an image that lies in an area could not be painted over, and was taken out wherever it is shown");
            }
            doc.objects.insert(id, Object::Stream(fresh.unwrap_or_else(blank)));
        }
    }
    changed
}

/// An area as part of an image: left, bottom, right, top from 0 to 1.
fn unit_of([a, b, c, d, e, f]: Matrix, area: &Box4) -> Option<Box4> {
    let scale = a * d - b * c;
    if scale.abs() < 1e-9 {
        return None;
    }
    let back = |(x, y): (f64, f64)| {
        let (x, y) = (x - e, y - f);
        ((x * d - y * c) / scale, (y * a - x * b) / scale)
    };
    let [left, bottom, right, top] = *area;
    Some(
        around([(left, bottom), (right, bottom), (left, top), (right, top)].map(back))
            .map(|side| side.clamp(0.0, 1.0)),
    )
}

/// An image of one black pixel.
fn blank() -> Stream {
    let dict = dictionary! {
        "Type" => "XObject", "Subtype" => "Image", "Width" => 1, "Height" => 1, "BitsPerComponent" => 8,
        "ColorSpace" => "DeviceGray",
    };
    Stream::new(dict, vec![0])
}

/// Removes words from what is no page: appearances, patterns, notes, fields, bookmarks and descriptions.
fn beside(
    step: &Step<'_>,
    pdf: &mut Pdf,
    needle: &Needle,
    removal: &mut Removal,
    chosen: &[usize],
) -> Result<u64> {
    let all = chosen.len() == pdf.pages.len();
    if !all {
        step.warn("pages that were not chosen keep their words; so may notes, bookmarks and attachments that name them");
        return Ok(0);
    }
    let mut changed = 0;
    for shown in drawn_beside(step, &pdf.doc)? {
        let found = needle.among(&shown.letters);
        all_read(&shown.letters, &found, "of a form, a field or a pattern")?;
        changed += u64::from(!found.is_empty());
        removal.letters(&shown.letters, &found);
    }
    Ok(changed + clean::sweep(&mut pdf.doc, needle))
}

/// What each form and pattern of the document shows.
fn drawn_beside(step: &Step<'_>, doc: &Document) -> Result<Vec<Shown>> {
    let nothing = Dictionary::new();
    let above = clean::resources_of_form(doc).unwrap_or(&nothing);
    let forms = clean::drawings(doc).into_iter();
    forms.map(|id| scan::form(step, doc, id, above)).collect()
}

/// Writes the streams that changed, and the boxes.
fn write(
    step: &Step<'_>,
    pdf: &mut Pdf,
    removal: &Removal,
    boxes: &BTreeMap<usize, Vec<Box4>>,
) -> Result<()> {
    let changed = removal.streams();
    for id in &changed {
        let Some(Object::Stream(stream)) = pdf.doc.objects.get(id) else { continue };
        let content = removal.applied(*id, &unpacked(step, stream).unwrap_or_default());
        let mut dict = stream.dict.clone();
        dict.remove(b"DecodeParms");
        dict.set("Filter", "FlateDecode");
        let packed = deflate(&content, 6)?;
        pdf.doc.objects.insert(*id, Object::Stream(Stream::new(dict, packed)));
    }
    for (place, id) in pdf.pages.clone().into_iter().enumerate() {
        let own = boxes.get(&place).map(Vec::as_slice).unwrap_or_default();
        if own.is_empty() && !changed.contains(&id) {
            continue;
        }
        let Some(dict) = pdf.doc.objects.get(&id).and_then(as_dict) else { continue };
        let content = removal.applied(id, &page_content(step, &pdf.doc, dict));
        let mut whole = b"q\n".to_vec();
        whole.extend_from_slice(&content);
        whole.extend_from_slice("\nQ".repeat(unclosed(&content) + 1).as_bytes());
        whole.extend_from_slice(drawn(step, own).as_bytes());
        let dict = dictionary! { "Filter" => "FlateDecode" };
        let fresh = pdf.doc.add_object(Stream::new(dict, deflate(&whole, 6)?));
        if let Some(page) = dict_mut(&mut pdf.doc, id) {
            page.set("Contents", fresh);
        }
    }
    Ok(())
}

/// Boxes in the words of a content stream.
fn drawn(step: &Step<'_>, boxes: &[Box4]) -> String {
    let [red, green, blue, _] = step.options().colour("color").unwrap_or([0, 0, 0, u8::MAX]);
    let part = |value: u8| f64::from(value) / f64::from(u8::MAX);
    let mut text = format!("\nq {:.4} {:.4} {:.4} rg\n", part(red), part(green), part(blue));
    for [left, bottom, right, top] in boxes {
        text.push_str(&format!("{left:.3} {bottom:.3} {:.3} {:.3} re f\n", right - left, top - bottom));
    }
    text + "Q\n"
}

/// Looks whether the words are gone.
fn check(step: &Step<'_>, pdf: &Pdf, needle: &Needle, chosen: &[usize]) -> Result<()> {
    let left = |where_: String| {
        Error::unsupported(format!(
            "the words could not be taken out {where_}, so no file was written; remove that part with `areas`"
        ))
    };
    for place in chosen {
        step.tick(*place as u64, pdf.pages.len() as u64)?;
        let Some(id) = pdf.pages.get(*place) else { continue };
        if !needle.among(&scan::page(step, &pdf.doc, *id)?.letters).is_empty() {
            return Err(left(format!("of page {}", place + 1)));
        }
    }
    if chosen.len() < pdf.pages.len() {
        return Ok(());
    }
    let beside = drawn_beside(step, &pdf.doc)?;
    if beside.iter().any(|shown| !needle.among(&shown.letters).is_empty())
        || !clean::is_clean(&pdf.doc, needle)
    {
        return Err(left("of what is no page".into()));
    }
    Ok(())
}
