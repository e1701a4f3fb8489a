//! What it would cost to have `rawler` read the directories of a TIFF, looked at before it is asked: it follows
//! a chain that goes round for ever, and copies every value as often as a directory names it.

use crate::tiff::{Entry, Tiff, tag};

/// Most entries it reads of one directory.
const ENTRIES: usize = 4_096;
/// Entries in a row that cannot be read, after which it leaves a directory.
const BROKEN: usize = 5;
/// Most entries of all directories; cameras write some hundreds.
const ALL_ENTRIES: usize = 65_536;
/// Most directories in a chain; cameras write a few.
const CHAIN: usize = 256;
/// Bytes of values for one of the file; an honest file has each of its bytes in one value at most.
const COPIES: u64 = 4;
/// Tags whose values are places of further directories for it, the colour profile among them.
const PLACES: [u16; 5] = [tag::SUB_DIRECTORIES, tag::EXIF, tag::GPS, tag::ICC, tag::FUJIFILM];
/// Types of values that are places, and that lie at one.
const LONG: u16 = 4;
const UNDEFINED: u16 = 7;

/// Why a decoder should not read these directories, if there is a reason.
pub(crate) fn objection(tiff: &Tiff<'_>) -> Option<&'static str> {
    let mut left = Left { entries: ALL_ENTRIES, bytes: tiff.length().saturating_mul(COPIES) };
    let mut seen: Vec<u64> = Vec::new();
    let mut next = tiff.first();
    while let Some(start) = next.filter(|start| *start != 0) {
        if seen.contains(&start) || seen.len() == CHAIN {
            return Some("its directories go round in a circle");
        }
        seen.push(start);
        match left.follow(tiff, start) {
            Ok(end) => next = end.and_then(|end| tiff.place(end)),
            Err(why) => return Some(why),
        }
    }
    None
}

/// The same for a file that holds a TIFF within: Minolta's and Fujifilm's.
pub(crate) fn objection_within(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\0MRM") {
        let Some(tiff) = minolta(bytes) else { return Some("its directory cannot be read") };
        return objection(&tiff);
    }
    if !bytes.starts_with(b"FUJIFILM") {
        return None;
    }
    // Where the EXIF of the preview lies, behind the start of that JPEG; and the sensor's directory.
    let places =
        [(84, 12), (100, 0)].map(|(at, more)| number(bytes, at).and_then(|place| place.checked_add(more)));
    let streams = places.into_iter().flatten().filter_map(|place| bytes.get(place..).and_then(Tiff::open));
    streams.filter_map(|tiff| objection(&tiff)).next()
}

/// The TIFF in Minolta's block TTW, among blocks of a name, a length and so many bytes.
fn minolta(bytes: &[u8]) -> Option<Tiff<'_>> {
    let end = number(bytes, 4)?.checked_add(8)?;
    let (mut place, mut found) = (8_usize, None);
    while place.checked_add(20)? < end {
        if bytes.get(place..)?.starts_with(b"\0TTW") {
            found = Some(place + 8);
        }
        place = number(bytes, place + 4)?.checked_add(8)?.checked_add(place)?;
    }
    let tiff = Tiff::open(bytes.get(found?..)?)?;
    (tiff.big_endian && tiff.first() == Some(8)).then_some(tiff)
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = *bytes.get(at..)?.first_chunk()?;
    usize::try_from(u32::from_be_bytes(four)).ok()
}

/// Where directories lie that an entry names.
fn places(tiff: &Tiff<'_>, entry: &Entry) -> Vec<u64> {
    match entry.kind {
        LONG => tiff.numbers(entry, ALL_ENTRIES),
        UNDEFINED => vec![entry.start],
        // Of a type it does not know it takes the first byte.
        0 | 13.. => tiff
            .bytes_of(entry)
            .and_then(|bytes| bytes.first())
            .map(|byte| (*byte).into())
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// One directory as it is read.
struct Read {
    entries: Vec<Entry>,
    /// Where it ends, if that can be told.
    end: Option<u64>,
}

/// What may still be read.
struct Left {
    entries: usize,
    bytes: u64,
}

impl Left {
    /// Reads a directory of the chain and those it names. Returns where the place of the next one stands; `None`
    /// when there is none.
    fn follow(&mut self, tiff: &Tiff<'_>, start: u64) -> Result<Option<u64>, &'static str> {
        let Some(read) = self.take(tiff, start)? else { return Ok(None) };
        for entry in read.entries.iter().filter(|entry| PLACES.contains(&entry.tag)) {
            for start in places(tiff, entry) {
                self.take(tiff, start)?;
            }
        }
        // Else it goes on at whatever stands where it stopped.
        read.end.map(Some).ok_or("its directory is cut short")
    }

    /// Reads one directory as `rawler` does. `None` for an empty one, which it refuses.
    fn take(&mut self, tiff: &Tiff<'_>, start: u64) -> Result<Option<Read>, &'static str> {
        let Some((count, all, end)) = tiff.entries(start, ENTRIES) else { return Ok(None) };
        self.entries = self.entries.checked_sub(all.len()).ok_or("it has too many directories")?;
        let (mut broken, mut read) = (0, Vec::new());
        let whole = all.len() == count;
        for entry in all {
            if entry.length() > tiff.length() {
                return Err("its directory holds values longer than the file");
            }
            if tiff.bytes_of(&entry).is_none() {
                broken += 1;
                if broken == BROKEN {
                    break;
                }
                continue;
            }
            broken = 0;
            let left = self.bytes.checked_sub(entry.length());
            self.bytes = left.ok_or("its directories name the same bytes again and again")?;
            read.push(entry);
        }
        let end = (whole && broken == 0).then_some(end);
        Ok((count > 0).then_some(Read { entries: read, end }))
    }
}
