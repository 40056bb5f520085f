"""The runs that the checks of results are calibrated on: good ones, and ones with a known fault.

Half of the scenes tunes the limits, the other half is kept apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from check_scenes import HELD_OUT, SIDE, TUNING, Array, pairs, photographs, scenes
from PIL import Image
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco import kernels

_PARTS = {'12 rows': np.s_[-12:], 'corner': np.s_[-32:, -32:], 'tile': np.s_[40:64, 40:64]}

TOLD_SMALL, TOLD_LARGE = 'noise told too small', 'noise told too large'
WIDE, TURNED, NARROW = 'kernel too wide', 'kernel turned', 'kernel too narrow'
GRAIN, LINES, WHITE = 'noise with a grain', 'noise with lines', 'photon noise told as white'
SMOOTH, FAINT, PAINTED = 'detail smoothed away', 'faint spots erased', 'part repainted'
BACK, LOST, MOVED = 'nearly the image', 'light lost', 'light moved'
LEFT = 'noise left in a part'
CAMERA, RANGE = 'wrong camera', 'wrong range'
BYTES, FULL, UNSEEN = 'bytes for few counts', 'saturated image', 'network of colour photographs'
GENERATIVE = 'generative enlarging'
MOSAIC, LABELS = 'raw mosaic', 'label ids'
STRIPES, TO_AND_FRO, RAN_OVER = (
    'periodic stripes',
    'every second row moved',
    'numbers that ran over',
)
HALF, REPEATED = 'every second row moved by half a pixel', 'rows repeated'
OFF, GROUND = 'kernel off its centre', 'kernel on a background'
SHORT, FINE = 'kernel cut off', 'kernel undersampled'
INVERTED, OVER, ASIDE = 'mask inverted', 'mask turned over', 'mask moved'
TIGHT, MOST, HOLE = 'mask too small', 'mask covers most', 'wide hole'

FAULTS_OF: Mapping[str, tuple[str, ...]] = {
    'light': (LOST,),
    'regions': (MOVED,),
    'clipping': (FULL,),
    'rounding': (BYTES,),
    'noise': (BACK, TOLD_SMALL, TOLD_LARGE),
    'parts': (LEFT,),
    'whiteness': (TOLD_SMALL, GRAIN),
    'spectrum': (SMOOTH, MOVED),
    'lines': (LINES,),
    'objects': (FAINT, PAINTED),
    'structure': (SMOOTH,),
    'worse': (TOLD_SMALL,),
    'consistency': (TOLD_SMALL, TOLD_LARGE),
    'fit': (WIDE, TURNED),
    'overshoot': (WIDE, TURNED),
    'repainted': (PAINTED, TOLD_SMALL),
    'range': (TOLD_SMALL,),
    'sigma': (TOLD_SMALL, TOLD_LARGE),
    'camera': (CAMERA,),
    'data_range': (RANGE,),
    'saturation': (FULL,),
    'training': (UNSEEN,),
    'mosaic': (MOSAIC,),
    'stripes': (STRIPES,),
    'scan': (TO_AND_FRO, HALF),
    'repeated': (REPEATED,),
    'wrapped': (RAN_OVER,),
    **dict.fromkeys(('contrast', 'outliers', 'channels'), ()),
    'areas': (LABELS,),
    'offset': (),
    'mask': (MOST,),
    'placement': (OVER, ASIDE, TIGHT),
    'hole': (HOLE,),
    'kernel': (OFF, GROUND, SHORT, FINE),
}
"""What each check is there for."""


@dataclass(frozen=True)
class Trial:
    """A run, and what is wrong with it.

    `made`: what another program made of the image.
    `exact`: whether the truth has the intensities of the image.
    """

    half: str
    task: str
    name: str
    image: Array
    truth: Array
    fault: str = ''
    told: dict[str, Any] = field(default_factory=dict)
    made: Array | None = None
    exact: bool = True


def trials(folder: Path | None) -> Iterator[Trial]:
    """Yield all runs; those of micrographs where `folder` holds them."""
    for half in (TUNING, HELD_OUT):
        for number, (name, truth) in enumerate(scenes(half)):
            random = np.random.default_rng([number, half == TUNING])
            yield from _denoised(half, name, truth, random)
            yield from _photons(half, name, truth, random)
            yield from _deblurred(half, name, truth[:80, :80], random)
            yield from _enlarged(half, name, truth[:96, :96], random)
            yield from _filled(half, name, truth, random)
        for name, truth in photographs(half):
            yield from _coloured(half, name, truth, np.random.default_rng(7))
        if folder is not None:
            for name, noisy, truth in pairs(half, folder / 'micro'):
                yield from _micrograph(half, name, noisy, truth)


def _denoised(half: str, name: str, truth: Array, random: Any) -> Iterator[Trial]:
    def trial(what: str, image: Array, fault: str = '', made: Any = None, **told: Any) -> Trial:
        told = {'method': 'ffdnet', **told}
        return Trial(half, 'denoise', f'{name}, {what}', image, truth, fault, told, made)

    def noisy(sigma: float) -> Array:
        return (truth + random.normal(0, sigma, truth.shape)).astype(np.float32)

    for sigma in (3, 8, 15, 25, 50):
        yield trial(f'noise {sigma}', noisy(sigma))
    yield trial('noise 15, drunet', noisy(15), method='drunet')
    yield trial('noise 25, virnet', noisy(25), method='virnet')
    yield trial('noise 15, told', noisy(15), sigma=15.0)
    yield trial('noise 20, bytes', np.clip(noisy(20), 0, 255).round().astype(np.uint8))
    y = noisy(20)
    sixteen = (100 + 16 * np.clip(y + 60, 0, None)).astype(np.uint16)
    told, wanted = {'method': 'drunet'}, 100 + 16 * (truth + 60)
    yield Trial(half, 'denoise', f'{name}, 16 bits', sixteen, wanted, told=told)
    yield trial('sigma 4 for 20', y, TOLD_SMALL, sigma=4.0)
    yield trial('sigma 100 for 20', y, TOLD_LARGE, sigma=100.0)
    yield trial('given back', y, BACK, made=y + 0.15 * (truth - y))
    for part, where in _PARTS.items():
        yield trial(f'{part} left', y, LEFT, made=_left(y, where))
    yield trial('smoothed', y, SMOOTH, made=ndimage.gaussian_filter(y, 3.5))
    yield trial('dimmed', y, LOST, made=truth * 0.9)
    yield trial('faded', y, MOVED, made=truth + 10 * np.cos(np.arange(SIDE) / 18))
    yield trial('spots erased', *_erased(truth, random))
    yield trial('repainted', y, PAINTED, made=_repainted(truth))
    yield trial('range told', y, data_range=(0.0, 255.0))
    yield trial('range of 0 to 1', y, RANGE, data_range=(0.0, 1.0))
    rows = truth + random.normal(0, 12, (SIDE, 1)) + random.normal(0, 4, truth.shape)
    yield trial('lines of noise', rows.astype(np.float32), LINES)
    grain = ndimage.gaussian_filter(random.normal(0, 1, truth.shape), 1.2)
    grainy = (truth + 15 * grain / grain.std()).astype(np.float32)
    yield trial('coarse grain', grainy, GRAIN, sigma=15.0)
    lattice = np.tile([[0.6, 1.0], [1.0, 0.4]], (SIDE // 2, SIDE // 2))
    raw = truth * lattice + np.random.default_rng(3).normal(0, 8, truth.shape)
    yield trial('mosaic', raw, MOSAIC)
    random = np.random.default_rng(5)  # what comes after has the noise that it had before
    hum = 12 * np.sin(2 * np.pi * np.arange(SIDE) / 9.3)[:, None]
    yield trial('hum', (noisy(8) + hum).astype(np.float32), STRIPES)
    swayed = truth.copy()
    swayed[1::2] = np.roll(truth[1::2], 2, axis=1)
    yield trial('to and fro', noisy(8) - truth + swayed, TO_AND_FRO)
    swayed[1::2] = ndimage.shift(truth, (0, 0.5), order=3, mode='nearest')[1::2]
    yield trial('to and fro by half', noisy(8) + swayed - truth, HALF)
    again = noisy(15)
    again[[30, 60, 61, 90]] = again[[29, 59, 59, 89]]
    yield trial('rows repeated', again, REPEATED)
    bright = np.clip(1.3 * truth - 8, 0, 255)
    over = np.rint(1.3 * truth - 8 + random.normal(0, 10, truth.shape)).astype(int).astype(np.uint8)
    told = {'method': 'ffdnet'}
    yield Trial(half, 'denoise', f'{name}, ran over', over, bright, RAN_OVER, told)
    tints = np.array([1.0, 0.95, 0.85])
    toned = np.clip(noisy(10)[..., None] * tints, 0, 255).round().astype(np.uint8)
    yield Trial(half, 'denoise', f'{name}, toned', toned, truth[..., None] * tints, told=told)
    ids = ndimage.label(ndimage.gaussian_filter(truth, 2) > np.median(truth))[0]
    yield trial('labels', (7 * ids).astype(np.uint16), LABELS)


def _left(y: Array, where: Any) -> Array:
    """Return what a network makes of an image, but for a part."""
    made = np.array(fresco.restore(y, method='ffdnet').image)
    made[where] = y[where]
    return made


def _erased(truth: Array, random: Any) -> tuple[Array, str, Array]:
    """Return an image with faint spots, and what a denoiser makes of it that takes them."""
    spots = np.zeros(truth.shape)
    for row, column in random.uniform(8, SIDE - 8, (6, 2)):
        spots[int(row), int(column)] = 1
    spots = ndimage.gaussian_filter(spots, 1.5)
    sigma = 10.0
    spots *= 15 * sigma / np.sqrt(float((spots**2).sum()) / 6)  # of signal-to-noise ratio 15
    image = truth + spots + random.normal(0, sigma, truth.shape)
    return image.astype(np.float32), FAINT, truth


def _repainted(truth: Array) -> Array:
    made = truth.copy()
    made[30:60, 40:70] = made[50:80, 10:40][::-1]
    return made


def _photons(half: str, name: str, truth: Array, random: Any) -> Iterator[Trial]:
    def trial(what: str, image: Array, wanted: Array, fault: str = '', **told: Any) -> Trial:
        told = {'method': 'ffdnet', **told}
        return Trial(half, 'denoise', f'{name}, {what}', image, wanted, fault, told)

    for peak in (8, 40, 250):
        mean = truth / 255 * peak
        counts = random.poisson(mean).astype(np.uint16)
        yield trial(f'{peak} photons', counts, mean, dtype='float32' if peak < 20 else None)
    electrons = truth / 255 * 80
    frame = 2 * random.poisson(electrons) + 100 + random.normal(0, 3, truth.shape)
    frame, wanted = frame.round().clip(0).astype(np.uint16), 2 * electrons + 100
    right = {'gain': 2.0, 'offset': 100.0, 'read_noise': 3.0}
    yield trial('camera', frame, wanted, method='drunet')
    yield trial('camera given', frame, wanted, **right)
    for what, wrong in (
        ('gain 0.4', {'gain': 0.4}),
        ('gain 10', {'gain': 10.0}),
        ('offset 0, read noise 0', {'offset': 0.0, 'read_noise': 0.0, 'gain': 2.0}),
    ):
        yield trial(what, frame, wanted, CAMERA, **{**right, **wrong})
    dim = truth / 255 * 1.2
    for seed in (0, 1):
        counts = random.poisson(dim).astype(np.uint8)
        yield trial(f'counts in bytes {seed}', counts, dim, BYTES, seed=seed)
    yield trial(
        'white',
        random.poisson(truth / 255 * 40).astype(np.uint16),
        truth / 255 * 40,
        WHITE,
        sigma=1.0,
    )


def _deblurred(half: str, name: str, truth: Array, random: Any) -> Iterator[Trial]:
    def trial(what: str, image: Array, kernel: Array, fault: str = '', **told: Any) -> Trial:
        told = {'method': 'dpir', 'kernel': kernel, **told}
        return Trial(half, 'deblur', f'{name}, {what}', image, truth, fault, told)

    def blurred(kernel: Array, sigma: float) -> Array:
        image = ndimage.convolve(truth, kernel, mode='reflect')
        return (image + random.normal(0, sigma, truth.shape)).astype(np.float32)

    round_, motion = kernels.gaussian(1.6, size=13), kernels.motion(9, 30)
    for what, kernel, sigma in (
        ('round', round_, 3),
        ('motion', motion, 3),
    ):
        yield trial(what, blurred(kernel, sigma), kernel)
    y = blurred(round_, 3)
    yield trial('round, told', y, round_, sigma=3.0)
    yield trial('round, ircnn', y, round_, method='ircnn', sigma=3.0)
    bytes_ = np.clip(blurred(motion, 4), 0, 255).round().astype(np.uint8)
    yield trial('motion, bytes', bytes_, motion)
    photons = random.poisson(ndimage.convolve(truth, round_, mode='reflect') / 255 * 200)
    yield Trial(
        half,
        'deblur',
        f'{name}, photons',
        photons.astype(np.uint16),
        truth / 255 * 200,
        '',
        {'method': 'dpir', 'kernel': round_},
    )
    told = {'sigma': 3.0}
    wide, wider = kernels.gaussian(2.4, size=17), kernels.gaussian(3.2, size=21)
    yield trial('1.5 times as wide', y, wide, WIDE, **told)
    yield trial('twice as wide', y, wider, WIDE, **told)
    yield trial('half as wide', y, kernels.gaussian(0.8, size=13), NARROW, **told)
    yield trial('turned', blurred(motion, 3), kernels.motion(9, 120), TURNED, **told)
    hasty = {'iterations': 2}  # what was given is wrong, whatever becomes of it
    moved = np.roll(round_, 2, axis=1)
    yield trial('moved', y, moved, OFF, **hasty)
    uneven = round_ / round_.max() + 0.05
    uneven[:, :6] += 0.03
    even = round_ / round_.max() + 0.05
    yield trial('even background', y, even, GROUND, **hasty)
    yield trial('background', y, uneven, GROUND, **hasty)
    cut = kernels.gaussian(4.0, size=31)[11:20, 11:20]
    yield trial('cut', y, cut, SHORT, **hasty)
    yield trial('fine', y, kernels.gaussian(0.45, size=5), FINE, **hasty)
    yield trial('sigma 0.3 for 3', y, round_, TOLD_SMALL, sigma=0.3)
    yield trial('sigma 15 for 3', y, round_, TOLD_LARGE, sigma=15.0)
    bright = np.clip(ndimage.convolve(1.7 * truth, round_), 0, 255).round().astype(np.uint8)
    if (bright == 255).mean() > 0.03:
        yield trial('saturated', bright, round_, FULL)
    rows = _rows_of_noise(y, 3)
    for method in ('dpir', 'usrnet', 'richardson_lucy'):
        yield trial(f'lines of noise, {method}', rows, round_, LINES, method=method)


def _rows_of_noise(y: Array, sigma: float) -> Array:
    """Return a noisy image whose rows have noise of their own."""
    return (y + np.random.default_rng(9).normal(0, sigma, (len(y), 1))).astype(np.float32)


def _enlarged(half: str, name: str, truth: Array, random: Any) -> Iterator[Trial]:
    def trial(what: str, image: Array, fault: str = '', **told: Any) -> Trial:
        told = {'method': 'usrnet', 'scale': 2, **told}
        return Trial(half, 'super_resolve', f'{name}, {what}', image, truth, fault, told)

    small = np.array(Image.fromarray(truth.astype(np.float32)).resize((48, 48), Image.BICUBIC))
    y = (small + random.normal(0, 3, small.shape)).astype(np.float32)
    yield trial('bicubic, dpir', y, method='dpir', sigma=3.0, iterations=10)
    yield trial('bicubic', y, sigma=3.0)
    yield trial('bicubic, virnet', y, method='virnet')
    kernel, wide = kernels.gaussian(1.2, size=11), kernels.gaussian(3.2, size=21)
    direct = ndimage.convolve(truth, kernel, mode='reflect')[::2, ::2]
    direct = (direct + random.normal(0, 2, direct.shape)).astype(np.float32)
    yield trial('kernel, told', direct, kernel=kernel, sigma=2.0)
    yield trial('wide kernel', direct, WIDE, kernel=wide, sigma=2.0)
    moved = np.roll(kernel, 3, axis=0)
    yield trial('moved kernel', direct, OFF, kernel=moved, sigma=2.0)
    yield trial('generative', direct, GENERATIVE, method='bsrgan', model='bsrgan_compact_x2')
    yield trial('sigma 15', direct, TOLD_LARGE, kernel=kernel, sigma=15.0)
    yield trial('lines of noise', _rows_of_noise(direct, 2), LINES, kernel=kernel)


def _filled(half: str, name: str, truth: Array, random: Any) -> Iterator[Trial]:
    cracks = np.zeros(truth.shape, bool)
    for row in random.integers(8, SIDE // 2 - 20, 3):
        ends = random.integers(0, SIDE, 2)
        columns = np.arange(min(ends), max(ends) + 12) % SIDE
        rows = (row + 6 * np.sin(columns / 14)).astype(int)
        for step in range(3):
            cracks[rows + step, columns] = True
    flake = np.zeros(truth.shape, bool)
    flake[20:30, 60:74] = True
    paint = 250.0 if np.median(truth) < 128 else 5.0

    def trial(what: str, mask: Array, fault: str = '', *, lost: Array, **told: Any) -> Trial:
        image = np.where(lost, paint, truth).astype(np.uint8)
        told = {'method': 'dpir', 'mask': mask, 'iterations': 5, **told}
        return Trial(half, 'inpaint', f'{name}, {what}', image, truth, fault, told)

    hasty = {'iterations': 2}
    yield trial('cracks', cracks, lost=cracks)
    yield trial('flake', flake, lost=flake)
    yield trial('both, ircnn', cracks | flake, lost=cracks | flake, method='ircnn')
    around = ndimage.binary_dilation(flake, iterations=4)
    yield trial('box', around, lost=flake, **hasty)
    yield trial('roomy', ndimage.binary_dilation(cracks, iterations=2), lost=cracks, **hasty)
    scattered = random.random(truth.shape) < 0.4
    yield trial('scattered', scattered, lost=scattered, **hasty)
    for damage, lost in (('cracks', cracks), ('flake', flake)):
        for fault, wrong in (
            (INVERTED, ~lost),
            (OVER, lost[::-1]),
            (ASIDE, np.roll(lost, 12, (0, 1))),
        ):
            yield trial(f'{damage}, {fault}', wrong, fault, lost=lost, **hasty)
    half_of_it = ndimage.binary_erosion(flake, iterations=2)
    yield trial('tight', half_of_it, TIGHT, lost=flake, **hasty)
    most = random.random(truth.shape) < 0.8
    yield trial('most', most, MOST, lost=most, **hasty)
    hole = np.zeros(truth.shape, bool)
    hole[30:86, 24:90] = True
    yield trial('hole', hole, HOLE, lost=hole, **hasty)


def _coloured(half: str, name: str, truth: Array, random: Any) -> Iterator[Trial]:
    def trial(
        what: str, image: Array, fault: str = '', wanted: Any = None, made: Any = None, **told: Any
    ) -> Trial:
        wanted = truth if wanted is None else wanted
        return Trial(half, 'denoise', f'{name}, {what}', image, wanted, fault, told, made)

    for sigma in (10, 25):
        y = np.clip(truth + random.normal(0, sigma, truth.shape), 0, 255).round().astype(np.uint8)
        for method in ('ffdnet', 'drunet', 'scunet', 'vdir', 'virnet'):
            yield trial(f'noise {sigma}, {method}', y, method=method)
        yield trial(f'noise {sigma}, green left', y, LEFT, made=_left(y, np.s_[..., 1]))
    gray = truth.mean(axis=-1)
    noisy = np.clip(gray + random.normal(0, 15, gray.shape), 0, 255).astype(np.uint8)
    for method in ('scunet', 'vdir'):
        yield trial(f'gray, {method}', noisy, UNSEEN, gray, method=method)
        thrice = np.dstack([noisy] * 3)
        yield trial(f'gray thrice, {method}', thrice, UNSEEN, np.dstack([gray] * 3), method=method)
    file = BytesIO()
    coarse = np.clip(truth + random.normal(0, 8, truth.shape), 0, 255).round().astype(np.uint8)
    Image.fromarray(coarse).save(file, 'JPEG', quality=25)
    yield trial('JPEG', np.array(Image.open(file)), GRAIN, method='ffdnet', sigma=8.0)


def _micrograph(half: str, name: str, noisy: Array, truth: Array) -> Iterator[Trial]:
    def trial(what: str, fault: str = '', task: str = 'denoise', **told: Any) -> Trial:
        return Trial(half, task, f'{name}, {what}', noisy, truth, fault, told, exact=False)

    for method in ('ffdnet', 'drunet'):
        yield trial(method, method=method)
    for method in ('scunet', 'vdir'):
        yield trial(method, UNSEEN, method=method)
    if name.startswith('w2s'):
        psf = kernels.gaussian(1.2, size=9)
        yield trial('deblurred', task='deblur', method='dpir', kernel=psf)
