//! Is the output the same video or sound as the input, as foreign readers see both?

use super::case::Fault;
use super::targets::{self, Target};
use crate::judge::{Audio, Media, Samples, Seen, Video};

/// Seconds by which lengths may differ in any case.
const SECONDS: f64 = 0.15;
/// The share of a length by which it may differ.
const SHARE: f64 = 0.01;
/// Codec frames by which a sound may be padded, of the longest frame in use: AAC-LC at double rate.
const PADDING: f64 = 2.0 * 2_048.0;
/// Seconds that instruments may sound on after the last event of a tune.
const RELEASE: f64 = 6.0;
/// Seconds that a picture without motion is shown as a film.
const STILL: f64 = 5.0;
/// PSNR in decibels of small copies, from which two frames show the same. Measured: MPEG-2 at 100 kbit/s 34 and
/// more, also after a change of frame rate; a wrong range of brightness 25 to 30; pictures upside down 8 to 22.
const SAME: f64 = 30.0;
/// The same where one of both has colours for every pixel, and the other one for four.
const SHARED: f64 = 26.0;
/// The same for 256 colours: measured 32 and more on films, 28 on a test card.
const ALIKE: f64 = 22.0;
/// From which likeness two sounds are the same. Measured: 0.985 and more; other sounds stay below 0.5, the same
/// backwards below 0.95.
const SOUNDS: f64 = 0.95;
/// The same for speech codecs, which are tried on music: measured from 0.978.
const SPEAKS: f64 = 0.9;
/// Decibels by which loudness may change.
const LOUDER: f64 = 3.0;
/// The same for speech codecs.
const SPOKEN: f64 = 8.0;
/// The same where channels are mixed down, which must leave room for all of them together, and for sounds of a
/// few codec frames.
const MIXED: f64 = 12.0;
/// Decibels below full scale from which a sound is so quiet that codecs may drop it.
const SILENT: f64 = -55.0;
/// Readers tell times in milliseconds: a frame more is no more than a frame.
const ROUNDED: f64 = 0.001;
/// Seconds up to which a sound is only a few codec frames, and less than two of them.
const SHORT: f64 = 0.3;
const SHORTEST: f64 = 0.1;
/// The share of frames that may be missing when rates differ.
const DROPPED: f64 = 0.2;
/// Frames from which a reader is sure that a stream is video.
const FEW: u64 = 3;
/// Rates and channels that every lossless target holds.
const COMMON_RATE: u64 = 192_000;
const COMMON_CHANNELS: u64 = 8;
/// Channels whose place every layout agrees about.
const STEREO: u64 = 2;

type Verdict = Result<(), (Fault, String)>;

pub(super) fn compare(to: &str, media: &Media) -> Verdict {
    if let Some(still) = &media.still {
        let video = media.input.video.as_ref().ok_or_else(|| (Fault::Streams, "no video".to_owned()))?;
        sizes_agree(video, still.width, still.height)?;
        return looks_like(still.look, SHARED);
    }
    let target = targets::of(to).ok_or_else(|| (Fault::Container, format!("{to} is not judged")))?;
    container(to, target, &media.output)?;
    codecs(target, &media.output)?;
    streams(target, media)?;
    if let (Some(due), Some(seen)) = (&media.input.video, &media.output.video) {
        video(to, &lasting(to, due, &media.input), seen)?;
    }
    if let (Some(due), Some(seen)) = (&media.input.audio, &media.output.audio) {
        audio(due, seen)?;
    }
    told_length(target, &media.input, &media.output)?;
    if let (Some(look), Some(due)) = (media.likeness.look, &media.input.video) {
        looks_like(look, least_look(to, due))?;
    }
    sounds_like(media)?;
    match exact(to, media) {
        Some(false) => Err((Fault::Samples, say_samples(media))),
        _ => new_errors(media),
    }
}

