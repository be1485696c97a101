"""Wrong answers to unit 06 as students write them."""

from medseg_grader.authoring import Slip

SLIPS = [
    Slip(
        "conv_output_size",
        "rounds_up",
        "expected the result to be",
        """
def conv_output_size(size, kernel, stride=1, padding=0):
    padded = size + 2 * padding
    if kernel > padded:
        raise ValueError(f"padded size is {padded}, but the kernel needs {kernel}")
    return -(-(padded - kernel) // stride) + 1
""",
        what="Rounds up instead of down: a last step that would leave the image is counted.",
    ),
    Slip(
        "conv_output_size",
        "refuses_a_window_that_just_fits",
        "ValueError",
        """
def conv_output_size(size, kernel, stride=1, padding=0):
    padded = size + 2 * padding
    if padded <= kernel:
        raise ValueError(f"the kernel of {kernel} does not fit into {padded} pixels")
    return (padded - kernel) // stride + 1
""",
        what="Refuses a window that is exactly as large as the padded image, which has one position.",
    ),
    Slip(
        "conv_output_size",
        "",
        "expected a ValueError, yours returned",
        """
def conv_output_size(size, kernel, stride=1, padding=0):
    padded = size + 2 * padding
    result = int((padded - kernel) / stride) + 1
    if result < 1:
        raise ValueError(f"{padded} pixels are too few for a kernel of {kernel}")
    return result
""",
        what="Subtle: refuses by looking at the result after int() has cut towards zero, so with a stride a window that is slightly too large gives 1 instead of an error.",
    ),
    Slip(
        "conv_output_size",
        "names_only_the_kernel",
        "is raised in the right place",
        """
def conv_output_size(size, kernel, stride=1, padding=0):
    if kernel > size + 2 * padding:
        raise ValueError(f"kernel {kernel} is larger than the image with {size} pixels")
    return np.floor((size + 2 * padding - kernel) / stride) + 1
""",
        what="Two mistakes: returns a numpy float instead of an int, and the message names the size before padding.",
    ),
    Slip(
        "conv_output_size",
        "rounds_up",
        "expected the result to be",
        """
def conv_output_size(size, kernel, stride=1, padding=0):
    n = size + 2 * padding
    if kernel > n:
        raise ValueError(f"expected at least {kernel} pixels for the kernel, got {n}")
    return n // stride - kernel // stride + 1
""",
        what="Rounds the two parts of the fraction down separately, which differs from rounding the fraction.",
    ),
    Slip(
        "valid_unet_output_size",
        "",
        "ValueError",
        """
def valid_unet_output_size(size, depth=4):
    def convs(n):
        n -= 4
        if n <= 1:
            raise ValueError(f"expected at least 1 pixel, got {n}")
        return n

    for _ in range(depth):
        size = convs(size)
        if size % 2:
            raise ValueError(f"expected an even size at the pooling, got {size}")
        size //= 2
    size = convs(size)
    for _ in range(depth):
        size = convs(2 * size)
    return size
""",
        what="Refuses a size of exactly 1 pixel, which is still allowed (only below 1 is not).",
    ),
    Slip(
        "valid_unet_output_size",
        "",
        "is raised in the right place",
        """
def valid_unet_output_size(size, depth=4):
    for _ in range(depth):
        if size % 2 != 0:
            raise ValueError(f"expected an even size, got {size}")
        size = size - 4
        if size < 1:
            raise ValueError(f"expected at least 1 pixel, got {size}")
        size = size // 2
    size = size - 4
    if size < 1:
        raise ValueError(f"expected at least 1 pixel, got {size}")
    for _ in range(depth):
        size = 2 * size - 4
        if size < 1:
            raise ValueError(f"expected at least 1 pixel, got {size}")
    return size
""",
        what="Tests for odd sizes before the two convolutions of a level, so the message names 571 instead of 567, the size that is pooled.",
    ),
    Slip(
        "valid_unet_output_size",
        "",
        "ValueError",
        """
def valid_unet_output_size(size, depth=4):
    for level in range(depth + 1):
        size -= 4
        if size < 1:
            raise ValueError(f"size fell to {size}, expected at least 1")
        if size % 2:
            raise ValueError(f"size {size} is odd, expected even")
        if level < depth:
            size //= 2
    for _ in range(depth):
        size = 2 * size - 4
        if size < 1:
            raise ValueError(f"size fell to {size}, expected at least 1")
    return size
""",
        what="Also refuses an odd size at the bottom, where nothing is pooled any more.",
    ),
    Slip(
        "valid_unet_output_size",
        "leaves_nothing",
        "expected a ValueError, yours returned",
        """
def valid_unet_output_size(size, depth=4):
    def two_convs(s):
        s = s - 4
        if s < 0:
            raise ValueError(f"the size {s} is below 1 pixel")
        return s

    for _ in range(depth):
        size = two_convs(size) // 2
    size = two_convs(size)
    for _ in range(depth):
        size = two_convs(size * 2)
    return size
""",
        what="Two mistakes: odd sizes are pooled without a word (the remainder is dropped), and a size of 0 pixels is not refused.",
    ),
    Slip(
        "DoubleConv",
        "",
        "ValueError",
        """
class DoubleConv(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        conv = nn.Conv2d if dims == 2 else nn.Conv3d
        norm = nn.InstanceNorm2d if dims == 2 else nn.InstanceNorm3d
        self.block = nn.Sequential(
            conv(in_channels, out_channels, 3, padding=1),
            norm(out_channels),
            nn.ReLU(),
            conv(out_channels, out_channels, 3, padding=1),
            norm(out_channels),
            nn.ReLU(),
        )

    def forward(self, x):
        return self.block(x)
""",
        what="Instance normalisation, which cannot do with a single picture of a single pixel, not even in evaluation mode.",
    ),
    Slip(
        "DoubleConv",
        "normalises_within_one_picture_and_channel",
        "ValueError",
        """
class DoubleConv(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        conv = {2: nn.Conv2d, 3: nn.Conv3d}[dims]
        self.conv1 = conv(in_channels, out_channels, 3, padding=1)
        self.norm1 = nn.GroupNorm(4, out_channels)
        self.conv2 = conv(out_channels, out_channels, 3, padding=1)
        self.norm2 = nn.GroupNorm(4, out_channels)

    def forward(self, x):
        x = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(x)))
""",
        what="Four groups whatever the number of channels: out_channels that four does not divide (2, 3, 6, ...) raise an error.",
    ),
    Slip(
        "DoubleConv",
        "",
        "expected entry 0 of receptive field to be",
        """
class DoubleConv(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        if dims == 2:
            conv, norm, kernel, pad = nn.Conv2d, nn.BatchNorm2d, 3, 1
        else:
            conv, norm, kernel, pad = nn.Conv3d, nn.BatchNorm3d, (1, 3, 3), (0, 1, 1)
        self.layers = nn.Sequential(
            conv(in_channels, out_channels, kernel, padding=pad),
            norm(out_channels),
            nn.ReLU(),
            conv(out_channels, out_channels, kernel, padding=pad),
            norm(out_channels),
            nn.ReLU(),
        )

    def forward(self, x):
        return self.layers(x)
""",
        what="In volumes the windows are 1 x 3 x 3, so neighbouring slices are never seen; a 3-convolution has 3 along each axis.",
    ),
    Slip(
        "DoubleConv",
        "channels_change_late",
        "expected entry 1 of entry 0 of channels of each 3-convolution to be",
        """
class DoubleConv(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        Conv = nn.Conv3d if dims == 3 else nn.Conv2d
        Norm = nn.BatchNorm3d if dims == 3 else nn.BatchNorm2d
        self.net = nn.Sequential(
            Conv(in_channels, in_channels, kernel_size=3, padding=1),
            Norm(in_channels),
            nn.ReLU(),
            Conv(in_channels, out_channels, kernel_size=3, padding=1),
            Norm(out_channels),
            nn.ReLU(),
        )

    def forward(self, x):
        return self.net(x)
""",
        what="The channels change in the second convolution instead of the first: it should have out_channels on both sides.",
    ),
    Slip(
        "DoubleConv",
        "",
        "each convolution is normalised",
        """
class DoubleConv(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        conv = nn.Conv3d if dims == 3 else nn.Conv2d
        norm = nn.BatchNorm3d if dims == 3 else nn.BatchNorm2d
        self.first = conv(in_channels, out_channels, 3, padding=1)
        self.second = conv(out_channels, out_channels, 3, padding=1)
        self.norm = norm(out_channels)

    def forward(self, x):
        x = self.norm(F.relu(self.first(x)))
        return F.relu(self.second(x))
""",
        what="Two mistakes: the ReLU comes before the normalisation, and the second normalisation is left out.",
    ),
    Slip(
        "Down",
        "pools_along_the_slices",
        "expected entry 2 of output shape to be",
        """
class Down(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        self.pool = nn.MaxPool2d(2) if dims == 2 else nn.MaxPool3d((2, 2, 1))
        self.conv = DoubleConv(in_channels, out_channels, dims)

    def forward(self, x):
        return self.conv(self.pool(x))
""",
        what="Takes the slices to be the last axis and pools volumes with a window of (2, 2, 1): slices and rows are halved, columns stay.",
    ),
    Slip(
        "Down",
        "rounds_the_size_up",
        "expected entry 2 of output shape to be",
        """
class Down(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        if dims == 2:
            self.pool = nn.MaxPool2d(2, ceil_mode=True)
        else:
            self.pool = nn.MaxPool3d((1, 2, 2), ceil_mode=True)
        self.conv = DoubleConv(in_channels, out_channels, dims)

    def forward(self, x):
        return self.conv(self.pool(x))
""",
        what="Rounds odd sizes up (ceil_mode) where H // 2 and W // 2 are asked for.",
    ),
    Slip(
        "Down",
        "pools_after_convolving",
        "expected entry 0 of receptive field to be",
        """
class Down(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        self.layers = nn.Sequential(
            DoubleConv(in_channels, out_channels, dims),
            nn.MaxPool3d((1, 2, 2)) if dims == 3 else nn.MaxPool2d(2),
        )

    def forward(self, x):
        return self.layers(x)
""",
        what="Convolves first and pools afterwards: the shapes agree, but the order is the wrong one and the field is smaller.",
    ),
    Slip(
        "Down",
        "rounds_the_size_up",
        "expected entry 2 of output shape to be",
        """
class Down(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        self.conv = DoubleConv(in_channels, out_channels, dims)

    def forward(self, x):
        return self.conv(x[..., ::2, ::2])
""",
        what="Two mistakes: takes every other pixel instead of pooling, so three quarters of the pixels are never looked at directly; and odd sizes come out one too large.",
    ),
    Slip(
        "Down",
        "",
        "TypeError",
        """
class Down(nn.Module):
    def __init__(self, in_channels, out_channels, dims=2):
        super().__init__()
        if dims == 3:
            self.pool = nn.MaxPool3d(kernel_size=(1, 2, 2), stride=2)
        else:
            self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        self.double = DoubleConv(in_channels, out_channels, dims)

    def forward(self, x):
        x = self.pool(x)
        return self.double(x)
""",
        what="Subtle: the window for volumes is (1, 2, 2), but the step is 2 along the slices as well, so every other slice is dropped.",
    ),
    Slip(
        "Up",
        "",
        "RuntimeError",
        """
class Up(nn.Module):
    def __init__(self, in_channels, skip_channels, out_channels, dims=2):
        super().__init__()
        self.mode = "bilinear" if dims == 2 else "trilinear"
        self.conv = DoubleConv(in_channels + in_channels // 2, out_channels, dims)

    def forward(self, x, skip):
        x = F.interpolate(x, size=skip.shape[2:], mode=self.mode)
        return self.conv(torch.cat([x, skip], dim=1))
""",
        what="Takes for granted that the skip has half as many channels as x and ignores skip_channels.",
    ),
    Slip(
        "Up",
        "",
        "RuntimeError",
        """
class Up(nn.Module):
    def __init__(self, in_channels, skip_channels, out_channels, dims=2):
        super().__init__()
        self.dims = dims
        self.conv = DoubleConv(in_channels + skip_channels, out_channels, dims)

    def forward(self, x, skip):
        size = skip.shape[-1]
        if self.dims == 3:
            size = (skip.shape[2], size, size)
        x = F.interpolate(x, size=size, mode="bilinear" if self.dims == 2 else "trilinear")
        return self.conv(torch.cat((x, skip), 1))
""",
        what="Gives interpolate one number, the width of the skip: pictures that are not square fail.",
    ),
    Slip(
        "Up",
        "shrinks_the_skip",
        "expected entry 2 of output shape to be",
        """
class Up(nn.Module):
    def __init__(self, in_channels, skip_channels, out_channels, dims=2):
        super().__init__()
        self.mode = "bilinear" if dims == 2 else "trilinear"
        self.conv = DoubleConv(in_channels + skip_channels, out_channels, dims)

    def forward(self, x, skip):
        skip = F.interpolate(skip, size=x.shape[2:], mode=self.mode)
        return self.conv(torch.cat([skip, x], dim=1))
""",
        what="Brings the skip to the size of x instead of x to the size of the skip: the result stays coarse.",
    ),
    Slip(
        "Up",
        "always_bilinear",
        "NotImplementedError",
        """
class Up(nn.Module):
    def __init__(self, in_channels, skip_channels, out_channels, dims=2):
        super().__init__()
        self.conv = DoubleConv(in_channels + skip_channels, out_channels)

    def forward(self, x, skip):
        x = F.interpolate(x, size=skip.shape[2:], mode="bilinear")
        return self.conv(torch.cat([x, skip], dim=1))
""",
        what="Two mistakes that both concern volumes: mode bilinear whatever dims is, and dims not handed on to DoubleConv.",
    ),
    Slip(
        "Up",
        "",
        "RuntimeError",
        """
class Up(nn.Module):
    def __init__(self, in_channels, skip_channels, out_channels, dims=2):
        super().__init__()
        self.mode = "trilinear" if dims == 3 else "bilinear"
        self.relu = nn.ReLU(inplace=True)
        self.conv = DoubleConv(in_channels + skip_channels, out_channels, dims)

    def forward(self, x, skip):
        x = F.interpolate(x, size=tuple(skip.shape[2:]), mode=self.mode)
        skip = self.relu(skip)
        return self.conv(torch.cat([x, skip], dim=1))
""",
        what="Subtle: a ReLU in place on the skip changes the tensor that was handed in.",
    ),
    Slip(
        "UNet",
        "levels_in_a_list",
        "every layer is registered",
        """
class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, features=16, depth=4, dims=2):
        super().__init__()
        f = [features * 2**l for l in range(depth + 1)]
        self.enter = DoubleConv(in_channels, f[0], dims)
        self.downs = [Down(f[l], f[l + 1], dims) for l in range(depth)]
        self.ups = [Up(f[l + 1], f[l], f[l], dims) for l in reversed(range(depth))]
        conv = nn.Conv2d if dims == 2 else nn.Conv3d
        self.head = conv(f[0], num_classes, 1)

    def forward(self, x):
        skips = [self.enter(x)]
        for down in self.downs:
            skips.append(down(skips[-1]))
        x = skips.pop()
        for up in self.ups:
            x = up(x, skips.pop())
        return self.head(x)
""",
        what="Keeps the levels in ordinary Python lists: their weights are not in parameters() and not moved by to(device).",
    ),
    Slip(
        "UNet",
        "wide_head",
        "a 1-convolution gives the logits",
        """
class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, features=16, depth=4, dims=2):
        super().__init__()
        self.enter = DoubleConv(in_channels, features, dims)
        self.downs = nn.ModuleList()
        self.ups = nn.ModuleList()
        for l in range(depth):
            self.downs.append(Down(features * 2**l, features * 2 ** (l + 1), dims))
        for l in range(depth - 1, -1, -1):
            self.ups.append(Up(features * 2 ** (l + 1), features * 2**l, features * 2**l, dims))
        self.head = nn.Conv2d(features, num_classes, 3, padding=1)

    def forward(self, x):
        x = self.enter(x)
        skips = []
        for down in self.downs:
            skips.append(x)
            x = down(x)
        for up, skip in zip(self.ups, reversed(skips)):
            x = up(x, skip)
        return self.head(x)
""",
        what="Two mistakes in the head: it is a 3-convolution, and it is a Conv2d for volumes, too.",
    ),
    Slip(
        "UNet",
        "relu_at_the_end",
        "expected the output to be",
        """
class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, features=16, depth=4, dims=2):
        super().__init__()
        widths = [features * 2**level for level in range(depth + 1)]
        self.enter = DoubleConv(in_channels, features, dims)
        self.downs = nn.ModuleList(
            Down(a, b, dims) for a, b in zip(widths[:-1], widths[1:])
        )
        self.ups = nn.ModuleList(
            Up(b, a, a, dims) for a, b in zip(widths[-2::-1], widths[:0:-1])
        )
        self.head = DoubleConv(features, num_classes, dims)

    def forward(self, x):
        x = self.enter(x)
        skips = []
        for down in self.downs:
            skips.append(x)
            x = down(x)
        for up in self.ups:
            x = up(x, skips.pop())
        return self.head(x)
""",
        what="The head is a double convolution and ends with a ReLU: the logits can never be negative.",
    ),
    Slip(
        "UNet",
        "",
        "ValueError",
        """
class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, features=16, depth=4, dims=2):
        super().__init__()
        self.depth = depth
        f = [features * 2**l for l in range(depth + 1)]
        self.enter = DoubleConv(in_channels, f[0], dims)
        self.downs = nn.ModuleList([Down(f[l], f[l + 1], dims) for l in range(depth)])
        self.ups = nn.ModuleList([Up(f[l + 1], f[l], f[l], dims) for l in range(depth)])
        self.head = (nn.Conv3d if dims == 3 else nn.Conv2d)(f[0], num_classes, 1)

    def forward(self, x):
        if min(x.shape[2:]) < 2**self.depth:
            raise ValueError(f"the image is too small: {tuple(x.shape[2:])}")
        levels = [self.enter(x)]
        for down in self.downs:
            levels.append(down(levels[-1]))
        x = levels[-1]
        for l in range(self.depth - 1, -1, -1):
            x = self.ups[l](x, levels[l])
        return self.head(x)
""",
        what="Subtle: refuses small inputs along every axis, the slices included, which are not pooled; a volume of few slices is turned away.",
    ),
    Slip(
        "UNet",
        "softmax_at_the_end",
        "expected the output to be",
        """
class UNet(nn.Module):
    def __init__(self, in_channels, num_classes, features=16, depth=4, dims=2):
        super().__init__()
        f = [features * 2**l for l in range(depth + 1)]
        self.enter = DoubleConv(in_channels, f[0], dims)
        self.downs = nn.ModuleList([Down(f[l], f[l + 1], dims) for l in range(depth)])
        self.ups = nn.ModuleList([Up(f[l + 1], f[l], f[l], dims) for l in range(depth)][::-1])
        conv = nn.Conv2d if dims == 2 else nn.Conv3d
        self.head = conv(features, num_classes, kernel_size=1)

    def forward(self, x):
        x = self.enter(x)
        skips = []
        for down in self.downs:
            skips.append(x)
            x = down(x)
        for up, skip in zip(self.ups, skips[::-1]):
            x = up(x, skip)
        x = self.head(x)
        if not self.training:
            x = torch.softmax(x, dim=1)
        return x
""",
        what="Gives probabilities in evaluation mode: a softmax where logits are promised.",
    ),
    Slip(
        "receptive_field",
        "",
        "expected the result to be",
        """
def receptive_field(layers):
    r, j = 1, 1
    for kernel, stride in layers:
        r += (kernel - 1) * j
        if stride > 1:
            j *= 2
    return r
""",
        what="Doubles the jump at every layer with a stride above 1, whatever the stride is: wrong for strides of 3 and more.",
    ),
    Slip(
        "receptive_field",
        "adds_strides",
        "expected the result to be",
        """
def receptive_field(layers):
    field = 1
    jump = 1
    for kernel, stride in layers:
        field = field + (kernel - 1) * jump
        jump = jump + (stride - 1)
    return field
""",
        what="Adds stride - 1 to the jump instead of multiplying: right for one pooling, wrong from the second on.",
    ),
    Slip(
        "receptive_field",
        "",
        "changes its input",
        """
def receptive_field(layers):
    r = 1
    j = 1
    while layers:
        k, s = layers.pop(0)
        r = r + (k - 1) * j
        j = j * s
    return r
""",
        what="Empties the caller's list with pop.",
    ),
    Slip(
        "receptive_field",
        "stretches_too_early",
        "expected the result to be",
        """
def receptive_field(layers):
    if not layers:
        return 0
    r, j = 1, 1
    for k, s in layers:
        j *= s
        r += (k - 1) * j
    return r
""",
        what="Two mistakes: stretches the jump before adding the neighbours, and gives 0 for no layer.",
    ),
    Slip(
        "receptive_field",
        "",
        "expected the result to be",
        """
def receptive_field(layers):
    r = 1
    for kernel, stride in layers:
        r = (r - 1) * stride + kernel
    return r
""",
        what="Uses the recursion that runs from the output back, r = (r - 1) s + k, but goes through the layers forwards.",
    ),
    Slip(
        "overlap_tile",
        "mirrors_with_f_pad",
        "RuntimeError",
        """
def overlap_tile(image, tile, margin, model):
    h, w = image.shape[-2:]
    extra_h, extra_w = -h % tile, -w % tile
    padded = F.pad(image, [margin, margin + extra_w, margin, margin + extra_h], mode="reflect")
    rows = []
    for y in range(0, h, tile):
        row = []
        for x in range(0, w, tile):
            seen = padded[..., y : y + tile + 2 * margin, x : x + tile + 2 * margin]
            row.append(model(seen)[..., margin : margin + tile, margin : margin + tile])
        rows.append(torch.cat(row, dim=-1))
    return torch.cat(rows, dim=-2)[..., :h, :w].to(image.device)
""",
        what="Subtle: one call of F.pad with reflect, which fails as soon as margin and surplus reach the size of the image: small images are not possible.",
    ),
    Slip(
        "overlap_tile",
        "",
        "the first pixels of these tiles",
        """
def overlap_tile(image, tile, margin, model):
    n, _, h, w = image.shape
    padded = F.pad(image, [margin] * 4, mode="reflect") if margin else image
    result = None
    for y in range(0, h, tile):
        y = min(y, h - tile)
        for x in range(0, w, tile):
            x = min(x, w - tile)
            out = model(padded[..., y : y + tile + 2 * margin, x : x + tile + 2 * margin])
            if result is None:
                result = torch.zeros(n, out.shape[1], h, w, dtype=out.dtype, device=image.device)
            result[..., y : y + tile, x : x + tile] = out[
                ..., margin : margin + tile, margin : margin + tile
            ]
    return result
""",
        what="Moves the last tile back into the image instead of mirroring further: a pooling network's windows fall on other pixels there, and images smaller than a tile fail.",
    ),
    Slip(
        "overlap_tile",
        "",
        "expected the result to have shape",
        """
def overlap_tile(image, tile, margin, model):
    height, width = image.shape[2:]

    def mirror(n):
        total = -(-n // tile) * tile
        places = np.pad(np.arange(n), (margin, margin + total - n), mode="reflect")
        return torch.from_numpy(places).to(image.device)

    padded = image[:, :, mirror(height)][:, :, :, mirror(width)]
    edge = tile + 2 * margin
    rows = []
    for top in range(0, height, tile):
        row = []
        for left in range(0, width, tile):
            out = model(padded[:, :, top : top + edge, left : left + edge])
            row.append(out[:, :, margin:-margin, margin:-margin])
        rows.append(torch.cat(row, dim=3))
    return torch.cat(rows, dim=2)[:, :, :height, :width]
""",
        what="Cuts the margin off with [margin:-margin], which leaves nothing when the margin is 0.",
    ),
    Slip(
        "overlap_tile",
        "",
        "expected the result to be",
        """
def overlap_tile(image, tile, margin, model):
    def mirrored(x, before, after):
        for axis in (2, 3):
            n = x.shape[axis]
            places = np.pad(np.arange(n), (before, after[axis - 2]), mode="reflect")
            x = x.index_select(axis, torch.from_numpy(places).to(x.device))
        return x

    h, w = image.shape[-2:]
    whole = mirrored(image, 0, (-h % tile, -w % tile))
    rows = []
    for piece in whole.split(tile, dim=2):
        row = []
        for square in piece.split(tile, dim=3):
            out = model(mirrored(square, margin, (margin, margin)))
            row.append(out[:, :, margin : margin + tile, margin : margin + tile])
        rows.append(torch.cat(row, dim=3))
    return torch.cat(rows, dim=2)[:, :, :h, :w]
""",
        what="Cuts the tiles first and mirrors each at its own edges: inside the image the margin shows the tile's mirror image instead of its true neighbours.",
    ),
    Slip(
        "overlap_tile",
        "repeats_the_border_pixel",
        "expected the result to be",
        """
def overlap_tile(image, tile, margin, model):
    h, w = image.shape[-2:]
    padded = F.pad(
        image, [margin, margin + (-w) % tile, margin, margin + (-h) % tile], mode="replicate"
    )
    result = torch.empty_like(image)
    for y in range(0, h, tile):
        for x in range(0, w, tile):
            out = model(padded[..., y : y + tile + 2 * margin, x : x + tile + 2 * margin])
            out = out[..., margin : margin + tile, margin : margin + tile]
            result[..., y : y + tile, x : x + tile] = out[..., : h - y, : w - x]
    return result
""",
        what="Two mistakes: the border pixel is repeated (replicate) instead of mirrored, and the result has the image's channels, so a network with K other than C channels fails.",
    ),
]
