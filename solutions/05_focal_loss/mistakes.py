"""Probes, hints and named mistakes of unit 05."""

import math

import torch

from medseg_grader.authoring import Apart, Call, Exercise, Mistake

LOGITS = torch.tensor([[0.0, math.log(3.0)], [1.0, -1.0]], dtype=torch.float64)
HUGE = torch.tensor([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]], dtype=torch.float64)
PLANE = torch.tensor(
    [[[0.5, -1.0, 2.0], [0.0, 1.5, -0.5]], [[1.0, 0.0, -2.0], [-1.0, 0.5, 0.25]]],
    dtype=torch.float64,
)
ONE_HOT = torch.tensor([[[1, 0, 0], [0, 1, 1]], [[0, 0, 1], [1, 1, 0]]])
ALPHA = torch.tensor([0.3, 0.7], dtype=torch.float64)
ONES = torch.ones(2, dtype=torch.float64)
SURE = torch.tensor([[[1e4, -1e4], [-1e4, 1e4]]], dtype=torch.float64)
SURE_LABELS = torch.tensor([[[0, 0], [1, 1]]])
SHARES = torch.tensor(
    [[[0.75, 0.0, 0.5], [0.25, 1.0, 0.5]], [[0.25, 0.0, 1.0], [0.75, 1.0, 0.0]]],
    dtype=torch.float64,
)
IMAGE = torch.tensor(
    [[[[0.5, -1.0], [2.0, 0.0], [1.0, -0.5]], [[0.0, 1.5], [-0.5, 1.0], [0.25, -2.0]]]],
    dtype=torch.float64,
)
IMAGE_LABELS = torch.tensor([[[[1, 0], [0, 1], [1, 0]], [[0, 1], [1, 0], [0, 1]]]])

THREE = torch.stack([PLANE[:, 0], PLANE[:, 1], PLANE[:, 0] - 1], dim=1)
THREE_LABELS = torch.cat([ONE_HOT, torch.zeros(2, 1, 3, dtype=torch.int64)], dim=1)


def clamped(logarithm: str, probability: str) -> list[Mistake]:
    """The commonest repair of ln 0, with the constants that are commonest."""
    return [
        Mistake(
            f"keeps_the_probability_above_1e_{digits}",
            f"A clamp, or adding 1e-{digits}, hides the infinity and not the fault: the loss stops "
            "growing where it is largest, and its gradient is 0 there, so the worst pixels teach "
            "nothing. Take the logarithm in one step, without the probability.",
            {logarithm: f"{probability}.clamp(min=1e-{digits}).log()"},
        )
        for digits in (6, 7, 8, 10, 12)
    ]


