# %% [markdown]
# # Unit 3: Medical volumes
#
# A scan is not a picture. It is a box of numbers that was measured somewhere in a patient, at an angle, in steps that differ from axis to axis. Forget it, and you train a network on flattened patients, cut out the wrong region, or invent tissue that nobody has. In this unit you do the geometry by hand: where a voxel is, what two scans share, how to change the resolution, and how to divide patients without cheating. You need no earlier unit.
#
# | exercise | points | minutes |
# | --- | --- | --- |
# | 3.1 `voxel_to_world` | 1 | 15 |
# | 3.2 `world_to_voxel` | 1 | 10 |
# | 3.3 `world_bounds` | 1 | 15 |
# | 3.4 `region_of_interest` | 2 | 30 |
# | 3.5 `resample` | 2 | 35 |
# | 3.6 `normalise` | 1 | 10 |
# | 3.7 `split_patients` | 2 | 25 |
#
# About 165 minutes in all, with the reading: best in two sittings. The first four exercises are about places, the other three about numbers and patients, and do not need them; rest between 3.4 and 3.5.
#
# Cells that hold only a comment are filled with tests when your notebook is graded. Leave them as they are. So should your functions leave every array, tensor and list that they are given: all tests look at that. Stuck? `hint("03_medical_volumes.voxel_to_world")` gives one hint more at each call.

# %%
from itertools import product

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from scipy import ndimage

from medseg import check, hint, phantom, plots, probes, yours_or_ours
from medseg.cases import phantom_cases, slices
from medseg.volumes import Volume

# %%
scan, zones = phantom.volumes(3)
across, deep, high = scan.spacing
middle = scan.shape[1] // 2
side = scan.array[::-1, middle, :].T
gland = zones.array[::-1, middle, :].T > 0
figure = Figure(figsize=(11, 4.6), layout="constrained")
left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
size = [0, scan.shape[0] * across, 0, scan.shape[2] * high]
for axes, extent in ((left, [0, scan.shape[0], 0, scan.shape[2]]), (right, size)):
    axes.imshow(side, cmap="gray", origin="lower", extent=extent)
    axes.contour(gland, [0.5], colors="#F0E442", linewidths=2.5, extent=extent, origin="lower")
left.set(title="voxels drawn as squares", xlabel="voxel", ylabel="slice")
right.set(
    title="voxels in their true shape", xlabel="right to left (mm)", ylabel="feet to head (mm)"
)
right.annotate(
    "prostate",
    (size[1] / 2, 0.14 * size[3]),
    color="#F0E442",
    fontsize=14,
    ha="center",
    bbox={"facecolor": "black", "edgecolor": "none", "alpha": 0.7},
)
plots.show(
    figure,
    "A frontal cut through a phantom's scan, the prostate outlined, twice: drawn voxel by voxel it "
    f"is squashed flat; drawn in mm, with voxels of {across:.2f} mm by {high:.1f} mm, it is nearly round.",
)

# %% [markdown]
# One cut through a prostate phantom, seen from the front, twice. The voxels are far taller than wide: in each slice they are half a millimetre apart, but from slice to slice several millimetres. A network that counts in voxels sees the left picture.
#
# Scans are kept in files that know this. The commonest kind in research is *NIfTI*. We write the phantom into one, open it with nibabel, the library that reads it, and print what it holds beside the numbers.

# %%
import tempfile
from pathlib import Path

import nibabel as nib

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder, "scan.nii.gz")
    made = nib.Nifti1Image(scan.array, scan.affine)
    made.header.set_xyzt_units("mm")
    nib.save(made, file)
    opened = nib.Nifti1Image.from_filename(file)
    spacing = ", ".join(f"{width:.2f}" for width in opened.header.get_zooms())
    print("shape      ", opened.shape)
    print("spacing    ", spacing, "in", opened.header.get_xyzt_units()[0])
    print("axes run to", *nib.aff2axcodes(opened.affine))
    print(np.array_str(opened.affine, precision=2, suppress_small=True))

# %% [markdown]
# ## 3.1 Where is a voxel?
#
# The *affine* is the 4 × 4 matrix that takes a voxel's index $x = (i, j, k)$ to a place $g$ in the patient, in millimetres. Its upper left 3 × 3 part $R$ holds the three edges of a voxel as columns, its last column the place $o$ of the voxel (0, 0, 0):
#
# $$g = R\,x + o$$
#
# The last row is always 0 0 0 1 and says nothing about the patient. It is there for the arithmetic: write the index as $(i, j, k, 1)$ and the place as $(g, 1)$, and turning, stretching and shifting are one product of matrices, so that several of them in a row are one, too.
#
# In a NIfTI file the first coordinate of $g$ grows to the patient's **R**ight, the second to the front (**A**nterior), the third to the head (**S**uperior): *RAS* for short. DICOM files, as scanners write them, count to the **L**eft, to the back (**P**osterior) and to the head: *LPS*. Between the two the first two coordinates change their signs; mix them up, and left is right. The line *axes run to* above says where the three axes of the array lead, each by the letter that it comes closest to.
#
# *By hand.* Voxels of 2 × 2 × 3 mm, the first axis running to the left, origin (90, −60, 10):
#
# $$R = \begin{pmatrix} -2&0&0\\0&2&0\\0&0&3 \end{pmatrix},\; o = \begin{pmatrix} 90\\-60\\10 \end{pmatrix}: \quad (5, 10, 4) \mapsto (80, -40, 22)$$
#
# The function takes many voxels at once, the coordinates along the last axis. With rows instead of columns, $R\,x$ becomes `voxels @ R.T`.
#
# Part of this exercise is to refuse what makes no sense: an affine that is not 4 × 4. Raise a `ValueError` whose message names the shape that came and (4, 4).
#
# **1 point · about 15 minutes · difficulty 1 of 3**


# %% nbgrader={"grade": false, "grade_id": "voxel_to_world", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=15 difficulty=1
def voxel_to_world(affine, voxels):
    """Places of voxels in the patient.

    Args:
        affine: (4, 4) float64 array, voxel index to mm.
        voxels: (..., 3) array of indices, whole or not.

    Returns:
        (..., 3) float64 array, mm.

    Raises:
        ValueError: the affine is not (4, 4); the message names its shape and (4, 4).
    """
    ### BEGIN SOLUTION
    if affine.shape != (4, 4):
        raise ValueError(f"the affine has shape {affine.shape}, expected (4, 4)")
    return voxels.astype(np.float64) @ affine[:3, :3].T + affine[:3, 3]
    ### END SOLUTION


