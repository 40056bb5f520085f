"""The result of a run as it grows: in memory, or in a store on disk."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from ..evidence.mask_measures import left_over
from ..image.channels import ASKED_SERIES
from ..image.layout import Array
from ..image.model import Image
from ..io.files import read, write
from ..io.zarr_writing import GrowingImage
from ..physics.kernels import Kernel
from ..types import Finish, Result, Step
from .across_blocks import put_fills, with_earlier_fills, with_fills
from .block import Block
from .checking import Checking
from .estimation import Estimate
from .fill_facts import fill_facts
from .giving_back import unrestored
from .input_hash import InputHash
from .neighbours import RestoredPart
from .parts import Part
from .provenance import Account, geometry, plane_facts, provenance
from .request import Request
from .scene import Scene

_GIVEN_BACK_SECONDS = 1.0  # for planes in memory that a cancelled run did not come to


class GrowingResult:
    """The result of a run, into which its parts are put as they are finished.

    Attributes
    ----------
    seen : InputHash
        Hash of the pixels that were restored.
    complete : bool
        Whether the run has come to its end.
    """

    def __init__(self, request: Request, estimate: Estimate | None, scene: Scene) -> None:
        self._request, self._estimate, self._scene = request, estimate, scene
        samples = 3 if request.facts.gains_colour else request.layout.samples
        self._planes: Any
        self._image: Any
        if request.output is None:
            self._image, self._planes = request.layout.empty(
                request.inputs.scale, samples, request.dtype
            )
        else:
            self._image, self._planes = None, _store(request, samples)
        self._filled: Array | None = None
        if 'mask' in request.facts.takes:
            self._filled = np.zeros((*request.layout.leading, *request.layout.plane_shape), bool)
        self._maps: dict[str, Array] = {}
        self._kernel: Array | None = None
        self._account = Account()
        self._checking = Checking(request, scene)
        self.seen = InputHash(request)
        self._done: set[Part] = set()
        self.complete = False

    def seen_by(self, part: Part) -> Request:
        """Return the request for a part, in which earlier fills count as known."""
        own = part.of(self._request)
        if own.core is not None and self._filled is not None:
            self.seen.see(part, own.layout.in_order(own.image.data))
            own = with_earlier_fills(part, own, self._planes, self._filled)
        return own

    def take(self, finished: Iterable[RestoredPart]) -> None:
        """Put parts in their places as they are finished."""
        for each in finished:
            self.add(each)

    def add(self, restored: RestoredPart) -> None:
        """Put a restored part in its place, with its uncertainty if that was measured."""
        part, block, outcome, repeats = restored
        block.end(outcome.step.x)
        painted = block.painted(outcome.step)
        image, clipped = block.finish(outcome.step.x, painted)
        self._put(part, image)
        self._checking.add(block, outcome.step, image)
        facts = plane_facts(block)
        if self._filled is not None:
            put_fills(part, block.request, (image, painted), (self._planes, self._filled))
            facts['fills'] = fill_facts(block, painted)
        maps = block.maps(outcome.step)
        if repeats is not None:
            maps['uncertainty'] = repeats.deviation()
            facts['uncertainty'] = repeats.facts()
        names = self._request.image.channel_names
        channel = names[self._request.layout.channel_of(part.index)] if names else ''
        self._account.add(outcome, facts, clipped, channel)
        self._put_maps(part, maps)
        told = self._request.inputs
        if outcome.step.kernel is not None and told.kernel is None and not told.kernels:
            self._average_kernel(outcome.step.kernel.detach().double().cpu().numpy())

    def _put_maps(self, part: Part, maps: dict[str, Array]) -> None:
        """Put the maps of a part in their places, which are NaN where there is none."""
        r, scale = self._request, self._request.inputs.scale
        for name, values in maps.items():
            if part.tile is not None and name == 'latent':
                continue  # belongs to cells of a block, not to pixels of the plane
            if name not in self._maps:
                size = values.shape
                if part.tile is not None:
                    size = tuple(n * scale for n in r.layout.plane_shape) + values.shape[2:]
                self._maps[name] = np.full((*r.layout.leading, *size), np.nan, np.float32)
            self._maps[name][part.place(scale)] = part.inside(values, scale)

    def _average_kernel(self, kernel: Array) -> None:
        """Take the kernel of another part into the mean of all."""
        mean = kernel if self._kernel is None else self._kernel
        self._kernel = mean + (kernel - mean) / self._account.restored

    def give_back(self, part: Part, data: Array, why: str = '') -> None:
        """Give a plane or block back as it came."""
        self.seen.see(part, data)
        self._put(part, unrestored(data, self._request))
        if why:
            place = ', '.join(map(str, part.index))
            what = f'plane {place}' if place else 'the image'
            what = what if part.tile is None else f'a block of {what}'
            self._account.warn(f'{what} {why}; it was given back as it is')

    def shown(self, part: Part, block: Block, x: Tensor) -> Array:
        """Return the plane with the estimate `x` of a part of it in its place."""
        scale = self._request.inputs.scale
        image = part.inside(block.to_image(x), scale)
        if part.tile is None or self._image is None:
            return image
        plane: Array = self._planes[part.index].copy()
        plane[part.place(scale)[len(part.index) :]] = image
        return plane

    def painted(self, part: Part, block: Block, step: Step) -> Array:
        """Return where the plane was newly painted, up to a step of a part of it."""
        found = part.inside(block.painted(step))
        if part.tile is None or self._filled is None:
            return found
        plane: Array = self._filled[part.index].copy()
        plane[part.place(1)[len(part.index) :]] = found
        return plane

    def _put(self, part: Part, image: Array) -> None:
        scale = self._request.inputs.scale
        self._planes[part.place(scale)] = part.inside(image, scale)
        self._done.add(part)

    def give_back_the_rest(self, every: Sequence[Part]) -> None:
        """Give back the parts that a cancelled run did not come to, as far as that is quick."""
        r, began = self._request, time.monotonic()
        late = self._scene.planes.lazy
        if self._image is None:
            return
        for part in every:
            late = late or time.monotonic() - began > _GIVEN_BACK_SECONDS
            if part in self._done:
                continue
            place = part.place(r.inputs.scale)
            if not late:
                whole = r.layout.read(r.image.data, part.index)
                given = unrestored(whole[part.place(1)[len(part.index) :]], r)
                self._planes[place] = with_fills(part, given, self._planes, self._filled)
            elif r.dtype.kind == 'f':
                self._planes[place] = np.nan

    def finished(self, used: list[Any], seconds: float) -> Result:
        """Return the result of a run that `used` some networks and took so many seconds."""
        r, finish = self._request, self._finish()
        if finish == 'cancelled' and self._filled is not None and r.inputs.mask is not None:
            self._account.warn(left_over(r.inputs.mask, self._filled))
        kernel, told = r.inputs.kernel, self._estimate
        if kernel is None and self._kernel is not None:
            kernel = Kernel(self._kernel, source=r.method.name)
        record = provenance(
            r,
            used,
            kernel=kernel,
            estimate=None if told is None else told.record,
            account=self._account,
            scene=self._scene,
            checks=self._checking.found,
            finish=finish,
            seconds=seconds,
            input_hash=self.seen.hexdigest() if self.complete else None,
        )
        if r.output is not None:
            self._image = self._written(record)
        return Result(
            self._image if r.bare else self._with_belongings(record),
            self._maps.get('variance', None if told is None else told.variance),
            self._kernels(kernel),
            finish,
            record,
            uncertainty=self._maps.get('uncertainty'),
            spread=self._maps.get('spread'),
            latent=self._maps.get('latent'),
            filled=None if self._filled is None else r.layout.in_own_order(self._filled),
            restored=self._account.restored,
            checks=self._checking.found,
        )

    def _kernels(self, kernel: Kernel | None) -> Any:
        """Return the values of the kernel, or those of each channel by its name."""
        several, names = self._request.inputs.kernels, self._request.image.channel_names
        if several:
            return {name: own.values for name, own in zip(names, several, strict=True)}
        return None if kernel is None else kernel.values

    def _written(self, record: dict[str, Any]) -> Any:
        """Return the pixels of the store, on the axes of the image."""
        store = str(self._request.output)
        if self.complete:
            self._planes.finish({'provenance': record})
            if self._filled is not None:
                filled = self._request.layout.in_own_order(self._filled)
                axes = self._request.image.axes.replace('S', '')
                write(f'{store}/labels/filled', Image(filled, axes))
        found = read(store)
        own = self._request.image.axes
        axes = own if set(found.axes) <= set(own) else own + 'S'
        # One sample alone is not stored.
        data = found.data if len(found.axes) == len(axes) else found.data[..., None]
        stored = found.axes if len(found.axes) == len(axes) else found.axes + 'S'
        return data.transpose([stored.index(axis) for axis in axes])

    def _with_belongings(self, record: dict[str, Any]) -> Image:
        """Return the restored image with all that belonged to the given one, and its making."""
        place = geometry(self._request)
        image = self._request.image.like(self._image, scale=place['scale'], shift=place['offset'])
        # What is made of the result is made of no image of that file.
        known = {name: value for name, value in image.metadata.items() if name != ASKED_SERIES}
        return replace(image, metadata={**known, 'provenance': record})

    def _finish(self) -> Finish:
        if not self.complete or 'cancelled' in self._account.ends:
            return 'cancelled'
        return 'stopped' if 'stopped' in self._account.ends else 'completed'


def _store(request: Request, samples: int) -> GrowingImage:
    """Begin the store that a result is written into, instead of into memory."""
    r = request
    lengths = {r.layout.axes[i]: r.layout.shape[i] for i in r.layout.order}
    lengths |= {axis: lengths[axis] * r.inputs.scale for axis in 'YX'}
    lengths.pop('S', None)
    lengths |= {'S': samples} if samples > 1 else {}
    nothing = np.broadcast_to(np.zeros((), r.dtype), tuple(lengths.values()))
    place = geometry(r)
    image = r.image.like(
        nothing, axes=''.join(lengths), scale=place['scale'], shift=place['offset']
    )
    assert r.output is not None
    return GrowingImage(r.output, image)
