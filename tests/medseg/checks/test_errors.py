"""An error is explained from the student's own line."""

import pytest
import torch

from medseg.checks import errors


def caught(function, *args):
    try:
        function(*args)
    except Exception as error:
        return error
    raise AssertionError("the function was to raise")


def indexes_too_far(values):
    return torch.stack([values[k] for k in range(99)])


def mixes_shapes(values):
    return values + torch.ones(7)


def uses_none(values):
    return values.sum().missing_method()


@pytest.mark.parametrize(
    ("function", "word"),
    [
        (indexes_too_far, "past the end"),
        (mixes_shapes, "broadcast"),
        (uses_none, "another type"),
        (lambda x: 1 / 0, "divided by zero"),
        (lambda x: x.long() // x.long(), "`//` and `%` have no answer"),
        (lambda x: 1 - x.bool(), "Truth values"),
        (lambda x: x - x.max(0), "`.values`"),
        (lambda x: x.requires_grad_().sub_(1), "in place"),
        (lambda x: x.requires_grad_().numpy(), "numpy knows none"),
        (lambda x: undefined_name, "run the cells above"),  # type: ignore[name-defined]  # noqa: F821
    ],
)
def test_common_errors_have_a_meaning(function, word):
    error = caught(function, torch.zeros(3))
    text = errors.explain(error, function)
    assert type(error).__name__ in text
    assert word in text


def test_the_deepest_line_of_the_student_is_shown_not_one_of_torch():
    def function(values):
        return torch.nn.functional.conv2d(values, values)

    text = errors.explain(caught(function, torch.zeros(3)), function)
    assert "torch.nn.functional.conv2d(values, values)" in text


def test_the_unwritten_function_is_named():
    class Up:
        def __init__(self):
            raise NotImplementedError()

    def use():
        Up()

    assert errors.unwritten(caught(use)) == "Up"