# %%
check("03_medical_volumes.voxel_to_world", voxel_to_world)

# %% nbgrader={"grade": true, "grade_id": "test_voxel_to_world", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# By hand. When graded: tilted affines and arrays of several shapes, compared with nibabel.
affine = np.array([[-2.0, 0, 0, 90], [0, 2, 0, -60], [0, 0, 3, 10], [0, 0, 0, 1]])
result = voxel_to_world(affine, np.array([[5, 10, 4], [0, 0, 0]]))
probes.assert_close(result, np.array([[80.0, -40, 22], [90, -60, 10]]), "the places")
probes.assert_raises_value_error(
    voxel_to_world, np.eye(3), np.zeros((1, 3)), mentions=["(3, 3)", "(4, 4)"]
)
### BEGIN HIDDEN TESTS
from nibabel.affines import apply_affine

rng = probes.rng(3101)
for shape in [(3,), (7, 3), (2, 4, 5, 3)]:
    affine = np.eye(4)
    affine[:3] = rng.normal(size=(3, 4)) * [2, 2, 2, 50]
    for voxels in (rng.integers(0, 200, shape), rng.normal(size=shape)):
        expected = apply_affine(affine, voxels)
        result = probes.call(voxel_to_world, affine, voxels)
        probes.assert_close(result, expected, "the places", exact_dtype=True)
    single = voxels.astype(np.float32)
    result = probes.call(voxel_to_world, affine, single)
    expected = apply_affine(affine, single.astype(np.float64))
    probes.assert_close(result, expected, "the places of float32 indices", exact_dtype=True)
for shape in [(3, 4), (4, 3), (4, 5), (5, 5), (1, 4, 4)]:
    probes.assert_raises_value_error(
        voxel_to_world, np.ones(shape), np.zeros((2, 3)), mentions=[str(shape), "(4, 4)"]
    )
### END HIDDEN TESTS

# %% [markdown]
# ## 3.2 And back
#
# Solve $g = R\,x + o$ for $x$. First take the origin away, then undo $R$:
#
# $$x = R^{-1}\,(g - o)$$
#
# *By hand.* With the affine above, (80, −40, 22) minus the origin is (−10, 20, 12); divided by −2, 2 and 3: (5, 10, 4). Mind the order. $R^{-1} g - o$ takes a place in mm away from an index; it agrees only where $R^{-1} o = o$, as at the origin 0.
#
# **1 point · about 10 minutes · difficulty 1 of 3**


