//! Reading a container.

use crate::dictionary::Dictionary;
use crate::io::{InputIo, refuse};
use crate::packet::known;
use crate::references;
use crate::track::Track;
use crate::{Kind, Packet, Rational, failure, ff, library, readable};
use formwork_sdk::{ErrorKind, Input, Result, Step};
use std::ffi::{CStr, c_int, c_void};
use std::ptr;

/// Demuxers that may be used: those that read one file of media and nothing else. Playlists, scripts, devices and
/// protocols are not among them, whatever the library has.
const ALLOWED: &str = "mov,matroska,webm,avi,asf,asf_o,flv,live_flv,kux,mpegts,mpeg,mpegvideo,m4v,h264,hevc,\
h263,vc1,obu,ivf,av1,swf,ogg,gif,apng,png_pipe,rm,dv,mxf,nut,yuv4mpegpipe,mjpeg,mp3,wav,w64,aac,loas,ac3,\
eac3,dts,dtshd,truehd,mlp,flac,aiff,caf,au,amr,amrnb,amrwb,wv,ape,tta,dsf,iff,tak,oma,aax,qcp,sox,voc,xwma,\
rso,gsm,mpc,mpc8,shn";
/// Most tracks of a file.
const MOST_TRACKS: usize = 256;
/// Bytes looked at to find out what tracks are.
const PROBE_BYTES: i64 = 5 << 20;
/// Longest part of a file that is looked at for it, in microseconds.
const PROBE_TIME: i64 = 5_000_000;

/// Demuxers that know where frames are.
const INDEXED: &[&str] = &["mov", "matroska", "avi", "wav", "flac", "aiff", "caf", "au", "wv"];
/// Seconds by which a jump without an index aims too early.
const CAREFUL: f64 = 12.0;

/// Seconds by which the first packet after a jump may be late: sound that starts between two pages of it.
const FURTHER: f64 = 1.0;

/// How much is wanted to be known of the tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// What the header says; frames are only looked at when that leaves codec, size or rate open.
    Header,
    /// Everything that an encoder has to know: frames are looked at.
    Everything,
}

/// An open file.
pub struct Demuxer<'s> {
    context: *mut ff::AVFormatContext,
    io: InputIo<'s>,
    step: &'s Step<'s>,
    tracks: Vec<Track>,
    /// Whether frames were looked at.
    pub is_thorough: bool,
    /// Damaged places that were passed.
    pub damaged: u64,
    /// Nothing was read yet.
    is_fresh: bool,
}

impl<'s> Demuxer<'s> {
    /// Opens an input and finds its tracks.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when it is no media file; `limit_exceeded`; `cancelled`, `timeout`; `io`.
    pub fn open(step: &'s Step<'s>, input: Input<'s>, need: Need) -> Result<Demuxer<'s>> {
        library::prepare();
        let error = match Demuxer::open_with(step, input, need, ptr::null()) {
            Ok(demuxer) => return Ok(demuxer),
            Err(error) => error,
        };
        // A few frames without a header do not say what they are; the name of the file does.
        let known = readable::headerless(input.format()).filter(|_| error.kind == ErrorKind::CorruptInput);
        let Some(by) = known.and_then(library::demuxer) else { return Err(error) };
        let demuxer = Demuxer::open_with(step, input, need, by).map_err(|_| error.clone())?;
        let is_sound = |track: &Track| track.parameters.sample_rate() > 0 && track.parameters.channels() > 0;
        if demuxer.tracks.iter().any(is_sound) { Ok(demuxer) } else { Err(error) }
    }

    fn open_with(
        step: &'s Step<'s>,
        input: Input<'s>,
        need: Need,
        by: *const ff::AVInputFormat,
    ) -> Result<Demuxer<'s>> {
        let io = InputIo::new(step, input)?;
        // SAFETY: allocates; null is looked for before any field is touched.
        let context = unsafe { ff::avformat_alloc_context() };
        if context.is_null() {
            return Err(crate::packet::no_memory());
        }
        // SAFETY: the context is ours. The step outlives the demuxer, which owns the context.
        unsafe {
            (*context).pb = io.as_ptr();
            (*context).flags |= ff::AVFMT_FLAG_CUSTOM_IO;
            (*context).io_open = Some(refuse);
            (*context).probesize = PROBE_BYTES;
            (*context).max_analyze_duration = PROBE_TIME;
            (*context).max_streams = MOST_TRACKS as c_int;
            if input.format() == "wav" {
                // FFmpeg looks for other formats hidden in samples, which takes a third of a short conversion; one
                // look is enough.
                (*context).max_probe_packets = 1;
            }
            (*context).interrupt_callback = ff::AVIOInterruptCB {
                callback: Some(interrupt),
                opaque: ptr::from_ref(step).cast_mut().cast::<c_void>(),
            };
        }
        let mut options = Dictionary::of([("protocol_whitelist", "none"), ("format_whitelist", ALLOWED)]);
        let mut demuxer =
            Demuxer { context, io, step, tracks: Vec::new(), is_thorough: false, damaged: 0, is_fresh: true };
        // SAFETY: the context is ours; when opening fails FFmpeg frees it and sets the pointer to null.
        let opened = unsafe {
            ff::avformat_open_input(&raw mut demuxer.context, c"".as_ptr(), by, options.as_mut_ptr())
        };
        demuxer.checked(opened, "read the header")?;
        if demuxer.family() == "mov" {
            references::refuse_external(&input)?;
        }
        if need == Need::Everything || !demuxer.header_is_enough() {
            // SAFETY: the file is open.
            let found = unsafe { ff::avformat_find_stream_info(demuxer.context, ptr::null_mut()) };
            demuxer.checked(found, "find out what the tracks are")?;
            demuxer.is_thorough = true;
        }
        demuxer.collect()?;
        Ok(demuxer)
    }

