"""How long Basin's optimizer and sampler plugins are beside the classes of the same methods in PyPI's pytorch_optimizer
and diffusers: lines of code, without blank lines, comments and docstrings.

    python3 tests/abi/count_lines.py PYTORCH_OPTIMIZER DIFFUSERS [--write docs/abi.md]

The two arguments are the folders of the installed packages (site-packages/pytorch_optimizer, .../diffusers). Ours is
counted whole, all sources of the plugin's folder with includes and the export; theirs is the class alone, without
imports, base classes and the functions it calls. Prints a Markdown table; --write puts it under the heading "Lines" of
a page, which is made if it does not exist. Exits with 1 where the sum of ours is larger.
"""
import argparse
import ast
import io
import re
import sys
import tokenize
from importlib.metadata import distributions
from pathlib import Path
from textwrap import fill

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"

# plugin -> package, file in it, class; None where the package has no class of that method
PAIRS = {
    "optimizers/adamax": ("pytorch_optimizer", "optimizer/adamax.py", "AdaMax"),
    "optimizers/adan": ("pytorch_optimizer", "optimizer/adan.py", "Adan"),
    "optimizers/friendly_sam": ("pytorch_optimizer", "optimizer/sam.py", "FriendlySAM"),
    "optimizers/gsam": ("pytorch_optimizer", "optimizer/sam.py", "GSAM"),
    "optimizers/lion": ("pytorch_optimizer", "optimizer/lion.py", "Lion"),
    "optimizers/looksam": ("pytorch_optimizer", "optimizer/sam.py", "LookSAM"),
    "optimizers/muon": ("pytorch_optimizer", "optimizer/muon/muon.py", "Muon"),
    "optimizers/sam": ("pytorch_optimizer", "optimizer/sam.py", "SAM"),
    "optimizers/sgd": ("pytorch_optimizer", "optimizer/sgd.py", "SGDW"),
    "optimizers/wsam": ("pytorch_optimizer", "optimizer/sam.py", "WSAM"),
    "samplers/ddim": ("diffusers", "schedulers/scheduling_ddim.py", "DDIMScheduler"),
    "samplers/ddpm": ("diffusers", "schedulers/scheduling_ddpm.py", "DDPMScheduler"),
}
SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
           tokenize.ENDMARKER}


def lines_of_cpp(text):
    """Comments out, strings kept; then what is not blank."""
    token = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.S)
    bare = token.sub(lambda m: "\n" * m[0].count("\n") if m[0].startswith("/") else m[0], text)
    return sum(bool(line.strip()) for line in bare.splitlines())


def lines_of_plugin(plugin):
    sources = [p for p in (PLUGINS / plugin).iterdir() if p.suffix in {".c", ".cpp", ".hpp", ".cu"}]
    return sum(lines_of_cpp(p.read_text()) for p in sources)


def lines_of_class(text, name):
    """Lines of the class that hold a token other than a comment or a docstring."""
    found = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ClassDef) and n.name == name]
    if len(found) != 1:
        raise SystemExit(f"there must be one class {name}, but there are {len(found)}")
    first = min([found[0].lineno, *(d.lineno for d in found[0].decorator_list)])
    docstrings = set()
    for node in ast.walk(found[0]):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(node) is not None:
            docstrings.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    code = set()
    for t in tokenize.generate_tokens(io.StringIO(text).readline):
        if t.type not in SKIPPED:
            code.update(range(t.start[0], t.end[0] + 1))
    return sum(first <= line <= found[0].end_lineno and line not in docstrings for line in code)


def version_of(folder):
    for d in distributions(path=[str(folder.parent)]):
        if d.metadata["Name"].replace("-", "_") == folder.name:
            return d.version
    return "of unknown version"


def table(folders):
    rows, ours_sum, theirs_sum = [], 0, 0
    for plugin, (package, file, name) in PAIRS.items():
        ours = lines_of_plugin(plugin)
        theirs = lines_of_class((folders[package] / file).read_text(), name)
        ours_sum, theirs_sum = ours_sum + ours, theirs_sum + theirs
        rows.append(f"| `{plugin}` | {ours} | {theirs} | `{name}`, {package}/{file} |")
    alone = sorted(f"{p.parent.name}/{p.name}" for kind in ("optimizers", "samplers") for p in (PLUGINS / kind).iterdir()
                   if f"{kind}/{p.name}" not in PAIRS)
    counts = [f"`{plugin}` {lines_of_plugin(plugin)}" for plugin in alone]
    versions = ", ".join(f"{f.name} {version_of(f)}" for f in folders.values())
    intro = (f"Lines of code without blank lines, comments and docstrings, counted by `tests/abi/count_lines.py` with "
             f"{versions}. Ours is the whole plugin, includes and export among it; theirs is the class alone, without "
             "imports, base classes and the functions it calls. What each can do is not the same: theirs has options that "
             "ours lacks (several tensors at once, other forms of decay, thresholding), and diffusers' schedulers hold "
             "the forward process, which here is the host's.")
    end = f"Neither package has a class of the same method for {', '.join(counts)}."
    return ours_sum, theirs_sum, "\n".join([
        fill(intro, 120), "", "| plugin | ours | theirs | class, file |", "|---|--:|--:|---|", *rows,
        f"| sum | {ours_sum} | {theirs_sum} | |", "", fill(end, 120, break_on_hyphens=False)])


def write(page, text):
    heading, old = "## Lines\n", page.read_text() if page.exists() else "# The ABI\n\n## Lines\n"
    if heading not in old:
        old += "\n" + heading
    before, after = old.split(heading, 1)
    rest = re.search(r"^## ", after, re.M)
    page.write_text(before + heading + "\n" + text + "\n" + ("\n" + after[rest.start():] if rest else ""))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("pytorch_optimizer", type=Path)
    options.add_argument("diffusers", type=Path)
    options.add_argument("--write", type=Path, metavar="PAGE")
    given = options.parse_args()
    folders = {"pytorch_optimizer": given.pytorch_optimizer, "diffusers": given.diffusers}
    for name, folder in folders.items():
        if not (folder / "__init__.py").is_file():
            raise SystemExit(f"{folder} is not the folder of an installed {name}: it has no __init__.py")
    ours, theirs, text = table(folders)
    print(text)
    if given.write:
        write(given.write, text)
    sys.exit(ours > theirs)


if __name__ == "__main__":
    main()
