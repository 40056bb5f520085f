"""The options of a call, which all methods share, beside the parameters of each method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from ..image.letters import letters_of
from .common_parameters import CommonParameters
from .fields import Parameters, param
from .guides import guides_text
from .tasks import tasks_with

MEMORY_VARIABLE = 'NAPARI_FRESCO_MEMORY'
"""Environment variable that names how many GB networks may take; all that are free by default."""


@dataclass(frozen=True, eq=False)
class Options(Parameters):
    """Options of a call: of :func:`napari_fresco.restore`, a command, a recipe or a panel.

    Mask, kernel, noise map and spacing are checked against the image, by
    :mod:`napari_fresco.restoration.inputs`; the rest when the options are created.
    """

    mask: Any = param(
        None,
        'Damage: nonzero where the image is lost; with the axes of the image, or the last of them.',
        tasks=tasks_with('mask'),
        group='degradation',
    )
    guides: str | None = param(
        None,
        'Lines that must continue through losses, "row,column row,column; …" in pixels, or strokes '
        'drawn over the image: what lies on them is filled first, from where they are known.',
        label='Guides',
        tasks=tasks_with('guides'),
        group='degradation',
    )
    kernel: Any = param(
        None,
        'Blur kernel, centred on element size // 2; divided by its sum. To deblur, "auto" has '
        'straight motion or defocus found in the image; to enlarge by 2, 3 or 4, "virnet" has it '
        'estimated first.',
        label='Blur kernel',
        tasks=tasks_with('kernel'),
        group='degradation',
        by_channel=True,
    )
    sigma: Any = param(
        'auto',
        'Standard deviation of the noise in image units: a number, a map, "auto" to estimate it, '
        'or "virnet" to have it mapped first.',
        label='Noise level',
        unit='image units',
        tasks=tasks_with('sigma'),
        group='noise',
        by_channel=True,
    )
    scale: int = param(
        1,
        'Factor of super-resolution, 2 to 8.',
        label='Enlarge',
        tasks=tasks_with('scale'),
        group='degradation',
    )
    neighbours: int = param(
        0,
        'Planes before and after each one that help to denoise it, along Z or T; 2 serve well. '
        'What moves from plane to plane is not smeared.',
        minimum=0,
        maximum=16,
        tasks=tasks_with('neighbours'),
    )
    along: str = param(
        'auto',
        'Axis along which planes are neighbours: "auto" is Z where there is one, else T, else the '
        'only stack axis of a stack that names none.',
        choices=('auto', 'Z', 'T'),
        label='Along',
        tasks=tasks_with('along'),
    )
    axes: str | None = param(
        None, 'A letter for each axis, such as ZYX; S marks colour samples.', group='advanced'
    )
    spacing: Any = param(
        None,
        'Distance of samples along named axes, such as Z=0.3um,Y=0.1um,X=0.1um; replaces what the '
        'image says.',
        group='advanced',
    )
    rgb: bool | None = param(
        None,
        'Whether three or four samples are colour; guessed from a last axis of 3 or 4.',
        label='RGB',
        group='advanced',
    )
    data_range: tuple[float, float] | None = param(
        None,
        'Intensities of black and white; chosen from the image by default.',
        unit='image units',
        group='advanced',
    )
    tile: int | None = param(
        None,
        'Side of the tiles that networks see; what fits into memory by default.',
        unit='pixels',
        minimum=64,
        group='advanced',
    )
    device: str = param(
        'auto',
        'Where networks run: auto (a GPU where there is one), cpu, cuda, cuda:N or mps.',
        group='advanced',
    )
    seed: int = param(0, 'Makes a run repeatable.', minimum=0, maximum=2**63 - 1, group='advanced')
    keep_known: bool | None = param(
        None,
        'Give undamaged pixels back bit for bit; by default unless a noise level is given, which '
        'asks for their noise to be removed too.',
        label='Keep intact pixels',
        tasks=tasks_with('keep_known'),
        group='degradation',
    )
    repair: bool = param(
        False,
        'Replace hot and dead pixels, salt and pepper and stuck lines by what the method makes in '
        'their place; by default they are given back as they are.',
        label='Repair hot pixels',
        group='advanced',
    )
    dtype: str | None = param(
        None,
        'Type of the result: that of the image by default; float32 keeps fractions.',
        choices=('float32', 'float64'),
        label='Type of the result',
        group='advanced',
    )

    @classmethod
    def create(cls, values: Mapping[str, Any] | None = None) -> Self:
        """Build from names and values, checking them.

        `dtype` may be a type of numpy, `guides` numbers or an array of strokes, and `axes` a letter
        after the other.
        """
        given = dict(values or {})
        if given.get('guides') is not None:
            given['guides'] = guides_text(given['guides'])
        if given.get('axes') is not None:
            given['axes'] = letters_of(given['axes'])
        dtype = given.get('dtype')
        given['dtype'] = getattr(dtype, '__name__', getattr(dtype, 'name', dtype))
        return super().create(given)

    def to_dict(self) -> dict[str, Any]:
        """Return the values by name, ready for JSON; arrays by shape and type."""
        return {p.name: _told(getattr(self, p.name)) for p in self.declared()}


OPTIONS = {option.name: option for option in Options.declared()}

WORDS: Mapping[str, str] = MappingProxyType(
    {
        word: name
        for name, words in {
            'axes': ('dims', 'dim_order', 'axis_order'),
            'device': ('gpu', 'cuda'),
            'iterations': ('iters', 'n_iter', 'niter', 'num_iter', 'max_iter', 'steps'),
            'kernel': ('psf', 'point_spread_function'),
            'mask': ('damage', 'defects'),
            'model': ('weights', 'checkpoint', 'network'),
            'regularization': ('lam', 'lambda', 'lambda_', 'weight'),
            'rgb': ('color', 'colour', 'multichannel'),
            'scale': ('factor', 'upscale', 'zoom'),
            'seed': ('random_state', 'random_seed'),
            'sigma': ('std', 'noise_level', 'noise_std', 'noise_sigma'),
            'spacing': ('pixel_size', 'voxel_size', 'resolution'),
            'tile': ('tile_size', 'patch_size'),
        }.items()
        for word in words
    }
)
"""What other programs call options and parameters."""
"""The declared options by name."""

BY_CHANNEL = tuple(
    each.name for each in (*OPTIONS.values(), *CommonParameters.declared()) if each.by_channel
)
"""Options and parameters of all methods that may be given for each channel."""


def _told(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _told(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_told(each) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if getattr(value, 'ndim', None) == 0:
        return float(value)
    shape = list(getattr(value, 'shape', ()))
    return {'shape': shape, 'dtype': str(getattr(value, 'dtype', type(value).__name__))}