fn container(to: &str, target: &Target, output: &Seen) -> Verdict {
    let wrong = |seen: &str| Err((Fault::Container, format!("'{seen}' is not {to}")));
    if !output.container.split(',').any(|name| name == target.container) {
        return wrong(&output.container);
    }
    let second = output.second.container.as_str();
    let known = target.second.contains(&second) || (second.is_empty() && few(output));
    if !known {
        return wrong(&format!("mediainfo: {}", output.second.container));
    }
    if !target.brands.is_empty() && !targets::named(target.brands, &output.brand) {
        return wrong(&format!("brand {}", output.brand));
    }
    // Transport streams: 188 bytes, or 192 with a time code (BDAV); AVCHD cameras write the latter as .mts.
    let packets = match to {
        "ts" => output.packet == 188,
        "m2ts" => output.packet == 192,
        _ => true,
    };
    if packets { Ok(()) } else { wrong(&format!("packets of {}", output.packet)) }
}

/// True for a video of so few frames that readers are not sure that it is one.
fn few(output: &Seen) -> bool {
    output.video.as_ref().is_some_and(|video| video.frames < FEW)
}

fn codecs(target: &Target, output: &Seen) -> Verdict {
    let video = output.video.iter().map(|video| (target.video, &video.codec));
    let audio = output.audio.iter().map(|audio| (target.audio, &audio.codec));
    for (list, codec) in video.chain(audio) {
        if !targets::named(list, codec) {
            return Err((Fault::Codec, format!("{codec} in {}", target.container)));
        }
    }
    Ok(())
}

/// Is there what the input has and the target can hold, and nothing else?
fn streams(target: &Target, media: &Media) -> Verdict {
    let Media { input, output, .. } = media;
    let due = (
        input.video.is_some() && !target.video.is_empty(),
        input.audio.is_some() && !target.audio.is_empty(),
    );
    for (who, seen) in [
        ("ffmpeg", (output.video.is_some(), output.audio.is_some())),
        ("mediainfo", (output.second.video, output.second.audio)),
    ] {
        if who == "mediainfo" && (output.second.container.is_empty() || few(output)) {
            continue;
        }
        // Cover pictures are no video, but a reader may call them so.
        let cover = who == "mediainfo" && !due.0;
        if (seen.0 != due.0 && !cover) || seen.1 != due.1 {
            let say = |(video, audio)| format!("video {video}, sound {audio}");
            return Err((Fault::Streams, format!("{who}: {} instead of {}", say(seen), say(due))));
        }
    }
    Ok(())
}

/// What is due, with other lengths that are right: an SWF ends with its last picture, which is held while there is
/// sound, and a picture without motion is shown for a time that people can see.
fn lasting(to: &str, due: &Video, input: &Seen) -> Video {
    let mut due = due.clone();
    if let ("swf", Some(audio)) = (to, &input.audio) {
        due.spans.extend(audio.spans.iter().copied().chain(input.duration));
    }
    if due.frames == 1 && matches!(due.codec.as_str(), "gif" | "apng" | "png") {
        due.spans = vec![STILL];
    }
    due
}

fn video(to: &str, due: &Video, seen: &Video) -> Verdict {
    sizes_agree(due, seen.width, seen.height)?;
    // The last frame of a file with changing rates lasts until nobody knows.
    lengths_agree("video", &due.spans, &seen.spans, due.beat.max(seen.beat))?;
    #[expect(clippy::cast_precision_loss, reason = "counts of a few thousand are exact")]
    let (wanted, got) = (due.frames as f64 * (1.0 - DROPPED) - 1.0, seen.frames as f64);
    // What Theora repeats are empty packets, which decoders pass over.
    if !matches!(to, "gif" | "ogv") && got < wanted {
        return Err((Fault::Frames, format!("{} instead of {}", seen.frames, due.frames)));
    }
    Ok(())
}

