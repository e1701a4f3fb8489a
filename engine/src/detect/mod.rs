//! Tells what a file is from its bytes.
