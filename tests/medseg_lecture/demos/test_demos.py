"""Demos: the still says what it should, R puts everything back, a seed gives the same training."""

import numpy as np
import pytest

from medseg.errors import InputError
from medseg_lecture import demos
from medseg_lecture.demos import focus, gradient, live_unet, two_boxes


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (demos.street, "Three numbers a pixel"),
        (demos.boxes, "IoU 0.31, Dice 0.47"),
        (lambda: demos.field_of_view(depth=3), "3 poolings: one pixel sees 68 pixels across"),
    ],
    ids=["street", "boxes", "field_of_view"],
)
def test_a_still_says_what_the_demo_shows_at_first(make, says):
    assert says in make().still().says


def test_the_still_of_a_drawn_prediction_shows_the_expert_and_nothing_drawn():
    assert "nothing drawn yet" in demos.draw_a_prediction().still().alt


@pytest.mark.parametrize(
    ("make", "name", "other"),
    [
        (demos.street, "view", "semantic"),
        (lambda: demos.field_of_view(depth=3), "depth", 1),
    ],
    ids=["street", "field_of_view"],
)
def test_r_puts_a_control_back_to_where_it_stood(make, name, other):
    demo = make()
    first, says = demo.values[name], demo.picture.says
    demo.controls[name].value = other
    assert demo.picture.says != says
    demo.begin_anew()
    assert (demo.values[name], demo.picture.says) == (first, says)


def test_r_puts_both_boxes_back():
    demo = demos.boxes()
    before = demo.values
    demo.picture.target = [0, 0, 5, 5]
    name = next(iter(before))
    demo.controls[name].value += 1
    demo.begin_anew()
    assert demo.values == before
    assert demo.picture.target == [*two_boxes.TARGET]


def test_r_gives_an_empty_slice_to_draw_on():
    demo = demos.draw_a_prediction()
    before = demo.picture.round
    demo.begin_anew()
    assert demo.picture.round == before + 1
    assert len(demo.picture.image) == len(demo.picture.target) == 96**2


def test_the_field_of_view_grows_and_its_weight_stays_in_the_middle():
    widths = [int((gradient.gradient(depth) > 0).any(0).sum()) for depth in range(5)]
    assert widths == [5, 14, 32, 68, 140]
    assert (gradient.gradient(3) > 0.5).any(0).sum() < 68 / 2


@pytest.mark.slow
def test_focus_is_ahead_at_first_and_level_in_the_end():
    plain, focused = (
        [focus.iou(mask) for mask in masks] for masks in focus.learnt(seed=0).values()
    )
    assert len(plain) == focus.STEPS // focus.EVERY + 1
    half = len(plain) // 2
    assert focused[half] > plain[half] + 0.1
    assert focused[-1] == pytest.approx(plain[-1], abs=0.1)


def test_no_time_to_learn_is_refused():
    with pytest.raises(InputError, match="a training takes some seconds, not 0"):
        demos.train_a_unet(seconds=0)


def trained(steps=2, **options):
    *_, last = live_unet.learn(
        live_unet.patients(), lambda done: done / steps, look_at=lambda: False, **options
    )
    return last


@pytest.mark.slow
def test_the_same_seed_gives_the_same_training_and_cut_skips_another():
    first, second, cut = trained(), trained(), trained(skips=False)
    assert first.iou == second.iou
    assert np.array_equal(first.prediction, second.prediction)
    assert first.slices == cut.slices == 2 * live_unet.BATCH
    assert first.iou != cut.iou


@pytest.mark.slow
@pytest.mark.parametrize(("skips", "title"), [(True, "the network"), (False, "skips cut")])
def test_the_still_of_a_training_says_how_far_it_is(skips, title):
    still = demos.train_a_unet(skips=skips).still(steps=1)
    assert still.says.startswith("8 slices seen: mean zone IoU 0.")
    assert title in still.alt


@pytest.mark.slow
def test_r_stops_a_training_and_shows_the_untrained_network():
    demo = demos.train_a_unet(seconds=600)
    before = demo.picture.says
    demo.start()
    demo.begin_anew()
    assert demo.picture.says == before
    assert before.startswith("0 slices seen")
