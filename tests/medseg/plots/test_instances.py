"""Merged and split instances are told apart, in words, colours and styles of line."""

import numpy as np
import pytest
from matplotlib.colors import same_color

from medseg.errors import InputError
from medseg.palette import SKY_BLUE, VERMILION
from medseg.plots import found_instances
from medseg.plots.instances import merged_and_split

TRUTH = np.zeros((12, 20), dtype=int)
TRUTH[1:5, 1:5], TRUTH[1:5, 5:9], TRUTH[7:11, 1:9], TRUTH[2:6, 12:18] = 4, 9, 2, 7
FOUND = np.zeros_like(TRUTH)
FOUND[1:5, 1:9] = 3  # 4 and 9 as one
FOUND[7:11, 1:4], FOUND[7:11, 5:9] = 1, 2  # 2 as two
FOUND[2:6, 12:17] = 6


def test_what_is_several_true_ones_and_what_was_found_as_several():
    assert merged_and_split(TRUTH, FOUND) == ([3], [2])
    assert merged_and_split(FOUND, TRUTH) == ([2], [3])


@pytest.mark.parametrize("found", [TRUTH, np.zeros_like(TRUTH), TRUTH * (TRUTH == 7)])
def test_nothing_is_merged_or_split_in_the_truth_or_where_nothing_was_found(found):
    assert merged_and_split(TRUTH, found) == ([], [])


def test_a_neighbour_that_is_only_touched_is_not_merged():
    found = np.where(TRUTH == 4, 1, 0)
    found[1:5, 5:7] = 1  # half of 9, not more
    assert merged_and_split(TRUTH, found) == ([], [])
    found[1, 7] = 1
    assert merged_and_split(TRUTH, found) == ([1], [])


def test_merged_and_split_differ_in_colour_and_style():
    figure, alt = found_instances(TRUTH / 9, TRUTH, {"network": FOUND, "nothing": 0 * FOUND})
    lines = [
        (drawn.get_edgecolor()[0], drawn.get_linestyle()[0][1] is None, drawn.get_linewidth()[0])
        for drawn in figure.axes[1].collections
    ]
    colours = ["white", VERMILION, SKY_BLUE]
    assert all(same_color(line[0], c) for line, c in zip(lines, colours, strict=True))
    assert [solid for _, solid, _ in lines] == [True, True, False]
    assert alt == (
        "Outlines on the picture. Truth: 4 instances. Network: 4 found, 1 of which holds several "
        "true instances; 1 true instances were found as several. Nothing: 0 found, 0 of which hold "
        "several true instances; 0 true instances were found as several."
    )
    assert len(figure.legends[0].get_texts()) == 3


def test_shapes_and_the_number_of_answers_are_checked():
    with pytest.raises(InputError, match="shape"):
        merged_and_split(TRUTH, FOUND[1:])
    with pytest.raises(InputError, match="one to five"):
        found_instances(TRUTH / 9, TRUTH, {})
