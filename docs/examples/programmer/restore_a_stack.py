"""
Restore a stack
===============

Axes have names, and everything goes by them: planes are restored one by one with one noise model,
and times, channels and spacing stay what they are.
"""

import matplotlib.pyplot as plt
import numpy as np

import napari_fresco as fresco

cells = fresco.samples.micrograph()
light = ((cells.truth[100:196, 100:196] - cells.offset) / cells.gain).clip(0)
random = np.random.default_rng(0)
bleached = np.stack([random.poisson(light * share) for share in (1, 0.7, 0.5, 0.35)])

movie = fresco.Image(
    bleached.astype(np.uint16),
    'TYX',
    {'T': (1.5, 's'), 'Y': (0.1, 'um'), 'X': (0.1, 'um')},
)
result = fresco.restore(movie, method='drunet', dtype='float32')  # fractions of photons are kept
print(result.image.axes, result.image.spacing, result.image.dtype)

figure, rows = plt.subplots(2, 4, figsize=(10, 5), layout='constrained')
for axes, stack in zip(rows, (movie.data, result.image.data), strict=True):
    for ax, plane in zip(axes, stack, strict=True):
        ax.imshow(plane, cmap='gray', vmin=0, vmax=np.percentile(light, 99.8))
        ax.axis('off')

# %%
# Light is kept while it bleaches: the mean of each plane, before and after.

for before, after in zip(movie.data, result.image.data, strict=True):
    print(f'{before.mean():.2f} {after.mean():.2f}')
