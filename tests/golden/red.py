"""RED diagnostics of the authors' FFDNet against a reference computed with autograd."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from napari_fresco.networks import build
from napari_fresco.solvers.red import red_diagnostics

from .base import Golden, close


def read_network(path: Path, dtype: torch.dtype) -> torch.nn.Module:
    """Return the network whose weights and configuration the file holds."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    config = json.loads(str(arrays.pop('meta')))['config']
    network = build(config.pop('arch'), **config).to(dtype).eval()
    network.load_state_dict({k: torch.from_numpy(v).to(dtype) for k, v in arrays.items()})
    return network.requires_grad_(False)


def check_red_diagnostics(golden: Golden) -> None:
    meta, expected = golden.meta, golden.outputs
    network = read_network(golden.weights_path(), torch.float64)
    options = {'epsilon': meta['eps'], 'step': meta['rho_fd'], 'sigma': meta['sigma'] / 255}
    rtol = meta['suggested_rtol']
    patch = golden.inputs['x']
    exact = red_diagnostics(network, patch, derivative='autograd', **options)
    close(exact.jacobian, expected['jacobian'], rtol)
    close(exact.red_gradient[0], expected['grad_red'], rtol)
    close(exact.true_gradient[0], expected['grad_true'], rtol)
    np.testing.assert_allclose(exact.jacobian_asymmetry, expected['nem'], rtol=rtol)
    np.testing.assert_allclose(exact.value, expected['red_value'], rtol=rtol)
    np.testing.assert_allclose(exact.homogeneity_mse, expected['homogeneity_mse'], rtol=rtol)
    differences = red_diagnostics(network, patch, **options)
    np.testing.assert_allclose(differences.jacobian_asymmetry, expected['nem_fd'], rtol=rtol)


CASES: dict[str, Callable[[Golden], None]] = {'ffdnet/red_diagnostics': check_red_diagnostics}
