"""
Can I trust it?
===============

A good restoration takes noise away and nothing else. Here the same photons are denoised well,
and with a noise level that is about four times too large; nobody needs the truth
to tell the two apart.
"""

import matplotlib.pyplot as plt
import numpy as np

import napari_fresco as fresco

cells = fresco.samples.micrograph()
light = (cells.truth[100:260, 100:260] - cells.offset) / cells.gain
image = np.random.default_rng(0).poisson(light.clip(0)).astype(np.float32)

good = fresco.restore(image, method='drunet')
poor = fresco.restore(image, method='drunet', sigma=20)

# %%
# What was taken away is noise in the first case, and has the shape of the cell in the second.

figure, rows = plt.subplots(2, 3, figsize=(9, 6), layout='constrained')
for axes, title, result in zip(rows, ('as found', 'told too much'), (good, poor), strict=True):
    taken = image - result.image
    for ax, picture, words in zip(
        axes, (image, result.image, taken), ('photons', title, 'taken away'), strict=True
    ):
        limits = (-15, 15) if picture is taken else (0, np.percentile(image, 99.8))
        ax.imshow(picture, cmap='gray', vmin=limits[0], vmax=limits[1])
        ax.set(title=words)
        ax.axis('off')

# %%
# The checks that come with every result say so in words.

print('good:', [check.name for check in good.checks if not check.ok])
for check in poor.checks:
    if not check.ok:
        print(f'poor: {check.message}')

# %%
# More can be asked of a result that matters: where it took more than noise, and whether light
# was lost or made.

noise = np.sqrt(np.maximum(good.image, 0.1))  # of photons: the root of their mean
for result in (good, poor):
    taken = fresco.evidence.residual(image, result.image, noise)
    flagged = taken.chi_square.flagged.mean()
    print(f'noise taken {taken.rms:.2f}, structure {taken.structure:.2f}, flagged {flagged:.0%}')
