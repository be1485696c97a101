"""Files of the street data sets: what is written is read again, and bad files are refused."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from medseg.scenes import formats

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)
SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(st.data())
@SETTINGS
def test_kitti_maps_survive_a_round_trip(tmp_path, data):
    shape = data.draw(SHAPES)
    bytes_ = hnp.arrays(np.int64, shape, elements=st.integers(0, 255))
    semantic, instance = data.draw(bytes_), data.draw(bytes_)
    path = tmp_path / "map.png"
    formats.write_kitti_panoptic(path, semantic, instance)
    assert Image.open(path).mode.startswith("I")
    for read, written in zip(formats.read_kitti_panoptic(path), (semantic, instance), strict=True):
        np.testing.assert_array_equal(read, written)
        assert read.dtype == np.int64


@given(st.data())
@SETTINGS
def test_coco_maps_survive_a_round_trip(tmp_path, data):
    ids = st.sampled_from([0, 1, 255, 256, 70_000, 2**24 - 1])
    segments = data.draw(hnp.arrays(np.int64, data.draw(SHAPES), elements=ids))
    categories = {1: 7, 255: 3, 256: 3, 70_000: 200, 2**24 - 1: 1}
    path = tmp_path / "map.png"
    info = formats.write_coco_panoptic(path, segments, categories)
    semantic, read = formats.read_coco_panoptic(path, info)
    np.testing.assert_array_equal(read, segments)
    np.testing.assert_array_equal(semantic, np.vectorize({0: 0, **categories}.get)(segments))
    for entry in info:
        rows, columns = np.nonzero(segments == entry["id"])
        left, top, width, height = entry["bbox"]
        assert entry["area"] == len(rows)
        assert (left, top) == (columns.min(), rows.min())
        assert (left + width, top + height) == (columns.max() + 1, rows.max() + 1)


def test_coco_colours_are_the_ids_to_the_base_256(tmp_path):
    formats.write_coco_panoptic(
        tmp_path / "a.png", np.array([[1 + 2 * 256 + 3 * 65536]]), {197121: 5}
    )
    assert np.asarray(Image.open(tmp_path / "a.png")).tolist() == [[[1, 2, 3]]]


@given(st.integers(0, 50), st.integers(0, 2**32 - 1))
@SETTINGS
def test_scans_and_labels_survive_a_round_trip(tmp_path, count, seed):
    draw = np.random.default_rng(seed)
    points = draw.normal(0, 30, (count, 3)).astype(np.float32)
    remission = draw.random(count).astype(np.float32)
    labels = draw.integers(0, 2**32, count, dtype=np.uint32)
    formats.write_scan(tmp_path / "a.bin", points, remission)
    formats.write_labels(tmp_path / "a.label", labels)
    assert (tmp_path / "a.bin").stat().st_size == 16 * count
    read_points, read_remission = formats.read_scan(tmp_path / "a.bin")
    np.testing.assert_array_equal(read_points, points)
    np.testing.assert_array_equal(read_remission, remission)
    np.testing.assert_array_equal(formats.read_labels(tmp_path / "a.label", count), labels)


def test_moving_and_rare_classes_are_learnt_as_their_kind():
    raw = np.array([[10, 252, 40, 60], [0, 1, 52, 99]])
    assert formats.learning_labels(raw).tolist() == [[1, 1, 9, 9], [0, 0, 0, 0]]
    assert set(formats.LEARNING_MAP.values()) == set(range(20))


def refused(call, *words):
    pattern = "".join(f"(?=.*{re.escape(word)})" for word in words) + r"[^\n]*\Z"
    with pytest.raises(ValueError, match=pattern):
        call()


def test_an_odd_number_of_bytes_is_refused(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * 33)
    refused(lambda: formats.read_scan(path), "33 bytes", "16", "cut off")
    refused(lambda: formats.read_labels(path), "33 bytes", "4")


def test_labels_of_another_scan_are_refused(tmp_path):
    formats.write_labels(tmp_path / "a.label", np.zeros(3, np.uint32))
    refused(lambda: formats.read_labels(tmp_path / "a.label", 5), "3 labels", "5 points")


def test_a_scan_that_is_not_finite_is_refused(tmp_path):
    np.full(8, np.nan, "<f4").tofile(tmp_path / "a.bin")
    refused(lambda: formats.read_scan(tmp_path / "a.bin"), "not finite")


def test_an_unknown_class_is_refused():
    refused(lambda: formats.learning_labels(np.array([10, 77])), "class 77 is unknown")


def test_a_picture_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "grey.png"
    Image.fromarray(np.zeros((4, 5), np.uint8)).save(path)
    refused(lambda: formats.read_kitti_panoptic(path), "(4, 5) of uint8", "16-bit")
    refused(lambda: formats.read_coco_panoptic(path, []), "(4, 5) of uint8", "RGB")


def test_what_is_no_picture_or_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "a.png"
    path.write_text("hello")
    refused(lambda: formats.read_kitti_panoptic(path), "no picture")
    noise = np.random.default_rng(0).integers(0, 255, (40, 40))
    formats.write_kitti_panoptic(path, noise, noise)
    path.write_bytes(path.read_bytes()[:-900])
    refused(lambda: formats.read_kitti_panoptic(path), "cut off or damaged")


def test_values_that_do_not_fit_are_refused(tmp_path):
    path, low, high = tmp_path / "a.png", np.zeros((2, 2), int), np.full((2, 2), 256)
    refused(lambda: formats.write_kitti_panoptic(path, low, high), "instance 256", "0..255")
    refused(lambda: formats.write_kitti_panoptic(path, low - 1, low), "class -1")
    refused(lambda: formats.write_kitti_panoptic(path, low + 0.5, low), "float64", "integers")
    refused(lambda: formats.write_kitti_panoptic(path, low, low[0]), "(2, 2)", "(2,)")
    refused(lambda: formats.write_coco_panoptic(path, high, {}), "segment 256 has no category")
    refused(lambda: formats.write_labels(path, low), "uint32")
    refused(lambda: formats.write_scan(path, low, low[0]), "(N, 3)")
    assert not path.exists()


def test_an_unknown_segment_is_refused(tmp_path):
    formats.write_coco_panoptic(tmp_path / "a.png", np.array([[5]]), {5: 1})
    refused(lambda: formats.read_coco_panoptic(tmp_path / "a.png", []), "segment 5 is unknown")
