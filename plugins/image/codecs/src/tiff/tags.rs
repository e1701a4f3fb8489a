//! Numbers of TIFF 6.0: tags, types, and the values of some tags.

pub(super) const SUBFILE: u16 = 254;
pub(super) const WIDTH: u16 = 256;
pub(super) const HEIGHT: u16 = 257;
pub(super) const BITS: u16 = 258;
pub(super) const COMPRESSION: u16 = 259;
pub(super) const PHOTOMETRIC: u16 = 262;
pub(super) const FILL_ORDER: u16 = 266;
pub(super) const STRIP_OFFSETS: u16 = 273;
pub(super) const ORIENTATION: u16 = 274;
pub(super) const SAMPLES: u16 = 277;
pub(super) const ROWS_PER_STRIP: u16 = 278;
pub(super) const STRIP_COUNTS: u16 = 279;
pub(super) const X_RESOLUTION: u16 = 282;
pub(super) const Y_RESOLUTION: u16 = 283;
pub(super) const PLANAR: u16 = 284;
pub(super) const T4_OPTIONS: u16 = 292;
pub(super) const RESOLUTION_UNIT: u16 = 296;
pub(super) const PAGE_NUMBER: u16 = 297;
pub(super) const PREDICTOR: u16 = 317;
pub(super) const COLOUR_MAP: u16 = 320;
pub(super) const TILE_WIDTH: u16 = 322;
pub(super) const TILE_HEIGHT: u16 = 323;
pub(super) const TILE_OFFSETS: u16 = 324;
pub(super) const TILE_COUNTS: u16 = 325;
pub(super) const EXTRA_SAMPLES: u16 = 338;
pub(super) const SAMPLE_FORMAT: u16 = 339;
pub(super) const JPEG_TABLES: u16 = 347;
pub(super) const OLD_JPEG: u16 = 513;
pub(super) const OLD_JPEG_LENGTH: u16 = 514;
pub(super) const OLD_JPEG_RESTART: u16 = 515;
pub(super) const OLD_JPEG_Q: u16 = 519;
pub(super) const OLD_JPEG_DC: u16 = 520;
pub(super) const OLD_JPEG_AC: u16 = 521;
pub(super) const SUBSAMPLING: u16 = 530;
pub(super) const XMP: u16 = 700;
pub(super) const ICC: u16 = 34_675;
pub(super) const EXIF: u16 = 34_665;
pub(super) const GPS: u16 = 34_853;

pub(super) const BYTE: u16 = 1;
pub(super) const ASCII: u16 = 2;
pub(super) const SHORT: u16 = 3;
pub(super) const LONG: u16 = 4;
pub(super) const RATIONAL: u16 = 5;
pub(super) const UNDEFINED: u16 = 7;

/// Bytes of one value of a type; 0 for unknown types.
pub(super) const fn size_of_type(kind: u16) -> usize {
    match kind {
        BYTE | ASCII | 6 | UNDEFINED => 1,
        SHORT | 8 => 2,
        LONG | 9 | 11 | 13 => 4,
        RATIONAL | 10 | 12 | 16..=18 => 8,
        _ => 0,
    }
}

/// Photometric interpretations.
pub(super) const WHITE_IS_ZERO: u64 = 0;
pub(super) const BLACK_IS_ZERO: u64 = 1;
pub(super) const RGB: u64 = 2;
pub(super) const PALETTE: u64 = 3;
pub(super) const MASK: u64 = 4;
pub(super) const SEPARATED: u64 = 5;
pub(super) const YCBCR: u64 = 6;
pub(super) const CIELAB: u64 = 8;
pub(super) const ICCLAB: u64 = 9;
