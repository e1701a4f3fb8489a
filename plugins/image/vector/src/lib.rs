//! Draws SVG, and traces pictures into SVG.
