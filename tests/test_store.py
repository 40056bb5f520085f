"""The store: fetching, adding, pinning and checking files of weights, whatever the server does."""

from __future__ import annotations

import hashlib
import os
import re
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from napari_fresco import networks, weights
from napari_fresco.cli import weights_command
from napari_fresco.errors import WeightsError
from napari_fresco.weights import cache, fetching, loading, store
from napari_fresco.weights.loading import tensors_sha256
from napari_fresco.weights.registry import file_sha256

from . import checkpoints
from .checkpoints import FFDNET, Answer, Site, network, save

# The package offers the function of the same name.
registry_module = import_module('napari_fresco.weights.registry')
PIN = runpy.run_path(str(Path(__file__).parents[1] / 'tools' / 'pin_weights.py'))['pin']

TABLE = """
[sources]
here = "{url}/{{file}}"

[citations]
us = "Somebody, doi:10.0/0"

[weights.tiny]
architecture = "ffdnet"
config = {{ in_nc = 1, out_nc = 1, nc = 4, nb = 3 }}
task = "denoise"
channels = 1
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
architecture = "ffdnet"
config = {{ in_nc = 1, out_nc = 1, nc = 4, nb = 3 }}
task = "denoise"
channels = 1
licence = "MIT"
citation = "us"
quality = "not published"
file = "twin.pth"
source = "here"
megabytes = 0.3
sha256 = "{twin}"

[weights.unsigned]
architecture = "ffdnet"
config = {{ in_nc = 1, out_nc = 1, nc = 4, nb = 3 }}
task = "denoise"
channels = 1
licence = "MIT"
citation = "us"
quality = "not published"
file = "unsigned.pth"
source = "here"

[weights.ours]
architecture = "ffdnet"
config = {{ in_nc = 1, out_nc = 1, nc = 4, nb = 3 }}
task = "denoise"
channels = 1
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

ENLARGER = {'n_feat': [8, 8], 'dep_S': 3, 'dep_K': 1, 'n_resblocks': 1}
NAMES = ('tiny', 'twin', 'unsigned', 'ours', 'unlicensed')


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    monkeypatch.setattr(fetching, 'TIMEOUT', 0.2)
    with Site() as site:
        yield site


@pytest.fixture
def published(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A registry of five tiny networks; the file of the first, as it is on the server."""
    file = save(network('ffdnet', **FFDNET), tmp_path / 'published.pth')
    twin = save(network('ffdnet', seed=1, **FFDNET), tmp_path / 'twin.pth')
    unlicensed = save(network('virnet_sr', **ENLARGER), tmp_path / 'sisr.pth').read_bytes()
    site.files = {
        '/published.pth': file.read_bytes(),
        '/twin.pth': twin.read_bytes(),
        '/unsigned.pth': file.read_bytes(),
    }
    facts = {
        'size': file.stat().st_size,
        'sha256': file_sha256(file),
        'tensors': tensors_sha256(network('ffdnet', **FFDNET).state_dict()),
        'twin': file_sha256(twin),
        'git': hashlib.sha1(f'blob {len(unlicensed)}\0'.encode() + unlicensed).hexdigest(),
    }
    table = tmp_path / 'registry.toml'
    table.write_text(TABLE.format(url=site.url, **facts))
    bundled = tmp_path / 'bundled'
    bundled.mkdir()
    monkeypatch.setattr(registry_module, 'TABLE', table)
    for module in (registry_module, store):
        monkeypatch.setattr(module, 'BUNDLED', bundled)
    for module in (cache, store):
        monkeypatch.setattr(module, 'cache_folder', lambda: tmp_path / 'cache')
    monkeypatch.delenv(store.FOLDER_VARIABLE, raising=False)
    weights.registry.cache_clear()
    yield file
    weights.registry.cache_clear()


def cached(tmp_path: Path) -> list[str]:
    """Return the names of all that lies in the cache."""
    folder = tmp_path / 'cache'
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def places() -> list[str]:
    return [found.place for found in weights.status()]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(weights_command.weights, arguments)


