//! From any file with sound to a file of sound.

use formwork_media::audio::{SoundWish, way};
use formwork_media::{Assembly, Choice, Container, Demuxer, Need, Times, without};
use formwork_sdk::{Error, Result, Step, json};

/// Converts the step's input.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let input = step.input()?;
    let target = if step.target().is_empty() { input.format() } else { step.target() };
    let container = Container::of(target)
        .ok_or_else(|| Error::unsupported(format!("the audio plugin does not write {target}")))?;
    let options = step.options();
    let wish = SoundWish::of(&options, "codec", "bitrate");
    let mut demuxer = Demuxer::open(step, input, Need::Header)?;
    let choice = Choice::of(step, &demuxer, container, without(&options))?;
    let times = Times::of(step)?;
    let taken = demuxer.tracks().iter().filter(|track| choice.audio.contains(&track.index));
    let span = times.span(&demuxer, taken)?;
    let mut assembly = Assembly::new(step, container, span)?;
    let alone = choice.audio.len() == 1;
    for track in demuxer.tracks().iter().filter(|track| choice.audio.contains(&track.index)) {
        assembly.sound(track, &way(container, track, &wish)?, alone)?;
    }
    assembly.extras(&demuxer, &choice)?;
    assembly.describe(&demuxer, &options)?;
    let (counts, _) = assembly.run(&mut demuxer)?;
    let (decoded, encoded) =
        counts.iter().fold((0, 0), |sum, count| (sum.0 + count.decoded, sum.1 + count.encoded));
    step.report(&json!({ "frames_decoded": decoded, "frames_encoded": encoded }));
    Ok(())
}
