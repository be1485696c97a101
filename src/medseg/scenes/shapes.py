"""Boxes, cylinders and ellipsoids, and where rays meet them: what a street is built from.

Every part is one of three unit bodies (the cube and the cylinder from -1 to 1, the unit ball) that
a matrix stretches, turns and moves. A ray is taken back through that matrix, where its entry and
exit follow from one line of school geometry; the distance along the ray stays the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

BOX, CYLINDER, BALL = "box", "cylinder", "ball"
NOTHING = -1
MARGIN = 0.05  # m


@dataclass(frozen=True)
class Part:
    """One body: `centre` (3,) in metres, columns of `axes` (3, 3) its half-axes, RGB `colour`."""

    kind: str
    centre: np.ndarray
    axes: np.ndarray
    colour: tuple[float, float, float]
    surface: str = "plain"

    @property
    def radius(self) -> float:
        """Radius of a ball around the centre that holds the whole part, in metres."""
        lengths = np.linalg.norm(self.axes, axis=0)
        return float(
            {BALL: lengths.max(), BOX: np.sqrt((lengths**2).sum())}.get(
                self.kind, np.hypot(lengths[:2].max(), lengths[2])
            )
        )


def turn(degrees: float) -> np.ndarray:
    """(3, 3) rotation about the z axis, anticlockwise seen from above."""
    angle = np.radians(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def cast(
    objects: Sequence[Sequence[Part]], origins: np.ndarray, directions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The first part that each ray meets.

    Args:
        objects: what may be met, each object a sequence of parts.
        origins: (3,) for all rays, or (N, 3), in metres.
        directions: (N, 3) of length 1.

    Returns:
        (N,) distances in metres, infinite where nothing is met, and (N,) numbers of the parts,
        counted through all objects, -1 where nothing is met.
    """
    distance = np.full(len(directions), np.inf)
    which = np.full(len(directions), NOTHING)
    near_ball = _near_ball(origins, directions)
    index = -1
    for parts in objects:
        # Most rays miss the ball around the object, and are spared the rest.
        rays = near_ball(*_ball(parts))
        starts, ways = origins[rays] if origins.ndim == 2 else origins, directions[rays].T
        best, first = distance[rays], which[rays]
        for part in parts:
            index += 1
            inverse = np.linalg.inv(part.axes)
            start = inverse @ np.atleast_2d(starts - part.centre).T
            near, far = _passage(part.kind, start, inverse @ ways)
            met = np.where(near > 1e-4, near, far)
            closer = (near <= far) & (met > 1e-4) & (met < best)
            best[closer], first[closer] = met[closer], index
        distance[rays], which[rays] = best, first
    return distance, which


def _near_ball(
    origins: np.ndarray, directions: np.ndarray
) -> Callable[[np.ndarray, float], np.ndarray]:
    """A function that numbers the rays that meet a ball, given its centre and radius, or nearly.

    In float32, which is twice as fast; the margin is wider than what is lost by that.
    """
    ways, starts = directions.astype(np.float32), np.asarray(origins, np.float32)
    shares = (starts * ways).sum(axis=1) if starts.ndim == 2 else ways @ starts
    squares = (starts**2).sum(axis=-1)

    def rays(middle: np.ndarray, radius: float) -> np.ndarray:
        middle, radius = middle.astype(np.float32), radius + MARGIN
        along = ways @ middle
        along -= shares
        # the squared distance between the ball's centre and the ray, as a line
        squared = squares - 2 * (starts @ middle) + middle @ middle - along**2
        return np.flatnonzero((squared <= radius**2) & (along > -radius))

    return rays


def _ball(parts: Sequence[Part]) -> tuple[np.ndarray, float]:
    """Centre and radius of a ball that holds all parts."""
    middle = np.mean([part.centre for part in parts], axis=0)
    return middle, max(float(np.linalg.norm(p.centre - middle)) + p.radius for p in parts)


def _passage(kind: str, origin: np.ndarray, way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where rays, origins and ways (3, N), enter and leave a unit body; entry beyond exit: a miss.

    A ray that runs along a face never crosses it: the division gives infinities, which compare.
    """
    if kind == BALL:
        return _round(origin, way)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (-1 - origin) / way, (1 - origin) / way
    enter, leave = np.minimum(low, high), np.maximum(low, high)
    if kind == BOX:
        return enter.max(axis=0), leave.min(axis=0)
    near, far = _round(origin[:2], way[:2])
    return np.maximum(near, enter[2]), np.minimum(far, leave[2])


def _round(origin: np.ndarray, way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solve |origin + t way|² = 1 for t."""
    a = (way**2).sum(axis=0)
    b = (origin * way).sum(axis=0)
    c = (origin**2).sum(axis=0) - 1
    root = np.sqrt(np.maximum(b**2 - a * c, 0))
    missed = b**2 < a * c
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(missed, np.inf, (-b - root) / a), np.where(missed, -np.inf, (-b + root) / a)


def normals(part: Part, points: np.ndarray) -> np.ndarray:
    """Unit vectors (N, 3) that stand on the part's surface at the given points (N, 3)."""
    inverse = np.linalg.inv(part.axes)
    local = (points - part.centre) @ inverse.T
    if part.kind == BOX:
        local = np.where(np.abs(local) == np.abs(local).max(axis=1, keepdims=True), local, 0)
    if part.kind == CYLINDER:
        lid = np.abs(local[:, 2:]) > 1 - 1e-6
        local = np.where(lid, local * [0, 0, 1], local * [1, 1, 0])
    outward = local @ inverse
    return outward / np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-12)


def local_coordinates(part: Part, points: np.ndarray) -> np.ndarray:
    """Points (N, 3) in metres along the part's own axes, from its centre."""
    lengths = np.linalg.norm(part.axes, axis=0)
    return (points - part.centre) @ (part.axes / lengths)
