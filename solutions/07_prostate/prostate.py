# %% [markdown]
# # Unit 7: Prostate zones
#
# A radiologist opens a scan of the pelvis and asks where the prostate ends, and where its zones meet: most cancers grow in one of them, and they look different in each. Drawing the four zones by hand takes a trained reader about half an hour. In this unit a network that you have built yourself learns it in about a minute and a half: it sees as many pictures as your machine manages in that time, but at least 1500 slices, for which a slow machine takes some minutes.
#
# Everything comes together here: your U-Net from unit 6, your focal loss from unit 5, your IoU from unit 4. What is missing is what stands around a network: turning few patients into many pictures, a loop that learns, a memory that survives a power cut, and an honest test on patients that the network has never seen.
#
# The next cells need nothing from you. Run them.
# %%
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure

from medseg import (
    carry_over,
    check,
    hint,
    palette,
    plots,
    probes,
    stand_ins,
    training,
    widgets,
    yours_or_ours,
)
from medseg.cases import load_cases, phantom_cases, slice_size, slices, to_native

# %% tags=["parameters"]
DATA = "phantom"  # or the folder of a data set: the Decathlon's Task05, PROMISE12, your own
OUTPUT = None  # or a folder, for held_out.png, iou.csv and the checkpoint, which else lies here
TRAINING_SECONDS = 90  # how long the training may take, about
SLICES_IN_ALL = None  # how many slices it sees; None: as many as fit into that time

# %%
first = load_cases(DATA, count=1, progress=False)[0]
SIZE = slice_size(first)
plots.show(*plots.show_case(first))

# %% [markdown]
# This is one axial slice of a T2-weighted scan, and what an expert drew on it. Unless you chose other data, it is a *phantom*: a drawing with the shapes and contrasts of real prostates, and made in a moment, so that everything here runs without a download. Its four zones are those of [Meyer et al. 2019](https://doi.org/10.1109/ISBI.2019.8759410):
#
# | class | zone | what to look for |
# | --- | --- | --- |
# | 1 | peripheral zone, PZ | a bright crescent at the back; most cancers |
# | 2 | transition zone, TZ | two lobes full of bright and dark nodules |
# | 3 | anterior fibromuscular stroma, AFS | a thin dark band in front |
# | 4 | distal prostatic urethra, DPU | a narrow tube, on few slices only |
#
# Class 0 is everything else.
#
# | exercise | points | minutes |
# | --- | --- | --- |
# | 7.1 `augment` | 3 | 35 |
# | 7.2 `train_epoch` | 3 | 20 |
# | 7.3 `evaluate` | 3 | 20 |
# | 7.4 `fit` | 4 + 3 for quality | 50 |
# | 7.5 `predict_volume` | 2 | 15 |
# | 7.6 `zone_volumes_ml` | 2 | 10 |
#
# About 200 minutes in all, with the reading and the training: take two sittings, with a rest before 7.4.
#
# Cells that hold only a comment are filled with tests when your notebook is graded. Leave them as they are. So should your functions leave every array, tensor and list that they are given: all tests look at that.
#
# You can do the exercises in any order, except that `fit` calls your `train_epoch` and your `evaluate`. Stuck? `hint("07_prostate.augment")` says one thing more at each call.
# %% [markdown]
# ## Your own work, carried over
#
# `carry_over` reads your notebooks of units 3 to 6 and brings your functions here, and from unit 3 your `split_patients`. Where you have not got there yet, a counterpart from a library stands in, and the line that is printed says so. Reading the notebooks, and loading the libraries, takes up to half a minute.
# %%
split_patients = carry_over("03_medical_volumes", "split_patients")
confusion_matrix = carry_over("04_iou", "confusion_matrix")
iou_per_class = carry_over("04_iou", "iou_per_class")
mean_iou = carry_over("04_iou", "mean_iou")
dice_from_iou = carry_over("04_iou", "dice_from_iou")
class_weights = carry_over("05_focal_loss", "class_weights")
softmax_focal_loss = carry_over("05_focal_loss", "softmax_focal_loss")
UNet = carry_over("06_unet", "UNet")

# %% [markdown]
# ## The data
#
# Each *case* is one scan of one patient, with the expert's labels on the same grid of voxels. The patients are divided in three parts: the network learns from the first, you choose the best moment to stop on the second, and the third stays untouched until the very end.
#
# When nbgrader runs this notebook, fewer cases are read and the training takes one epoch only (`training.shortened`): what is graded is your functions, on small data of their own.
# %%
cases = load_cases(DATA, count=training.shortened(None, 6))
patients = [case.patient for case in cases]
chosen = split_patients(patients, [0.6, 0.15, 0.25], np.random.default_rng(0))
train_cases, validation_cases, test_cases = ([cases[k] for k in part] for part in chosen)
class_names = cases[0].class_names
num_classes = len(class_names)
parts = {"training": train_cases, "validation": validation_cases, "held out": test_cases}
for name, part in parts.items():
    patients = len({case.patient for case in part})
    shots = sum(case.image.shape[2] for case in part)
    print(f"{name:<11} {patients:3d} patients, {shots:4d} slices")


# %% [markdown]
# ### Why the split is by patient
#
# Two neighbouring slices of one patient are much alike: the same glands, a little further on. Put one into training and the other into the test, and the network has seen the answer: the score goes up, and nothing was learnt. The figure shows how alike they are. *r* is the correlation of the brightness of all pixels: 1 for the same picture, 0 for pictures that have nothing in common. In unit 3 you saw with numbers what a leak does to a score. *Before you run it:* what *r* do you expect for a neighbour, and for a stranger?
# %%
def pair_of_neighbours(case, size=64):
    """The slice that shows most of the labels, and the next one."""
    images, labels = slices(case, size)
    middle = int((labels > 0).sum(axis=(1, 2))[:-1].argmax())
    return images[middle], images[middle + 1]


here, neighbour = pair_of_neighbours(cases[0])
stranger, _ = pair_of_neighbours(cases[1])
figure = Figure(figsize=(11, 4.2), layout="constrained")
alike = []
for ax, picture, name in zip(
    figure.subplots(1, 3),
    (here, neighbour, stranger),
    ("a slice", "the next slice, same patient", "a slice of another patient"),
    strict=True,
):
    alike.append(float(np.corrcoef(here.ravel(), picture.ravel())[0, 1]))
    ax.imshow(picture, cmap="gray", vmin=-2, vmax=2)
    ax.set(title=f"{name}\nr = {alike[-1]:.2f}", xlabel="column (pixels)", ylabel="row (pixels)")
plots.show(
    figure,
    f"A slice, its neighbour in the same patient (correlation {alike[1]:.2f}), and a slice of "
    f"another patient (correlation {alike[2]:.2f}).",
)

