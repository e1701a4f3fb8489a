/// Borrowed UTF-8 text or bytes with a length; not ended by a NUL.
///
/// The owner keeps it alive until the call it was given to returns.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "layout-proof", derive(abi_stable::StableAbi))]
pub struct Text {
    /// First byte; may be null when `length` is 0.
    pub pointer: *const u8,
    /// Number of bytes.
    pub length: usize,
}

impl Text {
    /// The empty text.
    pub const EMPTY: Text = Text { pointer: std::ptr::null(), length: 0 };

    /// Borrows a string.
    pub const fn new(text: &str) -> Text {
        Text { pointer: text.as_ptr(), length: text.len() }
    }

    /// Returns the bytes.
    ///
    /// # Safety
    ///
    /// `pointer` must be null or point to `length` bytes that stay alive and unchanged for `'a`.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.pointer.is_null() || self.length == 0 {
            return &[];
        }
        // SAFETY: the caller vouches for pointer and length; both were checked against null.
        unsafe { std::slice::from_raw_parts(self.pointer, self.length) }
    }

    /// Returns the text, or `None` when it is not UTF-8.
    ///
    /// # Safety
    ///
    /// As for [`Text::bytes`].
    pub unsafe fn as_str<'a>(self) -> Option<&'a str> {
        // SAFETY: passed on to the caller.
        std::str::from_utf8(unsafe { self.bytes() }).ok()
    }

    /// Returns the text with anything that is not UTF-8 replaced.
    ///
    /// # Safety
    ///
    /// As for [`Text::bytes`].
    pub unsafe fn to_string_lossy(self) -> String {
        // SAFETY: passed on to the caller.
        String::from_utf8_lossy(unsafe { self.bytes() }).into_owned()
    }
}

impl Default for Text {
    fn default() -> Self {
        Text::EMPTY
    }
}
