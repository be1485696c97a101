"""Which tests wait: `make test` runs what is slow for the units whose turn it is."""

import re
from collections.abc import Collection, Iterable


def waits(values: Iterable[object], chosen: Collection[str]) -> bool:
    """Whether a slow test with these parameters waits: it is of a unit, and of none of the chosen.

    `chosen` holds numbers such as "07"; where it is empty, nothing waits.
    """
    names = [re.match(r"(\d\d)_[a-z]", value) for value in values if isinstance(value, str)]
    units = {match[1] for match in names if match}
    return bool(chosen and units) and not units & set(chosen)
