"""Volume viewer: image, expert and prediction of a case with NiiVue (units 03 and 07)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from medseg import plots
from medseg.cases import Case
from medseg.errors import InputError
from medseg.plots.describe import describe_labels
from medseg.volumes import Volume, reorient
from medseg.widgets.demo import Demo
from medseg.widgets.drawing import Drawing
from medseg.widgets.picture import Picture
from medseg.zones import zone_colour, zone_name

if TYPE_CHECKING:
    import ipywidgets

_VIEWS = {"three planes": 3, "axial": 0, "coronal": 1, "sagittal": 2, "in space": 4}


def volume_viewer(case: Case, prediction: np.ndarray | None = None) -> Demo:
    """A scan in three planes, with the expert's zones and, where given, the predicted ones.

    Args:
        case: any; its image and label are shown where the affine puts them.
        prediction: label map on the case's grid.

    Raises:
        InputError: the prediction has another shape than the case.

    >>> from medseg import widgets
    >>> from medseg.cases import phantom_cases
    >>> case = phantom_cases(1, progress=False)[0]
    >>> widgets.volume_viewer(case).still().alt
    'phantom_0000_A in three planes through the middle of the labels: ...'
    """
    if prediction is not None and prediction.shape != case.image.shape:
        raise InputError(
            f"the prediction has shape {prediction.shape}, expected that of the case, "
            f"{case.image.shape}; bring it onto the case's grid with to_native"
        )
    return Viewer(case, prediction)


class Viewer(Demo):
    """The demo of `volume_viewer`; `picture` is the NiiVue canvas."""

    def __init__(self, case: Case, prediction: np.ndarray | None) -> None:
        self._case, self._prediction = case, prediction
        opacities = {"expert": 0.4} if prediction is None else {"expert": 0.4, "prediction": 0.0}
        super().__init__(self._drawing, {"view": "three planes", **opacities}, self._make_controls)

    @cached_property
    def picture(self) -> Any:
        """The canvas, with the volumes sent as NIfTI files in memory."""
        from ipyniivue import NiiVue, SliceType

        canvas = NiiVue(
            height=420,
            back_color=(0.0, 0.0, 0.0, 1.0),
            is_radiological_convention=True,
            show_legend=False,
        )
        case = self._case
        low, high = np.percentile(case.image, (1, 99))
        grey = np.clip((case.image - low) / (high - low if high > low else 1), 0, 1) * 255
        canvas.load_volumes(
            [
                {
                    "data": nifti(grey, case.affine),
                    "name": "image.nii.gz",
                    "colormap": "gray",
                    "cal_min": 0.0,
                    "cal_max": 255.0,
                },
                *(
                    {"data": nifti(label, case.affine), "name": f"{name}.nii.gz"}
                    for name, label in self._labels().items()
                ),
            ]
        )
        for volume, name in zip(canvas.volumes[1:], self._labels(), strict=True):
            volume.set_colormap_label(zone_colormap(case.class_names))
            volume.opacity = self._first[name]
        canvas.set_interpolation(True)  # voxels as they are, so that no label is invented
        canvas.set_slice_type(SliceType(_VIEWS[self._first["view"]]))
        return canvas

    @cached_property
    def view(self) -> ipywidgets.Widget:
        """Three planes, and a button that opens controls, canvas and a legend in their place.

        The canvas is 5 MB of program and the scan itself, so it is made when somebody asks for it,
        and a notebook that is executed without a reader does not keep it.
        """
        import ipywidgets

        button = ipywidgets.Button(
            description="Open the volume viewer", layout=ipywidgets.Layout(width="auto")
        )
        planes = Picture().showing(self.still())
        closed = ipywidgets.VBox([button, planes]).add_class("medseg-live")

        def open_it(_: object) -> None:
            closed.children = [*self.opened().children, ipywidgets.HTML(self._legend())]

        button.on_click(open_it)
        return closed

    def _labels(self) -> dict[str, np.ndarray]:
        labels = {"expert": self._case.label, "prediction": self._prediction}
        return {name: label for name, label in labels.items() if label is not None}

    def _make_controls(self) -> Mapping[str, ipywidgets.Widget]:
        import ipywidgets

        made: dict[str, ipywidgets.Widget] = {
            "view": ipywidgets.Dropdown(options=list(_VIEWS), description="view:")
        }
        for name in self._labels():
            made[name] = ipywidgets.FloatSlider(description=f"{name}:", min=0, max=1, step=0.1)
        return made

    def _follow(self, _: object) -> None:
        from ipyniivue import SliceType

        values = self.values
        self.picture.set_slice_type(SliceType(_VIEWS[values["view"]]))
        for volume, name in zip(self.picture.volumes[1:], self._labels(), strict=True):
            volume.opacity = values[name]

    def _legend(self) -> str:
        case = self._case
        names = case.class_names
        patches = [
            f'<span style="display:inline-block;width:14px;height:14px;margin:0 6px 0 14px;'
            f'border:1px solid #777;background:{zone_colour(number)}"></span>'
            f"{zone_name(names[number])}"
            for number in range(1, len(names))
        ]
        label = reorient(Volume(case.label, case.affine))
        found = describe_labels(label.array, label.spacing, names)
        return (
            f"<p>{''.join(patches)}</p><p>Drag to move the crosshair, scroll to change the slice. "
            f"{found}</p>"
        )

    def _drawing(self, **_: object) -> Drawing:
        figure, alt = plots.three_planes(self._case, self._labels())
        return Drawing(figure, alt, "")


def nifti(array: np.ndarray, affine: np.ndarray) -> bytes:
    """An array of numbers 0 to 255 as a compressed NIfTI file in memory."""
    import gzip

    import nibabel as nib

    return gzip.compress(nib.Nifti1Image(array.astype(np.uint8), affine).to_bytes(), 6, mtime=0)


def zone_colormap(class_names: tuple[str, ...]) -> dict[str, list]:
    """The course's palette as NiiVue takes it: background transparent, every class its colour."""
    colours = ["#000000", *(zone_colour(number) for number in range(1, len(class_names)))]
    channels = np.array([[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in colours]).T
    opaque = [0, *[255] * (len(colours) - 1)]
    table = dict(zip("RGB", channels.tolist(), strict=True))
    return {**table, "A": opaque, "I": list(range(len(colours))), "labels": list(class_names)}
