//! The plugin through the border, on WAV files written by hand.

#![expect(clippy::unwrap_used, reason = "helpers of tests end the test")]

use formwork_plugin_audio::formwork_plugin_entry_v1 as entry;
use formwork_sdk::Value;
use formwork_sdk::testing::{Job, Outcome, describe};

/// Samples a second.
const RATE: u32 = 44_100;

/// A WAV file of two channels at 16 bits: a sweep on the left, a steady tone on the right.
fn wav(seconds: f64) -> Vec<u8> {
    let count = (seconds * f64::from(RATE)) as u32;
    let mut data = Vec::new();
    for index in 0..count {
        let time = f64::from(index) / f64::from(RATE);
        let sweep = (time * (200.0 + 300.0 * time) * std::f64::consts::TAU).sin() * 12_000.0;
        let tone = (time * 440.0 * std::f64::consts::TAU).sin() * 8_000.0;
        data.extend((sweep as i16).to_le_bytes());
        data.extend((tone as i16).to_le_bytes());
    }
    with_header(1, 16, 2, &data)
}

fn with_header(kind: u16, bits: u16, channels: u16, data: &[u8]) -> Vec<u8> {
    let block = channels * bits / 8;
    let mut file = b"RIFF".to_vec();
    file.extend((data.len() as u32 + 36).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0");
    for half in [kind, channels] {
        file.extend(half.to_le_bytes());
    }
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * u32::from(block)).to_le_bytes());
    for half in [block, bits] {
        file.extend(half.to_le_bytes());
    }
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

fn job(operation: &str, from: &str, bytes: &[u8], to: &str) -> Job {
    Job::new(operation).input(&format!("a.{from}"), from, bytes).target(to)
}

fn convert(from: &str, bytes: &[u8], to: &str) -> Vec<u8> {
    job("convert", from, bytes, to).run(entry).expect_one().to_vec()
}

/// The samples of a WAV file of 16 bits.
fn samples(file: &[u8]) -> Vec<i16> {
    let at = file.windows(4).position(|window| window == b"data").unwrap();
    file[at + 8..].as_chunks::<2>().0.iter().map(|two| i16::from_le_bytes(*two)).collect()
}

fn decoded(format: &str, bytes: &[u8]) -> Vec<i16> {
    samples(job("convert", format, bytes, "wav").option("bit_depth", 16).run(entry).expect_one())
}

/// Signal to noise in decibels, over what both have.
fn ratio(wanted: &[i16], got: &[i16]) -> f64 {
    let (mut signal, mut noise) = (1.0, 1e-9);
    for (one, other) in wanted.iter().zip(got) {
        signal += f64::from(*one).powi(2);
        noise += (f64::from(*one) - f64::from(*other)).powi(2);
    }
    10.0 * f64::log10(signal / noise)
}

fn facts(outcome: &Outcome, name: &str) -> Value {
    outcome.facts.get(name).cloned().unwrap_or_default()
}

#[test]
fn lossless_formats_give_every_sample_back() {
    let source = wav(1.3);
    for format in ["flac", "alac", "aiff", "au", "caf", "wv", "tta", "wav"] {
        let made = convert("wav", &source, format);
        assert!(decoded(format, &made) == samples(&source), "{format}");
    }
}

#[test]
fn deep_samples_stay_or_are_told() {
    let value = |index: u32| (index.wrapping_mul(2_654_435_761) as i32).to_le_bytes();
    let source = with_header(1, 32, 1, &(0..20_000).flat_map(value).collect::<Vec<u8>>());
    let outcome = job("convert", "wav", &source, "flac").run(entry);
    assert!(outcome.lost("bit_depth"), "{:?}", outcome.losses);
    let outcome = job("convert", "wav", &source, "wv").run(entry);
    assert!(!outcome.lost("bit_depth"), "{:?}", outcome.losses);
    let back = convert("wv", outcome.expect_one(), "wav");
    assert!(back.ends_with(&source[44..]));
}