/// Sizes are equal, or differ by the pixel that codecs with coarser colours cannot hold. Pixels that are not
/// square may have been made so.
fn sizes_agree(due: &Video, width: u64, height: u64) -> Verdict {
    let near = |one: u64, other: u64| one.abs_diff(other) <= 1;
    if (near(due.width, width) || near(due.shown, width)) && near(due.height, height) {
        return Ok(());
    }
    let shown = if due.shown == due.width { String::new() } else { format!(" (shown {})", due.shown) };
    Err((Fault::Size, format!("{width}x{height} instead of {}x{}{shown}", due.width, due.height)))
}

fn audio(due: &Audio, seen: &Audio) -> Verdict {
    if due.rate == 0 {
        // A tune: what is known is when its last event is.
        let (due, seen) = (longest(&due.spans), longest(&seen.spans));
        let fits = seen >= due - SECONDS && seen <= due + RELEASE;
        return if fits { Ok(()) } else { Err((Fault::Length, say_lengths("tune", &[due], &[seen]))) };
    }
    lengths_agree("sound", &due.spans, &seen.spans, padding(seen))
}

/// Seconds by which a codec may lengthen a sound.
fn padding(audio: &Audio) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "rates are below a million")]
    let seconds = PADDING / audio.rate.max(1) as f64;
    seconds
}

fn longest(spans: &[f64]) -> f64 {
    spans.iter().copied().fold(0.0, f64::max)
}

fn lengths_agree(what: &str, due: &[f64], seen: &[f64], more: f64) -> Verdict {
    let close = |due: f64, seen: f64| (due - seen).abs() <= SECONDS.max(due * SHARE).max(more) + ROUNDED;
    if due.iter().any(|due| seen.iter().any(|seen| close(*due, *seen))) {
        return Ok(());
    }
    Err((Fault::Length, say_lengths(what, due, seen)))
}

fn say_lengths(what: &str, due: &[f64], seen: &[f64]) -> String {
    let say = |spans: &[f64]| spans.iter().map(|span| format!("{span:.3}")).collect::<Vec<_>>().join("/");
    format!("{what}: {} s instead of {}", say(seen), say(due))
}

/// Is the length in the header that of the frames? One that is copied may be as wrong as the input's.
fn told_length(target: &Target, input: &Seen, output: &Seen) -> Verdict {
    let (true, Some(told)) = (target.tells_length, output.duration) else { return Ok(()) };
    let ends = [
        output.video.as_ref().map(|video| (longest(&video.spans), video.beat)),
        output.audio.as_ref().map(|audio| (longest(&audio.spans), padding(audio))),
    ];
    let last = ends.iter().flatten().map(|(end, _)| *end).fold(0.0, f64::max);
    let more = ends.iter().flatten().map(|(_, more)| *more).fold(0.0, f64::max);
    let due: Vec<f64> = [Some(last), input.duration].into_iter().flatten().collect();
    lengths_agree("header", &due, &[told], more + SECONDS)
}

fn least_look(to: &str, due: &Video) -> f64 {
    match (to, due.sharp) {
        ("gif", _) => ALIKE,
        (_, true) => SHARED,
        _ => SAME,
    }
}

fn looks_like(look: f64, least: f64) -> Verdict {
    if look >= least {
        return Ok(());
    }
    Err((Fault::Look, format!("a frame has {look:.1} dB against the input's")))
}

fn sounds_like(media: &Media) -> Verdict {
    let (Some(due), Some(seen)) = (&media.input.audio, &media.output.audio) else { return Ok(()) };
    if due.level < SILENT {
        let quiet = seen.level < due.level + MIXED;
        return if quiet { Ok(()) } else { Err((Fault::Sound, format!("{:.1} dB of silence", seen.level))) };
    }
    if seen.level < due.level.min(SILENT) - MIXED {
        return Err((Fault::Sound, format!("silent, instead of {:.1} dB", due.level)));
    }
    if due.rate == 0 || longest(&due.spans) < SHORTEST {
        return Ok(());
    }
    let speech = matches!(seen.codec.as_str(), "amr_nb" | "amr_wb" | "speex");
    let few = longest(&due.spans) < SHORT || due.channels != seen.channels || due.channels > STEREO;
    let most = if few { MIXED } else { [LOUDER, SPOKEN][usize::from(speech)] };
    let (strong, stronger) = (energy(due), energy(seen));
    if (strong - stronger).abs() > most {
        return Err((Fault::Sound, format!("{stronger:.1} dB instead of {strong:.1}")));
    }
    if gaps(due) {
        return Ok(());
    }
    let least = if speech { SPEAKS } else { SOUNDS };
    match media.likeness.sound {
        Some(sound) if sound < least => Err((Fault::Sound, format!("{sound:.2} alike"))),
        _ => Ok(()),
    }
}

