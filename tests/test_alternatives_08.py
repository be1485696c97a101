"""Unit 08: right answers that are written differently keep all points and pass their check."""

import pytest

from medseg import checks
from medseg.carry import run_definitions
from medseg_grader import verify
from medseg_grader.catalogue import load_unit
from medseg_grader.probing import namespace_of

UNIT = "08_scaling_up"
ALTERNATIVES = {
    ("average_gradients", "running sum"): """
def average_gradients(gradients):
    total = [tensor.clone() for tensor in gradients[0]]
    for worker in gradients[1:]:
        if len(worker) != len(total):
            raise ValueError(f"{len(worker)} tensors, but the first worker has {len(total)}")
        for k, tensor in enumerate(worker):
            if tensor.shape != total[k].shape:
                raise ValueError(f"{tuple(tensor.shape)} against {tuple(total[k].shape)}")
            total[k] += tensor
    return [tensor / len(gradients) for tensor in total]
""",
    ("border_weights", "all pairs of pixels, in torch"): """
def border_weights(instances, w0=10.0, sigma=5.0):
    weights = torch.zeros(instances.shape, dtype=torch.float64, device=instances.device)
    ids = [int(k) for k in instances.unique() if k > 0]
    ground = (instances == 0).nonzero().double()
    if len(ids) < 2 or len(ground) == 0:
        return weights
    away = []
    for k in ids:
        pixels = (instances == k).nonzero().double()
        squared = ((ground[:, None] - pixels[None]) ** 2).sum(dim=2)
        away.append(squared.min(dim=1).values.sqrt())
    total = torch.stack(away).sort(dim=0).values[:2].sum(dim=0)
    weights[instances == 0] = w0 * torch.exp(-((total / sigma) ** 2) / 2)
    return weights
""",
    ("weighted_cross_entropy", "by log_softmax and gather"): """
def weighted_cross_entropy(logits, labels, weights):
    chosen = torch.log_softmax(logits, 1).gather(1, labels.unsqueeze(1)).squeeze(1)
    return -(chosen * weights).sum() / labels.numel()
""",
}


@pytest.mark.parametrize("key", ALTERNATIVES, ids=" ".join)
def test_another_right_answer_keeps_all_points_and_passes_its_check(key):
    exercise = key[0]
    unit = load_unit(UNIT)
    scores = verify.score(unit, {exercise: ALTERNATIVES[key]}, skip_slow_of_others=True)
    assert {cell: s for cell, s in scores.items() if s[0] != s[1]} == {}
    namespace = namespace_of(unit, None, None)
    run_definitions(ALTERNATIVES[key], "alternative", namespace)
    verdict = checks.examine(f"{UNIT}.{exercise}", namespace[exercise])
    assert verdict.outcome == checks.RIGHT, verdict.message
