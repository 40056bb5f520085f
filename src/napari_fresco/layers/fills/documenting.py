"""The documents of a filled layer: insert layer, renderings, condition map, and the record."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Layer
from napari.utils.colormaps import DirectLabelColormap

from ...damage.classes import CLASSES
from ...errors import ImageError, MaskError
from ...image.model import Image
from ...intervention.condition import Condition, condition
from ...intervention.ground import Ground
from ...intervention.hypotheses import Hypotheses, agreement
from ...intervention.inked import line_colour
from ...intervention.inserts import insert, outline, write_inserts
from ...intervention.linear_light import from_linear
from ...intervention.record import Intervention
from ...intervention.renderings import Rendered, render
from ...intervention.replay import hypothesis
from ...intervention.report_pages import report
from ...io.files import TIFF
from ...restoration.session import Session
from ..images.identity import key_of
from ..images.kept_selection import selection_kept
from ..images.layer_kinds import (
    EVIDENCE,
    FILE,
    FILLS,
    INSERT,
    MADE_OF,
    RENDERED,
    RUN,
    SCALE,
    LayerData,
    record_of,
)
from ..images.look import Look
from ..images.pixel_size import mm_per_pixel
from ..images.related_layers import family
from ..images.removal import take_away
from ..images.selection import Selection, full_resolution, select
from ..images.space import View
from ..jobs.step_reports import Report
from ..masks.damage_classes import classes_of
from ..masks.mask_layers import marked
from ..results.side_layers import as_pixels
from .fill_records import filled_in, runs_of

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

_NOT_KNOWN = (
    'it is not known what was filled in layer {name!r}; choose labels that say so as "Filled '
    'area" (Advanced), or fill losses with a panel'
)


@dataclass(frozen=True, eq=False)
class Documented:
    """A photograph and a result, as their layers are.

    `photograph`, `result`: names of the layers.
    `image`: the photograph.
    `part`: the same, with where it lies.
    `made`: pixels of the result, on the grid of the photograph.
    `filled`: what was filled.
    `runs`: how.
    `look`: how the photograph is drawn.
    `mm`: size of a pixel on the wall.
    `scale_source`: where that is known from.
    """

    photograph: str
    result: str
    image: Image
    part: Selection
    made: NDArray[Any]
    filled: NDArray[np.bool_]
    runs: tuple[Any, ...]
    look: Look
    mm: float | None = None
    scale_source: str = ''

    @classmethod
    def of(
        cls,
        result: napari.layers.Image,
        photograph: napari.layers.Image,
        *,
        filled: napari.layers.Layer | None = None,
        mm: float | None = None,
        view: View | None = None,
    ) -> Documented:
        """Find the fills of a photograph.

        `result`, `photograph`: layers.
        `filled`: labels over what was filled; by default what the result says.
        `mm`: size of a pixel; by default what the layer says.
        Raises ImageError when the layers do not belong together, or are no planes.
        Raises MaskError when it is not known what was filled.
        """
        part = select(photograph)
        if len(part.index) != 2:
            raise ImageError(
                f'layer {photograph.name!r} has {len(part.index)} axes; what is documented is a '
                'photograph of one plane'
            )
        image, runs = part.image(), runs_of(result)
        known = (
            filled_in(result, runs) if filled is None else marked(part, filled, view=view).load()
        )
        if known is None:
            raise MaskError(_NOT_KNOWN.format(name=result.name))
        size = mm if mm is not None else mm_per_pixel(photograph, view)
        said = _scale_source(photograph) if mm is None else 'typed in'
        made = _on_grid(result, part)
        return cls(
            photograph.name, result.name, image, part, made, known, runs, Look.of(photograph), size,
            said,
        )  # fmt: skip

    def intervention(self, **facts: Any) -> Intervention:
        """Return the record, with further facts: notes, condition, rendering."""
        return Intervention(
            self.image,
            self.made,
            self.runs,
            self.filled,
            mm_per_pixel=self.mm,
            scale_source=self.scale_source,
            **facts,
        )

    def insert_layer(self) -> LayerData:
        """Return the fill as a layer of its own."""
        layer = insert(self.image, self.made, self.filled, name=self.result)
        layer = replace(layer, metadata={**layer.metadata, 'flavour': 'plain'})
        return self._layer(f'{self.photograph} [insert]', layer, {INSERT: True})

    def outline_layer(self) -> LayerData:
        """Return the outline of the fill, as labels."""
        colours = {None: np.zeros(4), 1: self._line_colour()}
        colormap = DirectLabelColormap(color_dict=colours)
        look = {'colormap': colormap, 'metadata': self._made_of(), **self._place()}
        keywords = {'name': f'{self.photograph} [outline]', **look}
        return outline(self.filled).astype(np.uint8), keywords, 'labels'

    def _line_colour(self) -> NDArray[Any]:
        """Return the colour, R G B A, that stands out from the picture."""
        ground = Ground(self.made, self.filled, 1.0, np.random.default_rng(0))
        return np.append(from_linear(line_colour(ground), np.dtype(float)), 1.0)

    def rendered(self, name: str, seed: int = 0, **parameters: Any) -> Rendered:
        """Return a rendering of the fill, in mm."""
        return render(
            self.image, self.made, self.filled, name, mm_per_pixel=self.mm, seed=seed, **parameters
        )

    def rendering_layer(self, done: Rendered) -> LayerData:
        """Return a rendering as a layer above the photograph."""
        title = str(done.facts['title']).partition(' (')[0]
        return self._layer(
            f'{self.photograph} [{title}]',
            done.image,
            {RENDERED: done.facts},
            **self.look.like(rgb=done.image.rgb),
        )

    def hypotheses(self, count: int) -> Generator[Report, None, Hypotheses]:
        """Fill the same losses anew with other seeds, and find where the fills agree.

        `count`: fills in all, the present one among them.
        """
        told = self.intervention()
        seeds = [int(run.provenance.get('seed', 0)) for run in self.runs] or [0]
        others = [max(seeds) + n for n in range(1, count)]
        fills = [self.made]
        with Session(warn=False) as session:
            for seed in others:
                fills.append(hypothesis(told, seed, session=session))
                yield Report(len(fills) - 1, len(others))
        every = (seeds[-1], *others)
        return Hypotheses(tuple(fills), every, self.filled, agreement(fills, self.filled))

    def hypothesis_layers(self, found: Hypotheses) -> Iterator[LayerData]:
        """Yield hypotheses as inserts, and a map of their differences."""
        for seed, fill in list(zip(found.seeds, found.results, strict=True))[1:]:
            name = f'{self.photograph} [hypothesis {seed}]'
            data = self._layer(name, insert(self.image, fill, self.filled), {INSERT: True})
            data[1]['visible'] = False
            yield data
        keywords = {
            'name': f'{self.photograph} [agreement]',
            'rgb': False,
            'colormap': 'magma',
            'blending': 'additive',  # over the photograph
            'contrast_limits': (0.0, max(float(found.spread.max()), 1.0)),
            'metadata': {INSERT: True, EVIDENCE: found.facts(), **self._made_of()},
            **self._place(),
        }
        yield found.spread, keywords, 'image'

    def save_insert(self, path: Path, several: Hypotheses | None = None) -> Path:
        """Write the fill alone; of several hypotheses each as a page of its own."""
        fills = {self.result: self.made}
        if several is not None and path.suffix.lower() in TIFF:
            others = zip(several.seeds, several.results, strict=True)
            fills |= {f'hypothesis, seed {seed}': fill for seed, fill in list(others)[1:]}
        pages = {
            name: insert(self.image, fill, self.filled, name=name) for name, fill in fills.items()
        }
        write_inserts(path, pages, overwrite=True)
        return path

    def save(self, path: Path, told: Intervention) -> list[Path]:
        """Write the report, and the record with its masks beside it."""
        written = told.save(path.with_suffix('.json'), overwrite=True)
        report(told, path, overwrite=True)
        return [*written, path]

    def _layer(self, name: str, image: Image, marks: Mapping[str, Any], **look: Any) -> LayerData:
        said = {k: v for k, v in image.metadata.items() if k != 'provenance'}
        metadata = {FILE: said, **marks, **self._made_of()}
        keywords = {'name': name, 'rgb': image.rgb, 'metadata': metadata}
        return as_pixels(image), {**keywords, **look, **self._place()}, 'image'

    def _made_of(self) -> dict[str, Any]:
        source = self.part.source
        return {} if source is None else {MADE_OF: source.layer_id}

    def _place(self) -> dict[str, Any]:
        assert self.part.space is not None, 'a layer lies somewhere'
        return self.part.space.part(np.zeros(2), np.ones(2))


def condition_of(
    labels: napari.layers.Labels,
    photograph: napari.layers.Image,
    *,
    mm: float | None = None,
    painted: napari.layers.Layer | None = None,
    view: View | None = None,
) -> Condition:
    """Return the condition map of labels over a photograph.

    `painted`: what marks the painted area; the whole photograph by default.
    Raises MaskError when nothing is marked, or the labels do not lie over the photograph.
    """
    part = select(photograph)
    drawn = marked(part, labels, view=view).drawn.labels
    area = None if painted is None else marked(part, painted, view=view).load()
    size = mm if mm is not None else mm_per_pixel(photograph, view)
    known = classes_of(labels)
    return condition(drawn, classes=known or CLASSES, mm_per_pixel=size, painted=area)


def is_filled_result(layer: napari.layers.Layer) -> bool:
    """Say whether a layer records its filled pixels."""
    return FILLS in layer.metadata or RUN in layer.metadata


def made_from(layers: Any, photograph: Any, result: Any) -> list[Any]:
    """Return a photograph, its chosen result and all that was made of both, from below."""
    of_both = {key_of(each) for one in (photograph, result) for each in family(layers, one)}
    return [each for each in layers if key_of(each) in of_both]


def add_above(viewer: Any, below: list[Any], data: LayerData) -> Any:
    """Add a layer above others and return it; one of its name is replaced, the selection stays."""
    layers, layer = viewer.layers, Layer.create(*data)
    below = [each for each in below if each.name != layer.name]
    if layer.name in layers:
        take_away(viewer, layers[layer.name])
    with selection_kept(viewer):
        layers.insert(1 + max(list(layers).index(each) for each in below), layer)
    return layer


def _on_grid(result: napari.layers.Image, part: Selection) -> NDArray[Any]:
    """Return the pixels of a result on the grid of the photograph."""
    pixels = np.asarray(full_resolution(result))
    whole = np.asarray(part.data)
    if pixels.shape == whole.shape:
        return pixels
    place = record_of(result).get('source') or {}
    start, stop = place.get('start'), place.get('stop')
    if start is None or stop is None or len(start) != 2:
        raise ImageError(
            f'layer {result.name!r} has shape {pixels.shape}, the photograph {whole.shape}; choose '
            'what was made of it'
        )
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    grown = np.array(whole, dtype=pixels.dtype)
    if grown[box].shape != pixels.shape:
        raise ImageError(
            f'layer {result.name!r} of shape {pixels.shape} does not fit its place in the '
            f'photograph, {grown[box].shape}; only results of the same size are documented'
        )
    grown[box] = pixels
    return grown


def _scale_source(photograph: napari.layers.Image) -> str:
    found = photograph.metadata.get(SCALE)
    if isinstance(found, Mapping) and found.get('source') == 'two points':
        return (
            f'two points {found["mm"]:g} mm apart, {found["pixels"]:.4g} px; uncertain by '
            f'{found["uncertainty"]:.2g} mm per pixel'
        )
    return 'the layer'
