//! The picture all image plugins share: decoded frames with their colour profile and metadata, and the
//! operations that do not depend on a file format.
//!
//! Pictures pass between plugins as the internal format `raster` (see [`raster`]): a decoder of a heavy
//! or oddly licensed format is a plugin that writes `raster`, and reaches every target through the
//! plugin that encodes it.

mod metadata;
mod picture;
pub mod raster;

pub use metadata::{Metadata, Orientation};
pub use picture::{Channels, Frame, Picture, Samples, Sequence};
