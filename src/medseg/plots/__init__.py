"""Figures: contours of the zones on MR slices, a wrong answer beside the right one, curves, the U.

Every function that draws returns (figure, alt): a matplotlib Figure and a description computed
from the data. `show(*compare(case, case.label, prediction))` displays both in a notebook. Figures
of the street and its laser scan are in `medseg.plots.scene_plots`.
"""

from medseg.plots.boxes import boxes_from_the_side
from medseg.plots.charts import curves, losses, rates_and_zones, target_yours_difference
from medseg.plots.describe import describe_labels
from medseg.plots.display import mime_bundle, show
from medseg.plots.feature_maps import feature_maps
from medseg.plots.instances import found_instances
from medseg.plots.scans import compare, errors, show_case, three_planes
from medseg.plots.segments import overlaid_segments
from medseg.plots.u_net import Stage, draw_u, trace
from medseg.zones import ZONE_COLOURS, ZONE_NAMES, zone_colour, zone_style

__all__ = [
    "ZONE_COLOURS",
    "ZONE_NAMES",
    "Stage",
    "boxes_from_the_side",
    "compare",
    "curves",
    "describe_labels",
    "draw_u",
    "errors",
    "feature_maps",
    "found_instances",
    "losses",
    "mime_bundle",
    "overlaid_segments",
    "rates_and_zones",
    "show",
    "show_case",
    "target_yours_difference",
    "three_planes",
    "trace",
    "zone_colour",
    "zone_style",
]
