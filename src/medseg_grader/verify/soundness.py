"""Prove that a unit is sound before students see it.

An untouched release scores 0 on every graded cell and the solution all points, both through stock
nbgrader; each named mistake loses points in its own exercise, nowhere else, and earns its own hint.
"""

import ast
import contextlib
import gc
import io
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from tqdm import tqdm

from medseg import checks
from medseg.notebook.definitions import run_definitions
from medseg.runtime import EXECUTION
from medseg.units import notebook_name
from medseg.units.labels import grade_id, is_graded, is_solution, points
from medseg_grader.course.answers import solution_of, sources
from medseg_grader.course.stock_nbgrader import run, scratch_course
from medseg_grader.course.units import Unit, load_unit

CELL_SECONDS = 180


class Score(NamedTuple):
    """Points reached in one test cell, the most it gives, and why points are missing."""

    reached: float
    points: float
    reason: str = ""


@dataclass
class Report:
    """What was counted for one unit, and every fault found, a sentence each."""

    unit: str
    cells: int = 0
    points: float = 0
    mistakes: int = 0
    rejected: int = 0
    own_hint: int = 0
    faults: list[str] = field(default_factory=list)


def verify(units: Iterable[str], seed: int = 0, processes: int | None = None) -> list[Report]:
    """One report per unit. `seed` shifts every random input of the test cells."""
    reports = []
    with _environment(MEDSEG_SEED=str(seed)):
        for name in units:
            unit = load_unit(name)
            report = Report(name, cells=len(unit.graded_cells()))
            report.points = sum(points(cell) for cell in unit.graded_cells())
            _verify_release(unit, report)
            # Mistakes are judged in forked processes, in which CUDA does not work.
            with _environment(CUDA_VISIBLE_DEVICES=""):
                _verify_mistakes(unit, report, processes or os.cpu_count() or 1)
            reports.append(report)
    return reports


def table(reports: list[Report]) -> str:
    """The reports as a table, the faults below it, and one line of counts."""
    lines = [
        f"{'unit':<24}{'cells':>6}{'points':>8}{'mistakes':>10}{'rejected':>10}{'own hint':>10}"
    ]
    for r in reports:
        numbers = f"{r.cells:>6}{r.points:>8g}{r.mistakes:>10}{r.rejected:>10}{r.own_hint:>10}"
        lines.append(f"{r.unit:<24}{numbers}")
    faults = [f"{r.unit}: {fault}" for r in reports for fault in r.faults]
    lines += ["", *faults] if faults else []
    totals = [sum(getattr(r, key) for r in reports) for key in ("cells", "mistakes", "own_hint")]
    lines += [
        "",
        f"{totals[0]} graded cells, {totals[1]} mistakes, {totals[2]} with their own hint, "
        f"{len(faults)} faults",
    ]
    return "\n".join(lines)


def score(
    unit: Unit, replaced: Mapping[str, str], skip_slow_of_others: bool = False
) -> dict[str, Score]:
    """Run the unit's graded cells in this process: {grade_id: Score}.

    `replaced` maps an exercise to another source of its solution cell. With `skip_slow_of_others`,
    test cells tagged `slow` run only for the replaced exercises.
    """
    namespace: dict[str, Any] = {"__name__": unit.name}
    for index, cell in enumerate(unit.cells):
        if cell.cell_type == "code" and not is_graded(cell):
            source = replaced.get(grade_id(cell), cell.source) if is_solution(cell) else cell.source
            run_definitions(source, f"{unit.name} cell {index + 1}", namespace)
    results = {}
    for cell in unit.graded_cells():
        slow = "slow" in cell.metadata.get("tags", [])
        if slow and skip_slow_of_others and unit.exercise_of(cell) not in replaced:
            continue
        results[grade_id(cell)] = _score_cell(cell, namespace)
    return results


