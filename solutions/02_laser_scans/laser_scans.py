# %% [markdown]
# # Unit 2: Laser scans
#
# A camera sees colours and guesses distances. A rotating laser measures distances and sees no colours: it sends out a short flash, waits for the echo, turns a little, and sends the next. A self-driving car carries both, and asks both the same thing: *what is where, and which one is it?*
#
# In this unit you turn a laser's cloud of points into a picture that a network for pictures can read, and bring its answer back to the points. You need no earlier unit.
#
# | exercise | points | minutes |
# | --- | --- | --- |
# | 2.1 `decode_labels` | 1 | 10 |
# | 2.2 `spherical_projection` | 3 | 25 |
# | 2.3 `range_image` | 2 | 15 |
# | 2.4 `labels_to_points` | 2 | 5 |
#
# About 80 minutes in all, with the reading.
#
# Cells that hold only a comment are filled with tests when your notebook is graded. Leave them as they are. So should your functions leave every array, tensor and list that they are given: all tests look at that. Stuck? `hint("02_laser_scans.decode_labels")` gives one hint more at each call.

# %%
import numpy as np
from matplotlib.figure import Figure

from medseg import check, hint, plots, probes, scenes, yours_or_ours
from medseg.plots import scene_plots

# %% [markdown]
# Below is one turn of such a laser, seen from above, on a street with parked cars. *Before you run it:* how will a parked car look? A filled rectangle, an empty one, or something else?

# %%
street = scenes.street(seed=0)
scan = scenes.laser_scan(street, columns=2048)
plots.show(*scene_plots.from_above(scan))

# %% [markdown]
# Something else: the laser draws the sides of a car that it can see, often two of the four, like the letter L. Behind each car lies a *shadow* without points, because light does not go through it. The white disc in the middle has another reason. The lowest beam looks down by 25°, and meets the road only 3.7 m away.
#
# The laser stands at the triangle. It has 64 beams, and each flashes 2048 times a turn. $x$ points forward, $y$ to the left, $z$ up, all in metres. The colours are those of the classes. Scan and labels have the format of the SemanticKITTI data set [Beh+19], and so have the numbers of the classes: 10 is a car, 30 a person, 31 a cyclist, 40 the road.
#
# ## 2.1 Two numbers in one
#
# Each point has a class and, if it belongs to a thing, the number of that thing. SemanticKITTI packs both into one number of 32 bits: the lower 16 bits are the class, the upper 16 bits the instance.
#
# *By hand.* Car number 3 is $3 \cdot 65536 + 10 = 196618$, since $2^{16} = 65536$.
#
# *Tools.* `a % b` is the remainder when a is divided by b; `a >> n` drops the lowest n bits; `a & m` keeps the bits of a that are set in m.
#
# Part of this exercise is to refuse what makes no sense: labels of any type but `uint32` were read from the file in the wrong way. Raise a `ValueError` whose message names the type that you got, and `uint32`.
#
# **1 point · about 10 minutes · difficulty 1 of 3**


# %% nbgrader={"grade": false, "grade_id": "decode_labels", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=10 difficulty=1
def decode_labels(raw):
    """Class and instance of each point from SemanticKITTI's packed labels.

    Args:
        raw: (N,) uint32; class in the lower, instance in the upper 16 bits.

    Returns:
        (semantic, instance), two (N,) int64 arrays.

    Raises:
        ValueError: raw is not uint32; the message names its dtype and uint32.
    """
    ### BEGIN SOLUTION
    if raw.dtype != np.uint32:
        raise ValueError(f"the labels are {raw.dtype}, expected uint32")
    wide = raw.astype(np.int64)
    return wide & 0xFFFF, wide >> 16
    ### END SOLUTION


# %%
check("02_laser_scans.decode_labels", decode_labels)

