"""Demos for an audience: each is the last line of a cell, large, and begins anew at the key R.

They are widgets of the same kind as those of the notebooks; where no kernel runs, a still picture
stands in. Nothing is imported before it is needed.
"""

from importlib import import_module
from typing import Any

# No function may be called as its module, which its import would put in the function's place.
_HOMES = {
    "boxes": "two_boxes",
    "draw_a_prediction": "drawn_prediction",
    "field_of_view": "gradient",
    "rare_class": "focus",
    "street": "street_views",
    "train_a_unet": "live_unet",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a demo on first use (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(f"medseg_lecture.demos.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'medseg_lecture.demos' has no attribute {name!r}")
