"""Does an installed napari-fresco work: import, manifest, a restoration, a window with panels?"""

from __future__ import annotations

import sys
import time
import warnings

LONGEST_REGISTRATION = 0.05  # s of processor time


def main() -> None:
    """Go through all of it, and say how long registering took."""
    import numpy as np

    import napari_fresco as fresco

    assert 'torch' not in sys.modules, 'importing napari_fresco imports torch'
    registration = register()
    assert registration < LONGEST_REGISTRATION, f'registering takes {registration:.3f} s'
    assert 'torch' not in sys.modules, 'registering the plugin imports torch'
    show_panels()
    assert 'torch' not in sys.modules, 'opening panels imports torch'
    image = np.random.default_rng(0).normal(100, 10, (48, 48))
    result = fresco.restore(image, method='ffdnet', sigma=10, data_range=(0, 255))
    assert result.image.std() < image.std() / 2, 'nothing was denoised'
    print(f'napari-fresco {fresco.__version__} works; registered in {1000 * registration:.0f} ms')


def register() -> float:
    """Return the processor seconds that the manifest takes to be read and registered."""
    from npe2 import PluginManager, PluginManifest

    PluginManifest.from_distribution('napari-fresco')  # what is read once for all plugins
    start = time.process_time()
    PluginManager().register(PluginManifest.from_distribution('napari-fresco'))
    return time.process_time() - start


def show_panels() -> None:
    """Open a viewer with an image and some panels, as the menu of napari does."""
    import napari
    import numpy as np

    warnings.simplefilter('ignore')  # those of old dependencies are not ours
    viewer = napari.Viewer(show=False)
    viewer.add_image(np.zeros((32, 32)))
    for name in ('Restore', 'Fill losses'):
        viewer.window.add_plugin_dock_widget('napari-fresco', name)
    viewer.close()


if __name__ == '__main__':
    main()
