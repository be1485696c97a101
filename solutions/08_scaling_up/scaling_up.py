# %% [markdown]
# # Unit 8: Scaling up
#
# Unit 1 ended with a defeat: two cars that touch in the picture came out as one, and no rule about neighbours could part them. Since then you have learnt to build a network and to train it. In this last unit it grows: to pictures that do not fit into the memory at once, to half the bits for each number, to several processes that learn as one. And then you teach it to see the line between two things that touch, which is what its inventors wanted it for in the first place [RFB15].
#
# | exercise | points | minutes |
# | --- | --- | --- |
# | 8.1 `average_gradients` | 2 | 15 |
# | 8.2 `border_weights` | 3 | 30 |
# | 8.3 `weighted_cross_entropy` | 1 | 10 |
#
# About 80 minutes in all, with the reading.
#
# Cells that hold only a comment are filled with tests when your notebook is graded. Leave them as they are. So should your functions leave every array, tensor and list that they are given: all tests look at that. Stuck? `hint("08_scaling_up.average_gradients")` gives one hint more at each call. You need no earlier unit; what you have built there is used here.

# %%
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy import ndimage
from torch.nn import functional as F

from medseg import carry_over, check, hint, plots, probes, training, yours_or_ours
from medseg.data_parallel import gradients
from medseg.scenes.microscope import apart, cells

# %% [markdown]
# A microscope's view of cells, drawn by a seeded program. On the left the picture; in the middle the truth, each cell in a colour of its own; on the right what unit 1 would make of it: pixels of the class *cell* that touch are one thing.

# %%
draw_colours = np.random.default_rng(5).integers(60, 245, (256, 3)).astype(np.uint8)
draw_colours[0] = 25


def draw_panels(panels):
    """Pictures (H, W) as they are, label maps as colours, side by side."""
    figure = Figure(figsize=(3.2 * len(panels), 3.5), layout="constrained")
    for axes, (title, values) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        whole = np.asarray(values)
        axes.imshow(draw_colours[whole % 256] if whole.dtype.kind in "iu" else whole, cmap="gray")
        axes.set_title(title, fontsize=10)
        axes.set_axis_off()
    return figure


picture, truth = cells(1003, 160)
heap = ndimage.label(truth > 0, np.ones((3, 3)))[0]
plots.show(
    draw_panels(
        {
            "picture": picture,
            f"truth: {truth.max()} cells": truth,
            f"connected components: {heap.max()}": heap,
        }
    ),
    f"Grey cells in clumps; the truth, {truth.max()} cells in different colours; and the connected "
    f"components of all cell pixels, only {heap.max()}, as cells that touch run together.",
)

# %% [markdown]
# ## Your own work, carried over
#
# Four pieces of yours are needed. Where you have not got there yet, a counterpart from a library stands in, and says so.

# %%
instances_from_semantic = carry_over("01_segmentation_types", "instances_from_semantic")
panoptic_quality = carry_over("04_iou", "panoptic_quality")
UNet = carry_over("06_unet", "UNet")
overlap_tile = carry_over("06_unet", "overlap_tile")

# %% [markdown]
# ## A first network
#
# It learns *cell* or *background* for each pixel. One thing is prepared for it: in the labels, cells that touch are parted by a line of background two pixels wide (`apart`), since no network will part what its labels do not. The line makes up less than two per cent of the pixels.
#
# `train_on_cells` will be used again at the end, with other weights; for now each pixel has the weight 1.
#
# *Before you run it:* suppose that the network names nearly all pixels rightly. How many cells will the components count then: nearly all, too?

# %%
device = training.device()
STEPS = training.shortened(100, 2)
pairs = [cells(seed, 96) for seed in range(training.shortened(40, 8))]
images = torch.from_numpy(np.stack([image for image, _ in pairs]))[:, None]
parted = torch.from_numpy(np.stack([apart(instances) for _, instances in pairs]))
labels = (parted > 0).long()


def train_on_cells(loss, weights):
    """A U-Net that minimises `loss(logits, labels, weights)`: same start, same batches each time."""
    with training.seeded(8):
        model = UNet(1, 2, features=8, depth=2).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    training.one_cycle(optimizer, STEPS, 1e-2)
    draw = training.generator(8)
    for step in range(STEPS):
        chosen = torch.randint(len(images), (8,), generator=draw)
        batch = [part[chosen].to(device) for part in (images, labels, weights)]
        optimizer.zero_grad()
        cost = loss(model(batch[0]), *batch[1:])
        cost.backward()
        optimizer.step()
        if step % 25 == 0 or step == STEPS - 1:
            print(f"step {step:3}  loss {cost.item():.3f}")
    return model.eval()


