"""The lecture's figures: counts that are so, shapes that the network really has."""

import pytest
import torch
import torch.nn.functional as F
from matplotlib.text import Text
from torch import nn

from medseg import plots, scenes
from medseg.plots import scene_plots
from medseg.widgets.u_net import valid_stages
from medseg_grader.course.units import load_unit
from medseg_lecture import figures


def test_the_worked_example_counts_every_pixel_once():
    tp, fp, fn, tn = figures.counts()
    assert (tp, fp, fn, tn) == (7, 3, 3, 17)
    assert sum(figures.counts()) == figures.TARGET.size


@pytest.mark.parametrize("height", [460, figures.HALL[1], 600])
def test_the_last_row_can_read_every_word_of_a_figure(height):
    figure, _ = scene_plots.four_answers(scenes.picture(scenes.street()))
    figures.legible(figure, height)
    wide, tall = figure.get_size_inches()
    pixels_per_point = min(figures.HALL[0] / wide, height / tall) / 72
    sizes = [float(text.get_fontsize()) for text in figure.findobj(Text)]
    assert min(sizes) * pixels_per_point > figures.SMALLEST - 0.01


def test_a_legend_whose_words_grew_keeps_inside_the_figure():
    figure, _ = scene_plots.four_answers(scenes.picture(scenes.street()))
    before = [text.get_text() for text in figure.legends[0].get_texts()]
    figures.legible(figure, 460)
    figure.draw_without_rendering()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == before
    assert legend.get_window_extent().width < figure.bbox.width


def test_the_worked_figure_says_its_counts():
    _, alt = figures.worked_iou()
    assert "7 pixels in both" in alt
    assert "17 in neither" in alt


def test_the_u_net_of_2015_turns_572_pixels_into_388():
    shapes = [stage.shape for stage in valid_stages(572, depth=4, features=64, num_classes=2)]
    assert shapes[0] == (1, 572, 572)
    assert (1024, 28, 28) in shapes
    assert shapes[-1] == (2, 388, 388)


@pytest.mark.parametrize(
    ("parts", "last"),
    [
        (1, "enter: 64 channels of 568 by 568"),
        (5, "down 4: 1024 channels of 28 by 28"),
        (9, "up 4: 64 channels of 388 by 388"),
        (None, "head: 2 channels of 388 by 388"),
    ],
)
def test_the_u_net_of_2015_is_drawn_part_by_part(parts, last):
    _, alt = figures.u_net_2015(parts)
    told = [part for part in alt.split("; ") if " channels of " in part]
    assert last in told[-1]
    assert len(told) == 1 + (parts or 10)


def test_the_stages_of_the_course_are_those_of_unit_06s_solution():
    unit = load_unit("06_unet")
    names = {"torch": torch, "nn": nn, "F": F}
    for exercise in ("DoubleConv", "Down", "Up", "UNet"):
        exec(unit.solution_cell(exercise).source, names)
    model = names["UNet"](1, 5, features=16, depth=4).eval()
    traced = plots.trace(model, torch.zeros(1, 1, 117, 117))
    assert [s.shape for s in traced] == [s.shape for s in figures.course_stages()]


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (figures.course_u_net, "up 4: 16 channels of 117 by 117"),
        (figures.what_channels_see, "output: 5 maps, 96 × 96"),
        (figures.found_by_the_network, "Dice on this slice"),
        (figures.focusing, "cross-entropy costs 0.105"),
        (lambda: figures.panorama_of(figures.laser_scan()), "64 by 1024 pixels"),
    ],
    ids=["course", "channels", "found", "focusing", "panorama"],
)
def test_a_figure_comes_with_its_description(draw, says):
    figure, alt = draw()
    assert figure.get_figwidth() > 8
    assert says in alt
