"""Pages of the report, read as a browser would, and whether they are harmless."""

import base64
import io
import re
from html.parser import HTMLParser

import nbformat
from PIL import Image

from helpers.report_class import executed, result_of

# fmt: off
ALLOWED = {
    "a", "abbr", "b", "blockquote", "body", "br", "caption", "code", "del", "details", "div", "em",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "i", "img", "li",
    "main", "meta", "ol", "p", "pre", "section", "span", "strong", "style", "summary", "table",
    "tbody", "td", "th", "thead", "title", "tr", "ul",
}
# fmt: on
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)><iframe src=//evil.example></iframe>"


class Elements(HTMLParser):
    """All elements and the attributes of a page, and its text."""

    def __init__(self, page):
        super().__init__()
        self.found, self.words = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def assert_harmless(page):
    """No script, nothing loaded, nothing that runs, and one frame of ours."""
    elements = Elements(page)
    assert {tag for tag, _ in elements.found} <= ALLOWED
    assert len(elements.all("style")) == len(elements.all("main")) == 1
    for tag, attributes in elements.found:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert attributes.get("src", "data:image/").startswith("data:image/")
        target = r"https?://|mailto:|#|[\w/.%-]*(#[\w.%-]*)?$"
        assert re.match(target, attributes.get("href", "")), attributes
        assert tag != "meta" or attributes.get("http-equiv", "") in {"", "Content-Security-Policy"}


def with_cell(*outputs, source="mine = 1", kind="code"):
    """An executed notebook with a cell of the student's own after the first answer."""

    def change(notebook):
        make = getattr(nbformat.v4, f"new_{kind}_cell")
        cell = make(source, id="extra-1")
        if kind == "code":
            cell.outputs = list(outputs)
        notebook.cells.insert(10, cell)

    return executed(result_of("ada"), change)


def display(**data):
    data = {kind.replace("_", "/", 1): value for kind, value in data.items()}
    return nbformat.v4.new_output("display_data", data=data)


def stdout(text):
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def png(size=(4, 4)):
    buffer = io.BytesIO()
    Image.new("L", size).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


HOSTILE = {
    "stream": with_cell(stdout(EVIL)),
    "html": with_cell(display(text_html=EVIL + "<p onclick=x style='a:url(//e)'>kept</p>")),
    "style": with_cell(display(text_html="<style>@import '//e';</style></main></body>kept")),
    "svg": with_cell(display(**{"image_svg+xml": f"<svg onload=alert(1)>{EVIL}</svg>"})),
    "javascript": with_cell(display(application_javascript="alert(1)", text_plain=EVIL)),
    "error": with_cell(nbformat.v4.new_output("error", ename=EVIL, evalue=EVIL, traceback=[EVIL])),
    "markdown output": with_cell(display(text_markdown=f"[x](javascript:alert(1))\n\n{EVIL}")),
    "source": with_cell(source=f"# {EVIL}\nprint('</pre></main>')"),
    "markdown": with_cell(source=f"# {EVIL}\n\n[x](javascript:alert%281%29) ", kind="markdown"),
    "markdown image": with_cell(source="![x](http://evil.example/a.png)", kind="markdown"),
    "data link": with_cell(source="[x](data:text/html,<script>)<file:///etc>", kind="markdown"),
    "meta": with_cell(source="<meta http-equiv=refresh content='0;url=//e'>", kind="markdown"),
    "raw": with_cell(source=EVIL, kind="raw"),
    "alt": with_cell(
        nbformat.v4.new_output(
            "display_data",
            data={"image/png": png()},
            metadata={"image/png": {"alt": f'"><b onclick=x>{EVIL}'}},
        )
    ),
    "picture that is none": with_cell(display(image_png=base64.b64encode(b"<svg>").decode())),
    "picture with a quote": with_cell(display(image_png='" onerror="alert(1)')),
}
