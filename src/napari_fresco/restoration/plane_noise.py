"""The noise of planes: the model of their channel, and the apparent noise of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from ..errors import ParameterError
from ..image.blocks import Index
from ..noise.camera import Camera, Plane
from ..noise.patches import Floats

_SPREAD = 2.0  # pixels over which a noise map is averaged
_FINE_QUALITY = 90  # from which on deblocking may cost detail
_ALIKE_QUALITY = 5
_BRIGHT = 0.99  # quantile of an image below which its dark level lies


class NoiseModel(NamedTuple):
    """The noise of the planes of one channel.

    Attributes
    ----------
    camera : Camera or None
        The model of photon and read noise; None where the noise counts as white.
    excess : float
        How much noise neighbouring pixels share beyond what the model says, from 1; see
        :func:`~napari_fresco.noise.grain.excess_of`.
    levels : mapping of index to float
        Standard deviation of the white noise of the planes that were looked at.
    found : str
        How it was found, for the provenance.
    """

    camera: Camera | None = None
    excess: float = 1.0
    levels: Mapping[Index, float] = MappingProxyType({})
    found: str = ''


class PlaneNoise(NamedTuple):
    """The noise of a plane: its camera, if there is photon noise, its excess, and its level.

    The level is a map ``(H, W)`` where it differs from place to place, and 0 where it is not known.
    """

    camera: Camera | None = None
    excess: float = 1.0
    level: float | Floats = 0.0

    @property
    def known_level(self) -> float | Floats | None:
        """The level, None where it is not known."""
        return self.level if np.any(self.level) else None


class Remarks:
    """Sentences on the noise that the user should know, of the first plane that has it.

    `names`: those of several channels, each of which is spoken of by itself.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._said: dict[tuple[str, int], str] = {}

    def add(self, kind: str, channel: int, said: str) -> None:
        """Note what the noise of a channel has, once for each `kind`."""
        text = f'channel {self._names[channel]}: {said}' if self._names else said
        self._said.setdefault((kind, channel), text)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the sentences."""
        yield from self._said.values()


def camera_given(params: Any) -> dict[str, float]:
    """Return what was given of a camera: gain, offset, read noise, none, some or all of them."""
    given = {name: getattr(params, name, None) for name in Camera._fields}
    return {name: value for name, value in given.items() if value is not None}


def check_offset(offset: float | None, planes: Iterable[Plane]) -> None:
    """Refuse an offset above nearly all of planes: a camera gives that much without light."""
    if offset is None:
        return
    known = [plane if unknown is None else plane[~unknown] for plane, unknown in planes]
    values = np.concatenate([each.ravel() for each in known])
    if values.size and float(np.quantile(values, _BRIGHT)) < offset:
        raise ParameterError(
            f'offset = {offset:g} lies above {_BRIGHT:.0%} of the values of the image, whose '
            f'middle is {np.median(values):.5g}; give what the camera gives without light, in the '
            'units of the image, or leave it out'
        )


def counted(indices: Sequence[Index], dims: int) -> str:
    """Return how many planes or volumes there are, in words."""
    what = 'volume' if dims == 3 else 'plane'
    return f'1 {what}' if len(indices) == 1 else f'{len(indices)} {what}s'


def said_of_grain(told: str) -> str:
    """Return what the user should know where neighbouring pixels share noise."""
    return (
        'the noise has a grain: neighbouring pixels share it (JPEG, resampling, a mosaic), so that '
        f'{told} of single pixels was told; give sigma to choose another'
    )


def said_of_places(times: float) -> str:
    """Return what the user should know where the noise differs from place to place."""
    return (
        f'the noise is {times:.2g} times as strong in some places as in others, so that a map of '
        'it was told in place of one level; give sigma to choose another'
    )


def said_of_border(own: float, level: float) -> str:
    """Return what the user should know where a border has less noise than the picture in it."""
    return (
        f'a border around the picture has less noise ({own:.2g}) than the picture ({level:.2g}): '
        'each was told its own; give sigma to choose another'
    )


def said_of_speckle(share: float) -> str:
    """Return what the user should know where noise is a share of the intensity."""
    return (
        f'the noise is {share:.0%} of the intensity, dark or bright, as the speckle of coherent '
        'light, radar and ultrasound is, and is restored as photon noise, which leaves much of it '
        "where it is bright: restore np.log of the image with noise='gaussian', and take np.exp of "
        'the result, scaled to the mean of the image'
    )


def said_of_quality(found: int | None, told: int | None) -> str:
    """Return what the user should know of the JPEG `quality` of an image, '' for nothing."""
    if found is None:
        return (
            'no trace of JPEG was found, as in images that were never saved so, or above quality '
            '97, or were resized, rotated or noisy since: '
            + (
                'to deblock them takes away detail; leave the image as it is, or denoise it'
                if told is None
                else f'with quality = {told}, detail is taken away as artefacts'
            )
        )
    if told is not None and abs(told - found) > _ALIKE_QUALITY:
        return (
            f'quality = {told} was told, but the image was saved as JPEG of quality {found}: '
            f'leave it out, or give quality = {found}'
        )
    if found >= _FINE_QUALITY:
        return (
            f'the image was saved as JPEG of quality {found}, which leaves hardly any artefacts: '
            'deblocking may take away more detail than those'
        )
    return ''


def said_of_ground(share: float) -> str:
    """Return what the user should know where the noise of the ground was cut off at black."""
    return (
        f'the ground is cut off: {share:.0%} of the pixels are black amid noise, as where a '
        'background was subtracted and what fell below 0 was lost, so that the noise that was '
        'found is not that of the camera, and the ground holds light that was not there; restore '
        'the image before a background is subtracted, or let values go below 0'
    )


def smoothed(variance: Floats, dims: int) -> Floats:
    """Average over neighbours: a pixel that is bright by chance is not noisier for that.

    Solvers that trust the pixels by their noise would come out too dark.
    """
    smooth: Floats = ndimage.gaussian_filter(variance, (*[_SPREAD] * dims, 0)[: variance.ndim])
    return smooth
