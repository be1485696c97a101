# %% [markdown]
# # Unit 5: The focal loss
#
# A loss tells a network what to care about. In a prostate scan most voxels are background, and most of those are easy: fat is not prostate, and the network knows it after a minute. One easy pixel costs little, but they are many, and together they outweigh the rare zones. Lin and colleagues [Lin+17] found a small change with a large effect: give each pixel less weight the surer the network already is. In this unit you build that loss, from the softmax up. You need no earlier unit.
#
# | exercise | points | minutes |
# | --- | --- | --- |
# | 5.1 `softmax` | 2 | 15 |
# | 5.2 `log_softmax` | 2 | 10 |
# | 5.3 `class_weights` | 2 | 10 |
# | 5.4 `softmax_focal_loss` | 4 | 25 |
# | 5.5 `sigmoid_focal_loss` | 3 | 20 |
# | 5.6 `soft_dice_loss` | 2 | 20 |
#
# About 120 minutes in all, with the reading.
#
# Cells that hold only a comment are filled with tests when your notebook is graded. Leave them as they are. So should your functions leave every array, tensor and list that they are given: all tests look at that. Stuck? `hint("05_focal_loss.softmax")` gives one hint more at each call.

# %%
import sys

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from torch.nn import functional as F
from tqdm import tqdm

from medseg import check, hint, plots, probes, widgets, yours_or_ours
from medseg.cases import phantom_cases, slices

# %% [markdown]
# Left, what one pixel costs when the network gives its true class the probability $p$. The curve for $\gamma = 0$ is cross-entropy, the usual loss; with growing $\gamma$ pixels that are already right cost next to nothing. Right, who pays: a whole scan, at a moment when background is easy ($p = 0.9$) and the zones are still undecided ($p = 0.5$). Under cross-entropy more than half of the loss comes from background that is right already; under $\gamma = 2$ only a small rest does.

# %%
case = phantom_cases(1, seed=5, progress=False)[0]
image, label = slices(case, 128)
probability = np.linspace(0.01, 1, 200)
easy, hard = 0.9, 0.5
counts = [(label == 0).sum(), (label > 0).sum()]
figure = Figure(figsize=(11, 4), layout="constrained")
left, right = figure.subplots(1, 2)
shares = []
styles = [
    (0, "#222222", "solid"),
    (1, "#0072B2", "dashed"),
    (2, "#D55E00", "dashdot"),
    (5, "#CC79A7", "dotted"),
]
for focus, colour, style in styles:
    curve = -((1 - probability) ** focus) * np.log(probability)
    left.plot(probability, curve, color=colour, linestyle=style, label=f"γ = {focus}", linewidth=2)
    cost = [n * -((1 - p) ** focus) * np.log(p) for n, p in zip(counts, (easy, hard), strict=True)]
    shares.append(cost[0] / sum(cost))
left.set_xlabel("probability of the true class")
left.set_ylabel("loss of one pixel")
left.set_ylim(0, 4)
left.legend()
names = [f"γ = {focus}" for focus, _, _ in styles]
bars = right.bar(names, shares, color="#BBBBBB", edgecolor="#222222", label="easy background")
right.bar_label(bars, [f"{share:.0%}" for share in shares], padding=3, weight="bold", zorder=3)
right.bar(
    names,
    [1 - s for s in shares],
    bottom=shares,
    color="#E69F00",
    edgecolor="#222222",
    label="undecided zones",
)
right.set_ylabel("share of the scan's loss")
right.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
plots.show(
    figure,
    "Left: loss of a pixel against the probability of its true class; the larger gamma, the sooner "
    "the curve falls to zero. Right: share of easy background in the loss of a scan: "
    + ", ".join(f"{name}: {share:.0%}" for name, share in zip(names, shares, strict=True))
    + ".",
)

# %% [markdown]
# Two numbers shape the loss. $\gamma$ decides how soon a pixel counts as learnt; $\alpha$, a weight from 0 to 1, how much one kind of pixel counts against the other. Move both. With $\gamma = 0$ and $\alpha = 0.5$ you are back at half the cross-entropy.

# %%
widgets.focal_curves()

# %% [markdown]
# ## 5.1 From numbers to probabilities
#
# A network gives one number per class and pixel, the *logits* $o_1, \dots, o_C$. The *softmax* turns them into probabilities: positive, and together 1.
#
# $$\sigma_c(o) = \frac{e^{o_c}}{\sum_k e^{o_k}}$$
#
# By hand: logits 0 and $\ln 3$ give $e^0 = 1$ and $e^{\ln 3} = 3$, so probabilities ¼ and ¾.
#
# Written down like this, it breaks: $e^{1000}$ is infinite for a computer, and infinity over infinity is not a number. Look for something that you may add to all logits of a pixel without changing the result.
#
# **2 points · about 15 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "softmax", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=15 difficulty=2
def softmax(logits, dim):
    """Probabilities from logits.

    Args:
        logits: float tensor of any shape.
        dim: the axis of the classes; negative values count from the end.

    Returns:
        A tensor of the same shape, dtype and device; along dim each entry is from 0 to 1 and they
        sum to 1. Finite for logits up to at least 1e4 in size. Gradients flow through it.
    """
    ### BEGIN SOLUTION
    shifted = logits - logits.amax(dim=dim, keepdim=True)
    powers = shifted.exp()
    return powers / powers.sum(dim=dim, keepdim=True)
    ### END SOLUTION


# %%
check("05_focal_loss.softmax", softmax)

# %% nbgrader={"grade": true, "grade_id": "test_softmax", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
result = softmax(torch.tensor([[0.0, np.log(3.0)]]), dim=1)
probes.assert_close(result, torch.tensor([[0.25, 0.75]]), "the softmax of 0 and ln 3")

