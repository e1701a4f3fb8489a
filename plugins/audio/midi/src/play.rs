//! Has the synthesiser play a song, block by block.

use crate::describe::{CHANNELS, DEPTH, RATE};
use crate::font::{self, Bank};
use crate::rate::Halver;
use crate::song::{Clock, Song, Timeline};
use crate::survey::{Survey, Tags, survey};
use crate::wav::{self, Layout, Wav};
use formwork_sdk::{Error, ErrorKind, Feature, Result, Step, Value, json};
use midly::{MidiMessage, TrackEventKind};
use rustysynth::{Synthesizer, SynthesizerSettings};
use std::iter::Peekable;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Frames the synthesiser makes at a time; events take place between them, at most 0.7 ms off at 44.1 kHz.
const BLOCK: usize = 64;
/// Notes that sound at the same time.
const POLYPHONY: usize = 256;
/// Least frames a second to make sound at: below, high notes would step over the loops of their samples.
const LEAST_RATE: u32 = 32_000;
/// Seconds for which notes and reverberation may ring on behind the end.
const TAIL: u64 = 5;
/// The part of a second without a sound after which they have rung out: a tenth.
const QUIET: u64 = 10;
/// Seconds without a sound and without an event after which the synthesiser is not asked any more.
const REST: u64 = 10;
/// The loudest sample that is silence: the last bit of 16.
const SILENCE: f32 = 1.0 / 32_768.0;
/// Blocks and events between two questions whether to go on.
const PACE: u64 = 64;
/// Times the synthesiser may give up before the song is given up: notes bent further than any loop is long.
const FAULTS: u32 = 16;
/// The status of a controller's message, and the number of the sustain pedal (MIDI 1.0, tables 2 and 3).
const CONTROLLER: i32 = 0xB0;
const PEDAL: i32 = 0x40;

/// Plays the step's input into its output.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded` (`output`, `memory`, `entries`); `backend_missing`; `cancelled`; `io`.
pub(crate) fn play(step: &Step<'_>) -> Result<()> {
    let bytes = step.input()?.bytes()?;
    let song = Song::parse(&bytes, step.limits())?;
    let mut survey = survey(step, &song)?;
    let options = step.options();
    let layout = Layout {
        rate: options.get("sample_rate").unwrap_or(RATE as u32),
        channels: options.get("channels").unwrap_or(CHANNELS as u16),
        depth: if options.integer("color_depth").unwrap_or(DEPTH) > 16 { 24 } else { 16 },
    };
    check(step, &song, &survey, layout)?;
    say(step, &song, &survey);
    if options.flag("strip_metadata") {
        survey.tags = Tags::default();
    }
    let bank = font::load(step)?;
    let end = song.clock.frames(survey.end(&song), layout.rate);
    let mut player = Player::new(&song, bank, layout.rate)?;
    let mut wav = Wav::create(step, layout, &survey.tags)?;
    let frames = player.record(step, &mut wav, end)?;
    player.say(step, wav.clipped);
    wav.close(frames)?;
    step.report(&json!({
        "duration": frames as f64 / f64::from(layout.rate),
        "sample_rate": layout.rate,
        "channels": layout.channels,
        "codec": layout.codec(),
        "streams": [{
            "kind": "audio", "codec": layout.codec(), "sample_rate": layout.rate, "channels": layout.channels,
        }],
        "tags": Value::from(&survey.tags),
        "soundfont": bank.name,
    }));
    Ok(())
}

/// Fails when there is nothing to play, or too much.
fn check(step: &Step<'_>, song: &Song<'_>, survey: &Survey, layout: Layout) -> Result<()> {
    if survey.notes == 0 && survey.length == 0 {
        return Err(Error::corrupt("the MIDI file has no notes and plays for no time"));
    }
    let frames = song.clock.frames(survey.end(song), layout.rate);
    let whole = frames.saturating_add(TAIL * u64::from(layout.rate)).saturating_mul(layout.frame().into());
    step.within("output", whole.saturating_add(wav::FRAME), step.limits().output.min(wav::MOST))
}

