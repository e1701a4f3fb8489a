//! Reads and writes the everyday raster formats.
