"""Step six of grading: feedback for students, grades for the LMS, and what a class can teach us.

`write_report` makes `grading/report/` with an index.html from the gradebook, the results and the
executed notebooks. All pages are single files without scripts that load nothing from elsewhere.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePosixPath

from sqlalchemy.exc import SQLAlchemyError

from medseg.errors import note
from medseg.files import write_text
from medseg.units import notebook_stem
from medseg.units.labels import grade_id
from medseg_grader.course.config import logo_of, read_course
from medseg_grader.course.stock_nbgrader import nbgrader_api
from medseg_grader.course.units import Unit, load_unit, unit_names
from medseg_grader.records.marks import Mark, Marks, read_marks
from medseg_grader.records.results import Result, load_results, notebook_path
from medseg_grader.report.feedback import feedback_page
from medseg_grader.report.folders import folder_in, remove_others
from medseg_grader.report.grade_files import write_grade_files
from medseg_grader.report.html import TEMPLATES
from medseg_grader.report.page_workers import PageJob, make_pages, read
from medseg_grader.report.pages import (
    findings_page,
    index_page,
    items_page,
    mistakes_page,
    student_page,
)

FEEDBACK = Path("grading/feedback")


def write_report(results: Iterable[Result], gradebook_url: str, out: Path) -> Path:
    """Write the report and the students' feedback; returns the path of its index.html.

    Call it from the course's root, after all results are in the gradebook. A feedback page is
    written anew only if something that it shows has changed.

    Args:
        results: all results of the course, as `load_results` gives them.
        gradebook_url: SQLAlchemy URL of nbgrader's gradebook, SQLite or PostgreSQL. Points are
            taken from there, so that those given by hand count.
        out: `grading/report` of the course; its executed notebooks are found from there, and
            feedback is also written to `grading/feedback`, where nbgrader looks for it.
    """
    results, marks = list(results), read_marks(gradebook_url)
    units, by_unit, notes = _sort(results, marks)
    marks = _without_left_out(marks, results, by_unit)
    out.mkdir(parents=True, exist_ok=True)
    root = out.parent.parent
    pages, lacking = _write_feedback(units, by_unit, marks, root, out)
    notes += lacking
    files, missing = write_grade_files(units, by_unit, marks, pages, out)
    notes += missing
    write_text(out / "items.html", items_page(units, by_unit))
    write_text(out / "mistakes.html", mistakes_page(units, by_unit))
    write_text(out / "findings.html", findings_page(by_unit, notes))
    relative = {key: PurePosixPath(page.relative_to(out)) for key, page in pages.items()}
    students = folder_in(out, "students")
    written = {f"{student}.html": student for _, student in pages}
    for name, student in sorted(written.items()):
        write_text(students / name, student_page(student, units, by_unit, marks, relative))
    remove_others(students, set(written))
    index = out / "index.html"
    write_text(index, index_page(units, by_unit, marks, relative, files, notes))
    return index


def report_on_course(db_url: str | None = None, root: Path = Path()) -> tuple[Path | None, str]:
    """Write the report on all that is graded: its index.html, or None and a sentence on why not."""
    db_url = db_url or nbgrader_api(root).coursedir.db_url
    try:
        return write_report(load_results(root), db_url, root / "grading/report"), ""
    except (OSError, ValueError, SQLAlchemyError) as error:
        note(error)
        why = " ".join(str(error).split())[:300]
        return None, f"The report could not be written: {why}. What is graded is kept."


def _sort(
    results: Iterable[Result], marks: Marks
) -> tuple[dict[str, Unit], dict[str, list[Result]], list[str]]:
    """Units and their results, and a sentence on each result that cannot be part of the report."""
    units: dict[str, Unit] = {}
    by_unit: dict[str, list[Result]] = {}
    notes = []
    known = set(unit_names())
    for result in results:
        who = f"{result.student}, {result.unit}"
        if result.unit not in known:
            notes.append(f"{who}: left out, as the course has no such unit any more.")
            continue
        if result.unit not in units:
            units[result.unit] = load_unit(result.unit)
        unit = units[result.unit]
        if [c.grade_id for c in result.cells] != [grade_id(c) for c in unit.graded_cells()]:
            notes.append(f"{who}: left out, as its tests have changed since; grade it again.")
        elif result.student not in marks.units.get(result.unit, {}):
            notes.append(f"{who}: left out, as it is not in the gradebook; grade it again.")
        else:
            by_unit.setdefault(result.unit, []).append(result)
    for name, own in list(by_unit.items()):
        by_unit[name], stale = _of_these_points(own, marks.cells[name])
        notes += [stale] if stale else []
    by_unit = {name: own for name, own in sorted(by_unit.items()) if own}
    return {name: units[name] for name in by_unit}, by_unit, notes


def _without_left_out(
    marks: Marks, results: Iterable[Result], by_unit: Mapping[str, Sequence[Result]]
) -> Marks:
    """The marks of those in the report, and of those whom something else has graded."""
    kept = {(name, result.student) for name, own in by_unit.items() for result in own}
    out = {(r.unit, r.student) for r in results} - kept
    units = {
        name: {student: mark for student, mark in own.items() if (name, student) not in out}
        for name, own in marks.units.items()
    }
    return replace(marks, units=units)


def _of_these_points(
    results: Sequence[Result], cells: Mapping[str, float]
) -> tuple[list[Result], str]:
    """Those that were graded with the points that tests give now, and a sentence on the others."""
    kept: list[Result] = []
    old: list[Result] = []
    for result in results:
        same = all(cells.get(cell.grade_id) == cell.max_points for cell in result.cells)
        (kept if same else old).append(result)
    if not old:
        return kept, ""
    unit, short = old[0].unit, old[0].unit.partition("_")[0]
    before = " or ".join(f"{points:g}" for points in sorted({r.max_points for r in old}))
    return kept, (
        f"{unit}: {len(old)} of {len(results)} submissions were graded before the points of its "
        f"tests changed (of {before} points then, {sum(cells.values()):g} now), and are left out "
        f"of report and grade files, so that maxima are not mixed. Grade all of the unit again: "
        f"medseg grade SUBMITTED --unit {short}"
    )


def _write_feedback(
    units: Mapping[str, Unit],
    by_unit: Mapping[str, Sequence[Result]],
    marks: Marks,
    root: Path,
    out: Path,
) -> tuple[dict[tuple[str, str], Path], list[str]]:
    """Both copies of each student's page: the paths of those in the report, and notes."""
    pages: dict[tuple[str, str], Path] = {}
    stale: dict[tuple[str, str], list[Path]] = {}
    jobs: list[PageJob] = []
    notes: list[str] = []
    course = read_course()
    look = repr((course, logo_of(course)))
    for unit in units.values():
        for result in by_unit[unit.name]:
            places = _places(unit, result, root, out)
            mark, who = marks.units[unit.name][result.student], (unit.name, result.student)
            pages[who] = places[0]
            key = _key(unit, result, mark, look)
            stale[who] = [page for page in places if _key_in(page) != key]
            if stale[who]:
                path = notebook_path(root, unit.name, result.student)
                jobs.append(PageJob(unit, result, mark, path, key))
            for file, text in result.exchange.items():
                write_text(places[1].with_name(file), text)
    for job, made in make_pages(jobs) if jobs else ():
        page = made if isinstance(made, str) else _without_answers(units[job.unit.name], job)
        if isinstance(made, Exception):
            note(made)
            notes.append(
                f"{job.result.student}, {job.unit.name}: the page shows no answers, as the "
                f"notebook could not be made part of it ({type(made).__name__})."
            )
        for place in stale[job.unit.name, job.result.student]:
            write_text(place, page)
    return pages, notes