EXERCISES = [
    Exercise(
        name="softmax",
        runner="with_slope",
        device=True,
        calls=[
            Call(LOGITS, 1),
            Call(PLANE, 1),
            Call(PLANE, -1),
            Call(PLANE, -3),
            Call(LOGITS.float(), 1),
            Call(HUGE, 1),
            Call(HUGE.float(), 1),
            Call(Apart(PLANE), 2),
            Call(torch.tensor([[100.0, 98.0, 0.0]], dtype=torch.float64), 1),
        ],
        hints=[
            "First write the formula for the example by hand: which axis do you sum over?",
            "`keepdim=True` keeps the summed axis with length 1, so that the division broadcasts.",
            "Subtracting the same number from all logits of a pixel changes nothing, since it "
            "cancels. Which number keeps every power at most 1?",
        ],
        mistakes=[
            Mistake(
                "clamped",
                "Clamped logits no longer overflow, and no longer differ either: 100 and 98 come "
                "out alike. Take the largest of a pixel's logits off all of them instead.",
                {
                    "shifted = logits - logits.amax(dim=dim, keepdim=True)": (
                        "shifted = logits.clamp(-80, 80)"
                    )
                },
            ),
            Mistake(
                "overflows",
                "For large logits your powers overflow: shift the logits first.",
                {"shifted = logits - logits.amax(dim=dim, keepdim=True)": "shifted = logits"},
            ),
            Mistake(
                "sums_over_everything",
                "Each pixel has its own sum, over the classes only: sum along `dim`.",
                {"powers / powers.sum(dim=dim, keepdim=True)": "powers / powers.sum()"},
            ),
            Mistake(
                "forgets_keepdim",
                "Without `keepdim=True` the axis of a maximum or a sum is gone, and what is left of it "
                "meets another axis, or none that fits.",
                {"powers.sum(dim=dim, keepdim=True)": "powers.sum(dim=dim)"},
            ),
            Mistake(
                "one_shift_for_all_pixels",
                "Where all logits of a pixel lie far below what you take off, every power is 0, "
                "and 0 / 0 is nan. Take off each pixel's own largest logit along `dim`: neither "
                "the largest of all pixels, nor the largest size.",
                {"logits.amax(dim=dim, keepdim=True)": "logits.max()"},
            ),
            Mistake(
                "always_float64",
                "The result has the dtype of the logits: float32 in, float32 out.",
                {"powers = shifted.exp()": "powers = shifted.double().exp()"},
            ),
            Mistake(
                "always_the_last_axis",
                "The classes are along `dim`, which need not be the last axis.",
                {
                    "shifted = logits": "dim = -1\n    shifted = logits",
                },
            ),
            Mistake(
                "divides_by_the_largest",
                "The largest logit is a shift before the exponential, not a divisor after it: "
                "probabilities must sum to 1.",
                {"powers.sum(dim=dim, keepdim=True)": "powers.amax(dim=dim, keepdim=True)"},
            ),
            Mistake(
                "normalises_without_exponential",
                "Logits may be negative: take the exponential before you divide by the sum.",
                {"powers = shifted.exp()": "powers = logits"},
            ),
            Mistake(
                "flattens_the_result",
                "The result has the shape of the logits; keep all axes.",
                {
                    "return powers / powers.sum(dim=dim, keepdim=True)": (
                        "return (powers / powers.sum(dim=dim, keepdim=True)).reshape(-1)"
                    )
                },
            ),
        ],
    ),
    Exercise(
        name="log_softmax",
        runner="with_slope",
        device=True,
        calls=[
            Call(LOGITS, 1),
            Call(PLANE, 1),
            Call(LOGITS.float(), 1),
            Call(HUGE, 1),
            Call(HUGE.float(), 1),
            Call(Apart(PLANE), -1),
        ],
        hints=[
            "Take the logarithm of the fraction on paper: what becomes of the numerator?",
            "The numerator is simply the logit. Only the sum still needs an exponential, and it "
            "needs the same shift as before.",
            "Shifted logits minus the logarithm of the sum of their exponentials, along dim.",
        ],
        mistakes=[
            Mistake(
                "log_of_a_rounded_probability",
                "A probability of e to the -20000 is rounded to 0, and its logarithm is -∞: never "
                "go through the probability.",
                {
                    "return shifted - shifted.exp().sum(dim=dim, keepdim=True).log()": (
                        "powers = shifted.exp()\n"
                        "    return (powers / powers.sum(dim=dim, keepdim=True)).log()"
                    )
                },
            ),
            Mistake(
                "overflows",
                "Without a shift the exponential of a large logit is infinite.",
                {"shifted = logits - logits.amax(dim=dim, keepdim=True)": "shifted = logits"},
            ),
            Mistake(
                "gradient_cut_off",
                "The values are right and the gradient is not: the sum must not be detached, "
                "turned into a number or made under `no_grad`, as it depends on all logits.",
                {
                    "shifted.exp().sum(dim=dim, keepdim=True).log()": (
                        "shifted.exp().sum(dim=dim, keepdim=True).log().detach()"
                    )
                },
            ),
            Mistake(
                "forgets_the_sum",
                "Shifting alone does not normalise: subtract the logarithm of the sum, too.",
                {" - shifted.exp().sum(dim=dim, keepdim=True).log()": ""},
            ),
            Mistake(
                "sums_over_everything",
                "Each pixel has its own sum, over the classes only.",
                {"shifted.exp().sum(dim=dim, keepdim=True)": "shifted.exp().sum()"},
            ),
            Mistake(
                "mean_instead_of_sum",
                "The denominator of the softmax is a sum, not a mean.",
                {"shifted.exp().sum(": "shifted.exp().mean("},
            ),
            Mistake(
                "shifts_only_the_sum",
                "The shift must be in both terms, or be added back: now it does not cancel.",
                {"return shifted - ": "return logits - "},
            ),
            Mistake(
                "another_base",
                "The natural logarithm is meant, not the one to base 2.",
                {".log()": ".log2()"},
            ),
            Mistake(
                "one_shift_for_all_pixels",
                "Where all logits of a pixel lie far below what you take off, the sum is 0 and its "
                "logarithm -∞. Take off each pixel's own largest logit along `dim`: neither the "
                "largest of all pixels, nor the largest size.",
                {"logits.amax(dim=dim, keepdim=True)": "logits.max()"},
            ),
            Mistake(
                "always_float64",
                "The result has the dtype of the logits: float32 in, float32 out.",
                {"return shifted - ": "return shifted.double() - "},
            ),
            *clamped(
                "return shifted - shifted.exp().sum(dim=dim, keepdim=True).log()",
                "return (shifted.exp() / shifted.exp().sum(dim=dim, keepdim=True))",
            ),
        ],
    ),
    Exercise(
        name="class_weights",
        device=True,
        calls=[
            Call(torch.tensor([0, 0, 0, 1]), 2),
            Call(torch.tensor([[0, 0, 2], [2, 0, 1]]), 3),
            Call(torch.tensor([0, 0, 3, 3, 3]), 5),
            Call(Apart(torch.tensor([[0, 0, 2], [2, 0, 1]], dtype=torch.int16)), 3),
            Call(torch.tensor([0, 0, 3], dtype=torch.uint8), 4),
            Call(torch.tensor([0] * 258 + [1] * 6, dtype=torch.uint8), 2),
        ],
        hints=[
            "Count the pixels of each class first. Which class should get the largest weight?",
            "1 / 0 is infinite: decide what an absent class contributes before you sum.",
            "`torch.bincount` with `minlength` counts, `torch.where` chooses, one division makes "
            "the sum 1.",
        ],
        mistakes=[
            Mistake(
                "proportional_to_frequency",
                "The frequent class gets the large weight here; it should be the other way round.",
                {"1 / counts, torch": "counts, torch"},
            ),
            Mistake(
                "does_not_sum_to_one",
                "Divide by the sum at the end, so that the weights sum to 1.",
                {"return inverse / inverse.sum()": "return inverse"},
            ),
            Mistake(
                "absent_class_is_infinite",
                "1 / 0 is infinite, and infinity spoils the sum: an absent class gets weight 0.",
                {"torch.where(counts > 0, 1 / counts, torch.zeros_like(counts))": "1 / counts"},
            ),
            Mistake(
                "absent_class_gets_most",
                "Pretending that an absent class has one pixel gives it a large weight; it gets 0.",
                {
                    "torch.where(counts > 0, 1 / counts, torch.zeros_like(counts))": (
                        "1 / counts.clamp(min=1)"
                    )
                },
            ),
            Mistake(
                "one_minus_frequency",
                "1 - frequency is not 1 / frequency: rare classes all get nearly the same weight.",
                {"1 / counts, torch": "1 - counts / counts.sum(), torch"},
            ),
            Mistake(
                "too_short_for_absent_classes",
                "The result has num_classes entries, also where the last classes are absent.",
                {"minlength=num_classes": "minlength=0"},
            ),
            Mistake(
                "leaves_the_device",
                "The weights must lie on the labels' device: leave out `.cpu()`.",
                {"labels.reshape(-1).long()": "labels.reshape(-1).cpu().long()"},
            ),
        ],
    ),
    Exercise(
        name="softmax_focal_loss",
        runner="with_gradient",
        device=True,
        calls=[
            Call(PLANE, ONE_HOT, ONES, 0.0),
            Call(PLANE, ONE_HOT, ALPHA, 2.0),
            Call(PLANE, ONE_HOT, ALPHA),
            Call(PLANE, ONE_HOT.to(torch.uint8), ALPHA, 1.0),
            Call(PLANE, SHARES, ALPHA, 2.0),
            Call(IMAGE, IMAGE_LABELS, ALPHA, 2.0),
            Call(IMAGE.unsqueeze(2), IMAGE_LABELS.unsqueeze(2), ALPHA, 2.0),
            Call(SURE, SURE_LABELS, ONES, 2.0),
            Call(SURE, SURE_LABELS, ONES, 0.5),
            Call(SURE / 100, 1 - SURE_LABELS, ONES, 0.5),
            Call(PLANE, ONE_HOT.bool(), torch.tensor([0.0, 0.7])),
        ],
        hints=[
            "Build it factor by factor for the example: the logarithm, the focus, the weight, the "
            "label. Which shape has each of them?",
            "`alpha.reshape(1, -1, 1, 1)` meets the class axis of an image; for any number of "
            "spatial axes append as many ones as there are.",
            "Sum over axis 1, the classes, then take the mean over everything that is left; get "
            "the probability as the exponential of its logarithm.",
        ],
        mistakes=[
            Mistake(
                "slope_of_a_power_of_zero",
                "For γ below 1 a power of an exact 0 has an infinite slope, and infinite times 0 "
                "is NaN: keep 1 - p just above 0 with `.clamp(min=1e-7)` before you take the power.",
                {".clamp(min=1e-12) ** gamma": " ** gamma"},
            ),
            Mistake(
                "forgets_the_minus",
                "A logarithm of a probability is negative: the loss needs a minus in front.",
                {"return -(labels": "return (labels"},
            ),
            Mistake(
                "negates_the_labels",
                "Labels of an unsigned type have no negative numbers: -1 becomes 255 in uint8. "
                "Convert them to the type of the logits first, or put the minus in front of all.",
                {"return -(labels.to(logits.dtype)": "return (-labels"},
            ),
            Mistake(
                "focus_on_the_probability",
                "The focus is (1 - σ) to the power γ: yours takes weight off the hard pixels.",
                {"(1 - log_p.exp())": "log_p.exp()"},
            ),
            Mistake(
                "multiplies_by_gamma",
                "γ is an exponent, not a factor.",
                {".clamp(min=1e-12) ** gamma": " * gamma"},
            ),
            Mistake(
                "forgets_alpha",
                "Each class has its weight α: it does not occur in your loss.",
                {"focus * weight * log_p": "focus * log_p"},
            ),
            Mistake(
                "mean_over_the_classes",
                "Sum over the classes, then take the mean over images and positions: yours is "
                "smaller by the number of classes.",
                {".sum(dim=1).mean()": ".mean()"},
            ),
            Mistake(
                "sum_over_everything",
                "The mean over images and positions is asked for; a sum grows with the image.",
                {".sum(dim=1).mean()": ".sum()"},
            ),
            Mistake(
                "softmax_over_the_batch",
                "The classes are axis 1; axis 0 holds the images of the batch.",
                {"torch.log_softmax(logits, dim=1)": "torch.log_softmax(logits, dim=0)"},
            ),
            Mistake(
                "alpha_along_the_wrong_axis",
                "`alpha` must meet axis 1, the classes; without extra axes it meets the last one.",
                {
                    "alpha.reshape(1, -1, *[1] * (logits.ndim - 2))": (
                        "alpha.reshape(-1, *[1] * (logits.ndim - 1))"
                    )
                },
            ),
            Mistake(
                "alpha_without_axes",
                "`alpha` has one value per class, but its only axis meets the *last* axis of the "
                "logits, the pixels: give it axes, as in `alpha.reshape(1, -1, 1, 1)`.",
                {"alpha.reshape(1, -1, *[1] * (logits.ndim - 2))": "alpha"},
            ),
            Mistake(
                "alpha_for_one_spatial_axis",
                "Your `alpha` has room for one spatial axis only; an image has two, a volume "
                "three. Append as many axes of length 1 as the logits have spatial ones.",
                {"alpha.reshape(1, -1, *[1] * (logits.ndim - 2))": "alpha.reshape(1, -1, 1)"},
            ),
            Mistake(
                "alpha_for_images_only",
                "Your `alpha` has room for two spatial axes only; the logits may have one or "
                "three. Append as many axes of length 1 as the logits have spatial ones.",
                {"alpha.reshape(1, -1, *[1] * (logits.ndim - 2))": "alpha.reshape(1, -1, 1, 1)"},
            ),
            Mistake(
                "makes_soft_labels_hard",
                "Labels may be soft, such as 0.75 and 0.25: they are factors in the sum, not a "
                "choice of one class.",
                {
                    "labels.to(logits.dtype)": (
                        "torch.zeros_like(logits).scatter(1, labels.argmax(1, keepdim=True), 1.0)"
                    )
                },
            ),
            Mistake(
                "detaches_the_focus",
                "The value is right, its gradient is not: the focus depends on the logits, too, so "
                "leave out `.detach()` and `torch.no_grad()`.",
                {"(1 - log_p.exp())": "(1 - log_p.exp().detach())"},
            ),
            *clamped("torch.log_softmax(logits, dim=1)", "torch.softmax(logits, dim=1)"),
            Mistake(
                "log_of_a_rounded_probability",
                "At ±10 000 a probability is rounded to 0 and its logarithm is -∞: use the "
                "logarithm of the softmax in one step.",
                {"torch.log_softmax(logits, dim=1)": "torch.softmax(logits, dim=1).log()"},
            ),
            Mistake(
                "divides_by_the_weights",
                "The mean is over positions; dividing by the sum of the weights gives another loss.",
                {".sum(dim=1).mean()": ".sum() / (labels * weight).sum()"},
            ),
        ],
    ),
    Exercise(
        name="sigmoid_focal_loss",
        runner="with_gradient",
        device=True,
        calls=[
            Call(torch.zeros(1, 1, dtype=torch.float64), torch.ones(1, 1)),
            Call(PLANE, ONE_HOT),
            Call(PLANE, ONE_HOT.to(torch.uint8), 0.7, 1.0),
            Call(PLANE, ONE_HOT.bool(), 0.5, 0.0),
            Call(torch.tensor([1e4, -1e4], dtype=torch.float64), torch.tensor([0, 1]), 0.25, 0.0),
            Call(torch.tensor([1e4, -1e4], dtype=torch.float64), torch.tensor([1, 0]), 0.25, 0.5),
            Call(torch.tensor([120.0, -120.0]), torch.tensor([1, 0]), 0.25, 0.5),
            Call(PLANE, ONE_HOT, 0.0, 2.0),
            Call(torch.tensor(0.3), torch.tensor(1), 1.0, 1.0),
        ],
        hints=[
            "Treat label 1 and label 0 apart first: what are p_t and α_t in each case?",
            "With s = +1 for label 1 and -1 for label 0, p_t is the sigmoid of s · o in both cases.",
            "ln p_t is F.logsigmoid(s · o), and 1 - p_t is the sigmoid of -s · o.",
        ],
        mistakes=[
            Mistake(
                "positives_only",
                "Negatives cost something, too: the second case of the formula is missing.",
                {"alpha * positive + (1 - alpha) * (1 - positive)": "alpha * positive"},
            ),
            Mistake(
                "alpha_for_both",
                "Negatives are weighed by 1 - α, not by α.",
                {"alpha * positive + (1 - alpha) * (1 - positive)": "alpha"},
            ),
            Mistake(
                "alpha_swapped",
                "α belongs to the positives and 1 - α to the negatives; yours has it the other way "
                "round.",
                {
                    "alpha * positive + (1 - alpha) * (1 - positive)": (
                        "(1 - alpha) * positive + alpha * (1 - positive)"
                    )
                },
            ),
            Mistake(
                "focus_on_the_probability",
                "The focus is (1 - p_t) to the power γ: yours takes weight off the hard elements.",
                {"gamma * log_rest": "gamma * log_p"},
            ),
            Mistake(
                "sum_instead_of_mean",
                "The mean over all elements is asked for.",
                {").mean()": ").sum()"},
            ),
            Mistake(
                "forgets_the_minus",
                "A logarithm of a probability is negative: the loss needs a minus in front.",
                {"return -(weight": "return (weight"},
            ),
            Mistake(
                "log_of_a_rounded_probability",
                "At ±10 000 the sigmoid is rounded to 0 and its logarithm is -∞: use F.logsigmoid.",
                {"F.logsigmoid(sign * logits)": "torch.sigmoid(sign * logits).log()"},
            ),
            *clamped("F.logsigmoid(sign * logits)", "torch.sigmoid(sign * logits)"),
            Mistake(
                "subtracts_truth_values",
                "Labels may be True and False, and `1 - labels` is not defined for them: convert "
                "them to the type of the logits first.",
                {"(1 - alpha) * (1 - positive)": "(1 - alpha) * (1 - labels)"},
            ),
            Mistake(
                "sign_wraps_around",
                "Labels of an unsigned type have no negative numbers: 2 * 0 - 1 becomes 255 in "
                "uint8. Convert them to the type of the logits first.",
                {"sign = 2 * positive - 1": "sign = 2 * labels - 1"},
            ),
            Mistake(
                "detaches_the_focus",
                "The value is right, its gradient is not: the focus depends on the logits, too, so "
                "leave out `.detach()` and `torch.no_grad()`.",
                {"(gamma * log_rest).exp()": "(gamma * log_rest).exp().detach()"},
            ),
            Mistake(
                "focus_does_not_see_the_label",
                "1 - p_t is 1 - σ for a positive, but σ for a negative.",
                {"F.logsigmoid(-sign * logits)": "F.logsigmoid(-logits)"},
            ),
            Mistake(
                "slope_of_a_power_of_zero",
                "For γ below 1 a power of an exact 0 has an infinite slope, and infinite times 0 "
                "is NaN: write (1 - p)^γ as exp(γ ln(1 - p)), with F.logsigmoid.",
                {"(gamma * log_rest).exp()": "torch.sigmoid(-sign * logits) ** gamma"},
            ),
        ],
    ),
    Exercise(
        name="soft_dice_loss",
        runner="with_gradient",
        device=True,
        calls=[
            Call(torch.zeros(1, 2, 2, dtype=torch.float64), torch.tensor([[[1, 0], [0, 1]]])),
            Call(PLANE, ONE_HOT),
            Call(PLANE, ONE_HOT, 0.25),
            Call(PLANE, ONE_HOT.to(torch.uint8), 2.0),
            Call(PLANE, ONE_HOT.bool()),
            Call(IMAGE, IMAGE_LABELS),
            Call(IMAGE.unsqueeze(2), IMAGE_LABELS.unsqueeze(2)),
            Call(THREE, THREE_LABELS),
            Call(SURE, SURE_LABELS),
        ],
        hints=[
            "Do the example on paper first. Which three sums does each class need, and over which "
            "axes do they run?",
            "All axes but the classes': `[0, *range(2, logits.ndim)]`. Each of the three sums is "
            "then of shape (C,).",
            "Turn the labels into the logits' dtype; then overlap, the two sizes, the fraction "
            "with `smooth` above and below the line, its mean over the classes, and 1 minus that.",
        ],
        mistakes=[
            Mistake(
                "one_fraction_for_each_image",
                "You take a fraction for each image and then the mean: sum over the batch as well, "
                "and divide once for each class.",
                {"axes = [0, *range(2, logits.ndim)]": "axes = list(range(2, logits.ndim))"},
            ),
            Mistake(
                "one_fraction_for_all_classes",
                "You sum over the classes, too, so that the large ones outweigh the rare: keep the "
                "class axis until each class has its own fraction.",
                {"axes = [0, *range(2, logits.ndim)]": "axes = list(range(logits.ndim))"},
            ),
            Mistake(
                "first_spatial_axis_kept",
                "One axis of the pixels is not summed over: all but axis 1, the classes', are.",
                {"axes = [0, *range(2, logits.ndim)]": "axes = [0, *range(3, logits.ndim)]"},
            ),
            Mistake(
                "without_the_two",
                "Dice is *twice* the overlap over the sum of both sizes: a perfect prediction "
                "would have ½ with yours.",
                {"2 * overlap + smooth": "overlap + smooth"},
            ),
            Mistake(
                "iou_in_place_of_dice",
                "Below the line you take the overlap off, which makes it an IoU: Dice divides by "
                "the sum of both sizes.",
                {
                    "((2 * overlap + smooth) / (sizes + smooth))": (
                        "((overlap + smooth) / (sizes - overlap + smooth))"
                    )
                },
            ),
            Mistake(
                "dice_in_place_of_the_loss",
                "A loss gets smaller as the prediction gets better: it is 1 minus the mean Dice.",
                {"return 1 - (": "return ("},
            ),
            Mistake(
                "minus_dice",
                "Your loss is minus the mean Dice: it has the right slope, but the loss is 1 minus "
                "the mean, so that a perfect prediction costs 0.",
                {"return 1 - (": "return -("},
            ),
            Mistake(
                "sum_over_the_classes",
                "The fractions of the classes are averaged, not added up.",
                {"(sizes + smooth)).mean()": "(sizes + smooth)).sum()"},
            ),
            Mistake(
                "smooth_above_only",
                "`smooth` is missing below the line: a class that is nowhere gets more than 1.",
                {"(sizes + smooth)": "sizes"},
            ),
            Mistake(
                "smooth_below_only",
                "`smooth` is missing above the line: a class that is nowhere counts as missed.",
                {"2 * overlap + smooth": "2 * overlap"},
            ),
            Mistake(
                "smooth_left_out",
                "`smooth` is left out: it belongs above and below the line.",
                {"2 * overlap + smooth": "2 * overlap", "(sizes + smooth)": "sizes"},
            ),
            Mistake(
                "smooth_is_always_one",
                "`smooth` is an argument: yours is the same whatever is given.",
                {"probability = torch.softmax": "smooth = 1.0\n    probability = torch.softmax"},
            ),
            Mistake(
                "smooth_within_the_doubled_overlap",
                "`smooth` is added after doubling: 2 · overlap + smooth.",
                {"2 * overlap + smooth": "2 * (overlap + smooth)"},
            ),
            Mistake(
                "squares_below_the_line",
                "You square below the line, as [Mil+16] did: the formula here adds up the "
                "probabilities themselves.",
                {"probability.sum(axes)\n    return": "(probability**2).sum(axes)\n    return"},
            ),
            Mistake(
                "logits_as_probabilities",
                "Logits are no probabilities: put them through the softmax first.",
                {"torch.softmax(logits, dim=1)": "logits"},
            ),
            Mistake(
                "sigmoid",
                "Each pixel has one class, so its probabilities sum to 1: softmax, not sigmoid.",
                {"torch.softmax(logits, dim=1)": "torch.sigmoid(logits)"},
            ),
            Mistake(
                "softmax_over_the_pixels",
                "The softmax runs over the classes, axis 1; yours over another axis.",
                {"torch.softmax(logits, dim=1)": "torch.softmax(logits, dim=-1)"},
            ),
            Mistake(
                "without_background",
                "You leave class 0 out: here all classes count, the background as well.",
                {"(sizes + smooth)).mean()": "(sizes + smooth))[1:].mean()"},
            ),
            Mistake(
                "counted_pixels",
                "You count pixels by argmax, and a count has no slope to learn by: add up "
                "probabilities.",
                {
                    "torch.softmax(logits, dim=1)": "torch.nn.functional.one_hot("
                    "logits.argmax(1), logits.shape[1]).movedim(-1, 1) + 0 * logits"
                },
            ),
            Mistake(
                "all_on_the_cpu",
                "Calculate where the inputs are, without `.cpu()`.",
                {
                    "torch.softmax(logits, dim=1)": "torch.softmax(logits, dim=1).cpu()",
                    "labels.to(logits.dtype)": "labels.to(logits.dtype).cpu()",
                },
            ),
        ],
    ),
]
