"""
Deblur a micrograph
===================

The blur of the objective is undone with its point spread function. DPIR alternates an exact step
towards the measurement with a denoiser, so that the result, blurred again, is the image.
"""

import matplotlib.pyplot as plt

import napari_fresco as fresco

cells = fresco.samples.micrograph()
part = slice(90, 218)
image, truth = cells.image[part, part], cells.truth[part, part]

# %%
# Numerical aperture, wavelength and pixel size in µm, and the refractive index of air.

psf = fresco.kernels.microscope(0.7, 0.6, 0.1, refractive_index=1.0)
result = fresco.restore(image, method='dpir', task='deblur', kernel=psf)

figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout='constrained')
pictures = {'image': image, 'deblurred': result.image, 'the light itself': truth}
for ax, (title, picture) in zip(axes, pictures.items(), strict=True):
    ax.imshow(picture, cmap='gray', vmin=image.min(), vmax=image.max())
    ax.set(title=title)
    ax.axis('off')

# %%
# Along one line, in counts of the camera:

figure, ax = plt.subplots(figsize=(9, 3), layout='constrained')
for title, picture in pictures.items():
    ax.plot(picture[64], label=title)
ax.set(xlabel='pixel', ylabel='counts')
ax.legend()

# %%
# The sample was drawn, so that there is a truth to compare with.

for title in ('image', 'deblurred'):
    score = fresco.metrics.psnr(pictures[title], truth, data_range=float(truth.max()))
    print(f'{title}: {score:.1f} dB')
