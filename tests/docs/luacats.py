"""luacats.py PROGRAM BASIN.LUA: the editor's type file, read by the grammar of the annotations (LuaCATS, as the Lua
language server 3 documents them at luals.github.io/wiki/annotations) and held to what the program says scripts can name.

It is no Lua language server: it says that the file can be read as meant (types that parse to their end, classes that are
defined once, parameters in the order of the function under them) and that each name of `basin docs --names` stands where
completion looks for it. Before that it breaks the file in the ways it is to hear of, and must hear of each."""
import re
import subprocess
import sys

BUILT_IN = set("any nil boolean string number integer function table thread userdata lightuserdata unknown self true false".split())
KEYWORDS = set("and break do else elseif end false for function goto if in local nil not or repeat return then true until while".split())
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Wrong(Exception):
    pass


class Types:
    """A recursive descent over one line's types; `names` collects the classes it speaks of."""

    def __init__(self, text):
        self.text, self.at, self.names = text, 0, set()

    def space(self):
        while self.text[self.at:self.at + 1] == " ":
            self.at += 1

    def next(self, token):
        before = self.at
        self.space()
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        self.at = before
        return False

    def expect(self, token):
        if not self.next(token):
            raise Wrong(f"'{token}' was expected at '{self.text[self.at:self.at + 30]}'")

    def match(self, pattern):
        self.space()
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found and found[0]

    def type(self, inside=False):
        self.single(inside)
        while self.next("|"):
            self.single(inside)

    def single(self, inside):
        if self.next("("):
            self.type()
            self.expect(")")
        elif self.match(re.compile(r'"[^"]*"|-?\d+(\.\d+)?')):
            pass
        elif self.next("{"):
            while not self.next("}"):
                if self.next("["):
                    self.type()
                    self.expect("]")
                elif not self.match(WORD):
                    raise Wrong(f"a field's name was expected at '{self.text[self.at:self.at + 30]}'")
                self.next("?")
                self.expect(":")
                self.type()
                if not self.next(",") and self.text[self.at:].lstrip()[:1] != "}":
                    raise Wrong("a table's fields are not divided by ','")
        else:
            word = self.match(NAME)
            if not word:
                raise Wrong(f"a type was expected at '{self.text[self.at:self.at + 30]}'")
            if word == "fun":
                self.function(inside)
            elif word == "table" and self.text[self.at:self.at + 1] == "<":
                self.expect("<")
                self.type()
                self.expect(",")
                self.type()
                self.expect(">")
            elif word not in BUILT_IN:
                self.names.add(word)
        while self.text.startswith("[]", self.at) or self.text.startswith("?", self.at):
            self.at += 2 if self.text[self.at] == "[" else 1

    def function(self, inside):
        self.expect("(")
        while not self.next(")"):
            if not self.next("...") and not self.match(WORD):
                raise Wrong(f"a parameter's name was expected at '{self.text[self.at:self.at + 30]}'")
            self.next("?")
            if self.next(":"):
                self.type(inside=True)
            if not self.next(",") and self.text[self.at:].lstrip()[:1] != ")":
                raise Wrong("a function's parameters are not divided by ','")
        if not self.next(":"):
            return
        self.type(inside)
        while not inside and self.next(","):  # inside a list, the ',' is the list's
            self.type(inside)


