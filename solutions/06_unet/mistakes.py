"""Probes, hints and named mistakes of unit 06."""

import torch

from medseg_grader.authoring import Call, Exercise, Mistake

BLOCK_LOOKS = [
    "channels of each 3-convolution",
    "the number of 3-convolutions",
    "receptive field",
    "the block is more than one convolution",
    "a ReLU follows the first convolution",
    "a ReLU follows the second convolution",
    "each convolution is normalised",
    "each layer with weights is used once",
    "what the second convolution gets",
    "nothing negative comes out",
    "all comes through the second convolution",
    "each input channel is used",
]
SMALL = {"in_channels": 1, "num_classes": 3, "features": 4, "depth": 2}
NOISE = torch.randn(2, 1, 32, 32, generator=torch.Generator().manual_seed(6), dtype=torch.float32)
NOISE = (NOISE * 100).round() / 100


def ones(*shape):
    return torch.ones(*shape, dtype=torch.float32)


def built(options, *inputs, look=(), mentions=()):
    """A probe of a module, shown as a student would write it."""
    numbers = ", ".join(f"{name}={value}" for name, value in options.items())
    shapes = " and ".join(str(tuple(image.shape)) for image in inputs)
    kwargs = {"look": list(look)} if look else {}
    shown = f"({numbers}) on an input of shape {shapes}"
    return Call(options, *inputs, shown=shown, mentions=mentions, **kwargs)


def tiled(image, tile, margin, weight):
    """A probe of overlap_tile; the model is a convolution by `weight`."""
    several = image.numel() > image[0, 0].numel()
    pixels = f"of shape {tuple(image.shape)}" if several else image[0, 0].int().tolist()
    kind = f"of shape {tuple(weight.shape)}" if several else f"by {weight[0, 0].int().tolist()}"
    shown = f"(image, {tile}, {margin}, model) with the image {pixels} and as model a convolution "
    shown += kind
    return Call(image, tile, margin, weight, shown=shown)


def square(*rows):
    return torch.tensor([[rows]], dtype=torch.float64)


CROSS = square([0.0, 1, 0], [2, 3, 4], [0, 5, 0])

