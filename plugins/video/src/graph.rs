//! Filters between decoder and encoder: libavfilter, set up from typed values only.
//!
//! No text of a user ever reaches the graph's parser: filters are made one by one by name, and their arguments are
//! numbers and words of this plugin.

use formwork_media::ff;
use formwork_media::{Frame, Rational, check, library, no_memory};
use formwork_sdk::{Error, Result};
use std::ffi::CString;
use std::ptr;
use std::sync::Arc;

/// One filter with its arguments, as in `scale` and `640:360`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) arguments: String,
}

impl Filter {
    pub(crate) fn new(name: &'static str, arguments: impl Into<String>) -> Filter {
        Filter { name, arguments: arguments.into() }
    }
}

/// What comes in at the head of a graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Source {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) format: ff::AVPixelFormat,
    pub(crate) time_base: Rational,
    pub(crate) pixel_aspect: Rational,
    pub(crate) frame_rate: Rational,
}

impl Source {
    /// Of a decoded frame.
    pub(crate) fn of(frame: &Frame, time_base: Rational, frame_rate: Rational) -> Result<Source> {
        let format =
            library::pixel_format(frame.format()).filter(|_| frame.width() > 0 && frame.height() > 0);
        let format = format.ok_or_else(|| Error::corrupt("a decoded picture has no size or pixel format"))?;
        // SAFETY: the frame is valid.
        let aspect = Rational::from(unsafe { (*frame.as_ptr()).sample_aspect_ratio });
        let pixel_aspect = if aspect.is_positive() { aspect } else { Rational::new(1, 1) };
        Ok(Source {
            width: frame.width(),
            height: frame.height(),
            format,
            time_base,
            pixel_aspect,
            frame_rate,
        })
    }

    fn arguments(&self) -> String {
        let rate = if self.frame_rate.is_positive() {
            format!(":frame_rate={}/{}", self.frame_rate.num, self.frame_rate.den)
        } else {
            String::new()
        };
        format!(
            "video_size={}x{}:pix_fmt={}:time_base={}/{}:pixel_aspect={}/{}{rate}",
            self.width,
            self.height,
            self.format as i32,
            self.time_base.num.max(1),
            self.time_base.den.max(1),
            self.pixel_aspect.num,
            self.pixel_aspect.den
        )
    }
}

/// One link of a chain.
#[derive(Clone)]
pub(crate) enum Link {
    /// A filter of one input.
    One(Filter),
    /// A filter whose second input is one frame: a picture laid over, or a palette.
    Two(Filter, Arc<Frame>),
}

/// A configured chain of filters.
pub(crate) struct Graph {
    graph: *mut ff::AVFilterGraph,
    source: *mut ff::AVFilterContext,
    sink: *mut ff::AVFilterContext,
    made_for: Source,
}

// SAFETY: used by one thread at a time.
unsafe impl Send for Graph {}

impl Graph {
    /// Builds a chain.
    pub(crate) fn new(source: Source, links: &[Link]) -> Result<Graph> {
        // SAFETY: allocates; null is looked for.
        let graph = unsafe { ff::avfilter_graph_alloc() };
        if graph.is_null() {
            return Err(no_memory());
        }
        let mut built = Graph { graph, source: ptr::null_mut(), sink: ptr::null_mut(), made_for: source };
        // SAFETY: the graph is ours. The threads are for decoder and encoder.
        unsafe { (*graph).nb_threads = 1 };
        built.source = built.add("buffer", &source.arguments())?;
        let mut last = built.source;
        let mut seconds = Vec::new();
        for link in links {
            let filter = match link {
                Link::One(filter) | Link::Two(filter, _) => filter,
            };
            let next = built.add(filter.name, &filter.arguments)?;
            built.link(last, next, 0)?;
            if let Link::Two(_, frame) = link {
                let shape = Source::of(frame, source.time_base, Rational::new(0, 1))?;
                let second = built.add("buffer", &shape.arguments())?;
                built.link(second, next, 1)?;
                seconds.push((second, frame));
            }
            last = next;
        }
        built.sink = built.add("buffersink", "")?;
        built.link(last, built.sink, 0)?;
        // SAFETY: all filters are linked.
        check(unsafe { ff::avfilter_graph_config(graph, ptr::null_mut()) }, "set the filters up")?;
        for (second, frame) in seconds {
            push(second, Some(&frame.share()?))?;
            push(second, None)?;
        }
        Ok(built)
    }

