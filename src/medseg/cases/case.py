"""A case: one patient's image with its expert segmentation, on one grid; splits by patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from medseg.cases.reading import listed
from medseg.errors import InputError
from medseg.volumes import Volume, check_real, checked_affine, spacing_of

# How far a label may be from a whole number and still be one.
ROUNDING = 1e-3


@dataclass(frozen=True, eq=False)
class Case:
    """An image and its label map on one grid.

    Attributes:
        image: (X, Y, Z) float32.
        label: (X, Y, Z) uint8, the class of each voxel.
        affine: (4, 4) float64, voxel index to RAS+ mm.
        id: name of the case, unique in its data set.
        patient: whose scan it is; a split never divides a patient.
        class_names: one per class, "background" first.

    Raises:
        InputError: image and label differ in shape; the image is no volume, holds NaN or infinity
            or is constant; the label is more than 0.001 off whole numbers, or names a class that
            does not exist.

    >>> import numpy as np
    >>> from medseg.cases import PROSTATE_CLASSES, Case
    >>> image = np.arange(24.0).reshape(2, 3, 4)
    >>> affine = np.diag([0.5, 0.5, 3.0, 1.0])
    >>> case = Case(image, image > 20, affine, "scan_1", "patient_1", PROSTATE_CLASSES)
    >>> case.spacing, case.label.dtype
    ((0.5, 0.5, 3.0), dtype('uint8'))
    """

    image: np.ndarray
    label: np.ndarray
    affine: np.ndarray
    id: str
    patient: str
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        name = f"case {self.id}"
        names = tuple(self.class_names)
        if not 2 <= len(names) <= 256:
            raise InputError(f"{name} needs 2 to 256 class names, not {len(names)}")
        image = _checked_image(np.asarray(self.image), name)
        label = _checked_label(np.asarray(self.label), image.shape, names, name)
        try:
            affine = checked_affine(self.affine)
        except ValueError as error:
            raise InputError(f"{name}: {error}") from error
        object.__setattr__(self, "image", image)
        object.__setattr__(self, "label", label)
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "class_names", names)

    @classmethod
    def from_volumes(
        cls, image: Volume, label: Volume, id: str, patient: str, class_names: Sequence[str]
    ) -> "Case":
        """A case of an image and a label volume.

        Raises:
            InputError: as `Case`; or the label lies elsewhere in the patient than the image, by
                more than a tenth of a voxel at any corner.

        >>> from medseg import phantom
        >>> from medseg.cases import PROSTATE_CLASSES, Case
        >>> image, label = phantom.volumes(7, field_of_view=64, spacing=2.0)
        >>> Case.from_volumes(image, label, "scan_7", "patient_7", PROSTATE_CLASSES).image.shape
        (32, 32, 20)
        """
        if image.shape == label.shape:
            apart = _largest_offset(image, label)
            if apart > 0.1 * min(image.spacing):
                raise InputError(
                    f"case {id}: the label lies up to {apart:.2f} mm away from the image, as their "
                    f"affines differ; both must lie on one grid: check the headers, or resample "
                    f"the label"
                )
        return cls(image.array, label.array, image.affine, id, patient, tuple(class_names))

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance in mm between neighbouring voxels along each axis."""
        return spacing_of(self.affine)


def _checked_image(image: np.ndarray, name: str) -> np.ndarray:
    """The image as float32; InputError unless it is a volume of finite, differing numbers."""
    if image.ndim != 3 or image.size == 0:
        raise InputError(f"{name}: the image must be of shape (X, Y, Z), but it is {image.shape}")
    check_real(image, f"{name}: the image")
    with np.errstate(over="ignore"):
        image = image.astype(np.float32)
    check_real(image, f"{name}: the image as float32")
    if image.min() == image.max():
        raise InputError(
            f"{name}: the image is constant ({image.flat[0]:g} in every voxel), "
            f"so nothing can be seen in it; check the file"
        )
    return image


def _checked_label(
    label: np.ndarray, shape: tuple[int, ...], names: tuple[str, ...], name: str
) -> np.ndarray:
    """The label as uint8; InputError unless it lies on the image's grid and names its classes."""
    if label.shape != shape:
        raise InputError(
            f"{name}: the label has the shape {label.shape}, but the image {shape}; "
            f"both must lie on one grid"
        )
    check_real(label, f"{name}: the label")
    if label.dtype.kind == "f":
        # a scan's header may scale its numbers, so that 1 comes as 1.0000001
        whole = np.round(label)
        label = np.where(np.abs(label - whole) <= ROUNDING, whole, label)
    outside = [value for value in np.unique(label).tolist() if value not in range(len(names))]
    if outside:
        raise InputError(
            f"{name}: the label holds {listed(f'{value}' for value in outside[:5])}, but "
            f"its classes are 0 to {len(names) - 1} ({', '.join(names)})"
        )
    return label.astype(np.uint8)


def split_cases(
    cases: Sequence[Case], fractions: Sequence[float], seed: int = 0
) -> list[list[Case]]:
    """Divide cases by patient: one list of cases per fraction, no patient in two of them.

    Args:
        cases: of at least as many patients as there are fractions.
        fractions: of the patients, positive, summing to 1. Each part gets at least one patient.
        seed: which decides who goes where; the order of the cases does not.

    Raises:
        InputError: the fractions are not as above, or there are too few patients.

    >>> import dataclasses
    >>> from medseg.cases import phantom_cases, split_cases
    >>> case = phantom_cases(1, progress=False)[0]
    >>> cases = [dataclasses.replace(case, patient=name) for name in ("Ada", "Ada", "Bo", "Cy")]
    >>> [len({case.patient for case in part}) for part in split_cases(cases, (0.67, 0.33))]
    [2, 1]
    """
    shares = np.asarray(fractions, dtype=np.float64)
    if shares.ndim != 1 or not (shares > 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise InputError(f"the fractions must be positive and sum to 1, not {fractions}")
    patients = sorted({case.patient for case in cases})
    if len(patients) < len(shares):
        raise InputError(
            f"{len(patients)} patient{'s' if len(patients) != 1 else ''} cannot be split into "
            f"{len(shares)} parts, as scans of one patient must stay together; "
            f"at least {len(shares)} patients are needed"
        )
    # whole patients by largest remainder, after one for each part
    spare = shares * len(patients)
    sizes = np.maximum(1, np.floor(spare)).astype(int)
    while sizes.sum() != len(patients):
        step = 1 if sizes.sum() < len(patients) else -1
        lack = np.where((step > 0) | (sizes > 1), step * (spare - sizes), -np.inf)
        sizes[np.argmax(lack)] += step
    order = np.random.default_rng(seed).permutation(len(patients))
    part_of = {
        patients[index]: part
        for part, chosen in enumerate(np.split(order, np.cumsum(sizes)[:-1]))
        for index in chosen
    }
    return [[case for case in cases if part_of[case.patient] == part] for part in range(len(sizes))]


def _largest_offset(one: Volume, other: Volume) -> float:
    """Largest distance in mm between the places of a corner voxel in two volumes of one shape."""
    corners = np.array([(*corner, 1) for corner in product(*((0, n - 1) for n in one.shape))])
    return float(np.linalg.norm(corners @ (one.affine - other.affine).T, axis=1).max())
