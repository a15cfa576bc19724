"""The ABI's layouts against their record: layouts.py HEADERS RECORD CC FOLDER [--write].

HEADERS is sdk/include/basin. Every struct with the offset, size and type of each member, every enumerator and constant
is read from the headers, laid out by the compiler CC (in FOLDER), and compared with RECORD, which is kept in the tree:
  released ("basin.tensor/1", and what core.h holds)   members are only added, at the end; nothing else ever changes
  draft ("basin.layer.draft/2")                        where a layout changes, so does the number, upwards
A struct that several interfaces reach is released as soon as one of them is. Prints what breaks this and ends with 1;
also where all is well but RECORD is behind. --write brings it up to date, and refuses where a rule is broken.
"""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "sdk"))
from naming_law import FIXED_LAYOUT, Header, structs  # noqa: E402

problems = []


def split(text, separator):
    """At separators outside of brackets."""
    parts, depth = [""], 0
    for c in text:
        depth += (c in "({") - (c in ")}")
        if c == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [" ".join(p.split()) for p in parts if p.strip()]


def without_name(parameter):
    """'const char* name' -> 'const char*': what a parameter is called may change."""
    function = re.fullmatch(r"(.*?)\(\*\w*\)\((.*)\)", parameter)
    if function:
        return f"{function[1].strip()} (*)({', '.join(map(without_name, split(function[2], ',')))})"
    words = re.fullmatch(r"((?:const |struct )*\w+(?:\* ?const\*|\*)*) ?(\w*)", parameter)
    if not words:
        raise SystemExit(f"layouts.py does not understand the parameter '{parameter}'")
    return words[1]


def members(body):
    """(name, type) of each; of a union the whole text is the type."""
    for statement in split(body, ";"):
        function = re.fullmatch(r"(.*?)\(\*(\w+)\)\((.*)\)", statement)
        if function:
            arguments = ", ".join(map(without_name, split(function[3], ",")))
            yield function[2], f"{function[1].strip()} (*)({arguments})"
        elif statement.startswith("union"):
            yield statement.split()[-1], statement.rsplit(" ", 1)[0]
        else:
            first, *more = split(statement, ",")
            kind, name = re.fullmatch(r"(.*?[\w*])\s*\b(\w+(?:\[\w+\])?)", first).groups()
            for one in [name, *more]:
                label, array = re.fullmatch(r"(\w+)(\[\w+\])?", one).groups()
                yield label, kind.strip() + (array or "")


def read_headers(folder):
    """header -> {"id": {subject: id}, "struct": {name: [(member, type)]}, "value": {name: text}}"""
    out = {}
    for path in sorted(folder.glob("*.h")):
        if path.name == "basin.h":
            continue
        header = Header(path)
        found = {"id": {}, "struct": {}, "value": {}}
        for match in re.finditer(r'#define BASIN_(\w+)_INTERFACE "([^"]*)"', header.text):
            found["id"][match[1].lower()] = match[2]
        for name, _, begin, end in structs(header):
            found["struct"][name] = list(members(header.code[begin:end]))
        for match in re.finditer(r"enum \{(.*?)\}", header.code, re.S):
            for item in split(match[1], ","):
                name, value = item.split(" = ")
                found["value"][name] = value
        for match in re.finditer(r'#define (BASIN_\w+) ("[^"]*"|\w+)[ \t]*\n', header.code):
            if not match[1].endswith("_INTERFACE"):
                found["value"][match[1]] = match[2]
        for match in re.finditer(r"typedef ([\w* ]+?)\(\*(\w+)\)\(([^;]*)\);", header.code):
            found["value"][match[2]] = f"{match[1].strip()} (*)({', '.join(map(without_name, split(match[3], ',')))})"
        out[path.name] = found
    return out


def lay_out(headers, include, compiler, folder):
    """struct -> (size, {member: (offset, size)}), by the compiler."""
    lines = ["#include <basin/basin.h>", "#include <stdio.h>", "int main(void) {"]
    for found in headers.values():
        for name, parts in found["struct"].items():
            lines.append(f'  printf("{name} . 0 %zu\\n", sizeof({name}));')
            for member, _ in parts:
                lines.append(f'  printf("{name} {member} %zu %zu\\n", offsetof({name}, {member}), '
                             f"sizeof((({name}*)0)->{member}));")
    lines += ["  return 0;", "}"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "layouts.c").write_text("\n".join(lines) + "\n")
    program = folder / "layouts"
    subprocess.run([compiler, "-std=c99", f"-I{include}", str(folder / "layouts.c"), "-o", str(program)], check=True)
    out = {}
    for line in subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout.splitlines():
        struct, member, offset, size = line.split()
        if member == ".":
            out[struct] = (int(size), {})
        else:
            out[struct][1][member] = (int(offset), int(size))
    return out


def describe(headers, layouts):
    text = ["# What crosses the border, as the C compiler lays it out: offset, size, member. Written by layouts.py --write."]
    for name, found in headers.items():
        text += ["", f"header {name}"]
        text += [f"interface {subject} {identifier}" for subject, identifier in found["id"].items()]
        for struct, parts in found["struct"].items():
            size, places = layouts[struct]
            text.append(f"struct {struct} {size}")
            text += [f"  {places[m][0]} {places[m][1]} {m}: {kind}" for m, kind in parts]
        text += [f"value {name} = {value}" for name, value in found["value"].items()]
    return "\n".join(text) + "\n"


