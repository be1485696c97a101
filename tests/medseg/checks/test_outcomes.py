"""Differences are told in the order in which a reader needs them."""

import numpy as np
import torch

from medseg.checks.codec import encode
from medseg.checks.outcomes import compare, describe_call, record
from medseg.volumes import Volume


def outcome(value):
    return {"value": encode(value)}


def difference(expected, observed):
    return compare(outcome(expected), outcome(observed), {"rtol": 1e-4})


def test_equal_values_do_not_differ():
    assert difference(np.arange(3.0), np.arange(3.0)) is None
    assert difference(float("nan"), float("nan")) is None


def test_another_float_dtype_is_no_difference():
    assert difference(torch.ones(2, dtype=torch.float64), torch.ones(2)) is None


def test_another_integer_dtype_is_a_difference():
    found = difference(torch.ones(2, dtype=torch.int64), torch.ones(2, dtype=torch.int32))
    assert found.rank == "dtype"


def test_shape_is_told_before_values():
    found = difference(np.zeros((2, 3)), np.ones((3, 2)))
    assert found.rank == "shape"
    assert "(2, 3)" in found.sentence
    assert "(3, 2)" in found.sentence


def test_kind_is_told_before_shape():
    found = difference(torch.zeros(2), [0.0, 0.0])
    assert found.rank == "kind"
    assert "torch tensor" in found.sentence


def test_nan_is_told_before_another_value():
    found = difference(np.array([1.0, 2.0]), np.array([5.0, np.nan]))
    assert found.rank == "finite"


def test_none_asks_for_a_return():
    assert "return" in difference(1.0, None).sentence


def test_long_arrays_name_the_first_wrong_index():
    wrong = np.zeros((5, 5))
    wrong[1, 2] = 3
    found = difference(np.zeros((5, 5)), wrong)
    assert "[1, 2]" in found.sentence
    assert "1 of 25" in found.sentence


def test_an_error_where_a_value_is_due_and_the_reverse():
    error = {"error": "ValueError", "mentions": []}
    assert "yours raised ValueError" in compare(outcome(1), error, {"rtol": 1e-4}).sentence
    assert "expected a ValueError" in compare(error, outcome(1), {"rtol": 1e-4}).sentence


def test_a_message_that_names_nothing_is_a_difference():
    complete = {"error": "ValueError", "mentions": [True, True]}
    silent = {"error": "ValueError", "mentions": [True, False]}
    assert "message" in compare(complete, silent, {"rtol": 1e-4}).sentence


def test_a_changed_input_is_found():
    before, after = [np.array([1, 2])], [np.array([1, 3])]
    assert record(1, before, after)["changed"]
    assert "changed" not in record(1, before, before)
    nan = [np.array([np.nan])]
    assert "changed" not in record(1, nan, [nan[0].copy()])


def test_calls_are_described_with_their_inputs():
    call = {"args": [encode(np.array([1, 2])), encode(np.zeros((9, 9)))], "kwargs": {"dict": {}}}
    assert describe_call("f", call) == "f([1, 2], <array of shape (9, 9), all 0>)"


def test_affines_volumes_and_slices_are_written_out():
    affine = np.diag([2.0, 1.5, 3.0, 1.0])
    scan = Volume(np.arange(60).reshape(3, 4, 5), affine)
    rows = "[[2, 0, 0, 0], [0, 1.5, 0, 0], [0, 0, 3, 0], [0, 0, 0, 1]]"
    call = {"args": [encode(scan), encode(affine), encode(slice(2, 5))], "kwargs": {"dict": {}}}
    described = describe_call("f", call)
    assert described == f"f(Volume(<array of shape (3, 4, 5), from 0 to 59>, {rows}), {rows}, 2:5)"
    assert difference((slice(1, 4),), (slice(0, 4),)).sentence == (
        "expected entry 0 of the result to be 1:4, yours is 0:4."
    )


def test_a_number_that_is_not_finite_is_told_in_a_sentence():
    found = difference(np.array(0.5), np.array(np.nan))
    assert found.sentence == "expected the result to be 0.5, yours is nan."
    found = difference(np.array([0.5, np.nan]), np.array([0.5, 0.0]))
    assert found.sentence == "expected the result at index [1] to be nan, yours is 0."


def test_integers_that_could_wrap_around_show_their_dtype():
    def shown(value):
        return describe_call("f", {"args": [encode(value)], "kwargs": {"dict": {}}})

    assert shown(np.array([1, 0], dtype=np.uint8)) == "f([1, 0] (uint8))"
    assert shown(np.array([1, 0])) == "f([1, 0])"
    assert shown(torch.ones(2)) == "f([1, 1])"


def test_what_came_instead_of_an_error_is_told_without_the_facts_beside_it():
    observed = {"value": {"dict": {"the result": 4, "each tensor is a new one": True}}}
    difference = compare({"error": "ValueError", "mentions": []}, observed, {"rtol": 1e-4})
    assert difference.sentence == "expected a ValueError, yours returned 4."


def test_a_result_of_facts_is_not_shown_where_an_error_was_due():
    observed = {"value": {"dict": {"every part has a patient": False}}}
    difference = compare({"error": "ValueError", "mentions": []}, observed, {"rtol": 1e-4})
    assert difference.sentence == (
        "expected a ValueError, yours returned a result as if nothing were wrong."
    )


def test_an_error_that_is_returned_is_told_apart_from_one_that_is_raised():
    observed = record(ValueError("no"), [], [])
    difference = compare({"error": "ValueError", "mentions": []}, observed, {"rtol": 1e-4})
    assert difference.sentence == (
        "expected a ValueError, yours returned a ValueError: `raise` it instead of returning it."
    )
    thing = record(object(), [], [])
    difference = compare({"error": "ValueError", "mentions": []}, thing, {"rtol": 1e-4})
    assert difference.sentence == "expected a ValueError, yours returned an object of type object."


def test_a_call_is_shown_as_the_function_is_called():
    call = {"args": [encode([1, 2]), encode(3)], "kwargs": {"dict": {}}}
    assert describe_call("f", call, "[{all}]") == "f([[1, 2], 3])"
    assert describe_call("f", call, "{0}, default_rng({1})") == "f([1, 2], default_rng(3))"


def test_an_object_of_its_own_among_facts_is_told_by_its_type():
    facts = {"the result": iter([1]), "each tensor is a new one": True}
    found = compare(record({"the result": [1]}, [], []), record(facts, [], []), {"rtol": 1e-4})
    assert found.sentence == (
        "expected the result to be a list, yours is an object of type list_iterator."
    )
