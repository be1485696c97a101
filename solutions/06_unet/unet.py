# %% [markdown]
# # Unit 6: The U-Net
#
# A network that names the class of every pixel has to answer two questions at once. *What is this?* needs a wide view: a bright patch is peripheral zone only because of the gland around it. *Where exactly does it end?* needs every single pixel. Pooling widens the view and loses the pixels. The U-Net of Ronneberger, Fischer and Brox [RFB15] answers both: a contracting path that looks ever wider, an expanding path that returns to full size, and *skips* that carry the fine detail across.
#
# In this unit you build it, from the arithmetic of one convolution to a network that segments a slice. You need no earlier unit.
#
# | exercise | points | minutes |
# | --- | --- | --- |
# | 6.1 `conv_output_size` | 2 | 10 |
# | 6.2 `valid_unet_output_size` | 2 | 15 |
# | 6.3 `DoubleConv` | 3 | 15 |
# | 6.4 `Down` | 2 | 5 |
# | 6.5 `Up` | 3 | 20 |
# | 6.6 `UNet` | 5 | 30 |
# | 6.7 `receptive_field` | 2 | 10 |
# | 6.8 `overlap_tile` | 3 | 30 |
#
# About 165 minutes in all, with the reading.
#
# Cells that hold only a comment are filled with tests when your notebook is graded. Leave them as they are. So should your functions leave every array, tensor and list that they are given: all tests look at that. Stuck? `hint("06_unet.conv_output_size")` gives one hint more at each call.

# %%
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional as F

from medseg import check, hint, plots, probes, widgets, yours_or_ours
from medseg.cases import phantom_cases, slices
from medseg.plots import Stage, draw_u

# %% [markdown]
# Here is what we are after. Each box is a block of the network; the number in it counts its channels, the numbers below give the size of its output. Each arrow is a step, and the legend says what it does. On the left the size halves and the channels double from level to level; on the right this is undone; the dotted arrows are the skips. The shape gives the network its name.

# %%
sizes = [(16, 128), (32, 64), (64, 32), (128, 16), (256, 8)]
way_down = [Stage(f"down {k}" if k else "enter", (c, s, s)) for k, (c, s) in enumerate(sizes)]
way_up = [Stage(f"up {k}", (c, s, s)) for k, (c, s) in enumerate(sizes[-2::-1], start=1)]
picture, description = draw_u(
    [Stage("image", (1, 128, 128)), *way_down, *way_up, Stage("head", (5, 128, 128))]
)
plots.show(picture, description)

# %% [markdown]
# And this is what it works on: one slice of a prostate phantom, without and with the zones that an expert would draw.

# %%
case = phantom_cases(1, seed=6, progress=False)[0]
plots.show(*plots.show_case(case))

# %% [markdown]
# ## 6.1 How large is the output?
#
# A convolution slides a window of $k$ pixels along an axis of $n$ pixels, in steps of $s$, after $p$ pixels of padding were added at both ends. It gives one output per position of the window:
#
# $$n' = \left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# Here $\lfloor\cdot\rfloor$ rounds down: a last step that would leave the image is not taken. A pooling follows the same rule, with $k = s = 2$.
#
# Three short names, used from here on: a *3-convolution* has a window of 3 pixels along each axis, a *2-pooling* takes windows of 2 in steps of 2, and a *2-up-convolution* does the reverse: it makes 2 × 2 pixels of each one.
#
# By hand: five pixels, a window of three, step two, no padding. The window can begin at pixel 0 and at pixel 2, so $n' = 2$; the formula says $\lfloor 2/2 \rfloor + 1 = 2$.
#
# **2 points · about 10 minutes · difficulty 1 of 3**
#
# Part of this exercise is to refuse what makes no sense. If the window is larger than the padded image, raise a `ValueError` whose message names both numbers: the padded size that came and the kernel that needs more.


# %% nbgrader={"grade": false, "grade_id": "conv_output_size", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=10 difficulty=1
def conv_output_size(size, kernel, stride=1, padding=0):
    """Output size of a convolution or pooling along one axis.

    Args:
        size: input size n in pixels, int.
        kernel: window k in pixels, int.
        stride: step s in pixels, int, at least 1.
        padding: pixels p added at both ends, int.

    Returns:
        The output size n' in pixels, int.

    Raises:
        ValueError: the window is larger than the padded input; the message names the padded size
            and the kernel.

    Formula: Dumoulin and Visin (2016), A guide to convolution arithmetic, relationship 6.
    """
    ### BEGIN SOLUTION
    padded = size + 2 * padding
    if padded < kernel:
        raise ValueError(f"the padded size is {padded}, expected at least the kernel, {kernel}")
    return (padded - kernel) // stride + 1
    ### END SOLUTION


# %%
check("06_unet.conv_output_size", conv_output_size)

# %% nbgrader={"grade": true, "grade_id": "test_conv_output_size", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
assert conv_output_size(5, 3, stride=2) == 2
assert conv_output_size(128, 3, padding=1) == 128, "a 3-convolution with padding 1 keeps the size"
assert conv_output_size(2, 3, padding=1) == 2, "with padding the window of 3 fits twice"
assert conv_output_size(5, 5) == 1, "a window as large as the image has one position"
probes.assert_raises_value_error(conv_output_size, 2, 7, padding=1, mentions=["4", "7"])

# %% nbgrader={"grade": true, "grade_id": "test_conv_output_size_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Random windows, compared with the layers of torch.
### BEGIN HIDDEN TESTS
rng = probes.rng(6101)
for _ in range(40):
    size, kernel = (int(v) for v in rng.integers((8, 1), (40, 8)))
    stride, padding = (int(v) for v in rng.integers((1, 0), (4, 4)))
    layer = nn.Conv1d(1, 1, kernel, stride, padding)
    expected = layer(torch.zeros(1, 1, size)).shape[-1]
    call = f"conv_output_size({size}, {kernel}, {stride}, {padding})"
    probes.assert_close(
        probes.call(conv_output_size, size, kernel, stride, padding), expected, call
    )
for size, padding in [(1, 0), (4, 0), (3, 1), (1, 3), (6, 2)]:
    just_fits = size + 2 * padding
    probes.assert_close(
        probes.call(conv_output_size, size, just_fits, 2, padding), 1, "a window that just fits"
    )
