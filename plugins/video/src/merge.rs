//! Several films one after the other.

use crate::convert::{Plan, add, sound_wish};
use crate::options::VideoWish;
use crate::recipe;
use crate::watermark::Pictures;
use formwork_media::audio::{Way, settings_for};
use formwork_media::lane::can_copy;
use formwork_media::{
    Assembly, Choice, Codec, Container, Demuxer, Kind, Need, Part, Span, Times, Track, without,
};
use formwork_sdk::{Error, Feature, Input, Result, Step, json};

/// Joins the step's inputs. The first decides size, rate and tags.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let target = if step.target().is_empty() { step.input()?.format() } else { step.target() };
    let container = Container::of(target)
        .ok_or_else(|| Error::unsupported(format!("the video plugin does not write {target}")))?;
    let parts: Vec<Demuxer<'_>> = step.inputs().map(|input| open(step, input)).collect::<Result<_>>()?;
    let first = parts.first().ok_or_else(|| Error::invalid("there is nothing to join"))?;
    let mut left_out = without(&step.options());
    left_out.subtitles = true;
    let choice = Choice::of(step, first, container, left_out)?;
    let mut wish = VideoWish::of(step, container)?;
    let copies = wish.copy.as_deref() != Some("never")
        && wish.allows_copy()
        && all_alike(&parts, container, Kind::Video);
    wish.copy = None;
    let mut plan =
        Plan { step, container, wish, sound: sound_wish(step), times: Times::default(), choice, copies };
    let lengths = parts.iter().map(|part| Ok(plan.lasts(part, &span_of(part)?)));
    plan.wish.lasts = lengths.sum::<Result<f64>>()?;
    join(&plan, parts)
}

fn open<'s>(step: &'s Step<'s>, input: Input<'s>) -> Result<Demuxer<'s>> {
    let name = input.name().into_owned();
    let mut error = match Demuxer::open(step, input, Need::Everything) {
        Ok(demuxer) => return Ok(demuxer),
        Err(error) => error,
    };
    error.message = format!("{name}: {}", error.message);
    Err(error)
}

fn join(plan: &Plan<'_>, parts: Vec<Demuxer<'_>>) -> Result<()> {
    let step = plan.step;
    let mut kinds = Vec::new();
    let first = parts.first().ok_or_else(|| Error::invalid("there is nothing to join"))?;
    let mut assembly = Assembly::new(step, plan.container, span_of(first)?)?;
    if let Some(track) = best(first, Kind::Video).filter(|_| !plan.choice.video.is_empty()) {
        if plan.copies {
            assembly.copy(track)?;
        } else {
            let mut pictures = Pictures::new(step);
            let aim = plan.usual_aim();
            let prepared = recipe::prepare(step, plan.container, track, &plan.wish, aim, &mut pictures)?;
            add(&mut assembly, step, track, prepared, false)?;
        }
        kinds.push(Kind::Video);
    }
    if let Some(track) = best(first, Kind::Audio).filter(|_| !plan.choice.audio.is_empty()) {
        let alike = all_alike(&parts, plan.container, Kind::Audio);
        let way = match plan.sound_way(track, assembly.span())? {
            Way::Copy if !alike => encoded(plan, track)?,
            way => way,
        };
        assembly.sound(track, &way, plan.choice.video.is_empty())?;
        kinds.push(Kind::Audio);
    }
    tell_losses(step, &parts, &kinds);
    assembly.describe(first, &step.options())?;
    let mut parts: Vec<Part<'_>> = parts
        .into_iter()
        .map(|demuxer| {
            let tracks = kinds.iter().map(|kind| best(&demuxer, *kind).map(|track| track.index)).collect();
            Ok(Part { span: span_of(&demuxer)?, tracks, demuxer })
        })
        .collect::<Result<_>>()?;
    let (counts, _) = assembly.join(&mut parts)?;
    let encoded: u64 = counts.iter().map(|count| count.encoded).sum();
    step.report(&json!({ "frames_encoded": encoded }));
    Ok(())
}

fn best<'d>(demuxer: &'d Demuxer<'_>, kind: Kind) -> Option<&'d Track> {
    demuxer.best(kind).filter(|track| track.can_decode())
}

fn span_of(demuxer: &Demuxer<'_>) -> Result<Span> {
    let taken = [best(demuxer, Kind::Video), best(demuxer, Kind::Audio)].into_iter().flatten();
    Times::default().span(demuxer, taken)
}

/// Sound of different kinds is brought to the first's, in the container's usual codec.
fn encoded(plan: &Plan<'_>, track: &Track) -> Result<Way> {
    let word = plan.container.encodable(formwork_media::CodecKind::Audio).into_iter().next();
    let codec = word.and_then(Codec::named);
    let codec = codec.ok_or_else(|| Error::unsupported(format!("{} holds no sound", plan.container.id)))?;
    Ok(Way::Encode(Box::new(settings_for(codec, plan.container, track, &plan.sound)?), codec))
}

/// Whether the tracks of all parts are coded in the same way, so that copies of them are one track.
fn all_alike(parts: &[Demuxer<'_>], container: &Container, kind: Kind) -> bool {
    let mut tracks = parts.iter().map(|part| best(part, kind));
    let Some(Some(first)) = tracks.next() else { return false };
    let same = |track: Option<&Track>| track.is_some_and(|track| first.parameters.is_like(&track.parameters));
    can_copy(first, container) && first.rotation == 0 && !first.mirrored && tracks.all(same)
}

/// Tracks beyond the first of a kind, subtitles and chapters do not survive.
fn tell_losses(step: &Step<'_>, parts: &[Demuxer<'_>], kinds: &[Kind]) {
    let more = |kind: Kind| {
        parts.iter().any(|part| part.tracks().iter().filter(|track| track.kind == kind).count() > 1)
    };
    if kinds.iter().any(|kind| more(*kind)) {
        step.lose(Feature::Tracks, "of several tracks of a kind only the first is joined");
    }
    if parts.iter().any(|part| part.tracks().iter().any(|track| track.kind == Kind::Subtitle)) {
        step.lose(Feature::Subtitles, "subtitles are not joined");
    }
}
