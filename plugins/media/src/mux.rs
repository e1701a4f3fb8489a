//! Writing a container.

use crate::dictionary::Dictionary;
use crate::io::{OutputIo, refuse};
use crate::packet::no_memory;
use crate::track::Parameters;
use crate::{Packet, Rational, failure, ff, library};
use formwork_sdk::{Error, ErrorKind, Result, Step};
use std::ffi::{CStr, c_int};
use std::ptr;

/// Seconds of other tracks a muxer holds back until a track that is late has its turn.
const PATIENCE: i64 = 10;
/// The same where pictures are encoded: an encoder looks at some 60 frames, which may last long, before it gives one.
const PATIENCE_FOR_PICTURES: i64 = 120;

/// What a muxer has to know of one track.
#[derive(Debug)]
pub struct StreamSpec {
    /// Coding parameters.
    pub parameters: Parameters,
    /// Unit of the times of its packets.
    pub time_base: Rational,
    /// Frames a second, for video.
    pub frame_rate: Option<Rational>,
    /// Packets a second, where they are not one a frame.
    pub packet_rate: Option<Rational>,
    /// Language, title …
    pub tags: Dictionary,
    /// FFmpeg's disposition flags.
    pub disposition: i32,
    /// Clockwise turn a player shall apply, in degrees.
    pub rotation: i32,
    /// Mirrored left to right after it was turned.
    pub mirrored: bool,
}

impl StreamSpec {
    /// A track without tags.
    pub fn of(parameters: Parameters, time_base: Rational) -> StreamSpec {
        StreamSpec {
            parameters,
            time_base,
            frame_rate: None,
            packet_rate: None,
            tags: Dictionary::default(),
            disposition: 0,
            rotation: 0,
            mirrored: false,
        }
    }
}

/// An open result.
pub struct Muxer<'s> {
    context: *mut ff::AVFormatContext,
    io: Option<OutputIo<'s>>,
    step: &'s Step<'s>,
    /// Time bases of packets as they come, one a track.
    given: Vec<Rational>,
    /// Last decoding times, one a track, in the container's time bases.
    last: Vec<Option<i64>>,
}

// SAFETY: used by one thread at a time.
unsafe impl Send for Muxer<'_> {}