# %% nbgrader={"grade": true, "grade_id": "test_decode_labels", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# By hand. When graded: random labels, compared byte by byte.
result = decode_labels(np.array([196618, 40], dtype=np.uint32))
probes.assert_close(result, (np.array([10, 40]), np.array([3, 0])), "(semantic, instance)")
### BEGIN HIDDEN TESTS
rng = probes.rng(2101)
for count in (1, 50, 0):
    raw = rng.integers(0, 2**32, count, dtype=np.uint32)
    halves = raw.astype("<u4").view("<u2").reshape(-1, 2).astype(np.int64)
    expected = (halves[:, 0].copy(), halves[:, 1].copy())
    probes.assert_close(probes.call(decode_labels, raw), expected, "(semantic, instance)")
for wrong in (np.float32, np.int64, np.int32, np.uint16, np.uint64):
    name = np.dtype(wrong).name
    bad = np.array([10, 40], dtype=wrong)
    probes.assert_raises_value_error(decode_labels, bad, mentions=[name, "uint32"])
### END HIDDEN TESTS

# %%
decode_labels = yours_or_ours(decode_labels)
semantic, instance = decode_labels(scan.labels)
for kind in scenes.KINDS.values():
    if kind.is_thing:
        here = semantic == kind.laser_id
        numbers = np.unique(instance[here])
        print(f"{kind.name:<8} {len(numbers):2d} of them, {here.sum():5d} points")

# %% [markdown]
# ## 2.2 Where a point falls in the picture
#
# Imagine that you stand where the laser stands, turn around once, and unroll what you saw as a panorama. The column of a point follows from its direction in the plane, the row from its *elevation*, the angle above the horizon. With the range $r = \sqrt{x^2 + y^2 + z^2}$:
#
# $$\mathrm{column} = \left\lfloor \tfrac{1}{2}\left(1 - \frac{\operatorname{atan2}(y, x)}{\pi}\right) W \right\rfloor, \qquad \mathrm{row} = \left\lfloor \frac{f_{up} - \varepsilon}{f_{up} - f_{down}}\, H \right\rfloor, \qquad \varepsilon = \arcsin\frac{z}{r}$$
#
# $W$ and $H$ are width and height of the picture in pixels, $\lfloor\cdot\rfloor$ rounds down, $\operatorname{atan2}(y, x)$ is the angle from straight ahead, positive to the left, and $f_{up}$, $f_{down}$ are the highest and the lowest elevation that the laser sees, in degrees: +3° and −25° here. Straight ahead is column $W/2$, the right one of the two in the middle; row 0 is up. What falls outside, by rounding or because it lies above $f_{up}$ or below $f_{down}$, goes to the nearest row or column that exists.
#
# *By hand.* A picture of 4 rows and 8 columns, from +10° to −30°. The point (1, 1, 0) lies 45° to the left: $\frac12 (1 - \frac14) \cdot 8 = 3$. Its elevation is 0°: $\frac{10 - 0}{40} \cdot 4 = 1$. So row 1, column 3, range $\sqrt 2$.
#
# Two traps: the formula for rows wants degrees on both sides, and numpy's functions give radians (`np.degrees`). And a point at the laser itself has no direction: give it range 0 and elevation 0, and the column that $\operatorname{atan2}(0, 0) = 0$ gives, straight ahead.
#
# **3 points · about 25 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "spherical_projection", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=25 difficulty=2
def spherical_projection(points, height, width, fov_up, fov_down):
    """Row, column and range of each point in the laser's panorama.

    Args:
        points: (N, 3) float array, metres; x forward, y to the left, z up.
        height, width: size of the panorama in pixels.
        fov_up, fov_down: highest and lowest elevation in degrees, for instance 3 and -25.

    Returns:
        (rows, columns, ranges): two (N,) int64 arrays, in 0..height - 1 and 0..width - 1, and a
        (N,) float array in metres. Row 0 is up, straight ahead is the middle column.

    Formula: Milioto et al., RangeNet++, IROS 2019, equation (1).
    """
    ### BEGIN SOLUTION
    x, y, z = points.astype(np.float64).T
    ranges = np.sqrt(x**2 + y**2 + z**2)
    elevation = np.degrees(np.arcsin(z / np.where(ranges > 0, ranges, 1)))
    columns = np.floor(0.5 * (1 - np.arctan2(y, x) / np.pi) * width)
    rows = np.floor((fov_up - elevation) / (fov_up - fov_down) * height)
    rows = rows.clip(0, height - 1).astype(np.int64)
    columns = columns.clip(0, width - 1).astype(np.int64)
    return rows, columns, ranges
    ### END SOLUTION


