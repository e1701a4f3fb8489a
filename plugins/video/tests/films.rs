//! The plugin through the border, on films made here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::{RATE, SIZE, convert, film, film_with_late_sound, number_of, probe, seen, step};
use formwork_plugin_video::formwork_plugin_entry_v1 as entry;
use formwork_sdk::json;
use formwork_sdk::testing::{Job, KeptPieces, describe};

fn duration(format: &str, bytes: &[u8]) -> f64 {
    probe(format, bytes).facts.get("duration").and_then(|value| value.as_f64()).unwrap_or(0.0)
}

#[test]
fn every_listed_format_is_written_and_read_back() {
    let description = describe(entry);
    let conversions = description.capabilities.iter().filter(|capability| capability.operation == "convert");
    let targets: Vec<&String> =
        conversions.flat_map(|capability| &capability.to).filter(|to| *to != "raster").collect();
    assert!(targets.len() >= 18, "{targets:?}");
    for target in targets {
        let outcome = convert(film(12), target, &[]);
        let bytes = outcome.expect_one();
        // A GIF is the image plugin's to probe.
        let facts = probe(target, bytes);
        assert_eq!(facts.error, None, "{target}");
        assert_eq!(
            (&facts.facts["width"], &facts.facts["height"]),
            (&json!(SIZE.0), &json!(SIZE.1)),
            "{target}"
        );
        // A Flash movie does not say how long it is.
        if target != "swf" {
            let length = duration(target, bytes);
            assert!((length - 1.2).abs() < 0.16, "{target}: {length}");
        }
        let middle = number_of(seen(target, bytes, 0.65));
        assert!((5..=7).contains(&middle), "{target}: frame {middle}");
    }
}

#[test]
fn the_wanted_part_is_exact() {
    let source = convert(film(28), "mkv", &[("lossless", json!(true))]);
    let options = [("start_time", json!(0.7)), ("duration", json!(1.0))];
    let part = step("trim", "mkv", source.expect_one().to_vec(), "mkv", &options);
    let bytes = part.expect_one();
    assert!((duration("mkv", bytes) - 1.0).abs() < 0.06, "{}", duration("mkv", bytes));
    assert_eq!(number_of(seen("mkv", bytes, 0.0)), 7);
    assert_eq!(number_of(seen("mkv", bytes, 0.9)), 16);
}

#[test]
fn packets_are_copied_where_they_fit() {
    let source = convert(film(20), "mp4", &[]);
    let copied = step("convert", "mp4", source.expect_one().to_vec(), "mkv", &[]);
    assert_eq!((&copied.facts["frames_encoded"], &copied.facts["packets_copied"]), (&json!(0), &json!(20)));
    assert!(!copied.lost("quality"));
    let never = step("convert", "mp4", source.expect_one().to_vec(), "mkv", &[("copy", json!("never"))]);
    assert_eq!(never.facts["frames_encoded"], json!(20));
    let refused = step("convert", "mp4", source.expect_one().to_vec(), "webm", &[("copy", json!("always"))]);
    assert_eq!(refused.failure().unwrap().0, "invalid_request");
}

#[test]
fn a_film_is_the_same_whatever_was_kept_of_it() {
    let seconds = 45;
    let film = film(seconds * RATE);
    for (target, codec) in [
        ("mp4", "h264"),
        ("mkv", "h265"),
        ("webm", "vp9"),
        ("webm", "av1"),
        ("ogv", "theora"),
        ("avi", "mpeg4"),
        ("mpeg", "mpeg2video"),
        ("mpeg", "mpeg1video"),
        ("wmv", "wmv2"),
        ("wmv", "wmv1"),
        ("flv", "flv1"),
    ] {
        let kept = KeptPieces::default();
        let made = |job: Job| {
            let job = job.input("film", "y4m", film.as_slice()).target(target).threads(2);
            let outcome = job.option("codec", codec).option("preset", "veryfast").run(entry);
            (outcome.expect_one().to_vec(), outcome.facts["frames_encoded"].as_u64().unwrap())
        };
        let (whole, frames) = made(Job::new("convert"));
        let made = || made(Job::new("convert").keeping(&kept));
        assert_eq!(made(), (whole.clone(), frames), "{target}, {codec}");
        let names: Vec<String> = kept.lock().unwrap().keys().cloned().collect();
        assert_eq!(names.len(), 3, "{target}, {codec}: {names:?}");
        // The segments from 20 s on, which an encoder has then begun with another; and all but the middle.
        for gone in [&names[1..], &names[1..2]] {
            gone.iter().for_each(|name| drop(kept.lock().unwrap().remove(name)));
            let (bytes, encoded) = made();
            assert!(bytes == whole, "{target}, {codec}, without {gone:?}");
            assert!(encoded < frames * 3 / 4, "{target}, {codec}: {encoded} of {frames}");
        }
        // What is damaged is made anew.
        kept.lock().unwrap().values_mut().for_each(|piece| piece.truncate(piece.len() - 1));
        assert!(made() == (whole, frames), "{target}, {codec}");
    }
}