probes.assert_raises_value_error(conv_output_size, 3, 9, 1, 2, mentions=["7", "9"])
for stride in (1, 2, 3, 7):  # a window that is too large by one pixel
    probes.assert_raises_value_error(conv_output_size, 3, 8, stride, 2, mentions=["7", "8"])
### END HIDDEN TESTS

# %% [markdown]
# ## 6.2 The size of the whole U
#
# [RFB15] do not pad. Every 3-convolution then costs two pixels, and the output is smaller than the input: their network turns 572 pixels into 388. Each level of the contracting path has two 3-convolutions, then a 2-pooling; the bottom has two 3-convolutions; each level of the expanding path doubles the size by a 2-up-convolution, then has two 3-convolutions again. `depth` counts the poolings.
#
# By hand, `depth=1`, 20 pixels: two convolutions leave 16, pooling 8, the bottom 4; doubled 8, two convolutions leave 4. With 16 pixels the same walk gives 12, 6, 2, 4 and 0: nothing is left, so 16 does not fit. Neither does a size that is odd at a pooling, where one row of pixels would be lost silently.
#
# A size that does not fit is refused: raise a `ValueError` whose message names the size on the way that is odd or too small. With 571 pixels that is 567, at the first pooling.
#
# **2 points · about 15 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "valid_unet_output_size", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=15 difficulty=2
def valid_unet_output_size(size, depth=4):
    """Output size of the U-Net of [RFB15], which does not pad.

    Args:
        size: edge of the square input in pixels, int.
        depth: number of poolings, int; 0 leaves the two convolutions of the bottom.

    Returns:
        The edge of the output in pixels, int.

    Raises:
        ValueError: a size on the way is odd where it is pooled, or falls below 1 pixel; the
            message names that size and says what was expected.
    """
    ### BEGIN SOLUTION
    now = size
    for level in range(depth):
        now -= 4
        if now < 2 or now % 2:
            raise ValueError(f"level {level} has {now} pixels to pool, expected an even number > 0")
        now //= 2
    now -= 4
    for _ in range(depth):
        now = 2 * now - 4
    if now < 1:
        raise ValueError(f"{now} pixels are left at the end, expected at least 1")
    return now
    ### END SOLUTION


# %%
check("06_unet.valid_unet_output_size", valid_unet_output_size)

# %% nbgrader={"grade": true, "grade_id": "test_valid_unet_output_size", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
assert valid_unet_output_size(20, depth=1) == 4
probes.assert_raises_value_error(valid_unet_output_size, 16, 1)  # nothing is left, see above
assert valid_unet_output_size(572) == 388, "the sizes of [RFB15], figure 1"
probes.assert_raises_value_error(valid_unet_output_size, 571, mentions=["567"])


# %% nbgrader={"grade": true, "grade_id": "test_valid_unet_output_size_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Many sizes up to 700 pixels, compared with a walk through torch's layers.
### BEGIN HIDDEN TESTS
def measured(size, depth):
    x = torch.empty(1, 1, size, device="meta")
    conv, pool = nn.Conv1d(1, 1, 5, device="meta"), nn.MaxPool1d(2)
    up = nn.ConvTranspose1d(1, 1, 2, 2, device="meta")
    try:
        for _ in range(depth):
            x = conv(x)
            if x.shape[-1] % 2:
                return None
            x = pool(x)
        x = conv(x)
        for _ in range(depth):
            x = conv(up(x))
    except RuntimeError:
        return None
    return x.shape[-1] if x.shape[-1] > 0 else None


for size in [
    *range(4, 45),
    *probes.rng(6201).choice(np.arange(45, 700), 50, replace=False).tolist(),
]:
    for depth in range(5):
        expected = measured(size, depth)
        if expected is None:
            probes.assert_raises_value_error(valid_unet_output_size, size, depth)
        else:
            result = probes.call(valid_unet_output_size, size, depth)
            probes.assert_close(result, expected, f"valid_unet_output_size({size}, {depth})")
# Odd at the second pooling, and at the third.
probes.assert_raises_value_error(valid_unet_output_size, 590, 3, mentions=["289"])
probes.assert_raises_value_error(valid_unet_output_size, 112, 3, mentions=["21"])
### END HIDDEN TESTS

# %% [markdown]
# From here on we pad, as most U-Nets do today: a 3-convolution with padding 1 keeps the size, and prediction and image lie pixel on pixel.
#
# ## 6.3 Two convolutions
#
# One block is used everywhere in the U: convolution, normalisation, ReLU, and the same again. One 3-convolution sees 3 pixels, two see 5, and where the number of channels stays the same they do it with fewer weights than one 5-convolution, 18 to 25. Normalisation keeps the numbers in a range in which training is fast ([RFB15] do without: batch normalisation was published that same year). ReLU, $\max(0, x)$, makes two convolutions more than one: without it, the two could be merged into a single one.
#
# `dims` says whether images are 2D (N, C, H, W) or volumes (N, C, D, H, W). `nn.Conv2d` and `nn.Conv3d` take the same arguments.
#
# *Which normalisation?* Take `nn.BatchNorm2d(out_channels)`, for volumes `nn.BatchNorm3d(out_channels)`, one for each convolution. In training it uses mean and standard deviation of each channel over the batch and all pixels; in evaluation mode those that it gathered before.
#
# *For those who have met others.* With batch normalisation each output depends only on the pixels that the convolutions see, in evaluation mode; its price is that in training a single picture must not shrink to a single pixel at the deepest level. `nn.GroupNorm(groups, out_channels)` normalises groups of channels over the whole picture, in evaluation mode too. With about four channels per group it is a right answer as well (`groups` must divide the number of channels, so take 1 where four do not), but then each output depends on the whole picture, which matters in 6.7 and 6.8. `nn.InstanceNorm2d`, one channel per group, fails on a single pixel and does not fit here.
#
# **3 points · about 15 minutes · difficulty 1 of 3**


