"""What a picture shows: its size after orientation, its frames, and a small thumbnail over white."""

import io
import json
import struct
import subprocess
import warnings

import numpy
import pillow_heif
import pyvips
import rawpy
from PIL import Image, ImageCms, ImageOps, ImageSequence

pillow_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = 300_000_000
# Outputs follow each other under one name; libvips would answer for an earlier one.
pyvips.cache_set_max(0)
warnings.simplefilter("ignore")

SIDE = 16
# Pages are drawn with at least so many pixels on their long side.
FINE = 512
RAW = {"raw", "cr2", "cr3", "nef", "arw", "dng", "kdc", "3fr", "crw", "dcr", "erf", "iiq", "mrw", "orf", "pef", "raf", "rw2",
       "srw"}
VIPS = {"exr", "hdr", "jxl", "svg", "svgz", "pdf"}
# Formats whose further pictures are layers, sizes or maps of the first one, not frames in time.
STILL = {"psd", "ico", "heic", "jpg", "eps", "dds"}


def read(path, kind):
    """Returns the facts of the picture at `path`, which is said to be a `kind`."""
    if kind in RAW:
        return from_raw(path)
    if kind in VIPS:
        return from_vips(path, kind)
    # Pillow lacks a few depths and dialects, which the next ones have. The first one's verdict is reported.
    readers, verdict = [from_pillow, from_vips, from_magick], None
    for reader in readers + ([from_dds_header] if kind == "dds" else []):
        try:
            return reader(path, kind)
        except Exception as error:
            verdict = verdict or error
    raise verdict


def facts(reader, image, frames, **more):
    """The answer for a first frame that already stands upright."""
    return {"reader": reader, "width": image.width, "height": image.height, "frames": frames,
            "clear": clear(image), "veiled": veiled(image), "thumb": thumb(image), **more}


