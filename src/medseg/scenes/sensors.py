"""What a camera and a rotating laser see of the same street, each with the true labels."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from medseg.scenes.shapes import Part, cast, local_coordinates, normals
from medseg.scenes.street import KINDS, Scene

CAMERA_HEIGHT, LASER_HEIGHT = 1.65, 1.73  # metres above the road, as on KITTI's car
FOV_UP, FOV_DOWN = 3.0, -25.0  # degrees above the horizon
FARTHEST = 80.0  # metres
SUN = np.array([-0.45, 0.55, 0.7]) / np.linalg.norm([-0.45, 0.55, 0.7])
SKY_ABOVE, SKY_BELOW = np.array([0.42, 0.62, 0.86]), np.array([0.84, 0.9, 0.95])


@dataclass(frozen=True)
class Picture:
    """A drawn street and its labels, all (H, W): `rgb` uint8 (H, W, 3), `semantic` and `instance`
    int64, `depth` float64 in metres, infinite in the sky."""

    rgb: np.ndarray
    semantic: np.ndarray
    instance: np.ndarray
    depth: np.ndarray


@dataclass(frozen=True)
class Scan:
    """One turn of the laser: `points` (N, 3) float32 in metres from the laser, `remission` (N,)
    float32 in 0..1, `labels` (N,) uint32 as SemanticKITTI packs them."""

    points: np.ndarray
    remission: np.ndarray
    labels: np.ndarray


def picture(
    scene: Scene, height: int = 256, width: int = 768, field_of_view: float = 80
) -> Picture:
    """The street from the car's roof, as drawn; `field_of_view` is horizontal, in degrees.

    >>> from medseg import scenes
    >>> street = scenes.picture(scenes.street(), height=32, width=96)
    >>> street.rgb.shape, street.semantic.shape, street.rgb.dtype
    ((32, 96, 3), (32, 96), dtype('uint8'))
    >>> bool(np.isinf(street.depth[street.semantic == scenes.KINDS["sky"].picture_id]).all())
    True
    """
    focal = width / 2 / np.tan(np.radians(field_of_view) / 2)
    columns = (np.arange(width) + 0.5 - width / 2) / focal
    rows = (np.arange(height) + 0.5 - 0.44 * height) / focal
    rays = np.stack(
        [np.ones((height, width)), *np.broadcast_arrays(-columns[None, :], -rows[:, None])], axis=-1
    ).reshape(-1, 3)
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    origin = np.array([0.0, 0.0, CAMERA_HEIGHT])
    distance, which = cast([o.parts for o in scene.objects], origin, rays)
    kinds = scene.of_parts(lambda o: o.kind.picture_id, KINDS["sky"].picture_id)
    instances = scene.of_parts(lambda o: o.instance, 0)
    colours = _shade(scene, origin, rays, distance, which)
    grain = np.random.default_rng(scene.seed).normal(0, 0.012, colours.shape)
    # A display shows mid-tones darker than they were: the exponent, its gamma, makes up for it.
    rgb = 255 * np.clip(colours + grain, 0, 1) ** (1 / 1.6)
    shape = (height, width)
    return Picture(
        rgb.round().astype(np.uint8).reshape(*shape, 3),
        kinds[which].reshape(shape),
        instances[which].reshape(shape),
        distance.reshape(shape),
    )


def laser_scan(scene: Scene, beams: int = 64, columns: int = 1024, seed: int = 0) -> Scan:
    """Turn a laser of `beams` rays, between +3° and -25°, once around, in `columns` steps.

    Ranges have noise of 2 cm; one return in twenty is lost, and more at grazing angles.

    >>> from medseg import scenes
    >>> scan = scenes.laser_scan(scenes.street(), beams=8, columns=64)
    >>> scan.points.shape, scan.remission.shape, scan.labels.dtype
    ((474, 3), (474,), dtype('uint32'))
    """
    draw = np.random.default_rng(seed)
    elevation = np.radians(np.linspace(FOV_UP, FOV_DOWN, beams))[:, None]
    azimuth = np.pi - 2 * np.pi * (np.arange(columns) + 0.5) / columns
    rays = np.stack(
        np.broadcast_arrays(
            np.cos(elevation) * np.cos(azimuth),
            np.cos(elevation) * np.sin(azimuth),
            np.sin(elevation),
        ),
        axis=-1,
    ).reshape(-1, 3)
    origin = np.array([0.0, 0.0, LASER_HEIGHT])
    distance, which = cast([o.parts for o in scene.objects], origin, rays)
    rays, distance, which = (a[distance < FARTHEST] for a in (rays, distance, which))
    facing = _facing(scene, origin + distance[:, None] * rays, which, -rays)
    lost = draw.random(len(rays)) < 0.05 + 0.5 * (facing < 0.03)
    noisy = distance + draw.normal(0, 0.02, len(rays))
    brightness = np.array([part.colour for part in scene.parts]).mean(axis=1)[which]
    remission = np.clip(brightness * (0.3 + 0.7 * facing) + draw.normal(0, 0.02, len(rays)), 0, 1)
    semantic = scene.of_parts(lambda o: o.kind.laser_id, 0)[which]
    instance = scene.of_parts(lambda o: o.instance, 0)[which]
    labels = (semantic + (instance << 16)).astype(np.uint32)
    kept = ~lost
    points = (noisy[:, None] * rays).astype(np.float32)
    return Scan(points[kept], remission.astype(np.float32)[kept], labels[kept])


def _each_part(scene: Scene, which: np.ndarray) -> Iterator[tuple[Part, np.ndarray]]:
    """Each part that is met, and where in `which` its number stands."""
    order = np.argsort(which, kind="stable")
    numbers, starts = np.unique(which[order], return_index=True)
    parts = scene.parts
    for number, here in zip(numbers, np.split(order, starts[1:]), strict=True):
        if number >= 0:
            yield parts[number], here


def _facing(scene: Scene, points: np.ndarray, which: np.ndarray, way: np.ndarray) -> np.ndarray:
    """Cosine between the surface's normal and `way` at each point, at least 0."""
    cosine = np.zeros(len(points))
    for part, here in _each_part(scene, which):
        direction = way if way.ndim == 1 else way[here]
        cosine[here] = (normals(part, points[here]) * direction).sum(axis=1)
    return np.maximum(cosine, 0)


