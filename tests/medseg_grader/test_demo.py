"""The demo's small class: five hands, two units, stock nbgrader, one table."""

import json
import os
from pathlib import Path

import nbformat
import pytest

from medseg.units import notebook_name
from medseg.units.labels import points
from medseg_grader import demo
from medseg_grader.course.units import load_unit

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)


def submitted(root, student, unit):
    return root / "grading/submitted" / student / unit / notebook_name(unit)


@pytest.mark.parametrize("unit", demo.UNITS)
def test_five_students_hand_in_and_only_the_broken_file_is_no_notebook(tmp_path, unit):
    students = demo.hand_in(tmp_path, unit)
    assert students == ["all_right", "untouched", "one_mistake", "half_done", "broken_file"]
    for student in students[:-1]:
        nbformat.validate(nbformat.read(submitted(tmp_path, student, unit), as_version=4))
    with pytest.raises(json.JSONDecodeError):
        json.loads(submitted(tmp_path, "broken_file", unit).read_text())


@pytest.mark.parametrize("unit", demo.UNITS)
def test_one_mistake_changes_one_solution_cell_and_half_done_leaves_half(tmp_path, unit):
    demo.hand_in(tmp_path, unit)
    exercises = list(load_unit(unit).exercises)
    answers = {}
    for student in ("all_right", "untouched", "one_mistake", "half_done"):
        cells = nbformat.read(submitted(tmp_path, student, unit), as_version=4).cells
        found = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source for c in cells}
        answers[student] = [found[name] for name in exercises]
    right, half, blank = (answers[name] for name in ("all_right", "half_done", "untouched"))
    same = [a == b for a, b in zip(right, answers["one_mistake"], strict=True)]
    assert same == [False] + [True] * (len(exercises) - 1)
    done = len(exercises) // 2
    assert half[:done] == right[:done]
    assert half[done:] == blank[done:]


def test_threads_are_limited_for_the_time_of_grading_only(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with demo.one_thread_each():
        assert os.environ["OMP_NUM_THREADS"] == os.environ["MKL_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


@pytest.mark.slow
def test_a_broken_notebook_stops_nobody_elses_grading(tmp_path, monkeypatch, capsys):
    unit = "04_iou"
    monkeypatch.setattr(demo, "UNITS", (unit,))
    (feedback,) = demo.grade_class(tmp_path)
    assert "broken_file, 04_iou: not graded, iou.ipynb is no readable" in capsys.readouterr().out
    total = sum(points(cell) for cell in load_unit(unit).graded_cells())
    scores = demo.unit_scores(tmp_path / unit, unit)
    assert scores.pop("broken_file") == "not graded"
    reached = {student: float(text.split(" of ")[0]) for student, text in scores.items()}
    assert reached["all_right"] == total
    assert reached["untouched"] == 0
    assert 0 < reached["one_mistake"] < total
    assert 0 < reached["half_done"] < total
    graded = {"all_right", "untouched", "one_mistake", "half_done"}
    assert {page.parents[1].name for page in feedback.rglob("*.html")} == graded
    assert "broken_file" in demo.gradebook_table(tmp_path)
