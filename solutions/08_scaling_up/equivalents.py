"""Small changes of unit 08's solutions that may keep all points, and why."""

from medseg_grader.authoring import Equivalent

ITSELF = "The first worker is compared with itself as well, and agrees."
LAST = "return torch.from_numpy(weights).float().to(instances.device)"

EQUIVALENTS = [
    Equivalent(
        "average_gradients",
        "for other in gradients[1:]:  ->  for other in gradients[:]:",
        ITSELF,
    ),
    Equivalent(
        "average_gradients",
        "for other in gradients[1:]:  ->  for other in gradients[0:]:",
        ITSELF,
    ),
    Equivalent(
        "average_gradients",
        "for tensor, expected in zip(other, first, strict=True):  ->  "
        "for tensor, expected in zip(first, other, strict=True):",
        "The message names both shapes, in whatever order.",
    ),
    Equivalent(
        "border_weights",
        "labels = instances.cpu().numpy()  ->  labels = instances.cpu()",
        "numpy takes a tensor on the CPU as it is.",
    ),
    Equivalent(
        "border_weights",
        "weights = np.zeros(labels.shape, dtype=np.float32)  ->  weights = np.zeros(labels.shape)",
        "Any float will do.",
    ),
    Equivalent(
        "border_weights", f"{LAST}  ->  {LAST.replace('.float()', '')}", "Any float will do."
    ),
]
