"""Networks and denoisers that outlive one run: every file of weights is read and hashed once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

import torch

from .. import weights
from ..networks import devices
from ..networks.facts import Network
from ..types import Denoiser
from . import denoisers
from .tiled_network import TiledNetwork

Key = tuple[Any, ...]


class Pool:
    """Keeps loaded networks and denoisers as long as its owner lives.

    Weights are known by their file: one that has been replaced is read again. Several
    threads may ask at once.
    """

    def __init__(self) -> None:
        self._kept: dict[Key, Any] = {}
        self._stamps: dict[Key, Key] = {}
        self._devices: set[torch.device] = set()
        self._lock = threading.RLock()

    def load(self, name: str | Path, device: torch.device) -> Network:
        """Return the network of the weights `name` (registry name or file) on `device`."""
        key = ('weights', str(name), device)
        loaded = self._keep(key, _stamp(name), lambda: weights.load(name, device=device))
        return cast('Network', loaded)

    def network(
        self, name: str, device: torch.device, precision: str, tile: int | None
    ) -> TiledNetwork:
        """Return the network of the weights `name`, ready to be run in tiles."""
        module = self.load(name, device)
        found: TiledNetwork = self._keep(
            ('network', name, device, precision, tile),
            (id(module),),
            lambda: TiledNetwork(module, device=device, precision=precision, tile=tile),
        )
        return found

    def denoiser(
        self, name: str, channels: int, device: torch.device, precision: str, tile: int | None
    ) -> Denoiser:
        """Return the denoiser `name` for images of `channels`."""
        factory = denoisers.factory(name)
        found: Denoiser = self._keep(
            ('denoiser', name, channels, device, precision, tile),
            _stamp(denoisers.weights_of(name, channels)) if factory is None else (id(factory),),
            lambda: denoisers.make(
                name,
                channels=channels,
                device=device,
                precision=precision,
                tile=tile,
                load=self.load,
            ),
        )
        return found

    def frees(self, device: torch.device) -> None:
        """Register a device whose memory is given back when this is closed."""
        with self._lock:
            self._devices.add(device)

    def close(self) -> None:
        """Drop all networks and give the memory back; the pool can be used again."""
        with self._lock:
            self._kept.clear()
            self._stamps.clear()
            used, self._devices = self._devices, set()
        for device in used:
            devices.free(device)

    def _keep(self, key: Key, stamp: Key, make: Any) -> Any:
        """Return the object kept as `key`, made anew if its source has changed."""
        with self._lock:
            if key not in self._kept or self._stamps[key] != stamp:
                self._kept[key], self._stamps[key] = make(), stamp
                self._devices.update(part for part in key if isinstance(part, torch.device))
            return self._kept[key]


def _stamp(name: str | Path) -> Key:
    """Return a key that changes when a weights file is replaced."""
    try:
        path = weights.path(str(name)) if str(name) in weights.registry() else Path(name)
        facts = path.stat()
    except (OSError, ValueError):
        return ()  # the attempt to load it says what is wrong
    return str(path), facts.st_size, facts.st_mtime_ns