#[test]
fn what_is_kept_of_a_film_is_not_decoded_again() {
    let seconds = 85;
    for (from, to, options) in
        [("mp4", "webm", &[][..]), ("mkv", "mp4", &[("fps", json!(8))]), ("mov", "avi", &[])]
    {
        let source = convert(film(seconds * RATE), from, &[]).expect_one().to_vec();
        let kept = KeptPieces::default();
        let made = |job: Job| {
            let job = job.input("film", from, source.as_slice()).target(to).threads(2);
            let job = job.option("copy", "never").option("preset", "veryfast");
            let outcome =
                options.iter().fold(job, |job, (name, value)| job.option(name, value.clone())).run(entry);
            let decoded = outcome.facts["frames_decoded"].as_u64().unwrap() as usize;
            (outcome.expect_one().to_vec(), decoded)
        };
        let whole = made(Job::new("convert"));
        assert!(made(Job::new("convert").keeping(&kept)) == whole, "{from} to {to}");
        let last = kept.lock().unwrap().keys().max().cloned().unwrap();
        kept.lock().unwrap().remove(&last);
        let (bytes, decoded) = made(Job::new("convert").keeping(&kept));
        assert!(bytes == whole.0, "{from} to {to}");
        // Decoding begins at the key frame before 59 s.
        assert!((26 * RATE..=41 * RATE).contains(&decoded), "{from} to {to}: {decoded} of {}", whole.1);
        // A picture that is not the one it was: all is decoded.
        let before = kept.lock().unwrap().keys().nth(3).cloned().unwrap();
        let flip = |piece: &mut Vec<u8>| piece.last_mut().into_iter().for_each(|last| *last ^= 1);
        kept.lock().unwrap().get_mut(&before).into_iter().for_each(flip);
        assert!(made(Job::new("convert").keeping(&kept)) == whole, "{from} to {to}");
    }
}

#[test]
fn films_of_discs_have_only_pictures_that_players_know() {
    let source = convert(film(12), "mpeg", &[("codec", json!("mpeg1video"))]);
    for (target, copies) in [("ts", true), ("mts", false), ("m2ts", false)] {
        let outcome = step("convert", "mpeg", source.expect_one().to_vec(), target, &[]);
        assert_eq!(outcome.facts["frames_encoded"] == json!(0), copies, "{target}");
        let seen = probe(target, outcome.expect_one()).facts;
        assert_eq!((&seen["width"], &seen["height"]), (&json!(SIZE.0), &json!(SIZE.1)), "{target}");
    }
}

#[test]
fn late_sound_stays_late_where_sound_has_no_times() {
    let source = film_with_late_sound(20, 1.0);
    let sound = |bytes: &[u8]| {
        let facts = probe("avi", bytes).facts;
        let streams = facts["streams"].as_array().unwrap().clone();
        let sound = streams.into_iter().find(|stream| stream["kind"] == json!("audio")).unwrap();
        sound["duration"].as_f64().unwrap()
    };
    let first = step("convert", "flv", source.clone(), "avi", &[]);
    assert!((sound(first.expect_one()) - 2.0).abs() < 0.06, "{}", sound(first.expect_one()));
    let flash = step("convert", "flv", source, "swf", &[]).expect_one().to_vec();
    let second = step("convert", "swf", flash, "avi", &[]);
    assert!((sound(second.expect_one()) - 2.0).abs() < 0.06, "{}", sound(second.expect_one()));
}

#[test]
fn the_second_of_two_films_waits_for_the_sound_of_the_first() {
    // Pictures of one second, and sound up to the second one.
    let source = film_with_late_sound(10, 1.0);
    for target in ["mkv", "avi", "swf"] {
        let both = Job::new("merge").input("one", "flv", source.clone());
        let both = both.input("two", "flv", source.clone());
        let joined = both.target(target).run(entry).expect_one().to_vec();
        for (time, number) in [(0.55, 5), (1.55, 9), (2.55, 5), (3.55, 9)] {
            let there = number_of(seen(target, &joined, time));
            // What holds no empty frames is at the end at its last one.
            assert!(there.abs_diff(number) <= 1, "{target}: frame {there} at {time}");
        }
    }
}

#[test]
fn more_frames_a_second_than_flash_players_show_are_left_out() {
    let mut fast = film(20);
    let rate = b" F10:1";
    let place = fast.windows(rate.len()).position(|bytes| bytes == rate).unwrap();
    fast.splice(place..place + rate.len(), *b" F600:1");
    // One that could be copied, but for its rate.
    let flv = convert(fast.clone(), "flv", &[("codec", json!("flv1"))]).expect_one().to_vec();
    for outcome in [convert(fast, "swf", &[]), step("convert", "flv", flv, "swf", &[])] {
        let flash = outcome.expect_one();
        // Behind the frame size, its rate in units of 1/256 (SWF 19, "The SWF header").
        let place = 8 + (usize::from(flash[8] >> 3) * 4 + 5).div_ceil(8);
        assert_eq!(flash[place..place + 2], [0, 120]);
    }
}

