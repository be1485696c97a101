"""Where does this code run: in a notebook, while nbgrader grades, with a person before it?"""

import os
import sys

# nbgrader sets it to what it is doing; nothing else in the course reads it.
EXECUTION = "NBGRADER_EXECUTION"
# A program that executes a notebook as a batch job sets it: nobody is there to press a button.
UNATTENDED = "MEDSEG_UNATTENDED"


def graded() -> bool:
    """Whether nbgrader runs this notebook (autograde or validate).

    >>> from medseg import training
    >>> training.graded()
    False
    """
    return os.environ.get(EXECUTION) in {"autograde", "validate"}


def interactive() -> bool:
    """Whether a widget may meet a person: in a notebook, neither graded nor run as a batch job.

    Nor where the cell's output is captured.
    """
    if graded() or os.environ.get(UNATTENDED) or not in_notebook():
        return False
    from IPython import get_ipython
    from IPython.core.displaypub import CapturingDisplayPublisher

    return not isinstance(get_ipython().display_pub, CapturingDisplayPublisher)


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None
