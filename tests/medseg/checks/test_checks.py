"""`check` has four outcomes, each with its own sentence."""

import numpy as np
import pytest
import torch

import medseg
from medseg import checks
from medseg.checks import NOT_ATTEMPTED, RAISED, RIGHT, WRONG
from medseg.checks.exercises import exercise_data, unit_data
from medseg.checks.verdicts import PERHAPS, SURE, examine, parted
from medseg.probes.compare import difference
from medseg.units import unit_names

NAME = "04_iou.iou_per_class"


def right(confusion):
    """Written unlike the solution: class by class."""
    total = []
    for k in range(confusion.shape[0]):
        hits = confusion[k, k].item()
        union = sum(confusion[k].tolist()) + sum(confusion[:, k].tolist()) - hits
        total.append(hits / union if union else float("nan"))
    return torch.tensor(total, dtype=torch.float64, device=confusion.device)


def test_a_right_answer_written_differently_is_right():
    verdict = examine(NAME, right)
    assert verdict.outcome == RIGHT
    assert verdict.mistake is None


def test_a_stub_is_not_attempted():
    def iou_per_class(confusion):
        raise NotImplementedError()

    verdict = examine(NAME, iou_per_class)
    assert verdict.outcome == NOT_ATTEMPTED
    assert "raise NotImplementedError" in verdict.message


def test_a_call_of_an_unwritten_exercise_names_it():
    def confusion_matrix():
        raise NotImplementedError()

    def iou_per_class(confusion):
        return confusion_matrix()

    verdict = examine(NAME, iou_per_class)
    assert verdict.outcome == NOT_ATTEMPTED
    assert "Write confusion_matrix first" in verdict.message


def test_an_error_is_shown_with_the_students_line_and_its_usual_meaning():
    def iou_per_class(confusion):
        return confusion.diagonal() / torch.ones(99)

    verdict = examine(NAME, iou_per_class)
    assert verdict.outcome == RAISED
    assert "confusion.diagonal() / torch.ones(99)" in verdict.message
    assert "broadcast" in verdict.message


def test_a_wrong_value_is_shown_beside_the_expected_one():
    verdict = examine(NAME, lambda confusion: right(confusion) + 0.25)
    assert verdict.outcome == WRONG
    assert "expected the result to be" in verdict.message
    assert "yours is" in verdict.message


def test_a_result_on_the_wrong_device_is_wrong_on_any_machine():
    verdict = examine(NAME, lambda confusion: right(confusion.cpu()))
    assert verdict.outcome == WRONG
    assert "device" in verdict.message


def test_a_missing_return_is_named():
    verdict = examine(NAME, lambda confusion: None)
    assert verdict.outcome == WRONG
    assert "return" in verdict.message


def test_the_hint_belongs_to_the_probe_that_is_told():
    """Two mistakes at once: the lowest score is taken, and any shape accepted."""
    verdict = examine("01_segmentation_types.semantic_from_scores", lambda s: s.argmin(axis=0))
    assert verdict.mistake == "takes_the_lowest_score"
    assert "[[[5, 1, 2]], [[3, 4, 2]]]" in verdict.message


def test_the_refusal_of_a_senseless_input_comes_last_and_what_its_message_lacks_is_told():
    def semantic_from_scores(scores):
        if scores.ndim != 3:
            raise ValueError("bad shape (4, 6)")
        return scores.argmax(axis=0).astype("int64")

    verdict = examine("01_segmentation_types.semantic_from_scores", semantic_from_scores)
    assert "“bad shape (4, 6)”" in verdict.message
    assert verdict.message.endswith("The message should also name (C, H, W).")


def test_the_students_random_state_is_left_alone():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    examine(NAME, right)
    assert torch.equal(torch.rand(1), expected)


def test_check_prints_one_verdict_and_nothing_to_stderr(capsys):
    medseg.check(NAME, right)
    out, err = capsys.readouterr()
    assert out.startswith("Right: ")
    assert err == ""


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("04_iou.iou_perclass", "Did you mean 'iou_per_class'"),
        ("99_nothing.iou", "There is no unit called '99_nothing'"),
        ("iou_per_class", "Did you mean '04_iou.iou_per_class'"),
        ("04.iou_per_class", "Did you mean '04_iou.iou_per_class'"),
    ],
)
def test_an_unknown_name_is_one_sentence_with_what_there_is(name, sentence, capsys):
    with pytest.raises(ValueError, match=r"There is no|lacks the unit"):
        examine(name, right)
    medseg.check(name, right)
    medseg.hint(name)
    out, err = capsys.readouterr()
    assert out.count(sentence) == 2
    assert err == ""


def test_check_of_something_that_is_no_function_says_so(capsys):
    medseg.check(NAME, 3.0)
    assert "itself as second argument" in capsys.readouterr().out


