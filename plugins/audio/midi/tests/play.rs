//! What a song sounds like: lengths, times of notes, options.

#![expect(clippy::unwrap_used, reason = "helpers of tests end the test")]

mod common;

use common::*;
use formwork_plugin_audio_midi::formwork_plugin_entry_v1 as entry;

/// How much further a note of the bank's piano may ring than it is held.
const RING: f64 = 5.0;

#[test]
fn a_note_sounds_and_rings_out() {
    if !can_play() {
        return;
    }
    let outcome = play(&note());
    let sound = Sound::of(outcome.expect_one());
    assert_eq!((sound.rate, sound.channels, sound.depth), (44_100, 2, 16));
    assert!((1.0..1.0 + RING).contains(&sound.seconds()), "{} s", sound.seconds());
    assert!(sound.level(0.05, 0.9) > 0.01, "level {}", sound.level(0.05, 0.9));
    assert!(sound.level(sound.seconds() - 0.01, sound.seconds()) < 0.001);
    assert_eq!(sound.starts(), [0.0]);
    assert_eq!(outcome.losses, []);
    assert_eq!(outcome.warnings, [""; 0]);
    assert!((outcome.facts["duration"].as_f64().unwrap() - sound.seconds()).abs() < 1e-9);
}

#[test]
fn the_pitch_is_right() {
    if !can_play() {
        return;
    }
    // A sine-like voice: the flute, at A = 440 Hz.
    let flute = file(0, 96, &[track(&[(0, &[0xC0, 73]), (0, &[0x90, 69, 100]), (192, END)])]);
    for rate in [8_000, 11_025, 44_100, 96_000] {
        let sound =
            Sound::of(job(&flute).option("sample_rate", rate).option("channels", 1).run(entry).expect_one());
        let energy = |frequency: f64| {
            let step = std::f64::consts::TAU * frequency / f64::from(rate);
            let part = sound.samples.iter().skip(rate as usize / 4).take(rate as usize / 2).enumerate();
            let (sine, cosine) = part.fold((0.0, 0.0), |(sine, cosine), (at, sample)| {
                let (s, c) = (step * at as f64).sin_cos();
                (sine + s * sample, cosine + c * sample)
            });
            sine.hypot(cosine)
        };
        for other in [392.0, 415.3, 466.2, 493.9] {
            assert!(energy(440.0) > 10.0 * energy(other), "{rate} Hz: {other} against 440");
        }
    }
}

#[test]
fn options_decide_the_layout() {
    if !can_play() {
        return;
    }
    for (rate, channels, depth) in [(8_000, 1, 16), (22_050, 2, 24), (48_000, 1, 24), (96_000, 2, 16)] {
        let job = job(&note()).option("sample_rate", rate).option("channels", channels);
        let outcome = job.option("color_depth", depth).run(entry);
        let sound = Sound::of(outcome.expect_one());
        assert_eq!((sound.rate, sound.channels, i64::from(sound.depth)), (rate as u32, channels, depth));
        assert!(sound.level(0.05, 0.9) > 0.005, "{rate} Hz: level {}", sound.level(0.05, 0.9));
        assert_eq!(sound.starts(), [0.0]);
        assert_eq!(outcome.facts["codec"], format!("pcm_s{depth}le"));
    }
}

#[test]
fn silence_is_kept_up_to_the_end_of_the_track() {
    if !can_play() {
        return;
    }
    // 20 seconds of rest behind the note.
    let song = file(0, 96, &[track(&[(0, ON), (192, OFF), (192 * 20, END)])]);
    let sound = Sound::of(play(&song).expect_one());
    assert!((sound.seconds() - 21.0).abs() < 0.001, "{} s", sound.seconds());
}

#[test]
fn a_held_note_ends_with_the_song() {
    if !can_play() {
        return;
    }
    // An organ, the pedal down, never let go.
    let events: [(u32, &[u8]); 4] = [(0, &[0xC0, 19]), (0, &[0xB0, 64, 127]), (0, ON), (192, END)];
    let sound = Sound::of(play(&file(0, 96, &[track(&events)])).expect_one());
    assert!(sound.level(0.5, 0.9) > 0.01);
    assert!(sound.seconds() < 1.0 + RING);
    assert!(sound.level(sound.seconds() - 0.05, sound.seconds()) < 0.001);
}

#[test]
fn notes_of_no_length_are_heard() {
    if !can_play() {
        return;
    }
    let song = file(0, 96, &[track(&[(0, ON), (0, OFF), (0, END)])]);
    let sound = Sound::of(play(&song).expect_one());
    assert!(sound.seconds() > 0.01 && sound.level(0.0, 0.02) > 0.001, "{} s", sound.seconds());
}

#[test]
fn tempo_and_division_set_the_times() {
    if !can_play() {
        return;
    }
    // A drum on each beat of 96 ticks, the tempo doubling at the second: 0, 0.5, 0.75 s.
    let hit: &[u8] = &[0x99, 37, 127];
    let (slow, fast) = (meta(0x51, &[0x07, 0xA1, 0x20]), meta(0x51, &[0x03, 0xD0, 0x90]));
    let tempi = track(&[(0, &slow), (96, &fast), (0, END)]);
    let hits = track(&[(0, hit), (96, hit), (96, hit), (96, END)]);
    let sound = Sound::of(play(&file(1, 96, &[tempi, hits])).expect_one());
    assert_times(&sound.starts(), &[0.0, 0.5, 0.75]);

    // 25 frames of 40 parts: a tick is a millisecond, whatever the tempo. 29.97 frames of 100 parts.
    for (division, tick) in [(0xE728, 0.001), (0xE364, 1.001 / 3_000.0)] {
        let hits = track(&[(0, &fast), (0, hit), (1_500, hit), (1_500, END)]);
        let song = file(0, division, &[hits]);
        let sound = Sound::of(play(&song).expect_one());
        assert_times(&sound.starts(), &[0.0, 1_500.0 * tick]);
        assert!((probe(&song).facts["duration"].as_f64().unwrap() - 3_000.0 * tick).abs() < 1e-9);
    }
}

#[test]
fn sequences_of_format_2_follow_one_another() {
    if !can_play() {
        return;
    }
    let hit: &[u8] = &[0x99, 37, 127];
    let fast = meta(0x51, &[0x03, 0xD0, 0x90]);
    // The first one's tempo is not the second one's.
    let first = track(&[(0, &fast), (0, hit), (192, END)]);
    let second = track(&[(0, hit), (192, hit), (96, END)]);
    let song = file(2, 96, &[first, second]);
    let sound = Sound::of(play(&song).expect_one());
    assert_times(&sound.starts(), &[0.0, 0.5, 1.5]);
    assert_eq!(probe(&song).facts["duration"], 2.0);
}

#[test]
fn the_same_song_gives_the_same_bytes() {
    if !can_play() {
        return;
    }
    assert_eq!(play(&note()).expect_one(), play(&note()).expect_one());
    assert_eq!(play(&note()).expect_one(), job(&note()).piped().run(entry).expect_one());
}

fn assert_times(found: &[f64], expected: &[f64]) {
    let close = found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 0.021);
    assert!(close, "notes start at {found:?}, not {expected:?}");
}
