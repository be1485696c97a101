"""nbgrader's formgrader opens on a graded class, as an instructor would look at it."""

import shutil

import pytest
from browser.lab import jupyter_lab, shot
from playwright.sync_api import expect

from medseg.units import notebook_name
from medseg.units.labels import grade_id, points
from medseg_grader.course.stock_nbgrader import run, scratch_course
from medseg_grader.course.units import load_unit
from medseg_grader.grading.collect import collect
from medseg_grader.grading.run import grade_class
from medseg_grader.grading.workers import worker_pool
from medseg_grader.sandbox import bubblewrap
from medseg_grader.sandbox.limits import Limits
from medseg_grader.sandbox.policy import STRICT

UNIT = "04_iou"
STUDENT = "ada"
# nbgrader asks the network for MathJax to show a submission. Without one, formulas stay in TeX and
# the page's keyboard shortcuts are missing; scores, comments and buttons work.
MATHJAX = (r"https://[^ ]+/mathjax/", r"^uncaught: MathJax is not defined")
pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(scope="module", params=["nbgrader autograde", "medseg grade"])
def formgrader(request, chromium, tmp_path_factory):
    """JupyterLab in the root of a course in which one solved notebook is graded."""
    root = tmp_path_factory.mktemp("graded")
    shutil.copy("nbgrader_config.py", root)
    api = scratch_course(root, [UNIT])
    submitted = root / "grading/submitted" / STUDENT / UNIT
    submitted.mkdir(parents=True)
    shutil.copy(root / "solutions" / UNIT / notebook_name(UNIT), submitted)
    if request.param == "medseg grade":
        submissions = collect(root / "grading/submitted", [UNIT]).submissions
        with worker_pool(1) as workers:
            outcome = grade_class(submissions, workers, Limits(), root=root, policy=policy())
        assert (len(outcome.graded), outcome.code) == (1, 0)
    else:
        run(api, "autograde", UNIT, STUDENT, create=True)
        run(api, "generate_feedback", UNIT, STUDENT)
    with jupyter_lab(root, ".", tmp_path_factory.mktemp("instructor")) as server:
        yield server


def policy():
    """The sandbox where there is one; this is the course's own solution."""
    return None if bubblewrap.problem() else STRICT


def test_it_lists_the_assignment_and_opens_a_graded_notebook(formgrader, new_page, listener):
    listener.harmless += MATHJAX
    page = new_page()
    page.goto(f"{formgrader.url}formgrader?token={formgrader.token}")
    row = page.get_by_role("row").filter(has_text=UNIT)
    expect(row).to_contain_text(UNIT)
    shot(page, "formgrader-assignments")

    page.goto(f"{formgrader.url}formgrader/gradebook/{UNIT}/{UNIT.split('_')[1]}")
    total = sum(map(points, load_unit(UNIT).graded_cells()))
    row = page.get_by_role("row").filter(has_text="Submission #1")
    expect(row).to_contain_text(f"{total:g} / {total:g}")
    shot(page, "formgrader-notebooks")

    row.get_by_role("link").first.click()
    expect(page.locator("body")).to_contain_text("def confusion_matrix")
    for cell in load_unit(UNIT).graded_cells():
        score = page.locator(f"#{grade_id(cell)}")
        expect(score).to_have_attribute("placeholder", f"{points(cell):g}")
    shot(page, "formgrader-submission")
