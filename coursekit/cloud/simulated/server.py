"""A vendor's service on the loopback interface: one HTTP server, a router for the wire format."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from coursekit.cloud.simulated.automl import Service
from coursekit.cloud.simulated.faults import Fault, Faults, Kind
from coursekit.cloud.simulated.page import page
from coursekit.cloud.vendor import LOOPBACK
from coursekit.lookup import find

# The router of a vendor: a module of this package, and its class.
ROUTERS = {
    "sagemaker": ("sagemaker_api", "SageMakerRouter"),
    "azure": ("azure_api", "AzureRouter"),
    "vertex": ("vertex_api", "VertexRouter"),
}
PAGES = "/simulated"  # for browsers; no vendor has paths below it


class Call(NamedTuple):
    """A request. path: decoded, without the query. headers: by name, in any case."""

    method: str
    path: str
    query: dict[str, str]
    headers: Message
    body: bytes


class Reply(NamedTuple):
    """An answer; the server adds Content-Length."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: Mapping[str, str] = {}) -> Reply:
        """A reply whose body is JSON."""
        kind = {"Content-Type": "application/json"}
        return cls(status, json.dumps(value).encode(), kind | dict(headers))


class Router(Protocol):
    """A vendor's wire format over a `Service`."""

    def __init__(self, service: Service) -> None: ...
    def answer(self, call: Call) -> Reply:
        """The reply to a call, errors in the vendor's own words included."""

    def refuse(self, fault: Fault, call: Call) -> Reply:
        """The vendor's own reply for THROTTLE (with Retry-After) and EXPIRE."""


class Server:
    """A simulated service at `url`, for a `with` block or until `close`.

    vendor: as in ROUTERS. pace, seed: as in `Service`. router: another router, for tests.
    `calls` are all requests so far, in order.
    """

    def __init__(
        self,
        vendor: str,
        *,
        pace: float | None = 0.0,
        seed: int = 0,
        port: int = 0,
        router: type[Router] | None = None,
    ) -> None:
        if router is None:
            module, name = find("simulated vendor", vendor, ROUTERS)
            router = getattr(import_module(f"{__package__}.{module}"), name)
        self.vendor, self.faults, self.calls = vendor, Faults(), list[Call]()
        self.touched = time.monotonic()  # when the last call came
        self.service = Service(vendor, pace=pace, seed=seed)
        self._http = _Http((LOOPBACK, port), _Handler)
        self._http.served, self._http.router = self, router(self.service)
        self.url = self.service.url = f"http://{LOOPBACK}:{self._http.server_address[1]}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the service and its jobs; a second call does nothing."""
        self.faults.hurry.set()
        self._http.shutdown()
        self._http.server_close()
        self.service.close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # clients keep connections open
    served: Server
    router: Router


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections, answers "Expect: 100-continue"
    server: _Http

    def _serve(self) -> None:
        call, served = self._call(), self.server.served
        served.calls.append(call)
        served.touched = time.monotonic()
        if call.path.startswith(PAGES):
            return self._send(Reply(200, page(served.service), {"Content-Type": "text/html"}))
        shown = f"{call.method} {self.path} {call.headers.get('X-Amz-Target', '')}"
        fault = served.faults.take(shown)
        kind = fault.kind if fault else None
        if kind is Kind.DROP:
            return self._hang_up()
        if fault and kind in (Kind.THROTTLE, Kind.EXPIRE):
            return self._send(self.server.router.refuse(fault, call))
        reply = self.server.router.answer(call)
        if kind is Kind.LOSE:
            return self._hang_up()
        if kind is Kind.SLOW:
            served.faults.hurry.wait()
        self._send(reply)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = _serve

    def _call(self) -> Call:
        parts = urlsplit(self.path)
        return Call(
            self.command,
            unquote(parts.path),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            self.headers,
            self._body(),
        )

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = bytearray()
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return bytes(body)

    def _hang_up(self) -> None:
        self.close_connection = True

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name in reply.headers):
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: calls are in `Server.calls`."""
