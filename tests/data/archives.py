"""Archives for the tests of basin data get, in the working directory: archives.py. Prints NAME=MD5 for each."""
import hashlib
import io
import os
import random
import tarfile

noise = random.Random(1)


def archive(name, members):
    with tarfile.open(name, "w:gz") as out:
        for member, data in members:
            info = tarfile.TarInfo(member)
            if isinstance(data, str):
                info.type, info.linkname = tarfile.SYMTYPE, data
            elif data is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            else:
                info.size = len(data)
            out.addfile(info, io.BytesIO(data) if isinstance(data, bytes) else None)


good = [("set", None), ("set/a.bin", noise.randbytes(30000)), ("set/below/b.bin", b"b")]
archive("good.tar.gz", good)
archive("other.tar.gz", [("set/a.bin", noise.randbytes(30000))])
archive("outside.tar.gz", good + [("set/../../outside.txt", b"out")])
archive("absolute.tar.gz", good + [(os.path.abspath("absolute.txt"), b"out")])
archive("link.tar.gz", [("set", "/tmp"), ("set/through.txt", b"out")])
with open("good.tar.gz", "rb") as file:
    whole = file.read()
with open("truncated.tar.gz", "wb") as file:
    file.write(whole[:20000])
with open("text.tar.gz", "wb") as file:
    file.write(b"no archive at all\n" * 100)
with open("a.bin", "wb") as file:
    file.write(good[1][1])
for name in ("good", "other", "outside", "absolute", "link", "truncated", "text"):
    with open(name + ".tar.gz", "rb") as file:
        print(f"{name}={hashlib.md5(file.read()).hexdigest()}")
