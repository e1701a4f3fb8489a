use super::{check, made};
use crate::cicp::Cicp;
use crate::turn::Turn;
use formwork_image_pixels::{Channels, Frame, Metadata, Orientation, Samples, exif};
use formwork_sdk::{Error, ErrorKind, Result};
use libavif_sys as sys;
use std::ptr::NonNull;

/// Which planes an image has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Brightness alone.
    Grey,
    /// Colour at half size both ways.
    Halved,
    /// Colour at full size.
    Full,
}

impl Layout {
    const fn format(self) -> sys::avifPixelFormat {
        match self {
            Layout::Grey => sys::AVIF_PIXEL_FORMAT_YUV400,
            Layout::Halved => sys::AVIF_PIXEL_FORMAT_YUV420,
            Layout::Full => sys::AVIF_PIXEL_FORMAT_YUV444,
        }
    }
}

/// ITU-R BT.601, as JFIF has it.
const BT601: u16 = sys::AVIF_MATRIX_COEFFICIENTS_BT601 as u16;
/// Green, blue and red as they are.
const IDENTITY: u16 = sys::AVIF_MATRIX_COEFFICIENTS_IDENTITY as u16;

/// An image in the library's form: planes and what they mean.
pub(crate) struct Image {
    inner: NonNull<sys::avifImage>,
}

// SAFETY: the library keeps nothing about an image outside of it, and ties none to a thread.
unsafe impl Send for Image {}

impl Drop for Image {
    fn drop(&mut self) {
        // SAFETY: made by the library, destroyed once.
        unsafe { sys::avifImageDestroy(self.inner.as_ptr()) };
    }
}

impl Image {
    /// Makes an image without planes, in full range.
    pub(crate) fn new(width: u32, height: u32, depth: u32, layout: Layout) -> Result<Image> {
        // SAFETY: a plain call; sizes are checked by the library when planes are made.
        let inner = made(unsafe { sys::avifImageCreate(width, height, depth, layout.format()) })?;
        let mut image = Image { inner };
        let fields = image.fields_mut();
        fields.yuvRange = sys::AVIF_RANGE_FULL;
        fields.matrixCoefficients = BT601;
        fields.colorPrimaries = sys::AVIF_COLOR_PRIMARIES_BT709 as u16;
        fields.transferCharacteristics = sys::AVIF_TRANSFER_CHARACTERISTICS_SRGB as u16;
        Ok(image)
    }

    /// Makes an image of 8-bit planes: brightness, then colour where the layout has it. Each is `width`
    /// (or half of it, rounded up) samples in a row.
    pub(crate) fn from_planes(width: u32, height: u32, layout: Layout, planes: [&[u8]; 3]) -> Result<Image> {
        let mut image = Image::new(width, height, 8, layout)?;
        image.allocate(sys::AVIF_PLANES_YUV)?;
        for (channel, plane) in (0..3).zip(planes) {
            image.fill(channel, plane)?;
        }
        Ok(image)
    }

    /// Makes an image of a frame. RGB is converted with BT.601, or kept as it is when `exact`.
    pub(crate) fn from_frame(frame: &Frame, depth: u32, layout: Layout, exact: bool) -> Result<Image> {
        let mut image = Image::new(frame.width, frame.height, depth, layout)?;
        if exact && layout == Layout::Full {
            image.fields_mut().matrixCoefficients = IDENTITY;
        }
        match frame.channels {
            Channels::Grey | Channels::GreyAlpha => image.fill_grey(frame)?,
            Channels::Rgb | Channels::Rgba => image.convert(frame)?,
            Channels::Cmyk => return Err(Error::unsupported("AVIF has no inks")),
        }
        Ok(image)
    }

    /// Wraps an image that belongs to a decoder. Never to be dropped.
    pub(super) fn borrowed(inner: NonNull<sys::avifImage>) -> Image {
        Image { inner }
    }

    fn fields(&self) -> &sys::avifImage {
        // SAFETY: the image lives as long as `self`.
        unsafe { self.inner.as_ref() }
    }

    fn fields_mut(&mut self) -> &mut sys::avifImage {
        // SAFETY: as above, and `self` is borrowed alone.
        unsafe { self.inner.as_mut() }
    }

    pub(super) fn as_ptr(&self) -> *const sys::avifImage {
        self.inner.as_ptr()
    }

