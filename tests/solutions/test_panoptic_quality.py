"""Panoptic quality by the published example of SemanticKITTI's evaluation."""

from pathlib import Path

import pytest
import torch

from medseg import stand_ins
from medseg_grader.course.answers import namespace_of
from medseg_grader.course.units import load_unit

ROOT = Path(__file__).parents[2]
GRASS, SKY, PERSON, DOG = 1 * 256, 2 * 256, 3 * 256, 4 * 256
# The street of Kirillov et al., "Panoptic segmentation" (2019), figure 2, as SemanticKITTI's
# development kit (eval_np.py) puts it into numbers: points, target, prediction.
EXAMPLE = [
    (50, 0, 0),
    (40, GRASS, GRASS),
    (10, GRASS, SKY),
    (40, SKY, SKY),
    (10, SKY, GRASS),
    (50, DOG + 22, PERSON + 35),
    (150, PERSON + 33, PERSON + 8),
    (50, PERSON + 42, PERSON + 8),
    (100, PERSON + 11, PERSON + 95),
]


@pytest.fixture(params=["the solution", "the stand-in"])
def panoptic_quality(request, monkeypatch):
    monkeypatch.chdir(ROOT)
    if request.param == "the stand-in":
        return stand_ins.stand_in("04_iou", "panoptic_quality")
    return namespace_of(load_unit("04_iou"), None, None)["panoptic_quality"]


def test_the_published_example_of_semantickitti_is_met(panoptic_quality):
    target = torch.tensor([value for count, value, _ in EXAMPLE for _ in range(count)])
    prediction = torch.tensor([value for count, _, value in EXAMPLE for _ in range(count)])
    found = panoptic_quality(prediction.reshape(1, -1), target.reshape(1, -1))
    assert found == pytest.approx((0.4791667, 0.5520833, 0.6666667), abs=1e-7)