# %%
check("02_laser_scans.spherical_projection", spherical_projection)

# %% nbgrader={"grade": true, "grade_id": "test_spherical_projection", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
result = spherical_projection(np.array([[1.0, 1.0, 0.0]]), 4, 8, 10, -30)
expected = (np.array([1]), np.array([3]), np.array([np.sqrt(2)]))
probes.assert_close(result, expected, "(rows, columns, ranges)")

# %% nbgrader={"grade": true, "grade_id": "test_spherical_projection_hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Points that are made from known pixels; points outside; single precision; the laser itself.
### BEGIN HIDDEN TESTS
rng = probes.rng(2201)
for height, width, up, down in [
    (64, 1024, 3.0, -25.0),
    (16, 90, 15.0, -15.0),
    (7, 11, 2, -24),
    (9, 40, -5.0, -30.0),
    (12, 25, 40, 10),
]:
    rows, columns = rng.integers(0, height, 60), rng.integers(0, width, 60)
    distance = rng.uniform(0.5, 70, 60)
    tilt = np.radians(up - (rows + rng.uniform(0.1, 0.9, 60)) / height * (up - down))
    turned = np.exp(1j * np.pi * (1 - 2 * (columns + rng.uniform(0.1, 0.9, 60)) / width))
    flat = distance * np.cos(tilt)
    cloud = np.stack([flat * turned.real, flat * turned.imag, distance * np.sin(tilt)], axis=1)
    expected = (rows, columns, distance)
    for points in (cloud, cloud.astype(np.float32)):
        result = probes.call(spherical_projection, points, height, width, up, down)
        probes.assert_close(result, expected, "(rows, columns, ranges)")
none = probes.call(spherical_projection, np.zeros((0, 3)), 64, 10, 3, -25)
nothing = np.zeros(0, dtype=np.int64)
probes.assert_close(none, (nothing, nothing, np.zeros(0)), "(rows, columns, ranges) of no points")
odd = np.array(
    [[1.0, 0, 5], [1, 0, -5], [-1, -1e-12, 0], [-1, 0, 0], [0, 0, 0], [-1, -0.0, 0], [0, 0, 1]]
)
rows, columns, ranges = probes.call(spherical_projection, odd, 64, 10, 3, -25)
probes.assert_close(
    rows, np.array([0, 63, 6, 6, 6, 6, 0]), "rows of points outside the field of view"
)
probes.assert_close(columns[[2, 3, 5]], np.array([9, 0, 9]), "columns of points straight behind")
probes.assert_close(ranges, np.sqrt([26, 26, 1, 1, 0, 1, 1]), "ranges", atol=1e-5)
### END HIDDEN TESTS

# %% [markdown]
# ## 2.3 The range image
#
# Now the picture: at each pixel the range of the point that falls there. Where several fall on one pixel, the nearest wins, because it hides the others. Where none fell, we write −1, since 0 would be a distance.
#
# *By hand.* Three points fall on the pixels 2, 2 and 5 of a row of six, with ranges 9, 4 and 7: the row is −1 −1 4 −1 −1 7.
#
# *Tools.* With `image[rows, columns] = ranges`, the last of several values for one pixel stays, so sort the points first. Or `np.minimum.at`.
#
# **2 points · about 15 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "range_image", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=15 difficulty=2
def range_image(points, height, width, fov_up, fov_down):
    """The laser's panorama of ranges.

    Args:
        points, height, width, fov_up, fov_down: as for `spherical_projection`.

    Returns:
        (height, width) float array: the range of the nearest point of each pixel in metres, -1
        where no point fell.
    """
    ### BEGIN SOLUTION
    rows, columns, ranges = spherical_projection(points, height, width, fov_up, fov_down)
    image = np.full((height, width), -1.0)
    farthest_first = np.argsort(-ranges)
    image[rows[farthest_first], columns[farthest_first]] = ranges[farthest_first]
    return image
    ### END SOLUTION