def _shade(
    scene: Scene, origin: np.ndarray, rays: np.ndarray, distance: np.ndarray, which: np.ndarray
) -> np.ndarray:
    """Colours (N, 3) in 0..1: sun with shadows, light from the sky, haze with distance."""
    height = np.clip(rays[:, 2:] * 3, 0, 1)
    colours = SKY_BELOW + (SKY_ABOVE - SKY_BELOW) * height
    seen = np.flatnonzero(which >= 0)
    points = origin + distance[seen, None] * rays[seen]
    parts = which[seen]
    paint = np.zeros((len(seen), 3))
    for part, here in _each_part(scene, parts):
        paint[here] = _paint(part, points[here])
    sunlit = _facing(scene, points, parts, SUN)
    towards = np.flatnonzero(sunlit > 0)
    blocked, _ = cast(
        [o.parts for o in scene.objects],
        points[towards] + 1e-3 * SUN,
        np.tile(SUN, (len(towards), 1)),
    )
    sunlit[towards[np.isfinite(blocked)]] = 0
    lit = paint * (0.42 + 0.62 * sunlit[:, None])
    haze = 1 - np.exp(-distance[seen, None] / 180)
    colours[seen] = lit * (1 - haze) + SKY_BELOW * haze
    return colours


def _paint(part: Part, points: np.ndarray) -> np.ndarray:
    """The part's own colour at its points, with windows, slabs, lane marks and leaves."""
    paint = np.tile(np.array(part.colour), (len(points), 1))
    x, y, _ = local_coordinates(part, points).T
    if part.surface == "facade":
        side = np.where(np.abs(y) > 4.99, x, y)
        floor, bay = (points[:, 2] - 0.9) % 2.9, (side + 50) % 2.4
        window = (floor > 0.2) & (floor < 1.7) & (bay > 0.6) & (bay < 1.8) & (points[:, 2] > 0.9)
        frame = window & ~((floor > 0.3) & (floor < 1.6) & (bay > 0.7) & (bay < 1.7))
        paint[window] = (0.16, 0.2, 0.26)
        paint[frame] = (0.85, 0.84, 0.8)
        paint[points[:, 2] < 0.6] *= 0.7
    elif part.surface == "asphalt":
        paint *= 1 + 0.06 * _speckle(points[:, :2], 0.07)[:, None]
        dashes = (np.abs(points[:, 1] - 1.75) < 0.07) & (points[:, 0] % 6 < 3)
        strip = np.abs(points[:, 1] + 1.95) < 0.05
        paint[dashes | strip] = (0.85, 0.85, 0.82)
    elif part.surface == "slabs":
        joint = (points[:, 0] % 0.8 < 0.03) | (points[:, 1] % 0.8 < 0.03)
        paint *= 1 + 0.05 * _speckle(points[:, :2], 0.8)[:, None]
        paint[joint] *= 0.75
    elif part.surface in {"leaves", "grass"}:
        size = 0.14 if part.surface == "leaves" else 0.2
        paint *= 1 + 0.28 * _speckle(points, size)[:, None]
    return paint


def _speckle(points: np.ndarray, size: float) -> np.ndarray:
    """A number in -1..1 for each little cell of space, always the same for the same cell."""
    cells = np.floor(points / size).astype(np.int64)
    mixed = (cells * np.array([73856093, 19349663, 83492791])[: cells.shape[1]]).sum(axis=1)
    return (mixed ^ mixed >> 13) % 1009 / 504 - 1
