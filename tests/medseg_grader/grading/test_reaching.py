"""Code that reaches for the grading is told of; code that solves an exercise never is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medseg_grader.course.units import load_unit, unit_names
from medseg_grader.grading.reaching import reached

REACHING = {
    "get_ipython().user_ns": "get_ipython",
    "import builtins": "builtins",
    "__builtins__.sum = max": "__builtins__",
    "from inspect import currentframe": "inspect",
    "import sys\nsys._getframe(1).f_globals": "_getframe",
    "import sys\nsys.settrace(print)": "settrace",
    "import gc as rubbish": "gc",
    "text = In[-1]": "In",
    "torch.allclose = lambda *a: True": "torch.allclose =",
    "probes.assert_close = print": "probes.assert_close =",
    "np.testing.assert_allclose = None": "np.testing.assert_allclose =",
    "setattr(np, 'isclose', print)": "setattr(np, …)",
    "getattr(__import__('IPython'), 'get_ipython')": "get_ipython",
    "def test_softmax_hidden(): ...\nx = 'test_softmax_hidden'": "test_softmax_hidden",
    "%matplotlib inline\nget_ipython()": "get_ipython",
}


@pytest.mark.parametrize(("source", "name"), REACHING.items())
def test_what_an_exercise_has_no_use_for_is_named(source, name):
    assert name in reached([source], ["test_softmax_hidden"])


HONEST = [
    "from IPython.display import HTML, display\nimport IPython.display",
    "x = torch.stack([a, b]); y = x.inspect if False else x",
    "%timeit softmax(x, 1)",
    "self.layers = nn.Sequential()\nself.F = 3",
    "In = 4\nOut = In_ + 1",
    "# get_ipython, __builtins__\n'settrace is a word'",
    "def broken(:",
    "optimizer.param_groups[0]['lr'] = 0.1\nmodel.weight.data = w",
]


@pytest.mark.parametrize("source", HONEST)
def test_what_students_write_is_not(source):
    assert reached([source], ["test_softmax_hidden"]) == []


@pytest.mark.parametrize("name", unit_names())
def test_no_answer_of_the_course_is(name):
    unit = load_unit(name)
    tests = [cell.metadata.nbgrader.grade_id for cell in unit.graded_cells()]
    answers = [unit.solution_cell(exercise).source for exercise in unit.exercises]
    answers += [answer.source for answer in unit.alternatives]
    answers += [answer.source for answer in unit.slips]
    assert reached(answers, tests) == []


@given(st.text(max_size=60))
def test_any_text_is_read(source):
    assert isinstance(reached([source], []), list)


@pytest.mark.parametrize(
    "source",
    [
        "x" + ".a" * 900 + " = 1",
        "torch" + ".a" * 900 + " = 1",
        "f" + "()" * 900,
        "(" * 5000,
        "\n" * 300_000,
        " \n" * 150_000 + "%",
        "x\0",
    ],
)
def test_what_a_parser_stumbles_over_is_read_to_its_end(source):
    assert isinstance(reached([source], []), list)


def test_of_long_code_the_words_are_looked_at():
    padding = "x = 1\n" * 100_000
    assert reached([padding + "get_ipython()"], []) == ["get_ipython"]
    assert reached([padding, "get_ipython()"], []) == ["get_ipython"]
    assert reached([padding], []) == []
