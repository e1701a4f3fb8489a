//! The same sound in fewer bytes: lossless formats packed harder, lossy ones at a lower rate, or any at a given size.

use crate::work::{Work, report};
use formwork_media::audio::usual_bit_rate;
use formwork_media::{Codec, Container, Demuxer, Need, Span, bit_rate_for};
use formwork_sdk::{Error, ErrorKind, Result, Step};

/// Quality that sound is made smaller with when none is given.
const GOOD: i64 = 60;
/// Passes for a size: the second knows how far off the first was.
const MOST_TRIES: u32 = 4;
/// Lowest rates at which a codec still carries sound, in bits a second a channel: below, a size is refused.
const LEAST: u64 = 8_000;

/// Makes the step's input smaller in its own format.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let (mut work, mut demuxer) = Work::of(step)?;
    let span = work.span(&demuxer)?;
    let track = work.tracks(&demuxer).next().ok_or_else(|| Error::corrupt("the file holds no sound"))?;
    let codec = Codec::of(track.codec())
        .filter(|codec| work.container.encodable(codec.kind).contains(&codec.word))
        .ok_or_else(|| Error::unsupported(format!("this FFmpeg cannot encode {}", track.codec_name())))?;
    let there = track_rate(&demuxer, track.index, step.input()?.length());
    let channels = track.parameters.channels();
    work.wish.codec = Some(codec.word.to_owned());
    work.wish.copy = Some("never".into());
    if let Some(most) = step.options().get::<u64>("max_bytes") {
        return to_size(&mut work, demuxer, span, most);
    }
    if codec.lossless {
        work.level = hardest(codec);
    } else if work.wish.bit_rate.is_none() {
        let aim = bit_rate_for(work.wish.quality.unwrap_or(GOOD), usual_bit_rate(codec, channels));
        work.wish.bit_rate = Some(aim.max(1));
    }
    // Another generation that saves nothing is only a loss.
    let pointless = !codec.lossless
        && work.wish.bit_rate.zip(there).is_some_and(|(aim, there)| aim as f64 > there as f64 * 0.9);
    if pointless || codec.lossless && work.level.is_none() {
        return hand_over(step);
    }
    let (_, length) = work.make(&mut demuxer, span, true)?;
    if step.input()?.length().is_some_and(|own| length >= own) {
        return hand_over(step);
    }
    let mut demuxer = Demuxer::open(step, step.input()?, Need::Header)?;
    let (counts, _) = work.make(&mut demuxer, span, false)?;
    report(step, &counts);
    Ok(())
}

/// Bits a second of a track: as said, else the whole file's.
fn track_rate(demuxer: &Demuxer<'_>, index: usize, bytes: Option<u64>) -> Option<u64> {
    let said =
        demuxer.tracks().get(index).and_then(|track| u64::try_from(track.parameters.raw().bit_rate).ok());
    let whole = bytes.zip(demuxer.duration()).map(|(bytes, seconds)| (bytes as f64 * 8.0 / seconds) as u64);
    said.filter(|rate| *rate > 0).or(whole)
}

/// The encoder's hardest level; `None` for codecs that have none.
fn hardest(codec: &Codec) -> Option<u8> {
    match codec.word {
        "flac" => Some(12),
        "wavpack" => Some(8),
        "alac" => Some(2),
        _ => None,
    }
}

/// Writes a result of at most so many bytes: the bit rate follows from the length, and is corrected by what came out.
pub(crate) fn to_size<'s>(
    work: &mut Work<'s>,
    mut demuxer: Demuxer<'s>,
    span: Span,
    most: u64,
) -> Result<()> {
    let step = work.step;
    let channels = work.tracks(&demuxer).map(|track| track.parameters.channels()).sum::<u32>().max(1);
    let channels = u64::from(work.wish.channels.unwrap_or(channels));
    // A copy, or what the encoder gives by itself, may be small enough.
    let mut length = rehearse(work, span)?;
    let mut tries = 0;
    while length > most {
        let seconds = span.length.filter(|seconds| *seconds > 0.0).ok_or_else(|| {
            Error::unsupported("`max_bytes` needs the length of the sound, which the file does not say")
        })?;
        let lossy = lossy(work.container, work.wish.codec.as_deref());
        if !lossy {
            return Err(too_large(
                most,
                length,
                "it is lossless; choose a lossy format or a part of the file",
            ));
        }
        let now = work
            .wish
            .bit_rate
            .map_or(most as f64 * 8.0 / seconds, |rate| rate as f64 * most as f64 / length as f64);
        let aim = (now * 0.97) as u64;
        let stuck = work.wish.bit_rate.is_some_and(|rate| aim + 500 > rate);
        let aim = if stuck { (aim as f64 * 0.85) as u64 } else { aim };
        if aim < LEAST * channels || tries == MOST_TRIES {
            return Err(too_large(
                most,
                length,
                &format!("{aim} bits a second are too few for it; take fewer channels or a part of the file"),
            ));
        }
        (work.wish.bit_rate, work.wish.quality, work.wish.copy) = (Some(aim), None, Some("never".into()));
        length = rehearse(work, span)?;
        tries += 1;
    }
    let (counts, _) = work.make(&mut demuxer, span, false)?;
    report(step, &counts);
    Ok(())
}

fn rehearse(work: &Work<'_>, span: Span) -> Result<u64> {
    let mut demuxer = Demuxer::open(work.step, work.step.input()?, Need::Header)?;
    let (_, length) = work.make(&mut demuxer, span, true)?;
    Ok(length)
}

fn lossy(container: &Container, word: Option<&str>) -> bool {
    let first = || container.audio.first().copied();
    word.or_else(first).and_then(Codec::named).is_some_and(|codec| !codec.lossless)
}

fn too_large(most: u64, least: u64, advice: &str) -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        format!("`max_bytes` of {most} cannot be met: the result has {least} bytes, and {advice}"),
    )
}

/// Hands the input over as it is.
fn hand_over(step: &Step<'_>) -> Result<()> {
    step.warn("it is as small as it gets at this quality: handed over as it is");
    let input = step.input()?;
    let mut output = step.create_output()?;
    std::io::copy(&mut input.reader(), &mut output)?;
    output.close()
}
