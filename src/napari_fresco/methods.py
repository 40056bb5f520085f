"""MOVED: edit and import napari_fresco.catalogue instead (a submodule `methods` would hide fresco.methods()). Goes away soon."""
from .catalogue import *  # noqa: F403
