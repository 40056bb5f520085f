"""Micrographs to learn from: specimens, microscopes and cameras, drawn in batches.

Everything is made on the device of the training and follows from the seed of a
:class:`~napari_fresco.degrade.random_source.RandomSource`, on devices of one kind. A
training pair is made like this::

    source = RandomSource.seeded(seed, device)
    sharp = draw(8, 64, source)
    clean = blur(sharp, psf(8, source), 'mirror')
    noisy, variance = camera_noise(clean, source)
"""

from .optics import psf
from .sensor import camera_noise
from .specimen import draw

__all__ = ['camera_noise', 'draw', 'psf']
