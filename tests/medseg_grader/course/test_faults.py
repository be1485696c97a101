"""What is wrong with a unit as it is written is told by its line, its cell, and what to do."""

import re
import shutil
from pathlib import Path

import pytest
from helpers.tiny_course import ROOT, UNIT, header, make_course

from medseg.cli import main
from medseg.errors import InputError
from medseg_grader.course.faults import FEWEST_MISTAKES, faults_of, refuse_faulty
from medseg_grader.course.isolation import bare_calls
from medseg_grader.course.units import find_unit, unit_names
from medseg_grader.release.build import release
from medseg_grader.verify.soundness import table, verify

DOUBLE, TEST, HIDDEN = header("double"), header("test_double", 1), header("test_double_hidden", 2)
SCRIPT = f"""# %% [markdown]
# # Sums
#
# | exercise | points | minutes |
# | --- | --- | --- |
# | 1.1 `double` | 3 | 5 |

# %%
import math

from medseg import check, probes, where_you_stand

# %%
picture = [math.pi] * 3
frame = sum(picture)
SIZE = 3


def half(x):
    return x / 2


# %% [markdown]
# **3 points · about 5 minutes · difficulty 1 of 3**


{DOUBLE} minutes=5 difficulty=1
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


# %%
check("01_sums.double", double)

{TEST}
assert probes.call(double, SIZE) == 6, "3 doubled is 6"

{HIDDEN}
# Other numbers.
### BEGIN HIDDEN TESTS
assert half(probes.call(double, math.pi)) == math.pi
### END HIDDEN TESTS

# %%
where_you_stand("01_sums", globals())
"""
MISTAKES = """from medseg_grader.authoring import Call, Exercise, Mistake

EXERCISES = [
    Exercise(
        "double",
        [Call(1)],
        ["hint"],
        [
            Mistake("plus", "Twice.", {"2 * x": "2 + x"}),
            Mistake("minus", "Twice, too.", {"2 * x": "2 - x"}),
            Mistake("square", "Twice!", {"2 * x": "x * x"}),
            Mistake("triple", "Only twice.", {"2 * x": "3 * x"}),
            Mistake("lost", "Say twice.", {"2 * x": "x"}),
        ],
    ),
]
"""


@pytest.fixture
def faults(tmp_path, monkeypatch):
    """A function that gives the faults of the small unit with parts of its files replaced."""
    monkeypatch.chdir(tmp_path)

    def make(*edits, mistakes=()):
        return faults_of(written(tmp_path, edits, mistakes))

    return make


def written(root, edits, mistakes=()):
    """Write the small unit with parts of its files replaced; its name."""
    texts = [SCRIPT, MISTAKES]
    for number, changes in enumerate((edits, mistakes)):
        for old, new in changes:
            assert texts[number].count(old) == 1, old
            texts[number] = texts[number].replace(old, new)
    shutil.rmtree(root / "solutions", ignore_errors=True)
    folder = make_course(root, texts[0]) / "solutions" / UNIT
    (folder / "mistakes.py").write_text(texts[1])
    return UNIT


def at(part, text=SCRIPT):
    """The number of the line on which a part of the script begins."""
    assert text.count(part) == 1, part
    return text[: text.index(part)].count("\n") + 1


STORY = at("# %%\npicture")