# %% [markdown]
# The neighbour is much the same picture, the stranger has next to nothing of it: two slices of one man are far less than two examples.
#
# **A leak, in numbers.** We trained the network of this unit on half of the slices of six patients, drawn by chance, and tested it twice: on the other half of their slices, as one does who divides by slice, and on patients of whom it has seen none. *Before you read the table:* how far will the two columns lie apart, and which of its rows would you choose by the first?
#
# | augmentation, see 7.1 | other slices of the same patients | other patients |
# | --- | --- | --- |
# | without | 0.63 (0.60 – 0.64) | 0.36 (0.32 – 0.50) |
# | with | 0.55 (0.52 – 0.57) | 0.43 (0.30 – 0.50) |
#
# *Mean IoU of the four zones on phantoms: the middle of three trainings and their range, each of 1500 slices of 64 × 64 pixels.*
#
# The first column is what one would report, the second what a new patient gets. And a leak does not only flatter, it chooses wrongly: by the first column augmentation does harm, in each of the three trainings, as it keeps the network from learning six men by heart. On other patients it does none.
#
# ### Brightness has no unit
#
# A CT scanner measures in Hounsfield units. A magnetic resonance scanner does not: the same tissue may be 200 in one scan and 900 in the next. `slices(case, size)` therefore clips each scan to its 1st and 99th percentile and brings it to mean 0 and standard deviation 1, as you did in unit 3. (The spikes at both ends of the right-hand curves are the clipped pixels, all on one value.) It also turns the scan so that row 0 is the patient's front, and gives each slice `SIZE` × `SIZE` pixels of about 1 mm, whatever the scan's size.
# %%
figure = Figure(figsize=(11, 3.8), layout="constrained")
before, after = figure.subplots(1, 2)
for number, case in enumerate(cases[:4]):
    style = ("solid", "dashed", "dashdot", "dotted")[number]
    colour = (palette.DARK, palette.BLUE, palette.VERMILION, palette.GREEN)[number]
    for ax, values in ((before, case.image.ravel()), (after, slices(case, SIZE)[0].ravel())):
        heights, edges = np.histogram(values, bins=60, density=True)
        label = f"patient {number + 1}"
        ax.plot(edges[:-1], heights / heights.max(), color=colour, linestyle=style, label=label)
before.set(title="as scanned", xlabel="brightness (the scanner's own scale)")
after.set(title="normalised", xlabel="brightness (standard deviations)")
before.set_ylabel("voxels (share of the commonest)")
after.legend()
plots.show(
    figure,
    "Histograms of four patients' brightness: as scanned, their peaks lie at different values; after "
    "normalisation, all spread around zero on one scale.",
)


# %% [markdown]
# **Break it and look.** The small network of unit 1 has learnt from normalised slices. Here it sees one slice twice: normalised, and on the scanner's own scale, with a mean of some hundreds. The picture is the same for your eye. *Before you run it:* will the network be a little worse, or lost?

# %%
from medseg.stand_ins import first_network

man = phantom_cases(1, seed=1, progress=False)[0]
normalised, drawn = slices(man, 96)
on_its_scale = normalised * man.image.std() + man.image.mean()
ways = {"normalised": normalised, "as scanned": on_its_scale}
found = {name: first_network.outline(torch.from_numpy(x).float()) for name, x in ways.items()}
gland = int((drawn > 0).sum(axis=(1, 2)).argmax())
views = {name: zones[gland].numpy() for name, zones in found.items()}
names = man.class_names
plots.show(*plots.compare(normalised[gland], drawn[gland], views, class_names=names, margin=12))
for name, zones in found.items():
    hit, both = ((zones.numpy() == 2) & (drawn == 2)).sum(), (zones == 2).sum() + (drawn == 2).sum()
    print(f"{name:<11} Dice of the transition zone {2 * hit / both:.2f}")


# %% [markdown]
# Lost. Every weight was learnt for numbers around 0; with hundreds, what comes out has nothing to do with the picture. Nothing raises an error. So normalise at the time of use exactly as in training; it is the first thing to look at when a good network fails on another hospital's scans.
#
# ## 7.1 Augmentation
#
# One or two dozen patients are few. But a prostate that is mirrored, slightly turned, or squeezed by a fuller bladder is still a prostate, and you know where its zones then lie: where the same motion takes the labels. *Augmentation* makes a new picture of each slice, every time that it is used. [Ronneberger et al. 2015](https://arxiv.org/abs/1505.04597) call elastic deformation the key to training with very few images.
#
# For each pixel $p$ of the new picture, look up where it comes from:
#
# $$ q(p) = A\,p + t + u(p), \qquad \text{new image}(p) = a \cdot \text{image}(q(p)) + b, \qquad \text{new label}(p) = \text{label}(q(p)) $$
#
# Here $p$ and $q$ are positions with −1 and 1 at the picture's borders (in the course's pictures, which are square; in an oblong one the same $A$ would slant); $A$ mirrors, turns and zooms; $t$ shifts; $u(p)$ is a smooth field of small displacements, different at each position; $a$ and $b$ change contrast and brightness. There is one $q$, for both. The image may be interpolated; a label may not, as halfway between zone 1 and zone 3 there is no zone 2.
#
# *By hand.* A row of five pixels has the image 10, 20, 30, 40, 50 and the labels 0, 1, 1, 3, 3. Mirrored and shifted by half a pixel, the new second pixel comes from between the old third and fourth: its image is 35, the mean of 30 and 40; its label is 1 or 3, but never 2.
#
# *Tools.* `F.affine_grid(theta[None], (1, 1, *spatial), align_corners=False)` gives the positions $A\,p + t$ for the matrix `theta` = ($A$ | $t$), with the last axis of the picture as first coordinate. `F.interpolate` blows a coarse grid of random displacements up to a smooth field; in these positions the whole picture is 2 wide, so 5 per cent of it are 0.1, for $u$ as for $t$. `F.grid_sample(pictures, grid, mode=…, padding_mode="border", align_corners=False)` looks the pixels up. `torch.rand(size, generator=generator)` draws on the generator's device.
#
# **3 points · about 35 minutes · difficulty 3 of 3**
# %% nbgrader={"grade": false, "grade_id": "augment", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=35 difficulty=3
def augment(image, label, generator):
    """A new picture of the same patient: mirrored, turned, deformed, in another light.

    Each draw, anew, and each range used to a third at least:

    - exchanges left and right in about half of all draws; front and back never, as nobody is built
      so;
    - turns by an angle of at most 15 degrees either way, zooms by at most a fifth, and shifts the
      rows and the columns, each by at most a tenth of the width;
    - displaces pixels along the rows and along the columns, by at most 6 per cent of the width, so
      that straight lines come out visibly bent (somewhere by 1 per cent of the width or more), and
      smoothly: neighbours are displaced alike;
    - changes contrast and brightness of the image, each by itself.

    In a volume nothing moves from slice to slice; whether all slices are bent alike is up to you.
    So is what comes in from outside the picture: the border's pixels once more, or 0 and
    background. Image and label move together, and a generator in the same state gives the same
    result.

    Args:
        image: (C, *spatial) float tensor; *spatial is (H, W) or (D, H, W).
        label: (*spatial) int64 tensor, the class of each pixel.
        generator: torch.Generator on the CPU, the only source of randomness.

    Returns:
        The new image and label, of the same shapes, dtypes and device; new tensors.

    Raises:
        ValueError: image and label differ in their spatial shapes; the message names both.
    """
    ### BEGIN SOLUTION
    spatial, dims = label.shape, label.dim()
    if image.shape[1:] != spatial:
        raise ValueError(
            f"the label must cover the image's pixels {tuple(image.shape[1:])}, "
            f"but its shape is {tuple(spatial)}"
        )

    def uniform(low, high, *size):
        drawn = torch.rand(size, generator=generator)
        return (low + (high - low) * drawn).to(image)

    turn, zoom = uniform(-0.2, 0.2), uniform(0.9, 1.15)
    theta = torch.eye(dims, dims + 1).to(image)
    theta[0, :2] = zoom * torch.stack([turn.cos(), -turn.sin()])
    theta[1, :2] = zoom * torch.stack([turn.sin(), turn.cos()])
    theta[:2, -1] = uniform(-0.08, 0.08, 2)
    if uniform(0, 1) < 0.5:
        theta[:, 0] *= -1
    coarse = uniform(-0.05, 0.05, 1, dims, *[min(5, size) for size in spatial])
    coarse[:, 2:] = 0
    smooth = "bilinear" if dims == 2 else "trilinear"
    field = F.interpolate(coarse, spatial, mode=smooth, align_corners=True).movedim(1, -1)
    grid = F.affine_grid(theta[None], (1, 1, *spatial), align_corners=False) + field

    def look_up(picture, mode):
        found = F.grid_sample(
            picture[None], grid, mode=mode, padding_mode="border", align_corners=False
        )
        return found[0]

    moved = look_up(image, "bilinear")
    zones = look_up(label[None].to(image), "nearest")[0]
    brighter = moved * uniform(0.75, 1.3) + uniform(-0.2, 0.2)
    return brighter, zones.to(label.dtype)
    ### END SOLUTION


