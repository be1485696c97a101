"""Small changes of unit 07's solutions that may keep all points, and why."""

from medseg_grader.authoring import Equivalent

LIGHT = "brighter = moved * uniform(0.75, 1.3) + uniform(-0.2, 0.2)"
COARSE = "coarse = uniform(-0.05, 0.05, 1, dims, *[min(5, size) for size in spatial])"
FIELD = "field = F.interpolate(coarse, spatial, mode=smooth, align_corners=True).movedim(1, -1)"
FOUND = (
    "found = F.grid_sample(picture[None], grid, mode=mode, padding_mode='border', "
    "align_corners=False)"
)
GRID = "grid = F.affine_grid(theta[None], (1, 1, *spatial), align_corners=False) + field"
COIN = "if uniform(0, 1) < 0.5:"
ROW = "theta[{}, :2] = zoom * torch.stack([{}])"
TURNED = "turn.cos(), -turn.sin()", "turn.sin(), turn.cos()"
SHIFT = "theta[:2, -1] = uniform(-0.08, 0.08, 2)"
MOTION = "turn, zoom = (uniform(-0.2, 0.2), uniform(0.9, 1.15))"
ZONES = "zones = look_up(label[None].to(image), 'nearest')[0]"
FREE = "How far is free, within the limits that the docstring names."
CHANCE = "Chance that has no direction gives the same the other way round."
EDGE = "Half a pixel at the border, for image and label alike, is free."
ROWS = "Near 0 an angle and its sine are the same to a hundredth; a zoom of one axis is a zoom."
SCREEN = "What `fit` shows on the screen is not graded, as its docstring says."
STACK = "How many slices are taken at a time is free."


def augmented(line: str, why: str, *changes: tuple[str, str]) -> list[Equivalent]:
    """Changes of one line of `augment`, each as what is replaced by what."""
    assert all(before in line for before, _ in changes), line
    return [
        Equivalent("augment", f"{line}  ->  {line.replace(before, after)}", why)
        for before, after in changes
    ]


EQUIVALENTS = [
    *augmented(
        LIGHT,
        FREE,
        ("0.75, 1.3", "0.375, 1.3"),
        ("0.75, 1.3", "0.75, 0.65"),
        ("0.75, 1.3", "0.75, 2.3"),
        ("0.75, 1.3", "1.75, 1.3"),
        ("-0.2, 0.2", "-0.1, 0.2"),
        ("-0.2, 0.2", "-0.2, 0.1"),
        ("-0.2, 0.2", "-0.2, 1.2"),
        ("-0.2, 0.2", "-1.2, 0.2"),
    ),
    *augmented(
        LIGHT,
        CHANCE,
        ("-0.2, 0.2", "0.2, -0.2"),
        ("+ uniform", "- uniform"),
        ("0.75, 1.3", "1.3, 0.75"),
        ("moved *", "moved /"),
    ),
    *augmented(
        COARSE,
        FREE,
        ("-0.05, 0.05", "-0.025, 0.05"),
        ("-0.05, 0.05", "-0.05, 0.025"),
        ("5, s", "6, s"),
        ("5, s", "4, s"),
    ),
    *augmented(COARSE, CHANCE, ("-0.05, 0.05", "0.05, -0.05")),
    *augmented(FIELD, EDGE, (", align_corners=True", ""), ("=True", "=False")),
    *augmented(
        FOUND,
        EDGE,
        (" padding_mode='border',", ""),
        (", align_corners=False", ""),
        ("corners=False", "corners=True"),
    ),
    *augmented(GRID, EDGE, (", align_corners=False", ""), ("=False", "=True")),
    *augmented(GRID, CHANCE, ("+ field", "- field")),
    *augmented(GRID, "The number of channels does not matter to a grid.", ("(1, 1,", "(1, 2,")),
    *augmented(COIN, CHANCE, ("<", "<="), ("<", ">"), ("(0, 1)", "(1, 0)")),
    *augmented(ROW.format(0, TURNED[0]), ROWS, ("zoom * ", ""), ("-turn.sin()", "-turn")),
    *augmented(ROW.format(1, TURNED[1]), ROWS, ("zoom * ", ""), ("turn.sin()", "turn")),
    *augmented("theta[:, 0] *= -1", "Divided by -1 is the same.", ("*=", "/=")),
    *augmented(SHIFT, FREE, ("-0.08, 0", "-0.04, 0"), ("0.08, 2", "0.04, 2")),
    *augmented(SHIFT, "A shift along the diagonal is a shift.", (", 2)", ", 1)")),
    *augmented(SHIFT, CHANCE, ("-0.08, 0.08", "0.08, -0.08")),
    *augmented(MOTION, FREE, ("-0.2, 0.2", "-0.1, 0.2"), ("-0.2, 0.2", "-0.2, 0.1")),
    *augmented(MOTION, CHANCE, ("0.9, 1.15", "1.15, 0.9"), ("-0.2, 0.2", "0.2, -0.2")),
    *augmented(ZONES, "There is one picture, the first and the last.", ("[0]", "[-1]")),
    Equivalent(
        "augment", "return found[0]  ->  return found[-1]", "There is one picture, first and last."
    ),
    Equivalent("fit", "progress.update(history)  ->  pass", SCREEN),
    Equivalent("fit", "progress.update(history)  ->  progress", SCREEN),
    Equivalent(
        "fit",
        "with training.Progress(epochs, len(history)) as progress:  ->  "
        "with training.Progress(len(history), epochs) as progress:",
        SCREEN,
    ),
    *(
        Equivalent(
            "predict_volume",
            f"for stack in volume.split(8):  ->  for stack in volume.split({number}):",
            STACK,
        )
        for number in (7, 9)
    ),
    Equivalent(
        "zone_volumes_ml",
        "return counts.double() * float(voxel) / 1000  ->  return counts * float(voxel) / 1000",
        "torch multiplies whole numbers as float32, and any float will do.",
    ),
]
