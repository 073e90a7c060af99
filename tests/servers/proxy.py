"""A company's proxy on loopback: CONNECT, and behind it the vendors' hosts, with certificates of a CA of its own.

TLS ends here; what is in it goes on to the test servers byte by byte. So the installed command can be driven through
the ordinary variables: HTTPS_PROXY and REQUESTS_CA_BUNDLE.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import trustme

__all__ = ["Proxy"]

_PIECE = 65536


class Proxy:
    """`places` has the test server's address by host; any other host is refused. `asked` are the hosts, in order.

    `environment` is what a process needs to go through it.
    """

    def __init__(self, places: Mapping[str, str], folder: Path) -> None:
        self.places = places
        self.asked: list[str] = []
        self.url = ""
        self._ca = trustme.CA()
        self._bundle = folder / "proxy-ca.pem"
        self._ca.cert_pem.write_to_path(self._bundle)
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    @property
    def environment(self) -> dict[str, str]:
        """The proxy's address and its CA, as every company tells them; loopback itself is reached directly."""
        return {
            "HTTPS_PROXY": self.url,
            "https_proxy": self.url,
            "REQUESTS_CA_BUNDLE": str(self._bundle),
            "NO_PROXY": "",
            "no_proxy": "",
        }

    def context(self, host: str) -> ssl.SSLContext:
        """TLS for a server of that name."""
        with self._lock:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._ca.issue_cert(host).configure_cert(context)
                self._contexts[host] = context
            return self._contexts[host]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve until the block ends."""
        proxy = self

        class Serving(_Handler):
            owner = proxy

        http = ThreadingHTTPServer(("127.0.0.1", 0), Serving)
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{http.server_address[1]}"
        try:
            yield
        finally:
            http.shutdown()
            http.server_close()
            thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    owner: Proxy

    def do_CONNECT(self) -> None:
        host = self.path.partition(":")[0]
        self.owner.asked.append(host)
        place = self.owner.places.get(host)
        if place is None:
            self.send_error(502, "no such host")
            return
        self.send_response_only(200)
        self.end_headers()
        self.close_connection = True
        try:
            with (
                self.owner.context(host).wrap_socket(self.connection, server_side=True) as inside,
                socket.create_connection((urlsplit(place).hostname, urlsplit(place).port)) as outside,
            ):
                outside.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _carry(inside, outside)
        except OSError:
            # Whoever does not believe the certificate hangs up; so does a killed process.
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parameter of the base class
        """Say nothing."""


def _carry(inside: ssl.SSLSocket, outside: socket.socket) -> None:
    """Bytes both ways until one side closes. In one thread, since a TLS connection is not for two."""
    while True:
        ready = [inside] if inside.pending() else select.select([inside, outside], [], [])[0]
        for source in ready:
            data = source.recv(_PIECE)
            if not data:
                return
            (outside if source is inside else inside).sendall(data)