# %%
check("07_prostate.augment", augment)

# %% nbgrader={"grade": true, "grade_id": "test_augment", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
facts = probes.facts_of("augment", augment, 48, seed=7)
assert facts["shape of the image"] == [2, 48, 48], facts["shape of the image"]
assert facts["shape of the label"] == [48, 48], facts["shape of the label"]
probes.assert_facts(
    facts,
    "the same state gives the same result",
    "another state gives another result",
    "labels stay labels",
    "shapes that differ raise a ValueError with both",
)

# %% nbgrader={"grade": true, "grade_id": "test_augment_hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Looks at everything that the docstring promises, limits included, on other pictures, and on every device.
### BEGIN HIDDEN TESTS
for seed in probes.rng(71).integers(1000, 9000, 2).tolist():
    facts = probes.facts_of("augment", augment, 64, seed=seed)
    assert facts["shape of the label"] == [64, 64], facts["shape of the label"]
    assert facts["dtypes"] == ["torch.float32", "torch.int64"], facts["dtypes"]
    sides = [facts[f"{pair} change places"] for pair in ("left and right", "front and back")]
    due = ["in about half of the draws", "never"]
    assert sides == due, f"left and right, front and back change places: {sides}"
    probes.assert_facts(facts)
### END HIDDEN TESTS

# %% [markdown]
# Look at what you made: the first picture is the slice itself, the others are new. The contours must follow the zones in each.
# %%
augment = yours_or_ours(augment)
images, labels = slices(cases[0], SIZE)
middle = int((labels > 0).sum(axis=(1, 2)).argmax())
image, label = torch.from_numpy(images[middle])[None], torch.from_numpy(labels[middle])
draw = training.generator(1)
figure = Figure(figsize=(13, 3.9), layout="constrained")
for number, ax in enumerate(figure.subplots(1, 4)):
    shown, zones = (image, label) if number == 0 else augment(image, label, draw)
    ax.imshow(shown[0], cmap="gray", vmin=-2, vmax=2.5)
    for value in range(1, num_classes):
        if (zones == value).any():
            style = {"colors": [plots.zone_colour(value)], "linestyles": [plots.zone_style(value)]}
            ax.contour(zones == value, levels=[0.5], linewidths=1.6, **style)
    ax.set(title="the slice" if number == 0 else f"new picture {number}", xlabel="column (pixels)")
    ax.set_ylabel("row (pixels)" if number == 0 else "")
for value in range(1, num_classes):
    style = {"color": plots.zone_colour(value), "linestyle": plots.zone_style(value)}
    ax.plot([], [], label=class_names[value], **style)
figure.legend(loc="outside lower center", ncols=num_classes)
plots.show(figure, "A slice and three augmented ones, each with the contours of its zones.")

# %% [markdown]
# *By hand = by library.* MONAI's `Rand2DElastic` does the same with two calls. Its displacements are drawn in another way, so the pictures differ; what both share is that one deformation moves image and label, the first interpolated, the second by its nearest neighbour.
# %%
from monai.transforms import Rand2DElasticd

elastic = Rand2DElasticd(
    keys=("image", "label"),
    spacing=(32, 32),
    magnitude_range=(1, 3),
    prob=1.0,
    mode=("bilinear", "nearest"),
    padding_mode="border",
)
elastic.set_random_state(0)
theirs = elastic({"image": image, "label": label[None].float()})
ours = augment(image, label, training.generator(0))
for name, zones in (("MONAI", theirs["label"][0]), ("yours", ours[1])):
    print(
        f"{name:<6} classes {zones.unique().int().tolist()}, labelled {(zones > 0).float().mean():.1%}"
    )


