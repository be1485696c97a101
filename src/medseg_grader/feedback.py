"""An nbgrader preprocessor that keeps hidden tests out of a student's feedback."""

import re

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from medseg_grader.catalogue import HIDDEN

_NOTE = "# The hidden tests of this cell are not shown.\n"


class HideHiddenTests(NbGraderPreprocessor):
    """Cut the hidden tests from a cell's source, and their lines from the traceback of an error.

    The error's own sentence stays: it is written for the student.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Change one cell in place if it holds hidden tests."""
        if cell.cell_type != "code" or not HIDDEN.search(cell.source):
            return cell, resources
        cell.source = HIDDEN.sub(_NOTE, cell.source).rstrip("\n")
        for output in cell.outputs:
            if output.output_type == "error":
                output.traceback = [_last_line(output)]
        return cell, resources


def _last_line(output: NotebookNode) -> str:
    message = re.sub(r"\x1b\[[0-9;]*m", "", f"{output.ename}: {output.evalue}")
    return message.strip()
