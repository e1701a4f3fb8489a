"""What the pages and words of a document are, by poppler and the standard library.

    read(path, kind)             pages and words; an exception is the reader's verdict
    compare(path, kind, beside)  how much of the input is in the output

Text is compared as words: the part of the input's that arrived (recall), and Kendall's tau of the order of those that both
have exactly once. A picture is compared with the first page as poppler draws it.
"""

import collections
import csv
import html
import io
import re
import subprocess
import tempfile
import unicodedata
import zipfile
from pathlib import Path

import workbooks
from PIL import Image, ImageChops, ImageStat

PICTURES = {"png", "jpg", "webp", "tiff"}
# What holds the text in a package, and what ends a word there.
PACKAGES = {
    "docx": (r"word/document\.xml$", r"</w:p>|<w:br/>|<w:tab/>"),
    "pptx": (r"ppt/slides/slide\d+\.xml$", r"</a:p>|<a:br\b[^>]*>"),
    "odt": (r"content\.xml$", r"</text:(p|h)>|<text:(line-break|tab|s)\b[^>]*/>"),
    "epub": (r".*\.xhtml$", r"</(p|h\d|li|td|th|div)>|<br\s*/>"),
}
# Side of the pictures that pages are compared by.
SIDE = 400


def read(path, kind):
    """Pages, where there are some, and the number of words."""
    return {"pages": pages(path) if kind == "pdf" else 0, "words": len(words(plain(path, kind)))}


def compare(path, kind, beside):
    """The output beside its input."""
    source, source_kind = beside["path"], beside["format"]
    if kind in PICTURES:
        return {"look": look(path, source) if source_kind == "pdf" else None, "pages": 0, "words": 0}
    theirs, ours = words(plain(source, source_kind)), words(plain(path, kind))
    shared = sum((collections.Counter(theirs) & collections.Counter(ours)).values())
    answer = {"words": len(theirs), "recall": shared / max(len(theirs), 1), "order": tau(theirs, ours)}
    return {**answer, "pages": pages(path) if kind == "pdf" else 0}


def pages(path):
    """The number of pages of a PDF."""
    told = run("pdfinfo", path)
    return int(re.search(r"^Pages:\s+(\d+)", told, flags=re.M).group(1))


def plain(path, kind):
    """The text of a document without its markup."""
    if kind in ("pdf", "ai"):
        return run("pdftotext", "-enc", "UTF-8", path, "-")
    if kind == "ps":
        with tempfile.NamedTemporaryFile(prefix="judge-", suffix=".pdf") as pdf:
            run("ps2pdf", path, pdf.name)
            return plain(pdf.name, "pdf")
    if kind in PACKAGES:
        return packed(path, *PACKAGES[kind])
    if kind in workbooks.KINDS:
        return "\n".join("\n".join(cells.values()) for _, cells in workbooks.sheets(path, kind))
    if kind in ("csv", "tsv"):
        tables = [rows(decoded(file.read_bytes())) for file in series(path)]
        return "\n".join(" ".join(row) for table in tables for row in table)
    text = decoded(Path(path).read_bytes())
    if kind == "html":
        text = re.sub(r"<(head|style|script|title)\b.*?</\1>|<!--.*?-->", "", text, flags=re.S | re.I)
        text = re.sub(r"<(\w+)[^>]*display:\s*none[^>]*>.*?</\1>", "", text, flags=re.S | re.I)
        text = re.sub(r"</?(p|td|th|tr|h\d|li|div|br|table|ul|ol|dt|dd|option)\b[^>]*>", "\n", text, flags=re.I)
        return html.unescape(re.sub(r"<[^>]+>", "", text))
    if kind == "md":
        text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
        text = re.sub(r"</?[a-z][^>]*>|\]\([^)\s]*\)", " ", text)
        text = re.sub(r"\\([^\w\s])", r"\1", text)
        return re.sub(r"[*_`\[]+|^#+ |^- |^\d+\. ", "", text, flags=re.M)
    return text


def series(path):
    """A file, or all files of the series that it is the first of."""
    path = Path(path)
    first, end = f"{path.stem}{path.suffix}", f"-001{path.suffix}"
    return sorted(path.parent.glob(f"{first[:-len(end)]}-*{path.suffix}")) if first.endswith(end) else [path]


def rows(text):
    """The rows of a table of text."""
    return csv.reader(io.StringIO(text), csv.Sniffer().sniff(text[:4096], ",;\t|") if text.strip() else "excel")


def packed(path, members, breaks):
    """The text of the members of a package, in the order of their numbers."""
    with zipfile.ZipFile(path) as package:
        number = lambda name: [int(digits) for digits in re.findall(r"\d+", name)]
        names = sorted((name for name in package.namelist() if re.match(members, name)), key=number)
        xml = "\n".join(package.read(name).decode() for name in names)
    xml = re.sub(r"<head\b.*?</head>", "", xml, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(breaks, "\n", xml)))


def decoded(data):
    """Bytes of a text file as text."""
    for start, name in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(start):
            return data.decode(name)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def words(text):
    """The words of a text, in which ligatures and wide letters are as usual ones."""
    text = unicodedata.normalize("NFKC", text)
    # A hyphen at a line's end: pdftotext joins some of them.
    text = re.sub(r"[-\u00ad\u2010]\s*\n\s*", "", text)
    return [word for word in re.split(r"[\s|]+", text) if re.search(r"\w", word)]


def tau(theirs, ours):
    """Kendall's tau of the order of words that both have once; nothing without two of them."""
    once = lambda words: {word for word, count in collections.Counter(words).items() if count == 1}
    both = once(theirs) & once(ours)
    place = {word: number for number, word in enumerate(word for word in theirs if word in both)}
    order = [place[word] for word in ours if word in both]
    pairs = len(order) * (len(order) - 1) / 2
    return None if pairs == 0 else 1 - 2 * inversions(order)[1] / pairs


def inversions(order):
    """The order sorted, and how many pairs stood the wrong way."""
    if len(order) < 2:
        return order, 0
    middle = len(order) // 2
    left, first = inversions(order[:middle])
    right, second = inversions(order[middle:])
    merged, count, place = [], first + second, 0
    for value in left:
        while place < len(right) and right[place] < value:
            merged.append(right[place])
            place += 1
        count += place
        merged.append(value)
    return merged + right[place:], count


def look(path, source):
    """Mean difference in grey, of 255, from the first page as pdftoppm draws it."""
    with Image.open(path) as picture:
        ours = picture.convert("L")
    words = ["pdftoppm", "-png", "-gray", "-f", "1", "-l", "1", "-cropbox",
             "-scale-to-x", str(ours.width), "-scale-to-y", str(ours.height), source]
    drawn = subprocess.run(words, capture_output=True, check=True, timeout=60).stdout
    theirs = Image.open(io.BytesIO(drawn)).convert("L")
    small = lambda image: image.resize((SIDE, SIDE), Image.Resampling.BOX)
    return ImageStat.Stat(ImageChops.difference(small(ours), small(theirs))).mean[0]


def run(*words):
    """What a program prints; an exception when it fails."""
    done = subprocess.run(words, capture_output=True, check=False, timeout=60)
    if done.returncode:
        raise ValueError(f"{words[0]}: " + done.stderr.decode(errors="replace").strip().splitlines()[-1])
    return done.stdout.decode(errors="replace")
