"""The parts that LocalStack sees, with LocalStack's own classes."""

from collections import defaultdict
from importlib.metadata import entry_points

import pytest
from localstack.aws.api.lambda_ import Architecture, PackageType
from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException

from bunraku_host_executor import environments, executor, gateway


class Record:
    """Stands for LocalStack's description of a version, of which few fields are read."""

    def __init__(self, **fields):
        self.__dict__.update(fields)


class Code:
    def __init__(self, location):
        self.location = location
        self.prepared = 0

    def get_unzipped_code_location(self):
        return self.location

    def prepare_for_execution(self):
        self.prepared += 1


def version(code, **changes):
    config = {
        "code": code,
        "timeout": 5,
        "memory_size": 128,
        "runtime": "provided.al2023",
        "package_type": PackageType.Zip,
        "layers": [],
        "architectures": [Architecture.x86_64],
    }
    return Record(id=Record(qualifier="$LATEST"), config=Record(**config | changes))


@pytest.fixture(autouse=True)
def on_x86_64(monkeypatch):
    monkeypatch.setattr(executor.platform, "machine", lambda: "x86_64")


@pytest.fixture
def own_tmp(tmp_path, monkeypatch):
    monkeypatch.setattr(executor.tempfile, "gettempdir", lambda: str(tmp_path))


def test_the_entry_points_lead_to_the_plugins():
    def found(group, name):
        [point] = [point for point in entry_points(group=group) if point.name == name]
        return point.load()

    assert found("localstack.lambda.runtime_executor", "host")().load() is executor.HostRuntimeExecutor
    assert isinstance(found("localstack.runtime.server", "loopback")().load(), gateway.LoopbackRuntimeServer)
    assert found("localstack.hooks.on_infra_start", "bunraku_steady_environments") is not None


def test_a_function_runs(bench, own_tmp):
    echo = "def handle(event, context): return [event, context.headers, dict(os.environ)]"
    one = executor.HostRuntimeExecutor("one", version(Code(bench.python(echo))))
    given = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": 128, "LOCALSTACK_RUNTIME_ID": "one", "_HANDLER": "bootstrap"}
    one.start(given)
    try:
        payload = {"invoke-id": "id", "payload": '"ü"', "invoked-function-arn": "arn:x", "trace-id": "Root=1"}
        result = one.invoke(payload)
        assert (result.request_id, result.is_error) == ("id", False)
        assert "START RequestId: id" in result.logs
        assert b"arn:x" in result.payload and b"Root=1" in result.payload
        assert b'"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128"' in result.payload
        assert b'"_HANDLER": "bootstrap"' in result.payload
        assert b"LOCALSTACK_RUNTIME_ID" not in result.payload
    finally:
        one.stop()


def test_a_failed_start_is_what_localstack_expects(bench, own_tmp):
    one = executor.HostRuntimeExecutor("one", version(Code(bench.program("#!/bin/sh\nexit 1\n"))))
    with pytest.raises(StatusErrorException) as failure:
        one.start({})
    assert b"exit status 1" in failure.value.payload
    one.stop()


@pytest.mark.parametrize(
    "changes",
    [{"runtime": "python3.13"}, {"package_type": PackageType.Image}, {"layers": ["one"]}, {"architectures": [Architecture.arm64]}],
)
def test_what_cannot_run_here_is_refused(tmp_path, changes):
    code = Code(tmp_path)
    with pytest.raises(LambdaRuntimeException):
        executor.HostRuntimeExecutor.prepare_version(version(code, **changes))
    assert not code.prepared


def test_code_is_unpacked_before_it_runs(tmp_path):
    code = Code(tmp_path)
    executor.HostRuntimeExecutor.prepare_version(version(code))
    assert code.prepared


def test_the_gateway_binds_the_address_it_is_given(monkeypatch):
    bound = []

    def endpoint(_, port, interface):
        return Record(listen=lambda site: bound.append((interface, port)))

    monkeypatch.setattr(gateway.endpoints, "TCP4ServerEndpoint", endpoint)
    gateway.LoopbackRuntimeServer().register(Record(accept=None), [gateway.config.HostAndPort("127.0.0.1", 4566)])
    assert bound == [("127.0.0.1", 4566)]


def test_environments_can_be_added_while_others_look(monkeypatch):
    monkeypatch.setattr(AssignmentService, "__init__", AssignmentService.__init__)
    environments.make_steady()
    environments.make_steady()
    service = AssignmentService()
    try:
        here = service.environments["version"]
        here["one"] = 1
        for _ in here.values():
            here["two"] = 2
        assert isinstance(service.environments, defaultdict)
    finally:
        service.stop()
