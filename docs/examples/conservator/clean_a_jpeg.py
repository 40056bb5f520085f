"""
Clean a JPEG
============

Blocks and halos of a strongly compressed photograph are removed. VDIR needs to be told nothing;
DPIR is told the quality, and draws on the same denoiser as for cracks.
"""

import matplotlib.pyplot as plt

import napari_fresco as fresco

truth = fresco.samples.mural().truth[60:220, 60:220]
photo = fresco.degrade.apply(truth, 'jpeg', {'quality': 15}).image

blind = fresco.restore(photo, method='vdir', task='deblock')
told = fresco.restore(photo, method='dpir', task='deblock', quality=15)

figure, axes = plt.subplots(1, 3, figsize=(9, 3.3), layout='constrained')
pictures = {'JPEG of quality 15': photo, 'VDIR': blind.image, 'DPIR': told.image}
for ax, (title, picture) in zip(axes, pictures.items(), strict=True):
    score = fresco.metrics.psnr(picture, truth)
    ax.imshow(picture[20:100, 20:100], interpolation='nearest')
    ax.set(title=f'{title}, {score:.1f} dB')
    ax.axis('off')