# %% nbgrader={"grade": false, "grade_id": "DoubleConv", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=15 difficulty=1
class DoubleConv(nn.Module):
    """Two 3-convolutions that keep the size, each followed by a normalisation and a ReLU.

    In evaluation mode it also works on a single picture of a single pixel.

    Args:
        in_channels, out_channels: channels of input and output; the second convolution has
            out_channels on both sides.
        dims: 2 for images (N, C, H, W), 3 for volumes (N, C, D, H, W).

    Its output is (N, out_channels, *spatial), float, with the spatial size of its input.
    """

    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        ### BEGIN SOLUTION
        conv = {2: nn.Conv2d, 3: nn.Conv3d}[dims]
        norm = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[dims]
        self.layers = nn.Sequential(
            conv(in_channels, out_channels, 3, padding=1, bias=False),
            norm(out_channels),
            nn.ReLU(inplace=True),
            conv(out_channels, out_channels, 3, padding=1, bias=False),
            norm(out_channels),
            nn.ReLU(inplace=True),
        )
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.layers(x)
        ### END SOLUTION


# %%
check("06_unet.DoubleConv", DoubleConv)

# %% nbgrader={"grade": true, "grade_id": "test_DoubleConv", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
block = {"in_channels": 3, "out_channels": 8}
output = probes.output_of(DoubleConv, block, torch.zeros(2, 3, 9, 12))
assert output.shape == (2, 8, 9, 12), (
    f"expected shape (2, 8, 9, 12), yours is {tuple(output.shape)}"
)
assert probes.reach(DoubleConv, block, torch.zeros(1, 3, 15, 15)) == [5, 5], (
    "two convolutions see 5"
)
assert probes.relu_in_between(DoubleConv, block), "where is the first ReLU?"
assert probes.relu_at_the_end(DoubleConv, block), "where is the second ReLU?"

# %% nbgrader={"grade": true, "grade_id": "test_DoubleConv_hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Volumes, odd sizes, one pixel, gradients, the device; the windows, the normalisations, the ReLUs.
### BEGIN HIDDEN TESTS
block = {"in_channels": 3, "out_channels": 7}
for dims, size in [(2, (7, 10)), (2, (1, 1)), (3, (4, 6, 5))]:
    options = {"in_channels": 2, "out_channels": 6, "dims": dims}
    facts = probes.module_facts(DoubleConv, options, torch.ones(2, 2, *size))
    assert facts["output shape"] == [2, 6, *size], facts
    assert facts["every parameter takes part"], "some parameters do not act on the output"
    assert facts["output is finite"], "the output is not finite"
    probes.assert_module_stays_on_device(DoubleConv, options, torch.ones(2, 2, *size))
assert probes.reach(DoubleConv, {**block, "dims": 3}, torch.zeros(1, 3, 9, 9, 9)) == [
    5,
    5,
    5,
]
assert not probes.is_linear(DoubleConv, block, (1, 3, 8, 8)), "without ReLU the block is linear"
assert probes.uses_every_channel(DoubleConv, block, (1, 3, 8, 8)), (
    "each output needs each input channel"
)
for dims in (2, 3):
    channels = probes.block_channels(DoubleConv, {**block, "dims": dims})
    assert channels == [[3, 7], [7, 7]], f"[[3, 7], [7, 7]] channels are due, yours are {channels}"
    windows = probes.three_convolutions(DoubleConv, {**block, "dims": dims})
    assert windows == 2, f"two 3-convolutions are due, yours has {windows}"
same = {"in_channels": 4, "out_channels": 4}
for options in (block, same):
    assert probes.no_way_around(DoubleConv, options), "all must pass through both convolutions"
    assert probes.never_negative(DoubleConv, options), "a ReLU comes last: nothing is below 0"
    assert probes.relu_in_between(DoubleConv, options), "a ReLU follows the first convolution"
assert probes.normalises(DoubleConv, block), "a normalisation follows each convolution"
assert probes.layers_used_once(DoubleConv, block), "each convolution has its own normalisation"
between = probes.what_comes_between(DoubleConv, block)
assert between == "normalised, then cut at 0", f"the second convolution gets values {between}"
assert probes.relu_in_between(DoubleConv, block), "a ReLU follows the first convolution"
assert probes.relu_at_the_end(DoubleConv, block), "a ReLU follows the second convolution"
single = probes.output_of(DoubleConv, block, torch.ones(1, 3, 1, 1))
assert single.shape == (1, 7, 1, 1), "a single pixel should give a single pixel"
### END HIDDEN TESTS

# %% [markdown]
# ## 6.4 One level down
#
# Pooling takes the largest of 2 × 2 pixels. What follows sees twice as far and has a quarter of the pixels to work on, so it can afford twice the channels.
#
# The voxels of a prostate scan are not cubes: each is about 0.5 mm wide and 3 mm thick. For `dims=3` we therefore pool within the slice only, with a window of (1, 2, 2). If you pooled across the slices too, a gland of 15 slices would shrink to 7, 3, 1 and, after four levels, to none.
#
# **2 points · about 5 minutes · difficulty 1 of 3**


# %% nbgrader={"grade": false, "grade_id": "Down", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=5 difficulty=1
class Down(nn.Module):
    """One level down: 2-pooling within the slice, then a double convolution.

    The pooling takes the maximum; a mean, or a 2-convolution in steps of 2, will do as well.

    Args:
        in_channels, out_channels, dims: as for DoubleConv.

    (N, in_channels, H, W) becomes (N, out_channels, H // 2, W // 2); with dims=3 the number of
    slices D stays.
    """

    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        ### BEGIN SOLUTION
        self.pool = nn.MaxPool2d(2) if dims == 2 else nn.MaxPool3d((1, 2, 2))
        self.conv = DoubleConv(in_channels, out_channels, dims)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.conv(self.pool(x))
        ### END SOLUTION


# %%
check("06_unet.Down", Down)

# %% nbgrader={"grade": true, "grade_id": "test_Down", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
output = probes.output_of(Down, {"in_channels": 4, "out_channels": 8}, torch.zeros(1, 4, 12, 10))
assert output.shape == (1, 8, 6, 5), f"expected shape (1, 8, 6, 5), yours is {tuple(output.shape)}"

# %% nbgrader={"grade": true, "grade_id": "test_Down_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Volumes with few slices, odd sizes, the order of pooling and convolving, the device.
### BEGIN HIDDEN TESTS
for dims, size, expected in [
    (2, (9, 11), [4, 5]),
    (3, (3, 8, 6), [3, 4, 3]),
    (3, (1, 4, 4), [1, 2, 2]),
]:
    options = {"in_channels": 2, "out_channels": 4, "dims": dims}
    facts = probes.module_facts(Down, options, torch.ones(2, 2, *size))
    assert facts["output shape"] == [2, 4, *expected], facts
    assert facts["every parameter takes part"], "some parameters do not act on the output"
    probes.assert_module_stays_on_device(Down, options, torch.ones(2, 2, *size))
