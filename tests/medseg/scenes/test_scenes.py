"""The street: rays meet bodies where they should, camera and laser see the same labelled things."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from medseg import scenes
from medseg.scenes.shapes import BALL, BOX, CYLINDER, Part, cast, normals, turn

CAR = scenes.KINDS["car"]


@pytest.fixture(scope="module")
def street():
    return scenes.street(0)


@pytest.fixture(scope="module")
def picture(street):
    return scenes.picture(street)


@pytest.fixture(scope="module")
def scan(street):
    return scenes.laser_scan(street)


def inside(part, points):
    """Whether points lie in a body, by the body's definition."""
    local = (points - part.centre) @ np.linalg.inv(part.axes).T
    if part.kind == BALL:
        return (local**2).sum(axis=-1) <= 1
    if part.kind == BOX:
        return (np.abs(local) <= 1).all(axis=-1)
    return ((local[..., :2] ** 2).sum(axis=-1) <= 1) & (np.abs(local[..., 2]) <= 1)


@st.composite
def bodies_and_rays(draw):
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    kind = draw(st.sampled_from([BALL, BOX, CYLINDER]))
    axes = turn(rng.uniform(0, 360)) * rng.uniform(0.2, 2, 3)
    part = Part(kind, rng.normal(size=3), axes, (0.5, 0.5, 0.5))
    aim = part.centre + rng.normal(scale=0.8, size=(8, 3))
    origin = 5 * rng.normal(size=3)
    way = aim - origin
    return part, origin, way / np.linalg.norm(way, axis=1, keepdims=True)


@given(bodies_and_rays())
@settings(max_examples=200, deadline=None)
def test_a_ray_stops_at_the_first_point_of_the_body(drawn):
    part, origin, ways = drawn
    distances, which = cast([[part]], origin, ways)
    assert ((which == 0) == np.isfinite(distances)).all()
    samples = np.linspace(0, 12, 1201)
    path = origin + samples[:, None, None] * ways
    hits = inside(part, path)
    outside_at_first = not inside(part, origin)
    for ray, distance in enumerate(distances):
        touched = samples[hits[:, ray]]
        if not np.isfinite(distance):
            assert len(touched) <= 1  # a ray may graze the body between two samples
        elif outside_at_first:
            assert inside(part, origin + (distance + 1e-6) * ways[ray]) or len(touched) <= 1
            assert not (touched < distance - 1e-6).any()


@given(bodies_and_rays())
@settings(max_examples=100, deadline=None)
def test_normals_have_length_one_and_face_the_ray(drawn):
    part, origin, ways = drawn
    distances, _ = cast([[part]], origin, ways)
    met = np.isfinite(distances)
    if inside(part, origin) or not met.any():
        return
    points = origin + distances[met, None] * ways[met]
    upright = normals(part, points)
    np.testing.assert_allclose(np.linalg.norm(upright, axis=1), 1)
    assert ((upright * ways[met]).sum(axis=1) < 1e-6).all()


def test_the_nearer_of_two_bodies_is_seen_whatever_their_order():
    near = Part(BALL, np.array([3.0, 0, 0]), np.eye(3), (0.5, 0.5, 0.5))
    far = Part(BOX, np.array([9.0, 0, 0]), np.eye(3), (0.5, 0.5, 0.5))
    ahead = np.array([[1.0, 0, 0]])
    for objects, expected in (([[near], [far]], 0), ([[far], [near]], 1), ([[far, near]], 1)):
        distance, which = cast(objects, np.zeros(3), ahead)
        assert (which[0], distance[0]) == (expected, pytest.approx(2.0))


@pytest.mark.parametrize("seed", range(6))
def test_every_street_has_all_kinds_and_two_cars_that_touch_in_the_picture(seed):
    street = scenes.street(seed)
    seen = scenes.picture(street, 128, 384)
    wanted = {kind.picture_id for kind in scenes.KINDS.values()} - {0}
    assert set(np.unique(seen.semantic)) == wanted
    cars = seen.semantic == CAR.picture_id
    parts, count = ndimage.label(cars, np.ones((3, 3)))
    together = [len(np.unique(seen.instance[parts == k])) for k in range(1, count + 1)]
    assert max(together) >= 2
    assert len(np.unique(seen.instance[cars])) >= 5


