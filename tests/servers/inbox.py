"""A server that takes notices, as a leader's own might: it keeps what it is sent, and can refuse, redirect or hang."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Inbox", "inbox"]


class Inbox:
    """What came: (method, path, headers, body). `status` is the answer; `hangs` answers without an end."""

    def __init__(self) -> None:
        self.came: list[tuple[str, str, dict[str, str], bytes]] = []
        self.status = 200
        self.location = ""
        self.hangs = False
        self.closing = threading.Event()
        self.port = 0

    def url(self, path: str = "") -> str:
        """The URL for Apprise's plainest service."""
        return f"json://127.0.0.1:{self.port}/{path}"

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, _, _, body in self.came]


@contextmanager
def inbox() -> Iterator[Inbox]:
    """An inbox that is open while the context lasts."""
    box = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            box.came.append((self.command, self.path, dict(self.headers), body))
            if box.hangs:
                # A header now and then: no limit that counts from one byte to the next ever ends this.
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                while not box.closing.wait(0.05):
                    self.wfile.write(b"X-Wait: more\r\n")
                return
            self.send_response(box.status)
            if box.location:
                self.send_header("Location", box.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - the name that http.server looks for

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    box.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield box
    finally:
        box.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
