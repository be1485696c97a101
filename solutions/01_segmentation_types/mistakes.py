"""Probes, hints and named mistakes of unit 01."""

import numpy as np

from medseg_grader.authoring import Call, Exercise, Mistake, OneByOne

SCORES = np.array(
    [
        [[5.0, 1.0, 2.0, -1.0], [0.5, 0.0, -3.0, 7.0]],
        [[3.0, 4.0, 2.0, -2.0], [0.5, 2.0, -1.0, 6.5]],
        [[4.0, 4.5, 1.0, -3.0], [0.1, 1.0, -2.0, 9.0]],
    ]
)
STREET = np.array(
    [
        [23, 23, 23, 24, 23, 23],
        [26, 26, 7, 24, 26, 7],
        [26, 7, 26, 7, 7, 26],
        [7, 7, 24, 7, 26, 26],
    ]
)
PANOPTIC = np.array([[1792, 1792, 6657, 6658], [5888, 6660, 6657, 6147], [5888, 6660, 6146, 6147]])
STUFF = {7: (128, 100, 140), 23: (176, 216, 246)}
PALETTE = STUFF | {24: (150, 110, 90), 26: (100, 120, 130)}
# Colours that are lifted end at white here, and those that are lowered at black.
BRIGHT = STUFF | {24: (255, 255, 254), 26: (254, 255, 255)}
DARK = STUFF | {24: (0, 1, 0), 26: (1, 0, 0)}

# More components than uint8 can number.
DOTS = np.zeros((33, 33), np.uint8)
DOTS[::2, ::2] = 3

