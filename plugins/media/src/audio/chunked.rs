//! Opus and MP3 in chunks that are encoded side by side.
//!
//! Their encoders depend on what came before, but forget it soon. So each chunk is encoded by an encoder of its own that
//! starts some frames earlier, and goes on for some where it looks ahead; the packets of both are thrown away:
//!
//! ```text
//! frames   0 ………………… 500 …………………………… 1000 ………
//! chunk 0  ├────────────╌┤
//! chunk 1          ├╌╌──────────────╌┤                ╌ pre-roll, post-roll
//! ```
//!
//! Frames of MP3 also lend each other bits (the bit reservoir), across which nothing can be cut: in chunks they must not.
//!
//! Where chunks begin depends on the frames alone, so that any number of threads gives the same bytes.

use crate::lane::Out;
use crate::{Encoder, EncoderSettings, Frame, Packet};
use formwork_sdk::{Error, ErrorKind, Result};
use std::collections::VecDeque;
use std::thread::JoinHandle;

/// Frames of a chunk: 10 s of Opus at 20 ms a frame, 13 s of MP3.
const CHUNK: usize = 500;
/// Frames an encoder hears before its first packet counts: 320 ms. With half of that a rising tone was 2 dB worse at seams.
const PRE_ROLL: usize = 16;
/// Frames an encoder of MP3 hears behind the last packet that counts: LAME gives packets two frames late.
const POST_ROLL: usize = 4;

/// FFmpeg's encoder of MP3.
pub(super) const MP3: &str = "libmp3lame";
/// The option that keeps its frames from lending each other bits.
pub(super) fn alone() -> (&'static str, String) {
    ("reservoir", "0".into())
}

/// Whether an encoder can work so.
pub fn works_in_chunks(settings: &EncoderSettings) -> bool {
    settings.encoder == "libopus" || settings.encoder == MP3 && settings.options.contains(&alone())
}

/// What a chunk's thread hands back.
type Made = Result<Vec<Packet>>;

/// An encoder that works in chunks.
pub(super) struct Chunked {
    settings: EncoderSettings,
    /// Not used to encode: says what the others are like.
    pattern: Encoder,
    /// The frames of the chunk that is being gathered, after its pre-roll.
    held: Vec<Frame>,
    /// Frames at the start of `held` that belong to the chunk before.
    pre_roll: usize,
    post_roll: usize,
    working: VecDeque<JoinHandle<Made>>,
}

impl Chunked {
    pub(super) fn open(settings: &EncoderSettings) -> Result<Chunked> {
        let pattern = Encoder::open(&EncoderSettings { threads: 1, ..settings.clone() })?;
        let (held, working) = (Vec::with_capacity(CHUNK + PRE_ROLL), VecDeque::new());
        let post_roll = if settings.encoder == MP3 { POST_ROLL } else { 0 };
        Ok(Chunked { settings: settings.clone(), pattern, held, pre_roll: 0, post_roll, working })
    }

    pub(super) fn pattern(&self) -> &Encoder {
        &self.pattern
    }

    pub(super) fn encode(&mut self, frame: Option<&Frame>, out: &mut Out<'_>) -> Result<()> {
        if let Some(frame) = frame {
            // The chunk before is handed on when it is known that it is not the last.
            if self.held.len() == self.pre_roll + CHUNK + self.post_roll {
                self.hand_on(false, out)?;
            }
            self.held.push(frame.share()?);
            return Ok(());
        }
        if self.held.len() > self.pre_roll {
            self.hand_on(true, out)?;
        }
        while !self.working.is_empty() {
            self.emit(out)?;
        }
        Ok(())
    }

    /// Starts on the chunk that is held; the oldest chunks are waited for when there are as many as threads.
    fn hand_on(&mut self, last: bool, out: &mut Out<'_>) -> Result<()> {
        let keep = self.held.len().saturating_sub(PRE_ROLL + self.post_roll);
        let next =
            self.held.get(keep..).unwrap_or_default().iter().map(Frame::share).collect::<Result<_>>()?;
        let frames = std::mem::replace(&mut self.held, next);
        let skip = std::mem::replace(&mut self.pre_roll, PRE_ROLL);
        let settings = EncoderSettings { threads: 1, ..self.settings.clone() };
        if self.settings.threads < 2 || last && self.working.is_empty() {
            return encode(&settings, &frames, skip, last)?.into_iter().try_for_each(out);
        }
        while self.working.len() >= self.settings.threads {
            self.emit(out)?;
        }
        let thread = std::thread::Builder::new()
            .name("formwork-chunk".into())
            .spawn(move || encode(&settings, &frames, skip, last))
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot start a thread: {error}")))?;
        self.working.push_back(thread);
        Ok(())
    }

    /// Waits for the oldest chunk and hands its packets over.
    fn emit(&mut self, out: &mut Out<'_>) -> Result<()> {
        let Some(thread) = self.working.pop_front() else { return Ok(()) };
        // A panic goes on to the border, which turns it into an error.
        let made = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        made?.into_iter().try_for_each(out)
    }
}

impl Drop for Chunked {
    /// Waits for what still runs: each is a fraction of a second of work.
    fn drop(&mut self) {
        for thread in self.working.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Encodes one chunk. The first `skip` packets are those of the pre-roll, as there is one packet for each frame; what
/// comes after those of the chunk belongs to the next, unless this is the last.
fn encode(settings: &EncoderSettings, frames: &[Frame], skip: usize, last: bool) -> Made {
    let mut encoder = Encoder::open(settings)?;
    let mut packets = Vec::with_capacity(frames.len() + 1);
    let mut count = 0;
    let mut keep = |packet: Packet| {
        count += 1;
        if count > skip && (last || count <= skip + CHUNK) {
            packets.push(packet);
        }
        Ok(())
    };
    for frame in frames {
        encoder.encode(Some(frame), &mut keep)?;
    }
    if last {
        encoder.encode(None, &mut keep)?;
    } else if packets.len() < CHUNK {
        return Err(Error::new(ErrorKind::Internal, "an encoder looks further ahead than was known"));
    }
    Ok(packets)
}