@pytest.mark.parametrize("name", unit_names())
def test_no_unit_of_the_course_has_a_fault(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert faults_of(name) == []


def test_the_small_unit_has_none(faults):
    assert faults() == []


@pytest.mark.parametrize(
    "edits",
    [
        [(HIDDEN, HIDDEN + "   ")],
        [("\n", "\r\n")],
        [(HIDDEN, HIDDEN.replace("true", "True").replace("false", "False"))],
        [(HIDDEN, HIDDEN.replace("# %% ", "#%% "))],
        [(HIDDEN, HIDDEN + ' tags=["slow"]')],
        [("### BEGIN HIDDEN TESTS", "### BEGIN HIDDEN TESTS  ")],
        [("### END SOLUTION", "### END SOLUTION  ")],
        [("import math\n", "import math\n%matplotlib inline\n")],
    ],
    ids=["blanks", "windows", "python", "close", "tags", "marker", "end marker", "magic"],
)
def test_what_is_read_all_the_same_is_no_fault(tmp_path, monkeypatch, edits):
    monkeypatch.chdir(tmp_path)
    if edits == [("\n", "\r\n")]:
        script = Path("solutions", written(tmp_path, ()), "sums.py")
        script.write_bytes(script.read_bytes().replace(b"\n", b"\r\n"))
    else:
        written(tmp_path, edits)
    assert faults_of(UNIT) == []


NOT_READ = "its metadata is not read: "
HEADERS = {
    "single quotes": (HIDDEN.replace('"', "'"), "JSON has straight double quotes"),
    "typographic quotes": (HIDDEN.replace('"points"', "“points”"), "straight double quotes"),
    "True": (HIDDEN.replace("true", "True", 1), "JSON writes true and false in small letters"),
    "no comma": (HIDDEN.replace(", ", " ", 1), "expecting ',' delimiter"),
    "one comma more": (HIDDEN.replace("}", ",}"), "it is no JSON at column"),
    "no brace": (HIDDEN.replace("}", ""), "expecting ',' delimiter"),
    "comma behind": (HIDDEN + ", minutes=3", "behind nbgrader={…} stands ', minutes=3'"),
    "colon behind": (HIDDEN + " minutes:3", "behind nbgrader={…} stands 'minutes:3'"),
    "before": (HIDDEN.replace("nb", 'tags=["slow" nb'), "before nbgrader stands"),
}


@pytest.mark.parametrize(("line", "says"), HEADERS.values(), ids=HEADERS)
def test_metadata_that_is_not_read_is_one_fault_with_what_is_wrong(faults, line, says):
    (told,) = faults((HIDDEN, line))
    assert told.startswith(f"sums.py line {at(HIDDEN)}, test_double_hidden: {NOT_READ}")
    assert says in told


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (HIDDEN.replace("nbgrader", "nbgrder"), "nbgrder means nothing .* did you mean nbgrader"),
        (HIDDEN.replace("nbgrader", "NBGRADER"), "NBGRADER means nothing .* did you mean nbgrader"),
        (HIDDEN.replace("nbgrader=", "nbgrader: "), "label has no name before it: write # %% nbg"),
        (HIDDEN.replace("nbgrader=", ""), "label has no name before it"),
        (HIDDEN.replace("points", "point"), "a key 'point', .*; did you mean 'points'"),
        (HIDDEN.replace('"grade"', '"Grade"'), "a key 'Grade', .*; did you mean 'grade'"),
        (HIDDEN.replace("grade_id", "gradeid"), "a key 'gradeid', .*; did you mean 'grade_id'"),
        (HIDDEN.replace("task", "weight"), "a key 'weight', .* there are: grade, grade_id, locked"),
        (HIDDEN.replace(', "points": 2', ""), "lacks 'points', as in"),
        (HIDDEN.replace('"schema_version": 3, ', ""), "lacks 'schema_version', as in .*: 3"),
        (HIDDEN.replace('"locked": true, ', ""), "lacks 'locked'"),
        (HIDDEN.replace('"points": 2', '"points": "2"'), "'points' is \"2\", expected a number"),
        (HIDDEN.replace('"points": 2', '"points": true'), "'points' is true, expected a number"),
        (HIDDEN.replace('"points": 2', '"points": -1'), "'points' is -1, expected a number from 0"),
        (HIDDEN.replace('"points": 2', '"points": NaN'), "'points' is nan, expected a number from"),
        (HIDDEN.replace('"grade": true', '"grade": 1'), "'grade' is 1, expected true or false"),
        (HIDDEN.replace("version\": 3", "version\": 2"), "'schema_version' is 2, expected 3"),
        (HIDDEN.replace('"task": false', '"task": true'), "it is a task, which no test grades"),
        (HIDDEN + " tags=slow", "stands 'tags=slow'"),
        (HIDDEN + " tag=[]", "tag means nothing .*; did you mean tags"),
        (HIDDEN + " colour=3", "colour means nothing .*; there are: nbgrader, tags, minutes, diff"),
        (HIDDEN + " minutes=3", "minutes stands on the line of a solution cell, and this is none"),
    ],
)  # fmt: skip
def test_a_slip_on_the_line_of_a_test_cell_is_one_fault(faults, line, says):
    (told,) = faults((HIDDEN, line))
    assert told.startswith(f"sums.py line {at(HIDDEN)}, test_double_hidden: ")
    assert re.search(says, told), told


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"{DOUBLE} minuts=5 difficulty=1", "minuts means nothing .*; did you mean minutes"),
        (f"{DOUBLE} minutes=5 Difficulty=1", "Difficulty means nothing .* did you mean difficulty"),
        (f"{DOUBLE} minutes=5", "says difficulty=None, expected a whole number from 1 to 3"),
        (f"{DOUBLE} minutes=0 difficulty=1", "says minutes=0, expected a whole number from 1"),
        (f'{DOUBLE[:-1]}, "points": 3}} minutes=5 difficulty=1', "'points', which only test cells"),
        (
            DOUBLE.replace('"grade": false', '"grade": true') + " minutes=5 difficulty=1",
            "it is both a solution and a test",
        ),
    ],
)
def test_a_slip_on_the_line_of_a_solution_cell_is_told(faults, line, says):
    told = faults((f"{DOUBLE} minutes=5 difficulty=1", line))
    assert told[0].startswith(f"sums.py line {at(DOUBLE)}, double: ")
    assert re.search(says, told[0])


