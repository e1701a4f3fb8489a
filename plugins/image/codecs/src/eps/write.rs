use super::wrap::{self, Content};
use crate::codec::Encoder;
use crate::paper::{Place, Plane, deflate, density};
use formwork_image_pixels::{Channels, Depth, Orientation, Picture, Target};
use formwork_sdk::{Error, ErrorKind, Feature, OptionSpec, Options, Result, Step, Writer, options::option};

pub(super) const ENCODER: Encoder = Encoder {
    target: Target {
        name: "EPS",
        keeps: &[Feature::Colours, Feature::Inks, Feature::Quality],
        channels: &[Channels::Grey, Channels::Rgb, Channels::Cmyk],
        depths: &[Depth::U8],
        largest: (u32::MAX, u32::MAX),
        animation_as_pages: false,
    },
    options,
    encode,
};

fn options() -> Vec<OptionSpec> {
    let density =
        "Pixels for one inch, which makes the size on paper; without it the picture's own, else 96.";
    vec![option("density").with_summary(density)]
}

fn encode(step: &Step<'_>, options: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let Some(frame) = picture.frames.first() else {
        return Err(Error::new(ErrorKind::Internal, "a picture without frames reached the encoder"));
    };
    let data = deflate(step, frame, Plane::Colour)?;
    let content = Content {
        width: frame.width,
        height: frame.height,
        channels: frame.channels,
        inverted: false,
        filter: format!(
            "<< /Predictor 15 /Colors {} /BitsPerComponent 8 /Columns {} >> /FlateDecode",
            frame.channels.count(),
            frame.width
        ),
        level: 3,
        data: &data,
    };
    let place = Place::new(frame.size(), density(options, &picture.metadata), Orientation::Upright);
    wrap::write(step, &content, place, output)
}
