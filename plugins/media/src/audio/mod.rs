//! Sound: samples between decoder and encoder, and how an encoder is asked for.

mod bit_rate;
mod chunked;
mod depth;
mod encoder;
#[cfg(not(feature = "bundled"))]
mod opencore;
mod resample;
mod samples;
mod settings;

pub use bit_rate::usual_bit_rate;
pub use chunked::works_in_chunks;
pub use depth::lost_bits;
pub use encoder::SoundEncoder;
pub use resample::Resampler;
pub use samples::Samples;
pub use settings::{SoundWish, Way, mixes_channels, moves_channels, settings_for, way};
