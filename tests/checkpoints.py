"""Files of weights of tiny networks, and a server on this computer that hands them out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from napari_fresco import networks

FFDNET = {'in_nc': 1, 'out_nc': 1, 'nc': 4, 'nb': 3}


def network(architecture: str, seed: int = 0, **config: Any) -> nn.Module:
    torch.manual_seed(seed)
    return networks.build(architecture, **config)


def save(network: nn.Module, path: Path, metadata: dict[str, str] | None = None) -> Path:
    """Write the parameters of `network` in the format that the suffix names."""
    state = network.state_dict()
    if path.suffix == '.safetensors':
        save_file(state, path, metadata)
    elif path.suffix == '.npz':
        np.savez(path, **{k: v.numpy() for k, v in state.items()})
    else:
        torch.save(state, path)
    return path


class Site:
    """Answers every request in the way that it was told last.

    Attributes
    ----------
    files : dict of str to bytes
        What lies on the server, by path.
    answer : callable
        How it is given out: one of the functions below, or one like them.
    over : threading.Event
        Set when the test is over: those who stall go home.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.answer: Answer = whole
        self.over = threading.Event()
        self._server = ThreadingHTTPServer(('127.0.0.1', 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f'http://127.0.0.1:{self._server.server_port}'

    def __enter__(self) -> Site:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler_of(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.answer(self, site, site.files[self.path.removeprefix('/moved')])

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


Answer = Callable[[BaseHTTPRequestHandler, Site, bytes], None]


def _begin(handler: BaseHTTPRequestHandler, length: int | str | None) -> None:
    handler.send_response(200)
    if length is not None:
        handler.send_header('Content-Length', str(length))
    handler.end_headers()


def whole(handler: BaseHTTPRequestHandler, site: Site, content: bytes) -> None:
    _begin(handler, len(content))
    handler.wfile.write(content)


def moved(handler: BaseHTTPRequestHandler, site: Site, content: bytes) -> None:
    """Point to another address, as release pages do, and give the file there."""
    if handler.path.startswith('/moved'):
        return whole(handler, site, content)
    handler.send_response(302)
    handler.send_header('Location', f'{site.url}/moved{handler.path}')
    handler.end_headers()
    return None


def in_circles(handler: BaseHTTPRequestHandler, site: Site, content: bytes) -> None:
    handler.send_response(302)
    handler.send_header('Location', f'{site.url}{handler.path}')
    handler.end_headers()


def silent(handler: BaseHTTPRequestHandler, site: Site, content: bytes) -> None:
    site.over.wait()


def stalling(handler: BaseHTTPRequestHandler, site: Site, content: bytes) -> None:
    """Promise the whole, give half, and neither go on nor hang up."""
    _begin(handler, len(content))
    handler.wfile.write(content[: len(content) // 2])
    handler.wfile.flush()
    site.over.wait()


def truncating(handler: BaseHTTPRequestHandler, site: Site, content: bytes) -> None:
    """Promise the whole, give half, and hang up."""
    _begin(handler, len(content))
    handler.wfile.write(content[: len(content) // 2])


def truncating_unnoticed(handler: BaseHTTPRequestHandler, site: Site, content: bytes) -> None:
    """Promise nothing, give half, and hang up."""
    _begin(handler, None)
    handler.wfile.write(content[: len(content) // 2])


def nonsensical(handler: BaseHTTPRequestHandler, site: Site, content: bytes) -> None:
    _begin(handler, 'plenty')
    handler.wfile.write(content)


def paging(handler: BaseHTTPRequestHandler, site: Site, content: bytes) -> None:
    """Give a page instead of the file and say that all is well, as log-ins do."""
    whole(handler, site, b'\n<!DOCTYPE html><title>Log in</title>')


def empty(handler: BaseHTTPRequestHandler, site: Site, content: bytes) -> None:
    whole(handler, site, b'')


def failing(status: int) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, site: Site, content: bytes) -> None:
        handler.send_error(status)

    return answer
