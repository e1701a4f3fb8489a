"""What an archive or compressed stream holds, as sets of (name, size, digest).

A file can be seen in more than one way: a .gz is one stream, and when that stream is a tar also the files in
it. Every way is a *view*; two files hold the same when any view of one equals any view of the other.
"""

import bz2
import gzip
import hashlib
import lzma
import os
import re
import subprocess
import tempfile
import zipfile

CHUNK = 1 << 20
LIMIT = 2 << 30
STREAMS = {
    "gz": gzip.open, "tgz": gzip.open,
    "bz2": bz2.open, "tbz2": bz2.open,
    "xz": lzma.open, "txz": lzma.open, "lzma": lzma.open,
    "zst": lambda path: piped(["zstd", "-dcq", path]), "tzst": lambda path: piped(["zstd", "-dcq", path]),
    "lz4": lambda path: piped(["lz4", "-dcq", path]), "tlz4": lambda path: piped(["lz4", "-dcq", path]),
}


def read(path, kind):
    """Returns every view of the file at `path`, which is said to be a `kind`."""
    if kind in STREAMS:
        return read_stream(path, kind)
    if re.search(r"\.part\d+\.rar$", path):
        raise ValueError("one volume of several; the others are not there")
    if kind == "zip":
        return {"reader": "zipfile", "views": [zip_members(path)]}
    try:
        return {"reader": "bsdtar", "views": [tar_members(path)]}
    except ValueError:
        if kind != "rar":
            raise
        return {"reader": "unar", "views": [unar_members(path)]}


def read_stream(path, kind):
    """The unpacked stream as one file, and the files inside when it is a tar."""
    with tempfile.NamedTemporaryFile(prefix="judge-") as unpacked:
        with STREAMS[kind](path) as source:
            digest, size = copy(source, unpacked)
        unpacked.flush()
        views = [[["", size, digest]]]
        unpacked.seek(0)
        if looks_like_tar(unpacked.read(512)):
            views.append(tar_members(unpacked.name))
    return {"reader": kind, "views": views}


def looks_like_tar(header):
    """True when the first header's checksum is right, which holds for every dialect of tar."""
    try:
        claimed = int(header[148:156].split(b"\0")[0].strip() or b"0", 8)
    except ValueError:
        return False
    return len(header) == 512 and claimed == sum(header[:148]) + 8 * 32 + sum(header[156:])


def copy(source, target=None):
    """Copies a stream, and returns its digest and size."""
    digest, size = hashlib.sha256(), 0
    while block := source.read(CHUNK):
        digest.update(block)
        size += len(block)
        if size > LIMIT:
            raise ValueError("unpacks to more than 2 GiB")
        if target:
            target.write(block)
    return digest.hexdigest(), size


class piped:
    """A program's standard output as a readable stream that fails when the program does."""

    def __init__(self, words):
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self.process.stdout

    def __exit__(self, kind, *_):
        self.process.stdout.close()
        if self.process.wait() != 0 and kind is None:
            raise ValueError(f"{self.process.args[0]} ended with {self.process.returncode}")


def zip_members(path):
    """Members as Python's zipfile sees them; methods it lacks are read by bsdtar."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = []
            for entry in archive.infolist():
                # An entry whose Unix type is a symbolic link is no file.
                if entry.is_dir() or (entry.external_attr >> 16) & 0o170000 == 0o120000:
                    continue
                with archive.open(entry) as source:
                    digest, size = copy(source)
                members.append([entry.filename, size, digest])
            return members
    except NotImplementedError:
        return tar_members(path)


def tar_members(path):
    """Regular files as libarchive sees them, through an mtree listing."""
    words = ["bsdtar", "-cf", "-", "--format=mtree", "--options=!all,type,size,sha256,link", "@" + path]
    # Without a UTF-8 locale bsdtar refuses names that are not ASCII.
    listing = subprocess.run(words, capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
    if listing.returncode != 0:
        raise ValueError(listing.stderr.decode(errors="replace").strip() or "bsdtar failed")
    members = []
    for line in listing.stdout.decode().replace("\\\n", "").splitlines():
        name, *words = line.split()
        facts = dict(word.split("=", 1) for word in words if "=" in word)
        if facts.get("type") == "file" and not name.startswith("/set"):
            members.append([unescape(name), int(facts.get("size", 0)), facts.get("sha256digest", EMPTY)])
    return members


EMPTY = hashlib.sha256().hexdigest()


def unescape(name):
    """Undoes mtree's octal escapes and its leading `./`."""
    raw = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), name.encode())
    return raw.decode(errors="replace").removeprefix("./")


def unar_members(path):
    """Members of a RAR that libarchive cannot read, unpacked by unar."""
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        subprocess.run(["unar", "-q", "-D", "-o", folder, path], check=True, capture_output=True, timeout=60)
        members = []
        for parent, _, names in os.walk(folder):
            for name in names:
                full = os.path.join(parent, name)
                if not os.path.islink(full):
                    with open(full, "rb") as source:
                        digest, size = copy(source)
                    members.append([os.path.relpath(full, folder), size, digest])
        return members
