"""The user's preferences, read from napari's settings page where there is one."""

from __future__ import annotations

from dataclasses import dataclass

PLUGIN = 'napari-fresco'


@dataclass(frozen=True)
class Preferences:
    """What Preferences > Fresco holds; the manifest declares the same defaults.

    `device`: device that panels start with.
    `tile`: side of a network tile in pixels; None lets the library choose.
    `weights_folder`: folder of weights files; empty means the user's cache.
    `preview_rate`: preview images per second, at most 4.
    `live_preview`: whether panels start with the preview ticked.
    """

    device: str = 'auto'
    tile: int | None = None
    weights_folder: str = ''
    preview_rate: float = 4.0
    live_preview: bool = True


def read_preferences() -> Preferences:
    """Return the user's preferences, or the defaults where napari keeps none (before 0.9)."""
    try:
        from napari.settings import get_plugin_settings

        stored = get_plugin_settings(PLUGIN)
    except (ImportError, KeyError):
        return Preferences()
    return Preferences(
        device=stored.compute.device,
        tile=stored.compute.tile or None,
        weights_folder=stored.compute.weights_folder,
        preview_rate=stored.preview.rate,
        live_preview=stored.preview.live,
    )
