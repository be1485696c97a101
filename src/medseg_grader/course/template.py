"""A unit as it is graded: the instructor's notebook with empty solution cells and all its tests."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

import nbformat
from nbformat import NotebookNode
from traitlets.config import Config

from medseg.units.handed_out import Cell, fingerprint
from medseg.units.labels import grade_id, is_graded, is_solution, label, points
from medseg_grader.course.notebooks import solution_notebook
from medseg_grader.course.units import HIDDEN, Unit


@dataclass(frozen=True)
class GradedCell:
    """One graded cell: what it is called, which exercise it is about, how much it gives."""

    grade_id: str
    exercise: str
    points: float


@dataclass(frozen=True)
class Template:
    """What every submission of one unit is rebuilt from; small, and easily sent to a worker.

    `text` is the notebook as JSON: as nbgrader releases it, with the hidden tests still in it.
    """

    unit: str
    text: str
    tests: tuple[GradedCell, ...]
    exercises: tuple[str, ...]

    def notebook(self) -> NotebookNode:
        """A fresh copy of the notebook."""
        return nbformat.from_dict(json.loads(self.text))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of cells, metadata and tests."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def handed_out(self) -> dict[str, Cell]:
        """The labelled cells as students have them, by name; a test's also with its hidden part."""
        known = {}
        for cell in self.notebook().cells:
            if name := grade_id(cell):
                texts = (HIDDEN.sub("", cell.source), cell.source)
                prints = tuple(fingerprint(text) for text in texts)
                known[name] = Cell(cell.id, cell.cell_type, prints, label(cell))
        return known

    @property
    def release(self) -> str:
        """Which release this is, see `medseg.units.handed_out.HandedOut`."""
        return self.notebook().metadata["medseg"]["release"]

    @property
    def max_points(self) -> float:
        """The most points that the unit gives."""
        return sum(test.points for test in self.tests)


def make_template(unit: Unit, config: Config | None = None) -> Template:
    """The template of a unit, from its script, by nbgrader's own steps of releasing.

    `config` is nbgrader's, by default the one of the course in the current folder.
    """
    # here, as workers import this module, and nbgrader takes a second to load
    from nbgrader.preprocessors import (
        CheckCellMetadata,
        ClearSolutions,
        ComputeChecksums,
        LockCells,
    )

    from medseg_grader.course.stock_nbgrader import nbgrader_config

    config = nbgrader_config() if config is None else config
    notebook = solution_notebook(unit)
    for step in (LockCells, ClearSolutions, CheckCellMetadata, ComputeChecksums):
        notebook, _ = step(config=config).preprocess(notebook, {})
    tests = [
        GradedCell(grade_id(cell), unit.exercise_of(cell), points(cell))
        for cell in notebook.cells
        if is_graded(cell)
    ]
    exercises = tuple(grade_id(cell) for cell in notebook.cells if is_solution(cell))
    text = json.dumps(notebook, sort_keys=True, ensure_ascii=False)
    return Template(unit.name, text, tuple(tests), exercises)
