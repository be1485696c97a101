"""Right answers to unit 04, written otherwise."""

from medseg_grader.authoring import Alternative

ALTERNATIVES = [
    Alternative(
        "confusion_matrix",
        "loop",
        """
def confusion_matrix(prediction, target, num_classes):
    if prediction.shape != target.shape:
        raise ValueError(f"shapes {tuple(prediction.shape)} and {tuple(target.shape)} differ")
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64, device=target.device)
    for t, p in zip(target.reshape(-1).tolist(), prediction.reshape(-1).tolist()):
        for value in (t, p):
            if not 0 <= value < num_classes:
                raise ValueError(f"class {value} is not among the {num_classes} classes")
        matrix[t, p] += 1
    return matrix
""",
    ),
    Alternative(
        "confusion_matrix",
        "one-hot product",
        """
def confusion_matrix(prediction, target, num_classes):
    if prediction.shape != target.shape:
        raise ValueError(f"got {tuple(prediction.shape)}, expected {tuple(target.shape)}")
    both = torch.stack([target.reshape(-1), prediction.reshape(-1)]).long()
    wrong = both[(both < 0) | (both >= num_classes)]
    if len(wrong):
        raise ValueError(f"found {wrong[0].item()}, expected less than {num_classes}")
    classes = torch.arange(num_classes, device=both.device)
    t, p = ((row[None] == classes[:, None]).long() for row in both)
    return (t.double() @ p.double().T).long()
""",
    ),
    Alternative(
        "confusion_matrix",
        "torch's own words for shapes",
        """
def confusion_matrix(prediction, target, num_classes):
    if prediction.shape != target.shape:
        raise ValueError(f"{prediction.shape} {target.shape}")
    if target.numel() == 0:
        return torch.zeros(num_classes, num_classes, dtype=torch.int64, device=target.device)
    for value in (prediction.min(), prediction.max(), target.min(), target.max()):
        if value < 0 or value >= num_classes:
            raise ValueError(f"{value} is not below {num_classes}")
    cells = target.flatten().to(torch.int64) * num_classes + prediction.flatten()
    return torch.bincount(cells, minlength=num_classes**2).view(num_classes, -1)
""",
    ),
    Alternative(
        "iou_per_class",
        "class by class",
        """
def iou_per_class(confusion):
    values = []
    for k in range(len(confusion)):
        hits = confusion[k, k].item()
        union = confusion[k].sum().item() + confusion[:, k].sum().item() - hits
        values.append(hits / union if union else float("nan"))
    return torch.tensor(values, device=confusion.device)
""",
    ),
    Alternative(
        "iou_per_class",
        "false counts",
        """
def iou_per_class(confusion):
    counts = confusion.to(torch.float64)
    tp = torch.einsum("ii->i", counts)
    fp, fn = counts.sum(0) - tp, counts.sum(1) - tp
    return tp / (tp + fp + fn)
""",
    ),
    Alternative(
        "mean_iou",
        "by a mask",
        """
def mean_iou(confusion):
    tp = torch.diag(confusion).double()
    union = confusion.sum(0) + confusion.sum(1) - torch.diag(confusion)
    present = union > 0
    return (tp[present] / union[present]).mean()
""",
    ),
    Alternative(
        "mean_iou",
        "with the exercise before",
        """
def mean_iou(confusion):
    return torch.nanmean(iou_per_class(confusion))
""",
    ),
    Alternative(
        "dice_from_iou",
        "by the fraction",
        """
def dice_from_iou(iou):
    return 2 / (1 + 1 / iou) if isinstance(iou, float) and iou else iou * 2 / (iou + 1)
""",
    ),
    Alternative(
        "iou_from_dice",
        "in two steps",
        """
def iou_from_dice(dice):
    half = dice / 2
    return half / (1 - half)
""",
    ),
    Alternative(
        "panoptic_quality",
        "segment by segment",
        """
def panoptic_quality(prediction, target):
    known = target // 256 > 0
    rows = []
    kinds = {int(v) // 256 for v in torch.cat([prediction.reshape(-1), target.reshape(-1)])} - {0}
    for kind in sorted(kinds):
        mine = [int(v) for v in prediction.unique() if int(v) // 256 == kind]
        theirs = [int(v) for v in target.unique() if int(v) // 256 == kind]
        scores, used = [], set()
        for t in theirs:
            for m in mine:
                a, b = (prediction == m) & known, target == t
                iou = (a & b).sum().item() / (a | b).sum().item()
                if iou > 0.5:
                    scores.append(iou)
                    used |= {("m", m), ("t", t)}
        fn = sum(("t", t) not in used for t in theirs)
        fp = 0
        for m in mine:
            area = prediction == m
            if ("m", m) not in used and (area & ~known).sum() <= area.sum() / 2:
                fp += 1
        if scores or fn or fp:
            sq = sum(scores) / len(scores) if scores else 0.0
            rq = len(scores) / (len(scores) + fp / 2 + fn / 2)
            rows.append([sq * rq, sq, rq])
    if not rows:
        return (float("nan"),) * 3
    return tuple(sum(r[k] for r in rows) / len(rows) for k in range(3))
""",
    ),
]