# %% nbgrader={"grade": true, "grade_id": "test_softmax_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Random tensors along every axis, compared with torch; logits of 10 000; gradients; other dtypes; the device.
### BEGIN HIDDEN TESTS
draw = probes.torch_rng(5101)
for shape in [(4,), (2, 5), (2, 3, 4, 5)]:
    values = 3 * torch.randn(shape, generator=draw, dtype=torch.float64)
    for axis in range(-len(shape), len(shape)):
        probes.assert_close(
            probes.call(softmax, values, axis), values.softmax(axis), f"softmax(…, {axis})"
        )
huge = torch.tensor([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, 9.999e3]]).double()
probes.assert_close(probes.call(softmax, huge, 1), huge.softmax(1), "the softmax of ±10 000")
assert torch.isfinite(probes.call(softmax, huge.float(), 1)).all(), (
    "softmax of ±10 000 in float32 is not finite"
)
values = torch.randn(3, 4, generator=draw, dtype=torch.float64)
few = torch.randn(3, 4, generator=draw, dtype=torch.float64)
slope = probes.gradient_of(lambda x: (probes.call(softmax, x, 1) * few).sum(), values)
expected = probes.gradient_of(lambda x: (x.softmax(1) * few).sum(), values)
probes.assert_close(slope, expected, "the gradient")
values = torch.randn(2, 3, generator=draw)
assert probes.call(softmax, values, 1).dtype == torch.float32, (
    "float32 logits give float32 probabilities"
)
probes.assert_stays_on_device(softmax, values, 1)
for dtype in (torch.float64, torch.float32, torch.float16):
    result = probes.call(softmax, values.to(dtype).t(), 0)
    expected = values.to(dtype).t().softmax(0)
    probes.assert_close(result, expected, f"{dtype} logits", rtol=1e-2, exact_dtype=True)
### END HIDDEN TESTS

# %% [markdown]
# ## 5.2 The logarithm, in one step
#
# A loss needs $\ln \sigma_c$, the logarithm of a probability. Taking `log(softmax(…))` fails again: a probability of $e^{-10000}$ is rounded to 0, and its logarithm is $-\infty$, though the right answer, $-10000$, is a harmless number. Take the logarithm on paper instead:
#
# $$\ln \sigma_c(o) = o_c - \ln \sum_k e^{o_k}$$
#
# and shift before the exponential, as before. By hand: for logits 0 and $\ln 3$ the sum is 4, so the result is $-\ln 4$ and $\ln 3 - \ln 4$.
#
# **2 points · about 10 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "log_softmax", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=10 difficulty=2
def log_softmax(logits, dim):
    """Logarithms of the probabilities that softmax gives.

    Args:
        logits: float tensor of any shape.
        dim: the axis of the classes.

    Returns:
        A tensor of the same shape, dtype and device, all values at most 0. For logits up to at
        least 1e4 in size it is finite, and as exact as logits of that size are in their dtype.
        Gradients flow through it.
    """
    ### BEGIN SOLUTION
    shifted = logits - logits.amax(dim=dim, keepdim=True)
    return shifted - shifted.exp().sum(dim=dim, keepdim=True).log()
    ### END SOLUTION


# %%
check("05_focal_loss.log_softmax", log_softmax)

# %% nbgrader={"grade": true, "grade_id": "test_log_softmax", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
result = log_softmax(torch.tensor([[0.0, np.log(3.0)]]), dim=1)
probes.assert_close(
    result, torch.tensor([[-np.log(4.0), np.log(0.75)]]), "log_softmax of 0 and ln 3"
)

# %% nbgrader={"grade": true, "grade_id": "test_log_softmax_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Random tensors, compared with torch; logits of 10 000; gradients; the device.
### BEGIN HIDDEN TESTS
draw = probes.torch_rng(5201)
for shape, axis in [((6,), 0), ((2, 5), 1), ((2, 3, 4, 5), 1), ((3, 4), -2)]:
    values = 3 * torch.randn(shape, generator=draw, dtype=torch.float64)
    probes.assert_close(
        probes.call(log_softmax, values, axis), values.log_softmax(axis), "log_softmax"
    )
huge = torch.tensor([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, 9.999e3]]).double()
probes.assert_close(
    probes.call(log_softmax, huge, 1), huge.log_softmax(1), "the log_softmax of ±10 000"
)
assert torch.isfinite(probes.call(log_softmax, huge.float(), 1)).all(), (
    "log_softmax in float32 is not finite"
)
assert probes.call(log_softmax, huge.float(), 1).dtype == torch.float32, (
    "float32 logits give float32 results"
)
values = torch.randn(3, 4, generator=draw, dtype=torch.float64)
few = torch.randn(3, 4, generator=draw, dtype=torch.float64)
slope = probes.gradient_of(lambda x: (probes.call(log_softmax, x, 1) * few).sum(), values)
expected = probes.gradient_of(lambda x: (x.log_softmax(1) * few).sum(), values)
probes.assert_close(slope, expected, "the gradient")
slope = probes.gradient_of(lambda x: probes.call(log_softmax, x, 1)[:, 0].sum(), huge)
assert torch.isfinite(slope).all(), "the gradient at ±10 000 is not finite"
for dtype in (torch.float64, torch.float32):
    values = torch.randn(3, 4, generator=draw, dtype=dtype)
    result = probes.call(log_softmax, values.t(), -1)
    expected = values.t().log_softmax(-1)
    probes.assert_close(result, expected, f"log_softmax of {dtype} logits", exact_dtype=True)
probes.assert_stays_on_device(log_softmax, huge, 1)
### END HIDDEN TESTS

