//! The way of a picture through the plugin: decode, prepare for the target, encode.

use crate::codec::{Codec, Encoder, Reader, Wish};
use crate::{CODECS, lanes, letters, optimise, raster};
use formwork_image_pixels::{Changes, Picture, facts, prepare};
use formwork_sdk::{Error, Feature, Result, Step};

/// Finds a format's row.
fn codec(id: &str) -> Option<&'static Codec> {
    CODECS.iter().copied().find(|codec| codec.id == id)
}

fn reader(id: &str) -> Result<&'static Reader> {
    codec(id)
        .and_then(|codec| codec.read.as_ref())
        .ok_or_else(|| Error::unsupported(format!("the image plugin does not read {id:?}")))
}

fn encoder(id: &str) -> Result<&'static Encoder> {
    codec(id)
        .and_then(|codec| codec.write.as_ref())
        .ok_or_else(|| Error::unsupported(format!("the image plugin does not write {id:?}")))
}

/// Tells what the input is, from its header.
pub(crate) fn probe(step: &Step<'_>) -> Result<()> {
    let input = step.input()?;
    let facts = (reader(input.format())?.inspect)(step, &input)?;
    step.report(&facts.value());
    Ok(())
}

/// Does one step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let input = step.input()?;
    let target = if step.target().is_empty() { input.format() } else { step.target() };
    let (reader, encoder) = (reader(input.format())?, encoder(target)?);
    if optimise::applies(step, &input, target) {
        optimise::run(step, &input)?;
        // Width and height as they are seen stay what they were.
        return probe(step);
    }
    let mut changes = Changes::of(step);
    changes.letters = Some(letters::draw);
    let wish = Wish {
        first_frame_only: changes.pages.is_none() && (changes.first_frame_only || !holds_several(encoder)),
        changes,
        ..Wish::default()
    };
    if lanes::take(step, &input, target, &wish)? {
        return Ok(());
    }
    let mut picture = (reader.decode)(step, &input, &wish)?;
    input.release();
    if target == raster::ID && wish.changes.is_empty() {
        picture.check(step)?;
    } else {
        prepare(step, &mut picture, &encoder.target, &wish.changes, wish.original.get())?;
    }
    write(step, encoder, &picture)
}

fn holds_several(encoder: &Encoder) -> bool {
    encoder.target.keeps(Feature::Animation) || encoder.target.keeps(Feature::Pages)
}

/// Encodes a prepared picture as the step's output.
fn write(step: &Step<'_>, encoder: &Encoder, picture: &Picture) -> Result<()> {
    let mut output = step.create_output()?;
    // An encoder that writes something else than the picture's own size tells so afterwards.
    step.report(&facts(picture));
    (encoder.encode)(step, &step.options(), picture, &mut output)?;
    output.close()?;
    Ok(())
}
