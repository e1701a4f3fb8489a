//! A safe wrapper around the parts of libjpeg-turbo's `tj3` functions that are needed here.

use formwork_image_pixels::Orientation;
use std::ffi::{CStr, c_int, c_uchar, c_void};
use std::ptr::{NonNull, null_mut};
use turbojpeg_sys as sys;

pub(super) use sys::{
    TJCS_TJCS_YCbCr as YCBCR, TJPF_TJPF_CMYK as CMYK, TJPF_TJPF_GRAY as GREY, TJPF_TJPF_RGB as RGB,
    TJSAMP_TJSAMP_420 as SAMPLING_420, TJSAMP_TJSAMP_444 as SAMPLING_444,
    TJSAMP_TJSAMP_GRAY as SAMPLING_GREY,
};
pub(super) use sys::{
    TJPARAM_TJPARAM_COLORSPACE as COLORSPACE, TJPARAM_TJPARAM_DENSITYUNITS as DENSITY_UNITS,
    TJPARAM_TJPARAM_JPEGHEIGHT as HEIGHT, TJPARAM_TJPARAM_JPEGWIDTH as WIDTH,
    TJPARAM_TJPARAM_MAXMEMORY as MAX_MEMORY, TJPARAM_TJPARAM_OPTIMIZE as OPTIMIZE,
    TJPARAM_TJPARAM_PROGRESSIVE as PROGRESSIVE, TJPARAM_TJPARAM_QUALITY as QUALITY,
    TJPARAM_TJPARAM_SAVEMARKERS as SAVE_MARKERS, TJPARAM_TJPARAM_SCANLIMIT as SCAN_LIMIT,
    TJPARAM_TJPARAM_SUBSAMP as SUBSAMPLING, TJPARAM_TJPARAM_XDENSITY as X_DENSITY,
    TJPARAM_TJPARAM_YDENSITY as Y_DENSITY,
};

/// Why a call failed.
#[derive(Debug)]
pub(super) struct Fault {
    /// The library's words.
    pub(super) message: String,
    /// Nothing usable was produced. Otherwise it went on to the end, as after missing or wrong data.
    pub(super) fatal: bool,
}

/// One instance of the library.
pub(super) struct Turbo {
    handle: NonNull<c_void>,
}

impl Turbo {
    pub(super) fn decoder() -> Option<Turbo> {
        Turbo::new(sys::TJINIT_TJINIT_DECOMPRESS)
    }

    pub(super) fn encoder() -> Option<Turbo> {
        Turbo::new(sys::TJINIT_TJINIT_COMPRESS)
    }

    fn new(kind: sys::TJINIT) -> Option<Turbo> {
        // SAFETY: a plain call; null means out of memory.
        NonNull::new(unsafe { sys::tj3Init(kind as c_int) }).map(|handle| Turbo { handle })
    }

    /// Sets a parameter. One that this library does not take stays as it is: all of them have defaults
    /// that are merely less good.
    pub(super) fn set(&self, parameter: sys::TJPARAM, value: i32) {
        // SAFETY: the handle is live; values out of range are refused by the library.
        unsafe { sys::tj3Set(self.handle.as_ptr(), parameter as c_int, value) };
    }

    pub(super) fn get(&self, parameter: sys::TJPARAM) -> i32 {
        // SAFETY: the handle is live; -1 means unknown.
        unsafe { sys::tj3Get(self.handle.as_ptr(), parameter as c_int) }
    }

    fn outcome(&self, status: c_int) -> Result<(), Fault> {
        if status == 0 {
            return Ok(());
        }
        let handle = self.handle.as_ptr();
        // SAFETY: the handle is live; the text is zero-terminated and lives until the next call on it.
        let (message, code) =
            unsafe { (CStr::from_ptr(sys::tj3GetErrorStr(handle)), sys::tj3GetErrorCode(handle)) };
        Err(Fault {
            message: message.to_string_lossy().into_owned(),
            fatal: code != sys::TJERR_TJERR_WARNING as c_int,
        })
    }

    /// Reads the header, which the other decoding calls need.
    pub(super) fn header(&self, jpeg: &[u8]) -> Result<(), Fault> {
        // SAFETY: the handle is live, pointer and length belong together.
        self.outcome(unsafe {
            sys::tj3DecompressHeader(self.handle.as_ptr(), jpeg.as_ptr(), jpeg.len() as sys::size_t)
        })
    }

