"""The uncertainty of a plane: its result is put under simulated noise and restored again."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from ..evidence.bootstrap import Bootstrap, Floats
from .block import Block
from .giving_back import without_unmeasured

SIMULATED, PROBES = 16, 4
REPEATS = SIMULATED + PROBES
"""How often a plane is restored again."""

_SHARE = 0.3  # of the noise that is added to the image: of more a denoiser lets too much through
_OF_ROUNDING = 1 / 12  # variance of rounding to whole numbers


class Repeats:
    """Planes like a restored one, to be restored alike, and the deviation of their results.

    `block`: the plane.
    `x`: its estimate.
    `seed`: of the noise: planes that are alike get noise that is alike.
    """

    def __init__(self, block: Block, x: Tensor, seed: int) -> None:
        self._block = block
        self._random = np.random.default_rng(seed)
        self._mean = block.predicted(x)
        unknown = block.pixels.unknown
        known = np.ones(block.pixels.colours.shape[: x.ndim - 2], bool)
        known = known if unknown is None else ~unknown
        self._observed = np.where(
            known if self._mean.ndim == known.ndim else known[..., None],
            block.pixels.colours.astype(np.float64),
            self._mean,
        )
        self._noise = np.zeros(self._mean.shape)
        self._found = Bootstrap(block.restored(x), self._mean, self._observed, known)

    def plane(self, number: int) -> Block:
        """Return the next plane to restore: simulated ones, then the plane with added noise."""
        self._noise = _noise(self._block, self._mean, self._random)
        if number < SIMULATED:
            return self._block.with_plane(_in_range(self._mean + self._noise, self._block))
        return self._block.with_plane(self._observed + _SHARE * self._noise)

    def take(self, number: int, block: Block, x: Tensor) -> None:
        """Keep the estimate `x` of plane `number`."""
        if number < SIMULATED:
            simulated = block.pixels.colours.astype(np.float64)
            self._found.add(block.restored(x), block.predicted(x), simulated)
        else:
            self._found.probe(self._noise, block.predicted(x), _SHARE)

    def facts(self) -> dict[str, Any]:
        """Return the facts for the provenance: the widening of the error, dark to bright."""
        ratios = [round(float(k), 3) for k in np.sqrt(self._found.ratios())]
        return {'simulated': SIMULATED, 'probes': PROBES, 'widened': ratios}

    def deviation(self) -> Floats:
        """Return the standard deviation of the error, in image units; NaN where none is known."""
        found = self._found.deviation()
        if self._block.request.dtype.kind in 'iu':
            found = np.sqrt(found**2 + _OF_ROUNDING)
        hot = self._block.pixels.hot
        if hot is not None:
            found[hot] = np.nan
        return without_unmeasured(found, self._block.request, self._block.pixels)


def _noise(block: Block, mean: Floats, random: np.random.Generator) -> Floats:
    """Draw noise of the plane's model."""
    camera, excess, level = block.scene.apparent(block.index, block.pixels)
    drawn = random.normal(size=mean.shape)
    if camera is None:
        told = np.asarray(level or block.told_noise(), np.float64)
        return drawn * (told[..., None] if 0 < told.ndim < mean.ndim else told)
    photons = np.maximum((mean - camera.offset) / camera.gain, 0)
    shot = random.poisson(photons) - photons
    return excess * (camera.gain * shot + camera.read_noise * drawn)


def _in_range(plane: Floats, block: Block) -> Floats:
    """Return a plane as a camera with the type of the image has it: bright parts are cut."""
    dtype = block.request.layout.dtype
    if dtype.kind not in 'iu':
        return plane
    return np.clip(plane, np.iinfo(dtype).min, np.iinfo(dtype).max)
