import nbformat
import pytest

import medseg
import medseg_lecture
from medseg.errors import InputError
from medseg_grader.course.units import script_of
from medseg_site import executed


def write(path, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_what_was_executed_is_known_by_its_content_and_by_what_draws_its_figures():
    one = executed.digest(b"a", medseg)
    assert one == executed.digest(b"a", medseg)
    assert len({one, executed.digest(b"b", medseg), executed.digest(b"a", medseg_lecture)}) == 3


def test_the_line_that_shortens_the_training_is_in_the_unit():
    assert executed.TRAINING[0] in script_of("07_prostate").read_text(encoding="utf-8")


@pytest.mark.slow
def test_tests_are_left_out_and_a_cell_that_fails_is_one_sentence(tmp_path):
    good = write(tmp_path / "good.ipynb", "print(6 * 7)", "raise ValueError('a test')")
    notebook = nbformat.read(good, as_version=4)
    notebook.cells[1].metadata["nbgrader"] = {"grade": True, "grade_id": "t", "solution": False}
    nbformat.write(notebook, good)
    cells = executed.executed(good).cells
    assert cells[0].outputs[0].text == "42\n"
    assert cells[1].outputs == []
    bad = write(tmp_path / "bad.ipynb", "1 / 0")
    with pytest.raises(InputError, match="fails: ZeroDivisionError"):
        executed.executed(bad)
