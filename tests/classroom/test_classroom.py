"""docs/classroom.md, followed with a hub, a tutor and two students: a unit, there and back."""

import os
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from urllib.parse import parse_qs, urlencode

import pytest
from classroom.hub import ROOT, SLOW, STUDENTS, TUTOR, Classroom, blocks, lacking, link_to, open_hub
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
RELEASE, GRADE = (block for block in blocks("") if "nbgrader " in block and UNIT in block)
ACTIVATE = "".join(RELEASE.splitlines(keepends=True)[:2])
WORTH = {ADA: "12 of 12 points", BO: "9 of 12 points"}


@pytest.fixture(scope="module")
def new_room():
    """A function that makes a classroom in a folder that others may enter, as pytest's is not."""
    with ExitStack() as rooms:
        yield lambda: Classroom(Path(rooms.enter_context(TemporaryDirectory(prefix="classroom-"))))


@pytest.fixture(scope="module")
def lesson(new_room):
    """What has been said at each desk, from release to feedback; the hub is still open."""
    room = new_room()
    room.furnish(UNIT)
    with open_hub(room) as seat:
        desks = {name: seat(name) for name in (TUTOR, *STUDENTS)}
        in_the_clone(desks[TUTOR], RELEASE)
        validated, feedback = {}, {}
        for name in STUDENTS:
            desk = desks[name]
            desk.post("assignments/fetch", **ASKED)
            desk.save(NOTEBOOK, solved(desk.read(NOTEBOOK), but=UNDONE if name == BO else None))
            validated[name] = desk.post("assignments/validate", SLOW, path=NOTEBOOK)
            desk.post("assignments/submit", **ASKED)
        in_the_clone(desks[TUTOR], ACTIVATE + GRADE)
        for name in STUDENTS:
            listed = desks[name].post("assignments/fetch_feedback", **ASKED)["value"]
            (handed_in,) = (entry for entry in listed if entry["status"] == "submitted")
            page = handed_in["submissions"][0]["notebooks"][0]
            feedback[name] = desks[name].read(page["local_feedback_path"])
        yield SimpleNamespace(room=room, desks=desks, validated=validated, feedback=feedback)


def in_the_clone(desk, commands):
    """Type a block of the guide into a terminal; each line must succeed."""
    code, said = desk.terminal(" && ".join(commands.splitlines()), SLOW)
    assert code == 0, said


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


def test_validate_passes_a_whole_notebook_and_names_what_is_undone(lesson):
    assert lesson.validated[ADA] == {"success": True, "value": {}}
    failed = lesson.validated[BO]["value"]["failed"]
    assert [UNDONE in cell["source"] for cell in failed] == [True]


def test_each_student_reads_what_the_own_answers_are_worth(lesson):
    for name in STUDENTS:
        assert WORTH[name] in lesson.feedback[name]
        assert f"Handed in by {name}." in lesson.feedback[name]


def test_the_tutor_sees_the_class_in_formgrader(lesson):
    listed = lesson.desks[TUTOR].get(f"formgrader/api/submissions/{UNIT}").json()
    assert {row["student"]: row["score"] for row in listed} == {ADA: 12, BO: 9}


@pytest.mark.parametrize("owner", [ADA, TUTOR])
def test_a_student_enters_no_server_but_the_own(lesson, owner):
    assert lesson.desks[BO].get(f"api/contents/{NOTEBOOK}", owner).status_code == 403


def test_a_student_s_server_reads_no_home_but_the_own(lesson):
    bo = lesson.desks[BO]
    for name, folder in ((ADA, UNIT), (TUTOR, f"unets-by-hand/solutions/{UNIT}")):
        assert lesson.desks[name].terminal(f"ls ~/{folder}")[0] == 0
        code, said = bo.terminal(f"ls {lesson.room.home(name) / folder}")
        assert code != 0
        assert "Permission denied" in said


@pytest.mark.parametrize("shelf", ["inbound", "feedback"])
def test_a_student_cannot_list_what_others_handed_in_or_got_back(lesson, shelf):
    exchange = lesson.room.base / "srv/nbgrader/exchange" / COURSE / shelf
    assert len(list(exchange.iterdir())) == len(STUDENTS)
    code, said = lesson.desks[BO].terminal(f"ls {exchange}")
    assert code != 0
    assert "Permission denied" in said


def test_a_link_brings_a_repository_into_a_home(lesson):
    number, repository = lesson.room.users[ADA], lesson.room.base / "repository"
    shutil.copytree(ROOT / "notebooks" / UNIT, repository / "handed_out" / UNIT)
    for command in ("init --quiet --initial-branch main", "add .", "commit --quiet -m units"):
        git = ["git", "-c", "user.name=x", "-c", "user.email=x@x.example", *command.split()]
        subprocess.run(git, cwd=repository, check=True)
    for path in (repository, *repository.rglob("*")):
        os.chown(path, number, number)  # git takes nothing from a folder of somebody else's
    query = parse_qs(link_to("HUB").query)
    query["repo"] = [repository.as_uri()]
    said = lesson.desks[ADA].get(f"git-pull/api?{urlencode(query, doseq=True)}").text
    assert '"phase": "finished"' in said, said
    opened = query["urlpath"][0].removeprefix("lab/tree/")
    assert lesson.desks[ADA].read(opened)["cells"]


def test_a_hub_that_is_stopped_leaves_nothing_running(new_room, orphans):
    with open_hub(new_room()) as seat:
        seat(ADA).post("api/kernels", name="python3")
        assert len(orphans()) > 3
    wait_until_gone(orphans)
