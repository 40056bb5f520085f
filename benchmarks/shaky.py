"""Photographs that are shaken or out of focus: the blur that is found, and what it is worth.

    python benchmarks/shaky.py --data DATA

Wants ``NAME.jpg``, ``NAME_truth.png`` and ``NAME_kernel.npy`` of each photograph. DPIR with its
defaults, told the true kernel, or to find it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from common import arguments, read, show

import napari_fresco as fresco
from napari_fresco.evidence.metrics import psnr


def main() -> None:
    options = arguments(__doc__).parse_args()

    def rows() -> Iterator[list[Any]]:
        for path in sorted((options.data / 'murals_files/shaky').glob('*.jpg')):
            photograph = read(path)
            truth = read(path.with_name(f'{path.stem}_truth.png'))[..., :3]
            kernel = np.load(path.with_name(f'{path.stem}_kernel.npy'))
            told = _deblurred(photograph, kernel).image
            row = [path.stem, psnr(photograph, truth, 255), psnr(told, truth, 255)]
            try:
                result = _deblurred(photograph, 'auto')
            except fresco.FrescoError:
                yield [*row, '', 'refused']
                continue
            found = result.provenance['kernel']['source']
            yield [*row, psnr(result.image, truth, 255), found]

    show(['photograph', 'input', 'true kernel', "kernel='auto'", 'found'], rows())


def _deblurred(photograph: np.ndarray, kernel: Any) -> fresco.Result:
    return fresco.restore(photograph, method='dpir', task='deblur', kernel=kernel)


if __name__ == '__main__':
    main()
