"""
Restore a folder
================

A recipe says what is to be done with which files. The same recipe runs on the command line, and
a second run does only what is missing.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import napari_fresco as fresco

folder = Path(tempfile.mkdtemp())
(folder / 'raw').mkdir()
cells = fresco.samples.micrograph().image
for i in range(3):
    fresco.write(folder / f'raw/{i}.tif', cells[100 * i :, 100 * i :][:96, :96])

recipe = fresco.batch.BatchRecipe(
    images=str(folder / 'raw/*.tif'),
    output=str(folder / 'restored'),
    method='ffdnet',
    keep='provenance',
)
outcome = fresco.batch.run(recipe)
outcome.counts

# %%
# An image that is replaced is made again, the others are finished.

fresco.write(folder / 'raw/1.tif', cells[:96, :96], overwrite=True)
fresco.batch.run(recipe).counts

# %%
# Each result has its provenance beside it.

figure, rows = plt.subplots(2, 3, figsize=(7, 5), layout='constrained')
for axes, name in zip(rows, ('raw', 'restored'), strict=True):
    for ax, path in zip(axes, sorted((folder / name).glob('*.tif')), strict=True):
        ax.imshow(fresco.read(path).data, cmap='gray')
        ax.set(title=path.relative_to(folder))
        ax.axis('off')

# %%
# The recipe as a file, for ``napari-fresco batch night.yaml``:

recipe.write(folder / 'night.yaml')
print((folder / 'night.yaml').read_text().replace(str(folder), 'FOLDER'))
