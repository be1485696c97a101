"""Probes, hints and named mistakes of unit 07."""

import numpy as np
import torch

from medseg_grader.authoring import Call, Exercise, Mistake

DRAW = np.random.default_rng(7)
WEIGHT = torch.from_numpy(DRAW.normal(size=(3, 2)).round(2))
PICTURES = [torch.from_numpy(DRAW.normal(size=(n, 2, 2, 3)).round(1)) for n in (3, 2, 1)]
CLASSES = [torch.from_numpy(DRAW.integers(0, 3, (n, 2, 3))) for n in (3, 2, 1)]
LINES = torch.tensor([[1.0, 0.0], [-1.0, 0.5], [0.0, 0.6]], dtype=torch.float64)
STACK = torch.from_numpy(DRAW.normal(size=(11, 3, 4)).round(2))
TILTED = np.array([[0.5, 0, 0, 3], [0, 0.4, -0.9, 7], [0, 0.3, 2.4, 1], [0, 0, 0, 1.0]])
MIRRORED = TILTED * np.array([-1, 1, 1, 1])

AUGMENT = Exercise(
    name="augment",
    runner="augment",
    calls=[Call(48, seed=3, shown="(image, label, generator) on pictures of 48 by 48 pixels")],
    hints=[
        "Write the geometry first, without any change of brightness, and look at the picture "
        "below: do the contours follow the zones?",
        "Build one grid of positions: an affine one, plus a smooth field that you get by blowing "
        "up a coarse grid of random displacements. Look up image and label with that same grid.",
        "The label needs a channel and a float type on its way through grid_sample, the mode "
        "'nearest', and its own dtype again at the end.",
    ],
    mistakes=[
        Mistake(
            "label_left_behind",
            "The image moves, the label stays: the network would learn that zones lie where they "
            "no longer are. Look both up with the same grid.",
            {'look_up(label[None].to(image), "nearest")[0]': "label.clone()"},
        ),
        Mistake(
            "label_interpolated",
            "A label is a name, not a quantity: halfway between zone 1 and zone 3 is no zone 2. "
            "Which mode of grid_sample never mixes two values? If yours is that one: do you write "
            "into the label anywhere, or calculate with it?",
            {
                'look_up(label[None].to(image), "nearest")[0]': (
                    'look_up(label[None].to(image), "bilinear")[0].round()'
                )
            },
        ),
        Mistake(
            "two_geometries",
            "Image and label are deformed, but not by the same field. Draw the geometry once, "
            "before you look up either of them.",
            {
                "    zones = look_up(label[None]": (
                    "    grid = grid + uniform(-0.3, 0.3, dims)\n    zones = look_up(label[None]"
                )
            },
        ),
        Mistake(
            "global_randomness",
            "Something is drawn from a global state of chance, torch's or numpy's: with the same "
            "generator two calls give different results. Hand the generator to every draw.",
            {"torch.rand(size, generator=generator)": "torch.rand(size)"},
        ),
        Mistake(
            "only_straight_lines",
            "Straight lines stay straight, or nearly so: there is no field of displacements that "
            "differs from place to place, or one too weak to see. The picture is 2 wide in these "
            "positions, so 5 per cent of the width are 0.1.",
            {"align_corners=False) + field": "align_corners=False)"},
        ),
        Mistake(
            "torn_apart",
            "Your field displaces pixels by a large part of the picture: no bladder does that to a "
            "prostate. In these positions the picture is 2 wide, so 0.05 are 2.5 per cent of it.",
            {"coarse = uniform(-0.05, 0.05,": "coarse = uniform(-0.6, 0.6,"},
        ),
        Mistake(
            "not_smooth",
            "Neighbouring pixels are displaced in different directions, which tears the tissue to "
            "pieces. Draw a coarse grid, of about five by five, and let F.interpolate blow it up.",
            {"[min(5, size) for size in spatial]": "[min(64, size) for size in spatial]"},
        ),
        Mistake(
            "turned_too_far",
            "You turn by far more than 15 degrees, but patients lie on their backs. Are your angles "
            "in radians? 15 degrees are 0.26.",
            {"turn, zoom = uniform(-0.2, 0.2)": "turn, zoom = uniform(-0.8, 0.8)"},
        ),
        Mistake(
            "moves_between_slices",
            "In a volume something also moves along the slices, which lie 3 mm apart. Displacements "
            "have 0 in that component, the last of the grid's three coordinates, and nothing is "
            "mirrored along it.",
            {"    coarse[:, 2:] = 0\n": ""},
        ),
        Mistake(
            "gives_nothing_back",
            "Your function calculates, but gives nothing back: `return` the image and the label.",
            {"return brighter, zones.to(label.dtype)": "zones.to(label.dtype)"},
        ),
        Mistake(
            "upside_down",
            "You exchange front and back: the rectum would lie in front of the prostate. Which "
            "axis of the picture runs from right to left, and which coordinate is that in the grid?",
            {"theta[:, 0] *= -1": "theta[:, 1] *= -1"},
        ),
        Mistake(
            "never_mirrored",
            "Left and right never change places: mirror half of the draws, by a coin that the "
            "generator throws.",
            {"if uniform(0, 1) < 0.5:": "if uniform(0, 1) < -1:"},
        ),
        Mistake(
            "always_mirrored",
            "Every picture is mirrored, so the network never sees the patients as they are. Mirror "
            "half of the draws.",
            {"if uniform(0, 1) < 0.5:": "if uniform(0, 1) < 2:"},
        ),
        Mistake(
            "slants",
            "Your pictures are slanted instead of turned: in a turn, the sine stands in both rows, "
            "once with a minus sign.",
            {"[turn.cos(), -turn.sin()]": "[turn.cos(), turn.sin()]"},
        ),
        Mistake(
            "never_turned",
            "Your pictures are never turned, though A mirrors, turns and zooms. Draw an angle, and "
            "put its cosine and its sine into both rows of the matrix.",
            {"turn, zoom = uniform(-0.2, 0.2), ": "turn, zoom = uniform(0, 0), "},
        ),
        Mistake(
            "turned_one_way",
            "All your pictures are turned to the same side: draw the angle from below 0 to above.",
            {"turn, zoom = uniform(-0.2, 0.2)": "turn, zoom = uniform(0.0, 0.25)"},
        ),
        Mistake(
            "changes_its_input",
            "The image or the label that came in is not the same afterwards: `+=` and the like "
            "write into it. The next epoch would begin with what this one has left.",
            {"    moved = look_up(": "    image *= 1.1\n    moved = look_up("},
        ),
        Mistake(
            "never_zoomed",
            "All your pictures have the same zoom: multiply the turn by a factor around 1 that is "
            "drawn anew.",
            {"uniform(0.9, 1.15)": "uniform(1, 1)"},
        ),
        Mistake(
            "never_shifted",
            "Your pictures are not shifted anew along both axes, or hardly: t, the last column of "
            "the matrix, is missing, the same each time, or near 0 in one of its two numbers.",
            {"    theta[:2, -1] = uniform(-0.08, 0.08, 2)\n": ""},
        ),
        Mistake(
            "bends_one_way",
            "Your field displaces along one axis only, so the lines along that axis stay straight. "
            "u has a component for the rows and one for the columns.",
            {"    coarse[:, 2:] = 0\n": "    coarse[:, 1:] = 0\n"},
        ),
        Mistake(
            "seldom_mirrored",
            "Patients are as they are in half of the draws, and mirrored in the other half: yours "
            "favours one of the two.",
            {"if uniform(0, 1) < 0.5:": "if uniform(0, 2) < 0.5:"},
        ),
        Mistake(
            "contrast_alone",
            "The contrast changes, the brightness does not of itself: in a · image + b, your b is "
            "missing, the same each time, follows from a, or is cut off again by a clamp.",
            {" + uniform(-0.2, 0.2)": ""},
        ),
        Mistake(
            "brightness_alone",
            "The brightness changes, the contrast does not: in a · image + b, your a is missing or "
            "the same each time.",
            {"moved * uniform(0.75, 1.3) + ": "moved + "},
        ),
        Mistake(
            "one_brightness",
            "The geometry changes, the brightness does not: the next scanner will surprise your "
            "network. Change contrast and brightness of the image, never of the label.",
            {"moved * uniform(0.75, 1.3) + uniform(-0.2, 0.2)": "moved"},
        ),
        Mistake(
            "no_complaint",
            "An image and a label that do not cover the same pixels are a mistake of the caller: "
            "raise a ValueError that names both shapes, before you calculate anything.",
            {"if image.shape[1:] != spatial:": "if image.dim() != dims + 1:"},
        ),
    ],
)

