"""
Keep what belongs to a photograph
=================================

A scale, a colour profile or a caption goes in with a file and comes out with the result; the
report says what was done, for the file of the object.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import napari_fresco as fresco

folder = Path(tempfile.mkdtemp())
wall = fresco.samples.mural()
photo = fresco.Image(
    wall.image[:128, :160],
    'YXS',
    {'Y': (0.5, 'mm'), 'X': (0.5, 'mm')},
    metadata={'text': {'Description': 'north wall, second register'}},
)
fresco.write(folder / 'wall.tif', photo)

# %%
# Read, restore, write:

image = fresco.read(folder / 'wall.tif')
result = fresco.restore(image, method='dpir', task='inpaint', mask=wall.mask[:128, :160])
fresco.write(folder / 'restored.tif', result.image)

again = fresco.read(folder / 'restored.tif')
print(again.spacing, again.metadata['text'])
plt.imshow(again.data)
plt.axis('off')

# %%
# A report is one page with pictures, checks, parameters and the versions of all weights; the
# provenance is the same as JSON. This is its paragraph for a treatment record or a paper:

fresco.evidence.report(result, image, folder / 'report.html')
print(fresco.evidence.methods_paragraph(result.provenance))
