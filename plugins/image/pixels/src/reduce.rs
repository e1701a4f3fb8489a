//! Bringing a picture down to what a target can hold, and saying what that loses.

use crate::channels::{flatten, is_opaque, set_channels};
use crate::depth::{Depth, exceeds_white, set_depth};
use crate::icc::Profile;
use crate::{Channels, Frame, Picture, Sequence};
use formwork_sdk::{Error, Feature, Result, Step};

/// What an encoder takes.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The format's name in messages, as in `JPEG`.
    pub name: &'a str,
    /// Features that arrive.
    pub keeps: &'a [Feature],
    /// Channels the encoder takes.
    pub channels: &'a [Channels],
    /// Sample types the encoder takes.
    pub depths: &'a [Depth],
    /// Greatest width and height.
    pub largest: (u32, u32),
    /// Frames of an animation become pages when the target keeps pages but not animation.
    pub animation_as_pages: bool,
}

impl Target<'_> {
    /// A target that takes any picture as it is.
    pub const ANY: Target<'static> = Target {
        name: "raster",
        keeps: &[
            Feature::Alpha,
            Feature::Animation,
            Feature::BitDepth,
            Feature::ColourProfile,
            Feature::Colours,
            Feature::Inks,
            Feature::Metadata,
            Feature::Pages,
            Feature::Quality,
        ],
        channels: &[Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba, Channels::Cmyk],
        depths: &[Depth::U8, Depth::U16, Depth::F32],
        largest: (u32::MAX, u32::MAX),
        animation_as_pages: false,
    };

    /// Whether a feature arrives.
    pub fn keeps(&self, feature: Feature) -> bool {
        self.keeps.contains(&feature)
    }
}

/// What the user wishes about the reduction.
#[derive(Clone, Copy, Debug)]
pub struct Wishes {
    /// Colour under what was transparent.
    pub background: [u8; 4],
    /// Drop EXIF and XMP.
    pub strip_metadata: bool,
    /// Sample type asked for.
    pub depth: Option<Depth>,
}

impl Default for Wishes {
    fn default() -> Self {
        Wishes { background: [255; 4], strip_metadata: false, depth: None }
    }
}

/// Something that did not arrive, with a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// What.
    pub feature: Feature,
    /// Why and how.
    pub detail: String,
}

/// Brings a picture down to a target and returns what was lost. Afterwards the channels and sample types
/// are among those of the target, and there are no more frames than it keeps. Nothing the user asked to
/// drop is listed. Warnings (a profile that cannot be used) go to the step.
///
/// # Errors
///
/// `unsupported_conversion` when the picture is larger than the target can be; `cancelled`.
pub fn reduce(
    step: &Step<'_>,
    picture: &mut Picture,
    target: &Target<'_>,
    wishes: &Wishes,
) -> Result<Vec<Loss>> {
    let mut losses = Losses(Vec::new());
    for feature in std::mem::take(&mut picture.dropped) {
        losses.add(feature, dropped(feature, target));
    }
    reduce_frames(picture, target, &mut losses);
    check_size(picture, target)?;
    reduce_metadata(picture, target, wishes, &mut losses);
    let depth = target_depth(picture, target, wishes, &mut losses);
    let channels = target_channels(picture, target, &mut losses);
    let profile = usable_profile(step, picture);
    let inks = picture.frames.iter().any(|frame| frame.channels == Channels::Cmyk);
    let regrouped = picture.frames.iter().any(|frame| !same_group(frame.channels, channels));
    let flattened = depth == Depth::U8 && profile.as_ref().is_some_and(Profile::is_linear);
    let keep_profile =
        target.keeps(Feature::ColourProfile) && !regrouped && depth != Depth::F32 && !flattened;
    if !keep_profile {
        picture.metadata.icc = None;
        say_profile(profile.as_ref(), inks, target, &mut losses);
    }
    let convert = profile.filter(|profile| !keep_profile && !profile.is_srgb());
    let count = picture.frames.len() as u64;
    for (index, frame) in picture.frames.iter_mut().enumerate() {
        step.tick(index as u64, count)?;
        reduce_frame(frame, convert.as_ref(), channels, depth, wishes);
    }
    Ok(losses.0)
}

/// Says why something the decoder left out is not there.
fn dropped(feature: Feature, target: &Target<'_>) -> String {
    match feature {
        Feature::Animation => format!("{} holds one picture: the first frame was taken", target.name),
        Feature::Pages => format!("{} holds one picture: the first was taken", target.name),
        other => format!("{other} of the input cannot be carried over"),
    }
}

/// Collects losses, each feature once.
struct Losses(Vec<Loss>);

impl Losses {
    fn add(&mut self, feature: Feature, detail: impl Into<String>) {
        if self.0.iter().all(|loss| loss.feature != feature) {
            self.0.push(Loss { feature, detail: detail.into() });
        }
    }
}

fn reduce_frames(picture: &mut Picture, target: &Target<'_>, losses: &mut Losses) {
    let count = picture.frames.len();
    if count < 2 {
        return;
    }
    let (feature, word) = match picture.sequence {
        Sequence::Pages => (Feature::Pages, "pages"),
        _ => (Feature::Animation, "frames"),
    };
    if target.keeps(feature) {
        return;
    }
    if feature == Feature::Animation && target.animation_as_pages && target.keeps(Feature::Pages) {
        picture.sequence = Sequence::Pages;
        losses.add(feature, format!("{} has no timing: the {count} frames become pages", target.name));
        return;
    }
    picture.frames.truncate(1);
    picture.sequence = Sequence::Still;
    losses.add(feature, format!("{} holds one picture: the first of {count} {word} was taken", target.name));
}

