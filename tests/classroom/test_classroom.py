"""docs/classroom.md, followed with a hub, a tutor and two students: a unit, there and back."""

import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from classroom.hub import SLOW, STUDENTS, TUTOR, Classroom, blocks, lacking, open_hub
from helpers.orphans import wait_until_gone

from medseg.units import notebook_name
from medseg_grader.course.notebooks import solution_notebook
from medseg_grader.course.units import load_unit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("classroom"),
    pytest.mark.skipif(bool(lacking()), reason=lacking()),
]
COURSE, UNIT, UNDONE = "unets-by-hand", "04_iou", "panoptic_quality"
ASKED = {"course_id": COURSE, "assignment_id": UNIT}
NOTEBOOK = f"{UNIT}/{notebook_name(UNIT)}"
ADA, BO = STUDENTS
RELEASE, GRADE = (
    text
    for text in blocks("")
    if f"nbgrader release_assignment {UNIT}" in text or "collect" in text
)


@pytest.fixture(scope="module")
def room():
    """A folder that others may enter, as pytest's own may not be."""
    base = Path(tempfile.mkdtemp(prefix="classroom-"))
    yield Classroom(base)
    shutil.rmtree(base)


@pytest.fixture(scope="module")
def lesson(room):
    """What has been said at each desk, from release to feedback; the hub is still open."""
    room.furnish(UNIT)
    with open_hub(room) as seat:
        desks = {name: seat(name) for name in (TUTOR, *STUDENTS)}
        in_the_clone(desks[TUTOR], RELEASE)
        validated, submitted, feedback = {}, {}, {}
        for name in STUDENTS:
            desk = desks[name]
            desk.post("assignments/fetch", **ASKED)
            desk.save(NOTEBOOK, solved(desk.read(NOTEBOOK), but=UNDONE if name == BO else None))
            validated[name] = desk.post("assignments/validate", SLOW, path=NOTEBOOK)
            submitted[name] = desk.post("assignments/submit", **ASKED)
        in_the_clone(desks[TUTOR], GRADE)
        for name in STUDENTS:
            listed = desks[name].post("assignments/fetch_feedback", **ASKED)["value"]
            (own,) = (entry for entry in listed if entry["status"] == "submitted")
            (times,) = own["submissions"]
            (page,) = times["notebooks"]
            feedback[name] = desks[name].read(page["local_feedback_path"])
        yield SimpleNamespace(
            desks=desks, validated=validated, submitted=submitted, feedback=feedback
        )


def in_the_clone(desk, commands):
    """Type a block of the guide into the tutor's terminal; each line must succeed."""
    activate = f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH"
    lines = commands.replace("source .venv/bin/activate", activate).splitlines()
    if not lines[0].startswith("cd"):
        lines = ["cd ~/unets-by-hand", activate, *lines]
    code, said = desk.terminal(" && ".join(lines), SLOW)
    assert code == 0, said
    print(said)


def solved(notebook, but=None):
    """The notebook with the course's own answers, but for one exercise."""
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in solution_notebook(load_unit(UNIT)).cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in answers and name != but:
            cell["source"] = answers[name]
    return notebook


def test_x(lesson):
    print(lesson.validated)
    print(lesson.submitted)
    for k, v in lesson.feedback.items():
        Path(f"/tmp/fb_{k}.html").write_text(v)
    t = lesson.desks[TUTOR]
    r = t.get("formgrader/api/submissions/" + UNIT)
    print(r.status_code, r.text[:3000])
