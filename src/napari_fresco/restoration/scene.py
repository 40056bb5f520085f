"""The scene that planes belong to: the noise and the range of intensities of each.

The planes of a channel have one noise model. The level of white noise and the range of
intensities are a plane's own.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..image.blocks import SAMPLE, Index
from ..image.intensity import Affine, bright_objects, given_range, working_range
from ..networks import devices
from ..noise.camera import assess_planes
from ..noise.grain import GRAIN, level_of_means, level_through_blur, level_with_grain
from ..noise.jpeg_quality import jpeg_quality
from ..noise.level import level_of_plane
from ..noise.patches import Floats
from ..noise.places import UNEVEN
from .noise_models import NoiseModels
from .plane_noise import (
    NoiseModel,
    PlaneNoise,
    Remarks,
    said_of_border,
    said_of_grain,
    said_of_places,
    said_of_quality,
    smoothed,
)
from .plane_reader import Pixels, PlaneReader
from .planes_in_whole import PlanesInWhole, lattices_of, planes_of
from .request import Request

_LEAST_SHARE = 1e-3  # noise of what a model says has none, as a part of the range
_LEAST_PHOTON = 0.5  # noise, in photons, below which a residual says nothing


class Scene:
    """The whole that gives planes their range and noise: the image, or what it was cut from.

    Ranges and noise are found when the first of its planes asks, from planes that are read once.

    Parameters
    ----------
    request : Request
        Of every channel at most 16 planes are looked at.
    cancel : threading.Event, optional
        Once set, nothing more is read.
    """

    def __init__(self, request: Request, cancel: threading.Event | None = None) -> None:
        self._request = request
        self._planes = PlanesInWhole(request, cancel)
        self._levels: dict[Index, float] = {}
        self._of_whole: dict[Index, NDArray[np.float64] | float] = {}
        self._channel_noise: dict[int, PlaneNoise] = {}
        self._qualities: dict[Index | None, int | None] = {}
        self._of_channel: dict[tuple[str, int], float] = {}
        self.remarks = Remarks(self._planes.channel_names)
        self._models = NoiseModels(self._planes, self.remarks)

    def of_part(self, request: Request) -> Scene:
        """Return the same scene for a part of the image, which is another request.

        Nothing is found twice: what one part asks for first holds for the others.
        """
        if request is self._request:
            return self
        part = copy.copy(self)
        vars(part).update(_request=request, _planes=self._planes.of_part(request))
        return part

    @property
    def planes(self) -> PlaneReader:
        """The planes of the image, nothing beside them."""
        return self._planes.reader

    @property
    def models(self) -> Mapping[int, NoiseModel]:
        """The noise models found so far, by channel."""
        return self._models.found

    def read(self, index: Index) -> Pixels:
        """Return plane `index` of the image; outliers of the whole are outliers in it."""
        return self._planes.read(index)

    def channel(self, index: Index) -> int:
        """Return the channel that plane `index` belongs to, of the whole where that is known."""
        return self._planes.channel(index)

    def place(self, index: Index) -> Index | None:
        """Return which plane of the whole plane `index` is, or is a part of."""
        return self._planes.place(index)

    def few(self, index: Index) -> Sequence[Index]:
        """Return a few planes of the whole that stand for the channel of plane `index`."""
        return self._planes.few(self.channel(index))

    def model(self, index: Index) -> NoiseModel:
        """Return the noise model of the channel of plane `index`."""
        return self._models.of(self._planes.channel(index), self._request.of_plane(index))

    def look_ahead(self, index: Index) -> None:
        """Find what holds for all planes of a channel, from planes that may be yet to come.

        They are kept, since of arrays that are not in memory each is read once.
        """
        r, model, few = self._request, self.model(index), self.few(index)
        untold = r.method.blind or not r.inputs.tells_noise
        if len(few) == 1 or model.camera is not None or not (untold and r.facts.photon_noise):
            return
        if r.layout.dims == 2:
            self._hold('uneven', index, lambda _, plane: plane.unevenness)
            self._hold('grain', index, partial(self._grain_in, index))

    def range(self, index: Index, pixels: Pixels) -> Affine:
        """Return which intensities become 0 and 1 in plane `index`: its own, if none are given.

        A dim plane or channel is then restored as it would be alone.
        """
        r = self._request
        if r.options.data_range is not None:
            return given_range(r.options.data_range)
        return self._range_of(index, self._planes.of_whole(index, pixels))

    def _range_of(self, index: Index, whole: Pixels) -> Affine:
        low, high = whole.extent or (0.0, 0.0)
        limit = self._bright_limit_of(index, whole)
        high = high if limit is None else min(high, limit)
        return working_range(low, high, self._request.layout.dtype)

    def level(self, index: Index, pixels: Pixels, span: float) -> float | NDArray[np.float64]:
        """Return the standard deviation of the noise of plane `index`, in image units.

        Returns
        -------
        float or ndarray
            A number, or a map like the plane: from the model of the camera, or where white noise
            differs from place to place. 0.0 where nothing reads it: deblocking is told the
            quality, and blind methods only want to know whether the noise hides the rounding of
            fast arithmetic.
        """
        r = self._request
        if r.method.blind:
            return pixels.rough_level if _chooses_arithmetic(r) else 0.0
        if r.facts.from_jpeg:
            return 0.0
        found, place = self.model(index), self._planes.place(index)
        if found.camera is not None:
            variance = found.camera.variance(pixels.mean_filled) + (_LEAST_SHARE * span) ** 2
            return found.excess * np.sqrt(smoothed(variance, pixels.dims))
        known = None if place is None else found.levels.get(place)
        level = None if place is None else self._levels.get(place)
        if level is None:
            level = self._white(index, pixels, known, span)
            if place is not None and self._planes.are_parts:
                self._levels[place] = level  # once for all its parts
        if (uneven := self._unevenness(index, pixels)) > UNEVEN:
            self.remarks.add('places', self._planes.channel(index), said_of_places(uneven))
        if level and pixels.kept is None and r.facts.photon_noise and pixels.quiet is not None:
            said = said_of_border(float(np.median(pixels.quiet.level[pixels.quiet.where])), level)
            self.remarks.add('border', self._planes.channel(index), said)
        return self._in_place(index, pixels, level)

    def level_of_whole(
        self, index: Index, pixels: Pixels, span: float
    ) -> float | NDArray[np.float64] | None:
        """Return the level of the whole that plane `index` is a part of; None where it is whole."""
        place = self._planes.place(index)
        if place is None or not self._planes.are_parts:
            return None
        if place not in self._of_whole:
            whole = self._planes.of_whole(index, pixels)
            self._of_whole.clear()
            self._of_whole[place] = self.level(index, whole, span)
        return self._of_whole[place]

    def jpeg_quality(self, index: Index, pixels: Pixels) -> int | None:
        """Return the quality at which plane `index` was saved as JPEG; None where it is untold.

        What is found in the first block of a plane, or in all of it, holds for the others.
        """
        r, place = self._request, self._planes.place(index)
        if not r.facts.from_jpeg or pixels.dims != 2:
            return None
        if place is None or place not in self._qualities:
            found = jpeg_quality(pixels.colours)
            if found is None and self._planes.are_parts:
                found = jpeg_quality(self._planes.of_whole(index, pixels).colours)
            self._qualities[place] = found
            if said := said_of_quality(found, getattr(r.params, 'quality', None)):
                self.remarks.add('jpeg', self._planes.channel(index), said)
        return self._qualities[place]

    def _unevenness(self, index: Index, pixels: Pixels) -> float:
        """Return how many times as strong the white noise of a channel is in some places."""
        if not self._request.facts.photon_noise or self._request.layout.dims == 3:
            return 1.0
        held = self._of_channel.get(('uneven', self.channel(index)))
        return self._planes.of_whole(index, pixels).unevenness if held is None else held

    def _hold(self, name: str, index: Index, told: Callable[[Index, Pixels], float]) -> None:
        """Let what is `told` by a few planes of the whole hold for all of a channel.

        The planes of a stack would flicker if each were judged by itself beside a limit.
        """
        key = name, self.channel(index)
        if key not in self._of_channel:
            few = self.few(index)
            found = [told(*each) for each in zip(few, self._planes.at(few), strict=True)]
            self._of_channel[key] = float(np.median(found))

    def _in_place(self, index: Index, pixels: Pixels, level: float) -> float | Floats:
        """Return the level of white noise, as a map where one number cannot stand for it."""
        found: float | Floats = level
        if level and self._unevenness(index, pixels) > UNEVEN:
            grain = level / (self._planes.of_whole(index, pixels).rough_level or level)
            found = pixels.level_map * (grain if grain > GRAIN else 1.0)
        quiet = pixels.quiet if self._request.facts.photon_noise else None
        return found if quiet is None else np.where(quiet.where, quiet.level, found)

    def _white(self, index: Index, part: Pixels, known: float | None, span: float) -> float:
        """Return the level of the white noise of a plane, of which `known` was found before."""
        facts, pixels = self._request.facts, self._planes.of_whole(index, part)
        if facts.gains_colour or pixels.dims == 3:
            parts = lattices_of(pixels) if facts.gains_colour else planes_of(pixels)
            return float(np.median([level_of_plane(*each) for each in parts]))
        values, unknown = pixels.judged, pixels.silent
        level = level_of_plane(values, unknown) if known is None else known
        if not facts.photon_noise:
            return level
        told = level * self._grain(index, level, pixels, span)
        if told > level:
            said = said_of_grain(f'{told:.3g} instead of the level {level:.3g}')
            self.remarks.add('grain', self._planes.channel(index), said)
        return told

    def expected(self, index: Index, pixels: Pixels, predicted: Floats) -> Floats | float | None:
        """Return the standard deviation that the noise of plane `index` should have.

        Parameters
        ----------
        predicted : ndarray
            What the plane would be without noise, in image units.

        Returns
        -------
        ndarray, float or None
            None where nothing better is known than what the solver was told.
        """
        noise = self.apparent(index, pixels)
        if (camera := noise.camera) is not None:
            # Where hardly a photon is, the residual is that of the few that are.
            variance = np.maximum(camera.variance(predicted), (_LEAST_PHOTON * camera.gain) ** 2)
            return noise.excess * np.sqrt(smoothed(variance, pixels.dims))
        return noise.known_level

    def apparent(self, index: Index, pixels: Pixels) -> PlaneNoise:
        """Return the noise of a plane as measured, where none or only a number is given."""
        r, model = self._request.of_plane(index), self.model(index)
        if model.camera is not None:
            return PlaneNoise(model.camera, model.excess)
        told = isinstance(r.inputs.plane_sigma(index), float)
        if not r.facts.photon_noise or not (r.method.blind or told):
            return PlaneNoise()
        seen = self.channel_noise(index, pixels)
        if seen.camera is not None:
            return seen
        local = 0.0 if told else self._in_place(index, pixels, float(seen.level))
        return PlaneNoise(level=local)

    def level_with_grain(self, index: Index, pixels: Pixels, level: float, span: float) -> float:
        """Return the `level` that single pixels of a plane show, or more, where it has a grain."""
        whole = self._planes.of_whole(index, pixels)
        return level * self._grain(index, level, whole, span)

    def bright_limit(self, index: Index, pixels: Pixels) -> float | None:
        """Return from where on objects are so bright that they are kept away from a denoiser.

        Photon noise is stabilised, and dim parts are restored well beside bright ones.
        """
        return self._bright_limit_of(index, self._planes.of_whole(index, pixels))

    def _bright_limit_of(self, index: Index, whole: Pixels) -> float | None:
        r = self._request
        if r.options.data_range is not None or 'noise' not in r.facts.checks:
            return None
        if self.model(index).camera is not None:
            return None
        known = whole.colours if whole.unknown is None else whole.colours[~whole.unknown]
        return bright_objects(known)

    def plausible_levels(self, index: Index, pixels: Pixels) -> tuple[float, float]:
        """Return the least and the greatest plausible noise level of plane `index`.

        That of single pixels, and that of means of them, in which noise with a grain shows.
        """
        level = float(self.channel_noise(index, pixels).level)
        middle = pixels.slices(SAMPLE)
        plane = middle[len(middle) // 2]
        coarse = [level_of_means(plane.judged, side, plane.silent) for side in (2, 4)]
        return level, max(float(np.max(self._in_place(index, pixels, level))), *coarse)

    def channel_noise(self, index: Index, pixels: Pixels) -> PlaneNoise:
        """Return the noise of a plane as measured in the first one of its channel."""
        channel = self._planes.channel(index)
        if channel not in self._channel_noise:
            camera = None
            if self._request.layout.channels == 3 or self._request.facts.gains_colour:
                level = float(np.median([each.rough_level for each in pixels.slices(SAMPLE)]))
            else:
                camera, levels, _ = assess_planes(planes_of(pixels))
                level = float(np.median(levels))
            if camera is not None:
                level = float(np.sqrt(camera.variance(pixels.mean_filled).mean()))
            self._channel_noise[channel] = PlaneNoise(camera, 1.0, level)
        return self._channel_noise[channel]

    def _grain(self, index: Index, level: float, whole: Pixels, span: float) -> float:
        """Return by how much more than the `level` of pixels a solver needs for a shared grain."""
        held = self._of_channel.get(('grain', self.channel(index)))
        if held is not None:
            return held
        return self._with_grain(index, level, whole, span) / level if level else 1.0

    def _grain_in(self, index: Index, place: Index, plane: Pixels) -> float:
        """Return that of a plane of the whole, at `place` in it, of the channel of `index`."""
        known = self.model(index).levels.get(place)
        level = level_of_plane(plane.judged, plane.silent) if known is None else known
        return self._grain(index, level, plane, self._range_of(index, plane).span)

    def _with_grain(self, index: Index, level: float, whole: Pixels, span: float) -> float:
        """Return the level that a solver needs where neighbouring pixels share noise."""
        plane, unknown = whole.judged, whole.silent
        kernel = self._request.of_plane(index).inputs.kernel
        if kernel is None or kernel.values.ndim != 2 or self._request.inputs.scale != 1:
            return level_with_grain(plane, level, span, unknown)
        times = 1.0
        if level and self._unevenness(index, whole) > UNEVEN:
            times = float(np.sqrt(np.mean(np.square(whole.level_map)))) / level
        grain = level_through_blur(plane, kernel.values, unknown, times)
        return max((grain or 0.0) / times, level)


def _chooses_arithmetic(r: Request) -> bool:
    return r.params.precision == 'auto' and devices.has_fast_bfloat16(r.device)
