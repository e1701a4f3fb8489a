//! The picture all image plugins share: decoded frames with their colour profile and metadata, and the
//! operations that do not depend on a file format.
//!
//! Pictures pass between plugins as the internal format `raster` (see [`raster`]): a decoder of a heavy
//! or oddly licensed format is a plugin that writes `raster`, and reaches every target through the
//! plugin that encodes it.
//!
//! An encoder's way: decode to a [`Picture`], read the step's wishes with [`Changes::of`], let [`prepare`]
//! turn, cut, scale and [`reduce`] it to a [`Target`], encode, and tell [`facts`] to the step. Each stage
//! can be had alone.

mod channels;
mod colour;
mod crop;
mod depth;
pub mod exif;
mod icc;
mod mark;
mod metadata;
mod orient;
mod pages;
mod picture;
mod prepare;
pub mod raster;
mod reduce;
mod resize;

pub use channels::{flatten, is_opaque, set_channels};
pub use colour::{from_linear, to_linear};
pub use crop::{Crop, crop};
pub use depth::{Depth, set_depth};
pub use icc::Profile;
pub use mark::{Letters, Mark, mark_options};
pub use metadata::{Metadata, Orientation};
pub use orient::{orient, turn};
pub use pages::Pages;
pub use picture::{Channels, Frame, Picture, Samples, Sequence};
pub use prepare::{Changes, common_options, crop_options, drawing_options, facts, lose_quality, prepare};
pub use reduce::{Loss, Target, Wishes, reduce};
pub use resize::{Fit, Original, Placement, Resize, resize};
