"""Declarations of the training objectives, without torch.

Each is implemented in :mod:`napari_fresco.training.objectives`.
"""

from __future__ import annotations

from dataclasses import dataclass

_CORRELATED = (
    'noise that hangs together from pixel to pixel, as in JPEG files and in demosaicked or resized '
    'photographs, was never seen'
)
_ONE_KERNEL = (
    'it knows one Gaussian kernel for the whole image: motion blur, sharpening halos and JPEG '
    'mislead it'
)
_INVENTED = 'detail is invented: nothing in the result is to be measured'


@dataclass(frozen=True)
class GaussianDenoising:
    """White Gaussian noise of a level that the network is told.

    `sigma_max`: most noise, on the 0-255 scale.
    `relative`: the loss is the root mean square error of a crop over the square root of its sigma,
        so that crops with little noise count as well; otherwise L1.
    """

    sigma_max: float = 50
    relative: bool = False

    @property
    def limits(self) -> tuple[str, ...]:
        """Limits of the training data, in words."""
        return f'noise above {self.sigma_max:g} / 255 was never seen', _CORRELATED


@dataclass(frozen=True)
class BankDenoising:
    """IRCNN: white Gaussian noise, of one level for each denoiser of the bank; L1 loss.

    The first denoiser, which serves for all less noise than its own, sees all of it.
    """

    @property
    def limits(self) -> tuple[str, ...]:
        """Limits of the training data, in words."""
        return 'noise above 50 / 255 was never seen', _CORRELATED


@dataclass(frozen=True)
class Unfolding:
    """USRNet: kernel, scale factor and noise level are told; L1 loss.

    `scales`: scale factors, one of which is drawn for a batch.
    `sigma_max`: most noise, on the 0-255 scale.
    `adversarial`: USRGAN: in adversarial stages, let a discriminator tell results from true images.
        What comes out invents detail, and is labelled generative.
    """

    scales: tuple[int, ...] = (1, 2, 3, 4)
    sigma_max: float = 25
    adversarial: bool = False

    @property
    def limits(self) -> tuple[str, ...]:
        """Limits of the training data, in words."""
        seen = (
            f'noise above {self.sigma_max:g} / 255 was never seen',
            'a kernel that is wrong, or shifted wrongly, shows as ringing',
        )
        return (*seen, _INVENTED) if self.adversarial else seen


@dataclass(frozen=True)
class VariationalDenoising:
    """VIRNet: independent Gaussian noise whose level varies over the image; ELBO.

    `sigma_max`: greatest standard deviation, on the 0-255 scale.
    `eps2`: variance of the clean image given the truth.
    `window`: side p of the window that the prior of the variance stands for.
    `camera`: share of the crops that get the Poisson-Gaussian noise of a camera instead.
    """

    sigma_max: float = 75
    eps2: float = 1e-6
    window: int = 7
    camera: float = 0.0

    @property
    def limits(self) -> tuple[str, ...]:
        """Limits of the training data, in words."""
        return f'the levels it knows end at {self.sigma_max + 5:g} / 255', _CORRELATED


@dataclass(frozen=True)
class VariationalSR:
    """VIRNet: an unknown Gaussian kernel and white noise; ELBO.

    `scale`: scale factor.
    `sigma_max`: most noise, on the 0-255 scale.
    `eps2`: variance of the sharp image given the truth.
    `window`: side p of the window that the prior of the variance stands for.
    """

    scale: int = 2
    sigma_max: float = 15
    eps2: float = 1e-5
    window: int = 9

    @property
    def limits(self) -> tuple[str, ...]:
        """Limits of the training data, in words."""
        wide = f'kernels wider than {self.scale:g} pixels and noise above '
        return f'{wide}{self.sigma_max:g} / 255 were never seen', _ONE_KERNEL


@dataclass(frozen=True)
class LatentRestoration:
    """VDIR: L1 + beta KL + reconstruction from the latent.

    `task`: 'denoise' (white Gaussian noise), 'deblock' (JPEG) or 'super_resolve'.
    `scale`: scale factor of 'super_resolve'.
    `sigma`: noise levels of 'denoise', on the 0-255 scale.
    `quality`: JPEG qualities of 'deblock'.
    `beta`: weight of the Kullback-Leibler divergence of the latent.
    `adversarial`: in adversarial stages, let a discriminator tell what is decoded from the latent
        from what was seen. The authors gain 0.08 dB by it.
    """

    task: str = 'denoise'
    scale: int = 1
    sigma: tuple[float, float] = (5, 70)
    quality: tuple[int, int] = (10, 80)
    beta: float = 0.01
    adversarial: bool = False

    @property
    def limits(self) -> tuple[str, ...]:
        """Limits of the training data, in words."""
        low, high = self.sigma
        limits = {
            'denoise': (
                f'noise below {low:g} / 255 or above {high:g} / 255 was never seen',
                _CORRELATED,
            ),
            'deblock': ('files that were resized, or saved twice, were never seen',),
            'super_resolve': (_ONE_KERNEL, 'noise was never seen'),
        }
        return limits[self.task]


@dataclass(frozen=True)
class BlindDenoising:
    """SCUNet: mixed noise of photographs, resized and compressed; L1 loss.

    `light`: share of the images that get white noise alone, sigma up to 50 / 255. The mixture is
        heavy, and a network that never saw less smooths everything.
    """

    light: float = 0.5

    @property
    def limits(self) -> tuple[str, ...]:
        """Limits of the training data, in words."""
        return (
            'fine texture is smoothed; a network that is told a known level of white noise '
            'keeps more',
            'the noise it learnt is a substitute for the unpublished pipeline of the authors',
        )


@dataclass(frozen=True)
class BlindSR:
    """BSRNet and BSRGAN: a random order of blur, resizing, noise and JPEG; L1 loss.

    `scale`: scale factor.
    `light`: share of the images that are only reduced, bicubically, with white noise up to 5 / 255.
        A network that never saw them takes all images for blurred.
    `adversarial`: BSRGAN: in adversarial stages, let a discriminator tell results from true images.
        What comes out invents detail, and is labelled generative.
    """

    scale: int = 4
    light: float = 0.35
    adversarial: bool = False

    @property
    def limits(self) -> tuple[str, ...]:
        """Limits of the training data, in words."""
        lost = 'noise and JPEG artefacts go together with fine texture'
        if self.adversarial:
            return lost, _INVENTED
        return (f'{lost}, and hardly any new detail is made',)


Declared = (
    GaussianDenoising
    | BankDenoising
    | Unfolding
    | VariationalDenoising
    | VariationalSR
    | LatentRestoration
    | BlindDenoising
    | BlindSR
)
