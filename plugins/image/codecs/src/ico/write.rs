use crate::codec::{Encoder, no_options};
use crate::through_image::{self, eight_bits, not_reduced};
use formwork_image_pixels::{Channels, Depth, Fit, Picture, Resize, Target, resize};
use formwork_sdk::{Feature, Options, Result, Step, Writer, json};
use image::codecs::ico::{IcoEncoder, IcoFrame};

pub(super) const ENCODER: Encoder = Encoder { target: TARGET, options: no_options, encode };

const TARGET: Target<'static> = Target {
    name: "ICO",
    keeps: &[Feature::Alpha, Feature::Colours, Feature::Quality],
    channels: &[Channels::Rgba],
    depths: &[Depth::U8],
    largest: (u32::MAX, u32::MAX),
    animation_as_pages: false,
};

/// The greatest side an icon can have, and the smaller ones desktops and browsers ask for.
const SIDES: [u32; 6] = [256, 128, 64, 48, 32, 16];

fn encode(step: &Step<'_>, _: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let source = picture.frames.first().ok_or_else(not_reduced)?;
    let longest = source.width.max(source.height);
    let first = longest.min(SIDES[0]);
    let mut frames = Vec::new();
    let mut size = (0, 0);
    for side in std::iter::once(first).chain(SIDES.into_iter().filter(|side| *side < first)) {
        step.tick(frames.len() as u64, SIDES.len() as u64)?;
        let mut scaled = Picture::still(source.clone());
        if side != longest {
            let wish = Resize { width: Some(side), height: Some(side), fit: Fit::Max };
            resize(step, &mut scaled, &wish, [0; 4])?;
        }
        let frame = scaled.frames.first().ok_or_else(not_reduced)?;
        let (bytes, kind) = eight_bits(frame).ok_or_else(not_reduced)?;
        let packed =
            IcoFrame::as_png(bytes, frame.width, frame.height, kind).map_err(through_image::failure)?;
        size = if frames.is_empty() { frame.size() } else { size };
        frames.push(packed);
    }
    let mut file = Vec::new();
    IcoEncoder::new(&mut file).encode_images(&frames).map_err(through_image::failure)?;
    if longest > SIDES[0] {
        step.warn(format!("an icon has at most {0} by {0} pixels: the picture was scaled down", SIDES[0]));
    }
    step.report(&json!({"width": size.0, "height": size.1, "frames": frames.len()}));
    output.append(&file)
}
