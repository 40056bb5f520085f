"""
Put error bars on a result
==========================

``uncertainty=True`` maps the standard deviation of the error of each value. The result is taken
for the truth, noise of the model is put on it again and again, and the same method restores that.
"""

import matplotlib.pyplot as plt
import numpy as np

import napari_fresco as fresco

cells = fresco.samples.micrograph()
light = (cells.truth[100:196, 100:196] - cells.offset) / cells.gain
image = np.random.default_rng(0).poisson(light.clip(0)).astype(np.float32)  # photons

result = fresco.restore(image, method='ffdnet', uncertainty=True)

figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout='constrained')
pictures = {'photons': image, 'denoised': result.image, 'its standard error': result.uncertainty}
for ax, (title, picture) in zip(axes, pictures.items(), strict=True):
    shown = ax.imshow(picture, cmap='gray' if 'error' not in title else 'magma')
    figure.colorbar(shown, ax=ax, shrink=0.8)
    ax.set(title=title)
    ax.axis('off')

# %%
# Here the truth is known: how much of it lies within two standard errors?

inside = np.abs(result.image - light) <= 2 * result.uncertainty
print(f'{inside.mean():.1%} of the pixels')

# %%
# A line through it, with its band:

row = 48
figure, ax = plt.subplots(figsize=(9, 3), layout='constrained')
low, high = (result.image[row] + sign * 2 * result.uncertainty[row] for sign in (-1, 1))
ax.fill_between(range(96), low, high, alpha=0.3, label='± 2 standard errors')
ax.plot(light[row], 'k', lw=1, label='truth')
ax.plot(image[row], '.', ms=3, label='photons')
ax.set(xlabel='pixel', ylabel='photons')
ax.legend()