impl<'s> Muxer<'s> {
    /// Starts a result in the step's main output.
    ///
    /// # Errors
    ///
    /// `backend_missing` when the library has no such muxer; `io`.
    pub fn create(step: &'s Step<'s>, muxer: &str) -> Result<Muxer<'s>> {
        let io = OutputIo::new(step, is_mpeg4(muxer))?;
        Muxer::with(step, muxer, io)
    }

    /// Starts a result that is thrown away: the first of two passes.
    ///
    /// # Errors
    ///
    /// As for [`Muxer::create`].
    pub fn nowhere(step: &'s Step<'s>, muxer: &str) -> Result<Muxer<'s>> {
        let io = OutputIo::nowhere(step)?;
        Muxer::with(step, muxer, io)
    }

    fn with(step: &'s Step<'s>, muxer: &str, io: OutputIo<'s>) -> Result<Muxer<'s>> {
        library::prepare();
        let format = library::muxer(muxer).ok_or_else(|| {
            Error::new(ErrorKind::BackendMissing, format!("this FFmpeg has no muxer {muxer}"))
        })?;
        let mut context = ptr::null_mut();
        // SAFETY: the format is static; the result is looked at before use.
        unsafe {
            ff::avformat_alloc_output_context2(&raw mut context, format.cast_mut(), ptr::null(), ptr::null());
            if context.is_null() {
                return Err(no_memory());
            }
            (*context).pb = io.as_ptr();
            (*context).flags |= ff::AVFMT_FLAG_CUSTOM_IO | ff::AVFMT_FLAG_BITEXACT;
            (*context).io_open = Some(refuse);
            (*context).strict_std_compliance = ff::FF_COMPLIANCE_EXPERIMENTAL;
            (*context).max_interleave_delta = ff::AV_TIME_BASE as i64 * PATIENCE;
        }
        Ok(Muxer { context, io: Some(io), step, given: Vec::new(), last: Vec::new() })
    }

    /// Waits for a track whose packets come late, because an encoder looks ahead.
    pub fn wait_for_pictures(&mut self) {
        // SAFETY: the context is ours.
        unsafe { (*self.context).max_interleave_delta = ff::AV_TIME_BASE as i64 * PATIENCE_FOR_PICTURES };
    }

    /// Whether encoders shall give their headers apart.
    pub fn wants_global_header(&self) -> bool {
        // SAFETY: the context and its format are valid.
        unsafe { (*(*self.context).oformat).flags & ff::AVFMT_GLOBALHEADER != 0 }
    }

    /// Adds a track and returns its index.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn add(&mut self, spec: StreamSpec) -> Result<usize> {
        // SAFETY: the context is ours and not begun; the stream is checked before use.
        unsafe {
            let stream = ff::avformat_new_stream(self.context, ptr::null());
            if stream.is_null() {
                return Err(no_memory());
            }
            crate::check(
                ff::avcodec_parameters_copy((*stream).codecpar, spec.parameters.as_ptr()),
                "add a track",
            )?;
            // The header of AAC tells more than two channels; newer muxers add a packet that older readers take
            // for a change of the sound.
            if is_named(&*(*self.context).oformat, c"flv") && (*(*stream).codecpar).ch_layout.nb_channels > 2
            {
                ff::av_channel_layout_default(&raw mut (*(*stream).codecpar).ch_layout, 2);
            }
            (*stream).time_base = spec.time_base.raw();
            let counted = spec.packet_rate.or(spec.frame_rate).filter(|rate| rate.is_positive());
            if let Some(rate) = counted.filter(|_| counts_frames(&*(*self.context).oformat)) {
                (*stream).time_base = rate.inverse().raw();
            }
            if let Some(rate) = spec.frame_rate.filter(|rate| rate.is_positive()) {
                (*stream).avg_frame_rate = rate.raw();
            }
            (*stream).sample_aspect_ratio = (*(*stream).codecpar).sample_aspect_ratio;
            (*stream).disposition = spec.disposition;
            (*stream).metadata = spec.tags.into_raw();
            if spec.rotation != 0 || spec.mirrored {
                library::set_display_matrix(stream, spec.rotation, spec.mirrored)?;
            }
        }
        self.given.push(spec.time_base);
        self.last.push(None);
        Ok(self.given.len() - 1)
    }

    /// Sets the tags of the whole file.
    pub fn set_tags(&mut self, tags: Dictionary) {
        // SAFETY: the context is ours; the tags become its own.
        unsafe {
            ff::av_dict_free(&raw mut (*self.context).metadata);
            (*self.context).metadata = tags.into_raw();
        }
    }

    /// Adds a chapter mark; times in seconds.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn add_chapter(&mut self, start: f64, end: f64, tags: Dictionary) -> Result<()> {
        let unit = Rational::new(1, 1000);
        // SAFETY: the context is ours; FFmpeg grows its list with the pointer that is allocated here.
        unsafe {
            let chapter = ff::av_mallocz(size_of::<ff::AVChapter>()).cast::<ff::AVChapter>();
            if chapter.is_null() {
                return Err(no_memory());
            }
            let raw = &mut *self.context;
            (*chapter).id = i64::from(raw.nb_chapters);
            (*chapter).time_base = unit.raw();
            (*chapter).start = unit.time(start);
            (*chapter).end = unit.time(end);
            (*chapter).metadata = tags.into_raw();
            let mut count = raw.nb_chapters as c_int;
            ff::av_dynarray_add((&raw mut raw.chapters).cast(), &raw mut count, chapter.cast());
            raw.nb_chapters = count as u32;
        }
        Ok(())
    }

    /// Writes the header. All tracks have been added.
    ///
    /// # Errors
    ///
    /// `unsupported_conversion` when the container cannot hold what was added; `io`.
    pub fn begin(&mut self, options: &[(&str, String)]) -> Result<()> {
        let mut options = Dictionary::of(options.iter().map(|(name, value)| (*name, value.as_str())));
        // SAFETY: context and options are ours.
        let code = unsafe { ff::avformat_write_header(self.context, options.as_mut_ptr()) };
        let refused = |error: Error| {
            Error::unsupported(format!("the container does not take these tracks: {}", error.message))
        };
        self.checked(code, "write the header", refused)
    }

    /// Writes a packet, in the time base its track was added with. Packets of a track come in order; the muxer puts
    /// tracks into each other.
    ///
    /// # Errors
    ///
    /// `io`, `limit_exceeded` (`output`); `plugin_fault` when the muxer refuses it.
    pub fn write(&mut self, mut packet: Packet) -> Result<()> {
        let (Some(from), Some(to)) =
            (self.given.get(packet.stream()).copied(), self.time_base(packet.stream()))
        else {
            return Err(Error::new(ErrorKind::PluginFault, "a packet for a track that is not there"));
        };
        packet.rescale(from, to);
        self.order(&mut packet);
        // SAFETY: context and packet are ours; the packet's data moves into the muxer.
        let code = unsafe { ff::av_interleaved_write_frame(self.context, packet.as_ptr()) };
        self.checked(code, "write a packet", as_fault)
    }

    /// Containers take decoding times that grow only; a packet that comes too early waits for its turn.
    fn order(&mut self, packet: &mut Packet) {
        let Some(last) = self.last.get_mut(packet.stream()) else { return };
        if let (Some(dts), Some(before)) = (packet.dts(), *last)
            && dts <= before
        {
            let (pts, duration) = (packet.pts().map(|pts| pts.max(before + 1)), packet.duration());
            packet.set_times(pts, Some(before + 1), duration);
        }
        *last = packet.dts().or(*last);
    }

    fn time_base(&self, index: usize) -> Option<Rational> {
        // SAFETY: the context is ours, and the list has as many entries as were added.
        (index < self.given.len()).then(|| unsafe { (**(*self.context).streams.add(index)).time_base }.into())
    }

    /// Writes the end and closes the output. Returns its length in bytes.
    ///
    /// # Errors
    ///
    /// As for [`Muxer::write`].
    pub fn finish(mut self) -> Result<u64> {
        // SAFETY: the header was written.
        let code = unsafe { ff::av_write_trailer(self.context) };
        self.checked(code, "write the end of the file", as_fault)?;
        match self.io.take() {
            Some(io) => io.close(),
            None => Ok(0),
        }
    }

    fn checked(&mut self, code: c_int, what: &str, otherwise: fn(Error) -> Error) -> Result<()> {
        if code >= 0 {
            return Ok(());
        }
        self.step.tick(0, 0)?;
        let reason = self.io.as_mut().and_then(OutputIo::take_failure);
        Err(reason.unwrap_or_else(|| otherwise(failure(code, what))))
    }
}

fn as_fault(error: Error) -> Error {
    if error.kind == ErrorKind::CorruptInput {
        Error::new(ErrorKind::PluginFault, error.message)
    } else {
        error
    }
}

/// Whether a container has no times, but counts frames of one length.
fn counts_frames(format: &ff::AVOutputFormat) -> bool {
    is_named(format, c"avi") || is_named(format, c"swf")
}

fn is_named(format: &ff::AVOutputFormat, name: &CStr) -> bool {
    // SAFETY: every muxer has a name, a static text.
    unsafe { CStr::from_ptr(format.name) == name }
}

/// Muxers of ISO base media files, whose directory goes in front.
fn is_mpeg4(muxer: &str) -> bool {
    matches!(muxer, "mp4" | "mov" | "ipod" | "3gp" | "3g2" | "f4v")
}

impl Drop for Muxer<'_> {
    fn drop(&mut self) {
        // SAFETY: ours; what the muxer still holds goes with it, and the I/O context is not FFmpeg's to free.
        unsafe { ff::avformat_free_context(self.context) };
    }
}
