//! From a film to a film: which tracks, copied or encoded, and how.

use crate::burn::Burner;
use crate::gif;
use crate::lane::VideoLane;
use crate::options::{VideoWish, part};
use crate::recipe::{self, Prepared};
use crate::seam;
use crate::search;
use crate::settings::Aim;
use crate::watermark::Pictures;
use formwork_media::audio::{SoundWish, Way, way};
use formwork_media::lane::{Count, LATE, can_copy};
use formwork_media::{
    Assembly, Choice, Codec, CodecKind, Container, Demuxer, EncoderSettings, Keeper, Kind, Need, Segments,
    Span, StreamSpec, Times, Track,
};
use formwork_sdk::{Error, Result, Step, json};

/// FFmpeg's demuxers of pictures: an APNG in which nothing moves is a plain PNG.
const PICTURES: [&str; 3] = ["gif", "apng", PLAIN_PNG];
const PLAIN_PNG: &str = "png_pipe";
/// Containers that end with their last picture, whatever sound there is behind it.
const SILENT_BEHIND: &[&str] = &["swf"];
/// Bits a second below which a file does not last as long as its header says.
const LEAST_RATE: u64 = 2_000;
/// Seconds that a picture without motion is shown, unless `duration` says.
const STILL: f64 = 5.0;
/// Demuxers of containers that say when a frame is decoded, not when it is shown.
const ONE_TIME: &[&str] = &["avi", "mxf"];
/// Containers whose players turn a picture as its track says.
const TURNS: &[&str] = &["mp4", "mov", "m4v", "3gp"];

/// What is going to be done, for every conversion of one step.
pub(crate) struct Plan<'s> {
    pub(crate) step: &'s Step<'s>,
    pub(crate) container: &'static Container,
    pub(crate) wish: VideoWish,
    pub(crate) sound: SoundWish,
    pub(crate) times: Times,
    pub(crate) choice: Choice,
    /// Video tracks are copied as they are.
    pub(crate) copies: bool,
}

/// Converts the step's input.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let target = if step.target().is_empty() { step.input()?.format() } else { step.target() };
    let container = Container::of(target)
        .ok_or_else(|| Error::unsupported(format!("the video plugin does not write {target}")))?;
    let mut wish = VideoWish::of(step, container)?;
    let (times, left_out) = part(step)?;
    let mut demuxer = Demuxer::open(step, step.input()?, Need::Header)?;
    let optimizes = step.operation() == "optimize";
    if optimizes {
        wish.copy = Some("never".into());
        wish.codec = wish.codec.or_else(|| own_codec(&demuxer, container));
    }
    wish.is_picture = container.id != "gif" && PICTURES.contains(&demuxer.family());
    if wish.is_picture && is_still(step, demuxer.family())? {
        wish.still = Some(times.end.map_or(STILL, |end| end - times.start));
    }
    let choice = Choice::of(step, &demuxer, container, left_out)?;
    let sound = sound_wish(step);
    let mut plan = Plan { step, container, wish, sound, times, choice, copies: false };
    plan.copies = plan.may_copy(&mut demuxer)?;
    // Only MPEG-4 files say in their header when frames are decoded.
    let says_times = plan.copies && demuxer.family() == "mov";
    if !says_times && !plan.choice.video.is_empty() && !demuxer.is_thorough {
        demuxer = Demuxer::open(step, step.input()?, Need::Everything)?;
    }
    if container.id == "gif" {
        return gif::run(&plan, demuxer);
    }
    let mut span = plan.span(&demuxer)?;
    if plan.copies && !plan.times.is_all() {
        span = plan.moved_to_key_frame(&mut demuxer, span)?;
    }
    plan.wish.lasts = plan.lasts(&demuxer, &span);
    let asked = plan.wish.quality.is_some() || plan.wish.bit_rate.is_some();
    let aim = match plan.goal(&demuxer)? {
        Some(goal) if !plan.copies => search::aim(&plan, &span, goal)?,
        None if optimizes && !asked => match search::smaller(&plan, &span)? {
            Some(aim) => aim,
            None => return hand_over(step),
        },
        _ => plan.usual_aim(),
    };
    let (counts, length) = plan.convert(&mut demuxer, &span, aim, false)?;
    if plan.wish.max_bytes.is_some_and(|most| length > most) {
        let most = plan.wish.max_bytes.unwrap_or(0);
        return Err(Error::invalid(format!(
            "`max_bytes` of {most} cannot be met: the result has {length} bytes"
        )));
    }
    plan.report(&demuxer, &counts);
    Ok(())
}

