"""Cases from the embedded phantom."""

import os
from concurrent.futures import ThreadPoolExecutor

from medseg.cases.case import Case
from medseg.cases.reading import reading
from medseg.errors import InputError
from medseg.zones import PROSTATE_CLASSES


def phantom_cases(
    count: int, seed: int = 0, scanner: str = "A", *, progress: bool = True
) -> list[Case]:
    """Prostate phantoms: case i of a seed is phantom number 10 000 · seed + i.

    So cases of two seeds are different patients, and the same number seen by another scanner is
    the same patient.

    Raises:
        InputError: the count is not in 1..10 000, the seed is negative, or there is no such
            scanner.

    >>> from medseg.cases import phantom_cases
    >>> case = phantom_cases(1, progress=False)[0]
    >>> case.image.shape, case.patient
    ((127, 127, 21), 'phantom_0000')
    """
    from medseg import phantom

    if not 1 <= count <= 10_000:
        raise InputError(f"the number of phantoms must be 1 to 10000, not {count}")
    if seed < 0:
        raise InputError(f"the seed must be 0 or more, not {seed}")
    numbers = range(10_000 * seed, 10_000 * seed + count)
    cases = []
    # numpy lets go of the interpreter, so threads render side by side
    pool = ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1))
    try:
        rendered = pool.map(lambda number: phantom.volumes(number, scanner=scanner), numbers)
        pairs = reading(rendered, "phantoms", progress, total=count)
        for number, (image, label) in zip(numbers, pairs, strict=True):
            patient = f"phantom_{number:04d}"
            name = f"{patient}_{scanner}"
            cases.append(Case.from_volumes(image, label, name, patient, PROSTATE_CLASSES))
    finally:
        pool.shutdown(cancel_futures=True)
    return cases
