"""Mutants are small, differ, and those that tests or check look past are told of."""

import ast

import pytest

from medseg_grader.authoring import Equivalent
from medseg_grader.course.units import load_unit, unit_names
from medseg_grader.verify import thorough
from medseg_grader.verify.mutants import Mutant, mutants
from medseg_grader.verify.thorough import Judged, Survey, report


def changes(source):
    return [m.change.split("  ->  ")[1] for m in mutants("f", source)]


@pytest.mark.parametrize(
    ("line", "due"),
    [
        ("return x < 3", ["return x <= 3", "return x > 3", "return x < 4", "return x < 2"]),
        ("return a + b", ["return a - b", "return a", "return b"]),
        ("return a and b", ["return a or b", "return a", "return b"]),
        ("return not a", ["return a"]),
        ("return f(a, b)", ["return f(b, a)"]),
        ("return max(a, b)", []),
        ("return zip(a, strict=True)", []),
        ("return x.sum(dim=d)", ["return x.sum()", "return x", "return x.mean(dim=d)"]),
        ("return x[a:b]", ["return x[:b]", "return x[a:]"]),
        ("return np.float64", ["return np.float32"]),
        ("if a:\n        raise ValueError(f'{a + 1}')", ["pass"]),
        ("x += a", ["x -= a", "pass"]),
    ],
)
def test_changes_are_made_by_rule(line, due):
    found = changes(f"def f(a, b, d, x):\n    '''Text: 1 + 1.'''\n    {line}\n")
    assert set(due) <= set(found)
    if not due:
        assert found == []


def test_neither_messages_nor_docstrings_are_changed():
    source = "def f(a):\n    '''1 < 2'''\n    raise ValueError(f'{a + 1} and {a < 2}')\n"
    assert changes(source) == ["pass"]


@pytest.mark.parametrize("name", unit_names())
def test_mutants_of_a_unit_are_programs_that_differ(name):
    unit = load_unit(name)
    for exercise in list(unit.exercises)[:2]:
        source = unit.solution_cell(exercise).source
        made = mutants(exercise, source)
        texts = [m.source for m in made]
        assert len(set(texts)) == len(texts)
        assert ast.unparse(ast.parse(source)) not in texts
        for text in texts:
            ast.parse(text)


def test_an_equivalent_covers_its_change_or_all_that_begin_so():
    one, many = (Equivalent("f", change, "") for change in ("a = 1  ->  a = 2", "a = *"))
    assert one.covers("f", "a = 1  ->  a = 2")
    assert not one.covers("g", "a = 1  ->  a = 2")
    assert many.covers("f", "a = 1  ->  a = 3")
    assert not many.covers("f", "b = 1  ->  b = 3")


def test_the_report_names_what_is_to_be_mended():
    mutant = Mutant("f", "a < 1  ->  a <= 1", "")
    survey = Survey("01_u", made=20, refused=18, explained=1, survivors=[mutant], stale=["f: x"])
    text = report([survey])
    assert "94.7%" in text
    assert "01_u.f keeps all points: a < 1  ->  a <= 1" in text
    assert "equivalents.py, no longer true: f: x" in text
    assert not survey.sound


def test_a_mutant_that_tests_refuse_and_one_that_they_look_past():
    unit = load_unit("04_iou")
    made = mutants("dice_from_iou", unit.solution_cell("dice_from_iou").source)
    judged = [thorough.judge(unit, mutant) for mutant in made]
    assert judged
    assert all(one == Judged(one.mutant, refused=True, praised=False) for one in judged)
    same = Mutant("dice_from_iou", "", "def dice_from_iou(iou):\n    return iou * 2 / (iou + 1)")
    assert thorough.judge(unit, same) == Judged(same, refused=False, praised=False)
    broken = Mutant("dice_from_iou", "", "def dice_from_iou(iou):\n    return (")
    assert thorough.judge(unit, broken).refused
