"""`make demo`: release the course, train on phantoms, grade a small class, show the results."""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from tqdm import tqdm

from medseg.units import notebook_name
from medseg.units.labels import grade_id, is_solution
from medseg_grader import prostate_run
from medseg_grader.course.answers import sources
from medseg_grader.course.notebooks import solution_notebook
from medseg_grader.course.stock_nbgrader import nbgrader_api, run, scratch_course
from medseg_grader.course.units import load_unit, unit_names
from medseg_grader.release.build import release

OUTPUT = Path("output/demo")
UNITS = ("04_iou", "05_focal_loss")


def main() -> int:
    """Run the demo in the current folder; 0 if every step went as it should."""
    start = time.monotonic()
    say("1/4  Release: notebooks for students, numbers for their checks")
    release(unit_names())
    say("2/4  A class of five hands in units 04 and 05; nbgrader grades them")
    feedback = grade_class(OUTPUT / "class")
    say("3/4  Unit 07: train a U-Net on prostate phantoms")
    executed = prostate_run.run("phantom", OUTPUT / "training")
    say("4/4  Results")
    print(gradebook_table(OUTPUT / "class"))
    print()
    print("Held-out phantoms (numbers on phantoms say nothing about patients):")
    print(prostate_run.summary(executed.with_name("iou.csv")))
    print()
    training = OUTPUT / "training"
    print(f"figure    {training / 'held_out.png'}")
    print(f"notebook  {training / executed.name}")
    for folder in feedback:
        print(f"feedback  {folder}")
    print(f"\nDone in {time.monotonic() - start:.0f} s. Next: `make lab` opens the notebooks.")
    return 0


def say(text: str) -> None:
    """A headline between the steps."""
    print(f"\n{text}", flush=True)


def grade_class(root: Path) -> list[Path]:
    """Hand in five submissions a unit and grade them with stock nbgrader.

    Each unit is a course of its own under `root`, with its own gradebook, so that units are graded
    side by side. A notebook that cannot be read stops only its own grading; it is reported.
    Returns the folders with the feedback.
    """
    shutil.rmtree(root, ignore_errors=True)
    left = {}
    for unit in UNITS:
        scratch_course(root / unit, [unit])
        left[unit] = hand_in(root / unit, unit)
    total = sum(map(len, left.values()))
    with (
        one_thread_each(),
        ProcessPoolExecutor(len(UNITS), get_context("spawn")) as pool,
        tqdm(total=total, desc="grade", unit="submission", file=sys.stdout) as bar,
    ):
        running = {pool.submit(grade, root, unit, left[unit].pop(0)): unit for unit in UNITS}
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for job in done:
                unit = running.pop(job)
                if left[unit]:
                    running[pool.submit(grade, root, unit, left[unit].pop(0))] = unit
                if complaint := job.result():
                    tqdm.write(f"  {complaint}", file=sys.stdout)
                bar.update()
    return [root / unit / "grading/feedback" for unit in UNITS]


def grade(root: Path, unit: str, student: str) -> str:
    """Grade one submission and write its feedback; a sentence if that was not possible, else ""."""
    api = nbgrader_api(root / unit)
    try:
        run(api, "autograde", unit, student, force=True, create=True)
        run(api, "generate_feedback", unit, student, force=True)
    except ValueError as error:
        log = root / unit / "grading" / f"{student}.log"
        log.write_text(f"{error}\n", encoding="utf-8")
        return f"{student}, {unit}: not graded, {reason(root / unit, unit, student)}; see {log}"
    return ""


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes started in here, kernels included, calculate with one thread each."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def hand_in(root: Path, unit_name: str) -> list[str]:
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
        folder = root / "grading/submitted" / student / unit_name
        folder.mkdir(parents=True)
        (folder / notebook_name(unit_name)).write_text(text, encoding="utf-8")
    return list(texts)


def reason(root: Path, unit: str, student: str) -> str:
    """Why a submission could not be graded, in a few words."""
    path = root / "grading/submitted" / student / unit / notebook_name(unit)
    try:
        nbformat.read(path, as_version=4)
    except Exception:
        return f"{path.name} is no readable notebook (cut off while it was copied?)"
    return "nbgrader stopped"


def gradebook_table(root: Path) -> str:
    """Points of each student in each unit, as nbgrader's gradebooks have them."""
    scores = {unit: unit_scores(root / unit, unit) for unit in UNITS}
    lines = [f"{'student':<14}" + "".join(f"{unit:>18}" for unit in UNITS)]
    for student in scores[UNITS[0]]:
        lines.append(f"{student:<14}" + "".join(f"{scores[unit][student]:>18}" for unit in UNITS))
    return "\n".join(lines)


def unit_scores(root: Path, unit: str) -> dict[str, str]:
    """{student: "7 of 12" or "not graded"} from one gradebook."""
    found = {}
    database = (root / "grading/gradebook.db").resolve().as_posix()
    with Gradebook(f"sqlite:///{database}") as book:
        most = book.find_assignment(unit).max_score
        for student in sorted(path.name for path in (root / "grading/submitted").iterdir()):
            found[student] = "not graded"
            # Where grading stops, nbgrader leaves a submission of 0 points and no notebook.
            if (root / "grading/autograded" / student / unit).is_dir():
                found[student] = f"{book.find_submission(unit, student).score:g} of {most:g}"
    return found


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ValueError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(1)
