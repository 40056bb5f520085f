"""Micrographs to learn from: specimens, microscopes and cameras, drawn in batches.

Everything is made on the device of the training and follows from a generator of
random numbers alone, on devices of one kind. A training pair is made like this::

    sharp = draw(8, 64, generator, device)
    clean = blurring.mirrored(sharp, psf(8, generator, device))
    noisy, variance = camera_noise(clean, generator)
"""

from .camera import camera_noise
from .optics import psf
from .scene import draw

__all__ = ['camera_noise', 'draw', 'psf']
