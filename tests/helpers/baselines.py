"""Two simple segmenters that a U-Net must beat: intensity thresholds, and a mean atlas."""

import numpy as np
from scipy import ndimage

ATLAS_SHAPE = (24, 96, 96)


def dice_per_zone(pairs, classes=5):
    """Dice of zones 1 to classes - 1 over all (prediction, target) pairs together."""
    scores = []
    for k in range(1, classes):
        both = sum(np.sum((p == k) & (t == k)) for p, t in pairs)
        total = sum(np.sum(p == k) + np.sum(t == k) for p, t in pairs)
        scores.append(2 * both / total)
    return np.array(scores)


def learn_intervals(cases, classes=5):
    """For each zone the interval of normalised intensity with the best Dice on training cases."""
    levels = np.linspace(-2.5, 3.0, 45)
    image = np.concatenate([i.ravel() for i, _ in cases])
    label = np.concatenate([t.ravel() for _, t in cases])
    everything = np.histogram(image, levels)[0]
    intervals = []
    for k in range(1, classes):
        zone = np.histogram(image[label == k], levels)[0]
        best = (-1.0, 0, 1)
        for low in range(len(zone)):
            hits, chosen = np.cumsum(zone[low:]), np.cumsum(everything[low:])
            dice = 2 * hits / (chosen + zone.sum())
            high = int(dice.argmax())
            best = max(best, (float(dice[high]), low, low + high + 1))
        intervals.append((levels[best[1]], levels[best[2]]))
    return intervals


def by_thresholds(image, intervals):
    """Zones by their intervals of the smoothed image, each cut down to its best component.

    The component is the one with most voxels near the middle of the image, as a person would
    choose it.
    """
    smooth = ndimage.gaussian_filter(image, (0.5, 1.0, 1.0))
    axes = np.ix_(*(np.linspace(-1, 1, n) for n in image.shape))
    middle = np.exp(-4 * sum(a**2 for a in axes))
    result = np.zeros(image.shape, dtype=np.int64)
    for k, (low, high) in enumerate(intervals, start=1):
        mask = ndimage.binary_opening((smooth >= low) & (smooth < high), np.ones((1, 3, 3)))
        parts, count = ndimage.label(mask)
        if count:
            weight = ndimage.sum_labels(middle, parts, np.arange(1, count + 1))
            result[parts == 1 + int(np.argmax(weight))] = k
    return result


def to_atlas_grid(label):
    """A label map (D, H, W) brought to the atlas's grid, centre on centre."""
    zoom = np.divide(ATLAS_SHAPE, label.shape)
    return ndimage.zoom(label, zoom, order=0, grid_mode=True, mode="nearest")


def mean_atlas(labels, classes=5):
    """The most frequent class at each place of the training labels."""
    grids = np.stack([to_atlas_grid(label) for label in labels])
    return np.stack([(grids == k).mean(axis=0) for k in range(classes)]).argmax(axis=0)
