import io
import itertools
import re
import subprocess
import sys
from html.parser import HTMLParser

import nbformat
import numpy as np
import pytest
import torch
from matplotlib import colors
from matplotlib import image as picture_files
from matplotlib.figure import Figure
from nbconvert import HTMLExporter

from medseg import plots
from medseg.cases import Case, slices
from medseg.volumes import Volume, reorient
from medseg.zones import zone_name

# Machado, Oliveira and Fernandes 2009, full severity, for linear RGB
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
SRGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
HISTORY = [
    {"loss": 1.5, "mean_iou": 0.2},
    {"loss": 0.5, "mean_iou": 0.7},
    {"loss": 0.4, "mean_iou": 0.6},
]


def seen(colour, vision):
    """CIE L*a*b* of a colour as somebody with this colour vision sees it."""
    rgb = np.array(colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(VISIONS[vision]) @ linear, 0, 1)
    ratio = (SRGB_TO_XYZ @ linear) / SRGB_TO_XYZ.sum(axis=1)
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one, other, vision):
    return np.linalg.norm(seen(one, vision) - seen(other, vision))


class Pictures(HTMLParser):
    """The attributes of every <img> on a page."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.found.append(dict(attributes))


def rendered(figure):
    """RGB pixels of a figure as it is displayed, with the alpha channel."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=60)
    buffer.seek(0)
    return picture_files.imread(buffer)


def panel_titles(figure):
    return [ax.get_title() for ax in figure.axes if ax.get_title()]


def contours(ax):
    from matplotlib.contour import ContourSet

    return [child for child in ax.get_children() if isinstance(child, ContourSet)]


@pytest.mark.parametrize("vision", VISIONS)
def test_zones_are_told_apart_by_every_kind_of_colour_vision(vision):
    """A difference of 2.3 is just noticeable; on a busy image ten times that is comfortable."""
    for one, other in itertools.combinations((*plots.ZONE_COLOURS, "#808080"), 2):
        assert difference(one, other, vision) > 25, (one, other)


def test_a_palette_of_red_and_green_would_not_pass():
    assert difference("#D62728", "#2CA02C", "normal") > 80
    assert difference("#B03A2E", "#6B6B00", "deuteranopia") < 25


def test_colour_is_not_the_only_difference_between_zones():
    styles = [str(plots.zone_style(number)) for number in range(1, 5)]
    assert len(set(styles)) == 4
    both = {(plots.zone_colour(n), str(plots.zone_style(n))) for n in range(1, 17)}
    assert len(both) == 16


@pytest.mark.parametrize("function", [plots.zone_colour, plots.zone_style])
def test_background_has_no_colour(function):
    with pytest.raises(ValueError, match="class 0"):
        function(0)


def test_show_case_draws_image_and_expert_in_mm(make_case):
    case = make_case(shape=(96, 80, 10), spacing=(1.0, 1.2, 3.0))
    figure, alt = plots.show_case(case, slice_index=4)
    image, expert = figure.axes
    assert panel_titles(figure) == ["image", "expert"]
    assert (len(contours(image)), len(contours(expert))) == (0, 4)
    assert image.images[0].get_extent() == pytest.approx([0, 96, 96, 0])
    assert expert.get_xlabel() == "patient's right to left (mm)"
    assert image.get_ylabel() == "front to back (mm)"
    assert "Axial slice 5 of 10: the peripheral zone covers" in alt


def test_contours_enclose_the_label(make_case):
    case = make_case(shape=(64, 64, 6), spacing=(2.0, 2.0, 3.0))
    label = np.zeros_like(case.label)
    label[10:30, 40:50, 2] = 1
    square = Case(case.image, label, np.diag([-2.0, -2.0, 3.0, 1.0]), "a", "a", ("background", "x"))
    figure, _ = plots.show_case(square, 2)
    (outline,) = contours(figure.axes[1])
    points = outline.get_paths()[0].vertices
    np.testing.assert_allclose(points.min(axis=0), (20, 80), atol=1.01)
    np.testing.assert_allclose(points.max(axis=0), (60, 100), atol=1.01)


@pytest.mark.parametrize("axes", ["LPS", "RAS", "SAL"])
def test_the_patients_right_is_on_the_left_and_the_front_on_top(axes):
    """One bright voxel at the patient's right and front."""
    image = np.random.default_rng(0).random((12, 12, 3))
    image[0, 0, 1] = 9
    grid = np.diag([-1.0, -1.0, 3.0, 1.0])
    turned = reorient(Volume(image, grid), axes)
    empty = np.zeros(turned.shape, int)
    case = Case(turned.array, empty, turned.affine, "a", "a", ("background", "x"))
    figure, _ = plots.show_case(case, 1)
    shown = np.asarray(figure.axes[0].images[0].get_array())
    assert np.unravel_index(shown.argmax(), shown.shape) == (0, 0)
    letters = {text.get_text(): text.get_position()[0] for text in figure.axes[0].texts}
    assert letters["R"] < 0.5 < letters["L"]


