//! What is done to the pictures of a track, worked out before anything runs.

use crate::geometry;
use crate::graph::{Filter, Link};
use crate::lane::Recipe;
use crate::options::{Change, VideoWish};
use crate::settings::{self, Aim};
use crate::watermark::Pictures;
use formwork_media::encode::{Colour, PictureSettings};
use formwork_media::ff::{self, AVColorTransferCharacteristic as Transfer};
use formwork_media::library::{self, Takes};
use formwork_media::{Codec, Container, EncoderSettings, Rational, Track};
use formwork_sdk::{Error, ErrorKind, Feature, Result, Step};

/// Containers that give every frame the same length.
const FIXED_RATE: &[&str] = &["avi", "mpeg", "vob", "swf", "ogv"];
/// Containers that do not say how long a frame is shown: it lasts until the next one.
const NO_DURATIONS: &[&str] = &["ts", "mts", "m2ts", "flv"];
/// Encoders that take any unit of time, so that frames keep their own times.
const FREE_TIMES: &[&str] = &["libx264", "libx265", "libvpx", "libvpx-vp9", "libsvtav1", "libaom-av1"];
/// Containers whose pictures are meant for screens that show fields.
const KEEPS_FIELDS: &[&str] = &["ts", "mts", "m2ts", "mpeg", "vob"];
/// Containers of Flash players.
const FLASH: &[&str] = &["flv", "f4v"];
/// The most frames a second that players of SWF show; its header has room for 255 (SWF 19, "The SWF header").
const MOST_SWF_RATE: Rational = Rational::new(120, 1);
/// The fewest frames a second of SWF with sound: sound goes along with the pictures and ends at the last one.
const LEAST_SWF_RATE: Rational = Rational::new(12, 1);
/// The rate of a film that does not say.
const USUAL_RATE: Rational = Rational::new(25, 1);
/// The rate of a film in which nothing moves: enough to find a place in it, and little work.
const STILL_RATE: Rational = Rational::new(5, 1);

/// All that is needed to open a lane.
pub(crate) struct Prepared {
    pub(crate) recipe: Recipe,
    pub(crate) settings: EncoderSettings,
    pub(crate) codec: &'static Codec,
    pub(crate) size: (u32, u32),
    pub(crate) frame_rate: Rational,
    /// Frames come back as they went in.
    pub(crate) lossless: bool,
    /// Subtitles are drawn into the pictures.
    pub(crate) burns: bool,
    /// What the encoder aims at, when it may begin anew within the film.
    pub(crate) cut: Option<Aim>,
}

/// Works out filters and settings for a track.
///
/// # Errors
///
/// `backend_missing` without an encoder; `invalid_request` for changes that do not fit the picture.
pub(crate) fn prepare(
    step: &Step<'_>,
    container: &Container,
    track: &Track,
    wish: &VideoWish,
    aim: Aim,
    pictures: &mut Pictures<'_>,
) -> Result<Prepared> {
    let codec = choose_codec(container, wish)?;
    let encoder = codec.encoder().ok_or_else(|| {
        Error::new(ErrorKind::BackendMissing, format!("this FFmpeg cannot encode {}", codec.word))
    })?;
    let takes = library::encoder(encoder).map(library::takes).unwrap_or_default();
    let source_format = track.parameters.pixel_format().unwrap_or(ff::AVPixelFormat::AV_PIX_FMT_YUV420P);
    let format = settings::pixel_format(codec, &takes, source_format);
    let even = settings::wants_even(format);
    let mut chain = Chain::new(track);
    chain.fields(track, container);
    chain.upright(track);
    if wish.is_picture && library::has_alpha(source_format) {
        chain.on_white();
    }
    if !wish.changes.is_empty() {
        chain.square();
    }
    for change in &wish.changes {
        chain.change(change, even, pictures)?;
    }
    chain.fit(codec, even);
    let mut subtitles_at = (chain.links.len(), chain.size);
    let colour = chain.colours(step, track, source_format, format);
    let frame_rate = rate(codec, container, track, wish, &takes);
    let fixed = wish.fps.is_some()
        || wish.is_picture && (wish.still.is_some() || NO_DURATIONS.contains(&container.id))
        || FIXED_RATE.contains(&container.id)
        || !FREE_TIMES.contains(&encoder)
        || !takes.frame_rates.is_empty();
    if fixed {
        let even = Link::One(Filter::new("fps", format!("fps={}/{}", frame_rate.num, frame_rate.den)));
        // What lays pictures over each other does not know how long the last one is shown.
        let overlay = chain.links.iter().position(|link| matches!(link, Link::Two(..)));
        match overlay.or(wish.burn.then_some(subtitles_at.0)) {
            Some(place) => {
                chain.links.insert(place, even);
                subtitles_at.0 += 1;
            }
            None => chain.links.push(even),
        }
    }
    chain.one("format", format!("pix_fmts={}", format_name(format)));
    tell_losses(step, container, source_format, format);
    let (width, height) = chain.size;
    step.check_picture(width.into(), height.into(), 4)?;
    let mut told = settings::told(codec, encoder, wish, aim, (width, height));
    if FLASH.contains(&container.id) && encoder == "libx264" {
        // Without edit lists, frames that wait for others would make the film start late.
        told.options.push(("bf", "0".into()));
    }
    let time_base = if fixed { frame_rate.inverse() } else { track.time_base };
    let settings = EncoderSettings {
        encoder,
        options: told.options,
        quality: told.quality,
        threads: told.threads,
        tag: settings::tag(codec, container),
        picture: Some(PictureSettings {
            width,
            height,
            format,
            pixel_aspect: chain.pixel_aspect,
            frame_rate,
            time_base,
            key_interval: told
                .key_seconds
                .map(|seconds| ((frame_rate.value() * seconds).round() as i32).max(1)),
            colour,
            interlaced: None,
        }),
        ..EncoderSettings::default()
    };
    let recipe = Recipe {
        links: chain.links,
        subtitles_at,
        frame_rate: if track.frame_rate.is_positive() { track.frame_rate } else { USUAL_RATE },
        size: (track.parameters.width(), track.parameters.height()),
        lasts: behind(wish.lasts, frame_rate.value()),
        still: wish.still,
        shortest: frame_rate.inverse().value(),
        shows_last_again: NO_DURATIONS.contains(&container.id) && !wish.is_picture,
    };
    let lossless = codec.lossless || wish.lossless && matches!(encoder, "libx264" | "libx265" | "libvpx-vp9");
    let lossless = lossless && format == source_format && wish.changes.is_empty() && !wish.burn;
    let (size, burns) = ((width, height), wish.burn);
    let cut = settings::may_be_cut(codec, aim).then_some(aim);
    Ok(Prepared { recipe, settings, codec, size, frame_rate, lossless, burns, cut })
}

