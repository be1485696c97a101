"""`medseg submit-check`: an honest notebook passes, and each fault is named with its remedy."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output

from medseg import cli
from medseg.notebook import submit_check
from medseg.notebook.faults import COSTS, LOOK, STOPS, find
from medseg.units.handed_out import handed_out
from medseg_grader.course.units import SOLUTION, load_unit, unit_names

ROOT = Path(__file__).parents[3]
UNIT, NAME = "04_iou", "iou.ipynb"


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)


def solved(unit):
    """The released notebook with the solutions written in and run once from the top."""
    (path,) = (ROOT / "notebooks" / unit).glob("*.ipynb")
    notebook = nbformat.read(path, as_version=4)
    answers = {
        cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in load_unit(unit).cells
    }
    count = 0
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = answers[cell.metadata.nbgrader.grade_id].source
            assert SOLUTION.search(cell.source)
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
    return notebook


@pytest.fixture
def notebook():
    return solved(UNIT)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / UNIT).mkdir()
    return tmp_path / UNIT


def cell_of(notebook, grade_id):
    return next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def place_of(notebook, grade_id):
    return notebook.cells.index(cell_of(notebook, grade_id))


def only(notebook, what, level=STOPS):
    """The notebook has one finding, which says `what` and how to mend it."""
    (fault,) = find(notebook, handed_out(UNIT))
    assert what in f"{fault.where} {fault.what}"
    assert fault.mend
    assert fault.level == level
    return fault


@pytest.mark.parametrize("unit", unit_names())
def test_an_honest_solved_notebook_has_no_findings(unit):
    assert find(solved(unit), handed_out(unit)) == []


@pytest.mark.parametrize("unit", unit_names())
def test_an_untouched_notebook_has_its_stubs_named_and_nothing_else(unit):
    (path,) = (ROOT / "notebooks" / unit).glob("*.ipynb")
    stubs = [fault for fault in submit_check.examine(unit, path) if fault.level == COSTS]
    assert len(stubs) == len(load_unit(unit).exercises)
    assert all("raise NotImplementedError(…)" in fault.what for fault in stubs)


@pytest.mark.parametrize("grade_id", ["mean_iou", "test_mean_iou"])
def test_a_deleted_cell(notebook, grade_id):
    del notebook.cells[place_of(notebook, grade_id)]
    faults = find(notebook, handed_out(UNIT))
    assert (faults[0].what, grade_id in faults[0].where) == ("was deleted", True)


def test_a_duplicated_cell(notebook):
    place = place_of(notebook, "mean_iou")
    notebook.cells.insert(place, nbformat.from_dict(notebook.cells[place]))
    assert "delete the other" in only(notebook, "and grading takes that one only").mend


@pytest.mark.parametrize("grade_id", ["panoptic_quality", "test_mean_iou"])
def test_a_retyped_cell(notebook, grade_id):
    cell = cell_of(notebook, grade_id)
    cell.cell_type = "markdown"
    faults = find(notebook, handed_out(UNIT))
    assert faults[0].what == "was turned from code into markdown"


@pytest.mark.parametrize("key", ["deletable", "editable"])
def test_what_jupyterlab_says_of_a_cell_does_not_matter(notebook, key):
    del cell_of(notebook, "test_mean_iou").metadata[key]
    assert find(notebook, handed_out(UNIT)) == []


def test_a_blank_line_on_top_of_a_test_does_not_matter(notebook):
    cell = cell_of(notebook, "test_mean_iou")
    cell.source = "\n" + cell.source.replace("\n", "\r\n")
    assert find(notebook, handed_out(UNIT)) == []


def test_a_cell_whose_lock_was_switched_off(notebook):
    cell_of(notebook, "test_mean_iou").metadata.nbgrader.locked = False
    only(notebook, "locked is False in place of True")


@pytest.mark.parametrize(
    ("key", "value"), [("points", 7), ("schema_version", 1), ("grade", False), ("solution", True)]
)
def test_altered_metadata(notebook, key, value):
    cell_of(notebook, "test_mean_iou").metadata.nbgrader[key] = value
    only(notebook, f"{key} is {value} in place of")


def test_a_lost_entry_of_the_metadata(notebook):
    del cell_of(notebook, "test_mean_iou").metadata.nbgrader["points"]
    only(notebook, "points is missing in place of 1")


@pytest.mark.parametrize("keep_id", [True, False])
def test_lost_metadata(notebook, keep_id):
    cell = cell_of(notebook, "mean_iou")
    cell.metadata.clear()
    cell.id = cell.id if keep_id else "copied"
    only(notebook, "has lost its grading label")


def test_a_cell_with_the_label_of_another_unit(notebook):
    cell = new_code_cell(
        "x = 1", metadata={"nbgrader": {"grade_id": "softmax"}}, execution_count=99
    )
    notebook.cells.append(cell)
    only(notebook, "a grading label that this unit does not have")


def test_a_moved_cell(notebook):
    cell = notebook.cells.pop(place_of(notebook, "test_mean_iou_hidden"))
    cell.execution_count = 0
    notebook.cells.insert(place_of(notebook, "test_mean_iou"), cell)
    only(notebook, "was moved")


def test_an_edited_test_cell(notebook):
    cell_of(notebook, "test_mean_iou").source = "assert True"
    only(notebook, "its text was changed")


def test_space_at_the_end_of_a_test_cell_is_no_edit(notebook):
    cell_of(notebook, "test_mean_iou").source += "\n"
    assert find(notebook, handed_out(UNIT)) == []


def test_an_answer_that_is_no_python(notebook):
    cell_of(notebook, "panoptic_quality").source = "def panoptic_quality(a, b)\n    return a"
    faults = find(notebook, handed_out(UNIT))
    assert "is no Python: expected ':' in line 1" in faults[0].what


def test_a_slip_in_an_answer_is_one_finding_also_where_others_call_it(notebook, folder):
    cell_of(notebook, "confusion_matrix").source += "\n    return ("
    notebook.cells.append(new_code_cell("def mine():\n    return confusion_matrix\n\n\nmine()"))
    nbformat.write(notebook, folder / NAME)
    (fault,) = submit_check.examine(UNIT, folder / NAME, run=True)
    assert "is no Python" in fault.what


def test_an_answer_under_another_name(notebook):
    cell_of(notebook, "iou_from_dice").source = "def iou_from_dice2(dice):\n    return dice"
    faults = find(notebook, handed_out(UNIT))
    assert faults[0].what == "defines no iou_from_dice"


def test_a_stub_that_was_left(notebook):
    cell = cell_of(notebook, "mean_iou")
    cell.source = "def mean_iou(confusion):\n    raise NotImplementedError()"
    only(notebook, "still holds `raise NotImplementedError(…)`", COSTS)


def extra(notebook, source, before="mean_iou"):
    notebook.cells.insert(place_of(notebook, before), new_code_cell(source))


def test_a_name_that_is_defined_further_down(notebook):
    extra(notebook, "print(EPSILON)")
    extra(notebook, "EPSILON = 1e-6", before="test_panoptic_quality")
    only(notebook, "uses EPSILON, which only cell", COSTS)


def test_a_name_that_a_function_needs_when_it_is_called(notebook):
    cell = cell_of(notebook, "mean_iou")
    cell.source = "def mean_iou(confusion):\n    return helper(iou_per_class(confusion))"
    fault = only(
        notebook, "calls mean_iou, which uses helper, which no cell defines any more", COSTS
    )
    assert fault.mend.startswith("write the cell that defines helper again")


def test_a_helper_between_the_cells_and_a_magic_are_welcome(notebook):
    extra(notebook, "%matplotlib inline\nhelper = lambda x: x\n!ls\n[k for k in range(3)]")
    cell = cell_of(notebook, "mean_iou")
    cell.source = "def mean_iou(confusion):\n    return helper(iou_per_class(confusion))"
    assert find(notebook, handed_out(UNIT)) == []


def test_cells_run_out_of_order(notebook):
    cell_of(notebook, "mean_iou").execution_count = 999
    only(notebook, "was run before a cell that stands above it", LOOK)


def test_a_notebook_without_results(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = None
    only(notebook, "was not run, or not saved since", LOOK)


@pytest.mark.parametrize("path", ["/home/me/scans/a.nii", "~/scans", "C:\\scans\\a.nii"])
def test_a_place_on_ones_own_machine(notebook, path):
    extra(notebook, f"DATA = {path!r}")
    only(notebook, f"names a place on your own machine, {path}", COSTS)


@pytest.mark.parametrize(
    "source",
    ["np.load('mine.npy')", "open('mine.txt').read()", "with open('m.csv', 'r') as f: pass"],
)
def test_a_file_that_is_not_there_when_it_is_graded(notebook, source):
    extra(notebook, source)
    only(notebook, "a file that is not part of the course", COSTS)


def test_a_file_that_the_notebook_writes_itself_is_fine(notebook):
    extra(notebook, "np.save('mine.npy', np.zeros(3))\nnp.load('mine.npy')")
    assert find(notebook, handed_out(UNIT)) == []


def test_results_that_are_too_large(notebook):
    output = new_output("stream", name="stdout", text="x" * 6_000_000)
    cell_of(notebook, "mean_iou").outputs = [output]
    only(notebook, "has 6 MB of results", LOOK)


def test_a_test_that_failed_when_it_was_last_run(notebook):
    error = new_output("error", ename="AssertionError", evalue="no", traceback=[])
    cell_of(notebook, "test_mean_iou").outputs = [error]
    only(notebook, "is a test that failed", LOOK)


@pytest.mark.parametrize("name", ["iou (1).ipynb", "iou-Copy1.ipynb", "IOU.ipynb", "mine.ipynb"])
def test_a_renamed_notebook(notebook, folder, name):
    nbformat.write(notebook, folder / name)
    ((unit, path),) = submit_check.notebooks(folder.parent)
    (fault,) = submit_check.examine(unit, path)
    assert (unit, fault.what) == (UNIT, f"is called {name}, but grading looks for {NAME}")


def test_a_copy_beside_the_notebook_is_worth_a_look(notebook, folder):
    for name in (NAME, "iou-Copy1.ipynb"):
        nbformat.write(notebook, folder / name)
    ((unit, path),) = submit_check.notebooks(folder)
    (fault,) = submit_check.examine(unit, path)
    assert "also holds iou-Copy1.ipynb, which is not graded" in fault.what
    assert fault.level == LOOK


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is empty"),
        ('{"cells": [', "is no notebook"),
        ("[1, 2]", "is no notebook"),
        ('{"nbformat": 4, "nbformat_minor": 5}', "its cells are no list"),
    ],
)
def test_a_file_that_is_no_good_notebook(folder, text, what):
    (folder / NAME).write_text(text)
    (fault,) = submit_check.examine(UNIT, folder / NAME)
    assert what in fault.what
    assert fault.mend


def test_an_old_format_is_told_beside_what_is_missing(folder):
    (folder / NAME).write_text(
        '{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}'
    )
    faults = submit_check.examine(UNIT, folder / NAME)
    assert faults[0].what == "is in the old notebook format 3"


def test_an_emptied_answer_is_not_answered(notebook):
    cell_of(notebook, "mean_iou").source = " \n"
    assert find(notebook, handed_out(UNIT))[0].what == "is empty"


def test_a_kernel_for_another_language(notebook, folder):
    notebook.metadata.kernelspec.language = "R"
    nbformat.write(notebook, folder / NAME)
    (fault,) = submit_check.examine(UNIT, folder / NAME)
    assert fault.what == "is set to a kernel for R"


def test_the_command_says_what_to_do_and_ends_with_1(folder, capsys):
    shutil.copy(ROOT / "notebooks" / UNIT / NAME, folder)
    assert cli.main(["submit-check", str(folder.parent)]) == 1
    out = capsys.readouterr().out
    assert out.count("points  cell") == 6
    assert "ready to hand in, but 6 that cost points, or may" in out


def test_the_command_ends_with_0_for_a_notebook_that_is_ready(notebook, folder, capsys):
    nbformat.write(notebook, folder / NAME)
    assert cli.main(["submit-check", str(folder / NAME)]) == 0
    assert "ready to hand in" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["nothing_here", "an_empty_folder", "other.ipynb"])
def test_nothing_to_look_at_is_one_sentence_and_code_2(what, tmp_path, capsys):
    (tmp_path / "an_empty_folder").mkdir()
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "other.ipynb")
    assert cli.main(["submit-check", str(tmp_path / what)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_the_command_runs_the_notebook_only_when_asked(notebook, folder, capsys):
    notebook.cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    nbformat.write(notebook, folder / NAME)
    for extra, times in ([], 0), (["--run"], 1):
        assert cli.main(["submit-check", str(folder / NAME), *extra]) == 1
        assert capsys.readouterr().out.count("stops a run from the top: NameError") == times


@pytest.mark.slow
def test_running_from_the_top_finds_what_reading_does_not(notebook, folder):
    notebook.cells = notebook.cells[:3]
    notebook.cells.append(new_code_cell("import os\nassert os.environ['NBGRADER_EXECUTION']"))
    notebook.cells.append(new_code_cell("{}['gone']"))
    before = json.dumps(notebook)
    (fault,) = submit_check.run_from_the_top(notebook, folder)
    assert fault.where == "cell 5"
    assert fault.what == "stops a run from the top: KeyError: 'gone'"
    assert json.dumps(notebook) == before


@pytest.mark.slow
@pytest.mark.parametrize("answer", ["return iou * 0", "raise RuntimeError('No.')"])
def test_a_failed_test_is_laid_at_the_exercises_door(answer, notebook, folder, capsys):
    cell = cell_of(notebook, "dice_from_iou")
    cell.source = f"def dice_from_iou(iou):\n    {answer}"
    test = cell_of(notebook, "test_dice_from_iou")
    notebook.cells = [*notebook.cells[:3], cell, test]
    (fault,) = submit_check.run_from_the_top(notebook, folder)
    assert fault.where == "cell 4 (dice_from_iou)"
    assert fault.what.startswith("stops a run from the top in cell 5 (test_dice_from_iou): ")
    assert not fault.what.endswith(".")
