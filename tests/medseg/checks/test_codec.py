"""Probe values survive the way through JSON."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from medseg.checks.codec import changed, decode, difference, encode, rounded, without_signed_zeros

SETTINGS = settings(deadline=None, derandomize=True, max_examples=60)


def through_json(value):
    return decode(json.loads(json.dumps(encode(value))))


@SETTINGS
@given(hnp.arrays(st.sampled_from([np.int64, np.uint8, np.bool_]), hnp.array_shapes(min_dims=0)))
def test_integer_arrays_survive_exactly(array):
    back = through_json(array)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert np.array_equal(back, array)


@SETTINGS
@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=0), elements=st.floats(-1e6, 1e6)))
def test_float_arrays_survive_to_seven_digits(array):
    back = through_json(torch.from_numpy(array)).numpy()
    assert back.shape == array.shape
    assert np.allclose(back, array, rtol=1e-6, atol=0)


def test_encoding_what_was_decoded_changes_nothing():
    value = {"a": (1, 2.123456789), "b": [torch.tensor([1 / 3]), None, "text"]}
    once = encode(value)
    assert encode(decode(once)) == once


def test_nan_and_infinity_survive():
    back = through_json(np.array([np.nan, np.inf, -np.inf]))
    assert np.isnan(back[0])
    assert back[1:].tolist() == [np.inf, -np.inf]


def test_empty_array_keeps_its_shape():
    assert through_json(np.zeros((0, 3))).shape == (0, 3)


def test_code_is_refused():
    with pytest.raises(TypeError, match="function cannot be written as JSON"):
        encode(lambda: None)


def test_unknown_entry_is_refused():
    with pytest.raises(ValueError, match="unknown entry"):
        decode({"pickle": "gASV"})


def test_a_dict_keeps_its_numbers_as_keys():
    assert through_json({7: (1, 2, 3), 26: (4, 5, 6)}) == {7: (1, 2, 3), 26: (4, 5, 6)}
    assert through_json({"a": {0: "x"}}) == {"a": {0: "x"}}


@SETTINGS
@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        hnp.array_shapes(min_dims=0),
        elements=st.floats(width=32),
    )
)
def test_numbers_in_a_file_mean_the_same_with_and_without_a_point(array):
    back = decode(json.loads(json.dumps(rounded(encode(array)))))
    assert back.dtype == array.dtype
    np.testing.assert_allclose(back, array, rtol=1e-6)


def test_a_number_outside_an_array_keeps_its_kind():
    value = {"count": 3.0, "dtype": "float64", "list": [2.0, 1]}
    assert repr(decode(rounded(encode(value)))) == repr(value)


def test_zeros_below_zero_are_kept_in_a_probe_and_not_in_a_result():
    data = encode({"angle": -0.0, "points": np.array([-0.0, 1.0])})
    assert json.dumps(rounded(data)).count("-0.0") == 2
    assert json.dumps(rounded(without_signed_zeros(data))).count("-") == 0


NUMBERS = st.one_of(st.none(), st.integers(0, 2), st.sampled_from([0.5, "0.5"]))
OUTCOMES = st.one_of(
    st.fixed_dictionaries({"value": NUMBERS}, optional={"device": st.just("cpu")}),
    st.fixed_dictionaries(
        {"value": st.dictionaries(st.sampled_from("abc"), NUMBERS)},
        optional={"device": st.just("cpu")},
    ),
    st.fixed_dictionaries({"error": st.sampled_from(["ValueError", "TypeError"])}),
)


@SETTINGS
@given(OUTCOMES, OUTCOMES)
def test_an_outcome_is_the_usual_one_with_its_difference(usual, other):
    usual, other = encode(usual)["dict"], encode(other)["dict"]
    assert changed(usual, difference(usual, other)) == other


def test_of_results_with_the_same_parts_only_what_differs_is_told():
    usual, other = ({"value": encode({"loss": loss, "dtype": "kept"})} for loss in (1.0, 2.0))
    assert difference(usual, other) == {"but": {"loss": 2.0}}