def test_hints_come_one_after_the_other_and_stop_at_the_last(capsys):
    checks.hints_given.clear()
    stages = exercise_data(NAME)["hints"]
    for _ in range(len(stages) + 1):
        medseg.hint(NAME)
    out = capsys.readouterr().out
    for number, text in enumerate(stages, 1):
        assert f"Hint {number} of {len(stages)}: {text}" in out
    assert out.count("That was the last one.") == 2


def test_a_hint_without_a_name_asks_for_one(capsys):
    medseg.hint()
    assert "Say for which exercise" in capsys.readouterr().out


def test_a_hint_that_does_not_exist_is_refused(capsys):
    medseg.hint(NAME, stage=99)
    assert "There is no hint 99" in capsys.readouterr().out


def test_every_exercise_has_hints_and_five_mistakes_with_texts():
    for unit in unit_names():
        for name, data in unit_data(unit).items():
            assert len(data["hints"]) >= 2, name
            assert len(data["mistakes"]) >= 5, name
            assert all(m["hint"].strip() for m in data["mistakes"]), name
            assert len({m["hint"] for m in data["mistakes"]}) == len(data["mistakes"]), name


def test_import_of_medseg_does_not_import_torch():
    import subprocess
    import sys

    code = "import sys, medseg; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_legend_of_an_exercise_stands_behind_the_call():
    verdict = checks.examine("04_iou.panoptic_quality", lambda prediction, target: (0.0, 0.0, 0.0))
    legend = "(2304 is road, 2560 + k car number k, 0 void or nothing)"
    assert f"]) {legend}: expected" in verdict.message


def test_a_check_that_hangs_ends_with_a_sentence():
    def never(iou):
        while True:
            iou = 0.5 * iou

    verdict = examine("04_iou.dice_from_iou", never, seconds=0.3)
    assert verdict.outcome == "raised"
    assert "dice_from_iou(0.5) did not end within 0.3 s: is there a loop" in verdict.message


def test_right_says_what_was_not_looked_at(monkeypatch):
    data = {**exercise_data("04_iou.dice_from_iou"), "unseen": " Not looked at here: speed."}
    monkeypatch.setattr("medseg.checks.verdicts.exercise_data", lambda name: data)
    verdict = examine("04_iou.dice_from_iou", lambda iou: 2 * iou / (1 + iou))
    assert verdict.message.endswith("on all 6 probes. Not looked at here: speed.")


def test_an_interrupt_of_the_readers_own_stays_one():
    def interrupted(iou):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examine("04_iou.dice_from_iou", interrupted)


def test_another_error_than_the_one_that_is_due_is_quoted_as_it_stands():
    def wrong(scores):
        if scores.ndim != 3:
            raise IndexError("index 3 is out of bounds for axis 1 with size 3")
        return scores.argmax(0)

    message = examine("01_segmentation_types.semantic_from_scores", wrong).message
    assert "It says: \u201cindex 3 is out of bounds for axis 1 with size 3\u201d." in message


def test_a_raise_of_ones_own_is_told_by_its_condition():
    def wrong(scores):
        if scores.ndim == 3:
            raise ValueError("the shapes do not match")
        return scores.argmax(0)

    message = examine("01_segmentation_types.semantic_from_scores", wrong).message
    assert message.endswith(
        "Your own `raise` was reached where nothing is wrong: look at its condition."
    )


def test_a_mistake_that_explains_everything_is_told_as_the_cause():
    def sums(logits, dim):
        powers = torch.exp(logits - logits.amax(dim=dim, keepdim=True))
        return powers / powers.sum()

    message = examine("05_focal_loss.softmax", sums).message
    _, hint = parted(message)
    assert hint
    assert message.endswith(f"\n{SURE}{hint}")


def test_what_explains_a_part_only_is_said_to_be_perhaps_so():
    def by_a_sigmoid(logits, labels, alpha, gamma=2.0):
        log_p = torch.nn.functional.logsigmoid(logits)
        rest = (1 - log_p.exp()).clamp(min=1e-7)
        weight = alpha.reshape(1, -1, *[1] * (logits.ndim - 2))
        return (-labels.to(logits.dtype) * rest**gamma * weight * log_p).sum(1).mean()

    message = examine("05_focal_loss.softmax_focal_loss", by_a_sigmoid).message
    _, hint = parted(message)
    assert hint
    assert message.endswith(f"\n{PERHAPS}{hint}")


def test_an_early_wrong_number_is_told_before_a_late_error():
    def wrong(dice):
        return dice / (1 - dice)

    message = examine("04_iou.iou_from_dice", wrong).message
    assert "expected the result to be" in message


def test_any_float_is_asked_for_where_any_will_do():
    found = difference(np.array([0.5]), np.array([1]))
    assert found.sentence == "expected the result to have a dtype of floats, yours has int64."
