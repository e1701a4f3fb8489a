//! Embeds the letters of fonts that a text uses (ISO 32000-2, 9.7 and 9.9).

use crate::save::deflate;
use formwork_sdk::{Error, Result, Step};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, StringFormat, dictionary};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, GlyphId, MetadataProvider, raw::TableProvider};
use std::collections::{BTreeMap, HashMap};
use subsetter::GlyphRemapper;
use usvg::fontdb;

/// The letters of each font that are used, and what they stand for.
#[derive(Default)]
pub(super) struct Used {
    fonts: HashMap<fontdb::ID, BTreeMap<u16, String>>,
    order: Vec<fontdb::ID>,
}

impl Used {
    pub(super) fn add(&mut self, font: fontdb::ID, glyph: u16, text: &str) {
        if !self.fonts.contains_key(&font) {
            self.order.push(font);
        }
        self.fonts.entry(font).or_default().entry(glyph).or_insert_with(|| text.to_owned());
    }

    /// Glyph 0 stands for what a font does not have.
    pub(super) fn lacks_letters(&self) -> bool {
        self.fonts.values().any(|glyphs| glyphs.contains_key(&0))
    }

    pub(super) fn embed(
        self,
        step: &Step<'_>,
        doc: &mut Document,
        database: &fontdb::Database,
    ) -> Result<Fonts> {
        let mut fonts = Fonts::default();
        for (number, id) in self.order.iter().enumerate() {
            step.tick(0, 0)?;
            let Some(glyphs) = self.fonts.get(id) else { continue };
            let mut mapper = GlyphRemapper::new();
            glyphs.keys().for_each(|glyph| {
                mapper.remap(*glyph);
            });
            let made = database.with_face_data(*id, |data, index| write(doc, data, index, glyphs, &mapper));
            let made = made.ok_or_else(|| Error::invalid("a font went away while it was used"))??;
            let name = format!("F{number}");
            fonts.resources.set(name.as_bytes(), made);
            fonts.known.insert(*id, (name, mapper));
        }
        Ok(fonts)
    }
}

/// Fonts in the document.
#[derive(Default)]
pub(super) struct Fonts {
    known: HashMap<fontdb::ID, (String, GlyphRemapper)>,
    resources: Dictionary,
}

impl Fonts {
    /// The name of a font and the code of one of its letters.
    pub(super) fn code(&self, font: fontdb::ID, glyph: u16) -> Option<(&str, u16)> {
        let (name, mapper) = self.known.get(&font)?;
        Some((name, mapper.get(glyph)?))
    }

    pub(super) fn resources(&self) -> Dictionary {
        self.resources.clone()
    }
}

fn write(
    doc: &mut Document,
    data: &[u8],
    index: u32,
    glyphs: &BTreeMap<u16, String>,
    mapper: &GlyphRemapper,
) -> Result<ObjectId> {
    let odd = |what: String| Error::unsupported(format!("a font of this machine cannot be embedded: {what}"));
    let font = FontRef::from_index(data, index).map_err(|error| odd(error.to_string()))?;
    let subset = subsetter::subset(data, index, mapper).map_err(|error| odd(error.to_string()))?;
    let name = format!("{}+{}", tag(glyphs), family(&font));
    let units = f64::from(font.head().map_err(|error| odd(error.to_string()))?.units_per_em().max(1));
    let is_cff = font.cff().is_ok();
    let (file, kind, key) = if is_cff {
        let table = FontRef::new(&subset).ok().and_then(|font| font.table_data(skrifa::Tag::new(b"CFF ")));
        let table = table.map_or_else(|| subset.clone(), |table| table.as_bytes().to_vec());
        let dict = dictionary! { "Subtype" => "CIDFontType0C", "Filter" => "FlateDecode" };
        (Stream::new(dict, deflate(&table, 9)?), "CIDFontType0", "FontFile3")
    } else {
        let dict = dictionary! { "Length1" => subset.len() as i64, "Filter" => "FlateDecode" };
        (Stream::new(dict, deflate(&subset, 9)?), "CIDFontType2", "FontFile2")
    };
    let file = doc.add_object(file);
    let descriptor = descriptor(&font, &name, units, key, file);
    let descriptor = doc.add_object(descriptor);
    let widths = widths(&font, glyphs, mapper, units);
    let mut inner = dictionary! {
        "Type" => "Font",
        "Subtype" => kind,
        "BaseFont" => name.as_str(),
        "CIDSystemInfo" => dictionary! {
            "Registry" => string(b"Adobe"), "Ordering" => string(b"Identity"), "Supplement" => 0,
        },
        "FontDescriptor" => descriptor,
        "W" => widths,
    };
    if !is_cff {
        inner.set("CIDToGIDMap", "Identity");
    }
    let inner = doc.add_object(inner);
    let meaning =
        Stream::new(dictionary! { "Filter" => "FlateDecode" }, deflate(&to_unicode(glyphs, mapper), 9)?);
    let meaning = doc.add_object(meaning);
    Ok(doc.add_object(dictionary! {
        "Type" => "Font",
        "Subtype" => "Type0",
        "BaseFont" => name.as_str(),
        "Encoding" => "Identity-H",
        "DescendantFonts" => vec![Object::from(inner)],
        "ToUnicode" => meaning,
    }))
}

