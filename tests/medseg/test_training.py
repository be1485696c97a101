"""What surrounds a training: batches, schedule, checkpoints, progress; and unit 07's runners."""

import copy
import io
import itertools
import random
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import multiclass_jaccard_index

from medseg import training
from medseg.cases import Case
from medseg.probes import augmentation


def case(depth=5, seed=0):
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(20, 16, depth)).astype(np.float32)
    return Case(image, image > 1, np.diag([0.5, 0.5, 3, 1]), f"c{seed}", f"p{seed}", ("no", "yes"))


def linear(classes=2):
    return torch.nn.Linear(3, classes)


def test_batches_cover_every_slice_once_in_an_order_that_changes():
    batches = training.SliceBatches([case(), case(4, 1)], 4, 16, generator=training.generator(0))
    assert (len(batches), batches.slices) == (3, 9)
    passes = [torch.cat([image for image, _ in batches]) for _ in range(2)]
    assert not torch.equal(*passes)
    for one_pass in passes:
        sums = one_pass.sum(dim=(1, 2, 3)).sort().values
        torch.testing.assert_close(sums, batches.images.sum(dim=(1, 2, 3)).sort().values)


def test_batches_without_generator_keep_the_order_of_the_slices():
    batches = training.SliceBatches([case()], 2, 16)
    images, labels = zip(*batches, strict=True)
    assert torch.equal(torch.cat(images), batches.images)
    assert torch.equal(torch.cat(labels), batches.labels)
    assert batches.labels.dtype == torch.int64


def test_augment_is_called_for_each_slice_with_the_generator():
    seen = []

    def augment(image, label, generator):
        seen.append((tuple(image.shape), tuple(label.shape), generator))
        return image + 1, label

    state = training.generator(0)
    batches = training.SliceBatches([case()], 2, 16, augment, state)
    list(batches)
    assert seen == [((1, 16, 16), (16, 16), state)] * 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), "no cases"),
        (([case()], 0), "batch size must be at least 1, not 0"),
        (([case()], 2, 16, lambda *x: x), "give a generator"),
    ],
)
def test_batches_refuse_what_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        training.SliceBatches(*arguments)


def test_epochs_follow_from_the_amount_of_data():
    assert training.epochs_for(300, 6000) == 20
    assert training.epochs_for(9000, 6000) == 1
    with pytest.raises(ValueError, match="0 and 5"):
        training.epochs_for(0, 5)


@pytest.mark.parametrize(("execution", "expected"), [("autograde", 1), ("validate", 1), (None, 9)])
def test_only_grading_shortens(monkeypatch, execution, expected):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    if execution:
        monkeypatch.setenv("NBGRADER_EXECUTION", execution)
    assert training.shortened(9, 1) == expected


def test_seeded_repeats_weights_and_leaves_the_global_state():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    weights = []
    for _ in range(2):
        with training.seeded(1):
            weights.append(linear().weight)
    assert torch.equal(*weights)
    assert torch.equal(torch.rand(3), expected)


def steps(model, optimizer, count):
    rates = []
    for _ in range(count):
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def test_rate_rises_for_a_quarter_and_falls_to_zero():
    model = linear()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.0)
    training.one_cycle(optimizer, 40, 0.1)
    rates = steps(model, optimizer, 41)
    assert np.argmax(rates) == 10
    assert rates[10] == pytest.approx(0.1)
    assert (np.diff(rates[:11]) > 0).all()
    assert (np.diff(rates[10:]) < 0).all()
    assert rates[40] == pytest.approx(0, abs=1e-9)


def test_rate_goes_on_after_an_interruption():
    model, other = linear(), linear()
    optimizer, second = (torch.optim.AdamW(m.parameters(), lr=1.0) for m in (model, other))
    training.one_cycle(optimizer, 20, 0.1)
    first = steps(model, optimizer, 8)
    training.one_cycle(second, 20, 0.1)
    second.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    expected = steps(model, optimizer, 5)
    assert steps(other, second, 5) == pytest.approx(expected)
    assert first[-1] != expected[0]


