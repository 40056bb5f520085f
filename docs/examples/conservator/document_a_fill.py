"""
Show that a fill is one
=======================

A fill that nobody can tell from the original is a forgery. It is kept apart as a layer of its
own, shown in a way that can be told at close range, and put on record.
"""

import matplotlib.pyplot as plt
import numpy as np

import napari_fresco as fresco

wall = fresco.samples.mural()
part = np.s_[140:300, 180:340]
image, mask = wall.image[part], wall.mask[part]

result = fresco.restore(image, method='dpir', task='inpaint', mask=mask)

# %%
# Photograph and insert are the result, bit for bit. Taken away, the insert leaves the photograph.

insert = fresco.intervention.insert(image, result)
print(np.array_equal(fresco.intervention.composed(image, insert), result.image))

# %%
# A pixel of this picture is a millimetre of the wall. Lines of 2 mm fuse from 7 metres on.

names = ('rigatino', 'astrazione', 'neutral')
shown = {
    name: fresco.intervention.render(image, result, rendering=name, mm_per_pixel=1.0, **options)
    for name, options in zip(names, ({'width': 2, 'length': 20}, {'width': 2}, {}), strict=True)
}
figure, axes = plt.subplots(1, 4, figsize=(10, 2.9), layout='constrained')
axes[0].imshow(insert.data)
axes[0].set(title='insert')
for ax, (name, rendered) in zip(axes[1:], shown.items(), strict=True):
    ax.imshow(rendered.image)
    ax.set(title=name)
for ax in axes:
    ax.axis('off')

# %%
# Where several fills differ they are hypotheses. Where they agree they may still be wrong together.

found = fresco.intervention.hypotheses(image, mask, seeds=(0, 1), iterations=6)
print(found.facts()['meaning'])

figure, ax = plt.subplots(figsize=(4, 3.4), layout='constrained')
drawn = ax.imshow(found.spread, cmap='magma')
figure.colorbar(drawn, label='spread in L*a*b*')
ax.axis('off')