fn choose_codec(container: &Container, wish: &VideoWish) -> Result<&'static Codec> {
    if let Some(codec) = wish.codec {
        return Ok(codec);
    }
    let able = container.encodable(formwork_media::CodecKind::Video);
    able.first().and_then(|word| Codec::named(word)).ok_or_else(|| {
        Error::new(ErrorKind::BackendMissing, format!("this FFmpeg cannot encode video for {}", container.id))
    })
}

/// Frames a second of the result.
fn rate(codec: &Codec, container: &Container, track: &Track, wish: &VideoWish, takes: &Takes) -> Rational {
    let own = track.frame_rate;
    // Players of streams do not wait for seconds.
    let slow = wish.is_picture && own.value() < STILL_RATE.value() && NO_DURATIONS.contains(&container.id);
    let own = match own.is_positive() {
        _ if wish.still.is_some() || slow => STILL_RATE,
        true => own,
        false => USUAL_RATE,
    };
    let wanted = wish.fps.map_or(own, |fps| Rational::new((fps * 1000.0).round() as i32, 1000));
    let wanted = match container.id {
        "swf" if wanted.value() > MOST_SWF_RATE.value() => MOST_SWF_RATE,
        "swf" if wish.lasts > 0.0 => whole_multiple(wanted, LEAST_SWF_RATE),
        _ => wanted,
    };
    settings::frame_rate(codec, takes, wanted)
}

/// Whether pictures can go into an SWF at their own rate.
pub(crate) fn fits_swf(rate: Rational, has_sound: bool) -> bool {
    rate.value() <= MOST_SWF_RATE.value() && (!has_sound || rate.value() >= LEAST_SWF_RATE.value())
}

/// The rate, so many times that it is not below `least`: every frame keeps its time.
fn whole_multiple(rate: Rational, least: Rational) -> Rational {
    let times = (least.value() / rate.value()).ceil().clamp(1.0, 120.0) as i32;
    Rational::new(rate.num.saturating_mul(times), rate.den)
}

/// One frame more than sound of so many seconds takes, since sound is written before the frame it goes with.
fn behind(seconds: f64, rate: f64) -> f64 {
    if seconds > 0.0 { ((seconds * rate).ceil() + 1.0) / rate } else { 0.0 }
}

/// A chain of filters under construction, with what the pictures are behind it.
pub(crate) struct Chain {
    pub(crate) links: Vec<Link>,
    pub(crate) size: (u32, u32),
    pub(crate) pixel_aspect: Rational,
}

impl Chain {
    pub(crate) fn new(track: &Track) -> Chain {
        Chain {
            links: Vec::new(),
            size: (track.parameters.width(), track.parameters.height()),
            pixel_aspect: track.parameters.pixel_aspect(),
        }
    }

    pub(crate) fn one(&mut self, name: &'static str, arguments: impl Into<String>) {
        self.links.push(Link::One(Filter::new(name, arguments)));
    }

    fn all(&mut self, (filters, size): (Vec<Filter>, (u32, u32))) {
        self.links.extend(filters.into_iter().map(Link::One));
        self.size = size;
    }

    /// Fields are woven into whole pictures, unless the container is for screens that show fields.
    fn fields(&mut self, track: &Track, container: &Container) {
        if track.parameters.is_interlaced() && !KEEPS_FIELDS.contains(&container.id) {
            self.one("bwdif", "mode=send_frame:deint=interlaced");
        }
    }