/// Loudness of the whole, in which silence that fills gaps does not count.
fn energy(audio: &Audio) -> f64 {
    audio.level + 10.0 * audio.spans.first().copied().unwrap_or(1.0).max(0.001).log10()
}

/// True when the input has sound only here and there; what is between may become silence, or not.
fn gaps(audio: &Audio) -> bool {
    audio.spans.iter().any(|span| (span - longest(&audio.spans)).abs() > SECONDS)
}

/// Whether every sample is that of the input; `None` when the target is lossy or cannot hold what the input has.
pub(super) fn exact(to: &str, media: &Media) -> Option<bool> {
    let most = targets::of(to)?.exact_bits;
    let (due, seen) = (media.input.audio.as_ref()?, media.output.audio.as_ref()?);
    let samples = media.likeness.samples.as_ref()?;
    // True Audio has no five channels that FFmpeg reads: they come with a silent sixth.
    if to == "tta" && due.channels == 5 {
        return None;
    }
    if most == 0 || gaps(due) || due.early || due.rate > COMMON_RATE || due.channels > COMMON_CHANNELS {
        return None;
    }
    let Some(difference) = samples.difference else { return Some(false) };
    // Decoders of lossy codecs give floating point, of which a target of whole numbers keeps 16 bits at least.
    let bits = if due.float { 16 } else { due.bits.min(most) };
    if !seen.float && seen.bits < bits {
        return Some(false);
    }
    let rounded = due.float || due.bits > most;
    Some(difference <= if rounded { step(seen) } else { 0.0 })
}

/// The smallest difference of two samples, as a share of full scale.
fn step(audio: &Audio) -> f64 {
    let bits = if audio.float { 24 } else { audio.bits.clamp(1, 32) };
    f64::exp2(1.0 - f64::from(u32::try_from(bits).unwrap_or(32)))
}

fn say_samples(media: &Media) -> String {
    let (Some(samples), Some(due), Some(seen)) =
        (&media.likeness.samples, &media.input.audio, &media.output.audio)
    else {
        return "no samples".to_owned();
    };
    let Samples { due: count, seen: got, difference } = samples;
    let shape = |audio: &Audio, count: &u64| {
        let kind = if audio.float { "float" } else { "whole" };
        format!("{count} at {} Hz, {} channels, {} bits {kind}", audio.rate, audio.channels, audio.bits)
    };
    let apart = difference.map(|apart| format!("; {:.2} steps apart", apart / step(seen)));
    format!("{} instead of {}{}", shape(seen, got), shape(due, count), apart.unwrap_or_default())
}

