"""How alike two decoded files look and sound, in numbers; what is enough is decided elsewhere."""

import numpy

from decoded import PLAIN_RATE

# Frames of the input that may be the one a frame of the output was made of: rates are changed, times rounded.
REACH = 0.2
# Spans into which a video is cut; the most telling frame of each is compared.
PARTS = 3
# Sounds are compared by the strength of these bands (edges in Hz) in windows of so many seconds.
BANDS = (60, 120, 240, 480, 700, 1000, 1400, 2000, 2800, 3400)
WINDOW = 0.1
# Encoders shift sounds by up to this much: so many seconds, or two frames of AAC.
LAG = 0.12
FRAMES = 2 * 1024 + 64


def compare(source, made):
    """Likeness of what both have: of the picture, of the sound, of every sample."""
    answer = {}
    if source.frames is not None and made.frames is not None:
        answer["look"] = look(source, made)
    if source.plain is not None and made.plain is not None:
        rate = min(source.audio["rate"], made.audio["rate"])
        answer["sound"] = sound(source.plain, made.plain, max(LAG, FRAMES / rate))
    if source.samples is not None and made.samples is not None:
        answer["samples"] = samples(source, made)
    return answer


def look(source, made):
    """PSNR in decibels of the worst of a few frames, each against the best of the input's frames about that time."""
    worst = None
    for at in telling(made):
        near = numpy.abs(source.times - made.times[at]) <= REACH
        around = numpy.searchsorted(source.times, made.times[at])
        near[max(0, around - 2):around + 2] = True
        best = max(psnr(frame, made.frames[at]) for frame in source.frames[near])
        worst = best if worst is None else min(worst, best)
    return worst


def telling(file):
    """The frame with the most contrast of each part."""
    contrast = file.frames[..., :3].std(axis=(1, 2, 3))
    parts = numpy.array_split(numpy.arange(len(contrast)), PARTS)
    return [part[contrast[part].argmax()] for part in parts if len(part)]


def psnr(one, other):
    """PSNR over the pixels that are opaque in `one`."""
    opaque = one[..., 3] > 250
    if not opaque.any():
        return 99.0
    error = one[opaque][:, :3].astype(numpy.float64) - other[opaque][:, :3]
    mean = float(numpy.mean(error * error))
    return min(99.0, 10 * float(numpy.log10(255 * 255 / mean))) if mean > 0 else 99.0


def still(source, picture, size):
    """A single picture against every frame of the video; both were made small by the same program."""
    return {"width": size[0], "height": size[1], "look": max(psnr(frame, picture.frames[0]) for frame in source.frames)}


def sound(source, made, reach):
    """Cosine of the strengths of bands over time: 1 when both sound alike, whatever their loudness."""
    best = 0.0
    for lag in numpy.arange(-reach, reach + 0.001, 0.02):
        shift = int(round(lag * PLAIN_RATE))
        one, other = (source[shift:], made) if shift >= 0 else (source, made[-shift:])
        one, other = strengths(one), strengths(other)
        count = min(len(one), len(other))
        if not count:
            continue
        one, other = one[:count].ravel(), other[:count].ravel()
        both = float(numpy.linalg.norm(one) * numpy.linalg.norm(other))
        best = max(best, float(one @ other) / both if both > 0 else 0.0)
    return best


def strengths(signal):
    """Magnitude of every band in every window."""
    size = int(WINDOW * PLAIN_RATE)
    if len(signal) < size:
        signal = numpy.pad(signal, (0, size - len(signal)))
    windows = signal[:len(signal) // size * size].reshape(-1, size) * numpy.hanning(size)
    power = numpy.square(numpy.abs(numpy.fft.rfft(windows)))
    pitch = numpy.fft.rfftfreq(size, 1 / PLAIN_RATE)
    bands = [(pitch >= low) & (pitch < high) for low, high in zip(BANDS, BANDS[1:])]
    return numpy.sqrt(numpy.stack([power[:, band].sum(axis=1) for band in bands], axis=1))


def samples(source, made):
    """The largest difference of two samples, as a share of full scale; lengths and channels are told, too."""
    one, other = source.samples, made.samples
    answer = {"due": len(one), "seen": len(other), "difference": None}
    if one.shape[1] == other.shape[1] and source.audio["rate"] == made.audio["rate"] and len(one) == len(other):
        answer["difference"] = float(numpy.abs(scaled(one) - scaled(other)).max())
    return answer


def scaled(values):
    """Samples from -1 up to 1, so that those of whole numbers and of floating point can be compared exactly."""
    if values.dtype == numpy.int32:
        return values / 2.0**31
    return numpy.clip(values.astype(numpy.float64), -1.0, 1.0 - 2.0**-31)
