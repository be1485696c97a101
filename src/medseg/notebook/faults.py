"""What is wrong with the cells of a student's notebook, against the release, and how to mend it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from nbformat import NotebookNode

from medseg.notebook.run_order import missing_names, parse
from medseg.units.handed_out import Cell, HandedOut, fingerprint

FRESH = "open a fresh copy of the notebook and copy your answers into its cells"
# nbgrader keeps the type in the metadata too and calculates the checksum anew.
_NOT_COMPARED = {"cell_type", "checksum"}
_ABSOLUTE = re.compile(r"(~|/[\w.-]+)(/[\w. -]+)+/?|[A-Za-z]:[\\/].*|\\\\.*")
_READERS = re.compile(r"open|load\w*|imread|genfromtxt|fromfile|read_\w+")
_WRITERS = re.compile(r"save\w*|imwrite|imsave|write_\w+|to_\w+|open|tofile")
LARGEST_OUTPUT_MB = 5


@dataclass(frozen=True)
class Fault:
    """One finding: where, what, how to mend it. `stops` is False for what is only worth a look."""

    where: str
    what: str
    mend: str
    stops: bool = True


def find(notebook: NotebookNode, release: HandedOut) -> list[Fault]:
    """All findings in a notebook of the unit that `release` describes."""
    return [
        *_structure(notebook, release),
        *_answers(notebook, release),
        *_order_of_running(notebook),
        *_files(notebook, release),
        *_outputs(notebook, release),
    ]


def grade_id(cell: NotebookNode) -> str:
    """nbgrader's name of a cell, empty where it has none."""
    return (cell.metadata.get("nbgrader") or {}).get("grade_id", "")


def place_of(index: int, name: str = "") -> str:
    return f"cell {index + 1}" + (f" ({name})" if name else "")


def _by_id(notebook: NotebookNode) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for index, cell in enumerate(notebook.cells):
        if name := grade_id(cell):
            found.setdefault(name, []).append(index)
    return found


def _structure(notebook: NotebookNode, release: HandedOut) -> Iterator[Fault]:
    """nbgrader's cells: is each there, once, of its type, in its place, as it was handed out?"""
    places = _by_id(notebook)
    for name, known in release.graded_cells.items():
        if name not in places:
            yield _absent(notebook, name, known)
            continue
        first, *copies = places[name]
        for index in copies:
            yield Fault(
                place_of(index, name),
                f"is a second copy of {place_of(first, name)}, and grading takes one only",
                "keep the one with your answer and delete the other",
            )
        yield from _altered(place_of(first, name), notebook.cells[first], known)
    for name, indices in places.items():
        if name not in release.graded_cells:
            yield Fault(
                place_of(indices[0], name),
                "carries a grading label that this unit does not have",
                "copy its text into a new cell and delete this one",
            )
    order = [name for name in places if name in release.graded_cells]
    due = [name for name in release.graded_cells if name in places]
    for name, expected in zip(order, due, strict=True):
        if name != expected:
            yield Fault(
                place_of(places[expected][0], expected),
                "was moved: it stood before " + place_of(places[name][0], name),
                "move it back up with the arrows of its toolbar",
            )
            break


def _absent(notebook: NotebookNode, name: str, known: Cell) -> Fault:
    for index, cell in enumerate(notebook.cells):
        same = cell.get("id") == known.id and known.id
        if not grade_id(cell) and (same or (known.is_solution and defines(cell, name))):
            return Fault(
                place_of(index, name),
                "has lost its grading label, so that grading does not find it",
                FRESH,
            )
    kind = "cell for your answer" if known.is_solution else "test cell"
    return Fault(f"the {kind} {name}", "was deleted", f"undo the deletion, or {FRESH}")


def _altered(place: str, cell: NotebookNode, known: Cell) -> Iterator[Fault]:
    if cell.cell_type != known.cell_type:
        yield Fault(
            place,
            f"was turned from {known.cell_type} into {cell.cell_type}",
            f'select it and choose "{known.cell_type.capitalize()}" in the list of cell types',
        )
    label, due = cell.metadata["nbgrader"], known.metadata["nbgrader"]
    names = sorted((due.keys() | label.keys()) - _NOT_COMPARED)
    changed = [name for name in names if label.get(name) != due.get(name)]
    guards = [key for key in ("deletable", "editable") if key in known.metadata]
    if "locked" in changed or any(cell.metadata.get(key, True) is not False for key in guards):
        yield Fault(place, "was unlocked", FRESH)
    if told := [name for name in changed if name != "locked"]:
        facts = ", ".join(
            f"{name} is {label.get(name, 'missing')} in place of {due.get(name, 'nothing')}"
            for name in told
        )
        yield Fault(place, f"has an altered grading label: {facts}", FRESH)
    if not known.is_solution and fingerprint(cell.source) != known.fingerprint:
        yield Fault(place, "is a test cell, and its text was changed", FRESH)


def defines(cell: NotebookNode, name: str) -> bool:
    """Whether a cell defines this function, class or variable at its top level."""
    try:
        nodes = parse(cell.source).body if cell.cell_type == "code" else []
    except SyntaxError:
        return False
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    named = {node.name for node in nodes if isinstance(node, kinds)}
    assigned = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return name in named | assigned