options = {"in_channels": 3, "out_channels": 5}
assert probes.keeps_the_largest(Down, options), "the largest pixel of a window should count"
assert probes.never_negative(Down, options), "a double convolution ends with a ReLU"
windows = probes.three_convolutions(Down, options)
assert windows == 2, f"a double convolution has two 3-convolutions, yours has {windows}"
seen = probes.reach(Down, {"in_channels": 1, "out_channels": 2}, torch.zeros(1, 1, 32, 32))
assert seen == [10, 10], f"an output pixel should see 10 x 10 input pixels, yours sees {seen}"
### END HIDDEN TESTS

# %% [markdown]
# ## 6.5 One level up
#
# On the way up, three things happen. The coarse features are brought to the size of the skip. Both are *concatenated* along the channels, so that the next layer can weigh them as it likes. A double convolution merges them.
#
# Sizes are the trap. Seven pixels pool to three, and three doubled are six: the last pixel is missing. So bring `x` to the skip's size, whatever that is, rather than to its own double. `F.interpolate(x, size=…, mode="bilinear")` does it in 2D, `mode="trilinear"` in 3D. ([RFB15] use a 2-up-convolution and crop the skip, since without padding the sizes differ by more than one.)
#
# **3 points · about 20 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "Up", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=20 difficulty=2
class Up(nn.Module):
    """One level up: to the skip's size, concatenate, double convolution.

    Args:
        in_channels: channels of x, from below.
        skip_channels: channels of the skip, from the left.
        out_channels, dims: as for DoubleConv.

    forward(x, skip): (N, in_channels, *coarse) and (N, skip_channels, *fine) give
    (N, out_channels, *fine), for any fine size.
    """

    def __init__(self, in_channels, skip_channels, out_channels, dims=2):
        super().__init__()
        ### BEGIN SOLUTION
        self.mode = {2: "bilinear", 3: "trilinear"}[dims]
        self.conv = DoubleConv(in_channels + skip_channels, out_channels, dims)
        ### END SOLUTION

    def forward(self, x, skip):
        ### BEGIN SOLUTION
        x = F.interpolate(x, size=skip.shape[2:], mode=self.mode, align_corners=False)
        return self.conv(torch.cat([skip, x], dim=1))
        ### END SOLUTION


# %%
check("06_unet.Up", Up)

# %% nbgrader={"grade": true, "grade_id": "test_Up", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
level = {"in_channels": 8, "skip_channels": 4, "out_channels": 4}
output = probes.output_of(Up, level, torch.zeros(1, 8, 3, 5), torch.zeros(1, 4, 7, 10))
assert output.shape == (1, 4, 7, 10), (
    f"expected the skip's size 7 x 10, yours is {tuple(output.shape)}"
)

# %% nbgrader={"grade": true, "grade_id": "test_Up_hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Odd sizes, volumes, other channel numbers; both inputs must matter; the device.
### BEGIN HIDDEN TESTS
for dims, coarse, fine in [(2, (2, 3), (5, 6)), (2, (1, 1), (3, 2)), (3, (2, 2, 3), (2, 5, 6))]:
    options = {"in_channels": 6, "skip_channels": 3, "out_channels": 5, "dims": dims}
    inputs = torch.ones(2, 6, *coarse), torch.ones(2, 3, *fine)
    facts = probes.module_facts(Up, options, *inputs)
    assert facts["output shape"] == [2, 5, *fine], facts
    assert facts["every parameter takes part"], "some parameters do not act on the output"
    probes.assert_module_stays_on_device(Up, options, *inputs)
for below, skip, out in [(10, 3, 4), (4, 7, 5), (6, 6, 3)]:
    options = {"in_channels": below, "skip_channels": skip, "out_channels": out}
    inputs = torch.ones(1, below, 2, 3), torch.ones(1, skip, 5, 6)
    assert probes.output_of(Up, options, *inputs).shape == (1, out, 5, 6), options
options = {"in_channels": 10, "skip_channels": 3, "out_channels": 4}
assert probes.joins_inputs(Up, options), (
    "the skip's channels should stand beside those from below, before two 3-convolutions"
)
windows = probes.three_convolutions(Up, options)
assert windows == 2, f"a double convolution has two 3-convolutions, yours has {windows}"
draw = probes.torch_rng(6501)
level = {"in_channels": 8, "skip_channels": 4, "out_channels": 6}
inputs = [torch.randn(1, 8, 4, 4, generator=draw), torch.randn(1, 4, 8, 8, generator=draw)]
for position, name in enumerate(["x", "skip"]):
    assert probes.depends_on(Up, level, inputs, position), f"the output does not depend on {name}"
    assert probes.teaches(Up, level, inputs, position), f"no gradient flows back to {name}"
### END HIDDEN TESTS

# %% [markdown]
# ## 6.6 The U-Net
#
# Now put it together. Level 0 has `features` channels, each level down doubles them: level $l$ has $f \cdot 2^l$. On the way down keep every level's output; on the way up use them in reverse order, the last one first. A 1-convolution, the *head*, turns the features of level 0 into one number per class: the *logits* $o_c$, which may be any real number. No softmax here: the loss of unit 5 wants logits.
#
# Use `nn.ModuleList` for the levels. Layers in an ordinary Python list are invisible to `.parameters()` and `.to(device)`: they would be neither trained nor moved.
#
# **5 points · about 30 minutes · difficulty 3 of 3**


