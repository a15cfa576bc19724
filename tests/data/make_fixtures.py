"""Small archives of pictures, sound and unsound, for the tests of the readers (plugins/datasets): written by Pillow, NumPy
and Python's tarfile and zipfile.

    python3 make_fixtures.py        (numpy, pillow)

Picture k is 8x8 with the value (37 k + 11 y + 5 x + 83 c) mod 256 at row y, column x, channel c, and has the class k mod 3.
"""
import io
import json
import os
import struct
import tarfile
import zipfile
import zlib

import numpy as np
from PIL import Image

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
DATE = (2020, 1, 1, 0, 0, 0)


def pixels(k, side=8):
    y, x, c = np.meshgrid(np.arange(side), np.arange(side), np.arange(3), indexing="ij")
    return ((37 * k + 11 * y + 5 * x + 83 * c) % 256).astype(np.uint8)


def png(k, side=8):
    out = io.BytesIO()
    Image.fromarray(pixels(k, side)).save(out, "PNG")
    return out.getvalue()


def jpeg():  # flat: what a lossy codec gives back is known
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (100, 150, 200)).save(out, "JPEG", quality=95)
    return out.getvalue()


def place(name):
    os.makedirs(os.path.dirname(os.path.join(here, name)), exist_ok=True)
    return os.path.join(here, name)


# ---- tar -------------------------------------------------------------------------------------------------------------
def tar(name, members, form=tarfile.USTAR_FORMAT, mode="w"):
    with tarfile.open(place(name), mode, format=form) as out:
        for member, data in members:
            info = tarfile.TarInfo(member)
            if data is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(data, str):
                info.type, info.linkname = tarfile.SYMTYPE, data
            else:
                info.size = len(data)
            out.addfile(info, io.BytesIO(data) if isinstance(data, bytes) else None)


def sample(k, key=None, side=8):
    key = key or f"{k:06d}"
    return [(f"{key}.png", png(k, side)), (f"{key}.cls", str(k % 3).encode())]


long = "a/" + "folder" * 30 + "/"  # does not fit a plain header: pax records, or GNU's @LongLink
tar("shards/000.tar", [("train", None), (".ignored.png", b"no key"), ("000000.json", b"{}")] + sample(0) + sample(1))
tar("shards/001.tar", sample(2, long + "2") + sample(3, long + "3"), tarfile.PAX_FORMAT)
tar("shards/002.tar", sample(4, long + "4") + [("000005.jpg", jpeg()), ("000005.cls", b"2\n")], tarfile.GNU_FORMAT)
tar("tar/unlabelled.tar", sample(0)[:1] + sample(1)[:1])
tar("tar/outside.tar", sample(0) + sample(1, "../../000001"))
tar("tar/absolute.tar", sample(0) + sample(1, "/000001"))
tar("tar/no_image.tar", sample(0) + [("000001.png", b"this is no picture, whatever its name says")])
tar("tar/no_picture.tar", sample(0) + [("000001.cls", b"1")])
tar("tar/two_pictures.tar", [("000000.png", png(0)), ("000000.jpg", jpeg())])
tar("tar/label.tar", [("000000.png", png(0)), ("000000.cls", b"cat")])
tar("tar/link.tar", sample(0) + [("000001.png", "000000.png")])
tar("tar/mixed.tar", sample(0) + sample(1, side=12))
tar("tar/compressed.tar", sample(0), mode="w:gz")
tar("tar/empty.tar", [])


