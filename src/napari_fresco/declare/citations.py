"""The publications of the methods."""

DPIR = (
    'K. Zhang, Y. Li, W. Zuo, L. Zhang, L. Van Gool, R. Timofte, "Plug-and-Play Image Restoration '
    'with Deep Denoiser Prior", IEEE TPAMI 44(10), 2022, doi:10.1109/TPAMI.2021.3088914'
)
IRCNN = (
    'K. Zhang, W. Zuo, S. Gu, L. Zhang, "Learning Deep CNN Denoiser Prior for Image Restoration", '
    'CVPR 2017, doi:10.1109/CVPR.2017.300'
)
DEEPRED = (
    'G. Mataev, P. Milanfar, M. Elad, "DeepRED: Deep Image Prior Powered by RED", ICCV Workshops '
    '2019; D. Ulyanov, A. Vedaldi, V. Lempitsky, "Deep Image Prior", CVPR 2018, '
    'doi:10.1109/CVPR.2018.00984'
)
FFDNET = (
    'K. Zhang, W. Zuo, L. Zhang, "FFDNet: Toward a Fast and Flexible Solution for CNN-Based Image '
    'Denoising", IEEE TIP 27(9), 2018, doi:10.1109/TIP.2018.2839891'
)
DNCNN = (
    'K. Zhang, W. Zuo, Y. Chen, D. Meng, L. Zhang, "Beyond a Gaussian Denoiser: Residual Learning '
    'of Deep CNN for Image Denoising", IEEE TIP 26(7), 2017, doi:10.1109/TIP.2017.2662206'
)
USRNET = (
    'K. Zhang, L. Van Gool, R. Timofte, "Deep Unfolding Network for Image Super-Resolution", '
    'CVPR 2020, doi:10.1109/CVPR42600.2020.00328'
)
VIRNET = (
    'Z. Yue, H. Yong, Q. Zhao, L. Zhang, D. Meng, K.-Y. K. Wong, "Deep Variational Network Toward '
    'Blind Image Restoration", IEEE TPAMI 46(11), 2024, arXiv:2008.10796'
)
VDIR = (
    'J. W. Soh, N. I. Cho, "Variational Deep Image Restoration", IEEE TIP 31, 2022, '
    'arXiv:2207.01074'
)
SCUNET = (
    'K. Zhang, Y. Li, J. Liang, J. Cao, Y. Zhang, H. Tang, D.-P. Fan, R. Timofte, L. Van Gool, '
    '"Practical Blind Image Denoising via Swin-Conv-UNet and Data Synthesis", Machine Intelligence '
    'Research 20, 2023, doi:10.1007/s11633-023-1466-0'
)
BSRGAN = (
    'K. Zhang, J. Liang, L. Van Gool, R. Timofte, "Designing a Practical Degradation Model for '
    'Deep Blind Image Super-Resolution", ICCV 2021, doi:10.1109/ICCV48922.2021.00475'
)


RICHARDSON_LUCY = (
    'W. H. Richardson, "Bayesian-Based Iterative Method of Image Restoration", JOSA 62(1), 1972, '
    'doi:10.1364/JOSA.62.000055; L. B. Lucy, "An Iterative Technique for the Rectification of '
    'Observed Distributions", AJ 79, 1974, doi:10.1086/111605; M. Bertero, P. Boccacci, A&A 437, '
    '2005, doi:10.1051/0004-6361:20052717; D. S. C. Biggs, M. Andrews, Applied Optics 36(8), 1997, '
    'doi:10.1364/AO.36.001766'
)
WIENER = (
    'N. Wiener, "Extrapolation, Interpolation, and Smoothing of Stationary Time Series", 1949; '
    'V. A. Morozov, "On the solution of functional equations by the method of regularization", '
    'Soviet Math. Dokl. 7, 1966'
)

NOISE_CURVE = (
    'A. Foi, M. Trimeche, V. Katkovnik, K. Egiazarian, "Practical Poissonian-Gaussian Noise '
    'Modeling and Fitting for Single-Image Raw-Data", IEEE TIP 17(10), 2008, '
    'doi:10.1109/TIP.2008.2001399'
)
ANSCOMBE = (
    'M. Makitalo, A. Foi, "Optimal Inversion of the Generalized Anscombe Transformation for '
    'Poisson-Gaussian Noise", IEEE TIP 22(1), 2013, doi:10.1109/TIP.2012.2202675'
)
NOISE_LEVEL = (
    'M. Colom, A. Buades, "Analysis and Extension of the Ponomarenko et al. Method", IPOL 3, 2013, '
    'doi:10.5201/ipol.2013.45'
)
SCALAR_OPTICS = (
    'S. F. Gibson, F. Lanni, "Experimental test of an analytical model of aberration in an '
    'oil-immersion objective lens", J. Opt. Soc. Am. A 9, 1992'
)
VECTORIAL_OPTICS = (
    'B. Richards, E. Wolf, "Electromagnetic diffraction in optical systems II", Proc. R. Soc. A '
    '253, 1959'
)
TURNS = (
    'R. Timofte, R. Rothe, L. Van Gool, "Seven ways to improve example-based single image super '
    'resolution", CVPR 2016, doi:10.1109/CVPR.2016.206'
)
ERROR_BARS = (
    'B. Efron, "The Estimation of Prediction Error: Covariance Penalties and Cross-Validation", '
    'JASA 99(467), 2004, doi:10.1198/016214504000000692'
)
EXEMPLARS = (
    'A. Newson, A. Almansa, Y. Gousseau, P. Pérez, "Non-Local Patch-Based Image Inpainting", Image '
    'Processing On Line 7, 2017'
)
