"""What Sphinx has not by itself: formulas as MathML, and pages that stand on a keyboard alone."""

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

_EXAMPLE = re.compile(r"(^[ ]*>>>.*?(?=\n[ ]*\n|\Z))", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`[^`]+`)")


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx calls this with the names of its extensions."""
    app.connect("autodoc-process-docstring", _plain, priority=0)
    app.connect("doctree-read", _name_corners)
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _plain(_app: Sphinx, _what: str, _name: str, _thing: Any, _options: Any, lines: list) -> None:
    """Our docstrings are plain text in which code has one backtick, and a star is a star."""
    parts = _EXAMPLE.split("\n".join(lines))
    parts[::2] = ["".join(map(_as_rst, _CODE.split(part))) for part in parts[::2]]
    lines[:] = "".join(parts).split("\n")


def _as_rst(part: str) -> str:
    if part.startswith("`"):
        # an empty word behind it, as code must not end inside a word
        return f"`{part}`\\ "
    return re.sub(r"([*|])", r"\\\1", part)


def _name_corners(_app: Sphinx, page: nodes.document) -> None:
    """A heading of a column that has no words says to a screen reader what the column is."""
    for head in page.findall(nodes.thead):
        for entry in head.findall(nodes.entry):
            if not entry.astext().strip():
                words = nodes.raw("", '<span class="visually-hidden">row</span>', format="html")
                entry.append(nodes.paragraph("", "", words))


def _inline(self: Any, node: nodes.math) -> None:
    self.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block(self: Any, node: nodes.math_block) -> None:
    formula = convert(node.astext(), display="block")
    self.body.append(f'<div class="medseg-formula" tabindex="0">{formula}</div>')
    raise nodes.SkipNode
