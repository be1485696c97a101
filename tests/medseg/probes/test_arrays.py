"""The runners accept every right answer, whatever its numbers, and tell what is wrong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from medseg import probes
from medseg.probes import arrays
from medseg.volumes import Volume

MAPS = hnp.arrays(np.int64, (5, 6), elements=st.integers(0, 9))


@given(MAPS, st.permutations(range(1, 10)))
@settings(deadline=None)
def test_renumbering_forgets_the_numbers_and_keeps_the_parts(labels, order):
    other = np.array([0, *order])[labels]
    np.testing.assert_array_equal(arrays.renumbered(labels), arrays.renumbered(other))
    new = arrays.renumbered(labels)
    np.testing.assert_array_equal(new == 0, labels == 0)
    assert set(np.unique(new)) == set(range(len(set(np.unique(labels)) - {0}) + 1)) - (
        set() if (labels == 0).any() else {0}
    )


def test_a_map_that_is_no_integer_array_is_handed_on_as_it_is():
    semantic = np.array([[1.5, 0.0]])
    assert arrays.instances(lambda s, t: s, semantic, [1]) is semantic


def test_what_is_no_picture_is_told():
    panoptic, palette = np.array([[256]]), {1: (0, 0, 0)}
    assert arrays.colours(lambda m, p: None, panoptic, palette, []) == {"the picture": None}
    floats = arrays.colours(lambda m, p: np.zeros((1, 1, 3)), panoptic, palette, [])
    assert floats == {"the picture's dtype": "float64"}


def test_a_region_that_is_no_tuple_of_slices_is_handed_on():
    assert arrays.region(lambda v: [1, 2]) == [1, 2]


def test_slices_that_mean_the_same_are_the_same():
    scan = Volume(np.zeros((4, 5, 6)), np.eye(4))
    ends = (slice(None, 2), slice(np.int64(1), None, 1), slice(0, 6))
    assert arrays.region(lambda v: ends, scan) == (slice(0, 2), slice(1, 5), slice(0, 6))


def test_a_division_of_another_form_is_told_with_what_came():
    def divide(answer):
        return arrays.split(lambda ids, f, g: answer, ["a", "b"], [0.5, 0.5], 0)

    due = "one list of numbers for each fraction"
    for answer, came in [
        (None, "None"),
        ([np.array([0]), np.array([1])], "a list of a numpy array, a numpy array"),
        ([["a"], ["b"]], "the lists hold 'a', which is no number of a case"),
    ]:
        assert divide(answer) == {due: False, f"{due}, measured": came}
    facts = divide([[0], [0]])
    assert not facts["every case is in one part"]
    assert not facts["all cases of a patient are in one part"]


def test_a_part_without_a_patient_is_told_with_the_parts():
    ids = list("abc")
    facts = arrays.split(lambda *_: [[0, 1], [2], []], ids, [0.8, 0.1, 0.1], 0)
    assert facts["every part has a patient"] is False
    assert facts["every part has a patient, measured"] == "2, 1, 0 of 3 patients"


def test_colours_that_are_alike_are_told_with_their_instances():
    panoptic = np.array([[26 * 256 + 1, 26 * 256 + 2]])
    white = arrays.colours(
        lambda m, p: np.full((*m.shape, 3), 255, np.uint8), panoptic, {26: (250, 250, 250)}, [26]
    )
    alike = "instances of a class have different colours"
    assert white[alike] is False
    assert white[f"{alike}, measured"] == (
        "number 1 of class 26 has (255, 255, 255) and number 2 of class 26 has (255, 255, 255)"
    )


def test_inputs_that_are_changed_in_place_are_seen_by_who_calls_a_runner():
    def shuffles(ids, fractions, generator):
        generator.shuffle(ids)
        return [[0], [1]]

    def repaints(panoptic, palette):
        palette[26] = (0, 0, 0)
        return np.zeros((*panoptic.shape, 3), np.uint8)

    with pytest.raises(AssertionError, match="changes an input"):
        probes.facts_of("split", shuffles, list("abcdefgh"), [0.5, 0.5], 0)
    with pytest.raises(AssertionError, match="changes an input"):
        probes.facts_of("colours", repaints, np.array([[26 * 256]]), {26: (9, 9, 9)}, [])
