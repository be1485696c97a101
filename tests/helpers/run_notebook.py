"""Execute a notebook as a batch job in a process of its own, and say what it cost, as JSON.

`python run_notebook.py NOTEBOOK`: a process that waits for one kernel only knows what that took.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

notebook = Path(sys.argv[1])
cells = nbformat.read(notebook, as_version=4)
start = time.monotonic()
client = NotebookClient(cells, timeout=1800, resources={"metadata": {"path": str(notebook.parent)}})
client.execute(stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
cost = {
    "seconds": time.monotonic() - start,
    "cpu_seconds": used.ru_utime + used.ru_stime,
    "megabytes": used.ru_maxrss / 1024,  # Linux counts in KiB
}
print(json.dumps(cost))
