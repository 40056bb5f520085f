"""Renderings that can be told from the original at close range: hatching, dots, neutral tone.

References
----------
Traditions: AIC wiki, "Tratteggio"; U. Baldini, "Teoria del restauro", Florence, 1978.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..declare.fields import Parameters, param
from ..declare.names import spelled, unknown
from ..errors import MaskError, ParameterError
from ..image.model import Image
from .ground import Ground
from .inked import astrazione, dotting, neutral, outlined, rigatino, selezione
from .linear_light import Floats, from_linear, gray_of_light
from .photograph import filled_of, mm_per_pixel_of, plane_of, result_of

FUSES = 3400
"""Widths of a line from which one minute of arc no longer tells it from its neighbour."""

_NARROWEST = 2  # pixels of a line that can be seen as one
_FAR = 3  # widths of a ring or a smoothing beyond the losses that are looked at


def _width(default: float) -> Any:
    return param(
        default,
        'Width of a line or dot; seen from 3400 widths away it fuses with its neighbours.',
        unit='mm',
        minimum=0.05,
        maximum=20,
    )


def _length(default: float) -> Any:
    return param(default, 'Length of a dash.', unit='mm', minimum=0.5, maximum=200)


@dataclass(frozen=True)
class RigatinoParameters(Parameters):
    """Upright lines, independent of the forms."""

    width: float = _width(0.5)
    spacing: float | None = param(
        None,
        'From the middle of a line to that of the next; as wide as the lines by default, so that '
        'they touch.',
        unit='mm',
        minimum=0.05,
        maximum=50,
    )
    length: float = _length(10.0)
    direction: float = param(
        0.0, 'Of the lines, clockwise from upright.', unit='degrees', minimum=-90, maximum=90
    )
    lightness: float = param(
        6.0, 'By how much lines are lighter and darker than the fill.', unit='L*', minimum=0,
        maximum=30,
    )  # fmt: skip
    colour: float = param(
        4.0, 'By how much their colours differ from it.', unit='a*, b*', minimum=0, maximum=40
    )


@dataclass(frozen=True)
class SelezioneParameters(Parameters):
    """Dashes that follow the forms, in purer colours whose mixture is the fill."""

    width: float = _width(0.5)
    length: float = _length(5.0)
    saturation: float = param(
        1.5, 'How many times purer the colours are than their mixture.', minimum=1, maximum=4
    )


@dataclass(frozen=True)
class AstrazioneParameters(Parameters):
    """Dashes in pure colours whose mixture is the mean colour of all that is intact."""

    width: float = _width(0.7)
    length: float = _length(5.0)
    spread: float = param(
        45.0, 'Directions of the dashes on either side of upright.', unit='degrees', minimum=0,
        maximum=90,
    )  # fmt: skip


@dataclass(frozen=True)
class NeutralParameters(Parameters):
    """One colour for each loss, a quieter one than around it."""

    ring: float = param(
        10.0, 'How far around a loss colours are looked at.', unit='mm', minimum=0.5, maximum=200
    )
    chroma: float = param(0.4, 'Part of their chroma that is kept.', minimum=0, maximum=1)
    lightness: float = param(
        -4.0, 'By how much it is lighter than they are.', unit='L*', minimum=-40, maximum=40
    )


@dataclass(frozen=True)
class DottingParameters(NeutralParameters):
    """Dots of the fill on half of the area, on a neutral tone."""

    width: float = _width(0.5)


@dataclass(frozen=True)
class OutlineParameters(Parameters):
    """The fill with a line on its rim."""

    width: float = param(
        0.3, 'Width of the line; 2 pixels at least.', unit='mm', minimum=0.05, maximum=20
    )
    colour: str = param(
        'auto', 'Of the line, such as #00ffff; "auto" is farthest in hue from the picture.'
    )


class Rendering(NamedTuple):
    """A way to show that a fill is one.

    Attributes
    ----------
    name, title, summary : str
        Identifier in code, name shown to people, and what it is, in one sentence.
    parameters : type of Parameters
        What it can be told, in mm.
    paint : callable
        Light of the filled pixels.
    """

    name: str
    title: str
    summary: str
    parameters: type[Parameters]
    paint: Callable[[Ground, Any], Floats]


_ENTRIES = (
    Rendering(
        'rigatino',
        'Rigatino (tratteggio)',
        'Upright lines in colours that mix to the fill; the drawing is rebuilt.',
        RigatinoParameters,
        rigatino,
    ),
    Rendering(
        'selezione',
        'Selezione cromatica',
        'Dashes along the forms, in purer colours that mix to the fill.',
        SelezioneParameters,
        selezione,
    ),
    Rendering(
        'astrazione',
        'Astrazione cromatica',
        'Dashes of pure colours that mix to the mean colour of all that is intact; for losses '
        'whose drawing would be guessed.',
        AstrazioneParameters,
        astrazione,
    ),
    Rendering(
        'neutral',
        'Neutral tone',
        'One quiet colour for each loss, from its surroundings.',
        NeutralParameters,
        neutral,
    ),
    Rendering(
        'dotting',
        'Dots',
        'Dots of the fill on half of the area, on a neutral tone.',
        DottingParameters,
        dotting,
    ),
    Rendering(
        'outline',
        'Outline',
        'The fill as it is, with a line on its rim.',
        OutlineParameters,
        outlined,
    ),
)

WORDS: Mapping[str, str] = MappingProxyType(
    {
        'tratteggio': 'rigatino',
        'rigatino_(tratteggio)': 'rigatino',
        'selezione_cromatica': 'selezione',
        'astrazione_cromatica': 'astrazione',
        'neutral_tone': 'neutral',
        'dots': 'dotting',
    }
)
"""Other words for renderings."""

RENDERINGS: Mapping[str, Rendering] = MappingProxyType({each.name: each for each in _ENTRIES})
"""The renderings by name."""


class Rendered(NamedTuple):
    """A photograph whose fills can be told from it.

    Attributes
    ----------
    image : Image or ndarray
        As the photograph was given: an Image for an Image. What was not filled is as it was.
    facts : dict
        For the record: rendering, parameters in mm, mm per pixel, seed, and the distance in m from
        which lines fuse.
    """

    image: Any
    facts: dict[str, Any]


def render(
    image: Any,
    result: Any,
    filled: ArrayLike | Image | None = None,
    rendering: str = 'rigatino',
    *,
    mm_per_pixel: float | None = None,
    seed: int = 0,
    **parameters: Any,
) -> Rendered:
    """Render the fill so that it can be told from the original at close range.

    Parameters
    ----------
    image : Image or array-like, ``(H, W)`` or ``(H, W, 3 or 4)``
        The photograph: uint8, uint16 or float in [0, 1], taken for sRGB.
    result : Result, Image or array-like
        What was made of it, with the same shape and type.
    filled : array-like, ``(H, W)``, optional
        Nonzero where it was filled; by default what the result says.
    rendering : str
        ``'rigatino'``, ``'selezione'``, ``'astrazione'``, ``'neutral'``, ``'dotting'`` or
        ``'outline'``; :data:`RENDERINGS` tells what they are.
    mm_per_pixel : float, optional
        Size of a pixel on the wall; by default the spacing of an Image. Dots per inch of a print
        do not count.
    seed : int
        Of phases, places and directions; the same gives the same.
    **parameters
        Of the rendering, in mm.

    Returns
    -------
    Rendered
        ``image`` and ``facts``.

    Raises
    ------
    ParameterError
        When the rendering or a parameter is unknown, the size of a pixel is not known, or a line
        would be narrower than 2 pixels.

    Notes
    -----
    Colours are mixed in linear light. A line has the colour of its dash (its mean over width and
    length) plus an offset in L*a*b* that vanishes over three lines side by side, and is made
    smaller where such a colour does not exist: the mean colour of the fill stays.

    Examples
    --------
    >>> import numpy as np, napari_fresco as fresco
    >>> wall = np.full((60, 60, 3), 120, np.uint8)
    >>> loss = np.zeros((60, 60), bool)
    >>> loss[20:40, 20:40] = True
    >>> done = fresco.intervention.render(wall, wall, loss, mm_per_pixel=0.1)
    >>> bool((done.image[~loss] == wall[~loss]).all()), done.facts['fuses_at_m']
    (True, 1.7)
    """
    chosen = RENDERINGS.get(spelled(rendering))
    if chosen is None:
        raise ParameterError(unknown(rendering, RENDERINGS, 'rendering', WORDS))
    params = chosen.parameters.create(parameters)
    photograph = plane_of(image)
    made = result_of(result, photograph)
    marks = filled_of(result, filled, photograph.shape)
    if not marks.any():
        raise MaskError('nothing was filled, so that there is nothing to render')
    scale = _scale(image, mm_per_pixel)
    _check_widths(params, scale)
    box = _box(marks, params, scale)
    ground = Ground(made[box], marks[box], scale, np.random.default_rng(seed))
    light = np.clip(chosen.paint(ground, params), 0, 1)
    done = made.copy()
    if done.ndim == 2:
        done[marks] = from_linear(gray_of_light(light), done.dtype)[..., 0]
    else:
        done[..., :3][marks] = from_linear(light, done.dtype)
    width = getattr(params, 'width', None)
    facts = {
        'rendering': rendering,
        'title': chosen.title,
        'parameters': params.to_dict(),
        'mm_per_pixel': scale,
        'seed': seed,
        'fuses_at_m': None if width is None else round(FUSES * width / 1000, 3),
    }
    made_of = image if isinstance(image, Image) else None
    return Rendered(done if made_of is None else _like(made_of, done), facts)


def least_width(scale: float) -> float:
    """Return the width in mm of the narrowest line that `scale` mm per pixel can show."""
    return math.ceil(100 * _NARROWEST * scale * (1 - 1e-9)) / 100


def _like(image: Image, pixels: Any) -> Image:
    """Return pixels of one plane as an image with the belongings of another."""
    return Image.like(image, pixels, axes='YX' if pixels.ndim == 2 else 'YXS')


def _scale(image: Any, given: float | None) -> float:
    scale = mm_per_pixel_of(image, given)
    if scale is None:
        raise ParameterError(
            'how many mm of the wall a pixel covers is not known, so that widths in mm cannot be '
            'drawn; give mm_per_pixel, or set the scale of the photograph first'
        )
    return scale


def _check_widths(params: Parameters, scale: float) -> None:
    """Refuse lines that the pixels cannot show."""
    width = getattr(params, 'width', None)
    if width is None or isinstance(params, OutlineParameters):
        return
    if width < _NARROWEST * scale * (1 - 1e-9):
        raise ParameterError(
            f'width = {width:g} mm is {width / scale:.2g} pixels of {scale:.4g} mm, and a line '
            f'needs {_NARROWEST}, so that this rendering cannot be shown; give '
            f'width={least_width(scale):g} or more, or a photograph with finer pixels'
        )
    spacing = getattr(params, 'spacing', None)
    if spacing is not None and spacing < width:
        raise ParameterError(
            f'spacing = {spacing:g} mm is less than the width of the lines, {width:g} mm; give '
            'that or more'
        )


def _box(marks: Any, params: Parameters, scale: float) -> tuple[slice, ...]:
    """Return the rows and columns that a rendering has to look at."""
    reach = max(getattr(params, name, 0) or 0 for name in ('ring', 'length', 'width'))
    margin = math.ceil(_FAR * max(reach, 3.0) / scale)
    found = []
    for axis in (1, 0):
        there = np.flatnonzero(marks.any(axis=axis))
        found.append(slice(max(int(there[0]) - margin, 0), int(there[-1]) + margin + 1))
    return tuple(found)
