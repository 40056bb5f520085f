"""
Deconvolve a volume
===================

A z stack and a point spread function with three axes become one sharp volume. Here a small stack
of filaments is made by the optics of a widefield microscope, so that the truth is known.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy import ndimage, signal

import napari_fresco as fresco

spacing = {'Z': (0.3, 'um'), 'Y': (0.1, 'um'), 'X': (0.1, 'um')}
psf = fresco.kernels.microscope(1.2, 0.52, 0.1, 1.333, size=51, z_step=0.3, planes=13)

random = np.random.default_rng(3)
light = np.full((16, 72, 72), 2.0)
for _ in range(8):  # bent filaments through the volume
    start, end, bow = random.uniform((2, 6, 6), (13, 66, 66), (3, 3))
    at = np.linspace(0, 1, 300)[:, None]
    z, y, x = np.rint(start + (end - start) * at + (bow - 35) * at * (1 - at) / 3).astype(int).T
    light[z.clip(0, 15), y.clip(0, 71), x.clip(0, 71)] = 600
light = ndimage.gaussian_filter(light, 0.6)
blurred = signal.fftconvolve(light, psf.values / psf.values.sum(), mode='same').clip(0)
stack = fresco.Image((2 * random.poisson(blurred) + 100).astype(np.uint16), 'ZYX', spacing)

# %%
# Two methods with the same point spread function. The offset of the camera is worth telling:
# deconvolution sharpens best where dark is dark.

results = {
    name: fresco.restore(stack, method=name, task='deblur', kernel=psf, offset=100).image.data
    for name in ('richardson_lucy', 'dpir')
}

# %%
# Brightest values seen from above, and from the side, where the blur of a microscope is longest.

pictures = {'stack': stack.data, **results, 'truth': 2 * light + 100}
figure, rows = plt.subplots(2, 4, figsize=(10, 3.6), height_ratios=(3, 2), layout='constrained')
for column, (title, volume) in zip(rows.T, pictures.items(), strict=True):
    for ax, axis, aspect in zip(column, (0, 1), (1, 3), strict=True):
        seen = volume.max(axis=axis)
        ax.imshow(seen, cmap='magma', vmin=100, vmax=np.percentile(seen, 99.8), aspect=aspect)
        ax.axis('off')
    column[0].set(title=title)
