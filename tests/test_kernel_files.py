"""Kernels are read from every kind of file, and nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy import io

import napari_fresco as fresco
from napari_fresco import kernels, restore
from napari_fresco.errors import FileError, KernelError
from napari_fresco.evidence import evaluate
from napari_fresco.io import files

KERNEL = kernels.gaussian(1.5, 1, 30)


@pytest.mark.parametrize('name', ['kernel.tif', 'kernel.ome.tif'])
def test_a_kernel_that_is_written_keeps_its_axes_and_spacing(tmp_path: Path, name: str) -> None:
    spacing = {'Z': (0.3, 'um'), 'Y': (0.1, 'um'), 'X': (0.1, 'um')}
    kernel = kernels.Kernel(np.stack([KERNEL, 2 * KERNEL, KERNEL]), spacing)
    files.write(tmp_path / name, kernel)
    back = files.read(tmp_path / name)
    assert (back.axes, back.spacing) == ('ZYX', spacing)
    np.testing.assert_allclose(kernels.Kernel.of(back, ndim=3).values, kernel.values)


def test_dots_per_inch_are_no_pixels_of_a_specimen(tmp_path: Path) -> None:
    grid = dict.fromkeys('YX', (0.1, 'um'))
    image = np.random.default_rng(0).integers(80, 120, (40, 40)).astype('u2')
    Image.fromarray(image).save(tmp_path / 'scan.png', dpi=(72, 72))
    scan = files.read(tmp_path / 'scan.png')
    assert scan.spacing['X'][0] == pytest.approx(25.4 / 72, rel=1e-3)
    blur = kernels.Kernel(KERNEL, grid)
    asked = {'method': 'wiener', 'task': 'deblur', 'kernel': blur, 'sigma': 5.0}
    result = restore(scan, **asked)
    assert result.image.spacing == scan.spacing
    with pytest.raises(KernelError, match='make it for those pixels'):
        restore(scan, spacing=dict.fromkeys('YX', (0.2, 'um')), **asked)
    assert evaluate(result.image, scan, kernel=blur)['resolution']['unit'] == 'pixel'


def write(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    if name.endswith('.npy'):
        np.save(path, content)
    elif name.endswith('.npz'):
        np.savez(path, **content)
    elif name.endswith('.mat'):
        io.savemat(path, content)
    elif name.endswith('.tif'):
        tifffile.imwrite(path, content)
    else:
        Image.fromarray(content).save(path)
    return path


def test_kernels_are_read_back(tmp_path: Path) -> None:
    single = KERNEL.astype(np.float32)
    scaled = np.rint(KERNEL / KERNEL.max() * 255).astype(np.uint8)
    files: list[tuple[str, object, float]] = [
        ('a.npy', 3 * KERNEL, 1e-15),
        ('a.npz', {'note': np.array('text'), 'k': KERNEL}, 1e-15),
        ('a.mat', {'kernel': KERNEL, 'scalar': 3.0}, 1e-15),
        ('a.tif', single, 1e-7),
        ('a.png', scaled, 1e-3),
        ('b.png', np.stack([scaled] * 3, axis=-1), 1e-3),
        ('c.tif', np.stack([scaled] * 3, axis=-1), 1e-3),
    ]
    for name, content, atol in files:
        read = kernels.read(write(tmp_path, name, content))
        np.testing.assert_allclose(read, KERNEL, atol=atol, err_msg=name)


def test_a_compressed_tiff_is_read(tmp_path: Path) -> None:
    path = tmp_path / 'lzw.tif'
    Image.fromarray(KERNEL.astype(np.float32)).save(path, compression='tiff_lzw')
    np.testing.assert_allclose(kernels.read(path), KERNEL, atol=1e-7)


def test_one_of_several_kernels_is_chosen(tmp_path: Path) -> None:
    cells = np.empty((1, 2), dtype=object)
    cells[0, 0], cells[0, 1] = np.ones((3, 3)), KERNEL
    files: list[tuple[str, object]] = [
        ('cells.mat', {'kernels': cells}),
        ('stack.mat', {'kernels': np.stack([np.ones_like(KERNEL), KERNEL], axis=-1)}),
        ('pages.tif', np.stack([np.ones_like(KERNEL), KERNEL])),
        ('two.npz', {'a': np.ones((3, 3)), 'b': KERNEL}),
    ]
    for name, content in files:
        path = write(tmp_path, name, content)
        np.testing.assert_allclose(kernels.read(path, 1), KERNEL, atol=1e-7, err_msg=name)
        if name in ('cells.mat', 'two.npz'):
            with pytest.raises(KernelError, match='2 kernels'):
                kernels.read(path)
        for index in (2, -1):
            with pytest.raises(KernelError, match='index'):
                kernels.read(path, index)


def test_a_volume_is_read_whole(tmp_path: Path) -> None:
    volume = np.stack([KERNEL, 2 * KERNEL, KERNEL])
    files: list[tuple[str, object]] = [
        ('a.npy', volume),
        ('a.npz', {'k': volume}),
        ('a.mat', {'kernel': np.moveaxis(volume, 0, -1)}),
        ('a.tif', volume),
    ]
    for name, content in files:
        read = kernels.read(write(tmp_path, name, content))
        np.testing.assert_allclose(read, volume / 4, atol=1e-7, err_msg=name)
    thin = kernels.read(write(tmp_path, 'thin.npy', KERNEL[None]))
    np.testing.assert_allclose(thin, KERNEL)


def test_matlab_7_3_files_are_read(tmp_path: Path) -> None:
    h5py = pytest.importorskip('h5py')
    path = tmp_path / 'new.mat'
    with h5py.File(path, 'w', userblock_size=512) as file:
        first = file.create_dataset('#refs#/a', data=np.ones((3, 2)))
        second = file.create_dataset('#refs#/b', data=KERNEL.T)
        references = np.array([[first.ref], [second.ref]], dtype=h5py.ref_dtype)
        file.create_dataset('kernels', data=references)
    header = b'MATLAB 7.3 MAT-file'.ljust(124) + b'\x00\x02IM'
    with path.open('r+b') as raw:
        raw.write(header)
    assert kernels.read(path, 0).shape == (2, 3)
    np.testing.assert_allclose(kernels.read(path, 1), KERNEL, atol=1e-15)


@pytest.mark.parametrize('name', ['x.npy', 'x.npz', 'x.mat', 'x.tif', 'x.png', 'x.txt', 'x'])
def test_files_that_hold_no_kernel_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(FileError, match='does not exist'):
        kernels.read(path)
    for content in (b'', b'no kernel at all, just some text', bytes(range(256)) * 4):
        path.write_bytes(content)
        with pytest.raises(FileError, match='cannot be read'):
            kernels.read(path)


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    path = tmp_path / 'object.npy'
    np.save(path, np.array([KERNEL, None], dtype=object), allow_pickle=True)
    with pytest.raises(FileError):
        kernels.read(path)


def test_a_file_without_a_plane_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KernelError, match='no 2-D'):
        kernels.read(write(tmp_path, 'line.npy', np.arange(5)))


SPACING = {'Z': (0.3, 'um'), 'Y': (0.1, 'um'), 'X': (0.1, 'um')}


def calibrated(folder: Path, dims: int) -> Path:
    """Write a kernel with spacing and emission wavelength."""
    values, axes = np.ones((3, 5, 5)[-dims:], np.float32), 'ZYX'[-dims:]
    spacing = {axis: SPACING[axis] for axis in axes}
    image = fresco.Image(values, axes, spacing, metadata={'wavelengths': ((None, 520.0),)})
    files.write(folder / 'psf.ome.tif', image)
    return folder / 'psf.ome.tif'


@pytest.mark.parametrize('dims', [2, 3])
def test_a_file_keeps_the_spacing_and_the_light_of_its_kernel(dims: int, tmp_path: Path) -> None:
    path = calibrated(tmp_path, dims)
    for read in (kernels.read(path), *([kernels.read(path, 1)] if dims == 3 else [])):
        kernel = kernels.Kernel.of(read, ndim=None)
        assert kernel.spacing == {axis: SPACING[axis] for axis in 'ZYX'[-kernel.ndim :]}
        assert kernel.metadata == {'wavelength': 0.52}
        assert kernel.source == 'psf.ome.tif'
        assert kernels.Kernel.of(np.asarray(read), ndim=None).spacing is None


def test_a_kernel_file_of_other_pixels_or_light_is_refused_or_doubted(tmp_path: Path) -> None:
    kernel = kernels.read(calibrated(tmp_path, 2))
    counts = np.random.default_rng(0).poisson(50.0, (1, 32, 32)).astype(np.uint16)
    asked = {'method': 'wiener', 'task': 'deblur', 'kernel': kernel}
    far = fresco.Image(counts, 'CYX', {'Y': (0.2, 'um'), 'X': (0.2, 'um')})
    with pytest.raises(KernelError, match=r'spacing of 0\.1'):
        restore(far, **asked)
    red = fresco.Image(counts, 'CYX', metadata={'wavelengths': ((None, 670.0),)})
    result = restore(red, **asked)
    assert [said for said in result.provenance['warnings'] if '520 nm' in said]
    assert result.provenance['kernel']['source'] == 'psf.ome.tif'
