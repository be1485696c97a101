"""The report's pages from their templates: one file each, no script, readable aloud.

Whatever a template shows is escaped, unless `clean` made it harmless and says so by its type.
"""

import base64
import io
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from medseg import palette
from medseg_grader.course.config import logo_of, read_course

TEMPLATES = Path(__file__).with_name("templates")

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.globals["palette"] = palette
_ENVIRONMENT.filters["formatted"] = format
_ENVIRONMENT.filters["address"] = lambda path: quote(str(path))


class Picture(NamedTuple):
    """A figure as a template shows it: its address, its description, its width in pixels."""

    source: str
    alt: str
    width: int


def render(name: str, **data: Any) -> str:
    """One page of the report: a file of `templates`, filled; with the course's name and look.

    Raises jinja2.UndefinedError where the template shows what is not among `data`, InputError where
    `course.toml` cannot be read.
    """
    course = read_course()
    logo = logo_of(course)
    source = f"data:{logo[0]};base64,{base64.b64encode(logo[1]).decode()}" if logo else ""
    return _ENVIRONMENT.get_template(name).render(data, course=course, logo=source)


def picture(figure: Figure, alt: str) -> Picture:
    """A figure inside the page, as a PNG on white."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130, facecolor="white", metadata={"Software": None})
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Picture(f"data:image/png;base64,{data}", alt, round(figure.get_figwidth() * 90))