# --- fetching ------------------------------------------------------------------------


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


HALF = r'cut short: it has \d+ bytes, not \d+'


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


# --- several processes ----------------------------------------------------------------

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


# --- trust on first download ------------------------------------------------------------


@pytest.mark.parametrize('way', ['get', 'add'])
def test_the_hash_of_the_first_file_is_pinned_where_none_is_published(
    published: Path, site: Site, tmp_path: Path, way: str
) -> None:
    known, first = weights.entry('unsigned'), file_sha256(published)
    other = tmp_path / 'twin.pth'
    assert cache.pinned(known) is None
    if way == 'get':
        path = weights.get('unsigned', progress=False)
    else:
        path = weights.add('unsigned', published)
    assert cache.pinned(known) == first
    assert cache.pin_file(known).read_text() == f'{first}  unsigned.pth\n'
    assert weights.load('unsigned').weights_sha256 == first

    message = rf'is not the file that first came as unsigned: its sha256 is .*, not {first}; .*'
    message += rf'delete {re.escape(str(cache.pin_file(known)))} if this is the one you trust'
    with pytest.raises(WeightsError, match=message):
        weights.add('unsigned', other)
    path.unlink()
    site.files['/unsigned.pth'] = other.read_bytes()
    with pytest.raises(WeightsError, match=message):
        weights.get('unsigned', progress=False)
    assert cached(tmp_path) == ['unsigned.sha256']
    path.write_bytes(other.read_bytes())
    for refused in (weights.load, weights.check):
        with pytest.raises(WeightsError, match=message):
            refused('unsigned')

    cache.pin_file(known).unlink()
    assert weights.check('unsigned') == path


def test_the_pin_counts_in_every_folder(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights.get('unsigned', progress=False).unlink()
    folder = tmp_path / 'folder'
    folder.mkdir()
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(folder))
    copy = folder / 'unsigned.pth'
    copy.write_bytes(published.read_bytes())
    assert weights.check('unsigned') == copy
    copy.write_bytes((tmp_path / 'twin.pth').read_bytes())
    with pytest.raises(WeightsError, match='first came as unsigned'):
        weights.check('unsigned')


def test_a_damaged_pin_lets_nothing_through(published: Path) -> None:
    weights.get('unsigned', progress=False)
    pin_file = cache.pin_file(weights.entry('unsigned'))
    for damaged in (b'', b'\xff', b'abc  unsigned.pth'):
        pin_file.write_bytes(damaged)
        with pytest.raises(WeightsError, match='first came as unsigned'):
            weights.load('unsigned')


def test_what_has_a_published_hash_is_not_pinned(published: Path, tmp_path: Path) -> None:
    weights.get('tiny', progress=False)
    weights.add('unlicensed', tmp_path / 'sisr.pth')
    assert cached(tmp_path) == ['published.pth', 'sisr.pth']