#[test]
fn fused_operations_are_one_decode_and_one_encode() {
    let source = convert(film(28), "mp4", &[("quality", json!(95))]);
    let outcome = Job::new("convert")
        .before("trim", &[("start_time", json!(0.5)), ("duration", json!(1.5))])
        .before("crop", &[("x", json!(48)), ("width", json!(48))])
        .before("watermark", &[("text", json!("mark")), ("position", json!("top-left"))])
        .input("film", "mp4", source.expect_one())
        .target("webm")
        .option("width", 24)
        .run(entry);
    let bytes = outcome.expect_one();
    assert_eq!(outcome.facts["frames_encoded"], json!(15));
    assert!(outcome.facts["frames_decoded"].as_u64().unwrap() <= 28);
    let facts = probe("webm", bytes).facts;
    assert_eq!((&facts["width"], &facts["height"]), (&json!(24), &json!(32)));
    assert_eq!(number_of(seen("webm", bytes, 0.0)), 5);
}

#[test]
fn a_size_limit_is_kept_or_refused() {
    let source = film(28);
    let free = convert(source.clone(), "mp4", &[("preset", json!("veryfast"))]);
    let most = free.expect_one().len() as u64 * 8 / 10;
    let options = [("preset", json!("veryfast")), ("max_bytes", json!(most))];
    let met = convert(source.clone(), "mp4", &options);
    assert!(met.expect_one().len() as u64 <= most);
    let refused = convert(source, "mp4", &[("max_bytes", json!(100))]);
    assert_eq!(refused.failure().unwrap().0, "invalid_request");
}

#[test]
fn films_are_joined() {
    let part = |frames| convert(film(frames), "mp4", &[]).expect_one().to_vec();
    for (first, second, copies) in [(part(10), part(10), true), (part(10), part(20), true)] {
        let outcome = Job::new("merge")
            .input("a", "mp4", first)
            .input("b", "mp4", second.clone())
            .target("mp4")
            .run(entry);
        let bytes = outcome.expect_one();
        let expected = 1.0 + duration("mp4", &second);
        assert!((duration("mp4", bytes) - expected).abs() < 0.11, "{} {expected}", duration("mp4", bytes));
        assert_eq!(outcome.facts["frames_encoded"] == json!(0), copies);
        assert_eq!(number_of(seen("mp4", bytes, 1.32)), 3);
    }
    let other = convert(film(10), "mp4", &[("width", json!(48))]).expect_one().to_vec();
    let outcome =
        Job::new("merge").input("a", "mp4", part(10)).input("b", "mp4", other).target("webm").run(entry);
    assert_eq!(outcome.facts["frames_encoded"], json!(20));
    assert!((duration("webm", outcome.expect_one()) - 2.0).abs() < 0.11);
}

#[test]
fn tags_are_set_and_pictures_stay() {
    let source = convert(film(10), "mp4", &[("title", json!("First"))]);
    let facts = probe("mp4", source.expect_one()).facts;
    assert_eq!(facts["tags"]["title"], json!("First"));
    let options = [("title", json!("Second")), ("artist", json!("Someone"))];
    let outcome = step("metadata", "mp4", source.expect_one().to_vec(), "mp4", &options);
    assert_eq!(outcome.facts["packets_copied"], json!(10));
    let facts = probe("mp4", outcome.expect_one()).facts;
    assert_eq!((&facts["tags"]["title"], &facts["tags"]["artist"]), (&json!("Second"), &json!("Someone")));
}

#[test]
fn one_frame_is_a_picture_and_several_have_names() {
    let source = convert(film(28), "mp4", &[]).expect_one().to_vec();
    assert_eq!(number_of(seen("mp4", &source, 1.2)), 12);
    let outcome = step("thumbnail", "mp4", source, "raster", &[("count", json!(3)), ("width", json!(32))]);
    let names: Vec<&str> = outcome.outputs.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["film-001", "film-002", "film-003"]);
}

#[test]
fn what_cannot_be_is_refused() {
    let cut = Job::new("crop").input("film", "y4m", film(3)).target("mp4").option("x", 500).run(entry);
    assert_eq!(cut.failure().unwrap().0, "invalid_request");
    let late = convert(film(10), "mp4", &[("start_time", json!(60))]);
    assert_eq!(late.failure().unwrap().0, "invalid_request");
    let noise: Vec<u8> = (0..5_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert_eq!(step("convert", "mp4", noise, "mkv", &[]).failure().unwrap().0, "corrupt_input");
    let playlist = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n".to_vec();
    assert_eq!(step("convert", "mp4", playlist, "mkv", &[]).failure().unwrap().0, "corrupt_input");
}

#[test]
fn cancelling_stops_an_encode() {
    let outcome =
        Job::new("convert").input("film", "y4m", film(200)).target("mp4").cancel_after(40).run(entry);
    assert_eq!(outcome.failure().unwrap().0, "cancelled");
    assert!(outcome.outputs.is_empty());
}
