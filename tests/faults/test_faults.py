"""Whatever goes wrong with one submission costs its own points, is told, and stops nobody."""

import faulty_code
import faulty_files
import pytest
from graded_class import grade_class
from sandboxes import needs_sandbox

from medseg_grader.limits import Limits

LIMITS = Limits(
    cell_seconds=5,
    notebook_seconds=60,
    memory_mb=1024,
    processes=60,
    file_mb=10,
    disk_mb=20,
    output_mb=1,
)
CASES = [*faulty_code.CASES, *faulty_files.CASES]
pytestmark = [needs_sandbox, pytest.mark.slow, pytest.mark.xdist_group("faults")]


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    return grade_class(tmp_path_factory.mktemp("faults"), CASES, LIMITS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_costs_what_it_broke_and_no_more(case, graded):
    graded.check(case)


def test_honest_students_in_between_keep_their_points(graded):
    given = {s: tuple(cell.points for cell in graded.results[s].cells) for s in graded.honest}
    assert given == graded.honest
    assert not [s for s in graded.honest if graded.results[s].findings]


def test_the_run_goes_on_to_its_end_and_reports(graded):
    assert (graded.outcome.failures, graded.outcome.complaint) == ([], "")
    assert (graded.outcome.unrecorded, graded.outcome.code) == ([], 0)
    assert graded.trouble == ""
