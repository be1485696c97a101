"""The demo's small class: five hands, two units, one report."""

import json
from pathlib import Path

import nbformat
import pytest
from helpers.sandboxes import needs_sandbox

from medseg.units import notebook_name
from medseg.units.labels import points
from medseg_grader import demo
from medseg_grader.course.units import load_unit
from medseg_grader.report.write import FEEDBACK
from medseg_grader.sandbox import bubblewrap

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)


def submitted(root, student, unit):
    return root / student / unit / notebook_name(unit)


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


@pytest.mark.slow
@pytest.mark.parametrize(
    "problem", [pytest.param("", marks=needs_sandbox), "There is no bubblewrap here: install it."]
)
def test_the_class_is_graded_with_a_sandbox_or_without_and_reported(
    problem, tmp_path, monkeypatch, capsys
):
    unit = "04_iou"
    monkeypatch.setattr(demo, "UNITS", (unit,))
    monkeypatch.setattr(bubblewrap, "problem", lambda: problem)
    results, report = demo.grade(tmp_path)
    said = capsys.readouterr().out
    assert ("Graded without a sandbox: There is no bubblewrap here." in said) == bool(problem)
    assert "5 graded" in said
    total = sum(points(cell) for cell in load_unit(unit).graded_cells())
    reached = {result.student: result.points for result in results}
    assert reached["all_right"] == total
    assert reached["untouched"] == reached["broken_file"] == 0
    assert 0 < reached["one_mistake"] < total
    assert 0 < reached["half_done"] < total
    findings = {result.student: result.findings for result in results if result.findings}
    assert list(findings) == ["broken_file"]
    assert "The file is no notebook" in findings["broken_file"][0]
    assert report.is_file()
    pages = (tmp_path / FEEDBACK).rglob("*.html")
    assert sorted(page.parents[1].name for page in pages) == sorted(reached)
    table = demo.points_table(results).splitlines()
    assert [line.split()[0] for line in table] == ["student", *sorted(reached)]
    assert table[1].split()[1:] == [f"{total:g}", "of", f"{total:g}"]
