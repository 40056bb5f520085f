"""
Fill cracks and losses
======================

You say what is damaged, with a mask; only that is painted anew. The pixels beside it come back
bit for bit. What is filled in is a proposal, not a finding.
"""

import matplotlib.pyplot as plt
import numpy as np

import napari_fresco as fresco

wall = fresco.samples.mural()
part = np.s_[140:300, 180:340]
image, mask, truth = wall.image[part], wall.mask[part], wall.truth[part]

result = fresco.restore(image, method='dpir', task='inpaint', mask=mask)

figure, axes = plt.subplots(1, 3, figsize=(9, 3.3), layout='constrained')
marked = np.where(mask[..., None], (255, 0, 160), image)
pictures = {'photograph': image, 'what is marked': marked, 'filled': result.image}
for ax, (title, picture) in zip(axes, pictures.items(), strict=True):
    ax.imshow(picture)
    ax.set(title=title)
    ax.axis('off')

# %%
# Nothing else was touched, and ``filled`` says what was painted.

print(np.array_equal(result.image[~mask], image[~mask]), f'{result.filled.mean():.0%} painted')

# %%
# Checks look at the mask, too: how much it covers, whether it lies on the damage, and how wide
# the widest hole is. A drawing that was lost in a wide one is not known to any method.

for check in result.checks:
    print(f'{check.name:10} {check.value:6.2f}  {"good" if check.ok else check.message}')