def test_checkpoint_brings_back_what_was_saved(tmp_path):
    model = linear()
    state = {"model": model.state_dict(), "history": [{"loss": 1.5, "mean_iou": 0.2}]}
    training.save_checkpoint(tmp_path / "new" / "a.pt", state)
    loaded = training.load_checkpoint(tmp_path / "new" / "a.pt", linear())
    assert loaded["history"] == state["history"]
    assert torch.equal(loaded["model"]["weight"], model.weight)


def test_missing_checkpoint_is_none(tmp_path):
    assert training.load_checkpoint(tmp_path / "none.pt", linear()) is None


def test_checkpoint_of_another_model_raises_value_error(tmp_path):
    path = tmp_path / "a.pt"
    training.save_checkpoint(path, {"model": linear().state_dict()})
    with pytest.raises(
        ValueError, match=r"does not fit the model: its weight is of shape \(2, 3\)"
    ):
        training.load_checkpoint(path, linear(5))
    with pytest.raises(ValueError, match=r"it has no entry 0\.weight"):
        training.load_checkpoint(path, torch.nn.Sequential(linear()))


@pytest.mark.parametrize("content", [b"", b"not a checkpoint"])
def test_damaged_checkpoint_raises_value_error(tmp_path, content):
    path = tmp_path / "a.pt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read"):
        training.load_checkpoint(path, linear())


def test_checkpoint_that_holds_code_is_not_run(tmp_path):
    path = tmp_path / "a.pt"
    torch.save({"model": print}, path)
    with pytest.raises(ValueError, match="cannot be read"):
        training.load_checkpoint(path, linear())


def test_failed_save_keeps_the_former_checkpoint(tmp_path, monkeypatch):
    path, model = tmp_path / "a.pt", linear()
    training.save_checkpoint(path, {"model": model.state_dict()})

    def cut_off(state, target):
        target.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", cut_off)
    with pytest.raises(OSError, match="disk full"):
        training.save_checkpoint(path, {})
    monkeypatch.undo()
    assert training.load_checkpoint(path, model) is not None
    assert [file.name for file in tmp_path.iterdir()] == ["a.pt"]


def test_progress_speaks_on_stdout_only():
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), training.Progress(2) as progress:
        progress.update([{"loss": 0.5, "mean_iou": 0.25}])
        progress.update([{"loss": 0.5, "mean_iou": 0.25}, {"loss": 0.4, "mean_iou": 0.5}])
    assert "mean IoU 0.500" in out.getvalue()
    assert err.getvalue() == ""


def noisy(image, label, generator):
    """Draws from the given generator, and against all advice from the global ones."""
    shift = torch.rand((), generator=generator) + torch.rand(()) + np.random.rand()  # noqa: NPY002
    return image + shift + random.random(), label


