"""What `check` and `hint` know about unit 08."""

import torch

from medseg_grader.authoring import Call, Exercise, Mistake


def floats(*values):
    return torch.tensor(values, dtype=torch.float64)


TWO = [[floats(2, 4), floats(6), floats(1)], [floats(0, 8), floats(-2), floats(4)]]
THREE = [
    [floats([1, 2], [3, 4]), floats(1, 0, 5)],
    [floats([0, 0], [6, 1]), floats(2, 3, 5)],
    [floats([5, 1], [0, 7]), floats(9, 3, -4)],
]
PLANE = torch.tensor(
    [
        [1, 1, 0, 0, 0, 0, 0],
        [1, 1, 0, 4, 4, 0, 0],
        [0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 9],
        [1, 0, 0, 0, 9, 9, 9],
    ]
)
LABELS = torch.tensor([[[0, 1, 1], [2, 0, 1]], [[2, 2, 0], [1, 0, 0]]])
LOGITS = torch.linspace(-3, 4, 36, dtype=torch.float64).reshape(2, 3, 2, 3).flip(3) ** 2 / 4
WEIGHTS = torch.tensor([[[1, 8, 1], [2, 1, 0]], [[5, 1, 1], [1, 3, 10]]], dtype=torch.float64)

FLAT = floats([1, 0, 2], [3, 1, 4])
HALF = [[tensor.float() for tensor in worker] for worker in TWO]

