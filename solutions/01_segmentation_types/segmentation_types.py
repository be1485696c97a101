# %% [markdown]
# # Unit 1: Kinds of segmentation
#
# A car has to know where the road is, and that the three cars at the kerb are three. A doctor has to know where the prostate ends. Both ask a picture the same thing: *which pixel belongs to what?* That is **segmentation**, and this course builds it by hand, from this first picture to a network that outlines the zones of the prostate.
#
# Run the next two cells (Shift + Enter). You need no earlier knowledge but numpy.
#
# | exercise | points | minutes |
# | --- | --- | --- |
# | 1.1 `semantic_from_scores` | 2 | 10 |
# | 1.2 `instances_from_semantic` | 2 | 15 |
# | 1.3 `encode_panoptic` | 0.5 | 5 |
# | 1.4 `decode_panoptic` | 0.5 | 5 |
# | 1.5 `label_colours` | 2 | 20 |
#
# About 70 minutes in all, with the reading.
#
# Cells that hold only a comment are filled with tests when your notebook is graded. Leave them as they are. So should your functions leave every array, tensor and list that they are given: all tests look at that. Stuck? `hint("01_segmentation_types.semantic_from_scores")` gives one hint more at each call.

# %%
import numpy as np
from scipy import ndimage

from medseg import check, hint, plots, probes, scenes, widgets, yours_or_ours
from medseg.cases import phantom_cases, slices
from medseg.plots import scene_plots

# %%
street = scenes.street(seed=0)
picture = scenes.picture(street)
plots.show(*scene_plots.four_answers(picture))

# %% [markdown]
# One picture, three answers:
#
# - **Semantic** segmentation gives every pixel a class: road, building, car, … It answers *what is where*. Ask it how many cars there are, and it does not know.
# - **Instance** segmentation numbers the *things*, whatever one can count: each car, each person. It leaves out the *stuff* that one cannot count, such as road and sky.
# - **Panoptic** segmentation does both: every pixel has a class, and every thing its number.
#
# Look at one answer at a time. Which of them tells you how many cars stand at the kerb?

# %%
widgets.segmentation_types(picture)

# %% [markdown]
# The street is our own. It is calculated, not photographed, so that the true answers are known to the pixel and nothing has to be downloaded. Classes carry the numbers of the Cityscapes data set [Cor+16]: 7 is road, 24 a person, 26 a car, and 0 means *unlabelled*.
#
# A camera is not the only eye to which one can put these questions. Below, the same street as a rotating laser measures it (unit 2), and a slice of a prostate scan (from unit 3 on). In the scan the zones are *stuff*: there is one of each. So for the prostate, semantic segmentation is all we need; where a scan shows many nodules or cells, we are back at counting.

# %%
plots.show(*scene_plots.from_above(scenes.laser_scan(street), title="the same street, by laser"))
plots.show(*plots.show_case(phantom_cases(1, seed=1, progress=False)[0]))

# %% [markdown]
# ## Where this leads
#
# Here is a network at work, before you have built one. The next cell draws a prostate that nobody has seen before: the clock chooses the patient. A small U-Net, of the kind that you will build in unit 6 and train in unit 7, outlines its zones. It has learnt from sixty other drawings. Left the slice, in the middle what the drawing says, right what the network says. The whole network is a file of a quarter of a megabyte.
#
# *Before you run it:* where do you expect it to be wrong, if anywhere? Run the cell several times; every run brings another patient.

# %%
import time

import torch

from medseg.stand_ins import first_network

number = 1000 + int(time.time()) % 90_000
patient = phantom_cases(1, seed=number, progress=False)[0]
images, zones = slices(patient, 96)
begin = time.perf_counter()
outlined = first_network.outline(torch.from_numpy(images)).numpy()
seconds = time.perf_counter() - begin
middle = int((zones > 0).sum((1, 2)).argmax())
names = patient.class_names
plots.show(
    *plots.compare(images[middle], zones[middle], outlined[middle], class_names=names, margin=8)
)
right = (outlined == zones)[zones > 0].mean()
print(
    f"{len(images)} slices outlined in {seconds:.1f} s; of the prostate's pixels {right:.0%} right"
)

