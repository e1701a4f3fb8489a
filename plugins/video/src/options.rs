//! What a user wishes of the pictures, read from the options of a step and the operations fused with it.

use formwork_media::without;
use formwork_media::{Codec, CodecKind, Container, Times, Without};
use formwork_sdk::{Error, Operation, Options, Result, Step};

/// A change of geometry, in the order they were asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// Cut to a rectangle: x, y, width, height; absent sides go to the edge.
    Crop { x: u32, y: u32, width: Option<u32>, height: Option<u32> },
    /// Scale.
    Resize { width: Option<u32>, height: Option<u32>, fit: Fit, background: [u8; 4] },
    /// Scale down until the shorter side is no longer than this: a film held upright in 720p is 720 wide.
    Resolution(u32),
    /// Turn clockwise by 90, 180 or 270 degrees.
    Turn(i32),
    /// Lay something over.
    Mark(Mark),
}

/// How width and height are met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// Stays inside, never enlarges.
    Max,
    /// Fills, and cuts.
    Crop,
    /// Stretches.
    Scale,
    /// Adds borders.
    Pad,
}

/// A watermark.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    /// Text to draw; without it, the picture of this input.
    pub(crate) text: Option<String>,
    pub(crate) input: usize,
    pub(crate) position: String,
    pub(crate) margin: u32,
    pub(crate) opacity: f64,
    pub(crate) font_size: Option<u32>,
    pub(crate) color: [u8; 4],
    /// Width of the picture in pixels; its own without.
    pub(crate) width: Option<u32>,
}

/// All wishes. The default wishes nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct VideoWish {
    pub(crate) codec: Option<&'static Codec>,
    pub(crate) quality: Option<i64>,
    pub(crate) bit_rate: Option<u64>,
    pub(crate) preset: Option<String>,
    pub(crate) fps: Option<f64>,
    pub(crate) copy: Option<String>,
    pub(crate) two_pass: bool,
    pub(crate) max_bytes: Option<u64>,
    pub(crate) burn: bool,
    pub(crate) loops: Option<i64>,
    pub(crate) lossless: bool,
    pub(crate) changes: Vec<Change>,
    /// It is a picture, moving or not: what is transparent in it is white, as on a page.
    pub(crate) is_picture: bool,
    /// Seconds that the pictures last at least; 0 for as long as they do.
    pub(crate) lasts: f64,
    /// Seconds that the only frame of a picture is shown; `None` for films.
    pub(crate) still: Option<f64>,
}

impl VideoWish {
    /// Reads all operations of a step.
    ///
    /// # Errors
    ///
    /// `invalid_request` for what the container cannot be.
    pub(crate) fn of(step: &Step<'_>, container: &Container) -> Result<VideoWish> {
        let mut wish = VideoWish::default();
        let mut pictures = 0;
        for operation in step.operations() {
            wish.add(&operation, &mut pictures)?;
        }
        let options = step.options();
        if let Some(word) = options.text("codec") {
            wish.codec = Some(codec_of(word, container)?);
        }
        wish.quality = options.integer("quality");
        wish.bit_rate = options.get("bitrate");
        wish.preset = options.text("preset").map(str::to_owned);
        wish.fps = options.number("fps");
        wish.copy = options.text("copy").map(str::to_owned);
        wish.two_pass = options.flag("two_pass");
        wish.max_bytes = options.get("max_bytes");
        wish.burn = options.text("subtitles") == Some("burn");
        wish.loops = options.integer("loop");
        wish.lossless = options.flag("lossless");
        if wish.two_pass && wish.bit_rate.is_none() && wish.max_bytes.is_none() {
            return Err(Error::invalid("`two_pass` meets a bit rate: name `bitrate` or `max_bytes` with it"));
        }
        Ok(wish)
    }

    fn add(&mut self, operation: &Operation<'_>, pictures: &mut usize) -> Result<()> {
        let options = operation.options();
        match operation.name() {
            "crop" => self.changes.push(Change::Crop {
                x: options.get("x").unwrap_or(0),
                y: options.get("y").unwrap_or(0),
                width: options.get("width"),
                height: options.get("height"),
            }),
            "watermark" => {
                let mark = mark(&options, pictures)?;
                self.changes.push(Change::Mark(mark));
            }
            _ => self.changes.extend(resize(&options)),
        }
        if let Some(angle) = options.number("angle").filter(|angle| *angle != 0.0) {
            if angle % 90.0 != 0.0 {
                return Err(Error::invalid(format!(
                    "video is turned by 90, 180 or 270 degrees, not by {angle}"
                )));
            }
            self.changes.push(Change::Turn((angle as i32).rem_euclid(360)));
        }
        Ok(())
    }

    /// Whether nothing is asked for that packets copied as they are could not give.
    pub(crate) fn allows_copy(&self) -> bool {
        self.changes.is_empty()
            && self.quality.is_none()
            && self.bit_rate.is_none()
            && self.fps.is_none()
            && self.max_bytes.is_none()
            && !self.burn
            && self.preset.is_none()
    }
}

fn codec_of(word: &str, container: &Container) -> Result<&'static Codec> {
    let able = container.encodable(CodecKind::Video);
    Codec::named(word).filter(|codec| able.contains(&codec.word)).ok_or_else(|| {
        Error::invalid(format!(
            "{} cannot be written with the codec {word}; it takes {}",
            container.id,
            able.join(", ")
        ))
    })
}

/// Width, height and fit, or a resolution by name.
pub(crate) fn resize(options: &Options<'_>) -> Option<Change> {
    let fit = match options.text("fit") {
        Some("crop") => Fit::Crop,
        Some("scale") => Fit::Scale,
        Some("pad") => Fit::Pad,
        _ => Fit::Max,
    };
    let background = options.colour("background").unwrap_or([0, 0, 0, 255]);
    let (width, height) = (options.get("width"), options.get("height"));
    if width.is_some() || height.is_some() {
        return Some(Change::Resize { width, height, fit, background });
    }
    let height = match options.text("resolution")? {
        "240p" => 240,
        "360p" => 360,
        "480p" => 480,
        "720p" => 720,
        "1440p" => 1440,
        "4k" => 2160,
        _ => 1080,
    };
    Some(Change::Resolution(height))
}

fn mark(options: &Options<'_>, pictures: &mut usize) -> Result<Mark> {
    let text = options.text("text").map(str::to_owned);
    if text.is_none() {
        *pictures += 1;
    }
    Ok(Mark {
        text,
        input: *pictures,
        position: options.text("position").unwrap_or("bottom-right").to_owned(),
        margin: options.get("margin").unwrap_or(10),
        opacity: options.number("opacity").unwrap_or(1.0),
        font_size: options.get("font_size"),
        color: options.colour("color").unwrap_or([255, 255, 255, 255]),
        width: options.get("width"),
    })
}

/// What a step leaves out, and which part it takes.
pub(crate) fn part(step: &Step<'_>) -> Result<(Times, Without)> {
    Ok((Times::of(step)?, without(&step.options())))
}
