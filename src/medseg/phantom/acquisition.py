"""How a scanner sees an anatomy: tissue brightness, slices, noise, bias field, labels."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import ndimage

from medseg.zones import AFS, DPU, PZ, TZ

from .anatomy import Anatomy, Nodule, shape_fields, zones
from .lattice import Lattice, noise, parts, points_of
from .pelvis import pelvis

FINE = 0.5  # mm
SERIES = ("axial", "sagittal", "coronal")
_VIEWS = {
    # columns: the directions of the first, second (in-plane) and third (slice) array axis
    "axial": np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=float),
    "sagittal": np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]], dtype=float),
    "coronal": np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0]], dtype=float),
}


@dataclass(frozen=True)
class Scanner:
    """What one make of scanner does to every image.

    Attributes:
        gain: of the stored numbers, per unit of brightness (about 1 in the peripheral zone).
        gamma: exponent of brightness, before the gain.
        blur: standard deviation of a Gaussian within the slice, mm.
        noise: factor on the noise that is drawn for each image.
    """

    gain: float
    gamma: float
    blur: float
    noise: float


SCANNERS = {
    "A": Scanner(gain=420.0, gamma=1.0, blur=0.45, noise=1.0),
    "B": Scanner(gain=980.0, gamma=0.70, blur=1.0, noise=1.5),
}


def grid(
    rng: np.random.Generator, series: str, field_of_view: float, spacing: float | None
) -> tuple[tuple[int, int, int], np.ndarray]:
    """Shape and affine of one series, centred near the gland and tilted by up to 20 degrees."""
    pixel = float(rng.uniform(0.4, 0.75)) if spacing is None else spacing
    thickness = float(rng.uniform(3.0, 4.0))
    tilt = np.deg2rad(rng.uniform(0.0, 20.0))
    roll = np.deg2rad(rng.normal(0.0, 2.0))
    tilted = np.array(
        [[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]
    )
    rolled = np.array(
        [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    )
    rotation = rolled @ tilted @ _VIEWS[series] if series == "axial" else _VIEWS[series]
    pixels = round(field_of_view / pixel)
    slices = round(76.0 / thickness)
    shape = (pixels, pixels, slices)
    affine = np.eye(4)
    affine[:3, :3] = rotation * (pixel, pixel, thickness)
    centre = rng.normal(0.0, 3.0, 3)
    affine[:3, 3] = centre - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return shape, affine


def average(fine: np.ndarray, factor: tuple[int, ...]) -> np.ndarray:
    """Mean over each block of sub-voxels: what a voxel receives."""
    a, b, c = factor
    mean = fine.reshape(*fine.shape[:2], -1, c).mean(axis=3)
    mean = mean.reshape(mean.shape[0], -1, b, mean.shape[2]).mean(axis=2)
    return mean.reshape(-1, a, *mean.shape[1:]).mean(axis=1)


def render(
    anatomy: Anatomy, shape: tuple[int, int, int], affine: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Tissue brightness (float32, peripheral zone about 1) and label (uint8) on a grid.

    The gland is rendered in parts of at most 0.5 mm and averaged, so that voxels on a border mix
    both sides; the label is the class with the largest share.
    """
    contrast = draw_contrast(rng)
    image = pelvis(anatomy, affine, shape, contrast, rng)
    start, stop = _box(anatomy, affine, shape)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    factor = tuple(int(np.ceil(s / FINE - 1e-6)) for s in spacing)
    fine = [parts(*bounds) for bounds in zip(start, stop, factor, strict=True)]
    r, t, u, s, w = Lattice(affine, fine, 1.5).fields(partial(shape_fields, anatomy))
    label = zones(anatomy, r, t, u, s)
    signal = _zone_signal(anatomy, label, (r, t, u, w), contrast)
    for nodule in anatomy.nodules:
        _add_nodule(signal, label, nodule, affine, fine)
    region = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    shares = np.stack([average((label == k).astype(np.float32), factor) for k in range(5)])
    inside = average((label > 0) * signal, factor)
    voxels = [np.arange(a, b) for a, b in zip(start, stop, strict=True)]
    texture = 0.09 * noise(rng, Lattice(affine, voxels, 2.2))
    image[region] = image[region] * shares[0] + inside * (1 + texture)
    labels = np.zeros(shape, dtype=np.uint8)
    labels[region] = shares.argmax(axis=0)
    return image, labels