def cells_of(model, image):
    """The semantic map (1 background, 2 cell) and the components of one picture (H, W)."""
    with torch.no_grad():
        logits = model(torch.from_numpy(image)[None, None].to(device))
    semantic = logits.argmax(dim=1)[0].cpu().numpy() + 1
    return semantic, instances_from_semantic(semantic, [2])


plain = train_on_cells(lambda o, y, w: F.cross_entropy(o, y), torch.ones(labels.shape))
semantic, found = cells_of(plain, picture)
right = float(((semantic == 2) == (apart(truth) > 0)).mean())
plots.show(
    draw_panels(
        {
            "picture, never seen before": picture,
            f"pixels: {right:.1%} right": (semantic == 2).astype(float),
            f"components: {found.max()} of {truth.max()} cells": found,
        }
    ),
    f"A held-out picture; the network's cell pixels, {right:.1%} of all pixels right; their "
    f"{found.max()} connected components, where the truth has {truth.max()} cells.",
)

# %% [markdown]
# Nearly every pixel is right, and the count is wrong all the same. A bridge of a few pixels joins two cells as firmly as a wide one, and a share of pixels hardly notices it. Keep this picture in mind; we come back to it.
#
# ## Larger than memory
#
# A microscope's slide has a billion pixels, and a network's intermediate results take a hundred times the room of its input. So the network looks at it piece by piece. There are two common ways:
#
# - **Your `overlap_tile`** (unit 6): each tile is seen with a margin, of which the output is thrown away. Where the margin covers the receptive field, nothing can differ from looking at the whole.
# - **MONAI's `sliding_window_inference`**: windows overlap, and where they do, their logits are averaged, with weights that fall off towards a window's edge (`mode="gaussian"`). It works with any network and any margin, and what is wrong near an edge is averaged away rather than cut off.
#
# *Before you run it:* where will tiles without a margin differ from the whole slide? And will a margin of 28 pixels remove every difference?

# %%
from monai.inferers import sliding_window_inference

slide, slide_truth = cells(2001, 320)
whole_slide = torch.from_numpy(slide)[None, None].to(device)
ways = {
    "whole": lambda: plain(whole_slide),
    "tiles, no margin": lambda: overlap_tile(whole_slide, 64, 0, plain),
    "tiles, margin 28": lambda: overlap_tile(whole_slide, 64, 28, plain),
    "MONAI, overlap 1/4": lambda: sliding_window_inference(
        whole_slide, (120, 120), 1, plain, overlap=0.25, mode="gaussian"
    ),
}
logits, seconds = {}, {}
with torch.no_grad():
    for name, way in ways.items():
        begin = time.perf_counter()
        logits[name] = way()[0, 1].cpu()
        seconds[name] = time.perf_counter() - begin
off = {name: (value - logits["whole"]).abs() for name, value in logits.items()}
inside = np.s_[32:-32, 32:-32]  # the slide's own border does not reach so far
figure = Figure(figsize=(12, 3.2), layout="constrained")
all_axes = figure.subplots(1, 4)
for axes, name in zip(all_axes, ways, strict=True):
    shown = slide if name == "whole" else off[name]
    scale = {"cmap": "gray"} if name == "whole" else {"cmap": "cividis", "vmin": 0, "vmax": 2}
    drawn = axes.imshow(shown, **scale)
    title = "the slide" if name == "whole" else f"{name}: off by"
    axes.set_title(title, fontsize=10)
    axes.set_axis_off()
figure.colorbar(drawn, ax=all_axes, fraction=0.03, pad=0.01, label="difference of the logit")
plots.show(
    figure,
    "A large slide, and by how much the logit for cell differs from that of the whole slide: "
    + ", ".join(
        f"{name} on average {off[name].mean():.3f}, without the slide's border "
        f"{off[name][inside].mean():.3f}"
        for name in list(ways)[1:]
    )
    + ". Tiles without margin differ along the edges of tiles, those with a margin only along the "
    "border of the slide, MONAI's windows in faint bands where they overlap.",
)
print(f"{'off by, on average':<20} {'time':>8} {'everywhere':>12} {'inside':>8}")
for name in ways:
    everywhere, within = off[name].mean(), off[name][inside].mean()
    print(f"{name:<20} {seconds[name]:6.2f} s {everywhere:12.4f} {within:8.4f}")

# %% [markdown]
# Each picture shows where the logits are not those of the whole slide. Without a margin they differ along every edge of a tile. With a margin of 28 they still differ, but only at the slide's own border: there `overlap_tile` mirrors the image, where the network alone pads with zeros, which is no fault of the tiles. So the last column leaves out 32 pixels on each side, and there the margin is exact: the network sees 26 pixels to each side, and 28 is the next multiple of 4, as in unit 6. A margin costs time: with 28 pixels around a tile of 64, the network looks at three and a half times as many pixels. That is the price of memory, which now depends on the tile and no longer on the slide.
#
# **By hand = by library.** Without overlap and margin the two are the same thing:

