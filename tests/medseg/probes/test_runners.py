"""The runners that report more than what a function returns."""

import pytest
import torch

from medseg.probes.runners import RUNNERS, averaged, with_dtype, with_gradient, with_slope

NUMBERS = torch.tensor([1.0, 3.0])


def test_the_dtype_of_the_input_is_told_from_another():
    assert with_dtype(torch.exp, NUMBERS)["the dtype"] == "that of the input"
    widened = with_dtype(lambda x: x.double(), NUMBERS)
    assert widened["the dtype"] == "float64 instead of float32"
    assert with_dtype(lambda x: None, NUMBERS)["the result"] is None


def test_a_gradient_that_is_cut_off_is_told_and_a_wrong_one_differs():
    right = with_slope(lambda x: x.log_softmax(0), NUMBERS)
    assert right["a gradient flows back to the input"]
    detached = with_slope(lambda x: x - x.exp().sum().log().detach(), NUMBERS)
    assert torch.allclose(right["the result"], detached["the result"])
    assert not torch.allclose(right["the gradient"], detached["the gradient"])
    cut = with_slope(lambda x: x.log_softmax(0).detach(), NUMBERS)
    assert cut["a gradient flows back to the input"] is False
    assert "the gradient" not in cut


def test_a_loss_comes_with_its_gradient():
    facts = with_gradient(lambda x, factor: factor * (x**2).sum(), NUMBERS, 2.0)
    assert facts["the result"].item() == 20
    assert facts["the gradient"].tolist() == [4.0, 12.0]
    assert not NUMBERS.requires_grad


def test_what_is_no_scalar_tensor_is_reported_as_it_is():
    assert list(with_gradient(lambda x: x, NUMBERS)) == ["the result"]
    assert with_gradient(lambda x: 1.5, NUMBERS) == {"the result": 1.5}


def test_a_loss_that_is_cut_off_from_its_input_is_an_error():
    with pytest.raises(RuntimeError, match="does not require grad"):
        with_gradient(lambda x: x.detach().sum(), NUMBERS)


def test_an_average_of_lists_tells_of_its_dtypes_and_of_tensors_that_are_not_new():
    right = averaged(
        lambda lists: [(a + b) / 2 for a, b in zip(*lists, strict=True)], [[NUMBERS]] * 2
    )
    assert [*right.values()][1:] == [True, True]
    widened, own, part = (
        [*averaged(function, [[NUMBERS]]).values()][1:]
        for function in (
            lambda lists: [lists[0][0].double()],
            lambda lists: lists[0],
            lambda lists: [lists[0][0][:]],
        )
    )
    assert (widened, own, part) == ([False, True], [True, False], [True, False])
    assert averaged(lambda lists: None, [[NUMBERS]]) == {"the result": None}


def test_who_may_calculate_with_numpy_is_told_to_come_back():
    there, stay = (
        RUNNERS[name].device_fault(lambda x: x.cpu(), NUMBERS) for name in ("through_numpy", "call")
    )
    assert "bring it back" in there
    assert "leave out" not in there
    assert "leave out `.cpu()`" in stay
