//! A first walk through a song: how long it plays, and what it says about itself.

use crate::song::{Moment, Song};
use formwork_sdk::{Feature, Result, Step, Value};
use midly::{MetaMessage, MidiMessage, TrackEventKind};

/// Most bytes of one text that are kept: a title, or all comments together.
const TEXT: usize = 4_096;
/// Events between two questions whether to go on.
const PACE: u64 = 4_096;

/// Seconds of silence that are kept behind the last note.
const SILENCE: u64 = 60;

/// What a song is.
#[derive(Default)]
pub(crate) struct Survey {
    /// When the last event happens, in units of the song's clock.
    pub(crate) length: u64,
    /// When the last note begins or ends.
    pub(crate) last_note: u64,
    /// Number of events.
    pub(crate) events: u64,
    /// Number of notes.
    pub(crate) notes: u64,
    /// For each track, whether it has notes.
    sounding: Vec<bool>,
    /// For each track, whether its texts are karaoke: `@` information and syllables.
    karaoke: Vec<bool>,
    /// The first track's name, which is the song's (RP-001, 3.2, Sequence/Track Name).
    name: Option<String>,
    /// Tracks that are broken or cut short.
    pub(crate) cut: usize,
    /// There are lyrics.
    pub(crate) lyrics: bool,
    /// Number of markers and cue points.
    pub(crate) markers: u64,
    /// What the song says about itself.
    pub(crate) tags: Tags,
}

/// Descriptive texts.
#[derive(Default)]
pub(crate) struct Tags {
    pub(crate) title: Option<String>,
    pub(crate) artist: Option<String>,
    pub(crate) copyright: Option<String>,
    pub(crate) comment: Option<String>,
}

impl Tags {
    /// The texts there are, each with its name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("title", &self.title),
            ("artist", &self.artist),
            ("copyright", &self.copyright),
            ("comment", &self.comment),
        ];
        all.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?)))
    }
}

/// Walks through all events.
///
/// # Errors
///
/// `cancelled`; `timeout`.
pub(crate) fn survey(step: &Step<'_>, song: &Song<'_>) -> Result<Survey> {
    let tracks = song.tracks();
    let mut survey =
        Survey { sounding: vec![false; tracks], karaoke: vec![false; tracks], ..Survey::default() };
    let mut timeline = song.timeline();
    for moment in timeline.by_ref() {
        if survey.events.is_multiple_of(PACE) {
            step.tick(0, 0)?;
        }
        survey.events += 1;
        survey.length = moment.position;
        survey.look(&moment);
    }
    survey.cut = timeline.cut();
    survey.tags.title = survey.tags.title.take().or(survey.name.take());
    Ok(survey)
}

impl Survey {
    /// Number of tracks with notes.
    pub(crate) fn voices(&self) -> usize {
        self.sounding.iter().filter(|sounding| **sounding).count()
    }

    /// When the song ends, in units of its clock: with its last event, but not long after its last note. Damaged
    /// files, and some whole ones, have hours of nothing there.
    pub(crate) fn end(&self, song: &Song<'_>) -> u64 {
        self.length.min(song.clock.later(self.last_note, SILENCE))
    }

    /// Features the song really has.
    pub(crate) fn features(&self) -> Vec<&'static str> {
        let held = [
            (self.tags.all().next().is_some(), Feature::Metadata),
            (self.voices() > 1, Feature::Tracks),
            (self.lyrics, Feature::Subtitles),
            (self.markers > 0, Feature::Chapters),
        ];
        held.into_iter().filter(|(holds, _)| *holds).map(|(_, feature)| feature.word()).collect()
    }

    fn look(&mut self, moment: &Moment<'_>) {
        match moment.kind {
            TrackEventKind::Midi { message: MidiMessage::NoteOn { vel, .. }, .. } => {
                self.last_note = moment.position;
                if vel.as_int() > 0 {
                    self.notes += 1;
                    set(&mut self.sounding, moment.track);
                }
            }
            TrackEventKind::Midi { message: MidiMessage::NoteOff { .. }, .. } => {
                self.last_note = moment.position
            }
            TrackEventKind::Meta(message) => self.look_at_meta(message, moment),
            _ => {}
        }
    }

    fn look_at_meta(&mut self, message: MetaMessage<'_>, moment: &Moment<'_>) {
        match message {
            MetaMessage::TrackName(text) if moment.track == 0 => keep(&mut self.name, text),
            MetaMessage::Copyright(text) => keep(&mut self.tags.copyright, text),
            MetaMessage::Lyric(text) if !text.is_empty() => self.lyrics = true,
            MetaMessage::Marker(_) | MetaMessage::CuePoint(_) => self.markers += 1,
            MetaMessage::Text(text) => self.look_at_text(text, moment.track),
            _ => {}
        }
    }

    /// Karaoke files keep information in texts that begin with `@`, of which the first two with `@T` are title
    /// and artist, and the words of the song in the other texts of the same track.
    fn look_at_text(&mut self, text: &[u8], track: usize) {
        match text {
            [b'@', kind, rest @ ..] => {
                set(&mut self.karaoke, track);
                match (kind, &self.tags.title) {
                    (b'T', None) => keep(&mut self.tags.title, rest),
                    (b'T', Some(_)) => keep(&mut self.tags.artist, rest),
                    _ => {}
                }
            }
            _ if self.karaoke.get(track) == Some(&true) => self.lyrics |= !text.is_empty(),
            _ => add(&mut self.tags.comment, text),
        }
    }
}

fn set(flags: &mut [bool], index: usize) {
    if let Some(flag) = flags.get_mut(index) {
        *flag = true;
    }
}

/// Keeps the first text that says something.
fn keep(place: &mut Option<String>, text: &[u8]) {
    if place.is_none() {
        *place = Some(words(text)).filter(|text| !text.is_empty());
    }
}

/// Adds a line, up to the greatest length.
fn add(place: &mut Option<String>, text: &[u8]) {
    let line = words(text);
    let old = place.as_ref().map_or(0, String::len);
    if line.is_empty() || old + line.len() >= TEXT {
        return;
    }
    let whole = place.get_or_insert_default();
    if !whole.is_empty() {
        whole.push('\n');
    }
    whole.push_str(&line);
}

/// A text in UTF-8, or else Latin-1, in one line, cut to a sane length. The standard only knows ASCII.
fn words(text: &[u8]) -> String {
    let (text, cut) = text.get(..TEXT).map_or((text, false), |start| (start, true));
    let decoded: String = match std::str::from_utf8(text) {
        Ok(text) => text.to_owned(),
        // Cut inside a letter by us.
        Err(error) if cut && error.error_len().is_none() => String::from_utf8_lossy(text).into_owned(),
        Err(_) => text.iter().copied().map(char::from).collect(),
    };
    let clean: String =
        decoded.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    clean.trim().to_owned()
}

/// Tags as a JSON object.
impl From<&Tags> for Value {
    fn from(tags: &Tags) -> Value {
        Value::Object(tags.all().map(|(name, text)| (name.into(), text.into())).collect())
    }
}
