"""Probes, hints and named mistakes of unit 04."""

import torch

from medseg_grader.authoring import Apart, Call, Exercise, Mistake

NAN = float("nan")
TARGET = torch.tensor([[0, 0, 1, 1], [0, 2, 2, 1], [0, 2, 2, 2]])
PREDICTION = torch.tensor([[0, 1, 1, 1], [0, 2, 1, 1], [0, 0, 2, 2]])
CONFUSION = torch.tensor([[6, 2, 0], [1, 3, 0], [0, 4, 4]])
ABSENT = torch.tensor([[5, 0, 1], [0, 0, 0], [1, 0, 3]])
FALSE_ALARM = torch.tensor([[7, 2, 0], [0, 0, 0], [1, 0, 2]])
NARROW = torch.tensor([19, 3, 0], dtype=torch.uint8)
ROAD, CAR = 9 * 256, 10 * 256

EXERCISES = [
    Exercise(
        name="confusion_matrix",
        device=True,
        calls=[
            Call(torch.tensor([0, 1, 1, 1]), torch.tensor([0, 0, 1, 1]), 2),
            Call(PREDICTION, TARGET, 4),
            Call(NARROW, NARROW, 20),
            Call(torch.zeros(5).long(), torch.zeros(7).long(), 2, mentions=["5", "7"]),
            Call(torch.zeros(2, 3).long(), torch.zeros(3, 2).long(), 2),
            Call(torch.tensor([0, 4]), torch.tensor([0, 1]), 3, mentions=["4", "3"]),
            Call(torch.tensor([0, 1]), torch.tensor([0, -5]), 4, mentions=["-5", "4"]),
            Call(torch.tensor([0, 3]), torch.tensor([0, 1]), 3, mentions=["3"]),
            Call(torch.tensor([0, 1]), torch.tensor([2, 0]), 2, mentions=["2"]),
            Call(torch.tensor([-1, 1]), torch.tensor([1, 0]), 2, mentions=["-1", "2"]),
            Call(PREDICTION.to(torch.int16), TARGET.to(torch.int32), 4),
            Call(Apart(PREDICTION), Apart(TARGET), 3),
            Call(torch.zeros(2, 3).long(), torch.zeros(3).long(), 2, mentions=["2, 3"]),
            Call(torch.zeros(3, 2).long(), torch.zeros(2, 3).long(), 2, mentions=["3, 2"]),
        ],
        hints=[
            "Fill the matrix for the example by hand, and say for each pixel which row and which "
            "column it belongs to.",
            "Row times the number of columns plus column numbers the cells of a table one by one.",
            "Flatten both maps, turn each pair into such a number, count with `torch.bincount` and "
            "a `minlength`, and reshape.",
        ],
        mistakes=[
            Mistake(
                "without_minlength",
                "`torch.bincount` stops at the largest number that occurs: where the last classes "
                "are absent, too few counts come out. Say how many there are: `minlength`.",
                {", minlength=num_classes**2": ""},
            ),
            Mistake(
                "counts_each_pair_once",
                "`m[target, prediction] += 1` adds 1 to a place once, however often it is named: "
                "of many equal pairs one is counted. Count them, with `torch.bincount`.",
                {
                    "    pairs = target.reshape(-1).long() * num_classes + "
                    "prediction.reshape(-1).long()\n    return torch.bincount(pairs, "
                    "minlength=num_classes**2).reshape(num_classes, num_classes)": (
                        "    m = torch.zeros(num_classes, num_classes, dtype=torch.int64, "
                        "device=target.device)\n    m[target.long(), prediction.long()] += 1\n"
                        "    return m"
                    )
                },
            ),
            Mistake(
                "rows_and_columns_swapped",
                "Rows are the target, columns the prediction; yours has it the other way round.",
                {
                    "pairs = target.reshape(-1).long() * num_classes + "
                    "prediction.reshape(-1).long()": "pairs = prediction.reshape(-1).long() * "
                    "num_classes + target.reshape(-1).long()"
                },
            ),
            Mistake(
                "no_room_for_absent_classes",
                "A class that does not occur still has its row and column, full of zeros.",
                {
                    "    pairs = target": "    num_classes = int(max(target.max(), "
                    "prediction.max())) + 1\n    pairs = target"
                },
            ),
            Mistake(
                "wraps_around_in_small_types",
                "Labels of type uint8 hold numbers up to 255 only: 19 * 20 + 19 wraps around, and "
                "the pixel lands in another cell. Convert to int64, `.long()`, before you "
                "multiply.",
                {
                    "target.reshape(-1).long() * num_classes + prediction.reshape(-1).long()": (
                        "target.reshape(-1) * num_classes + prediction.reshape(-1)"
                    )
                },
            ),
            Mistake(
                "counts_background_never",
                "Background is a class like the others: its pixels are counted, too.",
                {
                    "    pairs = target": "    kept = target > 0\n"
                    "    target, prediction = target[kept], prediction[kept]\n    pairs = target"
                },
            ),
            Mistake(
                "shares_instead_of_counts",
                "The matrix holds counts, int64; divide later, if at all.",
                {
                    ".reshape(num_classes, num_classes)": ".reshape(num_classes, num_classes) / "
                    "max(1, target.numel())"
                },
            ),
            Mistake(
                "accepts_other_shapes",
                "A prediction of another shape than the target's needs a ValueError that names "
                "both shapes.",
                {
                    "if prediction.shape != target.shape:": "if False:",
                    "    pairs = target": "    shorter = min(len(target.reshape(-1)), "
                    "len(prediction.reshape(-1)))\n    target = target.reshape(-1)[:shorter]\n"
                    "    prediction = prediction.reshape(-1)[:shorter]\n    pairs = target",
                },
            ),
            Mistake(
                "compares_sizes_only",
                "2 x 3 and 3 x 2 pixels are equally many, and still of another shape: compare "
                "the shapes.",
                {"prediction.shape != target.shape": "prediction.numel() != target.numel()"},
            ),
            Mistake(
                "accepts_unknown_classes",
                "A class number of num_classes or more does not exist: raise a ValueError that "
                "names it.",
                {"or labels.max() >= num_classes": "or False"},
            ),
            Mistake(
                "accepts_the_number_of_classes",
                "With num_classes classes the largest is num_classes - 1: a label equal to "
                "num_classes is none.",
                {"labels.max() >= num_classes": "labels.max() > num_classes"},
            ),
            Mistake(
                "counts_on_the_cpu",
                "The counts must stay on the device of the inputs: no `.cpu()`, and `device=` for "
                "every tensor that you make.",
                {
                    "target.reshape(-1).long() * num_classes + prediction.reshape(-1).long()": (
                        "target.reshape(-1).cpu().long() * num_classes + "
                        "prediction.reshape(-1).cpu().long()"
                    )
                },
            ),
            Mistake(
                "message_without_numbers",
                "Your ValueErrors come at the right places; their messages should name what came "
                "and what was expected.",
                {
                    '            f"the prediction has shape {tuple(prediction.shape)}, expected '
                    'that of the target, "\n            f"{tuple(target.shape)}"': (
                        '            "the shapes differ"'
                    ),
                    'f"found class {int(wrong)}, expected 0 to below {num_classes}"': (
                        '"there is no such class"'
                    ),
                },
            ),
        ],
    ),
    Exercise(
        name="iou_per_class",
        device=True,
        calls=[
            Call(torch.tensor([[1, 1], [0, 2]])),
            Call(CONFUSION),
            Call(ABSENT),
            Call(FALSE_ALARM),
            Call(torch.tensor([[3 * 10**12, 10**12], [0, 10**12]])),
            Call(FALSE_ALARM.int()),
        ],
        hints=[
            "Mark in the matrix of the example, for class 1: where are the hits, the false alarms, "
            "the misses?",
            "A row sums to all pixels of a class in the target, a column to all pixels that were "
            "called so. The hits are in both sums.",
            "Union = row sum + column sum - hits. Divide the diagonal by it; 0 / 0 is NaN already.",
        ],
        mistakes=[
            Mistake(
                "union_counts_hits_twice",
                "The hits are in the row sum and in the column sum: count them once in the union.",
                {
                    "confusion.sum(dim=0) + confusion.sum(dim=1) - confusion.diagonal()": (
                        "confusion.sum(dim=0) + confusion.sum(dim=1)"
                    )
                },
            ),
            Mistake(
                "divides_by_the_target_only",
                "This is the share of the target that was found (recall): false alarms cost nothing.",
                {
                    "confusion.sum(dim=0) + confusion.sum(dim=1) - confusion.diagonal()": (
                        "confusion.sum(dim=1)"
                    )
                },
            ),
            Mistake(
                "divides_by_the_prediction_only",
                "This is the share of the prediction that is right (precision): misses cost nothing.",
                {
                    "confusion.sum(dim=0) + confusion.sum(dim=1) - confusion.diagonal()": (
                        "confusion.sum(dim=0)"
                    )
                },
            ),
            Mistake(
                "absent_class_is_zero",
                "A class that is in neither map was not missed: its IoU is NaN, not 0.",
                {"return hits / union": "return hits / union.clamp(min=1)"},
            ),
            Mistake(
                "absent_class_is_one",
                "A class that is in neither map was not found either: its IoU is NaN, not 1.",
                {
                    "return hits / union": "return torch.where(union == 0, torch.ones_like(hits), "
                    "hits / union)"
                },
            ),
            Mistake(
                "leaves_out_the_background",
                "One value per class, background included: your result is one too short.",
                {"return hits / union": "return (hits / union)[1:]"},
            ),
            Mistake(
                "dice_instead_of_iou",
                "This is Dice, which counts the hits twice above and below; IoU counts them once.",
                {
                    "confusion.diagonal().double()": "2 * confusion.diagonal().double()",
                    "confusion.sum(dim=0) + confusion.sum(dim=1) - confusion.diagonal()": (
                        "confusion.sum(dim=0) + confusion.sum(dim=1)"
                    ),
                },
            ),
            Mistake(
                "integer_division",
                "`//` rounds every IoU below 1 down to 0: divide with `/`.",
                {"return hits / union": "return hits // union"},
            ),
            Mistake(
                "integer_division_of_counts",
                "`//` has no answer to 0 / 0, and rounds every IoU below 1 down to 0: divide with "
                "`/`, which gives fractions, and NaN for an absent class.",
                {
                    "confusion.diagonal().double()": "confusion.diagonal().clone()",
                    "return hits / union": "return hits // union",
                },
            ),
        ],
    ),
    Exercise(
        name="mean_iou",
        device=True,
        calls=[
            Call(torch.tensor([[1, 1], [0, 2]])),
            Call(CONFUSION),
            Call(ABSENT),
            Call(FALSE_ALARM),
            Call(torch.zeros(3, 3).long()),
            Call(torch.tensor([[3 * 10**12, 10**12], [0, 10**12]])),
        ],
        hints=[
            "Which classes should count, and by how many do you divide?",
            "A class that is absent has the IoU NaN, and NaN spoils an ordinary mean.",
            "`torch.nanmean` leaves NaN out of the sum and out of the number.",
        ],
        mistakes=[
            Mistake(
                "nan_spoils_the_mean",
                "One absent class makes your whole mean NaN: leave absent classes out.",
                {".nanmean()": ".mean()"},
            ),
            Mistake(
                "absent_class_counts_as_zero",
                "An absent class must not count, neither in the sum nor in the number of classes.",
                {".nanmean()": ".nan_to_num(0.0).mean()"},
            ),
            Mistake(
                "absent_class_counts_as_one",
                "An absent class is no success: leave it out instead of counting it as 1.",
                {".nanmean()": ".nan_to_num(1.0).mean()"},
            ),
            Mistake(
                "background_left_out",
                "Background is one of the classes here: it belongs in the mean.",
                {"(hits / union).nanmean()": "(hits / union)[1:].nanmean()"},
            ),
            Mistake(
                "divides_by_one_class_too_few",
                "You sum over all classes, background included, and divide by one less.",
                {
                    "return (hits / union).nanmean()": "values = hits / union\n"
                    "    present = values[~values.isnan()]\n"
                    "    return present.sum() / (len(present) - 1)"
                },
            ),
            Mistake(
                "accuracy_instead",
                "This is the share of right pixels, which an all-background prediction fools.",
                {"return (hits / union).nanmean()": "return hits.sum() / confusion.sum()"},
            ),
            Mistake(
                "integer_division_of_counts",
                "`//` has no answer to 0 / 0, and rounds every IoU below 1 down to 0: divide with "
                "`/`, which gives fractions, and NaN for an absent class.",
                {
                    "confusion.diagonal().double()": "confusion.diagonal().clone()",
                    "(hits / union).nanmean()": "(hits // union).double().nanmean()",
                },
            ),
            Mistake(
                "weighted_by_size",
                "Each class has the same weight, however small it is.",
                {
                    "return (hits / union).nanmean()": "size = confusion.sum(dim=1) / "
                    "confusion.sum()\n    return (size * (hits / union).nan_to_num(0.0)).sum()"
                },
            ),
        ],
    ),
    Exercise(
        name="dice_from_iou",
        exact_dtype=True,
        device=True,
        calls=[
            Call(0.5),
            Call(0.0),
            Call(1.0),
            Call(torch.tensor([0.2, NAN, 0.9], dtype=torch.float64)),
            Call(torch.tensor([[0.2, 1.0], [NAN, 0.0]])),
            Call(NAN),
        ],
        hints=[
            "An IoU of 1 must give a Dice of 1, and 0 must give 0.",
            "Write IoU as TP / U, with U the union. What is 2 TP + FP + FN in terms of TP and U?",
        ],
        mistakes=[
            Mistake(
                "inverse",
                "This is the way back, from Dice to IoU: Dice is the larger of the two.",
                {"2 * iou / (1 + iou)": "iou / (2 - iou)"},
            ),
            Mistake(
                "forgets_the_two",
                "An IoU of 1 should give a Dice of 1; yours gives one half.",
                {"2 * iou / (1 + iou)": "iou / (1 + iou)"},
            ),
            Mistake(
                "wrong_bracket",
                "Python divides before it adds: the whole denominator needs brackets.",
                {"2 * iou / (1 + iou)": "2 * iou / 1 + iou"},
            ),
            Mistake(
                "halves_the_way_to_one",
                "The relation is not a mean with 1: an IoU of 0 must give a Dice of 0.",
                {"2 * iou / (1 + iou)": "(1 + iou) / 2"},
            ),
            Mistake(
                "minus_below",
                "In the denominator the IoU is added to 1; with a minus a perfect overlap divides "
                "by zero.",
                {"2 * iou / (1 + iou)": "2 * iou / (1.0000001 - iou)"},
            ),
        ],
    ),
    Exercise(
        name="iou_from_dice",
        exact_dtype=True,
        device=True,
        calls=[
            Call(2 / 3),
            Call(0.0),
            Call(1.0),
            Call(torch.tensor([0.2, NAN, 0.9], dtype=torch.float64)),
            Call(torch.tensor([[0.2, 1.0], [NAN, 0.0]])),
            Call(NAN),
        ],
        hints=[
            "A Dice of 1 must give an IoU of 1, and 0 must give 0.",
            "Solve D = 2 J / (1 + J) for J: multiply by the denominator, then collect J.",
        ],
        mistakes=[
            Mistake(
                "inverse",
                "This is the way from IoU to Dice: IoU is the smaller of the two.",
                {"dice / (2 - dice)": "2 * dice / (1 + dice)"},
            ),
            Mistake(
                "halves",
                "IoU is not half of Dice: a Dice of 1 is a perfect overlap.",
                {"dice / (2 - dice)": "dice / 2"},
            ),
            Mistake(
                "plus_below",
                "Solve once more: in the denominator Dice is subtracted.",
                {"dice / (2 - dice)": "dice / (2 + dice)"},
            ),
            Mistake(
                "wrong_bracket",
                "Python divides before it subtracts: the whole denominator needs brackets.",
                {"dice / (2 - dice)": "dice / 2 - dice"},
            ),
            Mistake(
                "one_below",
                "With 1 - D below, a perfect overlap divides by zero: which number stands there?",
                {"dice / (2 - dice)": "dice / (1.0000001 - dice)"},
            ),
        ],
    ),
    Exercise(
        name="panoptic_quality",
        parts=("pq", "sq", "rq"),
        legend="2304 is road, 2560 + k car number k, 0 void or nothing",
        calls=[
            Call(
                torch.tensor([CAR + 1] * 3 + [0] * 3),
                torch.tensor([CAR + 1] * 4 + [CAR + 2] * 2),
            ),
            Call(
                torch.tensor([ROAD] * 5 + [CAR + 4] * 5 + [ROAD] * 2),
                torch.tensor([ROAD] * 6 + [CAR + 1] * 4 + [0] * 2),
            ),
            Call(
                torch.tensor([CAR + 1] * 4 + [CAR + 2] * 4 + [ROAD] * 2),
                torch.tensor([CAR + 1] * 8 + [0] * 2),
            ),
            Call(
                torch.tensor([ROAD] * 6 + [CAR + 1] * 4),
                torch.tensor([ROAD] * 6 + [0] * 3 + [ROAD]),
            ),
            Call(
                torch.tensor([CAR + 1] * 4 + [CAR + 2] * 2 + [ROAD] * 2),
                torch.tensor([CAR + 1] * 4 + [ROAD] * 4),
            ),
            Call(torch.tensor([ROAD] * 6), torch.tensor([CAR + 1] * 4 + [ROAD] * 2)),
            Call(
                torch.tensor([ROAD] * 4 + [CAR + 3] * 4),
                torch.tensor([ROAD] * 6 + [0] * 2),
            ),
            Call(torch.tensor([ROAD] * 5 + [CAR + 1] * 3), torch.tensor([ROAD] * 8)),
            Call(torch.tensor([0, 0, ROAD]), torch.tensor([0, 0, 0])),
            Call(
                torch.tensor([CAR + 1] * 3 + [ROAD] + [CAR + 2] * 4),
                torch.tensor([CAR + 3] * 4 + [CAR + 255] * 3 + [ROAD]),
            ),
            Call(torch.tensor([CAR + 1] * 8), torch.tensor([CAR + 1] * 4 + [0, 255, 255, 0])),
            Call(torch.tensor([ROAD] * 6 + [0, 7, 255, CAR]), torch.tensor([ROAD] * 10)),
            Call(torch.tensor([ROAD] * 6 + [256] * 4), torch.tensor([ROAD] * 10)),
            Call(torch.tensor([CAR + 1] * 4 + [ROAD] * 6), torch.tensor([256] * 4 + [ROAD] * 6)),
            Call(
                torch.tensor([CAR + 1] * 4 + [ROAD] * 6),
                torch.tensor([CAR + 1] * 4 + [CAR + 255] * 2 + [ROAD] * 4),
            ),
            Call(torch.tensor([ROAD] * 10), torch.tensor([ROAD] * 6 + [256 * 4 - 1] * 4)),
            Call(torch.tensor([ROAD] * 6 + [0] * 4), torch.tensor([ROAD] * 6 + [256] * 4)),
            Call(
                torch.tensor([CAR + 255] * 3 + [ROAD] * 3 + [256] * 3 + [511]),
                torch.tensor([CAR + 254] * 3 + [ROAD + 255] * 3 + [511] * 4),
            ),
            Call(
                Apart(torch.tensor([[[ROAD, ROAD], [CAR + 1, 0]], [[ROAD, ROAD], [ROAD, 0]]])),
                torch.tensor([[[ROAD, ROAD], [CAR + 2, 0]], [[ROAD, ROAD], [0, 0]]]),
            ),
        ],
        hints=[
            "Begin with a list of the segments of both maps and their areas, then count the pixels "
            "of every pair that overlaps.",
            "The union of a pair is the sum of both areas without the shared pixels, and without "
            "the predicted pixels that lie in void.",
            "Above one half no segment can match twice, so one pass over the pairs finds all "
            "matches; what is left over are misses and false alarms, class by class.",
        ],
        mistakes=[
            Mistake(
                "matches_at_one_half",
                "A match needs an IoU above one half; with exactly one half two could match.",
                {"if count / union > 0.5:": "if count / union >= 0.5:"},
            ),
            Mistake(
                "matches_across_classes",
                "Only segments of the same semantic class can match: a car that is called road is "
                "a miss and a false alarm, however well it is outlined.",
                {"if kind and kind == mine // 256:": "if kind and mine // 256:"},
            ),
            Mistake(
                "excuses_half_void",
                "A predicted segment is excused if more than half of it is void; with exactly "
                "half it is a false positive.",
                {"in_void.get(m, 0) <= area / 2": "in_void.get(m, 0) < area / 2"},
            ),
            Mistake(
                "void_in_the_union",
                "Void pixels of the target leave the union: nobody knows what is there.",
                {" - count - in_void.get(mine, 0)": " - count"},
            ),
            Mistake(
                "void_segments_are_false_alarms",
                "A predicted segment that lies mostly in void is no false positive.",
                {" and in_void.get(m, 0) <= area / 2": ""},
            ),
            Mistake(
                "void_pixels_thrown_away_first",
                "You throw the void pixels away at the start. Then nobody can say any more whether "
                "most of a predicted segment lay in void: it is its whole size that counts.",
                {
                    "    areas = [": (
                        "    kept = target // 256 != 0\n"
                        "    prediction, target = prediction[kept], target[kept]\n"
                        "    areas = ["
                    )
                },
            ),
            Mistake(
                "only_classes_of_the_target",
                "A class that only the prediction has counts, too: all its segments are false "
                "positives, and its quality is 0.",
                {"{*scores, *missed, *false}": "{*scores, *missed}"},
            ),
            Mistake(
                "prediction_and_target_swapped",
                "The prediction comes first, the target second: yours takes one for the other.",
                {
                    "    areas = [": "    prediction, target = target, prediction\n    areas = [",
                },
            ),
            Mistake(
                "misses_count_fully",
                "Misses and false alarms count one half each in the denominator.",
                {
                    "len(found) + 0.5 * missed.count(kind) + 0.5 * false.count(kind)": (
                        "len(found) + missed.count(kind) + false.count(kind)"
                    )
                },
            ),
            Mistake(
                "forgets_the_misses",
                "Target segments without a partner are false negatives: they lower RQ.",
                {" + 0.5 * missed.count(kind)": ""},
            ),
            Mistake(
                "forgets_the_false_alarms",
                "Predicted segments without a partner are false positives: they lower RQ.",
                {" + 0.5 * false.count(kind)": ""},
            ),
            Mistake(
                "only_matched_classes",
                "A class in which nothing matched still counts, with a quality of 0.",
                {"{*scores, *missed, *false}": "{*scores}"},
            ),
            Mistake(
                "returns_pq_only",
                "Return three numbers: PQ, SQ and RQ.",
                {"    return pq, sq, rq": "    return pq"},
            ),
        ],
    ),
]
