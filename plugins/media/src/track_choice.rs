//! Which tracks of a file go into a result.

use crate::{Codec, Container, Demuxer, Kind, Subtitles, Track};
use formwork_sdk::{Error, Feature, Result, Step};

/// The tracks that are taken; the others are told as losses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Indices of video tracks.
    pub video: Vec<usize>,
    /// Indices of audio tracks.
    pub audio: Vec<usize>,
    /// Indices of subtitle tracks.
    pub subtitles: Vec<usize>,
    /// Indices of cover art.
    pub covers: Vec<usize>,
}

/// What the user leaves out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Without {
    /// No pictures.
    pub video: bool,
    /// No sound.
    pub audio: bool,
    /// No subtitles.
    pub subtitles: bool,
    /// No tags and no cover.
    pub metadata: bool,
}

impl Choice {
    /// Chooses what a container can hold: of each kind the best track, or all where it holds several.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the file holds nothing of what the container is for.
    pub fn of(
        step: &Step<'_>,
        demuxer: &Demuxer<'_>,
        container: &Container,
        without: Without,
    ) -> Result<Choice> {
        let take = |kind, wanted: bool| {
            if !wanted {
                return Vec::new();
            }
            let usable = |track: &&Track| {
                track.kind == kind && (track.can_decode() || crate::lane::can_copy(track, container))
            };
            let all: Vec<usize> = demuxer.tracks().iter().filter(usable).map(|track| track.index).collect();
            let many = container.many_tracks && !(container.one_video && kind == Kind::Video);
            match demuxer.best(kind).filter(|track| all.contains(&track.index)) {
                Some(best) if !many => vec![best.index],
                _ => all,
            }
        };
        let choice = Choice {
            video: take(Kind::Video, !without.video && !container.video.is_empty()),
            audio: take(Kind::Audio, !without.audio && !container.audio.is_empty()),
            subtitles: subtitles(demuxer, container, without),
            covers: take(Kind::Cover, container.cover && !without.metadata),
        };
        if choice.video.is_empty() && choice.audio.is_empty() {
            return Err(nothing(demuxer, container, without));
        }
        choice.tell_losses(step, demuxer, container, without);
        Ok(choice)
    }

    /// All indices.
    pub fn all(&self) -> impl Iterator<Item = usize> {
        self.video.iter().chain(&self.audio).chain(&self.subtitles).chain(&self.covers).copied()
    }

    fn tell_losses(&self, step: &Step<'_>, demuxer: &Demuxer<'_>, container: &Container, without: Without) {
        for track in demuxer.tracks().iter().filter(|track| self.all().all(|index| index != track.index)) {
            let name = track.codec_name();
            match track.kind {
                Kind::Video | Kind::Audio => {
                    let left_out = if track.kind == Kind::Video { without.video } else { without.audio };
                    let kind = if track.kind == Kind::Video { "video" } else { "audio" };
                    // Sound alone is no longer a film.
                    let film = track.kind == Kind::Video && container.video.is_empty();
                    let lost = if film { Feature::Animation } else { Feature::Tracks };
                    if !left_out && track.can_decode() {
                        step.lose(
                            lost,
                            format!(
                                "track {} ({kind}, {name}): {} has no room for it",
                                track.index, container.id
                            ),
                        );
                    } else if !left_out {
                        step.lose(
                            Feature::Tracks,
                            format!("track {} ({kind}, {name}) cannot be decoded here", track.index),
                        );
                    }
                }
                Kind::Subtitle if !without.subtitles => {
                    step.lose(
                        Feature::Subtitles,
                        format!("track {} ({name}): {} cannot hold it", track.index, container.id),
                    );
                }
                Kind::Cover if !without.metadata => {
                    step.lose(Feature::Cover, format!("{} cannot hold it", container.id));
                }
                _ => {}
            }
        }
    }
}

fn subtitles(demuxer: &Demuxer<'_>, container: &Container, without: Without) -> Vec<usize> {
    let Subtitles::Text { copies, .. } = container.subtitles else { return Vec::new() };
    if without.subtitles {
        return Vec::new();
    }
    let fits = |track: &&Track| {
        let copied = Codec::of(track.codec()).is_some_and(|codec| copies.contains(&codec.word));
        track.kind == Kind::Subtitle && (copied || crate::lane::is_text(track) && track.can_decode())
    };
    demuxer.tracks().iter().filter(fits).map(|track| track.index).collect()
}

fn nothing(demuxer: &Demuxer<'_>, container: &Container, without: Without) -> Error {
    let there: Vec<String> = demuxer
        .tracks()
        .iter()
        .map(|track| format!("{:?} {}", track.kind, track.codec_name()).to_lowercase())
        .collect();
    let wanted =
        match (container.video.is_empty() || without.video, container.audio.is_empty() || without.audio) {
            (false, false) => "picture or sound",
            (false, true) => "picture",
            (true, false) => "sound",
            (true, true) => return Error::invalid("`no_video` and `no_audio` leave nothing"),
        };
    if there.is_empty() {
        return Error::corrupt(format!("the file holds no {wanted}: no track was found in it"));
    }
    Error::unsupported(format!(
        "the file holds no {wanted} that can be decoded here, only: {}",
        there.join(", ")
    ))
}
