//! Copies objects from one document into another, with all they lead to.

use lopdf::{Dictionary, Document, Object, ObjectId, Stream};
use std::collections::HashMap;

/// New names for what two documents call the same.
#[derive(Default)]
pub(crate) struct Renames {
    /// Named destinations.
    pub(crate) dests: HashMap<Vec<u8>, Vec<u8>>,
    /// Fonts that fields are written with.
    pub(crate) fonts: HashMap<Vec<u8>, Vec<u8>>,
}

/// What is left behind: references to it become null, and go from lists of children.
pub(crate) type IsCut<'c> = &'c dyn Fn(ObjectId) -> bool;

/// A copy that is being made.
pub(crate) struct Copier<'c> {
    source: &'c Document,
    target: &'c mut Document,
    is_cut: IsCut<'c>,
    renames: &'c Renames,
    done: HashMap<ObjectId, ObjectId>,
    queue: Vec<ObjectId>,
}

/// Lists from which what is left behind disappears.
const LISTS: [&[u8]; 4] = [b"Kids", b"Annots", b"Fields", b"CO"];

impl<'c> Copier<'c> {
    pub(crate) fn new(
        source: &'c Document,
        target: &'c mut Document,
        is_cut: IsCut<'c>,
        renames: &'c Renames,
        done: HashMap<ObjectId, ObjectId>,
    ) -> Copier<'c> {
        Copier { source, target, is_cut, renames, done, queue: Vec::new() }
    }

    /// The copy of an indirect object; what it leads to is copied by [`Copier::finish`].
    pub(crate) fn id(&mut self, id: ObjectId) -> Option<ObjectId> {
        if let Some(known) = self.done.get(&id) {
            return Some(*known);
        }
        if (self.is_cut)(id) || !self.source.objects.contains_key(&id) {
            return None;
        }
        let new = self.target.add_object(Object::Null);
        self.done.insert(id, new);
        self.queue.push(id);
        Some(new)
    }

    /// The copy of an object; what it leads to is copied by [`Copier::finish`].
    pub(crate) fn object(&mut self, object: &Object) -> Object {
        match object {
            Object::Reference(id) => self.id(*id).map_or(Object::Null, Object::Reference),
            Object::Array(items) => Object::Array(items.iter().map(|item| self.object(item)).collect()),
            Object::Dictionary(dict) => Object::Dictionary(self.dict(dict)),
            Object::Stream(stream) => Object::Stream(Stream {
                dict: self.dict(&stream.dict),
                content: stream.content.clone(),
                allows_compression: stream.allows_compression,
                start_position: None,
            }),
            plain => plain.clone(),
        }
    }

    pub(crate) fn dict(&mut self, dict: &Dictionary) -> Dictionary {
        let mut copy = Dictionary::new();
        for (key, value) in dict.iter() {
            // A page's place in its old tree and its article beads lead to every other page.
            if dict.has_type(b"Page") && matches!(key.as_slice(), b"Parent" | b"B") {
                continue;
            }
            let new = match value {
                Object::Array(items) if LISTS.contains(&key.as_slice()) => {
                    let kept =
                        items.iter().filter(|item| !item.as_reference().is_ok_and(|id| (self.is_cut)(id)));
                    let kept: Vec<&Object> = kept.collect();
                    Object::Array(kept.into_iter().map(|item| self.object(item)).collect())
                }
                value => self.renamed(dict, key, value).unwrap_or_else(|| self.object(value)),
            };
            copy.set(key.clone(), new);
        }
        copy
    }

    /// A value that names something whose name changed.
    fn renamed(&self, dict: &Dictionary, key: &[u8], value: &Object) -> Option<Object> {
        let goes = key == b"Dest"
            || key == b"D" && dict.get(b"S").and_then(Object::as_name).is_ok_and(|s| s == b"GoTo");
        match value {
            Object::Name(name) if goes => self.renames.dests.get(name).cloned().map(Object::Name),
            Object::String(name, format) if goes => {
                self.renames.dests.get(name).cloned().map(|new| Object::String(new, *format))
            }
            Object::String(text, format) if key == b"DA" && !self.renames.fonts.is_empty() => {
                Some(Object::String(with_fonts(text, &self.renames.fonts), *format))
            }
            _ => None,
        }
    }

    /// Copies all that was asked for and what it leads to; returns which object became which.
    pub(crate) fn finish(mut self) -> HashMap<ObjectId, ObjectId> {
        let source = self.source;
        while let Some(id) = self.queue.pop() {
            if let (Some(object), Some(new)) = (source.objects.get(&id), self.done.get(&id).copied()) {
                let copy = self.object(object);
                self.target.objects.insert(new, copy);
            }
        }
        self.done
    }
}

/// The text of a default appearance with other names of fonts (12.7.4.3).
fn with_fonts(text: &[u8], fonts: &HashMap<Vec<u8>, Vec<u8>>) -> Vec<u8> {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"/[]()<>{}%".contains(byte);
    let mut new = Vec::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(slash) = rest.iter().position(|byte| *byte == b'/') {
        let (before, after) = rest.split_at(slash + 1);
        let (name, end) = after.split_at(after.iter().position(is_end).unwrap_or(after.len()));
        new.extend_from_slice(before);
        new.extend_from_slice(fonts.get(name).map_or(name, Vec::as_slice));
        rest = end;
    }
    new.extend_from_slice(rest);
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_of_appearances_are_renamed() {
        let fonts = HashMap::from([(b"Helv".to_vec(), b"Helv-2".to_vec())]);
        assert_eq!(
            with_fonts(b"0 g /Helv 12 Tf /Helvetica 1 Tf", &fonts),
            b"0 g /Helv-2 12 Tf /Helvetica 1 Tf"
        );
    }
}