# %% [markdown]
# It is seldom wrong in the middle of a zone and often along its border, most of all in the thin zone at the front. A good network on *drawings* is not yet one on patients; that, too, belongs to the story.
#
# Back to the beginning: how does a machine answer at all?
#
# ## 1.1 From scores to classes
#
# A network does not answer "car". For each pixel it gives one number per class, the *score* $s_c$; the higher, the more it believes in class $c$. The semantic map takes the class with the highest score at each pixel $(i, j)$:
#
# $$\mathrm{semantic}_{ij} = \arg\max_c\, s_{c\,ij}$$
#
# *By hand.* Two classes, a picture of one row and three pixels. Scores of class 0: 5, 1, 2; of class 1: 3, 4, 2. The first pixel is class 0, the second class 1; the third is a tie, and we let the lower number win: 0 1 0.
#
# Part of this exercise is to refuse what makes no sense. If the scores do not have three axes, (C, H, W), raise a `ValueError` whose message names the shape that came and the one that was expected, for instance `scores have shape (4, 6), expected (C, H, W)`.
#
# **2 points · about 10 minutes · difficulty 1 of 3**


# %% nbgrader={"grade": false, "grade_id": "semantic_from_scores", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=10 difficulty=1
def semantic_from_scores(scores):
    """The class with the highest score at each pixel.

    Args:
        scores: (C, H, W) float array, one score per class and pixel.

    Returns:
        (H, W) int64 array of classes 0 to C - 1; the lowest class where several are equal.

    Raises:
        ValueError: scores do not have three axes; the message names the shape that came and the
            words (C, H, W).
    """
    ### BEGIN SOLUTION
    if scores.ndim != 3:
        raise ValueError(f"scores have shape {scores.shape}, expected (C, H, W)")
    return scores.argmax(axis=0).astype(np.int64)
    ### END SOLUTION


# %%
check("01_segmentation_types.semantic_from_scores", semantic_from_scores)

# %% nbgrader={"grade": true, "grade_id": "test_semantic_from_scores", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
scores = np.array([[[5.0, 1.0, 2.0]], [[3.0, 4.0, 2.0]]])
probes.assert_close(semantic_from_scores(scores), np.array([[0, 1, 0]]), "the map")
probes.assert_raises_value_error(
    semantic_from_scores, np.zeros((4, 6)), mentions=["(4, 6)", "(C, H, W)"]
)

# %% nbgrader={"grade": true, "grade_id": "test_semantic_from_scores_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Random scores, compared with torch; other numbers of axes; the input is kept.
### BEGIN HIDDEN TESTS
import torch

rng = probes.rng(1101)
for classes, height, width in [(5, 7, 4), (1, 3, 3), (30, 2, 9)]:
    scores = rng.normal(size=(classes, height, width))
    best = torch.from_numpy(scores).max(dim=0).indices.numpy()
    probes.assert_close(probes.call(semantic_from_scores, scores), best, "the map")
low = rng.integers(-3, 0, (4, 5, 5)).astype(np.float32)
expected = np.array([[min(np.flatnonzero(p == p.max())) for p in row] for row in low.T]).T
probes.assert_close(
    probes.call(semantic_from_scores, low), expected, "the map of negative scores with ties"
)
probes.assert_raises_value_error(
    semantic_from_scores, np.zeros((2, 3, 4, 5)), mentions=["(2, 3, 4, 5)", "(C, H, W)"]
)
### END HIDDEN TESTS

# %% [markdown]
# With your function, the picture above from the scores of a mediocre network: we blur the true answer and add noise. *Before you run it:* what will suffer more, the large areas or the thin poles?

# %%
height, width = picture.semantic.shape
noise = np.random.default_rng(11).normal(0, 0.22, (27, height, width))
wobbly = [ndimage.gaussian_filter((picture.semantic == c) * 1.0, 3) for c in range(27)]
network = np.stack(wobbly) + ndimage.gaussian_filter(noise, (0, 2, 2)) * 6
network[[c for c in range(27) if not (picture.semantic == c).any()]] -= 9
semantic_from_scores = yours_or_ours(semantic_from_scores)
guess = semantic_from_scores(network)
share = float((guess == picture.semantic).mean())
table = np.zeros((256, 3), dtype=np.uint8)
for kind in scenes.KINDS.values():
    table[kind.picture_id] = kind.colour
plots.show(
    scene_plots.panels(
        {"truth": table[picture.semantic], f"guess, {share:.0%} right": table[guess]}
    ),
    f"The true semantic map of the street, and one from noisy scores that is right at {share:.0%} "
    "of the pixels: edges are ragged, poles are broken, small things are eaten away.",
)