    /// Adds profile, EXIF, XMP. Without a profile the colours are sRGB.
    pub(crate) fn set_metadata(&mut self, metadata: &Metadata) -> Result<()> {
        if metadata.icc.is_some() {
            let fields = self.fields_mut();
            fields.colorPrimaries = sys::AVIF_COLOR_PRIMARIES_UNSPECIFIED as u16;
            fields.transferCharacteristics = sys::AVIF_TRANSFER_CHARACTERISTICS_UNSPECIFIED as u16;
        }
        let image = self.inner.as_ptr();
        // EXIF the library cannot read is left out rather than the picture refused.
        let readable = |block: &&Vec<u8>| block.starts_with(b"II*\0") || block.starts_with(b"MM\0*");
        let set = [
            (metadata.icc.as_ref(), sys::avifImageSetProfileICC as unsafe extern "C" fn(_, _, _) -> _),
            (metadata.exif.as_ref().filter(readable), sys::avifImageSetMetadataExif),
            (metadata.xmp.as_ref(), sys::avifImageSetMetadataXMP),
        ];
        for (block, set) in set {
            let Some(block) = block else { continue };
            // SAFETY: the image is live; the library copies `length` bytes.
            let code = unsafe { set(image, block.as_ptr(), block.len()) };
            if code != sys::AVIF_RESULT_INVALID_EXIF_PAYLOAD {
                check(code, ErrorKind::Internal, None)?;
            }
        }
        // The library takes a turn from EXIF; the picture is upright already.
        self.fields_mut().transformFlags = sys::AVIF_TRANSFORM_NONE;
        Ok(())
    }

    fn allocate(&mut self, planes: sys::avifPlanesFlag) -> Result<()> {
        // SAFETY: the image is live.
        check(unsafe { sys::avifImageAllocatePlanes(self.inner.as_ptr(), planes) }, ErrorKind::Internal, None)
    }

    /// Bytes of one row of a plane as stored, bytes of its samples, number of rows.
    fn shape(&self, channel: i32) -> (usize, usize, usize) {
        let image = self.as_ptr();
        // SAFETY: the image is live; the library answers 0 for planes it does not have.
        let (stride, width, rows) = unsafe {
            (
                sys::avifImagePlaneRowBytes(image, channel),
                sys::avifImagePlaneWidth(image, channel),
                sys::avifImagePlaneHeight(image, channel),
            )
        };
        let bytes = if self.fields().depth > 8 { 2 } else { 1 };
        (stride as usize, width as usize * bytes, rows as usize)
    }

    /// The rows of a plane, without padding.
    fn rows(&self, channel: i32) -> impl Iterator<Item = &[u8]> {
        let (stride, used, rows) = self.shape(channel);
        // SAFETY: the image is live.
        let start = unsafe { sys::avifImagePlane(self.as_ptr(), channel) };
        let whole: &[u8] = if start.is_null() || rows == 0 {
            &[]
        } else {
            // SAFETY: a plane of the library has `rows` rows, `stride` bytes apart, the last one `used` long.
            unsafe { std::slice::from_raw_parts(start, stride * (rows - 1) + used) }
        };
        whole.chunks(stride.max(1)).filter_map(move |row| row.get(..used))
    }

    /// Fills a plane row by row from tightly packed bytes.
    fn fill(&mut self, channel: i32, from: &[u8]) -> Result<()> {
        let (stride, used, rows) = self.shape(channel);
        if from.len() < used * rows {
            return Err(Error::new(ErrorKind::Internal, "a plane has too few samples"));
        }
        // SAFETY: the image is live.
        let start = unsafe { sys::avifImagePlane(self.as_ptr(), channel) };
        if start.is_null() || used == 0 {
            return Ok(());
        }
        for (y, row) in from.chunks_exact(used).take(rows).enumerate() {
            // SAFETY: row `y` of the plane begins `y` strides after its start and is at least `used` long;
            // source and plane do not overlap.
            unsafe { std::ptr::copy_nonoverlapping(row.as_ptr(), start.add(y * stride), used) };
        }
        Ok(())
    }

    /// Fills brightness and alpha from a grey frame.
    fn fill_grey(&mut self, frame: &Frame) -> Result<()> {
        let alpha = frame.channels.has_alpha();
        self.allocate(if alpha { sys::AVIF_PLANES_ALL } else { sys::AVIF_PLANES_YUV })?;
        let depth = self.fields().depth;
        let count = frame.channels.count();
        for (sample, channel) in [(0, sys::AVIF_CHAN_Y), (1, sys::AVIF_CHAN_A)].into_iter().take(count) {
            let plane = plane_of(&frame.samples, sample, count, depth);
            self.fill(channel as i32, &plane)?;
        }
        Ok(())
    }

