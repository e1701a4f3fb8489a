//! How large a result would be if nothing were packed, and what tells how well it will be.
//!
//! Pixels, samples and pages are counted; only what packing makes of them is learned. Without that, even a BMP would be
//! guessed.

use super::amounts::{A4, Amounts, MOST_FRAMES};
use formwork_formats::{Family, Feature, Format};

/// How many numbers [`terms`] gives.
pub(super) const TERMS: usize = 8;

/// Bytes of a pixel where it is not known: 8 bits each of red, green and blue.
const PIXEL: f64 = 3.0;
/// Bytes of a pixel of a page that is drawn: some are grey, some are coloured, and nobody knows before.
const PAGE_PIXEL: f64 = 1.73;
/// Bytes of a pixel of a film: one of brightness, and two of colour for four pixels.
const FILM_PIXEL: f64 = 1.5;
/// Bytes of a sample of sound.
const SAMPLE: f64 = 2.0;
/// Bytes of a page of text, where pages are not counted yet.
const PAGE_OF_TEXT: f64 = 3_000.0;
/// Bytes that a page usually has for each pixel of it.
const PAGE_DENSITY: f64 = 0.02;
/// Bytes of what a file has beside its contents.
const HEADER: f64 = 4_096.0;

/// Formats whose results are as large as what is counted, whatever they show.
const NOT_PACKED: &[&str] = &["aiff", "au", "bmp", "caf", "dds", "pnm", "wav"];

/// Bytes of a result that is not packed.
pub(super) fn unpacked(of: &Amounts, from: &Format, to: &Format) -> f64 {
    let bytes = match to.family {
        Family::Archive => contents(of),
        Family::Audio => of.samples * SAMPLE,
        Family::Image => pictures(of, from, to),
        Family::Document if matches!(from.family, Family::Image | Family::Video) => pictures(of, from, to),
        Family::Video => film(of, from),
        _ => of.bytes,
    };
    if bytes > 0.0 { bytes } else { of.bytes.max(1.0) }
}

/// What the size is learned by: all about nothing for what is usual.
pub(super) fn terms(of: &Amounts, from: &Format, to: &Format) -> [f64; TERMS] {
    let raw = unpacked(of, from, to);
    let header = (1.0 + HEADER / raw).ln();
    if NOT_PACKED.contains(&to.id) {
        return [0.0, 0.0, 0.0, 0.0, 0.0, header, 0.0, 0.0];
    }
    let own = match from.family {
        Family::Image => of.pixels() * PIXEL * of.frames,
        Family::Video => of.pixels() * FILM_PIXEL * of.frames + of.samples * SAMPLE,
        Family::Audio => of.samples * SAMPLE,
        Family::Document => page(of) * pages(of, from) * PAGE_DENSITY,
        _ => contents(of),
    };
    let share = |value: f64, usual: f64| if value > 0.0 { (value / usual).ln() } else { 0.0 };
    let per = |value: f64, whole: f64| if whole > 0.0 { value / whole } else { 0.0 };
    [
        1.0,
        share(raw, 1e6),
        share(per(of.bytes, own), 0.3),
        share(per(of.samples, of.seconds), 88_200.0),
        pages(of, from).ln(),
        header,
        (1.0 + of.frames).ln(),
        share(of.packing, 1.0),
    ]
}

fn contents(of: &Amounts) -> f64 {
    if of.unpacked > 0.0 { of.unpacked } else { of.bytes }
}

fn pages(of: &Amounts, from: &Format) -> f64 {
    match from.family {
        Family::Document if of.parts > 0.0 => of.parts,
        Family::Document => (of.bytes / PAGE_OF_TEXT).max(1.0),
        _ => 1.0,
    }
}

/// Pixels of a page.
fn page(of: &Amounts) -> f64 {
    if of.pixels() > 0.0 { of.pixels() } else { A4 }
}

fn pictures(of: &Amounts, from: &Format, to: &Format) -> f64 {
    if from.family == Family::Document {
        return page(of) * PAGE_PIXEL * pages(of, from);
    }
    let moves = to.holds.contains(&Feature::Animation);
    let frames = if moves { of.frames.min(MOST_FRAMES) } else { 1.0 };
    of.pixels() * frames * if of.deep > 0.0 { of.deep } else { PIXEL }
}

fn film(of: &Amounts, from: &Format) -> f64 {
    match from.family {
        Family::Document => page(of) * FILM_PIXEL * pages(of, from),
        Family::Video => of.pixels() * FILM_PIXEL * of.frames.min(MOST_FRAMES) + of.samples * SAMPLE,
        _ => of.pixels() * FILM_PIXEL * of.frames.min(MOST_FRAMES),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_packed_is_counted() {
        let format = |id| formwork_formats::by_id(id).unwrap();
        let picture = Amounts { width: 100.0, height: 50.0, frames: 1.0, deep: 4.0, ..Amounts::default() };
        assert_eq!(unpacked(&picture, format("png"), format("bmp")), 20_000.0);
        let film = Amounts { frames: 10.0, seconds: 2.0, samples: 16_000.0, ..picture };
        assert_eq!(unpacked(&film, format("mp4"), format("wav")), 32_000.0);
        assert_eq!(unpacked(&film, format("mp4"), format("gif")), 200_000.0);
        let pages = Amounts { parts: 2.0, ..picture };
        assert_eq!(unpacked(&pages, format("pdf"), format("png")), 17_300.0);
        // Of what nothing is known, a result is thought as large as it is.
        assert_eq!(
            unpacked(&Amounts { bytes: 7.0, ..Amounts::default() }, format("mp3"), format("wav")),
            7.0
        );
    }
}