# %% [markdown]
# ## 5.3 A weight for each class
#
# The simplest remedy for rare classes is a weight $\alpha_c$ that grows as a class gets rarer, here the inverse of its frequency. With $n_c$ pixels of class $c$:
#
# $$\alpha_c = \frac{1 / n_c}{\sum_k 1 / n_k}$$
#
# so that the weights sum to 1. A class that is absent has no pixel to weigh: it gets 0 and stays out of the sum. By hand: labels 0 0 0 1 have inverse frequencies 1/3 and 1, sum 4/3, so $\alpha = (¼, ¾)$.
#
# **2 points · about 10 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "class_weights", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=10 difficulty=2
def class_weights(labels, num_classes):
    """Weights proportional to 1 / frequency.

    Args:
        labels: integer tensor of any shape, values from 0 to num_classes - 1.
        num_classes: number of classes C.

    Returns:
        (C,) float tensor on the labels' device that sums to 1; 0 for a class that is absent.
    """
    ### BEGIN SOLUTION
    counts = torch.bincount(labels.reshape(-1).long(), minlength=num_classes).double()
    inverse = torch.where(counts > 0, 1 / counts, torch.zeros_like(counts))
    return inverse / inverse.sum()
    ### END SOLUTION


# %%
check("05_focal_loss.class_weights", class_weights)

# %% nbgrader={"grade": true, "grade_id": "test_class_weights", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
result = class_weights(torch.tensor([0, 0, 0, 1]), 2)
probes.assert_close(result, torch.tensor([0.25, 0.75]), "the weights of 0 0 0 1")

# %% nbgrader={"grade": true, "grade_id": "test_class_weights_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Random label maps; absent classes; uint8 labels; the device.
### BEGIN HIDDEN TESTS
rng = probes.rng(5301)
for shape, classes, kept in [
    ((5, 40), 4, [0, 1, 2, 3]),
    ((2, 3, 30), 6, [0, 2, 5]),
    ((9,), 3, [1]),
    ((30, 30), 3, [0, 1, 2]),  # more pixels than uint8 can count
]:
    drawn = rng.choice(kept, shape)
    drawn.flat[: len(kept)] = kept
    found, counts = np.unique(drawn, return_counts=True)
    expected = np.zeros(classes)
    expected[found] = (1 / counts) / (1 / counts).sum()
    given = torch.from_numpy(drawn)
    probes.assert_close(
        probes.call(class_weights, given, classes), torch.from_numpy(expected), "class weights"
    )
    for dtype in (torch.int32, torch.int16):
        result = probes.call(class_weights, given.to(dtype).movedim(0, -1), classes)
        probes.assert_close(result, torch.from_numpy(expected), f"{dtype} labels")
    small = given.to(torch.uint8)
    probes.assert_close(
        probes.call(class_weights, small, classes), torch.from_numpy(expected), "uint8 labels"
    )
probes.assert_stays_on_device(class_weights, given, 3)
### END HIDDEN TESTS

# %% [markdown]
# ## 5.4 The focal loss for segmentation
#
# Class weights know how rare a class is, not how hard a pixel is. The focal loss adds a factor for that. At one position, with logits $o$, one-hot label $l$ ($l_c = 1$ for the true class, 0 for the others), weights $\alpha$ and *focus* $\gamma \ge 0$:
#
# $$L = -\sum_c l_c \,\bigl(1 - \sigma_c(o)\bigr)^{\gamma}\, \alpha_c \,\ln \sigma_c(o) \tag{1}$$
#
# The new factor is $(1 - \sigma_c)^\gamma$: near 1 where the network is wrong, near 0 where it is right and sure. With $\gamma = 0$ and $\alpha_c = 1$ it is gone, and cross-entropy is left. The loss of a batch is the mean of $L$ over all images and positions.
#
# One trap is left, for $0 < \gamma < 1$. Where the network is quite sure, $1 - \sigma_c$ is rounded to 0, and there $x^\gamma$ has an infinite slope, as $\sqrt x$ has: the loss is fine, its gradient is NaN. Keep what you take the power of just above 0: `.clamp(min=1e-7)` will do, 0.01 is far too much.
#
# By hand: two classes with probabilities ¼ and ¾, the true class is the second, $\alpha = 1$, $\gamma = 2$: $(1 - ¾)^2 \cdot (-\ln ¾) = 0.0625 \cdot 0.288 = 0.018$. Cross-entropy would charge 0.288, sixteen times as much.
#
# Labels come as one-hot tensors of any dtype (so that they may also be soft), shaped like the logits. `alpha` has one value per class: give it axes so that it meets the class axis. Use your own `log_softmax`, or torch's if you have not solved 5.2.
#
# **4 points · about 25 minutes · difficulty 3 of 3**


# %% nbgrader={"grade": false, "grade_id": "softmax_focal_loss", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=25 difficulty=3
def softmax_focal_loss(logits, labels, alpha, gamma=2.0):
    """Focal loss for classes that exclude each other, equation (1).

    Args:
        logits: (N, C, *spatial) float tensor, with one, two or three spatial axes.
        labels: (N, C, *spatial) one-hot tensor of any dtype; or soft, with shares of each class.
        alpha: (C,) float tensor, the weight of each class.
        gamma: focus, float, at least 0; with 0 and alpha = 1 the loss is cross-entropy.

    Returns:
        A float tensor without axes: the mean over N and all positions of the sum over classes.
        Its value and gradient are finite for every gamma and logits up to at least 1e4 in size.
    """
    ### BEGIN SOLUTION
    log_p = torch.log_softmax(logits, dim=1)
    weight = alpha.reshape(1, -1, *[1] * (logits.ndim - 2)).to(logits.dtype)
    # A power of an exact 0 has no finite slope for gamma < 1, so the base stays just above it.
    focus = (1 - log_p.exp()).clamp(min=1e-12) ** gamma
    return -(labels.to(logits.dtype) * focus * weight * log_p).sum(dim=1).mean()
    ### END SOLUTION