# %% [markdown]
# *Does it help?* That depends on how many patients there are. *Before you read on:* you have three patients for the training. Which network will be better on *those three*, the one that saw them as they are, or the one that saw them augmented? And which on new ones?
#
# We trained it, on phantoms, with 1500 slices of 64 × 64 pixels, three times each, from other weights and, where there are three patients, on three others. The mean IoU of the four zones, the middle of the three and their range:
#
# | training patients | | on these patients | on held-out patients |
# | --- | --- | --- | --- |
# | three | without augmentation | .74 (.66 – .75) | .35 (.31 – .39) |
# | three | with | .60 (.56 – .61) | **.41** (.16 – .46) |
# | all of the training part | without | .52 (.51 – .54) | .50 (.48 – .50) |
# | all of the training part | with | .51 (.51 – .52) | .50 (.50 – .51) |
#
# With three patients, the network without augmentation learns *them*: far better at home, mostly worse abroad, and the gap between the two columns is called *overfitting*. But look at the ranges. One of the three augmented trainings came to .16 only: which three patients one has, and where the weights start, can matter more than what one does with them, and a single training would have told you whatever you like. With many patients and so short a training there is nothing to overfit yet, and augmentation makes no difference beyond the range.
#
# *Go further.* Which augmentation would harm? Mirror front and back, or turn by 90 degrees, and train again: the network then has to learn patients that do not exist.
# %% [markdown]
# ## 7.2 One epoch
#
# An *epoch* is one pass over the training data. For each *batch* of slices the network predicts, the loss $L$ says how wrong that was, and the optimiser moves every weight $w$ a little against the gradient; in its simplest form
#
# $$ w \leftarrow w - \eta \, \frac{\partial L}{\partial w}, $$
#
# with the learning rate $\eta$. What you report is the mean loss *per item* of the batches; here an item is a slice:
#
# $$ \bar L = \frac{\sum_i n_i L_i}{\sum_i n_i}, $$
#
# with $n_i$ the number of items in batch $i$ and $L_i$ its loss. *By hand.* Batches of 3 and 1 items have the losses 0.2 and 1.0. The mean per item is (3 · 0.2 + 1 · 1.0) / 4 = 0.4, not 0.6: the small last batch must not count three times too much.
#
# *Tools.* `model.train()`, `optimizer.zero_grad()`, `value.backward()`, `optimizer.step()`, `value.item()`; `tensor.to(device)`.
#
# **3 points · about 20 minutes · difficulty 2 of 3**
# %% nbgrader={"grade": false, "grade_id": "train_epoch", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=20 difficulty=2
def train_epoch(model, batches, loss, optimizer, device):
    """Train for one pass over the batches, in training mode.

    Args:
        model: torch.nn.Module on `device`, (N, C, H, W) float → (N, K, H, W) logits.
        batches: iterable of (image, label): (N, C, H, W) float and (N, H, W) int64, N may differ;
            it is gone through once, as its next pass may bring others.
        loss: called as loss(logits, label); gives the mean over the batch, a scalar tensor.
        optimizer: torch.optim.Optimizer of the model's parameters; one step per batch.
        device: torch.device, where to calculate; batches may come from elsewhere.

    Returns:
        float: the mean loss per item (slice) of all batches, each taken before its step.
    """
    ### BEGIN SOLUTION
    model.train()
    total, count = 0.0, 0
    for image, label in batches:
        value = loss(model(image.to(device)), label.to(device))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        total += value.item() * len(image)
        count += len(image)
    return total / count
    ### END SOLUTION


# %%
check("07_prostate.train_epoch", train_epoch)

# %% nbgrader={"grade": true, "grade_id": "test_train_epoch", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
weight = torch.tensor([[0.5, -1.0], [0.0, 2.0]], dtype=torch.float64)
picture = torch.linspace(-1, 1, 24, dtype=torch.float64).reshape(2, 2, 2, 3)
classes = torch.tensor([[[0, 1, 1], [0, 0, 1]], [[1, 1, 0], [0, 1, 0]]])
facts = probes.facts_of("train_epoch", train_epoch, weight, [picture], [classes], 0.5)
logits = torch.einsum("kc,nchw->nkhw", weight, picture)
probes.assert_close(facts["loss"], float(F.cross_entropy(logits, classes)), "the mean loss")
probes.assert_facts(facts, "training mode")

# %% nbgrader={"grade": true, "grade_id": "test_train_epoch_hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Compares loss and weights after several batches of unequal size with torch, on every device.
### BEGIN HIDDEN TESTS
draw = probes.rng(73)
weight = torch.from_numpy(draw.normal(size=(3, 2)))
pictures = [torch.from_numpy(draw.normal(size=(n, 2, 4, 5))) for n in (4, 3, 1)]
classes = [torch.from_numpy(draw.integers(0, 3, (n, 4, 5))) for n in (4, 3, 1)]
facts = probes.facts_of("train_epoch", train_epoch, weight, pictures, classes, 0.7)
losses = []
for picture, target in zip(pictures, classes, strict=True):
    leaf = weight.clone().requires_grad_()
    value = F.cross_entropy(torch.einsum("kc,nchw->nkhw", leaf, picture), target)
    (slope,) = torch.autograd.grad(value, leaf)
    weight = weight - 0.7 * slope
    losses += [float(value.detach())] * len(picture)
probes.assert_close(facts["loss"], float(np.mean(losses)), "the mean loss per item")
probes.assert_close(facts["weights afterwards"], weight, "the weights after the epoch")
probes.assert_facts(facts)
### END HIDDEN TESTS


# %% [markdown]
# ## 7.3 Evaluation
#
# The mean IoU of a network is that of *one* confusion matrix over the whole data set (unit 4). A mean over batches would depend on how you cut the data into batches, and a zone that a batch does not contain would have no IoU there at all.
#
# Two switches matter. In *evaluation mode*, batch normalisation uses the statistics that it gathered in training, and dropout is off. *Without gradients*, torch keeps no intermediate results, and memory stays small. And a visitor leaves the room as it was: a model that came in training mode leaves in training mode, one that came in evaluation mode leaves in evaluation mode.
#
# *By hand.* Two batches have the confusion matrices $\begin{pmatrix}5&1\\0&2\end{pmatrix}$ and $\begin{pmatrix}7&0\\1&0\end{pmatrix}$. The data set's is their sum, $\begin{pmatrix}12&1\\1&2\end{pmatrix}$.
#
# *Tools.* `model.training`, `model.eval()`, `model.train(mode)`, `torch.no_grad()`, and your `confusion_matrix(prediction, target, num_classes)`.
#
# **3 points · about 20 minutes · difficulty 2 of 3**
# %% nbgrader={"grade": false, "grade_id": "evaluate", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=20 difficulty=2
def evaluate(model, batches, num_classes, device):
    """One confusion matrix over all batches.

    Without gradients and in evaluation mode; the model's own mode is restored afterwards.

    Args:
        model: torch.nn.Module on `device`, (N, C, H, W) float → (N, num_classes, H, W) logits.
        batches: iterable of (image, label): (N, C, H, W) float and (N, H, W) int64; it is gone
            through once.
        num_classes: how many classes there are.
        device: torch.device, where to calculate.

    Returns:
        (num_classes, num_classes) int64 on the CPU; rows are targets, columns predictions.
    """
    ### BEGIN SOLUTION
    mode = model.training
    model.eval()
    confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    with torch.no_grad():
        for image, label in batches:
            prediction = model(image.to(device)).argmax(dim=1)
            counts = confusion_matrix(prediction, label.to(device), num_classes)
            confusion += counts.cpu()
    model.train(mode)
    return confusion
    ### END SOLUTION


# %%
check("07_prostate.evaluate", evaluate)

# %% nbgrader={"grade": true, "grade_id": "test_evaluate", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
weight = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
pictures = [torch.tensor([[[[2.0, -1.0], [3.0, -2.0]]]], dtype=torch.float64)] * 2
classes = [torch.tensor([[[0, 1], [1, 1]]]), torch.tensor([[[0, 0], [0, 1]]])]
facts = probes.facts_of("evaluate", evaluate, weight, pictures, classes, 2)
probes.assert_close(facts["confusion"], torch.tensor([[3, 1], [1, 3]]), "the confusion matrix")

