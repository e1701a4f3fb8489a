//! Draws the loudness of a file of sound over its time.

use formwork_image_pixels::{Channels, Frame, Picture, Samples as Pixels};
use formwork_media::audio::{Resampler, Samples};
use formwork_media::encode::SoundSettings;
use formwork_media::{Decoder, Demuxer, Frame as Sound, Kind, Skip, ff};
use formwork_sdk::{Error, Result, Step};

/// Width and height in pixels when none are given.
const SIZE: (u32, u32) = (800, 200);
/// Blocks that are kept; when there are more, each two become one, so that memory does not grow with the length.
const MOST_BLOCKS: usize = 1 << 16;
/// Samples of a block at first.
const BLOCK: usize = 64;

/// The least and the greatest sample of each stretch of time.
struct Peaks {
    blocks: Vec<(f32, f32)>,
    /// Samples of a whole block.
    size: usize,
    /// Samples in the last block.
    filled: usize,
}

impl Peaks {
    fn new() -> Peaks {
        Peaks { blocks: Vec::new(), size: BLOCK, filled: BLOCK }
    }

    fn add(&mut self, sample: f32) {
        if self.filled == self.size {
            if self.blocks.len() == MOST_BLOCKS {
                let join = |pair: &[(f32, f32)]| pair.iter().copied().reduce(joined).unwrap_or_default();
                self.blocks = self.blocks.chunks(2).map(join).collect();
                self.size *= 2;
            }
            self.blocks.push((sample, sample));
            self.filled = 1;
            return;
        }
        self.filled += 1;
        if let Some(last) = self.blocks.last_mut() {
            *last = joined(*last, (sample, sample));
        }
    }

    /// The peaks of one of `columns` columns.
    fn column(&self, column: usize, columns: usize) -> (f32, f32) {
        let count = self.blocks.len();
        let from = column * count / columns;
        let to = ((column + 1) * count).div_ceil(columns).max(from + 1).min(count);
        self.blocks.get(from..to).unwrap_or_default().iter().copied().reduce(joined).unwrap_or_default()
    }
}

fn joined(one: (f32, f32), other: (f32, f32)) -> (f32, f32) {
    (one.0.min(other.0), one.1.max(other.1))
}

/// Draws the waveform of the best track, all channels as one.
///
/// # Errors
///
/// `corrupt_input` when there is no sound that can be decoded; `limit_exceeded`; `cancelled`, `timeout`.
pub(crate) fn draw(step: &Step<'_>, demuxer: Demuxer<'_>) -> Result<Picture> {
    let options = step.options();
    let width: u32 = options.get("width").unwrap_or(SIZE.0);
    let height: u32 = options.get("height").unwrap_or(SIZE.1);
    step.check_picture(width.into(), height.into(), 4)?;
    let colour = options.colour("color").unwrap_or([0x30, 0x60, 0xa0, 0xff]);
    let background = options.colour("background").unwrap_or([0xff; 4]);
    let peaks = listen(step, demuxer)?;
    let (columns, rows) = (width as usize, height as usize);
    let mut pixels = background.repeat(columns * rows);
    for column in 0..columns {
        let (low, high) = peaks.column(column, columns);
        let row = |value: f32| ((1.0 - value.clamp(-1.0, 1.0)) / 2.0 * (height - 1) as f32).round() as usize;
        for row in row(high)..=row(low) {
            if let Some(pixel) = pixels.chunks_exact_mut(4).nth(row * columns + column) {
                pixel.copy_from_slice(&colour);
            }
        }
    }
    let frame = Frame::new(width, height, Channels::Rgba, Pixels::U8(pixels));
    frame.map(Picture::still).ok_or_else(|| Error::corrupt("a picture of no size"))
}

fn listen(step: &Step<'_>, mut demuxer: Demuxer<'_>) -> Result<Peaks> {
    let track = demuxer.best(Kind::Audio).ok_or_else(|| Error::unsupported("the file holds no sound"))?;
    let (index, rate) = (track.index, track.parameters.sample_rate().max(1));
    let mut decoder = Decoder::open(track, 1, Skip::Nothing)?;
    for other in (0..demuxer.tracks().len()).filter(|other| *other != index) {
        demuxer.ignore(other);
    }
    let mut mixer = Mixer::new(rate)?;
    loop {
        let packet = demuxer.next_packet()?;
        let (done, total) = demuxer.place();
        step.tick(done, total)?;
        decoder.decode(packet.as_ref(), &mut |frame| mixer.take(frame))?;
        if packet.is_none() {
            break;
        }
    }
    if mixer.peaks.blocks.is_empty() {
        return Err(Error::corrupt("none of the sound can be decoded"));
    }
    Ok(mixer.peaks)
}

/// Brings frames of any kind to one channel, and notes their peaks.
struct Mixer {
    sound: SoundSettings,
    resampler: Option<Resampler>,
    samples: Samples,
    peaks: Peaks,
}

impl Mixer {
    fn new(rate: u32) -> Result<Mixer> {
        let format = ff::AVSampleFormat::AV_SAMPLE_FMT_FLT;
        let sound = SoundSettings {
            rate,
            channels: 1,
            mask: 0,
            format,
            bits: 0,
            least: 0,
            before: 0,
            relabel: false,
            order: &[],
        };
        Ok(Mixer { sound, resampler: None, samples: Samples::new(sound, 0)?, peaks: Peaks::new() })
    }

    fn take(&mut self, frame: Sound) -> Result<()> {
        if self.resampler.as_ref().is_none_or(|resampler| !resampler.fits(&frame)) {
            self.resampler = Some(Resampler::new(&frame, self.sound)?);
        }
        if let Some(resampler) = &mut self.resampler {
            resampler.convert(Some(frame), &mut self.samples)?;
        }
        while let Some(frame) = self.samples.next(true)? {
            // SAFETY: a frame of one channel of `f32` holds as many as it says, at its first plane.
            let samples = unsafe {
                std::slice::from_raw_parts((*frame.as_ptr()).data[0].cast::<f32>(), frame.samples())
            };
            samples.iter().for_each(|sample| self.peaks.add(*sample));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_stay_where_they_are_when_blocks_are_joined() {
        let mut peaks = Peaks::new();
        let count = MOST_BLOCKS * BLOCK * 3;
        for index in 0..count {
            peaks.add(if index == count / 2 + 10 { 1.0 } else { 0.0 });
        }
        assert!(peaks.blocks.len() <= MOST_BLOCKS);
        let loud: Vec<usize> = (0..10).filter(|column| peaks.column(*column, 10).1 > 0.5).collect();
        assert_eq!(loud, [5]);
    }
}
