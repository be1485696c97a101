"""What a student wrote or printed, as `Markup` that is safe to open: for the feedback page.

Text is escaped; Markdown and HTML tables are cleaned by nh3, as bleach, which nbconvert has, takes
minutes over a screen of nested tags; pictures are decoded, measured and written anew. Scripts,
styles, frames, links that are no web address and anything that would be loaded from elsewhere do
not come through, and nothing is without a limit.
"""

import base64
import binascii
import io
import re
import time
import warnings
from collections.abc import Iterable

import nh3
from markupsafe import Markup
from nbconvert.filters import Highlight2HTML, markdown2html
from nbformat import NotebookNode
from PIL import Image

from medseg.errors import without_colours
from medseg_grader.course.units import HIDDEN

MOST_TEXT = 8_000
MOST_SENTENCE = 600
MOST_SOURCE = 40_000
MOST_OF_A_PAGE = 8_000_000
MOST_PIXELS = 40_000_000
# of one page: what takes longer was written to take long
MOST_SECONDS = 10
SHORTEST = 30
FULL = "This page is full: the rest of your outputs is in your notebook."
WITHHELD = "This output repeats hidden tests and is not shown."
# What is put into these is escaped, unless it is `Markup`.
_SENTENCE = Markup("<p>{}</p>")
_TEXT = Markup('<pre tabindex="0">{}</pre>')
_FRAGMENT = Markup('<div class="scroll" tabindex="0">{}</div>')
_PICTURE = Markup('<img alt="{}" src="{}">')
# fmt: off
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em",
    "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}
# fmt: on
_ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
# what a browser would not show is left out with its text
_UNSEEN = {"script", "style", "title", "noscript", "template"}
_SCHEMES = {"http", "https", "mailto"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Cleaner:
    """Turns cells of one submission into HTML, within the room of one page.

    Args:
        sources: the unit's cells; lines of their hidden tests are withheld wherever a student's
            output repeats them.
    """

    def __init__(self, sources: Iterable[str] = ()) -> None:
        self._left = MOST_OF_A_PAGE
        self._until = time.process_time() + MOST_SECONDS
        self._hidden = hidden_lines(sources)
        self._highlight = Highlight2HTML(pygments_lexer="python")

    def repeats_hidden_tests(self, text: str) -> bool:
        """Whether a text holds a line of the unit's hidden tests."""
        return any(line in text for line in self._hidden)

    def code(self, source: str) -> Markup:
        """Source text with its syntax coloured."""
        if self._full():
            return _SENTENCE.format(FULL)
        text = cut(source, MOST_SOURCE)
        marked = Markup(self._highlight(text).replace("<pre>", '<pre tabindex="0">', 1))
        return self._room(marked)

    def text(self, text: str) -> Markup:
        """Printed text, without colours and control characters."""
        if self.repeats_hidden_tests(text):
            return _SENTENCE.format(WITHHELD)
        return self._room(_TEXT.format(cut(plain(text), MOST_TEXT)))

    def sentence(self, text: str) -> str:
        """A sentence that may hold a student's words, as plain text for a template to escape."""
        line = " ".join(plain(text).split())
        return WITHHELD if self.repeats_hidden_tests(line) else cut(line, MOST_SENTENCE)

    def markdown(self, source: str) -> Markup:
        """A text cell of the student's."""
        if self._full():
            return _SENTENCE.format(FULL)
        return self.html(markdown2html(cut(source, MOST_SOURCE)))

    def html(self, source: str) -> Markup:
        """A fragment of HTML: text, tables and web links are kept."""
        if self.repeats_hidden_tests(source):
            return _SENTENCE.format(WITHHELD)
        if len(source) > MOST_SOURCE:
            return _SENTENCE.format("An output was too long to be shown here.")
        clean = nh3.clean(
            _CONTROL.sub("", source),
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            clean_content_tags=_UNSEEN,
            url_schemes=_SCHEMES,
            link_rel="noopener noreferrer nofollow",
        )
        return self._room(_FRAGMENT.format(Markup(clean)))

    def outputs(self, cell: NotebookNode) -> list[Markup]:
        """All outputs of a cell."""
        return [self._output(output) for output in cell.get("outputs", [])]

    def _output(self, output: NotebookNode) -> Markup:
        if self._full():
            return _SENTENCE.format(FULL)
        if output.output_type == "stream":
            return self.text(output.text)
        if output.output_type == "error":
            lines = "\n".join(output.traceback) or f"{output.ename}: {output.evalue}"
            return self.text(lines)
        data = output.get("data", {})
        for kind in ("image/png", "image/jpeg"):
            if isinstance(data.get(kind), str):
                described = output.get("metadata", {}).get(kind, {})
                alt = described.get("alt", "") if isinstance(described, dict) else ""
                return self._image(data[kind], kind, str(alt))
        if isinstance(data.get("text/html"), str):
            return self.html(data["text/html"])
        if isinstance(data.get("text/markdown"), str):
            return self.markdown(data["text/markdown"])
        return self.text(str(data.get("text/plain", "")))

    def _image(self, encoded: str, kind: str, alt: str) -> Markup:
        try:
            content = base64.b64decode(encoded, validate=False)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                image = Image.open(io.BytesIO(content), formats=[kind.split("/")[1].upper()])
        except (OSError, ValueError, binascii.Error, Warning, Image.DecompressionBombError):
            return _SENTENCE.format("A picture could not be read.")
        if image.width * image.height > MOST_PIXELS:
            what = f"A picture of {image.width} × {image.height} pixels is not shown."
            return _SENTENCE.format(what)
        if self.repeats_hidden_tests(alt):
            alt = ""
        described = cut(plain(alt), 1000) or "A picture that this cell drew"
        address = f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
        return self._room(_PICTURE.format(described, address))

    def _full(self) -> bool:
        """Whether making this page has taken too long by now."""
        return time.process_time() > self._until

    def _room(self, content: Markup) -> Markup:
        if len(content) > self._left:
            return _SENTENCE.format(FULL)
        self._left -= len(content)
        return content


def hidden_lines(sources: Iterable[str]) -> set[str]:
    """The telling lines of hidden tests: not the short ones, nor what students see elsewhere."""
    hidden: set[str] = set()
    seen: set[str] = set()
    for source in sources:
        for block in HIDDEN.findall(source):
            hidden |= _lines(block)
        seen |= _lines(HIDDEN.sub("", source))
    return {line for line in hidden - seen if len(line) >= SHORTEST and not line.startswith("###")}


def _lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines()}


def plain(text: str) -> str:
    """Text without colour codes and control characters."""
    return _CONTROL.sub("", without_colours(text[: 50 * MOST_TEXT]))


def cut(text: str, most: int) -> str:
    """Beginning and end of a text that is longer than `most` characters."""
    if len(text) <= most:
        return text
    head, tail = most * 2 // 3, most // 3
    left_out = len(text) - head - tail
    return f"{text[:head]}\n… {left_out} characters are left out here …\n{text[-tail:]}"
