"""Lambda's Runtime API (2018-06-01), for one process of a function."""

import dataclasses
import http.server
import json
import socket
import threading
from collections.abc import Callable

_PREFIX = "/2018-06-01/runtime/"


@dataclasses.dataclass(frozen=True)
class Invocation:
    """What the function is called with."""

    request_id: str
    payload: bytes
    function_arn: str
    trace_id: str
    # In seconds since the epoch.
    deadline: float


@dataclasses.dataclass(frozen=True)
class Ready:
    """The function asked for its first invocation: its start succeeded."""


@dataclasses.dataclass(frozen=True)
class InitFailed:
    """The function said that its start failed."""

    payload: bytes


@dataclasses.dataclass(frozen=True)
class Answered:
    """The function answered an invocation, well or with an error."""

    request_id: str
    payload: bytes
    is_error: bool


class RuntimeApi:
    """Serves one process on a loopback port of its own, until `close`.

    What the function says is given to `report`, from threads of this server.
    """

    def __init__(self, report: Callable[[Ready | InitFailed | Answered], None]):
        self._report = report
        # Guards all below it.
        self._changed = threading.Condition()
        self._pending: Invocation | None = None
        self._current: Invocation | None = None
        self._asked = 0
        self._closed = False
        self._connections: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:{}".format(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, name=f"runtime-api-{self.address}", daemon=True).start()

    def submit(self, invocation: Invocation) -> None:
        """Hand an invocation to the process, at once or when it asks for it."""
        with self._changed:
            self._pending = invocation
            self._changed.notify_all()

    def withdraw(self) -> bool:
        """Take back the invocation submitted last; whether the process had not seen it yet."""
        with self._changed:
            unseen = self._pending is not None
            self._pending = None
            return unseen

    def close(self) -> None:
        """End the server and every connection."""
        with self._changed:
            self._closed = True
            connections = list(self._connections)
            self._changed.notify_all()
        for each in [self._listener, *connections]:
            # Wakes the thread that waits on it, which a mere close would not.
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, address), daemon=True).start()

    def _serve(self, connection: socket.socket, address: tuple[str, int]) -> None:
        with connection:
            with self._changed:
                if self._closed:
                    return
                self._connections.add(connection)
            try:
                _Handler(connection, address, self)
            except OSError:
                pass  # The process went away in the middle: whoever watches it will say so.
            finally:
                with self._changed:
                    self._connections.discard(connection)

    def _next(self) -> Invocation | None:
        """Wait for an invocation. None: closed, or the process asked again over another connection."""
        with self._changed:
            self._asked += 1
            turn = self._asked
            self._changed.notify_all()
        if turn == 1:
            self._report(Ready())
        with self._changed:
            self._changed.wait_for(lambda: self._closed or turn != self._asked or self._pending)
            if self._closed or turn != self._asked:
                return None
            self._current, self._pending = self._pending, None
            return self._current

    def _is_busy(self) -> bool:
        with self._changed:
            return self._current is not None

    def _answer(self, request_id: str, payload: bytes, is_error: bool) -> bool:
        with self._changed:
            if self._current is None or self._current.request_id != request_id:
                return False
            self._current = None
        self._report(Answered(request_id, payload, is_error))
        return True


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection of the function. `server` is the RuntimeApi."""

    protocol_version = "HTTP/1.1"
    # Headers and body are two packets: the second one does not wait for the first one's receipt.
    disable_nagle_algorithm = True
    server: RuntimeApi

    def do_GET(self) -> None:
        if self.path != f"{_PREFIX}invocation/next":
            return self._refuse(404, "NotFound", self.path)
        if self.server._is_busy():
            return self._refuse(403, "InvalidStateTransition", "The invocation before has no response yet.")
        invocation = self.server._next()
        if invocation is None:
            self.close_connection = True
            return None
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", invocation.request_id)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(invocation.deadline * 1000)))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", invocation.function_arn)
        self.send_header("Lambda-Runtime-Trace-Id", invocation.trace_id)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(invocation.payload)))
        self.end_headers()
        self.wfile.write(invocation.payload)

    def do_POST(self) -> None:
        try:
            body = self._read_body()
        except ValueError as error:
            self.close_connection = True
            return self._refuse(400, "InvalidRequest", str(error))
        match self.path.removeprefix(_PREFIX).split("/"):
            case ["init", "error"]:
                self.server._report(InitFailed(body))
            case ["invocation", request_id, "response" | "error" as what]:
                if not self.server._answer(request_id, body, what == "error"):
                    return self._refuse(400, "InvalidRequestID", f"{request_id} is not the invocation in hand.")
            case _:
                return self._refuse(404, "NotFound", self.path)
        return self._reply(202, {"status": "OK"})

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_exactly(int(self.headers.get("Content-Length", "0")))
        chunks = []
        # A size may be followed by an extension.
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self._read_exactly(size))
            self.rfile.readline()
        # Trailers, up to the empty line.
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)

    def _read_exactly(self, size: int) -> bytes:
        body = self.rfile.read(size)
        if len(body) != size:
            raise ValueError(f"the body ends after {len(body)} of {size} bytes")
        return body

    def _refuse(self, status: int, kind: str, message: str) -> None:
        self._reply(status, {"errorType": kind, "errorMessage": message})

    def _reply(self, status: int, document: dict[str, str]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the log belongs to the function."""
