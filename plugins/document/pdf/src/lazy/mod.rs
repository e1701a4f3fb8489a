//! A document without what its pages that are not taken show, so that a few pages of a long one are soon had.
//!
//! Nothing is changed and little is understood: objects are followed by their references and go into a smaller file as
//! they are, which is then read as any other. Whatever is unusual is left to the reader of whole files.

mod table;
mod words;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use table::{OF_DOCUMENT, Place, Table};
use words::{Entries, Words, references};

/// The smaller file; nothing when the document is unusual, or most of its pages are taken. `choose` is asked which, by
/// their places, of so many.
pub(crate) fn reduced(
    file: &[u8],
    most: usize,
    choose: impl FnOnce(usize) -> Option<Vec<usize>>,
) -> Option<Vec<u8>> {
    if !file.starts_with(b"%PDF-") {
        return None;
    }
    let mut objects = Objects { file, table: Table::read(file, most)?, streams: HashMap::new(), left: most };
    let root = objects.table.trailer.reference(b"Root")?;
    let pages = pages(&mut objects, root)?;
    let taken = choose(pages.len())?;
    let taken: HashSet<u32> = taken.iter().filter_map(|place| pages.get(*place).copied()).collect();
    if taken.len() * 2 > pages.len() {
        return None;
    }
    let shown_alone: HashSet<u32> = pages.into_iter().filter(|page| !taken.contains(page)).collect();
    let kept = kept(&mut objects, root, &shown_alone)?;
    written(&mut objects, &kept, &shown_alone)
}

/// The objects of a file, each looked for when it is asked for.
struct Objects<'b> {
    file: &'b [u8],
    table: Table<'b>,
    streams: HashMap<u32, Packed>,
    /// Bytes that may still be unpacked.
    left: usize,
}

/// An object stream, unpacked (ISO 32000-2, 7.5.7).
struct Packed {
    content: Vec<u8>,
    /// Number, start and end of each object.
    parts: Vec<(u32, usize, usize)>,
}

impl<'b> Objects<'b> {
    /// An object from the word `obj` on. The outer nothing means that the file is broken here, the inner one that there
    /// is no such object.
    fn get(&mut self, number: u32) -> Option<Option<Cow<'_, [u8]>>> {
        match self.table.place(number) {
            None | Some(Place::Free) => Some(None),
            Some(Place::At(start)) => {
                let whole = self.whole(number, start)?;
                let mut words = Words::new(whole);
                words.by_ref().take(3).for_each(drop);
                Some(Some(Cow::Borrowed(words.rest())))
            }
            Some(Place::In { stream, index }) => {
                if !self.streams.contains_key(&stream) {
                    let packed = self.unpack(stream)?;
                    self.left = self.left.checked_sub(packed.content.len())?;
                    self.streams.insert(stream, packed);
                }
                let packed = self.streams.get(&stream)?;
                let (known, start, end) = *packed.parts.get(index)?;
                Some((known == number).then(|| packed.content.get(start..end)).flatten().map(Cow::Borrowed))
                    .filter(Option::is_some)
            }
        }
    }

    /// An object that is not packed, from its number to `endobj`.
    fn whole(&self, number: u32, start: usize) -> Option<&'b [u8]> {
        let whole = self.file.get(start..self.table.end(start)?)?;
        let mut words = Words::new(whole);
        let is_it =
            words.number() == Some(number.into()) && words.number().is_some() && words.is_next(b"obj");
        (is_it && whole.trim_ascii_end().ends_with(b"endobj")).then_some(whole)
    }

    /// How often its number was used before; nothing when the file is broken here.
    fn generation(&self, number: u32) -> Option<u64> {
        let Some(Place::At(start)) = self.table.place(number) else { return Some(0) };
        let mut words = Words::new(self.whole(number, start)?);
        words.number()?;
        words.number()
    }

    /// Nothing when an object is a stream that does not end where it says it does.
    fn check_length(&mut self, whole: &[u8]) -> Option<()> {
        if memchr::memmem::find(whole, b"stream").is_none() {
            return Some(());
        }
        let mut words = Words::new(whole);
        words.by_ref().take(3).for_each(drop);
        let Some(entries) = Entries::read(words.rest()) else { return Some(()) };
        let Some(content) = entries.stream() else { return Some(()) };
        let length = match entries.reference(b"Length") {
            Some(elsewhere) => Words::new(&self.get(elsewhere)??).number(),
            None => entries.number(b"Length"),
        };
        let rest = content.get(usize::try_from(length?).ok()?..)?;
        rest.trim_ascii_start().starts_with(b"endstream").then_some(())
    }

    fn unpack(&self, number: u32) -> Option<Packed> {
        let Some(Place::At(start)) = self.table.place(number) else { return None };
        let mut words = Words::new(self.whole(number, start)?);
        words.by_ref().take(3).for_each(drop);
        let entries = Entries::read(words.rest())?;
        let first = usize::try_from(entries.number(b"First")?).ok()?;
        let content = table::unpacked(&entries, self.left)?;
        let mut head = Words::new(content.get(..first)?);
        let mut parts: Vec<(u32, usize, usize)> = Vec::new();
        for _ in 0..entries.number(b"N")? {
            let number = u32::try_from(head.number()?).ok()?;
            let start = first.checked_add(usize::try_from(head.number()?).ok()?)?;
            if let Some(last) = parts.last_mut() {
                last.2 = start;
            }
            parts.push((number, start, content.len()));
        }
        Some(Packed { content, parts })
    }
}

