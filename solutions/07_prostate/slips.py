"""Wrong answers to unit 07 as students write them."""

from medseg_grader.authoring import Slip

SLIPS = [
    Slip(
        "augment",
        "label_interpolated",
        "labels stay labels",
        """
def augment(image, label, generator):
    if image.shape[1:] != label.shape:
        raise ValueError(
            f"image {tuple(image.shape[1:])} and label {tuple(label.shape)} differ in shape"
        )

    def rand(low, high):
        return low + (high - low) * torch.rand((), generator=generator).item()

    volume = label.ndim == 3
    pictures = image.movedim(1, 0) if volume else image[None]
    zones = label[:, None] if volume else label[None, None]
    h, w = label.shape[-2:]
    # turn, zoom, mirror, shift
    angle = np.deg2rad(rand(-14, 14))
    zoom = rand(0.85, 1.15)
    mirror = -1.0 if rand(0, 1) < 0.5 else 1.0
    c, s = zoom * np.cos(angle), zoom * np.sin(angle)
    theta = torch.tensor(
        [
            [mirror * c, -s * h / w, rand(-0.15, 0.15)],
            [mirror * s * w / h, c, rand(-0.15, 0.15)],
        ],
        dtype=torch.float32,
    )
    grid = F.affine_grid(theta[None], (1, 1, h, w), align_corners=False)
    # elastic: in these positions the picture is 2 wide
    y, x = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij")
    size = rand(0.052, 0.058)
    bend_x = size * torch.cos(np.pi * y + 0.9 * x + rand(0, 6.28))
    bend_y = size * torch.cos(np.pi * x + 0.9 * y + rand(0, 6.28))
    grid = grid + torch.stack([bend_x, bend_y], dim=-1)[None]
    grid = grid.to(image.device, image.dtype).expand(len(pictures), -1, -1, -1)
    new_image = F.grid_sample(
        pictures, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    new_label = F.grid_sample(
        zones.to(image.dtype), grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    # another light
    contrast, brightness = rand(0.8, 1.2), rand(-0.2, 0.2)
    new_image = contrast * new_image + brightness
    new_image = new_image.movedim(0, 1) if volume else new_image[0]
    new_label = new_label[:, 0] if volume else new_label[0, 0]
    return new_image.contiguous(), new_label.round().long()
""",
        what="Interpolates the labels bilinearly and rounds: between zone 1 and zone 3 appears zone 2.",
        slow=True,
    ),
    Slip(
        "augment",
        "upside_down",
        "expected left and right change places to be",
        """
def augment(image, label, generator):
    if image.shape[1:] != label.shape:
        raise ValueError(
            f"image {tuple(image.shape[1:])} and label {tuple(label.shape)} differ in shape"
        )

    def rand(low, high):
        return low + (high - low) * torch.rand((), generator=generator).item()

    volume = label.ndim == 3
    pictures = image.movedim(1, 0) if volume else image[None]
    zones = label[:, None] if volume else label[None, None]
    h, w = label.shape[-2:]
    # turn, zoom, mirror, shift
    angle = np.deg2rad(rand(-14, 14))
    zoom = rand(0.85, 1.15)
    mirror = -1.0 if rand(0, 1) < 0.5 else 1.0
    c, s = zoom * np.cos(angle), zoom * np.sin(angle)
    theta = torch.tensor(
        [
            [c, -mirror * s * h / w, rand(-0.15, 0.15)],
            [s * w / h, mirror * c, rand(-0.15, 0.15)],
        ],
        dtype=torch.float32,
    )
    grid = F.affine_grid(theta[None], (1, 1, h, w), align_corners=False)
    # elastic: in these positions the picture is 2 wide
    y, x = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij")
    size = rand(0.052, 0.058)
    bend_x = size * torch.cos(np.pi * y + 0.9 * x + rand(0, 6.28))
    bend_y = size * torch.cos(np.pi * x + 0.9 * y + rand(0, 6.28))
    grid = grid + torch.stack([bend_x, bend_y], dim=-1)[None]
    grid = grid.to(image.device, image.dtype).expand(len(pictures), -1, -1, -1)
    new_image = F.grid_sample(
        pictures, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    new_label = F.grid_sample(
        zones.to(image.dtype), grid, mode="nearest", padding_mode="border", align_corners=False
    )
    # another light
    contrast, brightness = rand(0.8, 1.2), rand(-0.2, 0.2)
    new_image = contrast * new_image + brightness
    new_image = new_image.movedim(0, 1) if volume else new_image[0]
    new_label = new_label[:, 0] if volume else new_label[0, 0]
    return new_image.contiguous(), new_label.round().long()
""",
        what="Mirrors the wrong axis: front and back change places instead of left and right.",
        slow=True,
    ),
    Slip(
        "augment",
        "global_randomness",
        "the same state gives the same result",
        """
def augment(image, label, generator):
    if image.shape[1:] != label.shape:
        raise ValueError(
            f"image {tuple(image.shape[1:])} and label {tuple(label.shape)} differ in shape"
        )

    def rand(low, high):
        return low + (high - low) * torch.rand((), generator=generator).item()

    volume = label.ndim == 3
    pictures = image.movedim(1, 0) if volume else image[None]
    zones = label[:, None] if volume else label[None, None]
    h, w = label.shape[-2:]
    # turn, zoom, mirror, shift
    angle = np.deg2rad(rand(-14, 14))
    zoom = rand(0.85, 1.15)
    mirror = -1.0 if rand(0, 1) < 0.5 else 1.0
    c, s = zoom * np.cos(angle), zoom * np.sin(angle)
    theta = torch.tensor(
        [
            [mirror * c, -s * h / w, rand(-0.15, 0.15)],
            [mirror * s * w / h, c, rand(-0.15, 0.15)],
        ],
        dtype=torch.float32,
    )
    grid = F.affine_grid(theta[None], (1, 1, h, w), align_corners=False)
    # elastic: in these positions the picture is 2 wide
    y, x = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij")
    size = rand(0.052, 0.058)
    bend_x = size * torch.cos(np.pi * y + 0.9 * x + rand(0, 6.28))
    bend_y = size * torch.cos(np.pi * x + 0.9 * y + rand(0, 6.28))
    grid = grid + torch.stack([bend_x, bend_y], dim=-1)[None]
    grid = grid.to(image.device, image.dtype).expand(len(pictures), -1, -1, -1)
    new_image = F.grid_sample(
        pictures, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    new_label = F.grid_sample(
        zones.to(image.dtype), grid, mode="nearest", padding_mode="border", align_corners=False
    )
    # another light
    contrast, brightness = np.random.uniform(0.8, 1.2), np.random.uniform(-0.2, 0.2)
    new_image = contrast * new_image + brightness
    new_image = new_image.movedim(0, 1) if volume else new_image[0]
    new_label = new_label[:, 0] if volume else new_label[0, 0]
    return new_image.contiguous(), new_label.round().long()
""",
        what="Draws contrast and brightness with numpy's global random numbers: a generator in the same state gives another image.",
        slow=True,
    ),
    Slip(
        "augment",
        "not_smooth",
        "neighbours are displaced alike",
        """
def augment(image, label, generator):
    if image.shape[1:] != label.shape:
        raise ValueError(
            f"the label does not fit the image, expected {tuple(image.shape[1:])}"
        )

    def rand(low, high):
        return low + (high - low) * torch.rand((), generator=generator).item()

    volume = label.ndim == 3
    pictures = image.movedim(1, 0) if volume else image[None]
    zones = label[:, None] if volume else label[None, None]
    h, w = label.shape[-2:]
    # turn, zoom, mirror, shift
    angle = np.deg2rad(rand(-14, 14))
    zoom = rand(0.85, 1.15)
    mirror = -1.0 if rand(0, 1) < 0.5 else 1.0
    c, s = zoom * np.cos(angle), zoom * np.sin(angle)
    theta = torch.tensor(
        [
            [mirror * c, -s * h / w, rand(-0.15, 0.15)],
            [mirror * s * w / h, c, rand(-0.15, 0.15)],
        ],
        dtype=torch.float32,
    )
    grid = F.affine_grid(theta[None], (1, 1, h, w), align_corners=False)
    # elastic: in these positions the picture is 2 wide
    size = rand(0.052, 0.058)
    bend_x = size * (2 * torch.rand((h, w), generator=generator) - 1)
    bend_y = size * (2 * torch.rand((h, w), generator=generator) - 1)
    grid = grid + torch.stack([bend_x, bend_y], dim=-1)[None]
    grid = grid.to(image.device, image.dtype).expand(len(pictures), -1, -1, -1)
    new_image = F.grid_sample(
        pictures, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    new_label = F.grid_sample(
        zones.to(image.dtype), grid, mode="nearest", padding_mode="border", align_corners=False
    )
    # another light
    contrast, brightness = rand(0.8, 1.2), rand(-0.2, 0.2)
    new_image = contrast * new_image + brightness
    new_image = new_image.movedim(0, 1) if volume else new_image[0]
    new_label = new_label[:, 0] if volume else new_label[0, 0]
    return new_image.contiguous(), new_label.round().long()
""",
        what="Two mistakes: the displacements are drawn for each pixel alone, so that neighbours are torn apart (not smooth); and the message names only the image's shape.",
        slow=True,
    ),
    Slip(
        "train_epoch",
        "mean_over_batches",
        "expected loss to be",
        """
def train_epoch(model, batches, loss, optimizer, device):
    model.train()
    losses = []
    for image, label in batches:
        image, label = image.to(device), label.to(device)
        optimizer.zero_grad()
        value = loss(model(image), label)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return sum(losses) / len(losses)
""",
        what="Reports the mean over batches, so a small last batch counts too much.",
        slow=True,
    ),
    Slip(
        "train_epoch",
        "not_in_training_mode",
        "training mode",
        """
def train_epoch(model, batches, loss, optimizer, device):
    total, count = 0.0, 0
    for image, label in batches:
        image = image.to(device)
        label = label.to(device)
        value = loss(model(image), label)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        total += value.item() * len(image)
        count += len(image)
    return total / count
""",
        what="Never switches to training mode: a model that comes in evaluation mode trains in evaluation mode.",
        slow=True,
    ),
    Slip(
        "train_epoch",
        "gradients_pile_up",
        "expected loss to be",
        """
def train_epoch(model, batches, loss, optimizer, device):
    model.train()
    optimizer.zero_grad()
    total = 0.0
    n = 0
    for image, label in batches:
        logits = model(image.to(device))
        value = loss(logits, label.to(device))
        value.backward()
        optimizer.step()
        total += value.item() * image.shape[0]
        n += image.shape[0]
    return total / n
""",
        what="Clears the gradients only once, before the loop: they add up from batch to batch.",
        slow=True,
    ),
    Slip(
        "train_epoch",
        "",
        "goes through the batches once",
        """
def train_epoch(model, batches, loss, optimizer, device):
    model.train()
    cases = sum(len(label) for _, label in batches)
    mean = 0.0
    for image, label in batches:
        optimizer.zero_grad()
        value = loss(model(image.to(device)), label.to(device))
        value.backward()
        optimizer.step()
        mean += value.item() * len(image) / cases
    return mean
""",
        what="Subtle: goes through the batches twice, first to count the cases; a generator is used up by then and nothing is trained (and shuffled or augmented batches are drawn in vain).",
        slow=True,
    ),
    Slip(
        "train_epoch",
        "",
        "expected loss to be",
        """
def train_epoch(model, batches, loss, optimizer, device):
    model.train()
    total, count = 0, 0
    for image, label in batches:
        image, label = image.to(device), label.to(device)
        optimizer.zero_grad()
        loss(model(image), label).backward()
        optimizer.step()
        with torch.no_grad():
            value = loss(model(image), label)
        total = total + value * len(image)
        count += len(image)
    return total / count
""",
        what="Two mistakes: the loss that is reported is taken after the step, and it is returned as a tensor instead of a float.",
        slow=True,
    ),
    Slip(
        "evaluate",
        "mode_not_restored",
        "mode restored",
        """
def evaluate(model, batches, num_classes, device):
    model.eval()
    total = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    with torch.no_grad():
        for image, label in batches:
            prediction = model(image.to(device)).argmax(dim=1)
            total += confusion_matrix(prediction.cpu(), label.cpu(), num_classes)
    return total
""",
        what="Leaves the model in evaluation mode: its own mode is not restored.",
        slow=True,
    ),
    Slip(
        "evaluate",
        "mode_not_restored",
        "mode restored",
        """
def evaluate(model, batches, num_classes, device):
    model.eval()
    confusion = torch.zeros((num_classes, num_classes), dtype=torch.int64)
    with torch.no_grad():
        for image, label in batches:
            found = model(image.to(device)).argmax(1)
            confusion = confusion + confusion_matrix(found, label.to(device), num_classes).cpu()
    model.train()
    return confusion
""",
        what="Switches to training mode at the end whatever the mode was before.",
        slow=True,
    ),
    Slip(
        "evaluate",
        "rows_are_predictions",
        "expected confusion to be",
        """
def evaluate(model, batches, num_classes, device):
    was_training = model.training
    model.eval()
    confusion = torch.zeros(num_classes, num_classes, dtype=torch.long)
    with torch.no_grad():
        for image, label in batches:
            pred = model(image.to(device)).argmax(dim=1).cpu()
            confusion += confusion_matrix(label.cpu(), pred, num_classes)
    model.train(was_training)
    return confusion
""",
        what="Swaps the arguments of confusion_matrix: rows are predictions and columns targets.",
        slow=True,
    ),
    Slip(
        "evaluate",
        "gradients_are_kept",
        "no gradients",
        """
def evaluate(model, batches, num_classes, device):
    mode = model.training
    model.eval()
    matrices = [torch.zeros(num_classes, num_classes, dtype=torch.int64)]
    for image, label in batches:
        prediction = model(image.to(device)).argmax(dim=1).detach().cpu()
        matrices.append(confusion_matrix(prediction, label.cpu(), num_classes).cpu())
    model.train(mode)
    return torch.stack(matrices).sum(dim=0)
""",
        what="Subtle: calculates with gradients; argmax hides it, but torch keeps all intermediate results.",
        slow=True,
    ),
    Slip(
        "evaluate",
        "",
        "expected confusion to have dtype",
        """
def evaluate(model, batches, num_classes, device):
    confusion = torch.zeros(num_classes, num_classes)
    with torch.no_grad():
        for image, label in batches:
            logits = model(image.to(device))
            prediction = logits.argmax(dim=1).cpu()
            confusion += confusion_matrix(prediction, label.cpu(), num_classes)
    return confusion
""",
        what="Two mistakes: the model is never put into evaluation mode, and the sum is a float matrix instead of int64.",
        slow=True,
    ),
    Slip(
        "fit",
        "best_not_copied",
        "expected weight that is left to be",
        """
def fit(model, train_batches, validation_batches, loss, optimizer, num_classes, epochs, device, checkpoint):
    history, best, best_iou = [], None, -1.0
    saved = training.load_checkpoint(checkpoint, model)
    if saved is not None:
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        history, best, best_iou = saved["history"], saved["best"], saved["best_iou"]
    with training.Progress(epochs, len(history)) as progress:
        for _ in range(len(history), epochs):
            mean_loss = train_epoch(model, train_batches, loss, optimizer, device)
            iou = float(mean_iou(evaluate(model, validation_batches, num_classes, device)))
            history.append({"loss": mean_loss, "mean_iou": iou})
            if best is None or iou > best_iou:
                best, best_iou = model.state_dict(), iou
            training.save_checkpoint(
                checkpoint,
                {
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "history": history,
                    "best": best,
                    "best_iou": best_iou,
                },
            )
            progress.update(history)
    if best is not None:
        model.load_state_dict(best)
    return history
""",
        what="Keeps the best state without cloning: it changes as training goes on, and the model ends in its latest state.",
        slow=True,
    ),
    Slip(
        "fit",
        "",
        "expected weight after an interrupted run to be",
        """
def fit(model, train_batches, validation_batches, loss, optimizer, num_classes, epochs, device, checkpoint):
    history = []
    saved = training.load_checkpoint(checkpoint, model)
    if saved is not None:
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        history = saved["history"]
    best_iou = -1.0
    best_state = {k: v.clone() for k, v in model.state_dict().items()}
    with training.Progress(epochs, len(history)) as progress:
        while len(history) < epochs:
            value = train_epoch(model, train_batches, loss, optimizer, device)
            iou = float(mean_iou(evaluate(model, validation_batches, num_classes, device)))
            history.append({"loss": value, "mean_iou": iou})
            if iou > best_iou:
                best_iou = iou
                best_state = {k: v.clone() for k, v in model.state_dict().items()}
            state = {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "history": history,
            }
            training.save_checkpoint(checkpoint, state)
            progress.update(history)
    model.load_state_dict(best_state)
    return history
""",
        what="The best state is not in the checkpoint: after an interruption only the new epochs can win, and a run with none missing stays in its latest state.",
        slow=True,
    ),
    Slip(
        "fit",
        "optimiser_forgets",
        "expected loss to be",
        """
def fit(model, train_batches, validation_batches, loss, optimizer, num_classes, epochs, device, checkpoint):
    saved = training.load_checkpoint(checkpoint, model)
    if saved is None:
        history, best = [], {"iou": -1.0, "state": None}
    else:
        model.load_state_dict(saved["model"])
        history, best = saved["history"], saved["best"]
    with training.Progress(epochs, len(history)) as progress:
        for epoch in range(len(history), epochs):
            mean_loss = train_epoch(model, train_batches, loss, optimizer, device)
            confusion = evaluate(model, validation_batches, num_classes, device)
            iou = float(mean_iou(confusion))
            history.append({"loss": mean_loss, "mean_iou": iou})
            if iou > best["iou"]:
                state = {k: v.detach().clone() for k, v in model.state_dict().items()}
                best = {"iou": iou, "state": state}
            training.save_checkpoint(
                checkpoint, {"model": model.state_dict(), "history": history, "best": best}
            )
            progress.update(history)
    if best["state"] is not None:
        model.load_state_dict(best["state"])
    return history
""",
        what="Leaves the optimiser's state out of the checkpoint: a resumed run starts without its momentum.",
        slow=True,
    ),
    Slip(
        "fit",
        "",
        "expected weight of a finished run to be",
        """
def fit(model, train_batches, validation_batches, loss, optimizer, num_classes, epochs, device, checkpoint):
    history, best, best_iou = [], None, -1.0
    saved = training.load_checkpoint(checkpoint, model)
    if saved is not None:
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        history = list(saved["history"])
        best, best_iou = saved["best"], saved["best_iou"]
    if len(history) >= epochs:
        return history
    with training.Progress(epochs, len(history)) as progress:
        for _ in range(epochs - len(history)):
            mean_loss = train_epoch(model, train_batches, loss, optimizer, device)
            iou = float(mean_iou(evaluate(model, validation_batches, num_classes, device)))
            history.append({"loss": mean_loss, "mean_iou": iou})
            if iou > best_iou:
                best_iou = iou
                best = {name: t.clone() for name, t in model.state_dict().items()}
            training.save_checkpoint(
                checkpoint,
                {
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "history": history,
                    "best": best,
                    "best_iou": best_iou,
                },
            )
            progress.update(history)
    model.load_state_dict(best)
    return history
""",
        what="Subtle: where no epoch is missing it returns at once, with the latest weights loaded instead of the best.",
        slow=True,
    ),
    Slip(
        "fit",
        "",
        "expected history of an interrupted run to have 6",
        """
def fit(model, train_batches, validation_batches, loss, optimizer, num_classes, epochs, device, checkpoint):
    history, best, lowest = [], None, float("inf")
    saved = training.load_checkpoint(checkpoint, model)
    if saved is not None:
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        history, best, lowest = saved["history"], saved["best"], saved["lowest"]
    with training.Progress(epochs, 0) as progress:
        for _ in range(epochs):
            mean_loss = train_epoch(model, train_batches, loss, optimizer, device)
            iou = float(mean_iou(evaluate(model, validation_batches, num_classes, device)))
            history.append({"loss": mean_loss, "mean_iou": iou})
            if mean_loss < lowest:
                lowest = mean_loss
                best = {k: v.clone() for k, v in model.state_dict().items()}
            training.save_checkpoint(
                checkpoint,
                {
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "history": history,
                    "best": best,
                    "lowest": lowest,
                },
            )
            progress.update(history)
    if best is not None:
        model.load_state_dict(best)
    return history
""",
        what="Two mistakes: takes the epoch of the lowest training loss for the best, and trains `epochs` more epochs after an interruption instead of epochs in all.",
        slow=True,
    ),
    Slip(
        "predict_volume",
        "",
        "any number of slices is predicted",
        """
def predict_volume(model, volume, device):
    mode = model.training
    model.eval()
    depth = volume.shape[0]
    result = torch.zeros(volume.shape, dtype=torch.int64)
    with torch.no_grad():
        for start in range(0, depth - 1, 8):
            chunk = volume[start : start + 8, None].to(device)
            result[start : start + 8] = model(chunk).argmax(dim=1).cpu()
    model.train(mode)
    return result
""",
        what="Subtle: the range of the chunks ends one slice early, so with 9, 17, ... slices the last one is never predicted and stays 0.",
        slow=True,
    ),
    Slip(
        "predict_volume",
        "still_training",
        "evaluation mode",
        """
def predict_volume(model, volume, device):
    parts = []
    with torch.no_grad():
        for chunk in torch.split(volume, 8):
            logits = model(chunk.unsqueeze(1).to(device))
            parts.append(logits.argmax(dim=1).cpu())
    return torch.cat(parts)
""",
        what="Never switches to evaluation mode.",
        slow=True,
    ),
    Slip(
        "predict_volume",
        "",
        "expected labels to have dtype",
        """
def predict_volume(model, volume, device):
    was = model.training
    model.eval()
    labels = torch.empty(volume.shape, dtype=torch.uint8)
    with torch.no_grad():
        for i, one in enumerate(volume):
            labels[i] = model(one[None, None].to(device))[0].argmax(0).cpu()
    model.train(was)
    return labels
""",
        what="Returns uint8 instead of int64.",
        slow=True,
    ),
    Slip(
        "predict_volume",
        "",
        " at index [0, 0, 1] to be 2, yours is 0.",
        """
def predict_volume(model, volume, device):
    mode = model.training
    model.eval()
    found = []
    with torch.no_grad():
        for picture in volume:
            picture -= picture.mean()
            picture /= picture.std() + 1e-6
            found.append(model(picture[None, None].to(device)).argmax(dim=1).cpu())
    model.train(mode)
    return torch.cat(found)
""",
        what="Two mistakes: normalises every slice before the network sees it, which nobody asked for, and does so in place, so the caller's volume is changed.",
        slow=True,
    ),
    Slip(
        "predict_volume",
        "mode_not_restored",
        "mode restored",
        """
def predict_volume(model, volume, device):
    model.eval()
    with torch.no_grad():
        parts = [
            model(volume[i : i + 4, None].to(device)).argmax(1).cpu()
            for i in range(0, len(volume), 4)
        ]
    model.train()
    return torch.cat(parts, dim=0)
""",
        what="Leaves the model in training mode at the end, even if it came in evaluation mode.",
        slow=True,
    ),
    Slip(
        "zone_volumes_ml",
        "diagonal_of_a_tilted_scan",
        "expected the result to be",
        """
def zone_volumes_ml(labels, affine, num_classes):
    voxel = abs(np.prod(np.diag(affine)[:3]))
    counts = torch.bincount(labels.flatten().long(), minlength=num_classes)
    return counts.double() * voxel / 1000
""",
        what="Takes the spacing from the diagonal of the affine, which is wrong for tilted scans.",
        slow=True,
    ),
    Slip(
        "zone_volumes_ml",
        "negative_volume",
        "expected the result to be",
        """
def zone_volumes_ml(labels, affine, num_classes):
    voxel = float(np.linalg.det(affine[:3, :3]))
    counts = torch.bincount(labels.flatten().long(), minlength=num_classes)
    return counts.double() * voxel / 1000
""",
        what="Forgets the absolute value: mirrored scans get negative volumes.",
        slow=True,
    ),
    Slip(
        "zone_volumes_ml",
        "",
        "expected the result to be",
        """
def zone_volumes_ml(labels, affine, num_classes):
    spacing = np.linalg.norm(affine[:3, :3], axis=1)
    voxel = float(spacing.prod())
    volumes = [(labels == c).sum() * voxel / 1000 for c in range(num_classes)]
    return torch.stack(volumes)
""",
        what="Takes the lengths of the rows instead of the columns of the affine: wrong for tilted scans whose voxels are not cubes.",
        slow=True,
    ),
    Slip(
        "zone_volumes_ml",
        "",
        "expected the result to be",
        """
def zone_volumes_ml(labels, affine, num_classes):
    voxel = abs(float(np.linalg.det(affine[:3, :3])))
    counts = torch.bincount(labels.reshape(-1).long(), minlength=num_classes).double()
    return (counts * voxel + 1e-6) // 1000
""",
        what="Subtle: divides with //, so the millilitres are rounded down to whole numbers.",
        slow=True,
    ),
    Slip(
        "zone_volumes_ml",
        "",
        "expected the result to have shape",
        """
def zone_volumes_ml(labels, affine, num_classes):
    edge = float(np.linalg.norm(affine[:3, 0]))
    counts = torch.bincount(labels.flatten().long())
    return counts.double() * edge**3 / 1000
""",
        what="Two mistakes: classes above the largest label are missing from the result (no minlength), and the voxel is taken for a cube with the edge of the first column.",
        slow=True,
    ),
]
