"""
Compare methods where the truth is known
========================================

Degrade a picture by a known law, restore it by several methods, and look. A session keeps the
networks between calls.
"""

import matplotlib.pyplot as plt

import napari_fresco as fresco

truth = fresco.samples.mural().truth[130:258, 190:318]
noisy = fresco.degrade.apply(truth, 'gaussian_noise', {'sigma': 25}, seed=0).image

with fresco.Session() as session:
    results = {
        name: session.restore(noisy, method=name, task='denoise').image
        for name in ('dncnn', 'ffdnet', 'drunet', 'virnet', 'vdir', 'scunet', 'dpir')
    }

figure, axes = plt.subplots(2, 4, figsize=(10, 5.4), layout='constrained')
for ax, (name, picture) in zip(axes.flat, {'noisy': noisy, **results}.items(), strict=True):
    ax.imshow(picture)
    ax.set(title=f'{name}, {fresco.metrics.psnr(picture, truth):.1f} dB')
    ax.axis('off')

# %%
# One drawn picture with white noise says little about other images: see *Benchmarks* for sets of
# them, and for micrographs above all.