# %% [markdown]
# Areas keep their place and get ragged edges; poles break, and small things are eaten away. A share of right pixels hardly notices, as poles have few. Unit 4 has measures that do.
#
# ## 1.2 From classes to things
#
# Can we count the cars in a semantic map? Try the simplest idea: pixels of one class that touch are one thing. Such a patch is called a *connected component*. We say that two pixels touch if they share a side or a corner; every pixel has eight such neighbours, hence *8-connected*.
#
# *By hand.* 26 is a car, 7 the road. The two upper cars touch at a corner only and are one component; the lower right one is another:
#
# $$\begin{pmatrix} 26 & 7 & 7 & 7\\ 7 & 26 & 7 & 7\\ 7 & 7 & 7 & 26 \end{pmatrix} \;\to\; \begin{pmatrix} 1 & 0 & 0 & 0\\ 0 & 1 & 0 & 0\\ 0 & 0 & 0 & 2 \end{pmatrix}$$
#
# *Tools.* `scipy.ndimage.label(mask, structure)` numbers the components of a mask and also says how many there are; `structure` says which neighbours count, and its default is four.
#
# **2 points · about 15 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "instances_from_semantic", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=15 difficulty=2
def instances_from_semantic(semantic, thing_ids):
    """Number the connected components of each thing class.

    Args:
        semantic: (H, W) integer array of classes.
        thing_ids: classes that are things, any iterable of ints. All others are stuff.

    Returns:
        (H, W) int64 array: 0 where the class is no thing; elsewhere the number of the component,
        1, 2, …, each number used once in the whole picture. Components are 8-connected and never
        mix classes. Which component gets which number is up to you.
    """
    ### BEGIN SOLUTION
    instances = np.zeros(semantic.shape, dtype=np.int64)
    total = 0
    for thing in thing_ids:
        parts, count = ndimage.label(semantic == thing, np.ones((3, 3)))
        instances[parts > 0] = parts[parts > 0] + total
        total += count
    return instances
    ### END SOLUTION


# %%
check("01_segmentation_types.instances_from_semantic", instances_from_semantic)

# %% nbgrader={"grade": true, "grade_id": "test_instances_from_semantic", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
semantic = np.array([[26, 7, 7, 7], [7, 26, 7, 7], [7, 7, 7, 26]])
result = probes.facts_of("instances", instances_from_semantic, semantic, [24, 26])
probes.assert_close(result, np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 2]]), "the map")
# A person (24) in front of a car: two classes that touch, and no number comes twice.
crossing = np.array([[26, 24, 26], [26, 24, 26], [7, 7, 24]])
result = probes.facts_of("instances", instances_from_semantic, crossing, [24, 26])
probes.assert_close(result, np.array([[1, 2, 3], [1, 2, 3], [0, 0, 2]]), "the map of two classes")

# %% nbgrader={"grade": true, "grade_id": "test_instances_from_semantic_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Random pictures, compared with a search through all neighbours; classes that touch; no things.
### BEGIN HIDDEN TESTS
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

rng = probes.rng(1201)
for shape, things, dtype in [
    ((9, 12), [2, 3], np.int64),
    ((6, 6), (1,), np.uint8),
    ((7, 5), {4}, np.int32),
    ((12, 9), range(1, 4), np.int16),
    ((8, 7), {0, 2}, np.uint16),
    ((5, 9), np.array([3, 1]), np.int64),
]:
    semantic = rng.integers(0, 4, shape).astype(dtype)
    places = np.argwhere(np.isin(semantic, list(things)))
    kinds = semantic[tuple(places.T)]
    close = np.abs(places[:, None] - places[None]).max(axis=-1) <= 1
    joined = coo_array(close & (kinds[:, None] == kinds[None]))
    expected = np.zeros(shape, dtype=np.int64)
    if len(places):
        expected[tuple(places.T)] = connected_components(joined)[1] + 1
    result = probes.facts_of("instances", instances_from_semantic, semantic, things)
    probes.assert_close(result, probes.renumbered(expected), "the map of instances")
    once = (int(k) for k in things)  # an iterable that can be gone through once
    result = probes.facts_of("instances", instances_from_semantic, semantic.T, once)
    expected = probes.renumbered(expected.T)
    probes.assert_close(result, expected, "the map of instances, where the ids come one by one")
dots = np.zeros((33, 33), np.uint8)  # more components than its type can number
dots[::2, ::2] = 3
expected = np.where(dots > 0, np.cumsum(dots > 0).reshape(dots.shape), 0)
result = probes.facts_of("instances", instances_from_semantic, dots, [3])
probes.assert_close(result, expected, "the map of many instances")
### END HIDDEN TESTS

