"""A blur kernel: its values, where its origin lies, on which grid, where it comes from.

A method that enlarges by s keeps the upper-left pixel of every s x s cell. Hence the
conventions that meet here: *centred* kernels, whose origin is the pixel ``size // 2``, so that
pixel s i of the result lies on pixel i of the image; *shifted* ones, moved by (s - 1)/2 to the
upper left, with which both cover the same field; and kernels that *bicubic* reduction follows,
which have an equivalent for *direct* sampling. No torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...brief import Brief
from ...errors import KernelError, ParameterError
from ...image.model import Image, named
from ...image.units import converted
from ..number_checks import whole
from .bead import without_offset
from .centre import doubt_of_centre, room, trimmed
from .known_light import known_light
from .normalise import normalise
from .plane_values import remembered
from .shapes import bicubic, convolved
from .widths import fwhm

Sampling = Literal['fine', 'coarse']
Position = Literal['auto', 'centred', 'shifted']

CENTRED = 0.25
"""Share of the shift by which the centre of mass may be off before it is in doubt."""
CUT_OFF = 0.3
"""Share of the sum that may lie below the level of the border."""
SAME_SPACING = 0.01
"""Relative difference of spacings that counts as none."""
LEAST_PART = 0.5
"""Share of its light that a kernel cut to the size of an image must keep."""


@dataclass(frozen=True, eq=False, repr=False)
class Kernel(Brief):
    """A point spread function with its origin, its grid and its source.

    Parameters
    ----------
    values : array_like
        2-D (Y, X) or 3-D (Z, Y, X); scaled to sum to 1, float64.
    spacing : mapping, optional
        Distance of its pixels along each axis, ``{"Y": (0.1, "um"), "X": (0.1, "um")}``.
    origin : sequence of float, optional
        Index along each axis where the light of a point belongs; by default ``size // 2``.
    sampling : {'fine', 'coarse'}
        Whether its pixels are those of the enlarged result, or those of the image.
    source : str
        Where it comes from, in words for the provenance.
    warnings, notes : tuple of str
        What was found doubtful about it, and what else is worth knowing.
    metadata : mapping
        The numbers that it was made from, plain data in µm.

    Raises
    ------
    KernelError
        When the values are no kernel, or the origin has another number of axes.
    """

    values: NDArray[np.float64]
    spacing: Mapping[str, tuple[float, str]] | None = None
    origin: tuple[float, ...] | None = None
    sampling: Sampling = 'fine'
    source: str = 'given'
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check and normalise the values."""
        values = normalise(_numbers(self.values), signed=True, ndim=None)
        object.__setattr__(self, 'values', values)
        if self.origin is not None:
            origin = tuple(float(place) for place in self.origin)
            if len(origin) != values.ndim or not np.isfinite(origin).all():
                raise KernelError(
                    f'origin = {origin} does not belong to a kernel of shape {values.shape}; '
                    'give one index for each axis'
                )
            object.__setattr__(self, 'origin', origin)
        if self.sampling not in ('fine', 'coarse'):
            raise ParameterError(f"sampling = {self.sampling!r}; choose 'fine' or 'coarse'")

    @classmethod
    def of(cls, value: Any, *, ndim: int | None = 2, signed: bool = False) -> Kernel:
        """Return `value`, an array, an Image or a Kernel, as a kernel with `ndim` axes.

        Parameters
        ----------
        value : array_like, Image or Kernel
            Any real dtype and any positive sum; an image brings its spacing.
        ndim : {2, 3}, optional
            How many axes it must have; None takes both.
        signed : bool
            Whether negative entries are accepted.

        Raises
        ------
        KernelError
            When it is no such kernel; the message says why in one sentence.
        """
        value = remembered(named(value))
        given = _of_image(value) if isinstance(value, Image) else value
        kernel = given if isinstance(given, Kernel) else None
        values = kernel.values if kernel is not None else _numbers(given)
        if ndim == 2 and len(np.shape(values)) == 3:
            raise KernelError(
                f'the kernel has three axes, {np.shape(values)}, and two are needed; give one '
                'plane (Y, X), such as its middle kernel[len(kernel) // 2]'
            )
        checked = normalise(values, signed=signed, ndim=ndim)
        return kernel if kernel is not None else cls(checked)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the values, so that a Kernel may stand where an array may."""
        return np.array(self.values, dtype=dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """Size along each axis in pixels."""
        return self.values.shape

    @property
    def ndim(self) -> int:
        """Number of axes, 2 or 3."""
        return self.values.ndim

    @property
    def offset(self) -> tuple[float, ...]:
        """The distance of the origin from the pixel ``size // 2`` along each axis."""
        middle = [n // 2 for n in self.shape]
        return tuple(o - m for o, m in zip(self.origin or middle, middle, strict=True))

    @property
    def centre_of_mass(self) -> tuple[float, ...]:
        """Centre of mass along each axis, in pixels from ``size // 2``."""
        return tuple(
            float((self.values * grid).sum()) - n // 2
            for grid, n in zip(np.indices(self.shape), self.shape, strict=True)
        )

    def thin(self) -> Kernel:
        """Return a kernel of one plane with two axes, any other as it is."""
        if self.ndim == 2 or self.shape[0] > 1:
            return self
        spacing = self.spacing and {a: s for a, s in self.spacing.items() if a != 'Z'}
        origin = self.origin and self.origin[1:]
        return replace(self, values=self.values[0], spacing=spacing, origin=origin)

    def centred(self) -> Kernel:
        """Return the kernel with its origin on the pixel ``size // 2``.

        It grows rather than lose an entry; a fraction of a pixel is interpolated by cubic
        splines, which leave no negative entries where there were none.
        """
        if not any(self.offset):
            return replace(self, origin=None)
        pads, rest = zip(*map(room, self.offset), strict=True)
        values = np.pad(self.values, pads)
        if any(rest):
            values = ndimage.shift(values, [-r for r in rest], order=3, mode='constant')
            values = values if self.values.min() < 0 else np.clip(values, 0, None)
        return replace(self, values=values, origin=None)

    def shifted(self, scale: int, upper_left: bool = True) -> Kernel:
        """Return the kernel moved by (scale - 1)/2 pixels to the upper left, its origin with it.

        Bilinear; entries beyond the border repeat the border, as DPIR's authors have it.
        `upper_left` False moves down and right, which undoes the shift.
        """
        distance = (whole('scale', scale) - 1) / 2 * (-1 if upper_left else 1)
        moved = ndimage.shift(self.values, distance, order=1, mode='nearest')
        return replace(self, values=moved, origin=self._origin(distance))

    def direct(self, scale: int) -> Kernel:
        r"""Return the kernel whose direct sampling equals blurring and bicubic downsampling.

        For the taps b of :func:`bicubic`, :math:`k_d = k * b`; see :func:`direct_sampling`.
        """
        values = convolved(self.values, bicubic(scale))
        source = f'{self.source}, with bicubic reduction'
        origin = [
            n // 2 + o - (scale - 1) / 2 for n, o in zip(values.shape, self.offset, strict=True)
        ]
        return replace(self, values=values, source=source, origin=tuple(origin))

    def fine(self, scale: int) -> Kernel:
        """Return the kernel on the pixels of a result that is larger by `scale`."""
        if self.sampling == 'fine' or whole('scale', scale) == 1:
            return replace(self, sampling='fine')
        start = [n // 2 + o for n, o in zip(self.shape, self.offset, strict=True)]
        sides = [2 * scale * max(o, n - 1 - o) for n, o in zip(self.shape, start, strict=True)]
        sides = [2 * round(side / 2) + 1 for side in sides]
        lines = [(np.arange(n) - n // 2) / scale + o for n, o in zip(sides, start, strict=True)]
        grid = np.meshgrid(*lines, indexing='ij')
        values = ndimage.map_coordinates(self.values, grid, order=3, mode='constant')
        values = values if self.values.min() < 0 else np.clip(values, 0, None)
        spacing = self.spacing and {a: (d / scale, u) for a, (d, u) in self.spacing.items()}
        return replace(self, values=values, origin=None, sampling='fine', spacing=spacing)

    def placed(self, scale: int, position: Position | str = 'auto') -> Kernel:
        """Return the kernel with its origin where it looks, for enlarging by `scale`.

        Parameters
        ----------
        scale : int
            Factor of super-resolution; with 1, the origin is moved to ``size // 2``.
        position : {'auto', 'centred', 'shifted'}
            What is said of it; 'auto' keeps a known origin, and otherwise looks at the centre
            of mass. A doubt is added to :attr:`warnings`.
        """
        if scale == 1:
            kernel = self.centred()
            doubt = doubt_of_centre(kernel.centre_of_mass)
            return replace(kernel, warnings=(*self.warnings, doubt)) if doubt else kernel
        if position == 'auto' and self.origin is not None:
            return self
        shifted, doubt = position == 'shifted', ''
        if position == 'auto':
            shifted, doubt = self._looks_shifted(scale)
        origin = tuple(n // 2 - (scale - 1) / 2 for n in self.shape) if shifted else None
        warnings = (*self.warnings, doubt) if doubt else self.warnings
        return replace(self, origin=origin, warnings=warnings)

    def without_offset(self) -> Kernel:
        """Return the kernel without the even background of a camera's offset, if it has one.

        A measured point spread function often still lies on it; spread over the whole array it
        outweighs the light of the point. What is taken off is said in :attr:`warnings`.
        """
        clean, share, even, hot = without_offset(self.values)
        if even:
            said = (
                f'the kernel lies on an even background, {100 * share:.0f} % of its sum, like the '
                'offset of a camera; it was subtracted: subtract it yourself to be sure'
                + (f'; {hot} hot pixels were taken off, too' if hot else '')
            )
        elif share > CUT_OFF:
            said = (
                f'the border of the kernel is not dark: {100 * share:.0f} % of its sum lie below '
                'the level there; if that is a background, subtract it, else give a larger kernel'
            )
        else:
            return self
        values = trimmed(clean, self.offset) if even else clean
        origin = self.origin and tuple(
            n // 2 + o for n, o in zip(values.shape, self.offset, strict=True)
        )
        return replace(self, values=values, origin=origin, warnings=(*self.warnings, said))

    def fitting(self, grid: Sequence[int]) -> Kernel:
        """Return the middle of the kernel, if the whole is larger than an image of `grid` pixels.

        Raises
        ------
        KernelError
            When that would lose half of its light.
        """
        if all(n <= m for n, m in zip(self.shape, grid, strict=True)):
            return self
        cut = []
        for size, limit in zip(self.shape, grid, strict=True):
            least = min(size, limit - 1 + limit % 2)
            cut.append(slice(size // 2 - least // 2, size // 2 - least // 2 + least))
        middle, offset = self.values[tuple(cut)], self.offset
        if middle.sum() < LEAST_PART:
            raise KernelError(
                f'the kernel {self.shape} is wider than the image {tuple(grid)}; '
                'give a narrower one'
            )
        origin = [n // 2 + o for n, o in zip(middle.shape, offset, strict=True)]
        return replace(self, values=middle, origin=None if self.origin is None else tuple(origin))

    def check_fits(self, grid: Sequence[int]) -> None:
        """Refuse a kernel that is larger than an image of `grid` pixels.

        Of a volume, light reaches each plane from all others and from beyond: a kernel may have
        twice as many planes, less one.
        """
        most = list(grid) if len(grid) == 2 else [2 * grid[0] - 1, *grid[1:]]
        if any(n > m for n, m in zip(self.shape, most, strict=True)):
            raise KernelError(
                f'kernel {self.shape} is larger than the image {tuple(grid)}, whose kernel may '
                f'have {tuple(most)} at most; crop it around its centre, or make it smaller '
                '(size=, planes=)'
            )

    def check_spacing(self, spacing: Mapping[str, tuple[float, str]], scale: int = 1) -> None:
        """Refuse a kernel whose pixels are not those of an image with `spacing`.

        Parameters
        ----------
        spacing : mapping
            Of the image; axes that only one of them knows are not compared.
        scale : int
            Factor by which the image is to be enlarged: fine kernels lie on smaller pixels.
        """
        for axis, (size, unit) in (self.spacing or {}).items():
            if axis not in spacing:
                continue
            step, its = spacing[axis]
            step /= scale if self.sampling == 'fine' and axis in 'ZYX' else 1
            own = converted(size, unit, its)
            if own is not None and abs(own - step) > SAME_SPACING * step:
                what = 'enlarged image' if scale > 1 and self.sampling == 'fine' else 'image'
                raise KernelError(
                    f'the kernel has a spacing of {size:g} {unit} on axis {axis}, the {what} of '
                    f'{step:g} {its}; make it for those pixels, or give its values alone'
                )

    def facts(self) -> dict[str, Any]:
        """Return the entry of the kernel in a provenance."""
        known: dict[str, Any] = {
            'source': self.source,
            'shape': list(self.shape),
            'centre_of_mass': [round(c, 3) for c in self.centre_of_mass],
        }
        if self.ndim == 2:
            widths = fwhm(self.values)
            known['fwhm'] = [round(widths.major, 3), round(widths.minor, 3)]
            known['angle'] = round(widths.angle, 1)
        if self.metadata:
            known['made_of'] = dict(self.metadata)
        return known

    def as_image(self) -> Image:
        """Return the values as an image, with the axes, spacing and wavelengths of the kernel."""
        waves = [self.metadata.get(name) for name in ('excitation', 'wavelength')]
        pair = tuple(round(1000 * wave, 3) if wave else None for wave in waves)
        said = {'wavelengths': (pair,)} if any(pair) else {}
        return Image(self.values, 'ZYX'[-self.ndim :], self.spacing or {}, metadata=said)

    def _origin(self, distance: float) -> tuple[float, ...]:
        """Return where the origin comes to lie when it is moved along all axes."""
        places = zip(self.shape, self.offset, strict=True)
        return tuple(n // 2 + o + distance for n, o in places)

    def _looks_shifted(self, scale: int) -> tuple[bool, str]:
        full, centre = (scale - 1) / 2, self.centre_of_mass
        shifted = -sum(centre) / len(centre) >= full / 2
        expected = -full if shifted else 0.0
        if max(abs(c - expected) for c in centre) <= CENTRED * full:
            return shifted, ''
        return shifted, (
            f'the centre of mass of the kernel is {centre[-2]:+.2f} rows and {centre[-1]:+.2f} '
            'columns off its middle, so it is not known to be shifted; it was taken as '
            f'{"shifted" if shifted else "centred"}: say kernel_position="centred" or "shifted"'
        )


def _of_image(image: Image) -> Kernel:
    """Return an image (Z, Y, X), whose other axes have length 1, with its spacing."""
    axes = [a for a in 'ZYX' if a in image.axes and (a != 'Z' or image.length('Z') > 1)]
    longer = [a for a in image.axes if a not in 'ZYX' and image.length(a) > 1]
    if longer:
        raise KernelError(
            f'the kernel is an image with axes {image.axes} of shape {image.shape}; give one plane '
            f'of axis {longer[0]}'
        )
    data = np.asarray(_numbers(image.data))
    order = [image.axes.index(a) for a in image.axes if a not in axes]
    values = data.transpose([*order, *(image.axes.index(a) for a in axes)])
    sizes = image.pixel_sizes
    spacing = {a: sizes[a] for a in axes if a in sizes}
    values = values.reshape(values.shape[len(order) :])
    return Kernel(values, spacing=spacing or None, metadata=known_light(image))


def _numbers(value: Any) -> Any:
    """Return `value` where numpy can read it: tensors may need to come to the CPU."""
    return value.detach().cpu() if hasattr(value, 'detach') else value