    /// Lets the library turn RGB into planes.
    fn convert(&mut self, frame: &Frame) -> Result<()> {
        let count = frame.channels.count();
        let (pixels, bytes) = match &frame.samples {
            Samples::U8(samples) => (samples.as_ptr(), 1),
            Samples::U16(samples) => (samples.as_ptr().cast(), 2),
            Samples::F32(_) => return Err(Error::new(ErrorKind::Internal, "light was not encoded")),
        };
        let mut rgb = self.rgb(frame.channels.has_alpha(), bytes * 8);
        rgb.rowBytes = frame.width * count as u32 * bytes;
        // The library does not write through this pointer when it reads RGB.
        rgb.pixels = pixels.cast_mut();
        let wanted = frame.width as usize * frame.height as usize * count;
        if frame.samples.len() != wanted {
            return Err(Error::new(ErrorKind::Internal, "a frame has too few samples"));
        }
        // SAFETY: the frame has exactly the samples `rgb` says, which was checked just now.
        check(unsafe { sys::avifImageRGBToYUV(self.inner.as_ptr(), &rgb) }, ErrorKind::Internal, None)
    }

    /// Describes RGB of this image's size.
    fn rgb(&self, alpha: bool, depth: u32) -> sys::avifRGBImage {
        let mut rgb = sys::avifRGBImage::default();
        // SAFETY: both structs are live; the call fills in defaults.
        unsafe { sys::avifRGBImageSetDefaults(&mut rgb, self.as_ptr()) };
        rgb.depth = depth;
        rgb.format = if alpha { sys::AVIF_RGB_FORMAT_RGBA } else { sys::AVIF_RGB_FORMAT_RGB };
        rgb.chromaUpsampling = sys::AVIF_CHROMA_UPSAMPLING_BEST_QUALITY;
        rgb.chromaDownsampling = sys::AVIF_CHROMA_DOWNSAMPLING_AVERAGE;
        rgb
    }

    /// Width and height as stored.
    pub(crate) fn size(&self) -> (u32, u32) {
        (self.fields().width, self.fields().height)
    }

    /// Bits a sample.
    pub(crate) fn depth(&self) -> u32 {
        self.fields().depth
    }

    /// Whether the image has brightness alone.
    pub(crate) fn is_grey(&self) -> bool {
        self.fields().yuvFormat == sys::AVIF_PIXEL_FORMAT_YUV400
    }

    /// What the samples mean when no profile says so.
    pub(crate) fn cicp(&self) -> Cicp {
        let fields = self.fields();
        Cicp { primaries: fields.colorPrimaries, transfer: fields.transferCharacteristics }
    }

    /// The turn the container asks for.
    pub(crate) fn orientation(&self) -> Orientation {
        let fields = self.fields();
        let mut turn = Turn::default();
        if fields.transformFlags & sys::AVIF_TRANSFORM_IROT != 0 {
            turn.rotate_left(fields.irot.angle);
        }
        if fields.transformFlags & sys::AVIF_TRANSFORM_IMIR != 0 {
            turn.mirror(fields.imir.axis == 0);
        }
        turn.orientation()
    }

    /// The part of the stored picture that is shown: left, top, width, height. `None` when all of it is,
    /// or when what the file says makes no sense.
    pub(crate) fn cut(&self) -> Option<(u32, u32, u32, u32)> {
        let fields = self.fields();
        if fields.transformFlags & sys::AVIF_TRANSFORM_CLAP == 0 {
            return None;
        }
        let (mut cut, mut details) = (sys::avifCropRect::default(), sys::avifDiagnostics { error: [0; 256] });
        // SAFETY: all structs are live.
        let valid = unsafe {
            sys::avifCropRectConvertCleanApertureBox(
                &mut cut,
                &fields.clap,
                fields.width,
                fields.height,
                fields.yuvFormat,
                &mut details,
            )
        };
        let inside = |start: u32, length: u32, whole: u32| {
            length > 0 && start.checked_add(length).is_some_and(|end| end <= whole)
        };
        let usable =
            valid != 0 && inside(cut.x, cut.width, fields.width) && inside(cut.y, cut.height, fields.height);
        usable.then_some((cut.x, cut.y, cut.width, cut.height))
    }

