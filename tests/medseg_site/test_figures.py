import json

import numpy as np

from medseg.widgets.focal import describe_focal_loss
from medseg_site import figures


def test_the_focal_curves_are_those_of_the_formula_and_fall_to_zero():
    data = figures.focal()
    p = np.array(data["p"])
    two = data["curves"][data["gammas"].index(2.0)]
    np.testing.assert_allclose(two, -((1 - p) ** 2) * np.log(p), atol=1e-4)
    assert data["says"][data["gammas"].index(2.0)][data["alphas"].index(0.25)] == (
        describe_focal_loss(2.0, 0.25)
    )


def test_every_answer_of_the_street_has_its_own_picture_and_description():
    answers = figures.street()
    assert [one["answer"] for one in answers] == ["image", "semantic", "instance", "panoptic"]
    assert len({one["source"] for one in answers}) == 4
    assert all(len(one["alt"]) > 20 for one in answers)


def test_the_volume_brings_its_scans_and_not_the_program():
    data = figures.volume()
    canvas = data["models"][data["canvas"]]["state"]
    assert "_esm" not in canvas
    assert len(canvas["volumes"]) == 2
    assert 10_000 < len(json.dumps(data)) < 1_000_000


def test_widgets_of_the_notebooks_become_plain_scripts(tmp_path):
    figures.write(tmp_path)
    for name in ("boxes", "volume"):
        script = (tmp_path / f"{name}.js").read_text(encoding="utf-8")
        assert script.startswith(f"medseg.modules.{name} = ")
        assert "\nexport " not in script
    assert (tmp_path / "focal-data.js").read_text().startswith("medseg.data.focal = ")
