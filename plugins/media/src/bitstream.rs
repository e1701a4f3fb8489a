//! Bitstream filters: packets are brought into another form without being decoded.

use crate::packet::no_memory;
use crate::track::Parameters;
use crate::{Packet, Rational, check, ff};
use formwork_sdk::{Error, Result};
use std::ffi::CString;
use std::ptr;

/// One filter for one track.
#[derive(Debug)]
pub struct Bitstream(*mut ff::AVBSFContext);

// SAFETY: used by one thread at a time.
unsafe impl Send for Bitstream {}

impl Bitstream {
    /// Opens a filter by FFmpeg's name.
    ///
    /// # Errors
    ///
    /// `unsupported_conversion` when the library does not have it; `corrupt_input` when the track is not for it.
    pub fn open(name: &str, parameters: &Parameters, time_base: Rational) -> Result<Bitstream> {
        let c_name = CString::new(name).map_err(|_| Error::unsupported("a filter without a name"))?;
        let mut context = ptr::null_mut();
        // SAFETY: the name ends with a zero; results are checked before use.
        unsafe {
            let filter = ff::av_bsf_get_by_name(c_name.as_ptr());
            if filter.is_null() {
                return Err(Error::unsupported(format!("this FFmpeg has no bitstream filter {name}")));
            }
            check(ff::av_bsf_alloc(filter, &raw mut context), "open a bitstream filter")?;
            let filter = Bitstream(context);
            check(
                ff::avcodec_parameters_copy((*context).par_in, parameters.as_ptr()),
                "set a bitstream filter up",
            )?;
            (*context).time_base_in = time_base.raw();
            check(ff::av_bsf_init(context), "set a bitstream filter up")?;
            Ok(filter)
        }
    }

    /// What the track is behind the filter.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn parameters(&self) -> Result<Parameters> {
        // SAFETY: the context is ours and its parameters are set.
        unsafe { Parameters::copy_of((*self.0).par_out) }
    }

    /// Passes a packet through, or with `None` what is left.
    ///
    /// # Errors
    ///
    /// What `each` returns; `corrupt_input`.
    pub fn filter(
        &mut self,
        packet: Option<Packet>,
        each: &mut dyn FnMut(Packet) -> Result<()>,
    ) -> Result<()> {
        let raw = packet.as_ref().map_or(ptr::null_mut(), Packet::as_ptr);
        // SAFETY: context and packet are ours; the packet's data moves into the filter.
        check(unsafe { ff::av_bsf_send_packet(self.0, raw) }, "bring a track into the target's form")?;
        loop {
            let out = Packet::new()?;
            // SAFETY: as above.
            let code = unsafe { ff::av_bsf_receive_packet(self.0, out.as_ptr()) };
            if code == ff::AVERROR(ff::EAGAIN) || code == ff::AVERROR_EOF {
                return Ok(());
            }
            if code == ff::AVERROR(ff::ENOMEM) {
                return Err(no_memory());
            }
            check(code, "bring a track into the target's form")?;
            each(out)?;
        }
    }
}

impl Drop for Bitstream {
    fn drop(&mut self) {
        // SAFETY: ours.
        unsafe { ff::av_bsf_free(&raw mut self.0) };
    }
}