# %%
check("02_laser_scans.range_image", range_image)

# %% nbgrader={"grade": true, "grade_id": "test_range_image", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
angles = np.radians([30.0, 30.0, -150.0])
distances = np.array([9.0, 4.0, 7.0])
points = np.stack([distances * np.cos(angles), distances * np.sin(angles), 0 * angles], axis=1)
probes.assert_close(
    range_image(points, 1, 6, 10, -10), np.array([[-1.0, -1, 4, -1, -1, 7]]), "the range image"
)

# %% nbgrader={"grade": true, "grade_id": "test_range_image_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Random clouds, pixel by pixel.
### BEGIN HIDDEN TESTS
rng = probes.rng(2301)
for height, width, count, up, down in [
    (6, 9, 200, 5, -20),
    (4, 30, 40, 5, -20),
    (3, 3, 0, 5, -20),
    (5, 8, 90, -2, -12),
    (5, 8, 90, 14.5, 3.5),
]:
    cloud = rng.normal(size=(count, 3)) * [20, 20, 3]
    cloud[::3] *= 500  # far away, too, is not empty
    cloud[:1] = 0  # a point at range 0
    expected = np.full((height, width), -1.0)
    angle = np.angle(cloud[:, 0] + 1j * cloud[:, 1])
    away = np.linalg.norm(cloud, axis=1)
    lift = 90 - np.degrees(np.arccos(cloud[:, 2] / np.maximum(away, 1e-9)))
    for a, e, r in zip(angle, lift, away, strict=True):
        i = min(max(int(np.floor((up - e) / (up - down) * height)), 0), height - 1)
        j = min(max(int(np.floor((np.pi - a) / (2 * np.pi) * width)), 0), width - 1)
        expected[i, j] = r if expected[i, j] < 0 else min(r, expected[i, j])
    result = probes.call(range_image, cloud, height, width, up, down)
    probes.assert_close(result, expected, "the range image")
### END HIDDEN TESTS

# %% [markdown]
# The panorama of the street. We do not colour the range $r$ but the *inverse range* $1/r$, in 1/m: near is bright, far is dark. Half of the pixels show what is less than about 8 m away, the farthest echo comes from 80 m. A scale of ranges would spend nine tenths of its colours on the far half, and paint everything near in nearly one.
#
# Below it, in the same columns, the class of the nearest point of each pixel. The middle is straight ahead, and both edges of the picture lie behind.
#
# *Before you run it.* One wall is 30 m away, the next one 60 m. One car is 5 m away, the next one 6 m. Which pair differs more in brightness?

# %%
spherical_projection = yours_or_ours(spherical_projection)
range_image = yours_or_ours(range_image)
rows, columns, ranges = spherical_projection(scan.points, 64, 1024, scenes.FOV_UP, scenes.FOV_DOWN)
panorama = range_image(scan.points, 64, 1024, scenes.FOV_UP, scenes.FOV_DOWN)
classes = np.zeros(panorama.shape, dtype=np.int64)
farthest_first = np.argsort(-ranges)
classes[rows[farthest_first], columns[farthest_first]] = semantic[farthest_first]
plots.show(*scene_plots.panorama(panorama, classes))