def parse(text):
    """header -> {"id": ..., "struct": {name: (size, [line])}, "value": ...} of what describe wrote."""
    out, current, struct = {}, None, None
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "header":
            current = out[rest] = {"id": {}, "struct": {}, "value": {}}
        elif word == "interface":
            current["id"].update([rest.split(" ")])
        elif word == "struct":
            name, size = rest.split(" ")
            struct = current["struct"][name] = (int(size), [])
        elif word == "value":
            current["value"].update([rest.split(" = ", 1)])
        elif line.startswith("  "):
            struct[1].append(line.strip())
    return out


def is_draft(identifier):
    return ".draft/" in identifier


def table_of(subject, all_structs):
    return next(t for t in (f"basin_{subject}_interface", f"basin_{subject}_functions") if t in all_structs)


def owners_of(described):
    """struct -> the subjects of the interfaces that it can be reached from; "core" of what stands in core.h."""
    all_structs = {name: lines for found in described.values() for name, (_, lines) in found["struct"].items()}
    owners = {name: set() for name in all_structs}
    subjects = [s for found in described.values() for s in found["id"]]
    tables = {table_of(s, all_structs) for s in subjects}
    roots = [(s, table_of(s, all_structs)) for s in subjects]
    roots += [("core", name) for name in described["core.h"]["struct"] if name not in tables]
    for subject, root in roots:
        waiting = [root]
        while waiting:
            name = waiting.pop()
            if subject in owners[name]:
                continue
            owners[name].add(subject)
            waiting += [w for w in re.findall(r"\bbasin_\w+", " ".join(all_structs[name])) if w in all_structs]
    return owners


def complain(sentence):
    problems.append(sentence)


def compare_ids(before, after):
    for subject, old in before.items():
        new = after.get(subject)
        if not is_draft(old) and new != old:
            complain(f"{old} was released and lives for ever, but now there is {new or 'nothing of that name'}: put a new "
                     "interface beside it")
        elif is_draft(old) and new and is_draft(new) and int(new.split("/")[1]) < int(old.split("/")[1]):
            complain(f"{old} became {new}: a draft's number only rises")


def compare_struct(name, old, new, owners, before, after):
    released = sorted("core.h" if o == "core" else after[o] for o in owners if o == "core" or not is_draft(after.get(o, ".draft/")))
    if released:
        where = f"{name}, which {released[0]} holds for ever,"
        if new is None:
            complain(f"{where} is gone")
        elif new[1][: len(old[1])] != old[1]:
            changed = next(i for i, line in enumerate(old[1]) if i >= len(new[1]) or new[1][i] != line)
            now = new[1][changed] if changed < len(new[1]) else "nothing"
            complain(f"{where} had '{old[1][changed]}' and now has '{now}' there: a released struct only grows at its end")
        elif name in FIXED_LAYOUT and new != old:
            complain(f"{where} has a fixed layout and has grown")
        return
    if new == old:
        return
    for owner in sorted(owners):
        if owner in after and after[owner] == before.get(owner):
            stem, number = after[owner].rsplit("/", 1)
            complain(f"the layout of {name} has changed, and {after[owner]} reaches it: raise it to {stem}/{int(number) + 1}")


def compare(old, new):
    before = {s: i for found in old.values() for s, i in found["id"].items()}
    after = {s: i for found in new.values() for s, i in found["id"].items()}
    compare_ids(before, after)
    old_structs = {n: s for found in old.values() for n, s in found["struct"].items()}
    new_structs = {n: s for found in new.values() for n, s in found["struct"].items()}
    old_owners, new_owners = owners_of(old), owners_of(new)
    for name, layout in old_structs.items():
        compare_struct(name, layout, new_structs.get(name), new_owners.get(name) or old_owners[name], before, after)
    for header, found in old.items():
        now = new.get(header, {"id": {}, "value": {}})
        held = header == "core.h" or any(not is_draft(i) for i in found["id"].values())
        raised = any(now["id"].get(s) != i for s, i in found["id"].items())
        for name, value in found["value"].items():
            if now["value"].get(name) != value and (held or not raised):
                complain(f"{name} of {header} was {value} and is now {now['value'].get(name, 'gone')}: "
                         + ("what is released keeps its values" if held else "raise the number of its interface"))


def check_ends(layouts):
    for name, (size, places) in layouts.items():
        end = max(offset + width for offset, width in places.values())
        if name not in FIXED_LAYOUT and end != size:
            complain(f"{name} ends with {size - end} bytes of padding, and a member put there later would lie inside of what "
                     "older sides count as theirs: move a member of 4 bytes up")


def main():
    folder, record, compiler, build = [pathlib.Path(a) for a in sys.argv[1:5]]
    headers = read_headers(folder)
    layouts = lay_out(headers, folder.parent, str(compiler), build)
    if len(layouts) < 40:
        sys.exit(f"only {len(layouts)} structs were found: layouts.py does not understand the headers")
    text = describe(headers, layouts)
    check_ends(layouts)
    if record.exists():
        compare(parse(record.read_text()), parse(text))
    print("\n".join(problems))
    if problems:
        return 1
    if not record.exists() or record.read_text() != text:
        if "--write" not in sys.argv:
            print(f"{record.name} is behind the headers: look at what changed, and write it with layouts.py ... --write")
            return 1
        record.write_text(text)
    print(f"{len(layouts)} structs are as {record.name} has them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