/// Whether the input is a picture of one frame.
fn is_still(step: &Step<'_>, family: &str) -> Result<bool> {
    if family == PLAIN_PNG {
        return Ok(true);
    }
    let mut demuxer = Demuxer::open(step, step.input()?, Need::Header)?;
    Ok(demuxer.next_packet()?.is_some() && demuxer.next_packet()?.is_none())
}

/// The codec of the pictures, where the container can be written with it.
fn own_codec(demuxer: &Demuxer<'_>, container: &Container) -> Option<&'static Codec> {
    let codec = Codec::of(demuxer.best(Kind::Video)?.codec())?;
    container.encodable(CodecKind::Video).contains(&codec.word).then_some(codec)
}

/// Hands the input over as it is.
fn hand_over(step: &Step<'_>) -> Result<()> {
    step.warn("it is as small as it gets at a good quality: handed over as it is");
    let input = step.input()?;
    let mut output = step.create_output()?;
    std::io::copy(&mut input.reader(), &mut output)?;
    output.close()
}

pub(crate) fn sound_wish(step: &Step<'_>) -> SoundWish {
    let options = step.options();
    // The quality is that of the pictures; sound has a rate of its own.
    SoundWish { quality: None, ..SoundWish::of(&options, "audio_codec", "audio_bitrate") }
}

impl<'s> Plan<'s> {
    /// Seconds that the pictures of a part last at least: as long as its sound, where nothing is heard behind them.
    pub(crate) fn lasts(&self, demuxer: &Demuxer<'_>, span: &Span) -> f64 {
        let is_silent_behind = SILENT_BEHIND.contains(&self.container.id) && !self.choice.audio.is_empty();
        let is_known = !demuxer.guesses_duration() && demuxer.bit_rate() > LEAST_RATE;
        if is_silent_behind && is_known { span.length.unwrap_or(0.0) } else { 0.0 }
    }

    /// The tracks of the result's pictures.
    fn videos<'d>(&'d self, demuxer: &'d Demuxer<'_>) -> impl Iterator<Item = &'d Track> + use<'d, 's> {
        demuxer.tracks().iter().filter(|track| self.choice.video.contains(&track.index))
    }

    /// Whether the pictures can stay as they are, and nothing is asked for that speaks against it.
    fn may_copy(&self, demuxer: &mut Demuxer<'_>) -> Result<bool> {
        let obstacle = self.videos(demuxer).find_map(|track| self.obstacle(demuxer, track));
        match (self.wish.copy.as_deref(), obstacle) {
            (Some("always"), Some(obstacle)) => {
                Err(Error::invalid(format!("`copy=always`, but the pictures have to be encoded: {obstacle}")))
            }
            (Some("always"), None) => Ok(true),
            (Some("never"), _) | (_, Some(_)) => Ok(false),
            _ => self.starts_at_key_frame(demuxer),
        }
    }

    /// Why a track cannot be copied.
    fn obstacle(&self, demuxer: &Demuxer<'_>, track: &Track) -> Option<String> {
        let container = self.container.id;
        if !self.wish.allows_copy() {
            return Some("its pictures are to be changed".into());
        }
        if self.wish.codec.is_some_and(|codec| codec.id != track.codec()) {
            return Some(format!("it is {}", track.codec_name()));
        }
        if !can_copy(track, self.container) {
            return Some(format!("{container} does not hold {}", track.codec_name()));
        }
        if (track.rotation != 0 || track.mirrored) && !TURNS.contains(&container) {
            return Some(format!("{container} cannot say that the picture is turned"));
        }
        if container == "swf" && !recipe::fits_swf(track.frame_rate, !self.choice.audio.is_empty()) {
            return Some("swf does not hold so many, or with sound so few, pictures a second".into());
        }
        // These give frames one time only; with frames out of order that is not enough.
        let family = demuxer.family();
        let reordered = ONE_TIME.contains(&family) && track.parameters.raw().video_delay > 0;
        (reordered && self.container.muxer != family)
            .then(|| "it does not say when each frame is shown".to_owned())
    }

    /// Whether the wanted start is where a copy can start.
    fn starts_at_key_frame(&self, demuxer: &mut Demuxer<'_>) -> Result<bool> {
        if self.times.start == 0.0 || self.choice.video.is_empty() {
            return Ok(true);
        }
        let span = self.span(demuxer)?;
        let half =
            self.videos(demuxer).map(|track| track.frame_rate.inverse().value() / 2.0).fold(0.001, f64::max);
        let key = self.key_frame(demuxer, &span)?;
        Ok(key.is_some_and(|key| (key - span.origin).abs() <= half))
    }

    /// Time of the last key frame at or before the start.
    fn key_frame(&self, demuxer: &mut Demuxer<'_>, span: &Span) -> Result<Option<f64>> {
        if !demuxer.can_seek() || demuxer.seek(span.origin).is_err() {
            return Ok(None);
        }
        let mut found = None;
        for _ in 0..10_000 {
            let Some(packet) = demuxer.next_packet()? else { break };
            let track = demuxer
                .tracks()
                .get(packet.stream())
                .filter(|track| self.choice.video.contains(&track.index));
            let Some((track, pts)) = track.zip(packet.pts()) else { continue };
            let time = track.time_base.seconds(pts);
            if time > span.origin + track.frame_rate.inverse().value() / 2.0 && found.is_some() {
                break;
            }
            if packet.is_key() {
                found = Some(time);
            }
        }
        Ok(found)
    }

    /// A copy starts at the key frame before the wanted time.
    fn moved_to_key_frame(&self, demuxer: &mut Demuxer<'_>, span: Span) -> Result<Span> {
        let Some(key) = self.key_frame(demuxer, &span)? else { return Ok(span) };
        let earlier = span.origin - key;
        if earlier > 0.05 {
            self.step.warn(format!("the copy starts {earlier:.2} s earlier, where a key frame is"));
        }
        Ok(Span { origin: key, ..span })
    }

    pub(crate) fn span(&self, demuxer: &Demuxer<'_>) -> Result<Span> {
        let taken = demuxer.tracks().iter().filter(|track| {
            self.choice.video.contains(&track.index) || self.choice.audio.contains(&track.index)
        });
        self.times.span(demuxer, taken)
    }

    pub(crate) fn usual_aim(&self) -> Aim {
        match self.wish.bit_rate {
            Some(rate) => Aim::BitRate(rate),
            None => Aim::Quality(self.wish.quality.unwrap_or(75) as f64),
        }
    }

    /// Bytes that the result shall have at the most, or shall come near to.
    fn goal(&self, demuxer: &Demuxer<'_>) -> Result<Option<search::Goal>> {
        let seconds = self.span(demuxer)?.length;
        match (self.wish.max_bytes, self.wish.bit_rate, self.wish.two_pass) {
            (Some(bytes), _, _) => Ok(Some(search::Goal { bytes, exact: false })),
            (None, Some(rate), true) => {
                let seconds = seconds
                    .ok_or_else(|| Error::invalid("`two_pass` needs a file that says how long it is"))?;
                Ok(Some(search::Goal { bytes: (rate as f64 * seconds / 8.0) as u64, exact: true }))
            }
            _ => Ok(None),
        }
    }

    /// One conversion; `rehearsal` throws the result away. Returns counts and length in bytes.
    pub(crate) fn convert(
        &self,
        demuxer: &mut Demuxer<'_>,
        span: &Span,
        aim: Aim,
        rehearsal: bool,
    ) -> Result<(Vec<Count>, u64)> {
        let mut assembly = if rehearsal {
            Assembly::rehearse(self.step, self.container, *span)?
        } else {
            Assembly::new(self.step, self.container, *span)?
        };
        for track in self.videos(demuxer) {
            if self.copies {
                assembly.copy(track)?;
            } else {
                let mut pictures = Pictures::new(self.step);
                let prepared =
                    recipe::prepare(self.step, self.container, track, &self.wish, aim, &mut pictures)?;
                add(&mut assembly, self.step, track, prepared, rehearsal)?;
            }
        }
        let alone = self.choice.video.is_empty();
        for track in demuxer.tracks().iter().filter(|track| self.choice.audio.contains(&track.index)) {
            assembly.sound(track, &self.sound_way(track, span)?, alone)?;
        }
        assembly.extras(demuxer, &self.choice)?;
        assembly.describe(demuxer, &self.step.options())?;
        assembly.run(demuxer)
    }

    /// How a track of sound goes. Where a container has no times of sound, a copy would begin with the pictures: sound
    /// that starts later is encoded, with silence before it.
    pub(crate) fn sound_way(&self, track: &Track, span: &Span) -> Result<Way> {
        let late = track.time_base.seconds(track.start) - span.origin;
        let is_moved = self.container.sound_has_no_times() && !self.choice.video.is_empty() && late > LATE;
        if is_moved && self.sound.copy.as_deref() != Some("always") {
            return way(
                self.container,
                track,
                &SoundWish { copy: Some("never".into()), ..self.sound.clone() },
            );
        }
        let way = way(self.container, track, &self.sound)?;
        if is_moved && matches!(way, Way::Copy) {
            self.step
                .warn(format!("the copied sound begins {late:.2} s too early, beside the first picture"));
        }
        Ok(way)
    }

    fn report(&self, demuxer: &Demuxer<'_>, counts: &[Count]) {
        let sum = |of: fn(&Count) -> u64| counts.iter().map(of).sum::<u64>();
        let mut facts = json!({
            "frames_decoded": sum(|count| count.decoded),
            "frames_encoded": sum(|count| count.encoded),
            "packets_copied": sum(|count| count.copied),
        });
        if self.copies
            && let Some(video) = demuxer.best(Kind::Video)
            && let Some(facts) = facts.as_object_mut()
        {
            let (width, height) = video.shown_size();
            facts.insert("width".into(), json!(width));
            facts.insert("height".into(), json!(height));
        }
        self.step.report(&facts);
    }
}

