"""How noisy the planes of a request are.

One camera took all planes of a channel, so its noise model is found once from planes spread
over the stack: a verdict that differed from plane to plane would make the result flicker. The
level of white noise is a plane's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..declare.tasks import TASKS
from ..image.anscombe import Anscombe
from ..image.layout import Array
from ..noise.camera import CameraNoise, Plane, fit_camera, judge
from ..noise.level import channels_of, estimate_noise, excess, level_of_plane, picked
from ..noise.patches import Bools, Floats, Patches
from ..runtime import devices
from .request import Request

Index = tuple[int, ...]

_LEAST_SHARE = 1e-3  # noise of what a model says has none, as a part of the range
_SPREAD = 2.0  # pixels over which a noise map is averaged
_ROUGHLY = 2000  # patches that tell whether the noise hides the rounding of fast arithmetic


class Judgement(NamedTuple):
    """How noisy the planes of one channel are.

    Attributes
    ----------
    camera : CameraNoise or None
        The model of photon and read noise; None where the noise counts as white.
    excess : float
        How much noise neighbouring pixels share beyond what the model says, from 1; see
        :func:`~napari_fresco.noise.level.excess`.
    levels : mapping of index to float
        Standard deviation of the white noise of the planes that were looked at.
    """

    camera: CameraNoise | None = None
    excess: float = 1.0
    levels: Mapping[Index, float] = MappingProxyType({})


class Judge:
    """Judges every channel of a request once, when its first plane asks.

    Parameters
    ----------
    request : Request
        Of every channel at most 16 planes are looked at.
    """

    def __init__(self, request: Request) -> None:
        self._request = request

    def of(self, index: Index) -> Judgement:
        """Return how noisy the planes of the channel of plane `index` are."""
        return self._found[self._request.channel_of(index)]

    def level(self, index: Index, data: Array, mask: Bools | None) -> float | NDArray[np.float64]:
        """Estimate the standard deviation of the noise of plane `index`, in image units.

        Returns
        -------
        float or ndarray
            A number, or a map like `data` from the model of the camera. 0.0 where nothing
            reads it: deblocking is told the quality, and blind methods only want to know
            whether the noise hides the rounding of fast arithmetic.
        """
        r, found = self._request, self.of(index)
        values = _colour(r, data)
        if r.method.blind:
            return _rough(values) if _chooses_arithmetic(r) else 0.0
        if not r.reads_noise:
            return 0.0
        if found.camera is not None:
            variance = found.camera.variance(values) + (_LEAST_SHARE * r.range.span) ** 2
            return found.excess * np.sqrt(_smooth(variance))
        if index in found.levels:
            return found.levels[index]
        if TASKS[r.task].gains_colour:
            return estimate_noise(_lattices(values), rgb=False)
        return estimate_noise(values, rgb=r.layout.channels == 3, mask=mask)

    @cached_property
    def _found(self) -> Mapping[int, Judgement]:
        channels: dict[int, list[Index]] = {}
        for index in self._request.layout.planes():
            channels.setdefault(self._request.channel_of(index), []).append(index)
        judged = {name: _judged(self._request, picked(each)) for name, each in channels.items()}
        return MappingProxyType(judged)


def _chooses_arithmetic(r: Request) -> bool:
    return r.params.precision == 'auto' and devices.has_fast_bfloat16(r.device)


def _judged(r: Request, indices: Sequence[Index]) -> Judgement:
    p = r.params
    known = {'gain': p.gain, 'offset': p.offset, 'read_noise': p.read_noise}
    given = {name: value for name, value in known.items() if value is not None}
    if p.noise == 'gaussian' or (not TASKS[r.task].pointwise and not r.reads_noise):
        return Judgement()
    if p.noise == 'auto' and not given:
        return _recognised(r, indices)
    if len(given) == len(known):
        camera = CameraNoise(**given)
    else:
        camera = fit_camera(_planes(r, indices), **given)
    return Judgement(camera, _excess(r, indices, camera))


def _recognised(r: Request, indices: Sequence[Index]) -> Judgement:
    """Look for photon noise where its model serves and nothing better is known."""
    sought = TASKS[r.task].photon_noise and r.reads_noise and r.inputs.sigma is None
    if not sought or r.layout.channels == 3:
        return Judgement()
    camera, levels = judge(_planes(r, indices))
    if camera is None:
        return Judgement(levels=dict(zip(indices, levels, strict=True)))
    return Judgement(camera, _excess(r, indices, camera))


def _excess(r: Request, indices: Sequence[Index], camera: CameraNoise) -> float:
    """Return the median excess over planes in which the noise of `camera` has been evened out."""
    if not TASKS[r.task].photon_noise or r.layout.channels == 3:
        return 1.0
    transform = Anscombe(*camera)
    planes = _planes(r, indices)
    return float(np.median([excess(transform.forward(plane), 1.0) for plane, _ in planes]))


def _planes(r: Request, indices: Sequence[Index]) -> Iterator[Plane]:
    """Read planes, in each of which neighbours have one colour, beside their damage."""
    for index in indices:
        values = _colour(r, r.layout.read(r.image, index))
        if TASKS[r.task].gains_colour:
            yield from ((lattice, None) for lattice in _lattices(values))
        else:
            yield values, r.inputs.plane_mask(index)


def _colour(r: Request, data: Array) -> Floats:
    return r.layout.colours(data).astype(np.float64)


def _lattices(mosaic: Floats) -> Floats:
    """Return the four lattices of a mosaic, in each of which neighbours have one colour."""
    rows, columns = (max(n // 2, 1) for n in mosaic.shape)
    parts = [mosaic[i::2, j::2][:rows, :columns] for i in (0, 1) for j in (0, 1)]
    return np.stack([part for part in parts if part.shape == (rows, columns)])


def _smooth(variance: Floats) -> Floats:
    """Average over neighbours: a pixel that is bright by chance is not noisier for that.

    Solvers that trust the pixels by their noise would come out too dark.
    """
    widths = (_SPREAD, _SPREAD, 0)[: variance.ndim]
    smooth: Floats = ndimage.gaussian_filter(variance, widths)
    return smooth


def _rough(values: Floats) -> float:
    patches = [Patches.of(channel, count=_ROUGHLY) for channel in channels_of(values)]
    return level_of_plane(values, None, patches)
