//! Writes a document: only what is reached, numbered from 1, with the table of its places.

use crate::graph::{map_references, reachable};
use crate::table::{Entry, Table};
use flate2::{Compression, write::ZlibEncoder};
use formwork_sdk::{Error, Result, Step, Writer};
use lopdf::encryption::encrypt_object;
use lopdf::{Dictionary, Document, EncryptionState, Object, ObjectId, Stream, StringFormat};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::io::Write;

/// Objects in one object stream: more pack better, and cost a reader more to get at one.
const PACKED: usize = 100;
/// Blocks in which bytes are handed to the engine.
const BLOCK: usize = 1 << 18;

/// How a document is written.
#[derive(Default)]
pub(crate) struct Manner {
    /// Without object streams, as PDF up to 1.4 has it.
    pub(crate) classic: bool,
    /// Effort for what is packed here: 0 to 9.
    pub(crate) level: Option<u32>,
    /// Protection.
    pub(crate) encryption: Option<EncryptionState>,
}

/// Writes a document; it is used up.
///
/// # Errors
///
/// `io`, `limit_exceeded` (`output`), `cancelled`, `timeout`.
pub(crate) fn save(step: &Step<'_>, doc: Document, manner: &Manner, mut output: Writer<'_>) -> Result<()> {
    write(step, doc, manner, &mut output)?;
    output.close()
}

/// As [`save`], to anywhere.
///
/// # Errors
///
/// As [`save`].
pub(crate) fn write(step: &Step<'_>, doc: Document, manner: &Manner, output: &mut dyn Write) -> Result<()> {
    let mut press = Press::new(step, manner, output);
    let numbered = number(doc);
    press.header(&version(&numbered.version, manner))?;
    let total = numbered.objects.len() as u64;
    let mut packed = Vec::new();
    for (place, (number, object)) in numbered.objects.into_iter().enumerate() {
        if place % 64 == 0 {
            step.tick(place as u64, total)?;
        }
        let stays_out = manner.classic || matches!(object, Object::Stream(_)) || number == numbered.root;
        if stays_out {
            press.object(number, object)?;
        } else {
            packed.push((number, object));
            if packed.len() == PACKED {
                press.pack(std::mem::take(&mut packed))?;
            }
        }
    }
    press.pack(packed)?;
    press.finish(numbered.trailer)
}

/// A document whose objects are numbered from 1 in the order they are written.
struct Numbered {
    version: String,
    objects: Vec<(u32, Object)>,
    root: u32,
    trailer: Dictionary,
}

fn number(mut doc: Document) -> Numbered {
    let mut trailer = Dictionary::new();
    for key in [b"Root".as_slice(), b"Info", b"ID"] {
        if let Ok(value) = doc.trailer.get(key) {
            trailer.set(key, value.clone());
        }
    }
    let order = reachable(&doc, &[Object::Dictionary(trailer.clone())]);
    let numbers: HashMap<ObjectId, u32> = order.iter().copied().zip(1..).collect();
    let mut change = |id: ObjectId| numbers.get(&id).map_or(Object::Null, |new| Object::Reference((*new, 0)));
    let mut objects = Vec::with_capacity(order.len());
    for (id, number) in order.iter().zip(1..) {
        if let Some(mut object) = doc.objects.remove(id) {
            map_references(&mut object, &mut change);
            objects.push((number, object));
        }
    }
    let mut trailer = Object::Dictionary(trailer);
    map_references(&mut trailer, &mut change);
    let trailer = match trailer {
        Object::Dictionary(trailer) => trailer,
        _ => Dictionary::new(),
    };
    let root = trailer.get(b"Root").and_then(Object::as_reference).map_or(0, |id| id.0);
    Numbered { version: doc.version, objects, root, trailer }
}

/// The version a file says it has: at least the one whose means it uses.
fn version(given: &str, manner: &Manner) -> String {
    const KNOWN: [&str; 9] = ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "2.0"];
    let needed = match (&manner.encryption, manner.classic) {
        (Some(_), _) => "1.7",
        (None, true) => "1.0",
        (None, false) => "1.5",
    };
    KNOWN.iter().find(|known| given.starts_with(**known)).map_or("1.7", |known| *known).max(needed).to_owned()
}

/// Bytes on their way to the engine.
struct Press<'p> {
    step: &'p Step<'p>,
    manner: &'p Manner,
    output: &'p mut dyn Write,
    block: Vec<u8>,
    written: u64,
    hash: DefaultHasher,
    table: Table,
}

