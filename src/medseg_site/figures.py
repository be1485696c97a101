"""Figures that need no kernel: what figures.js shows, calculated beforehand.

Scripts are plain ones and data lie in scripts, so that the pages work from a folder, without a
server. The boxes and the volume viewer are the notebooks' own widgets: figures.js hands them
their state, as a kernel would.
"""

import importlib.resources
import json
import re
from functools import cache
from importlib.metadata import files
from pathlib import Path
from typing import Any

import numpy as np

from medseg import scenes, widgets
from medseg.cases import Case, phantom_cases
from medseg.files import write_text
from medseg.plots.display import mime_bundle, png
from medseg.widgets.focal import describe_focal_loss, focal_loss
from medseg.widgets.street import ANSWERS, draw_answer
from medseg_lecture.pages import with_fewer_colours
from medseg_site.student_view import place_of

FIRST = {"gamma": 2.0, "alpha": 0.25}
GAMMAS = np.arange(0, 5.25, 0.25)
ALPHAS = np.arange(0, 1.05, 0.05)
# A patient whose urethra, the smallest zone, is on several slices.
SEED = 4


def write(folder: Path) -> None:
    """Write the scripts that figures.js loads for each figure into a folder."""
    own = importlib.resources.files("medseg.widgets")
    niivue = importlib.resources.files("ipyniivue")
    _write_module(folder, "boxes", own.joinpath("boxes.js").read_text("utf-8"))
    _write_module(folder, "volume", niivue.joinpath("static/widget.js").read_text("utf-8"))
    for path in files("ipyniivue") or ():
        if "LICENSE" in path.name:
            write_text(folder / f"volume.{path.name}", path.read_text("utf-8"))
    write_text(folder / "widgets.css", own.joinpath("widgets.css").read_text("utf-8"))
    for name, data in (
        ("boxes", boxes()),
        ("focal", focal()),
        ("street", street()),
        ("volume", volume()),
    ):
        text = json.dumps(data, separators=(",", ":"))
        write_text(folder / f"{name}-data.js", f"medseg.data.{name} = {text};\n")


def _write_module(folder: Path, name: str, source: str) -> None:
    """A widget's module as a plain script: what it exports is what it gives."""
    plain, found = re.subn(r"export\s*\{\s*(\w+) as default\s*\}", r"return \1", source)
    if not found:
        plain = source.replace("export default", "return", 1)
    write_text(folder / f"{name}.js", f"medseg.modules.{name} = (() => {{\n{plain}\n}})();\n")


def stills() -> dict[str, str]:
    """For each figure the HTML of its place, with a picture for where no script runs."""
    picture = _street()
    shown = {
        "boxes": widgets.two_boxes(),
        "focal": widgets.focal_curves(**FIRST),
        "street": widgets.segmentation_types(picture),
        "volume": widgets.volume_viewer(_case()),
    }
    found = {}
    for name, demo in shown.items():
        figure, alt, _ = demo.still()
        data, _ = mime_bundle(figure, alt)
        found[name] = place_of(name, data["text/html"])
    return found


def boxes() -> dict[str, Any]:
    """What the two boxes begin with."""
    picture = widgets.two_boxes().picture
    return {name: getattr(picture, name) for name in ("target", "prediction", "says")}


def focal() -> dict[str, Any]:
    """Curves of weight 1 for each γ, and what is said for each pair of γ and α."""
    p = np.linspace(0.01, 1, 100)
    return {
        "first": FIRST,
        "p": p.round(4).tolist(),
        "gammas": GAMMAS.tolist(),
        "alphas": ALPHAS.round(2).tolist(),
        "curves": [focal_loss(p, 1.0, gamma).round(4).tolist() for gamma in GAMMAS],
        "says": [
            [describe_focal_loss(gamma, alpha) for alpha in ALPHAS.round(2).tolist()]
            for gamma in GAMMAS.tolist()
        ],
    }


def street() -> list[dict[str, str]]:
    """The street's four answers as pictures, each with its description."""
    found = []
    for answer in ANSWERS:
        figure, alt, says = draw_answer(_street(), answer)
        source = with_fewer_colours(f"data:image/png;base64,{png(figure)}")
        found.append({"answer": answer, "source": source, "alt": alt, "says": says})
    return found


def volume() -> dict[str, Any]:
    """The state of the notebooks' volume viewer with all that it depends on."""
    from ipywidgets.embed import dependency_state

    canvas = widgets.volume_viewer(_case()).picture
    models = {}
    for name, model in dependency_state(canvas, drop_defaults=False).items():
        # the program itself comes once, as a script
        state = {key: value for key, value in model["state"].items() if key not in {"_esm", "_css"}}
        models[name] = {"state": state, "buffers": model.get("buffers", [])}
    return {"canvas": canvas.model_id, "models": models}


@cache
def _street() -> scenes.Picture:
    return scenes.picture(scenes.street(seed=0))


@cache
def _case() -> Case:
    return phantom_cases(1, seed=SEED, progress=False)[0]
