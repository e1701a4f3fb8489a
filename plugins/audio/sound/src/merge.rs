//! Several files of sound one after the other.

use crate::work::{container, report, tell_bits};
use formwork_media::audio::{SoundWish, Way, way};
use formwork_media::lane::can_copy;
use formwork_media::{
    Assembly, Choice, Codec, Container, Demuxer, Dictionary, Kind, Need, Part, Times, Track, without,
};
use formwork_sdk::{Error, Feature, Input, Result, Step};

/// Codecs whose frames say themselves where they stand, so that copies of two files are not one.
const NUMBERED: &[&str] = &["flac", "wavpack", "tta"];

/// Joins the step's inputs. The first decides rate, channels and tags; each gets a chapter mark.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let (container, options) = (container(step)?, step.options());
    let files: Vec<Demuxer<'_>> = step.inputs().map(|input| open(step, input)).collect::<Result<_>>()?;
    let first = files.first().ok_or_else(|| Error::invalid("there is nothing to join"))?;
    let mut choice = Choice::of(step, first, container, without(&options))?;
    let track = best(first).ok_or_else(|| Error::unsupported("the first file holds no sound"))?;
    choice.audio = vec![track.index];
    let mut wish = SoundWish::of(&options, "codec", "bitrate");
    if wish.copy.as_deref() != Some("always") && !all_alike(&files, container) {
        wish.copy = Some("never".into());
    }
    let spans = files
        .iter()
        .map(|file| Times::default().span(file, best(file).into_iter()))
        .collect::<Result<Vec<_>>>()?;
    let origin = spans.first().copied().unwrap_or_default();
    let mut assembly = Assembly::new(step, container, origin)?;
    let way = way(container, track, &wish)?;
    if let Way::Encode(settings, codec) = &way {
        tell_bits(step, track, settings, codec);
    }
    assembly.sound(track, &way, true)?;
    assembly.tags(first, &options);
    let mut at = 0.0;
    for (input, span) in step.inputs().zip(&spans) {
        let Some(length) = span.length else { break };
        if container.chapters {
            let name = input.name();
            let title = name.rsplit_once('.').map_or(&*name, |(stem, _)| stem);
            assembly.muxer.add_chapter(at, at + length, Dictionary::of([("title", title)]))?;
        }
        at += length;
    }
    if files.iter().any(|file| file.tracks().iter().filter(|track| track.kind == Kind::Audio).count() > 1) {
        step.lose(Feature::Tracks, "of several tracks only the first is joined");
    }
    let mut parts: Vec<Part<'_>> = files
        .into_iter()
        .zip(spans)
        .map(|(demuxer, span)| Part { tracks: vec![best(&demuxer).map(|track| track.index)], span, demuxer })
        .collect();
    let (counts, _) = assembly.join(&mut parts)?;
    report(step, &counts);
    Ok(())
}

fn open<'s>(step: &'s Step<'s>, input: Input<'s>) -> Result<Demuxer<'s>> {
    let name = input.name().into_owned();
    Demuxer::open(step, input, Need::Header).map_err(|mut error| {
        error.message = format!("{name}: {}", error.message);
        error
    })
}

fn best<'d>(demuxer: &'d Demuxer<'_>) -> Option<&'d Track> {
    demuxer.best(Kind::Audio).filter(|track| track.can_decode())
}

/// Whether the sound of all files is coded in the same way, so that copies of it are one track.
fn all_alike(files: &[Demuxer<'_>], container: &Container) -> bool {
    let mut tracks = files.iter().map(best);
    let Some(Some(first)) = tracks.next() else { return false };
    let same = |track: Option<&Track>| track.is_some_and(|track| first.parameters.is_like(&track.parameters));
    let is_numbered = Codec::of(first.codec()).is_some_and(|codec| NUMBERED.contains(&codec.word));
    can_copy(first, container) && !is_numbered && tracks.all(same)
}
