//! Builds MIDI files and reads the WAV files made of them.

#![allow(dead_code, reason = "each test program uses a part")]

use formwork_plugin_audio_midi::formwork_plugin_entry_v1 as entry;
use formwork_sdk::testing::{Job, Outcome, describe};

/// Notes on and off of middle C on the first channel, without delta times.
pub(crate) const ON: &[u8] = &[0x90, 60, 100];
pub(crate) const OFF: &[u8] = &[0x80, 60, 0];
/// The end of a track.
pub(crate) const END: &[u8] = &[0xFF, 0x2F, 0];

/// A file of a format, with the division as in the header.
pub(crate) fn file(format: u16, division: u16, tracks: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06".to_vec();
    for word in [format, tracks.len() as u16, division] {
        bytes.extend(word.to_be_bytes());
    }
    for track in tracks {
        bytes.extend(b"MTrk");
        bytes.extend((track.len() as u32).to_be_bytes());
        bytes.extend(track);
    }
    bytes
}

/// A track of events, each behind its delta time.
pub(crate) fn track(events: &[(u32, &[u8])]) -> Vec<u8> {
    events.iter().flat_map(|(delta, event)| [&number(*delta), *event].concat()).collect()
}

/// A meta event.
pub(crate) fn meta(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[0xFF, kind], number(content.len() as u32).as_slice(), content].concat()
}

/// A number of variable length.
fn number(value: u32) -> Vec<u8> {
    let digits = (0..4).rev().map(|place| (value >> (7 * place) & 0x7F) as u8);
    let mut digits: Vec<u8> = digits.skip_while(|digit| *digit == 0).collect();
    if digits.is_empty() {
        digits.push(0);
    }
    let last = digits.len() - 1;
    digits[..last].iter_mut().for_each(|digit| *digit |= 0x80);
    digits
}

/// A second of a note: 96 ticks are half of it.
pub(crate) fn note() -> Vec<u8> {
    file(0, 96, &[track(&[(0, ON), (192, OFF), (0, END)])])
}

/// False, with a word about it, where no SoundFont is installed.
pub(crate) fn can_play() -> bool {
    let missing = describe(entry).capabilities.into_iter().find_map(|capability| capability.unavailable);
    if let Some(remedy) = &missing {
        println!("skipped: no SoundFont; {remedy}");
    }
    missing.is_none()
}

pub(crate) fn job(bytes: &[u8]) -> Job {
    Job::new("convert").input("song.mid", "mid", bytes).target("wav")
}

pub(crate) fn play(bytes: &[u8]) -> Outcome {
    job(bytes).run(entry)
}

pub(crate) fn probe(bytes: &[u8]) -> Outcome {
    Job::new("probe").input("song.mid", "mid", bytes).probe(entry)
}

/// A WAV file taken apart.
pub(crate) struct Sound {
    pub(crate) rate: u32,
    pub(crate) channels: usize,
    pub(crate) depth: u16,
    /// Samples of all channels in turn, full scale being 1.
    pub(crate) samples: Vec<f64>,
    /// The texts of its list `INFO`.
    pub(crate) info: Vec<(String, String)>,
}

impl Sound {
    /// Takes a file apart; every length in it must be true.
    pub(crate) fn of(bytes: &[u8]) -> Sound {
        assert_eq!((&bytes[..4], &bytes[8..12]), (b"RIFF".as_slice(), b"WAVE".as_slice()));
        assert_eq!(long(bytes, 4) as usize, bytes.len() - 8);
        let chunks = chunks(&bytes[12..]);
        let of = |id: &str| chunks.iter().find(|(name, _)| name == id).map(|(_, content)| *content);
        let format = of("fmt ").unwrap();
        let (depth, channels) = (short(format, 14), short(format, 2) as usize);
        assert_eq!(short(format, 0), 1);
        assert_eq!(long(format, 8), long(format, 4) * u32::from(short(format, 12)));
        let width = usize::from(depth / 8);
        let samples = of("data").unwrap().chunks(width).map(|sample| {
            let value = sample.iter().rev().fold(0_i64, |value, byte| value << 8 | i64::from(*byte));
            (value << (64 - depth) >> (64 - depth)) as f64 / f64::from(1 << (depth - 1))
        });
        let texts = |list: &[u8]| {
            let all = self::chunks(&list[4..]);
            all.iter().map(|(id, text)| (id.clone(), String::from_utf8(text.to_vec()).unwrap())).collect()
        };
        let info = of("LIST").map_or_else(Vec::new, texts);
        Sound { rate: long(format, 4), channels, depth, samples: samples.collect(), info }
    }

    /// How long it plays.
    pub(crate) fn seconds(&self) -> f64 {
        (self.samples.len() / self.channels) as f64 / f64::from(self.rate)
    }

    /// The root of the mean square between two times in seconds.
    pub(crate) fn level(&self, from: f64, to: f64) -> f64 {
        let at = |time: f64| (time * f64::from(self.rate)) as usize * self.channels;
        let part = &self.samples[at(from)..at(to).min(self.samples.len())];
        (part.iter().map(|sample| sample * sample).sum::<f64>() / part.len() as f64).sqrt()
    }

    /// Times at which sound rises steeply: beginnings of notes, to a hundredth of a second.
    pub(crate) fn starts(&self) -> Vec<f64> {
        let pieces = (self.seconds() * 100.0) as usize;
        let levels: Vec<f64> =
            (0..pieces).map(|piece| self.level(piece as f64 / 100.0, (piece + 1) as f64 / 100.0)).collect();
        let before = |at: usize| at.checked_sub(1).map_or(0.0, |before| levels[before]);
        let starts = (0..pieces).filter(|at| levels[*at] > 0.005 && levels[*at] > 3.0 * before(*at));
        starts.map(|at| at as f64 / 100.0).collect()
    }
}

fn chunks(mut bytes: &[u8]) -> Vec<(String, &[u8])> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let length = long(bytes, 4) as usize;
        all.push((String::from_utf8(bytes[..4].to_vec()).unwrap(), &bytes[8..8 + length]));
        bytes = &bytes[8 + length + length % 2..];
    }
    all
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
