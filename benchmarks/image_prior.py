"""Deep image prior and DeepRED in few steps and in many: decibels against processor seconds.

    python benchmarks/image_prior.py --data DATA --tasks inpaint denoise --iterations 400

The central pixels of a picture are damaged by strokes and noise of 5, by noise of 25, or by a
Gaussian blur and noise of 2.55 (of 255). Of what is inpainted the lost pixels alone are measured.
Processor seconds, one thread; the truth serves to measure only.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from common import arguments, show
from scipy import ndimage
from skimage import io

import napari_fresco as fresco
from napari_fresco.generators import Returning
from napari_fresco.physics import kernels

SCHEDULES = ('plain', 'fast')
EVERY = 20  # iterations between two looks at the result


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--image', default='natural/set3c/butterfly.png')
    parser.add_argument('--side', type=int, default=96)
    parser.add_argument('--tasks', nargs='+', default=['inpaint', 'denoise', 'deblur'])
    parser.add_argument('--schedules', nargs='+', default=list(SCHEDULES))
    parser.add_argument('--iterations', type=int, help='most; those of the schedule by default')
    options = parser.parse_args()
    torch.set_num_threads(1)
    truth = central(io.imread(options.data / options.image), options.side)
    rows = []
    for task in options.tasks:
        damaged, known = damage(task, truth)
        for schedule in options.schedules:
            rows.append([task, schedule, *measure(truth, damaged, known, schedule, options)])
    show(['task', 'schedule', 'steps', 'CPU s', 'result', 'best', 'curve (steps: dB)'], rows)


def central(picture: np.ndarray, side: int) -> np.ndarray:
    top, left = ((n - side) // 2 for n in picture.shape[:2])
    part: np.ndarray = picture[top : top + side, left : left + side, :3]
    return part.astype(np.float32) / 255


def damage(task: str, truth: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the damaged picture, and what a user says of it."""
    random = np.random.default_rng(0)
    if task == 'inpaint':
        mask = strokes(truth.shape[0], random)
        noisy = truth + 5 / 255 * random.standard_normal(truth.shape).astype(np.float32)
        noisy[mask] = 0
        return noisy.clip(0, 1), {'task': task, 'mask': mask, 'sigma': 5 / 255}
    if task == 'denoise':
        noisy = truth + 25 / 255 * random.standard_normal(truth.shape)
        return noisy.astype(np.float32), {'task': task, 'sigma': 25 / 255}
    kernel = kernels.gaussian(1.6, size=25)
    blurred = ndimage.convolve(truth, kernel[..., None], mode='reflect')
    noisy = blurred + 2.55 / 255 * random.standard_normal(truth.shape)
    return noisy.astype(np.float32), {'task': task, 'kernel': kernel, 'sigma': 2.55 / 255}


def strokes(side: int, random: np.random.Generator) -> np.ndarray:
    """Return straight strokes of 3 to 7 pixels, one for every eight rows."""
    mask = np.zeros((side, side), bool)
    for _ in range(side // 8):
        row, column = random.integers(0, side, 2)
        angle, length = random.uniform(0, np.pi), int(random.integers(20, 50))
        half = int(random.integers(1, 4))
        for at in np.linspace(0, length, 4 * length):
            y, x = int(row + at * np.sin(angle)), int(column + at * np.cos(angle))
            if 0 <= y < side and 0 <= x < side:
                mask[max(y - half, 0) : y + half + 1, max(x - half, 0) : x + half + 1] = True
    return mask


def measure(
    truth: np.ndarray, damaged: np.ndarray, known: dict[str, Any], schedule: str, options: Any
) -> list[Any]:
    """Return steps, processor seconds, PSNR of the result, the best one, and the curve."""
    judged = known.get('mask', np.ones(truth.shape[:2], bool))

    def decibels(image: np.ndarray) -> float:
        error = (image.clip(0, 1) - truth)[judged]
        return float(-10 * np.log10(np.square(error).mean()))

    steps = Returning(
        fresco.iterate(
            damaged,
            method='deepred',
            schedule=schedule,
            iterations=options.iterations,
            data_range=(0.0, 1.0),
            **known,
        )
    )
    began, curve, count = time.process_time(), {}, 0
    for step in steps:
        count = step.index
        image = step.x[0].movedim(0, -1).numpy()
        # A blurred picture is restored with a margin, which its result lacks.
        if image.shape == truth.shape and count % EVERY == 0:
            curve[count] = decibels(image)
    seconds, final = time.process_time() - began, decibels(steps.result.image)
    looks = ', '.join(f'{n}: {value:.2f}' for n, value in curve.items() if n % (5 * EVERY) == 0)
    best = max([final, *curve.values()])
    return [count, f'{seconds:.0f}', f'{final:.2f}', f'{best:.2f}', looks]


if __name__ == '__main__':
    main()
