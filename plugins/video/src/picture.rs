//! Single frames of a film, as pictures.

use crate::graph::{Filter, Link, once};
use crate::options::{self, Change, Fit};
use crate::recipe::Chain;
use crate::watermark::Pictures;
use formwork_image_pixels as pixels;
use formwork_media::{Decoder, Demuxer, Frame, Kind, Need, Skip, Times, Track, library};
use formwork_sdk::{Error, Feature, OutputInfo, Result, Step, json};

/// Where a thumbnail is looked for, as parts of the film: the beginning is often black.
const LIKELY: [f64; 3] = [0.1, 0.3, 0.5];
/// Longest side of a thumbnail when no size is given.
const THUMBNAIL: u32 = 256;
/// Differences of brightness below this are a picture of nothing.
const FLAT: f64 = 8.0;
/// Frames that are decoded to reach a time.
const MOST_FRAMES: u32 = 2_000;

/// Writes the frame at the start time as `raster`; for a thumbnail without a time, one that shows something.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let options = step.options();
    let thumbnail = step.operations().any(|operation| operation.name() == "thumbnail");
    let times = Times::of(step)?;
    let mut film = Film::open(step)?;
    if thumbnail {
        film.resize = Some(options::resize(&options).unwrap_or(Change::Resize {
            width: Some(THUMBNAIL),
            height: Some(THUMBNAIL),
            fit: Fit::Max,
            background: [0, 0, 0, 255],
        }));
    }
    let count: u32 = options.get("count").unwrap_or(1);
    if thumbnail && count > 1 {
        return several(step, &mut film, times, count);
    }
    let frame = if thumbnail && times.is_all() { film.likely()? } else { film.at(times.start)? };
    step.lose(Feature::Animation, "one frame was taken");
    let picture = film.picture(&frame)?;
    let mut output = step.create_output_of(pixels::raster::length(&picture))?;
    pixels::raster::write(&picture, &mut output)?;
    output.close()?;
    step.report(&pixels::facts(&picture));
    Ok(())
}

/// Writes frames spread evenly over the film, each as an output of its own.
fn several(step: &Step<'_>, film: &mut Film<'_>, times: Times, count: u32) -> Result<()> {
    let end = times.end.or(film.demuxer.duration()).unwrap_or(0.0);
    let span = (end - times.start).max(0.0);
    let film_name = step.input()?.name();
    let stem = film_name.rsplit_once('.').map_or(&*film_name, |(stem, _)| stem);
    let stem = if stem.is_empty() { "thumbnail" } else { stem };
    for number in 0..count {
        step.tick(u64::from(number), u64::from(count))?;
        let frame = film.at(times.start + span * (f64::from(number) + 0.5) / f64::from(count))?;
        let picture = film.picture(&frame)?;
        let name = format!("{stem}-{:03}", number + 1);
        let info = OutputInfo {
            name: &name,
            length: Some(pixels::raster::length(&picture)),
            ..OutputInfo::default()
        };
        let mut output = step.create_named_output(&info)?;
        pixels::raster::write(&picture, &mut output)?;
        output.close()?;
    }
    step.lose(Feature::Animation, format!("{count} frames were taken"));
    step.report(&json!({ "pages": count }));
    Ok(())
}

/// A film to take frames from.
struct Film<'s> {
    step: &'s Step<'s>,
    demuxer: Demuxer<'s>,
    index: usize,
    zero: f64,
    resize: Option<Change>,
}