# %%
check("05_focal_loss.softmax_focal_loss", softmax_focal_loss)

# %% nbgrader={"grade": true, "grade_id": "test_softmax_focal_loss", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
logits = torch.tensor([[[0.0], [np.log(3.0)]]])
labels = torch.tensor([[[0], [1]]])
result = probes.call(softmax_focal_loss, logits, labels, torch.ones(2))
probes.assert_close(result, torch.tensor(0.0625 * -np.log(0.75)), "the loss of the example")
result = probes.call(softmax_focal_loss, logits, labels, torch.ones(2), gamma=0.0)
probes.assert_close(result, torch.tensor(-np.log(0.75)), "with gamma 0, cross-entropy")
draw = probes.torch_rng(5400)
scores = torch.randn(2, 3, 4, 5, generator=draw)
truth = torch.randint(0, 3, (2, 4, 5), generator=draw)
weight = torch.tensor([0.2, 0.3, 0.5])
result = probes.call(
    softmax_focal_loss, scores, F.one_hot(truth, 3).movedim(-1, 1), weight, gamma=0.0
)
expected = F.cross_entropy(scores, truth, weight, reduction="none").mean()
probes.assert_close(result, expected, "for images, with gamma 0, weighted cross-entropy")

# %% nbgrader={"grade": true, "grade_id": "test_softmax_focal_loss_hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Random logits in 1D, 2D, 3D, compared with torch and MONAI; ±10 000; gradients; the device.
### BEGIN HIDDEN TESTS
from monai.losses import FocalLoss

draw = probes.torch_rng(5401)
for size, classes in [((7,), 3), ((4, 5), 2), ((2, 3, 4), 5)]:
    scores = 2 * torch.randn(2, classes, *size, generator=draw, dtype=torch.float64)
    truth = torch.randint(0, classes, (2, *size), generator=draw)
    one_hot = F.one_hot(truth, classes).movedim(-1, 1)
    weight = torch.rand(classes, generator=draw, dtype=torch.float64) + 0.1
    plain = probes.call(
        softmax_focal_loss, scores, one_hot, torch.ones(classes, dtype=torch.float64), 0.0
    )
    probes.assert_close(plain, F.cross_entropy(scores, truth), "gamma 0, alpha 1: cross-entropy")
    for gamma in (0.5, 2.0, 3.0):
        library = FocalLoss(
            gamma=gamma, weight=weight, use_softmax=True, include_background=True, reduction="none"
        )
        expected = library(scores, one_hot).sum(1).mean()
        result = probes.call(softmax_focal_loss, scores, one_hot, weight, gamma)
        probes.assert_close(result, expected, f"the focal loss with gamma {gamma}")
        slope = probes.gradient_of(softmax_focal_loss, scores, one_hot, weight, gamma)
        expected = probes.gradient_of(
            lambda x, y, loss: loss(x, y).sum(1).mean(), scores, one_hot, library
        )
        probes.assert_close(slope, expected, f"the gradient with gamma {gamma}")
        shares = torch.rand(scores.shape, generator=draw, dtype=torch.float64).softmax(1)
        result = probes.call(softmax_focal_loss, scores, shares, weight, gamma)
        probes.assert_close(result, library(scores, shares).sum(1).mean(), "soft labels")
    result = probes.call(softmax_focal_loss, scores, one_hot, 0 * weight)
    probes.assert_close(result, torch.tensor(0.0).double(), "weights of 0")
    some = weight.clone()
    some[0] = 0
    library = FocalLoss(
        gamma=2.0, weight=some, use_softmax=True, include_background=True, reduction="none"
    )
    result = probes.call(softmax_focal_loss, scores, one_hot.bool(), some.float())
    expected = library(scores, one_hot).sum(1).mean()
    probes.assert_close(result, expected, "one weight of 0, boolean labels", rtol=1e-3)
    result = probes.call(softmax_focal_loss, scores, one_hot.to(torch.uint8), weight)
    probes.assert_close(
        result, probes.call(softmax_focal_loss, scores, one_hot.double(), weight), "uint8 labels"
    )
huge = torch.tensor([[[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]]])
library = FocalLoss(gamma=2.0, use_softmax=True, include_background=True, reduction="none")
for row in (0, 1):
    one_hot = F.one_hot(torch.full((1, 3), row), 2).movedim(-1, 1)
    value = probes.call(softmax_focal_loss, huge, one_hot, torch.ones(2))
    probes.assert_close(value, library(huge, one_hot).sum(1).mean(), "the loss at ±10 000")
    for gamma in (0.0, 0.1, 0.5, 0.99, 1.0, 2.0, 5.0):
        for size in (1.0, 60.0, 120.0, 1e4):
            logits = huge.sign() * size
            value = probes.call(softmax_focal_loss, logits, one_hot, torch.ones(2), gamma)
            slope = probes.gradient_of(softmax_focal_loss, logits, one_hot, torch.ones(2), gamma)
            assert torch.isfinite(value), f"the loss at ±{size:g} with gamma {gamma} is not finite"
            assert torch.isfinite(slope).all(), f"gradient at ±{size:g}, gamma {gamma}: not finite"
probes.assert_stays_on_device(softmax_focal_loss, huge, one_hot, torch.ones(2))
### END HIDDEN TESTS

# %% [markdown]
# **Gradient by hand = gradient by autograd.** For cross-entropy the slope is famous for its simplicity: with respect to logit $c$ it is $\sigma_c - l_c$, divided by the number of positions. Here are both, for random logits; they agree to the last digits that float64 holds.

