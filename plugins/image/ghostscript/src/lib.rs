//! Draws EPS through an installed Ghostscript.