def test_compare_shows_image_expert_and_prediction(make_case):
    case = make_case()
    prediction = case.label.copy()
    prediction[prediction == 4] = 2
    figure, alt = plots.compare(case, case.label, prediction, slice_index=4)
    assert panel_titles(figure) == ["image", "expert", "prediction"]
    assert [len(contours(ax)) for ax in figure.axes] == [0, 4, 3]
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words[0] == "PZ peripheral zone"
    assert len(words) == 4
    assert alt.startswith("MR slice (ellipsoids, axial slice 5 of 10)")
    assert "not on it: distal prostatic urethra" in alt
    assert "peripheral zone 1.00" in alt
    assert "distal prostatic urethra 0.00" in alt


def test_the_dice_in_the_description_is_that_of_the_slice():
    expert, prediction = np.zeros((2, 20, 20), int)
    expert[5:15, 5:15] = 1
    prediction[5:15, 10:20] = 1
    figure, alt = plots.compare(np.arange(400.0).reshape(20, 20), expert, prediction)
    assert "Dice on this slice: class 1 0.50." in alt
    assert "class 1 covers 100 pixels" in alt
    assert "(pixels)" in figure.axes[0].get_xlabel()


def test_compare_sets_several_predictions_beside_one_expert(make_case):
    case = make_case()
    less = np.where(case.label == 4, 2, case.label)
    figure, alt = plots.compare(
        case, case.label, {"with skips": case.label, "without": less}, slice_index=4
    )
    assert panel_titles(figure) == ["expert", "with skips", "without"]
    assert [len(contours(ax)) for ax in figure.axes] == [4, 4, 3]
    of_both, of_less = alt.split(" Without: ")
    assert "contours of the expert, contours of with skips, contours of without." in of_both
    assert "distal prostatic urethra 1.00" in of_both
    assert "distal prostatic urethra 0.00" in of_less
    with pytest.raises(ValueError, match="must have one shape"):
        plots.compare(np.zeros((8, 8)), np.ones((8, 8)), {"a": np.ones((8, 8)), "b": np.eye(7)})


def test_compare_takes_slices_as_the_network_sees_them(make_case):
    case = make_case()
    image, label = slices(case, 64)
    figure, alt = plots.compare(
        image[4],
        label[4],
        torch.from_numpy(label[4]),
        spacing=(1.5, 1.5),
        class_names=case.class_names,
    )
    shown = np.asarray(figure.axes[0].images[0].get_array())
    np.testing.assert_allclose(shown, image[4])
    assert "(mm)" in figure.axes[0].get_xlabel()
    assert "cm²" in alt


def test_compare_shows_the_surroundings_of_the_gland_or_everything(make_case):
    case = make_case(shape=(96, 80, 10), spacing=(1.0, 1.2, 3.0))
    near, _ = plots.compare(case, case.label, case.label, margin=10)
    left, right = near.axes[0].get_xlim()
    columns = np.flatnonzero(case.label.any(axis=(1, 2)))
    assert 0 < left <= columns[0]
    assert columns[-1] <= right < 96
    whole, _ = plots.compare(case, case.label, case.label, margin=None)
    assert whole.axes[0].get_xlim() == (0, 96)


def test_an_empty_slice_is_drawn_without_contours(make_case):
    case = make_case()
    nothing = np.zeros_like(case.label)
    figure, alt = plots.compare(case, nothing, nothing)
    assert not figure.legends
    assert "background only" in alt
    assert "undefined" in alt


def test_shapes_that_do_not_fit_are_refused(make_case):
    case = make_case()
    with pytest.raises(ValueError, match="to_native"):
        plots.compare(case, case.label, case.label[:-1])
    with pytest.raises(ValueError, match="must have one shape"):
        plots.compare(np.zeros((5, 5)), np.zeros((5, 5), int), np.zeros((5, 4), int))
    with pytest.raises(ValueError, match="takes one slice"):
        plots.compare(np.zeros((5, 5, 5)), np.zeros((5, 5, 5), int), np.zeros((5, 5, 5), int))
    with pytest.raises(ValueError, match="there is no slice 10; the slices are 0 to 9"):
        plots.show_case(case, 10)


def test_the_chosen_slice_shows_every_zone_well(make_case):
    case = make_case(shape=(64, 64, 12), spacing=(1.5, 1.5, 2.5))
    _, alt = plots.show_case(case)
    chosen = int(re.search(r"slice (\d+) of 12", alt)[1]) - 1
    shares = [
        np.sum(case.label[:, :, chosen] == n) / (case.label == n).sum(axis=(0, 1)).max()
        for n in range(1, 5)
    ]
    assert min(shares) > 0.6


