//! From packets to frames.

use crate::packet::no_memory;
use crate::pieces::Pieces;
use crate::{Frame, Packet, Rational, Track, check, ff};
use formwork_sdk::{Error, Result};
use std::ptr;

/// Which frames a decoder may leave out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Skip {
    /// None.
    #[default]
    Nothing,
    /// All that do not stand for themselves: for a rough picture.
    ExceptKeys,
}

/// A decoder of one track.
#[derive(Debug)]
pub struct Decoder {
    context: *mut ff::AVCodecContext,
    frame: Frame,
    pieces: Option<Pieces>,
    /// Packets that could not be decoded.
    pub failed: u64,
    /// Frames that came out.
    pub frames: u64,
}

// SAFETY: a codec context is used by one thread at a time; its own threads are its affair.
unsafe impl Send for Decoder {}

impl Decoder {
    /// Opens the decoder of a track, on up to `threads` threads.
    ///
    /// # Errors
    ///
    /// `unsupported_conversion` when the library has no decoder for it; `corrupt_input` when its header is broken.
    pub fn open(track: &Track, threads: usize, skip: Skip) -> Result<Decoder> {
        // SAFETY: looks an id up.
        let codec = unsafe { ff::avcodec_find_decoder(track.codec()) };
        if codec.is_null() {
            let name = track.codec_name();
            return Err(Error::unsupported(format!(
                "track {} is {name}, which this FFmpeg cannot decode",
                track.index
            )));
        }
        // SAFETY: allocates for a codec that exists; null is looked for.
        let context = unsafe { ff::avcodec_alloc_context3(codec) };
        if context.is_null() {
            return Err(no_memory());
        }
        let decoder =
            Decoder { context, frame: Frame::new()?, pieces: Pieces::of(track), failed: 0, frames: 0 };
        // SAFETY: the context is ours and not open yet.
        unsafe {
            let parameters = track.parameters.as_ptr();
            check(ff::avcodec_parameters_to_context(context, parameters), "understand a track's header")?;
            (*context).pkt_timebase = track.time_base.raw();
            (*context).thread_count = threads.clamp(1, 16) as i32;
            (*context).err_recognition = 0;
            if skip == Skip::ExceptKeys {
                (*context).skip_frame = ff::AVDiscard::AVDISCARD_NONKEY;
            }
            check(ff::avcodec_open2(context, codec, ptr::null_mut()), "open the decoder")?;
        }
        Ok(decoder)
    }

    /// Decodes one packet, or with `None` what is left, and hands over the frames.
    ///
    /// A packet that is broken is counted, not an error.
    ///
    /// # Errors
    ///
    /// What `each` returns; `limit_exceeded` (`memory`).
    pub fn decode(
        &mut self,
        packet: Option<&Packet>,
        each: &mut dyn FnMut(Frame) -> Result<()>,
    ) -> Result<()> {
        let (Some(pieces), Some(whole)) = (&self.pieces, packet) else {
            return self.decode_whole(packet, each);
        };
        pieces.cut(whole)?.iter().try_for_each(|piece| self.decode_whole(Some(piece), each))
    }

    fn decode_whole(
        &mut self,
        packet: Option<&Packet>,
        each: &mut dyn FnMut(Frame) -> Result<()>,
    ) -> Result<()> {
        let raw = packet.map_or(ptr::null_mut(), Packet::as_ptr);
        // One packet can only be refused for being one too many, and then is taken once frames are out.
        for _ in 0..8 {
            // SAFETY: context and packet are ours.
            let code = unsafe { ff::avcodec_send_packet(self.context, raw) };
            self.receive(each)?;
            if code == ff::AVERROR(ff::EAGAIN) {
                continue;
            }
            if code == ff::AVERROR(ff::ENOMEM) {
                return Err(no_memory());
            }
            if code < 0 && code != ff::AVERROR_EOF {
                self.failed += 1;
            }
            break;
        }
        Ok(())
    }

    fn receive(&mut self, each: &mut dyn FnMut(Frame) -> Result<()>) -> Result<()> {
        // Far more than any packet holds; a decoder that gives more is broken.
        for _ in 0..100_000 {
            // SAFETY: context and frame are ours.
            let code = unsafe { ff::avcodec_receive_frame(self.context, self.frame.as_ptr()) };
            if code == ff::AVERROR(ff::EAGAIN) || code == ff::AVERROR_EOF {
                return Ok(());
            }
            if code < 0 {
                self.failed += 1;
                return Ok(());
            }
            self.frames += 1;
            each(self.frame.take()?)?;
        }
        Ok(())
    }

    /// Forgets what came before, after a jump.
    pub fn flush(&mut self) {
        // SAFETY: the context is ours and open.
        unsafe { ff::avcodec_flush_buffers(self.context) };
    }

    /// Unit of the times of its frames.
    pub fn time_base(&self) -> Rational {
        // SAFETY: the context is ours.
        unsafe { (*self.context).pkt_timebase }.into()
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: ours.
        unsafe { ff::avcodec_free_context(&raw mut self.context) };
    }
}
