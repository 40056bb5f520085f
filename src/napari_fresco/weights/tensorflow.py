"""Reading VDIR from the authors' TensorFlow checkpoints, without TensorFlow.

A file ``NAME.data-00000-of-00001`` is the tensors one after the other, in the
order of their names, little-endian float32 without anything between. Names and
shapes follow from the network; ``tensorflow.toml`` beside this module holds
the checksums by which the two published files are told apart and damage is
found.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import WeightsError
from ..networks.vdir import VDIR

_TABLE = Path(__file__).with_name('tensorflow.toml')
_POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits reversed
_MASK_DELTA = 0xA282EAD8
_FLOAT32 = 4

_LAYERS = (
    (r'encoder\.logvar', r'EST/sigma'),
    (r'encoder\.(\w+)', r'EST/\1'),
    (r'restorer\.groups\.(\d+)\.blocks\.(\d+)\.(\w+)', r'Denoise/RIRBlock\1/RBlock\2/\3'),
    (r'restorer\.groups\.(\d+)\.(\w+)', r'Denoise/RIRBlock\1/\2'),
    (r'restorer\.conv_in', r'Denoise/conv1'),
    (r'restorer\.conv_mid', r'Denoise/conv2'),
    (r'restorer\.conv_out', r'Denoise/conv3'),
)
_KINDS = {'weight': 'kernel', 'bias': 'bias'}


@dataclass(frozen=True)
class Stretch:
    """The place of one tensor in the file.

    `name`, `tensorflow_name`: ours and the authors'.
    `offset`, `size`: in bytes.
    `shape`: as it is stored: ``(kh, kw, in, out)`` for kernels.
    """

    name: str
    tensorflow_name: str
    offset: int
    size: int
    shape: tuple[int, ...]


@cache
def layout() -> tuple[Stretch, ...]:
    """Return where each tensor of the published network lies."""
    with torch.device('meta'):
        parameters = VDIR().state_dict()
    stretches: list[Stretch] = []
    offset = 0
    for authors, name in sorted((_tensorflow_name(name), name) for name in parameters):
        tensor = parameters[name]
        shape = tuple(tensor.permute(2, 3, 1, 0).shape if tensor.ndim == 4 else tensor.shape)
        stretches.append(Stretch(name, authors, offset, _FLOAT32 * math.prod(shape), shape))
        offset += stretches[-1].size
    return tuple(stretches)


def published() -> dict[str, tuple[int, ...]]:
    """Return the masked CRC-32C of every tensor, in order, of each published checkpoint."""
    table = tomllib.loads(_TABLE.read_text(encoding='utf-8'))
    return {name: tuple(int(c, 16) for c in codes.split()) for name, codes in table.items()}


def read_tensorflow(
    path: Path, known: Mapping[str, Sequence[int]] | None = None
) -> dict[str, Tensor]:
    """Return the tensors of a VDIR checkpoint by our names.

    `path`: ``model-AWGN.data-00000-of-00001`` or ``model-Real_Noise.data-00000-of-00001``.
    `known`: checksums by name of checkpoint, instead of :func:`published`.
    Raises WeightsError when the file has another length, is no known checkpoint, or is damaged.
    """
    data = path.read_bytes()
    stretches = layout()
    expected = sum(s.size for s in stretches)
    if len(data) != expected:
        fault = 'is cut short' if len(data) < expected else "is not one of VDIR's"
        raise WeightsError(
            f'{path} {fault}: it has {len(data)} bytes, not {expected}; copy it again from '
            "the authors' repository, not as a Git LFS pointer or web page"
        )
    _check(path, data, known or published())
    return {s.name: _tensor(data, s) for s in stretches}


def crc32c(data: bytes) -> int:
    """Return the CRC-32C (Castagnoli) of `data`.

    The data are cut into equal rows, whose registers advance side by side.
    Advancing is linear over bits, so the same loop also gives what a row's
    length of zeros does to each bit of a register, by which the rows are joined.
    """
    table = _crc_table()
    side = max(math.isqrt(len(data)), 1)
    split = len(data) % side
    total = 0xFFFFFFFF
    for byte in data[:split]:
        total = int(table[(total ^ byte) & 0xFF]) ^ (total >> 8)
    rows = np.frombuffer(data, np.uint8, offset=split).reshape(-1, side)
    bits = np.left_shift(np.uint32(1), np.arange(32, dtype=np.uint32))
    registers = np.concatenate((np.zeros(len(rows), np.uint32), bits))
    columns = np.zeros((side, len(registers)), np.uint8)
    columns[:, : len(rows)] = rows.T
    for column in columns:
        registers = table[(registers ^ column) & 0xFF] ^ (registers >> 8)
    zeros = registers[len(rows) :]
    for register in registers[: len(rows)]:
        total = int(np.bitwise_xor.reduce(zeros[(total & bits) > 0])) ^ int(register)
    return total ^ 0xFFFFFFFF


def masked_crc32c(data: bytes) -> int:
    """Return the CRC-32C as TensorFlow stores it: turned by 15 bits, a constant added."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF


@cache
def _crc_table() -> NDArray[np.uint32]:
    crc = np.arange(256)
    for _ in range(8):
        crc = (crc >> 1) ^ _POLYNOMIAL * (crc & 1)
    return crc.astype(np.uint32)


def _check(path: Path, data: bytes, known: Mapping[str, Sequence[int]]) -> None:
    found = [masked_crc32c(data[s.offset : s.offset + s.size]) for s in layout()]
    agreeing = {
        name: sum(a == b for a, b in zip(found, codes, strict=True))
        for name, codes in known.items()
    }
    nearest = max(agreeing, key=lambda name: agreeing[name])
    if agreeing[nearest] == len(found):
        return
    if agreeing[nearest] == 0:
        raise WeightsError(
            f"{path} is none of VDIR's checkpoints ({', '.join(known)}): no checksum agrees; "
            'convert other weights to .safetensors yourself'
        )
    pairs = zip(layout(), found, known[nearest], strict=True)
    broken = [s.tensorflow_name for s, crc, code in pairs if crc != code]
    raise WeightsError(
        f'{path} is {nearest} but damaged in {broken[0]} ({len(broken)} of {len(found)} tensors '
        'have another checksum); copy it again'
    )


def _tensor(data: bytes, s: Stretch) -> Tensor:
    array = np.frombuffer(data, '<f4', count=s.size // _FLOAT32, offset=s.offset).reshape(s.shape)
    if array.ndim == 4:
        array = array.transpose(3, 2, 0, 1)
    return torch.from_numpy(np.array(array, np.float32, order='C'))


def _tensorflow_name(name: str) -> str:
    layer, kind = name.rsplit('.', 1)
    for pattern, replacement in _LAYERS:
        if match := re.fullmatch(pattern, layer):
            return f'{match.expand(replacement)}/conv2d/{_KINDS[kind]}'
    raise KeyError(name)
