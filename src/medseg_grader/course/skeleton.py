"""The texts of a new exercise and of a new unit: small, and already sound.

What differs stands as `@NAME@`, `@UNIT@`, `@NUMBER@`, `@SEED@`, `@LINE@` and the like.
"""

import json


def _header(grade_id: str, graded: float | None = None) -> str:
    """The line that opens a solution cell, or, with points, a test cell."""
    test = graded is not None
    metadata = {"grade": test, "grade_id": grade_id, "locked": test}
    metadata |= {"points": graded} if test else {}
    metadata |= {"schema_version": 3, "solution": not test, "task": False}
    return f"# %% nbgrader={json.dumps(metadata)}"


EXERCISE = f'''# %% [markdown]
# ## @NUMBER@ TODO: a title
#
# TODO: what it is for, in two to four sentences. A picture stands in a cell of its own.
#
# $$y_i = 2 x_i$$
#
# TODO: every symbol named. $x_i$ is one of the values, $y_i$ what comes of it.
#
# TODO: a tiny example by hand: 1 and -3 become 2 and -6.
#
# @LINE@


{_header("@NAME@")} minutes=10 difficulty=1
def @NAME@(values):
    """TODO: what it gives, in one line. Twice each value.

    Args:
        values: float array of any shape.

    Returns:
        Array of the same shape.
    """
    ### BEGIN SOLUTION
    return 2 * values
    ### END SOLUTION


# %%
check("@UNIT@.@NAME@", @NAME@)

{_header("test_@NAME@", 1)}
result = probes.call(@NAME@, np.array([1.0, -3.0]))
probes.assert_close(result, np.array([2.0, -6.0]), "the result")

{_header("test_@NAME@_hidden", 1)}
# TODO: what it looks at, in a sentence. Random values of several shapes.
### BEGIN HIDDEN TESTS
rng = probes.rng(@SEED@)
for shape in [(5,), (2, 3), (0,)]:
    values = rng.normal(size=shape)
    result = probes.call(@NAME@, values)
    probes.assert_close(result, np.add(values, values), "the result")
### END HIDDEN TESTS

# %% [markdown]
# **By hand = by library.** TODO: which function of a library does the same. `numpy.add` of a value and itself doubles it, too.

# %%
values = np.linspace(-1, 1, 5)
print("by hand   ", @NAME@(values))
print("by library", np.add(values, values))

'''  # noqa: E501

MISTAKES = """    Exercise(
        name="@NAME@",
        calls=[
            Call(np.array([1.0, -3.0])),
            Call(np.array([[0.5, 4.0], [2.0, 0.0]])),
        ],
        hints=[
            "TODO: where to look. Do the example by hand, value by value.",
            "TODO: how to think. An array times a number multiplies each value.",
            "TODO: what to write. One line, with `*`.",
        ],
        mistakes=[
            Mistake(
                "unchanged",
                "TODO: five misconceptions. The values come back as they were: double them.",
                {"2 * values": "values"},
            ),
            Mistake(
                "squared",
                "Doubled is times two, not to the power of two.",
                {"2 * values": "values**2"},
            ),
            Mistake(
                "adds_two",
                "Doubled is times two, not plus two.",
                {"2 * values": "2 + values"},
            ),
            Mistake(
                "halved",
                "The wrong way round: yours is half of each value.",
                {"2 * values": "values / 2"},
            ),
            Mistake(
                "sign_lost",
                "A negative value stays negative when it is doubled.",
                {"2 * values": "2 * np.abs(values)"},
            ),
        ],
    ),
"""

# What an exercise wants in mistakes.py that has no entry there.
ENTRY = """    Exercise(
        name="@NAME@",
        calls=[Call(...)],  # TODO: small inputs, one for each argument: @ARGUMENTS@
        hints=[
            "TODO: where to look.",
            "TODO: how to think.",
            "TODO: what to write.",
        ],
        mistakes=[
            Mistake("TODO_a_name", "TODO: the hint that it earns.", {"in the solution": "wrong"}),
            # TODO: @MISTAKES@ of them or more
        ],
    ),"""

UNIT = """# %% [markdown]
# # Unit @ORDINAL@: @TITLE@
#
# TODO: what a student can do after it, in two to four sentences, and which units it needs.
#
# | exercise | points | minutes |
# | --- | --- | --- |
#
# Cells that hold only a comment are filled with tests when your notebook is graded. Leave them as they are. So should your functions leave every array, tensor and list that they are given: all tests look at that. Stuck? `hint("@UNIT@.@NAME@")` gives one hint more at each call.

# %%
import numpy as np

from medseg import check, hint, probes

# %% [markdown]
# ## Where you stand
#
# The card tries each exercise as you last ran it in this notebook, and says what to do next.

# %%
from medseg import where_you_stand

where_you_stand("@UNIT@", globals())
"""  # noqa: E501

UNIT_MISTAKES = '''"""Probes, hints and named mistakes of unit @ORDINAL@."""

import numpy as np

from medseg_grader.authoring import Call, Exercise, Mistake

EXERCISES = [
]
'''


def filled(text: str, **values: str) -> str:
    """A text with `@NAME@` and the like replaced."""
    for key, value in values.items():
        text = text.replace(f"@{key.upper()}@", value)
    return text
