"""
Repeat what was done in napari
==============================

Each result layer knows how it was made. ``record_session`` turns that into a script, recipes and a
methods section, whether panels or a script did it.
"""

import runpy
import tempfile
from pathlib import Path

from napari.components import ViewerModel  # napari.Viewer() where there is a screen

import napari_fresco as fresco
from napari_fresco.layers import fill_losses, record_session, restore_layer, undo_fill

wall = fresco.samples.mural()
part = (slice(100, 196), slice(180, 276))
viewer = ViewerModel()
viewer.add_image(wall.image[part], name='wall', scale=(0.5, 0.5), units=('mm', 'mm'))
viewer.add_labels(wall.mask[part].astype(int), name='cracks', scale=(0.5, 0.5), units=('mm', 'mm'))

fill_losses(viewer, 'wall', mask='cracks', iterations=4)
undo_fill(viewer, 'wall', 1)
restore_layer(viewer, 'wall [filled]', method='ffdnet')
for layer in viewer.layers:
    print(layer.name)

# %%
# The folder is all that somebody else needs.

folder = Path(tempfile.mkdtemp()) / 'session'
for path in record_session(viewer, folder):
    print(path.name)
print((folder / 'session.py').read_text())

# %%
# The script does it again, and says whether the results are the same.

made = runpy.run_path(str(folder / 'session.py'))

# %%
# What goes into a paper:

print((folder / 'methods.md').read_text())