# %%
softmax_focal_loss = yours_or_ours(softmax_focal_loss)
draw = torch.Generator().manual_seed(54)
scores = torch.randn(1, 3, 4, generator=draw, dtype=torch.float64, requires_grad=True)
truth = F.one_hot(torch.randint(0, 3, (1, 4), generator=draw), 3).movedim(-1, 1)
softmax_focal_loss(scores, truth, torch.ones(3, dtype=torch.float64), gamma=0.0).backward()
by_hand = (scores.detach().softmax(1) - truth) / 4
print("largest difference:", (by_hand - scores.grad).abs().max().item())

# %% [markdown]
# ## 5.5 When classes do not exclude each other
#
# A lesion lies in the peripheral zone: that voxel is both. For such labels each class gets its own yes-or-no decision by the *sigmoid* $\sigma(o) = 1 / (1 + e^{-o})$, the form in which [Lin+17] wrote their loss. (The softmax above was $\sigma_c$, with an index, and looked at all classes; this $\sigma$ is a function of one number.) With $p_t = \sigma(o)$ where the label is 1 and $1 - \sigma(o)$ where it is 0:
#
# $$L = -\alpha_t (1 - p_t)^{\gamma} \ln p_t, \qquad \alpha_t = \alpha \text{ for label 1}, \quad 1 - \alpha \text{ for label 0}$$
#
# and the mean over all elements. The default $\alpha = ¼$ gives the rare positives the *smaller* weight, which surprises: [Lin+17] found that once the focus has silenced the many easy negatives, less has to be made up for. By hand: $o = 0$ gives $p_t = ½$; label 1, $\alpha = ¼$, $\gamma = 2$: $¼ \cdot ¼ \cdot \ln 2 = 0.043$. The trap of 5.4 waits here, too: a power of an exact 0.
#
# Watch the logarithm again: $\ln \sigma(o)$ must not go through a probability that rounds to 0. `F.logsigmoid(o)` is exact, and $\ln(1 - \sigma(o)) = \ln \sigma(-o)$.
#
# **3 points · about 20 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "sigmoid_focal_loss", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=20 difficulty=2
def sigmoid_focal_loss(logits, labels, alpha=0.25, gamma=2.0):
    """Focal loss for labels that do not exclude each other [Lin+17].

    Args:
        logits: float tensor of any shape.
        labels: tensor of the same shape, 0 or 1, any dtype.
        alpha: weight of the positives, float from 0 to 1; negatives get 1 - alpha.
        gamma: focus, float, at least 0.

    Returns:
        A float tensor without axes, the mean over all elements; value and gradient are finite for
        every gamma and logits up to at least 1e4 in size.
    """
    ### BEGIN SOLUTION
    positive = labels.to(logits.dtype)
    sign = 2 * positive - 1
    log_p, log_rest = F.logsigmoid(sign * logits), F.logsigmoid(-sign * logits)
    weight = alpha * positive + (1 - alpha) * (1 - positive)
    # The power by its logarithm: the slope of 0 ** gamma would be infinite for gamma < 1.
    return -(weight * (gamma * log_rest).exp() * log_p).mean()
    ### END SOLUTION


# %%
check("05_focal_loss.sigmoid_focal_loss", sigmoid_focal_loss)

# %% nbgrader={"grade": true, "grade_id": "test_sigmoid_focal_loss", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
result = sigmoid_focal_loss(torch.zeros(1, 1), torch.ones(1, 1))
probes.assert_close(result, torch.tensor(np.log(2) / 16), "the loss of the example")

# %% nbgrader={"grade": true, "grade_id": "test_sigmoid_focal_loss_hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Random logits, compared with torch and MONAI; ±10 000; gradients; the device.
### BEGIN HIDDEN TESTS
from monai.losses import FocalLoss

draw = probes.torch_rng(5501)
for shape in [(6, 1), (2, 3, 4), (2, 3, 4, 5)]:
    scores = 2 * torch.randn(shape, generator=draw, dtype=torch.float64)
    truth = torch.randint(0, 2, shape, generator=draw)
    halves = 2 * probes.call(sigmoid_focal_loss, scores, truth, alpha=0.5, gamma=0.0)
    expected = F.binary_cross_entropy_with_logits(scores, truth.double())
    probes.assert_close(halves, expected, "gamma 0, alpha 1/2: half of binary cross-entropy")
    for alpha, gamma in [(0.25, 2.0), (0.7, 1.0), (0.5, 3.5)]:
        library = FocalLoss(gamma=gamma, alpha=alpha, use_softmax=False)
        result = probes.call(sigmoid_focal_loss, scores, truth, alpha, gamma)
        probes.assert_close(result, library(scores, truth), f"alpha {alpha}, gamma {gamma}")
        for dtype in (torch.uint8, torch.bool):
            result = probes.call(sigmoid_focal_loss, scores, truth.to(dtype), alpha, gamma)
            probes.assert_close(result, library(scores, truth), f"labels of dtype {dtype}")
        slope = probes.gradient_of(sigmoid_focal_loss, scores, truth, alpha, gamma)
        expected = probes.gradient_of(library, scores, truth)
        probes.assert_close(slope, expected, f"the gradient with alpha {alpha}, gamma {gamma}")