class Pixels(torch.nn.Module):
    """A model with batch norm and dropout, which training changes and chance decides."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(1, 3, 3, padding=1),
            torch.nn.BatchNorm2d(3),
            torch.nn.Dropout(0.5),
            torch.nn.Conv2d(3, 2, 1),
        )

    def forward(self, image):
        return self.layers(image)


def set_out():
    """Model, batches, validation, loss and optimiser, the same at each call."""
    random.seed(1)
    np.random.seed(2)  # noqa: NPY002
    torch.manual_seed(3)
    model = Pixels()
    batches = training.SliceBatches([case(9)], 2, 16, noisy, training.generator(0))
    validation = training.SliceBatches([case(3, 1)], 2, 16)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    return model, batches, validation, torch.nn.functional.cross_entropy, optimizer


def trained(model, batches, loss, optimizer):
    for image, label in batches:
        optimizer.zero_grad()
        loss(model(image), label).backward()
        optimizer.step()
    return [*(value.clone() for value in model.state_dict().values()), torch.rand(2)]


def test_measuring_the_machine_leaves_the_training_bit_for_bit_the_same():
    results = []
    for measured in (False, True):
        model, batches, validation, loss, optimizer = set_out()
        if measured:
            training.slices_within(5, model, batches, validation, loss, optimizer, 90, 9)
            assert not optimizer.state
        results.append([*trained(model, batches, loss, optimizer), random.random()])
    assert all(
        torch.equal(torch.as_tensor(a), torch.as_tensor(b)) for a, b in zip(*results, strict=True)
    )


def within(seconds, monkeypatch, most=900, least=18):
    """The answer where each look at the clock finds it a second later."""
    ticks = itertools.count()
    monkeypatch.setattr(training, "now", lambda _: float(next(ticks)))
    model, batches, validation, loss, optimizer = set_out()
    return training.slices_within(seconds, model, batches, validation, loss, optimizer, most, least)


# an epoch has 5 batches and 2 to validate: 7 s by that clock for 9 slices
@pytest.mark.parametrize(
    ("seconds", "slices_in_all", "says"),
    [
        (7 * 3 + 6.5, 27, "27 slices, 3 epochs, fit into about 27.5 s."),
        (3, 18, "18 slices, 2 epochs, the least that pays, will take about 14 s."),
        (10**6, 900, "900 slices, 100 epochs, the most that pays, will take about 700 s."),
    ],
)
def test_whole_epochs_that_fit_into_the_time_are_trained(
    seconds, slices_in_all, says, monkeypatch, capsys
):
    assert within(seconds, monkeypatch) == slices_in_all
    assert capsys.readouterr().out == f"2 slices take 1 s here: {says}\n"


def test_nothing_is_measured_while_graded(monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert within(5, monkeypatch) == 900
    assert training.now(None) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("seconds", "most", "least"), [(0, 9, 1), (5, 9, 0), (5, 9, 10)])
def test_a_time_and_bounds_that_cannot_be_are_refused(seconds, most, least, monkeypatch):
    with pytest.raises(ValueError, match="the time must be positive and the bounds"):
        within(seconds, monkeypatch, most, least)


def test_the_iou_that_is_promised_grows_with_the_slices():
    promised = [
        float(training.on_phantoms(n).rsplit(" ", 1)[1].rstrip("."))
        for n in (1000, 2000, 4806, 7000, 20_000)
    ]
    assert promised == sorted(promised)
    assert promised[-2:] == [round(training.PHANTOM_IOU[7000], 2)] * 2
    assert "nothing" in training.on_phantoms(500)


def test_device_is_one_that_works():
    assert float(torch.ones(1, device=training.device()).sum()) == 1


def test_best_last_and_lowest_loss_weights_differ_in_the_fit_probe():
    """Else mistakes of `fit` could not be told apart."""
    weight, speed, losses, weights = 0.0, 0.0, [], []
    for _ in range(6):
        total = 0.0
        for _ in range(2):
            total += (weight - 3) ** 2
            speed = 0.8 * speed + weight - 3
            weight -= 0.25 * speed
        losses.append(total)
        weights.append(weight)
    best = int(np.argmin(np.abs(np.array(weights) - 4.5)))
    assert len({best, int(np.argmin(losses)), 3, 5}) == 4


def test_runner_sees_an_augmentation_that_leaves_the_label():
    def augment(image, label, generator):
        flip = torch.rand((), generator=generator) < 0.5
        return (image.flip(-1) if flip else image.clone()), label.clone()

    facts = augmentation.augment(augment, 48, 0)
    assert not facts["image and label move together"]
    assert not facts["lines along the rows bend"]
    assert facts["labels stay labels"]


def test_recorded_batches_hear_what_a_model_answers_and_note_the_rates():
    model = torch.nn.Conv2d(1, 2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.25)
    image = torch.linspace(-1, 1, 12).reshape(1, 1, 3, 4)
    label = (image[:, 0] > 0.3).long()
    recorded = training.Recorded([(image, label)] * 2, model, optimizer)
    for _ in range(2):
        model.train()
        for picture, truth in [(image, label)]:
            torch.nn.functional.cross_entropy(model(picture), truth).backward()
            optimizer.step()
        model.eval()
        for picture, _ in recorded:
            answer = model(picture).argmax(1)
    assert recorded.rates == [0.25, 0.25]
    assert len(recorded.scores) == len(recorded) == 2
    expected = multiclass_jaccard_index(answer, label, 2, average="none")
    torch.testing.assert_close(recorded.scores[-1].float(), expected)


def test_a_model_that_is_not_evaluated_leaves_no_score():
    model = torch.nn.Conv2d(1, 2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.25)
    recorded = training.Recorded(
        [(torch.zeros(1, 1, 2, 2), torch.zeros(1, 2, 2))], model, optimizer
    )
    for image, _ in recorded:
        model.train()(image)
    assert recorded.scores == []
