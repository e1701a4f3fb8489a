//! Packages: the zip files that office documents and books are.

use formwork_sdk::{Error, Result};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Files of a package, in the order they are written.
#[derive(Default)]
pub(crate) struct Package<'f> {
    /// The type that stands first and unpacked, where a format wants that (EPUB 3.3 section 4.2.6.2, OpenDocument 1.3
    /// part 2 section 3.3).
    mime: Option<&'f str>,
    files: Vec<(String, &'f [u8])>,
}

impl<'f> Package<'f> {
    /// A package whose first file says what it is.
    pub(crate) fn of(mime: &'f str) -> Package<'f> {
        Package { mime: Some(mime), files: Vec::new() }
    }

    /// Adds a file.
    pub(crate) fn add(&mut self, name: impl Into<String>, bytes: &'f [u8]) {
        self.files.push((name.into(), bytes));
    }

    /// The package. Without times, so that the same text gives the same bytes.
    ///
    /// # Errors
    ///
    /// `io` when it does not fit a zip.
    pub(crate) fn packed(self) -> Result<Vec<u8>> {
        let failed = |error: zip::result::ZipError| Error::from(std::io::Error::other(error));
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let packed = stored.compression_method(CompressionMethod::Deflated);
        if let Some(mime) = self.mime {
            zip.start_file("mimetype", stored).map_err(failed)?;
            zip.write_all(mime.as_bytes())?;
        }
        for (name, bytes) in self.files {
            let is_picture = name.ends_with(".png") || name.ends_with(".jpg");
            zip.start_file(name, if is_picture { stored } else { packed }).map_err(failed)?;
            zip.write_all(bytes)?;
        }
        Ok(zip.finish().map_err(failed)?.into_inner())
    }
}
