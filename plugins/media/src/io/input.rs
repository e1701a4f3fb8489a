//! Reading: an `AVIOContext` over a step's input.

use crate::ff;
use crate::packet::no_memory;
use formwork_sdk::{Error, Input, Result, Step};
use std::ffi::{c_int, c_void};

/// Bytes read at a time; larger ones were no faster.
const BLOCK: usize = 64 << 10;
/// `whence` of a seek that only asks for the length.
const ASK_LENGTH: c_int = ff::AVSEEK_SIZE;

/// The context and what its callbacks need. Must not move while FFmpeg uses it: it lives in a box.
pub(crate) struct InputIo<'s> {
    context: *mut ff::AVIOContext,
    state: Box<State<'s>>,
}

struct State<'s> {
    step: &'s Step<'s>,
    input: Input<'s>,
    position: u64,
    length: Option<u64>,
    /// Why reading stopped, when it was not the end.
    failure: Option<Error>,
}

impl<'s> InputIo<'s> {
    pub(crate) fn new(step: &'s Step<'s>, input: Input<'s>) -> Result<InputIo<'s>> {
        let mut state = Box::new(State { step, input, position: 0, length: input.length(), failure: None });
        let seek = state.length.is_some().then_some(seek as unsafe extern "C" fn(_, _, _) -> _);
        // SAFETY: the buffer becomes the context's; the state outlives it (see `drop`), and is reached by the
        // callbacks only while FFmpeg is called by the thread that holds this value.
        let context = unsafe {
            let buffer = ff::av_mallocz(BLOCK).cast::<u8>();
            if buffer.is_null() {
                return Err(no_memory());
            }
            let opaque = (&raw mut *state).cast::<c_void>();
            ff::avio_alloc_context(buffer, BLOCK as c_int, 0, opaque, Some(read), None, seek)
        };
        if context.is_null() { Err(no_memory()) } else { Ok(InputIo { context, state }) }
    }

    pub(crate) fn as_ptr(&self) -> *mut ff::AVIOContext {
        self.context
    }

    /// Why reading stopped, when the input or the step's end was the reason.
    pub(crate) fn take_failure(&mut self) -> Option<Error> {
        self.state.failure.take()
    }

    /// Where reading is, and the length; for progress.
    pub(crate) fn place(&self) -> (u64, u64) {
        (self.state.position, self.state.length.unwrap_or(0))
    }
}

impl Drop for InputIo<'_> {
    fn drop(&mut self) {
        // SAFETY: the context is ours, and so is its buffer, which FFmpeg may have exchanged for another.
        unsafe {
            ff::av_freep((&raw mut (*self.context).buffer).cast::<c_void>());
            ff::avio_context_free(&raw mut self.context);
        }
    }
}

unsafe extern "C" fn read(opaque: *mut c_void, buffer: *mut u8, size: c_int) -> c_int {
    // SAFETY: `opaque` is the state given in `new`, which outlives the context.
    let state = unsafe { &mut *opaque.cast::<State<'_>>() };
    let Ok(size) = usize::try_from(size) else { return ff::AVERROR(ff::EINVAL) };
    // SAFETY: FFmpeg hands over `size` bytes to be written.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, size) };
    let got = state.step.tick(0, 0).and_then(|()| state.input.read_at(state.position, buffer));
    match got {
        Ok(0) => ff::AVERROR_EOF,
        Ok(count) => {
            state.position += count as u64;
            count as c_int
        }
        Err(error) => {
            state.failure.get_or_insert(error);
            ff::AVERROR_EXIT
        }
    }
}

unsafe extern "C" fn seek(opaque: *mut c_void, offset: i64, whence: c_int) -> i64 {
    // SAFETY: as in `read`.
    let state = unsafe { &mut *opaque.cast::<State<'_>>() };
    let length = state.length.unwrap_or(0);
    let base = match whence & !ff::AVSEEK_FORCE {
        ASK_LENGTH => return i64::try_from(length).unwrap_or(-1),
        ff::SEEK_SET => 0,
        ff::SEEK_CUR => state.position,
        ff::SEEK_END => length,
        _ => return i64::from(ff::AVERROR(ff::EINVAL)),
    };
    match base.checked_add_signed(offset) {
        Some(position) => {
            state.position = position;
            i64::try_from(position).unwrap_or(-1)
        }
        None => i64::from(ff::AVERROR(ff::EINVAL)),
    }
}
