"""Whatever goes wrong with one submission costs its own points, is told, and stops nobody."""

import pytest
from faults import faulty_code, faulty_files
from helpers.graded_class import grade_cases
from helpers.sandboxes import needs_sandbox

from medseg_grader.sandbox.limits import Limits

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
    return grade_cases(tmp_path_factory.mktemp("faults"), CASES, LIMITS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_costs_what_it_broke_and_no_more(case, graded):
    graded.check(case)


def test_the_others_keep_their_points_and_the_run_goes_on_to_its_end(graded):
    graded.check_class()
