"""
Make a point spread function
============================

From the optics, in lengths of µm. What is impossible is refused, what is doubtful stands in its
warnings.
"""

import matplotlib.pyplot as plt
import numpy as np

import napari_fresco as fresco

optics = {'na': 1.2, 'wavelength': 0.52, 'pixel_size': 0.06, 'refractive_index': 1.333}
kernels = {
    'widefield': fresco.kernels.microscope(**optics, z_step=0.2, planes=21),
    'confocal': fresco.kernels.microscope(
        **optics, z_step=0.2, planes=21, kind='confocal', excitation=0.488
    ),
    'two-photon': fresco.kernels.microscope(
        **optics, z_step=0.2, planes=21, kind='two_photon', excitation=0.9
    ),
}

# %%
# Sections along the axis of light; the fourth root shows the faint parts.

figure, axes = plt.subplots(1, 3, figsize=(9, 3.6), layout='constrained')
for ax, (title, kernel) in zip(axes, kernels.items(), strict=True):
    section = kernel.values[:, kernel.shape[1] // 2]
    ax.imshow(section**0.25, cmap='magma', aspect=0.2 / 0.06)
    ax.set(title=title, xlabel='x', ylabel='z', xticks=[], yticks=[])

# %%
# What is worth knowing about the first of them:

widefield = kernels['widefield']
print(widefield.shape, widefield.spacing)
print(*widefield.warnings, *widefield.notes, sep='\n')

# %%
# Beads are better than optics, where there are some. They are found, averaged, and their size is
# taken out. The beads here are copies of the confocal one.

confocal = kernels['confocal']
light = np.zeros((25, 96, 96))
for row, column in ((24, 24), (24, 72), (72, 24), (72, 72)):
    half = [n // 2 for n in confocal.shape]
    place = tuple(slice(c - h, c + h + 1) for c, h in zip((12, row, column), half, strict=True))
    light[place] += 5e4 * confocal.values
beads = np.random.default_rng(0).poisson(light + 100).astype(np.uint16)

measured = fresco.kernels.from_beads(fresco.Image(beads, 'ZYX', confocal.spacing), diameter=0.1)
print(measured.source, *measured.notes, sep='\n')
