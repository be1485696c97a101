"""Segments over each other: each is outlined where it lies, void is hatched, and all is told."""

import numpy as np
import pytest

from medseg.plots import overlaid_segments

ROAD, CAR = 7 * 256, 26 * 256


@pytest.fixture
def maps():
    target, prediction = np.full((2, 6, 12), ROAD)
    target[1:3, 1:4], target[4:6, 1:3] = CAR + 1, CAR + 2
    target[:, 8:] = 0
    prediction[1:3, 2:5] = CAR + 9
    return target, prediction


def outlines(figure, dashes):
    patches = figure.axes[0].patches
    return [p for p in patches if not p.get_fill() and p.get_linestyle() == dashes]


def test_solid_outlines_lie_around_the_target_and_dashed_ones_around_the_prediction(maps):
    target, prediction = maps
    figure, _ = overlaid_segments(target, prediction, {})
    solid, dashed = outlines(figure, "solid"), outlines(figure, "dashed")
    assert [p.get_bbox().bounds for p in solid] == [(0.5, 0.5, 3, 2), (0.5, 3.5, 2, 2)]
    assert [p.get_bbox().bounds for p in dashed] == [(1.5, 0.5, 3, 2)]


def test_void_is_hatched_and_left_out_where_there_is_none(maps):
    target, prediction = maps
    for painted, count in ((target, 1), (np.where(target == 0, ROAD, target), 0)):
        figure, _ = overlaid_segments(painted, prediction, {})
        assert sum(bool(p.get_hatch()) for p in figure.axes[0].patches) == count


def test_notes_stand_in_the_picture_and_in_the_description(maps):
    target, prediction = maps
    figure, text = overlaid_segments(target, prediction, {"a\nmatch": (0, 2), "a miss": (3, 2)})
    assert [t.get_text() for t in figure.axes[0].texts] == ["a\nmatch", "a miss"]
    assert "2 segments of the target, 1 of the prediction and 24 pixels of void" in text
    assert text.endswith("Written beside them: a match; a miss.")
