"""`python -m medseg_grader.sandbox` installs the sandbox's kernel into this environment."""

import json
import sys
import tempfile
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager

from medseg_grader.sandbox import bubblewrap
from medseg_grader.sandbox.provisioner import KERNELSPEC, NAME


def install(prefix: str = sys.prefix) -> Path:
    """Install the kernelspec for all that use this environment; returns its folder."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kernel.json").write_text(json.dumps(KERNELSPEC, indent=1) + "\n")
        return Path(KernelSpecManager().install_kernel_spec(folder, NAME, prefix=prefix))


if __name__ == "__main__":
    print(bubblewrap.problem() or f"The sandbox's kernel is installed in {install()}.")
