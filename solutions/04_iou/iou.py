# %% [markdown]
# # Unit 4: Intersection over union
#
# Two people outline the same prostate. How well do they agree? You want a single number, and the obvious one lies: since most pixels are background, somebody who outlines nothing at all is "right" nearly everywhere. In this unit you build the measures that are not fooled: intersection over union and Dice, from one table of counts, and panoptic quality, which counts things instead of pixels. You need no earlier unit.
#
# | exercise | points | minutes |
# | --- | --- | --- |
# | 4.1 `confusion_matrix` | 3 | 15 |
# | 4.2 `iou_per_class` | 2 | 10 |
# | 4.3 `mean_iou` | 2 | 5 |
# | 4.4 `dice_from_iou` | 1 | 5 |
# | 4.5 `iou_from_dice` | 1 | 5 |
# | 4.6 `panoptic_quality` | 3 | 30 |
#
# About 95 minutes in all, with the reading.
#
# Cells that hold only a comment are filled with tests when your notebook is graded. Leave them as they are. So should your functions leave every array, tensor and list that they are given: all tests look at that. Stuck? `hint("04_iou.confusion_matrix")` gives one hint more at each call.

# %%
import numpy as np
import torch
from matplotlib.figure import Figure

from medseg import check, hint, plots, probes, widgets, yours_or_ours
from medseg.cases import phantom_cases, slices

# %% [markdown]
# One slice of a prostate phantom. Left, the transition zone as an expert drew it, and a second outline that lies a little to the side. Right, what the two have in common (the *intersection*) and what at least one of them covers (the *union*). Divide the size of the first by the size of the second, and you have the measure of this unit.

# %%
case = phantom_cases(1, seed=4, progress=False)[0]
image, label = slices(case, 128)
middle = int((label == 2).sum((1, 2)).argmax())
expert = label[middle] == 2
second = np.roll(expert, (3, 8), axis=(0, 1))
figure = Figure(figsize=(9.5, 4.6), layout="constrained")
left, right = figure.subplots(1, 2)
for axes in (left, right):
    axes.imshow(image[middle], cmap="gray")
    axes.set_xlabel("column")
    axes.set_ylabel("row")
    axes.contour(expert, [0.5], colors="#56B4E9", linewidths=2)
    axes.contour(second, [0.5], colors="#E69F00", linewidths=2, linestyles="dashed")
left.set_title("expert (solid) and second outline (dashed)")
right.contourf(expert | second, [0.5, 1.5], colors=["#E69F00"], alpha=0.35)
right.contourf(expert & second, [0.5, 1.5], colors=["#0072B2"], alpha=0.65)
overlap = (expert & second).sum() / (expert | second).sum()
right.set_title(f"intersection (dark) / union (all) = {overlap:.2f}")
plots.show(
    figure,
    "A prostate slice with two outlines of the transition zone, the second one shifted by 8 "
    f"columns and 3 rows. Their intersection covers {overlap:.0%} of their union.",
)

# %% [markdown]
# Try it with two boxes. Drag one with the mouse, or give it the focus with the Tab key and move it with the arrow keys. How far may the prediction be off before the IoU falls below one half? And what does the same distance cost a box that is half as large?

# %%
widgets.two_boxes()

# %% [markdown]
# ## 4.1 One table of counts
#
# All that is measured pixel by pixel, up to 4.5, is calculated from the *confusion matrix* $M$: $M_{ij}$ counts the pixels of class $i$ in the target that the prediction calls $j$. Rows are what is there, columns what was said, and the diagonal holds the hits. Some books have it the other way round; with rows and columns swapped, false alarms turn into misses.
#
# By hand, with two classes: target 0 0 1 1, prediction 0 1 1 1. One background pixel is right, one is called 1, both pixels of class 1 are right:
#
# $$M = \begin{pmatrix} 1 & 1 \\ 0 & 2 \end{pmatrix}$$
#
# A loop over a million pixels takes seconds. Think of a way to turn each pair (target, prediction) into one number; `torch.bincount` counts how often each number occurs.
#
# **3 points · about 15 minutes · difficulty 2 of 3**
#
# Part of this exercise is to refuse what makes no sense: two shapes that differ, and a class that does not exist. Raise a `ValueError` whose message names both what you got and what you expected.


# %% nbgrader={"grade": false, "grade_id": "confusion_matrix", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=15 difficulty=2
def confusion_matrix(prediction, target, num_classes):
    """Count how often each class of the target is given each class by the prediction.

    Args:
        prediction, target: integer tensors of one shape, any number of axes, values from 0 to
            num_classes - 1.
        num_classes: number of classes C, background included.

    Returns:
        (C, C) int64 tensor on the device of the inputs; rows are the target's classes, columns
        the prediction's.

    Raises:
        ValueError: the shapes differ, and the message names both; or a value is no class, and the
            message names that value and num_classes.
    """
    ### BEGIN SOLUTION
    if prediction.shape != target.shape:
        raise ValueError(
            f"the prediction has shape {tuple(prediction.shape)}, expected that of the target, "
            f"{tuple(target.shape)}"
        )
    for labels in (prediction, target):
        if labels.numel() and (labels.min() < 0 or labels.max() >= num_classes):
            wrong = labels.min() if labels.min() < 0 else labels.max()
            raise ValueError(f"found class {int(wrong)}, expected 0 to below {num_classes}")
    pairs = target.reshape(-1).long() * num_classes + prediction.reshape(-1).long()
    return torch.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)
    ### END SOLUTION


# %%
check("04_iou.confusion_matrix", confusion_matrix)

# %% nbgrader={"grade": true, "grade_id": "test_confusion_matrix", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
result = confusion_matrix(torch.tensor([0, 1, 1, 1]), torch.tensor([0, 0, 1, 1]), 2)
probes.assert_close(result, torch.tensor([[1, 1], [0, 2]]), "the confusion matrix")
probes.assert_raises_value_error(
    confusion_matrix, torch.tensor([0, 4]), torch.tensor([0, 1]), 3, mentions=["4", "3"]
)