EXERCISES = [
    Exercise(
        name="conv_output_size",
        calls=[
            Call(5, 3, 2),
            Call(10, 3, 2),
            Call(7, 3, padding=1),
            Call(8, 2, 2),
            Call(9, 4, 3, 2),
            Call(5, 5),
            Call(5, 6, 3),
            Call(2, 3, padding=1),
            Call(2, 7, padding=1, mentions=["4", "7"]),
        ],
        hints=[
            "Write down, for 5 pixels and a window of 3, at which pixels the window can begin.",
            "The last window must end inside the padded image. How far can the first pixel of the "
            "window travel, and how many steps fit into that way?",
            "Python's `//` rounds down. The first position costs no step, so it is one more than "
            "the number of steps.",
        ],
        mistakes=[
            Mistake(
                "pads_one_side",
                "Padding is added at both ends of the axis, so it counts twice.",
                {"size + 2 * padding": "size + padding"},
            ),
            Mistake(
                "forgets_first_position",
                "You count steps, but there is one position more than there are steps.",
                {" // stride + 1": " // stride"},
            ),
            Mistake(
                "rounds_up",
                "A last step that would leave the image is not taken: round down.",
                {"(padded - kernel) // stride + 1": "-(-(padded - kernel) // stride) + 1"},
            ),
            Mistake(
                "ignores_stride",
                "With a stride of s only every s-th position is used.",
                {" // stride + 1": " + 1"},
            ),
            Mistake(
                "divides_to_float",
                "A size is a whole number: `/` gives a float, `//` rounds down.",
                {" // stride + 1": " / stride + 1"},
            ),
            Mistake(
                "accepts_any_size",
                "A window larger than the padded image has no position at all: raise a ValueError "
                "rather than give back a number.",
                {"if padded < kernel:": "if False:"},
            ),
            Mistake(
                "compares_with_the_unpadded_size",
                "The window may be larger than the image if the padding makes up for it: compare "
                "the kernel with the padded size.",
                {"if padded < kernel:": "if size < kernel:"},
            ),
            Mistake(
                "refuses_a_window_that_just_fits",
                "A window as large as the padded image has one position: only a larger one has "
                "none.",
                {"if padded < kernel:": "if padded <= kernel:"},
            ),
            Mistake(
                "names_only_the_kernel",
                "The reader of your message needs both numbers: the padded size that came and the "
                "kernel.",
                {"the padded size is {padded}, expected": "the image is too small, expected"},
            ),
        ],
    ),
    Exercise(
        name="valid_unet_output_size",
        calls=[
            Call(20, 1),
            Call(16, 1),
            Call(572),
            Call(44, 2),
            Call(21, 1, mentions=["17"]),
            Call(36, 2),
            Call(12, 1),
            Call(8, 1),
            Call(6, 0),
            Call(5, 0),
            Call(4, 0),
        ],
        hints=[
            "Follow one number through the U: which steps change it, and by how much?",
            "A pair of unpadded 3-convolutions takes 4 pixels. On the way down it comes before the "
            "pooling, at the bottom it stands alone, on the way up it comes after the doubling.",
            "Use two loops over the levels with the bottom's convolutions between them, and check "
            "the size just before each pooling and at the end of each level up.",
        ],
        mistakes=[
            Mistake(
                "one_convolution_a_level",
                "Each level has two 3-convolutions, and each takes 2 pixels.",
                {"        now -= 4\n        if": "        now -= 2\n        if"},
            ),
            Mistake(
                "no_convolutions_at_the_bottom",
                "The bottom of the U has two convolutions of its own.",
                {"    now -= 4\n    for _ in": "    for _ in"},
            ),
            Mistake(
                "way_up_keeps_its_pixels",
                "The two convolutions on the way up are unpadded, too.",
                {"now = 2 * now - 4": "now = 2 * now"},
            ),
            Mistake(
                "forgets_to_double",
                "An up-convolution doubles the size before the two convolutions of that level.",
                {"now = 2 * now - 4": "now = now - 4"},
            ),
            Mistake(
                "pools_odd_sizes",
                "Half of an odd size is no whole number: [RFB15] choose the input so that this "
                "does not happen, so raise a ValueError.",
                {"if now < 2 or now % 2:": "if now < 2:"},
            ),
            Mistake(
                "lets_the_size_fall_below_one",
                "A small image is used up on the way: check what is left after the convolutions "
                "on the way up.",
                {"if now < 1:": "if False:"},
            ),
            Mistake(
                "leaves_nothing",
                "No pixel at all is no output: the size must be at least 1 after each level up.",
                {"if now < 1:": "if now < 0:"},
            ),
            Mistake(
                "checks_the_way_down_only",
                "The bottom may be large enough and the way up still use all pixels up: check "
                "there, too.",
                {
                    "    now -= 4\n    for _ in": "    now -= 4\n    if now < 1:\n"
                    '        raise ValueError(f"{now} pixels at the bottom, expected 1")\n'
                    "    for _ in",
                    '    if now < 1:\n        raise ValueError(f"{now} pixels are left at the end, '
                    'expected at least 1")\n': "",
                },
            ),
            Mistake(
                "one_level_too_many",
                "`depth` counts the poolings; there are as many levels up as levels down.",
                {"for level in range(depth):": "for level in range(depth + 1):"},
            ),
        ],
    ),
    Exercise(
        name="DoubleConv",
        runner="module",
        device=True,
        calls=[
            built({"in_channels": 3, "out_channels": 4}, ones(1, 3, 13, 13), look=BLOCK_LOOKS),
            built(
                {"in_channels": 2, "out_channels": 5, "dims": 3},
                ones(1, 2, 9, 9, 9),
                look=["receptive field"],
            ),
            built({"in_channels": 2, "out_channels": 4}, ones(1, 2, 1, 1)),
            built(
                {"in_channels": 4, "out_channels": 4},
                ones(1, 4, 6, 6),
                look=["all comes through the second convolution"],
            ),
        ],
        hints=[
            "Six layers stand in a row: convolution, normalisation, ReLU, twice.",
            "A 3-convolution keeps the size if one pixel is added at each end. The second "
            "convolution's input has as many channels as the first one's output.",
            "Put the layers into `nn.Sequential`, keep that as an attribute of `self`, and call it "
            "in `forward`. A dictionary from `dims` to the class spares an `if`.",
        ],
        mistakes=[
            Mistake(
                "channels_change_late",
                "Your first convolution keeps in_channels, and only the second goes on to "
                "out_channels: the second has out_channels on both sides.",
                {
                    "            conv(in_channels, out_channels, 3, padding=1, bias=False),\n"
                    "            norm(out_channels),": (
                        "            conv(in_channels, in_channels, 3, padding=1, bias=False),\n"
                        "            norm(in_channels),"
                    ),
                    "conv(out_channels, out_channels, 3": "conv(in_channels, out_channels, 3",
                },
            ),
            Mistake(
                "one_normalisation_for_both",
                "One layer is used twice. Each convolution needs a normalisation of its own: the "
                "two see different numbers, and each learns its own mean and scale.",
                {
                    "        self.layers = nn.Sequential(": (
                        "        shared = norm(out_channels)\n"
                        "        norm = lambda channels: shared\n"
                        "        self.layers = nn.Sequential("
                    ),
                },
            ),
            Mistake(
                "leaks_below_zero",
                "Something negative comes out: the last step of the block is a ReLU, max(0, x), "
                "no other activation, and nothing stands behind it.",
                {
                    "            nn.ReLU(inplace=True),\n        )": (
                        "            nn.LeakyReLU(0.1, inplace=True),\n        )"
                    )
                },
            ),
            Mistake(
                "way_around_the_convolutions",
                "A shortcut leads around your two convolutions, as in a residual block; in this "
                "one all goes through both.",
                {
                    "self.layers = nn.Sequential(": (
                        "self.shortcut = conv(in_channels, out_channels, 1)\n"
                        "        self.layers = nn.Sequential("
                    ),
                    "return self.layers(x)": "return torch.relu(self.layers(x) + self.shortcut(x))",
                },
            ),
            Mistake(
                "no_padding",
                "Each unpadded 3-convolution takes two pixels from the size: add padding.",
                {
                    "conv(in_channels, out_channels, 3, padding=1, bias=False)": (
                        "conv(in_channels, out_channels, 3, bias=False)"
                    ),
                    "conv(out_channels, out_channels, 3, padding=1, bias=False)": (
                        "conv(out_channels, out_channels, 3, bias=False)"
                    ),
                },
            ),
            Mistake(
                "only_one_convolution",
                "Your block sees 3 pixels, it should see 5: where is the second 3-convolution?",
                {
                    "            conv(out_channels, out_channels, 3, padding=1, bias=False),\n"
                    "            norm(out_channels),\n"
                    "            nn.ReLU(inplace=True),\n        )": "        )"
                },
            ),
            Mistake(
                "no_activation",
                "Without a ReLU two convolutions are no more than one: the block is linear.",
                {
                    "            norm(out_channels),\n            nn.ReLU(inplace=True),\n"
                    "            conv(out": "            norm(out_channels),\n            conv(out",
                    "            nn.ReLU(inplace=True),\n        )": "        )",
                },
            ),
            Mistake(
                "no_activation_in_between",
                "A ReLU, max(0, x), stands behind each normalisation; between your two "
                "convolutions there is none, or another activation.",
                {
                    "            norm(out_channels),\n            nn.ReLU(inplace=True),\n"
                    "            conv(out": "            norm(out_channels),\n            conv(out",
                },
            ),
            Mistake(
                "no_activation_at_the_end",
                "The block ends with a ReLU: the next convolution, on the level below or above, "
                "would otherwise follow the second one directly.",
                {"            nn.ReLU(inplace=True),\n        )": "        )"},
            ),
            Mistake(
                "one_large_convolution",
                "One 5-convolution sees as far as two 3-convolutions, but has more weights and "
                "only one ReLU: use two windows of 3.",
                {
                    "conv(in_channels, out_channels, 3, padding=1, bias=False)": (
                        "conv(in_channels, out_channels, 5, padding=2, bias=False)"
                    ),
                    "            conv(out_channels, out_channels, 3, padding=1, bias=False),\n"
                    "            norm(out_channels),\n"
                    "            nn.ReLU(inplace=True),\n        )": "        )",
                },
            ),
            Mistake(
                "no_normalisation",
                "Between each convolution and its ReLU belongs a normalisation, such as "
                "`nn.BatchNorm2d(out_channels)`.",
                {
                    "            norm(out_channels),\n            nn.ReLU(inplace=True),\n"
                    "            conv(out": "            nn.ReLU(inplace=True),\n            conv(out",
                    "            norm(out_channels),\n            nn.ReLU(inplace=True),\n        )": (
                        "            nn.ReLU(inplace=True),\n        )"
                    ),
                },
            ),
            Mistake(
                "relu_before_the_normalisation",
                "Between your two convolutions the order is wrong: first the normalisation, then "
                "the ReLU, so that the second convolution gets nothing negative.",
                {
                    "            norm(out_channels),\n            nn.ReLU(inplace=True),\n"
                    "            conv(out": "            nn.ReLU(inplace=True),\n"
                    "            norm(out_channels),\n            conv(out",
                },
            ),
            Mistake(
                "second_not_normalised",
                "Only your first convolution is followed by a normalisation; the second one needs "
                "its own.",
                {
                    "            norm(out_channels),\n            nn.ReLU(inplace=True),\n        )": (
                        "            nn.ReLU(inplace=True),\n        )"
                    ),
                },
            ),
            Mistake(
                "first_not_normalised",
                "Only your second convolution is followed by a normalisation; the first one needs "
                "its own, before its ReLU.",
                {
                    "            norm(out_channels),\n            nn.ReLU(inplace=True),\n"
                    "            conv(out": "            nn.ReLU(inplace=True),\n            conv(out",
                },
            ),
            Mistake(
                "normalises_within_one_picture_and_channel",
                "`nn.InstanceNorm2d`, and `nn.GroupNorm` with as many groups as channels, need more "
                "than one pixel per channel, which the deepest level may not have. "
                "`nn.BatchNorm2d` does not, in evaluation mode.",
                {
                    "{2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[dims]": (
                        "lambda channels: nn.GroupNorm(channels, channels)"
                    )
                },
            ),
            Mistake(
                "gives_nothing_back",
                "`forward` calculates, but what it calculated is lost: `return` it.",
                {"return self.layers(x)": "self.layers(x)"},
            ),
            Mistake(
                "always_2d",
                "For `dims=3` the layers must be those for volumes: convolution and normalisation.",
                {
                    "{2: nn.Conv2d, 3: nn.Conv3d}[dims]": "nn.Conv2d",
                    "{2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[dims]": "nn.BatchNorm2d",
                },
            ),
            Mistake(
                "second_convolution_takes_in_channels",
                "The second convolution gets the output of the first: how many channels has that?",
                {
                    "conv(out_channels, out_channels, 3, padding=1, bias=False)": (
                        "conv(in_channels, out_channels, 3, padding=1, bias=False)"
                    )
                },
            ),
            Mistake(
                "layers_in_a_list",
                "Layers in a Python list are not registered: `.parameters()` does not find them.",
                {
                    "self.layers = nn.Sequential(\n": "self.layers = [\n",
                    "            nn.ReLU(inplace=True),\n        )": (
                        "            nn.ReLU(inplace=True),\n        ]"
                    ),
                    "return self.layers(x)": (
                        "for layer in self.layers:\n            x = layer(x)\n        return x"
                    ),
                },
            ),
            Mistake(
                "doubles_channels_again",
                "The block ends with `out_channels` channels, not with more.",
                {
                    "conv(out_channels, out_channels, 3, padding=1, bias=False),\n"
                    "            norm(out_channels)": (
                        "conv(out_channels, 2 * out_channels, 3, padding=1, bias=False),\n"
                        "            norm(2 * out_channels)"
                    )
                },
            ),
        ],
    ),
    Exercise(
        name="Down",
        runner="module",
        device=True,
        uses=["DoubleConv"],
        calls=[
            built(
                {"in_channels": 1, "out_channels": 2}, ones(1, 1, 28, 28), look=["receptive field"]
            ),
            built(
                {"in_channels": 2, "out_channels": 3},
                ones(1, 2, 9, 7),
                look=[
                    "the largest pixel counts",
                    "nothing negative comes out",
                    "the number of 3-convolutions",
                ],
            ),
            built({"in_channels": 2, "out_channels": 3, "dims": 3}, ones(1, 2, 3, 8, 6)),
        ],
        hints=[
            "Two parts only: a pooling and a double convolution. Which comes first?",
            "Pooling first leaves a quarter of the pixels for the convolutions and lets them see "
            "twice as far.",
            "`nn.MaxPool3d` takes a window per axis, in the order slice, row, column.",
        ],
        mistakes=[
            Mistake(
                "takes_the_least",
                "The least pixel of each window is kept, and the largest are lost: take the "
                "maximum.",
                {"return self.conv(self.pool(x))": "return self.conv(-self.pool(-x))"},
            ),
            Mistake(
                "does_not_pool",
                "The size did not change: pool before the double convolution.",
                {"return self.conv(self.pool(x))": "return self.conv(x)"},
            ),
            Mistake(
                "pools_after_convolving",
                "The size is right, but each output sees too little: pool first, then convolve twice.",
                {"self.conv(self.pool(x))": "self.pool(self.conv(x))"},
            ),
            Mistake(
                "pools_along_the_slices",
                "For volumes pool rows and columns only: 3 mm slices are few and far apart.",
                {"nn.MaxPool3d((1, 2, 2))": "nn.MaxPool3d(2)"},
            ),
            Mistake(
                "pools_twice",
                "One level halves the size once; yours quarters it.",
                {"self.conv(self.pool(x))": "self.conv(self.pool(self.pool(x)))"},
            ),
            Mistake(
                "rounds_the_size_up",
                "An odd size is rounded down: 9 pixels become 4. Taking every second pixel, or "
                "`ceil_mode`, rounds up.",
                {
                    "nn.MaxPool2d(2)": "nn.MaxPool2d(2, ceil_mode=True)",
                    "nn.MaxPool3d((1, 2, 2))": "nn.MaxPool3d((1, 2, 2), ceil_mode=True)",
                },
            ),
            Mistake(
                "forgets_dims",
                "Hand `dims` on to the double convolution; its default is 2.",
                {
                    "DoubleConv(in_channels, out_channels, dims)": (
                        "DoubleConv(in_channels, out_channels)"
                    )
                },
            ),
            Mistake(
                "overlapping_windows",
                "A window of 3 with step 2 overlaps its neighbour and sees more than 2 × 2 pixels.",
                {
                    "nn.MaxPool2d(2)": "nn.MaxPool2d(3, 2, 1)",
                    "nn.MaxPool3d((1, 2, 2))": "nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))",
                },
            ),
        ],
    ),
    Exercise(
        name="Up",
        runner="module",
        device=True,
        uses=["DoubleConv"],
        calls=[
            built(
                {"in_channels": 3, "skip_channels": 3, "out_channels": 2},
                ones(1, 3, 4, 4),
                ones(1, 3, 8, 8),
                look=[
                    "the output depends on x",
                    "the output depends on the skip",
                    "a gradient flows back to x",
                    "a gradient flows back to the skip",
                    "the number of 3-convolutions",
                ],
            ),
            built(
                {"in_channels": 4, "skip_channels": 2, "out_channels": 3},
                ones(1, 4, 3, 5),
                ones(1, 2, 6, 10),
                mentions=["dimension 0"],  # tells a failing torch.cat from a failing convolution
            ),
            built(
                {"in_channels": 4, "skip_channels": 2, "out_channels": 3},
                ones(1, 4, 3, 5),
                ones(1, 2, 7, 10),
            ),
            built(
                {"in_channels": 10, "skip_channels": 3, "out_channels": 4},
                ones(1, 10, 3, 5),
                ones(1, 3, 6, 10),
                look=["the skip's channels stand beside those from below"],
            ),
            built(
                {"in_channels": 4, "skip_channels": 7, "out_channels": 5},
                ones(1, 4, 3, 5),
                ones(1, 7, 6, 10),
            ),
            built(
                {"in_channels": 3, "skip_channels": 2, "out_channels": 3, "dims": 3},
                ones(1, 3, 3, 2, 2),
                ones(1, 2, 3, 5, 4),
            ),
        ],
        hints=[
            "Three steps: x to the skip's size, concatenate along the channels, double convolution.",
            "`skip.shape[2:]` is the spatial size, for images and for volumes alike. After "
            "`torch.cat(..., dim=1)` the channels add up.",
            "The double convolution takes in_channels + skip_channels; the mode of F.interpolate "
            "depends on dims.",
        ],
        mistakes=[
            Mistake(
                "adds_the_skip",
                "The skip and what comes from below can no longer be told apart, as in a sum or a "
                "single 1-convolution: put their channels beside each other, with torch.cat, for "
                "the double convolution.",
                {
                    "DoubleConv(in_channels + skip_channels, out_channels, dims)": (
                        "DoubleConv(skip_channels, out_channels, dims)\n        self.fit = "
                        "{2: nn.Conv2d, 3: nn.Conv3d}[dims](in_channels, skip_channels, 1)"
                    ),
                    "torch.cat([skip, x], dim=1)": "skip + self.fit(x)",
                },
            ),
            Mistake(
                "skip_is_not_taught",
                "The skip is cut off from its gradient, so the levels on the left learn nothing "
                "through it: leave out `.detach()`.",
                {"torch.cat([skip, x], dim=1)": "torch.cat([skip.detach(), x], dim=1)"},
            ),
            Mistake(
                "one_convolution",
                "A level ends with a double convolution; yours has one.",
                {
                    "self.conv = DoubleConv(in_channels + skip_channels, out_channels, dims)": (
                        "self.conv = nn.Sequential(\n            {2: nn.Conv2d, 3: nn.Conv3d}[dims]"
                        "(in_channels + skip_channels, out_channels, 3, padding=1),\n"
                        "            nn.ReLU(),\n        )"
                    )
                },
            ),
            Mistake(
                "doubles_its_own_size",
                "7 pixels pool to 3, and 3 doubled are 6: bring x to the skip's size instead.",
                {"size=skip.shape[2:]": "scale_factor=2"},
            ),
            Mistake(
                "ignores_the_skip",
                "Your output does not depend on the skip: the detail is lost.",
                {"torch.cat([skip, x], dim=1)": "torch.cat([torch.zeros_like(skip), x], dim=1)"},
            ),
            Mistake(
                "ignores_what_comes_from_below",
                "Your output does not depend on x: the wide view is lost.",
                {"torch.cat([skip, x], dim=1)": "torch.cat([skip, torch.zeros_like(x)], dim=1)"},
            ),
            Mistake(
                "adds_instead_of_concatenating",
                "Adding needs equal channel numbers, and the two can no longer be told apart: "
                "concatenate.",
                {
                    "torch.cat([skip, x], dim=1)": "skip + x",
                    "DoubleConv(in_channels + skip_channels,": "DoubleConv(in_channels,",
                },
            ),
            Mistake(
                "shrinks_the_skip",
                "The output should have the skip's size; you brought the skip to the size of x.",
                {
                    "x = F.interpolate(x, size=skip.shape[2:], mode=self.mode, "
                    "align_corners=False)": "skip = F.interpolate(skip, size=x.shape[2:], "
                    "mode=self.mode, align_corners=False)"
                },
            ),
            Mistake(
                "always_bilinear",
                "Volumes have three spatial axes: their mode is called trilinear.",
                {'{2: "bilinear", 3: "trilinear"}[dims]': '"bilinear"'},
            ),
            Mistake(
                "forgets_the_skips_channels",
                "Concatenation adds channels: the double convolution gets more than in_channels.",
                {"in_channels + skip_channels": "in_channels"},
            ),
            Mistake(
                "concatenates_the_batch",
                "Without `dim=1` torch.cat joins along axis 0, the pictures of the batch; the "
                "channels are axis 1.",
                {"torch.cat([skip, x], dim=1)": "torch.cat([skip, x])"},
            ),
            Mistake(
                "concatenates_rows",
                "The channels are axis 1; axis 2 holds the rows (or the slices).",
                {
                    "torch.cat([skip, x], dim=1)": "torch.cat([skip, x], dim=2)",
                    "DoubleConv(in_channels + skip_channels,": "DoubleConv(in_channels,",
                },
            ),
        ],
    ),
    Exercise(
        name="UNet",
        runner="module",
        device=True,
        uses=["DoubleConv", "Down", "Up"],
        calls=[
            built(
                SMALL,
                NOISE,
                look=[
                    "channels at the bottom",
                    "widths of the levels, each told once",
                    "the output",
                    "fine detail arrives",
                    "a 1-convolution gives the logits",
                ],
            ),
            built(
                {**SMALL, "depth": 3, "features": 2},
                ones(1, 1, 8, 13),
                look=["each level joins its own skip"],
            ),
            built({**SMALL, "depth": 1}, ones(1, 1, 6, 6)),
            built(
                {"in_channels": 1, "num_classes": 2},
                ones(1, 1, 16, 16),
                look=["widths of the levels, each told once"],
            ),
            built({**SMALL, "dims": 3, "features": 2}, ones(1, 1, 1, 4, 6)),
        ],
        hints=[
            "Write the number of channels beside every box of the diagram, for depth 2, before you "
            "write code.",
            "Going down, remember what you had before each pooling. Going up, the deepest of these "
            "comes first: a list with `append` and `pop` is all it takes.",
            "There are depth `Down`s and depth `Up`s in two `nn.ModuleList`s, one `DoubleConv` "
            "before them, one 1-convolution behind.",
        ],
        mistakes=[
            Mistake(
                "one_skip_for_all",
                "A level gets a skip of another width than its own, perhaps all that of level 0: each "
                "joins what its own level on the left has put aside.",
                {
                    "Up(widths[level + 1], widths[level], widths[level], dims)": (
                        "Up(widths[level + 1], widths[0], widths[level], dims)"
                    ),
                    "x = up(x, skips.pop())": (
                        "x = up(x, F.interpolate(skips[0], size=skips.pop().shape[2:]))"
                    ),
                },
            ),
            Mistake(
                "forgets_the_skips",
                "Fine detail does not arrive: the skip of the highest level is not used, if any is.",
                {"x = up(x, skips.pop())": "x = up(x, torch.zeros_like(skips.pop()))"},
            ),
            Mistake(
                "skips_in_the_wrong_order",
                "The deepest skip belongs to the first level up: take the last one first.",
                {"skips.pop()": "skips.pop(0)"},
            ),
            Mistake(
                "keeps_the_skip_after_pooling",
                "Keep each level's output before it is pooled, else the full size never comes back.",
                {
                    "            skips.append(x)\n            x = down(x)": (
                        "            x = down(x)\n            skips.append(x)"
                    )
                },
            ),
            Mistake(
                "channels_do_not_double",
                "Each level down has twice the channels of the one above.",
                {"features * 2**level for": "features for"},
            ),
            Mistake(
                "channels_grow_by_addition",
                "Each level has twice the channels of the one above, features * 2**level: 4, 8, "
                "16, not 4, 8, 12.",
                {"features * 2**level for": "features * (level + 1) for"},
            ),
            Mistake(
                "softmax_at_the_end",
                "Give logits: the loss applies the softmax itself, and twice is once too often.",
                {"return self.head(x)": "return self.head(x).softmax(1)"},
            ),
            Mistake(
                "sigmoid_at_the_end",
                "Give logits: no sigmoid behind the head. The loss turns logits into probabilities.",
                {"return self.head(x)": "return self.head(x).sigmoid()"},
            ),
            Mistake(
                "log_softmax_at_the_end",
                "Give logits, not the logarithms of probabilities: the loss of unit 5 calculates "
                "these itself.",
                {"return self.head(x)": "return self.head(x).log_softmax(1)"},
            ),
            Mistake(
                "relu_at_the_end",
                "Logits may be negative: no ReLU behind the last convolution.",
                {"return self.head(x)": "return F.relu(self.head(x))"},
            ),
            Mistake(
                "levels_in_a_list",
                "Levels in a Python list are not registered: use nn.ModuleList.",
                {
                    "self.down = nn.ModuleList(\n            Down(widths[level], widths[level + 1], "
                    "dims) for level in range(depth)\n        )": (
                        "self.down = [\n            Down(widths[level], widths[level + 1], dims) "
                        "for level in range(depth)\n        ]"
                    )
                },
            ),
            Mistake(
                "one_level_too_few",
                "`depth` counts the poolings: with depth 2 the size is halved twice.",
                {
                    "for level in range(depth + 1)]": "for level in range(depth)]",
                    "dims) for level in range(depth)\n": "dims) for level in range(depth - 1)\n",
                    "for level in reversed(range(depth))": "for level in reversed(range(depth - 1))",
                },
            ),
            Mistake(
                "forgets_dims",
                "Hand `dims` on to every part; its default is 2.",
                {"DoubleConv(in_channels, widths[0], dims)": "DoubleConv(in_channels, widths[0])"},
            ),
            Mistake(
                "one_level_up_too_few",
                "There are as many levels up as down: the last of them has the full size again.",
                {
                    "for level in reversed(range(depth))": "for level in reversed(range(1, depth))",
                    "(widths[0], num_classes, 1)": "(widths[1], num_classes, 1)",
                },
            ),
            Mistake(
                "wide_head",
                "The head looks at one pixel at a time: a 1-convolution. The levels have looked "
                "around enough.",
                {"(widths[0], num_classes, 1)": "(widths[0], num_classes, 3, padding=1)"},
            ),
            Mistake(
                "head_for_one_class",
                "The head gives one logit per class, background included.",
                {"(widths[0], num_classes, 1)": "(widths[0], 1, 1)"},
            ),
        ],
    ),
    Exercise(
        name="receptive_field",
        calls=[
            Call([]),
            Call([(3, 1), (3, 1)]),
            Call([(2, 2)]),
            Call([(3, 1), (3, 1), (2, 2), (3, 1)]),
            Call([(3, 2), (3, 2), (3, 1)]),
            Call([(3, 3), (2, 1)]),
        ],
        hints=[
            "Two numbers travel through the layers: the field and the distance between neighbours.",
            "A kernel of k reaches k - 1 neighbours further, each of them one jump away.",
            "The stride of a layer stretches the distance for the layers after it, not for itself.",
        ],
        mistakes=[
            Mistake(
                "adds_the_whole_kernel",
                "One pixel of the kernel is already in the field: it adds k - 1, not k.",
                {"(kernel - 1) * jump": "kernel * jump"},
            ),
            Mistake(
                "ignores_strides",
                "After a stride of 2 neighbours lie 2 input pixels apart.",
                {"        jump *= stride\n": ""},
            ),
            Mistake(
                "stretches_too_early",
                "A layer's own stride acts on the layers after it: first add, then stretch.",
                {
                    "        field += (kernel - 1) * jump\n        jump *= stride": (
                        "        jump *= stride\n        field += (kernel - 1) * jump"
                    )
                },
            ),
            Mistake(
                "adds_strides",
                "Jumps multiply: two strides of 2 make a jump of 4, two of 3 one of 9.",
                {"jump *= stride": "jump += stride - 1"},
            ),
            Mistake(
                "begins_at_zero",
                "Without any layer a pixel sees itself: the field begins at 1.",
                {"field, jump = 1, 1": "field, jump = 0, 1"},
            ),
            Mistake(
                "multiplies_kernels",
                "Fields add up along the layers; they do not multiply.",
                {"field += (kernel - 1) * jump": "field *= kernel"},
            ),
        ],
    ),
    Exercise(
        name="overlap_tile",
        runner="tiles",
        device=True,
        calls=[
            # as by hand; then what is no multiple of the tile; last, less than a tile
            tiled(torch.arange(16.0, dtype=torch.float64).reshape(1, 1, 4, 4), 2, 1, CROSS),
            tiled(torch.arange(12.0, dtype=torch.float64).reshape(1, 1, 3, 4), 2, 0, square([2.0])),
            tiled(torch.arange(20.0, dtype=torch.float64).reshape(1, 1, 4, 5), 3, 1, CROSS),
            tiled(
                torch.arange(15.0, dtype=torch.float64).reshape(1, 1, 5, 3) ** 2,
                2,
                1,
                square([1.0, 0, 0], [0, 1, 0], [0, 0, 2]),
            ),
            tiled(torch.arange(6.0, dtype=torch.float64).reshape(1, 1, 3, 2), 4, 1, CROSS),
            # two pictures of two channels, three classes
            tiled(
                torch.arange(48.0, dtype=torch.float64).reshape(2, 2, 4, 3),
                2,
                1,
                torch.tensor([[1.0, 0], [0, 2], [3, 3]], dtype=torch.float64)[:, :, None, None],
            ),
        ],
        hints=[
            "Do it on paper in one dimension first: which pixels does each tile see?",
            "Mirror once, before the loops: `margin` at each end, and at the far end also what is "
            "missing to a multiple of `tile`. An index list, made with np.pad(..., mode='reflect'), "
            "does it for any size.",
            "Cut tile + 2 · margin pixels, call the model, keep the middle tile × tile pixels; join "
            "rows of tiles with torch.cat, and cut the surplus off at the end.",
        ],
        mistakes=[
            Mistake(
                "zeros_at_the_border",
                "Beyond the border the image is mirrored; zeros would be an edge that is not there.",
                {
                    "    padded = image[:, :, mirrored(height)][:, :, :, mirrored(width)]": (
                        "    surplus = (-width % tile, -height % tile)\n"
                        "    padded = F.pad(image, (margin, margin + surplus[0], margin, "
                        "margin + surplus[1]))"
                    )
                },
            ),
            Mistake(
                "repeats_the_border_pixel",
                "The mirror stands on the border pixel, which is not repeated: 2 | 1 2 3, not "
                "1 | 1 2 3.",
                {'mode="reflect"': 'mode="symmetric"'},
            ),
            Mistake(
                "no_margin",
                "Each tile should be seen with its margin; yours shows the model the tile alone.",
                {
                    "output = model(padded[:, :, top:bottom, left:right])\n"
                    "            row.append(output[:, :, margin : margin + tile, "
                    "margin : margin + tile])": (
                        "inner = padded[:, :, top + margin : bottom - margin, left + margin : "
                        "right - margin]\n            row.append(model(inner))"
                    )
                },
            ),
            Mistake(
                "keeps_the_corner_instead_of_the_middle",
                "What the model gives for the margin is thrown away: keep the middle of its output.",
                {"margin : margin + tile, margin : margin + tile]": ":tile, :tile]"},
            ),
            Mistake(
                "drops_the_last_tiles",
                "The size need not be a multiple of the tile: the last pixels are missing.",
                {
                    "range(0, height, tile)": "range(0, height - tile + 1, tile)",
                    "range(0, width, tile)": "range(0, width - tile + 1, tile)",
                },
            ),
            Mistake(
                "keeps_the_surplus",
                "The result should have the image's size: cut off what was added to fill the last "
                "tiles.",
                {"[:, :, :height, :width]": ""},
            ),
            Mistake(
                "swaps_rows_and_columns",
                "Tiles of one row lie side by side, that is along the columns, axis 3.",
                {
                    "torch.cat(row, dim=3)": "torch.cat(row, dim=2)",
                    "torch.cat(rows, dim=2)": "torch.cat(rows, dim=3)",
                },
            ),
            Mistake(
                "first_picture_only",
                "A batch may hold several pictures: (N, C, H, W) comes in, (N, K, H, W) goes out.",
                {"model(padded[:, :,": "model(padded[:1, :,"},
            ),
            Mistake(
                "first_channel_only",
                "The model needs all channels of the image, not the first one.",
                {"model(padded[:, :,": "model(padded[:, :1,"},
            ),
            Mistake(
                "as_many_classes_as_channels",
                "The model gives K classes, which need not be as many as the image has channels: "
                "take the number from its output.",
                {
                    "row.append(output[:, :, margin": (
                        "row.append(output[:, : image.shape[1], margin"
                    )
                },
            ),
            Mistake(
                "mirrors_with_f_pad",
                "F.pad mirrors once, so it cannot add as many pixels as the image has. Mirror a "
                "list of row numbers with np.pad, which goes on, and index the image with it.",
                {
                    "    padded = image[:, :, mirrored(height)][:, :, :, mirrored(width)]": (
                        "    surplus = (-width % tile, -height % tile)\n"
                        "    padded = F.pad(image, (margin, margin + surplus[0], margin, "
                        'margin + surplus[1]), mode="reflect")'
                    )
                },
            ),
        ],
    ),
]