# %% [markdown]
# And now the street, its cars numbered in both maps. *Before you run it:* there are six cars. Will connected components find more, fewer, or six? Look at the right kerb, and at the cyclist.

# %%
instances_from_semantic = yours_or_ours(instances_from_semantic)
things = [kind.picture_id for kind in scenes.KINDS.values() if kind.is_thing]
components = instances_from_semantic(picture.semantic, things)
cars = picture.semantic == scenes.KINDS["car"].picture_id
by_hand, in_truth = (len(np.unique(m[cars])) for m in (components, picture.instance))
plots.show(
    scene_plots.numbered(
        {"cars by connected components": components, "cars in truth": picture.instance}, cars
    ),
    f"Above, connected components count {by_hand} cars: those parked behind each other have run "
    "together, and the one behind the cyclist counts twice. Below, the truth: "
    f"{in_truth} cars.",
)

# %% [markdown]
# The cars at the kerb overlap in the picture, so their pixels touch, and the simplest idea makes *one* car of them. The opposite happens too: the cyclist hides part of an oncoming car, and the few pixels that one sees past his arm (number 5 in the upper picture) count as a car of their own. So three cars at the kerb count as one, and the one behind the cyclist as two: five in place of six. No rule about neighbours can mend this, since the semantic map no longer knows where one car ends. To tell touching things apart, a network has to be taught to see the border between them. That is one reason for the rest of this course, and its last unit comes back to it.
#
# ## 1.3 One number for both
#
# How does one store a panoptic answer? The semantic benchmark of KITTI [Alh+18] writes class and instance into one number:
#
# $$p = 256 \cdot \text{semantic} + \text{instance}$$
#
# Both parts lie in 0 … 255, so that $p$ fits into the 16 bits of a PNG file, and both can be read back. *By hand.* Car (26) number 3 is $26 \cdot 256 + 3 = 6659$; road, without a number, is $7 \cdot 256 = 1792$.
#
# A trap: many label maps are stored as `uint8`, and 26 · 256 does not fit into eight bits.
#
# **0.5 points · about 5 minutes · difficulty 1 of 3**


# %% nbgrader={"grade": false, "grade_id": "encode_panoptic", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=5 difficulty=1
def encode_panoptic(semantic, instance):
    """Class and instance in one number, as KITTI stores them: semantic * 256 + instance.

    Args:
        semantic, instance: arrays of one shape, int64 or any smaller integer dtype, values in
            0..255.

    Returns:
        int64 array of that shape.

    Raises:
        ValueError: a value lies outside 0..255; the message names that value and 255.
    """
    ### BEGIN SOLUTION
    for labels in (semantic, instance):
        outside = labels[(labels < 0) | (labels > 255)]
        if outside.size:
            raise ValueError(f"found the number {outside[0]}, expected 0 to 255")
    return semantic.astype(np.int64) * 256 + instance.astype(np.int64)
    ### END SOLUTION


# %%
check("01_segmentation_types.encode_panoptic", encode_panoptic)

# %% nbgrader={"grade": true, "grade_id": "test_encode_panoptic", "locked": true, "points": 0.5, "schema_version": 3, "solution": false, "task": false}
# By hand, also in eight bits. When graded: random maps of several dtypes, and values out of range.
for dtype in (np.int64, np.uint8):
    result = encode_panoptic(np.array([26, 7], dtype), np.array([3, 0], dtype))
    probes.assert_close(result, np.array([6659, 1792]), f"the numbers of {dtype.__name__} maps")
probes.assert_raises_value_error(
    encode_panoptic, np.array([26, 7]), np.array([3, 256]), mentions=["256", "255"]
)
### BEGIN HIDDEN TESTS
rng = probes.rng(1301)
for dtype in (np.uint8, np.int32, np.int64, np.uint16):
    parts = rng.integers(0, 256, (2, 5, 7)).astype(dtype)
    parts[:, 0, :2] = [[0, 255], [255, 255]]
    expected = parts.astype(">u1").transpose(1, 2, 0).copy().view(">u2")[..., 0].astype(np.int64)
    probes.assert_close(
        probes.call(encode_panoptic, *parts), expected, f"the numbers of {dtype.__name__} maps"
    )
