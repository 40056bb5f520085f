"""Random crops of images that lie on the device of the training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..degrade.random_source import RandomSource


class Crops:
    """Draws crops, turned and flipped, without leaving the device.

    All pixels lie one after the other in one tensor of bytes; a batch is a single
    look-up in it.

    `images`: ``(H, W, C)`` uint8, all of the same C.
    `device`: where they are kept.
    """

    def __init__(self, images: Sequence[NDArray[np.uint8]], device: torch.device) -> None:
        shapes = np.array([image.shape[:2] for image in images])
        areas = shapes.prod(1)
        pixels = np.concatenate([image.reshape(-1, image.shape[-1]) for image in images])
        self._pixels = torch.from_numpy(pixels).to(device)
        self._shapes = torch.from_numpy(shapes)
        self._first = torch.from_numpy(np.cumsum(areas) - areas)
        # Large images are seen more, without dominating.
        self._weights = torch.from_numpy(np.sqrt(areas))

    def draw(self, count: int, size: int, random: RandomSource) -> Tensor:
        """Return crops ``(N, C, size, size)`` in [0, 1], in one of the eight positions each.

        `count`, `size`: number of crops and side in pixels; no image may be smaller.
        `random`: on the same device.
        """
        chosen = torch.multinomial(self._weights, count, True, generator=random.generator)
        free = self._shapes[chosen] - size + 1
        # In float32 a number just below 1 times a large one may round up to it.
        corner = (random.uniform(0, 1, count, 2) * free).long().minimum(free - 1)
        switches = random.happens(0.5, count, 3)
        width = self._shapes[chosen, 1]
        first = self._first[chosen] + corner[:, 0] * width + corner[:, 1]
        drawn = torch.cat((first[:, None], width[:, None], switches), 1)
        first, width, *turns = random.put(drawn)[..., None, None].unbind(1)
        rows, columns = _dihedral(size, *(turn > 0 for turn in turns))
        places = first + rows * width + columns
        return self._pixels[places].permute(0, 3, 1, 2).float().div_(255)


def _dihedral(
    size: int, upward: Tensor, leftward: Tensor, swapped: Tensor
) -> tuple[Tensor, Tensor]:
    """Return rows and columns ``(N, size, size)`` that crops, turned or not, are read from."""
    line = torch.arange(size, device=upward.device)
    rows, columns = line[:, None], line[None, :]
    rows = torch.where(upward, size - 1 - rows, rows)
    columns = torch.where(leftward, size - 1 - columns, columns)
    rows, columns = rows.expand(-1, size, size), columns.expand(-1, size, size)
    transposed = rows.transpose(1, 2), columns.transpose(1, 2)
    return torch.where(swapped, transposed[0], rows), torch.where(swapped, transposed[1], columns)
