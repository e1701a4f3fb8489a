//! One result out of one input: what every operation on a single file has in common.

use formwork_media::audio::{SoundWish, Way, lost_bits, mixes_channels, moves_channels, way};
use formwork_media::lane::Count;
use formwork_media::{
    Assembly, Choice, Codec, Container, Demuxer, EncoderSettings, Need, Span, Times, Track, without,
};
use formwork_sdk::{Error, Feature, Result, Step, json};

/// What is going to be done, for every pass over one input.
pub(crate) struct Work<'s> {
    pub(crate) step: &'s Step<'s>,
    pub(crate) container: &'static Container,
    pub(crate) choice: Choice,
    pub(crate) times: Times,
    /// What is asked of the sound.
    pub(crate) wish: SoundWish,
    /// How hard a lossless encoder tries, in the encoder's own steps.
    pub(crate) level: Option<u8>,
}

/// The container that a step writes: the target, or the input's own format.
pub(crate) fn container(step: &Step<'_>) -> Result<&'static Container> {
    let input = step.input()?;
    let target = if step.target().is_empty() { input.format() } else { step.target() };
    Container::of(target)
        .ok_or_else(|| Error::unsupported(format!("the audio plugin does not write {target}")))
}

impl<'s> Work<'s> {
    /// Reads the options of the step, and chooses the tracks.
    pub(crate) fn of(step: &'s Step<'s>) -> Result<(Work<'s>, Demuxer<'s>)> {
        let (container, options) = (container(step)?, step.options());
        let demuxer = Demuxer::open(step, step.input()?, Need::Header)?;
        let choice = Choice::of(step, &demuxer, container, without(&options))?;
        let wish = SoundWish::of(&options, "codec", "bitrate");
        let times = Times::of(step)?;
        Ok((Work { step, container, choice, times, wish, level: None }, demuxer))
    }

    /// The tracks of sound that are taken.
    pub(crate) fn tracks<'d>(
        &'d self,
        demuxer: &'d Demuxer<'_>,
    ) -> impl Iterator<Item = &'d Track> + use<'d, 's> {
        demuxer.tracks().iter().filter(|track| self.choice.audio.contains(&track.index))
    }

    /// The part of the file that is wanted.
    pub(crate) fn span(&self, demuxer: &Demuxer<'_>) -> Result<Span> {
        self.times.span(demuxer, self.tracks(demuxer))
    }

    /// What becomes of a track. A cut is exact for lossless sound; lossy sound is copied and cut between packets.
    fn way(&self, track: &Track) -> Result<Way> {
        let chosen = way(self.container, track, &self.wish)?;
        let exact = Codec::of(track.codec()).filter(|codec| codec.lossless && codec.encoder().is_some());
        match (chosen, exact) {
            (Way::Copy, Some(codec))
                if !self.times.is_all() && self.wish.copy.as_deref() != Some("always") =>
            {
                let wish = SoundWish {
                    codec: Some(codec.word.to_owned()),
                    copy: Some("never".into()),
                    ..self.wish.clone()
                };
                way(self.container, track, &wish)
            }
            (chosen, _) => Ok(chosen),
        }
    }

    /// Makes the result, or with `rehearse` one that is thrown away. Returns its length in bytes too.
    pub(crate) fn make(
        &self,
        demuxer: &mut Demuxer<'s>,
        span: Span,
        rehearse: bool,
    ) -> Result<(Vec<Count>, u64)> {
        let (step, container) = (self.step, self.container);
        let mut assembly = if rehearse {
            Assembly::rehearse(step, container, span)?
        } else {
            Assembly::new(step, container, span)?
        };
        let alone = self.choice.audio.len() == 1;
        let mut copied = false;
        for track in self.tracks(demuxer) {
            let mut way = self.way(track)?;
            match &mut way {
                Way::Copy => copied = true,
                Way::Encode(settings, codec) => {
                    if let Some(level) = self.level.filter(|_| codec.lossless) {
                        settings.options.push(("compression_level", level.to_string()));
                    }
                    if !rehearse {
                        tell_bits(step, track, settings, codec);
                    }
                }
            }
            assembly.sound(track, &way, alone)?;
        }
        if copied && !self.times.is_all() && !rehearse {
            step.warn(
                "the sound was cut between packets, up to 30 ms from the times asked for; `copy=never` cuts to the sample",
            );
        }
        assembly.extras(demuxer, &self.choice)?;
        assembly.describe(demuxer, &step.options())?;
        assembly.run(demuxer)
    }
}

/// Says that samples had more bits, or the sound more channels, than the target has.
pub(crate) fn tell_bits(step: &Step<'_>, track: &Track, settings: &EncoderSettings, codec: &Codec) {
    if moves_channels(track, settings) {
        step.lose(Feature::Quality, format!("the places of the channels: {} has other ones", codec.word));
    }
    let asked = step.options().integer("channels").is_some();
    if let Some((from, to)) = mixes_channels(track, settings).filter(|_| !asked) {
        step.lose(Feature::Quality, format!("channels: {from} were mixed down to {to}"));
    }
    if let Some((from, to)) = lost_bits(track, settings, codec) {
        step.lose(Feature::BitDepth, format!("samples of {from} became {to}, without dithering"));
    }
}

/// Reports what was done.
pub(crate) fn report(step: &Step<'_>, counts: &[Count]) {
    let sum = |of: fn(&Count) -> u64| counts.iter().map(of).sum::<u64>();
    step.report(&json!({
        "frames_decoded": sum(|count| count.decoded),
        "frames_encoded": sum(|count| count.encoded),
        "packets_copied": sum(|count| count.copied),
    }));
}