/// Tells what is lost and what is odd.
fn say(step: &Step<'_>, song: &Song<'_>, survey: &Survey) {
    if survey.voices() > 1 {
        step.lose(Feature::Tracks, format!("{} tracks are mixed into one sound", survey.voices()));
    }
    if survey.lyrics {
        step.lose(Feature::Subtitles, "the lyrics");
    }
    if survey.markers > 0 {
        step.lose(Feature::Chapters, format!("{} markers", survey.markers));
    }
    if survey.cut > 0 {
        let (cut, all) = (survey.cut, song.tracks());
        step.warn(format!("{cut} of {all} tracks are broken or cut short; what is readable is played"));
    }
    if survey.end(song) < survey.length {
        let seconds = song.clock.seconds(survey.length - survey.end(song));
        step.warn(format!("{seconds:.0} seconds without a note at the end are left out"));
    }
    if survey.notes == 0 {
        step.warn("the MIDI file has no notes: the sound is silence");
    }
}

/// A synthesiser at work on a song.
struct Player<'a> {
    synthesizer: Synthesizer,
    events: Peekable<Timeline<'a>>,
    clock: Clock,
    /// Frames a second of the synthesiser, and how many it has made.
    rate: u32,
    made: u64,
    left: Side,
    right: Side,
    /// When it was last heard or told something, in frames made.
    stirred: u64,
    /// Times the synthesiser gave up.
    faults: u32,
    /// Blocks and events so far.
    steps: u64,
}

