"""Checks of a run: what is known of a plane and of its noise, handed to the checks of evidence."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from ..evidence.channels_together import worst_of_channels
from ..evidence.check_limits import worst, worst_of_volume
from ..evidence.checks import check_result
from ..evidence.input_checks import (
    camera_told,
    doubts,
    mask_alone,
    mask_placed,
    named,
    offset_found,
    one_hue,
    range_given,
    saturation,
    sigma_found,
    sigma_told,
)
from ..evidence.plane_measures import to_gray
from ..evidence.plane_outcome import Outcome
from ..evidence.remedies import fitting, restored_by
from ..evidence.storage_checks import (
    areas,
    channels,
    mosaic,
    outliers,
    ran_over,
    repeated,
    scan,
    stripes,
)
from ..image.blocks import SAMPLE, Index
from ..image.intensity import given_range
from ..image.layout import Array, Layout
from ..noise.colour_noise import noise_of_colours
from ..noise.patches import Bools
from ..types import Check, Step
from ..weights.registry import Entry
from .block import Block
from .inputs import task_of_named
from .parts import telling
from .plane_noise import camera_given
from .plane_reader import Pixels
from .request import Request
from .scene import Scene

_PLANES = 9  # of a volume, which are checked
_SMOOTH = 2.0  # pixels over which intensities are averaged before their noise is looked up
_ALL, _DARK = (0.1, 0.5, 0.95), (0.25,)  # quantiles; white noise is found where an image is dark


class Checking:
    """Checks planes as they are finished, and keeps the worst that was found.

    `request`: what was asked: the task tells which checks make sense.
    `scene`: tells the noise.
    """

    def __init__(self, request: Request, scene: Scene) -> None:
        self._request, self._scene = request, scene
        self._worst: dict[int, tuple[Check, ...]] = {}
        self._of_all: tuple[Check, ...] = ()
        kernels = request.inputs.every_kernel
        if kernels and 'kernel' in request.facts.checks:
            said = dict.fromkeys(doubt for kernel in kernels for doubt in kernel.warnings)
            self._of_all = (doubts('kernel', list(said)),)

    @property
    def found(self) -> tuple[Check, ...]:
        """All checks that were made, in the order of the task."""
        order = self._request.facts.checks
        names = self._request.image.channel_names or ('',)
        restored = restored_by(self._request.image.metadata)
        worst_of = sorted(self._worst.items())
        each = {names[channel]: fitting(found, restored) for channel, found in worst_of}
        checks = [*self._of_all, *worst_of_channels(each)]
        return tuple(sorted(checks, key=lambda check: order.index(check.name)))

    def add(self, block: Block, step: Step, image: Array) -> None:
        """Check plane `block`, of which `step` is the estimate and `image` is given out."""
        r = self._request
        if getattr(r.params, 'estimate_only', False):
            return
        outcome = self._outcome(block, step, image)
        if r.layout.dims == 2:
            own = named([self._noise_found(block, step)], r.facts.checks)
            self._keep(block.index, check_result(outcome, r.method.checks(r.task)), own)
            self.add_inputs(block.index, block.pixels)
        else:
            planes = outcome.planes(_PLANES)
            names = r.method.checks(r.task)
            each = worst_of_volume(check_result(plane, names) for plane in planes)
            given = named([self._noise_told(block.index, block.pixels)], r.facts.checks)
            self._keep(block.index, each, given, self._offset(block.index))

    def add_inputs(self, index: Index, pixels: Pixels) -> None:
        """Check what was given with the image against plane `index`."""
        self._keep(index, self._inputs(index, pixels))

    def _keep(self, index: Index, *several: Sequence[Check]) -> None:
        """Keep the worst checks of the channel that a plane belongs to."""
        channel = self._request.layout.channel_of(index)
        self._worst[channel] = worst([self._worst.get(channel, ()), *several])

    def _outcome(self, block: Block, step: Step, image: Array) -> Outcome:
        r, pixels = self._request, block.pixels
        predicted, restored = block.predicted(step.x), block.restored(step.x)
        kernel, camera, unknown = block.request.inputs.kernel, block.camera, pixels.unknown
        core: Any = block.request.core or ...
        given = image if r.facts.gains_colour else r.layout.colours(image)
        judged = restored[core]
        return Outcome(
            observed=pixels.colours[core].astype(np.float64),
            restored=judged,
            given=given[core],
            predicted=judged if predicted is restored else predicted[core],
            sigma=self._noise(block, predicted),
            unknown=None if unknown is None else unknown[core],
            offset=min(block.range.low, 0.0) if camera is None else camera.offset,
            span=block.range.span,
            margin=0 if kernel is None else math.ceil(max(kernel.shape[-2:]) / 2 / r.inputs.scale),
            reads_noise=r.reads_noise,
        )

    def _noise(self, block: Block, predicted: Array) -> Array | float | None:
        """Return the noise that is expected in the residual, in image units.

        Of smooth noise in photographs, which hardly shows in pixels, a method that finds the noise
        by itself may take away more than they tell: as much as colours do not share. Of noise
        with a grain it has to take away what means of pixels tell.
        """
        r = self._request
        if r.facts.from_jpeg or (
            'noise' not in r.facts.checks and 'consistency' not in r.facts.checks
        ):
            return None
        expected = self._scene.expected(block.index, block.pixels, predicted)
        if expected is None:
            return block.told_noise()
        if not r.method.blind or not r.facts.pointwise:
            return expected
        seen = math.sqrt(float(np.mean(np.square(expected))))
        if block.apparent.camera is None:
            told = self._scene.level_with_grain(block.index, block.pixels, seen, block.range.span)
            expected = expected * (told / seen if seen else 1.0)
        coloured = noise_of_colours(block.pixels.colours - predicted)
        return np.maximum(expected, coloured.smooth(seen))

    def _inputs(self, index: Index, pixels: Pixels) -> list[Check]:
        r = self._request
        shape = pixels.colours.shape[:2]
        known = np.ones(shape, bool) if pixels.unknown is None else ~pixels.unknown
        found = [self._noise_told(index, pixels), saturation(pixels.colours, known)]
        if r.options.data_range is not None and pixels.extent is not None:
            given = given_range(r.options.data_range)
            found.append(range_given((given.low, given.high), pixels.extent))
        if r.inputs.weights is not None:
            found.append(doubts('training', list(self._unseen(r.inputs.weights, pixels, known))))
        if pixels.mask is not None:
            found += [
                *mask_alone(pixels.mask),
                mask_placed(pixels.mask, pixels.colours.astype(np.float64)),
            ]
        if 'channels' in r.facts.checks:
            alpha = r.layout.alpha(pixels.data)
            found += [
                mosaic(pixels.colours, known),
                channels(pixels.colours, alpha, known),
                areas(pixels.colours, known),
            ]
        if 'stripes' in r.facts.checks:
            found += [
                stripes(pixels.colours, known),
                scan(pixels.colours, known),
                repeated(pixels.colours, known),
                ran_over(pixels.colours, known),
            ]
        if 'outliers' in r.facts.checks:
            found.append(outliers(pixels.colours, known))
        return named(found, r.facts.checks)

    def _unseen(self, weights: Entry, pixels: Pixels, known: Bools) -> Iterator[str]:
        """Yield why the weights do no good to the plane."""
        r = self._request
        gray = bool(weights.seen) and one_hue(pixels.colours.astype(np.float64), known)
        task = task_of_named(r.params, r.task)
        if unseen := weights.doubt(1 if gray else r.layout.channels, task):
            yield unseen

    def _offset(self, index: Index) -> list[Check]:
        """Check an offset that was found in a volume, and not given: planes hardly depend on it."""
        model = self._scene.model(index)
        params = self._request.of_plane(index).params
        given = model.found == 'given' or params.offset is not None
        if model.camera is None or given:
            return []
        return named([offset_found(model.camera)], self._request.facts.checks)

    def _noise_found(self, block: Block, step: Step) -> Check | None:
        """Compare the noise that a method found by itself with what the plane shows."""
        if step.variance is None or not self._request.method.blind:
            return None
        own = math.sqrt(float(np.nanmean(block.maps(step)['variance'])))
        camera, _, level = block.apparent
        seen = math.sqrt(float(np.mean(np.square(level))))
        if camera is not None:
            seen = math.sqrt(float(camera.variance(block.pixels.mean_filled).mean()))
        span = block.range.span
        return sigma_found(own, self._scene.level_with_grain(block.index, block.pixels, seen, span))

    def _noise_told(self, index: Index, pixels: Pixels) -> Check | None:
        """Compare the noise that was told, by a number or a camera, with what the plane shows."""
        r = self._request.of_plane(index)
        told = r.inputs.plane_sigma(index)
        if told is not None and r.reads_noise:
            level = float(np.median(told))  # of a map
            low, high = self._scene.plausible_levels(index, pixels)
            return sigma_told(level, min(max(level, low), high), mapped=np.ndim(told) > 0)
        model, given = self._scene.model(index), camera_given(r.params)
        if model.camera is None or not given:
            return None
        shown = self._scene.channel_noise(index, pixels)
        planes = pixels.slices(SAMPLE)
        plane = planes[len(planes) // 2].mean_filled.astype(np.float64)
        values = ndimage.gaussian_filter(to_gray(plane), _SMOOTH)
        levels = np.quantile(values, _DARK if shown.camera is None else _ALL)
        seen = np.full(levels.shape, shown.level)
        if shown.camera is not None:
            seen = np.sqrt(shown.camera.variance(levels))
        return camera_told(np.sqrt(model.camera.variance(levels)), seen, given)


def doubts_before(request: Request) -> tuple[str, ...]:
    """Return what is doubtful about a request before anything is restored.

    Of a stack the middle one of the planes to restore is looked at, in each channel, of one that
    is restored in blocks the block that tells most.
    """
    scene = Scene(request)
    planes = [x for x in request.layout.planes() if scene.planes.marks(x)]
    found = [*request.inputs.warnings]
    checking = Checking(request, scene)
    for index in _middle_of_each(request.layout, planes) if request.layout.dims == 2 else ():
        part = telling(request, index)
        pixels = scene.of_part(part.of(request)).read(part.at_hand)
        if not pixels.empty:
            checking.add_inputs(index, pixels)
    found += [check.message for check in checking.found if not check.ok]
    return tuple(dict.fromkeys(found))


def _middle_of_each(layout: Layout, planes: Sequence[Index]) -> Iterator[Index]:
    """Yield the middle one of the planes of each channel."""
    for _, own in itertools.groupby(sorted(planes, key=layout.channel_of), layout.channel_of):
        several = list(own)
        yield several[len(several) // 2]
