"""Writes fixtures/ with Pillow: small images, and what Pillow makes of them. Run: python3 make_fixtures.py

crop_WxH_S.png is guided-diffusion's center_crop_arr (image_datasets.py:115-143) of source_WxH.png to S x S: box halving
while the short side is at least 2 S, bicubic to S, then the middle.
"""
import math
import os
import random

from PIL import Image, ImageDraw

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
os.makedirs(here, exist_ok=True)


def save(picture, name, **options):
    picture.save(os.path.join(here, name), **options)


def drawing(width, height, seed):
    """Hard edges, a gradient and some noise: what a resampling filter can get wrong."""
    rng = random.Random(seed)
    picture = Image.new("RGB", (width, height))
    picture.putdata([(int(255 * x / max(width - 1, 1)), int(255 * y / max(height - 1, 1)), rng.randrange(256))
                     for y in range(height) for x in range(width)])
    draw = ImageDraw.Draw(picture)
    draw.ellipse((width // 5, height // 4, width // 2, height * 3 // 4), fill=(255, 255, 255))
    draw.rectangle((width // 2, height // 3, width * 4 // 5, height // 2), fill=(0, 0, 0))
    return picture


def center_crop(picture, size):
    while min(picture.size) >= 2 * size:
        picture = picture.resize((picture.size[0] // 2, picture.size[1] // 2), resample=Image.BOX)
    scale = size / min(picture.size)
    picture = picture.resize(tuple(round(s * scale) for s in picture.size), resample=Image.BICUBIC)
    left, top = (picture.size[0] - size) // 2, (picture.size[1] - size) // 2
    return picture.crop((left, top, left + size, top + size))


for seed, (width, height, size) in enumerate([(75, 53, 16), (33, 47, 32), (20, 20, 32), (64, 64, 16), (40, 25, 25),
                                                  (131, 97, 12)]):
    source = drawing(width, height, seed)
    save(source, f"source_{width}x{height}.png")
    save(center_crop(source, size), f"crop_{width}x{height}_{size}.png")

photo = drawing(48, 32, 9).resize((48, 32), Image.BICUBIC)
exif = Image.Exif()
exif[0x0112] = 6  # "rotate by 90 degrees": to be ignored
save(photo, "photo.jpg", quality=90, exif=exif)
save(Image.open(os.path.join(here, "photo.jpg")).convert("RGB"), "photo_decoded.png")
grey = Image.new("L", (9, 7))
grey.putdata([i * 4 for i in range(63)])
save(grey, "grey.png")
alpha = Image.new("RGBA", (4, 3), (10, 200, 90, 64))
save(alpha, "alpha.png")
save(drawing(24, 16, 5).quantize(16), "palette.png")
save(Image.open(os.path.join(here, "palette.png")).convert("RGB"), "palette_decoded.png")