mixed = parts[0].astype(np.uint8), parts[1].astype(np.int64)
probes.assert_close(probes.call(encode_panoptic, *mixed), expected, "the numbers of mixed dtypes")
for bad in (-1, 256, 1000):
    wrong = rng.integers(0, 256, (3, 4))
    wrong[1, 2] = bad
    right = np.zeros((3, 4), dtype=np.int64)
    for pair in ((wrong, right), (right, wrong)):
        probes.assert_raises_value_error(encode_panoptic, *pair, mentions=[str(bad), "255"])
### END HIDDEN TESTS

# %% [markdown]
# ## 1.4 And back
#
# The way back must lose nothing: from $p = 6659$ to car and 3. *By hand.* $6659 = 26 \cdot 256 + 3$: the whole number of times that 256 fits in is the class, and the rest is the instance.
#
# **0.5 points · about 5 minutes · difficulty 1 of 3**


# %% nbgrader={"grade": false, "grade_id": "decode_panoptic", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=5 difficulty=1
def decode_panoptic(panoptic):
    """The inverse of `encode_panoptic`.

    Args:
        panoptic: integer array of any shape, semantic * 256 + instance.

    Returns:
        (semantic, instance), two int64 arrays of that shape.
    """
    ### BEGIN SOLUTION
    panoptic = panoptic.astype(np.int64)
    return panoptic // 256, panoptic % 256
    ### END SOLUTION


# %%
check("01_segmentation_types.decode_panoptic", decode_panoptic)

# %% nbgrader={"grade": true, "grade_id": "test_decode_panoptic", "locked": true, "points": 0.5, "schema_version": 3, "solution": false, "task": false}
# By hand. When graded: random numbers of several dtypes, compared byte by byte.
result = decode_panoptic(np.array([[6659, 1792]]))
probes.assert_close(result, (np.array([[26, 7]]), np.array([[3, 0]])), "(semantic, instance)")
### BEGIN HIDDEN TESTS
rng = probes.rng(1401)
for shape, dtype in [
    ((4, 6), np.uint16),
    ((9,), np.int32),
    ((2, 3, 4), np.int64),
    ((5, 1), np.uint32),
]:
    numbers = np.array(rng.integers(0, 2**16, shape)).astype(dtype)
    both = numbers.astype(">u2")[..., None].view("u1").astype(np.int64)
    expected = (both[..., 0], both[..., 1])
    probes.assert_close(probes.call(decode_panoptic, numbers), expected, "(semantic, instance)")
### END HIDDEN TESTS

# %% [markdown]
# ## 1.5 Colours that tell things apart
#
# Numbers do not speak to the eye. A panoptic map is shown in colours: stuff in the colour that a *palette* gives its class, so that road looks the same in every picture; things in colours of their own, so that two cars next to each other are seen as two: any two of the instances 1 to 12 of a class differ by at least 10 in some channel, in bright classes and in dark ones. The colours must not be drawn anew each time: the same map gives the same picture. And the palette is somebody else's: leave it as it came.
#
# There are many right answers. One: mix the palette's colour half and half with a second colour that is calculated from the instance's number, for instance from the fractional parts of $0.618 \cdot n$, $0.755 \cdot n$ and $0.570 \cdot n$. The multiples of such numbers stay well apart for a long time.
#
# A trap: in `uint8`, 200 + 100 is 44. Calculate in floats or wider integers, and convert at the end.
#
# **2 points · about 20 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "label_colours", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=20 difficulty=2
def label_colours(panoptic, palette):
    """A panoptic map as a picture.

    Args:
        panoptic: (H, W) int64, semantic * 256 + instance; instance 0 means stuff.
        palette: dictionary {semantic id: (r, g, b)} with values 0..255, an entry for every class of
            the map.

    Returns:
        (H, W, 3) uint8. Stuff has exactly its palette's colour. Each instance has one colour, and
        any two of the instances 1 to 12 of a class differ by at least 10 in some channel. The same
        input always gives the same picture.
    """
    ### BEGIN SOLUTION
    semantic, instance = panoptic // 256, panoptic % 256
    picture = np.zeros((*panoptic.shape, 3))
    for number, colour in palette.items():
        picture[semantic == number] = colour
    own = 255 * ((instance[..., None] * np.array([0.618034, 0.754878, 0.569840])) % 1)
    mixed = np.where(instance[..., None] > 0, (picture + own) / 2, picture)
    return mixed.astype(np.uint8)
    ### END SOLUTION


# %%
check("01_segmentation_types.label_colours", label_colours)

