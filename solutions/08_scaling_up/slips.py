"""Wrong answers to unit 08 as students write them."""

from medseg_grader.authoring import Slip

SLIPS = [
    Slip(
        "average_gradients",
        "",
        "expected a ValueError, yours returned",
        """
def average_gradients(gradients):
    first = gradients[0]
    if len(gradients) > 1:
        second = gradients[1]
        if len(first) != len(second):
            raise ValueError(f"{len(first)} tensors and {len(second)} tensors")
        for a, b in zip(first, second):
            if a.shape != b.shape:
                raise ValueError(f"shapes differ: {tuple(a.shape)} and {tuple(b.shape)}")
    averaged = []
    for i in range(len(first)):
        total = torch.zeros_like(first[i])
        for worker in gradients:
            total = total + worker[i]
        averaged.append(total / len(gradients))
    return averaged
""",
        what="Subtle: compares only the first two workers; a third that differs is not refused (missing tensors surface as an IndexError, shapes as an error of torch or a silent broadcast).",
    ),
    Slip(
        "average_gradients",
        "changes_a_worker",
        "changes its input",
        """
def average_gradients(gradients):
    first = gradients[0]
    for other in gradients[1:]:
        if len(other) != len(first):
            raise ValueError(f"expected {len(first)} tensors, got {len(other)}")
        for a, b in zip(first, other):
            if a.shape != b.shape:
                raise ValueError(f"expected shape {tuple(a.shape)}, got {tuple(b.shape)}")
    result = []
    for i, total in enumerate(first):
        for other in gradients[1:]:
            total += other[i]
        result.append(total / len(gradients))
    return result
""",
        what="Adds up into worker 0's own tensors, which are changed.",
    ),
    Slip(
        "average_gradients",
        "hands_back_a_workers_tensor",
        "each tensor is a new one",
        """
def average_gradients(gradients):
    if len(gradients) == 1:
        return list(gradients[0])
    number = len(gradients[0])
    for worker in gradients:
        if len(worker) != number:
            raise ValueError(f"workers have {number} and {len(worker)} tensors")
    result = []
    for tensors in zip(*gradients):
        for t in tensors:
            if t.shape != tensors[0].shape:
                raise ValueError(f"shapes {tuple(tensors[0].shape)} and {tuple(t.shape)}")
        result.append(torch.stack(tensors).mean(dim=0))
    return result
""",
        what="With a single worker its own tensors are handed back, though new ones are promised.",
    ),
    Slip(
        "average_gradients",
        "divides_by_the_parameters",
        "expected entry 0 of the result to be",
        """
def average_gradients(gradients):
    n = len(gradients[0])
    for worker in gradients[1:]:
        if len(worker) != n:
            raise ValueError(f"one worker has {n} tensors, another has {len(worker)}")
    averages = []
    for tensors in zip(*gradients):
        shape = tensors[0].shape
        for t in tensors[1:]:
            if t.shape != shape:
                raise ValueError(f"one tensor is {tuple(shape)}, another is {tuple(t.shape)}")
        averages.append(sum(tensors) / n)
    return averages
""",
        what="Divides by the number of parameters instead of the number of workers; the example has two of each.",
    ),
    Slip(
        "average_gradients",
        "",
        "each tensor has the dtype of its gradients",
        """
def average_gradients(gradients):
    first = gradients[0]
    for worker in gradients[1:]:
        if len(worker) != len(first):
            raise ValueError(f"{len(first)} and {len(worker)} tensors")
    result = []
    for position, reference in enumerate(first):
        total = torch.zeros(reference.shape, device=reference.device)
        for worker in gradients:
            tensor = worker[position]
            if tensor.numel() != reference.numel():
                raise ValueError(f"{tuple(reference.shape)} and {tuple(tensor.shape)}")
            total += tensor.reshape(reference.shape).float()
        result.append(total / len(gradients))
    return result
""",
        what="Two mistakes: compares the numbers of elements instead of the shapes, so (1, 6) and (6,) are mixed without an error; and returns float32 whatever came.",
    ),
    Slip(
        "border_weights",
        "pieces_as_instances",
        "ex [2, 0] to be 7.0717, yours is 8.3527.",
        """
def border_weights(instances, w0=10.0, sigma=5.0):
    array = instances.cpu().numpy()
    parts, count = ndimage.label(array > 0)
    if count < 2:
        return torch.zeros(array.shape, device=instances.device)
    distances = [ndimage.distance_transform_edt(parts != k) for k in range(1, count + 1)]
    two = np.sort(np.stack(distances), axis=0)[:2].sum(axis=0)
    weights = w0 * np.exp(-(two**2) / (2 * sigma**2))
    weights[array > 0] = 0
    return torch.from_numpy(weights.astype(np.float32)).to(instances.device)
""",
        what="Finds the instances anew as connected components instead of by their numbers: pieces of one instance count as two, and instances that touch as one.",
    ),
    Slip(
        "border_weights",
        "",
        "ex [2, 0] to be 7.0717, yours is 7.2615.",
        """
def border_weights(instances, w0=10.0, sigma=5.0):
    ids = instances.cpu().numpy()
    if ids.max() < 2:
        return torch.zeros(ids.shape, device=instances.device)
    stack = np.stack(
        [ndimage.distance_transform_edt(ids != k) for k in range(1, int(ids.max()) + 1)]
    )
    if len(np.unique(ids[ids > 0])) < 2:
        return torch.zeros(ids.shape, device=instances.device)
    d1, d2 = np.partition(stack, 1, axis=0)[:2]
    w = w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2)) * (ids == 0)
    return torch.from_numpy(w).float().to(instances.device)
""",
        what="Goes through all numbers from 1 to the largest: for a number that is left out, the distance transform of an all-true mask gives meaningless distances.",
    ),
    Slip(
        "border_weights",
        "",
        "a dtype of floats",
        """
def border_weights(instances, w0=10.0, sigma=5.0):
    array = instances.cpu().numpy()
    numbers = np.unique(array[array > 0])
    if len(numbers) < 2:
        return torch.zeros_like(instances)
    stack = np.stack([ndimage.distance_transform_edt(array != n) for n in numbers])
    stack.sort(axis=0)
    weight = w0 * np.exp(-((stack[0] + stack[1]) ** 2) / (2 * sigma**2))
    weight[array != 0] = 0
    return torch.from_numpy(weight).to(instances.device).float()
""",
        what="Subtle: with fewer than two instances the zeros have the integer dtype of the instances instead of a float dtype.",
    ),
    Slip(
        "border_weights",
        "",
        "ex [0, 2] to be 8.8997, yours is 5.4942.",
        """
def border_weights(instances, w0=10.0, sigma=5.0):
    array = instances.cpu().numpy()
    labels = [n for n in np.unique(array) if n > 0]
    result = np.zeros(array.shape, dtype=np.float32)
    if len(labels) >= 2:
        d = np.stack([ndimage.distance_transform_edt(array != n) for n in labels])
        d1, d2 = d.min(axis=0), d.max(axis=0)
        value = w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))
        result = np.where(array == 0, value, 0).astype(np.float32)
    return torch.from_numpy(result).to(instances.device)
""",
        what="Takes the nearest and the farthest instance (first and last after sorting) instead of the two nearest; with two instances it is the same.",
    ),
    Slip(
        "border_weights",
        "city_blocks",
        "ex [0, 2] to be 8.8997, yours is 8.3527.",
        """
def border_weights(instances, w0=10.0, sigma=5.0):
    a = instances.cpu().numpy()
    numbers = np.unique(a[a > 0])
    if len(numbers) < 2:
        return torch.zeros(a.shape, dtype=torch.float32, device=instances.device)
    d = np.stack([ndimage.distance_transform_cdt(a != n, metric="taxicab") for n in numbers])
    d = np.sort(d.astype(np.float64), axis=0)
    w = 10 * np.exp(-((d[0] + d[1]) ** 2) / 50)
    w[a > 0] = 0
    return torch.from_numpy(w).float().to(instances.device)
""",
        what="Two mistakes: taxicab instead of Euclidean distances, and w0 and sigma are ignored in favour of 10 and 5.",
    ),
    Slip(
        "weighted_cross_entropy",
        "weighs_after_the_mean",
        "expected the gradient to be",
        """
def weighted_cross_entropy(logits, labels, weights):
    return weights.mean() * F.cross_entropy(logits, labels)
""",
        what="Multiplies the mean of the weights with the mean of the loss instead of taking the mean of the products; the example, with equal losses, does not show it.",
    ),
    Slip(
        "weighted_cross_entropy",
        "softmax_along_a_row",
        "expected the gradient to be",
        """
def weighted_cross_entropy(logits, labels, weights):
    flat = logits.reshape(-1, logits.shape[1])
    per_pixel = F.cross_entropy(flat, labels.reshape(-1), reduction="none")
    return (per_pixel * weights.reshape(-1)).mean()
""",
        what="Reshapes the logits to rows of C without moving the class axis to the end: classes and pixels are mixed up.",
    ),
    Slip(
        "weighted_cross_entropy",
        "divides_by_the_weights",
        "expected the result to be",
        """
def weighted_cross_entropy(logits, labels, weights):
    loss = F.cross_entropy(logits, labels, reduction="none")
    return (loss * weights).sum() / weights.sum()
""",
        what="Divides by the sum of the weights instead of the number of pixels.",
    ),
    Slip(
        "weighted_cross_entropy",
        "softmax_twice",
        "expected the gradient to be",
        """
def weighted_cross_entropy(logits, labels, weights):
    p = torch.softmax(logits, dim=1)
    loss = F.cross_entropy(p, labels, reduction="none")
    weights *= loss
    return weights.mean()
""",
        what="Two mistakes: a softmax before F.cross_entropy, which takes a softmax itself; and the caller's weights are multiplied in place.",
    ),
    Slip(
        "weighted_cross_entropy",
        "",
        "expected the result to be",
        """
def weighted_cross_entropy(logits, labels, weights):
    p = torch.softmax(logits, dim=1)
    p_true = p.gather(1, labels.unsqueeze(1)).squeeze(1)
    return -(weights * torch.log(p_true.clamp(min=1e-12))).mean()
""",
        what="Subtle: the logarithm of a clamped softmax is finite, but for large logits the value is cut off near 28 and the gradient is 0.",
    ),
]
