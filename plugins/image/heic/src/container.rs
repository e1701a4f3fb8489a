//! What a HEIC file says of its primary picture, before any of it is decoded.

use crate::cicp::Cicp;
use crate::isobmff::boxes::{ColorInfo, Property};
use crate::isobmff::{HeifFile, ItemId};
use crate::turn::Turn;
use crate::{broken, guard};
use formwork_image_pixels::{Metadata, Orientation, exif};
use formwork_sdk::{Error, Result, Step};

/// Part of a picture: left, top, width, height.
pub(crate) type Rectangle = (u32, u32, u32, u32);

/// How the pixels of one item are stored: one coded picture, or a grid of equal ones.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Size of the whole, as stored.
    pub(crate) size: (u32, u32),
    /// Size of one tile; the last column and row may stand over.
    pub(crate) tile: (u32, u32),
    /// Tiles in a row.
    pub(crate) columns: u32,
    /// The coded items, row by row.
    pub(crate) tiles: Vec<ItemId>,
    /// Bits a sample.
    pub(crate) depth: u8,
}

/// How stored pixels become the picture that is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// The part that is kept, cut before the turn.
    pub(crate) cut: Option<Rectangle>,
    /// The turn.
    pub(crate) orientation: Orientation,
}

/// The primary picture.
pub(crate) struct Still<'f, 'b> {
    /// The parsed container.
    pub(crate) file: &'f HeifFile<'b>,
    /// Its item.
    pub(crate) id: ItemId,
}

impl<'f, 'b> Still<'f, 'b> {
    /// Looks up the primary picture.
    pub(crate) fn primary(file: &'f HeifFile<'b>) -> Still<'f, 'b> {
        Still { file, id: file.primary_id }
    }