@pytest.mark.parametrize(
    "line",
    [HIDDEN.replace("%% ", "%%"), HIDDEN.replace("# %%", "## %%"), HIDDEN.replace("%%", "%")],
)
def test_a_line_that_opens_no_cell_is_told(faults, line):
    (told,) = faults((HIDDEN, line))
    assert told.startswith(f"sums.py line {at(HIDDEN)}, test_double: it was to open a cell")


@pytest.mark.parametrize("tags", ["3", "[3]", '"slow"'])
def test_a_line_that_jupytext_cannot_read_at_all_is_told(faults, tags):
    (told,) = faults((HIDDEN, f"{HIDDEN} tags={tags}"))
    assert told.startswith(f"sums.py line {at(HIDDEN)}: jupytext cannot read '# %% nbgrader=")
    assert "\n" not in told


@pytest.mark.parametrize(
    ("old", "new", "line", "cell", "says"),
    [
        ("# %% [markdown]\n# **3", "# %% [markdwon]\n# **3", "# %% [markdown]\n# **3", "cell 4",
         "[markdwon] is no kind of cell"),
        (HIDDEN, header("test_double", 2), HIDDEN, "test_double",
         f"its grade_id is that of the cell of line {at(TEST)}, too"),
        (HIDDEN, header("test_duoble_hidden", 2), HIDDEN, "test_duoble_hidden",
         "it belongs to no exercise: call it test_<exercise> or test_<exercise>_<what>"),
        ("return 2 * x", "return 2 *", "return 2 * x", "double", "it is no Python"),
        ("picture = [", "picture = [[", "picture = [", "cell 3", "it is no Python"),
        ("assert half(", "%time\nassert half(", "assert half(", "test_double_hidden",
         "it is no Python"),
        ("def double(x)", "def twice(x)", DOUBLE, "double", "defines no function or class double"),
        ("    ### END SOLUTION\n", "", "    ### BEGIN SOLUTION", "double",
         "'### BEGIN SOLUTION' is not closed"),
        ("    ### BEGIN SOLUTION\n", "", "    return 2 * x", "double",
         "'### END SOLUTION' stands where nothing opens"),
        ("    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION", "    return 2 * x",
         DOUBLE, "double", "it lacks '### BEGIN SOLUTION' and '### END SOLUTION'"),
        ("### BEGIN SOLUTION", "### BEGIN SOLUTIONS", "    ### BEGIN SOLUTION", "double",
         "it says '### BEGIN SOLUTIONS', expected '### BEGIN SOLUTION' on a line of its own"),
        ("### END HIDDEN TESTS", "## End hidden test", "### END HIDDEN TESTS",
         "test_double_hidden", "it says '## End hidden test', expected '### END HIDDEN TESTS'"),
        ("### END HIDDEN TESTS\n", "", "### BEGIN HIDDEN TESTS", "test_double_hidden",
         "'### BEGIN HIDDEN TESTS' is not closed"),
        ("SIZE = 3\n", "### BEGIN HIDDEN TESTS\nSIZE = 3\n", "SIZE = 3\n", "cell 3",
         "'### BEGIN HIDDEN TESTS' stands in a cell that is no test cell"),
        ("# Sums", "# ### BEGIN SOLUTION", "# # Sums", "cell 1", "in a cell that is no solution"),
        ('"01_sums.double"', '"01_sum.double"', "check(", "cell 6",
         "check('01_sum.double', double) names no exercise of this unit; "
         'expected check("01_sums.double", double).'),
        ('"01_sums.double"', '"04_iou.mean_iou"', "check(", "cell 6", "names no exercise of this"),
        ('"01_sums.double"', '"01_sums.duoble"', "check(", "cell 6", "names no exercise of this"),
        ('"01_sums.double", double', '"01_sums.double", half', "check(", "cell 6",
         "check('01_sums.double', half) hands over another function; expected check("),
        ('check("01_sums.double", double)', "double(1)", DOUBLE, "double",
         'no cell checks it: write check("01_sums.double", double) into a cell'),
        ('stand("01_sums"', 'stand("02_sums"', "where_you_stand(\"", "cell 9",
         "where_you_stand is asked for '02_sums', expected '01_sums'"),
        ("half(probes.call(double, math.pi))", "double(math.pi) / 2", "assert half",
         "test_double_hidden", "it calls double itself: write probes.call(double, …)"),
        ("`double` | 3 |", "`double` | 4 |", "# | 1.1", "cell 1",
         "says '| 1.1 `double` | 4 | 5 |', expected '| 1.1 `double` | 3 | 5 |'"),
        ("# | 1.1 `double` | 3 | 5 |\n", "", "# | exercise", "cell 1", "lacks a row, expected"),
        ("# **3 points", "# **2 points", "# **3", "cell 4", "the text before double says '**2"),
        ("# **3 points", "# *3 points", DOUBLE, "double", "has no line of points, expected '**3"),
    ],
)  # fmt: skip
def test_each_slip_in_the_script_is_told_with_its_line(faults, old, new, line, cell, says):
    told = faults((old, new))
    place = f"sums.py line {at(line)}, {cell}: "
    assert any(one.startswith(place) and says in one for one in told), told


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("double, SIZE)", "double, frame)",
         f"it uses frame, which only the cell of line {STORY} "
         "calculates: draw or define it in the test itself"),
        ("double, SIZE)", "double, sum(picture, frame))",
         f"it uses picture and frame, which only the cell of line {STORY}"),
        ("double, SIZE)", "double, SIZES)",
         "it uses SIZES, which nothing defines; did you mean SIZE?"),
        ("    return x / 2", "    return x / 2 + frame", None),
        ("half(probes", "frame * half(probes", None),
    ],
)  # fmt: skip
def test_a_test_cell_that_uses_a_story_variable_is_one_fault(faults, old, new, says):
    (told,) = faults((old, new))
    if says is None:
        assert told.startswith(
            f"sums.py line {at('assert half')}, test_double_hidden: it uses frame"
        )
        assert ("(through half)" in told) is (old != "half(probes")
    else:
        assert told.startswith(f"sums.py line {at('assert probes')}, test_double: {says}")


