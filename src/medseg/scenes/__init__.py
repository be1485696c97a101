"""A street of our own, seen by a camera and by a laser, and the file formats of such data sets."""

from medseg.scenes.sensors import FOV_DOWN, FOV_UP, Picture, Scan, laser_scan, picture
from medseg.scenes.street import KINDS, Kind, Scene, street

__all__ = [
    "FOV_DOWN",
    "FOV_UP",
    "KINDS",
    "Kind",
    "Picture",
    "Scan",
    "Scene",
    "laser_scan",
    "picture",
    "street",
]