# %% nbgrader={"grade": false, "grade_id": "world_to_voxel", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=10 difficulty=1
def world_to_voxel(affine, points):
    """Voxel indices of places in the patient, the inverse of `voxel_to_world`.

    Args:
        affine: (4, 4) float64 array, voxel index to mm.
        points: (..., 3) array, mm.

    Returns:
        (..., 3) float64 array of indices, in general not whole.
    """
    ### BEGIN SOLUTION
    return (points - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    ### END SOLUTION


# %%
check("03_medical_volumes.world_to_voxel", world_to_voxel)

# %% nbgrader={"grade": true, "grade_id": "test_world_to_voxel", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# By hand. When graded: tilted affines, compared with nibabel.
affine = np.array([[-2.0, 0, 0, 90], [0, 2, 0, -60], [0, 0, 3, 10], [0, 0, 0, 1]])
result = world_to_voxel(affine, np.array([[80.0, -40, 22]]))
probes.assert_close(result, np.array([[5.0, 10, 4]]), "the voxels")
### BEGIN HIDDEN TESTS
from nibabel.affines import apply_affine

rng = probes.rng(3201)
for shape in [(3,), (6, 3), (2, 3, 3)]:
    affine = np.eye(4)
    affine[:3] = rng.normal(size=(3, 4)) * [1, 1, 1, 40] + 3 * np.eye(3, 4)
    points = rng.normal(size=shape) * 60
    expected = apply_affine(np.linalg.inv(affine), points)
    result = probes.call(world_to_voxel, affine, points)
    probes.assert_close(result, expected, "the voxels", exact_dtype=True)
    whole = np.rint(points).astype(int)
    result = probes.call(world_to_voxel, affine, whole)
    expected = apply_affine(np.linalg.inv(affine), whole)
    probes.assert_close(result, expected, "the voxels of whole mm", exact_dtype=True)
### END HIDDEN TESTS

# %% [markdown]
# ## 3.3 The box that a scan fills
#
# A voxel is not a point but a small box around its centre: voxel 0 reaches from index −½ to ½, and the last one, $n - 1$, to $n - ½$. So a scan of $n$ voxels fills $n$ voxel widths, not $n - 1$.
#
# The smallest box along the patient's axes that holds the whole scan has the smallest and the largest coordinates of its *eight* corners. In a tilted scan, the corners (−½, −½, −½) and (n − ½, …) are not enough: the extremes may lie at any of the others.
#
# *By hand.* Two voxels of 3 mm along the first axis, one of 1 mm along the others, origin 0: the box reaches from −1.5 to 4.5 mm, and from −0.5 to 0.5 mm twice.
#
# *Tools.* `itertools.product((a, b), (c, d), (e, f))` gives all eight combinations.
#
# **1 point · about 15 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "world_bounds", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=15 difficulty=2
def world_bounds(shape, affine):
    """The box along the patient's axes that holds all voxels of a scan.

    Args:
        shape: number of voxels along each of the three axes.
        affine: (4, 4) float64 array, voxel index to mm.

    Returns:
        (lower, upper), two (3,) float64 arrays, mm.
    """
    ### BEGIN SOLUTION
    corners = np.array(list(product(*[(-0.5, n - 0.5) for n in shape])))
    places = voxel_to_world(affine, corners)
    return places.min(axis=0), places.max(axis=0)
    ### END SOLUTION


# %%
check("03_medical_volumes.world_bounds", world_bounds)

# %% nbgrader={"grade": true, "grade_id": "test_world_bounds", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# By hand. When graded: tilted scans, compared with the convex hull of all voxel corners.
result = world_bounds((2, 1, 1), np.diag([3.0, 1, 1, 1]))
probes.assert_close(
    result, (np.array([-1.5, -0.5, -0.5]), np.array([4.5, 0.5, 0.5])), "(lower, upper)"
)
### BEGIN HIDDEN TESTS
from scipy.spatial import ConvexHull

rng = probes.rng(3301)
for shape in [(4, 3, 2), (1, 5, 3), (2, 2, 6)]:
    affine = np.eye(4)
    affine[:3] = rng.normal(size=(3, 4)) * [1, 1, 1, 30] + 2 * np.eye(3, 4)
    edges = np.stack(np.meshgrid(*[np.arange(n + 1) - 0.5 for n in shape]), axis=-1).reshape(-1, 3)
    hull = ConvexHull(np.c_[edges, np.ones(len(edges))] @ affine[:3].T)
    expected = (hull.min_bound, hull.max_bound)
    for given in (shape, list(shape), np.array(shape)):
        result = probes.call(world_bounds, given, affine)
        probes.assert_close(result, expected, "(lower, upper)", exact_dtype=True)
### END HIDDEN TESTS

# %% [markdown]
# ## 3.4 What three scans share
#
# A prostate is scanned three times: in *axial* slices (as if cut by a belt), *sagittal* ones (from the side) and *coronal* ones (from the front). Each is sharp within its slices and coarse across them, and each sees another box of the patient. Meyer and colleagues [Mey+19] cut the axial scan down to the region that all three see.
#
# Here are the boxes of the three scans of one phantom, seen from the side: the axial one is tilted, and all three have the grey region within their *bounds*: the upright boxes of 3.3, of which the tilted scan fills all but the corners.

# %%
series = {name: phantom.volumes(3, series=name)[0] for name in ("axial", "sagittal", "coronal")}
plots.show(*plots.boxes_from_the_side(series))

# %% [markdown]
# Now cut it out. Intersect the boxes: the largest of the lower bounds, the smallest of the upper ones, axis by axis. Take the eight corners of the result back to the voxels of the axial scan. Along each array axis, the region reaches from the smallest to the largest index among the eight, and takes in each voxel that it overlaps: voxel $k$ reaches from $k - ½$ to $k + ½$, and one that shares no more than a face with the region stays out. Clip to the array. If nothing is left, on any axis, raise a `ValueError`: the boxes may lie apart, or meet in a corner that the tilted scan leaves free.
#
# *By hand, on one axis.* Indices from 1.7 to 4.2. The voxel that holds 1.7 is number 2 (from 1.5 to 2.5), the one that holds 4.2 is number 4: `slice(2, 5)`, as Python's slices end before their stop.
#
# **2 points · about 30 minutes · difficulty 3 of 3**


# %% nbgrader={"grade": false, "grade_id": "region_of_interest", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=30 difficulty=3
def region_of_interest(volumes):
    """The part of the first volume that lies in the bounds of all of them [Mey+19].

    Args:
        volumes: list of `Volume`s, the axial one first; each has `shape` and `affine`.

    Returns:
        Three slices (start, stop) into the first volume's array.

    Raises:
        ValueError: nothing is left.
    """
    ### BEGIN SOLUTION
    bounds = [world_bounds(volume.shape, volume.affine) for volume in volumes]
    lower = np.max([low for low, _ in bounds], axis=0)
    upper = np.min([high for _, high in bounds], axis=0)
    corners = np.array(list(product(*zip(lower, upper, strict=True))))
    voxels = world_to_voxel(volumes[0].affine, corners)
    start = np.floor(voxels.min(axis=0) + 0.5).clip(0).astype(int)
    stop = np.minimum(np.ceil(voxels.max(axis=0) + 0.5), volumes[0].shape).astype(int)
    if (lower >= upper).any() or (start >= stop).any():
        raise ValueError("the volumes have no region in common: are they of one patient?")
    return tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    ### END SOLUTION


# %%
check("03_medical_volumes.region_of_interest", region_of_interest)

# %% nbgrader={"grade": true, "grade_id": "test_region_of_interest", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
grid = Volume(np.zeros((6, 6, 6)), np.eye(4))
shift = np.eye(4)
shift[:3, 3] = (2.2, -3.0, 0.0)
other = Volume(np.zeros((3, 9, 6)), shift)
result = probes.facts_of("region", region_of_interest, grid, other)
expected = (slice(2, 6), slice(0, 6), slice(0, 6))
probes.assert_close(result, expected, "the region")

# %% nbgrader={"grade": true, "grade_id": "test_region_of_interest_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Three tilted series, compared with a search through all voxels; no common region.
### BEGIN HIDDEN TESTS
from scipy.spatial.transform import Rotation

rng = probes.rng(3401)
for tilt, shift in [(0.15, 4), (0.15, 9), (0.15, 14), *[(0.5, 9), (0.6, 14)] * 4]:
    trio = []
    for spacing, shape in [
        ((3, 3, 4), (14, 15, 9)),
        ((4, 3, 3), (9, 14, 13)),
        ((3, 5, 3), (13, 8, 12)),
    ]:
        affine = np.eye(4)
        affine[:3, :3] = Rotation.from_rotvec(rng.normal(size=3) * tilt).as_matrix() * spacing
        affine[:3, 3] = -affine[:3, :3] @ np.array(shape) / 2 + rng.uniform(-1, 1, 3) * shift
        trio.append(Volume(np.zeros(shape), affine))
    low, high = np.full(3, -np.inf), np.full(3, np.inf)
    for one in trio:
        edges = np.stack(np.meshgrid(*[np.array([-0.5, n - 0.5]) for n in one.shape]), -1)
        where = np.einsum("ij,abcj->abci", one.affine[:3, :3], edges) + one.affine[:3, 3]
        low, high = np.maximum(low, where.min((0, 1, 2))), np.minimum(high, where.max((0, 1, 2)))
    ends = np.array([[low[0], high[0]], [low[1], high[1]], [low[2], high[2]]])
    box = np.stack(np.meshgrid(*ends), -1).reshape(-1, 3) - trio[0].affine[:3, 3]
    back = np.linalg.solve(trio[0].affine[:3, :3], box.T)
    touched = [
        [k for k in range(n) if k + 0.5 > line.min() and k - 0.5 < line.max()]
        for n, line in zip(trio[0].shape, back, strict=True)
    ]
    if not all(touched) or (low >= high).any():
        probes.assert_raises_value_error(region_of_interest, trio)
        continue
    expected = tuple(slice(t[0], t[-1] + 1) for t in touched)
    found = probes.facts_of("region", region_of_interest, *trio)
    probes.assert_close(found, expected, "the slices")
# Of three boxes each bounds the region on another side, and of a tilted first one its own.
lying = [np.eye(4) for _ in range(3)]
lying[1][:3, 3], lying[2][:3, 3] = (3, -2, 0), (-2, 4, -1)
trio = [Volume(np.zeros((9, 9, 9)), affine) for affine in lying]
expected = (slice(3, 7), slice(4, 7), slice(0, 8))
for order in ((0, 1, 2), (0, 2, 1)):
    found = probes.facts_of("region", region_of_interest, *(trio[k] for k in order))
    probes.assert_close(found, expected, "the slices in three boxes")
found = probes.facts_of("region", region_of_interest, trio[0])
probes.assert_close(found, (slice(0, 9),) * 3, "the slices of a volume by itself")
# A scan that is turned by 45° leaves the corners of its bounds free.
corner = np.eye(4)
corner[:2, :2] = Rotation.from_rotvec([0, 0, np.pi / 4]).as_matrix()[:2, :2]
small = np.eye(4)
small[:3, 3] = (-6.6, 0, 0)
diamond = [Volume(np.zeros((10, 10, 3)), corner), Volume(np.zeros((2, 2, 3)), small)]
probes.assert_raises_value_error(region_of_interest, diamond)
# Boxes are cut in mm: in voxels each would have grown by the tilt before it is cut.
corner[:2, :2] = Rotation.from_rotvec([0, 0, np.pi / 6]).as_matrix()[:2, :2]
low, wide = np.eye(4), np.eye(4)
low[:3, 3], wide[:3, 3] = (-1.3, -4, 0), (-9, 4.2, 0)
boxes = [((10, 10, 3), corner), ((6, 20, 3), low), ((20, 5, 3), wide)]
found = probes.facts_of(
    "region", region_of_interest, *(Volume(np.zeros(shape), place) for shape, place in boxes)
)
expected = (slice(0, 9), slice(1, 9), slice(0, 3))
probes.assert_close(found, expected, "the slices of boxes that are cut in mm")
# And the first scan's own bounds count.
corner[:2, :2] = Rotation.from_rotvec([0, 0, np.pi / 9]).as_matrix()[:2, :2]
small[:3, 3] = (-5.2, 8.3, 0)
pair = Volume(np.zeros((10, 10, 3)), corner), Volume(np.zeros((6, 6, 3)), small)
found = probes.facts_of("region", region_of_interest, *pair)
probes.assert_close(found, (slice(0, 5), slice(7, 10), slice(0, 3)), "the slices in the own bounds")
large = Volume(np.zeros((20, 5, 5)), np.eye(4))  # and in it two that have nothing in common
lying[1][:3, 3], lying[2][:3, 3] = (2, 0, 0), (10, 0, 0)
apart = [Volume(np.zeros((3, 5, 5)), affine) for affine in lying[1:]]
probes.assert_raises_value_error(region_of_interest, [large, *apart])
for gap in ((0, 100, 0), (5, 0, 0), (0, 0, -5)):  # far away, and face to face
    away = np.eye(4)
    away[:3, 3] = gap
    cubes = [Volume(np.zeros((5, 5, 5)), np.eye(4)), Volume(np.zeros((5, 5, 5)), away)]
    probes.assert_raises_value_error(region_of_interest, cubes)
    probes.assert_raises_value_error(region_of_interest, [cubes[0], *cubes])
### END HIDDEN TESTS

# %%
region_of_interest = yours_or_ours(region_of_interest)
region = region_of_interest(list(series.values()))
axial = series["axial"]
print(f"axial scan {axial.shape}, region of interest", *(f"{s.start}:{s.stop}" for s in region))
print(f"{axial.array[region].size / axial.array.size:.0%} of the voxels are left")

# %% [markdown]
# **Break it and look.** What if one goes back by $R^{-1} g - o$? It looks so much like the formula that it is a common slip, and nothing raises an error. We cut the same region once more, in both ways. *Before you run it:* on each axis the origin of this scan is some forty millimetres away from the place 0. Will the wrong region be a little off, or far off?

# %%
world_bounds = yours_or_ours(world_bounds)
bounds = [world_bounds(v.shape, v.affine) for v in series.values()]
ends = np.max([low for low, _ in bounds], axis=0), np.min([high for _, high in bounds], axis=0)
shared = np.array(list(product(*zip(*ends, strict=True))))
undo, origin = np.linalg.inv(axial.affine[:3, :3]), axial.affine[:3, 3]
ways = {
    "R⁻¹(g − o)": ((shared - origin) @ undo.T, "#0072B2", "solid"),
    "R⁻¹g − o": (shared @ undo.T - origin, "#D55E00", "dashed"),
}
figure = Figure(figsize=(9, 5.4), layout="constrained")
axes = figure.subplots()
flat = axial.array[:, :, axial.shape[2] // 2].T
axes.imshow(flat, cmap="gray", origin="lower")
for name, (voxels, colour, dashes) in ways.items():
    (i, j), (width, height) = voxels.min(0)[:2], np.ptp(voxels, axis=0)[:2]
    axes.add_patch(
        Rectangle((i, j), width, height, fill=False, ec=colour, ls=dashes, lw=3, label=name)
    )
axes.autoscale_view()
axes.set(xlabel="voxel, first axis", ylabel="voxel, second axis", aspect="equal")
figure.legend(loc="outside lower center", ncols=2)
off = np.abs(ways["R⁻¹g − o"][0].mean(0) - ways["R⁻¹(g − o)"][0].mean(0))
plots.show(
    figure,
    "A slice of the axial scan. The region by the right formula holds the gland; the one by the "
    f"wrong formula is as large, but {off[0]:.0f} voxels away along the first axis and "
    f"{off[1]:.0f} along the second.",
)
print("the wrong one is off by", off.round().astype(int), "voxels along the three axes")

# %% [markdown]
# Far off: the size is right, as that comes from $R$ alone, but place and origin are in millimetres, and taken away from an index they are read as voxels. Here the gland is cut in two; where the origin is further away, nothing is left. So look at what you cut, once for each new kind of scan. (The blue box reaches a little beyond the slice: it holds the eight corners of what the scans share, an upright box, seen from a tilted scan. Clipping comes last.)
#
# ---
#
# *A good place to rest. What follows needs nothing of the above but the picture of a scan as a box of voxels.*
#
# ## 3.5 Other voxels for the same patient
#
# Scanners differ in their spacing; a network wants one, for instance 0.5 × 0.5 × 3 mm. *Resampling* lays a new grid over the same box and reads the values off. The box stays, with its edges in the same places. An axis of $n$ voxels with spacing $d$ gets
#
# $$m = \max\left(1, \operatorname{round}\left(n\,\frac{d}{d_{new}}\right)\right)$$
#
# voxels, so that each is $n / m$ old voxels wide. The centre of new voxel $k$ lies at the old index
#
# $$\left(k + \tfrac12\right)\frac{n}{m} - \tfrac12.$$
#
# *By hand.* Two voxels, 10 and 20, at twice the resolution: four voxels with centres at −0.25, 0.25, 0.75 and 1.25. Linear interpolation gives 10, 12.5, 17.5, 20; beyond the outer centres the value stays.
#
# The affine must tell the new truth: its columns are $n/m$ times as long, and the centre of voxel (0, 0, 0) moves from index 0 to index $\frac12 \frac nm - \frac12$, on all three axes.
#
# *Tools.* The spacing is the *length* of each of the affine's first three columns; the diagonal is right only in a scan that is not tilted. `ndimage.map_coordinates(array, np.meshgrid(…, indexing="ij"), order=…, mode="nearest")` reads an array at places that are no whole indices; its `output` is the dtype of the result.
#
# **2 points · about 35 minutes · difficulty 3 of 3**


# %% nbgrader={"grade": false, "grade_id": "resample", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=35 difficulty=3
def resample(array, affine, spacing, order):
    """The same field of view in voxels of another size.

    Args:
        array: (X, Y, Z), numbers.
        affine: (4, 4) float64 array, voxel index to mm.
        spacing: the three wanted distances between voxels in mm.
        order: 1 for images (linear), 0 for labels (nearest voxel).

    Returns:
        (array, affine): max(1, round(n * old / new)) voxels on each axis, and their affine. With
        order 0 the array keeps its dtype, with order 1 it is float.
    """
    ### BEGIN SOLUTION
    before = np.array(array.shape)
    distance = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    after = np.maximum(1, np.rint(before * distance / np.array(spacing))).astype(int)
    width = before / after
    centres = [(np.arange(m) + 0.5) * w - 0.5 for m, w in zip(after, width, strict=True)]
    kind = np.float64 if order else array.dtype
    places = np.meshgrid(*centres, indexing="ij")
    result = ndimage.map_coordinates(array, places, output=kind, order=order, mode="nearest")
    moved = affine.astype(np.float64)
    moved[:3, 3] = moved[:3, :3] @ (width / 2 - 0.5) + moved[:3, 3]
    moved[:3, :3] = moved[:3, :3] * width
    return result, moved
    ### END SOLUTION


# %%
check("03_medical_volumes.resample", resample)

# %% nbgrader={"grade": true, "grade_id": "test_resample", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
array, affine = resample(np.array([[[10.0]], [[20.0]]]), np.diag([2.0, 1, 1, 1]), (1, 1, 1), 1)
probes.assert_close(array[:, 0, 0], np.array([10.0, 12.5, 17.5, 20.0]), "the voxels")
expected = np.diag([1.0, 1, 1, 1])
expected[0, 3] = -0.5
probes.assert_close(affine, expected, "the affine")

# %% nbgrader={"grade": true, "grade_id": "test_resample_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Random volumes, compared with torch's interpolation; the box stays; labels stay labels.
### BEGIN HIDDEN TESTS
import torch
from scipy.spatial.transform import Rotation

rng = probes.rng(3501)
for shape, old, new in [
    ((5, 6, 4), (1.0, 1.5, 3.0), (0.7, 1.1, 3.0)),
    ((9, 4, 3), (0.6, 0.6, 4.1), (1.0, 0.9, 2.3)),
    ((3, 2, 5), (1.0, 1.0, 1.0), (10.0, 0.3, 0.85)),
]:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_rotvec(rng.normal(size=3) * 0.3).as_matrix() * old
    affine[:3, 3] = rng.normal(size=3) * 40
    values = rng.normal(size=shape)
    sizes = [max(1, int(n * a / b + 0.5)) for n, a, b in zip(shape, old, new, strict=True)]
    linear = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None, None], sizes, mode="trilinear", align_corners=False
    )[0, 0]
    array, moved = probes.call(resample, values, affine, new, 1)
    probes.assert_close(array, linear.numpy(), "the image")
    for corner, other in ((np.full(3, -0.5), np.full(3, -0.5)), (np.array(shape), np.array(sizes))):
        corner, other = corner - 0.5 * (corner > 0), other - 0.5 * (other > 0)
        stays = affine[:3, :3] @ corner + affine[:3, 3]
        probes.assert_close(moved[:3, :3] @ other + moved[:3, 3], stays, "a corner of the box")
    classes = rng.integers(0, 5, shape).astype(np.uint8)
    nearest = torch.nn.functional.interpolate(
        torch.from_numpy(classes)[None, None].float(), sizes, mode="nearest-exact"
    )[0, 0]
    ties = np.zeros(sizes, dtype=bool)
    for k, (n, m) in enumerate(zip(shape, sizes, strict=True)):
        place = (np.arange(m) + 0.5) * n / m
        line = np.abs(place - np.rint(place)) < 1e-6
        ties |= line.reshape([-1 if a == k else 1 for a in range(3)])
    labels, place = probes.call(resample, classes, affine, new, 0)
    probes.assert_close(place, moved, "the affine of the labels")
    for dtype in (np.int16, np.float32):
        kept = probes.call(resample, classes.astype(dtype), affine, list(new), 0)[0].dtype
        assert kept == dtype, f"with order 0 {dtype.__name__} stays, yours becomes {kept}"
    expected = np.where(ties, 0, nearest.numpy()).astype(np.uint8)
    probes.assert_close(np.where(ties, np.uint8(0), labels), expected, "the labels")
    whole = (values * 100).astype(np.int16)
    between, place = probes.call(resample, whole, affine, np.array(new), 1)
    probes.assert_close(place, moved, "the affine")
    linear = torch.nn.functional.interpolate(
        torch.from_numpy(whole)[None, None].double(), sizes, mode="trilinear", align_corners=False
    )[0, 0]
    probes.assert_close(between, linear.numpy(), "an image of whole numbers, resampled")
