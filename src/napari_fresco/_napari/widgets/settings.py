"""The user's preferences, read from napari's settings page where there is one."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ...declare.options import MEMORY_VARIABLE
from ...weights.store import FOLDER_VARIABLE

PLUGIN = 'napari-fresco'


@dataclass(frozen=True)
class Preferences:
    """The page Preferences > Fresco; the manifest declares the same defaults.

    `device`: device that panels start with.
    `tile`: side of a network tile in pixels; None lets the library choose.
    `memory`: gigabytes that networks may take; 0 for all that are free.
    `weights_folder`: folder of weights files; empty means the user's cache.
    `network`: 'ask' before anything is fetched, or 'never' fetch.
    `preview_rate`: preview images per second, at most 4.
    `live_preview`: whether panels start with the preview ticked.
    `offer_tour`: whether the next panel brings the tour.
    """

    device: str = 'auto'
    tile: int | None = None
    memory: float = 0.0
    weights_folder: str = ''
    network: str = 'ask'
    preview_rate: float = 4.0
    live_preview: bool = True
    offer_tour: bool = True


def apply_to_library(preferences: Preferences) -> None:
    """Let the library look for weights where the user prefers, and keep to the memory budget."""
    if preferences.weights_folder:
        os.environ[FOLDER_VARIABLE] = preferences.weights_folder
    if preferences.memory:
        os.environ[MEMORY_VARIABLE] = f'{preferences.memory:g}'


def read_preferences() -> Preferences:
    """Return the user's preferences, or the defaults where napari keeps none (before 0.9)."""
    try:
        from napari.settings import get_plugin_settings

        stored = get_plugin_settings(PLUGIN)
    except (ImportError, KeyError):
        return Preferences(offer_tour=False)  # it could not be remembered
    return Preferences(
        device=stored.compute.device,
        tile=stored.compute.tile or None,
        memory=stored.compute.memory,
        weights_folder=stored.compute.weights_folder,
        network=stored.compute.network,
        preview_rate=stored.preview.rate,
        live_preview=stored.preview.live,
        offer_tour=stored.help.tour,
    )


def note_tour_offered() -> None:
    """Remember that the tour need not be offered any more."""
    from napari.settings import get_plugin_settings

    get_plugin_settings(PLUGIN).help.tour = False
