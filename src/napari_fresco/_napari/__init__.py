"""The napari plugin: a thin face over the library. Nothing here knows torch or mathematics."""
