"""Fetch a data set of real patients: `python data_download.py --list` says which there are.

The same as `medseg data`; what it does stands in `medseg.datasets.command`.
"""

import sys

try:
    from medseg.datasets.command import main
except ModuleNotFoundError as error:
    sys.exit(
        f"The course is not installed for {sys.executable} (no module {error.name}): "
        f"use the Python of its environment, .venv/bin/python data_download.py"
    )

if __name__ == "__main__":
    sys.exit(main())
