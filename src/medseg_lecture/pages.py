"""A deck as pages: executed, then slides in one file with all that they need, and a handout.

Nothing is loaded from elsewhere: reveal.js comes with the package sphinx-revealjs, formulas are
MathML, pictures lie in the file.
"""

import base64
import io
import os
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jupytext
from latex2mathml.converter import convert
from nbclient import NotebookClient
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from PIL import Image
from tqdm import tqdm

from medseg.errors import InputError
from medseg.files import write_text
from medseg.runtime import UNATTENDED
from medseg_lecture.deck import read, slides

TEMPLATES = Path(__file__).with_name("templates")
_MATH = re.compile(r"(\$\$?)(.+?)\1", re.DOTALL)
_PICTURE = re.compile(r"(data:image/png;base64,)([A-Za-z0-9+/=]+)")
CELL_SECONDS = 600
# Without it JupyterLab asks which kernel it shall be.
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def write(
    deck: Path, folder: Path, *, pdf: bool = True, only_notebook: bool = False
) -> Iterator[Path]:
    """Write notebook, slides and handout of a deck into a folder, and say where each is.

    Raises InputError where the deck is faulty, a cell of it fails, or a program is missing.
    """
    notebook = read(deck)
    notebook.metadata.setdefault("kernelspec", KERNEL)
    folder.mkdir(parents=True, exist_ok=True)
    live = folder / f"{deck.stem}.ipynb"
    write_text(live, jupytext.writes(notebook, fmt="ipynb"))
    yield live
    if only_notebook:
        return
    done = executed(notebook, folder)
    page = folder / f"{deck.stem}.html"
    write_text(page, html(done))
    yield page
    handout = folder / f"{deck.stem}_handout.html"
    write_text(handout, html(done, handout=True))
    yield handout
    if pdf:
        yield print_pdf(handout, handout.with_suffix(".pdf"))


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """The deck with the outputs of its cells; InputError names the slide that failed."""
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name=KERNEL["name"],
        allow_errors=True,  # of which all are told, with their slides
        resources={"metadata": {"path": str(folder)}},
    )
    with (
        tqdm(total=len(notebook.cells), desc="slides", unit="cell", file=sys.stdout) as bar,
        # nobody is there: widgets are pictures
        client.setup_kernel(env={**os.environ, UNATTENDED: "1"}),
    ):
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
            bar.update()
    for slide in slides(notebook):
        for cell in slide.cells:
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    raise InputError(
                        f"the slide {slide.title!r} fails: {output.ename}: {output.evalue}"
                    )
    return client.nb


def html(notebook: NotebookNode, *, handout: bool = False) -> str:
    """An executed deck as slides, or as pages with the notes beside each slide."""
    exporter = TemplateExporter(
        template_name="medseg_slides",
        template_file="index.html.j2",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input=True,
        filters={"page": _page, "heading": _heading},
    )
    own = TEMPLATES / "medseg_slides"
    look: dict[str, Any] = {"title": slides(notebook)[0].title, "handout": handout}
    if handout:
        look["css"] = (own / "handout.css").read_text(encoding="utf-8")
    else:
        reveal = _reveal()
        style = (reveal / "dist/reveal.css").read_text(encoding="utf-8")
        look["css"] = style + (own / "slides.css").read_text(encoding="utf-8")
        look["scripts"] = [
            # in a page, a script ends at the first of these words, wherever they stand
            (reveal / name).read_text(encoding="utf-8").replace("</script", "<\\/script")
            for name in ("dist/reveal.js", "plugin/notes/notes.js")
        ]
    text, _ = exporter.from_notebook_node(notebook, resources={"deck": look})
    return with_fewer_colours(text)


def with_fewer_colours(page: str) -> str:
    """A page whose embedded PNGs have 256 colours, a third of their size, where that is less."""
    return _PICTURE.sub(_few, page)


def _few(found: re.Match) -> str:
    full = base64.b64decode(found[2])
    buffer = io.BytesIO()
    Image.open(io.BytesIO(full)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        buffer, "png", optimize=True
    )
    least = min(full, buffer.getvalue(), key=len)
    return f"{found[1]}{base64.b64encode(least).decode('ascii')}"


def print_pdf(page: Path, pdf: Path) -> Path:
    """Print a page by Chromium; InputError where there is none."""
    from playwright.sync_api import Error, sync_playwright

    from medseg_lecture.chromium import program

    try:
        with (
            sync_playwright() as playwright,
            playwright.chromium.launch(executable_path=program()) as browser,
        ):
            tab = browser.new_page()
            tab.goto(page.resolve().as_uri())
            tab.pdf(path=pdf, prefer_css_page_size=True, print_background=True, tagged=True)
    except Error as error:
        raise InputError(
            f"Chromium could not print {page.name} ({str(error).splitlines()[0]}); install "
            f"Chromium, or leave the PDF out with --no-pdf and print the page in a browser"
        ) from error
    return pdf


def _page(markdown: str) -> str:
    """Markdown as HTML, its formulas as MathML."""
    page = markdown2html(_MATH.sub(_mathml, markdown))
    # a corner without words is no heading of a column
    return page.replace("<th></th>", "<td></td>")


def _mathml(found: re.Match) -> str:
    display = "block" if found[1] == "$$" else "inline"
    # a star or a low line would be taken for emphasis
    return convert(found[2], display=display).replace("*", "&#x2A;").replace("_", "&#x5F;")


def _heading(markdown: str) -> str:
    """The text of the heading that a slide begins with."""
    return markdown.strip().partition("\n")[0].lstrip("# ")


def _reveal() -> Path:
    """The folder of reveal.js."""
    package = find_spec("sphinx_revealjs")
    if package is None or not package.submodule_search_locations:
        raise InputError(
            'the slides need the package sphinx-revealjs; run: pip install -e ".[lecture]"'
        )
    return Path(package.submodule_search_locations[0], "_static/revealjs")
