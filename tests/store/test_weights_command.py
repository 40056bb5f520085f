"""The weights on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from napari_fresco import weights
from napari_fresco.cli import weights_command
from napari_fresco.errors import WeightsError
from napari_fresco.weights import cache
from napari_fresco.weights.registry import file_sha256

from ..checkpoints import FFDNET, network, save
from .tiny_registry import registry_module


def run(*arguments: str) -> Result:
    return CliRunner().invoke(weights_command.weights, arguments)


def test_the_command_line_lists_what_the_weights_are_for(published: Path) -> None:
    weights.get('unsigned', progress=False)
    lines = run('list').output.splitlines()
    assert all(len(line) <= 120 for line in lines)
    assert [line.split() for line in lines] == [
        ['name', 'task', 'image', 'scale', 'kind', 'file', 'size', 'hash'],
        ['tiny', 'denoise', 'gray', 'absent', '0.0', 'MB', 'known'],
        ['PSNR:', 'Set12', '20', 'at', 'sigma', '25', '(published).', 'Licence:', 'MIT'],
        ['twin', 'denoise', 'gray', 'absent', 'about', '0.3', 'MB', 'known'],
        ['PSNR:', 'not', 'published.', 'Licence:', 'MIT'],
        ['unsigned', 'denoise', 'gray', 'cached', '0.0', 'MB', 'pinned'],
        ['PSNR:', 'not', 'published.', 'Licence:', 'MIT'],
        ['ours', 'denoise', 'gray', 'absent', 'known'],
        ['PSNR:', 'not', 'measured.', 'Licence:', 'BSD-3-Clause'],
        ['unlicensed', 'super_resolve', 'colour', 'x2', 'generative', 'absent', 'known'],
        ['PSNR:', 'not', 'published.', 'Licence:', 'none', 'stated'],
    ]


def test_the_command_line_lists_bundled_weights_first_and_what_they_measure(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_fresco.weights import cards

    save(network('ffdnet', **FFDNET), registry_module.BUNDLED / 'ours.safetensors')

    class Card:
        def summary(self) -> str:
            return 'BSD68 29.10 dB at sigma 25'

    monkeypatch.setattr(cards, 'card', {'ours': Card()}.get)
    lines = run('list').output.splitlines()
    assert lines[1].split() == ['ours', 'denoise', 'gray', 'bundled', '0.0', 'MB', 'known']
    assert lines[2].strip() == 'PSNR: BSD68 29.10 dB at sigma 25. Licence: BSD-3-Clause'


def test_the_command_line_says_when_a_hash_is_pinned(published: Path, tmp_path: Path) -> None:
    first = run('get', 'unsigned', '--quiet').output.splitlines()
    assert first[0] == str(tmp_path / 'cache' / 'unsigned.pth')
    assert file_sha256(published) in first[1]
    assert str(cache.pin_file(weights.entry('unsigned'))) in first[1]
    assert run('get', 'unsigned', '--quiet').output.splitlines() == first[:1]
    assert len(run('get', 'tiny', '--quiet').output.splitlines()) == 1
    cache.pin_file(weights.entry('unsigned')).unlink()
    assert 'no hash of it is published or pinned' in run('check', 'unsigned').output
    assert 'is pinned in' in run('add', 'unsigned', str(published)).output
    assert 'the same file as the first that came' in run('check', 'unsigned').output


def test_check_looks_at_all_before_it_complains(published: Path) -> None:
    for name in ('tiny', 'twin', 'unsigned'):
        weights.get(name, progress=False)
    for name in ('tiny', 'twin'):
        weights.path(name).write_bytes(b'half')
    result = run('check')
    assert [line.split(':')[0] for line in result.output.splitlines()] == ['unsigned']
    assert isinstance(result.exception, WeightsError)
    for file in ('published.pth is cut short', 'twin.pth is cut short, corrupt'):
        assert file in str(result.exception)
