"""The samples as layers, with their truth hidden below and everything in place."""

from __future__ import annotations

from typing import Any

from .. import samples
from .results import KERNEL

LayerData = tuple[Any, dict[str, Any], str]


def mural() -> list[LayerData]:
    """Return a damaged mural, the mask of its damage, and its truth."""
    sample = samples.mural()
    return [
        (sample.truth, {'name': 'mural truth', 'rgb': True, 'visible': False}, 'image'),
        (sample.image, {'name': 'mural', 'rgb': True}, 'image'),
        (sample.mask.astype('uint8'), {'name': 'mural damage', 'opacity': 0.5}, 'labels'),
    ]


def micrograph() -> list[LayerData]:
    """Return a blurred, noisy micrograph, its point spread function, and its truth."""
    sample = samples.micrograph()
    space = {'scale': [sample.pixel_size_um] * 2, 'units': ['um', 'um']}
    return [
        (sample.truth, {'name': 'cells truth', 'visible': False, **space}, 'image'),
        (sample.psf, {'name': 'cells PSF', 'visible': False, 'metadata': {KERNEL: True}, **space}, 'image'),
        (sample.image, {'name': 'cells', **space}, 'image'),
    ]
