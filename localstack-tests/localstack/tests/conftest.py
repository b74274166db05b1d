"""Bootstraps of tests: tiny programs that speak Lambda's Runtime API."""

import pathlib
import sys

import pytest

from bunraku_host_executor.sandbox import Function, Sandbox

# `handle(event, context)` is the test's; what it returns is the answer, what it raises is the error.
_LOOP = '''
import http.client, json, os, sys, time

class Context: pass

def call(connection, method, path, body=None):
    connection.request(method, "/2018-06-01/runtime/" + path, body)
    answer = connection.getresponse()
    return answer.headers, answer.read()

connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

{handler}

while True:
    headers, event = call(connection, "GET", "invocation/next")
    context = Context()
    context.id = headers["Lambda-Runtime-Aws-Request-Id"]
    context.headers = dict(headers)
    try:
        answer = handle(json.loads(event), context)
    except Exception as error:
        body = json.dumps(dict(errorType=type(error).__name__, errorMessage=str(error)))
        call(connection, "POST", "invocation/" + context.id + "/error", body)
    else:
        call(connection, "POST", "invocation/" + context.id + "/response", json.dumps(answer))
'''


class Bench:
    """Makes functions below a directory, and stops what it made."""

    def __init__(self, directory: pathlib.Path):
        self._directory = directory
        self.sandboxes: list[Sandbox] = []

    def program(self, text: str) -> pathlib.Path:
        """A code directory whose bootstrap is this program."""
        code = self._directory / f"code{len(list(self._directory.iterdir()))}"
        code.mkdir()
        (code / "bootstrap").write_text(text)
        (code / "bootstrap").chmod(0o755)
        return code

    def python(self, handler: str) -> pathlib.Path:
        """A code directory whose bootstrap runs this `def handle(event, context)`."""
        return self.program(f"#!{sys.executable}\n" + _LOOP.replace("{handler}", handler))

    def sandbox(self, code: pathlib.Path, timeout: float = 10, **environment: str) -> Sandbox:
        """A sandbox for the code, not started."""
        function = Function(code, "$LATEST", {"PATH": "/usr/bin:/bin", **environment}, timeout, 128)
        sandbox = Sandbox(function, self._directory / f"sandbox{len(self.sandboxes)}")
        self.sandboxes.append(sandbox)
        return sandbox

    def started(self, code: pathlib.Path, **options) -> Sandbox:
        """The same, started."""
        sandbox = self.sandbox(code, **options)
        sandbox.start()
        return sandbox


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    for sandbox in bench.sandboxes:
        sandbox.stop()
