"""One man's pelvis as shapes in millimetres: the gland with its four zones, and what surrounds it.

Patient coordinates: origin in the middle of the gland, x to the right, y to the front (anterior),
z to the head, in mm. Sizes follow measurements of 30 expert-labelled cases of the Medical
Segmentation Decathlon; T2 contrasts follow Simpkin 2013.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from medseg.zones import AFS, BACKGROUND, DPU, PZ, TZ

from .lattice import Points


@dataclass(frozen=True)
class Nodule:
    """A ball of another brightness with a dark rim, in the transition zone or a lesion in PZ.

    Attributes:
        centre: (x, y, z), mm.
        radius: mm.
        brightness: factor on that of the zone around it.
        rim: factor on that of the ball, in its outermost 0.8 mm; of no effect in PZ.
        zone: number of the class in which it lies; it ends at that zone's border.
    """

    centre: tuple[float, float, float]
    radius: float
    brightness: float
    rim: float
    zone: int


@dataclass(frozen=True)
class Anatomy:
    """Sizes and places that differ from man to man, all drawn by `draw_anatomy`.

    Attributes:
        gland: half-axes of the gland along x, y, z, mm.
        zone_axes: half-axes of the transition zone along x, y, z, mm.
        zone_centre: (y, z) of its middle, mm; its x is 0.
        lobe_offset: distance of its two lobes from the midline, as a share of its half-axis x.
        lobe_ratio: factor on the width of its right lobe, by which the left one is divided.
        afs_depth: thickness of the anterior fibromuscular stroma where it is thickest, mm.
        afs_width: half its width, mm.
        urethra_radius: of the distal urethra, mm.
        urethra_bend: radians; its axis runs forwards by 0.42 of this angle's tangent for each mm
            downwards.
        verumontanum: height z at which the distal urethra begins, mm.
        apex_taper: share by which the gland is narrower at its lower end than in the middle.
        asymmetry: how far the gland's upper end lies to the right, its lower end to the left, mm;
            and a number that no shape uses (left in, as all later draws depend on it).
        waves: (5, 5), one wave of the surface a row: amplitude, three wave numbers (of coordinates
            in half-axes) and phase, none with a unit; `ripple` says how they are scaled.
        rectum_radius: at the middle of the gland, mm.
        rectum_gas: how full of gas the rectum is, a share; 0 for none.
        rectum_offset: of its axis to the right, mm.
        bladder_gap: from the gland's upper end up to the bladder, mm, of which 2 are taken off.
        levator_gap: from the gland's side to the levator ani, mm, to which 2 are added.
        nodules: in the order in which they are painted.
    """

    gland: tuple[float, float, float]
    zone_axes: tuple[float, float, float]
    zone_centre: tuple[float, float]
    lobe_offset: float
    lobe_ratio: float
    afs_depth: float
    afs_width: float
    urethra_radius: float
    urethra_bend: float
    verumontanum: float
    apex_taper: float
    asymmetry: tuple[float, float]
    waves: np.ndarray
    rectum_radius: float
    rectum_gas: float
    rectum_offset: float
    bladder_gap: float
    levator_gap: float
    nodules: tuple[Nodule, ...] = field(default=())


def draw_anatomy(rng: np.random.Generator) -> Anatomy:
    """Draw one patient.

    The transition zone's volume is log-normal (median 48 ml, 5th to 95th percentile 17 to 149);
    a large one compresses the peripheral zone between itself and the capsule.
    """
    tz_ml = float(np.clip(np.exp(rng.normal(np.log(44.0), 0.55)), 16.0, 130.0))
    pz_ml = float(np.clip(np.exp(rng.normal(np.log(22.0), 0.25)), 11.0, 32.0))
    scale = ((tz_ml * 1.08 + pz_ml + 5.0) / 72.0) ** (1 / 3)
    left_right, front_back, head_foot = (
        float(axis * scale * rng.normal(1.0, 0.04)) for axis in (55.0, 44.0, 55.0)
    )
    gland = (left_right / 2, front_back / 2, head_foot / 2)
    shape = np.array([0.90, 0.92, 0.93]) * rng.normal(1.0, 0.03, 3)
    volume = 4 / 3 * np.pi * np.prod(shape * np.array(gland)) / 1000
    zone_axes = shape * np.array(gland) * (tz_ml / volume) ** (1 / 3)
    zone_axes = np.minimum(zone_axes, np.array(gland) * (0.95, 0.93, 0.95))
    midline = float(np.clip(rng.normal(7.0, 2.5) * (48 / tz_ml) ** 0.4, 2.0, 12.0))
    centre_y = -gland[1] + midline + zone_axes[1]
    centre_y = min(centre_y, gland[1] - zone_axes[1] + 1.5)
    centre_z = float(rng.uniform(0.4, 0.9) * (gland[2] - zone_axes[2]))
    anatomy = Anatomy(
        gland=gland,
        zone_axes=tuple(zone_axes),
        zone_centre=(float(centre_y), centre_z),
        lobe_offset=float(rng.uniform(0.26, 0.36)),
        lobe_ratio=float(rng.normal(1.0, 0.06)),
        afs_depth=float(rng.uniform(3.5, 7.0)),
        afs_width=float(rng.uniform(0.5, 0.72) * gland[0]),
        urethra_radius=float(rng.uniform(3.2, 4.2)),
        urethra_bend=float(np.deg2rad(rng.normal(35.0, 6.0))),
        verumontanum=float(rng.uniform(-0.2, 0.1) * gland[2]),
        apex_taper=float(rng.uniform(0.25, 0.45)),
        asymmetry=(float(rng.normal(0, 1.2)), float(rng.normal(0, 0.03))),
        waves=rng.normal(0.0, 1.0, (5, 5)),
        rectum_radius=float(rng.uniform(12.0, 20.0)),
        rectum_gas=float(rng.choice([0.0, 0.35, 0.8])),
        rectum_offset=float(rng.normal(0.0, 4.0)),
        bladder_gap=float(rng.uniform(-4.0, 3.0)),
        levator_gap=float(rng.uniform(3.0, 7.0)),
    )
    return _with_nodules(anatomy, rng)


def _with_nodules(anatomy: Anatomy, rng: np.random.Generator) -> Anatomy:
    """Benign nodules in the transition zone, bright and dark, and now and then a lesion in PZ."""
    ax, ay, az = anatomy.zone_axes
    cy, cz = anatomy.zone_centre
    nodules = []
    for _ in range(int(rng.integers(8, 18))):
        direction = rng.normal(size=3)
        direction *= rng.uniform(0.1, 0.75) / np.linalg.norm(direction)
        centre = (direction[0] * ax, cy + direction[1] * ay, cz + direction[2] * az)
        radius = float(rng.uniform(2.5, 0.34 * min(ax, ay)))
        brightness = float(rng.choice([rng.uniform(0.62, 0.85), rng.uniform(1.1, 1.35)]))
        nodules.append(Nodule(centre, radius, brightness, float(rng.uniform(0.5, 0.75)), TZ))
    for _ in range(int(rng.integers(0, 3))):
        angle = rng.uniform(-0.8, 0.8)
        gx, gy, gz = anatomy.gland
        centre = (
            0.84 * gx * np.sin(angle) * 1.05,
            -0.84 * gy * np.cos(angle),
            rng.uniform(-0.55, 0.4) * gz,
        )
        nodules.append(
            Nodule(centre, float(rng.uniform(2.5, 6.0)), float(rng.uniform(0.65, 0.8)), 1.0, PZ)
        )
    return replace(anatomy, nodules=tuple(nodules))


def radial(anatomy: Anatomy, points: Points) -> np.ndarray:
    """1 on the gland's capsule, less inside: a tapered, flattened, slightly wavy ellipsoid."""
    x, y, z = points
    gx, gy, gz = anatomy.gland
    height = np.clip(z / gz, -1.5, 1.5)
    taper = 1 - anatomy.apex_taper * np.clip(-height, 0, 1) ** 1.6
    lateral = (x - anatomy.asymmetry[0] * height) / (gx * taper)
    depth = (y - 0.10 * gy * height) / (gy * (1 - 0.55 * (1 - taper)))
    # The back of the gland is flattened, with a shallow groove in the midline.
    depth = np.where(depth < 0, depth * (1.07 - 0.07 * np.minimum(lateral**2, 1.5)), depth)
    squared = np.abs(lateral) ** 2.2 + np.abs(depth) ** 2.2 + np.abs(height) ** 2.2
    return squared ** np.float32(1 / 2.2) * (1 + 0.022 * ripple(anatomy, lateral, depth, height))


