"""Every frame of a media file, decoded by ffmpeg in one go: small pictures with their times, and all samples."""

import dataclasses
import os
import re
import subprocess
import tempfile

import numpy

from probed import PATIENCE, pick

# Size of the small pictures. Their shape is not that of the video: both sides of a comparison are bent alike.
WIDE, HIGH = 64, 48
# Rate of the copy that sounds are compared by; every target can carry what is left of a sound at this rate.
PLAIN_RATE = 8000
SILENCE = -120.0
# Hertz below which loudness is not compared.
DEEP = 120
# Releases differ: in where a sound ends whose last packet is padded, in the last bit of some codecs.
DECODER = os.environ.get("FORMWORK_JUDGE_FFMPEG", "ffmpeg")
# Complaints of ffmpeg's own outputs here, which say nothing about the file.
OURS = re.compile(r"\[(tee|rawvideo|framecrc|s32le|f32le|f64le|s16le|pcm_\w+|swscaler|auto_\w+|out#\d+).* @ ")


@dataclasses.dataclass
class Decoded:
    """A decoded file. `video` and `audio` are what is told of the streams, or None."""

    video: dict | None = None
    audio: dict | None = None
    errors: list = dataclasses.field(default_factory=list)
    duration: float | None = None
    # Frames as an array of HIGH x WIDE x RGBA, and the time of each in seconds from the first.
    frames: numpy.ndarray | None = None
    times: numpy.ndarray | None = None
    # Samples as one row per moment; int32 or floating point as the codec has them.
    samples: numpy.ndarray | None = None
    # One channel at PLAIN_RATE, from -1 to 1.
    plain: numpy.ndarray | None = None


def decode(path, told):
    """Decodes all of the first video and the first audio stream."""
    result = Decoded(duration=float(told["format"]["duration"]) if "duration" in told["format"] else None)
    video, audio = pick(told, "video"), pick(told, "audio")
    if not video and not audio:
        raise ValueError("no video and no audio stream")
    shared = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="judge-", dir=shared) as folder:
        result.errors = run(path, folder, video, audio, told["forced"])
        if video:
            result.video = read_video(folder, video, result)
        if audio:
            result.audio = read_audio(folder, audio, result)
    if not result.video and not result.audio:
        raise ValueError("no frame decodes: " + "; ".join(result.errors[:2]))
    return result


def run(path, folder, video, audio, forced):
    """Has ffmpeg write everything into `folder`, and returns its complaints about the file."""
    graph, outputs = [], []
    if video:
        graph.append(f"[0:{video['index']}]scale={WIDE}:{HIGH}:flags=area,format=rgba[v]")
        outputs += ["-map", "[v]", "-c:v", "rawvideo", "-fps_mode", "passthrough", "-enc_time_base:v", "1:10000",
                    "-f", "tee",
                    f"[f=rawvideo]{folder}/v|[f=framecrc]{folder}/vt"]
    if audio:
        kind = sample_kind(audio)
        graph.append(f"[0:{audio['index']}]asplit[a][b]")
        outputs += ["-map", "[a]", "-c:a", f"pcm_{kind}le", "-f", "tee", f"[f={kind}le]{folder}/a|[f=framecrc]{folder}/at",
                    "-map", "[b]", "-ac", "1", "-ar", str(PLAIN_RATE), "-f", "s16le", f"{folder}/p"]
    words = [DECODER, "-v", "error", "-nostdin", "-y", *forced, "-i", path,
             "-filter_complex", ";".join(graph), *outputs]
    done = subprocess.run(words, capture_output=True, check=False, timeout=PATIENCE)
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    errors = [plain_words(line) for line in lines if not OURS.match(line) and "Last message repeated" not in line]
    if done.returncode != 0 and not errors:
        errors = [f"ffmpeg ended with {done.returncode}"]
    return sorted(set(errors))


def plain_words(line):
    """A complaint without addresses and numbers, so that the same one of two files is equal."""
    return re.sub(r"\d+", "#", re.sub(r"0x[0-9a-f]+", "@", line))


def sample_kind(stream):
    """The PCM that holds the samples of a stream exactly."""
    return {"flt": "f32", "fltp": "f32", "dbl": "f64", "dblp": "f64"}.get(stream.get("sample_fmt"), "s32")