# %% [markdown]
# The cars: $\frac15 - \frac16 = 0.033$ against $\frac1{30} - \frac1{60} = 0.017$ for the walls, although those are thirty times as far apart. That is what you want, for near things matter most to a car.
#
# A car or a person shows as a patch of nearly one brightness, lighter than what is behind it. The road is an even ramp: on flat ground, with the laser $h$ metres above it, a beam that looks down by the angle $\alpha$ has $1/r = \sin(\alpha)/h$, the same all along a row. Whatever stands on the road breaks the ramp. Even the nearest kerb shows, as a thin line, though it is only 12 cm high.
#
# Where no echo came, the inverse range is drawn as 0, as if the light had met nothing up to infinity. That is how it is for the sky, and along the street beyond 80 m. The single dark specks are pixels on which both flashes were lost, as happens to one flash in twenty.

# %% [markdown]
# ## 2.4 Back to the points
#
# A network for pictures now labels the panorama, pixel by pixel. Each point takes the label of the pixel that it fell on. *By hand.* The label image has one row, 5 6 7. Points that fell on the columns 2, 0, 0 get the labels 7, 5, 5.
#
# This costs something: points that are hidden behind another one on their pixel get the label of what hides them. You will measure how much.
#
# **2 points · about 5 minutes · difficulty 1 of 3**


# %% nbgrader={"grade": false, "grade_id": "labels_to_points", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=5 difficulty=1
def labels_to_points(label_image, rows, columns):
    """The label of each point, read from the pixel that it fell on.

    Args:
        label_image: (H, W) integer array.
        rows, columns: (N,) int64, the pixel of each point, as `spherical_projection` gives them.

    Returns:
        (N,) array of the label image's dtype.
    """
    ### BEGIN SOLUTION
    return label_image[rows, columns]
    ### END SOLUTION


# %%
check("02_laser_scans.labels_to_points", labels_to_points)

# %% nbgrader={"grade": true, "grade_id": "test_labels_to_points", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
result = labels_to_points(np.array([[5, 6, 7]]), np.array([0, 0, 0]), np.array([2, 0, 0]))
probes.assert_close(result, np.array([7, 5, 5]), "the labels")

# %% nbgrader={"grade": true, "grade_id": "test_labels_to_points_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Random pixels of rectangular images, in other integer types, compared with a loop.
### BEGIN HIDDEN TESTS
rng = probes.rng(2401)
for shape, count, dtype in [
    ((6, 9), 40, np.int64),
    ((3, 3), 12, np.int32),
    ((2, 70), 1, np.uint8),
    ((4, 5), 0, np.uint16),
]:
    image = rng.integers(0, 100, shape).astype(dtype)
    down, right = rng.integers(0, shape[0], count), rng.integers(0, shape[1], count)
    expected = np.array([image[i][j] for i, j in zip(down, right, strict=True)], dtype=dtype)
    probes.assert_close(probes.call(labels_to_points, image, down, right), expected, "the labels")
### END HIDDEN TESTS

# %% [markdown]
# How much does it cost? Let us pretend that the network is perfect: it labels each pixel with the class of its nearest point. Then we count the points that come back wrong, for panoramas of different widths. Narrow pictures are cheap to calculate, but more points share a pixel.
#
# *Before you run it.* A car stands before a wall. Whose points come back wrong more often, the car's or the wall's?

# %%
labels_to_points = yours_or_ours(labels_to_points)
truth, _ = decode_labels(scan.labels)
widths, lost = [128, 256, 512, 1024, 2048], []
for across in widths:
    i, j, r = spherical_projection(scan.points, 64, across, scenes.FOV_UP, scenes.FOV_DOWN)
    perfect = np.zeros((64, across), dtype=np.int64)
    order = np.argsort(-r)
    perfect[i[order], j[order]] = truth[order]
    lost.append(float(np.mean(labels_to_points(perfect, i, j) != truth)))
    print(f"width {across:4d}: {lost[-1]:.2%} of the points come back with a wrong class")
i, j, r = spherical_projection(scan.points, 64, 256, scenes.FOV_UP, scenes.FOV_DOWN)
coarse = np.zeros((64, 256), dtype=np.int64)
coarse[i[np.argsort(-r)], j[np.argsort(-r)]] = truth[np.argsort(-r)]
wrong = labels_to_points(coarse, i, j) != truth
for name in ("car", "building"):
    points_of = truth == scenes.KINDS[name].laser_id
    print(f"width  256, of the {name} points alone: {wrong[points_of].mean():.2%}")
