"""napari layers as images and results as layers, without Qt: for panels and for scripts."""
