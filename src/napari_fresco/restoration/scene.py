"""The scene that planes belong to: their common noise model and their ranges of intensity.

One camera took all planes of a channel, so its noise model is found once from planes spread
over the stack: a verdict that differed from plane to plane would make the result flicker. The
level of white noise and the range of intensities are a plane's own.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..image.blocks import SAMPLE, Index
from ..image.intensity import Affine, bright_objects, given_range, working_range
from ..image.sheet import is_large, sheet_of
from ..networks import devices
from ..noise.camera import Camera, Plane, assess_planes, fit_camera
from ..noise.curve import LEAST_GRAIN, NoiseCurve
from ..noise.cut_ground import cut_off_ground
from ..noise.grain import (
    GRAIN,
    GRAIN_OF_CAMERA,
    excess_of,
    grain_ratio,
    has_blocks,
    level_of_means,
    level_through_blur,
)
from ..noise.level import level_of_plane
from ..noise.patches import Bools, Floats, Reals
from ..noise.places import UNEVEN
from .plane_noise import (
    NoiseModel,
    PlaneNoise,
    Remarks,
    camera_given,
    check_offset,
    counted,
    said_of_grain,
    said_of_ground,
    said_of_places,
    said_of_speckle,
    smoothed,
)
from .plane_reader import Pixels, PlaneReader
from .request import Request
from .volume_ranges import VolumeRanges

_LEAST_SHARE = 1e-3  # noise of what a model says has none, as a part of the range
_LEAST_PHOTON = 0.5  # noise, in photons, below which a residual says nothing
_MOST_GRAIN = 4.0  # noise of means over that of pixels: beyond that it is texture


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
        self._request = r = request
        seek = not (r.facts.gains_colour or r.facts.from_jpeg)
        self.planes = PlaneReader(
            r.image, r.layout, r.inputs.mask, seek_outliers=seek, cancel=cancel
        )
        self._whole = self.planes
        begin = {} if r.context is None else r.context.begin(r.image)
        self._first = begin.get('Z')  # plane of its whole, where that is known
        whole = r.image if r.context is None else r.context.whole
        self._volumes: VolumeRanges | None = None
        if is_large(whole, r.layout.dims, r.around_losses):
            mask = r.inputs.mask if r.context is None else None
            if r.layout.dims == 3:
                self._volumes = VolumeRanges(sheet_of(whole, mask, 3, every_plane=True), r.layout)
            whole = sheet_of(whole, mask, r.layout.dims)
        if whole is not r.image:
            layout = r.layout.of_part(whole)
            self._whole = PlaneReader(whole, layout, seek_outliers=seek, cancel=cancel)
        self._models: dict[int, NoiseModel] = {}
        self._last: dict[Index, Pixels] = {}
        self._levels: dict[Index, float] = {}
        self._channel_noise: dict[int, PlaneNoise] = {}
        self.remarks = Remarks(whole.channel_names)

    def of_part(self, request: Request) -> Scene:
        """Return the same scene for a part of the image, which is another request.

        Nothing is found twice: what one part asks for first holds for the others.
        """
        if request is self._request:
            return self
        part = copy.copy(self)
        if request.image is not self._request.image:  # else it has the kernel of a channel
            part.planes = self.planes.of(request.image, request.layout, request.inputs.mask)
        vars(part)['_request'] = request
        return part

    @property
    def models(self) -> Mapping[int, NoiseModel]:
        """The noise models found so far, by channel."""
        return self._models

    def read(self, index: Index) -> Pixels:
        """Return plane `index` of the image; outliers of the whole are outliers in it."""
        return self.planes.read(index, among=self._among(index))

    def model(self, index: Index) -> NoiseModel:
        """Return the noise model of the channel of plane `index`."""
        channel = self._channel(index)
        if channel not in self._models:
            self._models[channel] = self._judged(channel)
        return self._models[channel]

    def range(self, index: Index, pixels: Pixels) -> Affine:
        """Return which intensities become 0 and 1 in plane `index`: its own, if none are given.

        A dim plane or channel is then restored as it would be alone.
        """
        r = self._request
        if r.options.data_range is not None:
            return given_range(r.options.data_range)
        low, high = self._of_whole(index, pixels).extent or (0.0, 0.0)
        limit = self.bright_limit(index, pixels)
        high = high if limit is None else min(high, limit)
        return working_range(low, high, r.layout.dtype)

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
        found, place = self.model(index), self._place(index)
        if found.camera is not None:
            variance = found.camera.variance(pixels.mean_filled) + (_LEAST_SHARE * span) ** 2
            return found.excess * np.sqrt(smoothed(variance, pixels.dims))
        known = None if place is None else found.levels.get(place)
        level = None if place is None else self._levels.get(place)
        if level is None:
            level = self._white(index, pixels, known, span)
            if place is not None and self._whole is not self.planes:
                self._levels[place] = level  # once for all its parts
        if (uneven := self._unevenness(index, pixels)) > UNEVEN:
            self.remarks.add('places', self._channel(index), said_of_places(uneven))
        return self._in_place(index, pixels, level)

    def _unevenness(self, index: Index, pixels: Pixels) -> float:
        """Return how many times as strong the white noise of a plane is in some places."""
        r, whole = self._request, self._of_whole(index, pixels)
        return whole.unevenness if r.facts.photon_noise and r.layout.dims == 2 else 1.0

    def _in_place(self, index: Index, pixels: Pixels, level: float) -> float | Floats:
        """Return the level of white noise, as a map where one number cannot stand for it."""
        if not level or self._unevenness(index, pixels) <= UNEVEN:
            return level
        grain = level / (self._of_whole(index, pixels).rough_level or level)
        return pixels.level_map * (grain if grain > GRAIN else 1.0)

    def _white(self, index: Index, part: Pixels, known: float | None, span: float) -> float:
        """Return the level of the white noise of a plane, of which `known` was found before."""
        facts, pixels = self._request.facts, self._of_whole(index, part)
        if facts.gains_colour or pixels.dims == 3:
            parts = _lattices(pixels) if facts.gains_colour else _planes(pixels)
            return float(np.median([level_of_plane(*each) for each in parts]))
        values, unknown = pixels.mean_filled, pixels.unknown
        level = level_of_plane(values, unknown) if known is None else known
        if not facts.photon_noise:
            return level
        told = self._with_grain(level, values, unknown, span)
        if told > level:
            said = said_of_grain(f'{told:.3g} instead of the level {level:.3g}')
            self.remarks.add('grain', self._channel(index), said)
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
        r, model = self._request, self.model(index)
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

    def bright_limit(self, index: Index, pixels: Pixels) -> float | None:
        """Return from where on objects are so bright that they are kept away from a denoiser.

        Photon noise is stabilised, and dim parts are restored well beside bright ones.
        """
        r = self._request
        if r.options.data_range is not None or 'noise' not in r.facts.checks:
            return None
        if self.model(index).camera is not None:
            return None
        whole = self._of_whole(index, pixels)
        known = whole.colours if whole.unknown is None else whole.colours[~whole.unknown]
        return bright_objects(known)

    def plausible_levels(self, index: Index, pixels: Pixels) -> tuple[float, float]:
        """Return the least and the greatest plausible noise level of plane `index`.

        That of single pixels, and that of means of them, in which noise with a grain shows.
        """
        level = float(self.channel_noise(index, pixels).level)
        middle = pixels.slices(SAMPLE)
        plane = middle[len(middle) // 2]
        coarse = [level_of_means(plane.mean_filled, side, plane.unknown) for side in (2, 4)]
        return level, max(float(np.max(self._in_place(index, pixels, level))), *coarse)

    def channel_noise(self, index: Index, pixels: Pixels) -> PlaneNoise:
        """Return the noise of a plane as measured in the first one of its channel."""
        channel = self._channel(index)
        if channel not in self._channel_noise:
            camera = None
            if self._request.layout.channels == 3 or self._request.facts.gains_colour:
                level = float(np.median([each.rough_level for each in pixels.slices(SAMPLE)]))
            else:
                camera, levels, _ = assess_planes(_planes(pixels))
                level = float(np.median(levels))
            if camera is not None:
                level = float(np.sqrt(camera.variance(pixels.mean_filled).mean()))
            self._channel_noise[channel] = PlaneNoise(camera, 1.0, level)
        return self._channel_noise[channel]

    def _with_grain(self, level: float, plane: Reals, unknown: Bools | None, span: float) -> float:
        """Return the level that a solver needs where neighbouring pixels share noise."""
        kernel, told = self._request.inputs.kernel, level
        if kernel is not None and kernel.values.ndim == 2 and self._request.inputs.scale == 1:
            told = max(level_through_blur(plane, kernel.values, unknown) or 0.0, level)
        elif level > 0:
            ratio = grain_ratio(plane, level, unknown, most=_MOST_GRAIN)
            if ratio > GRAIN and ratio * level > LEAST_GRAIN * span:
                told = ratio * level
        return told

    def _of_whole(self, index: Index, pixels: Pixels) -> Pixels:
        """Return the plane of the whole that `pixels` of plane `index` are a part of."""
        place = self._place(index)
        return pixels if place is None or self._whole is self.planes else self._at(place)

    def _at(self, place: Index) -> Pixels:
        if place not in self._last:
            self._last.clear()
            self._last[place] = self._whole.read(place)
        return self._last[place]

    def _among(self, index: Index) -> Floats | None:
        """Return the ordinary ranges of the whole of plane `index`; None for its own."""
        place = self._place(index)
        if place is None or self._whole is self.planes:
            return None
        found = self._at(place).ordinary if self._volumes is None else self._volumes.of(place)
        if found is None or self._request.layout.dims == 2:
            return found
        depth = self._request.layout.plane_shape[0]
        part = found if self._first is None else found[self._first : self._first + depth]
        return part if len(part) == depth else None

    def _place(self, index: Index) -> Index | None:
        """Return which plane of the whole plane `index` is, or is a part of."""
        r, whole = self._request, self._whole.layout
        if self._whole is self.planes:
            return index
        if (known := r.in_context(index)) is not None:
            return known
        if whole.leading == r.layout.leading:
            return index
        return () if not whole.leading else None

    def _channel(self, index: Index) -> int:
        """Return the channel that plane `index` belongs to, of the whole where that is known."""
        place = self._place(index)
        if place is not None and 'C' in self._whole.layout.leading_axes:
            return self._whole.layout.channel_of(place)
        return self._request.layout.channel_of(index)

    def _judged(self, channel: int) -> NoiseModel:
        r, p = self._request, self._request.params
        given = camera_given(p)
        if p.noise == 'gaussian' or not r.method.models_noise(r.task):
            return NoiseModel()
        if p.noise == 'auto' and not given:
            return self._recognised(channel)
        check_offset(given.get('offset'), self._sampled(channel))
        if len(given) == len(Camera._fields):
            return NoiseModel(Camera(**given), self._excess(channel, least=GRAIN), found='given')
        camera = fit_camera(self._sampled(channel), **given)
        found = f'fitted to {counted(self._sample(channel), r.layout.dims)}'
        return NoiseModel(camera, self._excess(channel), found=found)

    def _sample(self, channel: int) -> Sequence[Index]:
        """Return which planes stand for a channel."""
        axis = self._whole.layout.leading_axes.find('C')
        indices = self._whole.layout.planes()
        return self._whole.sample([x for x in indices if axis < 0 or x[axis] == channel])

    def _recognised(self, channel: int) -> NoiseModel:
        """Return photon noise where its model serves and nothing better is known."""
        r = self._request
        told = r.method.blind or r.inputs.sigma is not None
        if told or not r.facts.photon_noise or r.layout.channels == 3:
            return NoiseModel()
        indices = self._sample(channel)
        camera, levels, curve = assess_planes(self._sampled(channel))
        found = f'recognised in {counted(indices, r.layout.dims)}'
        if share := max((cut_off_ground(*each) for each in self._sampled(channel)), default=0.0):
            self.remarks.add('ground', channel, said_of_ground(share))
        # What JPEG leaves of noise grows with the intensity as well, and is no photon noise.
        if camera is None or all(has_blocks(plane) for plane, _ in self._sampled(channel)):
            known = zip(indices, levels, strict=True) if r.layout.dims == 2 else ()
            return NoiseModel(levels=dict(known), found=found)
        if curve is not None and curve.speckle:
            self.remarks.add('speckle', channel, said_of_speckle(curve.speckle))
        return NoiseModel(camera, self._excess(channel, curve), found=found)

    def _excess(self, channel: int, curve: NoiseCurve | None = None, least: float = 1) -> float:
        """Return the ratio of the noise of a channel, of known `curve`, to that of its camera."""
        if not self._request.facts.photon_noise or self._request.layout.channels == 3:
            return 1.0
        excess = excess_of(self._sampled(channel), curve)
        if excess > max(least, GRAIN_OF_CAMERA):
            self.remarks.add('grain', channel, said_of_grain(f'{excess:.3g} times the level'))
        return excess if excess > least else 1.0  # up to that a camera that is given stands

    def _sampled(self, channel: int) -> Iterator[Plane]:
        """Read planes, in each of which neighbours have one colour, beside what is unknown."""
        for index in self._sample(channel):
            pixels = self._whole.read(index, again=True)
            yield from (_lattices if self._request.facts.gains_colour else _planes)(pixels)


def _chooses_arithmetic(r: Request) -> bool:
    return r.params.precision == 'auto' and devices.has_fast_bfloat16(r.device)


def _lattices(pixels: Pixels) -> Iterator[Plane]:
    """Yield the four lattices of a mosaic, in each of which neighbours have one colour."""
    mosaic, unknown = pixels.mean_filled, pixels.unknown
    rows, columns = (max(n // 2, 1) for n in mosaic.shape)
    for part in (np.s_[i::2, j::2] for i in (0, 1) for j in (0, 1)):
        lattice = mosaic[part][:rows, :columns]
        if lattice.shape == (rows, columns):
            yield lattice, None if unknown is None else unknown[part][:rows, :columns]


def _planes(pixels: Pixels) -> Iterator[Plane]:
    """Yield a plane, or planes spread over a volume, each beside what is unknown of it."""
    for each in pixels.slices(SAMPLE):
        yield each.mean_filled, each.unknown
