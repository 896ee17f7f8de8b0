"""Turns, filters, greys and shrinks the picture that its first argument names, and writes each result as JPEG."""

import io
import sys

from PIL import Image, ImageFilter

from serve import serve


def results(image):
    yield image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    yield image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    yield image.transpose(Image.Transpose.ROTATE_90)
    yield image.transpose(Image.Transpose.ROTATE_180)
    yield image.transpose(Image.Transpose.ROTATE_270)
    yield image.filter(ImageFilter.BLUR)
    yield image.filter(ImageFilter.CONTOUR)
    yield image.filter(ImageFilter.SHARPEN)
    yield image.convert("L")
    small = image.copy()
    small.thumbnail((128, 128))
    yield small


def work():
    size = 0
    with Image.open(sys.argv[1]) as image:
        for result in results(image):
            file = io.BytesIO()
            result.save(file, "JPEG")
            size += file.tell()
    return {"bytes": size}


serve(work)
