"""Groups: one hands in, all have its points. `grading/groups.csv` says who is in which."""

import csv
import io
from pathlib import Path

from medseg.errors import InputError

GROUPS = Path("grading/groups.csv")
COLUMNS = ["group", "student"]


def read_groups(root: Path = Path()) -> dict[str, list[str]]:
    """The members of each group, as the learning platform names both; none without the file.

    Raises InputError where it is no such table, or has somebody in two groups.
    """
    path = root / GROUPS
    if not path.is_file():
        return {}
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{GROUPS} is no text in UTF-8.") from error
    # spreadsheets write a semicolon or a tab where the comma is a decimal sign
    first = text.partition("\n")[0]
    delimiter = next((mark for mark in ";\t" if mark in first), ",")
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    head = [name.strip().lower() for name in reader.fieldnames or []]
    if head != COLUMNS:
        raise InputError(
            f"{GROUPS} begins with the columns {', '.join(head) or 'none'}; expected "
            f"{' and '.join(COLUMNS)}, a line for each student."
        )
    groups: dict[str, list[str]] = {}
    whose: dict[str, str] = {}
    for row in reader:
        group, student = ((value or "").strip() for value in list(row.values())[:2])
        if not group or not student:
            raise InputError(f"{GROUPS}, line {reader.line_num}: a group or a student is missing.")
        if whose.setdefault(student, group) != group:
            raise InputError(f"{GROUPS} has {student} in two groups, {whose[student]} and {group}.")
        if student not in groups.setdefault(group, []):
            groups[group].append(student)
    return groups