# %% nbgrader={"grade": true, "grade_id": "test_confusion_matrix_hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Random volumes, compared with torchmetrics; absent classes; wrong input; the device.
### BEGIN HIDDEN TESTS
from torchmetrics.functional.classification import multiclass_confusion_matrix

rng = probes.rng(4101)
for shape, classes in [((3, 7, 5), 4), ((2, 3, 4, 5), 6), ((11,), 2)]:
    guess, truth = (torch.from_numpy(rng.integers(0, classes, shape)) for _ in range(2))
    counts = multiclass_confusion_matrix(guess, truth, classes)
    probes.assert_close(
        probes.call(confusion_matrix, guess, truth, classes), counts, "the confusion matrix"
    )
few = [torch.from_numpy(rng.choice([0, 2], (5, 6))) for _ in range(2)]
counts = multiclass_confusion_matrix(*few, 5)
result = probes.call(confusion_matrix, *few, 5)
probes.assert_close(result, counts, "the confusion matrix where classes are absent")
for dtype, classes in [
    (torch.uint8, 30),
    (torch.int8, 100),
    (torch.int16, 200),
    (torch.int32, 50),
]:
    pair = [torch.from_numpy(rng.integers(0, classes, (4, 6))) for _ in range(2)]
    pair[0][0, 0] = pair[1][0, 0] = classes - 1
    counts = multiclass_confusion_matrix(*pair, classes)
    narrow = [labels.to(dtype) for labels in pair]
    for both in (narrow, [narrow[0], pair[1]], [pair[0], narrow[1]]):
        result = probes.call(confusion_matrix, *both, classes)
        probes.assert_close(result, counts, f"the confusion matrix of {dtype} labels")
    across = [labels.t() for labels in pair]  # not contiguous
    result = probes.call(confusion_matrix, *across, classes)
    probes.assert_close(result, counts, "the confusion matrix of transposed maps")
narrow = pair[0] % 3
probes.assert_stays_on_device(confusion_matrix, narrow.long(), narrow.flip(1).long(), 3)
for one, other in [((2, 3), (3, 2)), ((4, 7), (7,)), ((5,), (6,))]:
    for shapes in ((one, other), (other, one)):
        maps = [torch.zeros(shape).long() for shape in shapes]
        named = [", ".join(map(str, shape)) for shape in shapes]
        probes.assert_raises_value_error(confusion_matrix, *maps, 2, mentions=named)
for wrong in (5, 6, -1):
    labels = torch.tensor([[0, 2], [wrong, 1]])
    for both in ((labels, labels % 2), (labels % 2, labels)):
        probes.assert_raises_value_error(confusion_matrix, *both, 5, mentions=[str(wrong), "5"])
probes.assert_raises_value_error(
    confusion_matrix, torch.zeros(2).long(), torch.tensor([0, -7]), 5, mentions=["-7", "5"]
)
### END HIDDEN TESTS

# %% [markdown]
# ## Why accuracy lies
#
# The laziest prediction of all says *background* everywhere. Here is what three measures make of it, on the volume that the slice above is from. The share of voxels that are right, the *accuracy*, looks respectable. The IoU of the transition zone is 0, since none of it was found, and the mean IoU over all classes, which you build next, is not impressed either.

# %%
truth = torch.from_numpy(label)
nothing = torch.zeros_like(truth)
right_share = float((nothing == truth).double().mean())
per_class = [1 - float((truth > 0).double().mean())] + [0.0] * 4
figure = Figure(figsize=(7.5, 3.2), layout="constrained")
axes = figure.subplots()
bars = axes.barh(
    ["mean IoU", "IoU of the\ntransition zone", "accuracy"],
    [sum(per_class) / 5, 0.0, right_share],
    color=["#0072B2", "#E69F00", "#999999"],
    edgecolor="#222222",
)
axes.bar_label(bars, fmt="%.2f", padding=4)
axes.set_xlim(0, 1.12)
axes.set_xlabel("score of a prediction that calls everything background")
plots.show(
    figure,
    "Bar chart of three scores of an all-background prediction on one phantom volume: accuracy "
    f"{right_share:.2f}, IoU of the transition zone 0, mean IoU {sum(per_class) / 5:.2f}.",
)

# %% [markdown]
# ## 4.2 IoU of each class
#
# For one class, the pixels fall into four groups. *True positives* $TP$: it is there and was found. *False positives* $FP$: it was said, but is not there. *False negatives* $FN$: it is there, but was not said. All others, the *true negatives*, do not matter, which is why a large background cannot drown what is said about a small class.
#
# $$\mathrm{IoU} = \frac{TP}{TP + FP + FN}$$
#
# In the matrix of the example in 4.1, class 1 has $TP = 2$, one false positive (a target 0 called 1) and no false negative: $2/3$.
#
# A class that neither target nor prediction contains gives $0/0$. It was not found and not missed, so it is neither 0 nor 1: the answer is NaN, *not a number*.
#
# **2 points · about 10 minutes · difficulty 1 of 3**


# %% nbgrader={"grade": false, "grade_id": "iou_per_class", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=10 difficulty=1
def iou_per_class(confusion):
    """Intersection over union of each class.

    Args:
        confusion: (C, C) integer tensor of counts; rows are the target, columns the prediction.

    Returns:
        (C,) float tensor, each value from 0 to 1; NaN for a class that is absent from both.

    Formula: TP / (TP + FP + FN), Jaccard (1912).
    """
    ### BEGIN SOLUTION
    hits = confusion.diagonal().double()
    union = confusion.sum(dim=0) + confusion.sum(dim=1) - confusion.diagonal()
    return hits / union
    ### END SOLUTION


# %%
check("04_iou.iou_per_class", iou_per_class)

# %% nbgrader={"grade": true, "grade_id": "test_iou_per_class", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
result = iou_per_class(torch.tensor([[1, 1], [0, 2]]))
probes.assert_close(result, torch.tensor([1 / 2, 2 / 3]), "the IoU of both classes")
assert torch.isnan(iou_per_class(torch.tensor([[4, 0], [0, 0]]))[1]), "an absent class is NaN"

# %% nbgrader={"grade": true, "grade_id": "test_iou_per_class_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Random counts, compared with torchmetrics; large counts; the device.
### BEGIN HIDDEN TESTS
from torchmetrics.functional.classification import multiclass_jaccard_index