# %%
square = whole_slide[:, :, :256, :256]
with torch.no_grad():
    mine = overlap_tile(square, 64, 0, plain)
    theirs = sliding_window_inference(square, (64, 64), 1, plain, overlap=0.0)
print(f"largest difference: {(mine - theirs).abs().max().item():.1e}")

# %% [markdown]
# ## Half the bits
#
# A float32 has 32 bits. Graphics cards multiply numbers of 16 bits several times as fast, and they take half the memory. There are two kinds:
#
# | | bits for the exponent | smallest normal number | digits |
# | --- | --- | --- | --- |
# | float32 | 8 | 1e-38 | 7 |
# | float16 | 5 | 6e-5 | 3 |
# | bfloat16 | 8 | 1e-38 | 2 |
#
# *Mixed precision* (Micikevicius et al. 2018) uses them where they do no harm, in convolutions and matrix products, and keeps float32 for the weights, for normalisation and for the loss. `torch.autocast` chooses for you. Float16 loses small gradients: 1e-8 is 0 in it. The remedy is to multiply the loss by a large number and to divide the gradients by it afterwards (`torch.amp.GradScaler`). Bfloat16 has the range of float32 and needs no such care, so we take it.
#
# What does it change? We count the bytes that a training step keeps for its gradients, look at the logits, and measure the time.
#
# *Before you run it:* numbers of half the length need half the room. Will your machine need half the time, too?

# %%
sample = images[:8].to(device)


def training_step(enabled):
    """Logits, bytes that are kept for the backward pass, and seconds, in one precision or two."""
    kept = {}

    def keep(tensor):
        kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    begin = time.perf_counter()
    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled),
    ):
        result = plain(sample)
    F.cross_entropy(result.float(), labels[:8].to(device)).backward()
    plain.zero_grad()
    result = result.detach().float().cpu()
    return result, sum(kept.values()), time.perf_counter() - begin


training_step(False), training_step(True)  # the first call of each kind sets things up
full, full_bytes, full_seconds = training_step(False)
mixed, mixed_bytes, mixed_seconds = training_step(True)
changed = (full.argmax(1) != mixed.argmax(1)).double().mean()
print(f"float32       {full_bytes / 1e6:6.1f} MB kept   {full_seconds:.2f} s")
print(f"with bfloat16 {mixed_bytes / 1e6:6.1f} MB kept   {mixed_seconds:.2f} s on {device.type}")
print(
    f"logits differ by up to {(full - mixed).abs().max():.3f}; {changed:.2%} of the pixels change"
)

# %% [markdown]
# The memory shrinks on every machine, and hardly a pixel changes its class. The time is another matter: graphics cards and recent server processors have circuits for bfloat16; an ordinary processor imitates it and may well be slower than before. Your numbers above say what yours does. Measure before you believe.
#
# ## 8.1 Many workers, one gradient
#
# The largest networks learn on thousands of cards at once. The simplest way is *data-parallel*: every worker has the same weights and a share of the batch, calculates the gradient of its own mean loss, and all take the same step, along the average. With $K$ workers and equal shares, the loss of the whole batch is the mean of the workers' losses $L_k$, and so is its gradient with respect to the weights $\theta$:
#
# $$\nabla_\theta L = \frac{1}{K} \sum_{k=1}^{K} \nabla_\theta L_k$$
#
# *By hand.* Two workers, a network with a weight matrix and a bias. Worker 0 has the gradients $(2, 4)$ and $6$, worker 1 has $(0, 8)$ and $-2$. The average has one tensor for each parameter: $(1, 6)$ and $2$.
#
# **2 points · about 15 minutes · difficulty 1 of 3**
#
# Part of this exercise is to refuse what makes no sense: workers with different numbers of tensors, or tensors of different shapes in one place. Raise a `ValueError` whose message names both numbers, or both shapes.


