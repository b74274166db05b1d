"""What Lambda calls an execution environment: a process, started again when it ended, one invocation at a time."""

import dataclasses
import json
import pathlib
import queue
import shutil
import threading
import time

from .process import FunctionProcess
from .runtime_api import Answered, InitFailed, Invocation, Ready, RuntimeApi

# As on AWS.
INIT_LIMIT = 10.0


@dataclasses.dataclass(frozen=True)
class Function:
    """What is run."""

    code: pathlib.Path
    version: str
    # Of the process: what Lambda documents, without what the sandbox sets itself.
    environment: dict[str, str]
    timeout: float
    memory: int


@dataclasses.dataclass(frozen=True)
class Result:
    """How an invocation ended."""

    payload: bytes
    is_error: bool
    logs: str


class StartFailed(Exception):
    """The function did not get as far as asking for work. `payload` is what the caller is told."""

    def __init__(self, payload: bytes):
        super().__init__(payload.decode(errors="replace"))
        self.payload = payload


@dataclasses.dataclass(frozen=True)
class _Exited:
    how: str


class _Launch:
    """One life of the process. Its events come in one queue, so none can be taken for those of another life."""

    def __init__(self, function: Function, directory: pathlib.Path, log: pathlib.Path):
        self.events: queue.SimpleQueue = queue.SimpleQueue()
        self.api = RuntimeApi(self.events.put)
        environment = function.environment | {
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            "LAMBDA_TASK_ROOT": str(function.code),
            "TMPDIR": str(directory),
        }
        try:
            self.process = FunctionProcess(
                function.code / "bootstrap", environment, log, lambda how: self.events.put(_Exited(how))
            )
        except OSError as error:
            self.api.close()
            message = f"Couldn't start bootstrap: {error.strerror}"
            raise StartFailed(_error("Runtime.InvalidEntrypoint", message)) from error

    def end(self) -> None:
        self.process.kill()
        self.api.close()


class Sandbox:
    """Runs a function in `directory`, which it makes, and removes again when it is stopped."""

    def __init__(self, function: Function, directory: pathlib.Path):
        self._function = function
        self._directory = directory
        self._log = directory / "log"
        self._reported = 0
        self._init_ms: float | None = None
        self._launch: _Launch | None = None
        self._stopping = False
        # Held for an invocation.
        self._busy = threading.Lock()
        # Held while `_launch` or `_stopping` is changed.
        self._guard = threading.Lock()

    def start(self) -> None:
        """Start the process and wait until it asks for work. Raises StartFailed."""
        (self._directory / "tmp").mkdir(parents=True)
        try:
            self._start()
        except StartFailed:
            self._end_launch()
            raise

    def invoke(self, request_id: str, payload: bytes, function_arn: str, trace_id: str) -> Result:
        """Run one invocation. Every way it may end is a Result."""
        with self._busy:
            try:
                return self._invoke(request_id, payload, function_arn, trace_id)
            except StartFailed as failure:
                self._end_launch()
                return Result(failure.payload, True, self._take_log())

    def stop(self) -> None:
        """End the process. An invocation in hand may finish first, as on AWS; its timeout bounds the wait."""
        with self._guard:
            self._stopping = True
            starting = not self._busy.locked()
        if starting:
            self._end_launch()
        with self._busy:
            self._end_launch()
        shutil.rmtree(self._directory, ignore_errors=True)

    def log(self) -> str:
        """All that the function wrote since its start."""
        try:
            return self._log.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def _start(self) -> _Launch:
        began = time.monotonic()
        with self._guard:
            if self._stopping:
                raise StartFailed(_error("Runtime.Stopped", "The execution environment is stopped"))
            self._launch = launch = _Launch(self._function, self._directory / "tmp", self._log)
        match _wait(launch.events, began + INIT_LIMIT):
            case Ready():
                self._init_ms = (time.monotonic() - began) * 1000
                return launch
            case InitFailed(payload):
                raise StartFailed(payload)
            case _Exited(how):
                raise StartFailed(_error("Runtime.ExitError", f"Runtime exited with error: {how}"))
            case _:
                raise StartFailed(_error("Sandbox.Timedout", f"Task timed out after {INIT_LIMIT:.2f} seconds"))

    def _invoke(self, request_id: str, payload: bytes, function_arn: str, trace_id: str) -> Result:
        launch = self._launch or self._start()
        for last in (False, True):
            before = self._take_log()
            began = time.monotonic()
            deadline = time.time() + self._function.timeout
            launch.api.submit(Invocation(request_id, payload, function_arn, trace_id, deadline))
            ended = self._outcome(launch, request_id, began + self._function.timeout)
            # It was gone before it saw the work, for instance after the answer to the one before.
            if not isinstance(ended, _Exited) or last or not launch.api.withdraw():
                break
            self._end_launch()
            launch = self._start()
        return self._result(launch, ended, request_id, before, (time.monotonic() - began) * 1000)

    def _outcome(self, launch: _Launch, request_id: str, limit: float) -> Answered | _Exited | None:
        """How the invocation ended; None when it took too long."""
        while event := _wait(launch.events, limit):
            if isinstance(event, _Exited) or (isinstance(event, Answered) and event.request_id == request_id):
                return event
        return None

    def _result(
        self, launch: _Launch, ended: Answered | _Exited | None, request_id: str, before: str, took_ms: float
    ) -> Result:
        memory = launch.process.peak_memory()
        fault = ""
        match ended:
            case Answered(payload=payload, is_error=is_error):
                pass
            case _Exited(how):
                payload, is_error = _error("Runtime.ExitError", f"Runtime exited with error: {how}", request_id), True
                fault = f"RequestId: {request_id} Error: Runtime exited with error: {how}\nRuntime.ExitError\n"
            case None:
                message = f"Task timed out after {self._function.timeout:.2f} seconds"
                payload, is_error = _error("Sandbox.Timedout", message, request_id), True
                fault = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {request_id} {message}\n"
        if not isinstance(ended, Answered):
            self._end_launch()
        report = f"Duration: {took_ms:.2f} ms\tBilled Duration: {int(took_ms) + 1} ms\tMemory Size: {self._function.memory} MB"
        report += f"\tMax Memory Used: {memory} MB"
        if self._init_ms is not None:
            report += f"\tInit Duration: {self._init_ms:.2f} ms"
            self._init_ms = None
        logs = f"{before}START RequestId: {request_id} Version: {self._function.version}\n{self._take_log()}{fault}"
        return Result(payload, is_error, f"{logs}END RequestId: {request_id}\nREPORT RequestId: {request_id}\t{report}\n")

    def _end_launch(self) -> None:
        with self._guard:
            launch, self._launch = self._launch, None
        if launch:
            launch.end()

    def _take_log(self) -> str:
        """What was written since this was called last, with every line complete."""
        try:
            with open(self._log, "rb") as log:
                log.seek(self._reported)
                text = log.read()
        except FileNotFoundError:
            return ""
        self._reported += len(text)
        if text and not text.endswith(b"\n"):
            text += b"\n"
        return text.decode(errors="replace")


def _wait(events: queue.SimpleQueue, limit: float) -> Ready | InitFailed | Answered | _Exited | None:
    try:
        return events.get(timeout=max(0.0, limit - time.monotonic()))
    except queue.Empty:
        return None


def _error(kind: str, message: str, request_id: str | None = None) -> bytes:
    prefix = f"RequestId: {request_id} Error: " if request_id else ""
    return json.dumps({"errorType": kind, "errorMessage": prefix + message}).encode()