    /// Profile, EXIF and XMP. EXIF says upright: the container alone turns.
    pub(crate) fn metadata(&self) -> Metadata {
        let fields = self.fields();
        let copy = |data: &sys::avifRWData| {
            if data.data.is_null() || data.size == 0 {
                return None;
            }
            // SAFETY: the library holds `size` bytes there while the image lives.
            Some(unsafe { std::slice::from_raw_parts(data.data, data.size) }.to_vec())
        };
        let mut block = copy(&fields.exif).map(|block| exif::without_prefix(&block).to_vec());
        if let Some(block) = &mut block {
            exif::set_orientation(block, Orientation::Upright);
        }
        let orientation = self.orientation();
        Metadata {
            icc: copy(&fields.icc),
            exif: block,
            xmp: copy(&fields.xmp),
            orientation,
            ..Metadata::default()
        }
    }

    /// Bytes of profile, EXIF and XMP.
    pub(crate) fn metadata_size(&self) -> u64 {
        let fields = self.fields();
        [&fields.icc, &fields.exif, &fields.xmp].iter().map(|data| data.size as u64).sum()
    }

    /// The picture as a frame; `alpha` says whether the file has some, `keep_colour` asks for RGB even if
    /// the image is grey.
    pub(crate) fn to_frame(&self, alpha: bool, keep_colour: bool, threads: usize) -> Result<Frame> {
        let (width, height) = self.size();
        if self.is_grey() && !alpha && !keep_colour && self.fields().yuvRange == sys::AVIF_RANGE_FULL {
            return self.grey_frame();
        }
        let channels = if alpha { Channels::Rgba } else { Channels::Rgb };
        let count = width as usize * height as usize * channels.count();
        let samples = if self.depth() > 8 {
            let mut samples = vec![0u16; count];
            self.to_rgb(bytemuck::cast_slice_mut(&mut samples), alpha, 16, threads)?;
            Samples::U16(samples)
        } else {
            let mut samples = vec![0u8; count];
            self.to_rgb(&mut samples, alpha, 8, threads)?;
            Samples::U8(samples)
        };
        Frame::new(width, height, channels, samples).ok_or_else(|| Error::corrupt("the picture is empty"))
    }

    fn grey_frame(&self) -> Result<Frame> {
        let (width, height) = self.size();
        let bytes = self.rows(sys::AVIF_CHAN_Y as i32).flatten().copied();
        let samples = if self.depth() > 8 {
            let bytes: Vec<u8> = bytes.collect();
            let full = (1u32 << self.depth()) - 1;
            let spread = |two: &[u8; 2]| {
                ((u32::from(u16::from_ne_bytes(*two)).min(full) * 65_535 + full / 2) / full) as u16
            };
            Samples::U16(bytes.as_chunks::<2>().0.iter().map(spread).collect())
        } else {
            Samples::U8(bytes.collect())
        };
        Frame::new(width, height, Channels::Grey, samples)
            .ok_or_else(|| Error::corrupt("the picture is empty"))
    }

    /// Converts to RGB or RGBA; colours are divided by alpha when they were stored multiplied.
    fn to_rgb(&self, to: &mut [u8], alpha: bool, depth: u32, threads: usize) -> Result<()> {
        let mut rgb = self.rgb(alpha, depth);
        rgb.rowBytes = rgb.width * if alpha { 4 } else { 3 } * (depth / 8);
        rgb.maxThreads = threads.min(64) as i32;
        rgb.pixels = to.as_mut_ptr();
        if to.len() != rgb.rowBytes as usize * rgb.height as usize {
            return Err(Error::new(ErrorKind::Internal, "the buffer does not fit the picture"));
        }
        // SAFETY: the buffer holds exactly the rows `rgb` says, which was checked just now.
        check(unsafe { sys::avifImageYUVToRGB(self.as_ptr(), &mut rgb) }, ErrorKind::CorruptInput, None)
    }
}

/// One sample of each pixel as the bytes of a plane of this depth.
fn plane_of(samples: &Samples, sample: usize, count: usize, depth: u32) -> Vec<u8> {
    let full = (1u32 << depth) - 1;
    let scale = |value: u32, from: u32| ((value * full + from / 2) / from) as u16;
    let wide: Vec<u16> = match samples {
        Samples::U8(all) if depth == 8 => return all.iter().skip(sample).step_by(count).copied().collect(),
        Samples::U8(all) => {
            all.iter().skip(sample).step_by(count).map(|value| scale((*value).into(), 255)).collect()
        }
        Samples::U16(all) => {
            all.iter().skip(sample).step_by(count).map(|value| scale((*value).into(), 65_535)).collect()
        }
        Samples::F32(_) => Vec::new(),
    };
    if depth == 8 {
        wide.iter().map(|value| *value as u8).collect()
    } else {
        bytemuck::cast_slice(&wide).to_vec()
    }
}
