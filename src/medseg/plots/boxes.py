"""Where several scans of one patient lie, and what they have in common."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from scipy.spatial import ConvexHull

from medseg.palette import BLUE, GREEN, GREY, VERMILION
from medseg.volumes import Volume

_STYLES = [(BLUE, "solid"), (VERMILION, "dashed"), (GREEN, "dotted")]


def boxes_from_the_side(scans: Mapping[str, Volume]) -> tuple[Figure, str]:
    """The boxes that up to three scans fill, seen from the patient's right, tilted as they are.

    Grey is the box along the patient's axes that lies in the bounds of all of them.

    Args:
        scans: by name; affines to mm, the second axis to the front, the third to the head.

    Returns:
        (figure, description).

    >>> from medseg import phantom, plots
    >>> scans = {name: phantom.volumes(3, series=name)[0] for name in ("axial", "coronal")}
    >>> figure, text = plots.boxes_from_the_side(scans)
    >>> text.split(" as outlines")[0]
    'Side view of the boxes of 2 scans (axial, coronal)'
    """
    figure = Figure(figsize=(7.6, 5.2), layout="constrained")
    axes = figure.subplots()
    bounds = []
    for (name, scan), (colour, dashes) in zip(scans.items(), _STYLES, strict=False):
        ends = np.stack([np.full(3, -0.5), np.array(scan.shape) - 0.5])
        indices = np.stack(np.meshgrid(*ends.T, indexing="ij"), axis=-1).reshape(-1, 3)
        corners = indices @ scan.affine[:3, :3].T + scan.affine[:3, 3]
        bounds.append((corners.min(axis=0), corners.max(axis=0)))
        seen = corners[:, 1:]
        outline = seen[ConvexHull(seen).vertices]
        axes.add_patch(Polygon(outline, fill=False, color=colour, ls=dashes, lw=2.5))
        axes.plot([], [], color=colour, ls=dashes, lw=2.5, label=name)
    (_, y, z) = np.max([lower for lower, _ in bounds], axis=0)
    (_, front, head) = np.min([upper for _, upper in bounds], axis=0)
    shared = Rectangle((y, z), front - y, head - z, color=GREY, alpha=0.35, label="in all bounds")
    axes.add_patch(shared)
    figure.legend(loc="outside right center")
    axes.set(xlabel="back to front (mm)", ylabel="feet to head (mm)", aspect="equal")
    axes.autoscale_view()
    return figure, (
        f"Side view of the boxes of {len(scans)} scans ({', '.join(scans)}) as outlines of "
        f"different kinds, tilted as they lie; a grey rectangle of {front - y:.0f} mm from back to "
        f"front and {head - z:.0f} mm in height lies in the bounds of all."
    )