# %% nbgrader={"grade": true, "grade_id": "test_label_colours", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
panoptic = np.array([[1792, 1792, 6657], [5888, 6658, 6657]])
palette = {7: (128, 100, 140), 23: (176, 216, 246), 26: (0, 84, 178)}
facts = probes.facts_of("colours", label_colours, panoptic, palette, [26])
probes.assert_facts(facts)

# %% nbgrader={"grade": true, "grade_id": "test_label_colours_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Random maps with up to six instances of a class, and palettes with very dark and bright colours.
### BEGIN HIDDEN TESTS
rng = probes.rng(1501)
crowd = 24 * 256 + rng.permutation(np.repeat(np.arange(1, 13), 2)).reshape(4, 6)
facts = probes.facts_of("colours", label_colours, crowd, {24: (200, 30, 90)}, [24])
probes.assert_facts(facts)
every = 26 * 256 + rng.permutation(np.arange(256)).reshape(8, 32)
facts = probes.facts_of("colours", label_colours, every, {26: (9, 30, 90)}, [26])
probes.assert_facts(facts)
for lowest, beyond in [(0, 256), (0, 256), (250, 256), (0, 6)]:
    semantic = rng.choice([7, 23, 24, 26], (8, 9))
    instance = np.where(semantic >= 24, rng.integers(1, 7, (8, 9)), 0)
    palette = {7: (0, 0, 0), 23: (255, 255, 255)}
    palette |= {int(c): tuple(map(int, rng.integers(lowest, beyond, 3))) for c in (24, 26)}
    panoptic = (semantic * 256 + instance).astype(np.int64)
    facts = probes.facts_of("colours", label_colours, panoptic, palette, [24, 26])
    probes.assert_facts(facts)
### END HIDDEN TESTS

# %% [markdown]
# Here is the street in your colours, from one 16-bit number per pixel.

# %%
encode_panoptic = yours_or_ours(encode_panoptic)
label_colours = yours_or_ours(label_colours)
colours_of = {kind.picture_id: kind.colour for kind in scenes.KINDS.values()}
whole = encode_panoptic(picture.semantic, picture.instance)
plots.show(
    scene_plots.panels({"image": picture.rgb, "panoptic": label_colours(whole, colours_of)}),
    "The street and its panoptic map in colours. " + scene_plots.description(picture),
)

# %% [markdown]
# **By hand = by library.** A KITTI file is your 16-bit number in a PNG. We write one with the library's function and read the raw numbers back.

# %%
import tempfile
from pathlib import Path

from PIL import Image

from medseg.scenes import formats

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder, "street.png")
    formats.write_kitti_panoptic(file, picture.semantic, picture.instance)
    stored = np.asarray(Image.open(file)).astype(np.int64)
decode_panoptic = yours_or_ours(decode_panoptic)
print("your numbers are those in the file:", bool((stored == whole).all()))
unpacked = decode_panoptic(stored)
print("and nothing was lost on the way: ", bool((unpacked[1] == picture.instance).all()))

# %% [markdown]
# ## Go further
#
# - Change `seed` at the top, run all, and count how often connected components miscount. Which things do they miscount?
# - Erode the car mask (`ndimage.binary_erosion`) before you count. It separates some touching cars. What does it do to the far ones?
# - The panoptic files of COCO store $\mathrm{id} = R + 256\,G + 65536\,B$ in a colour picture [Coc]. Write its encoder. How many things fit into one picture, against KITTI's 255 per class?
#
# ## Sources
#
# - [Alh+18] H. Abu Alhaija, S. K. Mustikovela, L. Mescheder, A. Geiger, C. Rother: Augmented Reality Meets Computer Vision: Efficient Data Generation for Urban Driving Scenes. International Journal of Computer Vision, 2018. The benchmark came with it; its pictures are of A. Geiger et al.: Vision meets Robotics: The KITTI Dataset, 2013.
# - [Coc] COCO's panoptic API, [github.com/cocodataset/panopticapi](https://github.com/cocodataset/panopticapi).
# - [Cor+16] M. Cordts et al.: The Cityscapes Dataset for Semantic Urban Scene Understanding. CVPR 2016.
# - [Kir+19] A. Kirillov, K. He, R. Girshick, C. Rother, P. Dollár: Panoptic Segmentation. CVPR 2019.

# %% [markdown]
# ## Where you stand
#
# The card tries each exercise as you last ran it in this notebook, and says what to do next.

# %%
from medseg import where_you_stand

where_you_stand("01_segmentation_types", globals())