figure = Figure(figsize=(10, 4.4), layout="constrained")
axes = figure.subplots()
for mask, colour, size, name in (
    (~wrong, "#B0B0B0", 0.3, "right"),
    (wrong, "#D55E00", 9, "wrong"),
):
    axes.scatter(*scan.points[mask, :2].T, s=size, c=colour, label=name, linewidths=0)
axes.set(xlim=(-30, 60), ylim=(-18, 18), aspect="equal")
axes.set(xlabel="forward (m)", ylabel="to the left (m)", title="labels through 256 columns")
for dots in axes.legend(loc="upper right").legend_handles:
    dots.set_sizes([40])
plots.show(
    figure,
    f"The scan from above; the {wrong.mean():.1%} of points whose label came back wrong through a "
    "panorama of 256 columns lie at the edges of things, behind them, along the kerbs and at the "
    "feet of the houses.",
)

# %% [markdown]
# The wall's, by far. Cars lose two points in a thousand, houses four in a hundred: the near thing wins the pixel, and what it hides pays. Many wrong points lie where a near thing borders on a far one, next to each other in the picture and metres apart in the world. Others lie along the kerbs and at the feet of the houses, where two classes really meet and share a pixel. Methods that work on range images therefore end with a step that asks each point's neighbours in space [Mil+19].
#
# At a width of 2048 nothing is lost, since each of the 2048 flashes a turn has a column of its own. A real laser does lose something there: it turns unevenly, and the car moves while it turns.
#
# **By hand = by library.** `scipy.stats.binned_statistic_2d` sorts values into a grid by any two coordinates. With the angles as coordinates and the minimum as statistic, it gives your range image. Only a point on the very border of two pixels could fall on the other one.

# %%
from scipy.stats import binned_statistic_2d

x, y, z = scan.points.astype(np.float64).T
distance = np.sqrt(x**2 + y**2 + z**2)
down, around = -np.degrees(np.arcsin(z / distance)), -np.arctan2(y, x)
span = [(-scenes.FOV_UP - 1e-4, -scenes.FOV_DOWN + 1e-4), (-np.pi, np.pi)]
library = binned_statistic_2d(down, around, distance, "min", bins=(64, 1024), range=span).statistic
both = np.isfinite(library) & (panorama >= 0)
equal = np.isclose(library[both], panorama[both])
print(f"{(~equal).sum()} of {equal.size} pixels with a point differ")

# %% [markdown]
# ## Go further
#
# - Give the points of one wrong pixel the class that most of their five nearest neighbours in space have (`scipy.spatial.cKDTree`). How many of the wrong labels does that put right?
# - The learning map of SemanticKITTI folds moving cars (252) into cars. Look at `medseg.scenes.formats.LEARNING_MAP`: which classes are left out, and why might that be?
# - The scans of the TUM City Campus in Munich [Geh+17] were taken with two lasers on one car, both a little tilted. What would change in your projection?
#
# ## Sources
#
# - [Beh+19] J. Behley, M. Garbade, A. Milioto, J. Quenzel, S. Behnke, C. Stachniss, J. Gall: SemanticKITTI: A Dataset for Semantic Scene Understanding of LiDAR Sequences. ICCV 2019.
# - [Mil+19] A. Milioto, I. Vizzo, J. Behley, C. Stachniss: RangeNet++: Fast and Accurate LiDAR Semantic Segmentation. IROS 2019.
# - [Geh+17] J. Gehrung, M. Hebel, M. Arens, U. Stilla: An Approach to Extract Moving Objects from MLS Data Using a Volumetric Background Representation. ISPRS Annals, 2017.

# %% [markdown]
# ## Where you stand
#
# The card tries each exercise as you last ran it in this notebook, and says what to do next.

# %%
from medseg import where_you_stand

where_you_stand("02_laser_scans", globals())