# %% nbgrader={"grade": false, "grade_id": "average_gradients", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=15 difficulty=1
def average_gradients(gradients):
    """The average of the workers' gradients, parameter by parameter.

    Args:
        gradients: a list with one entry per worker, at least one; each entry is a list with one
            float tensor per parameter, in the same order and of the same shapes for all workers.

    Returns:
        A list with one new tensor per parameter: the mean over the workers, of the shape, dtype
        and device of that parameter's gradients. The workers' own tensors are not changed.

    Raises:
        ValueError: two workers have different numbers of tensors, and the message names both
            numbers; or tensors in the same place have different shapes, and it names both shapes.
    """
    ### BEGIN SOLUTION
    first = gradients[0]
    for other in gradients[1:]:
        if len(other) != len(first):
            raise ValueError(f"a worker has {len(other)} tensors, expected {len(first)}")
        for tensor, expected in zip(other, first, strict=True):
            if tensor.shape != expected.shape:
                raise ValueError(
                    f"a gradient has shape {tuple(tensor.shape)}, expected {tuple(expected.shape)}"
                )
    return [torch.stack(tensors).mean(dim=0) for tensors in zip(*gradients, strict=True)]
    ### END SOLUTION


# %%
check("08_scaling_up.average_gradients", average_gradients)

# %% nbgrader={"grade": true, "grade_id": "test_average_gradients", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
workers = [
    [torch.tensor([2.0, 4.0]), torch.tensor(6.0)],
    [torch.tensor([0.0, 8.0]), torch.tensor(-2.0)],
]
result = probes.call(average_gradients, workers)
probes.assert_close(result, [torch.tensor([1.0, 6.0]), torch.tensor(2.0)], "the average")
probes.assert_raises_value_error(
    average_gradients, [workers[0], workers[1][:1]], mentions=["1", "2"]
)

# %% nbgrader={"grade": true, "grade_id": "test_average_gradients_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# A network's gradients on shares of a batch, compared with autograd on the whole; new tensors of the right dtype; wrong input; the device.
### BEGIN HIDDEN TESTS
draw = probes.torch_rng(8101)
for count in (1, 2, 3, 5):
    layer = torch.nn.Linear(4, 3).double()
    inputs, targets = (torch.randn(30, n, generator=draw, dtype=torch.float64) for n in (4, 3))
    batches = zip(inputs.chunk(count), targets.chunk(count), strict=True)
    losses = [F.mse_loss(layer(x), y) for x, y in batches]
    shares = [list(torch.autograd.grad(loss, list(layer.parameters()))) for loss in losses]
    before = [[tensor.clone() for tensor in worker] for worker in shares]
    loss = F.mse_loss(layer(inputs), targets)
    expected = list(torch.autograd.grad(loss, list(layer.parameters())))
    probes.assert_close(probes.call(average_gradients, shares), expected, "the averaged gradients")
    probes.assert_close(shares, before, "the workers' own gradients after the call")
    probes.assert_facts(probes.facts_of("averaged", average_gradients, shares))
    short = [[tensor.float() for tensor in worker] for worker in shares]
    probes.assert_facts(probes.facts_of("averaged", average_gradients, short))
    probes.assert_stays_on_device(average_gradients, shares)
flat, tall = torch.zeros(2, 3), torch.zeros(3, 2)
for pair in ([[flat], [tall]], [[tall], [flat]]):
    probes.assert_raises_value_error(average_gradients, pair, mentions=["2, 3", "3, 2"])
probes.assert_raises_value_error(
    average_gradients, [[flat], [flat], [tall]], mentions=["2, 3", "3, 2"]
)
probes.assert_raises_value_error(
    average_gradients, [[flat, flat, flat], [flat, flat, tall]], mentions=["2, 3", "3, 2"]
)
for numbers in ((4, 4, 7), (7, 7, 4)):
    unequal = [[flat] * number for number in numbers]
    probes.assert_raises_value_error(average_gradients, unequal, mentions=["4", "7"])
probes.assert_raises_value_error(
    average_gradients, [[torch.zeros(1)], [torch.zeros(6)]], mentions=["1", "6"]
)
### END HIDDEN TESTS

# %% [markdown]
# **By hand = by library.** Now in earnest. `torchrun`, here started as a Python module, starts two processes of one program, `medseg.data_parallel`, and tells each its number, 0 or 1. Each takes half of a batch of eight pictures; `torch.distributed.all_reduce` adds up the gradients of all of them over the network, here by the library *gloo* on your own machine. Then the same program runs once more as a single process on the whole batch.
#
# Each worker has left its own gradients in a file. We average them with your function, and compare. Starting the processes takes most of the time, half a minute or more in all. (When nbgrader runs this notebook, the processes are left out.)

