"""Reading FFDNet and DnCNN from the authors' MATLAB files (MatConvNet, SimpleNN)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import WeightsError

_HDF5_SIGNATURE = b'\x89HDF\r\n\x1a\n'

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]


def read_matconvnet(path: Path) -> dict[str, Tensor]:
    """Return the parameters of the convolutions of ``net.layers`` by PyTorch name.

    MATLAB keeps filters as ``(height, width, in, out)`` and drops a trailing
    dimension of 1. Filters are not flipped: ``vl_nnconv`` correlates.

    Raises WeightsError when the file needs h5py and it is not installed, or holds no such net.
    """
    layers = _read_hdf5(path) if _is_hdf5(path) else _read_classic(path)
    if len(layers) < 2:
        raise WeightsError(f'{path} holds no MatConvNet network with convolutions in net.layers')
    filters = [_filters(weight) for weight, _ in layers]
    biases = [np.ravel(bias) for _, bias in layers]
    if filters[0].shape[1] == filters[-1].shape[0] + 1:
        _reorder_cells(filters, biases)
    state = {}
    for k, (weight, bias) in enumerate(zip(filters, biases, strict=True)):
        state[f'model.{2 * k}.weight'] = torch.from_numpy(np.array(weight, np.float32, order='C'))
        state[f'model.{2 * k}.bias'] = torch.from_numpy(np.array(bias, np.float32))
    return state


def _filters(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    if weight.ndim == 3:
        weight = weight[..., None]
    return weight.transpose(3, 2, 0, 1)


def _reorder_cells(filters: list[NDArray[np.float32]], biases: list[NDArray[np.float32]]) -> None:
    """Renumber the four sub-images of FFDNet, which MATLAB counts down the columns first."""
    outputs = filters[-1].shape[0]
    order = [4 * c + k for c in range(outputs // 4) for k in (0, 2, 1, 3)]
    filters[0] = filters[0][:, [*order, outputs]]
    filters[-1], biases[-1] = filters[-1][order], biases[-1][order]


def _is_hdf5(path: Path) -> bool:
    with path.open('rb') as file:
        return _HDF5_SIGNATURE in (file.read(8), file.read(1024)[504:512])


def _read_hdf5(path: Path) -> list[Layer]:
    try:
        h5py: Any = import_module('h5py')
    except ImportError:
        raise WeightsError(
            f'{path} is a MATLAB 7.3 file, which needs h5py; '
            'install napari-fresco[mat] or convert the file to .npz'
        ) from None
    layers = []
    with h5py.File(path, 'r') as file:
        for reference in np.ravel(file['net']['layers'][()]):
            layer = file[reference]
            if _text(layer['type'][()]) == 'conv':
                cells = [file[cell][()] for cell in np.ravel(layer['weights'][()])]
                # HDF5 counts dimensions the other way round.
                layers.append(_pair(path, [np.asarray(cell).T for cell in cells]))
    return layers


def _read_classic(path: Path) -> list[Layer]:
    loadmat: Any = import_module('scipy.io').loadmat
    net = loadmat(path, struct_as_record=False)['net'][0, 0]
    layers = []
    for cell in np.ravel(net.layers):
        layer = cell[0, 0]
        if str(layer.type[0]) == 'conv':
            layers.append(_pair(path, [np.asarray(w) for w in np.ravel(layer.weights)]))
    return layers


def _text(codes: NDArray[np.uint16]) -> str:
    return ''.join(map(chr, np.ravel(codes)))


def _pair(path: Path, weights: Sequence[NDArray[Any]]) -> Layer:
    if len(weights) != 2 or weights[0].ndim not in (3, 4):
        raise WeightsError(f'{path} has a convolution without filters and biases')
    return weights[0].astype(np.float32), weights[1].astype(np.float32)
