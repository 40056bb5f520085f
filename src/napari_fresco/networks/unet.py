"""The U-Net that DRUNet and SCUNet have in common: four scales and additive skips, no biases."""

from __future__ import annotations

from torch import Tensor, nn

from .precision import full_precision, to_autocast


class UNet(nn.Module):
    """From a head through three coarser scales and back to a tail.

    A subclass makes the layers ``m_head``, ``m_down1`` to ``m_down3``, ``m_body``,
    ``m_up3`` to ``m_up1`` and ``m_tail``. Under autocast the first and last layers
    and the skip between them stay in full precision, so that the image itself is never
    rounded to 8 bits.
    """

    m_head: nn.Module
    m_down1: nn.Module
    m_down2: nn.Module
    m_down3: nn.Module
    m_body: nn.Module
    m_up3: nn.Module
    m_up2: nn.Module
    m_up1: nn.Module
    m_tail: nn.Module

    def forward(self, x: Tensor) -> Tensor:
        with full_precision(x):
            head: Tensor = self.m_head(x)
        x1 = to_autocast(head)
        x2 = self.m_down1(x1)
        x3 = self.m_down2(x2)
        x4 = self.m_down3(x3)
        u = self.m_up3(self.m_body(x4) + x4)
        u = self.m_up2(u + x3)
        u = self.m_up1(u + x2)
        with full_precision(x):
            clean: Tensor = self.m_tail(u + head)
        return clean


def halve(inputs: int, outputs: int) -> nn.Conv2d:
    """Return the step to the next coarser scale."""
    return nn.Conv2d(inputs, outputs, 2, stride=2, bias=False)


def double(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    """Return the step to the next finer scale."""
    return nn.ConvTranspose2d(inputs, outputs, 2, stride=2, bias=False)
