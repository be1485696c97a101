"""A student's feedback keeps the sentence of an error and loses the hidden test."""

from nbformat.v4 import new_code_cell, new_output

from medseg_grader.nbgrader_plugins import HideHiddenTests

SOURCE = """assert visible
### BEGIN HIDDEN TESTS
secret = rng(4711)
assert f(secret) == 3, "f should be 3"
### END HIDDEN TESTS"""


def cleaned(source, *outputs):
    cell = new_code_cell(source, outputs=list(outputs))
    return HideHiddenTests().preprocess_cell(cell, {}, 0)[0]


def test_hidden_lines_are_cut_and_visible_ones_stay():
    cell = cleaned(SOURCE)
    assert "assert visible" in cell.source
    assert "secret" not in cell.source
    assert "4711" not in cell.source


def test_the_traceback_keeps_only_its_sentence():
    error = new_output(
        "error",
        ename="AssertionError",
        evalue="f should be 3",
        traceback=["\x1b[31m----> 4 assert f(secret) == 3\x1b[0m", "secret = rng(4711)"],
    )
    cell = cleaned(SOURCE, error)
    assert cell.outputs[0].traceback == ["AssertionError: f should be 3"]


def test_cells_without_hidden_tests_are_left_alone():
    error = new_output("error", ename="E", evalue="v", traceback=["a", "b"])
    cell = cleaned("assert visible", error)
    assert cell.source == "assert visible"
    assert cell.outputs[0].traceback == ["a", "b"]
