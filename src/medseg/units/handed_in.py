"""A notebook that somebody hands in, read in one way by all who read one, and believed in little.

Encodings, byte order marks, line ends, old formats and null fields are made one here, for grading,
`submit-check`, `progress`, the card and `carry_over` alike.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from medseg.errors import InputError, note
from medseg.files import storable
from medseg.units.labels import label
from medseg.units.remarks import Remark

# A larger file is not read.
LARGEST_MB = 128
# Nor is one with more values: 49 MB of empty objects would take 1.8 GB.
MOST_VALUES = 2_000_000
_MARKS = (b",", b"{", b"[")
# A text that has no end goes to the end of the file: looked for again from each quote, it would
# take time with the square of the length.
_TEXTS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_TYPES = {"code", "markdown", "raw"}


@dataclass(frozen=True)
class Cell:
    """What is believed of a cell: a type, a text, an id, and what nbgrader's label claims."""

    type: str
    source: str
    id: str
    label: dict[str, Any] = field(default_factory=dict)

    @property
    def grade_id(self) -> str:
        """nbgrader's name of the cell, empty where it has none."""
        name = self.label.get("grade_id")
        return name if isinstance(name, str) else ""

    @property
    def is_as_released(self) -> bool:
        """Whether text and label are such as nbgrader put its checksum on in some release.

        The sum is that of `nbgrader.utils.compute_checksum`, whose import takes a second. Whoever
        wants to can forge it: it clears nobody, and spares an honest student a suspicion.
        """
        given = self.label
        is_graded, is_solution = bool(given.get("grade")), bool(given.get("solution"))
        locked = not is_solution and (is_graded or bool(given.get("locked")))
        parts = [self.source, self.type, str(is_graded), str(is_solution), str(locked)]
        parts.append(self.grade_id)
        if is_graded:
            try:
                parts.append(str(float(given["points"])))
            except (KeyError, TypeError, ValueError):
                return False
        digest = hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()
        return given.get("checksum") == digest


@dataclass(frozen=True)
class HandedIn:
    """A notebook that could be read.

    Attributes:
        cells: those that could be read, in order.
        remarks: what was odd about the file, see `medseg.units.remarks`.
        raw: the cells as they stand in the file, one for each of `cells`.
        release: which release of the unit it says that it is, see `handed_out.HandedOut`; empty
            where it says nothing.
    """

    cells: list[Cell]
    remarks: list[Remark]
    raw: list[dict[str, Any]]
    release: str = ""


def read_notebook(content: bytes) -> HandedIn:
    """Read the bytes of a notebook file.

    Raises:
        InputError: they are no notebook; the sentence says what they are.
    """
    notebook, remarks = _parse(content)
    raw = notebook.get("cells")
    if not isinstance(raw, list):
        raise InputError("The file is no notebook: its cells are no list.")
    pairs = [(cell, item) for item in raw if (cell := cell_of(item)) is not None]
    if broken := len(raw) - len(pairs):
        remarks.append(Remark("broken cells", detail=broken))
    metadata = notebook.get("metadata")
    remarks += _kernel(metadata)
    cells, items = [cell for cell, _ in pairs], [item for _, item in pairs]
    return HandedIn(cells, remarks, items, release_of(metadata))


def release_of(metadata: Any) -> str:
    """Which release of its unit a notebook says that it is, by its metadata."""
    own = metadata.get("medseg") if isinstance(metadata, dict) else None
    release = own.get("release") if isinstance(own, dict) else None
    return release if isinstance(release, str) else ""


def cell_of(raw: Any) -> Cell | None:
    """One cell of a notebook's JSON, None where it cannot be read."""
    if not isinstance(raw, dict):
        return None
    source = raw.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    kind = raw.get("cell_type")
    if not isinstance(source, str) or not isinstance(kind, str) or kind not in _TYPES:
        return None
    source = storable(source.replace("\r\n", "\n"))
    cell_id = raw.get("id")
    return Cell(kind, source, cell_id if isinstance(cell_id, str) else "", dict(label(raw)))


def _parse(content: bytes) -> tuple[dict[str, Any], list[Remark]]:
    """The file as JSON of format 4, and what was odd about it."""
    remarks = []
    if not content.strip():
        raise InputError("The file is empty.")
    if _values(content) > MOST_VALUES:
        raise InputError(
            f"The file is no notebook: it has more than {MOST_VALUES:,} values, which no program "
            f"puts into one; restart the kernel, clear all outputs, and save it again."
        )
    try:
        try:
            notebook = json.loads(content)
        except UnicodeDecodeError:
            notebook = json.loads(content.decode("cp1252", "replace"))
            remarks.append(Remark("encoding"))
    except (ValueError, RecursionError) as error:
        raise InputError("The file is no notebook: it is not JSON (cut off?).") from error
    if not isinstance(notebook, dict):
        raise InputError("The file is no notebook: it is JSON of another kind.")
    version = notebook.get("nbformat")
    if isinstance(version, int) and 1 <= version < 4:
        remarks.append(Remark("old format", detail=version))
        return _upgraded(notebook), remarks
    if version != 4:
        remarks.append(Remark("format", detail=version))
    return notebook, remarks


def _values(content: bytes) -> int:
    """About how many values a JSON text has: each is worth a hundred bytes once it is read.

    Texts are left out only where they could matter, as that takes a moment.
    """
    count = sum(content.count(mark) for mark in _MARKS)
    if count > MOST_VALUES:
        bare = _TEXTS.sub(b"", content.replace(b"\0", b""))
        count = sum(bare.count(mark) for mark in _MARKS)
    return count


def _upgraded(notebook: dict[str, Any]) -> dict[str, Any]:
    import nbformat

    try:
        return dict(nbformat.convert(nbformat.reader.reads(json.dumps(notebook)), 4))
    except Exception as error:  # nbformat stumbles over odd files in many ways
        note(error)
        raise InputError("The file is no notebook of the old format that it claims.") from error


def _kernel(metadata: Any) -> list[Remark]:
    """A remark where the notebook says that it is in another language than Python."""
    parts = metadata if isinstance(metadata, dict) else {}
    spec, info = (
        part if isinstance(part := parts.get(key), dict) else {}
        for key in ("kernelspec", "language_info")
    )
    for language in (spec.get("language"), info.get("name")):
        if isinstance(language, str) and language:
            name = spec.get("name") or language
            foreign = language.lower() != "python"
            return [Remark("kernel", name=str(name), detail=language)] if foreign else []
    return []
