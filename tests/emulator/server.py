"""The emulator over HTTP/1.1: threads, keep-alive, TCP_NODELAY, one write for each answer."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.emulator.emulator import Answer, Emulator


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64
    emulator: Emulator

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about clients that go away; bugs are recorded as violations by the emulator itself."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "ESF"
    sys_version = ""
    timeout = 60
    server: _Http

    def setup(self) -> None:
        """Send small answers at once."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Keep quiet; calls are recorded in `Emulator.calls`."""

    def _take(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.emulator.handle(self.command, self.path, headers, body)
        self._send(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _take  # noqa: N815 - the base class looks for these names

    def _send(self, answer: Answer) -> None:
        if answer.drop:
            self.close_connection = True
        if answer.hang:
            with contextlib.suppress(OSError):
                self.connection.recv(1)  # returns when the client closes
        if not (answer.drop and not answer.body):
            reason = http.client.responses.get(answer.status, "")
            length = len(answer.body) if answer.announced is None else answer.announced
            head = (
                f"HTTP/1.1 {answer.status} {reason}\r\n"
                f"Content-Type: {answer.content_type}\r\n"
                f"Content-Length: {length}\r\n"
                f"Date: {self.date_time_string()}\r\n"
                "Server: ESF\r\nCache-Control: private\r\n\r\n"
            )
            self.wfile.write(head.encode("latin-1") + answer.body)
        if answer.drop:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)


class Server:
    """A running server."""

    def __init__(self, emulator: Emulator, port: int = 0) -> None:
        """Bind to a loopback port (0: any free one)."""
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.emulator = emulator
        self._thread: threading.Thread | None = None
        self.host = f"127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        """Serve in a thread."""
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), name="emulator", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and give the port back."""
        self._http.shutdown()
        self._http.server_close()
        if self._thread is not None:
            self._thread.join()
