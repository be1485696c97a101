"""A table or a line that says something else than the cells is one sentence, and no release."""

import shutil

import pytest
from helpers.tiny_course import ROOT, UNIT, header, make_course

from medseg.errors import InputError
from medseg_grader.course.outline import disagreements, outlines
from medseg_grader.course.units import load_unit
from medseg_grader.release.build import release

TABLE = """# # Sums
#
# | exercise | points | minutes |
# | --- | --- | --- |
# | 1.1 `double` | 3 | 5 |
# | 1.2 `triple` | 1 + 4 for speed | 10 |
"""
DOUBLE = "**3 points · about 5 minutes · difficulty 1 of 3**"
TRIPLE = "**1 point, and 4 more for speed, see below · about 10 minutes · difficulty 3 of 3**"
SCRIPT = f"""# %% [markdown]
{TABLE}
# %% [markdown]
# {DOUBLE}

{header("double")} minutes=5 difficulty=1
def double(x):
    return 2 * x

{header("test_double", 1)}
assert double(2) == 4

{header("test_double_hidden", 2)}
assert double(3) == 6

# %% [markdown]
# {TRIPLE}

{header("triple")} minutes=10 difficulty=3
def triple(x):
    return 3 * x

{header("test_triple", 1)}
assert triple(2) == 6

{header("test_triple_speed", 4)}
assert triple(2) == 6
"""


@pytest.fixture
def unit_of(tmp_path, monkeypatch):
    """A function that gives the small unit with parts of its script replaced."""
    monkeypatch.chdir(tmp_path)

    def make(*edits, script=SCRIPT):
        for old, new in edits:
            assert script.count(old) == 1, old
            script = script.replace(old, new)
        shutil.rmtree("solutions", ignore_errors=True)
        make_course(tmp_path, script)
        return load_unit(UNIT)

    return make


def test_points_are_those_of_test_cells_and_the_rest_of_the_solution_cell(unit_of):
    double, triple = outlines(unit_of())
    assert (double.number, double.points, double.minutes, double.difficulty) == ("1.1", 3, 5, 1)
    assert (triple.number, triple.points, dict(triple.more)) == ("1.2", 1, {"speed": 4})


def test_a_text_that_agrees_is_silent(unit_of):
    assert disagreements(unit_of()) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "`double` | 3 | 5 |",
            "`double` | 2 | 5 |",
            "table of its exercises says '| 1.1 `double` | 2 | 5 |', "
            "expected '| 1.1 `double` | 3 | 5 |'",
        ),
        ("# | 1.1 `double` | 3 | 5 |\n", "", "lacks a row, expected '| 1.1 `double` | 3 | 5 |'"),
        (
            "# | 1.2 `triple`",
            "# | 1.3 `half` | 1 | 5 |\n# | 1.2 `triple`",
            "'| 1.3 `half` | 1 | 5 |', and there is no such exercise",
        ),
        (
            TABLE.split("\n", 2)[2],
            "\n".join([*TABLE.splitlines()[2:4], TABLE.splitlines()[5], TABLE.splitlines()[4], ""]),
            "not in the order of the exercises",
        ),
        ("| exercise | points |", "| task | points |", "there is no table of its exercises"),
        (
            DOUBLE,
            DOUBLE.replace("5 minutes", "15 minutes"),
            "the text before double says '**3 points · about 15 minutes · difficulty 1 of 3**', "
            f"expected '{DOUBLE}'",
        ),
        (DOUBLE, "Go.", f"the text before double has no line of points, expected '{DOUBLE}'"),
        (
            TRIPLE,
            "Go.",
            "the text before double says '**3 points · about 5 minutes · difficulty 1 of 3**', "
            "expected '**3 points each · about 5 minutes each · difficulty 1 of 3**'",
        ),
        (TRIPLE, TRIPLE.replace("4 more", "3 more"), f"expected '{TRIPLE}'"),
        (" minutes=5 ", " ", "the solution cell double says minutes=None, expected a whole number"),
        ("difficulty=3", "difficulty=4", "triple says difficulty=4, expected a whole number from"),
        ("minutes=10", "minutes=1.5", "triple says minutes=1.5, expected a whole number"),
    ],
)
def test_each_disagreement_is_a_sentence(unit_of, old, new, says):
    unit = unit_of((old, new))
    assert says in disagreements(unit)[0].says


def test_exercises_that_are_alike_may_share_a_line(unit_of):
    each = "**1 point each · about 5 minutes each · difficulty 1 of 3**"
    script = SCRIPT.replace(f"# %% [markdown]\n# {TRIPLE}\n\n", "")
    script = script.replace("minutes=10 difficulty=3", "minutes=5 difficulty=1")
    script = script.replace('"points": 2', '"points": 0').replace("test_triple_speed", "test_more")
    script = script[: script.index(header("test_more", 4))]
    script = script.replace("| 3 | 5 |", "| 1 | 5 |").replace("1 + 4 for speed | 10", "1 | 5")
    assert disagreements(unit_of((DOUBLE, each), script=script)) == []


def test_a_release_is_refused_before_anything_is_written(unit_of, tmp_path):
    unit_of((DOUBLE, "Go."))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=": the text before double has no line of points"):
        release([UNIT])
    made = [p for p in sorted(tmp_path.rglob("*")) if p not in before]
    assert [p for p in made if p.is_file()] == []


def test_minutes_and_difficulty_are_not_in_what_students_get():
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        assert '"difficulty":' not in path.read_text(encoding="utf-8")
