"""What lies around the gland, as brightness relative to the peripheral zone."""

import numpy as np

from .anatomy import Anatomy
from .lattice import Lattice, Points, noise


def pelvis(
    anatomy: Anatomy,
    affine: np.ndarray,
    shape: tuple[int, int, int],
    contrast: dict[str, float],
    rng: np.random.Generator,
) -> np.ndarray:
    """Brightness (float32) of fat, muscles, rectum, bladder, bone, veins, seminal vesicles.

    Painted from far to near: each structure covers what was painted before it. Coordinates are
    warped a little, so that no border is straight.
    """
    voxels = [np.arange(n) for n in shape]
    wide, mottled, fine = (Lattice(affine, voxels, step) for step in (22.0, 7.0, 2.4))
    x, y, z = (wide.upsample(p) for p in wide.points)
    x += 1.6 * noise(rng, wide)
    y += 1.6 * noise(rng, wide)
    speckle = noise(rng, fine)
    image = np.full(shape, contrast["fat"], np.float32)
    _paint_walls(image, anatomy, (x, y, z), contrast)
    _paint_rectum(image, anatomy, (x, y, z), contrast)
    _paint_sling(image, anatomy, (x, y, z), contrast)
    _paint_vessels(image, anatomy, (x, y, z), contrast, speckle)
    _paint_above(image, anatomy, (x, y, z), contrast, speckle)
    return image * (1 + 0.07 * noise(rng, mottled) + 0.04 * speckle)


def _paint_walls(
    image: np.ndarray, anatomy: Anatomy, points: Points, contrast: dict[str, float]
) -> None:
    """Obturator muscles and hip bones on both sides, the pubic bones and symphysis in front."""
    x, y, z = points
    gy, gz = anatomy.gland[1:]
    side = np.abs(x)
    image[side > 41 + 0.12 * (y + 10)] = contrast["muscle"]
    image[side > 55 + 0.10 * y] = contrast["bone"]
    front = y - gy - 12 - 0.012 * side**2
    pubis = (front > 0) & (z < 0.6 * gz) & (side < 42)
    image[pubis] = contrast["bone"]
    image[pubis & ((side < 3.5) | (front < 1.8))] = contrast["muscle"]


def _paint_rectum(
    image: np.ndarray, anatomy: Anatomy, points: Points, contrast: dict[str, float]
) -> None:
    x, y, z = points
    gy = anatomy.gland[1]
    radius = anatomy.rectum_radius * (1 + 0.2 * np.clip(z / 40, -1, 1))
    centre = -gy - 1.5 - 0.82 * radius
    distance = np.hypot((x - anatomy.rectum_offset) / 1.15, y - centre) / radius
    image[distance < 1] = contrast["rectal_wall"]
    content = distance < 0.8
    image[content] = contrast["content"]
    if anatomy.rectum_gas > 0:
        # Gas rises to the front of a man who lies on his back.
        image[content & (y > centre + radius * (0.55 - 1.3 * anatomy.rectum_gas))] = 0.04


def _paint_sling(
    image: np.ndarray, anatomy: Anatomy, points: Points, contrast: dict[str, float]
) -> None:
    """Levator ani: a sling on both sides of the gland and behind the rectum."""
    x, y, z = points
    gx, gy, gz = anatomy.gland
    across = np.hypot(x / (gx + anatomy.levator_gap + 2), (y + 6) / (gy + 24))
    band = (across > 1.0) & (across < 1.16) & (y < 0.7 * gy) & (z < 0.5 * gz)
    image[band] = contrast["muscle"]


def _paint_vessels(
    image: np.ndarray,
    anatomy: Anatomy,
    points: Points,
    contrast: dict[str, float],
    speckle: np.ndarray,
) -> None:
    """The venous plexus in front and the two neurovascular bundles behind: bright dots."""
    x, y, z = points
    gx, gy, gz = anatomy.gland
    side = np.abs(x)
    plexus = np.hypot(x / (0.85 * gx), (y - gy) / 11.0) < 1
    plexus &= z < 0.6 * gz
    image[plexus] = 0.6 * contrast["fat"] + 0.15
    image[plexus & (speckle > 0.3)] = contrast["vein"]
    bundle = np.hypot(side - 0.72 * gx, y + 0.86 * gy) < 4.5
    image[bundle & (speckle > 0.2)] = contrast["vein"]


def _paint_above(
    image: np.ndarray,
    anatomy: Anatomy,
    points: Points,
    contrast: dict[str, float],
    speckle: np.ndarray,
) -> None:
    """Above the gland: seminal vesicles behind, the bladder in front."""
    x, y, z = points
    gy, gz = anatomy.gland[1:]
    height = z - gz * 0.8
    droop = 0.010 * x**2
    vesicles = np.hypot((height - 7) / 8, (y + 0.55 * gy + droop) / 7.5) < 1
    vesicles &= np.abs(x) < 30
    image[vesicles] = contrast["wall"]
    image[vesicles & (speckle > -0.35)] = contrast["vesicle"]
    middle = z - gz - anatomy.bladder_gap
    bladder = (x / 36) ** 2 + ((y - 8) / 26) ** 2 + ((middle - 24) / 26) ** 2
    image[bladder < 1] = contrast["muscle"]
    image[bladder < 0.80] = contrast["bladder"]