#[test]
fn every_format_that_is_listed_is_written_and_read_back() {
    let source = wav(2.0);
    let mut formats: Vec<String> = describe(entry)
        .capabilities
        .into_iter()
        .filter(|capability| capability.operation == "convert")
        .flat_map(|capability| capability.to)
        .collect();
    formats.dedup();
    assert!(formats.len() >= 20, "{formats:?}");
    for format in formats {
        let made = convert("wav", &source, &format);
        let outcome =
            Job::new("convert").input(&format!("a.{format}"), &format, made.as_slice()).probe(entry);
        assert!(outcome.error.is_none(), "{format}: {:?}", outcome.error);
        let back = decoded(&format, &made);
        let channels = facts(&outcome, "streams")[0]["channels"].as_u64().unwrap();
        let rate = facts(&outcome, "streams")[0]["sample_rate"].as_u64().unwrap();
        let seconds = back.len() as f64 / (channels * rate) as f64;
        assert!((seconds - 2.0).abs() < 0.15, "{format}: {seconds} s");
        assert!(back.iter().any(|sample| sample.abs() > 4_000), "{format} is silent");
    }
}

#[test]
fn formats_that_can_say_so_have_the_length_and_the_place_of_the_source() {
    let source = wav(1.0);
    for (format, exact) in [("mp3", true), ("opus", false), ("m4a", false), ("wma", false), ("mka", false)] {
        let back = job("convert", format, &convert("wav", &source, format), "wav")
            .option("sample_rate", RATE)
            .option("bit_depth", 16)
            .run(entry);
        let back = samples(back.expect_one());
        let wanted = samples(&source);
        assert!(ratio(&wanted, &back) > 15.0, "{format} is out of place");
        assert!(back.len() >= wanted.len() && back.len() < wanted.len() + 2 * 2_100, "{format}");
        assert!(!exact || back.len() == wanted.len(), "{format}: {} of {}", back.len(), wanted.len());
    }
}

#[test]
fn trim_cuts_lossless_sound_to_the_sample() {
    let source = wav(2.0);
    let flac = convert("wav", &source, "flac");
    let part =
        job("trim", "flac", &flac, "flac").option("start_time", 0.5).option("duration", 0.75).run(entry);
    let (from, count) = (RATE as usize, RATE as usize * 3 / 2);
    assert!(decoded("flac", part.expect_one()) == samples(&source)[from..from + count]);
}

#[test]
fn trim_copies_lossy_sound_and_says_how_exact_that_is() {
    let mp3 = convert("wav", &wav(3.0), "mp3");
    let cut = |copy: &str| {
        let job = job("trim", "mp3", &mp3, "mp3").option("start_time", 1.0).option("duration", 1.0);
        job.option("copy", copy).run(entry)
    };
    let outcome = cut("auto");
    assert_eq!(facts(&outcome, "frames_encoded"), 0);
    assert!(outcome.warnings.iter().any(|warning| warning.contains("30 ms")), "{:?}", outcome.warnings);
    let seconds = decoded("mp3", outcome.expect_one()).len() as f64 / f64::from(2 * RATE);
    assert!((seconds - 1.0).abs() < 0.06, "{seconds}");
    assert_eq!(decoded("mp3", cut("never").expect_one()).len(), 2 * RATE as usize);
}

#[test]
fn merge_puts_files_behind_each_other_with_a_chapter_for_each() {
    let (one, two) = (wav(1.0), wav(0.5));
    let both =
        Job::new("merge").input("one.wav", "wav", one.as_slice()).input("two.wav", "wav", two.as_slice());
    let joined = both.target("flac").run(entry);
    assert!(decoded("flac", joined.expect_one()) == [samples(&one), samples(&two)].concat());
    let mp3 = convert("wav", &two, "mp3");
    let mixed = Job::new("merge").input("one.wav", "wav", one.as_slice()).input("two.mp3", "mp3", mp3);
    let book = mixed.target("m4b").run(entry);
    let facts = job("convert", "m4b", book.expect_one(), "").probe(entry).facts;
    let titles: Vec<&str> =
        facts["chapters"].as_array().unwrap().iter().filter_map(|mark| mark["title"].as_str()).collect();
    assert_eq!(titles, ["one", "two"]);
    assert!((facts["duration"].as_f64().unwrap() - 1.5).abs() < 0.1, "{}", facts["duration"]);
}

