"""Right answers to unit 05, written otherwise."""

from medseg_grader.authoring import Alternative

ALTERNATIVES = [
    Alternative(
        "softmax",
        "by the sigmoid of differences",
        """
def softmax(logits, dim):
    if dim not in range(-logits.dim(), logits.dim()):
        raise ValueError(f"dim is {dim}, but there are only {logits.dim()} axes")
    x = logits.movedim(dim, -1)
    x = (x - x.max(-1, keepdim=True).values).exp()
    return (x / x.sum(-1, keepdim=True)).movedim(-1, dim)
""",
    ),
    Alternative(
        "softmax",
        "from logsumexp",
        """
def softmax(logits, dim):
    if dim >= logits.ndim or dim < -logits.ndim:
        raise ValueError(f"{dim} is no axis of {logits.ndim}")
    return torch.exp(logits - torch.logsumexp(logits, dim, keepdim=True))
""",
    ),
    Alternative(
        "log_softmax",
        "from logsumexp",
        """
def log_softmax(logits, dim):
    return logits - torch.logsumexp(logits, dim, keepdim=True)
""",
    ),
    Alternative(
        "log_softmax",
        "with a detached shift",
        """
def log_softmax(logits, dim):
    top = logits.detach().max(dim, keepdim=True).values
    total = torch.exp(logits - top).sum(dim, keepdim=True)
    return logits - top - torch.log(total)
""",
    ),
    Alternative(
        "class_weights",
        "loop",
        """
def class_weights(labels, num_classes):
    weights = torch.zeros(num_classes, device=labels.device)
    for k in range(num_classes):
        count = (labels == k).sum().item()
        if count:
            weights[k] = labels.numel() / count
    return weights / weights.sum()
""",
    ),
    Alternative(
        "class_weights",
        "in place",
        """
def class_weights(labels, num_classes):
    frequency = torch.bincount(labels.flatten().int(), minlength=num_classes) / labels.numel()
    weights = frequency.reciprocal()
    weights[frequency == 0] = 0
    return weights / weights.sum()
""",
    ),
    Alternative(
        "softmax_focal_loss",
        "with its own log_softmax",
        """
def softmax_focal_loss(logits, labels, alpha, gamma=2.0):
    logp = log_softmax(logits, 1)
    p = logp.exp()
    total = 0
    for c in range(logits.shape[1]):
        total = total - labels[:, c] * alpha[c] * (1 - p[:, c]).clamp(min=1e-9) ** gamma * logp[:, c]
    return total.mean()
""",
    ),
    Alternative(
        "softmax_focal_loss",
        "einsum",
        """
def softmax_focal_loss(logits, labels, alpha, gamma=2.0):
    flat = logits.flatten(2)
    logp = F.log_softmax(flat, 1)
    focus = torch.pow((1 - torch.exp(logp)).clamp_min(1e-10), gamma)
    cost = torch.einsum("ncp,c,ncp->np", labels.flatten(2).to(flat), alpha.to(flat), focus * logp)
    return -cost.mean()
""",
    ),
    Alternative(
        "softmax_focal_loss",
        "classes last",
        """
def softmax_focal_loss(logits, labels, alpha, gamma=2.0):
    logp = logits.movedim(1, -1).log_softmax(-1)
    missing = torch.maximum(1 - logp.exp(), torch.full_like(logp, 1e-12))
    cost = -alpha * missing**gamma * logp
    return (cost * labels.movedim(1, -1).type_as(cost)).sum() / cost[..., 0].numel()
""",
    ),
    Alternative(
        "softmax_focal_loss",
        "from torch's cross-entropy of each class",
        """
def softmax_focal_loss(logits, labels, alpha, gamma=2.0):
    n, c = logits.shape[:2]
    rows = logits.reshape(n, c, -1)
    shares = labels.reshape(n, c, -1).to(rows.dtype)
    total = rows.new_zeros(())
    for k in range(c):
        true = torch.full((n, rows.shape[2]), k, device=logits.device)
        entropy = F.cross_entropy(rows, true, reduction="none")
        focus = (-torch.expm1(-entropy)).clamp(1e-12, 1) ** gamma
        total = total + (alpha[k] * shares[:, k] * focus * entropy).sum()
    return total / (n * rows.shape[2])
""",
    ),
    Alternative(
        "sigmoid_focal_loss",
        "two cases",
        """
def sigmoid_focal_loss(logits, labels, alpha=0.25, gamma=2.0):
    tiny = 1e-12
    positive = -alpha * torch.sigmoid(-logits).clamp(min=tiny) ** gamma * F.logsigmoid(logits)
    negative = -(1 - alpha) * torch.sigmoid(logits).clamp(min=tiny) ** gamma * F.logsigmoid(-logits)
    return torch.where(labels.bool(), positive, negative).mean()
""",
    ),
    Alternative(
        "sigmoid_focal_loss",
        "from torch's cross-entropy",
        """
def sigmoid_focal_loss(logits, labels, alpha=0.25, gamma=2.0):
    y = labels.to(logits)
    entropy = F.binary_cross_entropy_with_logits(logits, y, reduction="none")
    p = torch.sigmoid(logits)
    wrong = (p - y).abs().clamp(min=1e-12)
    return ((alpha * y + (1 - alpha) * (1 - y)) * wrong**gamma * entropy).mean()
""",
    ),
    Alternative(
        "soft_dice_loss",
        "by einsum",
        """
def soft_dice_loss(logits, labels, smooth=1.0):
    p = softmax(logits, 1).flatten(2)
    t = labels.flatten(2).to(p.dtype)
    both = torch.einsum("ncp,ncp->c", p, t)
    total = torch.einsum("ncp->c", p) + torch.einsum("ncp->c", t)
    return torch.mean(1 - (2 * both + smooth) / (total + smooth))
""",
    ),
    Alternative(
        "soft_dice_loss",
        "class by class",
        """
def soft_dice_loss(logits, labels, smooth=1.0):
    p = torch.exp(log_softmax(logits, 1))
    loss = 0
    for c in range(p.shape[1]):
        q, t = p[:, c], labels[:, c].to(p.dtype)
        loss = loss + 1 - (2 * torch.sum(q * t) + smooth) / (torch.sum(q) + torch.sum(t) + smooth)
    return loss / p.shape[1]
""",
    ),
]