TRAIN_EPOCH = Exercise(
    name="train_epoch",
    runner="train_epoch",
    calls=[
        Call(
            WEIGHT,
            PICTURES,
            CLASSES,
            0.5,
            shown="(model, batches, cross_entropy, optimizer, device) on batches of 3, 2 and 1 "
            "pictures",
        )
    ],
    hints=[
        "Five things happen to each batch: predict, compare, forget the old gradients, find the "
        "new ones, step. In which order?",
        "The loss of a batch is a mean over its items. To get a mean over all items, multiply it "
        "with their number before you add it up.",
        "A sum of tensors that carry gradients keeps the whole epoch in memory: take the number "
        "out with item().",
    ],
    mistakes=[
        Mistake(
            "gradients_pile_up",
            "From the second batch on your weights go astray: the gradients of former batches are "
            "still there when the new ones are added.",
            {"        optimizer.zero_grad()\n": ""},
        ),
        Mistake(
            "mean_over_batches",
            "Your loss is the mean over batches, so a last batch of one item counts as much as a "
            "full one: weigh each batch with its number of items.",
            {"value.item() * len(image)": "value.item()", "count += len(image)": "count += 1"},
        ),
        Mistake(
            "loss_arguments_swapped",
            "The loss takes what the network says first, then the label: loss(logits, label).",
            {
                "value = loss(model(image.to(device)), label.to(device))": (
                    "value = loss(label.to(device), model(image.to(device)))"
                )
            },
        ),
        Mistake(
            "not_in_training_mode",
            "The model came in evaluation mode, and you left it there: batch normalisation would "
            "learn nothing. Switch it before the first batch.",
            {"    model.train()\n": ""},
        ),
        Mistake(
            "never_steps",
            "From batch to batch the weights stay as they are: no step is taken inside the loop, or "
            "the gradients are emptied between `backward()` and `step()`.",
            {"        optimizer.step()\n": ""},
        ),
        Mistake(
            "loss_as_a_tensor",
            "You return a tensor, which drags the calculations of the whole epoch along. A plain "
            "number is asked for.",
            {"value.item() * len(image)": "value * len(image)"},
        ),
        Mistake(
            "last_batch_only",
            "What you return is the loss of the last batch, not the mean over all of them.",
            {"return total / count": "return value.item()"},
        ),
        Mistake(
            "batches_stay_on_the_cpu",
            "The model may live on a graphics card, while the batches come from the CPU. Move both "
            "parts of a batch to the device.",
            {
                "model(image.to(device))": "model(image)",
                "label.to(device)": "label",
            },
        ),
    ],
)

