"""Right answers to unit 07, written otherwise."""

from medseg_grader.authoring import Alternative

ALTERNATIVES = [
    Alternative(
        "augment",
        "with numpy",
        """
def augment(image, label, generator):
    from scipy import ndimage

    if tuple(image.shape[1:]) != tuple(label.shape):
        raise ValueError(f"image {tuple(image.shape[1:])}, label {tuple(label.shape)}")
    draw = np.random.default_rng(int(torch.randint(2**31, (), generator=generator)))
    shape = tuple(label.shape)
    shifts = []
    for _ in range(2):
        coarse = draw.uniform(-0.06, 0.06, (4, 4)) * max(shape[-2:])
        fine = ndimage.zoom(coarse, (shape[-2] / 4, shape[-1] / 4), order=1, grid_mode=True,
                            mode="nearest")
        shifts.append(fine)
    rows, columns = np.meshgrid(*(np.arange(n, dtype=float) for n in shape[-2:]), indexing="ij")
    if draw.random() < 0.5:
        columns = columns[:, ::-1]
    angle, zoom = draw.uniform(-0.2, 0.2), draw.uniform(0.85, 1.1)
    middle = [(n - 1) / 2 for n in shape[-2:]]
    y, x = (rows - middle[0]) * zoom, (columns - middle[1]) * zoom
    y, x = np.cos(angle) * y - np.sin(angle) * x, np.sin(angle) * y + np.cos(angle) * x
    move = draw.uniform(-0.06, 0.06, 2) * shape[-2:]
    places = [y + middle[0] + shifts[0] + move[0], x + middle[1] + shifts[1] + move[1]]
    pictures = image.cpu().numpy().reshape(-1, *shape[-2:])
    zones = label.cpu().numpy().reshape(-1, *shape[-2:])
    moved = [ndimage.map_coordinates(p, places, order=1, mode="nearest") for p in pictures]
    found = [ndimage.map_coordinates(z, places, order=0, mode="nearest") for z in zones]
    gain = draw.uniform(0.8, 1.25)
    new = torch.from_numpy(np.stack(moved)).reshape(image.shape) * gain + draw.normal(0, 0.1)
    kept = torch.from_numpy(np.stack(found)).reshape(label.shape)
    return new.to(image.dtype).to(image.device), kept.to(label.dtype).to(label.device)
""",
        slow=True,
    ),
    Alternative(
        "augment",
        "in steps",
        """
def augment(image, label, generator):
    a, b = list(image.shape[1:]), list(label.shape)
    if a != b:
        raise ValueError(f"the image has {a} pixels, the label {b}; expected the same")
    both = torch.cat([image, label[None].to(image.dtype)]).clone()
    if torch.rand(1, generator=generator).item() > 0.5:
        both = torch.flip(both, dims=[-1])
    flat = both.reshape(1, -1, *both.shape[-2:])
    height, width = flat.shape[-2:]
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width),
                          indexing="ij")
    bumps = (torch.rand(2, 3, generator=generator) - 0.5) * 0.08
    up = sum(c * torch.sin((k + 1) * 3 * x + k) for k, c in enumerate(bumps[0]))
    side = sum(c * torch.cos((k + 1) * 3 * y + k) for k, c in enumerate(bumps[1]))
    angle, factor = 0.15 * torch.randn(1, generator=generator).clamp(-1, 1), torch.rand(
        1, generator=generator) * 0.2 + 0.95
    right, low = (torch.rand(2, generator=generator) - 0.5) * 0.25
    x, y = x + side, y + up
    grid = torch.stack([factor * (angle.cos() * x + angle.sin() * y) + right,
                        factor * (angle.cos() * y - angle.sin() * x) + low], dim=-1)
    grid = grid[None].to(image.device)
    linear = F.grid_sample(flat, grid, mode="bilinear", padding_mode="border", align_corners=True)
    nearest = F.grid_sample(flat, grid, mode="nearest", padding_mode="border", align_corners=True)
    linear, nearest = linear.reshape(both.shape), nearest.reshape(both.shape)
    light, more = (torch.rand(2, generator=generator) - 0.5).to(image)
    middle = image.mean()  # contrast around the mean
    new = (linear[: len(image)] - middle) * (1 + light) + middle + more
    return new, nearest[-1].round().to(label.dtype)
""",
        slow=True,
    ),
    Alternative(
        "augment",
        "up to its limits",
        """
def augment(image, label, generator):
    if list(image.shape[1:]) != list(label.shape):
        raise ValueError(f"image {tuple(image.shape[1:])} and label {tuple(label.shape)} differ")
    def draw(reach, *shape):
        return reach * (2 * torch.rand(*shape, generator=generator) - 1)
    angle, zoom = draw(0.26, 1), 1 + draw(0.15, 1)
    mirror = -1.0 if draw(1, 1) < 0 else 1.0
    c, s = zoom * angle.cos(), zoom * angle.sin()
    theta = torch.stack([torch.cat([mirror * c, -s]), torch.cat([mirror * s, c])])
    theta = torch.cat([theta, draw(0.15, 2, 1)], dim=1)[None]
    height, width = label.shape[-2:]
    grid = F.affine_grid(theta, (1, 1, height, width), align_corners=False)
    bumps = F.interpolate(draw(0.1, 1, 2, 6, 6), (height, width), mode="bicubic")
    grid = (grid + bumps.permute(0, 2, 3, 1)).to(image)
    flat = image.reshape(1, -1, height, width)
    new = F.grid_sample(flat, grid, align_corners=False).reshape(image.shape)
    zones = label.reshape(1, -1, height, width).to(image.dtype)
    moved = F.grid_sample(zones, grid, mode="nearest", align_corners=False)
    light, more = (1 + draw(0.3, 1)).to(image), draw(0.3, 1).to(image)
    return new * light + more, moved.reshape(label.shape).to(label.dtype)
""",
        slow=True,
    ),
    Alternative(
        "train_epoch",
        "gradients set to None first",
        """
def train_epoch(model, batches, loss, optimizer, device):
    losses, sizes = [], []
    model.train(True)
    for batch in batches:
        image, label = (part.to(device) for part in batch)
        for group in optimizer.param_groups:
            for weight in group["params"]:
                weight.grad = None
        logits = model(image)
        error = loss(logits, label)
        error.backward()
        optimizer.step()
        losses.append(float(error))
        sizes.append(label.shape[0])
    return float(np.average(losses, weights=sizes))
""",
        slow=True,
    ),
    Alternative(
        "train_epoch",
        "a running total",
        """
def train_epoch(model, batches, loss, optimizer, device):
    model.train()
    optimizer.zero_grad(set_to_none=True)
    total = torch.zeros((), dtype=torch.float64)
    seen = 0
    for image, label in batches:
        n = image.size(0)
        value = loss(model(image.to(device)), label.to(device))
        value.backward()
        optimizer.step()
        optimizer.zero_grad()
        total = total + n * value.detach().cpu().double()
        seen = seen + n
    return (total / seen).item()
""",
        slow=True,
    ),
    Alternative(
        "evaluate",
        "by counting",
        """
@torch.no_grad()
def evaluate(model, batches, num_classes, device):
    before = model.training
    model.train(False)
    pairs = []
    for image, label in batches:
        best = torch.softmax(model(image.to(device)), dim=1).max(dim=1).indices
        pairs.append((label.to(device) * num_classes + best).flatten().cpu())
    counts = torch.bincount(torch.cat(pairs), minlength=num_classes**2)
    if before:
        model.train()
    return counts.reshape(num_classes, num_classes)
""",
        slow=True,
    ),
    Alternative(
        "evaluate",
        "in inference mode",
        """
def evaluate(model, batches, num_classes, device):
    before = model.training
    model.eval()
    try:
        with torch.inference_mode():
            matrices = [
                confusion_matrix(model(x.to(device)).argmax(1).cpu(), y.cpu(), num_classes)
                for x, y in batches
            ]
    finally:
        model.train(before)
    return torch.stack(matrices).sum(dim=0)
""",
        slow=True,
    ),
    Alternative(
        "fit",
        "a while loop",
        """
def fit(model, train_batches, validation_batches, loss, optimizer, num_classes, epochs, device,
        checkpoint):
    import copy

    history, best, record = [], copy.deepcopy(model.state_dict()), -1.0
    saved = training.load_checkpoint(checkpoint, model)
    if saved:
        history, best, record = saved["history"], saved["best"], saved["record"]
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
    while len(history) < epochs:
        mean_loss = train_epoch(model, train_batches, loss, optimizer, device)
        score = iou_per_class(evaluate(model, validation_batches, num_classes, device))
        score = score.nanmean().item()
        if score > record:
            record, best = score, copy.deepcopy(model.state_dict())
        history = [*history, {"loss": mean_loss, "mean_iou": score}]
        training.save_checkpoint(checkpoint, dict(
            model=model.state_dict(), optimizer=optimizer.state_dict(), history=history,
            best=best, record=record,
        ))
        print(len(history), mean_loss, score)
    model.load_state_dict(best)
    return history
""",
        slow=True,
    ),
    Alternative(
        "fit",
        "torch.save",
        """
def fit(model, train_batches, validation_batches, loss, optimizer, num_classes, epochs, device,
        checkpoint):
    if Path(checkpoint).exists():
        state = torch.load(checkpoint, weights_only=True)
        try:
            model.load_state_dict(state["now"])
        except RuntimeError as error:
            raise ValueError("the checkpoint does not fit the model") from error
        optimizer.load_state_dict(state["steps"])
    else:
        state = {"history": [], "top": None}
    for epoch in range(len(state["history"]) + 1, epochs + 1):
        value = train_epoch(model, train_batches, loss, optimizer, device)
        iou = float(mean_iou(evaluate(model, validation_batches, num_classes, device)))
        state["history"].append({"loss": value, "mean_iou": iou})
        if iou == max(e["mean_iou"] for e in state["history"]):
            state["top"] = {k: v.detach().clone() for k, v in model.state_dict().items()}
        state["now"], state["steps"] = model.state_dict(), optimizer.state_dict()
        torch.save(state, checkpoint)
    model.load_state_dict(state["top"])
    return state["history"]
""",
        slow=True,
    ),
    Alternative(
        "predict_volume",
        "slice by slice",
        """
def predict_volume(model, volume, device):
    before = model.training
    model.eval()
    result = torch.empty(volume.shape, dtype=torch.int64)
    with torch.no_grad():
        for index in range(len(volume)):
            scores = model(volume[index][None, None].to(device))
            result[index] = scores.max(1)[1][0].to("cpu")
    model.train(before)
    return result
""",
        slow=True,
    ),
    Alternative(
        "predict_volume",
        "all slices at once",
        """
@torch.inference_mode()
def predict_volume(model, volume, device):
    mode = model.training
    logits = model.eval()(volume.to(device)[:, None])
    model.train(mode)
    return logits.cpu().argmax(dim=1)
""",
        slow=True,
    ),
    Alternative(
        "zone_volumes_ml",
        "by loop",
        """
def zone_volumes_ml(labels, affine, num_classes):
    a, b, c = np.asarray(affine)[:3, :3].T
    ml = abs(float(np.dot(np.cross(a, b), c))) * 1e-3
    counts = [(labels == k).sum() for k in range(num_classes)]
    return torch.stack(counts).to(torch.float64) * ml
""",
        slow=True,
    ),
    Alternative(
        "zone_volumes_ml",
        "by one-hot",
        """
def zone_volumes_ml(labels, affine, num_classes):
    size = np.abs(np.linalg.det(affine)) / 1000
    counts = F.one_hot(labels.long().reshape(-1), num_classes).sum(dim=0)
    return counts.double().mul(size.item())
""",
        slow=True,
    ),
    Alternative(
        "zone_volumes_ml",
        "in single precision",
        """
def zone_volumes_ml(labels, affine, num_classes):
    millilitres = abs(np.linalg.det(affine[:3, :3])) / 1000
    sizes = [(labels == k).sum().float() * millilitres for k in range(num_classes)]
    return torch.stack(sizes)
""",
        slow=True,
    ),
]
