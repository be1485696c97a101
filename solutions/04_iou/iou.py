# %% [markdown]
# # Unit 4: Intersection over union

# %%
import torch

from medseg import check, probes

# %% nbgrader={"grade": false, "grade_id": "iou_per_class", "locked": false, "schema_version": 3, "solution": true, "task": false}
def iou_per_class(confusion):
    """Intersection over union of each class, from a confusion matrix."""
    ### BEGIN SOLUTION
    hits = confusion.diagonal().to(torch.float64)
    union = confusion.sum(0) + confusion.sum(1) - hits
    return hits / union
    ### END SOLUTION


# %%
check("04_iou.iou_per_class", iou_per_class)

# %% nbgrader={"grade": true, "grade_id": "test_iou_per_class", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
result = iou_per_class(torch.tensor([[5, 1], [2, 7]]))
probes.assert_close(result, torch.tensor([5 / 8, 7 / 10]), "iou_per_class")
### BEGIN HIDDEN TESTS
counts = torch.from_numpy(probes.rng(417).integers(1, 50, (4, 4)))
expected = counts.diagonal() / (counts.sum(0) + counts.sum(1) - counts.diagonal())
probes.assert_close(iou_per_class(counts), expected, "iou_per_class")
probes.assert_stays_on_device(iou_per_class, counts)
### END HIDDEN TESTS
