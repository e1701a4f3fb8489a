//! From a tree of shapes to pixels.

use super::size::{Canvas, Wish};
use formwork_image_pixels::{Channels, Frame, Samples};
use formwork_sdk::{Error, ErrorKind, Limits, Result};
use resvg::tiny_skia::{Color, Paint, Pixmap, PixmapMut, Transform};
use resvg::usvg::{self, Group, Node, Path, Tree};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What the thread that draws and the one that waits for it tell each other.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Nobody waits any longer.
    pub(super) stop: AtomicBool,
    /// Shapes drawn.
    pub(super) done: AtomicU64,
    /// Shapes in all, once known.
    pub(super) total: AtomicU64,
}

impl Shared {
    pub(super) fn check(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Cancelled, "the job was cancelled"));
        }
        Ok(())
    }
}

/// Draws a tree.
///
/// # Errors
///
/// `limit_exceeded` (`side`, `pixels`, `memory`, `work`); `cancelled`.
pub(super) fn draw(tree: &Tree, wish: &Wish, limits: &Limits, shared: &Shared) -> Result<Frame> {
    let canvas = wish.canvas(tree.size(), limits)?;
    let transform = Transform::from_scale(canvas.scale_x, canvas.scale_y);
    super::cost::check(tree, transform, (canvas.width, canvas.height), limits)?;
    let mut pixmap = allocate(&canvas, limits)?;
    if let Some([red, green, blue, alpha]) = wish.background {
        pixmap.fill(Color::from_rgba8(red, green, blue, alpha));
    }
    if needs_one_go(tree.root()) {
        resvg::render(tree, transform, &mut pixmap.as_mut());
    } else {
        shared.total.store(count(tree.root()), Ordering::Relaxed);
        nodes(tree.root(), transform, &mut pixmap.as_mut(), shared)?;
    }
    shared.check()?;
    frame(pixmap)
}

fn allocate(canvas: &Canvas, limits: &Limits) -> Result<Pixmap> {
    let bytes = u64::from(canvas.width) * u64::from(canvas.height) * 4;
    Pixmap::new(canvas.width, canvas.height).ok_or_else(|| Error::limit("memory", bytes, limits.memory))
}

/// Draws shape by shape, so that it can stop between two.
fn nodes(group: &Group, transform: Transform, pixmap: &mut PixmapMut<'_>, shared: &Shared) -> Result<()> {
    for node in group.children() {
        shared.check()?;
        match node {
            Node::Group(inner) if !inner.should_isolate() => {
                nodes(inner, transform.pre_concat(inner.transform()), pixmap, shared)?;
            }
            Node::Path(path) if is_line(path) => line(path, transform, pixmap),
            node => one(node, transform, pixmap),
        }
        shared.done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Draws one node where it belongs; the library's function would move it to the upper left corner.
fn one(node: &Node, transform: Transform, pixmap: &mut PixmapMut<'_>) {
    if let Some(bounds) = node.abs_layer_bounding_box() {
        let _ = resvg::render_node(node, transform.pre_translate(bounds.x(), bounds.y()), pixmap);
    }
}

/// A path without width or height, which [`resvg::render_node`] leaves out.
fn is_line(path: &Path) -> bool {
    path.abs_bounding_box().to_non_zero_rect().is_none()
}

/// Strokes a straight line in one colour; other paints make [`needs_one_go`] true.
fn line(path: &Path, transform: Transform, pixmap: &mut PixmapMut<'_>) {
    let Some(stroke) = path.stroke().filter(|_| path.is_visible()) else { return };
    let usvg::Paint::Color(colour) = stroke.paint() else { return };
    let mut paint = Paint { anti_alias: path.rendering_mode().use_shape_antialiasing(), ..Paint::default() };
    paint.set_color_rgba8(colour.red, colour.green, colour.blue, stroke.opacity().to_u8());
    pixmap.stroke_path(path.data(), &paint, &stroke.to_tiny_skia(), transform, None);
}

/// Whether there are straight lines painted with gradients or patterns, which only drawing the tree as
/// a whole gets right.
fn needs_one_go(group: &Group) -> bool {
    group.children().iter().any(|node| match node {
        Node::Group(inner) => !inner.should_isolate() && needs_one_go(inner),
        Node::Path(path) => {
            is_line(path)
                && path.stroke().is_some_and(|stroke| !matches!(stroke.paint(), usvg::Paint::Color(_)))
        }
        Node::Image(_) | Node::Text(_) => false,
    })
}

fn count(group: &Group) -> u64 {
    let inner = |node: &Node| match node {
        Node::Group(inner) if !inner.should_isolate() => 1 + count(inner),
        _ => 1,
    };
    group.children().iter().map(inner).sum()
}

/// Takes the pixels out; without the alpha channel when nothing shows through.
fn frame(pixmap: Pixmap) -> Result<Frame> {
    let (width, height) = (pixmap.width(), pixmap.height());
    let mut samples = pixmap.take_demultiplied();
    let opaque = samples.as_chunks::<4>().0.iter().all(|pixel| pixel[3] == 255);
    let channels = if opaque { Channels::Rgb } else { Channels::Rgba };
    if opaque {
        drop_alpha(&mut samples);
    }
    Frame::new(width, height, channels, Samples::U8(samples))
        .ok_or_else(|| Error::new(ErrorKind::Internal, "the drawing's pixels do not fill its size"))
}

fn drop_alpha(samples: &mut Vec<u8>) {
    let pixels = samples.len() / 4;
    for pixel in 0..pixels {
        samples.copy_within(pixel * 4..pixel * 4 + 3, pixel * 3);
    }
    samples.truncate(pixels * 3);
    samples.shrink_to_fit();
}
