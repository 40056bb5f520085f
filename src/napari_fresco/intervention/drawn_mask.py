"""A mask as it was drawn, and the rule that turns it into damage: kept in a record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..brief import Brief
from ..errors import FileError, MaskError, ParameterError
from ..image.alignment import nonzero
from ..image.label_classes import left_and_kept
from ..image.model import Image, in_memory, values_of
from ..io.files import read, write
from ..io.fingerprint import content_sha256
from .photograph import Bools


@dataclass(frozen=True, eq=False, repr=False)
class DrawnMask(Brief):
    """A mask as it was drawn, and how damage is read from it.

    Attributes
    ----------
    labels : ndarray of integers or bool, ``(H, W)``
        What was drawn; 0 is not marked. Planes of a stack lie before rows and columns.
    label : int or None
        The one label that is damage; None for all but those that are left.
    grow : float
        Pixels by which the damage is widened.
    invert : bool
        What is not marked is the damage; done before it is widened.
    leave : tuple of int
        Labels that are damage and not to be filled.
    keep : tuple of int
        Labels that are no damage, however far that is widened.
    """

    labels: NDArray[Any]
    label: int | None = None
    grow: float = 0
    invert: bool = False
    leave: tuple[int, ...] = ()
    keep: tuple[int, ...] = ()

    @classmethod
    def of(cls, mask: Any) -> Self:
        """Return a mask of any kind as a drawn one.

        Raises MaskError when it is no plane.
        """
        if isinstance(mask, cls):
            return mask
        labels = np.squeeze(values_of(mask, 'mask', MaskError))
        if labels.ndim != 2 or labels.dtype.kind not in 'buif':
            raise MaskError(
                f'the mask has shape {labels.shape} and type {labels.dtype}; give one value for '
                'each pixel of the photograph, nonzero where it is damaged'
            )
        leave, keep = left_and_kept(mask)
        drawn = nonzero(labels) if labels.dtype.kind == 'f' else labels
        return cls(drawn, leave=leave, keep=keep)

    def damage(self) -> Bools:
        """Return where the damage is that is to be filled, with the shape of the labels.

        Raises ParameterError when it is to be widened by less than nothing.
        """
        if not self.grow >= 0:
            raise ParameterError(f'grow = {self.grow} must be 0 pixels or more')
        labels = self.labels
        marked = labels != 0 if self.label is None else labels == self.label
        for apart in (*self.leave, *self.keep):
            marked &= labels != apart
        marked = _grown(~marked if self.invert else marked, self.grow)
        for kept in self.keep:
            marked &= labels != kept
        return np.asarray(marked)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return :meth:`damage` as an array, so that it stands where a mask does."""
        return self.damage().astype(dtype or bool, copy=False)

    def facts(self) -> dict[str, Any]:
        """Return the rule that turns it into damage, ready for JSON."""
        return {
            'label': self.label,
            'grow': self.grow,
            'invert': self.invert,
            'leave': list(self.leave),
            'keep': list(self.keep),
        }

    def write(self, path: Path, *, overwrite: bool = False) -> dict[str, Any]:
        """Write the drawing to a PNG or TIFF file, and return its entry in a record."""
        labels = self.labels
        if labels.dtype != bool:
            fits = np.uint8 if int(labels.max(initial=0)) < 256 else np.uint16
            labels = labels.astype(fits)
        write(path, Image(labels, 'YX'), overwrite=overwrite)
        return {'file': path.name, 'sha256': content_sha256(path), **self.facts()}

    @classmethod
    def read(cls, folder: Path, facts: Mapping[str, Any]) -> Self:
        """Return a mask that a record tells of.

        Raises FileError when its file is gone, or is not the one of the record.
        """
        path = checked_file(folder / facts['file'], facts['sha256'], 'mask')
        labels = in_memory(read(path).data)
        said = {name: facts[name] for name in ('label', 'grow', 'invert') if name in facts}
        leave, keep = (tuple(facts.get(name, ())) for name in ('leave', 'keep'))
        return cls(labels, **said, leave=leave, keep=keep)


def _grown(marked: Bools, grow: float) -> Bools:
    """Return the marked pixels, widened in every plane."""
    if grow <= 0:
        return marked
    planes = marked.reshape(-1, *marked.shape[-2:])
    grown = [ndimage.distance_transform_edt(~p) <= grow if p.any() else p for p in planes]
    return np.reshape(grown, marked.shape)


def pixels_hash(pixels: Any) -> str:
    """Return the SHA-256 of pixels, of their type and of their shape."""
    array = np.ascontiguousarray(pixels)
    digest = hashlib.sha256(f'{array.dtype.str} {array.shape}'.encode())
    digest.update(array.tobytes())
    return digest.hexdigest()


def checked_file(path: Path, sha256: str, what: str) -> Path:
    """Return the path of a file whose content is that of the record.

    Raises FileError when it is not there, or another one.
    """
    if not path.is_file():
        raise FileError(f'{path}, the {what} of the record, is not there; put it beside the record')
    if content_sha256(path) != sha256:
        raise FileError(
            f'{path} is not the {what} that the record was made with (its SHA-256 differs); look '
            'for the file as it was'
        )
    return path
