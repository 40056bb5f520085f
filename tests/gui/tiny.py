"""Tiny networks with random weights in a registry of their own: no test waits for training."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from napari_fresco import networks
from napari_fresco.weights import store

# The package hides the module behind the function of its name.
REGISTRY = import_module('napari_fresco.weights.registry')

_USRNET = {'n_iter': 2, 'h_nc': 8, 'in_nc': 4, 'out_nc': 3, 'nc': [8, 8, 8, 8], 'nb': 1}
_VIRNET = {'im_chn': 3, 'sigma_chn': 1, 'n_feat': [8, 16], 'dep_S': 2, 'n_resblocks': 1}
_VDIR = {'channels': 3, 'width': 8, 'groups': 1, 'blocks': 1}
_SCUNET = {'in_nc': 3, 'config': [1] * 7, 'dim': 16, 'head_dim': 8, 'window_size': 4}
_RRDB = {'in_nc': 3, 'out_nc': 3, 'nf': 8, 'nb': 1, 'gc': 4, 'sf': 2}

NETWORKS: dict[str, tuple[str, str, dict[str, Any], str, list[int]]] = {
    'usrnet_test': ('usrnet', 'usrnet', _USRNET, 'super_resolve', [1, 2, 3]),
    'usrgan_test': ('usrgan', 'usrnet', _USRNET, 'super_resolve', [2]),
    'virnet_test': ('virnet', 'virnet', _VIRNET, 'denoise', [1]),
    'virnet_sr_test': ('virnet', 'virnet_sr', {**_VIRNET, 'dep_K': 2}, 'super_resolve', [2]),
    'vdir_test': ('vdir', 'vdir', _VDIR, 'denoise', [1]),
    'scunet_test': ('scunet', 'scunet', _SCUNET, 'denoise', [1]),
    'bsrgan_test': ('bsrgan', 'rrdbnet', _RRDB, 'super_resolve', [2]),
}
"""Role, architecture, configuration, task and scales of each."""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the networks into `folder` and let the library know no others."""
    torch.manual_seed(0)
    table = ['[citations]', 'test = "A. Tester, Nowhere, 2020"']
    for name, (role, architecture, config, task, scales) in NETWORKS.items():
        network = networks.build(architecture, **config)
        tensors = {key: 0.3 * value.contiguous() for key, value in network.state_dict().items()}
        save_file(tensors, folder / f'{name}.safetensors')
        table += [
            f'[weights.{name}]',
            f'architecture = "{architecture}"',
            f'config = {{ {", ".join(f"{k} = {v}" for k, v in config.items())} }}',
            f'task = "{task}"',
            f'scales = {scales}',
            f'generative = {"true" if role == "usrgan" else "false"}',
            f'role = "{role}"',
            'channels = 3',
            'licence = "none"',
            'citation = "test"',
            f'file = "{name}.safetensors"',
            'quality = "none"',
        ]
    toml = folder / 'registry.toml'
    toml.write_text('\n'.join(table), encoding='utf-8')
    monkeypatch.setattr(REGISTRY, 'TABLE', toml)
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(folder))
    REGISTRY.registry.cache_clear()
