"""The preview of a kernel: its sections as pictures, and its size and doubts in words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ...physics import kernels
from ...physics.kernels.plausibility import doubt_of_assumed
from ..widgets.form import note
from ..widgets.texts import sentence

_SIDE = 96
_GAMMA = 0.35


class KernelPreview(QWidget):
    """The sections of a kernel through its middle, along Y and X, and along Z and X."""

    def __init__(self) -> None:
        super().__init__()
        self.plane, self.section = QLabel(), QLabel()
        self.message = note()
        self._titles = [note('XY'), note('XZ')]
        pictures = QHBoxLayout()
        pictures.setSpacing(8)
        for picture, title in zip((self.plane, self.section), self._titles, strict=True):
            column = QVBoxLayout()
            title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(picture)
            column.addWidget(title)
            column.addStretch()
            pictures.addLayout(column)
        pictures.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.addLayout(pictures)
        layout.addWidget(self.message)

    def show_kernel(self, kernel: kernels.Kernel | None) -> None:
        """Show the sections of a kernel; nothing without one."""
        deep = kernel is not None and kernel.ndim == 3
        self.section.setVisible(deep)
        for title in self._titles:
            title.setVisible(deep)
        if kernel is None:
            self.plane.clear()
            return
        values, middle = kernel.values, kernel.shape[0] // 2
        self.plane.setPixmap(_picture(values[middle] if deep else values))
        if deep:
            section = values[:, values.shape[1] // 2]
            self.section.setPixmap(_picture(section, _stretch(kernel)))


def described(kernel: kernels.Kernel) -> str:
    """Return size and width of a kernel in words, and the doubts about it."""
    plane = kernel.values[kernel.shape[0] // 2] if kernel.ndim == 3 else kernel.values
    widths = kernels.fwhm(plane)
    size = ' × '.join(map(str, kernel.shape))
    wide = f'{widths.major:.1f}'
    if not np.isclose(widths.major, widths.minor, rtol=0.02):
        wide += f' × {widths.minor:.1f}'
    kind = 'voxels' if kernel.ndim == 3 else 'pixels'
    assumed = doubt_of_assumed(kernel.metadata, kernel.ndim == 3)
    doubts = [f'⚠ {said}.' for said in (*kernel.warnings, assumed) if said]
    return '\n'.join([f'{size} {kind}, FWHM {wide} px{_along_z(kernel)}', *doubts])


def remarks(kernel: kernels.Kernel) -> str:
    """Return further facts of a kernel, a line each: its spacing and light, and notes."""
    sizes = [f'{axis} {size:.4g} {unit}' for axis, (size, unit) in (kernel.spacing or {}).items()]
    waves = {name: kernel.metadata.get(name) for name in ('excitation', 'wavelength')}
    light = [f'{name} {1000 * wave:.4g} nm' for name, wave in waves.items() if wave]
    told = [f'spacing {", ".join(sizes)}'] * bool(sizes)
    told += [f'made for {", ".join(light)}'] * bool(light)
    return '\n'.join(f'{sentence(said)}.' for said in (*told, *kernel.notes))


def _along_z(kernel: kernels.Kernel) -> str:
    if kernel.ndim == 2:
        return ''
    rows, columns = (n // 2 for n in kernel.shape[1:])
    line = kernel.values[:, rows, columns]
    place = np.linspace(0, len(line) - 1, 40 * len(line))
    above = np.interp(place, np.arange(len(line)), line) >= line.max() / 2
    return f', {np.count_nonzero(above) * (place[1] - place[0]):.1f} planes deep'


def _stretch(kernel: kernels.Kernel) -> float:
    """Return the distance of planes over that of pixels."""
    spacing = kernel.spacing or {}
    return spacing['Z'][0] / spacing['X'][0] if {'Z', 'X'} <= set(spacing) else 1.0


def _picture(values: NDArray[np.float64], stretch: float = 1.0) -> QPixmap:
    """Return a section in shades of gray, in which dim rings and haze are seen."""
    bright = (np.clip(values, 0, None) / max(values.max(), 1e-12)) ** _GAMMA
    gray = (255 * bright).astype(np.uint8)
    rows, columns = gray.shape
    picture = QImage(gray.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8)
    tall = rows * stretch / columns
    width, height = (_SIDE, _SIDE * tall) if tall <= 1 else (_SIDE / tall, _SIDE)
    # The copy outlives the bytes.
    return QPixmap.fromImage(picture.copy()).scaled(max(round(width), 1), max(round(height), 1))
