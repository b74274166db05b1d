"""LocalStack in Docker, with a stand-in for `docker`: what we ask of it, and that nothing is left."""

import json
import os
import pathlib
import subprocess
import sys
import urllib.request

EMULATOR = pathlib.Path(__file__).resolve().parents[2] / "emulator"

# Notes its calls; as `docker run` it answers on the published port until it is ended.
DOCKER = """#!{python}
import http.server, json, os, sys
words = sys.argv[1:]
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps(words) + "\\n")
if words[0] == "images":
    print("localstack/localstack:4.14.0")
elif words[0] == "network":
    print("172.17.0.1")
elif words[0] == "run":
    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
    address = words[words.index("--publish") + 1].split(":")
    http.server.HTTPServer((address[0], int(address[1])), Healthy).serve_forever()
"""


def test_the_image_that_is_there_is_run_and_removed(tmp_path):
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER.format(python=sys.executable))
    docker.chmod(0o755)
    calls = tmp_path / "calls"
    environment = os.environ | {"PATH": f"{docker.parent}:{os.environ['PATH']}", "CALLS": str(calls)}
    environment.pop("BUNRAKU_LOCALSTACK_IMAGE", None)
    emulator = subprocess.Popen(
        [EMULATOR, "localstack", "--directory", tmp_path / "data"],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    started = json.loads(emulator.stdout.readline())
    assert started["host"] == "172.17.0.1"
    with urllib.request.urlopen(f"{started['endpoint']}/_localstack/health") as answer:
        assert answer.status == 200
    emulator.stdin.close()
    assert emulator.wait(30) == 0
    called = [json.loads(line) for line in calls.read_text().splitlines()]
    run = next(words for words in called if words[0] == "run")
    assert run[-1] == "localstack/localstack:4.14.0"
    port = started["endpoint"].rsplit(":", 1)[1]
    assert f"127.0.0.1:{port}:4566" in run
    assert "/var/run/docker.sock:/var/run/docker.sock" in run
    assert called[-1] == ["rm", "--force", run[run.index("--name") + 1]]
    assert not pathlib.Path(f"/proc/{started['pid']}").exists()
