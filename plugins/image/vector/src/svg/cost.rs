//! Measures a tree before it is drawn.
//!
//! Drawing allocates a layer for each group that is faded, clipped, masked or filtered, a tile for each
//! pattern, and a bitmap for each picture inside; and a small tree can ask for the same layers again and
//! again. The walk here visits what drawing would visit, and adds up memory and work instead.

use super::parse::picture_size;
use formwork_sdk::{Error, Limits, Result};
use resvg::tiny_skia::Transform;
use resvg::usvg::filter::{Filter, Kind};
use resvg::usvg::{ClipPath, Group, Image, ImageKind, Mask, Node, Paint, Path, Tree};

/// Pixel operations a drawing may take: about ten seconds on one core.
pub(super) const MOST_WORK: f64 = 1e10;
/// Nodes visited, counting those drawn several times.
const MOST_VISITS: u64 = 4_000_000;
/// Layers reach at most so many canvases in each direction (resvg's own clamp).
const LAYER_SPAN: f64 = 5.0;

/// Adds up what drawing takes.
pub(super) struct Cost<'l> {
    limits: &'l Limits,
    /// Pixel operations so far.
    work: f64,
    visits: u64,
    /// Bytes of the layers that lie above one another at this point of the walk.
    held: f64,
}

/// What is drawn onto: sides of the bitmap, and of the largest layer.
#[derive(Clone, Copy)]
struct Surface {
    width: f64,
    height: f64,
    most_width: f64,
    most_height: f64,
}

impl Surface {
    fn new(width: f64, height: f64) -> Surface {
        Surface { width, height, most_width: width * LAYER_SPAN, most_height: height * LAYER_SPAN }
    }

    fn area(&self) -> f64 {
        self.width * self.height
    }
}

/// Checks a tree drawn at this scale onto a canvas of this size; returns its work.
///
/// # Errors
///
/// `limit_exceeded` (`memory`, `work`).
pub(super) fn check(tree: &Tree, transform: Transform, size: (u32, u32), limits: &Limits) -> Result<f64> {
    let surface = Surface::new(size.0.into(), size.1.into());
    let mut cost = Cost { limits, work: 0.0, visits: 0, held: 0.0 };
    cost.hold(surface.area() * 4.0, |cost| cost.nodes(tree.root(), transform, surface))?;
    Ok(cost.work)
}

