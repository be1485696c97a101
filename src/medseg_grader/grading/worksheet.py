"""Moodle's own grading worksheet of an assignment: email addresses, and when each handed in.

Its zip of submissions has neither. Columns are called as in Moodle's mod/assign/gradingtable.php,
in English.
"""

import csv
import io
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from medseg.errors import InputError
from medseg.files import write_bytes
from medseg_grader.grading.layouts import HIDDEN_NAME

IDENTIFIER, NAME, EMAIL = "Identifier", "Full name", "Email address"
HANDED_IN = "Last modified (submission)"
LARGEST = 20 * 2**20  # bytes
# as in its language file, langconfig.php, with the hours of a site or of its user
_FORMATS = ("%A, %d %B %Y, %I:%M %p", "%A, %d %B %Y, %H:%M")


@dataclass(frozen=True)
class Row:
    """What a worksheet says of one student; `timestamp` is ISO 8601 in UTC; empty where unknown."""

    name: str = ""
    email: str = ""
    timestamp: str = ""

    def is_of(self, name: str) -> bool:
        """Whether it is about somebody whom Moodle's zip calls so, or hides."""
        return _letters(name) in {_letters(self.name), _letters(HIDDEN_NAME)}


def read_worksheet(path: Path) -> dict[str, Row]:
    """The rows of a worksheet by participant's number.

    Its times have no time zone: they are taken for those of this computer's, as Moodle shows them
    in its user's.

    Raises:
        InputError: the file cannot be read, is no worksheet, or a time is no date.
    """
    text = _text(path)
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = reader.fieldnames or []
    if IDENTIFIER not in columns:
        shown = ", ".join(map(repr, columns[:3])) or "nothing"
        raise InputError(
            f"{path} is no grading worksheet of Moodle's in English: expected a column "
            f"{IDENTIFIER!r}, and it begins with {shown}. Switch Moodle to English, choose "
            f"Download grading worksheet, and give that file as it is."
        )
    rows = {}
    for row in reader:
        if number := re.search(r"(\d+)\s*$", row[IDENTIFIER] or ""):
            name, email = ((row.get(key) or "").strip() for key in (NAME, EMAIL))
            rows[number[1]] = Row(name, email, _time(row.get(HANDED_IN) or "", path))
    return rows


def store_worksheet(path: Path, unit: str, root: Path = Path()) -> None:
    """Keep a worksheet with the term, for the report on its unit."""
    write_bytes(_place(root, unit), path.read_bytes())


def stored_worksheet(unit: str, root: Path = Path()) -> dict[str, Row]:
    """The rows of the worksheet that was kept for a unit; none where there is none."""
    place = _place(root, unit)
    return read_worksheet(place) if place.is_file() else {}


def _place(root: Path, unit: str) -> Path:
    return root / "grading/worksheets" / f"{unit}.csv"


def _letters(name: str) -> str:
    """A name without what Moodle leaves out or changes in the name of a folder."""
    return re.sub(r"[\W_]", "", name).casefold()


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} is larger than {LARGEST // 2**20} MB: it is no worksheet.")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text in UTF-8, as Moodle writes its worksheets.") from error


def _time(text: str, path: Path) -> str:
    if text.strip() in {"", "-"}:
        return ""
    for form in _FORMATS:
        with suppress(ValueError):
            return datetime.strptime(text.strip(), form).astimezone(UTC).isoformat()
    raise InputError(
        f"{path}: {text!r} under {HANDED_IN!r} is no date as Moodle writes it in English, such as "
        f"'Tuesday, 3 November 2026, 10:15 AM'; download the worksheet with Moodle in English."
    )
