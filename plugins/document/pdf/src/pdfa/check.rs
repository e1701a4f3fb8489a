//! What keeps a document from being PDF/A, and cannot be taken out.

use super::Part;
use crate::content::Operations;
use crate::draw::{page_content, unpacked};
use crate::graph::{array_at, as_dict, catalog, dict_at, name_at, number_at, reachable, resolve, value};
use crate::open::Pdf;
use formwork_sdk::{Result, Step};
use lopdf::{Dictionary, Document, Object};
use std::collections::BTreeSet;

/// Finds the problems, each once. `channels` are those of the output intent.
///
/// # Errors
///
/// `cancelled`, `timeout`.
pub(super) fn problems(step: &Step<'_>, pdf: &Pdf, part: Part, channels: i64) -> Result<Vec<String>> {
    let doc = &pdf.doc;
    let mut found = Found { doc, part, channels, list: BTreeSet::new() };
    found.document();
    let roots: Vec<Object> = pdf.pages.iter().map(|id| Object::from(*id)).collect();
    let used = reachable(doc, &roots);
    for (done, id) in used.iter().enumerate() {
        if done % 256 == 0 {
            step.tick(done as u64, 2 * used.len() as u64)?;
        }
        let Some(object) = doc.objects.get(id) else { continue };
        found.object(object);
        if let Object::Stream(stream) = object
            && is_drawing(doc, &stream.dict)
        {
            found.content(&unpacked(step, stream).unwrap_or_default());
        }
    }
    for page in pdf.pages.iter().filter_map(|id| doc.objects.get(id).and_then(as_dict)) {
        step.tick(0, 0)?;
        found.content(&page_content(step, doc, page));
        found.annotations(page);
    }
    Ok(found.list.into_iter().collect())
}

/// Forms and tiles are drawn by operators of their own.
fn is_drawing(doc: &Document, dict: &Dictionary) -> bool {
    name_at(doc, dict, b"Subtype") == b"Form" || number_at(doc, dict, b"PatternType") == Some(1.0)
}

struct Found<'f> {
    doc: &'f Document,
    part: Part,
    channels: i64,
    list: BTreeSet<String>,
}

impl Found<'_> {
    fn add(&mut self, is_so: bool, problem: &str) {
        if is_so {
            self.list.insert(problem.to_owned());
        }
    }

    fn document(&mut self) {
        let has_layers = catalog(self.doc).is_some_and(|catalog| catalog.has(b"OCProperties"));
        self.add(self.part == Part::One && has_layers, "it has layers, which PDF/A-1 does not know");
    }

    fn object(&mut self, object: &Object) {
        let Some(dict) = as_dict(object) else {
            self.spaces(object);
            return;
        };
        if dict.has_type(b"Font") {
            self.font(dict);
        }
        self.transparency(dict);
        if let Object::Stream(stream) = object {
            let filters = stream.filters().unwrap_or_default();
            self.add(filters.contains(&b"Crypt".as_slice()), "a part of it is encrypted by itself");
            let is_jpx = filters.contains(&b"JPXDecode".as_slice());
            self.add(self.part == Part::One && is_jpx, "images are JPEG 2000, which PDF/A-1 does not know");
            self.add(
                dict.has(b"F") && dict.has(b"FFilter") || self.leads_out(dict),
                "content lies in another file",
            );
            self.add(name_at(self.doc, dict, b"Subtype") == b"PS", "it holds programs in PostScript");
        }
        for (_, value) in dict.iter() {
            self.spaces(value);
        }
    }

    fn leads_out(&self, dict: &Dictionary) -> bool {
        !dict.has_type(b"EmbeddedFile")
            && !matches!(value(self.doc, dict, b"F"), Object::Null | Object::Integer(_))
    }

    fn font(&mut self, font: &Dictionary) {
        let subtype = name_at(self.doc, font, b"Subtype");
        let holder = match subtype {
            b"Type3" => return,
            b"Type0" => {
                let inner = array_at(self.doc, font, b"DescendantFonts").first();
                inner.and_then(|inner| as_dict(resolve(self.doc, inner)))
            }
            _ => Some(font),
        };
        let descriptor = holder.and_then(|holder| dict_at(self.doc, holder, b"FontDescriptor"));
        let file = [b"FontFile".as_slice(), b"FontFile2", b"FontFile3"];
        let is_embedded = descriptor.is_some_and(|dict| {
            file.iter().any(|key| matches!(value(self.doc, dict, key), Object::Stream(_)))
        });
        if !is_embedded {
            let name = String::from_utf8_lossy(name_at(self.doc, font, b"BaseFont")).into_owned();
            self.list.insert(format!(
                "the font {} is not embedded",
                if name.is_empty() { "without a name" } else { &name }
            ));
        }
    }

    fn transparency(&mut self, dict: &Dictionary) {
        if self.part != Part::One {
            return;
        }
        let seen_through = |key: &[u8]| number_at(self.doc, dict, key).is_some_and(|opacity| opacity < 1.0);
        let mode = name_at(self.doc, dict, b"BM");
        let blends = !matches!(mode, b"" | b"Normal" | b"Compatible");
        let mask = value(self.doc, dict, b"SMask");
        let masked = !mask.is_null() && !mask.as_name().is_ok_and(|name| name == b"None");
        let group = dict_at(self.doc, dict, b"Group")
            .is_some_and(|group| name_at(self.doc, group, b"S") == b"Transparency");
        let see = seen_through(b"ca") || seen_through(b"CA") || blends || masked || group;
        self.add(see, "it has transparency, which PDF/A-1 does not know");
    }

    /// A colour space without a profile must be the output intent's.
    fn spaces(&mut self, object: &Object) {
        match object {
            Object::Name(name) if name == b"DeviceCMYK" => self.device(4),
            Object::Name(name) if name == b"DeviceRGB" => self.device(3),
            Object::Array(items) => {
                for item in items {
                    if matches!(item, Object::Name(_)) {
                        self.spaces(item);
                    }
                }
            }
            _ => {}
        }
    }

    fn device(&mut self, channels: i64) {
        let (is, name) = if channels == 4 { (4, "CMYK") } else { (3, "RGB") };
        let problem = format!("it has colours in {name} without a profile, and its output intent is another");
        self.add(self.channels != is, &problem);
    }

    fn content(&mut self, content: &[u8]) {
        for operation in Operations::new(content) {
            match operation.operator {
                b"k" | b"K" => self.device(4),
                b"rg" | b"RG" => self.device(3),
                b"cs" | b"CS" => match operation.name() {
                    Some(b"DeviceCMYK") => self.device(4),
                    Some(b"DeviceRGB") => self.device(3),
                    _ => {}
                },
                _ => {}
            }
        }
    }

    fn annotations(&mut self, page: &Dictionary) {
        for annotation in array_at(self.doc, page, b"Annots") {
            let Some(dict) = as_dict(resolve(self.doc, annotation)) else { continue };
            let subtype = name_at(self.doc, dict, b"Subtype");
            let shows = crate::mark::rectangle(self.doc, dict, b"Rect").is_some();
            let lacks =
                !matches!(subtype, b"Popup" | b"Link") && shows && dict_at(self.doc, dict, b"AP").is_none();
            self.add(lacks, "annotations or fields do not say what they look like: flatten them first");
        }
    }
}