impl<'a> Player<'a> {
    /// A player at the start of a song, whose sound has `rate` frames a second.
    fn new(song: &Song<'a>, bank: &Bank, rate: u32) -> Result<Player<'a>> {
        let mut halvings = 0;
        while rate << halvings < LEAST_RATE {
            halvings += 1;
        }
        let rate = rate << halvings;
        let mut settings = SynthesizerSettings::new(rate.cast_signed());
        settings.block_size = BLOCK;
        settings.maximum_polyphony = POLYPHONY;
        let synthesizer = Synthesizer::new(&bank.sounds, &settings)
            .map_err(|error| Error::new(ErrorKind::Internal, format!("the synthesiser refuses: {error}")))?;
        let (left, right) = (Side::new(halvings), Side::new(halvings));
        let (events, clock) = (song.timeline().peekable(), song.clock);
        Ok(Player { synthesizer, events, clock, rate, made: 0, left, right, stirred: 0, faults: 0, steps: 0 })
    }

    /// Plays to the end and on until it has rung out; returns the number of frames to keep.
    fn record(&mut self, step: &Step<'_>, wav: &mut Wav<'_>, end: u64) -> Result<u64> {
        let rate = u64::from(wav.layout.rate);
        let (last, quiet) = (end + TAIL * rate, rate / QUIET);
        let mut loud = end;
        let mut released = false;
        while wav.frames() < last && wav.frames() < loud + quiet {
            let progress = (wav.frames().min(end), end);
            self.pause(step, progress)?;
            self.strike(step, progress)?;
            if !released && wav.frames() >= end {
                self.release()?;
                released = true;
            }
            self.render()?;
            let (start, left, right) = (wav.frames(), self.left.finish(), self.right.finish());
            let heard = left.iter().zip(right).rposition(|(l, r)| l.abs().max(r.abs()) > SILENCE);
            if heard.is_some() {
                self.stirred = self.made;
            }
            loud = loud.max(heard.map_or(0, |index| start + index as u64 + 1));
            wav.push(left, right);
            if wav.frames() <= end {
                wav.flush()?;
            }
        }
        Ok(loud.min(last))
    }

    /// Asks now and then whether to go on.
    fn pause(&mut self, step: &Step<'_>, (done, total): (u64, u64)) -> Result<()> {
        self.steps += 1;
        if self.steps.is_multiple_of(PACE) { step.tick(done, total) } else { Ok(()) }
    }

    /// Hands the synthesiser the events that come before the middle of the next block.
    fn strike(&mut self, step: &Step<'_>, progress: (u64, u64)) -> Result<()> {
        let (due, clock, rate) = (self.made + BLOCK as u64 / 2, self.clock, self.rate);
        while let Some(moment) = self.events.next_if(|next| clock.frames(next.position, rate) <= due) {
            self.stirred = self.made;
            if let TrackEventKind::Midi { channel, message } = moment.kind {
                let (command, first, second) = bytes(message);
                let channel = i32::from(channel.as_int());
                self.guard(|synthesizer, _, _| {
                    synthesizer.process_midi_message(channel, command, first, second);
                })?;
            }
            self.pause(step, progress)?;
        }
        Ok(())
    }

    /// Makes the next block; silence, after enough of it.
    fn render(&mut self) -> Result<()> {
        if self.made - self.stirred > REST * u64::from(self.rate) {
            self.left.block.fill(0.0);
            self.right.block.fill(0.0);
        } else {
            self.guard(|synthesizer, left, right| synthesizer.render(left, right))?;
        }
        self.made += BLOCK as u64;
        Ok(())
    }

    /// Lets go of all keys and pedals.
    fn release(&mut self) -> Result<()> {
        self.guard(|synthesizer, _, _| {
            for channel in 0..Synthesizer::CHANNEL_COUNT as i32 {
                synthesizer.process_midi_message(channel, CONTROLLER, PEDAL, 0);
            }
            synthesizer.note_off_all(false);
        })
    }

    /// Calls the synthesiser, which indexes samples by pitch and may give up on an absurd one: its notes are
    /// dropped then, and what comes after plays on.
    fn guard(&mut self, work: impl FnOnce(&mut Synthesizer, &mut [f32], &mut [f32])) -> Result<()> {
        let (left, right) = (&mut self.left.block, &mut self.right.block);
        // A synthesiser without voices is at rest, whatever the call left behind.
        if catch_unwind(AssertUnwindSafe(|| work(&mut self.synthesizer, left, right))).is_ok() {
            return Ok(());
        }
        self.synthesizer.note_off_all(true);
        self.left.block.fill(0.0);
        self.right.block.fill(0.0);
        self.faults += 1;
        if self.faults > FAULTS {
            return Err(Error::corrupt("the MIDI file bends notes further than can be played"));
        }
        Ok(())
    }

    /// Tells what went wrong on the way.
    fn say(&self, step: &Step<'_>, clipped: u64) {
        if self.faults > 0 {
            step.warn("notes bent further than can be played were left out");
        }
        if clipped > 0 {
            step.warn(format!("{clipped} samples were too loud and were clipped"));
        }
    }
}

/// A channel message as the synthesiser takes it: its command and two data bytes.
fn bytes(message: MidiMessage) -> (i32, i32, i32) {
    let int = |value: midly::num::u7| i32::from(value.as_int());
    match message {
        MidiMessage::NoteOff { key, vel } => (0x80, int(key), int(vel)),
        MidiMessage::NoteOn { key, vel } => (0x90, int(key), int(vel)),
        MidiMessage::Aftertouch { key, vel } => (0xA0, int(key), int(vel)),
        MidiMessage::Controller { controller, value } => (CONTROLLER, int(controller), int(value)),
        MidiMessage::ProgramChange { program } => (0xC0, int(program), 0),
        MidiMessage::ChannelAftertouch { vel } => (0xD0, int(vel), 0),
        MidiMessage::PitchBend { bend } => {
            let bend = i32::from(bend.0.as_int());
            (0xE0, bend & 0x7F, bend >> 7)
        }
    }
}

/// One channel of the current block.
struct Side {
    /// As the synthesiser made it.
    block: Vec<f32>,
    halvers: Vec<Halver>,
    /// At the rate that was asked for, and room to make it.
    finished: Vec<f32>,
    room: Vec<f32>,
}

impl Side {
    fn new(halvings: usize) -> Side {
        let halvers = (0..halvings).map(|_| Halver::new()).collect();
        Side { block: vec![0.0; BLOCK], halvers, finished: Vec::new(), room: Vec::new() }
    }

    fn finish(&mut self) -> &[f32] {
        self.finished.clear();
        self.finished.extend_from_slice(&self.block);
        for halver in &mut self.halvers {
            self.room.clear();
            halver.halve(&self.finished, &mut self.room);
            std::mem::swap(&mut self.finished, &mut self.room);
        }
        &self.finished
    }
}
