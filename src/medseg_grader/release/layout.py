"""How generated data is laid out: JSON Lines, a record a line, so that a change is a few lines."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from medseg.files import write_text


def write_lines(path: Path, records: Iterable[Any]) -> None:
    """Write one record a line, without spaces, keys in order of writing."""
    lines = (json.dumps(r, ensure_ascii=False, separators=(",", ":")) + "\n" for r in records)
    write_text(path, "".join(lines))