impl Cost<'_> {
    /// Does work that needs so many more bytes, and gives them back.
    fn hold(&mut self, bytes: f64, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.held += bytes;
        if self.held > self.limits.memory as f64 {
            return Err(Error::limit("memory", self.held as u64, self.limits.memory));
        }
        work(self)?;
        self.held -= bytes;
        Ok(())
    }

    fn add(&mut self, work: f64) -> Result<()> {
        self.work += work.max(0.0);
        if self.work > MOST_WORK || self.work.is_nan() {
            let met = format!("about {:.0} pixel operations", self.work);
            return Err(Error::limit("work", met, format!("{MOST_WORK:.0} pixel operations")));
        }
        Ok(())
    }

    fn nodes(&mut self, group: &Group, transform: Transform, surface: Surface) -> Result<()> {
        for node in group.children() {
            self.visits += 1;
            if self.visits > MOST_VISITS {
                return Err(Error::limit("work", "more shapes", format!("{MOST_VISITS} shapes")));
            }
            match node {
                Node::Group(group) => self.group(group, transform, surface)?,
                Node::Path(path) => self.path(path, transform, surface)?,
                Node::Image(image) => self.image(image, transform, surface)?,
                Node::Text(text) => self.group(text.flattened(), transform, surface)?,
            }
        }
        Ok(())
    }

    fn group(&mut self, group: &Group, transform: Transform, surface: Surface) -> Result<()> {
        let transform = transform.pre_concat(group.transform());
        if !group.should_isolate() {
            return self.nodes(group, transform, surface);
        }
        let Some(bounds) = group.layer_bounding_box().transform(transform) else { return Ok(()) };
        let layer = Surface {
            width: (f64::from(bounds.width()) + 4.0).min(surface.most_width),
            height: (f64::from(bounds.height()) + 4.0).min(surface.most_height),
            ..surface
        };
        let bytes = layer.area() * 4.0;
        self.add(layer.area() * 2.0)?;
        self.hold(bytes, |cost| {
            cost.nodes(group, transform, layer)?;
            group.filters().iter().try_for_each(|filter| cost.filter(filter, transform, layer))?;
            group.clip_path().map_or(Ok(()), |clip| cost.clip(clip, transform, layer))?;
            group.mask().map_or(Ok(()), |mask| cost.mask(mask, transform, layer))
        })
    }

    fn clip(&mut self, clip: &ClipPath, transform: Transform, layer: Surface) -> Result<()> {
        self.add(layer.area() * 3.0)?;
        self.hold(layer.area() * 5.0, |cost| {
            cost.clipped(clip.root(), transform.pre_concat(clip.transform()), layer)?;
            clip.clip_path().map_or(Ok(()), |inner| cost.clip(inner, transform, layer))
        })
    }

    /// Inside a clip path every clipped group takes a bitmap of the whole layer.
    fn clipped(&mut self, group: &Group, transform: Transform, layer: Surface) -> Result<()> {
        self.nodes(group, transform, layer)?;
        for node in group.children() {
            if let Node::Group(inner) = node
                && inner.clip_path().is_some()
            {
                self.add(layer.area() * 2.0)?;
                self.hold(layer.area() * 4.0, |_| Ok(()))?;
            }
        }
        Ok(())
    }

    fn mask(&mut self, mask: &Mask, transform: Transform, layer: Surface) -> Result<()> {
        self.add(layer.area() * 4.0)?;
        self.hold(layer.area() * 6.0, |cost| {
            cost.nodes(mask.root(), transform, layer)?;
            mask.mask().map_or(Ok(()), |inner| cost.mask(inner, transform, layer))
        })
    }

    fn filter(&mut self, filter: &Filter, transform: Transform, layer: Surface) -> Result<()> {
        let bytes = layer.area() * 4.0 * (filter.primitives().len() as f64 + 3.0);
        self.hold(bytes, |cost| {
            for primitive in filter.primitives() {
                cost.add(layer.area() * weight(primitive.kind(), transform, layer))?;
                if let Kind::Image(image) = primitive.kind() {
                    cost.nodes(image.root(), transform, layer)?;
                }
            }
            Ok(())
        })
    }

    fn path(&mut self, path: &Path, transform: Transform, surface: Surface) -> Result<()> {
        let bounds = path.stroke_bounding_box().transform(transform);
        let area = bounds.map_or(0.0, |bounds| {
            f64::from(bounds.width()).min(surface.width) * f64::from(bounds.height()).min(surface.height)
        });
        let segments = path.data().len() as f64;
        self.add(area + segments * 50.0)?;
        if let Some(fill) = path.fill() {
            self.paint(fill.paint(), transform, surface)?;
        }
        let Some(stroke) = path.stroke() else { return Ok(()) };
        self.add(area + segments * 400.0 + dashes(path) * 800.0)?;
        self.paint(stroke.paint(), transform, surface)
    }

    /// A pattern is drawn onto a tile of its own, whatever that tile's size.
    fn paint(&mut self, paint: &Paint, transform: Transform, surface: Surface) -> Result<()> {
        let Paint::Pattern(pattern) = paint else { return Ok(()) };
        let (scale_x, scale_y) = transform.pre_concat(pattern.transform()).get_scale();
        let width = f64::from(pattern.rect().width()) * f64::from(scale_x);
        let height = f64::from(pattern.rect().height()) * f64::from(scale_y);
        let tile = Surface { width, height, ..surface };
        self.hold(tile.area() * 4.0, |cost| {
            cost.add(tile.area())?;
            cost.nodes(pattern.root(), Transform::from_scale(scale_x, scale_y), tile)
        })
    }

    fn image(&mut self, image: &Image, transform: Transform, surface: Surface) -> Result<()> {
        if let ImageKind::SVG(tree) = image.kind() {
            let inner = Surface::new(surface.width, surface.height);
            self.add(inner.area() * 2.0)?;
            return self.hold(inner.area() * 4.0, |cost| cost.nodes(tree.root(), transform, inner));
        }
        let pixels = picture_size(image.kind()).map_or(0.0, |(width, height)| width as f64 * height as f64);
        self.add(pixels * 20.0 + surface.area() * 10.0)?;
        self.hold(pixels * 8.0, |_| Ok(()))
    }
}

/// Operations a filter primitive takes for one pixel.
fn weight(kind: &Kind, transform: Transform, layer: Surface) -> f64 {
    let (scale_x, scale_y) = transform.get_scale();
    match kind {
        Kind::Turbulence(turbulence) => 100.0 * f64::from(turbulence.num_octaves().max(1)),
        Kind::ConvolveMatrix(convolve) => {
            8.0 * f64::from(convolve.matrix().columns()) * f64::from(convolve.matrix().rows())
        }
        Kind::Morphology(morphology) => {
            let columns = 2.0 * f64::from(morphology.radius_x().get()) * f64::from(scale_x);
            let rows = 2.0 * f64::from(morphology.radius_y().get()) * f64::from(scale_y);
            4.0 * columns.clamp(1.0, layer.width.max(1.0)) * rows.clamp(1.0, layer.height.max(1.0))
        }
        Kind::GaussianBlur(_) | Kind::DropShadow(_) => 40.0,
        Kind::DiffuseLighting(_) | Kind::SpecularLighting(_) => 80.0,
        _ => 20.0,
    }
}

/// Number of dashes a stroke is cut into, as far as the lengths between its points tell.
fn dashes(path: &Path) -> f64 {
    let Some(pattern) = path.stroke().and_then(|stroke| stroke.dasharray()) else { return 0.0 };
    let period: f64 = pattern.iter().map(|length| f64::from(*length)).sum::<f64>().max(1e-9);
    let points = path.data().points();
    let steps = points.iter().zip(points.iter().skip(1));
    let length: f64 = steps.map(|(a, b)| f64::from(a.distance(*b))).sum();
    (length / period * pattern.len() as f64).min(1e6)
}
