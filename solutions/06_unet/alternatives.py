"""Right answers to unit 06, written otherwise."""

from medseg_grader.authoring import Alternative

ALTERNATIVES = [
    Alternative(
        "conv_output_size",
        "by counting",
        """
def conv_output_size(size, kernel, stride=1, padding=0):
    total = size + padding + padding
    if kernel > total:
        raise ValueError(f"a kernel of {kernel} does not fit into {total} pixels")
    return len(range(0, total - kernel + 1, stride))
""",
        slow=True,
    ),
    Alternative(
        "conv_output_size",
        "floor",
        """
def conv_output_size(size, kernel, stride=1, padding=0):
    if size + 2 * padding < kernel:
        raise ValueError(f"{size + 2 * padding} pixels are fewer than the kernel's {kernel}")
    return int(np.floor((size + 2 * padding - kernel) / stride)) + 1
""",
        slow=True,
    ),
    Alternative(
        "valid_unet_output_size",
        "recursive",
        """
def valid_unet_output_size(size, depth=4):
    inner = size - 4
    if depth == 0:
        if inner < 1:
            raise ValueError(f"{inner} pixels are left, expected at least 1")
        return inner
    if inner % 2 or inner < 2:
        raise ValueError(f"{inner} pixels cannot be halved, expected an even number")
    result = 2 * valid_unet_output_size(inner // 2, depth - 1) - 4
    if result < 1:
        raise ValueError(f"{result} pixels are left, expected at least 1")
    return result
""",
        slow=True,
    ),
    Alternative(
        "DoubleConv",
        "group norm, attributes, bias",
        """
class DoubleConv(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        Conv = nn.Conv3d if dims == 3 else nn.Conv2d
        self.one = Conv(in_channels, out_channels, 3, padding="same")
        self.two = Conv(out_channels, out_channels, 3, padding="same")
        self.norm_one = nn.GroupNorm(1, out_channels)
        self.norm_two = nn.GroupNorm(1, out_channels)

    def forward(self, x):
        x = F.relu(self.norm_one(self.one(x)))
        return F.relu(self.norm_two(self.two(x)))
""",
        slow=True,
    ),
    Alternative(
        "DoubleConv",
        "four channels a group, in place",
        """
class DoubleConv(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        conv = getattr(nn, f"Conv{dims}d")
        groups = out_channels // 4 if out_channels % 4 == 0 else 1
        sizes = [(in_channels, out_channels), (out_channels, out_channels)]
        self.steps = nn.ModuleList(conv(a, b, 3, 1, 1) for a, b in sizes)
        self.norms = nn.ModuleList(nn.GroupNorm(groups, out_channels) for _ in sizes)

    def forward(self, x):
        for step, norm in zip(self.steps, self.norms):
            x = norm(step(x)).relu_()
        return x
""",
        slow=True,
    ),
    Alternative(
        "DoubleConv",
        "layers as attributes and in a Sequential",
        """
class DoubleConv(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        Conv, Norm = (nn.Conv2d, nn.BatchNorm2d) if dims == 2 else (nn.Conv3d, nn.BatchNorm3d)
        self.conv1 = Conv(in_channels, out_channels, kernel_size=3, padding=1)
        self.norm1 = Norm(out_channels)
        self.conv2 = Conv(out_channels, out_channels, kernel_size=3, padding=1)
        self.norm2 = Norm(out_channels)
        self.relu = nn.ReLU()
        self.block = nn.Sequential(
            self.conv1, self.norm1, self.relu, self.conv2, self.norm2, self.relu
        )

    def forward(self, x):
        return self.block(x)
""",
    ),
    Alternative(
        "Down",
        "strided convolution",
        """
class Down(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        step = 2 if dims == 2 else (1, 2, 2)
        conv = nn.Conv2d if dims == 2 else nn.Conv3d
        self.shrink = conv(in_channels, in_channels, step, stride=step)
        self.block = DoubleConv(in_channels, out_channels, dims)

    def forward(self, x):
        return self.block(self.shrink(x))
""",
        slow=True,
    ),
    Alternative(
        "Down",
        "mean",
        """
class Down(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        pool = nn.AvgPool2d(2) if dims == 2 else nn.AvgPool3d((1, 2, 2))
        self.steps = nn.Sequential(pool, DoubleConv(in_channels, out_channels, dims))

    def forward(self, x):
        return self.steps(x)
""",
        slow=True,
    ),
    Alternative(
        "Down",
        "pooling function",
        """
class Down(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        self.dims = dims
        self.block = DoubleConv(in_channels, out_channels, dims)

    def forward(self, x):
        if self.dims == 2:
            return self.block(F.max_pool2d(x, 2))
        return self.block(F.max_pool3d(x, (1, 2, 2)))
""",
        slow=True,
    ),
    Alternative(
        "Up",
        "transposed convolution, padded",
        """
class Up(nn.Module):
    def __init__(self, in_channels, skip_channels, out_channels, dims=2):
        super().__init__()
        step = 2 if dims == 2 else (1, 2, 2)
        conv = nn.ConvTranspose2d if dims == 2 else nn.ConvTranspose3d
        self.grow = conv(in_channels, skip_channels, step, step)
        self.block = DoubleConv(2 * skip_channels, out_channels, dims)

    def forward(self, x, skip):
        x = F.interpolate(self.grow(x), size=skip.shape[2:])
        return self.block(torch.cat((x, skip), 1))
""",
        slow=True,
    ),
    Alternative(
        "UNet",
        "recursive",
        """
class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, features=16, depth=4, dims=2):
        super().__init__()
        self.first = DoubleConv(in_channels, features, dims)
        self.levels = nn.ModuleList()
        for k in range(depth):
            c = features * 2**k
            self.levels.append(nn.ModuleList([Down(c, 2 * c, dims), Up(2 * c, c, c, dims)]))
        kind = nn.Conv2d if dims == 2 else nn.Conv3d
        self.last = kind(features, num_classes, kernel_size=1)

    def inner(self, x, k):
        if k == len(self.levels):
            return x
        down, up = self.levels[k]
        return up(self.inner(down(x), k + 1), x)

    def forward(self, x):
        return self.last(self.inner(self.first(x), 0))
""",
        slow=True,
    ),
    Alternative(
        "UNet",
        "levels in dictionaries",
        """
class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, features=16, depth=4, dims=2):
        super().__init__()
        self.enter = DoubleConv(in_channels, features, dims)
        self.levels = nn.ModuleList()
        for level in range(depth):
            f = features * 2**level
            parts = {"down": Down(f, 2 * f, dims), "up": Up(2 * f, f, f, dims)}
            self.levels.append(nn.ModuleDict(parts))
        self.head = (nn.Conv2d if dims == 2 else nn.Conv3d)(features, num_classes, 1)

    def forward(self, x):
        def go(x, level):
            if level == len(self.levels):
                return x
            parts = self.levels[level]
            return parts["up"](go(parts["down"](x), level + 1), x)

        return self.head(go(self.enter(x), 0))
""",
        slow=True,
    ),
    Alternative(
        "receptive_field",
        "backwards",
        """
def receptive_field(layers):
    field = 1
    for kernel, stride in reversed(layers):
        field = (field - 1) * stride + kernel
    return field
""",
        slow=True,
    ),
    Alternative(
        "overlap_tile",
        "index by index",
        """
def overlap_tile(image, tile, margin, model):
    n, _, height, width = image.shape

    def mirror(start, size):
        index = []
        for i in range(start - margin, start + tile + margin):
            period = max(1, 2 * (size - 1))
            i = abs(i) % period
            index.append(i if i < size else period - i)
        return torch.tensor(index, device=image.device)

    result = None
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            window = image[:, :, mirror(top, height)][:, :, :, mirror(left, width)]
            out = model(window)[:, :, margin : margin + tile, margin : margin + tile]
            if result is None:
                shape = (n, out.shape[1], height, width)
                result = torch.zeros(shape, dtype=out.dtype, device=out.device)
            h, w = min(tile, height - top), min(tile, width - left)
            result[:, :, top : top + h, left : left + w] = out[:, :, :h, :w]
    return result
""",
        slow=True,
    ),
]

# U-Nets of blocks that are right as well: they must not depend on how the blocks normalise.
_SOURCES = {(a.exercise, a.name): a.source for a in ALTERNATIVES}
ALTERNATIVES += [
    Alternative(
        "UNet",
        f"{name}, of blocks with GroupNorm({groups}, …)",
        _SOURCES["DoubleConv", "group norm, attributes, bias"].replace(
            "GroupNorm(1,", f"GroupNorm({groups},"
        )
        + _SOURCES["UNet", name],
        slow=True,
    )
    for name in ("recursive", "levels in dictionaries")
    for groups in ("1", "out_channels // 2 if out_channels % 2 == 0 else 1")
]
