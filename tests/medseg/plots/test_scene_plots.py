"""Figures of the street: every thing is seen, and the description says what is there."""

import numpy as np
import pytest

from medseg import scenes
from medseg.plots import scene_plots


@pytest.fixture(scope="module")
def picture():
    return scenes.picture(scenes.street(0), 128, 384)


def test_neighbouring_things_are_outlined_in_white(picture):
    drawn = scene_plots.answers(picture)["panoptic"]
    a, b = picture.instance[:, :-1], picture.instance[:, 1:]
    touching = (a != b) & (a > 0) & (b > 0)
    assert touching.any()
    assert (drawn[:, :-1][touching] == 255).all()


def test_outlines_lie_on_things_only(picture):
    edge = scene_plots.outlines(picture.instance)
    assert edge.any()
    assert (picture.instance[edge] > 0).all()


def test_things_stand_out_from_neutral_stuff(picture):
    drawn = scene_plots.answers(picture)["instance"]
    stuff = (drawn == scene_plots.NEUTRAL).all(axis=-1)
    np.testing.assert_array_equal(stuff, picture.instance == 0)


def test_the_description_counts_what_is_in_the_picture(picture):
    cars = np.unique(picture.instance[picture.semantic == scenes.KINDS["car"].picture_id])
    _, text = scene_plots.four_answers(picture)
    assert f"car {len(cars)}" in text
    assert "cyclist 1" in text


def test_all_kinds_of_a_picture_are_in_its_legend(picture):
    figure, _ = scene_plots.four_answers(picture)
    texts = {text.get_text() for text in figure.legends[0].get_texts()}
    assert texts == {scene_plots.NAMES[int(i)] for i in np.unique(picture.semantic)}


def test_the_laser_is_drawn_by_class_or_by_value():
    scan = scenes.laser_scan(scenes.street(0), beams=16, columns=128)
    figure, text = scene_plots.from_above(scan)
    assert f"{len(scan.points)} points" in text
    assert len(figure.axes) == 1
    figure, _ = scene_plots.from_above(scan, scan.points[:, 2], "height")
    assert figure.axes[0].get_title() == "height"
    assert len(figure.axes) == 2


def test_every_instance_of_the_chosen_kind_is_numbered_in_each_map(picture):
    cars = picture.semantic == scenes.KINDS["car"].picture_id
    figure = scene_plots.numbered({"truth": picture.instance, "one": cars * 1}, cars)
    count = len(np.unique(picture.instance[cars]))
    assert [axes.get_title() for axes in figure.axes] == [f"truth: {count}", "one: 1"]
    assert [text.get_text() for text in figure.axes[0].texts] == [str(k + 1) for k in range(count)]


def test_trunks_and_leaves_are_told_apart_by_lightness():
    light = {
        name: np.dot(scenes.KINDS[name].colour, (0.299, 0.587, 0.114)) for name in scenes.KINDS
    }
    assert light["vegetation"] - light["trunk"] > 30
    assert scene_plots.NAMES[21] == "vegetation"


def test_panels_leave_no_axes_around_spare_places():
    images = {name: np.zeros((4, 8)) for name in "abc"}
    figure = scene_plots.panels(images, columns=2)
    assert [axes.get_title() for axes in figure.axes] == ["a", "b", "c", ""]
    assert not any(axes.axison for axes in figure.axes)


def test_in_the_panorama_near_is_brighter_and_no_echo_is_zero():
    ranges = np.array([[-1.0, 4.0, 20.0, 0.0]])
    figure, text = scene_plots.panorama(ranges, np.array([[0, 10, 40, 40]]))
    upper, lower = figure.axes[:2]
    empty, near, far, _ = upper.images[0].get_array()[0]
    assert (empty, near, far) == (0, 1 / 4, 1 / 20)
    assert upper.get_xlim() == lower.get_xlim()
    assert "road 67%, car 33%" in text
    assert "25% of all have none" in text


def test_in_the_panorama_classes_stand_in_their_colours_and_no_echo_is_white():
    ranges = np.array([[-1.0, 4.0]])
    figure, _ = scene_plots.panorama(ranges, np.array([[10, 10]]))
    empty, car = figure.axes[1].images[0].get_array()[0]
    assert tuple(empty) == (255, 255, 255)
    assert tuple(car) == scenes.KINDS["car"].colour
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["car"]


def test_a_panorama_without_echoes_can_be_drawn():
    figure, text = scene_plots.panorama(np.full((2, 3), -1.0), np.zeros((2, 3), dtype=int))
    assert (figure.axes[0].images[0].get_array() == 0).all()
    assert "100% of all have none" in text
