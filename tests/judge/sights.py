"""What is to be seen in a file of any family, so that a picture, a film and a page of the same thing can be compared.

    read(path, kind, family)    size, and small copies of what is shown: one of a picture or of a first page, several of a
                                film
"""

import io
import subprocess

import pictures
import probed
from decoded import DECODER, shown_width, upright
from PIL import Image

# Frames of a film that are looked at, the same time apart.
FRAMES = 48
# Dots per inch of a page that is drawn.
DENSITY = 72
PATIENCE = 80


def read(path, kind, family):
    """The sights of the file, by the readers of its family."""
    return {"image": picture, "document": page}.get(family, film)(path, kind)


def picture(path, kind):
    """A picture as the readers of pictures see it."""
    seen = pictures.read(path, kind)
    return {**{key: seen[key] for key in ("width", "height", "reader")}, "loose": seen.get("loose", False),
            "thumbs": [seen["thumb"]] if seen.get("thumb") else []}


def page(path, kind):
    """The first page."""
    image = Image.open(io.BytesIO(drawn(path, kind, DENSITY))).convert("RGB")
    return {"width": image.width, "height": image.height, "thumbs": [pictures.thumb(image)], "loose": False,
            "reader": "ghostscript" if kind == "ps" else "poppler"}


def drawn(path, kind, density):
    """The first page as PNG."""
    if kind == "ps":
        return output("gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=png16m", "-dLastPage=1", f"-r{density}",
                      "-dTextAlphaBits=4", "-dGraphicsAlphaBits=4", "-sOutputFile=-", path)
    return output("pdftoppm", "-png", "-f", "1", "-l", "1", "-cropbox", "-r", str(density), path)


def film(path, kind):
    """Frames of a film, each the same time after the one before it."""
    told = probed.ffprobe(path, kind)
    video = probed.pick(told, "video")
    if not video:
        raise ValueError("no video stream")
    width, height = upright(video)
    side = pictures.SIDE
    raw = output(DECODER, "-v", "error", "-nostdin", *told["forced"], "-i", path, "-map", f"0:{video['index']}",
                 "-vf", f"scale={side}:{side}:flags=area,format=rgb24", "-fps_mode", "passthrough", "-f", "rawvideo", "-")
    size = side * side * 3
    count = len(raw) // size
    if not count:
        raise ValueError("no frame decodes")
    wanted = sorted({round(number * (count - 1) / max(FRAMES - 1, 1)) for number in range(FRAMES)})
    return {"width": shown_width(video, width, height), "height": height, "loose": False, "reader": "ffmpeg",
            "thumbs": [raw[at * size:(at + 1) * size].hex() for at in wanted]}


def output(*words):
    """What a program writes; its failure is a verdict."""
    done = subprocess.run(words, capture_output=True, check=False, timeout=PATIENCE)
    if done.returncode:
        raise ValueError(f"{words[0]}: {probed.last_line(done.stderr)}")
    return done.stdout