EVALUATE = Exercise(
    name="evaluate",
    runner="evaluate",
    calls=[
        Call(
            WEIGHT,
            PICTURES,
            CLASSES,
            4,
            shown="(model, batches, 4, device) on batches of 3, 2 and 1 pictures",
        )
    ],
    hints=[
        "Confusion matrices add up: start with zeros, add that of each batch.",
        "Which axis of the logits counts the classes? The prediction is the index of the largest.",
        "Note model.training before you switch to evaluation mode, and hand it to model.train at "
        "the end.",
    ],
    mistakes=[
        Mistake(
            "gradients_stay_off",
            "After the call nothing can learn any more: switch gradients off inside "
            "`with torch.no_grad():`, which switches them on again.",
            {
                "    with torch.no_grad():\n        for image": (
                    "    torch.set_grad_enabled(False)\n    if True:\n        for image"
                )
            },
        ),
        Mistake(
            "last_batch_only",
            "Only the last batch is in your matrix. Each batch has to be added.",
            {"confusion += counts.cpu()": "confusion = counts.cpu()"},
        ),
        Mistake(
            "rows_are_predictions",
            "Your matrix is transposed: rows are targets, columns predictions. In which order does "
            "confusion_matrix take them?",
            {
                "confusion_matrix(prediction, label.to(device), num_classes)": (
                    "confusion_matrix(label.to(device), prediction, num_classes)"
                )
            },
        ),
        Mistake(
            "still_training",
            "The model predicts in training mode: dropout and batch normalisation would make the "
            "result depend on what else is in the batch.",
            {"    model.eval()\n": ""},
        ),
        Mistake(
            "mode_not_restored",
            "The model came in one mode and leaves in another: note its mode before you change it.",
            {"model.train(mode)": "model.train()"},
        ),
        Mistake(
            "gradients_are_kept",
            "Gradients are recorded, which nobody asked for: memory grows with every batch. Which "
            "context switches that off?",
            {"with torch.no_grad():": "with torch.enable_grad():"},
        ),
        Mistake(
            "classes_along_the_wrong_axis",
            "You look for the largest logit along a row of pixels, not over the classes. Which "
            "axis of (N, C, H, W) is that of the classes?",
            {"argmax(dim=1)": "argmax(dim=-1)"},
        ),
        Mistake(
            "images_stay_on_the_cpu",
            "The model may live on a graphics card, while the batches come from the CPU. Calculate "
            "on the device, and bring only the small matrix back.",
            {"model(image.to(device))": "model(image)", "label.to(device)": "label"},
        ),
        Mistake(
            "classes_counted_from_the_data",
            "Your matrix is too small: a class that does not occur in these batches still has its "
            "row and column. Take num_classes.",
            {
                "    return confusion": "    seen = confusion.sum(1) + confusion.sum(0) > 0\n"
                "    return confusion[seen][:, seen]"
            },
        ),
    ],
)