#[test]
fn frames_that_are_numbered_are_not_joined_as_they_are() {
    for format in ["flac", "wv", "tta"] {
        let one = convert("wav", &wav(0.5), format);
        let both = Job::new("merge").input("1", format, one.as_slice()).input("2", format, one.as_slice());
        let joined = both.target(format).run(entry);
        let own = decoded(format, &one);
        assert!(decoded(format, joined.expect_one()) == [&own[..], &own[..]].concat(), "{format}");
    }
}

#[test]
fn metadata_changes_tags_and_nothing_else() {
    for format in ["mp3", "flac", "m4a", "opus", "ogg", "wv", "wma"] {
        let made = convert("wav", &wav(0.5), format);
        let tagged = job("metadata", format, &made, format).option("title", "Näme").run(entry);
        assert_eq!(facts(&tagged, "frames_encoded"), 0, "{format}");
        let tags = job("convert", format, tagged.expect_one(), "").probe(entry).facts;
        assert_eq!(tags["tags"]["title"], "Näme", "{format}");
        assert!(decoded(format, tagged.expect_one()) == decoded(format, &made), "{format}");
        let bare =
            job("metadata", format, tagged.expect_one(), format).option("strip_metadata", true).run(entry);
        let facts = job("convert", format, bare.expect_one(), "").probe(entry).facts;
        assert!(facts.get("tags").is_none_or(|tags| tags.get("title").is_none()), "{format}");
    }
    let outcome =
        job("metadata", "ac3", &convert("wav", &wav(0.5), "ac3"), "ac3").option("title", "x").run(entry);
    assert_eq!(outcome.failure(), Some(("invalid_request", "")));
}

#[test]
fn optimize_makes_smaller_and_never_larger() {
    let flac = convert("wav", &wav(1.0), "flac");
    let outcome = job("optimize", "flac", &flac, "flac").run(entry);
    assert!(outcome.expect_one().len() <= flac.len());
    assert!(decoded("flac", outcome.expect_one()) == decoded("flac", &flac));
    let low = job("convert", "wav", &wav(1.0), "mp3").option("bitrate", 32_000).run(entry);
    let again = job("optimize", "mp3", low.expect_one(), "mp3").run(entry);
    assert_eq!(again.expect_one(), low.expect_one());
    assert!(!again.warnings.is_empty());
}

#[test]
fn a_size_that_is_asked_for_is_met_or_refused() {
    let source = wav(4.0);
    let outcome = job("convert", "wav", &source, "mp3").option("max_bytes", 40_000).run(entry);
    let length = outcome.expect_one().len();
    assert!((25_000..=40_000).contains(&length), "{length}");
    for (format, most) in [("mp3", 2_000), ("flac", 20_000)] {
        let outcome = job("convert", "wav", &source, format).option("max_bytes", most).run(entry);
        assert_eq!(outcome.failure(), Some(("invalid_request", "")), "{format}");
    }
}

#[test]
fn opus_is_the_same_on_any_number_of_threads() {
    let source = wav(23.0);
    let made = |threads| job("convert", "wav", &source, "opus").threads(threads).run(entry);
    let (one, two) = (made(1), made(2));
    assert!(one.expect_one() == two.expect_one());
    assert_eq!(facts(&one, "frames_encoded"), 23 * 50);
    let back = job("convert", "opus", two.expect_one(), "wav").option("sample_rate", RATE).run(entry);
    let (wanted, back) = (samples(&source), samples(back.expect_one()));
    // Around the seam at 10 s it is as good as at both sides of it.
    let near = |tenth: usize| {
        let (from, to) = (RATE as usize / 5 * tenth, RATE as usize / 5 * (tenth + 2));
        ratio(&wanted[from..to], &back[from..to])
    };
    let (before, seam, behind) = (near(95), near(99), near(103));
    assert!(seam > before.min(behind) - 2.0 && seam > 15.0, "{before} {seam} {behind}");
}

