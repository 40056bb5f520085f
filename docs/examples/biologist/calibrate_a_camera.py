"""
Calibrate a camera
==================

Dark frames and evenly lit frames of some levels tell gain, offset and read noise better than any
picture can. The camera here is simulated: gain 2, offset 100, read noise 3, and two hot pixels.
"""

import matplotlib.pyplot as plt
import numpy as np

import napari_fresco as fresco

random = np.random.default_rng(0)
dark = np.rint(random.normal(100, 3, (12, 96, 96)))
dark[:, 20, 30], dark[:, 70, 50] = 400, 900
flats = [
    np.rint(2.0 * random.poisson(light, (6, 96, 96)) + random.normal(100, 3, (6, 96, 96)))
    for light in (20, 60, 180, 500, 1200)
]
found = fresco.photon_transfer(dark, flats)
found.camera

# %%
# Photon noise is a straight line: its slope is the gain.

figure, ax = plt.subplots(figsize=(6, 3.6), layout='constrained')
ax.plot(found.level_mean, found.level_variance, 'o', label='measured')
level = np.linspace(100, found.level_mean.max())
ax.plot(level, found.camera.variance(level), label='gain · (level - offset) + read noise²')
ax.set(xlabel='mean of a level', ylabel='variance')
ax.legend()

# %%
# How sure it is, how far a level lies from the line, and how many pixels stand out:

found.gain_error, found.misfit, int(found.hot.sum())

# %%
# A restoration takes it as a preset, which is JSON.

cells = fresco.samples.micrograph().image[:128, :128]
result = fresco.restore(cells, method='ffdnet', params=found.preset(name='camera 1'))
result.provenance['noise']
