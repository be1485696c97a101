"""What in a student's code reaches for the grading instead of the exercise: a finding, no more.

No points are taken: a name says nothing about why it stands there. An instructor looks at it.
"""

import ast
import re
from collections.abc import Iterable, Iterator

# Names that an answer to an exercise has no use for, with the module they come from or without.
NAMES = {
    "__builtins__",
    "_getframe",
    "currentframe",
    "ctypes",
    "f_back",
    "f_globals",
    "f_locals",
    "get_ipython",
    "get_objects",
    "get_referrers",
    "getouterframes",
    "gi_frame",
    "setprofile",
    "settrace",
    "tb_frame",
    "tracemalloc",
    "user_ns",
}
# The history of what was run, as IPython keeps it under bare names only.
HISTORY = {"In", "Out", "_ih", "_oh", "_i", "_ii", "_iii"}
MODULES = {"builtins", "ctypes", "gc", "inspect", "IPython", "trace", "tracemalloc"}
# What a notebook may well import of these.
SHOWS = "IPython.display"
# Whose functions nobody has to replace.
FOREIGN = {"F", "check", "medseg", "monai", "nn", "np", "numpy", "probes", "scipy", "sys", "torch"}
_MAGIC = re.compile(r"^[ \t]*[%!].*$", re.MULTILINE)
# Characters of one notebook that are parsed, which takes a hundred times their memory; of what is
# longer than that the words are looked at.
MOST_PARSED = 300_000
_WORD = re.compile(r"[^\W\d]\w*")


def reached(sources: Iterable[str], tests: Iterable[str]) -> list[str]:
    """What code reaches for, sorted: names, modules, and functions of others that it replaces.

    Args:
        sources: of the student's cells; what is no Python says nothing.
        tests: the names of test cells.
    """
    found: set[str] = set()
    names, room = NAMES | set(tests), MOST_PARSED
    for source in sources:
        room -= len(source)
        if room < 0:
            found |= names & set(_WORD.findall(source))
            continue
        try:
            found |= set(_in(ast.parse(_MAGIC.sub("", source)), names))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return sorted(found)


def _in(tree: ast.AST, names: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if node.id in names or (node.id in HISTORY and isinstance(node.ctx, ast.Load)):
                yield node.id
        elif isinstance(node, ast.Attribute):
            if node.attr in NAMES:
                yield node.attr
            if isinstance(node.ctx, ast.Store | ast.Del) and _root(node) in FOREIGN:
                stored = isinstance(node.ctx, ast.Store)
                yield f"{ast.unparse(node)} =" if stored else f"del {ast.unparse(node)}"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            asked = [alias.name for alias in node.names]
            asked += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            asked = [name for name in asked if name != SHOWS]
            yield from (name for name in asked if name.split(".")[0] in MODULES or name in NAMES)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from names & {node.value}
        elif isinstance(node, ast.Call) and _root(node.func) == "setattr" and node.args:
            yield from (f"setattr({name}, …)" for name in {_root(node.args[0])} & FOREIGN)


def _root(node: ast.AST) -> str:
    """The name at the beginning of `a.b.c`."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
