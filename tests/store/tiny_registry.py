"""A registry of five tiny networks, and what lies where."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from napari_fresco import weights

# The package offers the function of the same name.
registry_module = import_module('napari_fresco.weights.registry')

TABLE = """
[sources]
here = "{url}/{{file}}"

[citations]
us = "Somebody, doi:10.0/0"

[weights.tiny]
{denoiser}
sigma = [0, 51]
licence = "MIT"
citation = "us"
quality = "Set12 20 at sigma 25 (published)"
file = "published.pth"
source = "here"
size = {size}
sha256 = "{sha256}"
tensors_sha256 = "{tensors}"

[weights.twin]
{denoiser}
licence = "MIT"
citation = "us"
quality = "not published"
file = "twin.pth"
source = "here"
megabytes = 0.3
sha256 = "{twin}"

[weights.unsigned]
{denoiser}
licence = "MIT"
citation = "us"
quality = "not published"
file = "unsigned.pth"
source = "here"

[weights.ours]
{denoiser}
role = "ffdnet"
licence = "BSD-3-Clause"
citation = "us"
file = "ours.safetensors"
sha256 = "old"

[weights.unlicensed]
architecture = "virnet_sr"
config = {{ n_feat = [8, 8], dep_S = 3, dep_K = 1, n_resblocks = 1, noise_prior = "deviation" }}
task = "super_resolve"
scales = [2]
channels = 3
generative = true
licence = "none stated"
citation = "us"
quality = "not published"
file = "sisr.pth"
page = "https://example.org/model"
git_sha1 = "{git}"
"""

DENOISER = """architecture = "ffdnet"
config = { in_nc = 1, out_nc = 1, nc = 4, nb = 3 }
task = "denoise"
channels = 1"""
ENLARGER = {'n_feat': [8, 8], 'dep_S': 3, 'dep_K': 1, 'n_resblocks': 1}
HALF = r'cut short: it has \d+ bytes, not \d+'


def cached(tmp_path: Path) -> list[str]:
    """Return the names of all that lies in the cache."""
    folder = tmp_path / 'cache'
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def places() -> list[str]:
    return [found.place for found in weights.status()]
