"""What a sandbox shows of this machine beyond the default, and what it has imported."""

from dataclasses import dataclass

# What the course's notebooks and tests import, directly or not, and what a kernel consists of.
MODULES = (
    "numpy",
    "scipy.ndimage",
    "scipy.stats",
    "scipy.spatial.transform",
    "scipy.sparse.csgraph",
    "torch",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "nibabel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.extensions.storemagic",
    "ipywidgets",
    "monai.losses",
    "monai.metrics",
    "monai.networks.nets",
    "monai.inferers",
    "torchmetrics.classification",
    "torchmetrics.functional.classification",
    "torchmetrics.functional.detection",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "contourpy",
    "executing",
    "medseg.notebook.carry_over",
    "medseg.checks",
    "medseg.probes.augmentation",
    "medseg.probes.networks",
    "medseg.phantom",
    "medseg.plots",
    "medseg.probes",
    "medseg.probes.device",
    "medseg.probes.training",
    "medseg.scenes",
    "medseg.stand_ins.losses",
    "medseg.stand_ins.metrics",
    "medseg.stand_ins.networks",
    "medseg.training",
    "medseg.widgets",
)
# The phantoms that units open with, each rendered once for all submissions.
PATIENTS = (10_000, 40_000, 50_000, 60_000)
CALLS = tuple(("medseg.phantom", "volumes", patient) for patient in PATIENTS)


@dataclass(frozen=True)
class Policy:
    """What a sandbox shows beyond the default, and what is imported in it beforehand.

    Args:
        gpu: show NVIDIA's device files and /sys, which CUDA needs.
        readable: more folders that student code may read, say of a data set or of modules of a
            cluster.
        modules: what the fork server imports.
        calls: what it calls once, for what stays in a cache: (module, function, argument, …).
    """

    gpu: bool = False
    readable: tuple[str, ...] = ()
    modules: tuple[str, ...] = MODULES
    calls: tuple[tuple[str | int, ...], ...] = CALLS


STRICT = Policy()  # nothing beyond the default