/// Adds a track that is encoded anew.
pub(crate) fn add<'s>(
    assembly: &mut Assembly<'s>,
    step: &'s Step<'s>,
    track: &Track,
    prepared: Prepared,
    rehearsal: bool,
) -> Result<()> {
    if !rehearsal {
        if !prepared.lossless {
            assembly.lose_quality(format!("pictures re-encoded as {}", prepared.codec.word));
        }
        step.report(&json!({ "width": prepared.size.0, "height": prepared.size.1 }));
    }
    let frame_rate = Some(prepared.frame_rate);
    let lane = lane(step, track, prepared, assembly.muxer.wants_global_header(), assembly.span())?;
    let (parameters, unit) = (lane.encoder().parameters()?, lane.encoder().time_base());
    assembly.add(track, Box::new(lane), StreamSpec { frame_rate, ..StreamSpec::of(parameters, unit) })
}

/// The lane of a track; what an earlier run of the step has encoded of it is not done again.
fn lane<'s>(
    step: &'s Step<'s>,
    track: &Track,
    prepared: Prepared,
    global_header: bool,
    span: &Span,
) -> Result<VideoLane<Segments<'s>>> {
    let Prepared { recipe, settings, burns, cut, .. } = prepared;
    let keeper = cut.zip(step.pieces()).map(|(aim, pieces)| {
        let name = format!("{} {aim:?} {} {:?}", track.index, span.origin, span.end);
        Keeper { pieces, name }
    });
    let encoder = Segments::open(&EncoderSettings { global_header, ..settings }, cut.is_some(), keeper)?;
    let is_joined = step.operations().any(|operation| operation.name() == "merge");
    let key = match burns || is_joined {
        true => None,
        false => seam::first_key(step, track, &recipe, span, &encoder)?,
    };
    let burner = if burns { Burner::open(step, recipe.subtitles_at.1)? } else { None };
    let mut lane = VideoLane::new(track, recipe, encoder, span, step.threads(), burner)?;
    lane.begin_at(key);
    Ok(lane)
}
