//! Films as animated GIF: a palette made for the film, then every frame in it.
//!
//! Two passes over the input instead of holding all frames: memory stays that of a few pictures.

use crate::convert::{self, Plan};
use crate::graph::{Filter, Graph, Link, Source};
use crate::recipe;
use crate::settings::Aim;
use crate::watermark::Pictures;
use formwork_media::encode::PictureSettings;
use formwork_media::ff::AVPixelFormat::{AV_PIX_FMT_BGRA, AV_PIX_FMT_PAL8};
use formwork_media::{Assembly, Decoder, Demuxer, Frame, Kind, Need, Rational, Skip, Span};
use formwork_sdk::{Error, Feature, Result, json};
use std::sync::Arc;

/// Frames a second when none are asked for: browsers show faster ones at this rate or slower.
const USUAL_RATE: f64 = 15.0;
/// The unit of times in a GIF: hundredths of a second (GIF89a, section 23).
const HUNDREDTHS: Rational = Rational::new(1, 100);

/// Converts the plan's input.
pub(crate) fn run(plan: &Plan<'_>, demuxer: Demuxer<'_>) -> Result<()> {
    let step = plan.step;
    let span = plan.span(&demuxer)?;
    let track = demuxer.best(Kind::Video).ok_or_else(|| Error::unsupported("the file holds no pictures"))?;
    let own = track.frame_rate.value();
    let rate = plan.wish.fps.unwrap_or(if own > 0.0 { own.min(USUAL_RATE) } else { USUAL_RATE }).min(50.0);
    let rate = Rational::new((rate * 1000.0).round() as i32, 1000);
    let mut wish = plan.wish.clone();
    wish.fps = Some(rate.value());
    let mut pictures = Pictures::new(step);
    let mut prepared =
        recipe::prepare(step, plan.container, track, &wish, Aim::Quality(75.0), &mut pictures)?;
    // The last link brings pictures to the encoder's pixels; here the palette does.
    prepared.recipe.links.pop();
    let before = prepared.recipe.links.clone();
    let palette = palette(plan, &before, &Span { share: Some((0.0, 0.4)), ..span })?;
    prepared.recipe.links.push(Link::Two(
        Filter::new("paletteuse", "dither=sierra2_4a:diff_mode=rectangle"),
        Arc::new(palette),
    ));
    if let Some(picture) = &mut prepared.settings.picture {
        *picture = PictureSettings { format: AV_PIX_FMT_PAL8, time_base: HUNDREDTHS, ..picture.clone() };
    }
    step.lose(Feature::Colours, "a palette of 256 colours");
    let mut film = Demuxer::open(step, step.input()?, Need::Everything)?;
    let track = film.best(Kind::Video).ok_or_else(|| Error::unsupported("the file holds no pictures"))?;
    let mut assembly = Assembly::new(step, plan.container, Span { share: Some((0.4, 0.6)), ..span })?;
    convert::add(&mut assembly, step, track, prepared, false)?;
    assembly.describe(&film, &step.options())?;
    let loops = plan.wish.loops.unwrap_or(0);
    // The muxer counts repetitions: none is -1, for ever is 0.
    assembly.options.push(("loop", if loops == 1 { -1 } else { (loops - 1).max(0) }.to_string()));
    let (counts, _) = assembly.run(&mut film)?;
    step.report(&json!({ "frames_encoded": counts.iter().map(|count| count.encoded).sum::<u64>() }));
    Ok(())
}

/// The palette that suits all frames best.
fn palette(plan: &Plan<'_>, before: &[Link], span: &Span) -> Result<Frame> {
    let step = plan.step;
    let mut demuxer = Demuxer::open(step, step.input()?, Need::Everything)?;
    let track = demuxer.best(Kind::Video).ok_or_else(|| Error::unsupported("the file holds no pictures"))?;
    let (index, unit, rate) = (track.index, track.time_base, track.frame_rate);
    let half = if rate.is_positive() { rate.inverse().value() / 2.0 } else { 0.02 };
    let size = (track.parameters.width(), track.parameters.height());
    let mut decoder = Decoder::open(track, step.threads(), Skip::Nothing)?;
    if span.origin > demuxer.start() + 0.001 && demuxer.can_seek() {
        // A file that cannot be jumped in is read from its start.
        let _ = demuxer.seek(span.origin);
    }
    let mut links = before.to_vec();
    links.push(Link::One(Filter::new("palettegen", "stats_mode=full")));
    let mut graph: Option<Graph> = None;
    let mut found = None;
    // Filters of a fixed rate fill up to the end they are told.
    let mut last = 0;
    let total = (span.length.unwrap_or(0.0) * 1000.0) as u64;
    loop {
        let packet = demuxer.next_packet()?;
        if packet.as_ref().is_some_and(|packet| packet.stream() != index) {
            continue;
        }
        let mut over = packet.is_none();
        decoder.decode(packet.as_ref(), &mut |mut frame| {
            let time = frame.best_pts().map_or(span.origin, |pts| unit.seconds(pts));
            if time + half < span.origin || (frame.width(), frame.height()) != size {
                return Ok(());
            }
            if span.end.is_some_and(|end| time >= end) {
                over = true;
                return Ok(());
            }
            let done = ((time - span.origin).max(0.0) * 1000.0) as u64;
            step.tick(done * 2 / 5, total.max(done))?;
            last = unit.time((time - span.origin).max(0.0));
            frame.set_pts(Some(last));
            let graph = match &mut graph {
                Some(graph) => graph,
                None => graph.insert(Graph::new(Source::of(&frame, unit, rate)?, &links)?),
            };
            graph.filter(&frame, &mut |palette| {
                found = Some(palette);
                Ok(())
            })
        })?;
        if over {
            break;
        }
    }
    if let Some(graph) = &mut graph {
        graph.finish(last + unit.time(2.0 / USUAL_RATE), &mut |palette| {
            found = Some(palette);
            Ok(())
        })?;
    }
    let palette = found.ok_or_else(|| Error::corrupt("none of the pictures can be decoded"))?;
    debug_assert_eq!(palette.format(), AV_PIX_FMT_BGRA as i32);
    Ok(palette)
}
