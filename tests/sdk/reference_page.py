"""The reference of the ABI's functions, out of its headers: reference_page.py HEADERS SINCE PAGE [--write].

HEADERS is sdk/include/basin, SINCE the list of every function and the version it came with. Every function of every
table gets its signature, its version, and what the header says of it. Ends with 1 where PAGE is not that, and where a
function has no comment of its own or of its part of the table; --write writes PAGE.
"""
import pathlib
import re
import sys

from naming_law import Header, functions, structs, words

TITLE = """# The functions of the ABI

Written by `tests/sdk/reference_page.py --write` out of `sdk/include/basin/*.h`; a test holds it to them. The law behind the
words (ownership, threads, versions): [abi.md](abi.md). Every `create` and `destroy` has the contract that `core.h` gives.
"""


def text(comment):
    """A comment without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"/\*+|\*/", " ", re.sub(r"---+", " ", comment))).strip()


def released(header, struct):
    """The id of the interface that this struct is the table of, as a sentence; "" where it has none."""
    subject = re.fullmatch(r"basin_(\w+)_(?:interface|functions)", struct)
    found = subject and re.search(rf'#define BASIN_{subject[1].upper()}_INTERFACE "([^"]*)"', header.text)
    return f"`{found[1]}`, {'a draft' if '.draft/' in found[1] else 'released'}. " if found else ""


def page(headers, since):
    out, silent = [TITLE], []
    for header in headers:
        tables = [(name, start, list(functions(header, begin, end))) for name, start, begin, end in structs(header)]
        if not any(found for *_, found in tables):
            continue
        first = re.split(r"\n \*\n", re.match(r"/\*.*?\*/", header.text, re.S)[0])[0]  # its first paragraph
        about = text(words(first)).split(": ", 1)[-1]
        out.append(f"\n## {header.path.name}\n\n{about[0].upper()}{about[1:]}\n")
        for name, start, found in tables:
            if not found:
                continue
            group = header.comment_before(start)
            group = "" if group.startswith("/* ---") else text(group)  # a ruled line is for who reads the header
            out.append(f"\n### {name}\n\n{released(header, name)}{group}".rstrip() + "\n\n")
            for function, result, arguments, own, section, _ in found:
                said = " ".join(filter(None, (text(section), text(own))))
                if not said and not group and function not in ("create", "destroy"):
                    silent.append(f"{name}.{function}")
                out.append(f"- `{result} {function}({arguments})`, since {since.get(f'{name}.{function}', '?')}"
                           + (f"<br>{said}" if said else "") + "\n")
    return "".join(out), silent


def main():
    folder, since, target = [pathlib.Path(a) for a in sys.argv[1:] if a != "--write"]
    versions = dict(line.split() for line in since.read_text().splitlines() if line and not line.startswith("#"))
    headers = [Header(p) for p in sorted(folder.glob("*.h"), key=lambda p: (p.name != "core.h", p.name))
               if p.name != "basin.h"]
    written, silent = page(headers, versions)
    for name in silent:
        print(f"{name} has no comment, and its table has none")
    if "--write" in sys.argv:
        target.write_text(written, encoding="utf-8")
    elif not target.exists() or target.read_text(encoding="utf-8") != written:
        print(f"{target} is not what the headers say: {sys.argv[0]} {folder} {since} {target} --write")
        return 1
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