def test_the_same_seed_gives_the_same_picture_and_scan_and_another_gives_others(picture, scan):
    again = scenes.street(0)
    np.testing.assert_array_equal(scenes.picture(again).rgb, picture.rgb)
    np.testing.assert_array_equal(scenes.laser_scan(again).points, scan.points)
    assert (scenes.picture(scenes.street(1)).rgb != picture.rgb).mean() > 0.2


def test_every_thing_has_an_instance_and_nothing_else_has(picture, scan):
    things = {k.picture_id for k in scenes.KINDS.values() if k.is_thing}
    np.testing.assert_array_equal(np.isin(picture.semantic, list(things)), picture.instance > 0)
    things = {k.laser_id for k in scenes.KINDS.values() if k.is_thing}
    np.testing.assert_array_equal(
        np.isin(scan.labels & 0xFFFF, list(things)), scan.labels >> 16 > 0
    )


def test_the_sky_and_only_the_sky_is_infinitely_far(picture):
    sky = picture.semantic == scenes.KINDS["sky"].picture_id
    np.testing.assert_array_equal(np.isinf(picture.depth), sky)


def test_arrays_have_the_promised_shapes_and_types(picture, scan):
    assert (picture.rgb.shape, picture.rgb.dtype) == ((256, 768, 3), np.uint8)
    for labels in (picture.semantic, picture.instance):
        assert (labels.shape, labels.dtype) == ((256, 768), np.int64)
    n = len(scan.points)
    assert (scan.points.shape, scan.points.dtype) == ((n, 3), np.float32)
    assert (scan.remission.shape, scan.remission.dtype) == ((n,), np.float32)
    assert (scan.labels.shape, scan.labels.dtype) == ((n,), np.uint32)
    assert 0 <= scan.remission.min() <= scan.remission.max() <= 1


def test_the_laser_keeps_to_its_field_of_view_and_range(scan):
    ranges = np.linalg.norm(scan.points, axis=1)
    elevation = np.degrees(np.arcsin(scan.points[:, 2] / ranges))
    assert elevation.max() == pytest.approx(scenes.FOV_UP, abs=1e-3)
    assert elevation.min() == pytest.approx(scenes.FOV_DOWN, abs=1e-3)
    assert ranges.max() < 80.2


def test_range_noise_and_lost_returns_are_as_promised(street):
    noisy = scenes.laser_scan(street, seed=1)
    rays = 64 * 1024
    assert 0.85 < len(noisy.points) / rays < 0.97
    road = noisy.points[(noisy.labels & 0xFFFF) == scenes.KINDS["road"].laser_id]
    elevation = np.arcsin(road[:, 2] / np.linalg.norm(road, axis=1))
    true = -1.73 / np.sin(elevation)
    off = np.linalg.norm(road, axis=1) - true
    assert np.std(off) == pytest.approx(0.02, rel=0.05)


def test_camera_and_laser_see_the_same_things_in_the_same_places(picture, scan):
    """Laser points ahead, moved to the camera and projected, fall on their own object."""
    points = scan.points + np.array([0, 0, 1.73 - 1.65])
    ahead = points[:, 0] > 1
    points, labels = points[ahead], scan.labels[ahead]
    height, width = picture.semantic.shape
    focal = width / 2 / np.tan(np.radians(40))
    columns = np.floor(width / 2 - focal * points[:, 1] / points[:, 0]).astype(int)
    rows = np.floor(0.44 * height - focal * points[:, 2] / points[:, 0]).astype(int)
    seen = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    by_laser = labels[seen] >> 16
    by_camera = picture.instance[rows[seen], columns[seen]]
    assert (by_laser == by_camera).mean() > 0.98
    things = by_laser > 0
    assert things.sum() > 1000
    assert (by_laser == by_camera)[things].mean() > 0.9