fn check_size(picture: &Picture, target: &Target<'_>) -> Result<()> {
    let (width, height) = target.largest;
    match picture.frames.iter().find(|frame| frame.width > width || frame.height > height) {
        None => Ok(()),
        Some(frame) => Err(Error::unsupported(format!(
            "{} holds at most {width} by {height} pixels and the picture has {} by {}: set `width` or `height`",
            target.name, frame.width, frame.height
        ))),
    }
}

fn reduce_metadata(picture: &mut Picture, target: &Target<'_>, wishes: &Wishes, losses: &mut Losses) {
    let metadata = &mut picture.metadata;
    if wishes.strip_metadata {
        (metadata.exif, metadata.xmp) = (None, None);
    }
    if !target.keeps(Feature::Metadata) && (metadata.exif.is_some() || metadata.xmp.is_some()) {
        (metadata.exif, metadata.xmp) = (None, None);
        losses.add(Feature::Metadata, format!("{} has no place for EXIF or XMP", target.name));
    }
}

/// The depth all frames will have: the one asked for when the target has it, else the source's, else the
/// nearest the target has, deeper first.
fn target_depth(picture: &Picture, target: &Target<'_>, wishes: &Wishes, losses: &mut Losses) -> Depth {
    let has = picture.frames.iter().map(|frame| frame.samples.depth()).max().unwrap_or(Depth::U8);
    let asked = wishes.depth.filter(|depth| target.depths.contains(depth));
    let wanted = asked.unwrap_or(has);
    let deeper = target.depths.iter().copied().filter(|depth| *depth >= wanted).min();
    let depth = deeper.or_else(|| target.depths.iter().copied().max()).unwrap_or(Depth::U8);
    if depth < has && asked.is_none() {
        let bits = |depth| match depth {
            Depth::U8 => "8",
            Depth::U16 => "16",
            Depth::F32 => "32",
        };
        let bright = picture.frames.iter().any(exceeds_white);
        let also = if bright { ", and its brightest parts were toned down" } else { "" };
        losses.add(
            Feature::BitDepth,
            format!("{} bits a sample were rounded to {} for {}{also}", bits(has), bits(depth), target.name),
        );
    }
    depth
}

/// The channels all frames will have.
fn target_channels(picture: &Picture, target: &Target<'_>, losses: &mut Losses) -> Channels {
    let any = |test: fn(&Frame) -> bool| picture.frames.iter().any(test);
    let alpha = any(|frame| frame.channels.has_alpha());
    let inks = any(|frame| frame.channels == Channels::Cmyk);
    let grey = !any(|frame| !matches!(frame.channels, Channels::Grey | Channels::GreyAlpha));
    let takes = |channels| target.channels.contains(&channels);
    let all_inks = !any(|frame| frame.channels != Channels::Cmyk);
    if inks {
        if all_inks && takes(Channels::Cmyk) {
            return Channels::Cmyk;
        }
        losses.add(Feature::Inks, format!("{} has no inks: CMYK became RGB", target.name));
    }
    let preference: &[Channels] = match (grey, alpha) {
        (true, true) => &[Channels::GreyAlpha, Channels::Rgba, Channels::Grey, Channels::Rgb],
        (true, false) => &[Channels::Grey, Channels::Rgb, Channels::Rgba],
        (false, true) => &[Channels::Rgba, Channels::Rgb],
        (false, false) => &[Channels::Rgb, Channels::Rgba, Channels::Grey],
    };
    let channels = preference.iter().copied().find(|channels| takes(*channels)).unwrap_or(Channels::Rgb);
    if alpha && !channels.has_alpha() && !picture.frames.iter().all(is_opaque) {
        losses.add(
            Feature::Alpha,
            format!("{} has no transparency: it was filled with the background", target.name),
        );
    }
    channels
}

/// Whether a colour profile stays valid when channels become others.
fn same_group(from: Channels, to: Channels) -> bool {
    let group = |channels| match channels {
        Channels::Grey | Channels::GreyAlpha => 0,
        Channels::Rgb | Channels::Rgba => 1,
        Channels::Cmyk => 2,
    };
    group(from) == group(to)
}

/// The profile, when it can be read and fits the samples. One that cannot is dropped with a warning.
fn usable_profile(step: &Step<'_>, picture: &mut Picture) -> Option<Profile> {
    let bytes = picture.metadata.icc.as_deref()?;
    let channels = picture.frames.first()?.channels;
    let profile = Profile::parse(bytes).filter(|profile| profile.fits(channels));
    if profile.is_none() {
        step.warn("the embedded colour profile is broken or belongs to other channels, and was left out");
        picture.metadata.icc = None;
    }
    profile
}

fn say_profile(profile: Option<&Profile>, inks: bool, target: &Target<'_>, losses: &mut Losses) {
    let Some(profile) = profile.filter(|profile| inks || !profile.is_srgb()) else { return };
    let name = profile.name().unwrap_or_else(|| "without a name".into());
    losses.add(
        Feature::ColourProfile,
        format!("the colours were converted from the profile {name} to sRGB for {}", target.name),
    );
}

fn reduce_frame(
    frame: &mut Frame,
    convert: Option<&Profile>,
    channels: Channels,
    depth: Depth,
    wishes: &Wishes,
) {
    // Convert colours at the greater depth.
    if frame.samples.depth() < depth && depth != Depth::F32 {
        set_depth(frame, depth);
    }
    if let Some(profile) = convert {
        profile.to_srgb(frame);
    }
    if frame.channels.has_alpha() && !channels.has_alpha() {
        flatten(frame, wishes.background);
    }
    if frame.channels == Channels::Cmyk && channels != Channels::Cmyk {
        set_channels(frame, Channels::Rgb);
    }
    set_depth(frame, depth);
    set_channels(frame, channels);
}