truth_of_scores = truth
huge = torch.tensor([1e4, -1e4, 0.0, 1e4, -1e4])
truth = torch.tensor([1, 1, 0, 0, 0])
expected = FocalLoss(gamma=2.0, alpha=0.25, use_softmax=False)(huge[:, None], truth[:, None])
probes.assert_close(probes.call(sigmoid_focal_loss, huge, truth), expected, "the loss at ±10 000")
for gamma in (0.0, 0.1, 0.5, 0.99, 1.0, 2.0, 5.0):
    for size in (1.0, 60.0, 120.0, 1e4):
        logits = huge.sign() * size
        value = probes.call(sigmoid_focal_loss, logits, truth, 0.25, gamma)
        slope = probes.gradient_of(sigmoid_focal_loss, logits, truth, 0.25, gamma)
        assert torch.isfinite(value), f"the loss at ±{size:g} with gamma {gamma} is not finite"
        assert torch.isfinite(slope).all(), f"gradient at ±{size:g}, gamma {gamma}: not finite"
one = torch.tensor(0.3), torch.tensor(1)  # no axes at all
result = probes.call(sigmoid_focal_loss, *one, 0.25, 0.0)
expected = 0.25 * F.binary_cross_entropy_with_logits(one[0], one[1].float())
probes.assert_close(result, expected, "one element without axes")
for alpha in (0.0, 1.0):
    result = probes.call(sigmoid_focal_loss, scores, truth_of_scores, alpha, 2.0)
    expected = FocalLoss(gamma=2.0, alpha=alpha, use_softmax=False)(scores, truth_of_scores)
    probes.assert_close(result, expected, f"alpha {alpha}")
probes.assert_stays_on_device(sigmoid_focal_loss, huge, truth)
### END HIDDEN TESTS

# %% [markdown]
# ## 5.6 A loss made of Dice
#
# All losses so far ask each pixel by itself, and take a mean over pixels. In the end a segmentation is judged as a whole, by the overlap of two areas: by IoU or by Dice, $2\,|A \cap B| \,/\, (|A| + |B|)$. Could one train on Dice itself? Not on counted pixels, as a count does not change when a weight moves a little, and so has no slope. But on probabilities: where Dice counts pixels, add up how sure the network is. With one-hot labels $l$, and sums over all positions of all images of the batch, class $c$ has the *soft Dice*
#
# $$D_c = \frac{2 \sum l_c\, \sigma_c(o) + s}{\sum l_c + \sum \sigma_c(o) + s}, \qquad L = 1 - \frac{1}{C} \sum_c D_c$$
#
# The small number $s$, *smooth*, decides what a class counts that is neither there nor predicted: 0 / 0 without it, and 1, a perfect score, with it. Milletari and colleagues [Mil+16] brought this loss to medical images (they square the terms of the denominator; the form without squares is the commoner one today).
#
# By hand: two classes, two pixels, all probabilities ½; the first pixel is class 0, the second class 1; $s = 1$. For each class the overlap is ½, and both sums of the denominator are 1, so $D_c = (2 \cdot ½ + 1) / (1 + 1 + 1) = ⅔$ and $L = ⅓$.
#
# Two traps. The fraction is taken once for each class, after the sums: a mean of fractions, one for each image, is another loss. And labels may be of any dtype.
#
# **2 points · about 20 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "soft_dice_loss", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=20 difficulty=2
def soft_dice_loss(logits, labels, smooth=1.0):
    """1 minus the soft Dice of the whole batch, a mean over the classes [Mil+16].

    Args:
        logits: (N, C, *spatial) float tensor, with one, two or three spatial axes.
        labels: (N, C, *spatial) one-hot tensor of any dtype.
        smooth: float, at least 0; added above and below the line.

    Returns:
        A float tensor without axes, from 0 to 1. Its value and gradient are finite for logits up
        to at least 1e4 in size.
    """
    ### BEGIN SOLUTION
    probability = torch.softmax(logits, dim=1)
    labels = labels.to(logits.dtype)
    axes = [0, *range(2, logits.ndim)]
    overlap = (labels * probability).sum(axes)
    sizes = labels.sum(axes) + probability.sum(axes)
    return 1 - ((2 * overlap + smooth) / (sizes + smooth)).mean()
    ### END SOLUTION


# %%
check("05_focal_loss.soft_dice_loss", soft_dice_loss)

# %% nbgrader={"grade": true, "grade_id": "test_soft_dice_loss", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
pixels = torch.tensor([[[1, 0], [0, 1]]])
result = probes.call(soft_dice_loss, torch.zeros(1, 2, 2), pixels)
probes.assert_close(result, torch.tensor(1 / 3), "the loss of the example")
result = probes.call(soft_dice_loss, 40.0 * pixels, pixels)
probes.assert_close(result, torch.tensor(0.0), "the loss of a prediction that is right and sure")

# %% nbgrader={"grade": true, "grade_id": "test_soft_dice_loss_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Random logits in 1D, 2D, 3D, compared with MONAI; an absent class; ±10 000; gradients; the device.
### BEGIN HIDDEN TESTS
from monai.losses import DiceLoss

draw = probes.torch_rng(5601)
for size, classes in [((7,), 3), ((4, 5), 2), ((2, 3, 4), 5)]:
    scores = 2 * torch.randn(3, classes, *size, generator=draw, dtype=torch.float64)
    truth = torch.randint(0, classes, (3, *size), generator=draw)
    truth[truth == classes - 1] *= classes > 3  # with five classes the last one is absent
    one_hot = F.one_hot(truth, classes).movedim(-1, 1)
    for smooth in (1.0, 0.01, 7.0):
        library = DiceLoss(softmax=True, batch=True, smooth_nr=smooth, smooth_dr=smooth)
        expected = library(scores, one_hot.double())
        for dtype in (torch.int64, torch.uint8, torch.bool, torch.float32):
            result = probes.call(soft_dice_loss, scores, one_hot.to(dtype), smooth)
            probes.assert_close(result, expected, f"the loss with smooth {smooth}, {dtype} labels")
        slope = probes.gradient_of(soft_dice_loss, scores, one_hot, smooth)
        expected = probes.gradient_of(library, scores, one_hot.double())
        probes.assert_close(slope, expected, f"the gradient with smooth {smooth}")
