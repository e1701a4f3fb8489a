//! From a decoded picture to one that an encoder takes: the operations of the step, the user's options,
//! and what the target cannot hold.

use crate::crop::{Crop, crop};
use crate::depth::Depth;
use crate::mark::{Letters, Mark, lay};
use crate::reduce::{Target, Wishes, reduce};
use crate::resize::{Fit, Original, Resize, resize_from};
use crate::{Pages, Picture, Sequence, orient};
use formwork_sdk::{Feature, Operation, OptionSpec, Options, Result, Step, Value, json, options::option};

/// Longest side of a thumbnail when no size is given.
const THUMBNAIL: u32 = 256;

/// The options every image target takes.
pub fn common_options() -> Vec<OptionSpec> {
    vec![
        option("width"),
        option("height"),
        option("fit").with_default("max"),
        option("background").with_default("#ffffff"),
        option("strip_metadata").with_default(false),
        option("pages"),
    ]
}

/// The options of size of what is drawn at the wanted size, not resized afterwards; `what` is drawn.
pub fn drawing_options(what: &str) -> Vec<OptionSpec> {
    let side = format!("in pixels; {what} is drawn at this size, not resized afterwards.");
    vec![
        option("width").with_summary(&format!("Width of the result {side}")),
        option("height").with_summary(&format!("Height of the result {side}")),
        option("fit").with_default("max").with_summary(
            "How width and height are met: max and pad draw as large as fits inside, crop as small as \
             covers, scale stretches.",
        ),
    ]
}

/// The options of the operation `crop`.
pub fn crop_options() -> Vec<OptionSpec> {
    vec![option("x"), option("y"), option("width"), option("height")]
}

/// One change of the pixels.
#[derive(Clone, Debug, PartialEq)]
enum Change {
    Cut(Crop),
    Lay(Mark),
    /// With the colour of borders.
    Scale(Resize, [u8; 4]),
}

/// The operations of a step, read once.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    list: Vec<Change>,
    /// Only the first frame is wanted, whatever the target holds.
    pub first_frame_only: bool,
    /// Frames or pages that are wanted; `None` for all.
    pub pages: Option<Pages>,
    /// Colour for borders and under transparency.
    pub wishes: Wishes,
    /// Draws the texts of watermarks; only who offers that operation needs it.
    pub letters: Option<Letters>,
    /// Watermarks that bring a picture along.
    pictures: usize,
}

impl Changes {
    /// Reads the step's operations: `crop`, `thumbnail` and `watermark` as they come, then width, height and fit of the
    /// conversion itself.
    pub fn of(step: &Step<'_>) -> Changes {
        let mut changes = Changes::default();
        for operation in step.operations() {
            changes.add(&operation);
        }
        changes
    }

    fn add(&mut self, operation: &Operation<'_>) {
        let options = operation.options();
        let background = options.colour("background").unwrap_or(self.wishes.background);
        self.wishes.background = background;
        let scale = |wish| Change::Scale(wish, background);
        match operation.name() {
            "crop" => self.list.push(Change::Cut(Crop::from_options(&options))),
            "watermark" => self.list.push(Change::Lay(Mark::from_options(&options, &mut self.pictures))),
            "thumbnail" => {
                let side = Some(THUMBNAIL);
                let small = Resize { width: side, height: side, fit: Fit::Max };
                self.list.push(scale(Resize::from_options(&options).unwrap_or(small)));
                self.first_frame_only = true;
            }
            _ => self.list.extend(Resize::from_options(&options).map(scale)),
        }
        self.pages = options.text("pages").and_then(Pages::parse).or(self.pages.take());
        self.wishes.strip_metadata |= options.flag("strip_metadata");
        self.wishes.depth = depth_of(&options).or(self.wishes.depth);
    }

    /// True when the pixels stay as they are, at their places.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The size a picture that is `width` by `height` when upright will be scaled to by the first change;
    /// a decoder may deliver it at any size from there up. `None` when it is not scaled down or when
    /// places in full pixels matter first.
    pub fn at_least(&self, width: u32, height: u32) -> Option<(u32, u32)> {
        let Some(Change::Scale(resize, _)) = self.list.first() else { return None };
        let place = resize.place(width, height);
        // What a crop cuts away must be there too: scale the whole picture alike.
        let (_, _, used_width, used_height) = place.source;
        let whole =
            |scaled: u32, used: f64, full: u32| (f64::from(scaled) * f64::from(full) / used).ceil() as u32;
        let least = (whole(place.scaled.0, used_width, width), whole(place.scaled.1, used_height, height));
        (least.0 < width && least.1 < height).then_some(least)
    }
}

/// Depth asked for by `color_depth`; palettes (below 8) are 8 bits until the encoder has counted colours.
fn depth_of(options: &Options<'_>) -> Option<Depth> {
    match options.integer("color_depth")? {
        ..=8 => Some(Depth::U8),
        9..=16 => Some(Depth::U16),
        _ => Some(Depth::F32),
    }
}

/// Turns a decoded picture upright, applies the step's operations, and brings it down to the target.
/// Losses go to the step. `original` tells of a picture that was decoded smaller than it is.
///
/// # Errors
///
/// `invalid_request` for a cut outside the picture or a watermark of nothing; `unsupported_conversion` for a picture larger than the
/// target can be; `limit_exceeded`; `cancelled`.
pub fn prepare(
    step: &Step<'_>,
    picture: &mut Picture,
    target: &Target<'_>,
    changes: &Changes,
    mut original: Option<Original>,
) -> Result<()> {
    picture.check(step)?;
    if let Some(pages) = &changes.pages {
        pages.select(picture)?;
    }
    if changes.first_frame_only && picture.frames.len() > 1 {
        picture.frames.truncate(1);
        picture.sequence = Sequence::Still;
    }
    orient(picture);
    for change in &changes.list {
        match change {
            Change::Cut(wish) => crop(picture, wish)?,
            Change::Lay(mark) => lay(step, picture, mark, changes.letters)?,
            Change::Scale(wish, background) => {
                resize_from(step, picture, wish, *background, original.take())?;
            }
        }
    }
    for loss in reduce(step, picture, target, &changes.wishes)? {
        step.lose(loss.feature, loss.detail);
    }
    Ok(())
}

/// The facts of what was written, for [`Step::report`].
pub fn facts(picture: &Picture) -> Value {
    let (width, height) = picture.frames.first().map_or((0, 0), crate::Frame::size);
    json!({ "width": width, "height": height, "frames": picture.frames.len() })
}

/// Says that a lossy target changes samples.
pub fn lose_quality(step: &Step<'_>, name: &str, quality: i64) {
    step.lose(Feature::Quality, format!("re-encoded as {name} at quality {quality}"));
}