# %% nbgrader={"grade": true, "grade_id": "test_evaluate_hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Compares with torchmetrics on random batches, and looks at mode, gradients and device.
### BEGIN HIDDEN TESTS
from torchmetrics.functional.classification import multiclass_confusion_matrix

draw = probes.rng(74)
weight = torch.from_numpy(draw.normal(size=(3, 3)))
weight = torch.cat([weight, weight.mean(dim=0, keepdim=True)])
pictures = [torch.from_numpy(draw.normal(size=(n, 3, 5, 6))) for n in (3, 1, 2)]
classes = [torch.from_numpy(draw.integers(0, 3, (n, 5, 6))) for n in (3, 1, 2)]
facts = probes.facts_of("evaluate", evaluate, weight, pictures, classes, 4)
answers = torch.einsum("kc,nchw->nkhw", weight, torch.cat(pictures)).argmax(1)
expected = multiclass_confusion_matrix(answers, torch.cat(classes), 4)
probes.assert_close(facts["confusion"], expected, "the confusion matrix")
probes.assert_facts(facts)
### END HIDDEN TESTS


# %% [markdown]
# ## 7.4 Training that survives
#
# Now the whole run: after each epoch, measure on the validation patients, note the history, and remember the weights that did best. More epochs are not always better: a network that learns its training patients by heart gets worse on all others. The *best* state is the one with the highest validation mean IoU (of equals, either), and it is what the model has in the end.
#
# A run of an hour can be cut off at any moment. So the file `checkpoint` is written after every epoch, and holds all that is needed to go on (only the random numbers of `augment` will be others): the model's *latest* state, the optimiser's state (its momentum is part of the run), the history, and the best state so far. Called again, `fit` starts with the first epoch that is not in the history; if none is missing, it trains no more.
#
# *By hand.* Three epochs reach a validation mean IoU of 0.50, 0.62, 0.58. The power fails in the fourth. When `fit` is called again, training goes on from the weights after the third epoch. If the fourth reaches 0.60, the model is left with the weights of the second.
#
# *Tools.*
#
# - `model.state_dict()` gives the weights themselves: they change as training goes on, so `clone()` what you want to keep. `load_state_dict` puts them back, for a model and for an optimiser.
# - `mean_iou(confusion)` of unit 4 takes the matrix that your `evaluate` gives; `float(…)` makes a number of it.
# - `training.load_checkpoint(path, model)` gives what was saved, or None where there is no file, and a clear `ValueError` where the file does not fit the model.
# - `training.save_checkpoint(path, dictionary)` writes whole files or nothing. The model's state stands under the key `"model"`.
# - `with training.Progress(epochs, done) as progress:`, with the numbers of epochs in all and of those that are done, shows a bar and live curves after each `progress.update(history)`. Make that call the last one of an epoch: if somebody has pressed *Stop*, it ends the `with` block there, and your function goes on behind it.
#
# **4 points, and 3 more for quality, see below · about 50 minutes · difficulty 3 of 3**
# %% nbgrader={"grade": false, "grade_id": "fit", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=50 difficulty=3
def fit(
    model,
    train_batches,
    validation_batches,
    loss,
    optimizer,
    num_classes,
    epochs,
    device,
    checkpoint,
):
    """Train until there are `epochs` epochs; leave the model in its best state.

    Goes on where an interrupted run stopped, if the file `checkpoint` holds one. `Progress` shows
    how far it is; that is for you, and not graded.

    Args:
        model: torch.nn.Module on `device`.
        train_batches, validation_batches: iterables of (image, label), gone through anew in each
            epoch.
        loss, optimizer, num_classes, device: as for `train_epoch` and `evaluate`.
        epochs: how many epochs in all, those of an interrupted run included.
        checkpoint: path of the file that is written after each epoch.

    Returns:
        The history: one {"loss": float, "mean_iou": float} per epoch, the mean training loss per
        item and the validation mean IoU after the epoch.

    Raises:
        ValueError: the checkpoint does not fit the model.
    """
    ### BEGIN SOLUTION
    history, best = [], None
    saved = training.load_checkpoint(checkpoint, model)
    if saved is not None:
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        history, best = saved["history"], saved["best"]
    with training.Progress(epochs, len(history)) as progress:
        for _ in range(len(history), epochs):
            value = train_epoch(model, train_batches, loss, optimizer, device)
            confusion = evaluate(model, validation_batches, num_classes, device)
            history.append({"loss": value, "mean_iou": float(mean_iou(confusion))})
            if history[-1]["mean_iou"] >= max(entry["mean_iou"] for entry in history):
                best = {name: tensor.clone() for name, tensor in model.state_dict().items()}
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            state |= {"history": history, "best": best}
            training.save_checkpoint(checkpoint, state)
            progress.update(history)
    model.load_state_dict(best)
    return history
    ### END SOLUTION


# %%
check("07_prostate.fit", fit)

# %% nbgrader={"grade": true, "grade_id": "test_fit", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
facts = probes.facts_of("fit", fit, 3.0, 4.5, 0.25, 0.8, 6)
assert [set(entry) for entry in facts["history"]] == [{"loss", "mean_iou"}] * 6, facts["history"]
probes.assert_close(facts["history"][0]["loss"], 3.515625, "the first epoch's loss")
probes.assert_facts(facts, "nothing on stderr")

# %% nbgrader={"grade": true, "grade_id": "test_fit_hidden", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Follows the weight of a tiny model through straight, interrupted and finished runs.
### BEGIN HIDDEN TESTS
draw = probes.rng(75)
aim, rate = float(draw.uniform(2.9, 3.1)), float(draw.uniform(0.24, 0.26))
pixels = np.linspace(0, 8, 160)
border, weight, speed, history, weights = 1.5 * aim, 0.0, 0.0, [], []
for _ in range(6):
    losses = []
    for _ in range(2):
        losses.append(0.5 * (weight - aim) ** 2)
        speed = 0.8 * speed + weight - aim
        weight -= rate * speed
    seen, true = pixels > weight, pixels > border
    overlap = [(a & b).sum() / (a | b).sum() for a, b in ((seen, true), (~seen, ~true))]
    history.append((float(np.mean(losses)), float(np.mean(overlap))))
    weights.append(weight)
best = torch.tensor(weights[int(np.argmax([overlap for _, overlap in history]))])
facts = probes.facts_of("fit", fit, aim, border, rate, 0.8, 6)
for run in ("history", "history of an interrupted run"):
    pairs = [(float(entry["loss"]), float(entry["mean_iou"])) for entry in facts[run]]
    probes.assert_close(pairs, history, f"the {run}")
for left in ("weight that is left", "weight after an interrupted run", "weight of a finished run"):
    probes.assert_close(facts[left].double(), best.double(), f"the {left}")
after = "passes over the training batches after the interruption"
assert facts[after] == 2, f"{after}: {facts[after]}, 2 are due"
probes.assert_facts(facts)
### END HIDDEN TESTS

