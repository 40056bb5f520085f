"""
Sharpen a shaken photograph
===========================

Straight motion and defocus leave dark lines in the spectrum of a photograph, from which the blur
is found and then undone. Every other blur is refused in one sentence.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy import ndimage

import napari_fresco as fresco

sharp = fresco.samples.mural().truth.astype(float)
motion = fresco.kernels.motion(9, 20)
shaken = np.dstack([ndimage.convolve(channel, motion) for channel in np.moveaxis(sharp, -1, 0)])
shaken = (shaken + np.random.default_rng(0).normal(0, 1, shaken.shape)).round().clip(0, 255)
photo = shaken.astype(np.uint8)

kernel = fresco.kernels.from_photograph(photo)
kernel.metadata

# %%
# The kernel of the whole photograph undoes the blur of a part of it. ``kernel='auto'`` does both
# steps in one call.

part = np.s_[120:248, 180:308]
result = fresco.restore(photo[part], method='dpir', task='deblur', kernel=kernel)

figure, axes = plt.subplots(1, 3, figsize=(9, 3.3), layout='constrained')
pictures = {
    'shaken': photo[part],
    'restored': result.image,
    'truth': sharp[part] / 255,
}
for ax, (title, picture) in zip(axes, pictures.items(), strict=True):
    ax.imshow(picture)
    ax.set(title=title)
    ax.axis('off')