# %% nbgrader={"grade": false, "grade_id": "UNet", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=30 difficulty=3
class UNet(nn.Module):
    """A U-Net that gives logits of its input's size [RFB15, with padding and normalisation].

    Args:
        in_channels: channels of the image, 1 for MR.
        num_classes: number of classes, background included.
        features: channels of level 0; level l has features * 2**l.
        depth: number of poolings; there are depth + 1 levels.
        dims: 2 for images (N, C, H, W), 3 for volumes (N, C, D, H, W), pooled in-plane only.

    forward(x): (N, in_channels, *spatial) float gives logits (N, num_classes, *spatial), for any
    size of at least 2**depth in the pooled axes; a 1-convolution makes them of level 0.
    """

    def __init__(self, in_channels, num_classes, features=16, depth=4, dims=2):
        super().__init__()
        ### BEGIN SOLUTION
        widths = [features * 2**level for level in range(depth + 1)]
        self.enter = DoubleConv(in_channels, widths[0], dims)
        self.down = nn.ModuleList(
            Down(widths[level], widths[level + 1], dims) for level in range(depth)
        )
        self.up = nn.ModuleList(
            Up(widths[level + 1], widths[level], widths[level], dims)
            for level in reversed(range(depth))
        )
        self.head = {2: nn.Conv2d, 3: nn.Conv3d}[dims](widths[0], num_classes, 1)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        x = self.enter(x)
        skips = []
        for down in self.down:
            skips.append(x)
            x = down(x)
        for up in self.up:
            x = up(x, skips.pop())
        return self.head(x)
        ### END SOLUTION


# %%
check("06_unet.UNet", UNet)

# %% nbgrader={"grade": true, "grade_id": "test_UNet", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
small = {"in_channels": 1, "num_classes": 5, "features": 4, "depth": 2}
output = probes.output_of(UNet, small, torch.zeros(1, 1, 18, 21))
assert output.shape == (1, 5, 18, 21), f"expected (1, 5, 18, 21), yours is {tuple(output.shape)}"
assert probes.widths(UNet, small, 4) == [4, 8, 16], "level l should have features * 2**l channels"

# %% nbgrader={"grade": true, "grade_id": "test_UNet_hidden", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Many sizes, volumes, depths; every parameter, every skip; logits without a bound; the device.
### BEGIN HIDDEN TESTS
draw = probes.torch_rng(6601)
cases = [(2, 4, (16, 16)), (2, 3, (8, 13)), (2, 1, (2, 3)), (3, 2, (1, 4, 7)), (3, 1, (5, 6, 4))]
for dims, depth, size in cases:
    options = {"in_channels": 2, "num_classes": 3, "features": 3, "depth": depth, "dims": dims}
    image = torch.randn(2, 2, *size, generator=draw)
    facts = probes.module_facts(UNet, options, image)
    assert facts["output shape"] == [2, 3, *size], facts
    assert facts["every parameter takes part"], "some parameters do not act on the output"
    assert probes.widths(UNet, options, 3) == [3 * 2**k for k in range(depth + 1)], options
    probes.assert_module_stays_on_device(UNet, options, image)
image = torch.randn(4, 1, 32, 32, generator=draw)
small = {"in_channels": 1, "num_classes": 4, "features": 5, "depth": 2}
default = probes.widths(UNet, {"in_channels": 1, "num_classes": 2}, 16)
assert default == [16, 32, 64, 128, 256], f"features=16, depth=4 are due; the levels have {default}"
assert probes.gives_logits(UNet, small, image), "the output looks bounded: give logits, no softmax"
assert probes.keeps_detail(UNet, small), "fine detail does not reach the output: use the skips"
assert probes.has_pointwise_head(UNet, small), "the head should be a 1-convolution"
for depth in (2, 3):
    deeper = {"in_channels": 1, "num_classes": 4, "features": 3, "depth": depth}
    assert probes.own_skips(UNet, deeper), "each level should join the skip of its own size"
assert probes.keeps_batch_apart(UNet, small, image), "in evaluation mode images must not mix"
### END HIDDEN TESTS

# %% [markdown]
# Look at your own network: these are the shapes that its parts really give, for a slice of an odd size. A part that does not fit is drawn in orange-red and hatched. How small may the image be for four poolings? Then choose the U-Net *without padding*: it is that of [RFB15], and your function of 6.2 says which sizes fit. With 572 pixels, 64 features and a depth of 4 it is figure 1 of the paper.

# %%
UNet = yours_or_ours(UNet)
widgets.u_shapes(UNet)

# %% [markdown]
# **By hand = by library.** MONAI's `BasicUNet` is the same architecture, with three differences: it uses LeakyReLU and instance normalisation; it goes up by transposed convolutions, unless `upsample` says otherwise; and its last level up does not halve the channels. Input and output agree in shape.

# %%
from monai.networks.nets import BasicUNet

theirs = BasicUNet(2, 1, 5, features=(16, 32, 64, 128, 256, 16))
ours = UNet(1, 5)
image = torch.zeros(1, 1, 96, 96)
for name, network in [("MONAI", theirs), ("yours", ours)]:
    weights = sum(parameter.numel() for parameter in network.parameters())
    print(f"{name:6} output {tuple(network(image).shape)}  {weights:,} weights")

# %% [markdown]
# ## 6.7 How far does it see?
#
# The *receptive field* of an output pixel is the stretch of input pixels that can change it. Walk through the layers and keep two numbers: $r$, the field so far, and $j$, the distance in input pixels between two neighbouring positions (the *jump*). Both begin at 1. A layer with kernel $k$ and stride $s$ adds $k - 1$ neighbours at the present distance, and then stretches the distance:
#
# $$r \leftarrow r + (k - 1)\,j, \qquad j \leftarrow j \cdot s$$
#
# By hand: two 3-convolutions, $r = 1 + 2 + 2 = 5$. A 2-pooling, $r = 6$, $j = 2$. Another 3-convolution, $r = 6 + 2 \cdot 2 = 10$.
#
# **2 points · about 10 minutes · difficulty 2 of 3**


# %% nbgrader={"grade": false, "grade_id": "receptive_field", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=10 difficulty=2
def receptive_field(layers):
    """Receptive field of a chain of layers along one axis.

    Args:
        layers: list of (kernel, stride) in pixels, in the order of calculation; may be empty.

    Returns:
        The field in input pixels, int; 1 for no layer.

    Formula: Araujo, Norris and Sim (2019), Computing receptive fields of CNNs, Distill.
    """
    ### BEGIN SOLUTION
    field, jump = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump *= stride
    return field
    ### END SOLUTION


# %%
check("06_unet.receptive_field", receptive_field)

# %% nbgrader={"grade": true, "grade_id": "test_receptive_field", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
assert receptive_field([]) == 1
assert receptive_field([(3, 1), (3, 1), (2, 2), (3, 1)]) == 10

