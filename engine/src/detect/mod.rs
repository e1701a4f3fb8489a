//! Tells what a file is from its bytes; its name is a hint, never the judge.
//!
//! [`detect`] reads the first 4 KiB and asks, in this order:
//!
//! 1. the **containers** that hold many formats (`isobmff`, `riff`, `ebml`, `cfb`), which are opened;
//! 2. the **signatures** of the format rows, with a closer look where a signature is short or is shared
//!    (`zip` for office files, `tiff` for camera raw, `compressed` for tar inside gzip …);
//! 3. the **shapes**: formats without a signature, known by headers that must add up (tar, TGA, PCX,
//!    MPEG frames …);
//! 4. **text**, by its encoding and then by evidence (`text`);
//! 5. the **last resort**: what stands behind junk (MP3 frames, a ZIP directory at the end).
//!
//! Where formats share their bytes (`mts` and `m2ts`, `txt` and `md`) the name may choose the member;
//! otherwise a name that says something else is reported in [`Detection::claimed`]. Nothing here
//! allocates by a size a file states, every loop is bounded, and the bytes read have a limit
//! (`Reader`'s allowance), so a hostile file costs no more than an ordinary one.
//!
//! ```
//! use formwork::detect::{Confidence, detect};
//!
//! let found = detect(&b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".as_slice(), Some("a.png"))?.unwrap();
//! assert_eq!((found.format.id, found.confidence), ("gif", Confidence::Certain));
//! assert_eq!(found.claimed.map(|format| format.id), Some("png"));
//! # Ok::<(), std::io::Error>(())
//! ```

mod archive;
mod asf;
mod audio;
mod bytes;
mod cfb;
mod compressed;
mod ebml;
mod finding;
mod image;
mod isobmff;
mod mpeg;
mod ogg;
mod page;
mod palm;
mod reader;
mod riff;
mod signatures;
mod source;
mod tar;
mod text;
mod tiff;
mod zip;
mod zip_directory;

#[cfg(test)]
mod tests;

use std::io;

use formwork_formats::Format;

use finding::Finding;
use reader::Reader;

pub use source::Source;

/// How sure a [`Detection`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Confidence {
    /// Little speaks for it, nothing against it: text without markup, a header without a signature.
    Guess,
    /// Several things that fit together.
    Likely,
    /// A signature or a structure that other formats do not have.
    Certain,
}

/// What a file was found to be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Detection {
    /// The format of the bytes.
    pub format: &'static Format,
    /// How sure that is.
    pub confidence: Confidence,
    /// Why, in one short phrase, as in `"ZIP with word/document.xml"`.
    pub evidence: String,
    /// What the file's name says, when that is another format.
    pub claimed: Option<&'static Format>,
    /// Whether a password is known to be needed. `false` can also mean that the encryption was not seen.
    pub encrypted: bool,
}

/// A place to ask: `None` when the file is something else.
type Probe = fn(&Reader<'_>) -> Option<Finding>;

/// Everything that is asked, in order; the first answer counts.
const PROBES: &[Probe] = &[
    isobmff::probe,
    riff::probe,
    ebml::probe,
    cfb::probe,
    signatures::probe,
    image::probe,
    tar::probe,
    archive::probe,
    mpeg::probe,
    audio::probe,
    page::probe,
    image::probe_targa,
    text::probe,
    zip::probe_behind_junk,
    archive::probe_disc,
    audio::probe_behind_junk,
];

/// Tells what `source` is; `name` is its file name, if it has one.
///
/// Returns `None` when the bytes are of no known format; an empty file is of none. Reads 4 KiB for most
/// files, at most about 1 MiB for those that must be searched.
///
/// # Errors
/// Passes on what reading fails with.
pub fn detect(source: &dyn Source, name: Option<&str>) -> io::Result<Option<Detection>> {
    let reader = Reader::open(source, name)?;
    if reader.head().is_empty() {
        return Ok(None);
    }
    let found = PROBES.iter().find_map(|probe| probe(&reader));
    reader.finish()?;
    Ok(found.and_then(|finding| finding.settle(name)))
}
