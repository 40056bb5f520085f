"""A look at every bundled checkpoint: a mural, a micrograph and a photograph, restored.

    python benchmarks/pictures.py ffdnet_gray usrnet_tiny

Writes ``docs/pages/images/cards/NAME.jpg``, for all bundled checkpoints by default. Each
picture is degraded in the way that the checkpoint was trained for, always with the
same seed, and restored as a user would do it; the PSNR is that of the whole picture,
of which the middle is shown. The pictures come with napari-fresco and scikit-image.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from common import jpeg
from PIL import Image, ImageDraw, ImageFont
from skimage import color, data

import napari_fresco as fresco
from napari_fresco import samples, weights
from napari_fresco.evidence.metrics import psnr, to_uint8
from napari_fresco.weights import Entry

OUTPUT = Path(__file__).parents[1] / 'docs/pages/images/cards'
RESTORED = 288  # pixels, side of what is restored; a multiple of all scales
SHOWN = 208  # its middle
GAP, CAPTION = 6, 20
BYTES = 64_000
RANGE = (0, 255)


@dataclass(frozen=True)
class Damage:
    """A degradation by :func:`napari_fresco.degrade.apply`, in words, and what is told of it."""

    words: str
    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)


def damage(entry: Entry) -> Damage:
    """Return what the checkpoint was trained for."""
    scale = 2 if 2 in entry.scales else entry.scales[0]
    match entry.role, entry.task:
        case 'usrnet' | 'usrgan', _:
            blur = {'scale': scale, 'width': 1.6, 'sigma': 2.55}
            words = f'x{scale}, known blur, noise 2.55'
            return Damage(words, 'classical', blur, {'scale': scale, 'sigma': 2.55})
        case 'virnet', 'super_resolve':
            blur = {'scale': scale, 'kernel': 'test 2', 'sigma': 2.55}
            return Damage(f'x{scale}, unknown blur, noise 2.55', 'virnet', blur, {'scale': scale})
        case 'vdir', 'super_resolve':
            blur = {'scale': scale, 'width': 2.0, 'border': 'mirror'}
            return Damage(f'x{scale}, unknown blur', 'classical', blur, {'scale': scale})
        case 'bsrgan', _:
            return Damage(f'x{scale}, mixed', 'bsrgan', {'scale': scale}, {'scale': scale})
        case 'vdir', 'deblock':
            return Damage('JPEG of quality 20', 'jpeg', {'quality': 20})
        case 'virnet', _:
            return Damage('unknown noise, sigma 10 to 75', 'noise_map', {'law': 'case 1'})
        case 'scunet', _:
            return Damage('mixed noise', 'scunet')
        case 'vdir', _:
            return Damage('unknown noise, sigma 30', 'gaussian_noise', {'sigma': 30})
    return Damage('noise, sigma 25', 'gaussian_noise', {'sigma': 25}, {'sigma': 25})


def truths(channels: int) -> dict[str, np.ndarray]:
    """Return the three pictures, 8-bit; in gray for a network of one channel."""
    cells = samples.micrograph().truth
    low, high = float(cells.min()), float(np.percentile(cells, 99.8))
    gray = np.clip((cells - low) / (high - low), 0, 1)
    pictures = {
        'mural': samples.mural().truth[40 : 40 + RESTORED, 100 : 100 + RESTORED],
        'micrograph': np.rint(255 * gray).astype(np.uint8)[48 : 48 + RESTORED, 48 : 48 + RESTORED],
        'photograph': data.astronaut()[:RESTORED, 80 : 80 + RESTORED],
    }
    if channels == 1:
        return {name: luminance(image) for name, image in pictures.items()}
    return pictures


def luminance(image: np.ndarray) -> np.ndarray:
    """Return an RGB image in gray, a gray one as it is."""
    if image.ndim == 2:
        return image
    return np.rint(255 * color.rgb2gray(image)).astype(np.uint8)


def look(name: str) -> Image.Image:
    """Return degraded, restored and true pictures side by side, a row for each."""
    entry = weights.entry(name)
    chosen = damage(entry)
    rows = [row(entry, chosen, *picture) for picture in truths(entry.channels).items()]
    sheet = Image.new('RGB', (rows[0].width, CAPTION + sum(r.height for r in rows)), 'white')
    write(sheet, GAP, f'{name}: {chosen.words}')
    for i, each in enumerate(rows):
        sheet.paste(each, (0, CAPTION + i * each.height))
    return sheet


def row(entry: Entry, chosen: Damage, name: str, truth: np.ndarray) -> Image.Image:
    """Degrade and restore a picture, and draw it."""
    # Floating-point numbers, because noise that was clipped is not what networks learn.
    clean = truth.astype(np.float32)
    seen = fresco.degrade.apply(clean, chosen.name, chosen.parameters, seed=1, data_range=RANGE)
    told = {**chosen.told, **({'kernel': seen.kernel} if entry.architecture == 'usrnet' else {})}
    result = fresco.restore(
        seen.image,
        method=str(entry.role),
        task=entry.task,
        model=entry.name,
        data_range=RANGE,
        **told,
    )
    shown, restored, true = map(to_bytes, (seen.image, result.image, np.asarray(seen.truth)))
    before = '' if seen.scale > 1 else f', {psnr(shown, true):.1f} dB'
    enlarged = shown.repeat(seen.scale, 0).repeat(seen.scale, 1)
    captions = (f'{name}{before}', f'restored, {psnr(restored, true):.1f} dB', 'truth')
    strip = Image.new('RGB', (3 * (SHOWN + GAP) + GAP, SHOWN + CAPTION), 'white')
    for i, image in enumerate((enlarged, restored, true)):
        left = GAP + i * (SHOWN + GAP)
        write(strip, left, captions[i])
        strip.paste(Image.fromarray(middle(image)), (left, CAPTION))
    return strip


def write(picture: Image.Image, left: int, text: str) -> None:
    """Write a caption at the top."""
    ImageDraw.Draw(picture).text((left, 3), text, fill='black', font=ImageFont.load_default(12))


def to_bytes(image: np.ndarray) -> np.ndarray:
    """Return an image of the range 0 to 255, rounded."""
    return to_uint8(image / 255)


def middle(image: np.ndarray) -> np.ndarray:
    """Return the part that is shown."""
    first = (RESTORED - SHOWN) // 2
    return np.ascontiguousarray(image[first : first + SHOWN, first : first + SHOWN])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('names', nargs='*')
    parser.add_argument('--output', type=Path, default=OUTPUT)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    bundled = [name for name, entry in weights.registry().items() if entry.bundled]
    for name in options.names or bundled:
        path = options.output / f'{name}.jpg'
        path.write_bytes(jpeg(look(name), BYTES))
        print(f'{path}: {path.stat().st_size / 1000:.0f} kB', flush=True)


if __name__ == '__main__':
    main()
