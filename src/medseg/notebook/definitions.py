"""What a notebook defines: its imports, functions, classes and constants, without calculating."""

import ast
import contextlib
import io
from pathlib import Path
from typing import Any

from medseg.errors import InputError
from medseg.units.handed_in import read_notebook

# Notebooks whose definitions are being run now, so that one which names itself ends.
_being_read: set[Path] = set()


def definitions(path: Path) -> dict[str, Any]:
    """The names that a notebook defines, without running its calculations.

    Of each code cell only imports, functions, classes, assignments of literal constants and calls
    of `carry_over` are executed, in order; a cell that does not parse (a magic, an unfinished
    line) is left out.
    Raises OSError if the file cannot be read and InputError if it is no notebook, or carries over
    from itself.
    """
    path = path.resolve()
    if path in _being_read:
        raise InputError(f"{path.name} carries it over from itself")
    try:
        notebook = read_notebook(path.read_bytes())
    except InputError as error:
        raise InputError(f"{path.name} is not a readable notebook") from error
    namespace: dict[str, Any] = {"__name__": "carried_over"}
    _being_read.add(path)
    try:
        for index, cell in enumerate(notebook.cells):
            if cell.type == "code":
                run_definitions(cell.source, f"{path.name} cell {index + 1}", namespace)
    finally:
        _being_read.discard(path)
    return namespace


def run_definitions(source: str, filename: str, namespace: dict[str, Any]) -> None:
    """Execute only the definitions of one cell's source in `namespace`."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:
        return
    for node in tree.body:
        if not is_definition(node):
            continue
        code = compile(ast.Module([node], []), filename, "exec")
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(code, namespace)
        except Exception:
            # A definition that cannot be made (a missing import, say) only costs its own name.
            continue


def is_definition(node: ast.stmt) -> bool:
    """Whether a statement imports or defines names without calculating anything."""
    if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
        return True
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        if _carries_over(node.value):
            return True
        try:
            ast.literal_eval(node.value)
        except ValueError:
            return False
        return True
    return False


def _carries_over(value: ast.expr) -> bool:
    """Whether a value is a call of `carry_over`: what it gives is a definition, from elsewhere."""
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == "carry_over"
    )


def definitions_only(source: str) -> str:
    """The imports, functions, classes and literal constants of a cell, in order.

    Empty for a cell that does not parse.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return "\n".join(ast.unparse(node) for node in tree.body if is_definition(node))
