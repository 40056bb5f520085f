"""
Enlarge a photograph
====================

Two kinds of answers: USRNet's agrees with the image you have; a generative network draws what
looks real, and partly invents it. Results say which of the two they are.
"""

import matplotlib.pyplot as plt

import napari_fresco as fresco

truth = fresco.samples.mural().truth[130:274, 190:334]
small = fresco.degrade.apply(truth, 'bicubic', {'scale': 2}, seed=0).image

faithful = fresco.restore(
    small, method='usrnet', task='super_resolve', scale=2, kernel='virnet', sigma='virnet'
)
invented = fresco.restore(small, method='bsrgan', scale=2, model='bsrgan_compact_x2')

figure, axes = plt.subplots(1, 4, figsize=(12, 3.4), layout='constrained')
pictures = {
    'small': small,
    f'USRNet: {faithful.provenance["kind"]}': faithful.image,
    f'BSRGAN: {invented.provenance["kind"]}': invented.image,
    'truth': truth,
}
for ax, (title, picture) in zip(axes, pictures.items(), strict=True):
    ax.imshow(picture)
    ax.set(title=title)
    ax.axis('off')

# %%
# Do not measure in generative results, and do not show them as findings. No number tells what was
# invented: PSNR does not see which detail is true.

for title, result in (('USRNet', faithful), ('BSRGAN', invented)):
    print(f'{title}: {fresco.metrics.psnr(result.image, truth):.1f} dB')