    /// Turned and mirrored as a player would.
    pub(crate) fn upright(&mut self, track: &Track) {
        self.all(geometry::turn(track.rotation, self.size));
        if track.mirrored {
            self.one("hflip", "");
        }
        if track.rotation % 180 != 0 {
            self.pixel_aspect = self.pixel_aspect.inverse();
        }
    }

    /// Over white: the distance from white is what is multiplied by the opacity.
    fn on_white(&mut self) {
        self.one("format", "pix_fmts=gbrap");
        self.one("negate", "");
        self.one("premultiply", "inplace=1");
        self.one("negate", "");
    }

    /// Pixels as wide as they are high.
    pub(crate) fn square(&mut self) {
        let aspect = self.pixel_aspect.value();
        if (aspect - 1.0).abs() > 0.001 && (0.05..20.0).contains(&aspect) {
            let width = (f64::from(self.size.0) * aspect).round() as u32;
            self.all(geometry::scale_to((geometry::rounded(width, true), self.size.1), self.size));
        }
        self.one("setsar", "sar=1");
        self.pixel_aspect = Rational::new(1, 1);
    }

    pub(crate) fn change(&mut self, change: &Change, even: bool, pictures: &mut Pictures<'_>) -> Result<()> {
        if let Change::Mark(mark) = change {
            self.links.push(pictures.over(mark, self.size)?);
            return Ok(());
        }
        let changed = geometry::filters(change, self.size, even)?;
        self.all(changed);
        Ok(())
    }

    /// To a size that the codec knows.
    fn fit(&mut self, codec: &Codec, even: bool) {
        let (width, height) = self.size;
        let target = match codec.word {
            // ITU-T H.263, table 1: there are no other sizes.
            "h263" => *[(128_u32, 96_u32), (176, 144), (352, 288), (704, 576)]
                .iter()
                .min_by_key(|(w, h)| w.abs_diff(width) + h.abs_diff(height))
                .unwrap_or(&(352, 288)),
            _ => (geometry::rounded(width, even), geometry::rounded(height, even)),
        };
        self.all(geometry::scale_to(target, self.size));
    }

    /// Colour tags of the result; high dynamic range is brought down for codecs of 8 bits.
    fn colours(
        &mut self,
        step: &Step<'_>,
        track: &Track,
        from: ff::AVPixelFormat,
        to: ff::AVPixelFormat,
    ) -> Colour {
        let raw = track.parameters.raw();
        let depth = |format| library::pixel_format_facts(format).map_or(8, |(_, bits)| bits);
        let high = matches!(raw.color_trc, Transfer::AVCOL_TRC_SMPTE2084 | Transfer::AVCOL_TRC_ARIB_STD_B67);
        if high && depth(to) <= 8 && depth(from) > 8 {
            step.warn("high dynamic range was brought down to the usual range");
            self.one("zscale", "transfer=linear:npl=100");
            self.one("format", "pix_fmts=gbrpf32le");
            self.one("zscale", "primaries=bt709");
            self.one("tonemap", "tonemap=hable:desat=0");
            self.one("zscale", "transfer=bt709:matrix=bt709:range=limited");
            return Colour {
                primaries: ff::AVColorPrimaries::AVCOL_PRI_BT709,
                transfer: Transfer::AVCOL_TRC_BT709,
                matrix: ff::AVColorSpace::AVCOL_SPC_BT709,
                range: ff::AVColorRange::AVCOL_RANGE_MPEG,
            };
        }
        Colour {
            primaries: raw.color_primaries,
            transfer: raw.color_trc,
            // A result in RGB, or from it, has its own matrix.
            matrix: if is_rgb(from) || is_rgb(to) { Colour::default().matrix } else { raw.color_space },
            range: Colour::default().range,
        }
    }
}

fn is_rgb(format: ff::AVPixelFormat) -> bool {
    // SAFETY: descriptors are static; null is looked for.
    unsafe { ff::av_pix_fmt_desc_get(format).as_ref() }
        .is_some_and(|about| about.flags & ff::AV_PIX_FMT_FLAG_RGB as u64 != 0)
}

/// FFmpeg's name of a pixel format.
pub(crate) fn format_name(format: ff::AVPixelFormat) -> &'static str {
    library::pixel_format_facts(format).map_or("yuv420p", |(name, _)| name)
}

fn tell_losses(step: &Step<'_>, container: &Container, from: ff::AVPixelFormat, to: ff::AVPixelFormat) {
    let depth = |format| library::pixel_format_facts(format).map_or(8, |(_, bits)| bits);
    if depth(from) > 8.max(depth(to)) {
        let detail = format!("{} bits became {} for {}", depth(from), depth(to), container.id);
        step.lose(Feature::BitDepth, detail);
    }
    if library::has_alpha(from) && !library::has_alpha(to) {
        step.lose(Feature::Alpha, format!("{} has no transparency here", container.id));
    }
}