rng = probes.rng(4201)
for classes in (2, 3, 6):
    guess, truth = (torch.from_numpy(rng.integers(0, classes, 400)) for _ in range(2))
    counts = torch.bincount(truth * classes + guess, minlength=classes**2).reshape(classes, classes)
    expected = multiclass_jaccard_index(guess, truth, classes, average=None)
    probes.assert_close(probes.call(iou_per_class, counts), expected, "the IoU per class")
huge = torch.tensor([[3 * 10**12, 10**12], [0, 10**12]])
probes.assert_close(
    probes.call(iou_per_class, huge), torch.tensor([0.75, 0.5]), "the IoU of huge counts"
)
missed = torch.tensor([[5, 0, 2], [0, 0, 0], [0, 0, 0]])
probes.assert_close(
    probes.call(iou_per_class, missed),
    torch.tensor([5 / 7, float("nan"), 0.0]),
    "absent and false classes",
)
probes.assert_close(
    probes.call(iou_per_class, missed.int()), probes.call(iou_per_class, missed), "int32 counts"
)
probes.assert_stays_on_device(iou_per_class, missed)
### END HIDDEN TESTS

# %% [markdown]
# ## 4.3 One number
#
# The *mean IoU* averages over the classes that are present, background included. There are two traps. An absent class must not count, neither as 0 nor in the number of classes that one divides by. And the mean must be taken *once*, from one matrix over the whole data set: a mean over slices gives a slice with ten pixels of a zone as much weight as one with a thousand.
#
# By hand: IoU 0.5, NaN and 1 give a mean of $(0.5 + 1)/2 = 0.75$.
#
# **2 points · about 5 minutes · difficulty 1 of 3**


# %% nbgrader={"grade": false, "grade_id": "mean_iou", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=5 difficulty=1
def mean_iou(confusion):
    """Mean IoU over the classes that occur in target or prediction, background included.

    Args:
        confusion: (C, C) integer tensor of counts; rows are the target, columns the prediction.

    Returns:
        A float tensor without axes, from 0 to 1; NaN if the matrix counts nothing.
    """
    ### BEGIN SOLUTION
    hits = confusion.diagonal().double()
    union = confusion.sum(dim=0) + confusion.sum(dim=1) - confusion.diagonal()
    return (hits / union).nanmean()
    ### END SOLUTION


# %%
check("04_iou.mean_iou", mean_iou)

# %% nbgrader={"grade": true, "grade_id": "test_mean_iou", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
result = mean_iou(torch.tensor([[1, 1, 0], [0, 2, 0], [0, 0, 0]]))
probes.assert_close(result, torch.tensor((1 / 2 + 2 / 3) / 2), "the mean over two present classes")

# %% nbgrader={"grade": true, "grade_id": "test_mean_iou_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Random counts with an absent class, compared with torchmetrics; the device.
### BEGIN HIDDEN TESTS
from torchmetrics.functional.classification import multiclass_jaccard_index

rng = probes.rng(4301)
for classes in (3, 5):
    for gone in range(classes):
        kept = [k for k in range(classes) if k != gone]
        guess, truth = (torch.from_numpy(rng.choice(kept, 300)) for _ in range(2))
        pairs = torch.bincount(truth * classes + guess, minlength=classes**2)
        each = multiclass_jaccard_index(guess, truth, classes, average=None)
        probes.assert_close(
            probes.call(mean_iou, pairs.reshape(classes, classes)), each[kept].mean(), "mean IoU"
        )
probes.assert_close(
    probes.call(mean_iou, torch.tensor([[9, 0], [4, 0]])), torch.tensor(9 / 26), "a missed class"
)
false_alarm = torch.tensor([[5, 0, 3], [1, 6, 0], [0, 0, 0]])  # class 2 is only predicted
expected = (5 / 9 + 6 / 7 + 0) / 3
probes.assert_close(probes.call(mean_iou, false_alarm), torch.tensor(expected), "a false alarm")
nothing = probes.call(mean_iou, torch.zeros(3, 3).long())
probes.assert_close(nothing, torch.tensor(float("nan")), "the mean IoU of nothing")
huge = torch.tensor([[3 * 10**12, 10**12], [0, 10**12]])
probes.assert_close(probes.call(mean_iou, huge), torch.tensor(0.625), "huge counts")
probes.assert_stays_on_device(mean_iou, torch.tensor([[9, 1], [4, 2]]))
### END HIDDEN TESTS

# %% [markdown]
# Here is the second trap in a picture. This prediction outlines the transition zone exactly, but lies one slice too far towards the head. In the middle, where neighbouring slices look alike, that costs little. At either end it costs everything: one slice is missed, the other gets a zone that is not there, and both have IoU 0. Those two slices hold a small part of the gland, so they lower the value over the whole volume (solid) by a few hundredths; in the mean over slices (dashed) each weighs as much as the largest one, and they cost three times as much. Two numbers for one prediction, so a paper has to say which it reports.

# %%
is_zone = torch.from_numpy(label == 2)
# The uppermost slice holds no transition zone, so none comes round to the lowest one.
moved = is_zone.roll(1, dims=0)
both = (is_zone & moved).sum((1, 2)).double()
either = (is_zone | moved).sum((1, 2)).double()
of_slice = both / either
of_volume = both.sum() / either.sum()
figure = Figure(figsize=(8, 3.4), layout="constrained")
axes = figure.subplots()
mean_of_slices = of_slice.nanmean()
axes.plot(of_slice, "o", color="#0072B2", label="one slice")
axes.axhline(
    mean_of_slices, color="#D55E00", ls="dashed", label=f"mean over slices: {mean_of_slices:.2f}"
)
axes.axhline(of_volume, color="#222222", label=f"whole volume: {of_volume:.2f}")
axes.set_xlabel("slice, from the feet to the head")
axes.set_ylabel("IoU of the\ntransition zone")
axes.set_ylim(-0.05, 1.05)
axes.xaxis.get_major_locator().set_params(integer=True)
figure.legend(loc="outside upper center", ncols=3)
plots.show(
    figure,
    "IoU of the transition zone on each slice for a prediction that lies one slice too far "
    "towards the head: 0 at both ends, where the zone is small, close to 1 in the middle. Mean "
    f"over slices {mean_of_slices:.2f}, over the whole volume {of_volume:.2f}.",
)

