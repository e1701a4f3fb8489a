//! Areas of pages as options name them.

use super::scan::{Box4, around};
use crate::draw::apply;
use crate::mark::View;
use crate::open::Pdf;
use crate::pages;
use formwork_sdk::{Error, Result};
use std::collections::BTreeMap;

/// Areas that can be named.
const MOST: usize = 10_000;

/// Reads `2:10,20,100,15;5:…`: pages, then left, top, width and height in points from the upper left corner of the page
/// as it is shown. Without pages an area is one of the `chosen` pages. Answers areas in the pages' own coordinates.
///
/// # Errors
///
/// `invalid_request` for text that names no areas, or pages that are not there.
pub(super) fn parse(text: &str, pdf: &Pdf, chosen: &[usize]) -> Result<BTreeMap<usize, Vec<Box4>>> {
    let mut areas: BTreeMap<usize, Vec<Box4>> = BTreeMap::new();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()).take(MOST) {
        let wrong = || {
            Error::invalid(format!(
                "`areas` does not take `{part}`: it names pages and left, top, width, height in points, as 2:72,100,200,14"
            ))
        };
        let (on, sides) = part.split_once(':').map_or((None, part), |(on, sides)| (Some(on), sides));
        let on =
            on.map_or_else(|| Ok(chosen.to_vec()), |on| pages::parse("areas", on.trim(), pdf.pages.len()))?;
        let numbers: Option<Vec<f64>> =
            sides.split(',').map(|side| side.trim().parse::<f64>().ok()).collect();
        let Some([left, top, width, height]) = numbers.and_then(|numbers| <[f64; 4]>::try_from(numbers).ok())
        else {
            return Err(wrong());
        };
        if ![left, top, width, height].iter().all(|side| side.is_finite()) || width <= 0.0 || height <= 0.0 {
            return Err(wrong());
        }
        for page in on {
            let view = View::of_page(pdf, page);
            let below = view.size().1 - top - height;
            let corners = [(left, below), (left + width, below + height)];
            areas.entry(page).or_default().push(around(corners.map(|(x, y)| apply(view.to_user(), x, y))));
        }
    }
    Ok(areas)
}