@pytest.mark.parametrize("dtype", [np.int64, np.float32])
def test_a_difference_is_counted_and_placed(dtype):
    target = np.arange(20).reshape(4, 5).astype(dtype)
    yours = target.copy()
    yours[1, 2], yours[3, 4] = 8, -5
    figure, alt = plots.target_yours_difference(target, yours)
    assert "2 of 20 elements differ, most at row 3, column 4: target 19, yours -5" in alt
    assert panel_titles(figure)[:2] == ["target", "yours"]
    last = np.asarray(figure.axes[2].images[0].get_array())
    np.testing.assert_array_equal(np.argwhere(last), [[1, 2], [3, 4]])


def test_equal_arrays_do_not_differ_even_where_they_are_not_finite():
    array = np.array([[np.nan, np.inf], [1.0, 2.0]])
    _, alt = plots.target_yours_difference(array, array.copy())
    assert "0 of 4 elements differ." in alt


def test_what_is_not_finite_is_marked():
    figure, alt = plots.target_yours_difference(np.ones((9, 9)), np.full((9, 9), np.nan))
    assert "81 of 81" in alt
    assert "yours nan" in alt
    assert panel_titles(figure)[1] == "yours (pink: not finite)"
    rendered(figure)


@pytest.mark.parametrize("shapes", [((3, 3), (3, 4)), ((3,), (3,)), ((0, 3), (0, 3))])
def test_arrays_that_cannot_be_compared_are_refused(shapes):
    with pytest.raises(ValueError, match="2D and of one shape"):
        plots.target_yours_difference(*map(np.zeros, shapes))


def test_losses_of_several_runs_differ_in_colour_and_in_style():
    figure, alt = plots.losses({"good": [2.0, 0.5, 0.1], "bad": [2.0, 9.0]})
    good, bad = figure.axes[0].lines
    np.testing.assert_allclose(bad.get_xydata(), [(1, 2), (2, 9)])
    assert good.get_color() != bad.get_color()
    assert good.get_linestyle() != bad.get_linestyle()
    assert figure.axes[0].get_yscale() == "log"
    assert "bad: from 2 to 9 in 2 steps, at most 9" in alt


@pytest.mark.parametrize("runs", [{}, {"good": []}, {name: [1.0] for name in "abcd"}])
def test_losses_want_one_to_three_runs(runs):
    with pytest.raises(ValueError, match="one to three runs"):
        plots.losses(runs)


def test_curves_show_loss_and_iou_and_the_best_epoch():
    figure, alt = plots.curves(HISTORY)
    loss, iou = figure.axes
    np.testing.assert_allclose(loss.lines[0].get_ydata(), [1.5, 0.5, 0.4])
    np.testing.assert_allclose(iou.lines[0].get_ydata(), [0.2, 0.7, 0.6])
    assert loss.get_xlabel() == iou.get_xlabel() == "epoch"
    assert "from 1.5 to 0.4" in alt
    assert "best 0.70 in epoch 2" in alt


@pytest.mark.parametrize("gone", ["loss", "mean_iou"])
def test_curves_bear_epochs_without_a_value(gone):
    history = [{**epoch, gone: np.nan} for epoch in HISTORY]
    figure, _ = plots.curves(history)
    rendered(figure)


@pytest.mark.parametrize("history", [[], [{"loss": 1.0}]])
def test_curves_without_a_history_are_refused(history):
    with pytest.raises(ValueError, match="mean_iou"):
        plots.curves(history)


def test_a_label_is_described_by_its_areas():
    label = np.zeros((100, 100, 3), int)
    label[:30, :30, 1] = 2
    label[50:60, :10, 1] = 1
    text = plots.describe_labels(label, (0.5, 1.0, 3.0), ("background", "PZ", "TZ", "AFS"))
    assert text == (
        "Axial slice 2 of 3: the peripheral zone covers 0.5 cm², the transition zone 4.5 cm²; "
        "not on it: anterior fibromuscular stroma."
    )
    empty = plots.describe_labels(label, (0.5, 1.0, 3.0), ("background", "PZ", "TZ"), 0)
    assert empty == "Axial slice 1 of 3: background only."


def test_a_tiny_zone_is_not_described_as_nothing():
    label = np.zeros((10, 10), int)
    label[0, 0] = 1
    assert "0.003 cm²" in plots.describe_labels(label, (0.5, 0.5), ("background", "PZ"))


def test_other_class_names_stay_as_they_are():
    assert zone_name("prostate") == "prostate"


