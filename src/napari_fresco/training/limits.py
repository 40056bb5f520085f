"""What a checkpoint never saw in training, and is not to be trusted with; torch-free."""

from __future__ import annotations

from .declared import (
    BankDenoising,
    BlindDenoising,
    BlindSR,
    Declared,
    GaussianDenoising,
    LatentRestoration,
    Unfolding,
    VariationalDenoising,
    VariationalSR,
)

_CORRELATED = (
    'noise that hangs together from pixel to pixel, as in JPEG files and in demosaicked or resized '
    'photographs, was never seen'
)
_ONE_KERNEL = (
    'it knows one Gaussian kernel for the whole image: motion blur, sharpening halos and JPEG '
    'mislead it'
)


def limits(objective: Declared) -> tuple[str, ...]:
    """Return in words what a network that learns `objective` never sees."""
    match objective:
        case GaussianDenoising():
            above = f'noise above {objective.sigma_max:g} / 255 was never seen'
            return above, _CORRELATED
        case BankDenoising():
            return 'noise below 2 / 255 or above 50 / 255 was never seen', _CORRELATED
        case VariationalDenoising():
            highest = objective.sigma_max + 5
            return f'the levels it knows end at {highest:g} / 255', _CORRELATED
        case Unfolding():
            return (
                f'noise above {objective.sigma_max:g} / 255 was never seen',
                'a kernel that is wrong, or shifted wrongly, shows as ringing',
            )
        case VariationalSR():
            wide = f'kernels wider than {objective.scale:g} pixels and noise above '
            return f'{wide}{objective.sigma_max:g} / 255 were never seen', _ONE_KERNEL
        case LatentRestoration():
            return _latent(objective)
        case BlindDenoising():
            return (
                'fine texture is smoothed; a network that is told a known level of white noise '
                'keeps more',
                'the noise it learnt is a substitute for the unpublished pipeline of the authors',
            )
        case BlindSR():
            lost = 'noise and JPEG artefacts go together with fine texture'
            if objective.adversarial:
                return lost, 'detail is invented: nothing in the result is to be measured'
            return (f'{lost}, and hardly any new detail is made',)


def _latent(objective: LatentRestoration) -> tuple[str, ...]:
    low, high = objective.sigma
    never = {
        'denoise': (
            f'noise below {low:g} / 255 or above {high:g} / 255 was never seen',
            _CORRELATED,
        ),
        'deblock': ('files that were resized, or saved twice, were never seen',),
        'super_resolve': (_ONE_KERNEL, 'noise was never seen'),
    }
    return never[objective.task]
