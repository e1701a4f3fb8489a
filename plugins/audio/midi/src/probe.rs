//! What a MIDI file is.

use crate::song::Song;
use crate::survey::survey;
use formwork_sdk::{Result, Step, Value, json};

/// Walks through all events, for only they know how long the song plays, and tells what they are.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded` (`memory`, `entries`); `cancelled`.
pub(crate) fn probe(step: &Step<'_>) -> Result<()> {
    let bytes = step.input()?.bytes()?;
    let song = Song::parse(&bytes, step.limits())?;
    let survey = survey(step, &song)?;
    step.report(&json!({
        "duration": song.clock.seconds(survey.end(&song)),
        "tracks": song.tracks(),
        "notes": survey.notes,
        "codec": "midi",
        "streams": [{"kind": "audio", "codec": "midi"}],
        "tags": Value::from(&survey.tags),
        "features": survey.features(),
    }));
    Ok(())
}
