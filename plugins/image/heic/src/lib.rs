//! Reads and writes HEIC.
