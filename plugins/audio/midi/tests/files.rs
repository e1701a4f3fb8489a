//! What a file says about itself, what is lost of it, and what becomes of broken ones.

#![expect(clippy::unwrap_used, reason = "helpers of tests end the test")]

mod common;

use common::*;
use formwork_plugin_audio_midi::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::{Job, describe};
use formwork_sdk::{Value, json};

/// A song with texts, two tracks with notes, lyrics and a marker.
fn rich() -> Vec<u8> {
    let texts = [
        meta(3, b"Caf\xE9"),
        meta(2, "© 1999 Nobody".as_bytes()),
        meta(1, b"First line"),
        meta(1, b"Second\nline"),
        meta(6, b"Verse"),
    ];
    let mut first: Vec<(u32, &[u8])> = texts.iter().map(|text| (0, text.as_slice())).collect();
    first.push((96, END));
    let lyric = meta(5, b"la");
    let second = track(&[(0, ON), (0, &lyric), (192, OFF), (0, END)]);
    let third = track(&[(0, &[0x91, 64, 90]), (192, &[0x81, 64, 0]), (0, END)]);
    file(1, 96, &[track(&first), second, third])
}

#[test]
fn a_probe_tells_what_the_song_says() {
    let outcome = probe(&rich());
    assert_eq!(outcome.error, None);
    assert_eq!(
        Value::Object(outcome.facts),
        json!({
            "duration": 1.0, "tracks": 3, "notes": 2, "codec": "midi",
            "streams": [{"kind": "audio", "codec": "midi"}],
            "tags": {"title": "Café", "copyright": "© 1999 Nobody", "comment": "First line\nSecond line"},
            "features": ["metadata", "tracks", "subtitles", "chapters"],
        })
    );
}

#[test]
fn karaoke_has_title_artist_and_words() {
    let texts = [b"@KMIDI KARAOKE FILE".as_slice(), b"@TMary", b"@TSomebody", b"\\Ma", b"ry"]
        .map(|text| meta(1, text));
    let name = meta(3, b"Soft Karaoke");
    let mut words: Vec<(u32, &[u8])> = texts.iter().map(|text| (0, text.as_slice())).collect();
    words.push((0, END));
    let song = file(1, 96, &[track(&[(0, &name), (0, END)]), track(&words), track(&[(0, ON), (96, END)])]);
    let facts = probe(&song).facts;
    assert_eq!(facts["tags"], json!({"title": "Mary", "artist": "Somebody"}));
    assert_eq!(facts["features"], json!(["metadata", "subtitles"]));
}

#[test]
fn texts_arrive_and_losses_are_said() {
    if !can_play() {
        return;
    }
    let outcome = play(&rich());
    let info = Sound::of(outcome.expect_one()).info;
    let info: Vec<(&str, &str)> = info.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
    assert_eq!(
        info,
        [("INAM", "Café\0"), ("ICOP", "© 1999 Nobody\0"), ("ICMT", "First line\nSecond line\0")]
    );
    let losses: Vec<&str> = outcome.losses.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(losses, ["tracks", "subtitles", "chapters"]);
    let kept = &describe(entry).capabilities[0].keeps;
    assert!(losses.iter().all(|lost| !kept.iter().any(|word| word == lost)), "kept {kept:?}");

    let bare = job(&rich()).option("strip_metadata", true).run(entry);
    assert!(Sound::of(bare.expect_one()).info.is_empty());
}

#[test]
fn riff_files_are_opened() {
    let song = note();
    let mut riff = b"RIFF\0\0\0\0RMIDdata".to_vec();
    riff.extend((song.len() as u32).to_le_bytes());
    riff.extend(&song);
    let length = (riff.len() - 8) as u32;
    riff[4..8].copy_from_slice(&length.to_le_bytes());
    assert_eq!(probe(&riff).facts, probe(&song).facts);
    assert_eq!(probe(&song).facts["notes"], 1);
}

