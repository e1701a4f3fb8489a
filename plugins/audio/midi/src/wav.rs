//! WAV: RIFF form `WAVE` with PCM samples (Microsoft/IBM Multimedia Programming Interface 1.0, chapter 3).

use crate::survey::Tags;
use formwork_sdk::{Result, Step, Writer};

/// The format tag `WAVE_FORMAT_PCM`.
const PCM: u16 = 1;
/// Bytes that are written in one go.
const BLOCK: usize = 256 << 10;
/// Most bytes of a file: its length is a number of 32 bits, and 8 bytes do not count.
pub(crate) const MOST: u64 = u32::MAX as u64;
/// Most bytes of everything but samples: the texts of [`Tags`] are cut before that.
pub(crate) const FRAME: u64 = 64 << 10;

/// How samples are stored.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    /// Frames a second.
    pub(crate) rate: u32,
    /// 1 or 2.
    pub(crate) channels: u16,
    /// Bits a sample: 16 or 24.
    pub(crate) depth: u16,
}

impl Layout {
    /// Bytes of one sample for each channel.
    pub(crate) fn frame(self) -> u16 {
        self.channels * (self.depth / 8)
    }

    /// The name of the samples' format, as FFmpeg has it.
    pub(crate) fn codec(self) -> String {
        format!("pcm_s{}le", self.depth)
    }
}

/// A WAV file while it is written.
pub(crate) struct Wav<'a> {
    output: Writer<'a>,
    /// How its samples are stored.
    pub(crate) layout: Layout,
    /// Where the first sample is.
    start: u64,
    /// Samples that are not written yet.
    waiting: Vec<u8>,
    /// Frames that were written.
    frames: u64,
    /// Samples that were louder than full scale.
    pub(crate) clipped: u64,
}

impl<'a> Wav<'a> {
    /// Opens the step's output and writes the header, whose lengths are set at the end.
    ///
    /// # Errors
    ///
    /// `io`.
    pub(crate) fn create(step: &'a Step<'a>, layout: Layout, tags: &Tags) -> Result<Wav<'a>> {
        let header = header(layout, tags);
        let mut output = step.create_output()?;
        output.append(&header)?;
        let waiting = Vec::with_capacity(BLOCK + 4_096);
        Ok(Wav { output, layout, start: header.len() as u64, waiting, frames: 0, clipped: 0 })
    }

    /// Frames so far.
    pub(crate) fn frames(&self) -> u64 {
        self.frames + (self.waiting.len() / usize::from(self.layout.frame())) as u64
    }

    /// Adds frames, full scale being 1.
    pub(crate) fn push(&mut self, left: &[f32], right: &[f32]) {
        for (left, right) in left.iter().zip(right) {
            if self.layout.channels == 1 {
                self.sample(0.5 * (left + right));
            } else {
                self.sample(*left);
                self.sample(*right);
            }
        }
    }

    fn sample(&mut self, sample: f32) {
        if sample.abs() > 1.0 {
            self.clipped += 1;
        }
        let full = f64::from(1_u32 << (self.layout.depth - 1));
        let value = (f64::from(sample) * full).round().clamp(-full, full - 1.0) as i32;
        let bytes = value.to_le_bytes();
        self.waiting.extend_from_slice(bytes.get(..usize::from(self.layout.depth / 8)).unwrap_or(&bytes));
    }

    /// Writes what waits, once there is enough of it.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`output`); `io`.
    pub(crate) fn flush(&mut self) -> Result<()> {
        if self.waiting.len() >= BLOCK { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<()> {
        self.output.append(&self.waiting)?;
        self.frames = self.frames();
        self.waiting.clear();
        Ok(())
    }

    /// Drops all frames from this one on that were not written yet, and ends the file.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`output`); `io`.
    pub(crate) fn close(mut self, frames: u64) -> Result<()> {
        let waiting = frames.saturating_sub(self.frames).saturating_mul(u64::from(self.layout.frame()));
        self.waiting.truncate(usize::try_from(waiting).unwrap_or(usize::MAX));
        self.write()?;
        let length = self.output.length() - self.start;
        if length % 2 == 1 {
            self.output.append(&[0])?;
        }
        let whole = self.output.length() - 8;
        for (at, value) in [(4, whole), (self.start - 4, length)] {
            self.output.write_at(at, &u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes())?;
        }
        self.output.close()
    }
}

/// Everything before the first sample, with lengths of 0 for the file and its samples.
fn header(layout: Layout, tags: &Tags) -> Vec<u8> {
    let mut format = Vec::new();
    let second = layout.rate * u32::from(layout.frame());
    format.extend(PCM.to_le_bytes());
    format.extend(layout.channels.to_le_bytes());
    format.extend(layout.rate.to_le_bytes());
    format.extend(second.to_le_bytes());
    format.extend(layout.frame().to_le_bytes());
    format.extend(layout.depth.to_le_bytes());
    let mut bytes = b"RIFF\0\0\0\0WAVE".to_vec();
    chunk(&mut bytes, *b"fmt ", &format);
    let mut info = b"INFO".to_vec();
    for (name, text) in tags.all() {
        // A text ends in a zero, which counts.
        chunk(&mut info, id(name), &[text.as_bytes(), &[0]].concat());
    }
    if info.len() > 4 {
        chunk(&mut bytes, *b"LIST", &info);
    }
    chunk(&mut bytes, *b"data", &[]);
    bytes
}

/// The chunk of a tag in an `INFO` list.
fn id(tag: &str) -> [u8; 4] {
    match tag {
        "title" => *b"INAM",
        "artist" => *b"IART",
        "copyright" => *b"ICOP",
        _ => *b"ICMT",
    }
}

fn chunk(bytes: &mut Vec<u8>, id: [u8; 4], content: &[u8]) {
    bytes.extend(id);
    bytes.extend((content.len() as u32).to_le_bytes());
    bytes.extend(content);
    if content.len() % 2 == 1 {
        bytes.push(0);
    }
}
