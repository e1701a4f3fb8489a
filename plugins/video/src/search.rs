//! Finds the settings with which a result has the size that is asked for: rehearses, looks at the size, tries again.

use crate::convert::Plan;
use crate::settings::Aim;
use formwork_media::{Demuxer, Need, Span};
use formwork_sdk::{Error, Result};

/// Rehearsals at the most.
const MOST_TRIES: u32 = 5;
/// A result may be this much smaller than asked for.
const NEAR: f64 = 0.93;
/// Quality points that double the size.
const DOUBLING: f64 = 17.0;

/// The quality a film is made smaller with.
const GOOD: f64 = 65.0;
/// A quality below which being smaller is not worth it.
const POOR: f64 = 50.0;
/// A result has to be this small, as a part of the input, to be worth the loss.
const WORTH: f64 = 0.85;
/// Films longer than this are judged by a part of [`SAMPLE`] seconds.
const SAMPLED: f64 = 60.0;
const SAMPLE: f64 = 20.0;

/// The size a result shall have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    pub(crate) bytes: u64,
    /// The size is aimed at, not a limit.
    pub(crate) exact: bool,
}

/// The quality whose result is nearest to the goal, and not above it.
///
/// # Errors
///
/// `invalid_request` when even the lowest quality is larger.
pub(crate) fn aim(plan: &Plan<'_>, span: &Span, goal: Goal) -> Result<Aim> {
    let wanted = goal.bytes as f64;
    let (mut low, mut high) = (1.0, 100.0_f64);
    let mut quality = 60.0;
    let mut best = None;
    let mut smallest = u64::MAX;
    let mut begun = 0.0;
    for number in 0..MOST_TRIES {
        // Each try is half of what is left of the progress.
        let part = (1.0 - begun) / 2.0;
        let span = Span { share: Some((begun, part)), ..*span };
        begun += part;
        let length = rehearse(plan, &span, quality)?;
        smallest = smallest.min(length);
        let ratio = length as f64 / wanted;
        let fits = if goal.exact { (ratio - 1.0).abs() < 0.05 } else { ratio <= 1.0 };
        if fits {
            best = Some(quality);
            if goal.exact || ratio >= NEAR || quality >= 99.0 {
                break;
            }
        }
        if ratio > 1.0 {
            high = quality
        } else {
            low = quality
        }
        let middle = if goal.exact { 1.0 } else { 0.97 };
        let guess = quality - DOUBLING * (ratio / middle).log2();
        // A guess that leaves what is known to work is drawn back into it.
        quality = if guess > low && guess < high { guess } else { (low + high) / 2.0 };
        if high - low < 0.5 || number + 1 == MOST_TRIES && best.is_some() {
            break;
        }
    }
    match best {
        Some(quality) => Ok(Aim::Quality(quality)),
        None if goal.exact => Ok(Aim::Quality(quality)),
        None => Err(Error::invalid(format!(
            "the result cannot be as small as {} bytes: the least that was reached are {smallest}; try a lower resolution",
            goal.bytes
        ))),
    }
}

/// Length in bytes of a result that is thrown away.
fn rehearse(plan: &Plan<'_>, span: &Span, quality: f64) -> Result<u64> {
    let mut film = Demuxer::open(plan.step, plan.step.input()?, Need::Everything)?;
    Ok(plan.convert(&mut film, span, Aim::Quality(quality), true)?.1)
}

/// A quality whose result is clearly smaller than the input, judged by a part of a long film; `None` when only a poor
/// one would be.
pub(crate) fn smaller(plan: &Plan<'_>, span: &Span) -> Result<Option<Aim>> {
    let (Some(length), Some(bytes)) =
        (span.length.filter(|length| *length > 0.0), plan.step.input()?.length())
    else {
        return Ok(Some(Aim::Quality(GOOD)));
    };
    let mut sample = Span { share: Some((0.0, 0.3)), ..*span };
    if length > SAMPLED {
        sample.origin += length * 0.4;
        sample.end = Some(sample.origin + SAMPLE);
        sample.length = Some(SAMPLE);
    }
    let own = bytes as f64 / length;
    let made = rehearse(plan, &sample, GOOD)? as f64 / sample.length.unwrap_or(length);
    let quality = if made < own * WORTH { GOOD } else { GOOD - DOUBLING * (made / (own * WORTH)).log2() };
    Ok((quality >= POOR).then_some(Aim::Quality(quality)))
}
