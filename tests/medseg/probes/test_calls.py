"""An answer gets copies, which look like what was handed over, and every change of one is seen."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from medseg import probes
from medseg.probes.calls import call, unchanged
from medseg.volumes import Volume


def spoils(value):
    """Change an input in place, whatever it is."""
    if isinstance(value, np.ndarray):
        value[...] = 99
    elif isinstance(value, torch.Tensor):
        value.data.fill_(99)
    elif isinstance(value, dict):
        value["more"] = 1
    elif isinstance(value, set):
        value.clear()
    elif isinstance(value, Volume):
        value.array[...] = 99
    else:
        value.append(1)


INPUTS = {
    "an array": np.arange(6.0).reshape(2, 3),
    "a tensor": torch.arange(6).reshape(2, 3),
    "a list": [1, 2],
    "a list of tensors": [torch.zeros(2), torch.ones(3)],
    "a dictionary": {7: (1, 2, 3)},
    "a set": {1, 2},
    "a volume": Volume(np.zeros((2, 2, 2)), np.eye(4)),
    "an array with NaN": np.array([1.0, np.nan]),
}


@pytest.mark.parametrize(
    ("value", "spoil"),
    [
        ([1, 2, 3], list.reverse),
        ([0.5, 0.25], lambda x: x.__setitem__(0, 1)),
        (["b", "a"], list.sort),
        ([None, 1], lambda x: x.__setitem__(0, 2)),
        ({7: (1, 2, 3)}, lambda x: x.update({7: (1, 2, 4)})),
        ({"a": [1, 2]}, lambda x: x["a"].pop()),
        ([[1, 2], [3, 4]], lambda x: x[1].__setitem__(0, 9)),
    ],
)
def test_an_entry_that_is_another_number_or_text_is_a_change(value, spoil):
    with pytest.raises(AssertionError, match="changes its input number 1"):
        call(spoil, value)
    call(lambda x: x, value)


def test_nan_in_a_list_is_what_it_was():
    assert call(len, [float("nan"), 1.0]) == 2


@pytest.mark.parametrize("value", INPUTS.values(), ids=INPUTS)
@pytest.mark.parametrize("named", [False, True])
def test_a_change_is_seen_and_does_not_reach_what_was_handed_over(value, named):
    before = copy.deepcopy(value)
    with pytest.raises(AssertionError, match=r"changes its input (number 1|value); work on a copy"):
        call(spoils, **{"value": value}) if named else call(spoils, value)
    assert str(value) == str(before) or isinstance(value, Volume)
    call(lambda x: None, value)


def test_a_change_deep_inside_is_seen():
    nested = [[torch.zeros(2)], {"a": (np.zeros(2),)}]
    with pytest.raises(AssertionError, match="number 1"):
        call(lambda x: x[1]["a"][0].fill(1), nested)
    with pytest.raises(AssertionError, match="number 1"):
        call(lambda x: x[0][0].add_(1), nested)


@pytest.mark.parametrize(
    "value",
    [np.arange(12).reshape(3, 4).T, np.arange(12).reshape(3, 4)[:, ::2], np.asfortranarray(
        np.ones((3, 4)))],
)  # fmt: skip
def test_arrays_that_are_not_contiguous_stay_so(value):
    seen = call(lambda x: (x.flags.c_contiguous, x.copy()), value)
    assert seen[0] is False
    np.testing.assert_array_equal(seen[1], value)


@pytest.mark.parametrize("value", [torch.ones(3, 4).t(), torch.ones(3, 8)[:, ::2]])
def test_tensors_keep_their_strides(value):
    assert call(lambda x: x.stride(), value) == value.stride()


def test_gradients_flow_through_the_copy():
    leaf = torch.tensor([1.0, 2.0], requires_grad=True)
    (slope,) = torch.autograd.grad(call(lambda x: (x**2).sum(), leaf), leaf)
    assert slope.tolist() == [2.0, 4.0]


def test_models_generators_and_iterators_are_handed_over_as_they_are():
    things = [torch.nn.Linear(1, 1), np.random.default_rng(0), iter([1, 2]), len]
    assert all(call(lambda x, thing=thing: x is thing, thing) for thing in things)


@given(st.lists(st.floats(allow_nan=True), max_size=5), st.booleans())
def test_what_changes_nothing_is_never_accused(values, tensor):
    given_value = torch.tensor(values) if tensor else np.array(values)
    call(lambda x, y: None, given_value, [given_value, {"a": given_value}])


def test_facts_are_refused_where_an_input_has_changed():
    def paints(picture):
        picture[0] = 5
        return picture

    with pytest.raises(AssertionError, match="changes an input"):
        probes.facts_of("image", paints, np.zeros((2, 2)))
    assert unchanged(lambda f, x: f(x), sum, [1, 2]) == 3


def test_a_refusal_that_spoils_its_input_is_no_refusal():
    def refuses(values):
        values[0] = 1
        return 3

    with pytest.raises(AssertionError):
        probes.assert_raises_value_error(refuses, np.zeros(2))