impl<'p> Press<'p> {
    fn new(step: &'p Step<'p>, manner: &'p Manner, output: &'p mut dyn Write) -> Press<'p> {
        let (block, hash) = (Vec::with_capacity(BLOCK), DefaultHasher::new());
        Press { step, manner, output, block, written: 0, hash, table: Table::default() }
    }

    fn header(&mut self, version: &str) -> Result<()> {
        // Four bytes above 127 tell programs that this is no text (7.5.2).
        self.block.extend_from_slice(format!("%PDF-{version}\n%").as_bytes());
        self.block.extend_from_slice(&[0xe2, 0xe3, 0xcf, 0xd3, b'\n']);
        Ok(())
    }

    fn place(&self) -> u64 {
        self.written + self.block.len() as u64
    }

    fn object(&mut self, number: u32, mut object: Object) -> Result<()> {
        if let Some(state) = &self.manner.encryption {
            encrypt_object(state, (number, 0), &mut object)
                .map_err(|error| Error::invalid(format!("the PDF cannot be protected: {error}")))?;
        }
        self.plain_object(number, object)
    }

    fn plain_object(&mut self, number: u32, mut object: Object) -> Result<()> {
        if let Object::Stream(stream) = &mut object {
            let length = stream.content.len() as i64;
            stream.dict.set("Length", length);
        }
        self.table.set(number, Entry::At(self.place()));
        self.block.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        lopdf::Writer::write_object(&mut self.block, &object)?;
        self.block.extend_from_slice(b"\nendobj\n");
        self.pass_on(BLOCK)
    }

    /// Puts objects into a stream of their own (7.5.7).
    fn pack(&mut self, objects: Vec<(u32, Object)>) -> Result<()> {
        if objects.is_empty() {
            return Ok(());
        }
        // Behind all numbers that are in use: `finish` numbers them once it is known how many there are.
        let (mut head, mut body) = (Vec::new(), Vec::new());
        let count = objects.len() as i64;
        let stream = self.table.new_stream();
        for (index, (number, object)) in objects.into_iter().enumerate() {
            write!(head, "{number} {} ", body.len())?;
            lopdf::Writer::write_object(&mut body, &object)?;
            body.push(b'\n');
            self.table.set(number, Entry::In { stream, index: index as u32 });
        }
        let first = head.len() as i64;
        head.append(&mut body);
        let mut dict = Dictionary::new();
        dict.set("Type", "ObjStm");
        dict.set("N", count);
        dict.set("First", first);
        dict.set("Filter", "FlateDecode");
        self.table.keep(stream, Stream::new(dict, self.deflate(&head)?));
        Ok(())
    }

    fn deflate(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        deflate(bytes, self.manner.level.unwrap_or(6))
    }

    fn finish(mut self, mut trailer: Dictionary) -> Result<()> {
        let protection = self.protection(&mut trailer)?;
        for (number, stream) in self.table.number_streams() {
            self.object(number, Object::Stream(stream))?;
        }
        if let Some(dict) = protection {
            let number = self.table.next();
            self.plain_object(number, Object::Dictionary(dict))?;
            trailer.set("Encrypt", (number, 0));
        }
        let start = self.place();
        self.identify(&mut trailer);
        if self.manner.classic {
            let table = self.table.classic();
            self.block.extend_from_slice(&table);
            trailer.set("Size", i64::from(self.table.next()));
            self.block.extend_from_slice(b"trailer\n");
            lopdf::Writer::write_object(&mut self.block, &Object::Dictionary(trailer))?;
        } else {
            let number = self.table.next();
            self.table.set(number, Entry::At(start));
            let stream = self.table.as_stream(trailer, |rows| self.deflate(rows))?;
            self.plain_object(number, Object::Stream(stream))?;
        }
        self.block.extend_from_slice(format!("\nstartxref\n{start}\n%%EOF\n").as_bytes());
        self.pass_on(1)
    }

    fn protection(&self, trailer: &mut Dictionary) -> Result<Option<Dictionary>> {
        let Some(state) = &self.manner.encryption else { return Ok(None) };
        let failed = |error| Error::invalid(format!("the PDF cannot be protected: {error}"));
        trailer.remove(b"Encrypt");
        state.encode().map(Some).map_err(failed)
    }

    /// The file's identifier (14.4): its first half stays, the second is made of the bytes, so that the same work
    /// gives the same file.
    fn identify(&mut self, trailer: &mut Dictionary) {
        self.hash.write(&self.block);
        let one = self.hash.finish();
        self.hash.write_u64(one);
        let bytes = [one.to_be_bytes(), self.hash.finish().to_be_bytes()].concat();
        let fresh = Object::String(bytes, StringFormat::Hexadecimal);
        let first = match trailer.get(b"ID").and_then(Object::as_array).ok().and_then(|id| id.first()) {
            Some(Object::String(bytes, _)) if !bytes.is_empty() => {
                Object::String(bytes.clone(), StringFormat::Hexadecimal)
            }
            _ => fresh.clone(),
        };
        trailer.set("ID", vec![first, fresh]);
    }

    /// Hands over what has gathered once it is so much.
    fn pass_on(&mut self, least: usize) -> Result<()> {
        if self.block.len() >= least {
            self.hash.write(&self.block);
            self.output.write_all(&self.block)?;
            self.written += self.block.len() as u64;
            self.block.clear();
            self.step.tick(0, 0)?;
        }
        Ok(())
    }
}

/// Bytes in the format of the filter `FlateDecode`.
pub(crate) fn deflate(bytes: &[u8], level: u32) -> Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::new(level.min(9)));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