/// The numbers of all pages in order.
fn pages(objects: &mut Objects<'_>, root: u32) -> Option<Vec<u32>> {
    let tree = Entries::read(&objects.get(root)??)?.reference(b"Pages")?;
    let (mut open, mut seen, mut pages) = (vec![tree], HashSet::new(), Vec::new());
    while let Some(number) = open.pop() {
        if !seen.insert(number) {
            return None;
        }
        let node = objects.get(number)??;
        let node = Entries::read(&node)?;
        match (node.get(b"Kids"), node.get(b"Type")) {
            (Some(list), Some(b"/Pages")) if list.starts_with(b"[") && !list.contains(&b'<') => {
                let kids: Vec<u32> = references(list).collect();
                open.extend(kids.iter().rev());
            }
            (None, Some(b"/Page")) => pages.push(number),
            _ => return None,
        }
    }
    Some(pages)
}

/// The numbers of all objects that are reached without looking at what some pages show.
fn kept(objects: &mut Objects<'_>, root: u32, shown_alone: &HashSet<u32>) -> Option<Vec<u32>> {
    let mut next: Vec<u32> = OF_DOCUMENT
        .iter()
        .filter_map(|key| objects.table.trailer.get(key))
        .flat_map(|value| references(value).collect::<Vec<_>>())
        .collect();
    let (mut seen, mut kept): (HashSet<u32>, Vec<u32>) = (next.iter().copied().collect(), Vec::new());
    while let Some(number) = next.pop() {
        let Some(object) = objects.get(number)? else { continue };
        kept.push(number);
        if number == root {
            // The tags lead to all pages, and do not go into a copy.
            let entries = Entries::read(&object)?;
            let followed = entries.iter().filter(|(key, _)| *key != b"StructTreeRoot");
            next.extend(followed.flat_map(|(_, value)| references(value)).filter(|to| seen.insert(*to)));
        } else if !shown_alone.contains(&number) {
            next.extend(references(&object).filter(|to| seen.insert(*to)));
        }
    }
    kept.sort_unstable();
    Some(kept)
}