def read_video(folder, stream, result):
    times = frame_times(f"{folder}/vt")
    if not len(times):
        return None
    frames = numpy.fromfile(f"{folder}/v", dtype=numpy.uint8)
    count = min(len(frames) // (WIDE * HIGH * 4), len(times))
    result.frames = frames[:count * WIDE * HIGH * 4].reshape(count, HIGH, WIDE, 4)
    starts, ends = times[:count, 0], times[:count, 1]
    result.times = starts - starts[0]
    gaps = numpy.diff(starts)
    beat = float(numpy.median(gaps)) if len(gaps) else float(ends[-1] - starts[-1])
    width, height = upright(stream)
    return {
        "codec": stream["codec_name"], "width": width, "height": height, "shown": shown_width(stream, width, height),
        "sharp": not re.search("4[12][01]", stream.get("pix_fmt", "")), "frames": count, "start": float(starts[0]), "beat": beat,
        # What readers rightly differ in: whether the last frame lasts as long as the others, or as it says.
        "spans": [float(starts[-1] - starts[0]) + beat, float(ends.max() - starts[0]), float(ends.max())],
    }


def read_audio(folder, stream, result):
    times = frame_times(f"{folder}/at")
    kind = sample_kind(stream)
    samples = numpy.fromfile(f"{folder}/a", dtype={"s32": numpy.int32, "f32": numpy.float32, "f64": numpy.float64}[kind])
    channels, rate = int(stream["channels"]), int(stream["sample_rate"])
    if not len(times) or not len(samples) or not channels or not rate:
        return None
    result.samples = samples[:len(samples) // channels * channels].reshape(-1, channels)
    result.plain = numpy.fromfile(f"{folder}/p", dtype=numpy.int16).astype(numpy.float32) / 32768
    bits = {"u8": 8, "u8p": 8, "s16": 16, "s16p": 16}.get(stream.get("sample_fmt"), 32)
    raw = int(stream.get("bits_per_raw_sample", 0))
    return {
        "codec": stream["codec_name"], "rate": rate, "channels": channels,
        "float": kind != "s32", "bits": min(bits, raw) if raw else bits,
        "start": float(times[0, 0]), "early": float(stream.get("start_time", 0)) < 0, "level": level(result.plain),
        # Samples alone, samples with the gaps between them, and also with what goes before the first.
        "spans": [len(result.samples) / rate, float(times[:, 1].max() - times[0, 0]), float(times[:, 1].max())],
    }


def frame_times(path):
    """Start and end of every frame in seconds, in the order in which frames came."""
    base, rows = 1.0, []
    if not os.path.exists(path):
        return numpy.empty((0, 2))
    with open(path, encoding="ascii", errors="replace") as lines:
        for line in lines:
            if line.startswith("#tb 0: "):
                over, under = line[7:].strip().split("/")
                base = int(over) / int(under)
            elif not line.startswith("#"):
                words = line.split(",")
                start, length = int(words[2]), int(words[3])
                rows.append((start * base, (start + length) * base))
    return numpy.array(rows) if rows else numpy.empty((0, 2))


def upright(stream):
    """Width and height as they are shown, after the rotation the file asks for."""
    angle = 0
    for side in stream.get("side_data_list", []):
        angle = int(side.get("rotation", angle))
    width, height = stream["width"], stream["height"]
    return (height, width) if angle % 180 else (width, height)


def shown_width(stream, width, height):
    """Width in square pixels."""
    over, _, under = stream.get("sample_aspect_ratio", "1:1").partition(":")
    if int(over) <= 0 or int(under or 0) <= 0:
        return width
    turned = (stream["width"], stream["height"]) != (width, height)
    return round(width * int(under) / int(over)) if turned else round(width * int(over) / int(under))


def level(samples):
    """Root mean square in decibels below full scale, without what is too deep for speech codecs to keep."""
    if not len(samples):
        return SILENCE
    spectrum = numpy.fft.rfft(samples.astype(numpy.float64))
    spectrum[numpy.fft.rfftfreq(len(samples), 1 / PLAIN_RATE) < DEEP] = 0
    # Parseval; a real spectrum has every line but the first twice.
    power = 2 * float(numpy.sum(numpy.square(numpy.abs(spectrum)))) / len(samples) ** 2
    return max(SILENCE, float(10 * numpy.log10(power))) if power > 0 else SILENCE
