"""nbgrader's view of the course: source, release, and everything it writes under grading/."""

import sys
import tomllib
from pathlib import Path

c = get_config()  # noqa: F821

course = Path(__file__).with_name("course.toml")
described = tomllib.loads(course.read_text(encoding="utf-8-sig")) if course.is_file() else {}
c.CourseDirectory.course_id = described.get("short", "unets-by-hand")
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.source_with_tests_directory = "grading/source_with_tests"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.solution_directory = "grading/solution"
c.CourseDirectory.db_url = "sqlite:///grading/gradebook.db"

# nbgrader copies every other file of a source folder into the release, into autograded/ and from
# there into a student's feedback: without this line the solutions would travel along.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "__pycache__",
    "*.py",
    "*.pyc",
    "*.json",
    "*.csv",
    "*.pt",
    "*.png",
    "*.tmp",
]

c.ClearSolutions.code_stub = {
    "python": "# Your code here: replace the next line.\nraise NotImplementedError('not attempted')"
}
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "medseg_grader.nbgrader_plugins.HideHiddenTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.Execute.timeout = 300
# Where `python -m medseg_grader.sandbox` installed it, student code runs in the sandbox.
if Path(sys.prefix, "share/jupyter/kernels/medseg-sandbox/kernel.json").is_file():
    c.Execute.kernel_name = "medseg-sandbox"

# Kernels talk over local ports: encrypted, so that other users of the machine cannot listen in.
c.KernelManager.transport_encryption = "auto"