### END HIDDEN TESTS

# %% [markdown]
# Why order 0 for labels? A label is a name. Halfway between zone 1 and zone 3 there is no zone 2, but linear interpolation finds one. Below, the front of one slice of the labels at 1.5 times the resolution: with order 0, and with order 1 and rounding. The third panel shows the voxels where order 1 invents a class that *none* of the neighbouring voxels has. *Before you run it:* the stroma is zone 3, and beside it lies background, 0. Which zones will a mean of the two be taken for?

# %%
resample = yours_or_ours(resample)
fine = (scan.spacing[0] / 1.5, scan.spacing[1] / 1.5, scan.spacing[2])
by_nearest, _ = resample(zones.array, zones.affine, fine, 0)
by_mixing, _ = resample(zones.array.astype(np.float64), zones.affine, fine, 1)
rounded = np.rint(by_mixing).astype(np.uint8)
near = [ndimage.maximum_filter((by_nearest == c) * 1, (5, 5, 1)) for c in range(5)]
invented = np.take_along_axis(np.stack(near), rounded[None].astype(np.int64), axis=0)[0] == 0
flat = int(invented.sum((0, 1)).argmax())
count = int(invented[:, :, flat].sum())
pictures = {
    "order 0": by_nearest,
    "order 1, rounded": rounded,
    f"invented by order 1: {count} voxels in the whole slice": invented * rounded,
}
names = ["background", *(f"{k}: {n}" for k, n in enumerate(plots.ZONE_NAMES.values(), start=1))]
paint = ["#202020", *plots.ZONE_COLOURS]
columns, rows = (np.flatnonzero(invented[:, :, flat].any(axis)) for axis in (1, 0))
front = rows[-1] - 40, rows[-1] + 6
figure = Figure(figsize=(11, 10), layout="constrained")
for axes, (title, labels) in zip(figure.subplots(3, 1), pictures.items(), strict=True):
    axes.imshow(
        labels[:, :, flat].T,
        cmap=ListedColormap(paint),
        vmin=0,
        vmax=4,
        origin="lower",
        interpolation="nearest",
    )
    axes.set(xlim=(columns[0] - 8, columns[-1] + 8), ylim=front)
    axes.set(xlabel="voxel", ylabel="voxel")
    axes.set_title(title, fontsize=14)