FIT = Exercise(
    name="fit",
    runner="fit",
    uses=("augment", "train_epoch", "evaluate", "predict_volume"),
    unseen="Not looked at here: how well a network does that your functions have trained. The last "
    "graded cell of this unit trains one and measures it.",
    calls=[
        Call(3.0, 4.5, 0.25, 0.8, 6, shown=" with a model of one weight and two batches, 6 epochs")
    ],
    hints=[
        "Write it without checkpoints first: epochs, history, best state. Then ask what a second "
        "call would have to know.",
        "Two states are kept: the latest, from which training goes on, and the best, with which "
        "the model is left. Both belong into the file.",
        "The loop starts at the length of the history that was loaded, not at 0. And a state "
        "dictionary holds the living weights: clone what you want to keep.",
    ],
    mistakes=[
        Mistake(
            "first_epoch_never_best",
            "The first epoch may be the best one. Compare each epoch with the best so far, the first "
            "included, not with the one before it.",
            {
                'if history[-1]["mean_iou"] >= max(entry["mean_iou"] for entry in history):': (
                    "recent = history[1:] or history\n            "
                    'if history[-1]["mean_iou"] >= max(entry["mean_iou"] for entry in recent):'
                )
            },
        ),
        Mistake(
            "other_checkpoints_overwritten",
            "A checkpoint that does not fit the model belongs to another training: refuse it "
            "with a ValueError, as load_checkpoint does, before you write over it.",
            {
                "saved = training.load_checkpoint(checkpoint, model)": (
                    "saved = None\n    if Path(checkpoint).exists():\n"
                    "        saved = torch.load(checkpoint, weights_only=True)\n"
                    '        fits = saved["model"].keys() == model.state_dict().keys()\n'
                    "        saved = saved if fits else None"
                )
            },
        ),
        Mistake(
            "left_with_the_last",
            "The model is left as the last epoch made it. What did the best epoch's weights look "
            "like, were they copied with clone(), and who puts them back?",
            {"    model.load_state_dict(best)\n": ""},
        ),
        Mistake(
            "best_not_copied",
            "Your best state changes along with the model: a state dictionary holds the weights "
            "themselves, not a copy of them.",
            {"tensor.clone()": "tensor"},
        ),
        Mistake(
            "best_by_training_loss",
            "You keep the state with the lowest training loss. A network that learns its patients "
            "by heart has the lowest of all: ask the validation patients.",
            {
                'if history[-1]["mean_iou"] >= max(entry["mean_iou"] for entry in history):': (
                    'if history[-1]["loss"] <= min(entry["loss"] for entry in history):'
                )
            },
        ),
        Mistake(
            "checkpoint_ignored",
            "A second call starts from the beginning, although the file knows what was done.",
            {"saved = training.load_checkpoint(checkpoint, model)": "saved = None"},
        ),
        Mistake(
            "goes_on_from_the_best",
            "After an interruption your training goes on from the best state, not from the latest: "
            "the result is no longer that of an unbroken run.",
            {'model.load_state_dict(saved["model"])': 'model.load_state_dict(saved["best"])'},
        ),
        Mistake(
            "optimiser_forgets",
            "The weights come back after an interruption, the optimiser starts anew: its momentum "
            "is part of the run, and has a state dictionary too.",
            {'        optimizer.load_state_dict(saved["optimizer"])\n': ""},
        ),
        Mistake(
            "best_saved_as_the_latest",
            "A finished run may be called again with more epochs. Yours then goes on from the best "
            "state: at the end it was written into the file in place of the latest.",
            {
                "    model.load_state_dict(best)\n": (
                    "    model.load_state_dict(best)\n    if state := saved or locals().get('state'):\n"
                    '        training.save_checkpoint(checkpoint, {**state, "model": best})\n'
                )
            },
        ),
        Mistake(
            "removes_the_checkpoint",
            "When the run has ended, the file is not there: a second call would train all over again.",
            {
                "    model.load_state_dict(best)\n": (
                    "    model.load_state_dict(best)\n    Path(checkpoint).unlink()\n"
                )
            },
        ),
        Mistake(
            "saved_only_at_the_end",
            "A file that is written after the last epoch is of no use when the power fails before. "
            "When should it be written?",
            {
                "            training.save_checkpoint(checkpoint, state)\n": (
                    "            if len(history) == epochs:\n"
                    "                training.save_checkpoint(checkpoint, state)\n"
                )
            },
        ),
        Mistake(
            "as_many_again",
            "After an interruption you train `epochs` more epochs. The number is meant for the "
            "whole run: what is in the history counts.",
            {"for _ in range(len(history), epochs):": "for _ in range(epochs):"},
        ),
        Mistake(
            "history_of_training_only",
            "The mean IoU is not measured on the validation batches. Measured on the training "
            "batches it says how well the network remembers, not how well it does on new patients.",
            {
                "confusion = evaluate(model, validation_batches, num_classes, device)": (
                    "confusion = evaluate(model, train_batches, num_classes, device)"
                )
            },
        ),
    ],
)

