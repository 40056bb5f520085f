"""
Measure the resolution
======================

Two exposures agree where there is signal and differ where there is noise: the frequency at which
their correlation falls to 1/7 is the resolution. One exposure of photons can be split in two.
"""

import matplotlib.pyplot as plt
import numpy as np

import napari_fresco as fresco

cells = fresco.samples.micrograph()
light = ((cells.truth - cells.offset) / cells.gain).clip(0)
random = np.random.default_rng(0)
first, second = random.poisson(light, (2, *light.shape))

two = fresco.evidence.frc(first, second, spacing=0.1)
one = fresco.evidence.frc(*fresco.evidence.split_counts(first), spacing=0.1)

figure, ax = plt.subplots(figsize=(7, 3.6), layout='constrained')
for curve, name in ((two, 'two exposures'), (one, 'one exposure, split')):
    ax.plot(curve.frequency, curve.values, label=f'{name}: {curve.resolution:.2f} µm')
ax.axhline(1 / 7, color='gray', lw=1)
ax.set(xlabel='frequency, 1/µm', ylabel='correlation', ylim=(-0.1, 1.05))
ax.legend()

# %%
# Never correlate two denoised images, or one that was split afterwards: a network invents the
# same in both, and the number means nothing. Decorrelation analysis needs one raw image.

found = fresco.evidence.decorrelation(first, spacing=0.1)
print(f'{found.resolution:.2f} µm, amplitude {found.amplitude:.2f}')
