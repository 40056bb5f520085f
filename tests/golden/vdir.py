"""VDIR against the authors' graph, run by TensorFlow."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_fresco.networks.vdir import config_from, join, legacy_bilinear, sample_latent
from napari_fresco.networks.vdir_training import Discriminator, VDIRTraining
from napari_fresco.training import vdir_losses

from .base import Golden, close

DISCRIMINATOR = 'discriminator.'


def tf1_legacy_bilinear(golden: Golden) -> None:
    atol = golden.meta['tolerance']['atol']
    for k, (rows, columns, *size) in enumerate(golden.meta['sizes']):
        x = torch.from_numpy(golden.inputs[f'x{k}'])
        assert x.shape[-2:] == (rows, columns)
        close(legacy_bilinear(x, tuple(size)), golden.outputs[f'y{k}'], atol)


@torch.no_grad()
def vdir_forward(golden: Golden) -> None:
    atol, expected = golden.meta['tolerance']['atol'], golden.outputs
    tensors = golden.state_dict()
    name, config = config_from(tensors)
    assert (name, config['latent']) == ('vdir', golden.meta['latent_channels'])
    assert config['width'] == golden.meta['width']
    network = VDIRTraining(**config)
    discriminator = Discriminator(config['channels'], config['width'])
    own = [name for name in tensors if name.startswith(DISCRIMINATOR)]
    discriminator.load_state_dict(
        {name.removeprefix(DISCRIMINATOR): tensors.pop(name) for name in own}
    )
    network.load_state_dict(tensors, strict=True)
    x, eps = (torch.from_numpy(golden.inputs[name]) for name in ('x', 'eps'))

    mu, logvar = network.encoder(x)
    latent = sample_latent(mu, logvar, eps)
    close(mu, expected['mu'], atol)
    close(logvar, expected['logvar'], atol)
    close(latent, expected['latent'], atol)
    close(join(x, latent)[:, x.shape[1] :], expected['latent_upsampled'], atol)
    close(network(x, eps), expected['restored'], atol)
    close(network(x), expected['restored_eps0'], atol)
    close(network.decoder(latent), expected['decoded'], atol)
    close(network.estimator(latent), expected['estimate'], atol)
    close(discriminator(x), expected['disc_logit'], atol)
    after = {key: value for key, value in expected.items() if key.startswith('u_after/')}
    assert len(after) == 11
    for key, value in after.items():
        close(discriminator.get_buffer(key.removeprefix(f'u_after/{DISCRIMINATOR}')), value, atol)


def vdir_losses_case(golden: Golden) -> None:
    given = {name: torch.from_numpy(array) for name, array in golden.inputs.items()}
    share = golden.meta['weights']
    weights = vdir_losses.VDIRWeights(share['beta'], share['adv'], share['est'])
    parts = vdir_losses.parts(
        clean=given['label'],
        restored=given['output'],
        degraded=given['input'],
        decoded=given['decoded'],
        mu=given['mu'],
        logvar=given['logvar'],
        logits=given['fake_logit'],
        truth=given['sigma'],
        estimate=given['sigma_est'],
    )
    opposed = vdir_losses.discriminator_loss(given['real_logit'], given['fake_logit'])
    named: dict[str, Tensor] = {
        'res': parts.restoration,
        'kl': parts.divergence,
        'ae': parts.decoding,
        'est': parts.estimation,
        'adv': parts.adversarial,
        'd_loss': opposed,
        'total': parts.total(weights),
    }
    assert named.keys() == golden.outputs.keys()
    for name, value in named.items():
        close(value, golden.outputs[name], golden.meta['tolerance']['atol'])


CASES = {
    'vdir/tf1_legacy_bilinear': tf1_legacy_bilinear,
    'vdir/vdir_forward': vdir_forward,
    'vdir/vdir_losses': vdir_losses_case,
}
