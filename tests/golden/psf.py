"""Golden files of point spread functions: independent packages and direct quadrature."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.interpolate import make_interp_spline

from napari_fresco.physics.kernels.microscope_optics import MicroscopeOptics
from napari_fresco.physics.kernels.point_spread import VoxelGrid, point_spread
from napari_fresco.physics.kernels.pupil import brightest

from .base import Golden

NAMES = {
    'na': 'na',
    'index': 'refractive_index',
    'immersion_index': 'refractive_index',
    'immersion_index_design': 'refractive_index_design',
    'emission_um': 'wavelength',
    'excitation_um': 'excitation',
    'sample_index': 'sample_index',
    'coverslip_index': 'coverslip_index',
    'coverslip_index_design': 'coverslip_index_design',
    'coverslip_um': 'coverslip',
    'coverslip_design_um': 'coverslip_design',
    'working_distance_design_um': 'working_distance',
    'depth_um': 'depth',
    'sheet_na': 'sheet_na',
    'pinhole_airy_units': 'pinhole',
}


def _optics(golden: Golden, kind: str, model: str) -> MicroscopeOptics:
    given = golden.meta['parameters']
    known = {ours: float(given[name]) for name, ours in NAMES.items() if name in given}
    known.setdefault('wavelength', known.get('excitation', 0.5))
    return MicroscopeOptics(**known, kind=kind, model=model)  # type: ignore[arg-type]


def _grid(golden: Golden, optics: MicroscopeOptics) -> VoxelGrid:
    """Return the odd and square grid that holds a file's, whose origin has its own focus."""
    given, (planes, rows, columns) = golden.meta['parameters'], golden.meta['shape_zyx']
    middle = float(golden.inputs['focus_um'][planes // 2])
    step = float(given['z_step_um'])
    np.testing.assert_allclose(np.diff(golden.inputs['focus_um']), step, rtol=1e-6)
    defocus = middle - (brightest(optics) if 'depth_um' in given else 0.0)
    side, planes = max(rows, columns) | 1, planes | 1
    return VoxelGrid.of(optics, float(given['pixel_size_um']), side, step, planes, defocus)


def _window(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Cut a window of `shape` out of `values`, origin on origin, and divide it by its sum."""
    starts = [n // 2 - m // 2 for n, m in zip(values.shape, shape, strict=True)]
    cut = values[tuple(slice(a, a + m) for a, m in zip(starts, shape, strict=True))]
    return np.asarray(cut / cut.sum(dtype=np.float64))


def _width(line: np.ndarray, step: float) -> float:
    """Return the full width at half maximum of a line through the peak; 0 for a few samples."""
    if len(line) < 4:
        return 0.0
    x = np.arange(len(line))
    fine = np.linspace(0, len(line) - 1, 1000 * len(line))
    values = make_interp_spline(x, line, k=3)(fine)
    peak = int(np.argmax(values))
    half = values[peak] / 2
    low = peak - int(np.argmax(values[peak::-1] < half))
    high = peak + int(np.argmax(values[peak:] < half))
    return float((fine[high] - fine[low]) * step)


def _widths(values: np.ndarray, given: dict[str, Any]) -> dict[str, float]:
    peak = np.unravel_index(int(np.argmax(values)), values.shape)
    return {
        'lateral_um': _width(values[peak[0], peak[1]], float(given['pixel_size_um'])),
        'axial_um': _width(values[:, peak[1], peak[2]], float(given['z_step_um'])),
    }


def _case(kind: str, model: str) -> Any:
    def case(golden: Golden) -> None:
        optics = _optics(golden, kind, model)
        grid = _grid(golden, optics)
        for name, expected in golden.outputs.items():
            limits = golden.meta['tolerances'][name]
            whole = point_spread(optics, grid, integrate=name == 'integrated').values
            ours = _window(whole, expected.shape)
            theirs = expected / expected.sum(dtype=np.float64)
            error = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
            assert error <= limits['rel_l2'], f'{name}: {error:.2e}'
            wide = _widths(ours, golden.meta['parameters'])
            for axis, width in _widths(theirs, golden.meta['parameters']).items():
                np.testing.assert_allclose(wide[axis], width, rtol=limits['fwhm'] + 1e-3)

    return case


CASES = {
    'psf/widefield_scalar': _case('widefield', 'scalar'),
    'psf/gibson_lanni': _case('widefield', 'scalar'),
    'psf/widefield_vectorial': _case('widefield', 'vectorial'),
    'psf/confocal': _case('confocal', 'vectorial'),
    'psf/two_photon': _case('two_photon', 'vectorial'),
    'psf/light_sheet': _case('light_sheet', 'scalar'),
}
