"""Prove that a unit is sound before students see it.

It has no fault as it is written, see `medseg_grader.course.faults`; nothing else is tried of one
that has. An untouched release scores 0 on every graded cell and the solution all points, both
through stock nbgrader. Each named mistake loses points in its own exercise, nowhere else, and earns
its own hint; each right answer written otherwise keeps all points and is right for `check`; of each
slip, `check` names the mistake.
Answers are judged side by side, in processes forked from this one.
"""

import gc
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from tqdm import tqdm

from medseg import checks
from medseg.units import notebook_name
from medseg.units.labels import points
from medseg_grader.course.answers import solution_of
from medseg_grader.course.faults import faults_of
from medseg_grader.course.forks import forked_pool
from medseg_grader.course.stock_nbgrader import run, scratch_course
from medseg_grader.course.units import Unit, load_unit
from medseg_grader.verify.answers import Proof, prove_alternative, prove_mistake, prove_slip
from medseg_grader.verify.in_process import environment, lost, score


@dataclass
class Report:
    """What was counted for one unit, and every fault found, a sentence each.

    Attributes:
        cells, points: of the unit's test cells.
        mistakes: named ones; `rejected` lose points, `own_hint` are named by check.
        alternatives: right answers written otherwise; `right` keep all points and pass their check.
        slips: wrong answers as students write them; `named` get the mistake that they should.
    """

    unit: str
    cells: int = 0
    points: float = 0
    mistakes: int = 0
    rejected: int = 0
    own_hint: int = 0
    alternatives: int = 0
    right: int = 0
    slips: int = 0
    named: int = 0
    faults: list[str] = field(default_factory=list)


# The columns of the table, after the unit's name.
COLUMNS = [name for name in Report.__dataclass_fields__ if name not in {"unit", "faults"}]


def verify(units: Iterable[str], seed: int = 0, processes: int | None = None) -> list[Report]:
    """One report per unit. `seed` shifts every random input of the test cells."""
    reports = []
    with environment(MEDSEG_SEED=str(seed)):
        for name in units:
            report = Report(name, faults=faults_of(name))
            reports.append(report)
            if report.faults:
                continue
            unit = load_unit(name)
            report.cells = len(unit.graded_cells())
            report.points = sum(points(cell) for cell in unit.graded_cells())
            _verify_release(unit, report)
            # Answers are judged in forked processes, in which CUDA does not work.
            with environment(CUDA_VISIBLE_DEVICES=""):
                _verify_answers(unit, report, processes)
    return reports


def table(reports: list[Report]) -> str:
    """The reports as a table, the faults below it, and one line of counts."""
    titles = [name.replace("_", " ") for name in COLUMNS]
    lines = [f"{'unit':<24}" + "".join(f"{title:>{len(title) + 2}}" for title in titles)]
    for report in reports:
        numbers = zip(titles, (getattr(report, name) for name in COLUMNS), strict=True)
        cells = "".join(f"{number:>{len(title) + 2}g}" for title, number in numbers)
        lines.append(f"{report.unit:<24}{cells}")
    faults = [f"{r.unit}: {fault}" for r in reports for fault in r.faults]
    lines += ["", *faults] if faults else []
    total = {name: sum(getattr(r, name) for r in reports) for name in COLUMNS}
    lines += [
        "",
        f"{total['cells']} graded cells, {total['mistakes']} mistakes, {total['own_hint']} with "
        f"their own hint, {total['right']} of {total['alternatives']} alternatives right, "
        f"{total['named']} of {total['slips']} slips named, {len(faults)} faults",
    ]
    return "\n".join(lines)


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
        report.faults += complaints(nbformat.read(ran, as_version=4))
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


def complaints(solution: NotebookNode) -> list[str]:
    """Cells of the executed solution that raised an error or wrote to stderr."""
    found = []
    for index, cell in enumerate(solution.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                found.append(f"cell {index + 1} raised {output.ename}: {output.evalue}")
            elif output.get("name") == "stderr":
                found.append(f"cell {index + 1} wrote to stderr: {output.text[:80].strip()}")
    return found


def _verify_answers(unit: Unit, report: Report, processes: int | None) -> None:
    mistakes = [(e.name, m.name) for e in unit.exercises.values() for m in e.mistakes]
    report.mistakes = len(mistakes)
    report.alternatives, report.slips = len(unit.alternatives), len(unit.slips)
    for name in unit.exercises:
        _verify_exercise(unit, name, report)
    for cell, reason in warm_up(unit).items():
        report.faults.append(f"the solution loses points in {cell}: {reason}")
    with forked_pool(processes, tasks_per_child=1) as pool:
        proofs = _proofs(pool, unit, "mistakes", prove_mistake, mistakes)
        report.rejected = sum(proof.scored for proof in proofs)
        report.own_hint = sum(proof.told for proof in proofs)
        others = _proofs(pool, unit, "alternatives", prove_alternative, unit.alternatives)
        report.right = sum(proof.scored and proof.told for proof in others)
        slips = _proofs(pool, unit, "slips", prove_slip, unit.slips)
        report.named = sum(proof.told for proof in slips)
    report.faults += [fault for proof in (*proofs, *others, *slips) for fault in proof.faults]


def _proofs(
    pool: Pool, unit: Unit, what: str, prove: Callable[[Unit, Any], Proof], answers: Sequence[Any]
) -> list[Proof]:
    """What is proven of each answer of one kind, with a bar of progress."""
    results = pool.imap(partial(prove, unit), answers)
    label = f"{what} of {unit.name}"
    hidden = not answers
    return list(tqdm(results, label, len(answers), file=sys.stdout, leave=False, disable=hidden))


def _verify_exercise(unit: Unit, name: str, report: Report) -> None:
    verdict = checks.examine(f"{unit.name}.{name}", solution_of(unit, name))
    if verdict.outcome != checks.RIGHT:
        report.faults.append(f"check calls the solution of {name} {verdict.outcome}")


def warm_up(unit: Unit) -> dict[str, str]:
    """Run the unit's quick cells once in the parent, so that the forked children import nothing.

    Returns where the solution loses points here, and why: it keeps them all, as in nbgrader's
    kernel, else what wrong answers lose says nothing. One thread only, as a pool of threads would
    not survive the fork. What lies about as garbage is cleared away and the rest frozen, so that
    the children's collector neither runs finalisers of the parent's nor copies its memory.
    """
    import torch

    torch.set_num_threads(1)
    gc.collect()
    missing = lost(score(unit, {}, skip_slow_of_others=True))
    gc.collect()
    gc.freeze()
    return missing
