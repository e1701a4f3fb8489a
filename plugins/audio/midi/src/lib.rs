//! Plays Standard MIDI files (MIDI Association RP-001) into WAV.
//!
//! A MIDI file holds notes, not sound: [`song`] walks through its tracks in order of time, [`survey`] finds
//! out beforehand how long it plays and what it says about itself, and [`play`] has a synthesiser sound the
//! notes with the instruments of a SoundFont of the system ([`font`]). The planner joins the result with
//! the plugins that encode sound.
//!
//! Nothing is made in memory of what a file says: tracks are read event by event, twice, and the length
//! is known and checked against the limits before the first sample.

mod describe;
mod font;
mod play;
mod probe;
mod rate;
mod song;
mod survey;
mod wav;

use formwork_sdk::{Description, Error, Plugin, Result, Step, export_plugin};

/// The plugin `audio.midi`.
pub struct Midi;

impl Plugin for Midi {
    fn describe() -> Description {
        describe::describe()
    }

    fn probe(step: &Step<'_>) -> Result<()> {
        probe::probe(step)
    }

    fn run(step: &Step<'_>) -> Result<()> {
        match step.target() {
            "wav" => play::play(step),
            other => Err(Error::unsupported(format!("this plugin plays MIDI files into wav, not {other}"))),
        }
    }
}

export_plugin!(Midi);
