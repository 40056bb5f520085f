"""
Denoise a micrograph
====================

The noise of a camera grows with the light. It is found in the image, made white, removed by a
network and the transform is taken back, so that intensities stay counts of the camera.
"""

import matplotlib.pyplot as plt

import napari_fresco as fresco

cells = fresco.samples.micrograph()
image = cells.image[100:292, 100:292]  # uint16, as the camera gave it
result = fresco.restore(image, method='drunet')

# %%
# The result has the type and the unit of the image.

figure, axes = plt.subplots(1, 2, figsize=(9, 4.6), layout='constrained')
for ax, title, picture in zip(axes, ('noisy', 'denoised'), (image, result.image), strict=True):
    ax.imshow(picture, cmap='gray', vmin=image.min(), vmax=image.max())
    ax.set(title=f'{title}, {picture.dtype}')
    ax.axis('off')

# %%
# What was found of the noise stands in the provenance; the sample was made with a gain of 2, an
# offset of 100 and a read noise of 3. Offset and read noise of one image cannot be told apart.

result.provenance['noise']

# %%
# Was it well done? Every result is checked without a truth; what failed says what to do.

for check in result.checks:
    print(f'{check.name:10} {check.value:8.3f}  {"good" if check.ok else check.message}')
