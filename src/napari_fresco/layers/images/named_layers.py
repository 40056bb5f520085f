"""Layers that scripts give or name, for a role that not every kind of layer can have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari.layers import Image, Labels, Shapes

from ...errors import FrescoError, ImageError, KernelError, MaskError, ParameterError


@dataclass(frozen=True)
class Role:
    """The role of a layer in a restoration.

    `kinds`: classes of the layers that may have it.
    `asks`: what is asked for, in words.
    `error`: raised where another kind is given.
    """

    kinds: tuple[type, ...]
    asks: str
    error: type[FrescoError]


_ROLES = {
    'image': Role((Image,), 'name one to restore', ImageError),
    'mask': Role(
        (Labels, Shapes, Image),
        'give labels, outlines, the picture of a mask, or an array like the image',
        MaskError,
    ),
    'kernel': Role((Image,), 'give an image layer that holds it, or an array', KernelError),
    'sigma': Role(
        (Image,), 'give a number, or an image layer of standard deviations', ParameterError
    ),
    'region': Role((Shapes,), 'draw a rectangle in a Shapes layer and give that', ParameterError),
}


def is_layer(value: Any) -> bool:
    """Say whether a value is a layer of napari."""
    return hasattr(value, 'data_to_world')


def find_layer(viewer: Any, named: Any, what: str) -> Any:
    """Return the layer of the viewer with a given name; other values as they are.

    `what`: its role, one of those above, or a word for it in messages.
    Raises FrescoError when there is no layer of that name, or its kind cannot have the role.
    """
    if not hasattr(viewer, 'layers'):
        raise FrescoError(
            f'viewer is a {type(viewer).__name__}; give a napari.Viewer or a ViewerModel first'
        )
    if not isinstance(named, str):
        return _fitting(named, what)
    names = [layer.name for layer in viewer.layers]
    if named not in names:
        raise FrescoError(
            f'{what} {named!r} is no layer of the viewer; it has {", ".join(names) or "none"}'
            + ("; or give 'visible', for what is on show" if what == 'region' else '')
        )
    return _fitting(viewer.layers[named], what)


def kind_of(layer: Any) -> str:
    """Return the kind of a layer as napari calls it, such as ``'points'``."""
    return str(layer.__class__.__name__).lower()


def _fitting(value: Any, what: str) -> Any:
    role = _ROLES.get(what)
    if role is None or not is_layer(value) or isinstance(value, role.kinds):
        return value
    raise role.error(f'{what} {value.name!r} is a layer of {kind_of(value)}; {role.asks}')
