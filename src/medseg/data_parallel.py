"""One training on many processes: what `torchrun` starts on each of them.

    torchrun --standalone --nproc-per-node 2 -m medseg.data_parallel results --steps 20

Unit 08 looks at its first step; scripts/train.slurm runs it on the machines of a cluster. Without
`torchrun` it is the same training in a single process.
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F

from medseg.errors import InputError
from medseg.scenes.microscope import apart, cells
from medseg.training import save_checkpoint

SIZE = 64


def network(features: int = 12) -> nn.Module:
    """A small network that tells cell from background, the same weights in each process.

    Widening gaps in its convolutions take the place of poolings. It normalises each picture by
    itself: `BatchNorm` would calculate other means on a part of a batch than on the whole.
    """
    layers: list[nn.Module] = []
    channels = 1
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for gap in (1, 2, 4, 1):
            conv = nn.Conv2d(channels, features, 3, padding=gap, dilation=gap)
            layers += [conv, nn.GroupNorm(3, features), nn.ReLU()]
            channels = features
        return nn.Sequential(*layers, nn.Conv2d(features, 2, 1))


def batch(step: int, pictures: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The pictures (N, 1, 64, 64) float32 and labels (N, 64, 64) int64 of one training step."""
    pairs = [cells(step * pictures + k, SIZE) for k in range(pictures)]
    images = np.stack([image for image, _ in pairs])[:, None]
    labels = np.stack([apart(instances) > 0 for _, instances in pairs])
    return torch.from_numpy(images), torch.from_numpy(labels).long()


def share(pictures: int, rank: int, workers: int) -> slice:
    """Which pictures of a batch belong to worker number `rank` (0, 1, …).

    Raises:
        InputError: the batch cannot be divided equally. Shares of other sizes would have to be
            weighted in the average of the gradients.
    """
    if pictures % workers:
        raise InputError(
            f"a batch of {pictures} pictures cannot be shared equally by {workers} workers; "
            f"take a multiple of {workers}"
        )
    part = pictures // workers
    return slice(rank * part, (rank + 1) * part)


def train(folder: Path, steps: int = 1, pictures: int = 8) -> list[float]:
    """Train as one of the workers that `torchrun` has started, or alone.

    In each step a worker sees its share of the batch, and the workers' gradients are averaged.
    Of the first step, `folder` gets the gradients of each worker (worker_0.pt, …) and their
    average (averaged.pt), lists of tensors; at the end, the network's weights (weights.pt).

    Args:
        folder: for the results; made if there is none.
        steps: number of training steps, at least 1.
        pictures: in the whole batch, a multiple of the number of workers.

    Returns:
        The loss of each step, averaged over the workers.

    Raises:
        InputError: there are no steps, or the batch cannot be divided equally.
    """
    if steps < 1:
        raise InputError(f"a training has at least 1 step, not {steps}")
    with _workers() as (rank, count, device):
        mine = share(pictures, rank, count)
        model = network().to(device)
        optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
        losses = []
        for step in range(steps):
            images, labels = (tensor[mine].to(device) for tensor in batch(step, pictures))
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            own = [p.grad.clone() for p in model.parameters() if p.grad is not None]
            shown = loss.detach().clone()
            averaged = [p.grad for p in model.parameters() if p.grad is not None]
            if count > 1:
                for tensor in (*averaged, shown):
                    dist.all_reduce(tensor)  # the sum over all workers, on each of them
                    tensor.div_(count)
            if step == 0:
                save_checkpoint(folder / f"worker_{rank}.pt", {"gradients": own})
                if rank == 0:
                    save_checkpoint(folder / "averaged.pt", {"gradients": averaged})
            optimizer.step()
            losses.append(float(shown))
        if rank == 0:
            save_checkpoint(folder / "weights.pt", {"model": model.state_dict()})
    return losses


def gradients(file: Path) -> list[torch.Tensor]:
    """The list of gradients in a file that `train` has written, on the CPU.

    >>> import torch
    >>> from medseg import training
    >>> from medseg.data_parallel import gradients
    >>> training.save_checkpoint("averaged.pt", {"gradients": [torch.tensor([0.5, -1.0])]})
    >>> gradients("averaged.pt")
    [tensor([ 0.5000, -1.0000])]
    """
    return torch.load(file, map_location="cpu", weights_only=True)["gradients"]


@contextmanager
def _workers() -> Iterator[tuple[int, int, torch.device]]:
    """This worker's number, how many there are, and where it calculates."""
    rank, count = (int(os.environ.get(name, n)) for name, n in (("RANK", "0"), ("WORLD_SIZE", "1")))
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    # A card for each worker of this machine, or the processor for all: NCCL needs one card each.
    on_cards = torch.cuda.device_count() >= here
    device = torch.device("cpu")
    if on_cards:
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    if count > 1:
        dist.init_process_group("nccl" if on_cards else "gloo")
    try:
        yield rank, count, device
    finally:
        if count > 1:
            dist.destroy_process_group()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: 0 if all went well, 2 with one sentence if not."""
    parser = argparse.ArgumentParser(prog="python -m medseg.data_parallel", description=__doc__)
    parser.add_argument("folder", type=Path, help="for gradients and weights")
    parser.add_argument("--steps", type=int, default=1, help="training steps (default 1)")
    parser.add_argument("--pictures", type=int, default=8, help="in a whole batch (default 8)")
    options = parser.parse_args(arguments)
    try:
        losses = train(options.folder, options.steps, options.pictures)
    except ValueError as error:
        parser.error(str(error))
    if os.environ.get("RANK", "0") == "0":
        workers = os.environ.get("WORLD_SIZE", "1")
        later = f", {losses[-1]:.4f} in the last" if len(losses) > 1 else ""
        print(f"workers {workers}, loss {losses[0]:.4f} in the first step{later}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
