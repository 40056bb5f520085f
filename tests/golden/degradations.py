"""Golden cases of the degradations of USRNet, BSRGAN and VIRNet."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from napari_fresco.degrade import bsrgan_pipeline, noise_maps, random_kernels, sharpen
from napari_fresco.degrade.classical import classical, virnet
from napari_fresco.degrade.gaussian_kernels import gaussians, round_gaussians, shifted
from napari_fresco.degrade.random_source import RandomSource
from napari_fresco.degrade.resize import nearest_index, resize_right
from napari_fresco.physics import kernels as point_spread
from napari_fresco.physics.kernels import covariance, from_covariance
from napari_fresco.physics.resample import imresize, pixel_shift

from ..arrays import Drawn, blur, kernel_batch, on_array
from .base import Golden, close

NOISELESS = RandomSource.seeded(0)
FLOAT32 = 2e-7  # the authors store results in float32


def near(actual: np.ndarray, golden: Golden, name: str) -> None:
    """Assert that `actual` equals an output within the tolerance of the file."""
    expected, tolerance = golden.outputs[name], golden.meta['tolerance']
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, tolerance['rtol'], tolerance['atol'])


def isotropic(size: int, width: float) -> np.ndarray:
    return round_gaussians(size, _numbers(width)[0])[0, 0].numpy()


def anisotropic(size: int, angle: float, first: float, second: float) -> np.ndarray:
    return gaussians(size, *_numbers(angle, first, second))[0, 0].numpy()


def shifted_anisotropic(
    size: int, scale: int, angle: float, first: float, second: float
) -> np.ndarray:
    """Make an elongated Gaussian at ``size // 2 - (scale - 1) / 2``."""
    away = torch.full((2, 1), size // 2 - (size - 1) / 2 - (scale - 1) / 2)
    return gaussians(size, *_numbers(angle, first, second), away=away)[0, 0].numpy()


def trajectory(random: np.random.RandomState) -> np.ndarray:
    """Draw a camera shake in the order of the authors."""
    steps = random_kernels.STEPS
    # The authors draw a velocity for every step and keep the first.
    velocity = random.normal(0, 1, (3, steps))[:, :1]
    twist, push = random.normal(0, 1, (steps - 1, 2, 3)).transpose(1, 2, 0)
    drawn = (torch.from_numpy(np.ascontiguousarray(v))[None] for v in (velocity, twist, push))
    return random_kernels.walks(*drawn)[0].numpy()


def from_trajectory(path: np.ndarray, uniform: float) -> np.ndarray:
    """Make the kernel of a camera shake at its own size."""
    sides = random_kernels.shake_sides(_numbers(uniform)[0])
    made = random_kernels.from_paths(torch.from_numpy(path[None, :2]), sides)[0, 0].numpy()
    side = int(sides)
    first = max(random_kernels.USRNET_SIZE - side, 0) // 2
    return made[first : first + side, first : first + side]


def _numbers(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None]


def check_isotropic(golden: Golden) -> None:
    for case in golden.meta['cases']:
        made = isotropic(case['size'], case['width'])
        close(made, golden.outputs[case['name']], golden.meta['atol'])


def check_anisotropic(golden: Golden) -> None:
    for case in golden.meta['cases']:
        made = anisotropic(case['size'], case['theta'], case['l1'], case['l2'])
        close(made, golden.outputs[case['name']], golden.meta['atol'])


def check_shifted_anisotropic(golden: Golden) -> None:
    for case in golden.meta['cases']:
        made = shifted_anisotropic(
            case['size'],
            case.get('sf_effective', case.get('sf')),
            case['theta'],
            case['lambda_1'],
            case['lambda_2'],
        )
        close(made, golden.outputs[case['name']], golden.meta['atol'])


def check_motion(golden: Golden) -> None:
    atol = golden.meta['atol']
    for case in golden.meta['cases']:
        n = case['index']
        path = trajectory(np.random.RandomState(case['np_seed']))
        close(path, golden.outputs[f'trajectory_from_seed{n}'], atol)
        made = from_trajectory(golden.inputs[f'trajectory{n}'], case['u'])
        assert made.shape == (case['size'], case['size'])
        close(made, golden.outputs[f'k{n}'], atol)


def check_shift(golden: Golden) -> None:
    atol = golden.meta['atol']
    for case in golden.meta['cases']:
        n, scale = case['index'], case['sf']
        kernel = golden.inputs[f'k{n}']
        moved = pixel_shift(torch.from_numpy(kernel), scale, case['upper_left'])
        close(moved, golden.outputs[f'shift{n}'], atol)
        normal = point_spread.shift(kernel, scale, case['upper_left'])
        close(normal, golden.outputs[f'norm{n}'], atol)


def check_classical(golden: Golden) -> None:
    for case in golden.meta['cases']:
        n, scale = case['index'], case['sf']
        image, kernel = golden.inputs[f'hr_uint8_{n}'] / 255, kernel_batch(golden.inputs[f'k{n}'])
        exact = on_array(classical, image, kernel, scale, 0, NOISELESS)
        close(exact, golden.outputs[f'lr_float_{n}'], golden.meta['atol'])
        truncated = 255 * on_array(classical, image, kernel, scale, 0, NOISELESS, authors=True)
        close(truncated, golden.outputs[f'lr_uint8_table1_{n}'], 1e-12)


def check_mirrored_blur(golden: Golden) -> None:
    for case in golden.meta['cases']:
        n = case['index']
        if case['kind'] == 'iso':
            kernel = isotropic(case['ksize'], case['width'])
        else:
            kernel = anisotropic(case['ksize'], case['theta'], case['l1'], case['l2'])
        close(kernel, golden.outputs[f'k{n}'], golden.meta['atol'])
        blurred = blur(golden.inputs[f'x{n}'], kernel, 'mirror')
        close(blurred, golden.outputs[f'y{n}'], golden.meta['atol'])


def check_decimation(golden: Golden) -> None:
    for case in golden.meta['cases']:
        n, scale, width = case['index'], case['sf'], _numbers(case['width'])[0]
        kernel = shifted(round_gaussians(25, width), scale)[0, 0]
        close(kernel, golden.outputs[f'k_shifted{n}'], golden.meta['atol'])
        small = on_array(bsrgan_pipeline.shifted_decimation, golden.inputs[f'x{n}'], scale, width)
        close(small, golden.outputs[f'y{n}'], golden.meta['atol'])


def check_imresize(golden: Golden) -> None:
    for case in golden.meta['cases']:
        small = on_array(imresize, golden.inputs[f'x{case["index"]}'], case['scale'])
        close(small, golden.outputs[f'y{case["index"]}'], golden.meta['atol'])


def check_sharpening(golden: Golden) -> None:
    for case in golden.meta['cases']:
        n, weight, threshold = case['index'], case['weight'], case['threshold'] / 255
        x = golden.inputs[f'x{n}']
        sharp = on_array(sharpen.unsharp, x, weight, case['radius'], threshold)
        close(sharp, golden.outputs[f'y{n}'], golden.meta['atol'])


def check_virnet(golden: Golden) -> None:
    meta, image, scale = golden.meta, golden.inputs['image'], golden.meta['sf']
    first, second = meta['lambda_sq']
    found = covariance(first, second, -math.degrees(meta['theta']))
    shift = bool(meta.get('shift'))
    kernel = from_covariance(*found, size=meta['k_size'], scale=scale, shift=shift)
    close(kernel, golden.outputs['kernel'], 1e-12)
    close(np.array(found), golden.outputs['kinfo'], 1e-7)
    blurred = blur(image, kernel, 'symmetric').clip(0, 1)
    near(blurred, golden, 'blur_numpy')
    near(blurred[::scale, ::scale], golden, 'direct_numpy')
    near(on_array(resize_right, blurred, scale, authors=True), golden, 'bicubic_numpy')
    near(on_array(resize_right, image, scale, authors=True), golden, 'resize_only')
    level, batch = meta['noise_level_255'] / 255, kernel_batch(kernel)
    for name, direct in (('direct', True), ('bicubic', False)):
        random = Drawn(np.random.default_rng(meta['noise_seed']))
        noisy = on_array(virnet, image, batch, scale, level, random, direct=direct, authors=True)
        near(noisy, golden, f'degrade_{name}')
        _check_likelihood_path(golden, kernel, name, direct)


def _check_likelihood_path(golden: Golden, kernel: np.ndarray, name: str, direct: bool) -> None:
    """The objective of the authors correlates, and mirrors without repeating the edge."""
    scale = golden.meta['sf']
    blurred = blur(golden.inputs['image'], kernel[::-1, ::-1], 'mirror')
    small = (
        blurred[::scale, ::scale]
        if direct
        else on_array(resize_right, blurred, scale, authors=True)
    )
    near(small.transpose(2, 0, 1)[None], golden, f'torch_{name}')


def check_evaluation_kernels(golden: Golden) -> None:
    scale, outputs = golden.meta['sf'], golden.outputs
    kernels, parameters = random_kernels.virnet_test(scale)
    close(kernels[:, 0], outputs['kernels'], 1e-12)
    close(parameters, outputs['kinfo'], 1e-12)
    moved = [from_covariance(*map(float, p), scale=scale, shift=True) for p in parameters]
    close(np.stack(moved), outputs['kernels_shift'], 1e-12)
    first, second, angle = torch.from_numpy(golden.inputs['params']).T
    _, expected = random_kernels.virnet(scale * first, scale * second, angle)
    close(parameters, expected, 1e-12)


def check_map_generators(golden: Golden) -> None:
    close(noise_maps.peaks(int(golden.inputs['n'])), golden.outputs['peaks'], 1e-12)
    random = np.random.default_rng(golden.meta['seed'])
    rows, cols = map(int, golden.inputs['hw'])
    near(noise_maps.mixture((rows, cols), random), golden, 'mix')


def check_noise_maps(golden: Golden) -> None:
    random, outputs = np.random.default_rng(golden.meta['seed']), golden.outputs
    state = random.bit_generator.state
    noise_maps.square_map(3, random)  # is drawn first, and the noise comes from what is left
    close(random.standard_normal((2, 3, 3)), outputs['rng_next_standard_normal_2x3x3'], 0)
    raw = {1: noise_maps.peaks(256), 2: noise_maps.waves(256)}
    random.bit_generator.state = state
    raw[3] = noise_maps.mixture((256, 256), random)
    for case in noise_maps.CASES:
        extremes = np.array([raw[case].min(), raw[case].max()])
        np.testing.assert_allclose(extremes, outputs[f'case{case}_raw_minmax'], rtol=1e-6)
        random.bit_generator.state = state
        square = noise_maps.square_map(case, random)
        close(square[::4, ::4], outputs[f'case{case}_map256_every4'], FLOAT32)
        for rows, cols in golden.inputs['sizes']:
            random.bit_generator.state = state
            resized = noise_maps.case_map(case, (rows, cols), random)
            close(resized, outputs[f'case{case}_{rows}x{cols}'], FLOAT32)
    for rows, cols in golden.inputs['sizes']:
        close(nearest_index(256, rows), outputs[f'index_rows_{rows}'], 0)
        close(nearest_index(256, cols), outputs[f'index_cols_{cols}'], 0)


def check_training_map(golden: Golden) -> None:
    side = golden.meta['patch']
    for drawn, expected in zip(golden.inputs['draws'], golden.outputs['maps'], strict=True):
        made = noise_maps.bumps((side, side), *torch.from_numpy(drawn).double()[:, None])
        close(made[0, 0], expected, FLOAT32)


def check_resize_right(golden: Golden) -> None:
    scale, x = golden.meta['sf'], torch.from_numpy(golden.inputs['x']).double()
    authors = resize_right(x, scale, authors=True).numpy()
    near(authors, golden, 'down_numpy')
    near(authors, golden, 'down_torch')
    inner = np.s_[..., 2:-2, 2:-2]  # only the two outermost pixels deviate from a correct resize
    ours = resize_right(x, scale).numpy()
    close(ours[inner], authors[inner], 1e-12)
    assert np.abs(ours - authors).max() > 1e-3


CASES: dict[str, Callable[[Golden], None]] = {
    'usrnet/isotropic_gaussian': check_isotropic,
    'usrnet/anisotropic_gaussian': check_anisotropic,
    'usrnet/shifted_anisotropic_gaussian': check_shifted_anisotropic,
    'usrnet/motion_kernel_from_trajectory': check_motion,
    'usrnet/shift_pixel': check_shift,
    'usrnet/classical_degradation': check_classical,
    'bsrgan/gen_kernel': check_shifted_anisotropic,
    'bsrgan/add_blur': check_mirrored_blur,
    'bsrgan/downsample_nearest': check_decimation,
    'bsrgan/imresize_bicubic': check_imresize,
    'bsrgan/usm_sharpening': check_sharpening,
    'virnet/degradation': check_virnet,
    'virnet/evaluation_kernels': check_evaluation_kernels,
    'virnet/noise_map_generators': check_map_generators,
    'virnet/noise_maps': check_noise_maps,
    'virnet/training_noise_map': check_training_map,
    'virnet/resize_right_cubic': check_resize_right,
}