# %% [markdown]
# ## The training
#
# The network is your U-Net with 16 features at the top and 4 poolings. The classes are far from balanced: background fills most of each slice. The focal loss of unit 5 takes the weight off what is already easy, and `alpha` lifts the rare zones, here with the cube root of your `class_weights`, as the full weights would make the network paint rare zones everywhere.
#
# The optimiser is AdamW ([Loshchilov & Hutter 2019](https://arxiv.org/abs/1711.05101)): gradient descent with a step length of its own for each weight. Its learning rate rises for a quarter of the run and then falls to zero ([Smith & Topin 2018](https://arxiv.org/abs/1708.07120)). How often the network goes through the data follows from your machine. `slices_within` times the first batches, on a copy of the network, and says how many slices fit into `TRAINING_SECONDS`. At most it takes 7000 for the phantom, whatever the number of patients, and half as many again for real patients, who differ more from each other; at least 1500, as with a third less it is chance how well the smallest zone is found. For the full training on a slow machine give it more seconds, or set `SLICES_IN_ALL`, which overrides the time. Nothing else depends on the machine: but for rounding, the same number of slices gives the same network.
#
# `channels_last` keeps the channels of a pixel next to each other in memory, which makes convolutions faster and changes no result.
#
# The curve on the right is the mean IoU with the background, which is large and easy. The figure for the held-out patients, further below, leaves the background out and is lower for that reason alone.
#
# To go on with a training that was interrupted, skip the line with `unlink`, and set `SLICES_IN_ALL` to the number that was chosen then, so that the learning rate goes on as it was planned.
#
# While it runs, *Stop and keep the best* ends the training after the present epoch; so does the ■ of the toolbar, pressed once. Pressed twice, it stops at once, and the checkpoint is what remains.
# %%
device = training.device()
BATCH_SIZE, PEAK_RATE, GAMMA = 8, 2e-3, 2.0
train_batches = training.SliceBatches(
    train_cases, BATCH_SIZE, SIZE, augment=augment, generator=training.generator(0)
)
validation_batches = training.SliceBatches(validation_cases, size=SIZE)
with training.seeded(0):
    model = UNet(1, num_classes, features=16, depth=4)
model = model.to(device, memory_format=torch.channels_last)
optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=0.01)
alpha = class_weights(train_batches.labels, num_classes) ** (1 / 3)
alpha = (alpha / alpha.sum()).float().to(device)


def loss(logits, label):
    """Your focal loss takes one-hot labels; the batches hold label maps."""
    one_hot = F.one_hot(label, num_classes).movedim(-1, 1)
    return softmax_focal_loss(logits, one_hot, alpha, GAMMA)


slices_in_all = SLICES_IN_ALL or training.slices_within(
    TRAINING_SECONDS,
    model,
    train_batches,
    validation_batches,
    loss,
    optimizer,
    most=7000 if DATA == "phantom" else 11_000,
)
full = training.epochs_for(train_batches.slices, slices_in_all)
epochs = training.shortened(full, 1)
training.one_cycle(optimizer, epochs * len(train_batches), PEAK_RATE)
if DATA == "phantom":
    print(training.on_phantoms(epochs * train_batches.slices))
print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} million weights on {device}")
print(f"{epochs} epochs of {len(train_batches)} batches; weights of the classes:")
print(", ".join(f"{name} {a:.2f}" for name, a in zip(class_names, alpha.tolist(), strict=True)))

# %%
train_epoch = yours_or_ours(train_epoch)
evaluate = yours_or_ours(evaluate)
fit = yours_or_ours(fit)
checkpoint = Path(OUTPUT or ".", "unet.pt")
checkpoint.unlink(missing_ok=True)
recorded = training.Recorded(validation_batches, model, optimizer)
history = fit(
    model,
    train_batches,
    recorded,
    loss,
    optimizer,
    num_classes,
    epochs,
    device,
    checkpoint,
)


# %% [markdown]
# What the optimiser and the zones did meanwhile: left the learning rate, step by step, right the validation IoU of each zone. *Before you run it:* which zone is learnt first, and which last?

# %%
if recorded.scores:  # none, if no epoch was left to train
    plots.show(*plots.rates_and_zones(recorded.rates, recorded.scores, class_names))


# %% [markdown]
# In a full training the large and well-defined transition zone comes first, the thin stroma and the narrow urethra last and with jumps: a few pixels make a large share of them. The curves settle when the learning rate falls. With the fewest slices, three epochs, you see only the beginning of this, and the order of the small zones is chance. Whatever the mean hides, such a figure shows.
#
# ## 7.5 A whole volume
#
# A network of unit 6 with `dims=2` takes slices; a patient is a stack of them. In a tensor, a volume is (D, H, W): slice, row, column. Each slice becomes one item of a batch with one channel, (D, 1, H, W), and the class of a pixel is the one with the highest logit. A batch of all slices may not fit into a card's memory, so take a few at a time: eight, say.
#
# **2 points · about 15 minutes · difficulty 1 of 3**
# %% nbgrader={"grade": false, "grade_id": "predict_volume", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=15 difficulty=1
def predict_volume(model, volume, device):
    """The most likely class of each voxel, slice by slice.

    Without gradients and in evaluation mode; the model's own mode is restored afterwards.

    Args:
        model: torch.nn.Module on `device`, (N, 1, H, W) float → (N, K, H, W) logits.
        volume: (D, H, W) float tensor.
        device: torch.device, where to calculate.

    Returns:
        (D, H, W) int64 on the CPU.
    """
    ### BEGIN SOLUTION
    mode = model.training
    model.eval()
    labels = []
    with torch.no_grad():
        for stack in volume.split(8):
            logits = model(stack.unsqueeze(1).to(device))
            labels.append(logits.argmax(dim=1).cpu())
    model.train(mode)
    return torch.cat(labels)
    ### END SOLUTION


# %%
check("07_prostate.predict_volume", predict_volume)

# %% nbgrader={"grade": true, "grade_id": "test_predict_volume", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
weight = torch.tensor([[0.0, 0.0], [1.0, -0.5]], dtype=torch.float64)
volume = torch.linspace(0, 1, 24, dtype=torch.float64).reshape(2, 3, 4)
facts = probes.facts_of("predict_volume", predict_volume, weight, volume)
probes.assert_close(facts["labels"], (volume > 0.5).long(), "the prediction")

# %% nbgrader={"grade": true, "grade_id": "test_predict_volume_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# More slices than fit into one batch, more classes; mode, gradients and device.
### BEGIN HIDDEN TESTS
draw = probes.rng(80)
weight, volume = (torch.from_numpy(draw.normal(size=size)) for size in ((4, 2), (21, 5, 7)))
facts = probes.facts_of("predict_volume", predict_volume, weight, volume)
scores = weight[:, 0, None, None, None] * volume + weight[:, 1, None, None, None]
probes.assert_close(facts["labels"], scores.max(dim=0).indices, "the prediction")
probes.assert_facts(facts)
### END HIDDEN TESTS


