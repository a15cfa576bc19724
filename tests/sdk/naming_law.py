"""The naming law of the ABI's headers (docs/abi.md), checked: naming_law.py HEADERS SINCE.

HEADERS is sdk/include/basin, SINCE the list of every function and the version it came with. Prints what breaks the law,
by file and line, and ends with 1 where something does. With --write it appends new functions to SINCE, to be reviewed.
"""
import pathlib
import re
import sys

THREADS = ("[any thread]", "[any thread, one at a time]", "[run thread]")
OWNERSHIP = ("new reference", "borrowed until", "caller's buffer")
FIXED_LAYOUT = {"basin_value", "basin_note"}  # 16 bytes that stand in arrays; a record in an ELF file
FORBIDDEN = ("network", "scheduler", "evaluate", "config")
NUMBERS = r"(?:u?int\d+_t|double|float|size_t)"

problems = []


def complain(place, sentence):
    problems.append(f"{place}: {sentence}")


class Header:
    """A header as a list of pieces: comments, and code with the comments that belong to it."""

    def __init__(self, path):
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        # The same length and lines, comments blanked: positions in one are positions in the other.
        self.code = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), self.text, flags=re.S)

    def place(self, position):
        return f"{self.path.name}:{self.text.count(chr(10), 0, position) + 1}"

    def comment_before(self, position):
        """The comment that ends right before this position (only spaces, and #define lines, between)."""
        text = self.text[:position].rstrip()
        while text.rsplit("\n", 1)[-1].startswith("#define"):
            text = text.rsplit("\n", 1)[0].rstrip()
        if not text.endswith("*/"):
            return ""
        start = text.rindex("/*")
        line = text.rfind("\n", 0, start) + 1
        return "" if text[line:start].strip() else words(text[start:])  # a comment behind code belongs to that code

    def comment_after(self, position):
        """The comment behind code, on the line where it ends."""
        match = re.compile(r"[ \t]*(/\*.*?\*/)", re.S).match(self.text, position)
        return words(match[1]) if match else ""


def words(comment):
    return re.sub(r"\s*\n\s*\*?\s*", " ", comment)


def structs(header):
    """(name, position, position of the body, its end) of every struct with a body."""
    for match in re.finditer(r"typedef struct (basin_\w+) \{", header.code):
        end = re.compile(r"\n\} (\w+);").search(header.code, match.end())
        yield match[1], match.start(), match.end(), end.start()
        if end[1] != match[1]:
            complain(header.place(end.start()), f"struct {match[1]} is named {end[1]} at its end")


def functions(header, begin, end):
    """(name, result, arguments, own comment, section comment, position) of the function pointers in a struct's body."""
    pattern = re.compile(r"([\w ]+?\**)\s*\(\*(\w+)\)\(((?:[^()]|\([^()]*\)|\(\*\w+\)\([^()]*\))*)\);")
    for match in pattern.finditer(header.code, begin, end):
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        sections = re.findall(r"/\* --- [^\n]*\*/", header.text[begin:start])
        own = header.comment_before(start) + " " + header.comment_after(match.end())
        yield match[2], match[1].strip(), " ".join(match[3].split()), own, words(sections[-1]) if sections else "", start


def check_struct(header, name, begin, end):
    first = re.match(r"\s*([^;]*);", header.code[begin:end])[1]
    if name not in FIXED_LAYOUT and first != "uint32_t size":
        complain(header.place(begin), f"struct {name} begins with '{first}', and must be led by 'uint32_t size'")


def check_function(header, struct, function, group, growable):
    name, result, arguments, own, section, position = function
    place, title = header.place(position), f"{struct}.{name}"
    if struct.endswith("_functions") and name in ("create", "destroy"):
        return  # one contract for all kinds, in core.h
    said = own
    if not any(tag in said for tag in THREADS):
        said += section if any(tag in section for tag in THREADS) else group
    tags = {tag for tag in re.findall(r"\[[^\[\]()]*thread[^\[\]()]*\]", said)}
    if not tags & set(THREADS):
        complain(place, f"{title} does not say on which thread: {', '.join(THREADS)}")
    for tag in tags - set(THREADS):
        complain(place, f"{title} says '{tag}', which is not in the vocabulary")

    given = (own + section + group).lower()
    out = [a.strip() for a in re.split(r",(?![^()]*\))", re.sub(r"\([^()]*\)", "()", arguments))]
    for argument in out:
        pointer = re.fullmatch(r"(.*?)(\*+)\s*(\w*)", argument)
        if not pointer or "(" in argument or "const*" in argument.replace(" ", ""):
            continue
        kind, stars, label = pointer[1].strip(), pointer[2], pointer[3]
        if len(stars) == 2 and kind != "void" or kind == "void" and stars == "**":
            if not any(w in given for w in OWNERSHIP):
                complain(place, f"{title} gives '{label}' and does not say whose it is: {', '.join(OWNERSHIP)}")
        elif label in ("out", "values", "buffer", "levels", "weights") and not kind.startswith("const"):
            plain = re.fullmatch(NUMBERS, kind) and label == "out" and "[" not in given
            if not plain and not re.fullmatch(NUMBERS, kind) and not any(w in given for w in OWNERSHIP):
                complain(place, f"{title} fills '{label}' and does not say whose it is: {', '.join(OWNERSHIP)}")
    if result.endswith("*") and not any(w in given for w in OWNERSHIP + ("lives as long as the process",)):
        complain(place, f"{title} returns a pointer and does not say whose it is: {', '.join(OWNERSHIP)}")
    for kind in growable:
        if re.search(rf"\b{kind}\s*\*\s*\w+, uint32_t n", arguments):
            complain(place, f"{title} takes an array of {kind}, which may grow: take an array of pointers")