def _score_cell(cell: NotebookNode, namespace: dict[str, Any]) -> Score:
    """nbgrader's rule: an error or anything on stderr is 0, a number at the end partial credit.

    Warnings are off, as `medseg.probes` switches them off where nbgrader grades.
    """
    names = dict(namespace)
    tree = ast.parse(cell.source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    errors, printed = io.StringIO(), io.StringIO()
    result = None
    with (
        _time_limit(CELL_SECONDS),
        contextlib.redirect_stderr(errors),
        contextlib.redirect_stdout(printed),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            exec(compile(tree, grade_id(cell), "exec"), names)
            if last is not None:
                result = eval(compile(ast.Expression(last.value), grade_id(cell), "eval"), names)
        except (Exception, SystemExit) as error:
            return Score(0, points(cell), f"{type(error).__name__}: {error}")
    if text := errors.getvalue():
        return Score(0, points(cell), f"it wrote to stderr: {text.strip()}")
    if isinstance(result, bool) or not isinstance(result, int | float):
        return Score(points(cell), points(cell))
    return Score(float(result), points(cell), f"partial credit {result:g}")


def _verify_release(unit: Unit, report: Report) -> None:
    """The released notebook as it is, and the solution, through stock nbgrader."""
    released = Path("notebooks", unit.name, notebook_name(unit.name))
    if not released.is_file():
        report.faults.append(f"there is no {released}; run medseg release first")
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        api = scratch_course(root, [unit.name])
        solved = root / "solutions" / unit.name / notebook_name(unit.name)
        handed_in = {"untouched": released, "solution": solved}
        for student, notebook in handed_in.items():
            target = root / "grading/submitted" / student / unit.name
            target.mkdir(parents=True)
            shutil.copy(notebook, target / notebook_name(unit.name))
            run(api, "autograde", unit.name, student, force=True, create=True)
        ran = root / "grading/autograded/solution" / unit.name / notebook_name(unit.name)
        report.faults += _complaints(nbformat.read(ran, as_version=4))
        with Gradebook(api.coursedir.db_url) as gradebook:
            for student in handed_in:
                submission = gradebook.find_submission(unit.name, student)
                for grade in (g for nb in submission.notebooks for g in nb.grades):
                    due = 0.0 if student == "untouched" else grade.max_score
                    if grade.auto_score != due:
                        report.faults.append(
                            f"the {student} notebook gets {grade.auto_score} points in "
                            f"{grade.name}, expected {due}"
                        )


def _complaints(solution: NotebookNode) -> list[str]:
    """Cells of the executed solution that raised an error or wrote to stderr."""
    found = []
    for index, cell in enumerate(solution.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                found.append(f"cell {index + 1} raised {output.ename}: {output.evalue}")
            elif output.get("name") == "stderr":
                found.append(f"cell {index + 1} wrote to stderr: {output.text[:80].strip()}")
    return found


def _verify_mistakes(unit: Unit, report: Report, processes: int) -> None:
    jobs = [(e.name, m.name) for e in unit.exercises.values() for m in e.mistakes]
    report.mistakes = len(jobs)
    for name in unit.exercises:
        _verify_exercise(unit, name, report)
    _warm_up(unit, report)
    context = multiprocessing.get_context("fork")
    with context.Pool(processes, _one_thread, maxtasksperchild=1) as pool:
        results = pool.imap(partial(_judge_mistake, unit), jobs)
        bar = tqdm(results, f"mistakes of {unit.name}", len(jobs), file=sys.stdout, leave=False)
        for (exercise, mistake), (scores, hint) in zip(jobs, bar, strict=True):
            _note_mistake(report, unit, exercise, mistake, scores, hint)


def _verify_exercise(unit: Unit, name: str, report: Report) -> None:
    verdict = checks.examine(f"{unit.name}.{name}", solution_of(unit, name))
    if verdict.outcome != checks.RIGHT:
        report.faults.append(f"check calls the solution of {name} {verdict.outcome}")
    exercise = unit.exercises[name]
    if len(exercise.mistakes) < 5:
        report.faults.append(f"{name} has {len(exercise.mistakes)} named mistakes, expected 5")
    if not unit.graded_cells(name):
        report.faults.append(f"{name} has no graded cell")


def _judge_mistake(unit: Unit, job: tuple[str, str]) -> tuple[dict[str, Score], str | None]:
    """Scores of the unit's test cells with one mistake made, and the mistake that check names."""
    exercise, mistake = job
    wrong = {
        grade_id(cell): source
        for cell, source in sources(unit, exercise, mistake)
        if is_solution(cell) and grade_id(cell) == exercise
    }
    scores = score(unit, wrong, skip_slow_of_others=True)
    verdict = checks.examine(f"{unit.name}.{exercise}", solution_of(unit, exercise, mistake))
    accused = verdict.mistake if verdict.outcome in {checks.WRONG, checks.RAISED} else None
    return scores, accused


def _note_mistake(
    report: Report,
    unit: Unit,
    exercise: str,
    mistake: str,
    scores: dict[str, Score],
    accused: str | None,
) -> None:
    by_exercise: dict[str, list[Score]] = {}
    for cell in unit.graded_cells():
        if grade_id(cell) in scores:
            by_exercise.setdefault(unit.exercise_of(cell), []).append(scores[grade_id(cell)])
    own = by_exercise.get(exercise, [])
    if any(s.reached < s.points for s in own):
        report.rejected += 1
    else:
        report.faults.append(f"{exercise}: the mistake {mistake} keeps all points")
    dependants = {e.name for e in unit.exercises.values() if exercise in _all_uses(unit, e.name)}
    for other, cells in by_exercise.items():
        lost = [s.reason for s in cells if s.reached < s.points]
        if other != exercise and other not in dependants and lost:
            fault = f"{exercise}: the mistake {mistake} loses points in {other} too: {lost[0]}"
            report.faults.append(fault)
    if accused == mistake:
        report.own_hint += 1
    else:
        instead = f"that of {accused}" if accused else "none"
        report.faults.append(f"{exercise}: the mistake {mistake} gets the wrong hint: {instead}")


def _all_uses(unit: Unit, name: str) -> set[str]:
    found: set[str] = set()
    todo = list(unit.exercises[name].uses)
    while todo:
        used = todo.pop()
        if used not in found:
            found.add(used)
            todo += unit.exercises[used].uses
    return found


def _warm_up(unit: Unit, report: Report) -> None:
    """Run the unit's quick cells once in the parent, so that the forked children import nothing.

    The solution keeps all points here as it does in nbgrader's kernel, else what the mistakes lose
    says nothing. One thread only: a thread pool that was started before a fork hangs in the child.
    What lies about as garbage is cleared away: a finaliser that complains on stderr while a test
    cell runs in a child would cost that cell its points.
    """
    import torch

    torch.set_num_threads(1)
    gc.collect()
    for cell, result in score(unit, {}, skip_slow_of_others=True).items():
        if result.reached < result.points:
            report.faults.append(f"the solution loses points in {cell}: {result.reason}")
    gc.collect()
    gc.freeze()


def _one_thread() -> None:
    """Runs in each child: one thread each, and nothing on the screen."""
    import torch

    torch.set_num_threads(1)
    sys.stderr = io.StringIO()


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Set variables as nbgrader does while it grades, and take them back."""
    values = {EXECUTION: "autograde", **values}
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


@contextlib.contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError(f"the cell ran longer than {seconds} s")

    previous = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