def test_what_a_test_cell_makes_itself_or_finds_among_definitions_is_no_story_variable(faults):
    own = "frame = 3\nimport os\nassert all(probes.call(double, SIZE) for one in [half, os])\n"
    assert faults(("assert probes.call(double, SIZE) == 6", own + "assert frame == 3")) == []


@pytest.mark.parametrize("kind", ["visible", "hidden", "both"])
def test_an_exercise_without_a_visible_or_a_hidden_test_is_told(faults, kind):
    test = SCRIPT[SCRIPT.index(TEST) : SCRIPT.index(HIDDEN)]
    hidden = SCRIPT[SCRIPT.index(HIDDEN) : SCRIPT.rindex("# %%\n")]
    due = {"visible": [test], "hidden": [hidden], "both": [test, hidden]}[kind]
    told = faults(*((part, "") for part in due))
    place = f"sums.py line {at(DOUBLE)}, double: "
    no_visible = f"{place}it has no test that students see: write a test cell test_double."
    assert (no_visible in told) is (kind != "hidden")
    no_hidden = f"{place}it has no hidden test: write a test cell test_double_hidden"
    assert any(one.startswith(no_hidden) for one in told) is (kind != "visible")


def test_a_hidden_test_without_markers_is_told(faults):
    told = faults(("### BEGIN HIDDEN TESTS\n", ""), ("### END HIDDEN TESTS\n", ""))
    place = f"sums.py line {at(HIDDEN)}, test_double_hidden: "
    assert [one.startswith(f"{place}it lacks '### BEGIN HIDDEN TESTS'") for one in told] == [True]