    /// Asks for a smaller picture: `eighths` of the full size.
    pub(super) fn scale(&self, eighths: u32) -> Result<(), Fault> {
        let divisor = (1..=8).rev().find(|by| eighths.is_multiple_of(*by) && 8 % by == 0).unwrap_or(1);
        let factor =
            sys::tjscalingfactor { num: (eighths / divisor) as c_int, denom: (8 / divisor) as c_int };
        // SAFETY: the handle is live; a factor that is not offered is refused.
        self.outcome(unsafe { sys::tj3SetScalingFactor(self.handle.as_ptr(), factor) })
    }

    /// Decodes 8-bit samples into a buffer of exactly the picture's size.
    pub(super) fn decode_u8(
        &self,
        jpeg: &[u8],
        to: &mut [u8],
        row: usize,
        rows: usize,
        format: i32,
    ) -> Result<(), Fault> {
        assert!(to.len() >= row * rows, "the buffer is too small");
        // SAFETY: the library writes `rows` rows of `row` bytes, which the assertion vouches for: the caller
        // computed both from the header and the scale the library itself uses.
        self.outcome(unsafe {
            sys::tj3Decompress8(
                self.handle.as_ptr(),
                jpeg.as_ptr(),
                jpeg.len() as sys::size_t,
                to.as_mut_ptr(),
                row as c_int,
                format,
            )
        })
    }

    /// Decodes samples of 9 to 16 bits into a buffer of exactly the picture's size.
    pub(super) fn decode_u16(
        &self,
        jpeg: &[u8],
        to: &mut [u16],
        row: usize,
        rows: usize,
        (format, precision): (i32, u8),
    ) -> Result<(), Fault> {
        assert!(to.len() >= row * rows, "the buffer is too small");
        let (handle, from, length) = (self.handle.as_ptr(), jpeg.as_ptr(), jpeg.len() as sys::size_t);
        // SAFETY: as in `decode_u8`, in samples of two bytes; 12-bit samples are never negative, so signed
        // and unsigned are the same.
        self.outcome(unsafe {
            if precision <= 12 {
                sys::tj3Decompress12(handle, from, length, to.as_mut_ptr().cast(), row as c_int, format)
            } else {
                sys::tj3Decompress16(handle, from, length, to.as_mut_ptr(), row as c_int, format)
            }
        })
    }

    /// Decodes the three planes of a YCbCr picture. Each plane comes with its stride and number of rows.
    pub(super) fn decode_planes(
        &self,
        jpeg: &[u8],
        planes: [(&mut [u8], usize, usize); 3],
    ) -> Result<(), Fault> {
        assert!(
            planes.iter().all(|(plane, stride, rows)| plane.len() >= stride * rows),
            "a plane is too small"
        );
        let mut strides = [0; 3].map(|_: i32| 0);
        let mut pointers: [*mut c_uchar; 3] = [null_mut(); 3];
        for ((plane, stride, _), (pointer, place)) in
            planes.into_iter().zip(pointers.iter_mut().zip(&mut strides))
        {
            (*pointer, *place) = (plane.as_mut_ptr(), stride as c_int);
        }
        // SAFETY: the three planes are disjoint and of the size the library says for this header.
        self.outcome(unsafe {
            sys::tj3DecompressToYUVPlanes8(
                self.handle.as_ptr(),
                jpeg.as_ptr(),
                jpeg.len() as sys::size_t,
                pointers.as_mut_ptr(),
                strides.as_mut_ptr(),
            )
        })
    }

    /// Embeds a profile in what is encoded next.
    pub(super) fn set_profile(&self, icc: &[u8]) -> Result<(), Fault> {
        // SAFETY: the library copies the bytes and does not write to them, whatever the signature says.
        self.outcome(unsafe {
            sys::tj3SetICCProfile(self.handle.as_ptr(), icc.as_ptr().cast_mut(), icc.len() as sys::size_t)
        })
    }

