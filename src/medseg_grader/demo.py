"""`make demo`: release the course, train on phantoms, grade a small class, show the results."""

import shutil
import sys
import time
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from tqdm import tqdm

from medseg.carry import notebook_name
from medseg_grader import batch
from medseg_grader.catalogue import grade_id, is_solution, load_unit, unit_names
from medseg_grader.course import run, scratch_course
from medseg_grader.probing import sources
from medseg_grader.release import release, solution_notebook

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
    executed = batch.run("phantom", OUTPUT / "training")
    say("4/4  Results")
    print(gradebook_table(OUTPUT / "class"))
    print()
    print("Held-out phantoms (numbers on phantoms say nothing about patients):")
    print(batch.summary(executed.with_name("iou.csv")))
    print()
    print(f"figure    {executed.with_name('held_out.png')}")
    print(f"notebook  {executed}")
    print(f"feedback  {feedback}")
    print(f"\nDone in {time.monotonic() - start:.0f} s. Next: `make lab` opens the notebooks.")
    return 0


def say(text: str) -> None:
    """A headline between the steps."""
    print(f"\n{text}", flush=True)


def grade_class(root: Path) -> Path:
    """Hand in five submissions a unit and grade them with stock nbgrader, in a course of its own.

    A notebook that cannot be read stops only its own grading; it is reported. Returns the folder
    with the feedback.
    """
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    api = scratch_course(root, UNITS)
    jobs = [(unit, student) for unit in UNITS for student in hand_in(root, unit)]
    for unit, student in tqdm(jobs, desc="grade", unit="submission", file=sys.stdout):
        try:
            run(api, "autograde", unit, student, force=True, create=True)
            run(api, "generate_feedback", unit, student, force=True)
        except ValueError:
            tqdm.write(f"  {student}, {unit}: not graded, {complaint(root, unit, student)}")
    return root / "grading/feedback"


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


def complaint(root: Path, unit: str, student: str) -> str:
    """Why a submission could not be graded, in a few words."""
    path = root / "grading/submitted" / student / unit / notebook_name(unit)
    try:
        nbformat.read(path, as_version=4)
    except Exception:
        return f"{path.name} is no readable notebook (cut off while it was copied?)"
    return "nbgrader stopped: grade it alone to see its log"


def gradebook_table(root: Path) -> str:
    """Points of each student in each unit, as nbgrader's gradebook has them."""
    students = sorted(p.name for p in (root / "grading/submitted").iterdir())
    lines = [f"{'student':<14}" + "".join(f"{unit:>18}" for unit in UNITS)]
    with Gradebook(f"sqlite:///{(root / 'grading/gradebook.db').resolve().as_posix()}") as book:
        for student in students:
            row = f"{student:<14}"
            for unit in UNITS:
                most = book.find_assignment(unit).max_score
                graded = (root / "grading/autograded" / student / unit).is_dir()
                try:
                    score = book.find_submission(unit, student).score if graded else None
                except MissingEntry:
                    score = None
                cell = "not graded" if score is None else f"{score:g} of {most:g}"
                row += f"{cell:>18}"
            lines.append(row)
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ValueError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(1)
