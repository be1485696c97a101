"""What is wrong with the cells of a student's notebook, against the release, and how to mend it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from nbformat import NotebookNode

from medseg.notebook.run_order import missing_names, parse
from medseg.units.changes import changes
from medseg.units.handed_in import HandedIn, cell_of, release_of
from medseg.units.handed_out import Cell, HandedOut, fingerprint
from medseg.units.labels import grade_id
from medseg.units.remarks import Remark
from medseg.units.stubs import is_stub

RENEW = (
    "take the newest one, and copy your answers into its cells; where you work in a bundle, "
    "`medseg start --renew` with the unit's number does it"
)
FRESH = "open a fresh copy of the notebook and copy your answers into its cells"
_ABSOLUTE = re.compile(r"(~|/[\w.-]+)(/[\w. -]+)+/?|[A-Za-z]:[\\/].*|\\\\.*")
_READERS = re.compile(r"open|load\w*|imread|genfromtxt|fromfile|read_\w+")
_WRITERS = re.compile(r"save\w*|imwrite|imsave|write_\w+|to_\w+|open|tofile")
LARGEST_OUTPUT_MB = 5


# How bad a finding is: grading would remark on it; it costs points or may; it is worth a look.
STOPS, COSTS, LOOK = "mend", "points", "look"
NO_RESULTS = "has no results: it was not run, or not saved since"


@dataclass(frozen=True)
class Fault:
    """One finding: where, what, how to mend it, and how bad it is (STOPS, COSTS or LOOK)."""

    where: str
    what: str
    mend: str
    level: str = STOPS


def find(notebook: NotebookNode, release: HandedOut) -> list[Fault]:
    """All findings in a notebook of the unit that `release` describes."""
    return [
        *_changes(notebook, release),
        *_answers(notebook, release),
        *_missing_names(notebook),
        *_order_of_running(notebook),
        *_files(notebook, release),
        *_outputs(notebook, release),
    ]


def place_of(index: int, name: str = "") -> str:
    return f"cell {index + 1}" + (f" ({name})" if name else "")


def of_file(remark: Remark) -> Fault:
    """A remark on the file as a student reads it."""
    again = "open it in JupyterLab and save it"
    words = {
        "encoding": ("is not in UTF-8", FRESH),
        "old format": (f"is in the old notebook format {remark.detail}", again),
        "format": (f"claims the notebook format {remark.detail}, where 4 is due", FRESH),
        "broken cells": (f"has {remark.detail} cells that cannot be read", FRESH),
        "kernel": (
            f"is set to a kernel for {remark.detail}",
            "choose Kernel > Change Kernel, take Python 3, and save",
        ),
    }
    what, mend = words[remark.kind]
    return Fault("the notebook" if remark.kind == "kernel" else "the file", what, mend)


def _changes(notebook: NotebookNode, release: HandedOut) -> Iterator[Fault]:
    """nbgrader's cells: is each there, once, of its type, in its place, as it was handed out?"""
    pairs = [(cell, raw) for raw in notebook.cells if (cell := cell_of(raw)) is not None]
    cells, raws = [cell for cell, _ in pairs], [raw for _, raw in pairs]
    theirs = HandedIn(cells, [], raws, release_of(notebook.metadata))
    for remark in changes(theirs, release.graded_cells, release.release):
        yield from _of_cell(remark, notebook, release)


def _of_cell(remark: Remark, notebook: NotebookNode, release: HandedOut) -> Iterator[Fault]:
    """A remark on a labelled cell as a student reads it."""
    name, detail = remark.name, remark.detail
    place = place_of(remark.places[-1], name) if remark.places else ""
    match remark.kind:
        case "release":
            lacks = f", which lacks {', '.join(detail)}" if detail else ""
            yield Fault("the notebook", f"is of another release of the unit{lacks}", RENEW)
        case "missing":
            yield _absent(notebook, name, release.graded_cells[name])
        case "copied":
            for index in remark.places[:-1]:
                yield Fault(
                    place_of(index, name),
                    f"stands again as {place}, and grading takes that one only",
                    "keep the one with your answer and delete the other",
                )
        case "retyped":
            due = release.graded_cells[name].type
            yield Fault(
                place,
                f"was turned from {due} into {detail}",
                f'select it and choose "{due.capitalize()}" in the list of cell types',
            )
        case "edited":
            yield Fault(place, "is a test cell, and its text was changed", FRESH)
        case "relabelled":
            due_label = release.graded_cells[name].label
            facts = ", ".join(
                f"{key} is {'missing' if value is None else value} in place of "
                f"{due_label.get(key, 'nothing')}"
                for key, value in detail.items()
            )
            yield Fault(place, f"has an altered grading label: {facts}", FRESH)
        case "moved":
            yield Fault(
                place,
                f"was moved: it stood before the cell {detail}",
                "move it back up with the arrows of its toolbar",
            )
        case "unknown":
            for index, unknown in zip(remark.places, detail, strict=True):
                yield Fault(
                    place_of(index, unknown),
                    "carries a grading label that this unit does not have",
                    "copy its text into a new cell and delete this one",
                )


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


