"""What nbgrader loads of ours by name: a preprocessor of feedback, and two exporters of grades."""

import math
from collections.abc import Iterable
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin, LateSubmissionPlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Float

from medseg.errors import InputError, without_colours
from medseg_grader.course.units import HIDDEN
from medseg_grader.grading.worksheet import stored_worksheet
from medseg_grader.records.marks import Marks, marks_in
from medseg_grader.records.results import Result, load_results
from medseg_grader.report.lms import (
    canvas_gradebook,
    moodle_numbers,
    moodle_worksheet,
    write_csv,
)

DAY = 24 * 60 * 60
_NOTE = "# The hidden tests of this cell are not shown.\n"


class HideHiddenTests(NbGraderPreprocessor):
    """Cut the hidden tests from a cell's source, and their lines from the traceback of an error.

    The error's own sentence stays: it is written for the student.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Change one cell in place if it holds hidden tests."""
        if cell.cell_type != "code" or not HIDDEN.search(cell.source):
            return cell, resources
        cell.source = HIDDEN.sub(_NOTE, cell.source).rstrip("\n")
        for output in cell.outputs:
            if output.output_type == "error":
                output.traceback = [_last_line(output)]
        return cell, resources


def _last_line(output: NotebookNode) -> str:
    return without_colours(f"{output.ename}: {output.evalue}").strip()


class PenaltyPerDay(LateSubmissionPlugin):
    """A share of the points that were reached, for each day late that has begun.

    In nbgrader_config.py: `c.AssignLatePenalties.plugin_class = PenaltyPerDay`, and what it costs.
    """

    per_day = Float(0.1, min=0, max=1, help="share of the points reached, for each day").tag(
        config=True
    )
    most = Float(0.5, min=0, max=1, help="share that is taken off at most").tag(config=True)
    grace_minutes = Float(0, min=0, help="so late is not late").tag(config=True)

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """The points that are taken off; None where none are."""
        late = total_seconds_late - 60 * self.grace_minutes
        if late <= 0:
            return None
        return score * min(self.most, self.per_day * math.ceil(late / DAY))


class _Exporter(ExportPlugin):
    """What both exporters share: which students and assignments are asked for."""

    def _chosen(self, gradebook: Gradebook) -> tuple[Marks, list[str], list[str]]:
        marks = marks_in(gradebook.db)
        units = [str(name) for name in self.assignment]
        students = [str(name) for name in self.student] or sorted(marks.people)
        for kind, asked, known in (
            ("assignment", units, marks.units),
            ("student", students, marks.people),
        ):
            if unknown := [name for name in asked if name not in known]:
                raise InputError(f"The gradebook has no {kind} called {', '.join(unknown)}.")
        return marks, units or [name for name, own in marks.units.items() if own], students


class MoodleExporter(_Exporter):
    """`nbgrader export --exporter medseg_grader.nbgrader_plugins.MoodleExporter --to FOLDER`.

    Writes FOLDER/<assignment>.csv, a grading worksheet for each assignment that has submissions;
    FOLDER is `moodle` unless `--to` names another.
    """

    def export(self, gradebook: Gradebook) -> None:
        """Write the worksheets."""
        marks, units, students = self._chosen(gradebook)
        folder = Path(self.to or "moodle")
        folder.mkdir(parents=True, exist_ok=True)
        for unit in units:
            own = {s: mark for s, mark in marks.units[unit].items() if s in students}
            results, worksheet = self._results(unit, own), stored_worksheet(unit, self._root())
            numbers, shared = moodle_numbers(results, marks.people, worksheet)
            for sentence in shared:
                self.log.warning("%s: %s", unit, sentence)
            path = folder / f"{unit}.csv"
            text = moodle_worksheet(marks.most[unit], own, marks.people, numbers, {})
            write_csv(path, text)
            self.log.info("Wrote %s", path)

    def _results(self, unit: str, students: Iterable[str]) -> list[Result]:
        """Who handed in under which number: Moodle's differ from one assignment to the next.

        Where there is no result of a student's, only what formgrader knows is known.
        """
        known = {result.student: result for result in load_results(self._root(), unit)}
        return [known.get(s) or Result(s, unit, "", []) for s in students]

    def _root(self) -> Path:
        """The course's folder."""
        return Path(self.parent.coursedir.root) if self.parent else Path()


class CanvasExporter(_Exporter):
    """`nbgrader export --exporter medseg_grader.nbgrader_plugins.CanvasExporter --to FILE`.

    Writes one CSV file with all assignments that have submissions; `canvas.csv` by default.
    """

    def export(self, gradebook: Gradebook) -> None:
        """Write the file."""
        path = Path(self.to or "canvas.csv")
        write_csv(path, canvas_gradebook(*self._chosen(gradebook)))
        self.log.info("Wrote %s", path)
