"""Units that the course no longer has leave nothing behind, and nobody's work goes with them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from medseg_grader.release.taking_out import take_out_others

ROOT = Path(__file__).parents[3]
GONE, STAYS = "05_focal_loss", "04_iou"
NOTEBOOK = Path("notebooks", GONE, "focal_loss.ipynb")
DATA = [Path("src/medseg/checks/hints", f"{GONE}.jsonl"), Path("src/medseg/units", f"{GONE}.jsonl")]


@pytest.fixture(autouse=True)
def course(tmp_path, monkeypatch):
    """What was released of two units, of which the course has one."""
    monkeypatch.chdir(tmp_path)
    for unit in (GONE, STAYS):
        shutil.copytree(ROOT / "notebooks" / unit, Path("notebooks", unit))
        for path in DATA:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path.parent / f"{unit}.jsonl", path.parent)
    Path("src/medseg/units/labels.py").touch()
    return tmp_path


def files():
    return {path for path in Path().rglob("*") if path.is_file()}


def take_out():
    (sentence,) = take_out_others([STAYS])
    return sentence


def test_a_unit_that_is_gone_leaves_nothing_behind():
    before = files()
    assert take_out() == f"{GONE} is no unit of the course any more: taken out."
    assert before - files() == {NOTEBOOK, *DATA}
    assert not NOTEBOOK.parent.exists()
    assert list(take_out_others([STAYS])) == []


def edited(notebook):
    notebook.cells[5].source += "\n# mine"


def with_a_cell_more(notebook):
    notebook.cells.append(nbformat.v4.new_code_cell("mine = 1"))


def run(notebook):
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.outputs = [nbformat.v4.new_output("stream", text="mine")]


@pytest.mark.parametrize("change", [edited, with_a_cell_more, run])
def test_a_notebook_in_which_somebody_has_worked_stays_and_is_named(change):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    change(notebook)
    nbformat.write(notebook, NOTEBOOK)
    before = files()
    assert take_out().endswith(f"except {NOTEBOOK}, which was changed since its release.")
    assert before - files() == set(DATA)


def test_a_damaged_notebook_stays():
    NOTEBOOK.write_text("{")
    assert "which was changed since its release" in take_out()
    assert NOTEBOOK.read_text() == "{"


def test_other_files_beside_the_notebook_stay_and_are_named():
    mine = [NOTEBOOK.with_name("mine.ipynb"), NOTEBOOK.with_name("results.csv")]
    for path in mine:
        path.touch()
    assert take_out().endswith(f"what else lies in {NOTEBOOK.parent}: mine.ipynb, results.csv.")
    assert all(path.exists() for path in mine)
    assert not NOTEBOOK.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few people make links")
def test_no_link_is_followed(tmp_path):
    shutil.move(NOTEBOOK.parent, tmp_path / "elsewhere")
    NOTEBOOK.parent.symlink_to(tmp_path / "elsewhere")
    assert "which is no folder" in take_out()
    assert (tmp_path / "elsewhere" / NOTEBOOK.name).is_file()


def test_a_unit_of_which_no_release_is_noted_down_is_left_alone():
    mine = Path("notebooks/09_mine/mine.ipynb")
    mine.parent.mkdir()
    mine.touch()
    take_out()
    assert mine.exists()


@pytest.mark.slow
def test_a_release_of_all_units_takes_out_the_others_and_a_release_of_one_does_not(course):
    shutil.copy(ROOT / "nbgrader_config.py", course)
    ignored = shutil.ignore_patterns("*.ipynb")
    shutil.copytree(ROOT / "solutions" / STAYS, course / "solutions" / STAYS, ignore=ignored)

    def release(*words):
        done = subprocess.run(
            [sys.executable, "-m", "medseg.cli", "release", *words],
            cwd=course,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert GONE not in release("--unit", "04")
    assert NOTEBOOK.exists()
    assert f"{GONE} is no unit of the course any more: taken out." in release()
    assert not [path for path in files() if GONE in str(path)]
