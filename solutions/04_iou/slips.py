"""Wrong answers to unit 04 as students write them."""

from medseg_grader.authoring import Slip

SLIPS = [
    Slip(
        "confusion_matrix",
        "rows_and_columns_swapped",
        "expected the result to be",
        """
def confusion_matrix(prediction, target, num_classes):
    if prediction.shape != target.shape:
        raise ValueError(f"shapes {tuple(prediction.shape)} and {tuple(target.shape)} differ")
    for part in (prediction, target):
        bad = (part < 0) | (part >= num_classes)
        if bad.any():
            raise ValueError(f"value {int(part[bad][0])} is no class, there are {num_classes}")
    pairs = prediction.long().flatten() * num_classes + target.long().flatten()
    return torch.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)
""",
        what="Rows and columns are swapped: rows are the prediction's classes.",
    ),
    Slip(
        "confusion_matrix",
        "without_minlength",
        "RuntimeError",
        """
def confusion_matrix(prediction, target, num_classes):
    if prediction.shape != target.shape:
        raise ValueError(f"shapes {tuple(prediction.shape)} and {tuple(target.shape)} differ")
    for part in (prediction, target):
        bad = (part < 0) | (part >= num_classes)
        if bad.any():
            raise ValueError(f"value {int(part[bad][0])} is no class, there are {num_classes}")
    pairs = target.long().flatten() * num_classes + prediction.long().flatten()
    return torch.bincount(pairs).reshape(num_classes, num_classes)
""",
        what="No minlength: if the last classes do not occur the counts are too short and reshape fails.",
    ),
    Slip(
        "confusion_matrix",
        "",
        "expected a ValueError, yours raised",
        """
def confusion_matrix(prediction, target, num_classes):
    if prediction.shape != target.shape:
        raise ValueError(f"shapes {tuple(prediction.shape)} and {tuple(target.shape)} differ")
    for part in (prediction, target):
        if part.numel() and part.max() >= num_classes:
            raise ValueError(f"value {int(part.max())} is no class, there are {num_classes}")
    pairs = target.long().flatten() * num_classes + prediction.long().flatten()
    return torch.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)
""",
        what="Only values that are too large are refused; a prediction of -1 is counted in the row above.",
    ),
    Slip(
        "confusion_matrix",
        "wraps_around_in_small_types",
        "ult at index [7, 3] to be 0, yours is 1.",
        """
def confusion_matrix(prediction, target, num_classes):
    if prediction.shape != target.shape:
        raise ValueError(f"shapes {tuple(prediction.shape)} and {tuple(target.shape)} differ")
    for part in (prediction, target):
        bad = (part < 0) | (part >= num_classes)
        if bad.any():
            raise ValueError(f"value {int(part[bad][0])} is no class, there are {num_classes}")
    pairs = (target * num_classes + prediction).flatten()
    counts = torch.bincount(pairs, minlength=num_classes**2)
    return counts[: num_classes**2].reshape(num_classes, num_classes)
""",
        what="Calculates the pairs in the dtype of the inputs: uint8 maps with more than 16 classes overflow.",
    ),
    Slip(
        "confusion_matrix",
        "compares_sizes_only",
        "expected a ValueError, yours returned",
        """
def confusion_matrix(prediction, target, num_classes):
    if prediction.numel() != target.numel():
        raise ValueError(f"shapes {tuple(prediction.shape)} and {tuple(target.shape)} differ")
    for part in (prediction, target):
        bad = (part < 0) | (part > num_classes)
        if bad.any():
            raise ValueError(f"value {int(part[bad][0])} is no class, there are {num_classes}")
    pairs = target.long().flatten() * num_classes + prediction.long().flatten()
    counts = torch.bincount(pairs, minlength=num_classes**2)[: num_classes**2]
    return counts.reshape(num_classes, num_classes)
""",
        what="Two mistakes: compares the number of pixels instead of the shapes, and lets the value num_classes itself pass.",
    ),
    Slip(
        "iou_per_class",
        "union_counts_hits_twice",
        "expected the result to be",
        """
def iou_per_class(confusion):
    hits = confusion.diagonal()
    return hits / (confusion.sum(0) + confusion.sum(1))
""",
        what="The union counts the hits twice (row sum plus column sum without taking TP off).",
    ),
    Slip(
        "iou_per_class",
        "",
        "sult at index [1] to be 0, yours is nan.",
        """
def iou_per_class(confusion):
    hits = confusion.diagonal()
    there, said = confusion.sum(dim=1), confusion.sum(dim=0)
    iou = hits / (there + said - hits)
    iou[there == 0] = float("nan")
    return iou
""",
        what="NaN where the target lacks the class, even if the prediction claims it (that should be 0).",
    ),
    Slip(
        "iou_per_class",
        "absent_class_is_zero",
        "sult at index [1] to be nan, yours is 0.",
        """
def iou_per_class(confusion):
    hits = confusion.diagonal()
    union = confusion.sum(0) + confusion.sum(1) - hits
    return hits / union.clamp(min=1)
""",
        what="Clamps the union to at least 1, so an absent class gets 0 instead of NaN.",
    ),
    Slip(
        "iou_per_class",
        "",
        "changes its input",
        """
def iou_per_class(confusion):
    tp = confusion.diagonal().clone()
    errors = confusion.fill_diagonal_(0)
    fp = errors.sum(dim=0)
    fn = errors.sum(dim=1)
    return tp / (tp + fp + fn)
""",
        what="Sets the diagonal of the caller's matrix to 0 to count the errors: the input is changed.",
    ),
    Slip(
        "iou_per_class",
        "absent_class_is_one",
        "sult at index [1] to be nan, yours is 1.",
        """
def iou_per_class(confusion):
    tp = confusion.diagonal().float()
    fp = confusion.sum(0) - tp
    fn = confusion.sum(1) - tp
    iou = 2 * tp / (2 * tp + fp + fn)
    return torch.nan_to_num(iou, nan=1.0)
""",
        what="Two mistakes: this is the Dice coefficient, not the IoU, and an absent class gets 1 instead of NaN.",
    ),
    Slip(
        "mean_iou",
        "nan_spoils_the_mean",
        "expected the result to be",
        """
def mean_iou(confusion):
    tp = confusion.diagonal()
    iou = tp / (confusion.sum(0) + confusion.sum(1) - tp)
    return iou.mean()
""",
        what="A plain mean: one absent class makes the whole result NaN.",
    ),
    Slip(
        "mean_iou",
        "absent_class_counts_as_zero",
        "expected the result to be",
        """
def mean_iou(confusion):
    tp = confusion.diagonal()
    iou = tp / (confusion.sum(0) + confusion.sum(1) - tp)
    return torch.nansum(iou) / len(iou)
""",
        what="Divides by the number of all classes, so absent ones count as 0.",
    ),
    Slip(
        "mean_iou",
        "background_left_out",
        "expected the result to be",
        """
def mean_iou(confusion):
    tp = confusion.diagonal()
    iou = tp / (confusion.sum(0) + confusion.sum(1) - tp)
    return iou[1:].nanmean()
""",
        what="Leaves out the background, class 0.",
    ),
    Slip(
        "mean_iou",
        "",
        "expected the result to be",
        """
def mean_iou(confusion):
    tp = confusion.diagonal()
    present = confusion.sum(dim=1) > 0
    iou = tp / (confusion.sum(0) + confusion.sum(1) - tp)
    return iou[present].mean()
""",
        what="Averages over the classes of the target only; a class that only the prediction has (IoU 0) is left out.",
    ),
    Slip(
        "mean_iou",
        "",
        "expected the result to be",
        """
def mean_iou(confusion):
    total, classes = 0.0, 0
    for c in range(len(confusion)):
        tp = int(confusion[c, c])
        union = int(confusion[c].sum()) + int(confusion[:, c].sum()) - tp
        if union > 0:
            total += tp / union
            classes += 1
    return total / max(classes, 1)
""",
        what="Two mistakes: a Python float instead of a tensor, and 0 instead of NaN for a matrix that counts nothing.",
    ),
    Slip(
        "dice_from_iou",
        "",
        "ZeroDivisionError",
        """
def dice_from_iou(iou):
    return 2 / (1 / iou + 1)
""",
        what="Divides by J on the way: the float 0.0 ends in a ZeroDivisionError.",
    ),
    Slip(
        "dice_from_iou",
        "",
        "expected the result to be",
        """
def dice_from_iou(iou):
    iou = torch.as_tensor(iou)
    return 2 * iou / (1 + iou)
""",
        what="Always returns a tensor, also for a float.",
    ),
    Slip(
        "dice_from_iou",
        "",
        "changes its input",
        """
def dice_from_iou(iou):
    below = 1 + iou
    iou *= 2
    return iou / below
""",
        what="Doubles the caller's tensor in place.",
    ),
    Slip(
        "dice_from_iou",
        "",
        "sult at index [1] to be nan, yours is 0.",
        """
def dice_from_iou(iou):
    dice = 2 * iou / (1 + iou)
    if isinstance(dice, torch.Tensor):
        return torch.where(dice > 0, dice, torch.zeros_like(dice))
    return dice if dice > 0 else 0.0
""",
        what="NaN becomes 0 instead of staying NaN.",
    ),
    Slip(
        "dice_from_iou",
        "",
        "expected the result to be",
        """
def dice_from_iou(iou):
    values = np.asarray(iou)
    return values / (2 - values)
""",
        what="Two mistakes: the formula for the other direction, J = D / (2 - D), and a numpy array instead of the same type.",
    ),
    Slip(
        "iou_from_dice",
        "",
        "ZeroDivisionError",
        """
def iou_from_dice(dice):
    return 1 / (2 / dice - 1)
""",
        what="Divides by D on the way: the float 0.0 ends in a ZeroDivisionError.",
    ),
    Slip(
        "iou_from_dice",
        "wrong_bracket",
        "expected the result to be",
        """
def iou_from_dice(dice):
    return dice / 2 - dice
""",
        what="The brackets are missing: D / 2 - D.",
    ),
    Slip(
        "iou_from_dice",
        "",
        "changes its input",
        """
def iou_from_dice(dice):
    iou = dice
    iou /= 2 - dice
    return iou
""",
        what="Divides the caller's tensor in place.",
    ),
    Slip(
        "iou_from_dice",
        "",
        "expected the result to be",
        """
def iou_from_dice(dice):
    dice = torch.as_tensor(dice, dtype=torch.float64)
    return dice / (2 - dice)
""",
        what="Converts everything to a float64 tensor: a float does not stay a float, nor a float32 tensor float32.",
    ),
    Slip(
        "iou_from_dice",
        "",
        "RuntimeError",
        """
def iou_from_dice(dice):
    if dice > 0:
        return dice / (2 - dice)
    return 0.0
""",
        what="Two mistakes: the if asks for the truth of a whole tensor and fails on more than one value, and NaN becomes 0.",
    ),
    Slip(
        "panoptic_quality",
        "",
        ": expected pq to be 0, yours is 0.33333.",
        """
def panoptic_quality(prediction, target):
    void = target // 256 == 0
    scores, hit = {}, set()
    for t in torch.unique(target).tolist():
        if t // 256 == 0:
            continue
        entry = scores.setdefault(t // 256, [0.0, 0, 0, 0])
        mine = target == t
        for p in torch.unique(prediction[mine]).tolist():
            if p // 256 != t // 256:
                continue
            theirs = prediction == p
            both = int((mine & theirs).sum())
            union = int(mine.sum()) + int((theirs & ~void).sum()) - both
            if both / union >= 0.5 and p not in hit:
                entry[0] += both / union
                entry[1] += 1
                hit.add(p)
                break
        else:
            entry[3] += 1
    for p in torch.unique(prediction).tolist():
        if p // 256 == 0 or p in hit:
            continue
        theirs = prediction == p
        if int((theirs & void).sum()) / int(theirs.sum()) > 0.5:
            continue
        scores.setdefault(p // 256, [0.0, 0, 0, 0])[2] += 1
    if not scores:
        return float("nan"), float("nan"), float("nan")
    pq = [s / (tp + fp / 2 + fn / 2) for s, tp, fp, fn in scores.values() if tp + fp + fn]
    sq = [s / tp if tp else 0.0 for s, tp, fp, fn in scores.values() if tp + fp + fn]
    rq = [tp / (tp + fp / 2 + fn / 2) for s, tp, fp, fn in scores.values() if tp + fp + fn]
    return sum(pq) / len(pq), sum(sq) / len(sq), sum(rq) / len(rq)
""",
        what="Matches at an IoU of exactly 1/2 too (>= instead of >).",
    ),
    Slip(
        "panoptic_quality",
        "void_in_the_union",
        "ected pq to be 0.81667, yours is 0.7125.",
        """
def panoptic_quality(prediction, target):
    void = target // 256 == 0
    table = {}
    matched = set()
    for t in torch.unique(target[~void]).tolist():
        row = table.setdefault(t // 256, {"iou": 0.0, "tp": 0, "fp": 0, "fn": 0})
        found = False
        for p in torch.unique(prediction[target == t]).tolist():
            both = int(((target == t) & (prediction == p)).sum())
            union = int(((target == t) | (prediction == p)).sum())
            if p // 256 == t // 256 and both / union > 0.5:
                row["iou"] += both / union
                row["tp"] += 1
                matched.add(p)
                found = True
        if not found:
            row["fn"] += 1
    for p in torch.unique(prediction).tolist():
        if p // 256 != 0 and p not in matched:
            if not void[prediction == p].double().mean() > 0.5:
                row = table.setdefault(p // 256, {"iou": 0.0, "tp": 0, "fp": 0, "fn": 0})
                row["fp"] += 1
    if not table:
        return float("nan"), float("nan"), float("nan")
    pqs, sqs, rqs = [], [], []
    for row in table.values():
        weight = row["tp"] + 0.5 * row["fp"] + 0.5 * row["fn"]
        pqs.append(row["iou"] / weight)
        sqs.append(row["iou"] / row["tp"] if row["tp"] else 0.0)
        rqs.append(row["tp"] / weight)
    return float(np.mean(pqs)), float(np.mean(sqs)), float(np.mean(rqs))
""",
        what="Void pixels of a predicted segment stay in the union and lower its IoU.",
    ),
    Slip(
        "panoptic_quality",
        "matches_across_classes",
        ": expected pq to be 0, yours is 0.33333.",
        """
def panoptic_quality(prediction, target):
    void = target // 256 == 0
    known = prediction[~void], target[~void]
    table = {}
    matched = set()
    for t in torch.unique(target[~void]).tolist():
        row = table.setdefault(t // 256, [0.0, 0, 0, 0])
        found = False
        for p in torch.unique(prediction[target == t]).tolist():
            if p // 256 == 0:
                continue
            both = int(((known[1] == t) & (known[0] == p)).sum())
            union = int(((known[1] == t) | (known[0] == p)).sum())
            if both / union > 0.5:
                row[0] += both / union
                row[1] += 1
                matched.add(p)
                found = True
        row[3] += not found
    for p in torch.unique(prediction).tolist():
        if p // 256 != 0 and p not in matched:
            if not void[prediction == p].double().mean() > 0.5:
                table.setdefault(p // 256, [0.0, 0, 0, 0])[2] += 1
    if not table:
        return (float("nan"),) * 3
    iou, tp, fp, fn = np.array(list(table.values())).T
    sq = iou / np.maximum(tp, 1)
    rq = tp / (tp + fp / 2 + fn / 2)
    return float((sq * rq).mean()), float(sq.mean()), float(rq.mean())
""",
        what="Matches segments by their overlap alone and forgets that the class must be the same.",
    ),
    Slip(
        "panoptic_quality",
        "",
        "cted pq to be 0.33333, yours is 0.16667.",
        """
def panoptic_quality(prediction, target):
    void = target // 256 == 0
    known = prediction[~void], target[~void]
    table = {}
    matched = set()
    for t in torch.unique(target[~void]).tolist():
        row = table.setdefault(t // 256, [0.0, 0, 0, 0])
        found = False
        for p in torch.unique(prediction[target == t]).tolist():
            if p // 256 != t // 256:
                continue
            both = int(((known[1] == t) & (known[0] == p)).sum())
            union = int(((known[1] == t) | (known[0] == p)).sum())
            if both / union > 0.5:
                row[0] += both / union
                row[1] += 1
                matched.add(p)
                found = True
        row[3] += not found
    for p in torch.unique(prediction).tolist():
        if p // 256 != 0 and p not in matched:
            if not void[prediction == p].double().mean() > 0.5:
                table.setdefault(p // 256, [0.0, 0, 0, 0])[2] += 1
    if not table:
        return (float("nan"),) * 3
    iou, tp, fp, fn = np.array(list(table.values())).T
    sq = float((iou / np.maximum(tp, 1)).mean())
    rq = float((tp / (tp + fp / 2 + fn / 2)).mean())
    return sq * rq, sq, rq
""",
        what="The mean PQ is the product of the mean SQ and the mean RQ instead of the mean of the classes' PQ.",
    ),
    Slip(
        "panoptic_quality",
        "excuses_half_void",
        "cted pq to be 0.33333, yours is 0.66667.",
        """
def panoptic_quality(prediction, target):
    void = target // 256 == 0
    known = prediction[~void], target[~void]
    table = {}
    matched = set()
    for t in torch.unique(target[~void]).tolist():
        row = table.setdefault(t // 256, [0.0, 0, 0, 0])
        found = False
        for p in torch.unique(prediction[target == t]).tolist():
            if p // 256 != t // 256:
                continue
            both = int(((known[1] == t) & (known[0] == p)).sum())
            union = int(((known[1] == t) | (known[0] == p)).sum())
            if both / union > 0.5:
                row[0] += both / union
                row[1] += 1
                matched.add(p)
                found = True
        row[3] += not found
    for p in torch.unique(prediction).tolist():
        if p // 256 != 0 and p not in matched:
            if void[prediction == p].double().mean() < 0.5:
                table.setdefault(p // 256, [0.0, 0, 0, 0])[2] += 1
    if not table:
        return 0.0, 0.0, 0.0
    iou, tp, fp, fn = np.array(list(table.values())).T
    sq = iou / np.maximum(tp, 1)
    rq = tp / (tp + fp / 2 + fn / 2)
    return float((sq * rq).mean()), float(sq.mean()), float(rq.mean())
""",
        what="Two mistakes: a predicted segment exactly half of which is void is excused already (only more than half should be), and without any class the result is 0, not NaN.",
    ),
]