AVERAGE = "[torch.stack(tensors).mean(dim=0) for tensors in zip(*gradients, strict=True)]"
AVERAGE_GRADIENTS = Exercise(
    name="average_gradients",
    runner="averaged",
    device=True,
    calls=[
        Call(TWO),
        Call(THREE),
        Call([THREE[0]]),
        Call(HALF),
        Call([THREE[0], THREE[1][:1]], mentions=["1", "2"]),
        Call([[floats(1, 2, 3, 4)], [floats(1, 2, 3, 4, 5, 6, 7)]], mentions=["4", "7"]),
        Call([[FLAT], [FLAT.reshape(3, 2)]], mentions=["2, 3", "3, 2"]),
        Call([[FLAT.reshape(3, 2)], [FLAT]], mentions=["2, 3", "3, 2"]),
        Call([*TWO, [*TWO[0], FLAT]], mentions=["3", "4"]),
        Call([[FLAT] * 7, [FLAT] * 4], mentions=["7", "4"]),
        Call([[FLAT], [FLAT], [floats([5, 6])]], mentions=["2, 3", "1, 2"]),
        Call([[FLAT, FLAT], [FLAT, FLAT.reshape(3, 2)]], mentions=["2, 3", "3, 2"]),
    ],
    hints=[
        "The input is sorted by workers, the result by parameters. Which loop is the outer one?",
        "`zip(*gradients)` gives, for each parameter, the tensors of all workers.",
        "`torch.stack(tensors)` puts the workers along a new first axis; take the mean over it.",
    ],
    mistakes=[
        Mistake(
            "sums_up",
            "You add the workers' gradients without dividing by how many there are: the step would "
            "grow with every worker.",
            {".mean(dim=0) for": ".sum(dim=0) for"},
        ),
        Mistake(
            "one_number_for_each_parameter",
            "You average over the entries of a parameter, too. Each weight has a gradient of its "
            "own: take the mean over the workers only.",
            {".mean(dim=0) for": ".mean() for"},
        ),
        Mistake(
            "one_list_for_each_worker",
            "Your result has an entry for each worker: average what different workers say about "
            "one parameter, not what one worker says about all.",
            {AVERAGE: "[sum(t.mean() for t in worker) / len(worker) for worker in gradients]"},
        ),
        Mistake(
            "divides_by_the_parameters",
            "You divide by the number of parameters; divide by the number of workers.",
            {AVERAGE: AVERAGE.replace(".mean(dim=0)", ".sum(dim=0) / len(first)")},
        ),
        Mistake(
            "first_worker_only",
            "You return the first worker's gradients: what the others saw is lost.",
            {AVERAGE: "[tensor.clone() for tensor in first]"},
        ),
        Mistake(
            "always_two_workers",
            "You divide by 2. There may be any number of workers.",
            {".mean(dim=0) for": ".sum(dim=0) / 2 for"},
        ),
        Mistake(
            "changes_a_worker",
            "The average is right, but the first worker's own tensors are changed on the way: "
            "`+=` and `add_` work in place.",
            {
                "    return " + AVERAGE: "    for other in gradients[1:]:\n"
                "        for mine, its in zip(first, other):\n            mine += its\n"
                "    return [tensor / len(gradients) for tensor in first]"
            },
        ),
        Mistake(
            "accepts_other_numbers",
            "Workers with different numbers of tensors do not belong together: raise a ValueError "
            "that names both numbers.",
            {
                "if len(other) != len(first):": "if False:",
                "zip(other, first, strict=True)": "zip(other, first)",
                "zip(*gradients, strict=True)": "zip(*gradients)",
            },
        ),
        Mistake(
            "accepts_other_shapes",
            "Gradients of different shapes do not belong together: compare the shapes in each "
            "place, and raise a ValueError that names both.",
            {"if tensor.shape != expected.shape:": "if False:"},
        ),
        Mistake(
            "compares_sizes_only",
            "2 x 3 and 3 x 2 numbers are equally many, and still of another shape: compare "
            "`shape`, not `numel()`.",
            {"tensor.shape != expected.shape": "tensor.numel() != expected.numel()"},
        ),
        Mistake(
            "looks_at_two_workers_only",
            "You compare the first two workers; the third may be the odd one. Go through them all.",
            {"for other in gradients[1:]:": "for other in gradients[1:2]:"},
        ),
        Mistake(
            "message_without_shapes",
            "Your ValueError for other shapes comes at the right place; its message should name "
            "both shapes.",
            {
                'f"a gradient has shape {tuple(tensor.shape)}, expected {tuple(expected.shape)}"': (
                    '"the shapes differ"'
                )
            },
        ),
        Mistake(
            "widens_the_numbers",
            "The average should have the dtype of the parameter's gradients, or the optimiser "
            "cannot use it: leave out `.double()` and float64.",
            {"torch.stack(tensors).mean": "torch.stack(tensors).double().mean"},
        ),
        Mistake(
            "hands_back_a_workers_tensor",
            "With one worker you return its own tensor. Whoever changes the average then changes "
            "that worker, too: make a new tensor.",
            {AVERAGE: "first if len(gradients) == 1 else " + AVERAGE},
        ),
        Mistake(
            "averages_on_the_cpu",
            "The average must stay on the device of the gradients: leave out `.cpu()`.",
            {"torch.stack(tensors).mean": "torch.stack(tensors).cpu().mean"},
        ),
    ],
)