patches = [Patch(color=c, label=n) for c, n in zip(paint, names, strict=True)]
figure.legend(handles=patches, loc="outside lower center", ncols=2, fontsize=12)
plots.show(
    figure,
    f"The front of one slice of labels, resampled in two ways. Linear interpolation invents {count} "
    "voxels of classes that none of their neighbours has: here a seam along the stroma, zone 3, "
    "and one of zone 1 along the outer border of zone 2, where that meets the background. In the "
    f"whole scan it invents {invented.sum()}.",
)

# %% [markdown]
# Where zone 3 meets the background, the mean of 0 and 3 is taken for 1 or 2; where zone 2 meets it, that of 0 and 2 for 1. So zones run along borders at which they are not, as seams. A network that learns from such labels learns the seams.
#
# **Break it and look: one slice off.** Image and labels must stay on one grid. A frequent slip is to count the slices from 0 in one file and from 1 in the other, and the contours still look plausible. Dice, twice the overlap over the sum of both sizes, says what it costs: 1 for the same, 0 for no voxel in common. *Before you run it:* which zone will suffer most from one slice, a little more than 3 mm?

# %%
truth, moved = zones.array[:, :, :-1], zones.array[:, :, 1:]
for number, name in enumerate(plots.ZONE_NAMES.values(), start=1):
    here, there = truth == number, moved == number
    print(f"{name:<32} Dice {2 * (here & there).sum() / (here.sum() + there.sum()):.2f}")

