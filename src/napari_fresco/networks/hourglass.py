"""The untrained hourglass of the deep image prior: an encoder-decoder with skips.

Reference: D. Ulyanov, A. Vedaldi, V. Lempitsky, "Deep Image Prior", CVPR 2018,
doi:10.1109/CVPR.2018.00984.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ..errors import ImageError, ParameterError
from ..physics.resample import lanczos_kernel

Preset = Literal['standard', 'inpainting', 'large-hole', 'small', 'compact', 'compact-inpainting']

_CHOICES = {
    'pad': ('reflection', 'zero'),
    'act_fun': ('LeakyReLU', 'Swish', 'ELU', 'none'),
    'upsample_mode': ('bilinear', 'nearest', 'bicubic'),
    'downsample_mode': ('stride', 'avg', 'max', 'lanczos2', 'lanczos3'),
}
_PER_LEVEL = ('filter_size_down', 'filter_size_up', 'upsample_mode', 'downsample_mode')


@dataclass(frozen=True)
class SkipConfig:
    """Shape of a :class:`Skip` network; sequences count from the finest level.

    Attributes
    ----------
    num_input_channels, num_output_channels : int
        Depth of the input noise and channels of the image.
    num_channels_down, num_channels_up, num_channels_skip : sequence of int
        Widths of encoder, decoder and skip connection at each level; a skip
        of 0 leaves the connection out.
    filter_size_down, filter_size_up : int or sequence of int
        Odd kernel sizes, one for all levels or one for each.
    filter_skip_size : int
        Odd kernel size of the skip connections.
    need_sigmoid, need_bias, need1x1_up : bool
        Sigmoid on the output, biases in the convolutions, a 1x1 convolution
        after each decoder convolution.
    upsample_mode, downsample_mode : str or sequence of str
        'bilinear', 'nearest' or 'bicubic'; 'stride', 'avg', 'max', 'lanczos2' or
        'lanczos3': one for all levels or one for each.
    pad, act_fun : str
        'reflection' or 'zero'; 'LeakyReLU' (0.2), 'Swish', 'ELU' or 'none'.
    """

    num_input_channels: int = 32
    num_output_channels: int = 3
    num_channels_down: Sequence[int] = (128,) * 5
    num_channels_up: Sequence[int] = (128,) * 5
    num_channels_skip: Sequence[int] = (4,) * 5
    filter_size_down: int | Sequence[int] = 3
    filter_size_up: int | Sequence[int] = 3
    filter_skip_size: int = 1
    need_sigmoid: bool = True
    need_bias: bool = True
    pad: str = 'reflection'
    upsample_mode: str | Sequence[str] = 'bilinear'
    downsample_mode: str | Sequence[str] = 'stride'
    act_fun: str = 'LeakyReLU'
    need1x1_up: bool = True

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            given = getattr(self, name)
            if any(mode not in allowed for mode in _listed(given)):
                raise ParameterError(f'skip {name} = {given!r} is not one of {", ".join(allowed)}')
        widths = (self.num_channels_down, self.num_channels_up, self.num_channels_skip)
        if not self.num_channels_down or len({len(w) for w in widths}) != 1:
            raise ParameterError(
                f'skip needs as many widths down, up and skip, at least one of each; given '
                f'{", ".join(str(len(w)) for w in widths)}'
            )
        for name in _PER_LEVEL:
            if len(_listed(getattr(self, name))) not in (1, self.levels):
                raise ParameterError(
                    f'skip {name} = {getattr(self, name)!r} is not one value, nor one for each of '
                    f'{self.levels} levels'
                )
        sizes = (*_listed(self.filter_size_down), *_listed(self.filter_size_up))
        for size in (*sizes, self.filter_skip_size):
            if size < 1 or size % 2 == 0:
                raise ParameterError(f'skip filter size {size} is not an odd whole number')
        counts = [self.num_input_channels, self.num_output_channels, *widths[0], *widths[1]]
        if min(counts) < 1 or min(self.num_channels_skip) < 0:
            raise ParameterError('skip needs at least 1 channel everywhere (0 only in skips)')

    @classmethod
    def preset(cls, name: Preset, channels: int) -> SkipConfig:
        """Return a published shape for an image of `channels` channels.

        `name`: {'standard', 'inpainting', 'large-hole', 'small', 'compact', 'compact-inpainting'},
            'standard' for denoising, deblurring, super-resolution and lost pixels; 'inpainting'
            (wide skips) for text, cracks and scratches; 'large-hole' (no skips) for big losses;
            'small' is sixteen times narrower at the finest level, for a look or for weak machines;
            'compact' and 'compact-inpainting', which are ours and not published, are eight times
            narrower there and get as far in fewer steps.
        `channels`: channels of the image.
        """
        if name not in _PRESETS:
            raise ParameterError(f'unknown network {name!r}; choose {", ".join(_PRESETS)}')
        return cls(num_output_channels=channels, **_PRESETS[name])

    @property
    def levels(self) -> int:
        """The number of halvings of the resolution."""
        return len(self.num_channels_down)

    def at(self, level: int, name: str) -> Any:
        """Return the value of a field at `level`, which may be one for all levels."""
        values = _listed(getattr(self, name))
        return values[level] if len(values) > 1 else values[0]

    @property
    def strided(self) -> bool:
        """Whether strides halve the resolution at every level."""
        return set(_listed(self.downsample_mode)) == {'stride'}

    @property
    def size_multiple(self) -> int:
        """Height and width must be multiples of this for the output to have the input's size.

        Only a skip connection remembers an odd size, and only strides round up.
        """
        if not self.strided:
            return 1 << self.levels
        leading = 0
        while leading < self.levels and self.num_channels_skip[leading] == 0:
            leading += 1
        return 1 << leading

    @property
    def minimum_size(self) -> int:
        """Least height and width: below it the coarsest level cannot be padded or normalised."""
        padding: int = max(1, *(size // 2 for size in _listed(self.filter_size_down)))
        if not self.strided:
            return (padding + 1) << self.levels
        return (padding << self.levels) + 1


_PRESETS: Mapping[str, Mapping[str, Any]] = {
    'standard': {},
    'inpainting': {'num_channels_skip': (128,) * 5, 'upsample_mode': 'nearest'},
    'large-hole': {
        'num_input_channels': 1,
        'num_channels_down': (16, 32, 64, 128, 128, 128),
        'num_channels_up': (16, 32, 64, 128, 128, 128),
        'num_channels_skip': (0,) * 6,
        'filter_size_down': 5,
        'upsample_mode': 'nearest',
        'need1x1_up': False,
    },
    'small': {
        'num_input_channels': 3,
        'num_channels_down': (8, 16, 32, 64, 128),
        'num_channels_up': (8, 16, 32, 64, 128),
        'num_channels_skip': (0, 0, 0, 4, 4),
    },
    'compact': {
        'num_input_channels': 8,
        'num_channels_down': (16, 32, 64, 128, 128),
        'num_channels_up': (16, 32, 64, 128, 128),
        'num_channels_skip': (8, 16, 32, 32, 32),
        'upsample_mode': 'nearest',
    },
    'compact-inpainting': {
        'num_input_channels': 8,
        'num_channels_down': (16, 32, 64, 128, 128),
        'num_channels_up': (16, 32, 64, 128, 128),
        'num_channels_skip': (8, 8, 8, 4, 4),
    },
}


def from_short_names(config: Mapping[str, Any]) -> dict[str, Any]:
    """Spell out a configuration given by depth, widths and number of scales.

    ``input_depth``, ``n_channels``, ``skip_n33d``, ``skip_n33u``, ``skip_n11``
    (one number or one per level) and ``num_scales`` become the fields of
    :class:`SkipConfig`; other names pass unchanged.
    """
    spelled = dict(config)
    levels = spelled.pop('num_scales', 5)
    for short, name in _SHORT_WIDTHS.items():
        if short in spelled:
            width = spelled.pop(short)
            spelled[name] = (width,) * levels if isinstance(width, int) else tuple(width)
    for short, name in _SHORT_COUNTS.items():
        if short in spelled:
            spelled[name] = spelled.pop(short)
    return spelled


_SHORT_WIDTHS = {
    'skip_n33d': 'num_channels_down',
    'skip_n33u': 'num_channels_up',
    'skip_n11': 'num_channels_skip',
}
_SHORT_COUNTS = {'input_depth': 'num_input_channels', 'n_channels': 'num_output_channels'}


class Skip(nn.Sequential):
    """The hourglass whose weights are fitted to one image.

    Parameters
    ----------
    config : SkipConfig
        Shape of the network.

    Notes
    -----
    ``forward(z)`` takes noise ``(N, num_input_channels, H, W)`` and returns
    ``(N, num_output_channels, H, W)``, in (0, 1) with the sigmoid. H and W are
    at least ``config.minimum_size`` and multiples of ``config.size_multiple``.
    Batch normalisation uses the statistics of the present input: leave the
    network in training mode, for the final image too. Children are numbered
    from 1 so that the parameters carry their authors' names.
    """

    def __init__(self, config: SkipConfig) -> None:
        super().__init__()
        self.config = config
        top = [
            *_level(config, 0),
            _conv(config, config.num_channels_up[0], config.num_output_channels, 1),
        ]
        if config.need_sigmoid:
            top.append(nn.Sigmoid())
        for number, module in enumerate(top, start=1):
            self.add_module(str(number), module)

    def forward(self, z: Tensor) -> Tensor:
        """Return the image that the present weights make of `z`.

        Raises ImageError when height or width is below ``config.minimum_size``.
        """
        least = self.config.minimum_size
        if min(z.shape[-2:]) < least:
            raise ImageError(
                f'{z.shape[-2]} x {z.shape[-1]} pixels are too few for {self.config.levels} '
                f'levels; pad to at least {least} x {least} or use fewer levels'
            )
        for module in self:
            z = module(z)
        return z


class Join(nn.Module):
    """Concatenate the outputs of two branches, centre-cropped to the smaller size."""

    def __init__(self, skip: nn.Module, deep: nn.Module) -> None:
        super().__init__()
        self.add_module('0', skip)
        self.add_module('1', deep)

    def forward(self, x: Tensor) -> Tensor:
        branches = [branch(x) for branch in self.children()]
        height = min(b.shape[-2] for b in branches)
        width = min(b.shape[-1] for b in branches)
        return torch.cat([_centre(b, height, width) for b in branches], dim=1)


class Downsampler(nn.Module):
    """Halve the resolution by a Lanczos window; its weights are trained like all others."""

    def __init__(self, channels: int, lobes: int) -> None:
        super().__init__()
        kernel = lanczos_kernel(2, lobes)
        size = kernel.shape[0]
        self.padding = nn.ReplicationPad2d((size - 2) // 2)
        self.downsampler_ = nn.Conv2d(channels, channels, size, stride=2)
        with torch.no_grad():
            self.downsampler_.weight.zero_()
            self.downsampler_.weight[range(channels), range(channels)] = kernel.float()
            if self.downsampler_.bias is not None:
                self.downsampler_.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        half: Tensor = self.downsampler_(self.padding(x))
        return half


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _numbered(modules: Sequence[nn.Module]) -> nn.Sequential:
    sequence = nn.Sequential()
    for number, module in enumerate(modules, start=1):
        sequence.add_module(str(number), module)
    return sequence


def _level(config: SkipConfig, i: int) -> list[nn.Module]:
    """Return level `i` and all below it, from its input to its decoded output."""
    inputs = config.num_input_channels if i == 0 else config.num_channels_down[i - 1]
    last = i == config.levels - 1
    coarse = config.num_channels_down[i] if last else config.num_channels_up[i + 1]
    across, up = config.num_channels_skip[i], config.num_channels_up[i]
    deep = _deep(config, i, inputs)
    branches: nn.Module = deep
    if across:
        skip = _block(config, inputs, across, config.filter_skip_size)
        branches = Join(_numbered(skip), deep)
    decoder = _block(config, across + coarse, up, config.at(i, 'filter_size_up'))
    if config.need1x1_up:
        decoder += _block(config, up, up, 1)
    return [branches, nn.BatchNorm2d(across + coarse), *decoder]


def _deep(config: SkipConfig, i: int, inputs: int) -> nn.Sequential:
    width, size = config.num_channels_down[i], config.at(i, 'filter_size_down')
    shrink = config.at(i, 'downsample_mode')
    modules = _block(config, inputs, width, size, shrink) + _block(config, width, width, size)
    if i < config.levels - 1:
        modules.append(_numbered(_level(config, i + 1)))
    mode = config.at(i, 'upsample_mode')
    # Only interpolation that is smooth may be told how corners align.
    align = None if mode == 'nearest' else False
    modules.append(nn.Upsample(scale_factor=2, mode=mode, align_corners=align))
    return _numbered(modules)


def _block(
    config: SkipConfig, inputs: int, outputs: int, size: int, shrink: str = ''
) -> list[nn.Module]:
    """Return convolution, normalisation and activation; `shrink` says how to halve, if at all."""
    convolution = _conv(config, inputs, outputs, size, shrink)
    return [convolution, nn.BatchNorm2d(outputs), _activation(config.act_fun)]


def _conv(
    config: SkipConfig, inputs: int, outputs: int, size: int, shrink: str = ''
) -> nn.Sequential:
    half = size // 2
    reflect = config.pad == 'reflection'
    convolution = nn.Conv2d(
        inputs,
        outputs,
        size,
        stride=2 if shrink == 'stride' else 1,
        padding=0 if reflect else half,
        bias=config.need_bias,
    )
    pad = nn.ReflectionPad2d(half) if half else nn.Identity()
    return nn.Sequential(*([pad] if reflect else []), convolution, *_shrink(shrink, outputs))


def _shrink(mode: str, channels: int) -> list[nn.Module]:
    if mode == 'avg':
        return [nn.AvgPool2d(2)]
    if mode == 'max':
        return [nn.MaxPool2d(2)]
    if mode.startswith('lanczos'):
        return [Downsampler(channels, lobes=int(mode[-1]))]
    return []


def _activation(name: str) -> nn.Module:
    if name == 'LeakyReLU':
        return nn.LeakyReLU(0.2, inplace=True)
    if name == 'Swish':
        return nn.SiLU()
    return nn.ELU() if name == 'ELU' else nn.Identity()


def _centre(x: Tensor, height: int, width: int) -> Tensor:
    top, left = (x.shape[-2] - height) // 2, (x.shape[-1] - width) // 2
    return x[..., top : top + height, left : left + width]