    /// FFmpeg's result, with the reason that reading had when that was why it failed.
    fn checked(&mut self, code: c_int, what: &str) -> Result<c_int> {
        if code >= 0 {
            return Ok(code);
        }
        self.step.tick(0, 0)?;
        Err(self.io.take_failure().unwrap_or_else(|| failure(code, what)))
    }

    fn raw(&self) -> &ff::AVFormatContext {
        // SAFETY: after `open` the context is valid until it is dropped.
        unsafe { &*self.context }
    }

    fn streams(&self) -> Vec<*mut ff::AVStream> {
        let raw = self.raw();
        // SAFETY: the list holds `nb_streams` valid pointers.
        (0..raw.nb_streams as usize).map(|index| unsafe { *raw.streams.add(index) }).collect()
    }

    /// Whether the header names every track's codec with its size or rate, and the whole's length.
    fn header_is_enough(&self) -> bool {
        let says_all = |stream: &*mut ff::AVStream| {
            // SAFETY: streams of an open file, and their parameters, are valid.
            let parameters = unsafe { &*(**stream).codecpar };
            parameters.codec_id != ff::AVCodecID::AV_CODEC_ID_NONE
                && match parameters.codec_type {
                    // These have a header of their own, which containers take over as it is.
                    ff::AVMediaType::AVMEDIA_TYPE_VIDEO => {
                        use ff::AVCodecID::{AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_MPEG4};
                        let known = [AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_MPEG4]
                            .contains(&parameters.codec_id);
                        known
                            && parameters.extradata_size > 0
                            && parameters.width > 0
                            && parameters.height > 0
                    }
                    ff::AVMediaType::AVMEDIA_TYPE_AUDIO => {
                        // How deep packed samples are, only a frame of them says.
                        parameters.sample_rate > 0
                            && parameters.ch_layout.nb_channels > 0
                            && (parameters.format >= 0 || !library::is_packed(parameters.codec_id))
                    }
                    _ => true,
                }
        };
        let trusted = ["mov", "matroska", "wav", "flac", "aiff", "caf", "au", "ogg", "wv", "asf"];
        let streams = self.streams();
        trusted.contains(&self.family())
            && !streams.is_empty()
            && streams.iter().all(says_all)
            && self.duration().is_some()
    }

    fn collect(&mut self) -> Result<()> {
        for stream in self.streams() {
            // SAFETY: a stream of the open file.
            let track = unsafe { Track::of(self.context, stream)? };
            if matches!(track.kind, Kind::Video | Kind::Cover) && track.parameters.width() > 0 {
                self.step.check_picture(
                    track.parameters.width().into(),
                    track.parameters.height().into(),
                    4,
                )?;
            }
            self.tracks.push(track);
        }
        Ok(())
    }

