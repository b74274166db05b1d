"""Fits the sandbox into LocalStack's Lambda, which keeps what is around it: scaling, retries, mappings, log groups."""

import os
import pathlib
import platform
import tempfile

from localstack.aws.api.lambda_ import Architecture, PackageType
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor

from .sandbox import Function, Sandbox, StartFailed

_LOOPBACK = "127.0.0.1"
_MACHINES = {Architecture.x86_64: "x86_64", Architecture.arm64: "aarch64"}


class HostRuntimeExecutor(RuntimeExecutor):
    """One execution environment of a function version."""

    _sandbox: Sandbox | None = None

    def start(self, env_vars: dict[str, str]) -> None:
        config = self.function_version.config
        function = Function(
            code=config.code.get_unzipped_code_location(),
            version=self.function_version.id.qualifier,
            environment=_environment(env_vars),
            timeout=config.timeout,
            memory=config.memory_size,
        )
        self._sandbox = Sandbox(function, pathlib.Path(tempfile.gettempdir(), "sandboxes", self.id))
        try:
            self._sandbox.start()
        except StartFailed as failure:
            # What LocalStack answers the caller's Invoke with.
            raise StatusErrorException("the function did not start", payload=failure.payload) from failure

    def stop(self) -> None:
        if self._sandbox:
            self._sandbox.stop()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        if self._sandbox is None:
            raise LambdaRuntimeException(f"The execution environment {self.id} was not started")
        request_id = payload["invoke-id"]
        result = self._sandbox.invoke(
            request_id, payload["payload"].encode(), payload["invoked-function-arn"], payload["trace-id"]
        )
        return InvocationResult(request_id, result.payload, is_error=result.is_error, logs=result.logs)

    def get_logs(self) -> str:
        return self._sandbox.log() if self._sandbox else ""

    def get_address(self) -> str:
        return _LOOPBACK

    def get_endpoint_from_executor(self) -> str:
        # Becomes AWS_ENDPOINT_URL, with the port, for functions that do not set it.
        return _LOOPBACK

    def get_runtime_endpoint(self) -> str:
        # Where LocalStack's own init program would report to: there is none.
        return ""

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        config = function_version.config
        # What is raised here becomes the reason of the version's state `Failed`.
        if config.package_type != PackageType.Zip or not (config.runtime or "").startswith("provided"):
            raise LambdaRuntimeException("On the host run only zip files with a runtime `provided.*`")
        if config.layers:
            raise LambdaRuntimeException("Layers are not supported on the host")
        if _MACHINES[config.architectures[0]] != platform.machine():
            raise LambdaRuntimeException(f"The host is no {config.architectures[0]} but {platform.machine()}")
        config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Nothing: each sandbox removes its own files, and LocalStack the code."""


def _environment(given: dict[str, object]) -> dict[str, str]:
    """The process's environment from the one that LocalStack sets up: not all its values are strings."""
    environment = {name: str(value) for name, value in given.items() if not name.startswith("LOCALSTACK_RUNTIME_")}
    # Nothing else of LocalStack's own environment is the function's business.
    defaults = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
    return defaults | environment
