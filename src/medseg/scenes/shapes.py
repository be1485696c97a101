"""Boxes, cylinders and ellipsoids, and where rays meet them: what a street is built from.

Every part is one of three unit bodies (the cube and the cylinder from -1 to 1, the unit ball) that
a matrix stretches, turns and moves. A ray is taken back through that matrix, where its entry and
exit follow from one line of school geometry; the distance along the ray stays the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BOX, CYLINDER, BALL = "box", "cylinder", "ball"
NOTHING = -1


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
    origins = np.broadcast_to(origins, directions.shape)
    squares, shares = (origins**2).sum(axis=1), (origins * directions).sum(axis=1)
    index = -1
    for parts in objects:
        # Most rays miss the ball around the object, and are spared the rest.
        middle, radius = _ball(parts)
        along = directions @ middle - shares
        squared = middle @ middle - 2 * (origins @ middle) + squares
        rays = np.flatnonzero((squared - along**2 <= radius**2) & (along > -radius))
        for part in parts:
            index += 1
            inverse = np.linalg.inv(part.axes)
            start = inverse @ (origins[rays] - part.centre).T
            near, far = _passage(part.kind, start, inverse @ directions[rays].T)
            met = np.where(near > 1e-4, near, far)
            closer = (near <= far) & (met > 1e-4) & (met < distance[rays])
            distance[rays[closer]] = met[closer]
            which[rays[closer]] = index
    return distance, which


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
