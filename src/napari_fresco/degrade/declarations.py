"""The parameters of the named degradations, declared once for panels, shell and documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..declare.fields import Parameters, param
from ..physics.demosaic import PATTERNS

BORDERS = ('wrap', 'mirror', 'symmetric', 'edge')
FAMILIES = ('usrnet', 'virnet', 'mzsr')
"""Networks for whose training blur kernels are drawn."""
TESTS = tuple(f'test {i}' for i in range(1, 8))
LAWS = ('training', 'case 1', 'case 2', 'case 3')
FILLS = {'white': 1.0, 'black': 0.0, 'gray': 0.5}


def _scale(default: int, largest: int = 8) -> Any:
    help = 'How many times fewer rows and columns remain.'
    return param(default, help, minimum=1, maximum=largest)


def _sigma(default: float | None = 0.0, more: str = '') -> Any:
    help = f'Standard deviation of the Gaussian noise{more}.'
    return param(default, help, unit='image units', minimum=0, label='σ')


def _fraction(default: float) -> Any:
    return param(default, 'Damaged part of the image.', minimum=0.0001, maximum=0.9)


def _fill() -> Any:
    return param('white', 'What is seen where the image is lost.', choices=tuple(FILLS))


@dataclass(frozen=True)
class GaussianNoise(Parameters):
    """The same noise everywhere."""

    sigma: float | None = _sigma(None, '; a tenth of the data range when empty')


@dataclass(frozen=True)
class NoiseMap(Parameters):
    """Noise of a level that varies over the image."""

    law: str = param(
        'training',
        'A random bump as in the training of VIRNet, or one of its three test maps.',
        choices=LAWS,
    )
    strength: float = param(
        1.0, 'Factor of the published levels, 0 to 31 % of the data range.', minimum=0, maximum=10
    )


@dataclass(frozen=True)
class PhotonNoise(Parameters):
    """Photon noise, which grows with the signal, and read noise."""

    photons: float = param(
        200.0, 'Photo-electrons in a white pixel.', minimum=0.1, maximum=1e7, unit='e'
    )
    read_noise: float = param(
        2.0, 'Standard deviation of the read noise.', minimum=0, maximum=1e5, unit='e'
    )


@dataclass(frozen=True)
class SaltAndPepper(Parameters):
    """Pixels lost to black or white."""

    fraction: float = _fraction(0.1)


@dataclass(frozen=True)
class Classical(Parameters):
    """Blur, decimation and noise."""

    scale: int = _scale(2)
    kernel: str = param(
        'gaussian',
        'A round Gaussian, or one drawn as in the training of a network.',
        choices=('gaussian', *FAMILIES),
    )
    width: float = param(
        1.6,
        'Standard deviation of the round Gaussian.',
        unit='px of the original',
        minimum=0.1,
        maximum=20,
    )
    kernel_position: str = param(
        'shifted',
        'Shifted: the image keeps its field of view. Centred: pixel i of the image lies on '
        'pixel s i of the original.',
        choices=('shifted', 'centred'),
    )
    border: str = param(
        'wrap', 'What the blur sees beyond the image; the methods assume wrap.', choices=BORDERS
    )
    sigma: float = _sigma()
    convention: str = param(
        'correct',
        "The authors' programs blur bytes and cut off the fractions, which darkens by half a "
        'level.',
        choices=('correct', 'authors'),
    )


@dataclass(frozen=True)
class Virnet(Parameters):
    """Blur by a Gaussian, bicubic downsampling, noise."""

    scale: int = _scale(2, 4)
    kernel: str = param(
        'random',
        'Drawn as in the training of VIRNet, or one of its seven test kernels.',
        choices=('random', *TESTS),
    )
    downsampling: str = param(
        'bicubic',
        'Antialiased and centred, or the upper left pixel of every cell.',
        choices=('bicubic', 'direct'),
    )
    sigma: float = _sigma()
    quality: int | None = param(
        None, 'JPEG quality; not compressed when empty.', minimum=1, maximum=100
    )
    convention: str = param(
        'correct',
        "The authors' program clips between the steps and resizes wrongly at the border.",
        choices=('correct', 'authors'),
    )


@dataclass(frozen=True)
class Bicubic(Parameters):
    """MATLAB's antialiased bicubic downsampling."""

    scale: int = _scale(2)
    sigma: float = _sigma()


@dataclass(frozen=True)
class Jpeg(Parameters):
    """JPEG compression."""

    quality: int = param(10, 'Quality; lower is worse.', minimum=1, maximum=100)


@dataclass(frozen=True)
class Bsrgan(Parameters):
    """BSRGAN's degradations in random order."""

    scale: int = _scale(4)


@dataclass(frozen=True)
class BsrganPlus(Parameters):
    """BSRGAN's degradations, twice."""

    scale: int = _scale(4)
    shuffle: float = param(
        0.5,
        'Probability that all steps change places; else only the kinds of noise do.',
        minimum=0,
        maximum=1,
    )
    sharpen: bool = param(True, 'Sharpen the truth first, as its authors do.')


@dataclass(frozen=True)
class Scunet(Parameters):
    """Noise of many kinds, twice, in random order."""

    resizing: bool = param(
        False,
        'Resize twice in between and return to the size of the image, which makes the noise '
        'grainy; takes up to 16 times the memory.',
    )


@dataclass(frozen=True)
class Lines(Parameters):
    """Damage in straight lines."""

    fraction: float = _fraction(0.2)
    width: int = param(2, 'Width of a line.', unit='px', minimum=1, maximum=500)
    fill: str = _fill()


@dataclass(frozen=True)
class Text(Parameters):
    """Damage by printed words."""

    fraction: float = _fraction(0.15)
    height: float = param(24.0, 'Size of the letters.', unit='px', minimum=4, maximum=1000)
    fill: str = _fill()


@dataclass(frozen=True)
class Craquelure(Parameters):
    """Damage by cracks."""

    fraction: float = _fraction(0.06)
    width: float = param(2.0, 'Mean width of a crack.', unit='px', minimum=0.5, maximum=200)
    fill: str = param('black', 'What is seen in the cracks.', choices=tuple(FILLS))


@dataclass(frozen=True)
class Flakes(Parameters):
    """Damage by losses of paint."""

    fraction: float = _fraction(0.1)
    size: float = param(20.0, 'Typical diameter of a loss.', unit='px', minimum=1, maximum=2000)
    fill: str = _fill()


@dataclass(frozen=True)
class ColourMosaic(Parameters):
    """A raw picture of a camera with colour filters."""

    pattern: str = param('RGGB', 'Colours of the upper left 2 x 2 pixels.', choices=PATTERNS)
    sigma: float = _sigma()
