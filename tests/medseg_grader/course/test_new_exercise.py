"""A new exercise is sound before it is changed; what cannot be one is refused in a sentence."""

import argparse

import pytest
from helpers.tiny_course import copy_package, make_course, run_command

from medseg.errors import InputError
from medseg_grader.commands import add
from medseg_grader.course.new_exercise import new_exercise
from medseg_grader.course.outline import disagreements, outlines
from medseg_grader.course.units import load_unit, unit_names

TINY = "01_sums"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course with one small unit as the current folder."""
    monkeypatch.chdir(make_course(tmp_path))
    return tmp_path


def script_of(course, unit="09_my_unit"):
    return course / "solutions" / unit / f"{unit[3:]}.py"


def test_the_first_exercise_makes_its_unit(course):
    made = new_exercise("09_my_unit", "mean_step")
    assert (made.new_unit, made.points, made.outline.number) == (True, 2, "9.1")
    assert made.files == (
        script_of(course).relative_to(course),
        script_of(course).with_name("mistakes.py").relative_to(course),
    )
    assert unit_names() == [TINY, "09_my_unit"]
    unit = load_unit("09_my_unit")
    assert list(unit.exercises) == ["mean_step"]
    assert len(unit.exercises["mean_step"].mistakes) == 5
    assert len(unit.graded_cells("mean_step")) == 2
    assert disagreements(unit) == []
    assert unit.cells[-1].source.endswith('where_you_stand("09_my_unit", globals())')


def test_the_next_one_stands_at_the_end_of_the_unit_before_its_card(course):
    new_exercise("09_my_unit", "first")
    before = script_of(course).read_text()
    made = new_exercise("9", "Second")
    assert (made.unit, made.new_unit, made.points) == ("09_my_unit", False, 4)
    unit = load_unit("09_my_unit")
    assert [o.number for o in outlines(unit)] == ["9.1", "9.2"]
    assert list(unit.exercises) == ["first", "Second"]
    assert disagreements(unit) == []
    assert unit.cells[-1].source.endswith('where_you_stand("09_my_unit", globals())')
    assert unit.cells[-2].source.startswith("## Where you stand")
    text = script_of(course).read_text()
    assert [line for line in before.splitlines() if line not in text.splitlines()] == []


def test_what_a_script_does_not_import_is_imported(course):
    new_exercise("09_my_unit", "first")
    path = script_of(course)
    path.write_text(path.read_text().replace("import numpy as np\n", "", 1))
    new_exercise("09", "second")
    assert path.read_text().count("import numpy as np\n") == 1


@pytest.mark.parametrize(
    ("unit", "name", "says"),
    [
        ("10", "mine", "no unit called '10', and a new one has two digits .* there are: .*09_my"),
        ("10_Mine", "mine", "no unit called '10_Mine', and a new one has two digits"),
        ("../10_mine", "mine", "no unit called"),
        ("10_class", "mine", "no unit called '10_class'"),
        ("09_other", "mine", "would have the number or the name of 09_my_unit"),
        ("10_my_unit", "mine", "would have the number or the name of 09_my_unit"),
        ("11_half_made", "mine", "There is a folder .*11_half_made without mistakes.py"),
        ("09", "first", "09_my_unit has a cell called first already"),
        ("09", "test_this", "names that begin with test_ are of tests"),
        ("09", "values", "09_my_unit defines values already"),
        ("09", "np", "09_my_unit defines np already"),
        ("09", "sum", "'sum' can be no exercise"),
        ("09", "two words", "'two words' can be no exercise"),
        ("09", "lambda", "'lambda' can be no exercise"),
        ("09", "_hidden", "'_hidden' can be no exercise"),
        ("01", "halve", "sums.py has no table of its exercises to add a row to"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(course, unit, name, says):
    new_exercise("09_my_unit", "first")
    (course / "solutions/11_half_made").mkdir()
    before = {p: p.read_bytes() for p in course.rglob("*.py")}
    with pytest.raises(InputError, match=says):
        new_exercise(unit, name)
    assert {p: p.read_bytes() for p in course.rglob("*.py")} == before


def test_mistakes_that_are_not_written_out_are_refused(course):
    new_exercise("09_my_unit", "first")
    path = script_of(course).with_name("mistakes.py")
    text = path.read_text().replace("EXERCISES = [", "EXERCISES = [*[")
    path.write_text(f"{text.rstrip()}]\n")
    with pytest.raises(InputError, match="no list EXERCISES that is written out"):
        new_exercise("09", "second")


def test_the_command_says_what_else_to_edit(course, capsys):
    commands = argparse.ArgumentParser().add_subparsers()
    parsers = {}

    def command(name, run, text, log=None):
        parsers[name] = commands.add_parser(name)
        parsers[name].set_defaults(run=run)
        return parsers[name]

    add(command)
    for name, wanted in {
        "first": "wants a row for 09_my_unit",
        "more": "gives 4 points now",
    }.items():
        options = parsers["new-exercise"].parse_args(["09_my_unit", name])
        assert options.run(options) == 0
        told = capsys.readouterr().out
        assert wanted in told
        assert "medseg release --unit 09_my_unit && medseg verify --unit 09_my_unit" in told


@pytest.mark.slow
def test_new_exercises_are_sound_once_they_are_released(course):
    """In processes of their own, with a package that the release may write to."""
    copy_package(course)
    steps = [
        ["new-exercise", "09_my_unit", "first"],
        ["new-exercise", "09", "Second"],
        ["release", "--unit", "09"],
        ["verify", "--unit", "09"],
    ]
    for step in steps:
        code, said = run_command(course, step)
        assert code == 0, said
    assert "4 graded cells, 10 mistakes, 10 with their own hint" in said
    assert said.rstrip().endswith("0 faults")