def test_loading_reads_a_file_once_to_hash_it(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('tiny', 'unsigned'):
        weights.get(name, progress=False)
    read: list[Path] = []
    for module, function in ((loading, 'file_sha256'), (loading, 'read')):
        original = getattr(module, function)

        def noted(path: Path, *rest: object, original: object = original) -> object:
            read.append(path)
            return original(path, *rest)  # type: ignore[operator]

        monkeypatch.setattr(module, function, noted)
    for name in ('tiny', 'unsigned'):
        read.clear()
        weights.load(name)
        assert read == [weights.path(name)] * 2


# --- adding and looking ------------------------------------------------------------------


@pytest.mark.parametrize('suffix', ['.pth', '.npz', '.safetensors'])
def test_add_recognises_the_weights_in_any_format(
    published: Path, tmp_path: Path, suffix: str
) -> None:
    given = save(network('ffdnet', **FFDNET), tmp_path / f'downloaded{suffix}')
    added = weights.add('tiny', given)
    assert added.parent == tmp_path / 'cache'
    assert weights.load('tiny').weights_sha256 == file_sha256(given)
    again = weights.add('tiny', published)
    assert cached(tmp_path) == [again.name]


def test_add_refuses_other_weights(published: Path, tmp_path: Path) -> None:
    other = save(network('ffdnet', seed=2, **FFDNET), tmp_path / 'other.pth')
    with pytest.raises(WeightsError, match='is not tiny: its sha256 is'):
        weights.add('tiny', other)
    with pytest.raises(WeightsError, match='comes with napari-fresco'):
        weights.add('ours', other)
    with pytest.raises(WeightsError, match='unknown weights'):
        weights.add('theirs', other)
    assert cached(tmp_path) == []


def test_a_renamed_file_is_called_by_its_name(published: Path, tmp_path: Path) -> None:
    renamed = (tmp_path / 'twin.pth').rename(tmp_path / 'tiny.pth')
    with pytest.raises(WeightsError, match=r'tiny.pth is twin and not tiny: its sha256 is'):
        weights.add('tiny', renamed)


def test_an_offline_folder(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(tmp_path))
    assert weights.status()[0] == weights.Status(weights.entry('tiny'), 'folder', published)
    assert weights.load('tiny').weights_name == 'tiny'
    content = published.read_bytes()
    save(network('ffdnet', seed=2, **FFDNET), published)
    with pytest.raises(WeightsError, match='is not tiny'):
        weights.check('tiny')
    published.write_bytes(content[:50])
    with pytest.raises(WeightsError, match=HALF):
        weights.check('tiny')


def test_files_without_a_licence_are_added_by_hand(published: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r'no licence, .* from https://example.org/model, then'):
        weights.get('unlicensed')
    weights.add('unlicensed', tmp_path / 'sisr.pth')
    loaded = weights.load('unlicensed')
    assert (loaded.scales, loaded.generative) == ((2,), True)
    assert isinstance(loaded, networks.VIRNetSR)
    assert loaded.noise_prior == 'deviation'
    other = save(network('virnet_sr', seed=1, **ENLARGER), tmp_path / 'other.pth')
    with pytest.raises(WeightsError, match='is not unlicensed: git calls it'):
        weights.add('unlicensed', other)
    other.replace(tmp_path / 'cache' / 'sisr.pth')
    with pytest.raises(WeightsError, match='is not unlicensed: git calls it'):
        weights.get('unlicensed')


def test_published_files_are_known_by_hash_or_name(published: Path, tmp_path: Path) -> None:
    loaded = weights.load(published)
    assert (loaded.weights_name, loaded.facts.sigma_range) == ('published.pth', (0, 0.2))
    by_name = weights.load(tmp_path / 'sisr.pth')
    assert (by_name.scales, by_name.generative) == ((2,), True)
    with pytest.raises(WeightsError, match=r'sisr.pth is made for x2, not for x4'):
        weights.expect(by_name, 'virnet_sr', scale=4)
    renamed = (tmp_path / 'sisr.pth').rename(tmp_path / 'mine.pth')
    assert weights.load(renamed).scales is None
    another = save(network('virnet_sr', **ENLARGER | {'dep_K': 2}), tmp_path / 'sisr.pth')
    assert weights.load(another).scales is None


def test_maintainers_can_pin_the_bundled_files(published: Path) -> None:
    table = registry_module.TABLE
    before = table.read_text()
    PIN()
    assert table.read_text() == before
    file = save(network('ffdnet', **FFDNET), registry_module.BUNDLED / 'ours.safetensors')
    PIN()
    PIN()
    known = weights.entry('ours')
    assert (known.sha256, known.size) == (file_sha256(file), file.stat().st_size)
    assert weights.load('ours').weights_name == 'ours'
    assert 'ours.safetensors (0.0 MB, sha256' in known.describe_file()
    assert weights.entry('twin').megabytes == 0.3
    file.write_bytes(b'')
    with pytest.raises(WeightsError, match='is empty'):
        weights.load('ours')
    save(network('ffdnet', seed=1, **FFDNET), file)
    with pytest.raises(WeightsError, match=r'is not ours: .*; install napari-fresco again'):
        weights.load('ours')


# --- the command line ---------------------------------------------------------------------


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
