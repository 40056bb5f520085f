"""Golden files: inputs and outputs of the authors' own code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch


@dataclass(frozen=True)
class Golden:
    """One golden file, with its arrays sorted by role."""

    path: Path
    meta: dict[str, Any]
    params: dict[str, np.ndarray]
    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]

    @classmethod
    def read(cls, path: Path) -> Golden:
        """Read `path`, whose keys are ``meta`` and ``param|input|output/name``."""
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        meta = json.loads(str(arrays.pop('meta')))
        roles: dict[str, dict[str, np.ndarray]] = {'param': {}, 'input': {}, 'output': {}}
        for key, array in arrays.items():
            role, name = key.split('/', 1)
            roles[role][name] = array
        return cls(path, meta, roles['param'], roles['input'], roles['output'])

    def state_dict(self, prefix: str = '') -> dict[str, torch.Tensor]:
        """Return the parameters below `prefix` as tensors."""
        return {
            key[len(prefix) :]: torch.from_numpy(np.array(value))
            for key, value in self.params.items()
            if key.startswith(prefix)
        }

    def weights_path(self) -> Path:
        """Return the file of ``meta['weights_file']``, beside this file's folder."""
        return self.path.parent.parent / self.meta['weights_file']


def close(actual: torch.Tensor | np.ndarray, expected: np.ndarray, atol: float) -> None:
    """Assert that `actual` equals `expected` to `atol` everywhere, shapes included."""
    array = actual.detach().cpu().numpy() if isinstance(actual, torch.Tensor) else actual
    assert array.shape == expected.shape
    np.testing.assert_allclose(array, expected, rtol=0, atol=atol)