# %% [markdown]
# The peripheral zone and the stroma, thin shells that change from slice to slice, lose most. The urethra is far smaller and loses less: it runs across the slices, and is nearly in the same place in the next one. What a shift costs depends on its direction. And a network can only be as good as its labels are placed.
#
# ## 3.6 The same tissue, about the same number
#
# The numbers of a magnetic resonance scan have no unit: the same tissue is 200 in one scan and 900 in the next. So each scan is *normalised*: a few extreme voxels (a vessel, a metal clip) are clipped away, to the 1st and 99th percentile; then the mean is taken off and the rest divided by the standard deviation, so that mean 0 and standard deviation 1 are left.
#
# *By hand.* 1, 2, 3 have the mean 2 and the standard deviation $\sqrt{2/3} = 0.816$: without the clipping, −1.22, 0, 1.22.
#
# An image that is constant, if only after the clipping, has no spread to divide by: it becomes zeros. (Ask for equal ends, not for a deviation of 0: rounding makes that of seven times 0.1 about 10⁻¹⁷.) An image with NaN is broken, and saying so is better than passing it on: raise a `ValueError` that says what is wrong.
#
# **1 point · about 10 minutes · difficulty 1 of 3**


# %% nbgrader={"grade": false, "grade_id": "normalise", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=10 difficulty=1
def normalise(array):
    """Clip to the 1st and 99th percentile, then mean 0 and standard deviation 1.

    Args:
        array: real numbers of any shape.

    Returns:
        float32 array of that shape; zeros for an image that is constant after the clipping. The
        clipping comes first; mean and standard deviation are those of the clipped values.

    Raises:
        ValueError: the array holds NaN.
    """
    ### BEGIN SOLUTION
    if np.isnan(array).any():
        raise ValueError("the image holds NaN, expected numbers in every voxel")
    low, high = np.percentile(array, [1, 99])
    clipped = array.astype(np.float64).clip(low, high)
    if low == high:
        return np.zeros(array.shape, dtype=np.float32)
    return ((clipped - clipped.mean()) / clipped.std()).astype(np.float32)
    ### END SOLUTION


# %%
check("03_medical_volumes.normalise", normalise)

# %% nbgrader={"grade": true, "grade_id": "test_normalise", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# A constant image, a ramp, NaN. When graded: random images of several types, as scipy has them.
result = normalise(np.array([[7, 7], [7, 7]]))
probes.assert_close(result, np.zeros((2, 2), dtype=np.float32), "a constant image")
steady = normalise(np.arange(5.0))
probes.assert_close(steady[[0, 4]], np.array([-1.40842, 1.40842]), "the ends of a ramp")
probes.assert_raises_value_error(normalise, np.array([1.0, np.nan]))
### BEGIN HIDDEN TESTS
from scipy import stats

