"""Probe values survive the way through JSON."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from medseg.checks.codec import decode, encode

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