# %% [markdown]
# **Background in or out?** Your mean counts the background as a class among others. Many papers leave it out. Here is what that does to two predictions: all outlines of the slice, shifted as at the top of the unit, and background everywhere.
#
# *Before you run it.* Which way does the mean go when the background is left out: up, down, or hardly anywhere?

# %%
confusion_matrix = yours_or_ours(confusion_matrix)
iou_per_class = yours_or_ours(iou_per_class)
drawn = torch.from_numpy(label[middle])
print("                     with background   without")
for name, prediction in (
    ("shifted outlines", drawn.roll((3, 8), dims=(0, 1))),
    ("background everywhere", torch.zeros_like(drawn)),
):
    ious = iou_per_class(confusion_matrix(prediction, drawn, 5))
    with_it, without = ious.nanmean().item(), ious[1:].nanmean().item()
    print(f"{name:<22} {with_it:14.2f} {without:9.2f}")
    print("    each class:", ", ".join(f"{iou:.2f}" for iou in ious.tolist()))

# %% [markdown]
# Down, by a lot. Background is the largest class and the easiest: 0.90 for outlines that are 6 mm off. Averaged in with three zones (the urethra is not on this slice, hence the `nan`), it lifts the mean from 0.39 to 0.52. The prediction that found nothing gets 0.18 with it, 0 without. The fewer the classes, the more it lifts: with one zone, half of the mean is background.
#
# Neither is wrong. With background, nothing is left out, and a zone that spills over costs twice. Without it, the number is about what you look for. What is wrong is not to say which, because then nobody can compare. In this course it is counted in unless the text says otherwise.

# %% [markdown]
# ## 4.4 and 4.5 IoU and Dice
#
# Radiology papers report the *Dice* coefficient, $2\,TP / (2\,TP + FP + FN)$. It is the same information on another scale. Call IoU $J$ and Dice $D$; divide numerator and denominator of $D$ by $TP + FP + FN$ and you find
#
# $$D = \frac{2J}{1 + J}, \qquad J = \frac{D}{2 - D}.$$
#
# Dice is never the smaller of the two, so never compare one paper's Dice with another one's IoU. By hand: $J = 1/2$ gives $D = 2/3$.
#
# **1 point each · about 5 minutes each · difficulty 1 of 3**


# %% nbgrader={"grade": false, "grade_id": "dice_from_iou", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=5 difficulty=1
def dice_from_iou(iou):
    """Dice coefficient of the same overlap: D = 2 J / (1 + J).

    Args:
        iou: float or float tensor, from 0 to 1; NaN stays NaN.

    Returns:
        The same type and shape.
    """
    ### BEGIN SOLUTION
    return 2 * iou / (1 + iou)
    ### END SOLUTION


# %%
check("04_iou.dice_from_iou", dice_from_iou)

# %% nbgrader={"grade": true, "grade_id": "test_dice_from_iou", "locked": true, "points": 0.5, "schema_version": 3, "solution": false, "task": false}
probes.assert_close(dice_from_iou(0.5), 2 / 3, "the Dice of an IoU of 0.5")

# %% nbgrader={"grade": true, "grade_id": "test_dice_from_iou_hidden", "locked": true, "points": 0.5, "schema_version": 3, "solution": false, "task": false}
# Random masks, compared with torchmetrics' F1 score, which is the Dice of two classes.
### BEGIN HIDDEN TESTS
from torchmetrics.functional.classification import binary_f1_score, binary_jaccard_index

rng = probes.rng(4401)
for _ in range(8):
    guess, truth = (torch.from_numpy(rng.integers(0, 2, 60)) for _ in range(2))
    overlap = binary_jaccard_index(guess, truth)
    probes.assert_close(probes.call(dice_from_iou, overlap), binary_f1_score(guess, truth), "Dice")
for value in (0.0, 1.0, 0.3):
    expected = 2 * value / (1 + value)
    probes.assert_close(probes.call(dice_from_iou, value), expected, f"the Dice of {value}")
for dtype in (torch.float32, torch.float64):
    x = torch.tensor([[0.0, 1.0, 0.25], [0.8, float("nan"), 1e-7]], dtype=dtype)
    result = probes.call(dice_from_iou, x)
    probes.assert_close(result, 2 * x / (1 + x), f"{dtype} values", exact_dtype=True)
probes.assert_close(probes.call(dice_from_iou, float("nan")), float("nan"), "the Dice of NaN")
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "iou_from_dice", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=5 difficulty=1
def iou_from_dice(dice):
    """Intersection over union of the same overlap: J = D / (2 - D).

    Args:
        dice: float or float tensor, from 0 to 1; NaN stays NaN.

    Returns:
        The same type and shape.
    """
    ### BEGIN SOLUTION
    return dice / (2 - dice)
    ### END SOLUTION


# %%
check("04_iou.iou_from_dice", iou_from_dice)

# %% nbgrader={"grade": true, "grade_id": "test_iou_from_dice", "locked": true, "points": 0.5, "schema_version": 3, "solution": false, "task": false}
probes.assert_close(iou_from_dice(2 / 3), 0.5, "the IoU of a Dice of 2/3")

# %% nbgrader={"grade": true, "grade_id": "test_iou_from_dice_hidden", "locked": true, "points": 0.5, "schema_version": 3, "solution": false, "task": false}
# Random masks, compared with torchmetrics.
### BEGIN HIDDEN TESTS
from torchmetrics.functional.classification import binary_f1_score, binary_jaccard_index

rng = probes.rng(4501)
for _ in range(8):
    guess, truth = (torch.from_numpy(rng.integers(0, 2, 60)) for _ in range(2))
    overlap = binary_f1_score(guess, truth)
    probes.assert_close(
        probes.call(iou_from_dice, overlap), binary_jaccard_index(guess, truth), "IoU"
    )
