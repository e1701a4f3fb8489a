//! FFmpeg behind a thin safe layer: what the audio and the video plugin share.
//!
//! ```text
//! Input ─► Demuxer ─► Lane ─► Muxer ─► Output        one lane for each track:
//!                     copy, sound, subtitles …        packets in, packets out
//! ```
//!
//! - [`Demuxer`] and [`Muxer`] do all I/O through the step's own input and output: no protocol, no path, and nothing
//!   else is ever opened (`io::refuse`).
//! - A [`Lane`] turns the packets of one track into packets of the result; [`transcode`] runs lanes in the caller's
//!   thread, or each in its own.
//! - [`Container`] and [`Codec`] are the two tables: what a format's files are made of, and how a codec is asked for.
//!   Both are checked against the library at hand: what it does not have is not listed.
//!
//! Nothing here needs libavfilter or libswscale, so that a plugin for sound loads fast.

mod assembly;
pub mod audio;
mod bitstream;
mod codec;
mod container;
mod decode;
mod demux;
mod dictionary;
pub mod encode;
mod error;
pub mod facts;
mod frame;
mod hevc;
mod io;
mod kept;
pub mod lane;
pub mod library;
mod mux;
mod packet;
mod pieces;
mod quality;
pub mod readable;
mod references;
mod segments;
mod span;
mod subtitles;
mod track;
mod track_choice;
mod transcode;
mod version;

pub use assembly::{Assembly, TAGS, without};
pub use bitstream::Bitstream;
pub use codec::{Codec, CodecKind};
pub use container::{Container, Subtitles};
pub use decode::{Decoder, Skip};
pub use demux::{Demuxer, Need};
pub use dictionary::Dictionary;
pub use encode::{Encoder, EncoderSettings};
pub use error::{check, failure};
pub use ffmpeg_sys_next as ff;
pub use frame::Frame;
pub use lane::Lane;
pub use mux::{Muxer, StreamSpec};
pub use packet::{Packet, no_memory};
pub use quality::{Quality, bit_rate_for};
pub use segments::{Keeper, Seam, Segments};
pub use span::Times;
pub use subtitles::{Shown, SubtitleDecoder, SubtitlePicture};
pub use track::{Kind, Rational, Track};
pub use track_choice::{Choice, Without};
pub use transcode::{Feed, Part, Span, concatenate, transcode};