def test_an_exercise_without_entry_is_told_the_entry_that_works_once_pasted(faults):
    plain = MISTAKES[MISTAKES.index("    Exercise(") : MISTAKES.rindex("]")]
    (told,) = faults(mistakes=[(plain, "")])
    place = f"sums.py line {at(DOUBLE)}, double: "
    assert told.startswith(f"{place}it has no entry in mistakes.py; write this into EXERCISES:\n")
    entry = told.partition("\n")[2]
    assert "one for each argument: x" in entry
    told = faults(mistakes=[(plain, entry + "\n")])
    assert told[0].startswith(f"{place}it has 1 named mistakes in mistakes.py, expected 5")
    assert told[1].startswith(f"{place}mistake TODO_a_name: 'in the solution' occurs 0 times")
    assert told[1].endswith("see mistakes.py line 13.")
    assert FEWEST_MISTAKES == 5


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('            Mistake("lost", "Say twice.", {"2 * x": "x"}),\n', "",
         "double: it has 4 named mistakes in mistakes.py, expected 5 or more"),
        ('"x * x"', '"x * (x"', "double: with the mistake square it is no Python ('(' was never "
         "closed), see mistakes.py line 11."),
        ('"plus"', '"minus"', "double: two mistakes are called minus, see mistakes.py line 10."),
        ('{"2 * x": "2 + x"}', '{"2*x": "2 + x"}',
         "double: mistake plus: '2*x' occurs 0 times in the solution cell, expected once, see "
         "mistakes.py line 9."),
        ('        "double",', '        "duoble",', "mistakes.py line 4, duoble: the script has no "
         "solution cell of this name; did you mean double?"),
        ("[Call(1)],", "[Call(1],", "mistakes.py line 6: it is no Python ("),
        ("Call(1)", "Cal(1)", "mistakes.py line 6: NameError: name 'Cal' is not defined"),
        ('        ["hint"],\n', "", "mistakes.py line 4: TypeError: "),
        ("EXERCISES = [\n", 'EXERCISES = [\n    "double",\n',
         "mistakes.py: number 1 of EXERCISES is of type str, expected Exercise(…)."),
        ("EXERCISES", "EXERCISE", "mistakes.py defines no list EXERCISES"),
        ("        ],\n    ),", '        ],\n        runner="modul",\n    ),',
         "mistakes.py line 4: double asks for the runner 'modul', which there is not; there are"),
    ],
)  # fmt: skip
def test_each_slip_in_the_mistakes_is_told_with_its_line(faults, old, new, says):
    told = faults(mistakes=[(old, new)])
    assert any(says in one for one in told), told


def test_an_entry_that_is_there_twice_is_told(faults):
    entry = MISTAKES[MISTAKES.index("    Exercise(") : MISTAKES.rindex("]")]
    (told,) = faults(mistakes=[(entry, entry * 2)])
    assert told == "mistakes.py line 4: it has two entries for double."


def test_an_answer_of_no_exercise_and_a_file_that_is_no_utf8_are_told(faults, tmp_path):
    assert faults() == []
    folder = tmp_path / "solutions" / UNIT
    (folder / "alternatives.py").write_text(
        "from medseg_grader.authoring import Alternative\n\n"
        'ALTERNATIVES = [Alternative("half", "otherwise", "def half(x): ...")]\n'
    )
    (told,) = faults_of(UNIT)
    assert told.startswith("alternatives.py line 3: Alternative for half: it is no exercise of the")
    (folder / "alternatives.py").unlink()
    (folder / "sums.py").write_bytes(SCRIPT.replace("Sums", "Zürich").encode("latin-1"))
    assert faults_of(UNIT) == [
        "sums.py line 2: it is no UTF-8 from here on: let your editor save the file as UTF-8."
    ]


