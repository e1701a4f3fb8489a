//! Is the output of a conversion what its input is? Within a family the judges of pairs decide; between two families
//! what is to be seen decides.

use std::path::Path;

use super::inputs;
use crate::conformance::compare;
use crate::judge::{Judge, Sight};

/// A file, its format and its family.
pub(super) type File<'a> = (&'a Path, &'a str, &'a str);

/// Documents that foreign programs draw as they are. Others are drawn as the PDF that is made of them, which is a
/// conversion that is judged for itself.
const DRAWN: &[&str] = &["pdf", "ai", "ps"];
/// The part by which proportions may differ: films have even sides.
const BENT: f64 = 0.03;
/// How many times less contrast than its input an output may have; a blank page has none.
const FAINT: u32 = 3;

/// The foreign reader that agrees, or the fault.
pub(super) fn judge(input: File<'_>, output: File<'_>, judge: &mut Judge) -> Result<String, String> {
    let (from, to) = ((input.0, input.1), (output.0, output.1));
    let is_media = |family: &str| matches!(family, "audio" | "video");
    let say = |error: Box<dyn std::error::Error + Send + Sync>| error.to_string();
    let verdict = match (input.2, output.2) {
        ("archive", "archive") => compare::archives(from, to, judge),
        // Pictures as pages: the readers of pictures draw PDFs too.
        ("image", "image") => compare::pictures(from, to, judge),
        ("image", "document") if to.1 == "pdf" => compare::pictures(from, to, judge),
        ("document", "document") => compare::documents(from, to, judge),
        (from_family, to_family) if is_media(from_family) && is_media(to_family) => {
            compare::media(from, to, judge)
        }
        _ => return sights(input, output, judge).map_err(say)?,
    };
    verdict.map_err(say)?.map(str::to_owned).map_err(|(fault, why)| format!("{fault}: {why}"))
}

/// Is the same to be seen in both? The inner error is the fault.
fn sights(input: File<'_>, output: File<'_>, judge: &mut Judge) -> crate::Result<Result<String, String>> {
    let seen = judge.sight(output)?;
    let due = if input.2 == "document" && !DRAWN.contains(&input.1) {
        let page = output.0.with_file_name("page.pdf");
        inputs::convert(input.0, &page, &[])?;
        judge.sight((&page, "pdf", "document"))?
    } else {
        judge.sight(input)?
    };
    Ok(unlike(&due, &seen).map_or(Ok(seen.reader), Err))
}

/// How what is seen differs from what is due.
fn unlike(due: &Sight, seen: &Sight) -> Option<String> {
    let sizes = ((due.width, due.height), (seen.width, seen.height));
    if !compare::proportions_agree(sizes.0, sizes.1, BENT) {
        return Some(format!("size: {}x{} instead of {}x{}", seen.width, seen.height, due.width, due.height));
    }
    let first = seen.thumbs.first()?;
    let loose = due.loose || seen.loose;
    let mut faults = due.thumbs.iter().map(|thumb| match contrast(first) * FAINT < contrast(thumb) {
        true => Some("hardly anything is to be seen".to_owned()),
        false => compare::thumbs(thumb, first, loose),
    });
    let best = faults.next()?;
    // One of a film's frames is enough.
    faults.try_fold(best?, |_, fault| fault).map(|why| format!("look: {why}"))
}

/// From the darkest to the lightest value.
fn contrast(thumb: &[u8]) -> u32 {
    let of = |value: Option<&u8>| value.copied().map_or(0, u32::from);
    of(thumb.iter().max()) - of(thumb.iter().min())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(thumbs: &[u8]) -> Sight {
        let thumbs = thumbs.iter().map(|value| (0..=255).map(|n: u8| n.wrapping_add(*value)).collect());
        Sight { width: 40, height: 30, thumbs: thumbs.collect(), ..Sight::default() }
    }

    #[test]
    fn one_frame_that_looks_like_it_is_enough_and_none_is_a_fault() {
        assert_eq!(unlike(&sight(&[128, 0]), &sight(&[1])), None);
        assert!(unlike(&sight(&[128]), &sight(&[1])).unwrap().starts_with("look"));
        let blank = Sight { thumbs: vec![vec![250; 256]], ..sight(&[]) };
        assert!(unlike(&sight(&[0]), &blank).unwrap().contains("hardly"));
        let wide = Sight { width: 80, ..sight(&[0]) };
        assert!(unlike(&sight(&[0]), &wide).unwrap().starts_with("size"));
    }
}
