"""What a video or audio file holds: ffprobe and mediainfo say what is in it, ffmpeg decodes every frame of it.

Two answers:

    streams(path, kind)        what ffprobe sees; quick
    read(path, kind, beside)   everything, of the file and of the one it was made from, and how alike they are
"""

import decoded
import likeness
import mido
import probed
from PIL import Image
from probed import ffprobe, pick

PICTURES = {"png", "jpg", "webp"}


def streams(path, kind):
    """The streams that are known, and what the work grows with: pixels or samples of the whole file."""
    if kind == "mid":
        tune = mido.MidiFile(path)
        return {"video": False, "audio": True, "cost": int(tune.length * 48_000)}
    told = ffprobe(path, kind)
    video, audio = pick(told, "video"), pick(told, "audio")
    if not video and not audio:
        raise ValueError("no stream in it that is known")
    seconds = min(seconds_of(told), 600)
    cost = seconds * (video["width"] * video["height"] * 25 if video else 96_000)
    return {"video": bool(video), "audio": bool(audio), "cost": int(cost)}


def read(path, kind, beside):
    """Facts of the file, facts of the input beside it, and how alike the two are."""
    source = listen(beside["path"], beside["format"])
    if kind in PICTURES:
        with Image.open(path) as image:
            size = image.size
        made = decoded.decode(path, ffprobe(path, kind))
        return {"input": facts(source), "still": likeness.still(source, made, size)}
    told = ffprobe(path, kind)
    made = decoded.decode(path, told)
    return {
        "input": facts(source),
        "output": {**facts(made), **probed.container(path, told)},
        **likeness.compare(source, made),
    }


# Targets of one input follow each other, so that its decoding is done once.
LAST = {}


def listen(path, kind):
    """The decoded input. A tune has no samples of its own, only a length and whether anything sounds."""
    if path not in LAST:
        LAST.clear()
        LAST[path] = tune(path) if kind == "mid" else decoded.decode(path, ffprobe(path, kind))
    return LAST[path]


def tune(path):
    """A MIDI file as a stream that is only known from its notes."""
    score = mido.MidiFile(path)
    loud = any(event.type == "note_on" and event.velocity > 0 for event in score)
    return decoded.Decoded(audio={"codec": "midi", "rate": 0, "channels": 0, "bits": 0, "float": False,
                                  "spans": [score.length], "level": -20.0 if loud else -120.0})


def seconds_of(told):
    """The length the container tells, or one that is short enough."""
    return float(told["format"].get("duration", 10))


def facts(file):
    """What is told of a decoded file."""
    return {"video": file.video, "audio": file.audio, "errors": file.errors, "duration": file.duration}