class File:
    def __init__(self, text):
        self.classes, self.functions, self.used = {}, {}, {}
        block = []
        for number, line in enumerate(text.split("\n"), 1):
            try:
                if line.startswith("---"):
                    block.append(line[3:])
                    if line.startswith("---@"):
                        self.annotation(line[4:], number)
                    continue
                found = re.match(r"function ([\w.:]+)\((.*)\) end$", line)
                if found:
                    self.function(found[1], [p.strip() for p in found[2].split(",") if p.strip()], block)
                elif any(b.startswith(("@param", "@return")) for b in block):
                    raise Wrong("@param and @return stand over no function")
                if sum(b.startswith("```") for b in block) % 2:
                    raise Wrong("an example does not end")
                block = []
            except Wrong as e:
                raise Wrong(f"line {number}: {e}: {line}") from None
        for name, number in self.used.items():
            if name not in self.classes:
                raise Wrong(f"line {number}: there is no class '{name}'")
        for name in self.classes:  # a line of parents has an end
            seen = set()
            while name:
                if name in seen:
                    raise Wrong(f"the class '{name}' is its own parent")
                seen.add(name)
                name = self.classes[name]["parent"]

    def type(self, text, number, only=False):
        types = Types(text)
        types.type()
        if text[types.at:types.at + 1] not in ("", " ") or (only and text[types.at:].strip()):
            raise Wrong(f"the type goes on with '{text[types.at:]}'")
        for name in types.names:
            self.used.setdefault(name, number)
        return text[:types.at]

    def annotation(self, line, number):
        tag, _, rest = line.partition(" ")
        if tag == "class":
            found = re.match(r"(\(exact\) )?([\w.]+)(: ([\w.]+))?$", rest)
            if not found:
                raise Wrong("this is no @class")
            if found[2] in self.classes:
                raise Wrong(f"the class '{found[2]}' is defined twice")
            self.classes[found[2]] = {"fields": {}, "parent": found[4], "overloads": [], "exact": bool(found[1])}
            self.last = found[2]
            if found[4]:
                self.used.setdefault(found[4], number)
        elif tag == "field":
            fields = self.classes[self.last]["fields"]
            if rest.startswith("["):
                name = rest[:rest.index("]") + 1]
                self.type(name[1:-1], number, only=True)
                rest = rest[len(name) + 1:]
            else:
                name, _, rest = rest.partition(" ")
                if not WORD.fullmatch(name.rstrip("?")) or name.rstrip("?") in KEYWORDS:
                    raise Wrong(f"'{name}' is no field's name")
                name = name.rstrip("?")
            if name in fields:
                raise Wrong(f"the field '{name}' stands twice")
            fields[name] = self.type(rest, number)
        elif tag == "param":
            name, _, rest = rest.partition(" ")
            if name != "..." and not WORD.fullmatch(name.rstrip("?")):
                raise Wrong(f"'{name}' is no parameter's name")
            self.type(rest, number)
        elif tag == "return":
            self.type(rest, number)
        elif tag == "overload":
            if not rest.startswith("fun("):
                raise Wrong("an overload is a fun(...)")
            self.type(rest, number, only=True)
        elif tag == "operator":
            found = re.match(r"(\w+)(\((.*)\))?: (.*)$", rest)
            if not found:
                raise Wrong("this is no @operator")
            if found[3]:
                self.type(found[3], number, only=True)
            self.type(found[4], number, only=True)
        elif tag != "meta":
            raise Wrong(f"there is no annotation '@{tag}'")

    def function(self, name, given, block):
        if name in self.functions:
            raise Wrong(f"the function '{name}' stands twice")
        declared = [b.split()[1] for b in block if b.startswith("@param ")]
        if [d.rstrip("?") for d in declared] != given:
            raise Wrong(f"the parameters are {given}, and the annotations name {declared}")
        left_out = False
        for d in declared:
            if left_out and not d.endswith("?") and d != "...":
                raise Wrong(f"'{d}' is required and stands behind one that may be left out")
            left_out = left_out or d.endswith("?")
        self.functions[name] = {"parameters": given, "block": block}

    def fields(self, name):
        out = {}
        while name:
            out |= self.classes[name]["fields"]
            name = self.classes[name]["parent"]
        return out


def missing(file, name):
    """Why completion would not find `name`, a line of basin docs --names; None where it would."""
    head, _, last = name.rpartition(".")
    kinds = {n[len("basin."):] for n in file.classes if n.count(".") == 1}
    own = "basin." + name
    if name in file.functions or own in file.classes or name in file.classes:
        parts = name.split(".")
        if len(parts) == 2 and parts[0] in kinds and own in file.classes:  # a component: chosen by its name
            factory = "\n".join(file.functions["basin." + parts[0]]["block"])
            literal = f'"{parts[1]}"'
            if f"name: {literal}" not in factory and f"@param name {literal}" not in factory:
                return "no overload of its factory names it"
        return None
    if head in file.functions:
        f = file.functions[head]
        if last in f["parameters"] or "..." in f["parameters"]:
            return None
        options = (head if head.startswith("basin.") else "basin." + head).replace(":", ".") + ".options"
        if options in file.classes and last in file.classes[options]["fields"]:
            return None if file.classes[options]["exact"] else "its options are not (exact)"
        return "the function has no such parameter"
    options = f"basin.{head}.options"
    if "basin." + head in file.functions and last in file.fields("basin." + head):  # run.folder: basin.run makes a run
        return None
    if options in file.classes:
        if not file.classes[options]["exact"]:
            return "its options are not (exact), so that a wrong name would not be marked"
        return None if last in file.classes[options]["fields"] else "the options lack it"
    if "basin." + head in file.classes:
        return None if last in file.fields("basin." + head) else "the type lacks the field"
    if head in file.classes:
        return None if last in file.fields(head) else "the type lacks the field"
    return "nothing of that name stands there"


def problems(text, names):
    try:
        file = File(text)
    except Wrong as e:
        return [str(e)]
    return [f"'{name}': {why}" for name in names if (why := missing(file, name))]


def main():
    program, path = sys.argv[1:]
    text = open(path, encoding="utf-8").read()
    names = [n for n in subprocess.run([program, "docs", "--names"], check=True, capture_output=True, text=True).stdout.split("\n") if n]
    assert len(names) > 300, len(names)
    found = problems(text, names)
    for problem in found:
        print(problem)
    if found:
        return 1
    for old, new in [
        ("---@field rho? number ", ""),
        ("---@field rho? number ", "---@field rho? numbr "),
        ("---@class (exact) basin.optimizer.sam.options\n", "---@class basin.optimizer.sam.options\n"),
        ('name: "sam"', 'name: "sum"'),
        ("): basin.tensor\n", "): basin.tensor[\n"),
        ("---@param name string", "---@parm name string"),
        ("function run:train(options)", "function run:train(option)"),
        ("---@class basin.run\n", "---@class basin.tensor\n"),
        ("fun(model: basin.denoiser, x0", "fun(model: basin.denoiser x0"),
        ("---@return basin.tensor\nfunction basin.zeros", "---@return basin.tensor, \nfunction basin.zero"),
        ("---```\n", ""),
    ]:
        broken = text.replace(old, new, 1)
        assert broken != text, f"the file has no {old!r} that could be broken"
        if not problems(broken, names):
            print(f"nothing is heard of {old!r} made into {new!r}")
            return 1
    print(f"{len(names)} names")
    return 0


sys.exit(main())
