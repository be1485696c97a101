"""Draw the moving picture of the README: a U-Net learns, and its prediction grows.

Run it in the course's folder (about two minutes) whenever phantom, network or figure have changed:

    python scripts/moving_picture.py
"""

import io
from pathlib import Path

from PIL import Image

from medseg_lecture.demos import live_unet

TARGET = Path("docs/training.webp")
STEPS, FRAMES = 440, 22
MS, LAST_MS = 250, 3000
WIDTH = 760


def main() -> None:
    """Train, draw a frame after every few steps, write the picture."""
    data = live_unet.patients()
    every = STEPS // FRAMES
    done = 0

    def share_done(steps: int) -> float:
        nonlocal done
        done = steps
        return steps / STEPS

    looks = live_unet.learn(data, share_done, look_at=lambda: (done + 1) % every == 0)
    frames = []
    for look in looks:
        figure = live_unet.draw(data, look, "the network").figure
        buffer = io.BytesIO()
        figure.savefig(buffer, dpi=WIDTH / figure.get_figwidth(), facecolor="white")
        frames.append(Image.open(buffer).convert("RGB"))
        print(f"{look.slices} slices: mean zone IoU {look.mean_zone_iou:.2f}", flush=True)
    first, *others = frames
    first.save(
        TARGET,
        save_all=True,
        append_images=others,
        duration=[MS] * len(others) + [LAST_MS],
        loop=0,
        quality=60,
        method=6,
    )
    print(f"{TARGET}: {len(frames)} frames, {TARGET.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