impl<'s> Film<'s> {
    fn open(step: &'s Step<'s>) -> Result<Film<'s>> {
        let demuxer = Demuxer::open(step, step.input()?, Need::Everything)?;
        let track = demuxer.best(Kind::Video).or_else(|| demuxer.best(Kind::Cover));
        let track =
            track.ok_or_else(|| Error::unsupported("the file holds no pictures that can be decoded here"))?;
        let (index, zero) = (track.index, track.time_base.seconds(track.start));
        let mut film = Film { step, demuxer, index, zero, resize: None };
        for other in 0..film.demuxer.tracks().len() {
            if other != index {
                film.demuxer.ignore(other);
            }
        }
        Ok(film)
    }

    fn track(&self) -> Result<&Track> {
        self.demuxer.tracks().get(self.index).ok_or_else(|| Error::corrupt("the track is gone"))
    }

    /// The last frame that starts no later than `seconds`; the film's last for a time behind its end.
    fn at(&mut self, seconds: f64) -> Result<Frame> {
        let target = self.zero + seconds;
        let begun = self.demuxer.place().0 > 0;
        if (seconds > 0.0 || begun) && self.demuxer.can_seek() && self.demuxer.seek(target).is_ok() {
            // A jump may end too late, or nowhere.
            if let Some(frame) = self.read_to(target, true)? {
                return Ok(frame);
            }
        }
        let resize = self.resize.take();
        *self = Film { resize, ..Film::open(self.step)? };
        self.read_to(target, false)?.ok_or_else(|| Error::corrupt("none of the pictures can be decoded"))
    }

    /// Reads on to a time of the file's own clock; `None` when the first frame that comes is behind it. After a jump
    /// only a key frame is a beginning.
    fn read_to(&mut self, target: f64, jumped: bool) -> Result<Option<Frame>> {
        let unit = self.track()?.time_base;
        let half = self.track()?.frame_rate.inverse().value() / 2.0;
        let at_start = target <= self.zero + half;
        let mut decoder = Decoder::open(self.track()?, self.step.threads(), Skip::Nothing)?;
        let mut found: Option<Frame> = None;
        let mut over = false;
        let mut begun = !jumped;
        for _ in 0..MOST_FRAMES {
            let packet = self.demuxer.next_packet()?;
            self.step.tick(0, 0)?;
            let ended = packet.is_none();
            if packet.as_ref().is_some_and(|packet| packet.stream() != self.index) {
                continue;
            }
            begun |= packet.as_ref().is_none_or(formwork_media::Packet::is_key);
            if !begun {
                continue;
            }
            decoder.decode(packet.as_ref(), &mut |frame| {
                let time = frame.best_pts().map_or(target, |pts| unit.seconds(pts));
                if time <= target + half || at_start && found.is_none() {
                    found = Some(frame);
                }
                over |= time >= target - half;
                Ok(())
            })?;
            if over || ended {
                break;
            }
        }
        Ok(found)
    }

    /// A frame that shows something.
    fn likely(&mut self) -> Result<Frame> {
        let duration = self.demuxer.duration().unwrap_or(0.0);
        let mut best: Option<(f64, Frame)> = None;
        for part in LIKELY {
            let Ok(frame) = self.at(duration * part) else { continue };
            let contrast = contrast(&frame)?;
            if contrast >= FLAT {
                return Ok(frame);
            }
            if best.as_ref().is_none_or(|(most, _)| contrast > *most) {
                best = Some((contrast, frame));
            }
        }
        best.map(|(_, frame)| frame).map_or_else(|| self.at(0.0), Ok)
    }

    /// A frame as a picture: upright, with square pixels.
    fn picture(&self, frame: &Frame) -> Result<pixels::Picture> {
        let track = self.track()?;
        let mut chain = Chain::new(track);
        chain.size = (frame.width(), frame.height());
        chain.upright(track);
        chain.square();
        if let Some(change) = &self.resize {
            chain.change(change, false, &mut Pictures::new(self.step))?;
        }
        let source = library::pixel_format(frame.format())
            .ok_or_else(|| Error::corrupt("a picture without a format"))?;
        let deep = library::pixel_format_facts(source).is_some_and(|(_, bits)| bits > 8);
        let (name, channels) = match (deep, library::has_alpha(source)) {
            (false, false) => ("rgb24", pixels::Channels::Rgb),
            (false, true) => ("rgba", pixels::Channels::Rgba),
            (true, false) => ("rgb48le", pixels::Channels::Rgb),
            (true, true) => ("rgba64le", pixels::Channels::Rgba),
        };
        chain.one("format", format!("pix_fmts={name}"));
        let frame = once(frame, &chain.links)?;
        self.step.check_picture(frame.width().into(), frame.height().into(), 8)?;
        let bytes = rows(&frame, channels.count() * if deep { 2 } else { 1 });
        let samples = if deep {
            let wide = bytes.as_chunks::<2>().0.iter().map(|two| u16::from_le_bytes(*two)).collect();
            pixels::Samples::U16(wide)
        } else {
            pixels::Samples::U8(bytes)
        };
        let made = pixels::Frame::new(frame.width(), frame.height(), channels, samples);
        made.map(pixels::Picture::still)
            .ok_or_else(|| Error::corrupt("a picture of another size than it says"))
    }
}

/// The rows of a packed frame without what is between them.
fn rows(frame: &Frame, bytes_per_pixel: usize) -> Vec<u8> {
    let (length, height) = (frame.width() as usize * bytes_per_pixel, frame.height() as usize);
    let mut bytes = Vec::with_capacity(length * height);
    for row in 0..height {
        // SAFETY: a packed frame has `height` rows of at least `length` bytes, `linesize` apart.
        bytes.extend_from_slice(unsafe {
            let raw = &*frame.as_ptr();
            std::slice::from_raw_parts(raw.data[0].offset(row as isize * raw.linesize[0] as isize), length)
        });
    }
    bytes
}

/// How much the brightness of a picture varies: the standard deviation of a small grey copy.
fn contrast(frame: &Frame) -> Result<f64> {
    let links = [
        Link::One(Filter::new("scale", "w=64:h=64:flags=area")),
        Link::One(Filter::new("format", "pix_fmts=gray")),
    ];
    let small = rows(&once(frame, &links)?, 1);
    let count = small.len().max(1) as f64;
    let mean = small.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    Ok((small.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count).sqrt())
}