# %% nbgrader={"grade": true, "grade_id": "test_receptive_field_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Random chains, compared with the gradient of one output pixel in torch.
### BEGIN HIDDEN TESTS
rng = probes.rng(6701)
for _ in range(12):
    layers = [
        (int(k), int(s)) for k, s in zip(*rng.integers((1, 1), (5, 4), (4, 2)).T, strict=True)
    ]
    chain = nn.Sequential(*(nn.Conv1d(1, 1, k, s, bias=False) for k, s in layers))
    for weight in chain.parameters():
        nn.init.ones_(weight)
    line = torch.zeros(1, 1, 500, requires_grad=True)
    chain(line)[0, 0, 2].backward()
    seen = torch.nonzero(line.grad[0, 0])
    # A stride above the kernel leaves gaps: the field reaches from the first to the last pixel.
    expected = int(seen.max() - seen.min()) + 1
    probes.assert_close(
        probes.call(receptive_field, layers), expected, f"receptive_field({layers})"
    )
### END HIDDEN TESTS

# %% [markdown]
# What makes the field grow? Below is the way down to the deepest level of a U-Net: two convolutions on each level, a pooling between two levels. Move one slider at a time. More convolutions add to the field, poolings multiply it.

# %%
one_scan = slices(case, 128)[0]
widgets.receptive_fields(one_scan[len(one_scan) // 2])

# %% [markdown]
# Now measure it. The gradient of one output pixel with respect to the image is zero wherever the image cannot change that pixel. The picture shows its size for networks of depth 1 to 4, as a share of the largest and on a logarithmic scale. Each title says how wide the field is, which the dashed line frames, and in which square around the pixel nine tenths of the gradient lie.
#
# *Before you run it:* set the slider to two convolutions and three poolings. Will the measured field of depth 3 be narrower, as wide, or wider? And do all pixels in it count alike?

# %%
figure = Figure(figsize=(12, 3.9), layout="constrained")
rows, columns = torch.meshgrid(torch.arange(240), torch.arange(240), indexing="ij")
distance = torch.maximum((rows - 120).abs(), (columns - 120).abs())
reached, mostly = [], []
panels = figure.subplots(1, 4, sharey=True)
for depth, axes in enumerate(panels, start=1):
    torch.manual_seed(depth)
    network = probes.seeing_locally(UNet(1, 2, features=8, depth=depth)).eval()
    image = torch.randn(1, 1, 240, 240, requires_grad=True)
    network(image)[0, 1, 120, 120].backward()
    strength = image.grad[0, 0].abs()
    reached.append(int((strength.sum(0) > 0).sum()))
    within = torch.bincount(distance.flatten(), strength.flatten()).cumsum(0)
    mostly.append(2 * int((within < 0.9 * within[-1]).sum()) + 1)
    share = torch.log10(strength / strength.max() + 1e-9)
    shown = axes.imshow(share, cmap="cividis", vmin=-8, vmax=0)
    seen = torch.nonzero(strength)
    (top, left), (bottom, right) = (seen.amin(0) - 0.5).tolist(), (seen.amax(0) + 0.5).tolist()
    frame = [left, right, right, left, left], [top, top, bottom, bottom, top]
    axes.plot(*frame, color="white", linestyle="dashed")
    axes.set_title(f"depth {depth}: {reached[-1]} pixels\n90 % within {mostly[-1]}", fontsize=14)
    axes.set_xlabel("column (pixels)", fontsize=12)
panels[0].set_ylabel("row (pixels)", fontsize=12)
scale = figure.colorbar(shown, ax=panels, ticks=[-8, -4, 0], shrink=0.75)
scale.set_ticklabels(["$10^{-8}$ of it", "$10^{-4}$ of it", "the largest"], fontsize=12)
scale.set_label("size of the gradient", fontsize=12)
plots.show(
    figure,
    "Size of the gradient of one output pixel in the middle of a 240 by 240 image, for depths 1 to "
    f"4: a square around the pixel, {', '.join(map(str, reached))} pixels wide, strongest in its "
    f"middle; nine tenths lie within {', '.join(map(str, mostly))} pixels.",
)

# %% [markdown]
# It is wider than the slider says, at depth 3 by about 40 pixels: the slider stops at the deepest level, but on the way up there are convolutions again, and `F.interpolate` mixes neighbours too. And the pixels do not count alike. The far ones act only through the deepest levels, which have little say before training: the field grows fast, and the weight stays in its middle.

# %% [markdown]
# ## 6.8 Images larger than the memory
#
# A slide scanner makes images that no memory can hold. [RFB15] cut them into tiles and let the network see a *margin* around each tile, which is then thrown away: the *overlap-tile* strategy. If the margin is at least the distance that the network sees to one side, the tiles fit together without a seam, as if the image had been processed whole. A network that pools has one more condition: tile and margin are multiples of its coarsest pixel, $2^{depth}$, so that its windows of 2 fall on the same pixels in each tile. At the image's border, where there is nothing to see, the image is mirrored.
#
# By hand, in one dimension: the image 1 2 3 4, a tile of 2, a margin of 1. Mirrored, it reads 2 | 1 2 3 4 | 3: the border pixel itself is not repeated. The first tile is 1 2, seen as 2 1 2 3; the second is 3 4, seen as 2 3 4 3. If the size is no multiple of the tile, go on mirroring at the end, back and forth where the image is small, and cut the surplus off.
#
# **3 points · about 30 minutes · difficulty 3 of 3**


# %% nbgrader={"grade": false, "grade_id": "overlap_tile", "locked": false, "schema_version": 3, "solution": true, "task": false} minutes=30 difficulty=3
def overlap_tile(image, tile, margin, model):
    """Apply a network to an image of any size, tile by tile [RFB15, figure 2].

    Args:
        image: (N, C, H, W) float tensor.
        tile: edge of the square tiles in pixels, int.
        margin: pixels that the network sees beyond the tile on each side, int, may be 0.
        model: callable, (N, C, h, w) to (N, K, h, w); it is given tiles of tile + 2 * margin pixels.

    Returns:
        (N, K, H, W) tensor on the image's device. The image is mirrored at its border, without
        repeating the border pixel.
    """
    ### BEGIN SOLUTION
    height, width = image.shape[-2:]

    def mirrored(size):
        surplus = -size % tile
        index = np.pad(np.arange(size), (margin, margin + surplus), mode="reflect")
        return torch.from_numpy(index).to(image.device)

    padded = image[:, :, mirrored(height)][:, :, :, mirrored(width)]
    rows = []
    for top in range(0, height, tile):
        row = []
        for left in range(0, width, tile):
            bottom, right = top + tile + 2 * margin, left + tile + 2 * margin
            output = model(padded[:, :, top:bottom, left:right])
            row.append(output[:, :, margin : margin + tile, margin : margin + tile])
        rows.append(torch.cat(row, dim=3))
    return torch.cat(rows, dim=2)[:, :, :height, :width]
    ### END SOLUTION


# %%
check("06_unet.overlap_tile", overlap_tile)

# %% nbgrader={"grade": true, "grade_id": "test_overlap_tile", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
image = torch.arange(35.0).reshape(1, 1, 5, 7)
result = probes.call(overlap_tile, image, 4, 2, lambda x: 2 * x)
probes.assert_close(result, 2 * image, "twice the image")

# %% nbgrader={"grade": true, "grade_id": "test_overlap_tile_hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Against the whole mirrored image at once, and MONAI's sliding window; several sizes; the device.
### BEGIN HIDDEN TESTS
from monai.inferers import sliding_window_inference

draw = probes.torch_rng(6801)
for size, tile, margin in [((9, 14), 4, 3), ((6, 6), 3, 1), ((5, 11), 8, 2), ((7, 3), 2, 2)]:
    image = torch.randn(2, 2, *size, generator=draw, dtype=torch.float64)
    weight = torch.randn(3, 2, 2 * margin + 1, 2 * margin + 1, generator=draw, dtype=torch.float64)

    def model(x, weight=weight, margin=margin, tile=tile):
        assert x.shape[-2:] == (tile + 2 * margin,) * 2, f"the model got {tuple(x.shape)}"
        return F.conv2d(x, weight, padding=margin)

    expected = F.conv2d(F.pad(image, [margin] * 4, mode="reflect"), weight)
    probes.assert_close(
        probes.call(overlap_tile, image, tile, margin, model), expected, "overlap_tile"
    )
    probes.assert_stays_on_device(overlap_tile, image, tile, margin, lambda x: x * 2)
for size in [(7, 9), (10, 6), (5, 5)]:  # a model that pools: every tile begins on a multiple of 2
    image = torch.randn(1, 2, *size, generator=draw)
    rows, columns = (np.pad(np.arange(n), (2, 2 + -n % 4), mode="reflect") for n in size)
    padded = image[:, :, rows][:, :, :, columns]
    expected = F.interpolate(F.max_pool2d(padded, 2), scale_factor=2)[:, :, 2:-2, 2:-2]
    probes.assert_close(
        probes.call(
            overlap_tile, image, 4, 2, lambda x: F.interpolate(F.max_pool2d(x, 2), scale_factor=2)
        ),
        expected[:, :, : size[0], : size[1]],
        "overlap_tile with a model that pools",
    )
image = torch.randn(1, 1, 8, 12, generator=draw)
expected = sliding_window_inference(image, (4, 4), 2, torch.tanh, overlap=0.0)
probes.assert_close(
    probes.call(overlap_tile, image, 4, 0, torch.tanh), expected, "overlap_tile with margin 0"
)
### END HIDDEN TESTS

# %% [markdown]
# Do the tiles join without a seam? On the left, your network's logit for the transition zone on a whole slice; then the same from tiles of 32 pixels without a margin, where the seams show, and with one. The last panel is the difference between the first and the third. This network is untrained; the seams come from the geometry alone.
#
# Why a margin of 28? A network of depth 2 sees 52 pixels, as measured above, so 26 to each side; the next multiple of $2^2 = 4$ is 28. The tile, 32, is one already.

# %%
overlap_tile = yours_or_ours(overlap_tile)
image_3d, label_3d = (torch.from_numpy(array) for array in slices(case, 96))
middle = int((label_3d > 0).sum((1, 2)).argmax())
torch.manual_seed(0)
network = probes.seeing_locally(UNet(1, 5, features=8, depth=2)).eval()
one_slice = image_3d[None, None, middle]
margin = 28
with torch.no_grad():
    mirrored = F.pad(one_slice, [margin] * 4, mode="reflect")
    whole = network(mirrored)[0, 2, margin:-margin, margin:-margin]
    seams = overlap_tile(one_slice, 32, 0, network)[0, 2]
    smooth = overlap_tile(one_slice, 32, margin, network)[0, 2]
figure = Figure(figsize=(12, 3.4), layout="constrained")
low, high = whole.min().item(), whole.max().item()
largest = (smooth - whole).abs().max().item()
panels = [
    ("whole slice", whole, low, high),
    ("no margin", seams, low, high),
    (f"margin {margin}", smooth, low, high),
    (f"difference, at most {largest:.0e}", (smooth - whole).abs(), 0, high - low),
]
for position, (title, values, darkest, brightest) in enumerate(panels, 1):
    axes = figure.add_subplot(1, 4, position)
    axes.imshow(values, cmap="cividis", vmin=darkest, vmax=brightest)
    axes.set_title(title)
    axes.set_xlabel("column")
plots.show(
    figure,
    "Logits of an untrained network on a phantom slice: whole, in tiles without a margin with "
    f"visible seams, in tiles with a margin of {margin} pixels, and the difference of the last to the "
    f"whole, at most {largest:.1e}.",
)

# %% [markdown]
# ## Before any training: overfit one slice
#
# A network that cannot learn one single slice by heart has a fault, and no amount of data will mend it. This check takes seconds and saves nights. We use plain cross-entropy; unit 5 builds a better loss, unit 7 trains in earnest.
#
# First a look inside. Each level of the network gives many *feature maps*, one for each channel. Here are the first few of each level, placed in the U: dark is the smallest value of a map, yellow its largest.
#
# *Before you run it:* all weights are still random. At which levels will you recognise the gland: top left, at the bottom, top right?

# %%
torch.manual_seed(0)
network = UNet(1, 5, features=16, depth=3)
plots.show(*plots.feature_maps(network, one_slice))

# %% [markdown]
# Top left the gland is easy to see: even a random convolution answers to edges. Towards the bottom it dissolves into a few coarse blocks. Top right its outlines are back, and no training has put them there: they came through the skips. Maps that are dark but for a few pixels are no fault; there the ReLU has cut nearly everything off.
#
# Now train it. At least 97 of 100 pixels should be right in the end. Group normalisation learns more slowly and may not get there in 100 steps: that is no fault of your U-Net.


# %%
def overfit(network, steps=100, rate=5e-3):
    """Train the network on the one slice; the loss of each step."""
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(network(one_slice), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    network.eval()  # it is measured as it will be used, with the statistics that it has gathered
    return losses


def found_by(name, network):
    """The class of each pixel; prints how many are right, and the Dice of each zone (unit 4)."""
    with torch.no_grad():
        found = network(one_slice).argmax(1)[0]
    dice = []
    for k, zone in enumerate(case.class_names[1:], start=1):
        ours, experts = found == k, target[0] == k
        dice.append(f"{zone} {2 * (ours & experts).sum() / (ours.sum() + experts.sum()):.2f}")
    print(f"{name}: {(found == target[0]).double().mean():.1%} right, Dice {', '.join(dice)}")
    return found.numpy()


target = label_3d[None, middle]
good = overfit(network)
print(
    f"cross-entropy {good[0]:.2f} at first, {good[49]:.2f} after 50 steps, {good[-1]:.2f} after 100"
)
learnt = found_by("your network", network)
mri, expert = one_slice[0, 0].numpy(), target[0].numpy()
plots.show(*plots.compare(mri, expert, learnt, class_names=case.class_names))

# %% [markdown]
# Look at two numbers together. Nearly all pixels are right, and the Dice of the urethra (DPU) may be 0: not one of its pixels was found. It has about 40 of 9216, so a mean over all pixels hardly notices them, neither in the loss that was trained nor in the share that was printed. A measure that looks at each class (unit 4) shows what is missing, and a loss that minds the rare and the hard (unit 5) finds it.
#
# What has changed inside? The same maps again, after the training.

# %%
plots.show(*plots.feature_maps(network, one_slice))

# %% [markdown]
# Top left there are still edges and textures. On the right, maps no longer look like the picture: they mark regions, a ring, a disc, a cap, and the surroundings. Level by level they gain sharpness from the skips. The five maps of the output are the logits of the classes in their order: background, peripheral zone, transition zone, anterior fibromuscular stroma, urethra. The largest of the five wins the pixel.
#
# ## Break it and look: no skips
#
# What would be lost without the skips? Hand each level up zeros in place of its skip, and leave all else as it was: the start, the slice, the number of steps.
#
# *Before you run it:* which zone will suffer more, the thin band of the peripheral zone or the large round transition zone?


# %%
def without_skips(network):
    """The same network, but its levels up are handed zeros in place of the skip."""

    def blank(_, inputs, named):
        x, *skip = inputs
        zeros = {name: torch.zeros_like(tensor) for name, tensor in named.items()}
        return (x, *map(torch.zeros_like, skip)), zeros

    for part in network.modules():
        if isinstance(part, Up):
            part.register_forward_pre_hook(blank, with_kwargs=True)
    return network


torch.manual_seed(0)
cut = without_skips(UNet(1, 5, features=16, depth=3))
overfit(cut)
predictions = {"with skips": learnt, "without skips": found_by("without skips", cut)}
print(
    f"wrong pixels: {', '.join(f'{name} {(p != expert).sum()}' for name, p in predictions.items())}"
)
plots.show(*plots.compare(mri, expert, predictions, class_names=case.class_names))

# %% [markdown]
# The thin band suffers more. Without skips everything must pass the bottom, where a pixel is as wide as eight of the image; from there `F.interpolate` can bring back size, but no outline. We have tried six random starts: each time at least one and a half times as many pixels were wrong, and the peripheral zone lost more Dice than the transition zone. (With group normalisation, 100 steps are too few to see it.)
#
# Not all is lost: most pixels are still right, since the bottom has 128 channels, enough to learn *one* slice nearly by heart. That a network fits one slice does not yet say that it is built well.
#
# ## Break it and look: steps that are far too long
#
# One line decides more trainings than any layer: the learning rate. Take the same network from the same start, with a rate of 3 instead of 0.005.
#
# *Before you run it:* will the loss grow for ever, stand still, or fall in the end?

# %%
torch.manual_seed(0)
wild = UNet(1, 5, features=16, depth=3)
bad = overfit(wild, steps=40, rate=3.0)
found = found_by("far too long steps", wild)
print(
    f"background: {(found == 0).mean():.0%} of what it says, {(expert == 0).mean():.0%} of the truth"
)
plots.show(*plots.losses({"rate 0.005": good[:40], "rate 3": bad}))

# %% [markdown]
# It leaps up, and then it falls. Adam moves each weight by about the learning rate in its first step, and no weight of your convolutions began larger than a third: a single step of 3 has wiped out the start. Afterwards the loss comes down all the same, but it ends well above the good one: a falling curve alone proves little. (The curve is of training mode, with the statistics of each batch; what is printed above is of evaluation mode, with those that the normalisations have gathered through all the leaps. So the two need not agree.) When your own training looks like that, divide the rate by ten, and by ten again.

# %% [markdown]
# ## Go further
#
# - Cut a single skip, the finest or the coarsest. Which one does the peripheral zone need more?
# - Replace `F.interpolate` by `nn.ConvTranspose2d`. [RFB15] did; look for the checkerboard that Odena, Dumoulin and Olah (2016) describe.
# - Count the weights per level. Where do most of them sit, and what does that say about `features` against `depth`?
#
# ## Sources
#
# - [RFB15] O. Ronneberger, P. Fischer, T. Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation. MICCAI 2015.
# - V. Dumoulin, F. Visin: A guide to convolution arithmetic for deep learning. 2016.
# - A. Araujo, W. Norris, J. Sim: Computing Receptive Fields of Convolutional Neural Networks. Distill 2019.
# - A. Odena, V. Dumoulin, C. Olah: Deconvolution and Checkerboard Artifacts. Distill 2016.

# %% [markdown]
# ## Where you stand
#
# The card tries each exercise as you last ran it in this notebook, and says what to do next.

# %%
from medseg import where_you_stand

where_you_stand("06_unet", globals())