# ---- zip -------------------------------------------------------------------------------------------------------------
def zipped(name, members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(place(name), "w", method) as out:
        for member, data in members:
            info = zipfile.ZipInfo(member, DATE)
            info.compress_type = method
            out.writestr(info, data)


def edm(k):
    return f"{k // 1000:05d}/img{k:08d}.png"


def edm_members(count, labels, sides=(8,)):
    members = [(edm(k), png(k, sides[k % len(sides)])) for k in range(count)]
    return members + [("dataset.json", json.dumps({"labels": labels}).encode())]


named = [[edm(k), k % 3] for k in range(5)]
zipped("zip/stored.zip", edm_members(5, named))
zipped("zip/deflated.zip", edm_members(5, named[::-1]), zipfile.ZIP_DEFLATED)
zipped("zip/unlabelled.zip", edm_members(5, None))
zipped("zip/no_json.zip", edm_members(5, None)[:-1])
zipped("zip/four_labels.zip", edm_members(5, named[:4]))
zipped("zip/other_names.zip", edm_members(5, [["x" + n, c] for n, c in named]))
zipped("zip/vectors.zip", edm_members(5, [[n, [0.5, 0.5]] for n, _ in named]))
zipped("zip/not_json.zip", edm_members(5, None)[:-1] + [("dataset.json", b'{"labels": [')])
zipped("zip/outside.zip", edm_members(2, None) + [("../img.png", png(0))])
zipped("zip/no_image.zip", edm_members(1, None) + [("00000/img00000009.png", b"this is no picture")])
zipped("zip/mixed.zip", edm_members(5, named, (8, 12)))

# More than its fields of 32 bits can say: the same, with those limits set so low that all is written as zip64.
limits = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 16, 1
with zipfile.ZipFile(place("zip/zip64.zip"), "w") as out:
    for member, data in edm_members(5, named):
        with out.open(zipfile.ZipInfo(member, DATE), "w", force_zip64=True) as one:
            one.write(data)
zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limits


def encrypted(data, password):
    """The cipher of PKWARE's APPNOTE, 6.1; twelve bytes go before the data, the last of which is known to the reader."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte):
        keys[0] = step(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 255)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = step(keys[2], keys[1] >> 24)

    def step(old, byte):
        value = (old ^ byte) & 255
        for _ in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
        return value ^ (old >> 8)

    for byte in password:
        update(byte)
    out = bytearray()
    for byte in bytes(11) + bytes([zlib.crc32(data) >> 24]) + data:
        key = keys[2] | 2
        out.append(byte ^ (((key * (key ^ 1)) >> 8) & 255))
        update(byte)
    return bytes(out)


def encrypted_zip(name, members):
    body, directory = b"", b""
    for member, data in members:
        cipher = encrypted(data, b"secret")
        rest = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 0x21, zlib.crc32(data), len(cipher), len(data), len(member), 0)
        directory += b"PK\1\2" + struct.pack("<H", 20) + rest + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + member.encode()
        body += b"PK\3\4" + rest + member.encode() + cipher
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(body), 0)
    with open(place(name), "wb") as out:
        out.write(body + directory + end)
    with zipfile.ZipFile(place(name)) as back:
        assert all(back.read(member, b"secret") == data for member, data in members)


encrypted_zip("zip/encrypted.zip", edm_members(1, None))

# ---- npz -------------------------------------------------------------------------------------------------------------
images = np.stack([pixels(k) for k in range(5)])
classes = np.arange(5) % 3
np.savez(place("npz/labelled.npz"), images, classes)
np.savez_compressed(place("npz/deflated.npz"), images, classes.astype(np.uint8))
np.savez(place("npz/unlabelled.npz"), images)
np.savez(place("npz/wide.npz"), np.concatenate([images, images], axis=2))
np.savez(place("npz/float.npz"), images.astype(np.float32))
np.savez(place("npz/grey.npz"), images[..., 0])
np.savez(place("npz/planes.npz"), images.transpose(0, 3, 1, 2))
np.savez(place("npz/fortran.npz"), np.asfortranarray(images))
np.savez(place("npz/four_labels.npz"), images, classes[:4])
np.savez(place("npz/one_hot.npz"), images, np.eye(3)[classes])
np.savez(place("npz/negative.npz"), images, classes - 7)
np.savez(place("npz/moments.npz"), mu=np.zeros(4), sigma=np.eye(4))
zipped("npz/no_array.npz", [("arr_0.npy", b"this is no array of NumPy's")])
with zipfile.ZipFile(place("npz/unlabelled.npz")) as back:
    array = back.read("arr_0.npy")
zipped("npz/other_length.npz", [("arr_0.npy", array[:-100])])

# ---- a folder --------------------------------------------------------------------------------------------------------
for k in range(6):
    with open(place(f"folder/{'abc'[k % 3]}/{k}.png"), "wb") as out:
        out.write(png(k))
