"""Says what a file holds, read by libraries that are not ours.

One request a line on stdin, one answer a line on stdout, both JSON:

    {"what": "picture", "path": "x.png", "format": "png"}
    {"ok": true, "reader": "pillow", "width": 8, "height": 8, "frames": 1, "clear": 0.0, "thumb": "ffee…"}

    {"what": "archive", "path": "x.zip", "format": "zip"}
    {"ok": true, "reader": "zipfile", "views": [[["a.txt", 3, "sha256…"]]]}

    {"what": "media", "path": "x.webm", "format": "webm", "beside": {"path": "x.mp4", "format": "mp4"}}
    {"ok": true, "input": {…}, "output": {"video": {"codec": "vp9", …}, …}, "look": 38.1, "sound": 0.99}

    {"what": "document", "path": "x.docx", "format": "docx", "beside": {"path": "x.pdf", "format": "pdf"}}
    {"ok": true, "words": 812, "recall": 1.0, "order": 0.99, "pages": 0}

A failure is {"ok": false, "error": "…"}. The process lives on after it.
"""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import archives
import documents
import media
import operations
import pictures
import sights


READERS = {
    "picture": pictures.read,
    "archive": archives.read,
    "streams": media.streams,
    "media": media.read,
    "pages": documents.read,
    "document": documents.compare,
    "operation": operations.read,
    "sight": sights.read,
}


def answer(request):
    """Returns the answer to one request; never raises."""
    try:
        return {"ok": True, **READERS[request.pop("what")](request.pop("path"), request.pop("format"), **request)}
    except Exception as error:  # whatever a foreign reader throws is its verdict on the file
        text = str(error).strip().splitlines()
        return {"ok": False, "error": f"{type(error).__name__}: {text[0] if text else ''}"}


def main():
    """Serves requests until stdin ends. Readers that print do so on stderr."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        out.write(json.dumps(answer(json.loads(line))) + "\n")
        out.flush()


main()