fn string(bytes: &[u8]) -> Object {
    Object::String(bytes.to_vec(), StringFormat::Literal)
}

fn descriptor(font: &FontRef<'_>, name: &str, units: f64, key: &str, file: ObjectId) -> Dictionary {
    let metrics = font.metrics(Size::unscaled(), LocationRef::default());
    let scaled = |value: f32| f64::from(value) * 1000.0 / units;
    let bounds = metrics.bounds.unwrap_or_default();
    let corners = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max];
    dictionary! {
        "Type" => "FontDescriptor",
        "FontName" => name,
        // Letters by their own numbers, not by a known encoding.
        "Flags" => 4,
        "FontBBox" => corners.map(|corner| Object::from(scaled(corner))).to_vec(),
        "ItalicAngle" => f64::from(metrics.italic_angle),
        "Ascent" => scaled(metrics.ascent),
        "Descent" => scaled(metrics.descent),
        "CapHeight" => scaled(metrics.cap_height.unwrap_or(metrics.ascent)),
        "StemV" => 80,
        key => file,
    }
}

/// The width of each letter, in thousandths.
fn widths(
    font: &FontRef<'_>,
    glyphs: &BTreeMap<u16, String>,
    mapper: &GlyphRemapper,
    units: f64,
) -> Vec<Object> {
    let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
    let mut widths = Vec::new();
    for glyph in glyphs.keys() {
        let width = metrics.advance_width(GlyphId::new(u32::from(*glyph))).unwrap_or(0.0);
        if let Some(code) = mapper.get(*glyph) {
            widths.push(Object::from(i64::from(code)));
            widths.push(Object::Array(vec![Object::from(f64::from(width) * 1000.0 / units)]));
        }
    }
    widths
}

/// Says which text each code stands for (9.10.3).
fn to_unicode(glyphs: &BTreeMap<u16, String>, mapper: &GlyphRemapper) -> Vec<u8> {
    let mut map = String::from(
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe) \
         /Ordering (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n\
         1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n",
    );
    let meant: Vec<(u16, &String)> = glyphs
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .filter_map(|(glyph, text)| Some((mapper.get(*glyph)?, text)))
        .collect();
    for part in meant.chunks(100) {
        map.push_str(&format!("{} beginbfchar\n", part.len()));
        for (code, text) in part {
            let units: String = text.encode_utf16().map(|unit| format!("{unit:04x}")).collect();
            map.push_str(&format!("<{code:04x}> <{units}>\n"));
        }
        map.push_str("endbfchar\n");
    }
    map.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
    map.into_bytes()
}

/// The name of a font as a name of PDF.
fn family(font: &FontRef<'_>) -> String {
    let name = font.localized_strings(skrifa::string::StringId::POSTSCRIPT_NAME).english_or_first();
    let name: String = name.map(|name| name.chars().collect()).unwrap_or_default();
    let plain: String =
        name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
    if plain.is_empty() { "Font".into() } else { plain }
}

/// Six capitals that tell this subset from others of the font.
fn tag(glyphs: &BTreeMap<u16, String>) -> String {
    let sum = glyphs.keys().fold(7u64, |sum, glyph| sum.wrapping_mul(31).wrapping_add(u64::from(*glyph)));
    (0..6).map(|place| char::from(b'A' + (sum / 26u64.pow(place) % 26) as u8)).collect()
}
