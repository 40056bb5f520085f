"""The noise models of channels: given, fitted to planes of the whole, or recognised in them."""

from __future__ import annotations

import numpy as np

from ..image.anscombe import Anscombe
from ..noise.camera import Camera, assess_planes, fit_camera
from ..noise.curve import NoiseCurve
from ..noise.cut_ground import cut_off_ground
from ..noise.grain import GRAIN, GRAIN_OF_CAMERA, excess_of
from ..noise.jpeg_blocks import has_blocks
from ..noise.places import unevenness
from .plane_noise import (
    NoiseModel,
    Remarks,
    camera_given,
    check_offset,
    counted,
    said_of_grain,
    said_of_ground,
    said_of_speckle,
)
from .planes_in_whole import PlanesInWhole
from .request import Request

_OF_PLACES = 2.0  # unevenness of noise stabilised as that of photons; of real ones at most 1.7


class NoiseModels:
    """The noise model of every channel, found when the first of its planes asks.

    One camera took all planes of a channel, so its noise model is found once from planes spread
    over the stack: a verdict that differed from plane to plane would make the result flicker.

    Parameters
    ----------
    planes : PlanesInWhole
        Of every channel at most 16 are looked at.
    remarks : Remarks
        What the user should know of the noise is added to them.
    """

    def __init__(self, planes: PlanesInWhole, remarks: Remarks) -> None:
        self._planes, self._remarks = planes, remarks
        self.found: dict[int, NoiseModel] = {}

    def of(self, channel: int, request: Request) -> NoiseModel:
        """Return the noise model of a channel.

        `request`: that of the channel, which says what is given of its noise.
        """
        if channel not in self.found:
            self.found[channel] = self._judged(channel, request)
        return self.found[channel]

    def _judged(self, channel: int, r: Request) -> NoiseModel:
        p, planes = r.params, self._planes
        given = camera_given(p)
        if p.noise == 'gaussian' or not r.method.models_noise(r.task):
            return NoiseModel()
        if p.noise == 'auto' and not given:
            return self._recognised(channel, r)
        indices = planes.sample(channel)
        check_offset(given.get('offset'), planes.sampled(indices))
        if len(given) == len(Camera._fields):
            return NoiseModel(Camera(**given), self._excess(channel, r, least=GRAIN), found='given')
        camera = fit_camera(planes.sampled(indices), **given)
        found = f'fitted to {counted(indices, r.layout.dims)}'
        return NoiseModel(camera, self._excess(channel, r), found=found)

    def _recognised(self, channel: int, r: Request) -> NoiseModel:
        """Return photon noise where its model serves and nothing better is known."""
        planes = self._planes
        told = r.method.blind or r.inputs.sigma is not None
        if told or not r.facts.photon_noise or r.layout.channels == 3:
            return NoiseModel()
        indices = planes.sample(channel)
        camera, levels, curve = assess_planes(planes.sampled(indices))
        found = f'recognised in {counted(indices, r.layout.dims)}'
        if share := max((cut_off_ground(*each) for each in planes.sampled(indices)), default=0.0):
            self._remarks.add('ground', channel, said_of_ground(share))
        # What JPEG leaves of noise grows with the intensity as well, and is no photon noise; nor is
        # noise that is stronger in some places, which may lie where there is more light.
        speckle = 0.0 if curve is None else curve.speckle
        if camera is None or self._is_no_light(camera, channel, r, speckle):
            known = zip(indices, levels, strict=True) if r.layout.dims == 2 else ()
            return NoiseModel(levels=dict(known), found=found)
        if speckle:
            self._remarks.add('speckle', channel, said_of_speckle(speckle))
        return NoiseModel(camera, self._excess(channel, r, curve), found=found)

    def _is_no_light(self, camera: Camera, channel: int, r: Request, speckle: float) -> bool:
        """Say whether noise that seems that of photons is due to blocks of a JPEG, or to places."""
        every = self._planes.sample(channel)
        if all(has_blocks(plane) for plane, _ in self._planes.sampled(every)):
            return True
        if speckle or r.layout.dims == 3:  # of a volume no map of noise would be told in its place
            return False
        stable = Anscombe(*camera)
        some = self._planes.sampled(self._planes.few(channel))
        found = [unevenness(stable.forward(plane), bad) for plane, bad in some]
        return float(np.median(found)) > _OF_PLACES

    def _excess(
        self, channel: int, r: Request, curve: NoiseCurve | None = None, least: float = 1
    ) -> float:
        """Return the ratio of the noise of a channel, of known `curve`, to that of its camera."""
        if not r.facts.photon_noise or r.layout.channels == 3:
            return 1.0
        excess = excess_of(self._planes.sampled(self._planes.sample(channel)), curve)
        if excess > max(least, GRAIN_OF_CAMERA):
            self._remarks.add('grain', channel, said_of_grain(f'{excess:.3g} times the level'))
        return excess if excess > least else 1.0  # up to that a camera that is given stands
