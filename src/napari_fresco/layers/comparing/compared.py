"""Planes of two layers on the same pixels: how alike they are, and where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...errors import ImageError
from ...evidence.metrics import psnr, ssim
from ..images.selection import Selection, select
from ..images.space import Space, View

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

_LEAST = 11  # pixels a side that structural similarity needs


class Likeness(NamedTuple):
    """The likeness of two planes.

    `psnr`: in dB, of the range of the second, see :func:`peak_of`; infinite for equal ones.
    `ssim`: structural similarity, NaN where the planes are smaller than its window.
    `largest`: largest difference, in image units.
    """

    psnr: float
    ssim: float
    largest: float


class Planes(NamedTuple):
    """The planes of two layers on show, on the same pixels.

    `first`, `second`: ``(H, W)`` or ``(H, W, 3)``; the finer grid is that of both.
    `place`: keywords of a layer of such pixels.
    """

    first: NDArray[Any]
    second: NDArray[Any]
    place: dict[str, Any]

    @classmethod
    def of(cls, first: napari.layers.Image, second: napari.layers.Image, view: View) -> Planes:
        """Read the planes on show of two layers.

        Raises ImageError when they cannot lie over each other, or one is gray and one coloured.
        """
        parts = [select(layer, view=view, shown=True) for layer in (first, second)]
        if bool(first.rgb) != bool(second.rgb):
            raise ImageError(
                f'{first.name!r} and {second.name!r} are a gray and a colour image; compare two of '
                'one kind'
            )
        if any(part.size > _plane_size(part) for part in parts):
            raise ImageError('a volume is on show; go to the 2-D display to compare planes')
        pixels = [_pixels(part) for part in parts]
        sizes = [each.shape[:2] for each in pixels]
        factors = [tuple(max(sizes)[k] / size[k] for k in (0, 1)) for size in sizes]
        if any(a != b or a != int(a) for a, b in factors):
            raise ImageError(
                f'{first.name!r} has {sizes[0]} pixels, {second.name!r} {sizes[1]}; compare images '
                'of one size, or one that was enlarged by a whole factor'
            )
        one, other = (
            each.repeat(int(factor[0]), axis=0).repeat(int(factor[0]), axis=1)
            for each, factor in zip(pixels, factors, strict=True)
        )
        finest = int(np.argmax([size[0] for size in sizes]))
        part, layer = parts[finest], (first, second)[finest]
        return cls(one, other, Space.of(layer).along(part.spatial).part((0, 0), (1, 1)))

    @property
    def difference(self) -> NDArray[np.float32]:
        """The first less the second."""
        return self.first.astype(np.float32) - self.second.astype(np.float32)

    def difference_layer(self) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Return a picture of the difference, gray where both are alike, and how it is drawn."""
        data = self.difference
        most = float(np.abs(data).max()) or 1.0
        if data.ndim == 3:  # colours are drawn from 0 to 1
            return data / (2 * most) + 0.5, {'rgb': True, 'contrast_limits': (0, 1), **self.place}
        return data, {'colormap': 'PiYG', 'contrast_limits': (-most, most), **self.place}

    def likeness(self) -> Likeness:
        """Return the likeness of both."""
        span = peak_of(self.second)
        first, second = self.first.astype(np.float64), self.second.astype(np.float64)
        similar = min(first.shape[:2]) >= _LEAST
        return Likeness(
            psnr(first, second, data_range=span),
            ssim(first, second, data_range=span) if similar else float('nan'),
            float(np.abs(first - second).max()),
        )


def peak_of(reference: NDArray[Any]) -> float:
    """Return the range that errors are measured on: of 8 bits, of [0, 1], or of the reference."""
    if reference.dtype == np.uint8:
        return 255.0
    low, high = float(reference.min()), float(reference.max())
    if reference.dtype.kind == 'f' and low >= 0 and high <= 1:
        return 1.0
    return max(high - low, 1e-12)


def _plane_size(part: Selection) -> int:
    """Return the pixels of one plane of a part."""
    return int(np.prod([part.index[axis].stop - part.index[axis].start for axis in part.spatial]))


def _pixels(part: Selection) -> NDArray[Any]:
    loaded: NDArray[Any] = part.load_ordered()
    return loaded.reshape(loaded.shape[len(part.leading) :])
