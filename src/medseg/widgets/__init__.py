"""Widgets: figures that one can touch, each with a still picture where no kernel runs.

Every function here returns a `Demo`; as the last line of a cell it shows itself. Nothing is
imported before it is needed, so that a notebook that is graded pays for no widget at all.
"""

from importlib import import_module
from typing import Any

# No function may be called as its module, which its import would put in the function's place.
_HOMES = {
    "Demo": "demo",
    "LiveTraining": "live_training",
    "focal_curves": "focal",
    "receptive_fields": "receptive_field",
    "segmentation_types": "street",
    "two_boxes": "boxes",
    "u_shapes": "u_net",
    "volume_viewer": "viewer",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a widget on first use (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(f"medseg.widgets.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'medseg.widgets' has no attribute {name!r}")
