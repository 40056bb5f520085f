"""Fetching files from a server, with plain words for its failures."""

from __future__ import annotations

from http.client import HTTPException, IncompleteRead
from pathlib import Path

TIMEOUT = 30.0
"""Seconds without an answer after which a server is given up."""

_CHUNK = 1 << 16  # bytes between two looks at the progress bar


class Unreachable(Exception):
    """The network or the server did not give the whole file: says why in words."""


def download(url: str, file: Path, progress: bool) -> None:
    """Download `url` to `file`.

    `url`: address, http or https; redirections are followed.
    `file`: what is written; a part of it is left when something goes wrong.
    `progress`: show a progress bar.
    Raises Unreachable when the network or the server does not give the whole file.
    Raises OSError when it cannot be written.
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