# %%
average_gradients = yours_or_ours(average_gradients)
if not training.graded():
    launch = ["torch.distributed.run", "--standalone", "--local-addr", "localhost"]
    launch += ["--nproc-per-node", "2", "-m"]
    with tempfile.TemporaryDirectory() as folder:
        runs = {"two": launch, "one": []}
        for name, prefix in runs.items():
            print(f"processes: {name} …", flush=True)
            command = [sys.executable, "-m", *prefix, "medseg.data_parallel", Path(folder, name)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            print(done.stdout or done.stderr[-2000:], end="")
        own = [gradients(Path(folder, "two", f"worker_{k}.pt")) for k in (0, 1)]
        reduced = gradients(Path(folder, "two", "averaged.pt"))
        single = gradients(Path(folder, "one", "averaged.pt"))

    def apart_by(some, others):
        """The largest difference between two lists of gradients."""
        return max((a - b).abs().max().item() for a, b in zip(some, others, strict=True))

    averaged = average_gradients(own)
    print(f"worker 0 and worker 1 differ by         {apart_by(*own):.1e}")
    print(f"your average and all_reduce differ by   {apart_by(averaged, reduced):.1e}")
    print(f"your average and one process differ by  {apart_by(averaged, single):.1e}")

# %% [markdown]
# The two workers saw different pictures and got different gradients; their average is the gradient of the whole batch, up to the last digits of a float32. Two things must hold. The shares must be of one size, or the mean of means is not the mean. And nothing in the network may mix the pictures of a batch: `BatchNorm` calculates its means over a share only. The program uses `GroupNorm`; on graphics cards, `torch.nn.SyncBatchNorm` lets the workers exchange their means.
#
# On a cluster, the same program runs on many machines. Its queue (Slurm) wants a script with what you need; `scripts/train.slurm`, which comes with the course, asks for two machines with four processes each, and its heart is
#
# ```
# srun torchrun --nnodes "$SLURM_JOB_NUM_NODES" --nproc-per-node 4 \
#     --rdzv-backend c10d --rdzv-id "$SLURM_JOB_ID" --rdzv-endpoint "$first:$port" \
#     -m medseg.data_parallel results --steps 500
# ```
#
# where all processes meet at `$first`, the first machine, and there at the network port `$port`, a number that the script derives from the job's, so that two jobs do not collide. Around your own training loop nothing else changes: `init_process_group`, a share of each batch, one `all_reduce`. `torch.nn.parallel.DistributedDataParallel` does the last one while the backward pass is still going on, so that nobody waits.
#
# ## 8.2 The line between two cells
#
# Back to the cells. The line between them is less than two per cent of the pixels, so a network that ignores it loses next to nothing. Unit 5 met the same trouble with rare classes. But background is not rare; only *this* background is precious. So the weight must depend on the place. [RFB15] give each background pixel $x$ a weight
#
# $$w(x) = w_c(x) + w_0 \cdot \exp\left(-\frac{(d_1(x) + d_2(x))^2}{2\sigma^2}\right)$$
#
# where $d_1$ and $d_2$ are its distances, from the centre of the pixel to that of the nearest pixel, to the nearest and to the second nearest cell, $w_0 = 10$ and $\sigma = 5$ pixels; $w_c$ balances the classes and is 1 for us. Only where *two* cells are near is the sum small and the weight large: beside a lonely cell, $d_2$ is large, and nothing happens. You write the second term.
#
# *By hand.* A row of four pixels, two cells with two pixels of background between them: 1 0 0 2. For the first background pixel, $d_1 = 1$ and $d_2 = 2$; for the other it is the same. Both get $10 \cdot \exp(-9 / 50) = 8.35$, the cells 0.
#
# *Tools.* For a numpy array `mask`, `ndimage.distance_transform_edt(mask)` gives for each pixel where the mask is true the distance to the nearest pixel where it is false: so mark what is *not* the cell. SciPy works with numpy on the processor: here, and only here, you may make a detour via `instances.cpu().numpy()`; bring your result back with `torch.from_numpy(…)` and `.to(instances.device)`. `np.partition` or a sort finds the two smallest of a stack.
#
# **3 points · about 30 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "border_weights", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=30 difficulty=2
def border_weights(instances, w0=10.0, sigma=5.0):
    """Weights that are large on the background between two instances that are near each other.

    Args:
        instances: (H, W) integer tensor, 0 for background, another positive number for each
            instance; numbers may be left out, and an instance may consist of several pieces.
        w0: what the exponential is multiplied by; every weight is smaller, as d1 + d2 is at
            least 2 on the background.
        sigma: how fast the weight falls, in pixels.

    Returns:
        (H, W) float tensor on the device of `instances`: on background
        w0 * exp(-(d1 + d2)^2 / (2 sigma^2)), with d1 and d2 the Euclidean distances in pixels,
        between the centres of pixels, to the nearest pixels of the two nearest instances; 0 inside
        the instances, and 0 everywhere if there are fewer than two.

    Formula: Ronneberger, Fischer and Brox (2015), equation 2, without w_c.
    """
    ### BEGIN SOLUTION
    labels = instances.cpu().numpy()
    numbers = np.unique(labels[labels > 0])
    weights = np.zeros(labels.shape, dtype=np.float32)
    if len(numbers) >= 2:
        away = np.stack([ndimage.distance_transform_edt(labels != k) for k in numbers])
        nearest, second = np.sort(away, axis=0)[:2]
        weights = w0 * np.exp(-((nearest + second) ** 2) / (2 * sigma**2))
        weights[labels > 0] = 0
    return torch.from_numpy(weights).float().to(instances.device)
    ### END SOLUTION


# %%
check("08_scaling_up.border_weights", border_weights)

# %% nbgrader={"grade": true, "grade_id": "test_border_weights", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
result = border_weights(torch.tensor([[1, 0, 0, 2]]))
probes.assert_close(result, torch.tensor([[0, 8.352702, 8.352702, 0]]), "the weights of 1 0 0 2")
assert (border_weights(torch.tensor([[0, 3, 3, 0]])) == 0).all(), "one instance: no border, 0"

# %% nbgrader={"grade": true, "grade_id": "test_border_weights_hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Random instances in pieces, compared with the distances of all pairs of pixels; w0, sigma; the device.
### BEGIN HIDDEN TESTS
from scipy.spatial.distance import cdist

draw = probes.rng(8201)
for shape, ids, w0, sigma in [
    ((11, 14), [1, 2, 3, 4], 10.0, 5.0),
    ((9, 7), [2, 9], 3.0, 2.0),
    ((6, 17), [5, 6, 40], 1.0, 8.0),
    ((8, 8), [7], 10.0, 5.0),
    ((5, 4), [], 10.0, 5.0),
]:
    plane = np.zeros(shape, dtype=np.int64)
    for number in np.repeat(ids, 2).astype(int):
        row, column = draw.integers(0, shape)
        plane[row : row + 2, column : column + 3] = number
    expected = np.zeros(shape)
    grounds = np.argwhere(plane == 0)
    present = [k for k in np.unique(plane) if k]
    if len(present) >= 2:
        all_pairs = np.stack([cdist(grounds, np.argwhere(plane == k)).min(1) for k in present])
        total = np.partition(all_pairs, 1, axis=0)[:2].sum(0)
        expected[tuple(grounds.T)] = w0 * np.exp(-(total**2) / (2 * sigma**2))
    plane = torch.from_numpy(plane)
    result = probes.call(border_weights, plane, w0, sigma)
    probes.assert_close(result, torch.from_numpy(expected), "the weights")
    probes.assert_returns_to_device(border_weights, plane, w0, sigma)
### END HIDDEN TESTS

# %% [markdown]
# Here are your weights on the picture from the beginning: bright between the cells, dark where a cell has no neighbour.

# %%
border_weights = yours_or_ours(border_weights)
glow = border_weights(torch.from_numpy(apart(truth)))
figure = Figure(figsize=(9.4, 4), layout="constrained")
left, middle = figure.subplots(1, 2)
left.imshow(picture, cmap="gray")
left.set_title("picture")
shown = middle.imshow(glow.cpu(), cmap="cividis", vmin=0, vmax=10)
middle.contour(truth > 0, [0.5], colors="white", linewidths=0.6)
middle.set_title("weight of a background pixel")
figure.colorbar(shown, ax=middle)
for axes in (left, middle):
    axes.set_axis_off()
plots.show(
    figure,
    f"Cells, and the border weights: up to {glow.max():.1f} on the thin lines between touching "
    f"cells, near 0 far from any pair; {(glow > 1).double().mean():.1%} of the pixels are above 1.",
)

# %% [markdown]
# ## 8.3 A loss that listens to the weights
#
# With $N$ pictures of $|\Omega|$ pixels each, and $p_{\ell(x)}(x)$ the softmax probability that the network gives to the true class $\ell(x)$ of pixel $x$, the weighted cross-entropy is [RFB15, equation 1, as a mean and with the sign that makes it a loss]
#
# $$E = -\frac{1}{N\,|\Omega|} \sum_{x} w(x) \, \ln p_{\ell(x)}(x)$$
#
# We divide by the number of pixels, not by the sum of the weights: a picture full of borders should count for more. *By hand.* Two pixels, two classes, all logits 0, so that $p = 1/2$ everywhere; weights 5 and 1. $E = -\frac{1}{2}(5 + 1)\ln\frac12 = 3 \cdot 0.693 = 2.079$.
#
# **1 point · about 10 minutes · difficulty 1 of 3**
#
# Take `F.log_softmax` or `F.cross_entropy` (look up `reduction`); a logarithm after a softmax would break at large logits, as unit 5 shows.


# %% nbgrader={"grade": false, "grade_id": "weighted_cross_entropy", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=10 difficulty=1
def weighted_cross_entropy(logits, labels, weights):
    """Cross-entropy with a weight for each pixel.

    Args:
        logits: (N, C, H, W) float tensor.
        labels: (N, H, W) int64 tensor, the class of each pixel, 0 to C - 1.
        weights: (N, H, W) float tensor, not negative.

    Returns:
        A float tensor without axes: the mean over all N * H * W pixels of the weight times the
        cross-entropy of the pixel. Finite, with finite gradients, for logits up to 1e4.
    """
    ### BEGIN SOLUTION
    each = F.cross_entropy(logits, labels, reduction="none")
    return (weights * each).mean()
    ### END SOLUTION


# %%
check("08_scaling_up.weighted_cross_entropy", weighted_cross_entropy)

# %% nbgrader={"grade": true, "grade_id": "test_weighted_cross_entropy", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# By hand; then random pictures, compared with scipy; huge logits; gradients; the device.
result = weighted_cross_entropy(
    torch.zeros(1, 2, 1, 2), torch.tensor([[[0, 1]]]), torch.tensor([[[5.0, 1.0]]])
)
probes.assert_close(result, torch.tensor(2.079442), "the loss of the example")
### BEGIN HIDDEN TESTS
from scipy.special import log_softmax

rng = probes.rng(8301)
for size, classes, scale in [((2, 5, 7), 3, 1.0), ((3, 4, 2), 5, 4.0), ((1, 6, 6), 2, 1e4)]:
    scores = rng.normal(0, scale, (size[0], classes, *size[1:]))
    kinds, precious = rng.integers(0, classes, size), rng.uniform(0, 11, size)
    picked = np.take_along_axis(log_softmax(scores, axis=1), kinds[:, None], axis=1)[:, 0]
    parts = [torch.from_numpy(a) for a in (scores, kinds, precious)]
    expected = torch.tensor(-(precious * picked).mean(), dtype=torch.float64)
    probes.assert_close(probes.call(weighted_cross_entropy, *parts), expected, "the loss")
    slope = probes.gradient_of(weighted_cross_entropy, *parts)
    assert torch.isfinite(slope).all(), "the gradient should be finite"
    probes.assert_stays_on_device(weighted_cross_entropy, *parts)
### END HIDDEN TESTS

# %% [markdown]
# ## Full circle
#
# Now the same network once more: the same start, the same batches, the same number of steps. Only the weights differ: that of each pixel is now 1 plus `border_weights`.

# %%
weights = 1 + torch.stack([border_weights(instances) for instances in parted])
weighted_cross_entropy = yours_or_ours(weighted_cross_entropy)
careful = train_on_cells(weighted_cross_entropy, weights)

# %% [markdown]
# Four pictures that neither network has seen. Three answers to each: unit 1's connected components *of the true classes*, the best that one could do without a border; the components that the plain network finds; and those of the careful one. Panoptic quality from unit 4 judges: for one class $PQ = SQ \cdot RQ$, how well things are outlined times how many are found. Each column of the table is a mean over the two classes, so that $PQ$ is not $SQ \cdot RQ$ of its row.


# %%
def panoptic_of(semantic, instances):
    """One number per pixel, as in unit 1: class times 256 plus instance, of which 255 fit in."""
    return torch.from_numpy(semantic.astype(np.int64) * 256 + np.minimum(instances, 255))


held_out = [cells(seed, 160) for seed in range(1000, 1004)]
answers = {"unit 1: components of the truth": [], "plain network": [], "with border weights": []}
for image, instances in held_out:
    kinds = (instances > 0) + 1
    answers["unit 1: components of the truth"].append((kinds, instances_from_semantic(kinds, [2])))
    answers["plain network"].append(cells_of(plain, image))
    answers["with border weights"].append(cells_of(careful, image))

targets = [panoptic_of((instances > 0) + 1, instances) for _, instances in held_out]
print(f"{'':<32} {'PQ':>6} {'SQ':>6} {'RQ':>6} {'cells':>7}")
quality, counts = {}, {}
for name, maps in answers.items():
    scores = [panoptic_quality(panoptic_of(*m), t) for m, t in zip(maps, targets, strict=True)]
    quality[name], counts[name] = np.mean(scores, axis=0), sum(int(m[1].max()) for m in maps)
    print(f"{name:<32} {' '.join(f'{q:6.3f}' for q in quality[name])} {counts[name]:7}")
total = sum(int(instances.max()) for _, instances in held_out)
print(f"{'truth':<32} {1:6.3f} {1:6.3f} {1:6.3f} {total:7}")

# %% [markdown]
# And here is the picture from the beginning again. Two things can go wrong with a cell: it is *merged* with a neighbour, several cells found as one, or it is *split*, one cell found as several.
#
# *Before you run it:* which of the two will you see, and will the border weights bring the other one with them?

# %%
image, instances = held_out[-1]
found = {name.removeprefix("unit 1: "): maps[-1][1] for name, maps in answers.items()}
plots.show(*plots.found_instances(image, instances, found))

# %% [markdown]
# Nearly all that goes wrong is merging, outlined in orange-red; dashed blue, for split cells, is rare or missing. A few pixels of bridge are enough to merge two cells, while a cell is split only by a line that runs all the way through it. So the weights can press the network hard to draw lines, and it still splits next to nothing: they ask for lines where two cells are near each other, never inside one.
#
# Now read the last column of the table from the top. Components of the *true* classes count about a third of the cells: whatever touches is one. The plain network counts most of them, as its training pictures have a line of background between cells that touch, and it has learnt to draw some of that line. One term in the loss, of one line, and the careful network draws nearly all of it. The price: a line that is drawn is counted as background, so the outlines beside it are a little too small. It is a price worth paying.
#
# **By hand = by library.** torchmetrics, class by class, on the answers of the careful network for this picture. The first row is the cells, the second the background, and their mean is your number.

# %%
from torchmetrics.functional.detection import panoptic_quality as library_quality

last = panoptic_of(*answers["with border weights"][-1])
as_pairs = [torch.stack([m // 256, m % 256], dim=-1)[None] for m in (last, targets[-1])]
rows = library_quality(*as_pairs, {2}, {1}, return_sq_and_rq=True, return_per_class=True)
for name, row in zip(("cells", "background"), rows.reshape(-1, 3).tolist(), strict=True):
    print(f"{name:<11} PQ {row[0]:.3f}   SQ {row[1]:.3f}   RQ {row[2]:.3f}")
print("mean, yours", round(panoptic_quality(last, targets[-1])[0], 3))

# %% [markdown]
# ## What you have built
#
# Look back for a moment. From an empty cell you have written
#
# - the four answers to one picture, and the numbers that hold them (unit 1);
# - the way from a cloud of laser points to an image and back (unit 2), and from a voxel to a place in a patient's body (unit 3);
# - the measures that cannot be fooled (unit 4), and losses for what is rare (unit 5);
# - a U-Net, every layer and every skip of it (unit 6), that learnt the zones of a prostate (unit 7);
# - and today the averaging that lets a thousand cards learn as one, and the weights that part what touches.
#
# None of it was a black box, and you have checked each piece against the libraries that the field uses. When you call them from now on, you know what they do, and what to look for when they do something else.
#
# ## Where to go
#
# - **Your own data.** Unit 7 takes any folder in the layout of the Medical Segmentation Decathlon. Begin with ten cases, a split by patient, and one slice that you overfit.
# - **Sharper outlines.** Grow the components by one pixel (`ndimage.grey_dilation` where nothing is), and see what SQ gains. Then try $\sigma = 2$ and $w_0 = 50$: what do they buy, and what do they cost?
# - **Instances without components.** StarDist (Schmidt et al. 2018) and Cellpose (Stringer et al. 2021) let each pixel say where its cell lies. Where would border weights fail, and these not?
# - **A recipe that configures itself.** nnU-Net [Ise+21] chooses patch, spacing and batch from the data; you can now read its source, and know each of its choices by name.
# - **The cars of unit 1.** Its street is seeded: `medseg.scenes` draws as many as you like. The line between two cars awaits you.
#
# ## Sources
#
# - [RFB15] O. Ronneberger, P. Fischer, T. Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation. MICCAI 2015.
# - [Ise+21] F. Isensee, P. F. Jaeger, S. A. A. Kohl, J. Petersen, K. H. Maier-Hein: nnU-Net: a self-configuring method for deep learning-based biomedical image segmentation. Nature Methods, 2021.
# - P. Micikevicius et al.: Mixed Precision Training. ICLR 2018.
# - S. Li et al.: PyTorch Distributed: Experiences on Accelerating Data Parallel Training. VLDB 2020.
# - U. Schmidt, M. Weigert, C. Broaddus, G. Myers: Cell Detection with Star-Convex Polygons. MICCAI 2018.
# - C. Stringer, T. Wang, M. Michaelos, M. Pachitariu: Cellpose: a generalist algorithm for cellular segmentation. Nature Methods, 2021.
# - A. Kirillov, K. He, R. Girshick, C. Rother, P. Dollár: Panoptic Segmentation. CVPR 2019.

# %% [markdown]
# ## Where you stand
#
# The card tries each exercise as you last ran it in this notebook, and says what to do next.

# %%
from medseg import where_you_stand

where_you_stand("08_scaling_up", globals())
