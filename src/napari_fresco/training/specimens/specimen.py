"""Whole specimens: structures over a background, in the range of a camera."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...degrade.random_source import RandomSource
from .cell_bodies import cells
from .contours import outlines
from .filaments import filaments
from .points import points
from .textures import blurred, clouds, coordinates, inside, to_peak

_MARGIN = 8  # pixels around the picture; beyond them the canvas repeats itself


def haze(count: int, size: int, random: RandomSource) -> Tensor:
    """Draw diffuse light ``(count, size, size)``, 0 to 1, smooth or mottled."""
    broad = clouds(random.log_uniform(8, 60, count, 1, 1), size, random)
    fine = clouds(random.log_uniform(1.8, 10, count, 1, 1), size, random)
    mottle = random.uniform(0, 1, count, 1, 1) ** 2
    return to_peak((random.uniform(0.2, 1.2, count, 1, 1) * broad + mottle * fine).exp())


def nothing(count: int, size: int, random: RandomSource) -> Tensor:
    """Return an empty picture ``(count, size, size)``."""
    return torch.zeros(count, size, size, device=random.device)


_KINDS: tuple[tuple[float, Callable[[int, int, RandomSource], Tensor]], ...] = (
    (0.20, points),
    (0.25, filaments),
    (0.30, cells),
    (0.11, outlines),
    (0.06, haze),
    (0.08, nothing),
)
_SECOND = 0.35
"""Probability that another structure is added."""


@torch.no_grad()
def draw(count: int, size: int, source: RandomSource) -> Tensor:
    """Draw sharp fluorescence micrographs without noise.

    Spots, filaments, membranes, cells with nuclei, haze or nothing at all, alone
    or two together, over a background. Brightness spans two decades; most
    images are mostly dark.

    `count`, `size`: images, and their rows and columns.
    `source`: decides everything, on a GPU but for rounding, and says where the images are made.
    Returns ``(count, 1, size, size)`` float32 in [0, 1].
    """
    canvas, random = _structures(count, size + 2 * _MARGIN, source), source.pixels
    canvas = _in_focus_and_not(_confined(canvas, random), random)
    image = _exposed(_evened(canvas, random), random)
    picture = image[:, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    return picture.clamp(0, 1)[:, None].contiguous()


def _structures(count: int, size: int, source: RandomSource) -> Tensor:
    """Draw one or two kinds of structure into every image of a batch, 0 to about 1."""
    weights = torch.tensor([weight for weight, _ in _KINDS])
    kinds = torch.multinomial(weights, 2 * count, True, generator=source.generator).view(2, count)
    kinds[1, ~source.happens(_SECOND, count)] = -1
    random = source.pixels
    canvas = torch.zeros(count, size, size, device=random.device)
    strength = torch.stack(
        (torch.ones(count, device=random.device), random.log_uniform(0.05, 1, count))
    )
    for number, (_, structure) in enumerate(_KINDS):
        slot, image = (kinds == number).nonzero(as_tuple=True)
        if len(image):
            drawn = structure(len(image), size, random)
            slot, image = source.put(slot), source.put(image)
            canvas.index_add_(0, image, strength[slot, image][:, None, None] * drawn)
    return canvas


def _confined(canvas: Tensor, random: RandomSource) -> Tensor:
    """Let the structures of some images end at a smooth border, as where a cell ends."""
    count, size = canvas.shape[:2]
    field = clouds(random.log_uniform(15, 80, count, 1, 1), size, random)
    border = inside(
        field - random.uniform(-1, 1, count, 1, 1), random.log_uniform(0.08, 0.6, count, 1, 1)
    )
    everywhere = random.happens(0.7, count, 1, 1)
    return canvas * torch.where(everywhere, 1.0, border)


def _in_focus_and_not(canvas: Tensor, random: RandomSource) -> Tensor:
    """Add what lies out of focus: the same structures, blurred widely; scaled to a peak of 1."""
    count = len(canvas)
    wide = to_peak(blurred(canvas, random.log_uniform(4, 30, count, 1, 1)))
    amount = random.happens(0.5, count, 1, 1) * random.log_uniform(0.01, 0.8, count, 1, 1)
    return to_peak((canvas + amount * wide).clamp_min_(0))


def _evened(canvas: Tensor, random: RandomSource) -> Tensor:
    """Lift what is dim beside the brightest pixels, 0 to 1 as before."""
    gain = random.log_uniform(0.1, 4, len(canvas), 1, 1)
    return canvas * (1 + gain) / (1 + gain * canvas)


def _exposed(canvas: Tensor, random: RandomSource) -> Tensor:
    """Put structures over a background, and scale them to the range of a camera."""
    count, size = canvas.shape[:2]
    level = random.log_uniform(0.001, 0.25, count, 1, 1)
    rows, columns = coordinates(size, random.device)
    slope = random.uniform(-1, 1, 2, count, 1, 1) * random.happens(0.5, count, 1, 1) / size
    centre = random.uniform(-0.5 * size, 1.5 * size, 2, count, 1, 1)
    distance = ((rows - centre[0]) / size).square() + ((columns - centre[1]) / size).square()
    vignette = 1 - random.uniform(0, 0.25, count, 1, 1) * distance
    ramp = 1 + slope[0] * (rows - size / 2) + slope[1] * (columns - size / 2)
    scene = (canvas + level * ramp) * vignette
    peak = 1.5 * 0.02 ** random.uniform(0, 1, count, 1, 1).pow(2.5)
    return scene * peak / (1 + level)