    /// Encodes 8-bit samples.
    pub(super) fn encode(
        &self,
        from: &[u8],
        width: usize,
        height: usize,
        count: usize,
        format: i32,
    ) -> Result<Encoded, Fault> {
        assert!(from.len() >= width * height * count, "too few samples");
        let mut encoded = Encoded { pointer: null_mut(), length: 0 };
        // SAFETY: the assertion vouches for what is read; the library allocates what it writes, and
        // `Encoded` frees it.
        let status = unsafe {
            sys::tj3Compress8(
                self.handle.as_ptr(),
                from.as_ptr(),
                width as c_int,
                (width * count) as c_int,
                height as c_int,
                format,
                &mut encoded.pointer,
                &mut encoded.length,
            )
        };
        self.outcome(status)?;
        Ok(encoded)
    }
}

/// Which markers a transcoded file keeps: values of the library's parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Markers {
    All = 2,
    Profile = 4,
}

impl Turbo {
    /// Makes an instance that transcodes.
    pub(super) fn transcoder() -> Option<Turbo> {
        Turbo::new(sys::TJINIT_TJINIT_TRANSFORM)
    }

    /// Codes a file anew, progressive and with fitted tables, turned as told. Fails when the turn would lose
    /// samples at the edges.
    pub(super) fn transcode(
        &self,
        jpeg: &[u8],
        turn: Orientation,
        markers: Markers,
    ) -> Result<Vec<u8>, Fault> {
        self.set(SAVE_MARKERS, markers as i32);
        let operation = match turn {
            Orientation::Upright => sys::TJXOP_TJXOP_NONE,
            Orientation::MirroredHorizontally => sys::TJXOP_TJXOP_HFLIP,
            Orientation::Turned180 => sys::TJXOP_TJXOP_ROT180,
            Orientation::MirroredVertically => sys::TJXOP_TJXOP_VFLIP,
            Orientation::Transposed => sys::TJXOP_TJXOP_TRANSPOSE,
            Orientation::Turned90 => sys::TJXOP_TJXOP_ROT90,
            Orientation::Transversed => sys::TJXOP_TJXOP_TRANSVERSE,
            Orientation::Turned270 => sys::TJXOP_TJXOP_ROT270,
        };
        let transform = sys::tjtransform {
            r: sys::tjregion { x: 0, y: 0, w: 0, h: 0 },
            op: operation as c_int,
            options: (sys::TJXOPT_PERFECT | sys::TJXOPT_PROGRESSIVE | sys::TJXOPT_OPTIMIZE) as c_int,
            data: null_mut(),
            customFilter: None,
        };
        let mut encoded = Encoded { pointer: null_mut(), length: 0 };
        // SAFETY: pointer and length belong together; the library allocates what it writes, and `Encoded`
        // frees it.
        let status = unsafe {
            sys::tj3Transform(
                self.handle.as_ptr(),
                jpeg.as_ptr(),
                jpeg.len() as sys::size_t,
                1,
                &mut encoded.pointer,
                &mut encoded.length,
                &transform,
            )
        };
        self.outcome(status)?;
        Ok(encoded.bytes().to_vec())
    }
}

impl Drop for Turbo {
    fn drop(&mut self) {
        // SAFETY: the handle is live and not used again.
        unsafe { sys::tj3Destroy(self.handle.as_ptr()) };
    }
}

/// Width and height of one plane (0 is luma) of a picture with this subsampling.
pub(super) fn plane_size(plane: i32, width: u32, height: u32, subsampling: i32) -> (usize, usize) {
    // SAFETY: plain calls; both return 0 when they do not know.
    let (width, height) = unsafe {
        (
            sys::tj3YUVPlaneWidth(plane, width as c_int, subsampling),
            sys::tj3YUVPlaneHeight(plane, height as c_int, subsampling),
        )
    };
    (usize::try_from(width).unwrap_or(0), usize::try_from(height).unwrap_or(0))
}

/// A file in the library's own memory.
pub(super) struct Encoded {
    pointer: *mut c_uchar,
    length: sys::size_t,
}

impl Encoded {
    pub(super) fn bytes(&self) -> &[u8] {
        if self.pointer.is_null() {
            return &[];
        }
        // SAFETY: the library wrote `length` bytes there.
        unsafe { std::slice::from_raw_parts(self.pointer, self.length as usize) }
    }
}

impl Drop for Encoded {
    fn drop(&mut self) {
        // SAFETY: the pointer is null or came from the library.
        unsafe { sys::tj3Free(self.pointer.cast()) };
    }
}
