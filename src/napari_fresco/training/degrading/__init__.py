"""The random degradations of :mod:`napari_fresco.degrade` for batches, on their device.

For training only. What is drawn follows the same laws, with parameters for every
image; what decides the course of the computation (the order of the steps, sizes, ways to
resize) is drawn for groups of images. Images are ``(N, C, H, W)``, C = 1 or 3, in [0, 1].
"""

from __future__ import annotations

from .pipelines import bsrgan, scunet

__all__ = ['bsrgan', 'scunet']