for value in (0.0, 1.0, 0.3):
    expected = value / (2 - value)
    probes.assert_close(probes.call(iou_from_dice, value), expected, f"the IoU of {value}")
for dtype in (torch.float32, torch.float64):
    x = torch.tensor([[0.0, 1.0, 0.25], [0.8, float("nan"), 1e-7]], dtype=dtype)
    result = probes.call(iou_from_dice, x)
    probes.assert_close(result, x / (2 - x), f"{dtype} values", exact_dtype=True)
probes.assert_close(probes.call(iou_from_dice, float("nan")), float("nan"), "the IoU of NaN")
### END HIDDEN TESTS

# %% [markdown]
# ## How far off? What overlap does not see
#
# IoU and Dice count wrong pixels. They do not ask where those lie. To whoever aims a needle it matters: an outline that is a millimetre too wide all around still leads to the right place, an outline with a second zone somewhere in the fat may not. So papers report a distance beside the overlap, often the 95 % Hausdorff distance.
#
# Let $A$ be the edge pixels of the target and $B$ those of the prediction. For a point $b$ of $B$, $d(b, A)$ is the distance in mm to the nearest point of $A$. Take it for every $b$, sort, and let $h_{95}(B, A)$ be the value that 95 % of them do not exceed. Do the same from $A$ to $B$, and keep the larger one:
#
# $$HD_{95} = \max\bigl(h_{95}(B, A),\; h_{95}(A, B)\bigr)$$
#
# With 100 in place of 95 it is the plain Hausdorff distance [Hut+93], the distance at the worst point of all. MONAI has both in one function, `compute_hausdorff_distance`.
#
# *Before you run it.* Both predictions below contain the whole zone and the same number of wrong pixels. In the left one they lie around the zone as a thin rim, in the right one in one place far away. Which has the higher IoU, and which the larger distance?

# %%
import warnings

from monai.metrics import compute_hausdorff_distance
from scipy import ndimage

# MONAI warns of an argument that it passes to itself.
warnings.filterwarnings("ignore", "monai.metrics.utils get_mask_edges", FutureWarning)
pixel = case.spacing[0] * case.image.shape[0] / 128  # mm
rim = ndimage.binary_dilation(expert, iterations=2) & ~expert
rows, columns = np.indices(expert.shape)
from_corner = ((rows - 18) ** 2 + (columns - 18) ** 2).ravel()
island = np.zeros_like(expert)
island.flat[np.argsort(from_corner)[: rim.sum()]] = True


def iou_and_distance(prediction, percentile=95, spacing=pixel):
    maps = [torch.from_numpy(mask)[None, None] for mask in (prediction, expert)]
    iou = (prediction & expert).sum() / (prediction | expert).sum()
    distance = compute_hausdorff_distance(
        *maps, include_background=True, percentile=percentile, spacing=spacing
    )
    return float(iou), distance.item()


figure = Figure(figsize=(9.5, 5.2), layout="constrained")
scores = []
for axes, (name, wrong) in zip(
    figure.subplots(1, 2), {"a thin rim": rim, "an island": island}.items(), strict=True
):
    scores.append(iou_and_distance(expert | wrong))
    axes.imshow(image[middle], cmap="gray")
    axes.contour(expert, [0.5], colors="#56B4E9", linewidths=3.5)
    axes.contour(expert | wrong, [0.5], colors="#E69F00", linewidths=2, linestyles="dashed")
    axes.set(xlabel="column", ylabel="row")
    axes.set_title(f"{name}: IoU {scores[-1][0]:.2f}, HD95 {scores[-1][1]:.1f} mm", fontsize=14)
figure.suptitle("target solid, prediction dashed", fontsize=14)
plots.show(
    figure,
    f"The transition zone (solid) with two predictions (dashed), each with {rim.sum()} wrong "
    f"pixels. Left, the prediction is two pixels too wide all around: IoU {scores[0][0]:.2f}, "
    f"distance {scores[0][1]:.1f} mm. Right, it follows the zone exactly, but has an island in "
    f"the corner of the slice: IoU {scores[1][0]:.2f}, distance {scores[1][1]:.1f} mm.",
)

# %% [markdown]
# The same IoU, to the last digit: the same pixels are right, the same number is wrong. The distance tells them apart, by a factor of more than ten. Report both, since each is blind to what the other sees.
#
# **Break it and look.** Why 95 % and not the worst point? And what if you forget the spacing? Here are two stray pixels instead of an island, with both percentiles, and the island once more without its spacing.

# %%
speck = expert.copy()
speck[10, 10:12] = True
for name, prediction, percentile, spacing in (
    ("two stray pixels, 95 %", speck, 95, pixel),
    ("two stray pixels, 100 %", speck, 100, pixel),
    ("the island, 95 %", expert | island, 95, pixel),
    ("the island, spacing left out", expert | island, 95, None),
):
    iou, distance = iou_and_distance(prediction, percentile, spacing)
    print(f"{name:<29} IoU {iou:.3f}, distance {distance:5.1f}")

# %% [markdown]
# Two pixels out of three thousand, and the plain distance jumps to what the island costs. It says how bad the worst point is, not how good the outline is. The 95 % distance forgives the worst twentieth of the edge. It forgives silently, too: with 95 % alone you would not know that the two pixels are there.
#
# Without the spacing nothing fails. The number just comes in pixels, and looks like millimetres. Here a pixel has 0.7 mm on both axes. In the whole volume the slices lie almost 4 mm apart. There a missing spacing does not only change the unit: it makes a slice as short a step as a pixel.

