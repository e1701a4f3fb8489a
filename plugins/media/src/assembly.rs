//! Puts a result together: a muxer with its tracks, and the lanes that feed them.

use crate::audio::{self, Way};
use crate::lane::{Begin, CopyLane, Count, SoundLane, SubtitleLane};
use crate::track_choice::Without;
use crate::{
    Choice, Container, Demuxer, Dictionary, Feed, Kind, Lane, Muxer, Part, Span, StreamSpec, Track,
    concatenate, facts, transcode,
};
use formwork_sdk::{Feature, Options, Result, Step, json};

/// Tags that an operation may set, by the names of its options.
pub const TAGS: &[&str] = &[
    "title",
    "artist",
    "album",
    "album_artist",
    "composer",
    "genre",
    "date",
    "track",
    "comment",
    "description",
    "copyright",
];

/// A result under construction.
pub struct Assembly<'s> {
    step: &'s Step<'s>,
    container: &'static Container,
    span: Span,
    /// The muxer, to add tracks to.
    pub muxer: Muxer<'s>,
    feeds: Vec<Feed<'s>>,
    /// Nothing was encoded with loss.
    exact: bool,
    /// Options of the muxer beside the container's own.
    pub options: Vec<(&'static str, String)>,
}

impl<'s> Assembly<'s> {
    /// Starts a result in the step's main output.
    ///
    /// # Errors
    ///
    /// As for [`Muxer::create`].
    pub fn new(step: &'s Step<'s>, container: &'static Container, span: Span) -> Result<Assembly<'s>> {
        let muxer = Muxer::create(step, container.muxer)?;
        Ok(Assembly { step, container, span, muxer, feeds: Vec::new(), exact: true, options: Vec::new() })
    }

    /// Starts a result that is thrown away.
    ///
    /// # Errors
    ///
    /// As for [`Muxer::nowhere`].
    pub fn rehearse(step: &'s Step<'s>, container: &'static Container, span: Span) -> Result<Assembly<'s>> {
        let muxer = Muxer::nowhere(step, container.muxer)?;
        Ok(Assembly { step, container, span, muxer, feeds: Vec::new(), exact: true, options: Vec::new() })
    }

    /// The container.
    pub fn container(&self) -> &'static Container {
        self.container
    }

    /// The part of the file that is wanted.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Adds a lane of any kind with its track of the result; language, title and marks come from the source's track.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn add(&mut self, track: &Track, lane: Box<dyn Lane + 's>, mut spec: StreamSpec) -> Result<()> {
        let stripped = self.step.options().flag("strip_metadata");
        // Ogg has tags on its tracks alone: a title there is the whole file's.
        let has_title = !stripped && !self.container.is_ogg();
        for (name, kept) in [("language", true), ("title", has_title)] {
            if let Some(value) = track.tags.get(name).filter(|_| kept) {
                spec.tags.set(name, &value);
            }
        }
        if track.kind == Kind::Cover {
            for name in ["comment", "filename", "mimetype"] {
                spec.tags.set(name, &track.tags.get(name).unwrap_or_default());
            }
        }
        spec.disposition = track.disposition;
        if track.kind == Kind::Video && lane.is_heavy() {
            self.muxer.wait_for_pictures();
        }
        let time_base = spec.time_base;
        let to = self.muxer.add(spec)?;
        self.feeds.push(Feed { from: track.index, to, time_base, lane });
        Ok(())
    }

    /// Says that a track is encoded with loss.
    pub fn lose_quality(&mut self, detail: impl AsRef<str>) {
        self.exact = false;
        self.step.lose(Feature::Quality, detail);
    }

    /// Adds a track that stays as it is.
    ///
    /// # Errors
    ///
    /// As for [`CopyLane::new`].
    pub fn copy(&mut self, track: &Track) -> Result<()> {
        let (lane, parameters) = CopyLane::new(track, self.container, &self.span)?;
        let spec = StreamSpec {
            frame_rate: Some(track.frame_rate),
            packet_rate: Some(track.packet_rate),
            rotation: track.rotation,
            mirrored: track.mirrored,
            ..StreamSpec::of(parameters, track.time_base)
        };
        self.add(track, Box::new(lane), spec)
    }

    /// Adds a track of sound. `alone`: the result holds nothing else.
    ///
    /// # Errors
    ///
    /// As for [`SoundLane::new`].
    pub fn sound(&mut self, track: &Track, way: &Way, alone: bool) -> Result<()> {
        let Way::Encode(settings, codec) = way else { return self.copy(track) };
        let mut settings = settings.clone();
        settings.global_header = self.muxer.wants_global_header();
        if audio::works_in_chunks(&settings) {
            settings.threads = self.step.threads();
        }
        let begin = match alone {
            true => Begin::Now,
            false if self.container.sound_has_no_times() => Begin::AfterSilence,
            false => Begin::AtItsTime,
        };
        let lane = SoundLane::new(track, &settings, &self.span, begin)?;
        if !codec.lossless {
            self.lose_quality(format!("sound re-encoded as {}", codec.word));
        }
        let spec = StreamSpec::of(lane.encoder().parameters()?, lane.encoder().time_base());
        self.add(track, Box::new(lane), spec)
    }

