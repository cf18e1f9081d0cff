"""Chapters run without network: only this machine may be connected to, by kernel and all."""

import socket as _socket

_connect, _connect_ex, _look_up = (
    _socket.socket.connect,
    _socket.socket.connect_ex,
    _socket.getaddrinfo,
)
_LOCAL = {None, "", "localhost", "127.0.0.1", "::1", b"localhost"}


def _check(host):
    if host not in _LOCAL:
        raise OSError(f"A chapter runs without network, but it asked for {host!r}.")


def _checked(method):
    def connect(self, address):
        if self.family in (_socket.AF_INET, _socket.AF_INET6):
            _check(address[0])
        return method(self, address)

    return connect


def _checked_look_up(host, *args, **kwargs):
    _check(host)
    return _look_up(host, *args, **kwargs)


_socket.socket.connect = _checked(_connect)
_socket.socket.connect_ex = _checked(_connect_ex)
_socket.getaddrinfo = _checked_look_up