    fn properties(&self, id: ItemId) -> Result<impl Iterator<Item = &'f Property>> {
        self.file.item_properties(id).map_err(broken)
    }

    /// The size the file states, as stored.
    pub(crate) fn size(&self) -> Result<(u32, u32)> {
        let stated = self.file.image_size(self.id).map_err(broken)?;
        stated.ok_or_else(|| Error::corrupt("the picture does not state its size"))
    }

    /// Bits a sample of an item or, for a grid, of its first tile.
    pub(crate) fn depth(&self, id: ItemId) -> Result<u8> {
        let depth_of = |id| -> Result<Option<u8>> {
            let config = self.file.hevc_config(id).map_err(broken)?;
            Ok(config.map(|config| config.bit_depth_luma.max(config.bit_depth_chroma)))
        };
        match (depth_of(id)?, self.file.referenced_items(id, b"dimg").first()) {
            (Some(depth), _) => Ok(depth),
            (None, Some(first)) => Ok(depth_of(*first)?.unwrap_or(8)),
            (None, None) => Ok(8),
        }
    }

    /// How the pixels of an item are stored; `None` when they are put together in another way than one
    /// picture or a grid of plain pictures.
    pub(crate) fn layout(&self, id: ItemId) -> Result<Option<Layout>> {
        match &self.file.item(id).map_err(broken)?.item_type.0 {
            b"hvc1" => {
                let Some(size) = self.file.image_size(id).map_err(broken)? else { return Ok(None) };
                let depth = self.depth(id)?;
                Ok(Some(Layout { size, tile: size, columns: 1, tiles: vec![id], depth }))
            }
            b"grid" => self.grid(id),
            b"iovl" | b"iden" => Ok(None),
            b"av01" => Err(Error::corrupt("the picture is coded as AV1; name it with input_format avif")),
            other => {
                let name = other.escape_ascii();
                Err(Error::corrupt(format!("the picture is of the kind `{name}`, which is not known")))
            }
        }
    }

    fn grid(&self, id: ItemId) -> Result<Option<Layout>> {
        let grid = self.file.grid(id).map_err(broken)?;
        let tiles = self.file.referenced_items(id, b"dimg").to_vec();
        let (columns, rows) = (u32::from(grid.columns), u32::from(grid.rows));
        if tiles.len() as u32 != columns * rows {
            return Err(Error::corrupt("the grid does not have as many tiles as it says"));
        }
        for tile in &tiles {
            if !self.is_plain(*tile)? {
                return Ok(None);
            }
        }
        let Some(&first) = tiles.first() else { return Ok(None) };
        let Some(tile) = self.file.image_size(first).map_err(broken)? else { return Ok(None) };
        let size = (grid.output_width, grid.output_height);
        // Each tile shows at least in part, and no part of the picture is left out (ISO/IEC 23008-12).
        let fits = |count: u32, tile: u32, whole: u32| {
            let (count, tile, whole) = (u64::from(count), u64::from(tile), u64::from(whole));
            count * tile >= whole && (count - 1) * tile < whole
        };
        if !fits(columns, tile.0, size.0) || !fits(rows, tile.1, size.1) {
            return Err(Error::corrupt("the tiles of the grid do not fit the picture"));
        }
        Ok(Some(Layout { size, tile, columns, tiles, depth: self.depth(id)? }))
    }

    /// Whether an item is one coded picture, shown as stored and without alpha.
    fn is_plain(&self, id: ItemId) -> Result<bool> {
        let item = self.file.item(id).map_err(broken)?;
        let turns = self.properties(id)?.any(|property| {
            matches!(property, Property::CleanAperture { .. } | Property::Rotation(1..) | Property::Mirror(_))
        });
        Ok(item.item_type.0 == *b"hvc1" && !turns)
    }

    /// How the stored pixels become the shown picture; `None` when the order of cut and turn is odd.
    pub(crate) fn geometry(&self) -> Result<Option<Geometry>> {
        let size = self.size()?;
        let (mut cut, mut turn) = (None, Turn::default());
        for property in self.properties(self.id)? {
            match property {
                Property::Rotation(quarters) => turn.rotate_left(*quarters),
                Property::Mirror(top_bottom) => turn.mirror(*top_bottom),
                Property::CleanAperture { width, height, horiz_offset, vert_offset } => {
                    if cut.is_some() || turn != Turn::default() {
                        return Ok(None);
                    }
                    let columns = aperture(size.0, *width, *horiz_offset)?;
                    let rows = aperture(size.1, *height, *vert_offset)?;
                    cut = Some((columns.0, rows.0, columns.1, rows.1));
                }
                _ => {}
            }
        }
        Ok(Some(Geometry { cut, orientation: turn.orientation() }))
    }

    /// The item that holds alpha.
    pub(crate) fn alpha(&self) -> Result<Option<ItemId>> {
        self.auxiliary(|kind| {
            matches!(kind, "urn:mpeg:hevc:2015:auxid:1" | "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")
        })
    }

    /// Whether the colours are multiplied with alpha already.
    pub(crate) fn premultiplied(&self) -> bool {
        !self.file.referenced_items(self.id, b"prem").is_empty()
    }

    /// An auxiliary item of a kind.
    pub(crate) fn auxiliary(&self, wanted: impl Fn(&str) -> bool) -> Result<Option<ItemId>> {
        for id in self.file.referencing_items(self.id, b"auxl") {
            let fits =
                |property: &Property| matches!(property, Property::AuxiliaryType(kind) if wanted(kind));
            if self.properties(id)?.any(fits) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Whether the file holds a map that makes highlights brighter on HDR screens.
    pub(crate) fn has_gain_map(&self) -> Result<bool> {
        let iso = self.file.items.iter().any(|item| item.item_type.0 == *b"tmap");
        Ok(iso || self.auxiliary(|kind| kind.ends_with(":hdrgainmap"))?.is_some())
    }

    /// Number of further pictures that are no part of this one.
    pub(crate) fn others(&self) -> usize {
        let is_rendition = |id: &ItemId| self.file.item(*id).is_ok_and(|item| item.item_type.0 == *b"tmap");
        let ids = self.file.top_level_image_ids();
        ids.iter().filter(|id| **id != self.id && !is_rendition(id)).count()
    }

    /// The first property of the item, or else of a grid's first tile, that `pick` takes.
    fn inherited<T>(&self, pick: impl Fn(&'f Property) -> Option<T>) -> Result<Option<T>> {
        if let Some(own) = self.properties(self.id)?.find_map(&pick) {
            return Ok(Some(own));
        }
        match self.file.referenced_items(self.id, b"dimg").first() {
            Some(first) => Ok(self.properties(*first)?.find_map(&pick)),
            None => Ok(None),
        }
    }

    /// The colour space as code points.
    pub(crate) fn cicp(&self) -> Result<Option<Cicp>> {
        self.inherited(|property| match property {
            Property::Color(ColorInfo::Nclx { primaries, transfer, .. }) => {
                Some(Cicp { primaries: *primaries, transfer: *transfer })
            }
            _ => None,
        })
    }

    /// Everything beside the pixels, checked against the limit.
    pub(crate) fn metadata(&self, step: &Step<'_>) -> Result<Metadata> {
        let icc = self.inherited(|property| match property {
            Property::Color(ColorInfo::Icc(profile)) if !profile.is_empty() => Some(profile.clone()),
            _ => None,
        })?;
        // Broken metadata is no reason to refuse a picture.
        let mut exif = self.file.exif(self.id).unwrap_or_default();
        let xmp = self.file.xmp(self.id).unwrap_or_default();
        let size = |block: &Option<Vec<u8>>| block.as_ref().map_or(0, |block| block.len() as u64);
        step.within("metadata", size(&icc) + size(&exif) + size(&xmp), step.limits().metadata)?;
        // The container says how to turn the picture; what EXIF says is not to be applied on top.
        if let Some(block) = &mut exif {
            exif::set_orientation(block, Orientation::Upright);
        }
        Ok(Metadata { icc, exif, xmp, ..Metadata::default() })
    }
}

/// Parses a container after the guard has looked at it.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded` (`entries`).
pub(crate) fn parse(bytes: &[u8]) -> Result<HeifFile<'_>> {
    let bytes = guard::without_trailer(bytes);
    guard::check(bytes)?;
    HeifFile::parse(bytes).map_err(broken)
}

/// One side of a clean aperture (ISO/IEC 14496-12, section 12.1.4): start and length.
fn aperture(whole: u32, length: (u32, u32), offset: (i32, u32)) -> Result<(u32, u32)> {
    if length.1 == 0 || offset.1 == 0 {
        return Err(Error::corrupt("the cut of the picture divides by zero"));
    }
    let length = f64::from(length.0) / f64::from(length.1);
    let centre = f64::from(offset.0) / f64::from(offset.1) + (f64::from(whole) - 1.0) / 2.0;
    let start = (centre - (length - 1.0) / 2.0).round().clamp(0.0, f64::from(whole)) as u32;
    let length = (length.round().max(0.0) as u32).min(whole - start);
    if length == 0 {
        Err(Error::corrupt("the cut leaves nothing of the picture"))
    } else {
        Ok((start, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_centred() {
        assert_eq!(aperture(64, (63, 1), (-1, 2)).unwrap(), (0, 63));
        assert_eq!(aperture(100, (50, 1), (0, 1)).unwrap(), (25, 50));
        assert!(aperture(100, (0, 1), (0, 1)).is_err());
        assert!(aperture(100, (1, 1), (i32::MAX, 1)).is_err());
        assert_eq!(aperture(100, (u32::MAX, 1), (0, 1)).unwrap(), (0, 100));
        assert!(aperture(100, (1, 0), (0, 1)).is_err());
    }
}
