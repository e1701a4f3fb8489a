//! Develops camera raw files.
