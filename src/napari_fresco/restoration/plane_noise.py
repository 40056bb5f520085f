"""The noise of planes: the model of their channel, and the apparent noise of each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ..image.blocks import Index
from ..noise.camera import Camera


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
    """The noise of a plane: its camera, if there is photon noise, its excess, and its level."""

    camera: Camera | None = None
    excess: float = 1.0
    level: float = 0.0
