"""One notebook is run cell by cell; what breaks costs its own cells only."""

import pytest
from helpers.sandboxes import needs_sandbox, notebook, run, text_of

from medseg.notebook.definitions import definitions_only
from medseg_grader.grading.execute import execute
from medseg_grader.sandbox.limits import Limits

pytestmark = needs_sandbox


def errors(result):
    return [cell.error for cell in result.cells]


def test_cells_run_in_order_and_keep_their_outputs():
    made, result = run("x = 2\nprint('hello')", "x + 1")
    assert [cell.ran for cell in result.cells] == [True, True]
    assert errors(result) == ["", ""]
    assert text_of(made.cells[0]) == "hello\n"
    assert made.cells[1].outputs[0].data["text/plain"] == "3"
    assert result.findings == []


def test_the_most_memory_is_that_of_the_students_code_however_short_the_run():
    _, result = run("kept = bytearray(200 * 2**20)")
    assert 190 < result.peak_memory_mb < 400


def test_an_exception_is_the_cells_own_error_and_stops_nothing():
    _, result = run("1 / 0", "'after'")
    assert errors(result) == ["ZeroDivisionError: division by zero", ""]
    assert result.cells[0].ran


def test_each_verdict_is_told_as_it_comes():
    told = []
    run("1", "1 / 0", on_cell=lambda index, cell: told.append((index, cell.ran, cell.error)))
    assert told == [(0, True, ""), (1, True, "ZeroDivisionError: division by zero")]


@pytest.mark.parametrize(
    ("deadly", "reason"),
    [
        ("import os; os._exit(3)", "it ended itself with exit status 3"),
        ("import ctypes; ctypes.string_at(0)", "segmentation fault"),
        pytest.param("import os; os.abort()", "it was aborted", marks=pytest.mark.slow),
        pytest.param(
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
            "it was killed",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_dead_kernel_costs_only_its_own_cell(deadly, reason):
    made, result = run(
        "import math",
        "# solution\ndef right(): return math.floor(2.5)",
        f"# solution\ndef wrong():\n    {deadly}",
        "# test\nassert right() == 2",
        "# test\nwrong()",
        "# test\nassert right() == 2\nprint('still here')",
    )
    assert [cell.ran for cell in result.cells] == [True, True, True, True, False, True]
    assert reason in result.cells[4].error
    assert "The kernel died in this cell" in result.cells[4].error
    assert result.cells[5].error == ""
    assert made.cells[4].outputs[-1].output_type == "error"
    assert text_of(made.cells[5]) == "still here\n"


def test_exit_ends_no_kernel():
    _, result = run("x = 1\nexit()", "import time; time.sleep(0.5)", "assert x == 1")
    assert errors(result) == ["", "", ""]


def test_what_came_before_a_death_is_kept():
    made, _ = run("print('before', flush=True)\nimport os, time; time.sleep(0.5); os._exit(1)")
    assert text_of(made.cells[0]) == "before\n"


def test_a_deadly_solution_cell_is_not_run_again():
    _, result = run(
        "a = 1", "# solution\nimport os; os._exit(1)", "# test\nassert a == 1", "# test\na"
    )
    assert [cell.ran for cell in result.cells] == [True, False, True, True]


def test_calculations_are_not_repeated_in_the_new_kernel():
    made, _ = run(
        "runs = []\nruns.append(1)",
        "import os; os._exit(1)",
        "print(len(runs))",
    )
    assert text_of(made.cells[2]) == "0\n"


def test_kernels_are_replaced_a_bounded_number_of_times():
    _, result = run(*["import os; os._exit(1)"] * 4, restarts=1)
    assert [cell.ran for cell in result.cells] == [False] * 4
    assert "The kernel died" in result.cells[1].error
    expected = "This cell did not run, because the kernel had died 2 times before."
    assert errors(result)[2:] == [expected, expected]


def test_a_cell_over_its_time_is_interrupted_and_the_kernel_goes_on():
    _, result = run("x = 1", "while True: pass", "assert x == 1", cell_seconds=1)
    assert errors(result) == ["", "This cell ran longer than 1 s.", ""]
    assert [cell.ran for cell in result.cells] == [True, False, True]


@pytest.mark.slow
def test_a_loop_that_ignores_the_interrupt_is_killed():
    deaf = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    _, result = run("x = 1", deaf, "assert x == 1", cell_seconds=1)
    assert "did not stop when it was interrupted" in result.cells[1].error
    assert [cell.ran for cell in result.cells] == [True, False, True]


def test_the_whole_notebook_has_a_time_too():
    _, result = run("import time; time.sleep(5)", "1", notebook_seconds=1)
    assert errors(result) == [
        "The whole notebook ran longer than 1 s.",
        "This cell did not run, because the whole notebook ran longer than 1 s.",
    ]


def test_a_notebook_in_a_plain_kernel_gives_the_same():
    made = notebook("x = 2", "import os; os._exit(3)", "x")
    result = execute(made, Limits(), policy=None)
    assert [cell.ran for cell in result.cells] == [True, False, True]
    assert text_of(made.cells[2]) == "2"


def test_definitions_are_kept_and_calculations_left_out():
    source = "import math\nx = 3\ny = math.sqrt(x)\ndef f(): return y\nf()"
    assert definitions_only(source) == "import math\nx = 3\ndef f():\n    return y"
    assert definitions_only("def f(:") == ""


def test_a_limit_must_be_a_positive_number():
    with pytest.raises(ValueError, match="memory_mb is 0, expected a number from 1 on"):
        Limits(memory_mb=0)
    with pytest.raises(ValueError, match="cell_seconds is 'long'"):
        Limits(cell_seconds="long")