    /// First word of the demuxer's name, as in `mov` or `matroska`.
    pub fn family(&self) -> &'static str {
        // SAFETY: an open file has a demuxer; its name is a static text.
        let name = unsafe { CStr::from_ptr((*self.raw().iformat).name) };
        name.to_str().unwrap_or("").split(',').next().unwrap_or("")
    }

    /// The tracks, in their order.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// The first track of a kind, preferring one that is marked as default and can be decoded.
    pub fn best(&self, kind: Kind) -> Option<&Track> {
        let of_kind = || self.tracks.iter().filter(move |track| track.kind == kind);
        let marked = |track: &&Track| track.disposition & ff::AV_DISPOSITION_DEFAULT != 0;
        of_kind()
            .find(|track| marked(track) && track.can_decode())
            .or_else(|| of_kind().find(|track| track.can_decode()))
            .or_else(|| of_kind().next())
    }

    /// Tags of the whole file.
    pub fn tags(&self) -> Dictionary {
        // SAFETY: the file's own tags.
        unsafe { Dictionary::copy_of(self.raw().metadata) }
    }

    /// Tags of the whole file, with those that Ogg puts on its one track.
    pub fn all_tags(&self) -> Dictionary {
        let mut all = Dictionary::default();
        let best = self.best(Kind::Audio).filter(|_| self.family() == "ogg");
        let own = best.map(|track| track.tags.entries()).unwrap_or_default();
        for (name, value) in own.into_iter().chain(self.tags().entries()) {
            all.set(&name, &value);
        }
        all
    }

    /// Chapter marks: start and end in seconds, and tags. At most 10,000.
    pub fn chapters(&self) -> Vec<(f64, f64, Dictionary)> {
        let raw = self.raw();
        let chapter = |index: usize| {
            // SAFETY: the list holds `nb_chapters` valid pointers.
            let chapter = unsafe { &**raw.chapters.add(index) };
            let unit = Rational::from(chapter.time_base);
            // SAFETY: the chapter's own tags.
            let tags = unsafe { Dictionary::copy_of(chapter.metadata) };
            (unit.seconds(chapter.start), unit.seconds(chapter.end), tags)
        };
        (0..(raw.nb_chapters as usize).min(10_000)).map(chapter).collect()
    }

    /// Length in seconds, when known.
    pub fn duration(&self) -> Option<f64> {
        let whole = known(self.raw().duration).map(|duration| Rational::MICROSECONDS.seconds(duration));
        whole.filter(|seconds| *seconds > 0.0)
    }

    /// Whether the length follows from bytes and bit rate alone, as in streams without a container.
    pub fn guesses_duration(&self) -> bool {
        let method = self.raw().duration_estimation_method;
        method == ff::AVDurationEstimationMethod::AVFMT_DURATION_FROM_BITRATE
    }

    /// First time of the file in seconds; 0 when unknown.
    pub fn start(&self) -> f64 {
        known(self.raw().start_time).map_or(0.0, |start| Rational::MICROSECONDS.seconds(start))
    }

    /// Bits a second over all; 0 when unknown.
    pub fn bit_rate(&self) -> u64 {
        u64::try_from(self.raw().bit_rate).unwrap_or(0)
    }

    /// Where reading is in the file, and how long that is, in bytes.
    pub fn place(&self) -> (u64, u64) {
        self.io.place()
    }

    /// Whether it is possible to jump in it.
    pub fn can_seek(&self) -> bool {
        self.io.place().1 > 0 && self.family() != "swf"
    }

    /// Leaves a track out of what [`Demuxer::next_packet`] gives.
    pub fn ignore(&mut self, index: usize) {
        if let Some(stream) = self.streams().get(index) {
            // SAFETY: a stream of the open file.
            unsafe { (**stream).discard = ff::AVDiscard::AVDISCARD_ALL };
        }
    }

    /// Goes to the last place at or before a time, in seconds from the file's zero, where decoding can start.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the file cannot be jumped in.
    pub fn seek(&mut self, seconds: f64) -> Result<()> {
        // Without an index a jump is a guess by bytes: well before, then, and read on.
        let careful = !INDEXED.contains(&self.family());
        if careful && self.is_fresh && seconds - CAREFUL <= self.start() {
            return Ok(());
        }
        self.is_fresh = false;
        let seconds = if careful { seconds - CAREFUL } else { seconds };
        if seconds <= self.start() && self.family().starts_with("mpeg") {
            // SAFETY: the file is open; the place is its first byte, where these have no header.
            let code = unsafe { ff::av_seek_frame(self.context, -1, 0, ff::AVSEEK_FLAG_BYTE) };
            if code >= 0 {
                return Ok(());
            }
        }
        let target = Rational::MICROSECONDS.time(seconds.max(self.start()));
        let most = if careful { i64::MAX } else { target };
        // SAFETY: the file is open; any place up to the target will do.
        let code = unsafe { ff::avformat_seek_file(self.context, -1, i64::MIN, target, most, 0) };
        self.checked(code, "jump to the start time").map(drop)
    }

    /// Like [`Demuxer::seek`], but to the start of a file in which a jump leads beyond the time, as it does in some that have
    /// no index.
    ///
    /// # Errors
    ///
    /// As [`Demuxer::seek`] and [`Demuxer::next_packet`].
    pub fn seek_no_further(&mut self, seconds: f64) -> Result<()> {
        self.seek(seconds)?;
        if self.is_fresh {
            return Ok(());
        }
        let damaged = self.damaged;
        let first = self.next_packet()?;
        self.damaged = damaged;
        let time = first.and_then(|packet| {
            let track = self.tracks.get(packet.stream())?;
            Some(packet.pts().map_or(seconds, |pts| track.time_base.seconds(pts)))
        });
        if time.is_some_and(|time| time <= seconds + FURTHER) {
            return self.seek(seconds);
        }
        let start = Rational::MICROSECONDS.time(self.start());
        // SAFETY: the file is open; the start is the target.
        let code = unsafe { ff::avformat_seek_file(self.context, -1, i64::MIN, start, i64::MAX, 0) };
        self.checked(code, "go back to the start").map(drop)
    }

    /// The next packet of any track that is not ignored; `None` at the end.
    ///
    /// A file that breaks off ends there, and is counted as damaged.
    ///
    /// # Errors
    ///
    /// `cancelled`, `timeout`; `io`.
    pub fn next_packet(&mut self) -> Result<Option<Packet>> {
        let mut packet = Packet::new()?;
        let mut failures = 0;
        self.is_fresh = false;
        loop {
            // SAFETY: file and packet are ours.
            let code = unsafe { ff::av_read_frame(self.context, packet.as_ptr()) };
            if code >= 0 {
                if let Some(track) = self.tracks.get(packet.stream()) {
                    // Flash does not mark the pictures that decoding can start with; the first is one.
                    if self.family() == "swf" && packet.pts().is_none_or(|pts| pts <= track.start) {
                        packet.set_key();
                    }
                    return Ok(Some(packet));
                }
                // A track that appears in the middle is not part of the plan.
                // SAFETY: ours.
                unsafe { ff::av_packet_unref(packet.as_ptr()) };
                continue;
            }
            if code == ff::AVERROR_EOF {
                return self.io.take_failure().map_or(Ok(None), Err);
            }
            self.step.tick(0, 0)?;
            if let Some(error) = self.io.take_failure() {
                return Err(error);
            }
            self.damaged += 1;
            failures += 1;
            if failures > 100 || code != ff::AVERROR(ff::EAGAIN) && code != ff::AVERROR_INVALIDDATA {
                return Ok(None);
            }
        }
    }
}

impl Drop for Demuxer<'_> {
    fn drop(&mut self) {
        // SAFETY: ours, or null when opening failed. The I/O context is not FFmpeg's to free.
        unsafe { ff::avformat_close_input(&raw mut self.context) };
    }
}

/// Asked by FFmpeg in loops that do not read.
unsafe extern "C" fn interrupt(opaque: *mut c_void) -> c_int {
    // SAFETY: the step given in `open`, which outlives the context.
    let step = unsafe { &*opaque.cast::<Step<'_>>() };
    c_int::from(step.tick(0, 0).is_err())
}