def all_figures(case):
    prediction = np.roll(case.label, 3, axis=0)
    return {
        "case": plots.show_case(case),
        "compare": plots.compare(case, case.label, prediction),
        "difference": plots.target_yours_difference(np.eye(6), np.eye(6)[::-1]),
        "curves": plots.curves(HISTORY),
    }


def test_figures_are_opaque_so_that_dark_themes_show_them(make_case):
    for figure, _ in all_figures(make_case()).values():
        pixels = rendered(figure)
        assert (pixels[..., 3] == 1).all()
        np.testing.assert_array_equal(pixels[0, 0, :3], 1)


def test_nothing_sticks_out_of_a_figure(make_case):
    for figure, _ in all_figures(make_case()).values():
        pixels = rendered(figure)[..., :3]
        border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        np.testing.assert_array_equal(border, 1)


@pytest.mark.parametrize("template", ["lab", "classic", "basic"])
def test_the_description_is_the_pictures_alternative_text_on_a_page(make_case, template):
    alt = 'A "prostate" <slice> & its zones'
    figure, _ = plots.curves(HISTORY)
    data, metadata = plots.mime_bundle(figure, alt)
    output = nbformat.v4.new_output("display_data", data=data, metadata=metadata)
    cell = nbformat.v4.new_code_cell("", outputs=[output])
    page, _ = HTMLExporter(template_name=template).from_notebook_node(
        nbformat.v4.new_notebook(cells=[cell])
    )
    (picture,) = Pictures(page).found
    assert picture["alt"] == alt
    assert picture["src"].startswith("data:image/png;base64,")


def test_outside_a_notebook_show_does_nothing(capsys):
    plots.show(*plots.curves(HISTORY))
    assert capsys.readouterr() == ("", "")


def test_show_closes_a_figure_of_pyplot():
    from matplotlib import pyplot as plt

    figure = plt.figure()
    plots.show(figure, "empty")
    assert not plt.fignum_exists(figure.number)


def test_figures_do_not_pile_up(make_case):
    from matplotlib import pyplot as plt

    before = plt.get_fignums()
    assert all(isinstance(figure, Figure) for figure, _ in all_figures(make_case()).values())
    assert plt.get_fignums() == before


def test_importing_plots_loads_neither_torch_nor_pyplot():
    code = (
        "import sys, medseg.plots; "
        "print([name for name in ('torch', 'matplotlib.pyplot', 'nibabel') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_show_displays_one_described_picture_in_a_kernel():
    from nbclient import NotebookClient

    code = "\n".join(
        [
            "from medseg import plots",
            f"history = {HISTORY}",
            "plots.show(*plots.curves(history))",
        ]
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    (picture,) = Pictures(output.data["text/html"]).found
    assert picture["alt"] == output.data["text/plain"] == plots.curves(HISTORY)[1]
    assert set(output.data) == {"text/html", "text/plain"}  # once, as it is nearly all of the size


def test_three_planes_has_a_row_for_each_label_map_and_says_where_it_cuts(make_case):
    case = make_case((24, 20, 6))
    figure, alt = plots.three_planes(case, {"expert": case.label, "prediction": case.label})
    assert [ax.get_title() for ax in figure.axes] == [
        f"{name}, {view}"
        for name in ("expert", "prediction")
        for view in ("axial", "coronal", "sagittal")
    ]
    assert "of 24" in alt
    with pytest.raises(ValueError, match=r"label maps of the case's shape \(24, 20, 6\)"):
        plots.three_planes(case, {"expert": case.label[:-1]})


def test_errors_tells_missed_invented_and_wrong_zones_apart(make_case):
    case = make_case((24, 20, 6))
    none = np.zeros_like(case.label)
    for expert, prediction, kind in [
        (case.label, none, "missed"),
        (none, case.label, "invented"),
        (np.minimum(case.label, 1), 2 * np.minimum(case.label, 1), "wrong zone"),
    ]:
        _, alt = plots.errors(case, expert, prediction)
        sizes = dict(part.rsplit(" ", 2)[:2] for part in alt.split(": ")[1].split(", "))
        assert [name for name, size in sizes.items() if float(size) > 0] == [kind]


def test_rates_and_zones_draws_a_line_for_each_zone_but_none_for_the_background():
    scores = [[0.9, 0.1, float("nan")], [0.95, 0.4, 0.2]]
    figure, alt = plots.rates_and_zones([0.1, 0.2], scores, ["background", "PZ", "TZ"])
    assert len(figure.axes[1].lines) == 2
    assert alt.endswith("PZ 0.40, TZ 0.20.")
    with pytest.raises(ValueError, match="train for at least one epoch"):
        plots.rates_and_zones([], [], ["background"])
