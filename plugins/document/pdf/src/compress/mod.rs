//! Makes a document smaller: images no finer than they are seen, nothing twice, all packed well.

mod image;
mod pack;
mod twins;

use crate::draw::drawn_sizes;
use crate::graph::dict_mut;
use crate::open::{Pdf, open, tell_mended};
use crate::save::{Manner, write};
use formwork_sdk::{Error, Feature, Result, Step, json};
use image::Wish;
pub(crate) use image::{channels, painted};
pub(crate) use pack::repack;

/// Ever coarser images, until a document fits into `max_bytes`.
const LADDER: [Wish; 5] = [
    Wish { density: 150.0, quality: 70 },
    Wish { density: 120.0, quality: 60 },
    Wish { density: 96.0, quality: 50 },
    Wish { density: 72.0, quality: 40 },
    Wish { density: 50.0, quality: 30 },
];

/// Writes the input with fewer bytes, or as it is when it is sound.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let options = step.options();
    let wish = Wish {
        density: options.number("density").unwrap_or(image::DENSITY),
        quality: options.get("quality").unwrap_or(image::QUALITY),
    };
    let limit: Option<u64> = options.get("max_bytes");
    let mut best = attempt(step, (!options.flag("lossless")).then_some(wish))?;
    let too_large = |small: &Small| limit.is_some_and(|limit| small.bytes.len() as u64 > limit);
    if !options.flag("lossless") {
        for coarser in LADDER.into_iter().filter(|coarser| coarser.density <= wish.density) {
            if !too_large(&best) {
                break;
            }
            let next = attempt(step, Some(coarser))?;
            if next.bytes.len() < best.bytes.len() {
                best = next;
            }
        }
    }
    if let Some(limit) = limit.filter(|_| too_large(&best)) {
        return Err(Error::invalid(format!(
            "the PDF cannot be made smaller than {} bytes here, and `max_bytes` is {limit}",
            best.bytes.len()
        )));
    }
    deliver(step, best)
}

/// A smaller document.
struct Small {
    bytes: Vec<u8>,
    pages: usize,
    was_encrypted: bool,
    images: u64,
    mended: Vec<String>,
}

fn attempt(step: &Step<'_>, wish: Option<Wish>) -> Result<Small> {
    let mut pdf = open(step, step.input()?)?;
    let mut images = 0;
    drop_thumbnails(&mut pdf);
    if let Some(wish) = wish {
        let sizes = drawn_sizes(step, &pdf.doc, &pdf.pages)?;
        images = image::shrink(step, &mut pdf.doc, &sizes, wish)?;
    }
    repack(step, &mut pdf.doc)?;
    twins::share(step, &mut pdf.doc)?;
    let Pdf { doc, pages, was_encrypted, mended } = pdf;
    let mut bytes = Vec::new();
    write(step, doc, &Manner { level: Some(9), ..Manner::default() }, &mut bytes)?;
    Ok(Small { bytes, pages: pages.len(), was_encrypted, images, mended })
}

/// Small pictures of pages that programs draw themselves.
fn drop_thumbnails(pdf: &mut Pdf) {
    for id in &pdf.pages {
        if let Some(page) = dict_mut(&mut pdf.doc, *id) {
            page.remove(b"Thumb");
        }
    }
}

fn deliver(step: &Step<'_>, small: Small) -> Result<()> {
    let input = step.input()?.bytes()?;
    tell_mended(step, &small.mended);
    // What had to be mended is not handed on as it was.
    if small.bytes.len() >= input.len() && small.mended.is_empty() {
        step.warn("the PDF is as small as it can be made here: it is delivered as it was");
        step.write_output(&input)?;
    } else {
        if small.images > 0 {
            step.lose(Feature::Quality, format!("{} images were made coarser or encoded anew", small.images));
        }
        if small.was_encrypted {
            step.lose(Feature::Encryption, "the result is not protected: protect it with pdf/encrypt");
        }
        step.write_output(&small.bytes)?;
    }
    step.report(&json!({ "pages": small.pages, "images_changed": small.images }));
    Ok(())
}
