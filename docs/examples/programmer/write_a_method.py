"""
Write a method
==============

A solver is a generator that alternates what is known of the damage with what is known of
pictures. The degradation has an adjoint and an exact data step; the package lends the denoiser.
"""

import matplotlib.pyplot as plt
import torch

import napari_fresco as fresco
from napari_fresco.physics.operators import Blur

truth = torch.from_numpy(fresco.samples.mural().truth[130:258, 190:318] / 255).float()
truth = truth.mean(-1)[None, None]  # gray: (1, 1, H, W)
blur = Blur(fresco.kernels.gaussian(1.6), truth.shape[-2:])
noise = 0.02
observed = blur.forward(truth) + noise * torch.randn(truth.shape, generator=torch.manual_seed(0))

# %%
# Gradient descent on the data term knows nothing of pictures and stops before the noise comes up.

descended = observed.clone()
for _ in range(10):
    descended = descended - blur.adjoint(blur.forward(descended) - observed)

# %%
# With a network as the prior: half-quadratic splitting, the heart of DPIR, in three lines.

network = fresco.weights.load('ffdnet_gray', device='cpu')
z = observed.clone()
with torch.no_grad():
    for sigma in torch.logspace(-0.7, -1.7, 8):  # from strong to the noise of the image
        x = blur.prox(z, observed, 0.1 * (noise / sigma) ** 2)
        z = network(x, sigma.reshape(1, 1, 1, 1))

figure, axes = plt.subplots(1, 4, figsize=(12, 3.4), layout='constrained')
pictures = {'blurred': observed, 'gradient descent': descended, 'with a prior': z, 'truth': truth}
for ax, (title, picture) in zip(axes, pictures.items(), strict=True):
    score = -10 * torch.log10((picture - truth).square().mean())
    ax.imshow(picture[0, 0], cmap='gray', vmin=0.15, vmax=0.9)
    ax.set(title=title if picture is truth else f'{title}, {score:.1f} dB')
    ax.axis('off')

# %%
# *Add a method* tells how such a solver gets a panel, a command, tiles and provenance.
