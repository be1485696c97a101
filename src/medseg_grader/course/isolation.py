"""What a test cell may use, and how: each is run without the story around it.

For a test cell there are imports, functions, classes and literal constants of the cells that are
not graded, see `medseg.notebook.definitions`; nothing that a story cell calculates, and nothing of
another test cell. Answers are called by `probes.call`, which hands over copies.
"""

import ast
import difflib
import math
from collections.abc import Collection, Iterator, Sequence

from medseg.notebook.definitions import definitions_only
from medseg.notebook.run_order import Missing, missing_names, parse
from medseg_grader.course.script import ScriptCell
from medseg_grader.course.units import HIDDEN


def story_variables(cells: Sequence[ScriptCell]) -> Iterator[tuple[ScriptCell, int, str]]:
    """Test cells that use what is not there for them: the cell, a line of it, one sentence.

    All code cells must be Python.
    """
    code = [cell for cell in cells if cell.is_code]
    there = [definitions_only(ast.unparse(parse(c.source))) for c in code if not c.is_test]
    given = (0, "\n".join(there))
    for test in (cell for cell in code if cell.is_test):
        own = (test.number, test.source)
        if not any(missing.cell == test.number for missing in missing_names([given, own])):
            continue
        others = [(cell.number, cell.source) for cell in code if cell is not test]
        found = missing_names([given, own, *others])
        used = [m for m in found if m.cell == test.number and m.defined_in != test.number]
        if used:
            yield test, _line_of(test.source, used[0]), _sentence(used, cells, given[1])


def bare_calls(source: str, exercises: Collection[str]) -> Iterator[tuple[int, str]]:
    """Where a test cell calls an exercise's function by itself: the line, and the function.

    What it is given could be changed by it, and judges it. What students see of a cell may do so
    with inputs that it does not use again.
    """
    tree = ast.parse(source)
    hidden = HIDDEN.search(source)
    begin = source[: hidden.start()].count("\n") if hidden else math.inf
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        name = node.func.id
        if name in exercises and (node.lineno > begin or _used_again(tree, node)):
            yield node.lineno, name


def _sentence(used: Sequence[Missing], cells: Sequence[ScriptCell], there: str) -> str:
    made = {cell.number: cell for cell in cells}
    story = [m for m in used if m.defined_in is not None]
    parts = []
    if story:
        places = sorted({made[m.defined_in].line for m in story if m.defined_in is not None})
        cell = "the cell of line" if len(places) == 1 else "the cells of lines"
        parts.append(
            f"it uses {_named(story)}, which only {cell} {_listed(map(str, places))} "
            f"{'calculates' if len(places) == 1 else 'calculate'}: draw or define it in the test "
            "itself, which is run without the story around it."
        )
    for missing in (m for m in used if m.defined_in is None):
        guess = difflib.get_close_matches(missing.name, _identifiers(there), n=1)
        hint = f"did you mean {guess[0]}?" if guess else "import or define it."
        parts.append(f"it uses {_named([missing])}, which nothing defines; {hint}")
    return " ".join(parts)


def _identifiers(source: str) -> list[str]:
    """The names that definitions make or use, in their order."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            found.append(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.alias):
            found.append(node.asname or node.name)
    return found


def _named(used: Sequence[Missing]) -> str:
    return _listed(m.name + (f" (through {m.through})" if m.through else "") for m in used)


def _listed(words: Iterator[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _line_of(source: str, missing: Missing) -> int:
    """The line of a cell on which a name, or the function that needs it, is first used."""
    wanted = missing.through or missing.name
    lines = [
        n.lineno for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name) and n.id == wanted
    ]
    return min(lines, default=1)


def _used_again(tree: ast.Module, call: ast.Call) -> bool:
    """Whether a variable that is handed over is read elsewhere before it gets another value."""
    parts: list[ast.AST] = [*call.args, *(keyword.value for keyword in call.keywords)]
    handed = set()
    while parts:
        part = parts.pop()
        # what a call in between makes is a new thing
        if isinstance(part, ast.Name):
            handed.add(id(part))
        elif isinstance(part, ast.List | ast.Tuple | ast.Starred):
            parts += ast.iter_child_nodes(part)
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
    for given in (n for n in names if id(n) in handed):
        same = [n for n in names if n.id == given.id and n.lineno >= call.lineno]
        lines = [n.lineno for n in same if isinstance(n.ctx, ast.Store) and n.lineno > call.lineno]
        until = min(lines, default=math.inf)
        others = [n for n in same if id(n) not in handed and n.lineno < until]
        if any(isinstance(n.ctx, ast.Load) for n in others):
            return True
    return False
