"""No attack gets at another student, the gradebook or the machine; those on its own tests that
work, as tests share a process with the answer, are expected failures with their reason."""

import pytest
from attacks.hostile_submissions import CASES, UNIT_SCRIPT, works
from helpers.graded_class import grade_cases
from helpers.sandboxes import needs_sandbox
from helpers.tiny_course import UNIT

from medseg_grader.records.results import notebook_path
from medseg_grader.sandbox.limits import Limits

LIMITS = Limits(cell_seconds=5, notebook_seconds=60, memory_mb=1024, processes=60, disk_mb=20)
pytestmark = [needs_sandbox, pytest.mark.slow, pytest.mark.xdist_group("attacks")]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("attacks")


@pytest.fixture(scope="module")
def graded(root):
    return grade_cases(root, CASES, LIMITS, UNIT_SCRIPT, ("right", "half"))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case.name,
            marks=[pytest.mark.xfail(strict=True, reason=works[case.name])]
            if case.name in works
            else [],
        )
        for case in CASES
    ],
)
def test_an_attack_gains_nothing(case, graded):
    graded.check(case)


def test_the_others_keep_their_points_and_the_run_goes_on_to_its_end(graded):
    graded.check_class()


def test_feedback_shows_neither_hidden_tests_nor_scripts(graded, root):
    for name in ("shows_hidden_tests", "script_in_an_output"):
        page = root / "grading/feedback" / graded.students[name] / UNIT / "sums.html"
        text = page.read_text(encoding="utf-8")
        assert "4711" not in text
        assert "<script>steal" not in text


def test_forged_outputs_are_gone_from_the_graded_notebook(graded, root):
    text = notebook_path(root, UNIT, graded.students["forged_outputs"]).read_text()
    assert "forged" not in text
