use std::fs::File;
use std::io;

/// Bytes that can be read at any place, without a cursor.
///
/// The smallest implementation:
///
/// ```
/// use formwork::detect::Source;
///
/// struct Zeros(u64);
///
/// impl Source for Zeros {
///     fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
///         let left = usize::try_from(self.0.saturating_sub(offset)).unwrap_or(usize::MAX);
///         let count = left.min(buffer.len());
///         buffer[..count].fill(0);
///         Ok(count)
///     }
///
///     fn length(&self) -> Option<u64> {
///         Some(self.0)
///     }
/// }
/// ```
pub trait Source {
    /// Reads at `offset` into `buffer` and returns how many bytes there were: fewer than asked for are
    /// allowed, zero means the end.
    ///
    /// # Errors
    /// Whatever the place the bytes come from fails with.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Returns how many bytes there are, when that is known.
    fn length(&self) -> Option<u64>;
}

impl Source for [u8] {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|start| self.get(start..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }

    fn length(&self) -> Option<u64> {
        u64::try_from(self.len()).ok()
    }
}

impl Source for Vec<u8> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, buffer)
    }

    fn length(&self) -> Option<u64> {
        self.as_slice().length()
    }
}

impl<S: Source + ?Sized> Source for &S {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        (**self).read_at(offset, buffer)
    }

    fn length(&self) -> Option<u64> {
        (**self).length()
    }
}

impl Source for File {
    #[cfg(unix)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, buffer, offset)
    }

    fn length(&self) -> Option<u64> {
        self.metadata().ok().filter(|data| data.is_file()).map(|data| data.len())
    }
}
