"""Bringing files into a folder: each arrives whole or not at all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from tempfile import TemporaryDirectory

TIMEOUT = 30.0
"""Seconds without an answer after which a server is given up."""

_CHUNK = 1 << 16  # bytes between two looks at the progress bar
_PART = '.part-'  # how the folders begin in which files arrive
_STALE = 600  # seconds without a byte after which whoever fetched is taken for dead


class Unreachable(Exception):
    """The network or the server did not give the whole file: says why in words."""


@contextmanager
def arriving(target: Path) -> Iterator[Path]:
    """Lend a path at which a file can be put together before it takes the place of `target`.

    It has the name of `target`, is nobody else's, and lies in the same file
    system, so that ``Path.replace`` moves it there in one step. Whatever is
    left of it is removed, and so is what earlier processes left that were
    killed.

    Raises
    ------
    OSError
        When nothing can be written beside `target`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target.parent)
    with TemporaryDirectory(prefix=_PART, dir=target.parent, ignore_cleanup_errors=True) as own:
        yield Path(own) / target.name


def _sweep(folder: Path) -> None:
    for left in folder.glob(f'{_PART}*'):
        # Another process may be removing it, too.
        with suppress(OSError):
            touched = max(path.stat().st_mtime for path in (left, *left.iterdir()))
            if time.time() - touched > _STALE:
                shutil.rmtree(left)


def download(url: str, file: Path, progress: bool) -> None:
    """Write what `url` gives to `file`.

    Parameters
    ----------
    url : str
        Address, http or https; redirections are followed.
    file : Path
        What is written; a part of it is left when something goes wrong.
    progress : bool
        Show a progress bar.

    Raises
    ------
    Unreachable
        When the network or the server does not give the whole file.
    OSError
        When it cannot be written.
    """
    from pooch import HTTPDownloader
    from requests import RequestException
    from tqdm import tqdm

    # pooch says how much it will be, and closes the bar at the end; there is none to see before.
    bar = tqdm(total=1, delay=1e-9, unit='B', unit_scale=True, ncols=79, disable=not progress)
    fetch = HTTPDownloader(progressbar=bar, chunk_size=_CHUNK, timeout=TIMEOUT)
    try:
        fetch(url, str(file), None)
    except (RequestException, ValueError) as error:  # the latter of a header that is no number
        raise Unreachable(_reason(error)) from None
    finally:
        bar.leave = False  # one that did not come to its end is wiped away
        bar.close()


def _reason(error: Exception) -> str:
    """Return the innermost cause in words, such as 'Connection refused'."""
    from requests import HTTPError

    if isinstance(error, HTTPError) and error.response is not None:
        return f'the server answers {error.response.status_code} {error.response.reason}'
    inner = _innermost(error)
    if isinstance(inner, TimeoutError):
        return f'no answer for {TIMEOUT:g} seconds'
    if isinstance(inner, IncompleteRead):
        return f'the connection broke off {inner.expected} bytes before the end'
    return getattr(inner, 'strerror', None) or str(inner)


def _innermost(error: BaseException) -> BaseException:
    from urllib3.exceptions import HTTPError

    inner = error.__cause__ or error.__context__
    # Whoever calls may be handling an error of its own, which is not the cause.
    ours = isinstance(inner, OSError | HTTPException | HTTPError)
    return _innermost(inner) if inner is not None and ours else error
