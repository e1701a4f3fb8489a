//! Every MIDI file of the corpus: lengths as the files have them, levels as another player has them.

#![expect(clippy::unwrap_used, reason = "helpers of tests end the test")]

mod common;

use common::{Sound, can_play, play, probe};
use std::path::PathBuf;

/// A file, its seconds up to the last event, its notes and its title.
const FILES: &[(&str, f64, u64, &str)] = &[
    ("test-midi-files--test-control-40-damper.mid", 8.0, 8, "Control 0x40 Damper Test"),
    ("test-midi-files--test-control-7d-omni-mode-on.mid", 0.5, 0, "Control 0x7D OMNI Mode On Test"),
    ("test-midi-files--test-karaoke-kar.mid", 10.600_005_3, 29, "Mary Was A Little Lame"),
    ("test-midi-files--test-rpn-00-05-modulation-depth-range.mid", 17.0, 5, "Modulation Depth Range Test"),
    ("test-midi-files--test-silence-end-of-track.mid", 5.0, 0, "Sound of Silence - End of Track"),
    ("tika--testMID.mid", 2.0, 10, "Untitled"),
];

/// Two songs, and the level of some of their seconds as TiMidity++ plays them with TimGM6mb.
const LEVELS: &[(&str, &[(f64, f64)])] = &[
    (
        "test-midi-files--test-control-40-damper.mid",
        &[(0.0, 0.023_293), (1.0, 0.024_343), (4.0, 0.017_331), (5.0, 0.023_350), (6.0, 0.020_349)],
    ),
    (
        "test-midi-files--test-karaoke-kar.mid",
        &[(0.0, 0.065_262), (1.0, 0.068_913), (4.0, 0.067_431), (6.0, 0.073_357), (8.0, 0.070_756)],
    ),
];

fn file(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("FORMWORK_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/corpus")),
        PathBuf::from,
    );
    let bytes = std::fs::read(folder.join("audio").join(name)).ok();
    if bytes.is_none() {
        println!("skipped: {name} is not in {}", folder.display());
    }
    bytes
}

#[test]
fn files_say_what_they_are() {
    for (name, seconds, notes, title) in FILES {
        let Some(bytes) = file(name) else { continue };
        let outcome = probe(&bytes);
        assert_eq!(outcome.error, None, "{name}");
        assert!((outcome.facts["duration"].as_f64().unwrap() - seconds).abs() < 1e-6, "{name}");
        assert_eq!(outcome.facts["notes"], *notes, "{name}");
        assert_eq!(outcome.facts["tags"]["title"], *title, "{name}");
    }
}

#[test]
fn files_play_to_their_end_and_ring_out() {
    for (name, seconds, notes, _) in FILES.iter().filter(|_| can_play()) {
        let Some(bytes) = file(name) else { continue };
        let outcome = play(&bytes);
        let sound = Sound::of(outcome.expect_one());
        assert!((*seconds - 1e-4..seconds + 5.0).contains(&sound.seconds()), "{name}: {} s", sound.seconds());
        let level = sound.level(0.0, *seconds);
        if *notes == 0 {
            assert_eq!(level, 0.0, "{name} has no notes");
        } else {
            assert!((0.01..0.2).contains(&level), "{name}: level {level}");
        }
    }
}

#[test]
fn loudness_goes_up_and_down_as_in_another_player() {
    for (name, levels) in LEVELS.iter().filter(|_| can_play()) {
        let Some(bytes) = file(name) else { continue };
        let outcome = play(&bytes);
        if outcome.facts["soundfont"] != "TimGM6mb.sf2" {
            println!("skipped: the levels are those of TimGM6mb, not of {}", outcome.facts["soundfont"]);
            continue;
        }
        let sound = Sound::of(outcome.expect_one());
        let ratios = levels.iter().map(|(start, level)| sound.level(*start, start + 1.0) / level);
        let ratios: Vec<f64> = ratios.collect();
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        // Each player has a loudness of its own.
        assert!((0.5..2.0).contains(&mean), "{name}: {mean} times as loud");
        let even = ratios.iter().all(|ratio| (ratio / mean - 1.0).abs() < 0.15);
        assert!(even, "{name}: {ratios:?} times as loud");
    }
}
