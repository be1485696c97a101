"""Probes, hints and named mistakes of unit 04."""

import torch

from medseg_grader.catalogue import Call, Exercise, Mistake

EXERCISES = [
    Exercise(
        name="iou_per_class",
        device=True,
        calls=[Call(torch.tensor([[5, 1], [2, 7]])), Call(torch.tensor([[5, 0, 1], [0, 0, 0], [1, 0, 3]]))],
        hints=["The diagonal holds the hits.", "The union is row + column - hits."],
        mistakes=[
            Mistake(
                "union_counts_hits_twice",
                "Your union counts the hits twice.",
                {"confusion.sum(0) + confusion.sum(1) - hits": "confusion.sum(0) + confusion.sum(1)"},
            ),
        ],
    ),
]
