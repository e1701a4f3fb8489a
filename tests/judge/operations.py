"""What a file of any family holds, for operations: everything that one of them could have been asked to change.

    read(path, kind, family)    facts under plain names; an exception is the readers' verdict

Media are decoded whole, so that a length is that of what plays. PDFs have to please `qpdf --check`.
"""

import hashlib
import json
import re
import struct
import subprocess
from pathlib import Path

import archives
import documents
import mido
import pictures
import probed
import workbooks
from decoded import DECODER, shown_width, upright

# Seconds that a foreign program may take for one file.
PATIENCE = 80
# Side of the frame in which coloured marks are looked for.
SIDE = 64


def read(path, kind, family, password=""):
    """The facts of the file, by the readers of its family."""
    return {"image": picture, "archive": archive, "folder": folder, "document": document}.get(family, media)(path, kind, password)


def picture(path, kind, _):
    """Size, and how magenta its most magenta part is."""
    seen = pictures.read(path, kind)
    sizes = {"eps": points, "exr": window}
    width, height = sizes[kind](path) if kind in sizes else (seen["width"], seen["height"])
    return {"width": width, "height": height, "reader": seen["reader"], "veiled": seen.get("veiled", 0.0),
            "marked": magenta(bytes.fromhex(seen.get("thumb", "")))}


def points(path):
    """Pixels across and down of a picture in PostScript, at 96 to the inch: readers draw it at any size they like."""
    box = re.search(rb"%%HiResBoundingBox:((?: *-?[0-9.]+){4})", Path(path).read_bytes()[:1_000_000])
    left, bottom, right, top = map(float, box.group(1).split())
    return round((right - left) * 96 / 72), round((top - bottom) * 96 / 72)


def window(path):
    """What an OpenEXR file shows: its display window, which its pixels may reach beyond."""
    head = Path(path).read_bytes()[:65536]
    left, top, right, bottom = struct.unpack_from("<4i", head, head.index(b"displayWindow\0box2i\0") + 24)
    return right - left + 1, bottom - top + 1


def archive(path, kind, _):
    """How many files are inside, in the deepest view, and their digests."""
    seen = archives.read(path, kind)
    deepest = max(reversed(seen["views"]), key=len)
    return {"members": len(deepest), "digests": sorted(member[2] for member in deepest), "reader": "libarchive"}


def folder(path, _, __):
    """The files in a folder that became of one input."""
    files = [file for file in Path(path).rglob("*") if file.is_file()]
    return {"members": len(files), "digests": sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in files),
            "reader": "sha256"}


def document(path, kind, password):
    """Pages, words and what protects a PDF; words of what flows."""
    if kind == "csv":
        text = documents.decoded(Path(path).read_bytes())
        rows = [row for row in documents.rows(text) if any(field.strip() for field in row)]
        return {"text": documents.plain(path, kind), "rows": len(rows), "sheets": 1, "reader": "python csv"}
    if kind in workbooks.KINDS:
        # What is a chart has no cells.
        found = workbooks.sheets(path, kind)
        readers = {"xlsx": "openpyxl", "xls": "xlrd", "ods": "python xml"}
        return {"text": documents.plain(path, kind), "sheets": len(found), "reader": readers[kind]}
    if kind != "pdf":
        return {"text": documents.plain(path, kind), "reader": "poppler"}
    checked = run("qpdf", f"--password={password}", "--check", path, good=(0, 3))
    told = run("pdfinfo", *(["-upw", password] if password else []), path)
    fonts = [line.split()[-5] for line in run("pdffonts", *(["-upw", password] if password else []), path).splitlines()[2:]]
    facts = dict(re.findall(r"^([^:\n]+): *(.*)$", told, re.MULTILINE))
    return {"pages": int(facts["Pages"]), "turned": int(facts["Page rot"]), "encrypted": facts["Encrypted"] != "no",
            "title": facts.get("Title", ""), "linear": facts["Optimized"] == "yes", "reader": "qpdf",
            "pdfa": b"pdfaid:part" in run("qpdf", "--qdf", path, "-", good=(0, 3), raw=True) if not password else False,
            "text": run("pdftotext", *(["-upw", password] if password else []), path, "-"), "clean": "No syntax or stream encoding errors found" in checked, "embedded": "no" not in fonts}


