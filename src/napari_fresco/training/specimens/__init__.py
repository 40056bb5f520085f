"""Micrographs to learn from: specimens, microscopes and cameras, drawn in batches.

Everything is made on the device of the training and follows from the seed of a
:class:`~napari_fresco.training.random_source.Chance`, on devices of one kind. A training pair is
made like this::

    chance = Chance(seed, device)
    sharp = draw(8, 64, chance)
    clean = blurring.mirrored(sharp, psf(8, chance))
    noisy, variance = camera_noise(clean, chance)
"""

from .optics import psf
from .scene import draw
from .sensor import camera_noise

__all__ = ['camera_noise', 'draw', 'psf']