#[test]
fn loose_files_are_read_as_players_do() {
    let notes = |bytes: &[u8]| probe(bytes).facts["notes"].clone();
    // Running status goes on behind a text, and more tracks than the header counts are found.
    let text = meta(1, b"x");
    let song = track(&[(0, ON), (0, &text), (96, &[64, 100]), (96, &[67, 100]), (0, END)]);
    let mut file = file(1, 96, &[song.clone(), song]);
    file[11] = 1;
    assert_eq!(notes(&file), 6);
    // Chunks of other kinds are passed over.
    let other = [b"XFIH\0\0\0\x03abc", &file[14..]].concat();
    assert_eq!(notes(&[&file[..14], &other].concat()), 6);
    // Events behind the end of a track are not.
    let late = common::file(0, 96, &[track(&[(0, ON), (96, END), (96, ON), (96, END)])]);
    assert_eq!((notes(&late), probe(&late).facts["duration"].clone()), (json!(1), json!(0.5)));
}

#[test]
fn a_cut_track_plays_as_far_as_it_goes() {
    if !can_play() {
        return;
    }
    let whole = file(0, 96, &[track(&[(0, ON), (96, OFF), (96, ON), (96, OFF), (0, END)])]);
    let outcome = play(&whole[..whole.len() - 6]);
    assert!(Sound::of(outcome.expect_one()).level(0.0, 0.5) > 0.01);
    assert_eq!(outcome.warnings, ["1 of 1 tracks are broken or cut short; what is readable is played"]);
}

#[test]
fn what_is_no_song_is_refused() {
    let song = note();
    let mut still = song.clone();
    still[12..14].fill(0);
    let cases: [(&str, &[u8]); 6] = [
        ("empty", b""),
        ("no header", b"RIFF\x04\0\0\0RMID"),
        ("half a header", &song[..10]),
        ("no track", &song[..14]),
        ("no time", &still),
        ("another format", b"MThd\0\0\0\x06\0\x03\0\x01\0\x60MTrk\0\0\0\0"),
    ];
    for (name, bytes) in cases {
        for outcome in [play(bytes), probe(bytes)] {
            assert_eq!(outcome.failure(), Some(("corrupt_input", "")), "{name}");
        }
    }
    let nothing = file(0, 96, &[track(&[(0, END)])]);
    assert_eq!(play(&nothing).failure(), Some(("corrupt_input", "")));
}

#[test]
fn hours_of_silence_at_the_end_are_left_out() {
    let song = file(0, 1, &[track(&[(0, ON), (2, OFF), (63_000, END)])]);
    assert_eq!(probe(&song).facts["duration"], json!(61.0));
    if can_play() {
        let outcome = play(&song);
        assert_eq!(outcome.warnings, ["31440 seconds without a note at the end are left out"]);
    }
}

#[test]
fn limits_hold_before_anything_is_played() {
    // A year between two notes.
    let long = file(0, 1, &[track(&[(0, ON), (63_000_000, ON), (0, END)])]);
    assert_eq!(play(&long).failure(), Some(("limit_exceeded", "output")));
    let short = job(&note()).limit(|limits| limits.output = 100_000);
    assert_eq!(short.run(entry).failure(), Some(("limit_exceeded", "output")));
    let many = file(1, 96, &vec![track(&[(0, END)]); 101]);
    let crowd = job(&many).limit(|limits| limits.entries = 100);
    assert_eq!(crowd.run(entry).failure(), Some(("limit_exceeded", "entries")));
}

#[test]
fn cancel_is_heard() {
    let job = || Job::new("convert").input("song.mid", "mid", note()).target("wav");
    assert_eq!(job().cancel_after(0).run(entry).failure(), Some(("cancelled", "")));
    if can_play() {
        assert_eq!(job().cancel_after(3).run(entry).failure(), Some(("cancelled", "")));
    }
}

#[test]
fn absurd_bends_end_a_note_and_not_the_song() {
    if !can_play() {
        return;
    }
    // A bend range of 127 half tones, the tune and the wheel all the way up, on the highest key.
    let mut events: Vec<(u32, Vec<u8>)> = Vec::new();
    for (controller, value) in [(101, 0), (100, 0), (6, 127), (101, 0), (100, 2), (6, 127)] {
        events.push((0, vec![0xB0, controller, value]));
    }
    events.push((0, vec![0xE0, 127, 127]));
    events.push((0, vec![0x90, 127, 127]));
    events.push((192, ON.iter().map(|byte| byte | u8::from(*byte == 0x90)).collect()));
    events.push((192, END.to_vec()));
    let events: Vec<(u32, &[u8])> = events.iter().map(|(delta, event)| (*delta, event.as_slice())).collect();
    let outcome = play(&file(0, 96, &[track(&events)]));
    assert!(Sound::of(outcome.expect_one()).level(1.0, 1.5) > 0.01, "the note after it is not heard");
}