def test_all_faults_are_told_in_the_order_of_the_script(faults):
    told = faults(
        ("`double` | 3 |", "`double` | 4 |"),
        ("double, SIZE)", "double, frame)"),
        ('"01_sums.double"', '"01_sum.double"'),
        ("### END HIDDEN TESTS\n", ""),
        mistakes=[('            Mistake("lost", "Say twice.", {"2 * x": "x"}),\n', "")],
    )
    assert [one.split(":")[0] for one in told] == [
        f"sums.py line {at(part)}, {cell}"
        for part, cell in [
            ("# | 1.1", "cell 1"),
            (DOUBLE, "double"),
            ("check(", "cell 6"),
            ("assert probes", "test_double"),
            ("### BEGIN HIDDEN", "test_double_hidden"),
        ]
    ]


def test_a_release_is_refused_with_all_faults_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, [("# **3 points", "# **2 points"), (HIDDEN, HIDDEN.replace("true", "True"))])
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(InputError) as error:
        release([UNIT])
    after = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert {p: text for p, text in after.items() if p.parent.name != "__pycache__"} == before
    text, label, count = str(error.value).splitlines()
    assert text.startswith(f"01_sums: sums.py line {at('# **3 points')}, cell 4: the text before")
    assert label.startswith(f"01_sums: sums.py line {at(HIDDEN)}, test_double_hidden: {NOT_READ}")
    assert count == "2 faults, and nothing was written."
    written(tmp_path, [("double, SIZE)", "double, frame)")])
    with pytest.raises(InputError) as error:
        refuse_faulty([UNIT])
    (one,) = str(error.value).splitlines()
    assert one.startswith(
        f"01_sums: sums.py line {at('assert probes')}, test_double: it uses frame"
    )


def test_verify_reports_the_same_faults_and_tries_nothing_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, [("return 2 * x", "return 2 *"), ("double, SIZE)", "double, frame)")])
    (report,) = verify([UNIT])
    assert report.faults == faults_of(UNIT)
    assert f"01_sums: sums.py line {at('    return 2 * x')}, double: it is no Py" in table([report])


def test_a_command_tells_of_a_unit_that_cannot_be_loaded(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, (), [("Call(1)", "Call(1")])
    for command in (["release", "--unit", "1"], ["verify", "--unit", "1"]):
        assert main(command) in {1, 2}
        out, err = capsys.readouterr()
        assert "01_sums: mistakes.py line 6: it is no Python" in out + err


def test_a_unit_without_mistakes_is_told_what_it_lacks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, ())
    shutil.copytree("solutions/01_sums", "solutions/02_mine")
    Path("solutions/02_mine/mistakes.py").unlink()
    with pytest.raises(InputError, match=r"02_mine has no mistakes\.py yet: write one"):
        find_unit("2")


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("x = np.ones(3)\nassert f(x) == 3", False),
        ("assert f(np.ones(3)) == 3", False),
        ("x = np.ones(3)\nassert probes.call(f, x) == x.sum()", False),
        ("x = np.ones(3)\ny = f(x)\nx = np.zeros(3)\nassert f(x) == 0", False),
        ("x = np.ones(3)\nresult = f(x)\nassert result == x.sum()", True),
        ("x = np.ones(3)\nassert f(x) == x.sum()", True),
        ("x = np.ones(3)\nassert f(x) == f(x)", True),
        ("### BEGIN HIDDEN TESTS\nassert f(np.ones(3)) == 3\n### END HIDDEN TESTS", True),
        ("probes.assert_raises_value_error(f, 3)", False),
    ],
)
def test_a_test_cell_that_lets_an_answer_change_what_judges_it_is_found(source, found):
    assert bool(list(bare_calls(source, {"f"}))) is found


@pytest.mark.parametrize("line", [HIDDEN.replace(", ", " ", 1), HIDDEN.replace("points", "point")])
def test_points_are_compared_with_the_text_although_a_label_is_misspelt(faults, line):
    told = faults((HIDDEN, line), ("`double` | 3 |", "`double` | 4 |"))
    assert [one.partition(": ")[0] for one in told] == [
        f"sums.py line {at('# | 1.1')}, cell 1",
        f"sums.py line {at(HIDDEN)}, test_double_hidden",
    ]