def from_pillow(path, kind):
    with Image.open(path) as image:
        frames = 1 if kind in STILL else count(image)
        if kind == "eps":
            # Drawn large enough that one row of pixels more or less is not seen in the thumbnail.
            image.load(scale=max(1, min(8, FINE // max(image.size))))
        image.seek(0) if frames > 1 else image.load()
        first = ImageOps.exif_transpose(image)
        # The colours of a clear PSD are already blended with white, which Pillow leaves to the viewer.
        blended = kind == "psd" and first.mode == "RGBA"
        loose = blended or kind == "eps" or first.mode in ("CMYK", "F")
        return facts("pillow", first, frames, loose=loose)


def count(image):
    """Counts frames by decoding every one."""
    return sum(1 for frame in ImageSequence.Iterator(image) if frame.load())


def clear(image):
    """The share of pixels that are not opaque: a channel that is full everywhere changes nothing."""
    histogram = opacity(image)
    return sum(histogram[:255]) / sum(histogram)


def veiled(image):
    """The share of pixels that are seen in part, which some formats cannot hold and readers show in several ways."""
    histogram = opacity(image)
    return sum(histogram[1:255]) / sum(histogram)


def opacity(image):
    """How many pixels there are of each opacity from 0 to 255."""
    if image.mode not in ("LA", "PA", "RGBA", "La", "RGBa") and "transparency" not in image.info:
        return [0] * 255 + [1]
    return image.convert("RGBA").getchannel("A").histogram()


def from_magick(path, kind):
    """ImageMagick, told the format. Only the size: it stands in for others here, and its colours may be off."""
    words = ["convert", f"{kind}:{path}[0]", "-auto-orient", "png:-"]
    done = subprocess.run(words, capture_output=True, check=True, timeout=30)
    with Image.open(io.BytesIO(done.stdout)) as image:
        image.load()
        return {**facts("imagemagick", image, 1), "thumb": ""}


def from_dds_header(path, _kind):
    """Only the size: pixel layouts that no reader here has."""
    with open(path, "rb") as source:
        magic, _, _, height, width = struct.unpack("<4s4I", source.read(20))
    if magic != b"DDS ":
        raise ValueError("no DDS header")
    return {"reader": "header", "width": width, "height": height, "frames": 1, "clear": 0.0}


def from_raw(path):
    """A camera raw as LibRaw develops it; the preview inside it when the sensor data cannot be read."""
    preview = raw_preview(path)
    try:
        with rawpy.imread(path) as raw:
            image = Image.fromarray(raw.postprocess(use_camera_wb=True))
    except rawpy.LibRawError:
        if preview is None:
            raise
        image = preview
    tags = json.loads(exiftool(path, "-j", "-n", "-ImageWidth", "-ImageHeight", "-Orientation"))[0]
    also = [[preview.width, preview.height]] if preview else []
    # LibRaw hands a small preview out as it lies in the file; the file says that it has to be turned.
    if image is preview and tags.get("Orientation", 1) >= 5:
        image.getexif()[0x0112] = tags["Orientation"]
        image = ImageOps.exif_transpose(image)
    if "ImageWidth" in tags and "ImageHeight" in tags:
        also.append([tags["ImageWidth"], tags["ImageHeight"]])
    return facts("libraw", image, 1, also=also, loose=True)


def raw_preview(path):
    """The largest JPEG that exiftool finds inside, upright, or None."""
    for name in ("-JpgFromRaw", "-PreviewImage", "-ThumbnailImage"):
        data = exiftool(path, "-b", name)
        if data[:2] == b"\xff\xd8":
            preview = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
            return preview
    return None


def exiftool(path, *words):
    """What exiftool prints."""
    return subprocess.run(["exiftool", *words, path], capture_output=True, check=False, timeout=30).stdout


def from_vips(path, kind):
    pages = 1
    if kind == "pdf":
        image = pyvips.Image.pdfload(path, dpi=72)
        finer = max(1, min(8, FINE // max(image.width, image.height)))
        pages = image.get("n-pages")
        image = pyvips.Image.pdfload(path, dpi=72 * finer)
    elif kind in ("svg", "svgz"):
        image = pyvips.Image.svgload(path, unlimited=True)
    else:
        image = pyvips.Image.new_from_file(path, access="random")
        pages = image.get("n-pages") if kind not in STILL and image.get_typeof("n-pages") else 1
    image = image.rad2float() if image.coding == "rad" else image.autorot()
    more = {"loose": image.format in ("float", "double")}
    if kind == "exr":
        more["also"] = exr_windows(path)
    return facts("libvips", to_pillow(image), pages, **more)


def to_pillow(image):
    """An 8-bit RGBA copy that Pillow can shrink."""
    if image.interpretation == "scrgb" or image.format in ("float", "double"):
        # Light reaches from 0 to 1, and opacity to 255; TIFF has both from 0 to 1.
        if image.bands == 4 and image[3].max() <= 1:
            image = image[0:3].bandjoin(image[3] * 255)
        image = image.copy(interpretation="scrgb") if image.bands >= 3 else image
    if image.interpretation not in ("srgb", "b-w"):
        image = image.colourspace("srgb")
    if image.format != "uchar":
        image = image.cast("uchar", shift=image.format == "ushort")
    array = numpy.ndarray(buffer=image.write_to_memory(), dtype=numpy.uint8,
                          shape=[image.height, image.width, image.bands])
    result = Image.fromarray(array.squeeze(2) if image.bands == 1 else array)
    if image.get_typeof("icc-profile-data"):
        result.info["icc_profile"] = image.get("icc-profile-data")
    return result


def thumb(image):
    """SIDE x SIDE x RGB over white, as hexadecimal text."""
    if image.mode in ("I;16", "I;16B", "I;16L", "I"):
        values = numpy.asarray(image, dtype=numpy.float64)
        image = Image.fromarray((values / 257).clip(0, 255).astype(numpy.uint8))
    elif image.mode == "F":
        image = Image.fromarray((numpy.asarray(image) * 255).clip(0, 255).astype(numpy.uint8))
    # Big pictures are first shrunk by whole pixels, which is fast and close enough for a thumbnail.
    image.thumbnail((1024, 1024), Image.Resampling.BOX, reducing_gap=1.0) if max(image.size) > 2048 else None
    rgba = as_seen(image).convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    flat = Image.alpha_composite(white, rgba).convert("RGB")
    return flat.resize((SIDE, SIDE), Image.Resampling.BOX).tobytes().hex()


def as_seen(image):
    """The picture in sRGB, as its colour profile says; without one, or with a broken one, as it is."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("L", "LA", "RGB", "RGBA", "CMYK"):
        return image
    colours = image.convert(image.mode.removesuffix("A")) if image.mode != "LA" else image.getchannel("L")
    try:
        seen = ImageCms.profileToProfile(
            colours, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB")
    except ImageCms.PyCMSError:
        return image
    if image.mode in ("LA", "RGBA"):
        seen.putalpha(image.getchannel("A"))
    return seen


def exr_windows(path):
    """Sizes of an OpenEXR file's data and display windows: readers differ in which one they show."""
    sizes = []
    with open(path, "rb") as source:
        head = source.read(65536)
    for name in (b"dataWindow\0box2i\0", b"displayWindow\0box2i\0"):
        at = head.find(name)
        if at >= 0:
            left, top, right, bottom = struct.unpack_from("<4i", head, at + len(name) + 4)
            sizes.append([right - left + 1, bottom - top + 1])
    return sizes