def ripple(anatomy: Anatomy, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """A smooth irregularity of order 1, the same for the same patient."""
    total = np.zeros((), dtype=np.float32)
    for weight, ka, kb, kc, phase in anatomy.waves:
        total = total + weight * np.sin(2.4 * (ka * a + kb * b + kc * c) + 3 * phase)
    return total / np.float32(np.sqrt(len(anatomy.waves)))


def transition(anatomy: Anatomy, points: Points) -> np.ndarray:
    """1 on the border of the transition zone, less inside: two lobes that meet in the midline."""
    x, y, z = points
    ax, ay, az = anatomy.zone_axes
    cy, cz = anatomy.zone_centre
    shift = anatomy.lobe_offset * ax
    b, c = (y - cy) / ay, (z - cz) / az
    lobes = []
    for side in (-1.0, 1.0):
        ratio = anatomy.lobe_ratio**side
        a = (x - side * shift) / ((ax - shift) * ratio)
        lobes.append(a**2 + b**2 / ratio + c**2 / ratio)
    # A smooth minimum joins the lobes and leaves the groove between them.
    nearer, farther = np.minimum(*lobes), np.maximum(*lobes)
    joined = nearer - 0.12 * np.exp(-(farther - nearer) / 0.35)
    return np.sqrt(np.maximum(joined, 0)) * (1 + 0.03 * ripple(anatomy, x / ax, b, c))


def urethra_distance(anatomy: Anatomy, points: Points) -> np.ndarray:
    """Distance in mm from the axis of the distal urethra, large above the verumontanum."""
    x, y, z = points
    gy = anatomy.gland[1]
    top = anatomy.verumontanum
    below = top - z
    run = np.maximum(below, 0)
    axis_y = -0.16 * gy + np.tan(anatomy.urethra_bend) * 0.42 * run - 0.004 * run**2
    distance = np.hypot(x - 0.5 * anatomy.asymmetry[0], (y - axis_y) * np.cos(0.35))
    return np.where(below < 0, distance - 1.6 * below, distance)


def stroma(anatomy: Anatomy, points: Points, r: np.ndarray) -> np.ndarray:
    """Positive inside the anterior fibromuscular stroma, in mm.

    A band under the front of the capsule, widest above the middle of the gland, none at the apex.
    """
    x, y, z = points
    gy, gz = anatomy.gland[1:]
    depth = (1 - r) * gy
    reach = anatomy.afs_depth * np.clip(1.25 - np.abs(z / gz - 0.15) * 1.35, 0, 1)
    side = np.clip(1 - (x / anatomy.afs_width) ** 2, 0, 1)
    return np.minimum(reach * np.sqrt(side) - depth, y - 0.15 * gy)


def wedges(anatomy: Anatomy, points: Points) -> np.ndarray:
    """Positive in the dark wedges of the peripheral zone, which point from the capsule inwards."""
    x, y, z = points
    angle = np.arctan2(x, -y)
    wave = np.cos(3.0 * angle + 4.0 * float(anatomy.waves[0, 4])) - 0.93
    return np.minimum(wave, 0.05 * z)


def shape_fields(anatomy: Anatomy, points: Points) -> tuple[np.ndarray, ...]:
    """Every field that decides about zones: radial, transition, urethra, stroma, wedges."""
    r = radial(anatomy, points)
    t = transition(anatomy, points)
    u = urethra_distance(anatomy, points)
    return r, t, u, stroma(anatomy, points, r), wedges(anatomy, points)


def zones(
    anatomy: Anatomy, r: np.ndarray, t: np.ndarray, u: np.ndarray, s: np.ndarray
) -> np.ndarray:
    """The class of each point (uint8) from the fields of `shape_fields` there."""
    label = np.where(t < 1, np.uint8(TZ), np.uint8(PZ))
    label[s > 0] = AFS
    label[u < anatomy.urethra_radius] = DPU
    label[r >= 1] = BACKGROUND
    return label
