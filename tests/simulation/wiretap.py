"""Every byte that this process sends to anybody, taken down at its sockets, below every library.

A socket that connected somewhere is listened to; one that was accepted belongs to a test server and is not. Nothing is
taken down while nobody is listening: what the leader's own programs send is not calsync's.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["Stream", "Wiretap"]

_SENDS = ("send", "sendall", "sendto", "sendmsg")


@dataclass
class Stream:
    """What went out on one connection, to `place`."""

    place: Any
    sent: bytearray = field(default_factory=bytearray)


class Wiretap:
    """Takes down what is sent while it is `tapping` and somebody is `listening`."""

    def __init__(self) -> None:
        self.streams: list[Stream] = []
        self._of: WeakKeyDictionary[socket.socket, Stream] = WeakKeyDictionary()
        self._listening = False

    def sent_to(self, port: int) -> bytes:
        """Everything that went to a port of this machine, in one piece."""
        return b"\n".join(bytes(s.sent) for s in self.streams if s.sent and s.place[1] == port)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take down what is sent in here."""
        self._listening = True
        try:
            yield
        finally:
            self._listening = False

    @contextmanager
    def tapping(self) -> Iterator[None]:
        """Stand between the process and its sockets; connections made before are not known."""
        names = ("connect", "connect_ex", *_SENDS)
        own = {name: vars(socket.socket).get(name) for name in names}
        for name in names:
            wrap = self._sending if name in _SENDS else self._connecting
            setattr(socket.socket, name, wrap(getattr(socket.socket, name)))
        try:
            yield
        finally:
            for name, before in own.items():
                if before is None:
                    delattr(socket.socket, name)
                else:
                    setattr(socket.socket, name, before)

    def _connecting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def connect(sock: socket.socket, address: Any, *rest: Any) -> Any:
            stream = self._of[sock] = Stream(address)
            self.streams.append(stream)
            return real(sock, address, *rest)

        return connect

    def _sending(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def send(sock: socket.socket, data: Any, *rest: Any) -> Any:
            done = real(sock, data, *rest)
            stream = self._of.get(sock)
            if stream is None and rest and isinstance(rest[-1], tuple):
                stream = self._of[sock] = Stream(rest[-1])
                self.streams.append(stream)
            if stream is not None and self._listening:
                parts = data if isinstance(data, list | tuple) else [data]
                whole = b"".join(bytes(part) for part in parts)
                stream.sent += whole if done is None else whole[:done]
            return done

        return send
