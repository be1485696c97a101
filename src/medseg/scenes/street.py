"""One seeded street: ground, houses, trees, poles, cars, people and a cyclist, as bodies in metres.

x points forward, y to the left, z up; the origin lies on the road below the camera and the laser.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from medseg.scenes.shapes import BALL, BOX, CYLINDER, Part, turn

ROAD_RIGHT, ROAD_LEFT = -4.4, 7.6
HOUSES_RIGHT, HOUSES_LEFT = -8.0, 11.2
STREET_BEGINS, STREET_ENDS = -45.0, 85.0
KERB = 0.12
TREES = (
    (24.0, -6.4),
    (42.0, -6.2),
    (13.0, 9.7),
    (31.0, 9.9),
    (52.0, 9.6),
    (-14.0, -6.3),
    (-9.0, 9.8),
)
LAMPS = ((8.5, -4.8, 1), (29.0, -4.8, 1), (50.0, -4.8, 1), (20.0, 8.0, -1), (-12.0, 8.0, -1))
PEOPLE = ((12.2, -6.1), (13.4, -5.6), (17.3, 8.5), (17.5, 9.0), (-6.0, -5.8))


@dataclass(frozen=True)
class Kind:
    """A class: its id in pictures (Cityscapes, KITTI) and in laser scans (SemanticKITTI)."""

    name: str
    picture_id: int
    laser_id: int
    colour: tuple[int, int, int]
    is_thing: bool = False


# Cityscapes' ids, https://github.com/mcordts/cityscapesScripts; SemanticKITTI's,
# https://github.com/PRBonn/semantic-kitti-api. Colours differ in lightness as well as in hue.
KINDS = {
    kind.name: kind
    for kind in (
        Kind("unlabelled", 0, 0, (0, 0, 0)),
        Kind("road", 7, 40, (128, 100, 140)),
        Kind("pavement", 8, 48, (214, 170, 204)),
        Kind("building", 11, 50, (110, 110, 110)),
        Kind("pole", 17, 80, (184, 184, 184)),
        Kind("sign", 20, 81, (240, 228, 66)),
        # in pictures a trunk is vegetation, so that kind has the last word on id 21
        Kind("trunk", 21, 71, (96, 54, 8)),
        Kind("vegetation", 21, 70, (0, 140, 104)),
        Kind("terrain", 22, 72, (152, 212, 160)),
        Kind("sky", 23, 0, (176, 216, 246)),
        Kind("person", 24, 30, (213, 60, 30), True),
        Kind("cyclist", 25, 31, (240, 150, 20), True),
        Kind("car", 26, 10, (0, 84, 178), True),
    )
}


@dataclass(frozen=True)
class StreetObject:
    """One object of the street: its kind, its parts, and its number, 0 where one does not count."""

    kind: Kind
    parts: tuple[Part, ...]
    instance: int


@dataclass
class Scene:
    """A street; objects of a kind that one counts are numbered from 1, over all kinds."""

    seed: int
    objects: list[StreetObject] = field(default_factory=list)

    def add(self, name: str, *parts: Part) -> None:
        """Add one object made of these parts."""
        kind = KINDS[name]
        number = 1 + max((o.instance for o in self.objects), default=0) if kind.is_thing else 0
        self.objects.append(StreetObject(kind, parts, number))

    @property
    def parts(self) -> list[Part]:
        """All parts of all objects, in order."""
        return [part for thing in self.objects for part in thing.parts]

    def of_parts(self, value: Callable[[StreetObject], int], otherwise: int) -> np.ndarray:
        """A number of its object for each part, and one more at the end for where no part is."""
        values = [value(thing) for thing in self.objects for _ in thing.parts]
        return np.array([*values, otherwise], dtype=np.int64)


def street(seed: int = 0) -> Scene:
    """The street; every seed gives another one with the same objects in about the same places.

    >>> from medseg import scenes
    >>> street = scenes.street(seed=1)
    >>> sum(thing.kind.name == "car" for thing in street.objects)
    8
    """
    draw = np.random.default_rng(seed)
    scene = Scene(seed)
    _ground(scene)
    _houses(scene, draw)
    for x, y in TREES:
        _tree(scene, draw, x + draw.uniform(-1, 1), y)
    for along, y, side in LAMPS:
        _lamp(scene, along + draw.uniform(-0.5, 0.5), y, side)
    _sign(scene, 19 + draw.uniform(-0.5, 0.5), -4.75)
    _traffic(scene, draw)
    for x, y in PEOPLE:
        _person(scene, draw, x + draw.uniform(-0.2, 0.2), y)
    _cyclist(scene, draw, 12.5 + draw.uniform(-0.5, 0.5), 1.3)
    return scene


def _part(
    kind: str,
    centre: tuple[float, float, float],
    halves: tuple[float, float, float],
    colour: tuple[float, float, float],
    surface: str = "plain",
    axes: np.ndarray | None = None,
) -> Part:
    turned = np.eye(3) if axes is None else axes
    return Part(kind, np.array(centre, float), turned * np.array(halves, float), colour, surface)


def _ground(scene: Scene) -> None:
    middle, half = (STREET_BEGINS + STREET_ENDS) / 2, (STREET_ENDS - STREET_BEGINS) / 2
    width = ROAD_LEFT - ROAD_RIGHT
    road = ((ROAD_LEFT + ROAD_RIGHT) / 2, width / 2)
    scene.add(
        "road",
        _part(BOX, (middle, road[0], -0.5), (half, road[1], 0.5), (0.33, 0.33, 0.35), "asphalt"),
    )
    for low, high in ((HOUSES_RIGHT, ROAD_RIGHT), (ROAD_LEFT, HOUSES_LEFT)):
        slab = _part(
            BOX,
            (middle, (low + high) / 2, KERB - 0.5),
            (half, (high - low) / 2, 0.5),
            (0.62, 0.6, 0.57),
            "slabs",
        )
        scene.add("pavement", slab)
    scene.add(
        "terrain", _part(BOX, (middle, 0, -0.56), (3 * half, 120, 0.5), (0.42, 0.5, 0.28), "grass")
    )


def _houses(scene: Scene, draw: np.random.Generator) -> None:
    walls = [
        (0.72, 0.6, 0.48),
        (0.6, 0.36, 0.3),
        (0.78, 0.74, 0.64),
        (0.5, 0.52, 0.55),
        (0.68, 0.55, 0.5),
        (0.56, 0.48, 0.38),
    ]
    for front, side in ((HOUSES_RIGHT, -1), (HOUSES_LEFT, 1)):
        x: float = STREET_BEGINS + 4
        while x < STREET_ENDS - 8:
            width, height = draw.uniform(9, 15), draw.uniform(6.5, 12)
            back = draw.uniform(0, 0.8)
            middle = (x + width / 2, front + side * (5 + back), height / 2)
            colour = walls[draw.integers(len(walls))]
            house = _part(BOX, middle, (width / 2, 5, height / 2), colour, "facade")
            ridge = (x + width / 2, front + side * (5 + back), height)
            roof = _part(
                CYLINDER,
                ridge,
                (1.6, 5.0, width / 2 - 0.05),
                (0.45, 0.24, 0.2),
                "plain",
                np.array([[0, 0, 1.0], [0, 1, 0], [1, 0, 0]]),
            )
            scene.add("building", house, roof)
            x += width + (draw.uniform(3, 6) if draw.random() < 0.3 else 0.0)


def _tree(scene: Scene, draw: np.random.Generator, x: float, y: float) -> None:
    height = draw.uniform(2.4, 3.2)
    trunk = _part(CYLINDER, (x, y, height / 2), (0.16, 0.16, height / 2), (0.36, 0.26, 0.18))
    scene.add("trunk", trunk)
    for _ in range(4):
        size = draw.uniform(0.9, 1.35)
        shift = draw.uniform(-0.7, 0.7, 3)
        colour = (0.2 + draw.uniform(0, 0.08), 0.42 + draw.uniform(-0.06, 0.06), 0.16)
        crown = (x + shift[0], y + shift[1], height + 0.6 + shift[2])
        scene.add("vegetation", _part(BALL, crown, (size, size, 0.85 * size), colour, "leaves"))


def _lamp(scene: Scene, x: float, y: float, side: int) -> None:
    grey = (0.4, 0.42, 0.44)
    post = _part(CYLINDER, (x, y, 3), (0.08, 0.08, 3), grey)
    arm = _part(BOX, (x, y + side * 0.75, 5.95), (0.05, 0.8, 0.05), grey)
    head = _part(BOX, (x, y + side * 1.5, 5.9), (0.12, 0.35, 0.08), (0.8, 0.8, 0.75))
    scene.add("pole", post, arm, head)


def _sign(scene: Scene, x: float, y: float) -> None:
    scene.add("pole", _part(CYLINDER, (x, y, 1.2), (0.05, 0.05, 1.2), (0.55, 0.55, 0.55)))
    flat = np.array([[0, 0, 1.0], [0, 1, 0], [1, 0, 0]])
    rim = _part(CYLINDER, (x, y, 2.5), (0.38, 0.38, 0.03), (0.75, 0.1, 0.1), "plain", flat)
    face = _part(
        CYLINDER, (x - 0.02, y, 2.5), (0.27, 0.27, 0.03), (0.95, 0.95, 0.95), "plain", flat
    )
    scene.add("sign", rim, face)


def _traffic(scene: Scene, draw: np.random.Generator) -> None:
    paints = [
        (0.7, 0.12, 0.1),
        (0.14, 0.26, 0.5),
        (0.82, 0.82, 0.8),
        (0.16, 0.17, 0.18),
        (0.55, 0.58, 0.6),
        (0.1, 0.35, 0.3),
    ]
    # The first two stand one behind the other and overlap in the picture.
    places = [
        (10.6, -3.2, 0),
        (16.2, -3.2, 0),
        (23.0, -3.3, 0),
        (30.0, 0.2, 0),
        (24.5, 3.5, 180),
        (14.0, 6.4, 180),
        (-9.0, -3.2, 0),
        (-7.0, 6.4, 180),
    ]
    order = draw.permutation(len(paints))
    for number, (x, y, heading) in enumerate(places):
        paint = paints[order[number % len(paints)]]
        jitter = draw.uniform(-0.2, 0.2), draw.uniform(-0.08, 0.08)
        _car(scene, x + jitter[0], y + jitter[1], heading + draw.uniform(-2, 2), paint)


def _car(
    scene: Scene, x: float, y: float, heading: float, paint: tuple[float, float, float]
) -> None:
    ahead = turn(heading)

    def at(forward: float, left: float, up: float) -> tuple[float, float, float]:
        place = ahead @ [forward, left, 0.0] + [x, y, up]
        return float(place[0]), float(place[1]), float(place[2])

    parts = [
        _part(BOX, at(0, 0, 0.62), (2.1, 0.86, 0.3), paint, "plain", ahead),
        _part(BOX, at(-0.25, 0, 1.08), (1.05, 0.74, 0.2), (0.1, 0.12, 0.15), "glass", ahead),
        _part(BOX, at(-0.25, 0, 1.33), (0.9, 0.72, 0.06), paint, "plain", ahead),
    ]
    across = ahead @ np.array([[1.0, 0, 0], [0, 0, 1], [0, 1, 0]])
    for forward in (-1.3, 1.3):
        for left in (-0.78, 0.78):
            black = (0.06, 0.06, 0.06)
            wheel = _part(
                CYLINDER, at(forward, left, 0.32), (0.32, 0.32, 0.11), black, "plain", across
            )
            parts.append(wheel)
    for left in (-0.62, 0.62):
        back, front = at(-2.1, left, 0.72), at(2.1, left, 0.66)
        parts.append(_part(BOX, back, (0.03, 0.16, 0.07), (0.75, 0.05, 0.05), "light", ahead))
        parts.append(_part(BOX, front, (0.03, 0.16, 0.07), (0.95, 0.95, 0.85), "light", ahead))
    scene.add("car", *parts)


def _person(scene: Scene, draw: np.random.Generator, x: float, y: float) -> None:
    tall = draw.uniform(0.92, 1.06)
    shirt = tuple(draw.uniform(0.15, 0.8, 3))
    trousers = tuple(draw.uniform(0.08, 0.35, 3))
    base = KERB
    parts = [
        _part(
            CYLINDER, (x + step, y + side, base + 0.42 * tall), (0.08, 0.08, 0.42 * tall), trousers
        )
        for step, side in ((0.12, 0.1), (-0.12, -0.1))
    ]
    parts.append(_part(BALL, (x, y, base + 1.13 * tall), (0.16, 0.23, 0.36 * tall), shirt))
    parts += [
        _part(BALL, (x + swing, y + side, base + 1.08 * tall), (0.07, 0.07, 0.32 * tall), shirt)
        for swing, side in ((0.08, -0.26), (-0.08, 0.26))
    ]
    skin = (0.78, 0.6, 0.48)
    parts.append(_part(BALL, (x, y, base + 1.6 * tall), (0.11, 0.1, 0.14), skin))
    scene.add("person", *parts)


def _cyclist(scene: Scene, draw: np.random.Generator, x: float, y: float) -> None:
    shirt = (0.85, 0.75, 0.1)
    upright = np.array([[1.0, 0, 0], [0, 0, 1], [0, 1, 0]])
    black = (0.08, 0.08, 0.08)
    frame = tuple(draw.uniform(0.1, 0.6, 3))
    wheels = [
        _part(CYLINDER, (x + step, y, 0.34), (0.34, 0.34, 0.03), black, "plain", upright)
        for step in (-0.52, 0.52)
    ]
    scene.add(
        "cyclist",
        *wheels,
        _part(BOX, (x, y, 0.6), (0.45, 0.03, 0.05), frame),
        _part(BOX, (x - 0.15, y, 0.8), (0.03, 0.03, 0.2), frame),
        _part(BOX, (x + 0.42, y, 0.95), (0.03, 0.27, 0.03), frame),
        _part(CYLINDER, (x + 0.02, y + 0.12, 0.66), (0.08, 0.08, 0.4), (0.15, 0.16, 0.3)),
        _part(CYLINDER, (x + 0.08, y - 0.12, 0.74), (0.08, 0.08, 0.36), (0.15, 0.16, 0.3)),
        _part(BALL, (x + 0.06, y, 1.28), (0.22, 0.23, 0.36), shirt),
        _part(BALL, (x + 0.24, y + 0.24, 1.2), (0.22, 0.07, 0.12), shirt),
        _part(BALL, (x + 0.24, y - 0.24, 1.2), (0.22, 0.07, 0.12), shirt),
        _part(BALL, (x + 0.16, y, 1.72), (0.13, 0.11, 0.15), (0.9, 0.9, 0.92)),
    )