/// A file of some of the objects. A page that is not taken is counted, so it is there, but with nothing on it.
fn written(objects: &mut Objects<'_>, kept: &[u32], shown_alone: &HashSet<u32>) -> Option<Vec<u8>> {
    let mut file = objects.file.get(..8)?.to_vec();
    file.push(b'\n');
    let mut places = BTreeMap::new();
    for number in kept {
        places.insert(*number, file.len());
        if shown_alone.contains(number) {
            let generation = objects.generation(*number)?;
            file.extend_from_slice(format!("{number} {generation} obj\n<</Type/Page>>\nendobj\n").as_bytes());
        } else if let Some(Place::At(start)) = objects.table.place(*number) {
            let whole = objects.whole(*number, start)?;
            objects.check_length(whole)?;
            file.extend_from_slice(whole);
        } else {
            file.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
            file.extend_from_slice(&objects.get(*number)??);
            file.extend_from_slice(b"\nendobj\n");
        }
    }
    let start = file.len();
    file.extend_from_slice(b"xref\n0 1\n0000000000 65535 f \n");
    for (number, place) in places {
        let generation = objects.generation(number)?;
        file.extend_from_slice(format!("{number} 1\n{place:010} {generation:05} n \n").as_bytes());
    }
    let size = kept.last()?.checked_add(1)?;
    file.extend_from_slice(format!("trailer\n<< /Size {size}").as_bytes());
    for key in OF_DOCUMENT {
        if let Some(value) = objects.table.trailer.get(key) {
            file.extend([b" /", key, b" ", value].concat());
        }
    }
    file.extend_from_slice(format!(" >>\nstartxref\n{start}\n%%EOF\n").as_bytes());
    Some(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lopdf::{Document, Object, ObjectId, SaveOptions, Stream, dictionary};

    /// Four pages, each with a content of its own; a tag tree that leads to all of them.
    fn made(is_packed: bool) -> Vec<u8> {
        let mut doc = Document::with_version("1.5");
        let tree = doc.new_object_id();
        let kids: Vec<Object> = (1..=4)
            .map(|page| {
                let text = format!("% page {page} (endobj)").into_bytes();
                let content = doc.add_object(Stream::new(dictionary! {}, text));
                doc.add_object(dictionary! { "Type" => "Page", "Parent" => tree, "Contents" => content })
                    .into()
            })
            .collect();
        let tags = doc.add_object(dictionary! { "Type" => "StructTreeRoot", "K" => kids.clone() });
        doc.objects.insert(tree, dictionary! { "Type" => "Pages", "Count" => 4, "Kids" => kids }.into());
        let root = dictionary! { "Type" => "Catalog", "Pages" => tree, "StructTreeRoot" => tags };
        let root = doc.add_object(root);
        doc.trailer.set("Root", root);
        let mut file = Vec::new();
        let options =
            SaveOptions::builder().use_object_streams(is_packed).use_xref_streams(is_packed).build();
        doc.save_with_options(&mut file, options).unwrap();
        file
    }

    fn contents(file: &[u8]) -> Vec<String> {
        let doc = Document::load_mem(file).unwrap();
        assert_eq!(doc.get_pages().len(), 4);
        let streams = doc.objects.values().filter_map(|object| object.as_stream().ok());
        let texts = streams.map(|stream| String::from_utf8_lossy(&stream.content).into_owned());
        texts.filter(|text| text.starts_with("% page")).collect()
    }

    #[test]
    fn only_what_is_asked_for_is_kept() {
        for (file, is_packed) in [(made(false), false), (made(true), true)] {
            assert_eq!((contents(&file).len(), file.windows(6).any(|six| six == b"ObjStm")), (4, is_packed));
            let few = reduced(&file, 1 << 20, |count| Some(vec![count - 2])).unwrap();
            assert_eq!(contents(&few), ["% page 3 (endobj)"]);
            assert!(few.len() < file.len() && !few.windows(14).any(|word| word == b"StructTreeRoot "));
            // The other pages are there, with nothing on them.
            let doc = Document::load_mem(&few).unwrap();
            let shows = |page: &ObjectId| doc.get_dictionary(*page).unwrap().has(b"Contents");
            assert_eq!(doc.get_pages().values().map(shows).collect::<Vec<_>>(), [false, false, true, false]);
        }
    }

    #[test]
    fn what_is_unusual_is_left_alone() {
        let file = made(false);
        let few = |file: &[u8]| reduced(file, 1 << 20, |_| Some(vec![0]));
        assert!(few(&file).is_some());
        assert!(reduced(&file, 1 << 20, |_| Some(vec![0, 1, 2])).is_none(), "most pages");
        assert!(reduced(&file, 1 << 20, |_| None).is_none(), "no pages");
        let changed = |from: &str, to: &str| {
            let text: String = file.iter().map(|byte| char::from(*byte)).collect();
            assert!(text.contains(from), "{from}");
            few(&text.replace(from, to).chars().map(|letter| letter as u8).collect::<Vec<_>>())
        };
        assert!(changed("/Size", "/Encrypt 9 0 R/Size").is_none());
        assert!(changed("/Catalog", "/ Catalog").is_none(), "places are wrong");
        assert!(changed("/Pages/", "/Paged/").is_none());
        assert!(changed("/Length 17", "/Length 11").is_none(), "a stream is longer than it says");
        // Cut anywhere, or with any byte changed, it ends.
        for place in 0..file.len() {
            few(file.get(..place).unwrap());
            let mut other = file.clone();
            other[place] ^= 0x15;
            few(&other);
        }
    }

    #[test]
    fn bombs_are_left_alone() {
        assert!(reduced(&made(true), 64, |_| Some(vec![0])).is_none());
    }
}
