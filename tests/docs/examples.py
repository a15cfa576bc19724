#!/usr/bin/env python3
"""examples.py PROGRAM FOLDER PAGE...: runs the Lua that pages of the documentation show.

All ```lua blocks of a page, one after another, are one script, run in FOLDER/<page> (made anew). A page may use what a
reader has at that point: `basin`, `model`, `data`, `process`, `images` and `run`, all small, are there. A block that is
an entry of a table ("averages = { ... }") is read as one; "..." inside a table stands for what a training cannot do
without. A block after <!-- not run: why --> is not run, nor one that is a file of its own (commands.sh runs
it); one after <!-- refused: text --> must fail with that text.
"""
import pathlib
import re
import shutil
import subprocess
import sys

PRELUDE = """\
local basin = require "basin"
local data = basin.dataset "shapes" { count = 64, size = 32 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local model = basin.model "adm_unet" { image = 32, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local before, run = basin.run { name = "before" }, basin.run { name = "example" }
before:train { model = model, data = data, process = process, steps = 1, batch = 4, optimizer = basin.optimizer "sgd" {} }
local images = before:sample { model = model, sampler = basin.sampler "ddim" { steps = 2 }, count = 64 }
local other_images = data:images(1, 64)
"""
TRAINING = 'model = model, data = data, process = process, steps = 2, batch = 4, optimizer = basin.optimizer "sgd" {}'


def statement(block):
    """A block as statements: an entry of a table becomes the table, and dots what they stand for."""
    block = re.sub(r"^(\s*)\.\.\.,$", rf"\1{TRAINING},", block, flags=re.M)
    first = block.split("\n", 1)[0]
    if re.match(r"\w+ = (basin|\{)", first):
        return f"do local _ = {{ {block} }} end\n"
    return block


def refused(block, said):
    return (f"do local ok, message = pcall(function() {block} end)\n"
            f"assert(not ok and tostring(message):find([==[{said}]==], 1, true), tostring(message)) end\n")


def fixtures(folder):
    """The data that examples name: CIFAR's files (black images), a folder of photos, and archives of pictures."""
    sizes = {f"cifar-10-batches-bin/{name}.bin": 30730000 for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]}
    sizes |= {"cifar-100-binary/train.bin": 153700000, "cifar-100-binary/test.bin": 30740000}
    for name, size in sizes.items():
        (folder / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        with open(folder / "data" / name, "wb") as file:
            file.truncate(size)
    here = pathlib.Path(__file__).parent
    shutil.copytree(here / "photos", folder / "photos")
    shutil.copytree(here.parent / "data/fixtures/shards", folder / "shards")
    shutil.copy(here.parent / "data/fixtures/zip/stored.zip", folder / "cifar10-32x32.zip")
    shutil.copy(here.parent / "data/fixtures/npz/labelled.npz", folder / "images.npz")


def run(program, folder, page):
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"(?:<!-- (not run|refused|file): ([^>]*?) -->\n)?^```lua\n(.*?)^```$", text, re.S | re.M)
    shown = [refused(block, said) if mark else statement(block) for mark, said, block in blocks
             if mark not in ("not run", "file")]
    if not shown:
        return None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    fixtures(folder)
    (folder / "page.lua").write_text(PRELUDE + "".join(shown), encoding="utf-8")
    done = subprocess.run([program, "run", "page.lua", "--threads", "2"], cwd=folder, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {page} ({len(shown)} blocks)")
    if done.returncode == 0:
        shutil.rmtree(folder)  # trainings are large; what failed stays to be looked at
    else:
        print(done.stdout)
    return done.returncode == 0


def main():
    program, folder, pages = sys.argv[1], pathlib.Path(sys.argv[2]), [pathlib.Path(p) for p in sys.argv[3:]]
    results = [run(program, folder / "-".join(page.parts[-3:]), page) for page in pages]
    if all(result is None for result in results):
        sys.exit("none of these pages shows any Lua: the test does not understand them")
    sys.exit(0 if False not in results else 1)


main()