def check_enums(header):
    for match in re.finditer(r"enum \{(.*?)\}", header.code, re.S):
        numbers = set()
        for item in filter(None, (i.strip() for i in match[1].split(","))):
            place = header.place(match.start() + match[0].index(item))
            named = re.fullmatch(r"(BASIN_[A-Z0-9_]+) = (\d+)", item)
            if not named:
                complain(place, f"enumerator '{item}' must be BASIN_NAME = a number")
            elif named[2] in numbers:
                complain(place, f"enumerator '{item}' has a number that another one of its enum has")
            else:
                numbers.add(named[2])


def check_names(header, names):
    for match in re.finditer(r'#define (BASIN_(\w+)_INTERFACE) "([^"]*)"', header.text):
        subject = match[2].lower()
        if not re.fullmatch(rf"basin\.{subject}(\.draft)?/[1-9]\d*", match[3]):
            complain(header.place(match.start()), f"{match[1]} is '{match[3]}', and must be basin.{subject}/N or basin.{subject}.draft/N")
        if f"basin_{subject}_interface" not in names and f"basin_{subject}_functions" not in names:
            complain(header.place(match.start()), f"{match[1]} has no struct basin_{subject}_interface or basin_{subject}_functions")
    for match in re.finditer(r"#define (\w+)", header.code):
        if not match[1].startswith("BASIN_"):
            complain(header.place(match.start()), f"macro {match[1]} must begin with BASIN_")
    for match in re.finditer(r"typedef [^;{]*?(\w+)(?: \{|;)", header.code):
        if not re.match(r"basin_[a-z0-9_]+$", match[1]) and "(*" not in match[0]:
            complain(header.place(match.start()), f"type {match[1]} must be basin_lower_case")
    for word in FORBIDDEN:
        for match in re.finditer(rf"\b\w*{word}\w*", header.code, re.I):
            complain(header.place(match.start()), f"'{match[0]}' uses the forbidden word '{word}'")


def check_since(path, found, write):
    listed = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        entry = re.fullmatch(r"(\w+\.\w+) (\d+\.\d+)", line)
        if not entry:
            complain(f"{path.name}:{number}", f"'{line}' is not 'struct.function version'")
        elif entry[1] in listed:
            complain(f"{path.name}:{number}", f"{entry[1]} is listed twice")
        else:
            listed[entry[1]] = (len(listed), entry[2], number)
    new = [name for name in found if name not in listed]
    if write and new:
        with path.open("a") as file:
            file.writelines(f"{name} 0.1\n" for name in new)
        return
    for name in new:
        complain(path.name, f"{name} is not listed: add it with the version it comes with (at the end of its struct)")
    for name in listed:
        if name not in found:
            complain(f"{path.name}:{listed[name][2]}", f"{name} is in no header: a function, once released, stays")
    # A struct grows at its end: versions never fall from one function to the next, and the order is the header's.
    last = {}
    for name in (n for n in found if n in listed):
        struct, (order, version, number) = name.split(".")[0], listed[name]
        version = tuple(int(v) for v in version.split("."))
        if struct in last and (version < last[struct][1] or order < last[struct][0]):
            complain(f"{path.name}:{number}", f"{name} is older than what stands before it, or listed before it: new functions go to the end")
        last[struct] = (order, version)


def main():
    write = "--write" in sys.argv
    folder, since = [pathlib.Path(a) for a in sys.argv[1:] if a != "--write"]
    headers = [Header(p) for p in sorted(folder.glob("*.h")) if p.name != "basin.h"]
    parts = {h: list(structs(h)) for h in headers}
    names = {name for found in parts.values() for name, *_ in found}
    found = []
    core = (folder / "core.h").read_text()
    for line in (r"create .*\[run thread\]", r"destroy .*\[any thread\]"):
        if not re.search(line, core):
            complain("core.h", f"the contract of every kind's functions must say '{line}'")
    for header in headers:
        check_enums(header)
        check_names(header, names)
        for name, start, begin, end in parts[header]:
            check_struct(header, name, begin, end)
            for function in functions(header, begin, end):
                check_function(header, name, function, header.comment_before(start), names - FIXED_LAYOUT)
                found.append(f"{name}.{function[0]}")
    if len(found) < 100:
        complain(str(folder), f"only {len(found)} functions were found: the checker does not understand the headers")
    check_since(since, found, write)
    print("\n".join(problems))
    print(f"{len(headers)} headers, {len(names)} structs, {len(found)} functions, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