def _answers(notebook: NotebookNode, release: HandedOut) -> Iterator[Fault]:
    """Solution cells: is there Python, the exercise's name, and no stub any more?"""
    for name, (index, *_) in _by_id(notebook).items():
        known, cell = release.graded_cells.get(name), notebook.cells[index]
        if known is None or not known.is_solution or cell.cell_type != "code":
            continue
        place = place_of(index, name)
        try:
            tree = parse(cell.source)
        except SyntaxError as error:
            yield Fault(place, f"is no Python: {error.msg} in line {error.lineno}", "mend the line")
            continue
        if not defines(cell, name):
            yield Fault(
                place,
                f"defines no {name}",
                f"write your answer into this cell, under the name {name}",
            )
        elif any(_is_stub(node) for node in ast.walk(tree)):
            yield Fault(
                place,
                "still holds `raise NotImplementedError()`",
                "replace that line by your code, or hand in without the points of this exercise",
            )


def _is_stub(node: ast.AST) -> bool:
    if not isinstance(node, ast.Raise) or node.exc is None:
        return False
    return ast.unparse(node.exc) in {"NotImplementedError", "NotImplementedError()"}


def unreadable(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells that are no Python."""
    found = []
    for cell in notebook.cells:
        try:
            if cell.cell_type == "code":
                parse(cell.source)
        except SyntaxError:
            found.append(cell)
    return found


def _order_of_running(notebook: NotebookNode) -> Iterator[Fault]:
    code = [(k, cell) for k, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    # What a cell with a slip in it would define is not missing: the slip is the finding.
    promised = {word for cell in unreadable(notebook) for word in re.findall(r"\w+", cell.source)}
    for missing in missing_names((k, cell.source) for k, cell in code):
        if missing.name in promised:
            continue
        place = place_of(missing.cell, grade_id(notebook.cells[missing.cell]))
        uses = f"uses {missing.name}"
        if missing.through:
            uses = f"calls {missing.through}, which uses {missing.name}"
        later = missing.defined_in
        if later is None:
            what = f"{uses}, which no cell defines any more"
            mend = f"write the cell that defines {missing.name} again, above this one"
        elif later > missing.cell:
            what = f"{uses}, which only {place_of(later)} further down defines"
            mend = f"move what defines {missing.name} above this cell"
        else:
            what = f"{uses} before it has a value"
            mend = f"give {missing.name} a value first"
        yield Fault(place, what, mend)
    counts = [(k, cell.execution_count) for k, cell in code if cell.get("execution_count")]
    rerun = "choose Run > Restart Kernel and Run All Cells, look at the results, and save"
    if not counts:
        yield Fault(
            "the notebook", "has no results: it was not run, or not saved since", rerun, False
        )
    for (_, before), (k, count) in pairwise(counts):
        if count < before:
            yield Fault(
                place_of(k, grade_id(notebook.cells[k])),
                "was run before a cell that stands above it",
                rerun,
                False,
            )
            break


def _files(notebook: NotebookNode, release: HandedOut) -> Iterator[Fault]:
    """Paths in cells that the student wrote: where it is graded, only the release is there."""
    handed_out = {known.fingerprint for known in release.cells}
    written: set[str] = set()
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or fingerprint(cell.source) in handed_out:
            continue
        try:
            tree = parse(cell.source)
        except SyntaxError:
            continue
        place = place_of(index, grade_id(cell))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and _is_path(node.value):
                yield Fault(
                    place,
                    f"names a place on your own machine, {node.value!s}",
                    "set it back to what the notebook had, or remove the cell, before you hand in",
                )
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
        written |= {_file(call) for call in calls if _is_writer(call)}
        for name in sorted({_file(call) for call in calls if _is_reader(call)} - written - {""}):
            yield Fault(
                place,
                f"reads {name}, a file that is not part of the course",
                "make its content in the notebook, or remove the cell, before you hand in",
            )


def _is_path(value: object) -> bool:
    return isinstance(value, str) and "\n" not in value and bool(_ABSOLUTE.fullmatch(value))


def _function(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _file(call: ast.Call) -> str:
    """The relative file that a call names, empty where it names none."""
    value = call.args[0].value if isinstance(call.args[0], ast.Constant) else None
    is_file = isinstance(value, str) and re.fullmatch(r"[\w./ -]+\.\w{1,5}", value)
    return value if is_file and not _is_path(value) else ""  # type: ignore[return-value]


def _mode(call: ast.Call) -> str:
    modes = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "mode")]
    return next((str(m.value) for m in modes if isinstance(m, ast.Constant)), "r")


def _is_writer(call: ast.Call) -> bool:
    name = _function(call)
    return bool(_WRITERS.fullmatch(name)) and (name != "open" or "r" not in _mode(call))


def _is_reader(call: ast.Call) -> bool:
    name = _function(call)
    return bool(_READERS.fullmatch(name)) and (name != "open" or "r" in _mode(call))


def _outputs(notebook: NotebookNode, release: HandedOut) -> Iterator[Fault]:
    for index, cell in enumerate(notebook.cells):
        outputs = cell.get("outputs", [])
        megabytes = len(str(outputs)) / 1e6
        place = place_of(index, grade_id(cell))
        if megabytes > LARGEST_OUTPUT_MB:
            yield Fault(
                place,
                f"has {megabytes:.0f} MB of results, and at most {LARGEST_OUTPUT_MB} should travel",
                "print or draw less, run the cell again, and save",
            )
        known = release.graded_cells.get(grade_id(cell))
        failed = any(output.get("output_type") == "error" for output in outputs)
        if failed and known is not None and not known.is_solution:
            yield Fault(
                place,
                "is a test that failed when it was last run",
                "run the exercise's check, which says what is wrong",
                False,
            )