PREDICT_VOLUME = Exercise(
    name="predict_volume",
    runner="predict_volume",
    calls=[Call(LINES, STACK, shown="(model, volume, device) on a volume of 11 by 3 by 4 voxels")],
    hints=[
        "The network wants (N, 1, H, W), the volume is (D, H, W): what is N, and where does the "
        "channel go?",
        "volume.split(8) gives stacks of at most eight slices; torch.cat joins the answers.",
        "Take the largest logit over the classes, bring it to the CPU, restore the model's mode.",
    ],
    mistakes=[
        Mistake(
            "gradients_stay_off",
            "After the call nothing can learn any more: switch gradients off inside "
            "`with torch.no_grad():`, which switches them on again.",
            {
                "    with torch.no_grad():\n        for stack": (
                    "    torch.set_grad_enabled(False)\n    if True:\n        for stack"
                )
            },
        ),
        Mistake(
            "slices_as_channels",
            "The network sees one picture with many channels. Each slice is a picture of its own "
            "with one channel: where does the new axis belong?",
            {"stack.unsqueeze(1)": "stack.unsqueeze(0)"},
        ),
        Mistake(
            "largest_logit_not_its_class",
            "You return how large the largest logit is. Asked for is which class it belongs to.",
            {"logits.argmax(dim=1)": "logits.amax(dim=1)"},
        ),
        Mistake(
            "first_stack_only",
            "Your result has fewer slices than the volume: join the answers of all stacks.",
            {"return torch.cat(labels)": "return labels[0]"},
        ),
        Mistake(
            "still_training",
            "The model predicts in training mode, so that a patient's labels would depend on which "
            "slices share a batch.",
            {"    model.eval()\n": ""},
        ),
        Mistake(
            "gradients_are_kept",
            "Gradients are recorded for a prediction: a whole volume's worth of memory for nothing.",
            {"with torch.no_grad():": "with torch.enable_grad():"},
        ),
        Mistake(
            "mode_not_restored",
            "The model comes in one mode and leaves in another: note its mode before you change it.",
            {"    model.train(mode)\n": ""},
        ),
        Mistake(
            "volume_stays_on_the_cpu",
            "The model may live on a graphics card, while the volume comes from the CPU. Move each "
            "stack to the device before the model sees it.",
            {"stack.unsqueeze(1).to(device)": "stack.unsqueeze(1)"},
        ),
        Mistake(
            "left_on_the_device",
            "Your result stays on the graphics card; it is asked for on the CPU.",
            {"logits.argmax(dim=1).cpu()": "logits.argmax(dim=1)"},
        ),
    ],
)

