"""A result blurred again by the kernel of its image: what it says the image should be.

Of a volume every plane gets light from its neighbours. What lies beyond the ends of the stack is
not known, so that planes which light from there reaches are not judged. numpy and scipy only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ..errors import KernelError
from ..image.layout import Layout
from ..image.model import Image
from ..noise.camera import Camera
from ..physics.kernels import Kernel

Floats = NDArray[np.float64]

_BEYOND = 0.25  # of the noise: light from beyond the stack that is less adds 3 % to the residual
_DARK = 0.05  # quantile of the values of a plane that counts as no light


class Reblurring:
    """Blurs planes of a result as the kernel of its image says.

    `kernel`: array, Image or Kernel with two axes, or three for a stack; as a restoration takes
        it: an even background is subtracted, the origin is moved to the pixel ``size // 2``.
    `result`: what is blurred.
    Raises KernelError when the kernel is none, lies on other pixels, or has three axes and the
        result no Z.
    """

    def __init__(self, kernel: Any, result: Image) -> None:
        self._layout, self._result = Layout.of(result), result
        self._kernel = kernel_of(kernel, ndim=None)
        self._kernel.check_spacing(result.pixel_sizes)
        self._depth = self._axis_of_depth() if self.of_volume else 0

    @property
    def of_volume(self) -> bool:
        """Whether planes get light from their neighbours."""
        return self._kernel.ndim == 3

    @property
    def reach(self) -> int:
        """Pixels from the border that light from beyond it reaches."""
        return -(-max(self._kernel.shape[-2:]) // 2)

    def plane(self, index: tuple[int, ...], x: Floats, noise: float | Camera) -> Floats | None:
        """Return plane `index` of the result blurred, ``(H, W)`` or ``(H, W, colours)``.

        None where light from beyond the stack, supposed to be like that of its ends, cannot be
        neglected beside the noise.

        `x`: the plane.
        `noise`: of the image.
        """
        if not self.of_volume:
            return blurred(x, self._kernel.values)
        inside, beyond = np.zeros_like(x), np.zeros_like(x)
        dark = float(np.quantile(x, _DARK))
        for near, part, known in self._neighbours(index):
            light = blurred(near - (0.0 if known else dark), part)
            if known:
                inside += light
            else:
                beyond += light
                inside += light + dark * float(part.sum())
        variance = noise.variance(inside) if isinstance(noise, Camera) else np.square(noise)
        foreign = float(np.mean(np.square(beyond)))
        return inside if foreign <= _BEYOND**2 * float(np.mean(variance)) else None

    def _neighbours(self, index: tuple[int, ...]) -> Iterator[tuple[Floats, Floats, bool]]:
        """Yield planes that give light to plane `index`, and the part of the kernel for each.

        Those beyond the ends are mirrored, and not known, which is said last.
        """
        count = self._layout.leading[self._depth]
        parts = self._kernel.values
        for j, part in enumerate(parts):
            z = index[self._depth] + len(parts) // 2 - j
            at = z % (2 * count)
            place = min(at, 2 * count - 1 - at)
            near = (*index[: self._depth], place, *index[self._depth + 1 :])
            yield finite_plane(self._layout, self._result, near), part, 0 <= z < count

    def _axis_of_depth(self) -> int:
        """Return which of the stack axes is that of depth; the last one where none has a name."""
        letters = self._layout.leading_axes
        if 'Z' in letters:
            return letters.index('Z')
        if letters and letters[-1] not in 'TC':
            return len(letters) - 1
        raise KernelError(
            f'the kernel has three axes, {self._kernel.shape}, but the result, with axes '
            f'{self._result.axes} and shape {self._result.shape}, has no Z; name its axes, such as '
            'axes="ZYX", or give one plane of the kernel, such as kernel[len(kernel) // 2]'
        )


def finite_plane(layout: Layout, image: Image, index: tuple[int, ...]) -> Floats:
    """Return a plane ``(H, W)`` or ``(H, W, 3)``, its mean where values are not finite."""
    plane = layout.colours(layout.read(image.data, index)).astype(np.float64)
    finite = np.isfinite(plane)
    if not finite.all():
        plane = np.where(finite, plane, plane[finite].mean() if finite.any() else 0.0)
    return plane


def kernel_of(value: Any, *, ndim: int | None = 2) -> Kernel:
    """Return a kernel as a restoration takes it, its origin on the pixel ``size // 2``.

    `value`: array, Image or Kernel.
    Raises KernelError when it is no kernel of `ndim` axes.
    """
    return Kernel.of(value, ndim=ndim, signed=True).thin().without_offset().centred()


def blurred(x: Floats, kernel: Floats) -> Floats:
    """Return a plane, mirrored beyond its border, blurred by a kernel.

    `x`: ``(H, W)`` or ``(H, W, colours)``.
    `kernel`: ``(h, w)``, whose origin is the pixel ``size // 2``.
    """
    if x.ndim == 3:
        return np.stack([blurred(each, kernel) for each in np.moveaxis(x, -1, 0)], -1)
    ends = [(n - 1 - n // 2, n // 2) for n in kernel.shape]
    wide = np.pad(x, ends, mode='symmetric')
    size = [fft.next_fast_len(n, real=True) for n in wide.shape]
    waves = fft.rfft2(wide, size) * fft.rfft2(kernel, size)
    rows, columns = (slice(n - 1, n - 1 + m) for n, m in zip(kernel.shape, x.shape, strict=True))
    return np.asarray(fft.irfft2(waves, size)[rows, columns])
