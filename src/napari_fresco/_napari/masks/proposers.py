"""The proposers of damage: each with its fields, its evidence and its threshold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from magicgui.widgets import FloatSlider, SpinBox
from psygnal import Signal
from qtpy.QtWidgets import QPushButton

from ...damage.cracks import crack_response_steps, cracks_above
from ...damage.losses import colours_of, flooded, loss_response, losses_above
from ...declare.fields import Parameter
from ...errors import FrescoError
from ...layers.images.excerpts import Excerpt
from ...layers.images.pixel_size import mm_per_pixel
from ..widgets.choosers import WordList
from ..widgets.form import Section, note
from ..widgets.rows import row_of

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from ...layers.images.space import View

    Mask = NDArray[np.bool_]
    Steps = Generator[Any, None, Any]

_SHORTEST = 15.0  # pixels
_MOST_THINNED = 2**20


class Proposer(Section, ABC):
    """Fields of a kind of proposal, and how it is made.

    What it sees of an excerpt is found in a worker; the mask follows from that at once.
    """

    title: ClassVar[str]
    damage: ClassVar[str] = 'loss'
    """Class that proposals have, unless the user says otherwise."""
    most: ClassVar[int] = 2**20
    """Pixels that are looked at, at most, before all of the picture is."""

    asked = Signal()
    """What is seen has to be found again."""
    moved = Signal()
    """The threshold has changed."""
    begun = Signal()
    """The user has begun with what a preview shows."""

    def excerpt(self, layer: napari.layers.Image, view: View, margin: bool = True) -> Excerpt:
        """Return the part to propose on while choosing, with or without a margin."""
        return Excerpt.on_show(layer, view, self.most, margin)

    def follow(self, layer: napari.layers.Image | None) -> None:
        """Take note of the chosen image."""

    @property
    def key(self) -> Any:
        """The settings that the evidence depends on, beside the excerpt."""
        return None

    @property
    def problem(self) -> str:
        """Name the input that is missing before there is evidence, or nothing."""
        return ''

    def beforehand(self, excerpt: Excerpt) -> Steps | None:
        """Return work on an excerpt that can be done while an input is missing, or None."""
        return None

    @abstractmethod
    def steps(self, excerpt: Excerpt) -> Steps:
        """Return work that finds the evidence in an excerpt."""

    @abstractmethod
    def mask(self, excerpt: Excerpt, evidence: Any) -> Mask:
        """Return the proposals in an excerpt."""

    @abstractmethod
    def everywhere(self, whole: Excerpt, excerpt: Excerpt | None, evidence: Any) -> Steps:
        """Return work that proposes in the whole picture with the settings of an excerpt."""

    def done(self) -> None:
        """Drop proposals that were taken over."""


class CrackProposer(Proposer):
    """Long thin lines, dark or light, above a threshold."""

    title = 'Cracks'
    damage = 'crack'

    def __init__(self) -> None:
        super().__init__()
        self._mm: float | None = None
        tones = {'dark': 'darker than the paint', 'light': 'lighter', 'both': 'both'}
        self.tone = WordList('tone', 'Cracks are', tones, 'Others are not looked for')
        self.widest, self.shortest = row_of(_WIDEST), row_of(_SHORTEST_CRACK)
        self.share = FloatSlider(
            name='share', label='Threshold (%)', value=8, min=0.5, max=30, step=0.5,
            tooltip=_SHARE_HELP,
        )  # fmt: skip
        for row in (self.tone, self.widest, self.shortest, self.share):
            self.add(row)
        self.add_text(note('Drawn outlines look like cracks. Where there are many, scribble.'))
        for row in (self.tone, self.widest):
            row.changed.connect(lambda _: self.asked.emit())
        for row in (self.shortest, self.share):
            row.changed.connect(lambda _: self.moved.emit())

    def follow(self, layer: napari.layers.Image | None) -> None:
        """Count in millimetres where the size of a pixel is known."""
        self._mm = None if layer is None else mm_per_pixel(layer)
        unit = 'px' if self._mm is None else 'mm'
        for name, text in (('widest', 'Widest'), ('shortest', 'Shortest')):
            self.rows[name].label.setText(f'{text} ({unit})')

    @property
    def key(self) -> Any:
        """Tone, width, and the unit of the width."""
        return self.tone.value, self.widest.value, self._mm

    def steps(self, excerpt: Excerpt) -> Steps:
        """Find the response."""
        return _responses(excerpt, *self.key)

    def mask(self, excerpt: Excerpt, evidence: Any) -> Mask:
        """Threshold the response."""
        return cracks_above(evidence, self.share.value / 100, self._length)

    def everywhere(self, whole: Excerpt, excerpt: Excerpt | None, evidence: Any) -> Steps:
        """Threshold the response of all at the level that was chosen on the excerpt."""
        seen = evidence if excerpt is not None and excerpt.key == whole.key else None
        limits = self.share.value / 100, self._length
        return _cracks(whole, self.key, limits, evidence, seen)

    @property
    def _length(self) -> float:
        length = self.shortest.value
        return _SHORTEST if length is None else length / (self._mm or 1)


class ClickProposer(Proposer):
    """Grows regions from clicks."""

    title = 'Losses, by clicks'

    def __init__(self) -> None:
        super().__init__()
        self.clicks: list[tuple[int, int]] = []
        self.tolerance = _tolerance(_CLICK_HELP)
        self.again = QPushButton('Forget clicks')
        self.hint = note('Click on losses in the preview.')
        self.add(self.tolerance)
        self.form.add('', self.hint, self.again)
        self.tolerance.changed.connect(lambda _: self.moved.emit())
        self.again.clicked.connect(self._forget)

    def click(self, place: tuple[int, int]) -> None:
        """Grow from a row and column of the picture, too."""
        self.clicks.append(place)
        self.moved.emit()

    def steps(self, excerpt: Excerpt) -> Steps:
        """Find the colours."""
        return _colours(excerpt)

    def mask(self, excerpt: Excerpt, evidence: Any) -> Mask:
        """Grow from the clicks in the excerpt."""
        found = np.zeros(excerpt.shape, bool)
        for click in filter(excerpt.has, self.clicks):
            row, col = np.subtract(click, excerpt.corner)
            if not found[row, col]:
                found |= flooded(evidence, (row, col), self.tolerance.value)
        return found

    def everywhere(self, whole: Excerpt, excerpt: Excerpt | None, evidence: Any) -> Steps:
        """Take the excerpt, and grow from the clicks outside of it."""
        if excerpt is None or not self.clicks:
            raise FrescoError('Press "Preview" and click on a loss in the picture first.')
        others = [click for click in self.clicks if not excerpt.has(click)]
        seen = _placed(whole, excerpt, self.mask(excerpt, evidence))
        return _grown(whole, others, self.tolerance.value, self.most, seen)

    def done(self) -> None:
        """Begin with no clicks."""
        self.clicks.clear()

    def _forget(self) -> None:
        self.clicks.clear()
        self.moved.emit()


class OutlierProposer(Proposer):
    """Colours that are foreign to the palette of the picture."""

    title = 'Losses, by colour'

    def __init__(self) -> None:
        super().__init__()
        self.tolerance = _tolerance(_OUTLIER_HELP)
        self.smallest = SpinBox(
            name='smallest', label='Smallest (px)', value=40, min=1, max=10**7,
            tooltip='Pixels of the smallest loss',
        )  # fmt: skip
        for row in (self.tolerance, self.smallest):
            self.add(row)
            row.changed.connect(lambda _: self.moved.emit())

    def excerpt(self, layer: napari.layers.Image, view: View, margin: bool = True) -> Excerpt:
        """Return the whole picture, which gives the palette."""
        return Excerpt.whole(layer, view)

    def steps(self, excerpt: Excerpt) -> Steps:
        """Find the distance of each pixel to the palette, in a large picture on a thinner grid."""
        return _foreignness(excerpt)

    def mask(self, excerpt: Excerpt, evidence: Any) -> Mask:
        """Threshold it."""
        response, step = evidence
        least = max(1, self.smallest.value // step**2)
        found = losses_above(response, self.tolerance.value, least)
        rows, columns = excerpt.shape
        return found.repeat(step, 0).repeat(step, 1)[:rows, :columns]

    def everywhere(self, whole: Excerpt, excerpt: Excerpt | None, evidence: Any) -> Steps:
        """Take the excerpt, which is the whole picture."""
        if excerpt is None:
            raise FrescoError('Press "Preview" and look at what is proposed first.')
        return _placed(whole, excerpt, self.mask(excerpt, evidence))


def _responses(excerpt: Excerpt, tone: Any, widest: float | None, mm: float | None) -> Steps:
    return (yield from crack_response_steps(excerpt.pixels(), mm, tone=tone, widest=widest))


def _cracks(whole: Excerpt, key: Any, limits: tuple[float, float], like: Any, seen: Any) -> Steps:
    response = seen if seen is not None else (yield from _responses(whole, *key))
    yield
    return cracks_above(response, *limits, like)


def _colours(excerpt: Excerpt) -> Steps:
    yield
    return colours_of(excerpt.pixels())


def _foreignness(excerpt: Excerpt) -> Steps:
    yield
    step = int(np.ceil(np.sqrt(excerpt.part.size / _MOST_THINNED)))
    return loss_response(Excerpt(excerpt.part.thinned(step), excerpt.limits).pixels()), step


def _grown(
    whole: Excerpt, clicks: list[tuple[int, int]], tolerance: float, most: int, seen: Steps
) -> Steps:
    """Grow from clicks, each in as much of the picture around it as a preview has."""
    found = yield from seen
    for click in clicks:
        yield
        around = whole.around(click, most)
        if not found[click]:
            start = np.subtract(click, around.corner)
            grown = flooded(colours_of(around.pixels()), (start[0], start[1]), tolerance)
            found |= yield from _placed(whole, around, grown)
    return found


def _placed(whole: Excerpt, excerpt: Excerpt, mask: Mask) -> Steps:
    yield
    found = np.zeros(whole.shape, bool)
    rows, columns = (slice(a, a + n) for a, n in zip(excerpt.corner, excerpt.shape, strict=True))
    found[rows, columns] = mask
    return found


def _tolerance(text: str) -> FloatSlider:
    return FloatSlider(
        name='tolerance', label='Tolerance (ΔE)', value=10, min=1, max=60, step=0.5, tooltip=text
    )


_SHARE_HELP = (
    '<p>Part of what is seen that may be marked, before short pieces are dropped. Applied to the '
    'whole picture, the same contrast counts as here.</p>'
)
_CLICK_HELP = '<p>Colour difference to the clicked place up to which a loss grows.</p>'
_OUTLIER_HELP = (
    '<p>Colour difference to the nearest common colour of the picture above which a pixel is '
    'proposed.</p>'
)
_WIDEST = Parameter(
    'widest', float, None, 'Width of the widest crack; 6 pixels by default.', 'Widest',
    minimum=0.001, optional=True,
)  # fmt: skip
_SHORTEST_CRACK = Parameter(
    'shortest', float, None, 'Length of the shortest crack; 15 pixels by default.', 'Shortest',
    minimum=0, optional=True,
)  # fmt: skip