/// What the decoder complains of, and did not already in the input.
fn new_errors(media: &Media) -> Verdict {
    match media.output.errors.iter().find(|error| !media.input.errors.contains(error)) {
        Some(error) => Err((Fault::Decoding, error.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::*;
    use crate::judge::Judge;
    use crate::place::{self, Scratch};
    use crate::run::{self, Limits};

    /// A test card that moves, and tones that change.
    const VIDEO: &[&str] = &["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=2,hue=s=0.5"];
    const TONES: &[&str] = &["-f", "lavfi", "-i", "aevalsrc=0.3*sin(600*t*t)|0.3*sin(900*t*t):s=44100:d=2"];

    const PALETTE: &str = "split[a][b];[a]palettegen[p];[b][p]paletteuse";

    fn make(folder: &Scratch, name: &str, words: &[&[&str]]) -> PathBuf {
        let path = folder.join(name);
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y"]).args(words.concat()).arg(&path);
        let done = run::run(&mut command, &Limits::default()).unwrap();
        assert!(done.succeeded(), "{name}: {}", done.stderr_text());
        path
    }

    fn verdict(judge: &mut Judge, input: &Path, output: &Path) -> Option<Fault> {
        let format = |path: &Path| path.extension().unwrap().to_str().unwrap().to_owned();
        let media = judge.media(output, &format(output), (input, &format(input))).unwrap();
        compare(&format(output), &media).err().map(|(fault, _)| fault)
    }

    #[test]
    fn finds_what_is_wrong_with_a_video() {
        let Some(mut judge) = Judge::start().unwrap().filter(|_| place::has_tool("ffmpeg")) else { return };
        let folder = Scratch::new("media").unwrap();
        let input = make(&folder, "in.mp4", &[VIDEO, TONES]);
        let from = ["-i", input.to_str().unwrap()];
        for (name, words, fault) in [
            ("right.mkv", &[][..], None),
            ("right.webm", &["-b:v", "1M"], None),
            ("right.gif", &["-vf", PALETTE], None),
            ("right.mp3", &["-vn"], None),
            ("still.png", &["-frames:v", "1"], None),
            ("turned.mkv", &["-vf", "vflip"], Some(Fault::Look)),
            ("colours.mkv", &["-vf", "format=yuv420p,swapuv"], Some(Fault::Look)),
            ("bright.mkv", &["-vf", "scale=in_range=full:out_range=limited"], Some(Fault::Look)),
            ("backwards.mkv", &["-vf", "reverse"], Some(Fault::Look)),
            ("small.mkv", &["-s", "80x60"], Some(Fault::Size)),
            ("few.mkv", &["-r", "8"], Some(Fault::Frames)),
            ("cut.mkv", &["-t", "1"], Some(Fault::Length)),
            ("mute.mkv", &["-an"], Some(Fault::Streams)),
            ("silent.mkv", &["-af", "volume=0"], Some(Fault::Sound)),
            ("quiet.mkv", &["-af", "volume=0.4"], Some(Fault::Sound)),
            ("sound.mkv", &["-af", "areverse"], Some(Fault::Sound)),
            ("blind.mkv", &["-vn"], Some(Fault::Streams)),
            ("codec.m4v", &["-c:v", "mjpeg", "-f", "mp4"], Some(Fault::Container)),
            ("codec.mpeg", &["-c:v", "mpeg4"], Some(Fault::Codec)),
            ("name.ogg", &["-f", "matroska"], Some(Fault::Container)),
        ] {
            let output = make(&folder, name, &[&from, words]);
            assert_eq!(verdict(&mut judge, &input, &output), fault, "{name}");
        }
    }

    #[test]
    fn finds_samples_that_are_not_the_same() {
        let Some(mut judge) = Judge::start().unwrap().filter(|_| place::has_tool("ffmpeg")) else { return };
        let folder = Scratch::new("samples").unwrap();
        let input = make(&folder, "in.wav", &[TONES, &["-c:a", "pcm_s24le"]]);
        let from = ["-i", input.to_str().unwrap()];
        for (name, words, fault) in [
            ("right.flac", &["-c:a", "flac"][..], None),
            ("right.aiff", &["-c:a", "pcm_s24be"], None),
            ("right.wv", &["-c:a", "wavpack"], None),
            ("coarse.aiff", &["-c:a", "pcm_s16be"], Some(Fault::Samples)),
            ("rate.wav", &["-ar", "48000", "-c:a", "pcm_s24le"], Some(Fault::Samples)),
            ("loud.wav", &["-af", "volume=1.001", "-c:a", "pcm_s24le"], Some(Fault::Samples)),
        ] {
            let output = make(&folder, name, &[&from, words]);
            assert_eq!(verdict(&mut judge, &input, &output), fault, "{name}");
        }
    }
}
