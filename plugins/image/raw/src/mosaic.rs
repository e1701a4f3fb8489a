//! Full colours from a sensor that sees one of them in each place, band by band.
//!
//! The demosaicing itself is `rawler`'s; bands with a margin around them keep memory at the size of the
//! sensor's picture and of the result.

use formwork_sdk::{Error, Result};
use rawler::RawImage;
use rawler::RawImageData;
use rawler::imgop::sensor::bayer::bilinear::Bilinear4Channel;
use rawler::imgop::sensor::bayer::ppg::PPGDemosaic;
use rawler::imgop::sensor::xtrans::bilinear::XTransBilinearDemosaic;
use rawler::imgop::sensor::{Demosaic, SensorType};
use rawler::imgop::{Dim2, Point, Rect};
use rawler::pixarray::PixF32;
use rawler::rawimage::{CFAConfig, RawPhotometricInterpretation};

/// Pixels around a band that are computed and thrown away: more than the demosaicing looks at.
const MARGIN: usize = 8;
/// Least width and height the demosaicing works on.
const LEAST: usize = 16;

/// What makes a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planes {
    /// Brightness alone.
    Grey,
    /// So many colours of the camera.
    Colours(usize),
}

/// A sensor's picture, seen through the part of it that is shown.
pub(crate) struct Mosaic<'i> {
    image: &'i RawImage,
    filter: Option<&'i CFAConfig>,
    area: Rect,
    /// The part that is shown.
    pub(crate) shown: Rect,
    /// What its pixels are made of.
    pub(crate) planes: Planes,
}

