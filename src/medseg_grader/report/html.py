"""The frame of every page: one file, no script, no network, readable on a phone and aloud."""

import base64
import html
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from matplotlib.figure import Figure

# Even what slipped through the cleaning could load nothing and run nothing.
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)
_STYLE = """
:root { color-scheme: light; }
body { font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 0 auto;
  padding: 0 1rem 3rem; max-width: 62rem; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.25rem; margin-top: 2.2rem; }
h3 { font-size: 1.05rem; margin-bottom: .3rem; }
a { color: #00528a; }
pre, .scroll { overflow-x: auto; }
pre { background: #f4f5f7; border: 1px solid #d5d8dd; border-radius: 4px; padding: .6rem .8rem;
  font-size: .85rem; line-height: 1.4; margin: .4rem 0 .8rem; }
.highlight { margin: 0; }
code { font-size: .9em; }
table { border-collapse: collapse; margin: .6rem 0 1rem; }
caption { text-align: left; font-weight: 600; padding-bottom: .3rem; }
th, td { border: 1px solid #c4c9d0; padding: .3rem .55rem; text-align: left; vertical-align: top; }
thead th { background: #eceff3; }
td { overflow-wrap: anywhere; min-width: 2.5rem; } td.text { min-width: 14rem; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number, td > span, td > a { white-space: nowrap; }
img { max-width: 100%; height: auto; }
figure { margin: 1rem 0; }
section { border-top: 1px solid #d5d8dd; }
summary { cursor: pointer; padding: .3rem 0; }
.total { font-size: 1.15rem; font-weight: 600; }
.note { border-left: 4px solid #56b4e9; padding: .1rem .8rem; margin: .6rem 0; }
.said { white-space: pre-line; }
@media (max-width: 34rem) {
  .stack thead { position: absolute; clip-path: inset(50%); }
  .stack tr { display: grid; grid-template-columns: 1fr auto; }
  .stack td:last-child { grid-column: 1 / -1; }
}
.full::before { content: "\\2713\\00a0"; } .part::before { content: "\\25d0\\00a0"; }
.none::before { content: "\\2717\\00a0"; }
.k, .kn, .ow, .kc { color: #7a1f8a; } .nf, .nc { color: #00528a; }
.s1, .s2, .sd, .sa { color: #7a3e00; } .c1 { color: #4a5a4a; font-style: italic; }
.mi, .mf { color: #006b4f; }
"""


@dataclass(frozen=True)
class Html:
    """Text that is HTML already; everything else is escaped where it is put into a page."""

    text: str

    def __str__(self) -> str:
        return self.text


def escape(value: object) -> str:
    """A value as HTML: escaped, unless it is `Html`."""
    return value.text if isinstance(value, Html) else html.escape(str(value))


def element(tag: str, content: object, **attributes: str) -> Html:
    """One element; `class_` is its class, and an underscore in a name stands for a hyphen."""
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(value)}"'
        for name, value in attributes.items()
    )
    return Html(f"<{tag}{given}>{escape(content)}</{tag}>")


def join(parts: Iterable[object], separator: str = "\n") -> Html:
    """Parts one after the other."""
    return Html(separator.join(escape(part) for part in parts))


def link(target: str | PurePosixPath, text: object) -> Html:
    """A link to another file of the report, by its path relative to the page."""
    return element("a", text, href=quote(str(target)))


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, stack: bool = False
) -> Html:
    """A table with a caption; numbers are set flush right, the first cell of a row is its head.

    With `stack`, a phone shows the last cell of a row below the others.
    """
    lines = []
    for row in rows:
        cells = [element("th", row[0], scope="row")]
        cells += [_cell(cell) for cell in row[1:]]
        lines.append(element("tr", join(cells, "")))
    if not lines:
        return element("p", f"{caption}: none.")
    heads = join((element("th", name, scope="col") for name in head), "")
    content = join(
        [
            element("caption", caption),
            element("thead", element("tr", heads)),
            element("tbody", join(lines)),
        ]
    )
    # a wide table scrolls by itself, so that the page does not; the keyboard reaches it too
    return element(
        "div", element("table", content, class_="stack" if stack else "wide"), class_="scroll",
        tabindex="0", role="region", aria_label=caption,
    )  # fmt: skip


def _cell(value: object) -> Html:
    if isinstance(value, int | float):
        return element("td", f"{value:g}", class_="number")
    if len(str(value)) > 40:
        return element("td", value, class_="text")
    return element("td", value)


def picture(figure: Figure, alt: str) -> Html:
    """A figure with its description, inside the page."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130, facecolor="white", metadata={"Software": None})
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    width = f"{figure.get_figwidth() * 90:.0f}"
    image = f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt)}" width="{width}">'
    return element("figure", Html(image))


def page(title: str, content: object, *, key: str = "") -> str:
    """A whole page; `key` names what it was made from, see `key_of`."""
    return (
        '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="medseg-key" content="{html.escape(key)}">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<main>\n<h1>{html.escape(title)}</h1>\n{escape(content)}\n</main>\n</body>\n</html>\n"
    )
