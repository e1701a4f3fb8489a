"""Makes the 12-megapixel photo of the races: a mosaic of one real photo, with light noise.

Words: the real photo, the JPEG to write, the PNG to write. The noise has a fixed seed, so the bytes are the
same everywhere.
"""

import sys

import numpy
from PIL import Image, ImageOps

source, jpeg, png = sys.argv[1:]
tile = ImageOps.exif_transpose(Image.open(source)).convert("RGB")
mosaic = Image.new("RGB", (4000, 3000))
for top in range(0, 3000, tile.height):
    for left in range(0, 4000, tile.width):
        mosaic.paste(tile, (left, top))
noise = numpy.random.default_rng(1).normal(0, 2.5, (3000, 4000, 3))
pixels = (numpy.asarray(mosaic, dtype=numpy.float32) + noise).clip(0, 255).astype(numpy.uint8)
Image.fromarray(pixels).save(jpeg, quality=90, subsampling="4:2:0")
Image.open(jpeg).save(png, compress_level=6)