EXERCISES = [
    Exercise(
        name="semantic_from_scores",
        calls=[
            Call(np.array([[[5.0, 1.0, 2.0]], [[3.0, 4.0, 2.0]]])),
            Call(SCORES),
            Call(np.zeros((4, 6)), mentions=["(4, 6)", "(C, H, W)"]),
            Call(np.zeros((2, 3, 4, 5)), mentions=["(2, 3, 4, 5)", "(C, H, W)"]),
        ],
        hints=[
            "Which of the three axes holds the classes? It is the one that must vanish.",
            "`argmax` gives the place of the largest value, `max` the value itself.",
            "`scores.argmax(axis=0)`, after a look at `scores.ndim`.",
        ],
        mistakes=[
            Mistake(
                "takes_the_last_axis",
                "You look for the best column of each row. The classes lie along the first axis.",
                {"axis=0": "axis=-1"},
            ),
            Mistake(
                "gives_the_score_itself",
                "This is the highest score, not the class that has it.",
                {"scores.argmax(axis=0).astype(np.int64)": "scores.max(axis=0)"},
            ),
            Mistake(
                "takes_the_lowest_score",
                "A high score means that the network believes in the class.",
                {"argmax": "argmin"},
            ),
            Mistake(
                "counts_from_one",
                "Classes are numbered from 0: the first one is class 0.",
                {".astype(np.int64)": " + 1"},
            ),
            Mistake(
                "flattens_everything",
                "Without an axis, argmax searches the whole array and gives one number. Every "
                "pixel needs its own answer.",
                {"argmax(axis=0).astype(np.int64)": "argmax()"},
            ),
            Mistake(
                "accepts_any_shape",
                "Refuse scores that do not have three axes: a map without classes would be taken "
                "for classes without a map.",
                {"if scores.ndim != 3:": "if scores.ndim < 1:"},
            ),
            Mistake(
                "last_of_several_equal",
                "Where two scores are equal, the lower class wins; yours takes the higher one.",
                {
                    "scores.argmax(axis=0).astype(np.int64)": "len(scores) - 1 - "
                    "scores[::-1].argmax(axis=0)"
                },
            ),
        ],
    ),
    Exercise(
        name="instances_from_semantic",
        runner="instances",
        legend="instances are shown numbered anew, 1, 2, … in the order of appearance",
        calls=[
            Call(np.array([[26, 7, 7, 7], [7, 26, 7, 7], [7, 7, 7, 26]]), [24, 26]),
            Call(STREET, [24, 26]),
            Call(STREET, [26]),
            Call(np.full((2, 3), 7), [24, 26]),
            Call(STREET.astype(np.uint8), OneByOne([24, 26])),
            Call(STREET, {7, 26}),
            Call(STREET, [7, 24, 26]),
            Call(DOTS, [3]),
            Call(np.array([[0, 3], [0, 0]]), (0,)),
        ],
        hints=[
            "Take one thing class at a time: where is it, and which of its pixels hang together?",
            "`ndimage.label(semantic == thing, structure)` numbers the parts of one class from 1 "
            "on. What has to be added for the next class, so that no number comes twice?",
            "Keep a total. Where the parts are above 0, write parts + total into the result, then "
            "add the count to the total. `np.ones((3, 3))` makes all eight neighbours count.",
        ],
        mistakes=[
            Mistake(
                "goes_through_the_ids_twice",
                "The ids may come one by one, from something that can be gone through only once: "
                "make a list of them, and use that.",
                {"    total = 0": "    things = np.isin(semantic, list(thing_ids))\n    total = 0"},
            ),
            Mistake(
                "four_neighbours",
                "Pixels that share only a corner belong together too: eight neighbours, not four.",
                {", np.ones((3, 3))": ""},
            ),
            Mistake(
                "numbers_begin_anew",
                "The numbers begin at 1 again for each class, so a person and a car share one.",
                {"        total += count\n": ""},
            ),
            Mistake(
                "all_things_in_one_mask",
                "A person in front of a car is not part of the car: label each class by itself.",
                {
                    "    for thing in thing_ids:\n        parts, count = "
                    "ndimage.label(semantic == thing, np.ones((3, 3)))": "    for _ in [0]:\n"
                    "        mask = np.isin(semantic, list(thing_ids))\n"
                    "        parts, count = ndimage.label(mask, np.ones((3, 3)))"
                },
            ),
            Mistake(
                "one_number_per_class",
                "All cars have the same number: that is the class once more. Number the connected "
                "parts of each class.",
                {
                    "parts, count = ndimage.label(semantic == thing, np.ones((3, 3)))": "parts, "
                    "count = (semantic == thing) * 1, 1"
                },
            ),
            Mistake(
                "counts_stuff_too",
                "Road and sky are stuff: they have no instances and stay 0.",
                {"for thing in thing_ids:": "for thing in np.unique(semantic):"},
            ),
            Mistake(
                "adds_to_the_background",
                "The total was added everywhere, also where the class is not, and overwrites what "
                "stood there.",
                {
                    "instances[parts > 0] = parts[parts > 0] + total": "instances = np.where("
                    "parts > 0, parts + total, total).astype(np.int64)"
                },
            ),
            Mistake(
                "total_added_to_the_background",
                "The total is added to the background of each class as well: add it only where "
                "the parts are above 0.",
                {"instances[parts > 0] = parts[parts > 0] + total": "instances += parts + total"},
            ),
            Mistake(
                "only_the_last_class",
                "Each class starts from an empty map, so only the last one is left in the end.",
                {
                    "        instances[parts > 0]": "        instances = "
                    "np.zeros(semantic.shape, dtype=np.int64)\n        instances[parts > 0]"
                },
            ),
        ],
    ),
    Exercise(
        name="encode_panoptic",
        calls=[
            Call(np.array([26, 7]), np.array([3, 0])),
            Call(
                np.array([[26, 1], [0, 255]], np.uint8), np.array([[200, 255], [7, 255]], np.uint8)
            ),
            Call(np.array([1, 256]), np.array([0, 0]), mentions=["256", "255"]),
            Call(np.array([1, 2]), np.array([0, -1]), mentions=["-1", "255"]),
            Call(np.array([1, 2]), np.array([300, 0]), mentions=["300", "255"]),
            Call(np.array([26, 255], np.uint8), np.array([3, 255])),
            Call(np.array([1, 255], np.uint8), np.array([255, 0])),
        ],
        hints=[
            "How many different instances can one class have? That many numbers must lie between "
            "one class and the next.",
            "26 * 256 is 6656. Does it fit into the data type of the input?",
            "Look for values below 0 or above 255 in both maps and raise; then convert to int64 "
            "and calculate class * 256 + instance.",
        ],
        mistakes=[
            Mistake(
                "class_and_instance_swapped",
                "The class counts 256 times, the instance once; yours has it the other way round.",
                {
                    "semantic.astype(np.int64) * 256 + instance": "instance.astype(np.int64) * 256 "
                    "+ semantic"
                },
            ),
            Mistake(
                "times_255",
                "0 to 255 are 256 different values: with a step of 255, car number 255 and the "
                "next class's number 0 become the same.",
                {"np.int64) * 256 +": "np.int64) * 255 +"},
            ),
            Mistake(
                "times_1000",
                "That is the step of another data set. KITTI's is 256, so that 16 bits suffice.",
                {"np.int64) * 256 +": "np.int64) * 1000 +"},
            ),
            Mistake(
                "overflows_in_uint8",
                "The maps are uint8, and 26 * 256 is more than eight bits hold: convert to a wider "
                "type before you multiply.",
                {
                    "semantic.astype(np.int64) * 256 + instance": "(semantic << 8).astype(np.int64)"
                    " + instance"
                },
            ),
            Mistake(
                "multiplied_in_uint8",
                "uint8 ends at 255, so numpy cannot multiply such a map by 256: "
                "`semantic.astype(np.int64)` first.",
                {"semantic.astype(np.int64) * 256": "semantic * 256"},
            ),
            Mistake(
                "accepts_everything",
                "Values outside 0 to 255 spill over into their neighbours: refuse them.",
                {"        if outside.size:": "        if False:"},
            ),
            Mistake(
                "accepts_negative_numbers",
                "A negative number takes something away from the class: refuse it too.",
                {"(labels < 0) | (labels > 255)": "labels > 255"},
            ),
            Mistake(
                "checks_the_class_only",
                "The instance can be out of range as well.",
                {"for labels in (semantic, instance):": "for labels in (semantic,):"},
            ),
        ],
    ),
    Exercise(
        name="decode_panoptic",
        parts=("semantic", "instance"),
        calls=[
            Call(np.array([[6659, 1792]])),
            Call(np.array([[65535, 255, 0], [511, 6856, 256]])),
            Call(np.array([6659, 300], np.uint16)),
            Call(np.array([6659, 300], np.int32)),
        ],
        hints=[
            "How often does 256 fit into the number, and what is left over?",
            "`//` divides and drops the rest, `%` gives the rest.",
            "Return the two arrays as a tuple, the class first.",
        ],
        mistakes=[
            Mistake(
                "parts_swapped",
                "The class comes first, then the instance.",
                {
                    "return panoptic // 256, panoptic % 256": "return panoptic % 256, "
                    "panoptic // 256"
                },
            ),
            Mistake(
                "divides_to_fractions",
                "`/` gives fractions, but a class is a whole number: use `//`.",
                {"panoptic // 256": "panoptic / 256"},
            ),
            Mistake(
                "steps_of_255",
                "There are 256 numbers from 0 to 255, so the step is 256.",
                {
                    "return panoptic // 256, panoptic % 256": "return panoptic // 255, "
                    "panoptic % 255"
                },
            ),
            Mistake(
                "rounds_to_the_nearest",
                "Rounding takes class 26 with instance 200 for class 27. Drop the rest.",
                {"panoptic // 256": "np.rint(panoptic / 256).astype(np.int64)"},
            ),
            Mistake(
                "keeps_the_class_in_the_instance",
                "The second part is still the whole number: take the class away from it.",
                {"panoptic % 256": "panoptic"},
            ),
            Mistake(
                "one_array_instead_of_two",
                "Two arrays are due, as a tuple (semantic, instance).",
                {
                    "return panoptic // 256, panoptic % 256": "return np.stack([panoptic // 256, "
                    "panoptic % 256])"
                },
            ),
        ],
    ),
    Exercise(
        name="label_colours",
        runner="colours",
        calls=[
            Call(PANOPTIC[:1], PALETTE, [24, 26]),
            Call(PANOPTIC, PALETTE, [24, 26]),
            Call(PANOPTIC, BRIGHT, [24, 26]),
            Call(PANOPTIC, DARK, [24, 26]),
            Call(24 * 256 + np.arange(1, 13).reshape(3, 4), PALETTE, [24, 26]),
            Call(24 * 256 + np.arange(256).reshape(16, 16), PALETTE, [24, 26]),
        ],
        hints=[
            "Begin with the class alone: an array of zeros (H, W, 3), filled class by class from "
            "the palette with a boolean mask.",
            "Then a second colour for each instance, calculated from its number, and different "
            "for different numbers. Mix both where the instance is not 0.",
            "`instance[..., None] * np.array([0.618, 0.755, 0.570]) % 1` lies between 0 and 1. "
            "Times 255 it is a colour; the mean with the palette's is the mix. `np.where` keeps "
            "the palette's colour where the instance is 0.",
        ],
        mistakes=[
            Mistake(
                "instances_look_alike",
                "All instances of a class have the same colour, so two cars are still one blot.",
                {"np.where(instance[..., None] > 0, (picture + own) / 2, picture)": "picture"},
            ),
            Mistake(
                "drawn_anew_each_time",
                "The colours come out differently at each call: calculate them from the number, or "
                "begin from a fixed seed.",
                {
                    "    own = 255 * ((instance[..., None] * np.array([0.618034, 0.754878, "
                    "0.569840])) % 1)": "    own = np.random.randint(0, 256, (256, 3))[instance]"
                },
            ),
            Mistake(
                "stuff_is_mixed_too",
                "Stuff has exactly its palette's colour; only things get colours of their own.",
                {
                    "np.where(instance[..., None] > 0, (picture + own) / 2, picture)": "(picture + "
                    "own) / 2"
                },
            ),
            Mistake(
                "colours_between_0_and_1",
                "A picture of dtype uint8 with values 0 to 255 is due.",
                {"mixed.astype(np.uint8)": "mixed / 255"},
            ),
            Mistake(
                "steps_too_small_to_see",
                "The colours of two instances are so close that nobody can tell them apart.",
                {"(picture + own) / 2": "np.clip(picture + instance[..., None], 0, 255) - 1"},
            ),
            Mistake(
                "clipped_at_white",
                "What is more than 255 is clipped, so that in a bright class several instances come "
                "out white. Keep what you mix between 0 and 255 (`% 1` before the factor 255), and "
                "take the mean of two colours, not their sum.",
                {"(picture + own) / 2": "np.clip(picture + 20 * instance[..., None], 0, 255)"},
            ),
            Mistake(
                "clipped_at_black",
                "What is less than 0 is clipped, so that in a dark class several instances come out "
                "black. Take the mean of two colours, not their difference.",
                {"(picture + own) / 2": "np.clip(picture - 20 * instance[..., None], 0, 255)"},
            ),
            Mistake(
                "palette_overwritten",
                "You write into the palette that you were given: the next picture is drawn in "
                "other colours. Keep the colours of instances in an array of your own.",
                source="""
def label_colours(panoptic, palette):
    picture = np.zeros((*panoptic.shape, 3), np.uint8)
    for value in np.unique(panoptic):
        semantic, number = divmod(int(value), 256)
        if number:
            own = 255 * (np.array([0.618034, 0.754878, 0.569840]) * number % 1)
            before = palette[semantic]
            palette[semantic] = tuple((np.array(before) + own) / 2)
            picture[panoptic == value] = palette[semantic]
            palette[semantic] = tuple(map(int, palette[semantic]))
        else:
            picture[panoptic == value] = palette[semantic]
    return picture
""",
            ),
            Mistake(
                "every_pixel_its_own_colour",
                "An instance has one colour; yours changes from pixel to pixel.",
                {
                    "own = 255 * ((instance[..., None]": "own = 255 * ((np.arange(panoptic.size)"
                    ".reshape(*panoptic.shape, 1)"
                },
            ),
            Mistake(
                "channels_first",
                "The colour is the last axis: (H, W, 3).",
                {"mixed.astype(np.uint8)": "mixed.astype(np.uint8).transpose(2, 0, 1)"},
            ),
        ],
    ),
]
