//! Choosing, among the parts and channels of a file, those that make a picture.

use exr::meta::header::Header;
use formwork_image_pixels::Channels;
use formwork_sdk::{Error, Result};

/// The part to read and what its channels are.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Which part.
    pub(super) index: usize,
    pub(super) channels: Channels,
    /// For every channel of the part: its place in a pixel.
    pub(super) places: Vec<Option<usize>>,
    /// There are layers or channels that are left out.
    pub(super) more: bool,
}

impl Part {
    /// Finds the first part with a picture: red, green and blue, or luminance, those without a layer's
    /// name first; else any channel, shown as grey.
    pub(super) fn choose(headers: &[Header]) -> Result<Part> {
        let flat = || headers.iter().enumerate().filter(|(_, header)| !header.deep);
        let picture = flat().find_map(|(index, header)| Part::coloured(index, header));
        let any = || flat().find_map(|(index, header)| Part::first_channel(index, header));
        let mut part = picture.or_else(any).ok_or_else(|| {
            Error::unsupported("the OpenEXR file has deep data only, which cannot be read: flatten it first")
        })?;
        part.more = headers.len() > 1 || part.places.contains(&None);
        Ok(part)
    }

    fn coloured(index: usize, header: &Header) -> Option<Part> {
        let names: Vec<String> =
            header.channels.list.iter().map(|channel| channel.name.to_string()).collect();
        let mut layers: Vec<&str> = names.iter().map(|name| layer_of(name)).collect();
        layers.sort_by_key(|layer| !layer.is_empty());
        layers.into_iter().find_map(|layer| {
            let find = |wanted: &str| {
                names.iter().position(|name| {
                    layer_of(name) == layer
                        && name.get(layer.len()..).is_some_and(|name| name.eq_ignore_ascii_case(wanted))
                })
            };
            let rgb = [find("R"), find("G"), find("B")];
            let (channels, found) = match (rgb, find("Y"), find("A")) {
                ([Some(r), Some(g), Some(b)], _, Some(a)) => (Channels::Rgba, vec![r, g, b, a]),
                ([Some(r), Some(g), Some(b)], _, None) => (Channels::Rgb, vec![r, g, b]),
                (_, Some(y), Some(a)) => (Channels::GreyAlpha, vec![y, a]),
                (_, Some(y), None) => (Channels::Grey, vec![y]),
                _ => return None,
            };
            let place = |channel: usize| found.iter().position(|wanted| *wanted == channel);
            Some(Part { index, channels, places: (0..names.len()).map(place).collect(), more: false })
        })
    }

    fn first_channel(index: usize, header: &Header) -> Option<Part> {
        let count = header.channels.list.len();
        let places = (0..count).map(|channel| (channel == 0).then_some(0)).collect();
        (count > 0).then_some(Part { index, channels: Channels::Grey, places, more: false })
    }
}

/// What stands before a channel's own name, the last dot included.
fn layer_of(name: &str) -> &str {
    name.rfind('.').and_then(|dot| name.get(..=dot)).unwrap_or("")
}
