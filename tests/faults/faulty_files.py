"""Files and folders that are not what students were asked for, and what must come out of them."""

import json
import os

from helpers.graded_class import ALL, Case, edited, plain_cell, write
from helpers.tiny_course import RIGHT, cell_of

from medseg_grader.grading.collect import LARGEST_MB

NO_DOUBLE = (0, 0, 4)
NOTHING = (0, 0, 0)


def unreadable(name, content, finding):
    """A case of a file that is no notebook."""
    reasons = dict.fromkeys(("test_double", "test_triple"), finding)
    return edited(name, lambda _: content, NOTHING, (finding,), reasons)


def many_outputs(notebook):
    cell_of(notebook, "double")["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "x" * 2**20} for _ in range(100)
    ]


def old_format(notebook):
    cells = [
        {
            "cell_type": "code",
            "language": "python",
            "input": RIGHT["double"],
            "outputs": [],
            "metadata": {"nbgrader": cell_of(notebook, "double")["metadata"]["nbgrader"]},
        },
        {
            "cell_type": "code",
            "language": "python",
            "input": "1 + 1",
            "outputs": [],
            "metadata": {},
        },
    ]
    worksheet = {"cells": cells, "metadata": {}}
    return {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [worksheet]}


def schema_99(notebook):
    for cell in notebook["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["schema_version"] = 99


def without(*names):
    def edit(notebook):
        for name in names:
            notebook["cells"].remove(cell_of(notebook, name))

    return edit


def emptied(text):
    def edit(notebook):
        cell_of(notebook, "double")["source"] = text

    return edit


def copied(notebook):
    first = cell_of(notebook, "double")
    again = json.loads(json.dumps(first))
    first["source"] = "def double(x): return None"
    notebook["cells"].append(again)


def retyped(name, kind):
    def edit(notebook):
        cell_of(notebook, name)["cell_type"] = kind

    return edit


def broken_cells(notebook):
    cell_of(notebook, "triple")["metadata"]["nbgrader"] = "lost"
    notebook["cells"][1:1] = [None, 7, {"cell_type": "code", "source": 3}, {"cell_type": "heading"}]


def replaced_test(notebook):
    cell_of(notebook, "test_double")["source"] = "raise SystemExit"


def foreign_kernel(notebook):
    notebook["metadata"] = {"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}}


def as_text(encoding, mark=b""):
    def edit(notebook):
        cell_of(notebook, "double")["source"] += "  # zweimal so groß"
        return mark + json.dumps(notebook, ensure_ascii=False).encode(encoding)

    return edit


FILES = [
    unreadable("empty_file", b"", "The file is empty."),
    unreadable("no_json", b'{"cells": [', r"it is not JSON \(cut off\?\)"),
    unreadable("another_kind_of_json", b"[1, 2]", "it is JSON of another kind"),
    unreadable("deep_json", b"[" * 100_000, "it is not JSON"),
    unreadable("no_cells", b'{"nbformat": 4, "cells": []}', "The notebook has no cells."),
    unreadable("binary", bytes(range(256)) * 100, "it is not JSON"),
    edited("old_format", old_format, (1, 2, 0), ("old notebook format 3", "triple is missing")),
    edited("schema_version_99", schema_99, findings=("schema_version: 99",)),
    edited("outputs_of_100_MB", many_outputs),
    edited(
        "deleted_solution",
        without("double"),
        NO_DOUBLE,
        ("cell double is missing",),
        {"test_double": "The solution cell double is missing."},
    ),
    *(
        edited(
            f"emptied_solution_{number}",
            emptied(text),
            NO_DOUBLE,
            (),
            {"test_double": "The solution cell double is empty."},
        )
        for number, text in enumerate(("", " \n", "\n\n\t"))
    ),
    edited(
        "deleted_tests",
        without("test_double_hidden", "test_triple"),
        findings=("test_double_hidden was deleted; ours was run",),
    ),
    edited("copied_solution", copied, findings=("double occurs 2 times; the last one counts",)),
    edited("moved_cells", lambda nb: nb["cells"].reverse(), findings=("cells were moved",)),
    edited(
        "solution_as_text",
        retyped("double", "markdown"),
        findings=("double was turned into a markdown cell",),
    ),
    edited(
        "test_as_raw",
        retyped("test_triple", "raw"),
        findings=("test_triple was turned into a raw cell",),
    ),
    edited("changed_test", replaced_test, findings=("test_double was changed; ours was run",)),
    edited("broken_cells", broken_cells, ALL, ("4 of its cells cannot be read",)),
    edited("foreign_kernel", foreign_kernel, findings=("asks for the kernel ir",)),
    edited("windows_1252", as_text("cp1252"), findings=("not in UTF-8",)),
    edited("utf_16", as_text("utf-16")),
    edited("utf_8_with_a_mark", as_text("utf-8", b"\xef\xbb\xbf")),
]


def missing(folder, _):
    folder.mkdir(parents=True)


def renamed(folder, notebook):
    write(folder, notebook, "Sums (1).ipynb")


def several(folder, notebook):
    for name in ("first.ipynb", "second.ipynb"):
        write(folder, notebook, name)


def with_more(folder, notebook):
    write(folder, notebook)
    write(folder, notebook, "draft.ipynb")
    write(folder, b"x", "notes.txt")


def name_of_bytes(folder, notebook):
    write(folder, notebook)
    (folder / os.fsdecode(b"gr\xfc\xdfe.txt")).write_bytes(b"")


def too_large(folder, notebook):
    write(folder, notebook)
    os.truncate(folder / "sums.ipynb", (LARGEST_MB + 1) * 2**20)


def notebook_is_a_link(folder, notebook):
    write(folder.parent, notebook)
    folder.mkdir()
    (folder / "sums.ipynb").symlink_to(folder.parent / "sums.ipynb")


def links_beside(folder, notebook):
    write(folder, notebook)
    (folder / "up").symlink_to("../../..")
    (folder / "loop").symlink_to("loop")


def unit_is_a_link(folder, notebook):
    write(folder.parent / "elsewhere", notebook)
    folder.symlink_to("elsewhere")


def pipe(folder, _):
    folder.mkdir(parents=True)
    os.mkfifo(folder / "sums.ipynb")


def folder_of_that_name(folder, _):
    (folder / "sums.ipynb").mkdir(parents=True)


def plain(folder, notebook):
    notebook["cells"].insert(1, plain_cell("# Notes\n<script>alert(1)</script>", "markdown"))
    write(folder, notebook)


PLACES = [
    Case("missing", missing, NOTHING, (r"There is no sums\.ipynb in it\.",)),
    Case("renamed", renamed, findings=(r"handed in as Sums \(1\)\.ipynb",)),
    Case("several", several, NOTHING, ("several notebooks, none called sums.ipynb",)),
    Case("extra_notebook", with_more, findings=("left aside: draft.ipynb, notes.txt",)),
    Case("file_name_in_latin_1", name_of_bytes, findings=("left aside: gr",)),
    Case("too_large", too_large, NOTHING, ("has 129 MB; at most 128 MB are read",)),
    Case("notebook_is_a_link", notebook_is_a_link, NOTHING, ("is a link, which is not followed",)),
    Case("links_beside", links_beside, findings=("left aside: loop, up",)),
    Case("unit_is_a_link", unit_is_a_link, left="is a link; it was not followed"),
    Case("pipe", pipe, NOTHING, ("is no file that can be read",)),
    Case(
        "folder_of_that_name", folder_of_that_name, NOTHING, (r"There is no sums\.ipynb in it\.",)
    ),
    Case("odd_name", plain, folder='[a] Ünï <b>O\'Brien<i> & "co" %s {0}'),
    Case("longest_name", plain, folder="🙂" * 62, student="🙂" * 50),
    Case("name_like_a_page", plain, folder="index.html"),
]
CASES = [*FILES, *PLACES]
