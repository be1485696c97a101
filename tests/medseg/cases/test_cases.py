"""A case refuses what cannot be one; phantoms are read as they are made; splits are by patient."""

import numpy as np
import pytest
from helpers.layouts import GLAND, GRID, plain_case
from hypothesis import given, settings
from hypothesis import strategies as st

from medseg import phantom
from medseg.cases import Case, load_cases, split_cases
from medseg.volumes import Volume


def test_a_case_has_the_types_that_are_promised(make_case):
    case = make_case(spacing=(1.0, 1.2, 3.0))
    assert (case.image.dtype, case.label.dtype, case.affine.dtype) == ("f4", "u1", "f8")
    assert case.spacing == pytest.approx((1.0, 1.2, 3.0))


def test_whole_numbers_written_as_floats_are_a_label():
    label = np.zeros(GRID)
    label[2, 2, 2] = 1.0
    assert plain_case(label=label).label[2, 2, 2] == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": np.zeros((6, 5, 3), int)}, r"label has the shape \(6, 5, 3\).*\(6, 5, 4\)"),
        ({"image": np.full(GRID, np.nan)}, "image holds NaN or infinity in 120 of 120"),
        ({"image": np.full(GRID, np.inf)}, "image holds NaN or infinity"),
        ({"image": np.full(GRID, 1e300)}, "as float32 holds NaN or infinity"),
        ({"image": np.full(GRID, 7.0)}, r"image is constant \(7 in every voxel\)"),
        ({"image": np.ones(GRID, complex)}, "real numbers, not complex128"),
        ({"image": np.ones((*GRID, 2))}, r"must be of shape \(X, Y, Z\)"),
        ({"label": np.full(GRID, 2)}, "label holds 2, but its classes are 0 to 1"),
        ({"label": np.full(GRID, -1)}, "label holds -1"),
        ({"label": np.full(GRID, 0.5)}, "label holds 0.5"),
        ({"label": np.full(GRID, np.nan)}, "label holds NaN"),
        ({"label": np.arange(120).reshape(GRID)}, "holds 2, 3, 4, 5 and 6, but"),
        ({"affine": np.zeros((4, 4))}, "last row"),
        ({"class_names": ("background",)}, "2 to 256 class names, not 1"),
    ],
)
def test_bad_input_is_one_sentence_that_names_the_case(changes, words):
    with pytest.raises(ValueError, match=f"^case number 7.*{words}"):
        plain_case(id="number 7", **changes)


@pytest.mark.parametrize("shift", [0.5, 3.0])
def test_a_label_that_lies_elsewhere_is_refused(shift):
    image = Volume(np.random.default_rng(0).normal(size=GRID), np.eye(4))
    affine = np.eye(4)
    affine[0, 3] = shift
    label = Volume(np.zeros(GRID, np.uint8), affine)
    with pytest.raises(ValueError, match=rf"case x: the label lies up to {shift:.2f} mm away"):
        Case.from_volumes(image, label, "x", "x", GLAND)


def test_a_label_mirrored_by_its_header_is_refused():
    image = Volume(np.random.default_rng(0).normal(size=GRID), np.eye(4))
    label = Volume(np.zeros(GRID, np.uint8), np.diag([-1.0, 1, 1, 1]))
    with pytest.raises(ValueError, match="affines differ"):
        Case.from_volumes(image, label, "x", "x", GLAND)


def test_affines_that_differ_by_rounding_are_one_grid():
    image = Volume(np.random.default_rng(0).normal(size=GRID), np.eye(4))
    affine = np.eye(4) + 1e-5 * np.array([[1, 1, 1, 1]] * 3 + [[0] * 4])
    case = Case.from_volumes(image, Volume(np.zeros(GRID, np.uint8), affine), "x", "x", GLAND)
    np.testing.assert_array_equal(case.affine, np.eye(4))


def test_phantoms_of_two_seeds_are_different_patients():
    one, two = (load_cases("phantom", count=1, seed=seed, progress=False)[0] for seed in (0, 1))
    assert one.class_names == ("background", "PZ", "TZ", "AFS", "DPU")
    assert one.patient != two.patient
    assert one.image.shape != two.image.shape or not np.array_equal(one.label, two.label)


def test_the_same_phantom_seen_by_another_scanner_is_the_same_patient():
    one, two = (load_cases("phantom", count=1, scanner=s, progress=False)[0] for s in "AB")
    assert one.patient == two.patient
    assert one.id != two.id
    assert not np.array_equal(one.image, two.image)


def test_phantoms_are_read_in_order_as_the_phantom_module_makes_them():
    cases = load_cases("phantom", count=3, seed=2, progress=False)
    for number, case in zip((20000, 20001, 20002), cases, strict=True):
        image, label = phantom.volumes(number)
        assert case.id == f"phantom_{number}_A"
        np.testing.assert_array_equal(case.image, image.array)
        np.testing.assert_array_equal(case.label, label.array)


def test_an_unknown_scanner_and_a_negative_seed_are_refused():
    with pytest.raises(ValueError, match="no scanner 'C'"):
        load_cases("phantom", count=2, scanner="C", progress=False)
    with pytest.raises(ValueError, match="seed must be 0 or more, not -1"):
        load_cases("phantom", count=2, seed=-1, progress=False)


def cases_of(owners):
    image = np.arange(8.0).reshape(2, 2, 2)
    label = np.zeros((2, 2, 2), int)
    return [
        plain_case(id=f"scan_{number}", patient=f"patient_{owner}", image=image, label=label)
        for number, owner in enumerate(owners)
    ]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=30),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.integers(0, 99),
)
def test_a_split_divides_patients_and_loses_no_case(owners, weights, seed):
    cases = cases_of(owners)
    fractions = np.array(weights) / sum(weights)
    patients = len(set(owners))
    if patients < len(weights):
        with pytest.raises(ValueError, match=f"^{patients} patient.*{len(weights)} parts"):
            split_cases(cases, fractions, seed)
        return
    parts = split_cases(cases, fractions, seed)
    assert sorted(case.id for part in parts for case in part) == sorted(case.id for case in cases)
    groups = [{case.patient for case in part} for part in parts]
    assert all(groups)
    assert sum(map(len, groups)) == patients
    crowded = (fractions * patients < 1).any()
    for group, fraction in zip(groups, fractions, strict=True):
        assert crowded or abs(len(group) - fraction * patients) < 1


def test_a_split_depends_on_the_seed_but_not_on_the_order_of_the_cases():
    cases = cases_of(range(20))

    def held_out(order, seed):
        return {case.id for case in split_cases(order, (0.7, 0.3), seed)[1]}

    assert held_out(cases, 1) == held_out(cases[::-1], 1)
    assert held_out(cases, 1) != held_out(cases, 2)


def test_one_patient_cannot_be_split_whatever_the_number_of_scans():
    with pytest.raises(ValueError, match=r"1 patient cannot be split into 2 parts.*at least 2"):
        split_cases(cases_of([3, 3, 3]), (0.5, 0.5))


@pytest.mark.parametrize("fractions", [(0.5, 0.4), (1.5, -0.5), (1.0, 0.0), (), (np.nan, 1.0), 1.0])
def test_fractions_that_do_not_sum_to_one_are_refused(fractions):
    with pytest.raises(ValueError, match="positive and sum to 1"):
        split_cases(cases_of(range(4)), fractions)