    fn add(&mut self, name: &str, arguments: &str) -> Result<*mut ff::AVFilterContext> {
        let text = |text: &str| CString::new(text).map_err(|_| Error::invalid("a zero byte in a filter"));
        let (c_name, c_arguments) = (text(name)?, text(arguments)?);
        let mut context = ptr::null_mut();
        // SAFETY: texts end with zeros; the filter is looked at before use; the graph owns what it makes.
        unsafe {
            let filter = ff::avfilter_get_by_name(c_name.as_ptr());
            if filter.is_null() {
                return Err(Error::unsupported(format!("this FFmpeg has no filter {name}")));
            }
            let code = ff::avfilter_graph_create_filter(
                &raw mut context,
                filter,
                ptr::null(),
                c_arguments.as_ptr(),
                ptr::null_mut(),
                self.graph,
            );
            check(code, &format!("set up the filter {name} with {arguments}"))?;
        }
        Ok(context)
    }

    fn link(&mut self, from: *mut ff::AVFilterContext, to: *mut ff::AVFilterContext, pad: u32) -> Result<()> {
        // SAFETY: both are filters of this graph; the function checks the pads.
        check(unsafe { ff::avfilter_link(from, 0, to, pad) }, "join filters").map(drop)
    }

    /// Whether frames like this are what the graph was made for.
    pub(crate) fn fits(&self, source: &Source) -> bool {
        let shape = |source: &Source| (source.width, source.height, source.format as i32, source.time_base);
        shape(&self.made_for) == shape(source)
    }

    /// Unit of the times of the frames that come out.
    pub(crate) fn time_base(&self) -> Rational {
        // SAFETY: the sink is configured.
        unsafe { ff::av_buffersink_get_time_base(self.sink) }.into()
    }

    /// Passes a frame through, and hands over what comes out.
    pub(crate) fn filter(&mut self, frame: &Frame, each: &mut dyn FnMut(Frame) -> Result<()>) -> Result<()> {
        push(self.source, Some(frame))?;
        self.receive(each)
    }

    /// Ends the input at a time, in the source's time base, and hands over what is left.
    pub(crate) fn finish(&mut self, end: i64, each: &mut dyn FnMut(Frame) -> Result<()>) -> Result<()> {
        // SAFETY: the source belongs to a configured graph.
        check(unsafe { ff::av_buffersrc_close(self.source, end, 0) }, "end the filters")?;
        self.receive(each)
    }

    fn receive(&mut self, each: &mut dyn FnMut(Frame) -> Result<()>) -> Result<()> {
        loop {
            let out = Frame::new()?;
            // SAFETY: sink and frame are ours.
            let code = unsafe { ff::av_buffersink_get_frame(self.sink, out.as_ptr()) };
            if code == ff::AVERROR(ff::EAGAIN) || code == ff::AVERROR_EOF {
                return Ok(());
            }
            check(code, "filter a picture")?;
            each(out)?;
        }
    }
}

fn push(source: *mut ff::AVFilterContext, frame: Option<&Frame>) -> Result<()> {
    let raw = frame.map_or(ptr::null_mut(), Frame::as_ptr);
    // SAFETY: the source belongs to a configured graph; the frame stays ours.
    let code =
        unsafe { ff::av_buffersrc_add_frame_flags(source, raw, ff::AV_BUFFERSRC_FLAG_KEEP_REF as i32) };
    if code == ff::AVERROR_EOF { Ok(()) } else { check(code, "filter a picture").map(drop) }
}

impl Drop for Graph {
    fn drop(&mut self) {
        // SAFETY: ours, with all its filters.
        unsafe { ff::avfilter_graph_free(&raw mut self.graph) };
    }
}

/// Passes one frame through a chain.
pub(crate) fn once(frame: &Frame, links: &[Link]) -> Result<Frame> {
    let source = Source::of(frame, Rational::new(1, 25), Rational::new(25, 1))?;
    let mut graph = Graph::new(source, links)?;
    let input = frame.share()?;
    // SAFETY: the handle is ours.
    unsafe { (*input.as_ptr()).pts = 0 };
    let mut made = None;
    let mut keep = |frame| {
        made = Some(frame);
        Ok(())
    };
    graph.filter(&input, &mut keep)?;
    graph.finish(1, &mut keep)?;
    made.ok_or_else(|| Error::corrupt("the filters gave no picture"))
}
