"""The evaluation of a result layer: the layers it takes, and the work to be done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...declare.tasks import TASKS
from ...errors import ImageError, ParameterError
from ...evidence import Graph, evaluate, evidence_graphs, report_text
from ...evidence.channel_noise import Told, noise_measured, noise_of
from ...evidence.maps import MAPS, MapKind, map_planes
from ...evidence.plane_pairs import ComparedWith
from ...image.layout import Layout
from ...io.files import write_text
from ...types import Result
from ..images.layer_kinds import EVIDENCE, MADE, MADE_OF, LayerData, record_of
from ..images.selection import Selection, full_resolution, select, select_same
from ..images.space import Space
from ..requests.kernel_choice import chosen_kernel, with_depth
from .step_reports import Report

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from ..images.space import View

_BLUE_WHITE_RED = np.array([[0.13, 0.36, 0.84, 1], [1, 1, 1, 1], [0.84, 0.15, 0.13, 1]])
_BRIGHTEST = 99.8  # percentile


class Evidence(NamedTuple):
    """Numbers as of :func:`napari_fresco.evidence.evaluate`, and graphs."""

    numbers: dict[str, Any]
    graphs: list[Graph]


@dataclass(frozen=True, eq=False)
class EvidenceRequest:
    """A result, and the layers it is measured against.

    `name`: of the layer of the result.
    `result`, `image`: what was restored, and what it was made of: the same planes.
    `space`: where the result lies.
    `record`: its provenance; empty where nobody knows it.
    `truth`, `second`, `kernel`: as :func:`napari_fresco.evidence.evaluate` takes them.
    `noise`: of the image, or of each of its channels, where it is known.
    """

    name: str
    result: Selection
    image: Selection
    space: Space
    record: Mapping[str, Any]
    truth: Selection | None = None
    second: Selection | None = None
    kernel: Any = None
    noise: Told = None

    @classmethod
    def of(
        cls,
        result: napari.layers.Image,
        image: napari.layers.Image,
        *,
        view: View | None = None,
        shown: bool = False,
        truth: napari.layers.Image | None = None,
        second: napari.layers.Image | None = None,
        kernel: napari.layers.Image | None = None,
    ) -> EvidenceRequest:
        """Find which part of the image a result was made of.

        `result`, `image`, `truth`, `second`, `kernel`: layers.
        `kernel`: None takes that of the run, where it is known.
        `view`, `shown`: measure only what is on show; with the kernel of a volume all its planes.
        Raises ImageError when the layers do not belong together, KernelError when the kernel does
            not fit.
        """
        record = record_of(result)
        scale = int(record.get('scale', 1))
        blur = _kernel_of_run(result) if kernel is None else _kernel(kernel, image)
        chosen = with_depth(select(result, view=view, shown=shown), blur)
        made, part = _paired(chosen, select(image), record, scale)
        return cls(
            result.name,
            made,
            part,
            Space.of(result),
            record,
            None if truth is None else select_same(truth, part, scale),
            None if second is None else select_same(second, part),
            blur,
            _noise_of_run(record, part),
        )

    def with_noise(self, numbers: Mapping[str, Any]) -> EvidenceRequest:
        """Return the request with the noise that was measured with."""
        return replace(self, noise=noise_measured(numbers))

    def measure(self, cancel: threading.Event) -> Generator[Any, None, Evidence]:
        """Measure the result."""
        yield
        result, image = self.result.image(), self.image.image()
        asked: ComparedWith = {
            'truth': None if self.truth is None else self.truth.image(),
            'second': None if self.second is None else self.second.image(),
            'kernel': self.kernel,
            'noise': self.noise,
            'task': self.record.get('task'),
        }
        numbers = evaluate(result, image, **asked)
        numbers['checks'] = self.record.get('checks') or numbers['checks']
        yield
        asked['noise'] = self.with_noise(numbers).noise
        return Evidence(numbers, evidence_graphs(result, image, **asked))

    def mapping(self, kind: MapKind) -> Callable[[threading.Event], Generator[Any, None, Any]]:
        """Return the work that makes a map, an array with the axes of the layer."""

        def work(cancel: threading.Event) -> Generator[Report, None, NDArray[np.float32]]:
            image = self.image.image()
            layout = Layout.of(image)
            found = np.empty((*layout.leading, *layout.plane_shape), np.float32)
            total = int(np.prod(layout.leading))
            known: dict[str, Any] = {'noise': self.noise, 'kernel': self.kernel}
            known['task'] = self.record.get('task')
            planes = map_planes(kind, self.result.image(), image, **known)
            for number, (index, plane) in enumerate(planes, start=1):
                found[index] = plane
                yield Report(number, total)
                if cancel.is_set():
                    raise ParameterError('the map was cancelled')
            return self.image.unordered(found)

        return work

    def map_layer(self, kind: MapKind, values: NDArray[np.float32]) -> LayerData:
        """Return the layer of a map, which lies over the result."""
        from napari.utils.colormaps import Colormap

        facts = MAPS[kind]
        signed = facts.limits is not None and facts.limits[0] < 0
        brightest = float(np.nanpercentile(values, _BRIGHTEST)) or 1.0
        place = self.space.part(self.result.origin, np.ones(len(self.result.index)))
        source = self.result.source
        of_it = {} if source is None else {MADE_OF: source.layer_id}
        look = {
            'colormap': Colormap(_BLUE_WHITE_RED, name='blue-white-red') if signed else 'inferno',
            'contrast_limits': facts.limits or (0.0, brightest),
            'metadata': {EVIDENCE: {'map': kind, 'unit': facts.unit, 'of': self.name}, **of_it},
        }
        return (
            values,
            {'name': f'{self.name} {facts.title}', 'rgb': False, **look, **place},
            'image',
        )

    def report(self, path: Path) -> Callable[[threading.Event], Generator[Any, None, Path]]:
        """Return the work that writes a report of the result.

        Raises ParameterError when nobody knows how the result was made.
        """
        if not self.record:
            raise ParameterError(
                f'layer {self.name!r} does not say how it was made; a report needs a result of a '
                'panel or of restore_layer'
            )

        def work(cancel: threading.Event) -> Generator[Any, None, Path]:
            yield
            record = dict(self.record)
            made = Result(self.result.image(), None, self.kernel, record['finish'], record)
            truth = None if self.truth is None else self.truth.image()
            return (yield from reporting(made, self.image, path, truth=truth))

        return work


def residual_of(
    result: napari.layers.Image, image: napari.layers.Image, view: View
) -> Generator[Report, None, LayerData]:
    """Return the residual of a result over the noise, in the part on show.

    Raises FrescoError when the layers do not belong together, or nobody knows the noise.
    """
    request = EvidenceRequest.of(result, image, view=view, shown=True)
    if not request.record or not request.noise:
        raise ParameterError(
            f'layer {result.name!r} does not say how noisy its image was; choose a result, or look '
            'at the difference'
        )
    if request.kernel is None and 'kernel' in TASKS[request.record['task']].needs:
        raise ParameterError(
            'the blur kernel of the result is not known any more; choose it in Evidence'
        )
    values = yield from request.mapping('residual')(threading.Event())
    return request.map_layer('residual', values)


def reporting(
    result: Result, part: Selection, path: Path, *, truth: Any = None
) -> Generator[Any, None, Path]:
    """Write a report of a result that was made of a part of a layer."""
    yield
    text = report_text(result, part.image(), truth=truth, files=_files_of(part))
    write_text(path, text, overwrite=True)
    return path


def _files_of(part: Selection) -> dict[str, Any]:
    """Return the file that a whole layer was opened from, and its channel; a part has none."""
    path = '' if part.source is None else part.source.path
    if not path or not part.is_whole:
        return {}
    channel = part.metadata.get('channel')
    return {'image': path} if channel is None else {'image': path, 'channels': [channel]}


def _paired(
    made: Selection, image: Selection, record: Mapping[str, Any], scale: int
) -> tuple[Selection, Selection]:
    """Return the same part of result and image."""
    factors = [scale if axis in made.spatial else 1 for axis in range(len(made.index))]
    if len(made.grid) == len(image.grid):
        place = record.get('source') or {}
        start, stop = place.get('start', [0] * len(factors)), place.get('stop', image.grid)
        part = [n1 - n0 for n0, n1 in zip(start, stop, strict=True)]
        in_copy = made.grid == image.grid and tuple(part) != made.grid
        if in_copy and scale == 1:  # a part that was put back into a copy of the whole
            both = [
                slice(max(own.start, n0), min(own.stop, n1))
                for own, n0, n1 in zip(made.index, start, stop, strict=True)
            ]
            if any(each.stop <= each.start for each in both):
                raise ImageError(f'the slice on show of layer {made.name!r} was not restored')
            return made.narrowed(both), _like(image, made, both)
        for begin, size in ((start, part), ([0] * len(factors), image.grid)):
            ends = [first + n for first, n in zip(begin, size, strict=True)]
            inside = all(end <= n for end, n in zip(ends, image.grid, strict=True))
            if inside and made.grid == tuple(n * f for n, f in zip(size, factors, strict=True)):
                places = zip(made.index, begin, factors, strict=True)
                index = [slice(n + s.start // f, n + s.stop // f) for s, n, f in places]
                return made, _like(image, made, index)
    raise ImageError(
        f'layer {made.name!r} has shape {made.grid}, layer {image.name!r} {image.grid}; choose the '
        'image that the result was made of'
    )


def _like(image: Selection, made: Selection, index: list[slice]) -> Selection:
    return replace(image.narrowed(index), spatial=made.spatial, letters=made.letters)


def _kernel(layer: napari.layers.Image, image: napari.layers.Image) -> Any:
    """Return the kernel of a layer; that of a volume only where it fits the image."""
    array = np.array(full_resolution(layer))
    return chosen_kernel(layer, image, 'deblur', scale=1).array if array.ndim == 3 else array


def _noise_of_run(record: Mapping[str, Any], part: Selection) -> Told:
    """Return the noise that a run reckoned with in the channels of a part of its image."""
    if 'C' not in part.axes:
        return noise_of(record)
    channels = part.index[part.axes.index('C')]
    return noise_of(record, channels.start, channels.stop - channels.start)


def _kernel_of_run(result: napari.layers.Image) -> Any:
    """Return the kernel that a result was made with; None where it is not known any more."""
    made = result.metadata.get(MADE)
    kernel = None if made is None else made.request.kernel
    return None if isinstance(kernel, str) else kernel
