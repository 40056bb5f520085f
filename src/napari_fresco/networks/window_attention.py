"""Self-attention inside square windows of an image, plain or shifted by half a window.

Reference: Z. Liu et al., "Swin Transformer: Hierarchical Vision Transformer
using Shifted Windows", ICCV 2021, doi:10.1109/ICCV48922.2021.00986.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class WindowAttention(nn.Module):
    """Multi-head self-attention of the tokens within each window.

    The weight of key q for query p depends on what they hold and on a learned
    bias of their offset in the window,

        softmax(Q K^T / sqrt(head_dim) + bias[row_p - row_q, column_p - column_q]) V.

    `dim`: length of a token, a multiple of `head_dim`.
    `head_dim`: length of a query, key or value of one head.
    `window_size`: side of a window in tokens.
    `shifted`: move the windows by half their side, so that they join what the plain windows part.
        The image is rolled for it; what only the rolling brought together does not see each other.

    ``forward`` takes and returns tokens ``(N, H, W, dim)``, H and W multiples
    of `window_size`. PyTorch's fused attention takes the softmax in float32
    also under autocast.
    """

    def __init__(self, dim: int, head_dim: int, window_size: int, *, shifted: bool) -> None:
        super().__init__()
        self.heads = dim // head_dim
        self.window_size = window_size
        self.shift = window_size // 2 if shifted else 0
        offsets = 2 * window_size - 1
        self.relative_position_params = nn.Parameter(torch.zeros(self.heads, offsets, offsets))
        self.embedding_layer = nn.Linear(dim, 3 * dim)
        self.linear = nn.Linear(dim, dim)

    def forward(self, tokens: Tensor) -> Tensor:
        rolled = tokens.roll((-self.shift, -self.shift), (1, 2)) if self.shift else tokens
        windows = partition(rolled, self.window_size)
        rows, columns = windows.shape[1:3]
        split = self.embedding_layer(windows).unflatten(-1, (3, self.heads, -1))
        # Queries, keys, values, each (N, windows, heads, tokens of a window, head_dim).
        qkv = split.flatten(1, 2).permute(3, 0, 1, 4, 2, 5)
        attended = self._attend(qkv, rows, columns).transpose(2, 3).flatten(3)
        mixed = self.linear(attended).unflatten(1, (rows, columns))
        out = join(mixed, self.window_size)
        return out.roll((self.shift, self.shift), (1, 2)) if self.shift else out

    def _attend(self, qkv: Tensor, rows: int, columns: int) -> Tensor:
        bias = self._bias()
        attended = _attention(qkv, bias)
        if not self.shift:
            return attended
        # Only the last row and column of windows hold what the rolling brought together. They
        # are counted, not searched for, so that the host need not wait for the device.
        number = torch.arange(rows * columns, device=qkv.device)
        edge = torch.cat((number[(rows - 1) * columns :], number[columns - 1 : -1 : columns]))
        hidden = self._hidden(edge // columns == rows - 1, edge % columns == columns - 1)
        masked = torch.where(hidden, -torch.inf, bias)
        return attended.index_copy(1, edge, _attention(qkv[:, :, edge], masked))

    def _bias(self) -> Tensor:
        """Return the bias of every query for every key, ``(heads, area, area)``."""
        side = self.window_size
        offsets = self.relative_position_params.unfold(1, side, 1).unfold(2, side, 1)
        return offsets.flip(3, 4).reshape(self.heads, side**2, side**2)

    def _hidden(self, last_row: Tensor, last_column: Tensor) -> Tensor:
        """Return which keys each query must not see, ``(windows, 1, area, area)``."""
        side = self.window_size
        token = torch.arange(side**2, device=last_row.device)
        below, right = token // side >= side - self.shift, token % side >= side - self.shift
        rows = last_row[:, None, None, None] & (below[:, None] != below)
        columns = last_column[:, None, None, None] & (right[:, None] != right)
        return rows | columns


def partition(tokens: Tensor, side: int) -> Tensor:
    """Cut ``(N, H, W, C)`` into windows ``(N, H / side, W / side, side * side, C)``."""
    n, height, width, channels = tokens.shape
    cut = tokens.reshape(n, height // side, side, width // side, side, channels)
    return cut.transpose(2, 3).flatten(3, 4)


def join(windows: Tensor, side: int) -> Tensor:
    """Undo :func:`partition`."""
    n, rows, columns, _, channels = windows.shape
    squares = windows.reshape(n, rows, columns, side, side, channels)
    return squares.transpose(2, 3).reshape(n, rows * side, columns * side, channels)


def _attention(qkv: Tensor, bias: Tensor) -> Tensor:
    """Return the attention of ``(3, N, windows, heads, area, head_dim)``, without the three.

    `bias` is ``(heads, area, area)``, or has one more axis of windows before.
    """
    n, windows = qkv.shape[1:3]
    mask = bias.expand(n, windows, *bias.shape[-3:]).flatten(0, 1)
    query, key, value = qkv.flatten(1, 2)
    attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    return attended.reshape(n, windows, *attended.shape[1:])
