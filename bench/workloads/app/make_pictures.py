"""Makes the pictures that image_processing.py works on, the same ones each time: one of about 8 KB, one of about
2.6 MB."""

import random

from PIL import Image


def picture(path, width, height, grain):
    """A gradient with grain: more of it makes the file larger."""
    random.seed(1)
    noise = Image.frombytes("RGB", (width // grain, height // grain), random.randbytes(width // grain * (height // grain) * 3))
    gradient = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    Image.blend(gradient, noise.resize((width, height), Image.Resampling.BICUBIC), 0.4).save(path, "JPEG", quality=85)


picture("/app/small.jpg", 176, 132, 3)
picture("/app/large.jpg", 3560, 2400, 3)