# %% [markdown]
# ## 7.6 From voxels to millilitres
#
# A doctor does not ask for IoU but for volumes: the size of the gland is needed to judge a PSA value, that of the transition zone to plan an operation. A voxel is a small box whose edges are the first three columns of the affine. Their lengths are the spacing in mm; in a tilted scan they lie askew, and the diagonal of the matrix no longer holds them. The box has the volume
#
# $$ v = \left| \det R \right| \ \text{mm}^3, $$
#
# with $R$ the upper left 3 × 3 part of the affine; the bars are there because an axis may run from left to right or from right to left. A zone of $n$ voxels has $n \cdot v / 1000$ ml, as 1 ml = 1 cm³ = 1000 mm³.
#
# *By hand.* Voxels of 0.5 × 0.5 × 3 mm have 0.75 mm³ each; 64 000 of them make 48 ml, an enlarged transition zone.
#
# **2 points · about 10 minutes · difficulty 1 of 3**
# %% nbgrader={"grade": false, "grade_id": "zone_volumes_ml", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=10 difficulty=1
def zone_volumes_ml(labels, affine, num_classes):
    """Volume of each class in millilitres.

    Args:
        labels: integer tensor of any shape, the class of each voxel, all below num_classes.
        affine: (4, 4) float64 numpy array, voxel index to mm.
        num_classes: how many classes there are, background included.

    Returns:
        (num_classes,) float tensor in ml on the device of the labels; 0 for an absent class.
    """
    ### BEGIN SOLUTION
    voxel = abs(np.linalg.det(affine[:3, :3]))
    counts = torch.bincount(labels.flatten(), minlength=num_classes)
    return counts.double() * float(voxel) / 1000
    ### END SOLUTION


# %%
check("07_prostate.zone_volumes_ml", zone_volumes_ml)

# %% nbgrader={"grade": true, "grade_id": "test_zone_volumes_ml", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
labels = torch.tensor([[0, 1, 1], [0, 2, 1]])
result = zone_volumes_ml(labels, np.diag([10.0, 20.0, 5.0, 1.0]), 4)
probes.assert_close(result, torch.tensor([2.0, 3.0, 1.0, 0.0]).double(), "the volumes")

# %% nbgrader={"grade": true, "grade_id": "test_zone_volumes_ml_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Tilted and mirrored scans; the volume of a voxel comes from scipy.
### BEGIN HIDDEN TESTS
from scipy.spatial import ConvexHull

draw = probes.rng(81)
for turn in (1.0, -1.0):
    affine = np.eye(4)
    affine[:3] = draw.normal(size=(3, 4)) + 2 * np.eye(3, 4)
    if np.linalg.det(affine[:3, :3]) * turn < 0:
        affine[:3, 0] *= -1
    cube = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1]), axis=-1).reshape(-1, 3)
    voxel = ConvexHull(cube @ affine[:3, :3].T).volume
    labels = torch.from_numpy(draw.integers(0, 4, (5, 6, 7)))
    expected = [float((labels == c).sum()) * voxel / 1000 for c in range(6)]
    result = probes.call(zone_volumes_ml, labels, affine, 6)
    probes.assert_close(result, torch.tensor(expected).double(), "the volumes")
    probes.assert_stays_on_device(zone_volumes_ml, labels, affine, 6)
### END HIDDEN TESTS

# %% [markdown]
# ## How good is your pipeline?
#
# When your notebook is graded, the next cell trains a small network with your `augment`, your `train_epoch`, your `evaluate` and your `fit`, and has your `predict_volume` label patients that it has never seen. The higher the mean IoU of their zones, the more of its 3 points you get. It uses a network and a loss of the library, so that only your pipeline counts.
# %% tags=["slow"] nbgrader={"grade": true, "grade_id": "test_fit_quality", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Trains your pipeline on small phantoms and measures the mean zone IoU on new ones.
### BEGIN HIDDEN TESTS
import tempfile

from medseg.cases import PROSTATE_CLASSES, Case
from medseg.phantom import volumes

men = range(713000 + 1000 * int(probes.rng(76).integers(90)), 10**9)
men = [
    Case.from_volumes(*volumes(man, spacing=1.2), f"{man}", f"{man}", PROSTATE_CLASSES)
    for man in men[:14]
]
known, unseen = men[:10], men[10:]
with training.seeded(int(probes.rng(78).integers(1000))):
    network = stand_ins.stand_in("06_unet", "UNet")(1, 5, features=8, depth=3)
seen = training.SliceBatches(known[:8], 8, 64, augment, probes.torch_rng(79))
watched = training.SliceBatches(known[8:], 16, 64)
stepper = torch.optim.AdamW(network.parameters(), lr=4e-3)
training.one_cycle(stepper, 20 * len(seen), 8e-3)
rare = 1 / torch.bincount(seen.labels.flatten(), minlength=5).sqrt()
cpu = torch.device("cpu")


def cost(logits, target):
    return F.cross_entropy(logits, target, weight=rare / rare.sum())


with tempfile.TemporaryDirectory() as folder:
    probes.call(fit, network, seen, watched, cost, stepper, 5, 20, cpu, Path(folder, "quality.pt"))
counts = np.zeros((5, 5))
for case in unseen:
    picture, target = slices(case, 64)
    answer = probes.call(predict_volume, network, torch.from_numpy(picture), cpu)
    probes.assert_close(answer, answer.to(torch.int64).clip(0, 4), "the prediction")
    np.add.at(counts, (target.ravel(), answer.numpy().ravel()), 1)
zone_iou = (counts.diagonal() / (counts.sum(0) + counts.sum(1) - counts.diagonal()))[1:]
print(f"mean zone IoU {zone_iou.mean():.3f}")
round(float(np.clip((zone_iou.mean() - 0.06) / 0.14, 0, 1)) * 6) / 2
### END HIDDEN TESTS

# %% [markdown]
# ## The patients that nobody has seen
#
# Now, once, the held-out patients. First the figure for the data set: one confusion matrix over all their slices.
# %%
test_batches = training.SliceBatches(test_cases, size=SIZE)
confusion = evaluate(model, test_batches, num_classes, device)
overall = iou_per_class(confusion)
for name, iou in zip(class_names, overall.tolist(), strict=True):
    print(f"{name:<12} IoU {iou:.3f}   Dice {dice_from_iou(iou):.3f}")
print(f"mean over the classes without background: IoU {overall[1:].nanmean():.3f}")
print(f"and with it, as in the curve of the training: IoU {mean_iou(confusion):.3f}")

# %% [markdown]
# Then patient by patient, on the voxels of the scan itself: `to_native` takes the prediction back from `SIZE` × `SIZE` pixels. A dash marks a class that neither the expert nor the network sees in this patient.
# %%
predict_volume = yours_or_ours(predict_volume)
zone_volumes_ml = yours_or_ours(zone_volumes_ml)
predictions, rows = {}, []
for case in test_cases:
    labels = predict_volume(model, torch.from_numpy(slices(case, SIZE)[0]), device)
    predictions[case.id] = to_native(labels.numpy(), case)
    found, expert = (
        torch.from_numpy(a.astype(np.int64)) for a in (predictions[case.id], case.label)
    )
    iou = iou_per_class(confusion_matrix(found, expert, num_classes)).tolist()
    volumes = [zone_volumes_ml(x, case.affine, num_classes).tolist() for x in (expert, found)]
    for number in range(1, num_classes):
        dice = float(dice_from_iou(iou[number]))
        rows.append(
            (case.id, class_names[number], iou[number], dice, *(v[number] for v in volumes))
        )


