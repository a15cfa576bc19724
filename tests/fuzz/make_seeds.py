#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets: make_seeds.py SDK_INCLUDE FOLDER. Needs cc and strip. What a fuzzer found is kept
beside them under a name of its own, found-..., which this leaves alone.

note: a real plugin file, as small as the linker makes one, and what can be wrong with it.
arguments: bytes as tests/fuzz/arguments.cpp reads them.
"""
import pathlib
import struct
import subprocess
import sys
import tempfile

SOURCE = """
#include <basin/core.h>
BASIN_NOTE(%s, "%s");
static const basin_plugin plugin = {.size = sizeof plugin, .abi_major = BASIN_ABI_MAJOR, .name = "seed"};
BASIN_EXPORT basin_status basin_plugin_entry(const basin_host* h, const basin_plugin** out) {
  (void)h;
  *out = &plugin;
  return BASIN_OK;
}
"""


def build(include, kind, engine):
    with tempfile.TemporaryDirectory() as folder:
        source, file = pathlib.Path(folder, "seed.c"), pathlib.Path(folder, "seed.basin.so")
        source.write_text(SOURCE % (kind, engine))
        flags = ["-Os", "-fPIC", "-shared", "-nostdlib", "-fno-asynchronous-unwind-tables", "-s", "-I" + include]
        linker = "-Wl,--build-id=none,-z,norelro,-z,noseparate-code,--hash-style=gnu"
        subprocess.run(["cc", *flags, linker, source, "-o", file], check=True)
        subprocess.run(["strip", "-R", ".comment", "-R", ".eh_frame", file], check=True)
        return bytearray(file.read_bytes())


def changed(data, at, format, value):
    out = bytearray(data)
    struct.pack_into("<" + format, out, at, value)
    return out


def notes(include):
    whole = build(include, "BASIN_PORTABLE", "")
    pinned = build(include, "BASIN_PINNED", "2.11.0")
    header = struct.unpack_from("<16sHHIQQQIHHHHHH", whole)
    programs, sections, count = header[5], header[6], header[12]
    note = whole.index(b"Basin\0\0\0") - 12
    notes = [programs + i * 56 for i in range(header[10]) if struct.unpack_from("<I", whole, programs + i * 56)[0] == 4]
    dynsym = next(sections + i * 64 for i in range(count) if struct.unpack_from("<I", whole, sections + i * 64 + 4)[0] == 11)
    table = struct.unpack_from("<Q", whole, dynsym + 24)[0]
    return {
        "whole": whole,
        "pinned": pinned,
        "pinned-elsewhere": pinned.replace(b"2.11.0", b"1.13.1"),
        "pinned-without-end": pinned.replace(b"2.11.0" + bytes(26), b"9" * 32),
        "empty": b"",
        "text": b"print 'I am a script'\n",
        "magic": whole[:4],
        "head": whole[:64],
        "cut-in-segments": whole[: programs + 40],
        "cut-in-note": whole[: note + 20],
        "cut-at-end": whole[:-1],
        "32-bit": changed(whole, 4, "B", 1),
        "big-endian": changed(whole, 5, "B", 2),
        "aarch64": changed(whole, 18, "H", 183),
        "executable": changed(whole, 16, "H", 2),
        "segments-of-another-size": changed(whole, 54, "H", 32),
        "segments-far-away": changed(whole, 32, "Q", 2**64 - 8),
        "sections-far-away": changed(whole, 40, "Q", 2**64 - 64),
        "many-segments": changed(whole, 56, "H", 65535),
        "other-major": changed(whole, note + 24, "I", 7),
        "name-of-any-length": changed(whole, note, "I", 2**32 - 1),
        "content-of-any-length": changed(whole, note + 4, "I", 2**32 - 1),
        "short-content": changed(whole, note + 4, "I", 12),
        "notes-of-any-length": changed(whole, notes[0] + 32, "Q", 2**63),
        "notes-beyond-the-end": changed(whole, notes[0] + 8, "Q", len(whole) - 8),
        "notes-aligned-to-8": changed(whole, notes[0] + 48, "Q", 8),
        "no-section-of-symbols": changed(whole, dynsym + 4, "I", 2),
        "symbols-beyond-the-end": changed(whole, dynsym + 24, "Q", 2**64 - 24),
        "more-symbols-than-bytes": changed(whole, dynsym + 32, "Q", 2**60),
        "names-in-another-section": changed(whole, dynsym + 40, "I", 60000),
        "name-far-away": changed(whole, table + 24, "I", 2**32 - 1),
    }


def arguments():
    def value(tag, payload=b"", count=0, aux=0):
        return struct.pack("<BHB", tag, aux, count) + payload

    def i64(*numbers):
        return struct.pack("<%dq" % len(numbers), *numbers)

    tensor, absent = (lambda which: value(2, bytes([which]))), value(2, b"\x07")
    integer, real = (lambda n: value(3, i64(n))), (lambda x: value(4, struct.pack("<d", x)))
    text = lambda s: value(6, bytes([len(s)]) + s)
    ints = lambda *n: value(7, i64(*n), len(n))
    decoded = lambda which, *v: bytes([which]) + b"".join(v)
    called = lambda which, room, *v: bytes([next(w for w in range(100, 112) if w % 12 == which), len(v), room]) + b"".join(v)
    return {
        "scalars": decoded(0, tensor(0), value(1), real(0.5), value(5, i64(1)), integer(-1), integer(3), value(5), text(b"abc")),
        "lists": decoded(1, value(10, b"\0\1", 2), value(10, b"\0\7\1", 3), ints(1, 2, 3), integer(1),
                         value(8, struct.pack("<d", 1), 1), value(9, b"\1\0", 2), value(15, b"\0\2xy\0\1z", 2), ints(1, 2)),
        "null-lists": decoded(1, *[value(tag, b"", 227) for tag in (10, 10, 7, 7, 8, 9, 15, 8)]),
        "absent-string": decoded(1, *[value(0)] * 6, value(15, b"\xff", 1)),
        "optional": decoded(2, *[value(1)] * 7),
        "places": decoded(3, value(11, i64(1)), value(12, i64(2), 0, 0), value(13, i64(2)), value(11, i64(2**32 + 1)),
                          value(12, i64(2), 0, 300), value(13, i64(9)), value(3, i64(0))),
        "defaults": decoded(4, tensor(0), *[value(0)] * 6),
        "unknown-tag": decoded(4, value(17), value(250, b"\xff\xff")),
        "opaque": decoded(5, value(14), integer(1), ints(1), integer(2)),
        "null-opaque": decoded(5, value(14, b"", 225)),
        "add": called(0, 1, tensor(0), tensor(6), real(2)),
        "add-absent": called(0, 1, absent, absent),
        "cat": called(1, 1, value(10, b"\0\5", 2), integer(-1)),
        "to": called(2, 1, tensor(0), value(11, i64(4)), value(5), value(5, i64(1)), value(13, i64(1))),
        "sum": called(3, 1, tensor(0), ints(0, 1), value(5, i64(1))),
        "unbind": called(4, 4, tensor(0)),
        "unbind-no-room": called(4, 1, tensor(0)),
        "equal": called(5, 1, tensor(0), tensor(0)),
        "index": called(6, 1, tensor(0), value(10, b"\7\1", 2)),
        "view": called(7, 1, tensor(0), ints(3, -1)),
        "einsum": called(8, 1, text(b"ij,kj->ik"), value(10, b"\0\5", 2)),
        "result-type": called(9, 1, tensor(0), tensor(4)),
        "foreach": called(10, 0, value(10, b"\0\4", 2), ints(2, 3)),
        "max": called(11, 2, tensor(0), integer(1)),
        "too-many": called(5, 1, *[tensor(0)] * 7),
        "schema": b"\xffaten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
        "schema-of-nobody": b"\xffmine::f(Tensor(a!)[] x, int[2]? n=[1, 2], str s=\"a\\\"b\") -> (Tensor, float)",
        "schema-open": b"\xffaten::add.Tensor(Tensor self, Tensor",
    }


def main():
    include, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    for target, seeds in (("note", notes(include)), ("arguments", arguments())):
        (folder / target).mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (folder / target / name).write_bytes(data)


main()
