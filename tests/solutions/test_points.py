"""Points are written once, in the units' cells; their texts and the README say the same."""

import re
from pathlib import Path

import pytest

from medseg.units import notebook_name
from medseg.units.handed_out import handed_out
from medseg.units.labels import points
from medseg_grader.course.outline import disagreements, outlines
from medseg_grader.course.units import load_unit, unit_names

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| \[(\d\d) [^]]*\]\(notebooks/(\w+)/(\w+\.ipynb)\) \| .* \| (\d+) \|$", re.M)


def total(name):
    """The points of a unit, from its test cells."""
    return sum(points(cell) for cell in load_unit(name).graded_cells())


def test_the_readme_lists_all_units_with_their_notebooks_and_points():
    due = [(n[:2], n, notebook_name(n), f"{total(n):g}") for n in unit_names()]
    assert ROW.findall(README) == due


def test_the_points_of_the_course_sum_to_100():
    assert sum(map(total, unit_names())) == 100


@pytest.mark.parametrize("name", unit_names())
def test_table_and_lines_of_a_unit_agree_with_its_cells(name):
    assert disagreements(load_unit(name)) == []


@pytest.mark.parametrize("name", unit_names())
def test_what_was_handed_out_gives_the_points_of_the_outline(name):
    due = {o.exercise: o.points + sum(o.more.values()) for o in outlines(load_unit(name))}
    assert handed_out(name).points == due
