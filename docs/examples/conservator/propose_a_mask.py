"""
Let the mask be proposed
========================

Thin lines that are darker than the paint on both sides are likely cracks, and rare colours likely
losses. Proposals are there to be looked at and corrected.
"""

import matplotlib.pyplot as plt
import numpy as np

import napari_fresco as fresco

wall = fresco.samples.mural()
image, truth = wall.image[:256, :256], wall.mask[:256, :256]

response = fresco.damage.crack_response(image)  # once
shares = (0.03, 0.08)  # as often as you like: how much may be marked
masks = {f'at most {share:.0%}': fresco.damage.cracks_above(response, share) for share in shares}

figure, axes = plt.subplots(1, 4, figsize=(11, 3), layout='constrained')
pictures = {'photograph': image, 'looks like a crack': response.clip(0, None), **masks}
for ax, (title, picture) in zip(axes, pictures.items(), strict=True):
    ax.imshow(picture, cmap='magma')
    ax.set(title=title)
    ax.axis('off')

# %%
# The sample knows where its damage is. A drawn outline with one colour on both sides looks like a
# crack, too: on a mural with outlines, scribbles teach the difference. Label 1 is damage, 2 paint;
# here they are a few strokes of the true mask and of the paint.

found = masks['at most 8%']
print(f'{(found & truth).sum() / found.sum():.0%} of what is marked is damage')

scribbles = np.zeros(image.shape[:2], np.uint8)
scribbles[20:236:24][truth[20:236:24]] = 1
scribbles[32:236:24][~truth[32:236:24]] = 2
learned = fresco.damage.learn_from_scribbles(fresco.damage.scribble_features(image), scribbles)
print(f'{(learned.mask & truth).sum() / learned.mask.sum():.0%} after scribbles')