BORDER_WEIGHTS = Exercise(
    name="border_weights",
    runner="through_numpy",
    device=True,
    calls=[
        Call(torch.tensor([[1, 0, 0, 2]])),
        Call(PLANE),
        Call(PLANE, 4.0, 2.0),
        Call(torch.tensor([[0, 3, 3, 0], [0, 0, 0, 0]])),
        Call(torch.zeros(2, 3, dtype=torch.int64)),
    ],
    hints=[
        "Ask first for one instance: how far is each pixel from it? Then do so for all of them.",
        "With `labels = instances.cpu().numpy()`, `ndimage.distance_transform_edt(labels != k)` is "
        "the distance to instance k. Stack these maps and sort along the first axis: the two "
        "smallest come first.",
        "Add the two, then square the sum; at the end, set the weights inside the instances to 0. "
        "Fewer than two instances need an answer of their own.",
    ],
    mistakes=[
        Mistake(
            "forgets_the_minus",
            "Your weights grow with the distance: the exponent has a minus in front.",
            {"np.exp(-((nearest + second) ** 2)": "np.exp(((nearest + second) ** 2)"},
        ),
        Mistake(
            "adds_w_c",
            "You add 1 to each weight. That is w_c, the first term of the paper's formula; asked "
            "for is the second.",
            {"torch.from_numpy(weights)": "torch.from_numpy(1 + weights)"},
        ),
        Mistake(
            "adds_w_c_on_the_background",
            "Your weights on the background are 1 too large. That 1 is w_c, which is added later.",
            {"weights = w0 * np.exp": "weights = 1 + w0 * np.exp"},
        ),
        Mistake(
            "nearest_twice",
            "You count the distance to the nearest instance twice: the second one is that to "
            "another instance.",
            {"nearest + second": "2 * nearest"},
        ),
        Mistake(
            "distances_from_the_outline",
            "Your distances are 1 too small. They go from centre to centre, so that a pixel beside "
            "a cell is at a distance of 1, as the transform says.",
            {
                "ndimage.distance_transform_edt(labels != k)": (
                    "ndimage.distance_transform_edt(labels != k) - 1"
                )
            },
        ),
        Mistake(
            "one_less_in_all",
            "The sum of your two distances is 1 too small. Both go from centre to centre: a pixel "
            "between two cells that touches both is at a distance of 1 from each, 2 in all.",
            {"nearest + second": "nearest + second - 1"},
        ),
        Mistake(
            "sorts_along_a_row",
            "You sort along the last axis, among the pixels of a row. Sort at each pixel, among "
            "the instances: `axis=0`.",
            {"np.sort(away, axis=0)[:2]": "np.sort(away)[:2]"},
        ),
        Mistake(
            "no_second_instance",
            "With one instance there is no second distance to pick. Give that case an answer of "
            "its own: 0 everywhere.",
            {
                "if len(numbers) >= 2:": "if len(numbers) >= 1:",
                "nearest, second = np.sort(away, axis=0)[:2]": (
                    "away.sort(axis=0)\n        nearest, second = away[0], away[1]"
                ),
            },
        ),
        Mistake(
            "no_answer_for_few_instances",
            "With fewer than two instances there are no two smallest distances to take. Ask for the "
            "number of instances first, and return 0 everywhere.",
            {"if len(numbers) >= 2:": "if len(numbers) >= 1:"},
        ),
        Mistake(
            "squares_each_distance",
            "You square each distance and add. The formula adds the distances and squares the sum.",
            {"((nearest + second) ** 2)": "(nearest**2 + second**2)"},
        ),
        Mistake(
            "forgets_the_two",
            "Below the fraction stands 2 sigma squared, not sigma squared.",
            {"(2 * sigma**2)": "sigma**2"},
        ),
        Mistake(
            "sigma_not_squared",
            "Below the fraction, sigma is squared.",
            {"(2 * sigma**2)": "(2 * sigma)"},
        ),
        Mistake(
            "nearest_only",
            "You use the nearest instance alone. Then every outline glows, also of a cell that has "
            "no neighbour: the second nearest is what makes a border.",
            {"nearest + second": "nearest"},
        ),
        Mistake(
            "farthest_two",
            "You take the two farthest instances; sort the other way round.",
            {"np.sort(away, axis=0)[:2]": "np.sort(away, axis=0)[-2:]"},
        ),
        Mistake(
            "first_two_by_number",
            "Your two instances are not always the nearest: at each pixel all of them count, the "
            "last of the list too, sorted by their distance from it.",
            {"np.sort(away, axis=0)[:2]": "away[:2]"},
        ),
        Mistake(
            "weights_inside",
            "Inside an instance the weight is 0: the border lies on the background.",
            {"        weights[labels > 0] = 0\n": ""},
        ),
        Mistake(
            "mask_the_wrong_way_round",
            "The distance transform measures where its mask is true: yours measures inside the "
            "cells. Mark what is not the cell.",
            {"(labels != k)": "(labels == k)"},
        ),
        Mistake(
            "numbers_without_gaps",
            "You expect the numbers 1, 2, 3 … without gaps. Use those that occur.",
            {
                "np.unique(labels[labels > 0])": "np.arange(1, len(np.unique(labels[labels > 0])) + 1)"
            },
        ),
        Mistake(
            "numbers_up_to_the_largest",
            "You go through all numbers up to the largest, also those that do not occur: a "
            "distance to nothing means nothing. Use the numbers that occur.",
            {"np.unique(labels[labels > 0])": "np.arange(1, labels.max() + 1)"},
        ),
        Mistake(
            "background_as_an_instance",
            "Number 0 is the background and no instance: its distance is 0 on every background "
            "pixel, so it is always the nearest.",
            {"np.unique(labels[labels > 0])": "np.unique(labels)"},
        ),
        Mistake(
            "pieces_as_instances",
            "You number the connected pieces anew. An instance may have several pieces, between "
            "which there is no border: use the numbers that are given.",
            {
                "    weights = np.zeros": "    labels = ndimage.label(labels > 0, np.ones((3, 3)))[0]\n"
                "    numbers = np.arange(1, labels.max() + 1)\n    weights = np.zeros"
            },
        ),
        Mistake(
            "city_blocks",
            "You count steps along rows and columns. Distances here are Euclidean, as the crow "
            "flies.",
            {
                "ndimage.distance_transform_edt(labels != k)": (
                    'ndimage.distance_transform_cdt(labels != k, "taxicab")'
                )
            },
        ),
        Mistake(
            "one_instance_glows",
            "With a single instance there is no border between two: all weights are 0.",
            {
                "if len(numbers) >= 2:": "if len(numbers) >= 1:",
                "np.sort(away, axis=0)[:2]": (
                    "np.sort(away if len(away) > 1 else np.repeat(away, 2, axis=0), axis=0)[:2]"
                ),
            },
        ),
        Mistake(
            "w0_and_sigma_fixed",
            "You write 10 and 5 into the formula: w0 and sigma are arguments.",
            {
                "weights = w0 * np.exp": "weights = 10 * np.exp",
                "(2 * sigma**2)": "(2 * 5**2)",
            },
        ),
        Mistake(
            "left_on_the_cpu",
            "Your result stays on the processor: bring it back with `.to(instances.device)`.",
            {".float().to(instances.device)": ".float()"},
        ),
    ],
)

