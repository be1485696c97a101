"""Names that a notebook uses before it defines them, found without running it."""

import ast
import builtins
import re
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager

# What a kernel defines by itself.
GIVEN = {*dir(builtins), "__name__", "get_ipython", "display", "In", "Out", "exit", "quit", "_"}

# Earlier inputs and outputs, as IPython calls them: _3, _i3, ___.
_PROMPT = re.compile(r"_i*\d*|_+")


@dataclass(frozen=True)
class Missing:
    """A name that is not there yet when `cell` runs; `defined_in` is the later cell, if any.

    `through` is the function that needs it, where the cell itself does not name it.
    """

    cell: int
    name: str
    defined_in: int | None
    through: str | None = None


@dataclass
class _Statement:
    loads: set[str]
    binds: set[str]
    needs: dict[str, set[str]]


def parse(source: str) -> ast.Module:
    """The cell's syntax tree, magics included; SyntaxError where it is no Python."""
    return ast.parse(TransformerManager().transform_cell(source))


def missing_names(cells: Iterable[tuple[int, str]]) -> list[Missing]:
    """Names that are missing when the (number, source) cells run once from top to bottom.

    A function's names are looked for when the function is first used, as Python does. Cells that
    do not parse are left out; after a star import nothing can be said.
    """
    program = [(number, list(_statements(source))) for number, source in cells]
    later = {
        name: number for number, parts in reversed(program) for part in parts for name in part.binds
    }
    bound, needs = set(GIVEN), dict[str, set[str]]()
    found: dict[str, Missing] = {}
    for number, parts in program:
        for part in parts:
            if "*" in part.binds:
                return list(found.values())
            for name, through in _wanted(part.loads, needs):
                if name not in bound and name not in found and not _PROMPT.fullmatch(name):
                    found[name] = Missing(number, name, later.get(name), through)
            bound |= part.binds
            needs |= part.needs
    return list(found.values())


def _wanted(loads: set[str], needs: dict[str, set[str]]) -> Iterator[tuple[str, str | None]]:
    """All names that a statement needs, directly or through the functions that it names."""
    seen = set(loads)
    todo: list[tuple[str, str | None]] = [(name, None) for name in sorted(loads)]
    while todo:
        name, through = todo.pop()
        yield name, through
        fresh = needs.get(name, set()) - seen
        seen |= fresh
        todo += [(other, name) for other in sorted(fresh)]


def _statements(source: str) -> Iterator[_Statement]:
    try:
        tree = parse(source)
    except SyntaxError:
        return
    for node in tree.body:
        code = ast.unparse(node)
        table = symtable.symtable(code, "cell", "exec")
        loads = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
        binds = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
        if any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in ast.walk(node)):
            binds.add("*")
        needs: dict[str, set[str]] = {}
        for child in table.get_children():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                used, set_inside = _globals(child)
                needs.setdefault(node.name, set()).update(used)
                # A class's own body runs at once, its methods later.
                if isinstance(node, ast.ClassDef):
                    loads |= {s.get_name() for s in child.get_symbols() if _is_read(s)}
            else:
                used, set_inside = _globals(child)
                if child.get_name() in {"listcomp", "setcomp", "dictcomp", "genexpr"}:
                    loads |= used
            binds |= set_inside
        if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr):
            loads -= binds
        yield _Statement(loads, binds, needs)


def _globals(table: symtable.SymbolTable) -> tuple[set[str], set[str]]:
    """Global names that a function reads, and those that it sets, with all functions inside it."""
    used = {s.get_name() for s in table.get_symbols() if _is_read(s)}
    made = {s.get_name() for s in table.get_symbols() if s.is_declared_global() and s.is_assigned()}
    for child in table.get_children():
        more_used, more_made = _globals(child)
        used |= more_used
        made |= more_made
    return used, made


def _is_read(symbol: symtable.Symbol) -> bool:
    return symbol.is_global() and symbol.is_referenced()
