"""Files of weights are fetched whole or not at all, whatever the server does."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from napari_fresco import weights
from napari_fresco.errors import WeightsError
from napari_fresco.weights import store
from napari_fresco.weights.registry import file_sha256

from .. import checkpoints
from ..checkpoints import Answer, Site, network, save
from .tiny_registry import HALF, cached, places, registry_module


def test_a_missing_file_is_not_fetched_but_explained(published: Path, tmp_path: Path) -> None:
    assert places() == ['missing'] * 5
    with pytest.raises(WeightsError) as caught:
        weights.load('tiny')
    message = str(caught.value)
    sha256 = file_sha256(published)
    for part in ('weights get tiny', f'published.pth (0.0 MB, sha256 {sha256}) from http', 'cache'):
        assert part in message
    shown = caught.value.in_window
    for part in ('choose others in the panel, or put published.pth', 'from http', 'cache'):
        assert part in shown
    assert 'napari-fresco' not in shown.replace(str(tmp_path), '')
    for refused in (weights.load, weights.get):
        with pytest.raises(WeightsError, match='install napari-fresco again'):
            refused('ours')
    assert cached(tmp_path) == []


@pytest.mark.parametrize('answer', [checkpoints.whole, checkpoints.moved])
@pytest.mark.parametrize('progress', [True, False])
def test_get_fetches_once(
    published: Path, site: Site, answer: Answer, progress: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    site.answer = answer
    path = weights.get('tiny', progress=progress)
    assert ('100%' in capfd.readouterr().err) == progress
    site.answer = checkpoints.failing(404)
    assert weights.get('tiny') == path == weights.check('tiny') == weights.path('tiny')
    assert path.read_bytes() == published.read_bytes()
    loaded = weights.load('tiny')
    assert (loaded.weights_name, loaded.facts.sigma_range) == ('tiny', (0, 0.2))
    assert places() == ['cache', *['missing'] * 4]


def lying(handler: BaseHTTPRequestHandler, site: Site, content: bytes) -> None:
    checkpoints.whole(handler, site, site.files['/twin.pth'])


def altering(handler: BaseHTTPRequestHandler, site: Site, content: bytes) -> None:
    """Give a file in which one value differs."""
    middle = len(content) // 2
    changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    checkpoints.whole(handler, site, changed)


@pytest.mark.parametrize(
    ('answer', 'message'),
    [
        (checkpoints.silent, r'published.pth: no answer for 0.2 seconds'),
        (checkpoints.stalling, r'published.pth: no answer for 0.2 seconds'),
        (checkpoints.truncating, r'the connection broke off \d+ bytes before the end'),
        (checkpoints.truncating_unnoticed, HALF),
        (checkpoints.in_circles, 'redirects'),
        (checkpoints.nonsensical, 'plenty'),
        (checkpoints.paging, 'published.pth is a web page, such as a log-in'),
        (checkpoints.empty, 'published.pth is empty'),
        (checkpoints.failing(404), 'the server answers 404 Not Found'),
        (checkpoints.failing(500), 'the server answers 500 Internal Server Error'),
        (lying, 'published.pth is twin and not tiny: its sha256 is'),
        (altering, 'published.pth is not tiny: its sha256 is'),
    ],
)
def test_whatever_else_the_server_does_nothing_is_kept(
    published: Path, site: Site, tmp_path: Path, answer: Answer, message: str
) -> None:
    site.answer = answer
    with pytest.raises(WeightsError, match=f'weights tiny cannot be fetched .*{message}') as caught:
        weights.get('tiny', progress=False)
    advice = f'from {site.url}/published.pth into {tmp_path / "cache"} (or'
    assert f'put published.pth (0.0 MB, sha256 {file_sha256(published)}) {advice}' in str(
        caught.value
    )
    assert cached(tmp_path) == []
    site.answer = checkpoints.whole
    assert weights.get('tiny', progress=False).read_bytes() == published.read_bytes()


def test_without_a_network_get_says_why_and_what_to_put_where(
    published: Path, site: Site, tmp_path: Path
) -> None:
    table = registry_module.TABLE
    table.write_text(table.read_text().replace(site.url, 'http://127.0.0.1:1'))
    weights.registry.cache_clear()
    with pytest.raises(WeightsError, match=r'Connection refused|refused it') as caught:
        weights.get('tiny', progress=False)
    advice = f'into {tmp_path / "cache"} (or into the folder named by {store.FOLDER_VARIABLE})'
    assert f'from http://127.0.0.1:1/published.pth {advice}' in str(caught.value)
    published.rename(tmp_path / 'cache' / 'published.pth')
    assert weights.load('tiny').weights_name == 'tiny'


def test_the_reason_is_that_of_the_network_and_not_of_the_caller(
    published: Path, site: Site
) -> None:
    site.answer = checkpoints.truncating
    try:
        weights.load('tiny')
    except WeightsError:
        with pytest.raises(WeightsError, match='broke off'):
            weights.get('tiny', progress=False)


def test_a_fetched_file_of_another_network_is_not_kept(
    published: Path, site: Site, tmp_path: Path
) -> None:
    dncnn = save(network('dncnn', nc=2, nb=3), tmp_path / 'dncnn.pth')
    site.files['/unsigned.pth'] = dncnn.read_bytes()
    message = r'/unsigned.pth looks like a DnCNN .*; unsigned takes an FFDNet'
    with pytest.raises(WeightsError, match=message):
        weights.get('unsigned', progress=False)
    assert cached(tmp_path) == []


@pytest.mark.parametrize('spoilt', [b'', b'half', None])
def test_get_replaces_a_spoilt_file(published: Path, tmp_path: Path, spoilt: bytes | None) -> None:
    path = weights.get('tiny', progress=False)
    path.write_bytes((tmp_path / 'twin.pth').read_bytes() if spoilt is None else spoilt)
    with pytest.raises(WeightsError, match='fetch'):
        weights.load('tiny')
    assert weights.get('tiny', progress=False) == path
    assert path.read_bytes() == published.read_bytes()


@pytest.mark.skipif(os.name != 'posix', reason='an open file cannot be replaced there')
def test_who_reads_a_file_that_is_replaced_reads_it_to_its_end(published: Path) -> None:
    path = weights.get('tiny', progress=False)
    path.write_bytes(b'half')
    with path.open('rb') as reader:
        weights.get('tiny', progress=False)
        assert reader.read() == b'half'


def test_a_spoilt_file_stays_when_no_other_can_be_had(published: Path, site: Site) -> None:
    path = weights.get('tiny', progress=False)
    path.write_bytes(b'half')
    site.answer = checkpoints.failing(404)
    with pytest.raises(WeightsError, match='404'):
        weights.get('tiny', progress=False)
    assert path.read_bytes() == b'half'


@pytest.mark.parametrize('way', ['get', 'add'])
def test_a_cache_that_cannot_be_written(published: Path, tmp_path: Path, way: str) -> None:
    (tmp_path / 'cache').write_text('in the way')
    cache = re.escape(str(tmp_path / 'cache'))
    message = rf'cannot be written into {cache}: .*; make it a folder .*_FRESCO_WEIGHTS names'
    with pytest.raises(WeightsError, match=message):
        _bring(way, published)


@pytest.mark.parametrize('way', ['get', 'add'])
def test_a_full_disk(published: Path, tmp_path: Path, way: str) -> None:
    resource = pytest.importorskip('resource')
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        with pytest.raises(
            WeightsError, match=r'cannot be written into .*: File too large; .* has room'
        ):
            _bring(way, published)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert cached(tmp_path) == []


def _bring(way: str, file: Path) -> None:
    if way == 'get':
        weights.get('tiny', progress=False)
    else:
        weights.add('tiny', file)


FETCH = """
import signal, sys
from importlib import import_module
from pathlib import Path
from napari_fresco import weights
from napari_fresco.weights import cache, store
# What starts the tests in the background may have told their processes not to listen.
signal.signal(signal.SIGINT, signal.default_int_handler)
import_module('napari_fresco.weights.registry').TABLE = Path(sys.argv[1])
cache.cache_folder = store.cache_folder = lambda: Path(sys.argv[2])
print(weights.get(sys.argv[3], progress=False))
"""


def fetching_elsewhere(tmp_path: Path, name: str) -> subprocess.Popen[str]:
    """Start a process that fetches the weights `name`."""
    arguments = [sys.executable, '-c', FETCH, registry_module.TABLE, tmp_path / 'cache', name]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_that_fetch_at_once_do_not_disturb_each_other(
    published: Path, site: Site, tmp_path: Path
) -> None:
    both = threading.Barrier(2, timeout=60)

    def interleaving(handler: BaseHTTPRequestHandler, site: Site, content: bytes) -> None:
        """Give to each the first half before either has the second."""
        handler.send_response(200)
        handler.send_header('Content-Length', str(len(content)))
        handler.end_headers()
        for half in (content[: len(content) // 2], content[len(content) // 2 :]):
            both.wait()
            handler.wfile.write(half)
            handler.wfile.flush()

    site.answer = interleaving
    target = tmp_path / 'cache' / 'unsigned.pth'
    processes = [fetching_elsewhere(tmp_path, 'unsigned') for _ in range(2)]
    while any(process.poll() is None for process in processes):
        if target.exists():
            assert target.read_bytes() == published.read_bytes()
        time.sleep(0.005)
    for process in processes:
        output, errors = process.communicate()
        assert (process.returncode, output.strip()) == (0, str(target)), errors
    assert cached(tmp_path) == ['unsigned.pth', 'unsigned.sha256']
    assert weights.check('unsigned') == target


INTERRUPTS = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL] if os.name == 'posix' else []


@pytest.mark.parametrize('number', INTERRUPTS)
def test_an_interrupted_fetch_leaves_nothing_that_is_taken_for_a_file(
    published: Path, site: Site, tmp_path: Path, number: signal.Signals
) -> None:
    site.files['/published.pth'] += bytes(1_000_000)  # so much that half of it reaches the disk
    site.answer = checkpoints.stalling
    process = fetching_elsewhere(tmp_path, 'tiny')
    while not any(path.stat().st_size for path in (tmp_path / 'cache').glob('*/published.pth')):
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    process.send_signal(number)
    process.communicate()
    assert process.returncode != 0
    assert places() == ['missing'] * 5
    left = cached(tmp_path)
    assert all(name.startswith('.part-') for name in left)
    assert (left == []) == (number == signal.SIGINT)

    site.answer = checkpoints.whole
    site.files['/published.pth'] = published.read_bytes()
    weights.get('tiny', progress=False)
    # What was written to a moment ago may belong to a process that goes on writing.
    assert cached(tmp_path) == [*left, 'published.pth']
    for path in [*(tmp_path / 'cache').glob('.part-*/*'), *(tmp_path / 'cache').glob('.part-*')]:
        os.utime(path, (0, 0))
    weights.get('twin', progress=False)
    assert cached(tmp_path) == ['published.pth', 'twin.pth']
