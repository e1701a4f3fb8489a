//! Writing: an `AVIOContext` over a step's output.

use super::front::Front;
use crate::ff;
use crate::packet::no_memory;
use crate::version::Written;
use formwork_sdk::{Error, Result, Step, Writer};
use std::ffi::{c_int, c_void};

/// Bytes written at a time: each write is a call to the engine.
const BLOCK: usize = 256 << 10;

/// The context and what its callbacks need. Must not move while FFmpeg uses it: it lives in a box.
pub(crate) struct OutputIo<'s> {
    context: *mut ff::AVIOContext,
    state: Box<State<'s>>,
}

// SAFETY: the context is only used by the thread that holds this value, and the writer may be used from any.
unsafe impl Send for OutputIo<'_> {}

struct State<'s> {
    step: &'s Step<'s>,
    target: Target<'s>,
    position: u64,
    failure: Option<Error>,
}

/// Where the bytes go.
enum Target<'s> {
    Writer(Writer<'s>),
    /// Memory first, so that the directory of an MPEG-4 file can be put in front.
    Front(Front<'s>),
    /// Nowhere: the first of two passes.
    Nothing(u64),
}

impl<'s> OutputIo<'s> {
    /// Opens the step's main output. `directory_first`: the file is MPEG-4, and its directory goes in front.
    pub(crate) fn new(step: &'s Step<'s>, directory_first: bool) -> Result<OutputIo<'s>> {
        let writer = step.create_output()?;
        OutputIo::with(
            step,
            if directory_first { Target::Front(Front::new(writer)) } else { Target::Writer(writer) },
        )
    }

    /// Throws everything away.
    pub(crate) fn nowhere(step: &'s Step<'s>) -> Result<OutputIo<'s>> {
        OutputIo::with(step, Target::Nothing(0))
    }

    fn with(step: &'s Step<'s>, target: Target<'s>) -> Result<OutputIo<'s>> {
        let mut state = Box::new(State { step, target, position: 0, failure: None });
        // SAFETY: as for reading.
        let context = unsafe {
            let buffer = ff::av_mallocz(BLOCK).cast::<u8>();
            if buffer.is_null() {
                return Err(no_memory());
            }
            let opaque = (&raw mut *state).cast::<c_void>();
            ff::avio_alloc_context(buffer, BLOCK as c_int, 1, opaque, None, Some(write), Some(seek))
        };
        if context.is_null() { Err(no_memory()) } else { Ok(OutputIo { context, state }) }
    }

    pub(crate) fn as_ptr(&self) -> *mut ff::AVIOContext {
        self.context
    }

    pub(crate) fn take_failure(&mut self) -> Option<Error> {
        self.state.failure.take()
    }

    /// Writes what is held back and ends the output.
    pub(crate) fn close(mut self) -> Result<u64> {
        // SAFETY: the context is ours.
        unsafe { ff::avio_flush(self.context) };
        if let Some(error) = self.take_failure() {
            return Err(error);
        }
        let length = self.state.target.length();
        match std::mem::replace(&mut self.state.target, Target::Nothing(0)) {
            Target::Writer(writer) => writer.close()?,
            Target::Front(front) => front.close()?,
            Target::Nothing(_) => {}
        }
        Ok(length)
    }
}

impl Drop for OutputIo<'_> {
    fn drop(&mut self) {
        // SAFETY: as for reading.
        unsafe {
            ff::av_freep((&raw mut (*self.context).buffer).cast::<c_void>());
            ff::avio_context_free(&raw mut self.context);
        }
    }
}

impl Target<'_> {
    fn length(&self) -> u64 {
        match self {
            Target::Writer(writer) => writer.length(),
            Target::Front(front) => front.length(),
            Target::Nothing(length) => *length,
        }
    }

    fn write(&mut self, position: u64, bytes: &[u8]) -> Result<()> {
        match self {
            Target::Writer(writer) if position == writer.length() => writer.append(bytes),
            Target::Writer(writer) => writer.write_at(position, bytes),
            Target::Front(front) => front.write(position, bytes),
            Target::Nothing(length) => {
                *length = (*length).max(position.saturating_add(bytes.len() as u64));
                Ok(())
            }
        }
    }
}

unsafe extern "C" fn write(opaque: *mut c_void, bytes: Written, size: c_int) -> c_int {
    // SAFETY: `opaque` is the state given in `with`, which outlives the context.
    let state = unsafe { &mut *opaque.cast::<State<'_>>() };
    let Ok(length) = usize::try_from(size) else { return ff::AVERROR(ff::EINVAL) };
    if length == 0 {
        return 0;
    }
    // SAFETY: FFmpeg hands over `size` bytes to be read.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
    if state.failure.is_some() {
        return ff::AVERROR_EXIT;
    }
    match state.step.tick(0, 0).and_then(|()| state.target.write(state.position, bytes)) {
        Ok(()) => {
            state.position += length as u64;
            size
        }
        Err(error) => {
            state.failure = Some(error);
            ff::AVERROR_EXIT
        }
    }
}

unsafe extern "C" fn seek(opaque: *mut c_void, offset: i64, whence: c_int) -> i64 {
    // SAFETY: as in `write`.
    let state = unsafe { &mut *opaque.cast::<State<'_>>() };
    let length = state.target.length();
    let base = match whence & !ff::AVSEEK_FORCE {
        ff::AVSEEK_SIZE => return i64::try_from(length).unwrap_or(-1),
        ff::SEEK_SET => 0,
        ff::SEEK_CUR => state.position,
        ff::SEEK_END => length,
        _ => return i64::from(ff::AVERROR(ff::EINVAL)),
    };
    match base.checked_add_signed(offset).filter(|position| *position <= length) {
        Some(position) => {
            state.position = position;
            i64::try_from(position).unwrap_or(-1)
        }
        None => i64::from(ff::AVERROR(ff::EINVAL)),
    }
}
