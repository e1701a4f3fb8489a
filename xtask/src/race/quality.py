"""Prints how close pictures are to their source: one line "SSIM PSNR" of the luma for each.

Words: the source, then pictures. A picture of another size is compared with the source shrunk to it.
"""

import sys

import numpy
from PIL import Image

Image.MAX_IMAGE_PIXELS = None
WINDOW = 8


def luma(image):
    """Rec. 601 luma as doubles."""
    return numpy.asarray(image.convert("L"), dtype=numpy.float64)


def means(values):
    """Means of all windows that lie side by side."""
    height, width = (side - side % WINDOW for side in values.shape)
    blocks = values[:height, :width].reshape(height // WINDOW, WINDOW, width // WINDOW, WINDOW)
    return blocks.mean(axis=(1, 3))


def ssim(one, other):
    """Structural similarity (Wang et al. 2004) with uniform windows of 8 x 8."""
    flat, deep = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    a, b = means(one), means(other)
    var_a, var_b = means(one * one) - a * a, means(other * other) - b * b
    both = means(one * other) - a * b
    return (((2 * a * b + flat) * (2 * both + deep)) / ((a * a + b * b + flat) * (var_a + var_b + deep))).mean()


def psnr(one, other):
    """Peak signal to noise ratio in decibels."""
    error = ((one - other) ** 2).mean()
    return 99.0 if error == 0 else 10 * numpy.log10(255**2 / error)


source = Image.open(sys.argv[1]).convert("RGB")
for path in sys.argv[2:]:
    picture = Image.open(path).convert("RGB")
    due = source if source.size == picture.size else source.resize(picture.size, Image.Resampling.LANCZOS)
    print(f"{ssim(luma(due), luma(picture)):.4f} {psnr(luma(due), luma(picture)):.2f}")