huge = torch.tensor([[[1e4, -1e4, 0.0], [-1e4, -1e4, 1e4]]])
truth = torch.tensor([[[1, 0, 1], [0, 1, 0]]])
expected = DiceLoss(softmax=True, batch=True, smooth_nr=1.0, smooth_dr=1.0)(huge, truth.float())
probes.assert_close(probes.call(soft_dice_loss, huge, truth), expected, "the loss at ±10 000")
slope = probes.gradient_of(soft_dice_loss, huge, truth)
assert torch.isfinite(slope).all(), "the gradient at ±10 000 is not finite"
probes.assert_stays_on_device(soft_dice_loss, huge, truth)
### END HIDDEN TESTS

# %% [markdown]
# ## A rare class, learnt with and without focus
#
# Does it help? A small experiment, on one slice and one rare zone, the anterior stroma: two pixels in a hundred. The model is the simplest that can learn at all: it sees nine smoothed and shifted copies of the image and the position, and puts them through one small hidden layer. It learns from every second pixel of every second row, in five ways: with cross-entropy, with class weights, with focus, with both, and with the Dice loss; each from the same three starts, as one run says little. This takes a quarter of a minute on a fast computer, a minute or more on a slow one; a bar counts the steps.
#
# *Before you run it:* which plan will find the zone first, and which will have the highest IoU in the end?

