"""The plots of the item analysis. Each function returns (figure, alt): alt is computed."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from medseg.palette import BLUE, DARK, ORANGE
from medseg_grader.report.items import WEAK, Item


def totals(points: Sequence[float], most: float) -> tuple[Figure, str]:
    """Histogram of the points that the submissions of a unit reached; one bar a point or more."""
    step = max(1, int(np.ceil(most / 25)))
    edges = np.arange(-0.5, most + step + 0.5, step)
    counts, _ = np.histogram(points, edges)
    figure = Figure(figsize=(7.5, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=BLUE, edgecolor="white")
    middle = float(np.median(points))
    axes.axvline(middle, color=ORANGE, linestyle="dashed", linewidth=2, label=f"median {middle:g}")
    axes.set_xlabel(f"points, of {most:g}")
    axes.set_ylabel("submissions")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(0, max(1.0, float(counts.max())) * 1.15)
    axes.legend(loc="upper left")
    alt = (
        f"Histogram of points in {len(points)} submissions: from {min(points):g} to "
        f"{max(points):g} of {most:g}, median {middle:g}, mean {np.mean(points):.1f}."
    )
    return figure, alt


def items(analysis: Sequence[Item]) -> tuple[Figure, str]:
    """Pass rate and discrimination of each test cell, side by side."""
    figure = Figure(figsize=(9.5, 1.3 + 0.3 * len(analysis)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[3, 2])
    places = np.arange(len(analysis))
    left.barh(places, [100 * item.passed for item in analysis], color=BLUE, height=0.7)
    left.set_xlim(0, 100)
    left.set_xlabel("all points in … % of the submissions")
    _names(left, [item.title for item in analysis])
    right.axvline(0, color=DARK, linewidth=0.8)
    right.axvline(WEAK, color=ORANGE, linestyle="dashed", label=f"weak below {WEAK:g}")
    known = [(k, i.discrimination) for k, i in enumerate(analysis) if i.discrimination is not None]
    if known:
        right.plot([value for _, value in known], [k for k, _ in known], "D", color=BLUE)
    right.set_xlim(-1.05, 1.05)
    right.set_xlabel("discrimination")
    right.legend(loc="upper left")
    right.grid(axis="y", alpha=0.3)
    lowest = min(analysis, key=lambda item: item.passed)
    alt = (
        f"Two panels over {len(analysis)} test cells. Left, the pass rate: lowest "
        f"{lowest.passed:.0%} in {lowest.title}. Right, the discrimination: "
    )
    if known:
        place, value = min(known, key=lambda pair: pair[1])
        alt += f"lowest {value:.2f} in {analysis[place].title}."
    else:
        alt += "not defined for any of them."
    return figure, alt


def seconds(times: Mapping[str, np.ndarray]) -> tuple[Figure, str]:
    """How long the tests of each exercise ran: a dot for each submission, a line at the median."""
    figure = Figure(figsize=(8.5, 1.2 + 0.35 * len(times)), layout="constrained")
    axes = figure.subplots()
    for place, values in enumerate(times.values()):
        spread = (np.arange(len(values)) % 7 - 3) * 0.07
        axes.plot(values, place + spread, "o", color=BLUE, alpha=0.5, markersize=5)
        middle = float(np.median(values))
        axes.plot([middle, middle], [place - 0.35, place + 0.35], color=ORANGE, linewidth=3)
    axes.set_xlim(left=0)
    axes.set_xlabel("seconds that the tests ran (dots: submissions, line: median)")
    _names(axes, list(times))
    slowest = max(times, key=lambda name: float(np.median(times[name])))
    alt = (
        f"Running time of the tests of {len(times)} exercises. The longest median is "
        f"{np.median(times[slowest]):.2g} s, in {slowest}; the longest single run "
        f"{max(float(values.max()) for values in times.values()):.2g} s."
    )
    return figure, alt


def _names(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
