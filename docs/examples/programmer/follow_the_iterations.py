"""
Follow the iterations
=====================

Every method is a generator of steps. Take what you need of them and stop when you like.
"""

import matplotlib.pyplot as plt

import napari_fresco as fresco

cells = fresco.samples.micrograph()
image = cells.image[110:206, 110:206]

steps, pictures = [], []
for step in fresco.iterate(image, method='dpir', task='deblur', kernel=cells.kernel):
    steps.append(float(step.residual))
    if step.index in (1, 4, step.total):
        pictures.append((step.index, step.image))  # computed only when it is asked for

figure, axes = plt.subplots(1, 3, figsize=(9, 3.3), layout='constrained')
for ax, (index, picture) in zip(axes, pictures, strict=True):
    ax.imshow(picture, cmap='gray')
    ax.set(title=f'step {index}')
    ax.axis('off')

# %%
# The residual is the root mean square of H x - y.

figure, ax = plt.subplots(figsize=(6, 3), layout='constrained')
ax.plot(range(1, len(steps) + 1), steps, 'o-')
ax.set(xlabel='step', ylabel='residual')

# %%
# A callback that returns False stops a run, with the best estimate so far.

result = fresco.restore(
    image, method='dpir', task='deblur', kernel=cells.kernel, callback=lambda step: step.index < 3
)
result.finish
