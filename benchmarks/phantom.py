"""Time to make a phantom, and what two simple segmenters reach on it.

Run from the repository's root: python benchmarks/phantom.py
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from helpers.baselines import (
    by_thresholds,
    dice_per_zone,
    learn_intervals,
    mean_atlas,
    to_atlas_grid,
)

from medseg import phantom
from medseg.cases import phantom_cases, slices


def main() -> None:
    """Print one line per figure."""
    start = time.perf_counter()
    for seed in range(8):
        phantom.volumes(seed)
    print(f"one axial case: {(time.perf_counter() - start) / 8:.2f} s")
    known = [slices(case, 96) for case in phantom_cases(24, seed=0, progress=False)]
    unseen = [slices(case, 96) for case in phantom_cases(8, seed=1, progress=False)]
    intervals = learn_intervals(known)
    guessed = [(by_thresholds(image, intervals), label) for image, label in unseen]
    print(f"thresholds and components: mean zone Dice {dice_per_zone(guessed).mean():.3f}")
    atlas = mean_atlas([label for _, label in known])
    pairs = [(atlas, to_atlas_grid(label)) for _, label in unseen]
    print(f"mean atlas: mean zone Dice {dice_per_zone(pairs).mean():.3f}")


if __name__ == "__main__":
    main()
