"""Wrong answers to unit 05 as students write them."""

from medseg_grader.authoring import Slip

SLIPS = [
    Slip(
        "softmax",
        "one_shift_for_all_pixels",
        "ndex [1, 0] to be 0.33333, yours is nan.",
        """
def softmax(logits, dim):
    if dim < -logits.ndim or dim >= logits.ndim:
        raise ValueError(f"there is no axis {dim}: the tensor has {logits.ndim} axes")
    e = torch.exp(logits - logits.max())
    return e / e.sum(dim=dim, keepdim=True)
""",
        what="Shifts by the largest logit of the whole tensor, not of each pixel: a pixel whose logits lie far below it underflows to 0 / 0 = NaN.",
    ),
    Slip(
        "softmax",
        "overflows",
        "t at index [0, 0] to be 1, yours is nan.",
        """
def softmax(logits, dim):
    if not -logits.ndim <= dim < logits.ndim:
        raise ValueError(f"the tensor has no axis {dim}")
    e = torch.exp(logits)
    return e / e.sum(dim=dim, keepdim=True)
""",
        what="Exponentials without any shift, so large logits give inf / inf = NaN.",
    ),
    Slip(
        "softmax",
        "",
        "expected the dtype to be",
        """
def softmax(logits, dim):
    if dim not in range(-logits.ndim, logits.ndim):
        raise ValueError(f"dim={dim} is not an axis of a tensor with {logits.ndim} axes")
    x = logits.float()
    x = x - x.amax(dim=dim, keepdim=True)
    x = x.exp()
    return x / x.sum(dim=dim, keepdim=True)
""",
        what="Turns everything into float32, so the result of float64 or float16 logits has another dtype than the input.",
    ),
    Slip(
        "log_softmax",
        "keeps_the_probability_above_1e_12",
        "expected the result to be",
        """
def log_softmax(logits, dim):
    return torch.log(softmax(logits, dim) + 1e-12)
""",
        what="Takes the logarithm of the probability with a small number added: very improbable classes get -27.6 instead of their true logarithm.",
    ),
    Slip(
        "log_softmax",
        "",
        "changes its input",
        """
def log_softmax(logits, dim):
    logits -= logits.detach().amax(dim=dim, keepdim=True)
    return logits - torch.log(torch.exp(logits).sum(dim=dim, keepdim=True))
""",
        what="Shifts in place: the caller's logits are changed.",
    ),
    Slip(
        "log_softmax",
        "overflows",
        " at index [0, 0] to be 0, yours is -inf.",
        """
def log_softmax(logits, dim):
    shifted = logits - logits.mean(dim=dim, keepdim=True)
    return shifted - shifted.exp().sum(dim=dim, keepdim=True).log()
""",
        what="Shifts by the mean instead of the maximum, so the exponential still overflows when one logit is large.",
    ),
    Slip(
        "log_softmax",
        "",
        "a gradient flows back to the input",
        """
def log_softmax(logits, dim):
    shifted = (logits - logits.amax(dim=1, keepdim=True)).detach()
    total = torch.exp(shifted).sum(dim=1, keepdim=True)
    return shifted - torch.log(total)
""",
        what="Two mistakes: ignores dim and always uses axis 1, and detaches the shifted logits, so no gradient comes back.",
    ),
    Slip(
        "class_weights",
        "too_short_for_absent_classes",
        "expected the result to have shape",
        """
def class_weights(labels, num_classes):
    counts = torch.bincount(labels.flatten()).float()
    inverse = torch.where(counts > 0, 1 / counts, torch.zeros_like(counts))
    return inverse / inverse.sum()
""",
        what="bincount without minlength: if the last classes are absent, the result has fewer than num_classes entries.",
    ),
    Slip(
        "class_weights",
        "absent_class_gets_most",
        "expected the result to be",
        """
def class_weights(labels, num_classes):
    counts = torch.bincount(labels.flatten(), minlength=num_classes)
    inverse = 1 / counts.clamp(min=1).float()
    return inverse / inverse.sum()
""",
        what="Treats an absent class as if it had one pixel (clamp), so it gets the largest weight instead of 0.",
    ),
    Slip(
        "class_weights",
        "one_minus_frequency",
        "expected the result to be",
        """
def class_weights(labels, num_classes):
    counts = torch.bincount(labels.flatten().long(), minlength=num_classes).float()
    frequency = counts / counts.sum()
    weights = (1 - frequency) * (counts > 0)
    return weights / weights.sum()
""",
        what="Uses 1 - frequency instead of 1 / frequency: the same for two classes, wrong for more, and NaN if only one class is present.",
    ),
    Slip(
        "class_weights",
        "leaves_the_device",
        "with inputs on a cuda device",
        """
def class_weights(labels, num_classes):
    counts = torch.zeros(num_classes)
    for c in range(num_classes):
        counts[c] = (labels == c).sum()
    inverse = 1 / (counts + 1e-8)
    weights = inverse / inverse.sum()
    weights[counts == 0] = 0
    return weights
""",
        what="Two mistakes: normalises with a tiny number in place of absent counts and sets them to 0 only afterwards, so the present classes get almost nothing; and builds the result on the CPU whatever the labels' device.",
    ),
    Slip(
        "class_weights",
        "",
        "expected the result to be",
        """
def class_weights(labels, num_classes):
    flat = labels.flatten()
    counts = torch.zeros(num_classes, dtype=labels.dtype, device=labels.device)
    counts = counts.scatter_add(0, flat.long(), torch.ones_like(flat))
    inverse = torch.zeros(num_classes, device=labels.device)
    there = counts > 0
    inverse[there] = 1 / counts[there].float()
    return inverse / inverse.sum()
""",
        what="Subtle: counts in the labels' own dtype, so uint8 labels overflow after 255 pixels.",
    ),
    Slip(
        "softmax_focal_loss",
        "",
        "expected the result to be",
        """
def softmax_focal_loss(logits, labels, alpha, gamma=2.0):
    weight = alpha.view(1, -1, *[1] * (logits.ndim - 2))
    weighted = -(labels * weight * F.log_softmax(logits, dim=1)).sum(dim=1)
    p = torch.exp(-weighted)
    focus = (1 - p).clamp(min=1e-7) ** gamma
    return (focus * weighted).mean()
""",
        what="Takes the probability from the cross-entropy that already contains alpha (exp of minus the weighted value), so the focus factor is wrong as soon as alpha is not 1 and gamma is not 0.",
    ),
    Slip(
        "softmax_focal_loss",
        "detaches_the_focus",
        "expected the gradient to be",
        """
def softmax_focal_loss(logits, labels, alpha, gamma=2.0):
    log_p = F.log_softmax(logits, dim=1)
    with torch.no_grad():
        focus = (1 - log_p.exp()).clamp(min=1e-12) ** gamma
    shape = [1, -1] + [1] * (logits.ndim - 2)
    loss = -labels * focus * alpha.reshape(shape) * log_p
    return loss.sum(dim=1).mean()
""",
        what="Treats the focus factor as a constant (no_grad): the value is right, the gradient is not.",
    ),
    Slip(
        "softmax_focal_loss",
        "",
        "expected the result to be",
        """
def softmax_focal_loss(logits, labels, alpha, gamma=2.0):
    truth = labels.to(torch.float32).argmax(dim=1, keepdim=True)
    log_p = log_softmax(logits, 1).gather(1, truth)[:, 0]
    a = alpha[truth[:, 0]]
    focus = torch.clamp(1 - log_p.exp(), min=1e-8) ** gamma
    return -(focus * a * log_p).mean()
""",
        what="Turns the labels into hard classes with argmax: soft labels, which the text allows, lose their shares.",
    ),
    Slip(
        "softmax_focal_loss",
        "slope_of_a_power_of_zero",
        "index [0, 0, 0] to be 0.5, yours is nan.",
        """
def softmax_focal_loss(logits, labels, alpha, gamma=2.0):
    log_p = F.log_softmax(logits, dim=1)
    p = log_p.exp()
    a = alpha.reshape(1, -1, *([1] * (logits.ndim - 2)))
    per_class = labels * (1 - p) ** gamma * a * log_p
    return -per_class.sum(dim=1).mean()
""",
        what="Subtle: takes the power of 1 - p without keeping it above 0, so the gradient is NaN for 0 < gamma < 1 where the network is sure.",
    ),
    Slip(
        "softmax_focal_loss",
        "mean_over_the_classes",
        "expected the result to be 1.3472",
        """
def softmax_focal_loss(logits, labels, alpha, gamma=2.0):
    p = torch.softmax(logits, dim=1).clamp(1e-7, 1 - 1e-7)
    a = alpha.view(1, -1, *[1] * (logits.ndim - 2))
    loss = -labels * (1 - p) ** gamma * a * torch.log(p)
    return loss.mean()
""",
        what="Two mistakes: the logarithm of a clamped probability cuts the loss off at 16, without a gradient beyond; and the mean runs over the classes, too, so the loss is C times too small.",
    ),
    Slip(
        "sigmoid_focal_loss",
        "alpha_for_both",
        "expected the result to be",
        """
def sigmoid_focal_loss(logits, labels, alpha=0.25, gamma=2.0):
    labels = labels.to(logits.dtype)
    ce = F.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    p = torch.sigmoid(logits)
    p_t = p * labels + (1 - p) * (1 - labels)
    return (alpha * (1 - p_t).clamp(min=1e-8) ** gamma * ce).mean()
""",
        what="Weighs positives and negatives both with alpha; negatives should get 1 - alpha.",
    ),
    Slip(
        "sigmoid_focal_loss",
        "log_of_a_rounded_probability",
        "expected the result to be",
        """
def sigmoid_focal_loss(logits, labels, alpha=0.25, gamma=2.0):
    y = labels.to(logits.dtype)
    p = torch.sigmoid(logits)
    p_t = torch.where(y == 1, p, 1 - p)
    log_pt = torch.where(y == 1, F.logsigmoid(logits), torch.log(1 - p))
    a_t = torch.where(y == 1, alpha, 1 - alpha)
    return -(a_t * (1 - p_t).clamp(min=1e-8) ** gamma * log_pt).mean()
""",
        what="Takes ln(1 - sigmoid(o)) through the probability for the negatives: at large positive logits that is ln 0 = -infinity.",
    ),
    Slip(
        "sigmoid_focal_loss",
        "subtracts_truth_values",
        "RuntimeError",
        """
def sigmoid_focal_loss(logits, labels, alpha=0.25, gamma=2.0):
    p = torch.sigmoid(logits)
    positive = alpha * (1 - p).clamp(min=1e-8) ** gamma * F.logsigmoid(logits)
    negative = (1 - alpha) * p.clamp(min=1e-8) ** gamma * F.logsigmoid(-logits)
    return -(labels * positive + (1 - labels) * negative).mean()
""",
        what="Subtle: calculates 1 - labels in the labels' dtype, which torch refuses for bool labels, though any dtype is promised.",
    ),
    Slip(
        "sigmoid_focal_loss",
        "focus_on_the_probability",
        "expected the gradient to be",
        """
def sigmoid_focal_loss(logits, labels, alpha=0.25, gamma=2.0):
    y = labels.to(logits.dtype)
    signed = torch.where(y > 0, logits, -logits)
    log_pt = F.logsigmoid(signed)
    p_t = torch.sigmoid(signed).clamp(min=1e-8)
    a_t = alpha * y + (1 - alpha) * (1 - y)
    return -(a_t * p_t**gamma * log_pt).mean()
""",
        what="Uses p_t to the power gamma instead of 1 - p_t: easy elements count most; the example with p = 1/2 does not show it.",
    ),
    Slip(
        "sigmoid_focal_loss",
        "slope_of_a_power_of_zero",
        "ient at index [0] to be 0, yours is nan.",
        """
def sigmoid_focal_loss(logits, labels, alpha=0.25, gamma=2.0):
    labels = labels.to(logits.dtype)
    ce = F.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    p_t = torch.exp(-ce)
    a_t = alpha * labels + (1 - alpha) * (1 - labels)
    loss = a_t * (1 - p_t) ** gamma * ce
    return loss.sum() / labels.sum().clamp(min=1)
""",
        what="Two mistakes: divides by the number of positives (as the paper does) instead of taking the mean over all elements; and the power of an exact 0 gives NaN gradients for gamma below 1.",
    ),
]
