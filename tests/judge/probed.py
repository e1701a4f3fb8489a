"""What ffprobe, mediainfo and the first bytes say about a media file, without decoding it."""

import json
import subprocess

# Seconds that a foreign program may take for one file.
PATIENCE = 80


# Streams of bare frames: a reader takes a few of them for chance, unless it is told what they are.
FRAMES = {"aac", "ac3", "dts", "mp3"}


def ffprobe(path, kind):
    """What ffprobe prints about the file; an error is its verdict."""
    words = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams"]
    for forced in [[], ["-f", kind]] if kind in FRAMES else [[]]:
        done = subprocess.run([*words, *forced, path], capture_output=True, check=False, timeout=PATIENCE)
        if done.returncode == 0:
            return {**json.loads(done.stdout), "forced": forced}
    raise ValueError("ffprobe: " + last_line(done.stderr))


def pick(told, kind):
    """The first stream of a kind that is no cover picture and whose codec and shape are known."""
    for stream in told["streams"]:
        cover = stream.get("disposition", {}).get("attached_pic") == 1
        known = stream.get("width" if kind == "video" else "channels", 0) and "codec_name" in stream
        if stream.get("codec_type") == kind and known and not cover:
            return stream
    return None


def container(path, told):
    """The container as two readers name it, and what the other one makes of the streams."""
    with open(path, "rb") as source:
        head = source.read(1024)
    words = ["mediainfo", "--Output=JSON", path]
    done = subprocess.run(words, capture_output=True, check=False, timeout=PATIENCE)
    media = json.loads(done.stdout).get("media") or {"track": []}
    tracks = {track["@type"]: track for track in reversed(media["track"])}
    shown = tracks.get("Video", tracks.get("Image", {}))
    return {
        "container": told["format"]["format_name"],
        "brand": told["format"].get("tags", {}).get("major_brand", "").strip(),
        "packet": packet_size(head),
        "second": {
            "container": tracks.get("General", {}).get("Format", ""),
            "video": bool(shown),
            "audio": "Audio" in tracks,
            "width": int(shown.get("Width", 0)),
            "height": int(shown.get("Height", 0)),
        },
    }


def packet_size(head):
    """The distance of the sync bytes of a transport stream, 188 or 192, or 0."""
    for size, first in ((188, 0), (192, 4)):
        if len(head) > first + 2 * size and all(head[first + size * n] == 0x47 for n in range(3)):
            return size
    return 0


def last_line(text):
    """The last line of what a program said."""
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no words"
