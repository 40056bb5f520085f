"""
Restore layers of napari
========================

``restore_layer`` does what a panel does, in a script, with a window or without: a viewer model
needs no screen. The result lies where its source lies.
"""

import matplotlib.pyplot as plt
from napari.components import ViewerModel  # napari.Viewer() where there is a screen

import napari_fresco as fresco
from napari_fresco.layers import restore_layer

wall = fresco.samples.mural()
viewer = ViewerModel()
viewer.add_image(wall.image[100:228, 180:308], name='wall', scale=(0.5, 0.5), units=('mm', 'mm'))
viewer.add_labels(
    wall.mask[100:228, 180:308].astype(int), name='cracks', scale=(0.5, 0.5), units=('mm', 'mm')
)

layers = restore_layer(viewer, 'wall', method='dpir', task='inpaint', mask='cracks')
for layer in viewer.layers:
    print(layer.name, layer.scale, layer.units)

# %%
# What was done goes with the layer.

result = layers[-1]
print(result.metadata['napari_fresco']['method'], result.metadata['napari_fresco']['mask'])

figure, axes = plt.subplots(1, 2, figsize=(7, 3.8), layout='constrained')
for ax, layer in zip(axes, (viewer.layers['wall'], result), strict=True):
    ax.imshow(layer.data)
    ax.set(title=layer.name)
    ax.axis('off')