def defines(cell: NotebookNode, name: str) -> bool:
    """Whether a cell defines this function, class or variable at its top level.

    A cell that has it lent by `yours_or_ours` does not.
    """
    try:
        nodes = parse(cell.source).body if cell.cell_type == "code" else []
    except SyntaxError:
        return False
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    named = {node.name for node in nodes if isinstance(node, kinds)}
    assigned = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and not _lent(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return name in named | assigned


def _lent(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func) == "yours_or_ours"


def _answers(notebook: NotebookNode, release: HandedOut) -> Iterator[Fault]:
    """Solution cells: is there Python, the exercise's name, and no stub any more?"""
    last = {grade_id(cell): index for index, cell in enumerate(notebook.cells)}
    for name, known in release.graded_cells.items():
        if name not in last or not known.is_solution:
            continue
        cell, place = notebook.cells[last[name]], place_of(last[name], name)
        if cell.cell_type != "code":
            continue
        if not cell.source.strip():
            yield Fault(
                place, "is empty", f"write your answer into it, under the name {name}", COSTS
            )
            continue
        try:
            tree = parse(cell.source)
        except SyntaxError as error:
            what = f"is no Python: {error.msg} in line {error.lineno}"
            yield Fault(place, what, "mend the line", COSTS)
            continue
        if not defines(cell, name):
            mend = f"write your answer into this cell, under the name {name}"
            yield Fault(place, f"defines no {name}", mend, COSTS)
        elif any(is_stub(node) for node in ast.walk(tree)):
            yield Fault(
                place,
                "still holds `raise NotImplementedError(…)`",
                "replace that line by your code, or hand in without the points of this exercise",
                COSTS,
            )


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


def _missing_names(notebook: NotebookNode) -> Iterator[Fault]:
    """Names that are not there yet when the notebook runs once from top to bottom."""
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
        yield Fault(place, what, mend, COSTS)


def _order_of_running(notebook: NotebookNode) -> Iterator[Fault]:
    """Was it run, and from top to bottom?"""
    code = [(k, cell) for k, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    counts = [(k, cell.execution_count) for k, cell in code if cell.get("execution_count")]
    rerun = "choose Run > Restart Kernel and Run All Cells, look at the results, and save"
    if not counts:
        yield Fault("the notebook", NO_RESULTS, rerun, LOOK)
    for (_, before), (k, count) in pairwise(counts):
        if count < before:
            yield Fault(
                place_of(k, grade_id(notebook.cells[k])),
                "was run before a cell that stands above it",
                rerun,
                LOOK,
            )
            break


def _files(notebook: NotebookNode, release: HandedOut) -> Iterator[Fault]:
    """Paths in cells that the student wrote: where it is graded, only the release is there."""
    known = {one for cell in release.cells for one in cell.fingerprints}
    written: set[str] = set()
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or fingerprint(cell.source) in known:
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
                    COSTS,
                )
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
        written |= {_file(call) for call in calls if _is_writer(call)}
        for name in sorted({_file(call) for call in calls if _is_reader(call)} - written - {""}):
            yield Fault(
                place,
                f"reads {name}, a file that is not part of the course",
                "make its content in the notebook, or remove the cell, before you hand in",
                COSTS,
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
                LOOK,
            )
        known = release.graded_cells.get(grade_id(cell))
        failed = any(output.get("output_type") == "error" for output in outputs)
        if failed and known is not None and not known.is_solution:
            yield Fault(
                place,
                "is a test that failed when it was last run",
                "run the exercise's check, which says what is wrong",
                LOOK,
            )
