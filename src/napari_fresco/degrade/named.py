"""The named degradations of batches of one, from declared parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..declare.fields import Parameters
from ..errors import ImageError
from ..physics import kernels as point_spread
from ..physics.operators import Mosaic
from ..physics.resample import imresize
from . import (
    bsrgan_pipeline,
    damage_masks,
    declarations,
    gaussian_noise,
    jpeg,
    noise_maps,
    random_kernels,
    scunet_pipeline,
)
from .classical import classical, virnet
from .damage_masks import Mask, Shape
from .gaussian_kernels import shifted
from .planes import Floats, crop, to_batch, to_plane
from .random_source import RandomSource
from .resize import resize
from .simulation import Simulated


@dataclass(frozen=True, eq=False)
class Conditions:
    """The inputs of a degradation beside an image and its parameters.

    `scene`: for what all planes of a stack share: kernel, noise map, damage.
    `pixels`: for what differs from plane to plane: noise.
    `low`, `span`: intensity of black, and of white above black, in image units.
    """

    scene: RandomSource
    pixels: RandomSource
    low: float = 0.0
    span: float = 1.0


def _gaussian_noise(x: Tensor, p: declarations.GaussianNoise, c: Conditions) -> Simulated:
    sigma = 0.1 if p.sigma is None else p.sigma / c.span
    return Simulated(gaussian_noise.gaussian(x, sigma, c.pixels), record={'sigma': sigma * c.span})


def _noise_map(x: Tensor, p: declarations.NoiseMap, c: Conditions) -> Simulated:
    if p.law == 'training':
        levels = noise_maps.training_maps(x, c.scene)
    else:
        made = noise_maps.case_map(int(p.law[-1]), _shape(x), c.scene.numpy())
        levels = torch.from_numpy(made)[None, None]
    levels = p.strength * levels
    noisy = gaussian_noise.gaussian(x, levels, c.pixels)
    return Simulated(noisy, noise_map=levels[0, 0].numpy())


def _camera_noise(x: Tensor, p: declarations.PhotonNoise, c: Conditions) -> Simulated:
    gain, read = 1 / p.photons, p.read_noise / p.photons
    light = x.clamp_min(0)  # there is no negative light
    levels = (gain * light + read**2).mean(1)[0].sqrt().numpy()
    camera = {'gain': gain * c.span, 'offset': c.low, 'read_noise': read * c.span}
    noisy = gaussian_noise.poisson_gaussian(light, gain, read, c.pixels)
    return Simulated(noisy, noise_map=levels, record=camera)


def _salt_and_pepper(x: Tensor, p: declarations.SaltAndPepper, c: Conditions) -> Simulated:
    shape = x[:, :1].shape
    lost = c.pixels.happens(p.fraction, *shape)
    white = c.pixels.happens(0.5, *shape).to(x.dtype)
    return Simulated(torch.where(lost, white, x), mask=lost[0, 0].numpy())


def _classical(x: Tensor, p: declarations.Classical, c: Conditions) -> Simulated:
    own = p.kernel == 'usrnet'  # drawn with a position of its own
    if p.kernel == 'gaussian':
        kernel = torch.from_numpy(point_spread.gaussian(p.width))[None, None]
    else:
        kernel = random_kernels.draw(p.kernel, 1, p.scale, c.scene).double()
    if p.kernel_position == 'shifted' and not own:
        kernel = shifted(kernel, p.scale)
    authors = p.convention == 'authors'
    sigma, cut = p.sigma / c.span, crop(x, p.scale)
    image = classical(cut, kernel, p.scale, sigma, c.pixels, border=p.border, authors=authors)
    position = 'drawn' if own else p.kernel_position
    record = _sampled(kernel, p.sigma, p.scale, 'direct', centred=position == 'centred')
    record['kernel']['position'] = position
    return Simulated(image, kernel=kernel[0, 0].numpy(), scale=p.scale, record=record)


def _virnet(x: Tensor, p: declarations.Virnet, c: Conditions) -> Simulated:
    if p.kernel == 'random':
        kernel = random_kernels.draw('virnet', 1, p.scale, c.scene).double()
    else:
        number = declarations.TESTS.index(p.kernel)
        kernel = random_kernels.virnet_test(p.scale)[0][number : number + 1]
    direct, authors = p.downsampling == 'direct', p.convention == 'authors'
    sigma, cut = p.sigma / c.span, crop(x, p.scale)
    image = virnet(cut, kernel, p.scale, sigma, c.pixels, direct=direct, authors=authors)
    image = image if p.quality is None else _compressed(image, p.quality)
    record = _sampled(kernel, p.sigma, p.scale, p.downsampling, centred=direct)
    return Simulated(image, kernel=kernel[0, 0].numpy(), scale=p.scale, record=record)


def _bicubic(x: Tensor, p: declarations.Bicubic, c: Conditions) -> Simulated:
    small = imresize(crop(x, p.scale), 1 / p.scale)
    image = gaussian_noise.gaussian(small, p.sigma / c.span, c.pixels)
    record = {'sigma': p.sigma, 'geometry': _geometry(p.scale)}
    return Simulated(image, scale=p.scale, record=record)


def _jpeg(x: Tensor, p: declarations.Jpeg, c: Conditions) -> Simulated:
    del c
    return Simulated(_compressed(x, p.quality))


def _bsrgan(x: Tensor, p: declarations.Bsrgan, c: Conditions) -> Simulated:
    image = bsrgan_pipeline.degrade(crop(x, p.scale), p.scale, c.pixels)
    return Simulated(image, scale=p.scale, record={'geometry': _geometry(p.scale)})


def _bsrgan_plus(x: Tensor, p: declarations.BsrganPlus, c: Conditions) -> Simulated:
    image, target = bsrgan_pipeline.degrade_plus(
        x, p.scale, c.pixels, shuffle=p.shuffle, sharpen=p.sharpen
    )
    return Simulated(image, target, scale=p.scale, record={'geometry': _geometry(p.scale)})


def _scunet(x: Tensor, p: declarations.Scunet, c: Conditions) -> Simulated:
    pair = scunet_pipeline.degrade(x, c.pixels, resizing=p.resizing)
    if p.resizing:
        noisy, clean = (resize(part, _shape(x), 'area').clamp(0, 1) for part in pair)
        return Simulated(noisy, clean)
    return Simulated(*pair)


def _mosaic(x: Tensor, p: declarations.ColourMosaic, c: Conditions) -> Simulated:
    if x.shape[1] != 3:
        raise ImageError('a mosaic is made of an RGB image, but this one is gray')
    cells = Mosaic(p.pattern, _shape(x)).forward(x)
    image = gaussian_noise.gaussian(cells, p.sigma / c.span, c.pixels)
    return Simulated(image, record={'sigma': p.sigma})


def _lines(x: Tensor, p: declarations.Lines, c: Conditions) -> Simulated:
    del c
    return _damaged(x, damage_masks.lines(_shape(x), p.width / p.fraction, p.width), p.fill)


def _grid(x: Tensor, p: declarations.Lines, c: Conditions) -> Simulated:
    del c
    spacing = p.width / (1 - (1 - p.fraction) ** 0.5)
    return _damaged(x, damage_masks.grid(_shape(x), spacing, p.width), p.fill)


def _text(x: Tensor, p: declarations.Text, c: Conditions) -> Simulated:
    mask = damage_masks.text(_shape(x), p.fraction, p.height, c.scene.numpy())
    return _damaged(x, mask, p.fill)


def _craquelure(x: Tensor, p: declarations.Craquelure, c: Conditions) -> Simulated:
    mask = damage_masks.craquelure(_shape(x), p.fraction, p.width, c.scene.numpy())
    return _damaged(x, mask, p.fill)


def _flakes(x: Tensor, p: declarations.Flakes, c: Conditions) -> Simulated:
    mask = damage_masks.flakes(_shape(x), p.fraction, p.size, c.scene.numpy())
    return _damaged(x, mask, p.fill)


FUNCTIONS: Mapping[str, Callable[[Tensor, Any, Conditions], Simulated]] = {
    'gaussian_noise': _gaussian_noise,
    'noise_map': _noise_map,
    'camera_noise': _camera_noise,
    'salt_and_pepper': _salt_and_pepper,
    'classical': _classical,
    'virnet': _virnet,
    'bicubic': _bicubic,
    'jpeg': _jpeg,
    'bsrgan': _bsrgan,
    'bsrgan_plus': _bsrgan_plus,
    'scunet': _scunet,
    'mosaic': _mosaic,
    'lines': _lines,
    'grid': _grid,
    'text': _text,
    'craquelure': _craquelure,
    'flakes': _flakes,
}
"""By name: from a batch of one with black 0 and white 1 to what :class:`Simulated` holds of it."""


def degraded(
    plane: Floats,
    name: str,
    parameters: Parameters,
    seed: tuple[int, int],
    low: float = 0.0,
    span: float = 1.0,
) -> Simulated:
    """Degrade a plane ``(H, W)`` or ``(H, W, 3)`` with black 0 and white 1.

    `seed` and the number of the plane in its stack decide what is drawn.
    """
    scene, pixels = (_source(seed[0], 0), _source(seed[0], 1, seed[1]))
    conditions = Conditions(scene, pixels, low, span)
    made = FUNCTIONS[name](to_batch(plane), parameters, conditions)
    truth = None if made.truth is None else to_plane(made.truth)
    return replace(made, image=to_plane(made.image), truth=truth)


def _source(*seed: int) -> RandomSource:
    drawn = np.random.SeedSequence(seed).generate_state(1, np.uint64)[0]
    return RandomSource.seeded(int(drawn) >> 1)


def _shape(x: Tensor) -> Shape:
    return x.shape[-2], x.shape[-1]


def _damaged(x: Tensor, mask: Mask, fill: str) -> Simulated:
    image = x.masked_fill(torch.from_numpy(mask), declarations.FILLS[fill])
    return Simulated(image, mask=mask, record={'damaged': round(float(np.mean(mask)), 6)})


def _compressed(x: Tensor, quality: int) -> Tensor:
    levels = to_plane(jpeg.to_bytes(x)).astype(np.uint8)
    return to_batch(jpeg.compress_bytes(levels, quality) / 255)


def _sampled(
    kernel: Tensor, sigma: float, scale: int, downsampling: str, *, centred: bool
) -> dict[str, Any]:
    """Return the record of a blurred and reduced image."""
    widths = point_spread.fwhm(kernel[0, 0].numpy())
    facts = {
        'fwhm': [round(widths.major, 3), round(widths.minor, 3)],
        'angle': round(widths.angle, 1),
        'downsampling': downsampling,
        'scale': scale,
    }
    offset = 0.0 if centred else (scale - 1) / 2
    return {'sigma': sigma, 'kernel': facts, 'geometry': _geometry(scale, offset)}


def _geometry(scale: int, offset: float | None = None) -> dict[str, Any]:
    """Return the place of the image on the original: its pixel i lies on s i + offset."""
    offset = (scale - 1) / 2 if offset is None else offset
    return {'scale': 1 / scale, 'offset': [offset, offset]}