#[test]
fn a_waveform_stands_for_sound_without_a_cover() {
    let outcome =
        job("thumbnail", "wav", &wav(1.0), "raster").option("width", 60).option("height", 20).run(entry);
    assert_eq!((facts(&outcome, "width"), facts(&outcome, "height")), (60.into(), 20.into()));
    let pixels = outcome.expect_one();
    let drawn = pixels.as_chunks::<4>().0.len();
    assert!(drawn >= 60 * 20, "{drawn}");
}

#[test]
fn what_is_broken_is_the_inputs_fault() {
    for (format, bytes) in [
        ("mp3", b"this is no sound at all, whatever its name says".repeat(40)),
        ("dts", b"nor is this".repeat(90)),
        ("flac", convert("wav", &wav(0.2), "flac")[..60].to_vec()),
        ("wav", wav(0.2)[..30].to_vec()),
    ] {
        let outcome = job("convert", format, &bytes, "wav").run(entry);
        let (kind, _) = outcome.failure().unwrap_or(("none", ""));
        assert!(matches!(kind, "corrupt_input" | "unsupported_conversion"), "{format}: {kind}");
    }
    // A file that breaks off gives what is there.
    let mp3 = convert("wav", &wav(2.0), "mp3");
    let half = decoded("mp3", &mp3[..mp3.len() / 2]).len() as f64 / f64::from(2 * RATE);
    assert!((half - 1.0).abs() < 0.2, "{half}");
}

#[test]
fn mp3_in_pieces_is_the_same_on_any_number_of_threads_and_as_long() {
    let source = wav(29.0);
    let made =
        |threads| job("convert", "wav", &source, "mp3").option("parallel", true).threads(threads).run(entry);
    let (one, two) = (made(1), made(2));
    assert!(one.expect_one() == two.expect_one());
    let (wanted, back) = (samples(&source), decoded("mp3", two.expect_one()));
    assert_eq!(wanted.len(), back.len());
    // The seams are at 500 and 1,000 frames.
    for seam in [500, 1_000].map(|frame| frame * 1_152 * 2) {
        let near = |from: usize, to: usize| ratio(&wanted[from..to], &back[from..to]);
        let (before, at) = (near(seam - 100_000, seam - 20_000), near(seam - 20_000, seam + 20_000));
        assert!(at > before - 2.0 && at > 15.0, "{before} {at}");
    }
}

#[test]
fn five_channels_of_opus_keep_their_places() {
    // Each channel has a tone of its own.
    let count = RATE * 2;
    let tone = |index: u32, channel: u32| {
        let time = f64::from(index) / f64::from(RATE);
        ((time * 200.0 * f64::from(channel + 1) * std::f64::consts::TAU).sin() * 9_000.0) as i16
    };
    let data: Vec<u8> = (0..count)
        .flat_map(|index| (0..5).flat_map(move |channel| tone(index, channel).to_le_bytes()))
        .collect();
    let source = with_header(1, 16, 5, &data);
    let made = convert("wav", &source, "opus");
    let back = job("convert", "opus", &made, "wav").option("sample_rate", RATE).option("bit_depth", 16);
    let (wanted, back) = (samples(&source), samples(back.run(entry).expect_one()));
    let channel = |all: &[i16], number| all.iter().skip(number).step_by(5).copied().collect::<Vec<i16>>();
    for number in 0..5 {
        let ratio = ratio(&channel(&wanted, number), &channel(&back, number));
        assert!(ratio > 10.0, "channel {number}: {ratio} dB");
    }
}