def _without_answers(unit: Unit, job: PageJob) -> str:
    """The page as far as it needs no notebook; without a key, so that it is tried again."""
    return feedback_page(unit, job.result, job.mark, None)


def _places(unit: Unit, result: Result, root: Path, out: Path) -> list[Path]:
    """Where a student's page stands: in the report, and where nbgrader looks for it."""
    name = f"{notebook_stem(unit.name)}.html"
    return [
        folder_in(out, "feedback", unit.name) / f"{result.student}.html",
        folder_in(root / FEEDBACK, result.student, unit.name) / name,
    ]


def _key(unit: Unit, result: Result, mark: Mark, look: str) -> str:
    """What a page was made from: text of the unit, result, marks, the course's look, program."""
    content = [
        program_digest(),
        *(f"{cell.cell_type}\n{cell.source}" for cell in unit.cells),
        *(f"{m.name}\n{m.hint}" for e in unit.exercises.values() for m in e.mistakes),
        result.to_json(),
        repr((sorted(mark.points.items()), sorted(mark.by_hand), sorted(mark.comments.items()))),
        repr(mark.penalty),
        look,
    ]
    return hashlib.sha256("\0".join(content).encode("utf-8", "replace")).hexdigest()


@cache
def program_digest() -> str:
    here = Path(__file__).parent
    sources = sorted([*here.glob("*.py"), *TEMPLATES.glob("*.html")])
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def _key_in(page: Path) -> str:
    content = read(page, 600, whole=False) or b""
    _, _, rest = content.decode("utf-8", "replace").partition('<meta name="medseg-key" content="')
    return rest.partition('"')[0]
