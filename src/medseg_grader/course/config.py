"""What makes a course somebody's own, from `course.toml` in its root.

Its name and look, which units it has, when each is due. All of it may be left out.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from medseg.errors import InputError, did_you_mean

COURSE = Path("course.toml")
_LARGEST_LOGO = 200_000  # bytes: it stands in every page
_PICTURES = {".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg"}


@dataclass(frozen=True)
class Course:
    """A course as its instructor describes it.

    Attributes:
        name: as students read it.
        short: in names of files and as nbgrader's course id: small letters, digits and dashes.
        institution: who holds it.
        contact: whom students ask, an address or a sentence.
        logo: path of a picture for the pages of report and feedback.
        units: which of the units in `solutions/` it has, as 4, "iou" or "04_iou"; empty for all.
        deadlines: when units are due. A date is the end of that day; without a time zone it is that
            of this computer.
    """

    name: str = "U-Nets by hand"
    short: str = "unets-by-hand"
    institution: str = ""
    contact: str = ""
    logo: str = ""
    units: tuple[str, ...] = ()
    deadlines: Mapping[str, datetime] = field(default_factory=dict)


def read_course(root: Path = Path()) -> Course:
    """The course in a folder.

    Raises InputError where `course.toml` cannot be read, or says what there is not.
    """
    path = root / COURSE
    if not path.is_file():
        return Course()
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{COURSE} is no TOML: {error}.") from error
    known = [one.name for one in fields(Course)]
    for key in said:
        if key not in known:
            guess = did_you_mean(key, known)
            raise InputError(
                f"{COURSE} says {key!r}, which means nothing.{guess} There are: {', '.join(known)}."
            )
    texts = {key: _text(key, said[key]) for key in said if key not in {"units", "deadlines"}}
    course = Course(**texts, units=_units(said), deadlines=_deadlines(said))
    if not course.short or not all(c.islower() or c.isdigit() or c == "-" for c in course.short):
        raise InputError(
            f"{COURSE} says short = {course.short!r}, expected small letters, digits and dashes."
        )
    _check_logo(course, root)
    return course


def logo_of(course: Course, root: Path = Path()) -> tuple[str, bytes] | None:
    """The logo's media type and bytes; None where there is none."""
    if not course.logo:
        return None
    path = root / course.logo
    return _PICTURES[path.suffix.lower()], path.read_bytes()


def _check_logo(course: Course, root: Path) -> None:
    path = root / course.logo
    if not course.logo:
        return
    if path.suffix.lower() not in _PICTURES:
        kinds = ", ".join(_PICTURES)
        raise InputError(f"{COURSE} says logo = {course.logo!r}, expected one of {kinds}.")
    if not path.is_file():
        raise InputError(f"{COURSE} says logo = {course.logo!r}, and there is no such file.")
    if path.stat().st_size > _LARGEST_LOGO:
        raise InputError(f"The logo {course.logo} has over {_LARGEST_LOGO // 1000} kB: shrink it.")


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or len(value.splitlines()) > 1:
        raise InputError(f"{COURSE} says {key} = {value!r}, expected a text of one line.")
    return value.strip()


def _units(said: Mapping[str, Any]) -> tuple[str, ...]:
    units = said.get("units", [])
    if not isinstance(units, list) or not all(type(one) in {str, int} for one in units):
        raise InputError(f"{COURSE} says units = {units!r}, expected a list as [1, 4, 9].")
    return tuple(map(str, units))


def _deadlines(said: Mapping[str, Any]) -> dict[str, datetime]:
    deadlines = said.get("deadlines", {})
    if not isinstance(deadlines, dict):
        raise InputError(
            f"{COURSE} says deadlines = {deadlines!r}, expected a table [deadlines] of lines as "
            f"04_iou = 2027-01-15T23:59:00."
        )
    return {unit: _moment(unit, when) for unit, when in deadlines.items()}


def _moment(unit: str, when: Any) -> datetime:
    if isinstance(when, date) and not isinstance(when, datetime):
        when = datetime.combine(when, time(23, 59, 59))
    if not isinstance(when, datetime):
        raise InputError(
            f"{COURSE} says that {unit} is due {when!r}, expected a date without quotes, as "
            f"2027-01-15 or 2027-01-15T18:00:00."
        )
    return when if when.tzinfo else when.astimezone()
