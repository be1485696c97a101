"""One rule says whether a value is right, for check and for graded cells alike."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from medseg.checks.codec import encode
from medseg.checks.outcomes import compare
from medseg.probes import assert_close
from medseg.probes.compare import difference
from medseg.volumes import Volume


def rank(expected, given_value, **more):
    found = difference(expected, given_value, **more)
    return found and found.rank


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        (3, 3.0),
        (2.0, 2),
        (3, np.int16(3)),
        (True, np.True_),
        (0.0, 5e-7),
        (1.0, 1.00009),
        (float("nan"), np.float32("nan")),
        (float("inf"), np.inf),
        ((1, 2), (1.0, 2.0)),
        ([1.5], [np.float64(1.5)]),
        (np.ones(2), np.ones(2, np.float32)),
        (torch.ones(2), torch.ones(2, dtype=torch.float64)),
        (torch.ones(2), torch.ones(2, requires_grad=True)),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (np.array([np.nan, np.inf]), np.array([np.nan, np.inf])),
        (slice(1, 3), slice(1, 3)),
        ("a", "a"),
        (None, None),
        ({"a": 1}, {"b": 0, "a": 1}),
        (Volume(np.zeros((2, 2, 2)), np.eye(4)), Volume(np.zeros((2, 2, 2)), np.eye(4))),
        (10**400, 10**400),
    ],
)
def test_these_agree(expected, value):
    assert difference(expected, value) is None


@pytest.mark.parametrize(
    ("expected", "value", "told"),
    [
        (3, 3.0000001, "value"),
        (0.0, 5e-5, "value"),
        (1.0, float("nan"), "finite"),
        (float("inf"), -math.inf, "value"),
        (1.0, 10**400, "finite"),
        (1, None, "kind"),
        (1, "1", "kind"),
        (1.0, torch.tensor(1.0), "kind"),
        (np.ones(2), [1.0, 1.0], "kind"),
        (np.ones(2), torch.ones(2), "kind"),
        ((1, 2), [1, 2], "kind"),
        ((1, 2), (1, 2, 3), "shape"),
        (np.zeros((2, 3)), np.zeros((3, 2)), "shape"),
        (np.zeros((0, 3)), np.zeros((3, 0)), "shape"),
        (np.ones(2, int), np.ones(2), "dtype"),
        (np.ones(2, bool), np.ones(2, int), "dtype"),
        (np.ones(2, np.int64), np.ones(2, np.int32), "dtype"),
        (np.array([True, False]), np.array([True, True]), "value"),
        (np.array([1.0, 2.0]), np.array([9.0, np.nan]), "finite"),
        (slice(1, 3), slice(1, 3, 1), "value"),
        ("a", "b", "value"),
        ({"a": 1}, {}, "kind"),
        ({"a": 1}, {"a": 2}, "value"),
        (object(), object(), "value"),
        (Volume(np.zeros((2, 2, 2)), np.eye(4)), Volume(np.ones((2, 2, 2)), np.eye(4)), "value"),
        (Volume(np.zeros((2, 2, 2)), np.eye(4)), np.zeros((2, 2, 2)), "kind"),
    ],
)
def test_these_differ_and_are_told_in_the_right_order(expected, value, told):
    assert rank(expected, value) == told


@pytest.mark.parametrize(
    ("expected", "value", "sentence"),
    [
        (3, 3.0000001, "expected the result to be 3, yours is 3.0000001."),
        (1.0, 1.00020001, "expected the result to be 1, yours is 1.0002."),
        (123456.0, 123476.0, "expected the result to be 1.2346e+05, yours is 1.2348e+05."),
        (1234567.0, 1234568.0, None),
        (
            np.array([False]),
            np.array([True]),
            "expected the result to be [False], yours is [True].",
        ),
        (True, False, "not true of your function: “the result”."),
        (
            5,
            None,
            "expected the result to be a number, but yours is None: is the `return` missing?",
        ),
    ],
)
def test_a_sentence_never_says_the_same_of_both(expected, value, sentence):
    found = difference(expected, value)
    assert (found.sentence if found else None) == sentence


def test_graded_cells_tell_one_wrong_place_and_no_more_of_what_is_right():
    with pytest.raises(AssertionError) as caught:
        assert_close(np.array([1.0, 5.0, 7.0]), np.array([1.0, 2.0, 3.0]), "the ramp")
    assert str(caught.value) == (
        "2 of 3 values of the ramp are off: expected the ramp at index [1] to be 2, yours is 5."
    )


def test_a_subclass_that_agrees_with_everything_agrees_with_nothing():
    class Agreeing(np.ndarray):  # noqa: PLW1641
        def __eq__(self, other):
            return np.ones(self.shape, bool)

        __ne__ = __eq__

    class Close(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return (
                True
                if function is torch.allclose
                else super().__torch_function__(function, types, args, kwargs or {})
            )

    assert rank(np.ones(2), np.zeros(2).view(Agreeing)) == "value"
    assert rank(torch.ones(2), torch.zeros(2).as_subclass(Close)) == "value"


DTYPES = st.sampled_from([np.bool_, np.uint8, np.int32, np.int64, np.float32, np.float64])
SHAPES = hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3)
REALS = st.sampled_from(
    [0.0, 5e-5, 5e-7, 1.0, 1.00005, 1.001, 3.0000001, math.nan, math.inf, -math.inf, 3.0]
)
ARRAYS = DTYPES.flatmap(
    lambda kind: hnp.arrays(
        kind, SHAPES, elements=REALS.map(kind) if kind in (np.float32, np.float64) else None
    )
)
ONES = st.one_of(
    st.booleans(),
    st.integers(-3, 3),
    REALS,
    st.sampled_from(["a", "b", None, slice(0, 2), slice(None), np.float32(3), np.int64(3)]),
    ARRAYS,
    ARRAYS.map(lambda array: torch.from_numpy(array.copy())),
)
VALUES = st.recursive(
    ONES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    ),
    max_leaves=4,
)


@given(VALUES, VALUES)
@settings(deadline=None, max_examples=400)
def test_check_and_graded_cells_give_the_same_verdict_on_any_pair(expected, value):
    in_check = (
        compare({"value": encode(expected)}, {"value": encode(value)}, {"rtol": 1e-4}) is None
    )
    try:
        assert_close(value, expected)
    except AssertionError:
        graded = False
    else:
        graded = True
    assert in_check == graded


@given(VALUES)
@settings(deadline=None)
def test_every_value_agrees_with_itself(value):
    assert difference(value, value) is None
    assert compare({"value": encode(value)}, {"value": encode(value)}, {"rtol": 1e-4}) is None


def test_entries_are_called_by_their_names_where_the_result_has_as_many():
    names = ("pq", "sq", "rq")
    found = difference((0.5, 1.0, 0.5), (0.5, 0.9, 0.5), parts=names)
    assert found.sentence == "expected sq to be 1, yours is 0.9."
    within = difference({"the result": (0.5, 1.0, 0.5)}, {"the result": (0.5, 1, 1)}, parts=names)
    assert within.sentence == "expected rq to be 0.5, yours is 1."
    other = difference((0.5, 1.0), (0.5, 0.9), parts=names)
    assert other.sentence == "expected entry 1 of the result to be 1, yours is 0.9."
    deeper = difference(((0.5, 1.0, 0.5),), ((0.5, 0.9, 0.5),), parts=names)
    assert deeper.sentence == "expected entry 1 of entry 0 of the result to be 1, yours is 0.9."