impl<'i> Mosaic<'i> {
    /// Looks at a decoded sensor.
    pub(crate) fn of(image: &'i RawImage) -> Result<Mosaic<'i>> {
        let whole = Rect::new(Point::zero(), Dim2::new(image.width, image.height));
        let inside = |part: Option<Rect>, whole: Rect| part.and_then(|part| intersection(part, whole));
        let area = inside(image.active_area, whole).unwrap_or(whole);
        let shown = inside(image.crop_area, area).unwrap_or(area);
        let samples = match &image.data {
            RawImageData::Integer(samples) => samples.len(),
            RawImageData::Float(samples) => samples.len(),
        };
        let wanted = image.width.checked_mul(image.height).and_then(|pixels| pixels.checked_mul(image.cpp));
        if samples == 0 || wanted.is_none_or(|wanted| samples < wanted) {
            return Err(Error::corrupt("the sensor's picture is incomplete"));
        }
        if image.fuji_rotation_width.is_some() {
            return Err(Error::unsupported("the sensor is turned by 45 degrees"));
        }
        let filter = match &image.photometric {
            RawPhotometricInterpretation::Cfa(filter) if image.cpp == 1 => Some(filter),
            _ => None,
        };
        let planes = match (filter, image.cpp) {
            (Some(filter), _) if filter.cfa.is_rgb() => Planes::Colours(3),
            (Some(filter), _) if filter.cfa.unique_colors() == 4 && filter.sensor == SensorType::Bayer => {
                Planes::Colours(4)
            }
            (None, 1) => Planes::Grey,
            (None, 3) => Planes::Colours(3),
            _ => return Err(Error::unsupported("the sensor's colour filter is of an unknown kind")),
        };
        if filter.is_some() && (area.width() < LEAST || area.height() < LEAST) {
            return Err(Error::unsupported("the sensor's picture is too small to be developed"));
        }
        Ok(Mosaic { image, filter, area, shown, planes })
    }

    /// Computes rows of the shown part, given from its top: camera colours from 0 to 1, and a bit above
    /// where the sensor reaches beyond its white.
    pub(crate) fn rows(&self, from: usize, count: usize) -> Vec<[f32; 4]> {
        let (top, left) = (self.shown.y() + from, self.shown.x());
        let wanted = Rect::new(Point::new(left, top), Dim2::new(self.shown.width(), count));
        let Some(filter) = self.filter else { return self.plain(wanted) };
        let (y, height) = widened(top, count, self.area.y(), self.area.height());
        let (x, width) = widened(left, self.shown.width(), self.area.x(), self.area.width());
        let pixels = PixF32::new_with(self.levelled(x, y, width, height), width, height);
        let cfa = filter.cfa.shift(x % filter.cfa.width.max(1), y % filter.cfa.height.max(1));
        let band = Rect::new(Point::zero(), Dim2::new(width, height));
        let inner = Rect::new(Point::new(left - x, top - y), wanted.d);
        let three = |[r, g, b]: [f32; 3]| [r, g, b, 0.0];
        match (self.planes, filter.sensor) {
            (Planes::Colours(4), _) => {
                let colours = Bilinear4Channel::new().demosaic(&pixels, &cfa, &filter.colors, band);
                cut(&colours.data, width, inner, |pixel| pixel)
            }
            (_, SensorType::Xtrans) => {
                let colours = XTransBilinearDemosaic::new().demosaic(&pixels, &cfa, &filter.colors, band);
                cut(&colours.data, width, inner, three)
            }
            (_, SensorType::Bayer) => {
                let colours = PPGDemosaic::new().demosaic(&pixels, &cfa, &filter.colors, band);
                cut(&colours.data, width, inner, three)
            }
        }
    }

    /// Pixels whose colours are complete already.
    fn plain(&self, wanted: Rect) -> Vec<[f32; 4]> {
        let samples = self.levelled(wanted.x(), wanted.y(), wanted.width(), wanted.height());
        let pixel = |samples: &[f32]| {
            let mut pixel = [0.0; 4];
            for (to, from) in pixel.iter_mut().zip(samples) {
                *to = *from;
            }
            pixel
        };
        samples.chunks_exact(self.image.cpp).map(pixel).collect()
    }

    /// Samples between black at 0 and white at 1.
    fn levelled(&self, x: usize, y: usize, width: usize, height: usize) -> Vec<f32> {
        let (image, cpp) = (self.image, self.image.cpp);
        let mut samples = Vec::with_capacity(width * height * cpp);
        for row in y..y + height {
            let range = (row * image.width + x) * cpp..(row * image.width + x + width) * cpp;
            let level = |index: usize, value: f32| {
                let (column, plane) = (x + index / cpp, index % cpp);
                let (black, white) = (self.black(row, column, plane), self.white(row, column, plane));
                ((value - black) / (white - black).max(f32::MIN_POSITIVE)).max(0.0)
            };
            match &image.data {
                RawImageData::Integer(data) => {
                    let row = data.get(range).unwrap_or(&[]).iter().enumerate();
                    samples.extend(row.map(|(index, value)| level(index, f32::from(*value))));
                }
                RawImageData::Float(data) => {
                    let row = data.get(range).unwrap_or(&[]).iter().enumerate();
                    samples.extend(row.map(|(index, value)| level(index, *value)));
                }
            }
        }
        samples
    }

    fn black(&self, row: usize, column: usize, plane: usize) -> f32 {
        let black = &self.image.blacklevel;
        let place = (row % black.height.max(1)) * black.width + column % black.width.max(1);
        let level = black.levels.get(place * black.cpp + plane).or_else(|| black.levels.first());
        level.map_or(0.0, |level| level.as_f32()).max(0.0)
    }

    fn white(&self, row: usize, column: usize, plane: usize) -> f32 {
        let white = &self.image.whitelevel.0;
        let place = match white.len() {
            4 if self.image.cpp == 1 => (row % 2) * 2 + column % 2,
            _ => plane,
        };
        white.get(place).or_else(|| white.first()).map_or(65_535.0, |level| *level as f32)
    }
}

fn intersection(part: Rect, whole: Rect) -> Option<Rect> {
    let (left, top) = (part.x().max(whole.x()), part.y().max(whole.y()));
    let right = part.x().saturating_add(part.width()).min(whole.x() + whole.width());
    let lower = part.y().saturating_add(part.height()).min(whole.y() + whole.height());
    (left < right && top < lower)
        .then(|| Rect::new(Point::new(left, top), Dim2::new(right - left, lower - top)))
}

/// A stretch with margins on both sides, at least [`LEAST`] long, within the bounds.
fn widened(start: usize, length: usize, bound: usize, room: usize) -> (usize, usize) {
    let end = (start + length + MARGIN).min(bound + room);
    let start = start.saturating_sub(MARGIN).max(bound);
    if end - start >= LEAST {
        return (start, end - start);
    }
    let end = (start + LEAST).min(bound + room);
    let start = end.saturating_sub(LEAST).max(bound);
    (start, end - start)
}

/// Takes a part out of a picture.
fn cut<const N: usize>(
    pixels: &[[f32; N]],
    width: usize,
    part: Rect,
    pixel: impl Fn([f32; N]) -> [f32; 4],
) -> Vec<[f32; 4]> {
    let rows = pixels.chunks_exact(width).skip(part.y()).take(part.height());
    rows.flat_map(|row| row.iter().skip(part.x()).take(part.width())).map(|found| pixel(*found)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_stay_inside() {
        assert_eq!(widened(100, 64, 0, 1_000), (92, 80));
        assert_eq!(widened(0, 64, 0, 1_000), (0, 72));
        assert_eq!(widened(999, 1, 0, 1_000), (984, 16));
        assert_eq!(widened(40, 1, 40, 16), (40, 16));
    }

    #[test]
    fn parts_outside_are_cut() {
        let rect = |x, y, w, h| Rect::new(Point::new(x, y), Dim2::new(w, h));
        assert_eq!(intersection(rect(5, 5, 100, usize::MAX), rect(0, 0, 20, 10)), Some(rect(5, 5, 15, 5)));
        assert_eq!(intersection(rect(20, 0, 5, 5), rect(0, 0, 20, 10)), None);
    }
}