# %% [markdown]
# ## 4.6 Panoptic quality
#
# Two cars that touch are one blob for a class map. A *panoptic* map numbers the things as well: each pixel holds `semantic * 256 + instance`, as in KITTI. A *segment* is all pixels of a map that hold one number: one car, or all of the road. To score a map, segments are compared with segments [Kir+19].
#
# 1. A predicted and a target segment *match* if they have the same semantic class and an IoU above ½. (Then no segment can match twice: two of them would have to cover more than half of it each.)
# 2. Per class, matched pairs are $TP$, predicted segments without a partner $FP$, target segments without one $FN$.
# 3. The quality of a class is
#
# $$PQ = \frac{\sum_{TP} \mathrm{IoU}}{TP + \tfrac12 FP + \tfrac12 FN} = \underbrace{\frac{\sum_{TP} \mathrm{IoU}}{TP}}_{SQ} \cdot \underbrace{\frac{TP}{TP + \tfrac12 FP + \tfrac12 FN}}_{RQ}$$
#
# *Segmentation quality* $SQ$ says how well the found ones are outlined (0 where none is found), *recognition quality* $RQ$ how many are found. All three are averaged over the classes with $TP + FP + FN > 0$, each by itself: the mean PQ is then not the product of the means.
#
# Target pixels of semantic class 0 are *void*: nobody knows what is there. They are left out of every union. And a predicted segment more than half of which is void, of all its pixels, is no false positive: so count its void pixels before you leave any out. Class 0 itself is not scored; neither are predicted pixels of class 0, which simply predict nothing.
#
# *Before you run it.* The next picture shows four cars of 4 by 4 pixels on a road (solid), and five predicted ones (dashed). One prediction lies two columns beside its car, so that it covers half of it. How many mistakes is that: none, one or two?

# %%
road, car = 7 * 256, 26 * 256
there, said = np.full((2, 14, 28), road)
there[9:14, 16:24] = 0
for labels, corners in (
    (there, [(3, 2), (3, 12), (3, 22), (9, 12)]),
    (said, [(3, 3), (3, 14), (9, 2), (9, 13), (9, 21)]),
):
    for number, (row, column) in enumerate(corners, start=1):
        labels[row : row + 4, column : column + 4] = car + number
notes = {
    "match\nIoU 12/20 = 0.60": (1.4, 4),
    "no match, IoU 8/24 = 0.33:\na miss and a false alarm": (1.4, 14.5),
    "miss": (1.8, 23.5),
    "false alarm": (7.9, 3.5),
    "match\nIoU 12/16 = 0.75": (7.6, 13.6),
    "mostly void:\nnot counted": (7.6, 22.5),
}
plots.show(*plots.overlaid_segments(there, said, notes))

# %% [markdown]
# Two mistakes. The dashed box shares 8 pixels with its car, and together they cover 24: an IoU of 1/3 is no match. So the car is missed, and the box is a false alarm. A shift by one column still matches, 12/20. The lower of the two that match has the same shift, but four of its pixels are void and leave the union: 12/16. And the box at the lower right has three of its four columns in the void, so nobody blames it.
#
# *By hand*, for the class car: $TP = 2$; $FP = 2$, the shifted box and the false alarm; $FN = 2$, the car beside the shifted box and the miss.
#
# $$SQ = \frac{0.60 + 0.75}{2} = 0.675, \qquad RQ = \frac{2}{2 + 1 + 1} = 0.5, \qquad PQ = 0.675 \cdot 0.5 = 0.3375$$
#
# The road is a class as well, one segment in each map. Outside the void, 256 pixels are road in both and 320 in at least one: a match with IoU 0.8, so $SQ = PQ = 0.8$ and $RQ = 1$. For the whole picture you average over the two classes: $PQ = 0.56875$, $SQ = 0.7375$, $RQ = 0.75$. The product of the last two would be about 0.553.
#
# The smallest example is the one that your first test looks at. One class, target segments of 4 and 2 pixels; the prediction finds 3 of the 4 and nothing of the 2. One match with IoU 3/4, one miss: $SQ = 3/4$, $RQ = 1/(1 + ½) = 2/3$, $PQ = 1/2$.
#
# **3 points · about 30 minutes · difficulty 3 of 3**


