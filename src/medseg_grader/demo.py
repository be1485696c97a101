"""`make demo`: release the course, grade a small class, train on phantoms, show the results."""

import shutil
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import nbformat
import torch

from medseg.errors import InputError
from medseg.units import notebook_name
from medseg.units.labels import grade_id, is_solution
from medseg_grader import prostate_run
from medseg_grader.course.answers import sources
from medseg_grader.course.notebooks import solution_notebook
from medseg_grader.course.units import load_unit, unit_names
from medseg_grader.grading.collect import collect
from medseg_grader.grading.interruption import interruptible
from medseg_grader.grading.run import grade_class
from medseg_grader.grading.workers import worker_pool
from medseg_grader.records.results import Result
from medseg_grader.release.build import release
from medseg_grader.report.write import FEEDBACK, report_on_course
from medseg_grader.sandbox import bubblewrap
from medseg_grader.sandbox.fork_servers import close_fork_servers, shared_fork_server
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import STRICT

OUTPUT = Path("output/demo")
UNITS = ("04_iou", "05_focal_loss")


def main() -> int:
    """Run the demo in the current folder; 0 if every step went as it should."""
    start = time.monotonic()
    # hints come of small tensors, for which threads mostly wait for each other
    torch.set_num_threads(1)
    say(start, "1/4  Release: notebooks for students, numbers for their checks")
    release(unit_names())
    say(start, "2/4  A class of five hands in units 04 and 05; `medseg grade` grades them")
    results, report = grade(OUTPUT / "class")
    say(start, "3/4  Unit 07: train a U-Net on prostate phantoms")
    executed = prostate_run.run("phantom", OUTPUT / "training")
    say(start, "4/4  Results")
    print(points_table(results))
    for result in results:
        for finding in result.findings:
            print(f"{result.student}, {result.unit}: {finding}")
    print()
    print("Held-out phantoms (numbers on phantoms say nothing about patients):")
    print(prostate_run.summary(executed.with_name("iou.csv")))
    print()
    training = OUTPUT / "training"
    print(f"figure    {training / 'held_out.png'}")
    print(f"notebook  {training / executed.name}")
    print(f"report    {report}")
    print(f"feedback  {OUTPUT / 'class' / FEEDBACK}")
    print(f"\nDone in {time.monotonic() - start:.0f} s. Next: `make lab` opens the notebooks.")
    return 0


def say(start: float, text: str) -> None:
    """A headline between the steps, with the seconds since the start."""
    print(f"\n{text}  [{time.monotonic() - start:.0f} s]", flush=True)


def grade(root: Path) -> tuple[list[Result], Path]:
    """Hand in five submissions a unit and grade them as `medseg grade` does.

    The course in `root` is begun anew, with a gradebook of its own.

    Returns:
        The results, by student and unit, and the path of the report's first page.

    Raises:
        ValueError: something could not be graded or reported; the message says what.
    """
    shutil.rmtree(root, ignore_errors=True)
    for unit in UNITS:
        hand_in(root / "submitted", unit)
    collected = collect(root / "submitted", UNITS)
    submissions, left = collected.submissions, collected.left
    problem = bubblewrap.problem()
    if problem:
        print(
            f"Graded without a sandbox: {problem.partition(':')[0]}. That is fine here, as the "
            "demo wrote the five submissions itself; students' code needs one."
        )
    policy = None if problem else STRICT
    with ExitStack() as stack:
        # half a GB that the training can use; after the workers, who would start others instead
        stack.callback(close_fork_servers)
        workers = stack.enter_context(worker_pool())
        if policy is not None:
            stack.enter_context(shared_fork_server(policy))
        outcome = grade_class(submissions, workers, Limits(), root=root, policy=policy)
    print(outcome.line())
    report, trouble = report_on_course(root=root)
    wrong = [*left, *outcome.failures, outcome.complaint, trouble]
    if report is None or any(wrong):
        raise InputError(" ".join(filter(None, wrong)))
    return sorted(outcome.graded, key=lambda r: (r.student, r.unit)), report


def hand_in(submitted: Path, unit_name: str) -> list[str]:
    """Write the five submissions of one unit and return the students' names."""
    unit = load_unit(unit_name)
    exercises = list(unit.exercises)
    solved = solution_notebook(unit)
    untouched = nbformat.read(Path("notebooks", unit_name, notebook_name(unit_name)), as_version=4)
    first = unit.exercises[exercises[0]]
    mistaken = nbformat.from_dict(solved)
    wrong = {
        grade_id(cell): source
        for cell, source in sources(unit, first.name, first.mistakes[0].name)
        if is_solution(cell)
    }
    for cell in mistaken.cells:
        if grade_id(cell) == first.name:
            cell.source = wrong[first.name]
    half = nbformat.from_dict(untouched)
    answers = {grade_id(cell): cell.source for cell in unit.cells if is_solution(cell)}
    for cell in half.cells:
        if grade_id(cell) in exercises[: len(exercises) // 2]:
            cell.source = answers[grade_id(cell)]
    texts = {
        "all_right": nbformat.writes(solved),
        "untouched": nbformat.writes(untouched),
        "one_mistake": nbformat.writes(mistaken),
        "half_done": nbformat.writes(half),
        "broken_file": nbformat.writes(solved)[:5000],
    }
    for student, text in texts.items():
        folder = submitted / student / unit_name
        folder.mkdir(parents=True)
        (folder / notebook_name(unit_name)).write_text(text, encoding="utf-8")
    return list(texts)


def points_table(results: list[Result]) -> str:
    """Points of each student in each unit."""
    points = {(r.student, r.unit): f"{r.points:g} of {r.max_points:g}" for r in results}
    lines = [f"{'student':<14}" + "".join(f"{unit:>18}" for unit in UNITS)]
    for student in dict.fromkeys(r.student for r in results):
        own = (points[student, unit] for unit in UNITS)
        lines.append(f"{student:<14}" + "".join(f"{text:>18}" for text in own))
    return "\n".join(lines)


def run() -> int:
    """The command line: 1 with one sentence if a step fails, 130 if it is interrupted."""
    try:
        return interruptible(main)
    except (ValueError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(run())
