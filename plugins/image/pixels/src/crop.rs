//! Cutting a rectangle out of pictures.

use crate::{Frame, Picture, Samples, exif};
use formwork_sdk::{Error, Options, Result};

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Pixels in a row; `None` reaches to the right edge.
    pub width: Option<u32>,
    /// Rows; `None` reaches to the lower edge.
    pub height: Option<u32>,
}

impl Crop {
    /// Reads `x`, `y`, `width` and `height`.
    pub fn from_options(options: &Options<'_>) -> Crop {
        Crop {
            x: options.get("x").unwrap_or(0),
            y: options.get("y").unwrap_or(0),
            width: options.get("width"),
            height: options.get("height"),
        }
    }

    /// Limits the rectangle to a picture of this size.
    fn within(&self, width: u32, height: u32) -> Result<(usize, usize, usize, usize)> {
        if self.x >= width || self.y >= height {
            return Err(Error::invalid(format!(
                "the cut begins at {}, {}, outside the picture of {width} by {height} pixels",
                self.x, self.y
            )));
        }
        let (right, lower) = (width - self.x, height - self.y);
        let cut_width = self.width.map_or(right, |value| value.clamp(1, right));
        let cut_height = self.height.map_or(lower, |value| value.clamp(1, lower));
        Ok((self.x as usize, self.y as usize, cut_width as usize, cut_height as usize))
    }
}

/// Cuts the rectangle out of every frame. What reaches beyond the picture is left away.
///
/// # Errors
///
/// `invalid_request` when the rectangle lies outside the picture.
pub fn crop(picture: &mut Picture, wish: &Crop) -> Result<()> {
    for frame in &mut picture.frames {
        let cut = wish.within(frame.width, frame.height)?;
        if (cut.2, cut.3) == (frame.width as usize, frame.height as usize) {
            continue;
        }
        let (row, count) = (frame.width as usize, frame.channels.count());
        frame.samples = match &frame.samples {
            Samples::U8(samples) => Samples::U8(rows(samples, row, count, cut)),
            Samples::U16(samples) => Samples::U16(rows(samples, row, count, cut)),
            Samples::F32(samples) => Samples::F32(rows(samples, row, count, cut)),
        };
        (frame.width, frame.height) = (cut.2 as u32, cut.3 as u32);
        if let Some(block) = &mut picture.metadata.exif {
            exif::unlink_thumbnail(block);
        }
    }
    Ok(())
}

fn rows<T: Copy>(
    samples: &[T],
    row: usize,
    count: usize,
    (x, y, width, height): (usize, usize, usize, usize),
) -> Vec<T> {
    let mut cut = Vec::with_capacity(width * height * count);
    for line in samples.chunks_exact(row * count).skip(y).take(height) {
        cut.extend_from_slice(line.get(x * count..(x + width) * count).unwrap_or(&[]));
    }
    cut
}

impl Frame {
    /// The size of the frame.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Channels;

    #[test]
    fn cuts_and_limits() {
        let frame = Frame::new(3, 2, Channels::Grey, Samples::U8(vec![1, 2, 3, 4, 5, 6])).unwrap();
        let mut picture = Picture::still(frame);
        crop(&mut picture, &Crop { x: 1, y: 0, width: Some(9), height: Some(1) }).unwrap();
        assert_eq!(picture.frames[0].samples, Samples::U8(vec![2, 3]));
        assert!(crop(&mut picture, &Crop { x: 2, y: 0, width: None, height: None }).is_err());
    }
}