ZONE_VOLUMES = Exercise(
    name="zone_volumes_ml",
    device=True,
    calls=[
        Call(torch.tensor([[[0, 1, 1], [2, 0, 1]]]), TILTED, 5),
        Call(torch.tensor([2, 2, 0]), MIRRORED, 3),
    ],
    hints=[
        "Two questions: how many voxels has each class, and how large is one voxel?",
        "The determinant of the upper left 3 × 3 part is the volume of a voxel in mm³, up to its "
        "sign.",
        "torch.bincount counts; minlength keeps a place for classes that are absent.",
    ],
    mistakes=[
        Mistake(
            "diagonal_of_a_tilted_scan",
            "You multiply the diagonal of the affine. In a tilted scan the edges of a voxel lie "
            "askew, and the diagonal holds only a part of them.",
            {"abs(np.linalg.det(affine[:3, :3]))": "abs(np.prod(np.diag(affine)[:3]))"},
        ),
        Mistake(
            "cubic_millimetres",
            "That is the volume in mm³. How many of them make a millilitre?",
            {" / 1000": ""},
        ),
        Mistake(
            "centimetre_of_ten",
            "You divide by 10. A centimetre has 10 mm, but a cubic centimetre, which is a "
            "millilitre, has 10 · 10 · 10 of them.",
            {" / 1000": " / 10"},
        ),
        Mistake(
            "negative_volume",
            "In a scan whose axes are mirrored your volumes are negative: the sign of the "
            "determinant only says which way the axes run.",
            {"abs(np.linalg.det(affine[:3, :3]))": "np.linalg.det(affine[:3, :3])"},
        ),
        Mistake(
            "absent_classes_missing",
            "Classes that do not occur have no place in your result, so the next one would be read "
            "as another zone. Give every class its entry.",
            {", minlength=num_classes": ""},
        ),
        Mistake(
            "background_left_out",
            "Entry k is the volume of class k, and class 0 is the background: leave it in.",
            {"    return counts.double()": "    counts = counts[1:]\n    return counts.double()"},
        ),
        Mistake(
            "voxels_only",
            "You count voxels. A voxel of one scan is several times as large as that of another: "
            "the affine says how large.",
            {" * float(voxel) / 1000": ""},
        ),
    ],
)

EXERCISES = [AUGMENT, TRAIN_EPOCH, EVALUATE, FIT, PREDICT_VOLUME, ZONE_VOLUMES]
