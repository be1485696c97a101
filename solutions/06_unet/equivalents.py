"""Small changes of unit 06's solutions that may keep all points, and why."""

from medseg_grader.authoring import Equivalent

POOLED = "if now < 2 or now % 2:"
LAYERS = (
    "self.layers = nn.Sequential(conv(in_channels, out_channels, 3, padding=1, bias=False), "
    "norm(out_channels), nn.ReLU(inplace=True), conv(out_channels, out_channels, 3, padding=1, "
    "bias=False), norm(out_channels), nn.ReLU(inplace=True))"
)
LARGEST = "self.pool = nn.MaxPool2d(2) if dims == 2 else nn.MaxPool3d((1, 2, 2))"
ALIKE = "For four axes MaxPool3d takes the pictures of a batch for channels, and pools the same."
RESIZED = "x = F.interpolate(x, size=skip.shape[2:], mode=self.mode, align_corners=False)"
TOO_SMALL = "An input so small is refused further on; which of its sizes is named first is open."


def in_layers(before: str, after: str, why: str) -> list[Equivalent]:
    """A change of the first or second layer of its kind."""
    first = LAYERS.replace(before, after, 1)
    head, tail = LAYERS.rsplit(before, 1)
    changes = (first, head + after + tail)
    return [Equivalent("DoubleConv", f"{LAYERS}  ->  {change}", why) for change in changes]


EQUIVALENTS = [
    Equivalent(
        "valid_unet_output_size",
        "now //= 2  ->  now /= 2",
        "What is halved is even, and 388.0 counts as 388.",
    ),
    Equivalent("valid_unet_output_size", f"{POOLED}  ->  if now % 2:", TOO_SMALL),
    Equivalent("valid_unet_output_size", f"{POOLED}  ->  if now <= 2 or now % 2:", TOO_SMALL),
    Equivalent("valid_unet_output_size", f"{POOLED}  ->  if now < 3 or now % 2:", TOO_SMALL),
    Equivalent("valid_unet_output_size", f"{POOLED}  ->  if now < 1 or now % 2:", "1 is odd."),
    *in_layers(", bias=False", "", "The normalisation takes away what a bias adds."),
    *in_layers("bias=False", "bias=True", "The normalisation takes away what a bias adds."),
    *in_layers("inplace=True", "", "In place or not, the values are the same."),
    *in_layers("inplace=True", "inplace=False", "In place or not, the values are the same."),
    Equivalent("Down", f"{LARGEST}  ->  self.pool = nn.MaxPool3d((1, 2, 2))", ALIKE),
    Equivalent("Down", f"{LARGEST}  ->  {LARGEST.replace('dims == 2', 'dims == 1')}", ALIKE),
    Equivalent(
        "Up",
        f"{RESIZED}  ->  {RESIZED.replace(', align_corners=False', '')}",
        "It is torch's default.",
    ),
    Equivalent(
        "Up",
        f"{RESIZED}  ->  {RESIZED.replace('False', 'True')}",
        "Any way to the skip's size will do.",
    ),
    Equivalent(
        "UNet",
        "self.up = nn.ModuleList((Up(widths[level + 1], widths[level], widths[level], dims) "
        "for level in reversed(range(depth))))  ->  "
        "self.up = nn.ModuleList((Up(widths[level], widths[level + 1], widths[level], dims) "
        "for level in reversed(range(depth))))",
        "Up needs the sum of both numbers only.",
    ),
    Equivalent(
        "UNet",
        "widths = [features * 2 ** level for level in range(depth + 1)]  ->  "
        "widths = [features * 2 ** level for level in range(depth + 2)]",
        "The last width is not used.",
    ),
    Equivalent(
        "overlap_tile",
        "surplus = -size % tile  ->  surplus = tile",
        "What is mirrored beyond the last tile is never looked at.",
    ),
    Equivalent(
        "overlap_tile",
        "return torch.from_numpy(index).to(image.device)  ->  return torch.from_numpy(index)",
        "torch takes an index on the CPU for a tensor anywhere.",
    ),
    Equivalent(
        "overlap_tile",
        "height, width = image.shape[-2:]  ->  height, width = image.shape[2:]",
        "An image has four axes.",
    ),
]