LOSS = "(weights * each).mean()"
EACH = 'F.cross_entropy(logits, labels, reduction="none")'
WEIGHTED = Exercise(
    name="weighted_cross_entropy",
    runner="with_gradient",
    device=True,
    calls=[
        Call(
            torch.zeros(1, 2, 1, 2, dtype=torch.float64),
            torch.tensor([[[0, 1]]]),
            floats([[5, 1]]),
        ),
        Call(LOGITS, LABELS, WEIGHTS),
        Call(1e4 * LOGITS, LABELS, WEIGHTS),
    ],
    hints=[
        "First the cross-entropy of each pixel, (N, H, W), then its weight, then one mean.",
        '`F.cross_entropy(logits, labels, reduction="none")` gives one value for each pixel.',
    ],
    mistakes=[
        Mistake(
            "forgets_the_weights",
            "The weights do not enter your result.",
            {LOSS: "each.mean()"},
        ),
        Mistake(
            "divides_by_the_weights",
            "You divide by the sum of the weights. We divide by the number of pixels, so that a "
            "picture full of borders counts for more.",
            {LOSS: "(weights * each).sum() / weights.sum()"},
        ),
        Mistake(
            "sum_instead_of_mean",
            "You return a sum over the pixels, of the batch or of each picture; asked for is the "
            "mean over all pixels of all pictures.",
            {LOSS: "(weights * each).sum()"},
        ),
        Mistake(
            "mean_over_the_classes",
            "You divide by the number of classes as well. Each pixel has one loss, that of its "
            "true class: divide by the number of pixels.",
            {LOSS: "(weights * each).mean() / logits.shape[1]"},
        ),
        Mistake(
            "one_loss_for_each_pixel",
            "You return one value for each pixel; take their mean.",
            {LOSS: "weights * each"},
        ),
        Mistake(
            "cut_off_from_the_logits",
            "No gradient flows back to the logits, so that no network could learn from this loss: "
            "leave out `torch.no_grad()`, `.detach()`, `.item()` and numpy.",
            {"F.cross_entropy(logits,": "F.cross_entropy(logits.detach(),"},
        ),
        Mistake(
            "one_loss_for_each_picture",
            "You return one value for each picture; take the mean over them, too.",
            {LOSS: "(weights * each).mean(dim=(1, 2))"},
        ),
        Mistake(
            "weighs_after_the_mean",
            "You take the mean of the losses before you multiply: then a weight no longer belongs "
            "to its pixel.",
            {LOSS: "weights.mean() * each.mean()"},
        ),
        Mistake(
            "adds_the_weights",
            "A weight multiplies the loss of its pixel; you add it.",
            {LOSS: "(weights + each).mean()"},
        ),
        Mistake(
            "wrong_sign",
            "Your loss is negative: the logarithm of a probability is, and the loss is minus that.",
            {LOSS: "-(weights * each).mean()"},
        ),
        Mistake(
            "logarithm_of_a_softmax",
            "At large logits a probability becomes 0 and its logarithm infinite: use log_softmax "
            "or cross_entropy.",
            {EACH: "-torch.softmax(logits, dim=1).gather(1, labels[:, None])[:, 0].log()"},
        ),
        Mistake(
            "small_number_in_the_logarithm",
            "A small number added to the probability keeps its logarithm finite, but then no loss "
            "exceeds a limit, and the gradient vanishes: use log_softmax or cross_entropy.",
            {
                EACH: (
                    "-(torch.softmax(logits, dim=1).gather(1, labels[:, None])[:, 0] + 1e-8).log()"
                )
            },
        ),
        Mistake(
            "axis_left_after_gather",
            "Each picture meets the weights of all: one of the two has shape (N, 1, H, W), as after "
            "`gather` or `[:, None]`, the other (N, H, W). Both should be (N, H, W).",
            {EACH: "-torch.log_softmax(logits, dim=1).gather(1, labels[:, None])"},
        ),
        Mistake(
            "probability_without_logarithm",
            "You average probabilities. The loss of a pixel is minus the logarithm of its "
            "probability: `F.nll_loss`, too, takes the result of log_softmax.",
            {EACH: "-torch.softmax(logits, dim=1).gather(1, labels[:, None])[:, 0]"},
        ),
        Mistake(
            "softmax_over_the_pictures",
            "Axis 0 counts the pictures. The softmax goes over the classes, axis 1.",
            {EACH: "-torch.log_softmax(logits, dim=0).gather(1, labels[:, None])[:, 0]"},
        ),
        Mistake(
            "softmax_along_a_row",
            "The probabilities of one pixel add up to 1 over the classes: take the softmax along "
            "axis 1.",
            {EACH: "-torch.log_softmax(logits, dim=-1).gather(1, labels[:, None])[:, 0]"},
        ),
        Mistake(
            "softmax_twice",
            "You give cross_entropy probabilities: it takes logits, and applies softmax itself.",
            {"F.cross_entropy(logits,": "F.cross_entropy(logits.softmax(dim=1),"},
        ),
    ],
)

EXERCISES = [AVERAGE_GRADIENTS, BORDER_WEIGHTS, WEIGHTED]
