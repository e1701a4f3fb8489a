//! The table of the places of objects, in both of its forms (ISO 32000-2, 7.5.4 and 7.5.8).

use formwork_sdk::Result;
use lopdf::{Dictionary, Object, Stream, dictionary};
use std::io::Write;

/// Where an object is.
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    /// At this byte of the file.
    At(u64),
    /// The so-manieth of this one of the kept object streams.
    In { stream: usize, index: u32 },
}

/// The places of all objects, and the object streams, which are numbered behind all other objects.
#[derive(Default)]
pub(crate) struct Table {
    /// By number, from 1.
    entries: Vec<Option<Entry>>,
    streams: Vec<Option<Stream>>,
    /// The number of the first object stream.
    first_stream: u32,
}

impl Table {
    pub(crate) fn set(&mut self, number: u32, entry: Entry) {
        let place = number.saturating_sub(1) as usize;
        if self.entries.len() <= place {
            self.entries.resize(place + 1, None);
        }
        if let Some(slot) = self.entries.get_mut(place) {
            *slot = Some(entry);
        }
    }

    /// The first number that is not taken.
    pub(crate) fn next(&self) -> u32 {
        self.entries.len() as u32 + 1
    }

    pub(crate) fn new_stream(&mut self) -> usize {
        self.streams.push(None);
        self.streams.len() - 1
    }

    pub(crate) fn keep(&mut self, stream: usize, content: Stream) {
        if let Some(slot) = self.streams.get_mut(stream) {
            *slot = Some(content);
        }
    }

    /// Gives the object streams numbers, and hands them out to be written.
    pub(crate) fn number_streams(&mut self) -> Vec<(u32, Stream)> {
        self.first_stream = self.next();
        (self.first_stream..)
            .zip(std::mem::take(&mut self.streams))
            .filter_map(|(number, stream)| Some((number, stream?)))
            .collect()
    }

    /// The table as text.
    pub(crate) fn classic(&self) -> Vec<u8> {
        let mut text = format!("xref\n0 {}\n0000000000 65535 f \n", self.next()).into_bytes();
        for entry in &self.entries {
            match entry {
                Some(Entry::At(place)) => {
                    text.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes())
                }
                _ => text.extend_from_slice(b"0000000000 65535 f \n"),
            }
        }
        text
    }

    /// The table as a stream, whose dictionary is the trailer.
    pub(crate) fn as_stream(
        &self,
        mut trailer: Dictionary,
        deflate: impl FnOnce(&[u8]) -> Result<Vec<u8>>,
    ) -> Result<Stream> {
        let farthest = self.entries.iter().flatten().map(|entry| self.numbers(*entry).1).max().unwrap_or(0);
        let wide = (1..8).find(|bytes| farthest >> (8 * bytes) == 0).unwrap_or(8);
        let columns = wide + 3;
        let mut rows = Vec::with_capacity((self.entries.len() + 1) * (columns + 1));
        let mut above = vec![0u8; columns];
        let free = [vec![0; wide + 1], vec![0xff, 0xff]].concat();
        let entries = self
            .entries
            .iter()
            .map(|entry| entry.map_or_else(|| free.clone(), |entry| self.row(entry, wide)));
        for row in std::iter::once(free.clone()).chain(entries) {
            // The differences to the row above pack best (predictor 12, up).
            rows.write_all(&[2])?;
            rows.extend(row.iter().zip(&above).map(|(now, above)| now.wrapping_sub(*above)));
            above = row;
        }
        trailer.set("Type", "XRef");
        trailer.set("Size", i64::from(self.next()));
        trailer.set("W", vec![Object::from(1), Object::from(wide as i64), Object::from(2)]);
        trailer.set("Filter", "FlateDecode");
        trailer.set("DecodeParms", dictionary! { "Predictor" => 12, "Columns" => columns as i64 });
        Ok(Stream::new(trailer, deflate(&rows)?))
    }

    /// Kind, place and index of an entry.
    fn numbers(&self, entry: Entry) -> (u8, u64, u32) {
        match entry {
            Entry::At(place) => (1, place, 0),
            Entry::In { stream, index } => (2, u64::from(self.first_stream) + stream as u64, index),
        }
    }

    fn row(&self, entry: Entry, wide: usize) -> Vec<u8> {
        let (kind, place, index) = self.numbers(entry);
        let place = place.to_be_bytes();
        let mut row = vec![kind];
        row.extend_from_slice(place.get(place.len() - wide..).unwrap_or(&place));
        row.extend_from_slice(&(index as u16).to_be_bytes());
        row
    }
}