# %% nbgrader={"grade": false, "grade_id": "panoptic_quality", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=30 difficulty=3
def panoptic_quality(prediction, target):
    """Panoptic quality of one image or volume [Kir+19].

    Args:
        prediction, target: integer tensors of one shape; each pixel is semantic * 256 + instance.
            Target pixels of semantic class 0 are void.

    Returns:
        (pq, sq, rq): floats from 0 to 1, each averaged over the classes with TP + FP + FN > 0;
        all NaN if there is no such class.
    """
    ### BEGIN SOLUTION
    areas = [
        dict(zip(*map(torch.Tensor.tolist, ids), strict=True))
        for ids in (
            torch.unique(prediction, return_counts=True),
            torch.unique(target, return_counts=True),
        )
    ]
    pairs, counts = torch.unique(
        torch.stack([prediction.reshape(-1), target.reshape(-1)]), dim=1, return_counts=True
    )
    shared = {tuple(p): n for p, n in zip(pairs.T.tolist(), counts.tolist(), strict=True)}
    in_void = {}
    for (mine, theirs), count in shared.items():
        if theirs // 256 == 0:
            in_void[mine] = in_void.get(mine, 0) + count
    matches, scores = {}, {}
    for (mine, theirs), count in shared.items():
        kind = theirs // 256
        if kind and kind == mine // 256:
            union = areas[0][mine] + areas[1][theirs] - count - in_void.get(mine, 0)
            if count / union > 0.5:
                matches[mine] = theirs
                scores.setdefault(kind, []).append(count / union)
    missed = [t // 256 for t in areas[1] if t // 256 and t not in matches.values()]
    false = [
        m // 256
        for m, area in areas[0].items()
        if m // 256 and m not in matches and in_void.get(m, 0) <= area / 2
    ]
    results = []
    for kind in {*scores, *missed, *false}:
        found = scores.get(kind, [])
        sq = sum(found) / len(found) if found else 0.0
        rq = len(found) / (len(found) + 0.5 * missed.count(kind) + 0.5 * false.count(kind))
        results.append((sq * rq, sq, rq))
    if not results:
        return float("nan"), float("nan"), float("nan")
    pq, sq, rq = (sum(column) / len(results) for column in zip(*results, strict=True))
    return pq, sq, rq
    ### END SOLUTION


# %%
check("04_iou.panoptic_quality", panoptic_quality)

# %% nbgrader={"grade": true, "grade_id": "test_panoptic_quality", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
car = 10 * 256
target = torch.tensor([car + 1] * 4 + [car + 2] * 2)
prediction = torch.tensor([car + 1] * 3 + [0] * 3)
probes.assert_close(panoptic_quality(prediction, target), (1 / 2, 3 / 4, 2 / 3), "(pq, sq, rq)")

# %% nbgrader={"grade": true, "grade_id": "test_panoptic_quality_hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Random maps, compared with torchmetrics class by class; void; renumbered instances; perfection.
### BEGIN HIDDEN TESTS
from torchmetrics.functional.detection import panoptic_quality as library_quality

rng = probes.rng(4601)
for _ in range(6):
    coarse = rng.integers(1, 4, (6, 6)) * 256 + rng.integers(1, 3, (6, 6))
    truth = np.kron(coarse, np.ones((4, 4), dtype=np.int64))
    guess = np.roll(truth, int(rng.integers(0, 2)), axis=1)
    flipped = rng.random(truth.shape) < 0.15
    guess[flipped] = guess[::-1][flipped]
    pairs = [torch.from_numpy(np.stack([m // 256, m % 256], axis=-1)[None]) for m in (guess, truth)]
    each = library_quality(
        *pairs, things={1, 2, 3}, stuffs=set(), return_per_class=True, return_sq_and_rq=True
    )
    expected = tuple(each.double().reshape(-1, 3)[:, k].mean().item() for k in range(3))
    result = probes.call(panoptic_quality, *map(torch.from_numpy, (guess, truth)))
    probes.assert_close(result, expected, "(pq, sq, rq)", rtol=1e-3)
    deep = [torch.from_numpy(np.stack([m, m[::-1], m.T])) for m in (guess, truth)]
    flat = [torch.from_numpy(np.concatenate([m, m[::-1], m.T])) for m in (guess, truth)]
    expected = probes.call(panoptic_quality, *flat)
    probes.assert_close(probes.call(panoptic_quality, *deep), expected, "(pq, sq, rq) of a volume")
    narrow = [labels.to(torch.int32).transpose(0, 2) for labels in deep]
    result = probes.call(panoptic_quality, *narrow)
    probes.assert_close(result, expected, "(pq, sq, rq) of int32 maps that are not contiguous")
road, car = 9 * 256, 10 * 256
truth = torch.tensor([[car + 1] * 6 + [0] * 4, [road] * 8 + [0] * 2])
probes.assert_close(
    probes.call(panoptic_quality, truth, truth), (1.0, 1.0, 1.0), "a perfect prediction"
)
called_road = torch.where(truth == car + 1, road, truth)
called_road[1] = 0
probes.assert_close(
    probes.call(panoptic_quality, called_road, truth),
    (0.0, 0.0, 0.0),
    "a car that is outlined, but called road",
)
renumbered = torch.where(truth == car + 1, car + 77, truth)
probes.assert_close(
    probes.call(panoptic_quality, renumbered, truth), (1.0, 1.0, 1.0), "renumbered instances"
)
spills = truth.clone()
spills[0, 6:] = car + 1
probes.assert_close(
    probes.call(panoptic_quality, spills, truth), (1.0, 1.0, 1.0), "a segment that covers void"
)
extra = truth.clone()
extra[0, 6:] = car + 5
probes.assert_close(
    probes.call(panoptic_quality, extra, truth), (1.0, 1.0, 1.0), "a segment that lies in void"
)
half_void = truth.clone()
half_void[0, 4:8] = car + 5
probes.assert_close(
    probes.call(panoptic_quality, half_void, truth),
    (13 / 18, 5 / 6, 5 / 6),
    "a segment, half of which is void",
)
for _ in range(3):
    # instance numbers up to 255, stuff without one, segments that are missed or only predicted
    ids = np.array([256, 511, 7 * 256 + 250, 7 * 256 + 255, 30 * 256, 255 * 256 + 254, 9 * 256])
    drawn = ids[rng.integers(0, len(ids), (5, 6))].repeat(5, 0).repeat(4, 1)
    guess = np.where(rng.random(drawn.shape) < 0.12, np.roll(drawn, 7, 1), drawn)
    guess[drawn == 7 * 256 + 250] = 8 * 256 + 3
    guess[drawn == 30 * 256] = 31 * 256
    pairs = [torch.from_numpy(np.stack([m // 256, m % 256], axis=-1)[None]) for m in (guess, drawn)]
    kinds = {int(k) for m in (guess, drawn) for k in np.unique(m // 256)}
    each = library_quality(
        *pairs, things=kinds, stuffs=set(), return_per_class=True, return_sq_and_rq=True
    )
    expected = tuple(each.double().reshape(-1, 3).mean(0).tolist())
    result = probes.call(panoptic_quality, *map(torch.from_numpy, (guess, drawn)))
    probes.assert_close(result, expected, "(pq, sq, rq) with large numbers", rtol=1e-3)
# Void may have a number, too; of a segment on several kinds of void all of it counts.
numbered = torch.tensor([car + 1] * 4 + [0] * 2 + [255] * 2)
result = probes.call(panoptic_quality, torch.full((8,), car + 1), numbered)
probes.assert_close(result, (1.0, 1.0, 1.0), "a segment that covers two kinds of void")
wide = torch.tensor([road] * 10 + [car + 5] * 10)
for own, expected in [(14, (5 / 7, 5 / 7, 1.0)), (16, (5 / 16, 5 / 16, 1 / 2))]:
    both = [0, 255] * ((20 - own) // 2)
    result = probes.call(panoptic_quality, wide, torch.tensor([road] * own + both))
    probes.assert_close(result, expected, f"a segment of 10 pixels, {20 - own} of them void")
# Pixels of the prediction without a class are no segment; one pixel can be a false one.
gaps = torch.tensor([road] * 6 + [0, 7, 255, car])
result = probes.call(panoptic_quality, gaps, torch.tensor([road] * 10))
probes.assert_close(result, (0.3, 0.3, 1 / 2), "pixels without a class, and one of a false car")
stuff = torch.tensor([road] * 6 + [256] * 4)  # 1 * 256 + 0, the smallest number of a class
for both in ((stuff, torch.full((10,), road)), (torch.full((10,), road), stuff)):
    result = probes.call(panoptic_quality, *both)
    probes.assert_close(result, (0.3, 0.3, 1 / 2), "stuff that is missed, or only predicted")
bus = truth.clone()
bus[1, 5:8] = 11 * 256 + 1
probes.assert_close(
    probes.call(panoptic_quality, bus, truth), (6.5 / 12, 6.5 / 12, 2 / 3), "a class only predicted"
)
void = torch.zeros_like(truth)
nothing = (float("nan"),) * 3
probes.assert_close(probes.call(panoptic_quality, void, void), nothing, "nothing but void")
half = truth.clone()
half[0, 3:6] = 0
probes.assert_close(
    probes.call(panoptic_quality, half, truth), (0.5, 0.5, 0.5), "an IoU of exactly one half"
)
### END HIDDEN TESTS

# %%
panoptic_quality = yours_or_ours(panoptic_quality)
by_function = panoptic_quality(torch.from_numpy(said), torch.from_numpy(there))
print("the picture of four cars, (pq, sq, rq):", [round(value, 5) for value in by_function])

# %% [markdown]
# **By hand = by library.** The same numbers from torchmetrics, on a small random map. Its `things` and `stuffs` name the classes; pairs of (class, instance) take the place of our one number.

# %%
from torchmetrics.functional.detection import panoptic_quality as library_quality

draw = np.random.default_rng(46)
theirs = np.kron(draw.integers(1, 3, (4, 4)) * 256 + 1, np.ones((5, 5), dtype=np.int64))
mine = np.roll(theirs, 1, axis=0)
as_pairs = [torch.from_numpy(np.stack([m // 256, m % 256], axis=-1)[None]) for m in (mine, theirs)]
print("torchmetrics", library_quality(*as_pairs, things={1, 2}, stuffs=set()).item())
print("yours       ", panoptic_quality(torch.from_numpy(mine), torch.from_numpy(theirs))[0])

# %% [markdown]
# ## The street of unit 1, marked
#
# Unit 1 counted cars by a simple rule: pixels of one class that touch, at a side or a corner, are one car. Now you can say what that rule is worth. We give it the true classes, so that whatever goes wrong is the numbering's fault.
#
# *Before you run it.* Three cars are parked one behind the other at the right kerb. They overlap in the picture, so the rule makes one car of them. How many of the three count as missed?

# %%
from medseg import scenes
from medseg.plots import scene_plots

street = scenes.picture(scenes.street(seed=0))
things = [kind for kind in scenes.KINDS.values() if kind.is_thing]
components = np.zeros_like(street.instance)
for kind in things:
    parts, _ = ndimage.label(street.semantic == kind.picture_id, np.ones((3, 3)))
    components[parts > 0] = parts[parts > 0] + components.max()

semantic = torch.from_numpy(street.semantic)
by_rule, in_truth = (
    semantic * 256 + torch.from_numpy(numbers) for numbers in (components, street.instance)
)
print("                 pq    sq    rq")
print("all classes   ", *(f"{value:.3f}" for value in panoptic_quality(by_rule, in_truth)))
for kind in things:
    here = semantic == kind.picture_id
    values = panoptic_quality(by_rule[here], in_truth[here])
    print(f"{kind.name:<14}", *(f"{value:.3f}" for value in values))

cars = street.semantic == scenes.KINDS["car"].picture_id
for place, number in enumerate(np.unique(street.instance[cars]), start=1):
    is_car = street.instance == number
    ious = [
        (is_car & (components == part)).sum() / (is_car | (components == part)).sum()
        for part in np.unique(components[is_car])
    ]
    print(f"car {place}: {is_car.sum():4d} pixels, IoU with its components", np.round(ious, 3))
plots.show(
    scene_plots.numbered({"the rule's cars": components, "true cars": street.instance}, cars),
    "Above, the cars that the rule finds: the three parked at the right kerb are one, and the car "
    "behind the cyclist is two, one of them a splinter. Below, the six true cars, numbered.",
)

# %% [markdown]
# Two, not three. The merged blob is mostly the nearest car, number 1: IoU 0.82, so it still counts as found. Cars 2 and 3, the smaller ones behind it, are the two misses. Cars 4 and 6 cost nothing. Car 5 stands behind the cyclist, who cuts it into a large part and a splinter of three pixels. The large part matches with 0.996, but the splinter is a false alarm, and a false alarm of three pixels costs as much as one of three thousand. So for cars $RQ = 4/(4 + \tfrac12 \cdot 1 + \tfrac12 \cdot 2) = 0.727$, while $SQ = 0.955$: what is found is well outlined.
#
# The mean over all classes, 0.94, tells you little of this. Road, sky and the other stuff have one segment each, and we took them from the truth; eight perfect classes of stuff drown the three kinds of things that the rule was asked for. That is why papers report things and stuff apart as well [Kir+19].

# %% [markdown]
# ## Go further
#
# - Shift an outline pixel by pixel and plot IoU and Dice against the shift, for a large and a small zone. Which of them would you trust for the urethra?
# - Give `compute_hausdorff_distance` the whole volume, with `spacing` for all three axes, and move the prediction by one slice as above. What does one slice cost in mm?
# - Two experts reached a mean Dice of .88 for the transition zone and .51 for the anterior stroma [Mey+19]. What does that say about a network with .90 for the stroma?
#
# ## Sources
#
# - [Hut+93] D. P. Huttenlocher, G. A. Klanderman, W. J. Rucklidge: Comparing Images Using the Hausdorff Distance. IEEE Transactions on Pattern Analysis and Machine Intelligence, 1993. MONAI measures between the pixels at the edges.
# - P. Jaccard: The distribution of the flora in the alpine zone. New Phytologist, 1912.
# - [Kir+19] A. Kirillov, K. He, R. Girshick, C. Rother, P. Dollár: Panoptic Segmentation. CVPR 2019.
# - [Mey+19] A. Meyer et al.: Towards Patient-Individual PI-Rads v2 Sector Map: CNN for Automatic Segmentation of Prostatic Zones From T2-Weighted MRI. ISBI 2019.

# %% [markdown]
# ## Where you stand
#
# The card tries each exercise as you last ran it in this notebook, and says what to do next.

# %%
from medseg import where_you_stand

where_you_stand("04_iou", globals())
