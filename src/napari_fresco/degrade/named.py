"""The named degradations of one plane, from declared parameters."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ..physics import kernels as point_spread
from . import (
    bsrgan_pipeline,
    damage,
    declarations,
    gaussian_noise,
    jpeg,
    noise_maps,
    random_kernels,
    scunet_pipeline,
)
from .classical import classical, virnet
from .mosaic import mosaic
from .planes import Floats, crop
from .resize import imresize, resize
from .simulation import Conditions, Simulated, Simulation


def _gaussian_noise(plane: Floats, p: declarations.GaussianNoise, c: Conditions) -> Simulated:
    sigma = 0.1 if p.sigma is None else p.sigma / c.span
    return Simulated(
        gaussian_noise.gaussian(plane, sigma, c.pixels), record={'sigma': sigma * c.span}
    )


def _noise_map(plane: Floats, p: declarations.NoiseMap, c: Conditions) -> Simulated:
    shape = (plane.shape[0], plane.shape[1])
    if p.law == 'training':
        levels = noise_maps.training_map(shape, c.scene)
    else:
        levels = noise_maps.case_map(int(p.law[-1]), shape, c.scene)
    levels = p.strength * levels
    return Simulated(gaussian_noise.gaussian(plane, levels, c.pixels), noise_map=levels)


def _camera_noise(plane: Floats, p: declarations.CameraNoise, c: Conditions) -> Simulated:
    gain, read = 1 / p.photons, p.read_noise / p.photons
    light = np.maximum(plane, 0)  # there is no negative light
    variance = gain * light + read**2
    levels = np.sqrt(variance.mean(axis=2) if variance.ndim == 3 else variance)
    camera = {'gain': gain * c.span, 'offset': c.low, 'read_noise': read * c.span}
    noisy = gaussian_noise.camera(light, gain, 0.0, read, c.pixels)
    return Simulated(noisy, noise_map=levels, record=camera)


def _salt_and_pepper(plane: Floats, p: declarations.SaltAndPepper, c: Conditions) -> Simulated:
    image, lost = gaussian_noise.salt_pepper(plane, p.fraction, 0.0, 1.0, c.pixels)
    return Simulated(image, mask=lost)


def _classical(plane: Floats, p: declarations.Classical, c: Conditions) -> Simulated:
    plane = crop(plane, p.scale)
    if p.kernel == 'gaussian':
        kernel = point_spread.gaussian(p.width)
    else:
        kernel = random_kernels.draw(p.kernel, c.scene, p.scale)
    own = p.kernel == 'usrnet'  # drawn with a position of its own
    if p.kernel_position == 'shifted' and not own:
        kernel = point_spread.shift(kernel, p.scale)
    image = classical(
        plane,
        kernel,
        p.scale,
        p.sigma / c.span,
        c.pixels,
        border=p.border,
        authors=p.convention == 'authors',
    )
    position = 'drawn' if own else p.kernel_position
    facts = {**_kernel_facts(kernel, 'direct', p.scale), 'position': position}
    offset = 0.0 if position == 'centred' else (p.scale - 1) / 2
    record = {'sigma': p.sigma, 'kernel': facts, 'geometry': _geometry(p.scale, offset)}
    return Simulated(image, kernel=kernel, scale=p.scale, record=record)


def _virnet(plane: Floats, p: declarations.Virnet, c: Conditions) -> Simulated:
    plane = crop(plane, p.scale)
    if p.kernel == 'random':
        kernel, _ = random_kernels.random_virnet(c.scene, p.scale)
    else:
        kernel, _ = random_kernels.virnet_test(p.scale)[declarations.TESTS.index(p.kernel)]
    image = virnet(
        plane,
        kernel,
        p.scale,
        p.sigma / c.span,
        c.pixels,
        direct=p.downsampling == 'direct',
        authors=p.convention == 'authors',
    )
    image = image if p.quality is None else jpeg.compress_unit(image, p.quality)
    facts = _kernel_facts(kernel, p.downsampling, p.scale)
    offset = 0.0 if p.downsampling == 'direct' else (p.scale - 1) / 2
    record = {'sigma': p.sigma, 'kernel': facts, 'geometry': _geometry(p.scale, offset)}
    return Simulated(image, kernel=kernel, scale=p.scale, record=record)


def _bicubic(plane: Floats, p: declarations.Bicubic, c: Conditions) -> Simulated:
    image = gaussian_noise.gaussian(
        imresize(crop(plane, p.scale), 1 / p.scale), p.sigma / c.span, c.pixels
    )
    record = {'sigma': p.sigma, 'geometry': _geometry(p.scale)}
    return Simulated(image, scale=p.scale, record=record)


def _jpeg(plane: Floats, p: declarations.Jpeg, c: Conditions) -> Simulated:
    del c
    return Simulated(jpeg.compress_unit(plane, p.quality))


def _bsrgan(plane: Floats, p: declarations.Bsrgan, c: Conditions) -> Simulated:
    image, target = bsrgan_pipeline.degrade(plane, p.scale, c.pixels)
    return Simulated(image, target, scale=p.scale, record={'geometry': _geometry(p.scale)})


def _bsrgan_plus(plane: Floats, p: declarations.BsrganPlus, c: Conditions) -> Simulated:
    image, target = bsrgan_pipeline.degrade_plus(
        plane, p.scale, c.pixels, shuffle=p.shuffle, sharpen=p.sharpen
    )
    return Simulated(image, target, scale=p.scale, record={'geometry': _geometry(p.scale)})


def _scunet(plane: Floats, p: declarations.Scunet, c: Conditions) -> Simulated:
    shape = (plane.shape[0], plane.shape[1])
    noisy, clean = scunet_pipeline.degrade(plane, c.pixels, resizing=p.resizing)
    if p.resizing:
        noisy, clean = (np.clip(resize(part, shape, 'area'), 0, 1) for part in (noisy, clean))
    return Simulated(noisy, clean)


def _mosaic(plane: Floats, p: declarations.Mosaic, c: Conditions) -> Simulated:
    image = gaussian_noise.gaussian(mosaic(plane, p.pattern), p.sigma / c.span, c.pixels)
    return Simulated(image, record={'sigma': p.sigma})


def _kernel_facts(kernel: Floats, downsampling: str, scale: int) -> dict[str, Any]:
    widths = point_spread.fwhm(kernel)
    return {
        'fwhm': [round(widths.major, 3), round(widths.minor, 3)],
        'angle': round(widths.angle, 1),
        'downsampling': downsampling,
        'scale': scale,
    }


def _geometry(scale: int, offset: float | None = None) -> dict[str, Any]:
    """Return the place of the image on the original: its pixel i lies on s i + offset."""
    offset = (scale - 1) / 2 if offset is None else offset
    return {'scale': 1 / scale, 'offset': [offset, offset]}


_ALL = (
    Simulation(
        'gaussian_noise',
        'Gaussian noise',
        'White noise of one level.',
        declarations.GaussianNoise,
        _gaussian_noise,
    ),
    Simulation(
        'noise_map',
        'Noise map',
        'White noise of a level that varies over the image, as VIRNet is trained and tested with.',
        declarations.NoiseMap,
        _noise_map,
        ('noise_map',),
    ),
    Simulation(
        'camera_noise',
        'Camera noise',
        'Photon noise and read noise of a camera.',
        declarations.CameraNoise,
        _camera_noise,
        ('noise_map',),
    ),
    Simulation(
        'salt_and_pepper',
        'Salt and pepper',
        'Single pixels turned black or white.',
        declarations.SaltAndPepper,
        _salt_and_pepper,
        ('mask',),
    ),
    Simulation(
        'classical',
        'Blur, decimation and noise',
        'The model of DPIR and USRNet: blur, keep the upper left pixel of every cell, add noise.',
        declarations.Classical,
        _classical,
        ('kernel',),
    ),
    Simulation(
        'virnet',
        'Gaussian blur and bicubic',
        'The model of VIRNet: blur by a Gaussian, shrink bicubically, add noise.',
        declarations.Virnet,
        _virnet,
        ('kernel',),
    ),
    Simulation(
        'bicubic',
        'Bicubic downsampling',
        "MATLAB's antialiased imresize.",
        declarations.Bicubic,
        _bicubic,
    ),
    Simulation('jpeg', 'JPEG', 'JPEG compression.', declarations.Jpeg, _jpeg, clips=True),
    Simulation(
        'bsrgan',
        'BSRGAN',
        'Blur, downsampling, noise, camera and JPEG in random order.',
        declarations.Bsrgan,
        _bsrgan,
        clips=True,
    ),
    Simulation(
        'bsrgan_plus',
        'BSRGAN plus',
        'Two rounds of blur, resizing, four kinds of noise and JPEG, in random order.',
        declarations.BsrganPlus,
        _bsrgan_plus,
        clips=True,
    ),
    Simulation(
        'scunet',
        'Mixed noise (after SCUNet)',
        'Two rounds of Gaussian, speckle, photon and camera noise and JPEG; a substitute, for '
        'the pipeline of SCUNet was never published.',
        declarations.Scunet,
        _scunet,
        clips=True,
    ),
    Simulation(
        'mosaic',
        'Colour mosaic',
        'One colour per pixel, as a camera records it; takes RGB.',
        declarations.Mosaic,
        _mosaic,
    ),
    *damage.ALL,
)

DEGRADATIONS: Mapping[str, Simulation] = MappingProxyType({each.name: each for each in _ALL})
"""Every named degradation, by name."""
