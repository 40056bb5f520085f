"""The settings of a panel as a recipe for a folder of files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ...batch import BatchRecipe
from ...declare.options import OPTIONS
from ...errors import ParameterError
from ...image.model import Image
from ...io.files import make_folder, write
from ...physics.kernels import Kernel
from .channel_kernels import ChannelKernels

if TYPE_CHECKING:
    from .layer_request import PanelRequest

_KERNEL, _CALIBRATED, _MASK = 'kernel.npy', 'kernel.ome.tif', 'mask.tif'


def recipe_of(
    request: PanelRequest,
    *,
    images: str,
    output: str,
    beside: Path,
    files: Mapping[str, str] = MappingProxyType({}),
    keep: tuple[str, ...] = (),
) -> BatchRecipe:
    """Return the settings of `request` as a recipe for files.

    `images`, `output`: folder or pattern of the images, and folder of the results.
    `beside`: folder into which the kernel, and a mask that serves all images, are written.
    `files`: files or patterns of mask, kernel and noise map that are there; else what the layer
        was restored with serves all images.
    `keep`: what is kept beside the images.
    Raises FrescoError when something belongs to the layer alone, or cannot be written.
    """
    if request.maps_noise and 'sigma' not in files:
        raise ParameterError(
            'A map of the noise belongs to its image; choose a level or Auto to apply this to a '
            'folder.'
        )
    settings = dict(request.settings)
    options: dict[str, Any] = {n: settings.pop(n) for n in list(settings) if n in OPTIONS}
    options['sigma'] = files.get('sigma', request.sigma)
    if request.scale > 1:
        options['scale'] = request.scale
    make_folder(beside)
    if request.kernel is not None:
        options['kernel'] = files.get('kernel') or _kernels(beside, request)
    if request.mask is not None:
        options['mask'] = files.get('mask') or _mask(beside, request.mask)
    return BatchRecipe(
        images=(images,),
        output=output,
        method=request.method.name,
        task=request.task,
        parameters={**settings, **request.parameters},
        keep=keep,
        options=options,
        base=beside.absolute(),
    )


def _kernels(folder: Path, request: PanelRequest) -> str | dict[str, str]:
    if not isinstance(request.kernel, ChannelKernels):
        return _kernel(folder, request.kernel)
    every = request.kernel.in_layer(request.image)
    return {str(n): _kernel(folder, kernel, f'{n}-') for n, kernel in every.items()}


def _kernel(folder: Path, kernel: Any, of: str = '') -> str:
    if isinstance(kernel, str):
        return kernel
    known = isinstance(kernel, Kernel) and (kernel.spacing or kernel.metadata)
    path = folder.absolute() / f'{of}{_CALIBRATED if known else _KERNEL}'
    values = getattr(kernel, 'values', kernel)
    write(path, kernel.as_image() if known else np.asarray(values, np.float64), overwrite=True)
    return str(path)


def _mask(folder: Path, mask: Any) -> str:
    path = folder.absolute() / _MASK
    image = mask.image() if hasattr(mask, 'image') else Image.of(mask)
    marked = np.asarray(image.data) != 0
    write(path, Image(marked.astype(np.uint8) * 255, image.axes), overwrite=True)
    return str(path)