def _box(
    anatomy: Anatomy, affine: np.ndarray, shape: tuple[int, int, int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The voxels that can touch the gland."""
    size = 1.12 * np.array(anatomy.gland) + 2.0
    corners = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]) * size
    inverse = np.linalg.inv(affine)
    index = corners @ inverse[:3, :3].T + inverse[:3, 3]
    start = np.clip(np.floor(index.min(axis=0)).astype(int), 0, shape)
    stop = np.clip(np.ceil(index.max(axis=0)).astype(int) + 1, 0, shape)
    return tuple(start.tolist()), tuple(stop.tolist())


def draw_contrast(rng: np.random.Generator) -> dict[str, float]:
    """Brightness of each tissue relative to PZ; the overlap between PZ and TZ is intended."""
    normal = {
        "pz": (1.05, 0.08),
        "tz": (0.68, 0.06),
        "afs": (0.57, 0.07),
        "dpu": (1.30, 0.12),
        "wall": (0.40, 0.05),
        "muscle": (0.30, 0.04),
        "bladder": (1.75, 0.2),
        "vesicle": (1.15, 0.15),
        "vein": (1.2, 0.2),
        "bone": (0.62, 0.12),
        "content": (0.55, 0.15),
        "rectal_wall": (0.52, 0.06),
    }
    contrast = {name: float(max(0.1, rng.normal(*spread))) for name, spread in normal.items()}
    return contrast | {"fat": float(rng.uniform(0.35, 1.05))}


def _zone_signal(
    anatomy: Anatomy, label: np.ndarray, fields: tuple[np.ndarray, ...], contrast: dict[str, float]
) -> np.ndarray:
    """Brightness inside the gland: a level per zone, dark capsules, the urethra's ring, wedges."""
    r, t, u, w = fields
    table = np.array([0, contrast["pz"], contrast["tz"], contrast["afs"], contrast["dpu"]])
    signal = table.astype(np.float32)[label]
    signal[((label == PZ) & (t < 1.035)) | ((label == TZ) & (t > 0.965))] *= 0.55
    signal[(label != AFS) & (r > 0.95)] *= 0.5
    signal[(label == DPU) & (u > 0.55 * anatomy.urethra_radius)] = contrast["wall"]
    signal[(label == PZ) & (w > 0)] *= 0.88
    return signal


def _add_nodule(
    signal: np.ndarray,
    label: np.ndarray,
    nodule: Nodule,
    affine: np.ndarray,
    fine: list[np.ndarray],
) -> None:
    """Change the brightness inside a ball; only the part of the lattice around it is touched."""
    inverse = np.linalg.inv(affine)
    middle = inverse[:3, :3] @ np.array(nodule.centre) + inverse[:3, 3]
    reach = nodule.radius / np.linalg.norm(affine[:3, :3], axis=0)
    box = tuple(
        slice(*np.searchsorted(axis, (m - d, m + d)))
        for axis, m, d in zip(fine, middle, reach, strict=True)
    )
    near = points_of(affine, [axis[part] for axis, part in zip(fine, box, strict=True)])
    squared = np.zeros(signal[box].shape, dtype=np.float32)
    for coordinate, centre in zip(near, nodule.centre, strict=True):
        squared += (coordinate - np.float32(centre)) ** 2
    inside = (squared < nodule.radius**2) & (label[box] == nodule.zone)
    signal[box][inside] *= nodule.brightness
    if nodule.zone == TZ:
        signal[box][inside & (squared > (nodule.radius - 0.8) ** 2)] *= nodule.rim


def degrade(
    image: np.ndarray, affine: np.ndarray, scanner: Scanner, rng: np.random.Generator
) -> np.ndarray:
    """Blur, bias field, endorectal coil in one of eight cases, Rician noise, gamma and gain."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    blurred = ndimage.gaussian_filter(image, (*(scanner.blur / spacing[:2]), 0), truncate=3.0)
    biased = blurred * bias_field(image.shape, rng)
    if rng.uniform() < 1 / 8:
        biased = biased * coil_profile(image.shape, affine)
    level = float(np.clip(0.08 * np.exp(rng.normal(0, 0.45)), 0.03, 0.19)) * scanner.noise * 0.8
    real, imaginary = (correlated_noise(image.shape, rng) * level for _ in range(2))
    magnitude = np.hypot(biased + real, imaginary)
    return (scanner.gain * magnitude**scanner.gamma).astype(np.float32)


def correlated_noise(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """White noise smoothed over neighbouring pixels, as an interpolated scan has it; std 1."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    smooth = ndimage.gaussian_filter(noise, (0.6, 0.6, 0), mode="wrap", truncate=3.0)
    return smooth / smooth.std()


def bias_field(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """A smooth factor between about 0.6 and 1.6 over the field of view."""
    axes = np.ix_(*(np.linspace(-1, 1, n, dtype=np.float32) for n in shape))
    slopes = rng.normal(0, 0.14, 3).astype(np.float32)
    curves = rng.normal(0, 0.10, 3).astype(np.float32)
    exponent = sum(s * a + c * (a**2 - 1 / 3) for s, c, a in zip(slopes, curves, axes, strict=True))
    return np.exp(np.clip(exponent, np.log(0.6), np.log(1.6)))


def coil_profile(shape: tuple[int, ...], affine: np.ndarray) -> np.ndarray:
    """Brightness that falls off with the distance from a coil in the rectum."""
    x, y, z = points_of(affine, [np.arange(n) for n in shape])
    distance = np.sqrt(x**2 + (y + 32.0) ** 2 + (0.6 * z) ** 2)
    return 0.55 + 2.2 * np.exp(-distance / 18.0)
