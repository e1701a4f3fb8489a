//! Reads and writes AVIF.
