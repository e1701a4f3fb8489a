use crate::codec::Encoder;
use crate::difference::changed_rectangle;
use crate::quantise::{Dot, Indexed, quantise};
use formwork_image_pixels::{Channels, Depth, Frame, Picture, Samples, Sequence, Target};
use formwork_sdk::{Error, ErrorKind, Feature, OptionSpec, Options, Result, Step, Writer, options::option};
use gif::{DisposalMethod, EncodingError, Repeat};
use std::borrow::Cow;
use std::io::BufWriter;

pub(super) const ENCODER: Encoder = Encoder {
    target: Target {
        name: "GIF",
        keeps: &[Feature::Alpha, Feature::Animation],
        channels: &[Channels::Grey, Channels::Rgb, Channels::Rgba],
        depths: &[Depth::U8],
        largest: (65_535, 65_535),
        animation_as_pages: false,
    },
    options,
    encode,
};

/// Alpha from which on a pixel counts as opaque.
const OPAQUE: u8 = 128;

fn options() -> Vec<OptionSpec> {
    let bits = "Bits a pixel in the palette, 1 to 8: 8 gives 256 colours.";
    vec![option("color_depth").with_range(1, 8).with_default(8).with_summary(bits)]
}

fn encode(step: &Step<'_>, options: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let Some(first) = picture.frames.first() else {
        return Err(Error::new(ErrorKind::Internal, "a picture without frames reached the encoder"));
    };
    let most = 1usize << options.integer("color_depth").unwrap_or(8).clamp(1, 8);
    let output = BufWriter::with_capacity(1 << 16, output);
    let (width, height) = (first.width as u16, first.height as u16);
    let mut encoder = gif::Encoder::new(output, width, height, &[]).map_err(failure)?;
    if let Sequence::Animation { loops } = picture.sequence {
        encoder.set_repeat(repeat(loops)).map_err(failure)?;
    }
    let count = picture.frames.len();
    let mut losses = Losses::default();
    let mut state = State::default();
    for (index, frame) in picture.frames.iter().enumerate() {
        step.tick(index as u64, count as u64)?;
        let next = picture.frames.get(index + 1);
        let written = state.frame(frame, next, most, &mut losses)?;
        encoder.write_frame(&written).map_err(failure)?;
    }
    encoder.into_inner().map_err(failure)?.into_inner().map_err(|error| error.into_error())?;
    losses.tell(step, most);
    Ok(())
}

fn failure(error: EncodingError) -> Error {
    match error {
        EncodingError::Io(error) => error.into(),
        error => Error::new(ErrorKind::Internal, format!("GIF encoder: {error}")),
    }
}

/// The file counts the times after the first.
fn repeat(loops: u32) -> Repeat {
    match loops {
        0 => Repeat::Infinite,
        loops => Repeat::Finite(u16::try_from(loops - 1).unwrap_or(u16::MAX)),
    }
}

/// What did not arrive.
#[derive(Debug, Default)]
struct Losses {
    colours: bool,
    half_transparent: bool,
}

impl Losses {
    fn tell(&self, step: &Step<'_>, most: usize) {
        if self.colours {
            step.lose(
                Feature::Colours,
                format!("GIF has {most} colours a frame: others were mixed from them"),
            );
        }
        if self.half_transparent {
            step.lose(
                Feature::Alpha,
                "GIF knows transparent and opaque: what lies between became one of them",
            );
        }
    }
}

/// What the viewer's canvas shows before a frame.
#[derive(Default)]
struct State<'p> {
    /// The frame before; `None` when the canvas is empty.
    shown: Option<&'p Frame>,
    /// Milliseconds told so far do not add up to full hundredths of a second.
    remainder: u32,
}

impl<'p> State<'p> {
    /// Makes the next frame: only the rectangle that changed, and in it only the pixels that did. Where
    /// the frame after this one has holes in what this one leaves, the canvas is wiped in between.
    fn frame(
        &mut self,
        frame: &'p Frame,
        next: Option<&'p Frame>,
        most: usize,
        losses: &mut Losses,
    ) -> Result<gif::Frame<'static>> {
        let wipe = next.is_some_and(|next| erases(frame, next));
        let whole = (0, 0, frame.width, frame.height);
        let area = match self.shown {
            Some(before) if !wipe => changed_rectangle(before, frame),
            _ => whole,
        };
        let dots = dots(self.shown, frame, area, losses)?;
        let Indexed { indices, palette, transparent, exact } = quantise(&dots, area.2 as usize, most);
        losses.colours |= !exact;
        let palette = if palette.is_empty() { vec![0; 3] } else { palette.into_flattened() };
        self.shown = (!wipe).then_some(frame);
        Ok(gif::Frame {
            delay: self.hundredths(frame.delay_ms),
            dispose: if wipe { DisposalMethod::Background } else { DisposalMethod::Keep },
            transparent,
            needs_user_input: false,
            left: area.0 as u16,
            top: area.1 as u16,
            width: area.2 as u16,
            height: area.3 as u16,
            interlaced: false,
            palette: Some(palette),
            buffer: Cow::Owned(indices),
        })
    }

    /// Hundredths of a second, so that the sum stays right.
    fn hundredths(&mut self, delay_ms: u32) -> u16 {
        let all = delay_ms.saturating_add(self.remainder);
        let hundredths = (all + 5) / 10;
        self.remainder = all.saturating_sub(hundredths * 10);
        u16::try_from(hundredths).unwrap_or(u16::MAX)
    }
}

/// The pixel at a place: its colour, or nothing where it is transparent.
fn dot(frame: &Frame, index: usize) -> (Dot, bool) {
    let Samples::U8(samples) = &frame.samples else { return (None, false) };
    match frame.channels {
        Channels::Rgba => match samples.as_chunks::<4>().0.get(index) {
            Some([r, g, b, alpha]) => {
                ((*alpha >= OPAQUE).then_some([*r, *g, *b]), !matches!(*alpha, 0 | u8::MAX))
            }
            None => (None, false),
        },
        Channels::Grey => (samples.get(index).map(|grey| [*grey; 3]), false),
        _ => (samples.as_chunks::<3>().0.get(index).copied(), false),
    }
}

/// Whether a pixel this frame shows is a hole in the next.
fn erases(frame: &Frame, next: &Frame) -> bool {
    frame.channels.has_alpha()
        && (0..frame.width as usize * frame.height as usize)
            .any(|index| dot(frame, index).0.is_some() && dot(next, index).0.is_none())
}

/// The pixels of a rectangle that have to be drawn over what is shown.
fn dots(
    shown: Option<&Frame>,
    frame: &Frame,
    area: (u32, u32, u32, u32),
    losses: &mut Losses,
) -> Result<Vec<Dot>> {
    if frame.samples.width() != 1 {
        return Err(Error::new(ErrorKind::Internal, "the GIF encoder takes 8 bits"));
    }
    let (x, y, width, height) = area;
    let mut dots = Vec::with_capacity(width as usize * height as usize);
    for row in y..y + height {
        let start = row as usize * frame.width as usize + x as usize;
        for index in start..start + width as usize {
            let (colour, between) = dot(frame, index);
            losses.half_transparent |= between;
            let unchanged = shown.is_some_and(|shown| dot(shown, index).0 == colour);
            dots.push(colour.filter(|_| !unchanged));
        }
    }
    Ok(dots)
}