lonely = np.append(np.zeros(499), 7.0)
probes.assert_close(
    probes.call(normalise, lonely), np.zeros(500, dtype=np.float32), "constant once clipped"
)
rng = probes.rng(3601)
for steady in (np.full(7, 0.1), np.full((3, 5), 1.1)):  # whose mean is rounded
    expected = np.zeros(steady.shape, np.float32)
    probes.assert_close(probes.call(normalise, steady), expected, "a constant image")
result = probes.call(normalise, np.full(3, 7))
probes.assert_close(result, np.zeros(3, np.float32), "a constant image", exact_dtype=True)
hole = rng.normal(size=(3, 4, 5))
hole[1, 2, 3] = np.nan
probes.assert_raises_value_error(normalise, hole)
for values in (
    rng.gamma(2.0, 90, (9, 8, 7)),
    rng.integers(0, 900, (30, 20)).astype(np.int16),
    (1e4 + rng.standard_cauchy(500)).astype(np.float32),
):
    line = np.sort(values.ravel()).astype(np.float64)
    ends = np.interp([0.01 * (line.size - 1), 0.99 * (line.size - 1)], np.arange(line.size), line)
    expected = stats.zscore(np.minimum(np.maximum(values, ends[0]), ends[1]), axis=None)
    result = probes.call(normalise, values)
    assert result.dtype == np.float32, f"float32 is due, yours is {result.dtype}"
    probes.assert_close(result, expected, "the image", rtol=1e-3, atol=1e-3)
### END HIDDEN TESTS

# %% [markdown]
# One patient in two scanners, before and after. The spikes at both ends are the clipped voxels: one in a hundred lies at each. The curves do not become equal, as a scanner changes more than scale and brightness, but what is bright in one scan is now about as bright in the other.

# %%
normalise = yours_or_ours(normalise)
figure = Figure(figsize=(11, 4), layout="constrained")
pair = [phantom.volumes(1, scanner)[0].array for scanner in "AB"]
for axes, change, title in zip(
    figure.subplots(1, 2), (np.asarray, normalise), ("as measured", "normalised"), strict=True
):
    for values, style, name in zip(
        pair, ("solid", "dashed"), ("scanner A", "scanner B"), strict=True
    ):
        heights, bins = np.histogram(change(values), 80)
        axes.plot((bins[:-1] + bins[1:]) / 2, heights / values.size, ls=style, lw=2.5, label=name)
    axes.set_title(title, fontsize=14)
    axes.set_xlabel("value", fontsize=13)
    axes.set_ylabel("share of the voxels, in 80 bins", fontsize=13)
    axes.legend(fontsize=13)
plots.show(
    figure,
    "Histograms of one patient's scans from two scanners: as measured, one reaches to "
    f"{pair[0].max():.0f}, the other to {pair[1].max():.0f}; normalised, both peak near 0 and lie "
    "between about -2 and 5, with a small spike of clipped voxels at either end.",
)

# %% [markdown]
# ## 3.7 Patients, not slices
#
# To know how good a network is, it is tested on patients that it has never seen. Such a test is easily spoilt: many patients have several scans, and each scan many slices that look alike. If one goes into training and the next into the test, the network has seen the answer. This is called *leakage*. A survey found it in 17 fields of science, in 294 papers whose results it makes look better than they are [Kap+23]. So the *patients* are divided, and all that belongs to a patient goes with him.
#
# *By hand.* Six cases of the patients a, a, b, c, c, d, divided in halves: the shuffled patients could be c, a, d, b. The first half is c and a: cases [0, 1, 3, 4]; the second d and b: [2, 5].
#
# *Tools.* `generator.permutation(n)` shuffles the numbers 0 … n − 1. `np.cumsum(fractions)` says where to cut. Then see to it that every part has at least one patient, at the expense of the larger parts; if there are fewer patients than parts, that cannot be. And mind the end: fractions that sum to 1 on paper may sum to 0.9999… in floats.
#
# **2 points · about 25 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "split_patients", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=25 difficulty=2
def split_patients(ids, fractions, generator):
    """Divide cases at random such that all cases of a patient stay together.

    Args:
        ids: list with the patient of each case, texts or numbers.
        fractions: the share of the patients that each part gets, positive, summing to 1.
        generator: numpy.random.Generator, the only source of randomness.

    Returns:
        One list per fraction with the indices into `ids` of its cases, sorted. Each part has at
        least one patient, and otherwise its fraction of the patients, rounded up or down, less
        what it has to leave to parts that would be empty. Every case is in one part.

    Raises:
        ValueError: there are fewer patients than fractions; the message names both numbers.
    """
    ### BEGIN SOLUTION
    patients = sorted(set(ids))
    count, parts = len(patients), len(fractions)
    if count < parts:
        raise ValueError(f"{count} patients cannot be divided into {parts} parts")
    cuts = np.floor(np.cumsum(fractions)[:-1] * count + 0.5).astype(int)
    for k in range(parts - 1):
        first = cuts[k - 1] + 1 if k else 1
        cuts[k] = min(max(cuts[k], first), count - (parts - 1 - k))
    order = [patients[k] for k in generator.permutation(count)]
    groups = np.split(np.arange(count), cuts)
    chosen = [{order[k] for k in group} for group in groups]
    return [[k for k, owner in enumerate(ids) if owner in group] for group in chosen]
    ### END SOLUTION


# %%
check("03_medical_volumes.split_patients", split_patients)

# %% nbgrader={"grade": true, "grade_id": "test_split_patients", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
facts = probes.facts_of("split", split_patients, ["a", "a", "b", "c", "c", "d"], [0.5, 0.5], 3)
probes.assert_facts(facts)
probes.assert_raises_value_error(
    split_patients,
    ["a", "b", "b"],
    [0.5, 0.4, 0.1],
    np.random.default_rng(0),
    mentions=["2", "3"],
)

