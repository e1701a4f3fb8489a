//! Sound: samples between decoder and encoder, and how an encoder is asked for.

mod chunked;
mod encoder;
#[cfg(not(feature = "bundled"))]
mod opencore;
mod resample;
mod samples;
mod settings;

pub use encoder::SoundEncoder;
pub use resample::Resampler;
pub use samples::Samples;
pub use settings::{SoundWish, Way, lost_bits, moves_channels, settings_for, usual_bit_rate, way};
