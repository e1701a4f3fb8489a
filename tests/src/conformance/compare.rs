//! One file beside another that it was made of: foreign readers look at both, the rules of the family decide.

use std::path::Path;

use super::case::Fault;
use super::{Suite, archives, documents, media, pictures};
use crate::Result;
use crate::judge::Judge;

pub(crate) use super::pictures::{proportions_agree, unlike as thumbs};

/// A file and its format.
type File<'a> = (&'a Path, &'a str);
/// The readers that agree, or what is wrong.
type Verdict = Result<Result<&'static str, (Fault, String)>>;

pub(crate) fn archives(from: File<'_>, to: File<'_>, judge: &mut Judge) -> Verdict {
    let expected = judge.archive(from.0, from.1)?;
    let verdict = archives::compare(&expected, &judge.archive(to.0, to.1)?);
    Ok(verdict.map(|()| Suite::Archive.judge()))
}

pub(crate) fn pictures(from: File<'_>, to: File<'_>, judge: &mut Judge) -> Verdict {
    let expected = judge.picture(from.0, from.1)?;
    let verdict = pictures::compare(from.1, to.1, &expected, &judge.picture(to.0, to.1)?);
    Ok(verdict.map(|()| Suite::Image.judge()))
}

pub(crate) fn documents(from: File<'_>, to: File<'_>, judge: &mut Judge) -> Verdict {
    let expected = judge.pages(from.0, from.1)?;
    let verdict = documents::compare(from.1, to.1, &expected, &judge.document(to.0, to.1, from)?);
    Ok(verdict.map(|()| Suite::Pdf.judge()))
}

pub(crate) fn media(from: File<'_>, to: File<'_>, judge: &mut Judge) -> Verdict {
    let verdict = media::compare(to.1, &judge.media(to.0, to.1, from)?);
    Ok(verdict.map(|()| Suite::Video.judge()))
}