# %% nbgrader={"grade": true, "grade_id": "test_split_patients_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Many patients with several cases each, uneven fractions, as few patients as parts, too few.
### BEGIN HIDDEN TESTS
rng = probes.rng(3701)
for patients, shares in [
    (40, [0.6, 0.15, 0.25]),
    (10, [0.25, 0.3, 0.45]),
    (9, [0.8, 0.1, 0.1]),
    (4, [0.7, 0.1, 0.1, 0.1]),
    (10, [0.02, 0.98]),
    (10, [0.98, 0.02]),
    (6, [0.02, 0.02, 0.96]),
    (6, [0.04, 0.9, 0.03, 0.03]),
    (10, [0.17, 0.17, 0.17, 0.49]),
    (10, [0.23, 0.23, 0.23, 0.31]),
    (10, [0.7, 0.2, 0.1]),  # in floats a little less than 1
    (10, [0.1] * 10),
]:
    names = rng.permutation(1000)[:patients]
    # two of the patients have most of the cases
    ids = [f"p{k}" for k in [*names, *rng.choice(names, patients), *[*names[:2]] * 3 * patients]]
    facts = probes.facts_of("split", split_patients, ids, shares, int(rng.integers(1000)))
    if patients in (4, 6):  # one each, whatever the fractions
        facts.pop("parts have their fraction of the patients, rounded up or down")
    probes.assert_facts(facts)
numbers = [int(k) for k in rng.integers(0, 6, 30)]
probes.assert_facts(probes.facts_of("split", split_patients, numbers, [0.5, 0.5], 1))
few = ["x", "x", "y", "y"]
probes.assert_raises_value_error(
    split_patients, few, [0.4, 0.3, 0.3], np.random.default_rng(0), mentions=["2", "3"]
)
### END HIDDEN TESTS

# %% [markdown]
# **Break it and look: a leak.** How much does a wrong split flatter? Take the silliest model there is: it learns nothing, and gives each test slice the labels of the training slice that looks most like it. We score it twice, on the slices of eight phantoms, a quarter of them for the test: divided by patient, and divided by slice, as if each slice were a patient of its own. *Before you run it:* what Dice do you expect of such a model, and by how much will the second split raise it?

# %%
split_patients = yours_or_ours(split_patients)
men = phantom_cases(8, seed=37, progress=False)
pairs = [(k, *pair) for k, man in enumerate(men) for pair in zip(*slices(man, 48), strict=True)]
pairs = [(k, shot, labels) for k, shot, labels in pairs if labels.any()]
owners = [k for k, _, _ in pairs]
alike = np.corrcoef([shot.ravel() for _, shot, _ in pairs])
labels = np.stack([labels for _, _, labels in pairs])
print(f"{'Dice of':<18}" + "".join(f"{name.split()[0]:>14}" for name in plots.ZONE_NAMES.values()))
for way, units in (("split by patient", owners), ("split by slice", range(len(owners)))):
    known, test = split_patients(list(units), [0.75, 0.25], np.random.default_rng(0))
    nearest = np.array(known)[alike[np.ix_(test, known)].argmax(1)]
    row = []
    for zone in range(1, 5):
        copied, true = labels[nearest] == zone, labels[test] == zone
        row.append(2 * (copied & true).sum() / (copied.sum() + true.sum()))
    print(f"{way:<18}" + "".join(f"{dice:>14.2f}" for dice in row))

# %% [markdown]
# Divided by slice, a model that knows nothing seems to know the transition zone well: it copies from the neighbouring slice of the *same* man. Divided by patient, it is as poor as it should be. We tried three sets of men and three splits of each, and the gap was there every time, for every zone. A network that can learn by heart gains from a leak in the same way; only nobody sees it so plainly.
#
# **By hand = by library.** nibabel and torch do the same geometry: `nibabel.affines.apply_affine` is your `voxel_to_world`, and torch's `interpolate` with `align_corners=False` resamples as you do, to the last digits. The new spacing is not exactly 0.5 and 3 mm: a whole number of voxels has to fill the old box, so they are a little smaller or larger than asked for. MONAI's `Spacing` decides otherwise: it keeps the spacing exact, and with `scale_extent=True` the near edge of the box, without it the centre of the first voxel.

# %%
import torch
from monai.data import MetaTensor
from monai.transforms import Spacing
from nibabel.affines import apply_affine, voxel_sizes

voxel_to_world = yours_or_ours(voxel_to_world)
corner = np.array([[0, 0, 0], [10, 20, 5]])
print("nibabel", apply_affine(scan.affine, corner).round(2).tolist())
print("yours  ", voxel_to_world(scan.affine, corner).round(2).tolist())
finer, finer_affine = resample(scan.array, scan.affine, (0.5, 0.5, 3), 1)
print(
    "spacing by nibabel", voxel_sizes(scan.affine).round(3), "→", voxel_sizes(finer_affine).round(3)
)
batch = torch.from_numpy(scan.array.astype(np.float64))[None, None]
by_torch = torch.nn.functional.interpolate(
    batch, finer.shape, mode="trilinear", align_corners=False
)[0, 0]
print(f"largest difference to torch {np.abs(by_torch.numpy() - finer).max():.1e}")
for keeps_edge in (True, False):
    placed = MetaTensor(batch[0], affine=torch.from_numpy(scan.affine))
    spaced = MetaTensor(Spacing((0.5, 0.5, 3), scale_extent=keeps_edge)(placed))
    moved = np.abs(spaced.affine.numpy()[:3, 3] - finer_affine[:3, 3]).max()
    print(f"MONAI, scale_extent={keeps_edge}: voxel (0, 0, 0) is {moved:.3f} mm from yours")

# %% [markdown]
# ## Go further
#
# - Write the affine of this scan in LPS, as DICOM counts. The signs of which two rows change?
# - When you make voxels larger, linear interpolation reads only two of the many that a new one covers. Blur before you resample (`ndimage.gaussian_filter`), and look at the noise.
# - If you have a series of a real patient, run `region_of_interest` on it: the tilt of its slices is the scanner operator's choice, and the reason for the eight corners.
#
# ## Sources
#
# - [Mey+19] A. Meyer et al.: Towards Patient-Individual PI-Rads v2 Sector Map: CNN for Automatic Segmentation of Prostatic Zones From T2-Weighted MRI. ISBI 2019.
# - R. W. Cox et al.: A (Sort of) New Image Data Format Standard: NIfTI-1. Human Brain Mapping, 2004.
# - [Kap+23] S. Kapoor, A. Narayanan: Leakage and the reproducibility crisis in machine-learning-based science. Patterns, 2023.

# %% [markdown]
# ## Where you stand
#
# The card tries each exercise as you last ran it in this notebook, and says what to do next.

# %%
from medseg import where_you_stand

where_you_stand("03_medical_volumes", globals())
