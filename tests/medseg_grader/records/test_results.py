"""Results of grading, as files that report and gradebook read."""

import dataclasses

import pytest

from medseg_grader.records.results import (
    CellScore,
    Result,
    load_result,
    load_results,
    notebook_path,
    result_path,
    write_result,
)


def a_result(student="anna", unit="04_iou", **changes):
    cells = [
        CellScore("test_iou", "iou", 1.0, 1.0, 0.2),
        CellScore("test_iou_hidden", "iou", 0.5, 2.0, 0.1, "AssertionError: an absent class"),
    ]
    result = Result(student, unit, "f00", cells, findings=["A cell was moved."], seconds=1.5)
    return dataclasses.replace(result, **changes)


def test_json_gives_back_the_same_result():
    result = a_result(name="Anna Ødegård", number="1234", unanswered=["dice"])
    assert Result.from_json(result.to_json()) == result


def test_points_are_the_sum_over_the_cells():
    assert (a_result().points, a_result().max_points) == (1.5, 3.0)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"student": "anna"}', '{"cells": [{"x": 1}]}'])
def test_other_json_is_refused(text):
    with pytest.raises(ValueError, match=r"no grading result|Expecting value"):
        Result.from_json(text)


@pytest.mark.parametrize("student", ["anna", "o'neil [2]", "Ødegård, Åse", "a.b.json", "*"])
def test_what_was_written_is_found_again(tmp_path, student):
    write_result(tmp_path, a_result(student))
    assert load_result(tmp_path, "04_iou", student) == a_result(student)
    assert load_results(tmp_path) == [a_result(student)]


def test_results_come_by_unit_and_student(tmp_path):
    for unit in ("05_focal_loss", "04_iou"):
        for student in ("b", "a"):
            write_result(tmp_path, a_result(student, unit))
    found = [(r.unit, r.student) for r in load_results(tmp_path)]
    assert found == [(u, s) for u in ("04_iou", "05_focal_loss") for s in ("a", "b")]
    assert load_results(tmp_path, "04_iou") == [a_result("a"), a_result("b")]


def test_a_file_that_was_cut_off_counts_as_no_result(tmp_path):
    path = write_result(tmp_path, a_result())
    path.write_text(path.read_text()[:40])
    assert load_results(tmp_path) == []
    assert load_result(tmp_path, "04_iou", "anna") is None


def test_a_course_without_results_has_none(tmp_path):
    assert load_results(tmp_path) == []


def test_notebooks_lie_where_nbgrader_looks_for_them(tmp_path):
    path = notebook_path(tmp_path, "05_focal_loss", "anna")
    assert path == tmp_path / "grading/autograded/anna/05_focal_loss/focal_loss.ipynb"
    assert result_path(tmp_path, "05_focal_loss", "anna").name == "anna.json"