    /// Adds the chosen subtitles and cover art.
    ///
    /// # Errors
    ///
    /// As for adding a lane.
    pub fn extras(&mut self, demuxer: &Demuxer<'_>, choice: &Choice) -> Result<()> {
        for track in demuxer.tracks().iter().filter(|track| choice.subtitles.contains(&track.index)) {
            if crate::lane::can_copy(track, self.container) {
                self.copy(track)?;
            } else {
                let lane = SubtitleLane::new(track, self.container, &self.span)?;
                let spec = StreamSpec::of(lane.parameters()?, lane.time_base());
                self.add(track, Box::new(lane), spec)?;
            }
        }
        for track in demuxer.tracks().iter().filter(|track| choice.covers.contains(&track.index)) {
            self.copy(track)?;
        }
        Ok(())
    }

    /// Sets tags and chapters: the source's, with those that the options set.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn describe(&mut self, demuxer: &Demuxer<'_>, options: &Options<'_>) -> Result<()> {
        self.tags(demuxer, options);
        self.chapters(demuxer)
    }

    /// Sets tags alone.
    pub fn tags(&mut self, demuxer: &Demuxer<'_>, options: &Options<'_>) {
        let mut tags = Dictionary::default();
        if !options.flag("strip_metadata") {
            for (name, value) in demuxer.all_tags().entries() {
                if !facts::is_technical(&name) {
                    tags.set(&name, &value);
                }
            }
        }
        let there = !tags.entries().is_empty();
        for name in TAGS {
            if let Some(value) = options.text(name) {
                tags.set(name, value);
            }
        }
        if there && !self.container.tags {
            self.step.lose(Feature::Metadata, format!("tags: {} cannot hold them", self.container.id));
        }
        self.muxer.set_tags(tags);
    }

    fn chapters(&mut self, demuxer: &Demuxer<'_>) -> Result<()> {
        let chapters = demuxer.chapters();
        if !chapters.is_empty() && !self.container.chapters {
            let count = chapters.len();
            self.step.lose(
                Feature::Chapters,
                format!("{count} chapter marks: {} cannot hold them", self.container.id),
            );
            return Ok(());
        }
        let (origin, last) = (self.span.origin, self.span.end.unwrap_or(f64::MAX));
        for (start, end, tags) in chapters {
            let (start, end) = (start.max(origin), end.min(last));
            if start < end {
                self.muxer.add_chapter(start - origin, end - origin, tags)?;
            }
        }
        Ok(())
    }

    /// Writes the header, converts, and ends the output. Returns what each lane did, and the length in bytes.
    ///
    /// # Errors
    ///
    /// As for [`transcode`].
    pub fn run(mut self, demuxer: &mut Demuxer<'_>) -> Result<(Vec<Count>, u64)> {
        self.begin()?;
        if self.span.origin > demuxer.start() + 0.001 && demuxer.can_seek() {
            // A file that cannot be jumped in is read from its start.
            let _ = demuxer.seek_no_further(self.span.origin);
        }
        let (counts, length) = transcode(self.step, demuxer, self.feeds, self.muxer, &self.span)?;
        tell_damage(self.step, demuxer.damaged, &counts);
        Ok((counts, length))
    }

    /// The same for several files that become one; the lanes were made for the tracks of the first.
    ///
    /// # Errors
    ///
    /// As for [`concatenate`].
    pub fn join(mut self, parts: &mut [Part<'_>]) -> Result<(Vec<Count>, u64)> {
        self.begin()?;
        let (counts, length) = concatenate(self.step, parts, self.feeds, self.muxer)?;
        tell_damage(self.step, parts.iter().map(|part| part.demuxer.damaged).sum(), &counts);
        Ok((counts, length))
    }

    fn begin(&mut self) -> Result<()> {
        let mut options: Vec<(&str, String)> =
            self.container.options.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        options.extend(crate::container::own_options(self.container));
        options.append(&mut self.options);
        // The engine takes a conversion for lossy unless it is told.
        self.step.report(&json!({ "exact": self.exact }));
        self.muxer.begin(&options)
    }
}

/// What the options leave out.
pub fn without(options: &Options<'_>) -> Without {
    Without {
        video: options.flag("no_video"),
        audio: options.flag("no_audio"),
        subtitles: matches!(options.text("subtitles"), Some("drop" | "burn")),
        metadata: options.flag("strip_metadata"),
    }
}

fn tell_damage(step: &Step<'_>, places: u64, counts: &[Count]) {
    let damaged = places + counts.iter().map(|count| count.damaged).sum::<u64>();
    if damaged > 0 {
        step.warn(format!("{damaged} damaged places of the input were passed over"));
    }
}