def media(path, kind, _):
    """Streams, size and tags as ffprobe tells them, and the seconds that play."""
    if kind == "mid":
        return {"video": False, "audio": True, "seconds": mido.MidiFile(path).length, "broken": 0, "heard": None, "reader": "mido"}
    told = probed.ffprobe(path, path.rsplit(".", 1)[-1])
    video, audio = probed.pick(told, "video"), probed.pick(told, "audio")
    if not video and not audio:
        raise ValueError("no video and no audio stream")
    tags = {**told["format"].get("tags", {}), **{k: v for s in told["streams"] for k, v in s.get("tags", {}).items()}}
    title = next((value for key, value in tags.items() if key.lower() in ("title", "tit2", "inam")), "") or named(path)
    width, height = upright(video) if video else (0, 0)
    shown = shown_width(video, width, height) if video else 0
    above, below = map(int, video["avg_frame_rate"].split("/")) if video else (0, 1)
    seconds, broken = played(path, told["forced"])
    return {"video": bool(video), "audio": bool(audio), "title": title, "rate": above / max(below, 1), "seconds": seconds, "broken": broken,
            "heard": heard(path, told["forced"]) if video and audio else None,
            "watched": played(path, told["forced"], ["-an", "-c", "copy"])[0] if video and audio else None,
            "width": width, "height": height, "shown": shown, "marked": marked(path) if video else 0, "reader": "ffmpeg"}


def named(path):
    """The title that mediainfo tells, which reads the boxes of 3GPP (TS 26.244, clause 8) too."""
    told = json.loads(run("mediainfo", "--Output=JSON", path))
    general = (told.get("media") or {}).get("track", [{}])[0]
    return general.get("Title") or general.get("Track") or ""


def heard(path, forced):
    """The seconds of all samples of the sound of a film, whenever they are heard."""
    words = [DECODER, "-v", "error", "-nostdin", *forced, "-i", path, "-map", "0:a:0", "-ac", "1", "-ar", "8000", "-f", "s16le", "-"]
    return len(subprocess.run(words, capture_output=True, check=False, timeout=PATIENCE).stdout) / 16000


def played(path, forced, only=()):
    """The seconds that ffmpeg plays, or what its options leave of them, and how many packets do not decode."""
    words = [DECODER, "-v", "error", "-nostdin", "-progress", "-", *forced, "-i", path, *only, "-f", "null", "-"]
    done = subprocess.run(words, capture_output=True, check=False, timeout=PATIENCE)
    times = re.findall(rb"out_time_us=(\d+)", done.stdout)
    if not times:
        raise ValueError("no frame decodes: " + probed.last_line(done.stderr))
    return int(times[-1]) / 1e6, done.stderr.count(b"Error while decoding")


def marked(path):
    """How magenta the most magenta part of the first frame is."""
    words = [DECODER, "-v", "error", "-nostdin", "-i", path, "-frames:v", "1", "-vf", f"scale={SIDE}:{SIDE}",
             "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    return magenta(subprocess.run(words, capture_output=True, check=False, timeout=PATIENCE).stdout)


def magenta(pixels):
    """The largest surplus of red and blue over green; -255 when there are no pixels."""
    triples = zip(pixels[::3], pixels[1::3], pixels[2::3])
    return max((min(red, blue) - green for red, green, blue in triples), default=-255)


def run(*words, good=(0,), raw=False):
    """What a program says; another exit code than a good one is its verdict."""
    done = subprocess.run(words, capture_output=True, check=False, timeout=PATIENCE)
    if done.returncode not in good:
        raise ValueError(f"{words[0]}: {probed.last_line(done.stderr or done.stdout)}")
    return done.stdout if raw else done.stdout.decode(errors="replace")
