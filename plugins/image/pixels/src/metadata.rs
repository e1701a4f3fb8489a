/// What a picture carries beside its pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The ICC profile the samples are encoded in; `None` means sRGB (or, for grey, sRGB's curve).
    pub icc: Option<Vec<u8>>,
    /// EXIF as a TIFF stream, from `II` or `MM` on, without the `Exif\0\0` prefix of JPEG.
    pub exif: Option<Vec<u8>>,
    /// The XMP packet.
    pub xmp: Option<Vec<u8>>,
    /// How the stored pixels are to be turned for viewing. Decoders report it, the pipeline applies it
    /// and rewrites the EXIF tag to 1.
    pub orientation: Orientation,
    /// Dots per inch, horizontally and vertically.
    pub density: Option<(f64, f64)>,
}

/// How stored pixels are turned for viewing: the values of EXIF tag 0x0112 (TIFF 6.0 section 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Orientation {
    /// As stored.
    #[default]
    Upright = 1,
    /// Mirrored left to right.
    MirroredHorizontally = 2,
    /// Turned by 180°.
    Turned180 = 3,
    /// Mirrored top to bottom.
    MirroredVertically = 4,
    /// Mirrored along the diagonal from the upper left.
    Transposed = 5,
    /// To be turned clockwise by 90°.
    Turned90 = 6,
    /// Mirrored along the other diagonal.
    Transversed = 7,
    /// To be turned clockwise by 270°.
    Turned270 = 8,
}

impl Orientation {
    /// Reads the value of the EXIF tag; anything unknown is upright.
    pub const fn from_exif(value: u32) -> Orientation {
        match value {
            2 => Orientation::MirroredHorizontally,
            3 => Orientation::Turned180,
            4 => Orientation::MirroredVertically,
            5 => Orientation::Transposed,
            6 => Orientation::Turned90,
            7 => Orientation::Transversed,
            8 => Orientation::Turned270,
            _ => Orientation::Upright,
        }
    }

    /// Whether applying it swaps width and height.
    pub const fn swaps_sides(self) -> bool {
        matches!(
            self,
            Orientation::Transposed
                | Orientation::Turned90
                | Orientation::Transversed
                | Orientation::Turned270
        )
    }
}