# %%
class_weights = yours_or_ours(class_weights)
softmax_focal_loss = yours_or_ours(softmax_focal_loss)
soft_dice_loss = yours_or_ours(soft_dice_loss)
slice_index = int((label == 3).sum((1, 2)).argmax())
pixels = torch.from_numpy(image[slice_index])[None, None]
truth = torch.from_numpy((label[slice_index] == 3).astype(np.int64))[None]
one_hot = F.one_hot(truth, 2).movedim(-1, 1)
rows, columns = torch.meshgrid(*[torch.linspace(-1, 1, 128)] * 2, indexing="ij")
place = torch.stack([rows, columns, rows**2, columns**2, rows * columns])[None]
copies = [F.avg_pool2d(pixels, k, 1, k // 2) for k in (1, 3, 7, 13)]
shifted = [
    copies[2].roll((dy, dx), (2, 3)) for dy, dx in ((9, 0), (-9, 0), (0, 9), (0, -9), (16, 0))
]
inputs = torch.cat([*copies, *shifted, place], dim=1)
seen = inputs[..., ::2, ::2].repeat(1, 3, 1, 1)
due = one_hot[..., ::2, ::2].repeat(3, 1, 1, 1)
balanced = class_weights(truth, 2).float()
equal = torch.ones(2)
plans = {
    "cross-entropy": lambda o, due: softmax_focal_loss(o, due, equal, 0.0),
    "class weights": lambda o, due: softmax_focal_loss(o, due, balanced, 0.0),
    "focus": lambda o, due: softmax_focal_loss(o, due, equal, 2.0),
    "weights and focus": lambda o, due: softmax_focal_loss(o, due, balanced, 2.0),
    "Dice loss": soft_dice_loss,
}
steps = list(range(0, 501, 10))


def train(loss):
    """(IoU of the stroma in the whole slice at each of `steps` and for each start, what is found).

    Three networks learn side by side: each is a group of the channels, and meets no other.
    """
    torch.manual_seed(0)
    wide = inputs.shape[1]
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3 * wide, 3 * 16, 1, groups=3),
        torch.nn.ReLU(),
        torch.nn.Conv2d(3 * 16, 3 * 2, 1, groups=3),
        torch.nn.Unflatten(1, (3, 2)),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    curve = []
    for step in range(steps[-1] + 1):
        if step in steps:
            with torch.no_grad():
                said = model(inputs.repeat(1, 3, 1, 1))[0].argmax(1) == 1
            both, either = said & (truth == 1), said | (truth == 1)
            curve.append((both.sum((1, 2)) / either.sum((1, 2))).tolist())
        optimizer.zero_grad()
        each = zip(model(seen)[0].split(1), due.split(1), strict=True)
        sum(loss(own, own_due) for own, own_due in each).backward()
        optimizer.step()
        bar.update()
    return np.array(curve).T, said


bar = tqdm(total=len(plans) * (steps[-1] + 1), unit="step", file=sys.stdout, leave=False)
results = {name: train(loss) for name, loss in plans.items()}
bar.close()
curves = {name: curve for name, (curve, _) in results.items()}
found = {name: said[0] for name, (_, said) in results.items()}
zone = np.argwhere(truth[0].numpy())
(top, first), (bottom, last) = zone.min(0) - 7, zone.max(0) + 7
figure = Figure(figsize=(12, 7), layout="constrained")
panels = figure.subplot_mosaic([[name, "curves"] for name in found], width_ratios=(1, 1.9))
for name, mask in found.items():
    panels[name].imshow(pixels[0, 0], cmap="gray")
    panels[name].contourf(mask, [0.5, 1.5], colors=["#E69F00"], alpha=0.55)
    panels[name].contour(truth[0], [0.5], colors="#56B4E9", linewidths=2.5)
    panels[name].set(title=name, xlim=(first, last), ylim=(bottom, top))
    panels[name].set(xlabel="column", ylabel="row")
    panels[name].label_outer()
styles = [
    ("#222222", "solid"),
    ("#0072B2", "dashed"),
    ("#009E73", "solid"),
    ("#D55E00", "dashdot"),
    ("#CC79A7", "dotted"),
]
for (name, own), (colour, style) in zip(curves.items(), styles, strict=True):
    low, high, middle = own.min(0), own.max(0), np.median(own, 0)
    panels["curves"].fill_between(steps, low, high, color=colour, alpha=0.15)
    panels["curves"].plot(steps, middle, color=colour, linestyle=style, linewidth=2.5, label=name)
panels["curves"].set(xlabel="step", ylabel="IoU of the stroma: middle of three runs, and range")
panels["curves"].legend(loc="lower right")
figure.legend(
    handles=[
        Line2D([], [], color="#56B4E9", linewidth=2.5, label="the expert's outline"),
        Patch(color="#E69F00", alpha=0.6, label="called stroma by the model, after 500 steps"),
    ],
    loc="outside lower center",
    ncols=2,
)
plots.show(
    figure,
    "Five predictions of the anterior stroma (filled) beside the expert's outline, and the IoU "
    "during training; the middle of three runs after 100, 250 and 500 steps: "
    + "; ".join(
        f"{name} " + ", ".join(f"{np.median(own[:, steps.index(k)]):.2f}" for k in (100, 250, 500))
        for name, own in curves.items()
    )
    + ".",
)
print(f"{'':20}" + "".join(f"{f'IoU at {k}':>18}" for k in (100, 250, 500)) + "   claimed / true")
for name, own in curves.items():
    cells = (own[:, steps.index(k)] for k in (100, 250, 500))
    text = "".join(f"{c.min():>11.2f} – {c.max():.2f}" for c in cells)
    size = found[name].sum() / (truth == 1).sum()
    print(f"{name:20}{text}{size:>17.2f}")

# %% [markdown]
# Read it with care. *The Dice loss gets there first*: after 100 steps it is where the better of the others are after 250, as to it a zone of two pixels in a hundred counts as much as all the rest. Both weighted plans, too, have more than half of it by then, from every start; cross-entropy has hardly a pixel, focus alone next to none. But weights make a rare class cheap to claim: the prediction stays larger than the zone, and after 500 steps plain cross-entropy has overtaken both. *Focus alone* and the Dice loss are the best after 250 steps; after 500 they and cross-entropy are level. We tried twelve starts, and it was so in all of them. On other data it may be otherwise: which remedy wins depends on how rare the class is, and on how long you train. That is why unit 7 softens the weights. Try it before you believe it.
#
# *When which?* Dice needs no weights, and aims at what you are judged by. It has its price. Where a class is missing from most batches, what it learns there depends on *smooth*. A pixel that is wrong and sure of it has almost no slope, where cross-entropy pulls hardest. And its probabilities come out too sure of themselves [Meh+20]: take a loss of logarithms if somebody will read them as probabilities. Many therefore add the two: nnU-Net [Ise+21], the method to beat in this field, trains on the sum of Dice loss and cross-entropy.
#
# **By hand = by library.** MONAI's `FocalLoss` gives the same number. It must be told to use the softmax and to keep the background, and its mean runs over the classes, too. torch's `cross_entropy` is your loss without focus, but where it is given weights it divides by the sum of the weights of all pixels, equation (1) by their number. MONAI's `DiceLoss` is yours if told to take one fraction for the whole batch (`batch=True`).

# %%
from monai.losses import DiceLoss, FocalLoss

library = FocalLoss(gamma=2.0, weight=balanced, use_softmax=True, include_background=True)
scores = torch.randn(one_hot.shape, generator=torch.Generator().manual_seed(0))
print("MONAI ", (library(scores, one_hot) * 2).item())
print("yours ", softmax_focal_loss(scores, one_hot, balanced).item())
share = balanced[truth].mean()  # the sum of the weights of all pixels over their number
print("torch ", (F.cross_entropy(scores, truth, weight=balanced) * share).item(), "without focus")
print("yours ", softmax_focal_loss(scores, one_hot, balanced, gamma=0.0).item(), "without focus")
by_monai = DiceLoss(softmax=True, batch=True, smooth_nr=1.0, smooth_dr=1.0)
print("MONAI ", by_monai(scores, one_hot.float()).item(), "Dice loss")
print("yours ", soft_dice_loss(scores, one_hot).item(), "Dice loss")

# %% [markdown]
# ## Go further
#
# - Plot the gradient of equation (1) against $p$ for several $\gamma$. Where is it largest, and is that where you expected it?
# - Replace the weights by their square root in the experiment. What happens to the size of the prediction?
# - What does your Dice loss do on a slice that does not contain the class at all? Try `smooth` of 1 and of 0.00001.
# - Add a sixth plan, the sum of Dice loss and cross-entropy.
#
# ## Sources
#
# - [Ise+21] F. Isensee, P. F. Jaeger, S. A. A. Kohl, J. Petersen, K. H. Maier-Hein: nnU-Net: a self-configuring method for deep learning-based biomedical image segmentation. Nature Methods, 2021.
# - [Lin+17] T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár: Focal Loss for Dense Object Detection. ICCV 2017.
# - [Meh+20] A. Mehrtash, W. M. Wells, C. M. Tempany, P. Abolmaesumi, T. Kapur: Confidence Calibration and Predictive Uncertainty Estimation for Deep Medical Image Segmentation. IEEE Transactions on Medical Imaging, 2020.
# - [Mil+16] F. Milletari, N. Navab, S.-A. Ahmadi: V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation. 3DV 2016.
# - HPC and Analytics lab, University of Bonn: lecture on U-Nets for medical image segmentation, the form of equation (1).

# %% [markdown]
# ## Where you stand
#
# The card tries each exercise as you last ran it in this notebook, and says what to do next.

# %%
from medseg import where_you_stand

where_you_stand("05_focal_loss", globals())