def cell(value):
    """A number for the table, a dash where there is none."""
    return "    –" if np.isnan(value) else f"{value:5.2f}"


print(
    f"{'patient':<20} {'class':<10} {'IoU':>5} {'Dice':>5} {'expert, ml':>11} {'network, ml':>12}"
)
for patient, name, iou, dice, expert_ml, network_ml in rows:
    print(f"{patient:<20} {name:<10} {cell(iou)} {cell(dice)} {expert_ml:11.1f} {network_ml:12.1f}")
for name in class_names[1:]:
    mean = np.nanmean([row[3] for row in rows if row[1] == name])
    print(f"mean Dice per patient, {name}: {mean:.3f} over {len(test_cases)} patients")

# %% [markdown]
# Compare the last two columns. After a full training the transition zone comes out about as large as the expert drew it; the stroma does not: on phantoms it is half as large again and more in most patients. (After the fewest slices all zones are rough, and their volumes with them.) The weights do that. They make a rare class cheap to claim, as you saw in unit 5. Train once more with `alpha` of ones: the stroma then has about its true volume, but most of the urethra, the rarest zone, is lost. The cube root is a compromise, and this is its price. Check a volume in this way, patient by patient, before a doctor uses it: of two networks with the same Dice for the stroma, one may paint it twice as large.
#
# And here is the patient in the middle of the ranking by mean Dice, on the slice with most of the gland: the scan, the expert's contours, the network's.

# %%
quality = {
    case.id: np.nanmean([row[3] for row in rows if row[0] == case.id]) for case in test_cases
}
ranked = sorted(test_cases, key=lambda case: quality[case.id])
typical, worst = ranked[len(ranked) // 2], ranked[0]
print(f"{typical.id}: mean Dice {quality[typical.id]:.2f}, the middle of {len(test_cases)}")
held_out, alt = plots.compare(typical, typical.label, predictions[typical.id])
plots.show(held_out, alt)

# %% [markdown]
# The same patient as a volume. Move the crosshair through the gland, and use the sliders to fade from the expert's zones to the network's. Where do the two differ from slice to slice?
# %%
widgets.volume_viewer(typical, predictions[typical.id])

# %% [markdown]
# A mean hides its worst member. This is the patient with the lowest Dice, on the slice with most errors: tissue that was missed, that was invented, and that got another zone's name. *Before you run it:* will the errors lie in the middle of the zones or along their borders? Errors have a place, and the place tells you what to do next.
# %%
print(f"{worst.id}: mean Dice {quality[worst.id]:.2f}, the lowest of {len(test_cases)}")
plots.show(*plots.errors(worst, worst.label, predictions[worst.id]))

# %% [markdown]
# A network that has trained in full errs mostly in seams along borders, one or two pixels wide, where two experts would differ as well. What lies elsewhere is worth a look: often a slice at the end of the gland, where it is hard to say whether it has begun. A network that has seen little misses whole pieces.

# %%
if OUTPUT is not None:
    folder = Path(OUTPUT)
    folder.mkdir(parents=True, exist_ok=True)
    held_out.savefig(folder / "held_out.png", dpi=130, facecolor="white")
    lines = [f"{patient},{name},{iou:.4f},{dice:.4f}" for patient, name, iou, dice, *_ in rows]
    text = "\n".join(["patient,class,iou,dice", *lines]) + "\n"
    (folder / "iou.csv").write_text(text, encoding="utf-8")

# %% [markdown]
# ### By hand = by library
#
# torchmetrics' `MulticlassJaccardIndex` and MONAI's `DiceMetric`, on the same predictions.
# %%
from monai.metrics import DiceMetric
from torchmetrics.classification import MulticlassJaccardIndex

jaccard = MulticlassJaccardIndex(num_classes, average="none")
for images, labels in test_batches:
    stack = torch.stack([predict_volume(model, x, device) for x in images])[:, 0]
    jaccard.update(stack, labels)
print("IoU, yours:       ", [round(x, 4) for x in overall.tolist()])
print("IoU, torchmetrics:", [round(x, 4) for x in jaccard.compute().tolist()])

metric = DiceMetric(include_background=False, reduction="none")
found, expert = (
    F.one_hot(torch.from_numpy(a.astype(np.int64)), num_classes).movedim(-1, 0)[None]
    for a in (predictions[typical.id], typical.label)
)
print("Dice, yours:", [round(row[3], 4) for row in rows if row[0] == typical.id])
print("Dice, MONAI:", [round(x, 4) for x in metric(found, expert)[0].tolist()])

# %% [markdown]
# ### What the numbers mean
#
# **Numbers on phantoms are no numbers on patients.** A phantom has shapes and contrasts of real prostates, but no two men are as alike as two drawings by one program. What can be compared is how you measure. These are results on real patients to hold yours against, once you have trained on real data:
#
# | | TZ | PZ | DPU | AFS |
# | --- | --- | --- | --- | --- |
# | Dice, network of Meyer et al. 2019, 20 patients | .876 | .798 | .752 | .411 |
# | Dice, two experts against each other (same paper) | .878 | .818 | .606 | .510 |
# | Dice, MONAI's U-Net on Prostate158 | .877 | .754 | | |
#
# The second line is worth a pause: two trained readers agree on the stroma only by half, and on the urethra (DPU) less than the network agrees with the one who taught it. A network learns its teacher's habits, also those that no other reader shares; how right the teacher is, its Dice cannot say. And a small zone loses Dice by one row of pixels that costs a large zone nothing.
#
# ## Go further
#
# 1. **Real data by one parameter.** `python data_download.py --list`, in the course's folder, says which scans of patients can be fetched: Task05 of the [Medical Segmentation Decathlon](http://medicaldecathlon.com), with two zones, and the [PROMISE12](https://zenodo.org/records/8026660) challenge, with the whole gland. Set `DATA` to the folder that it prints, or to one of your own in the same layout, and run everything again. Class names and their number come from the data.
# 2. **Another scanner.** `phantom_cases(6, scanner="B")` are the same men as `phantom_cases(6)`, seen by a scanner with other contrast and more noise. How much does the mean IoU lose, and which augmentation wins it back?
# 3. **Leak on purpose.** Split by slice instead of by patient, and compare the score with the one above. You now know how papers come to numbers that are too good.
# 4. **Twice as many pictures at test time.** Predict the mirrored slice too, mirror the logits back, and take the mean.

# %% [markdown]
# ## Where you stand
#
# The card tries each exercise as you last ran it in this notebook, and says what to do next.

# %%
from medseg import where_you_stand

where_you_stand("07_prostate", globals())
