"""What the figures have in common: the farm that is measured, and sites for it."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BENCH = pathlib.Path(__file__).resolve().parent
TESTS = BENCH.parent
REPO = TESTS.parent
SITE = TESTS / "site"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPO / "target")) / "dist"
BUNRAKU = TARGET / "bunraku"
PATIENCE = 300  # seconds


def say(text):
    print(text, flush=True)


def build():
    command = ["cargo", "build", "--profile", "dist", "--quiet", "-p", "bunraku", "-p", "bunraku-tests",
               "-p", "bunraku-compile", "--bins"]
    subprocess.run(command, cwd=REPO, check=True)


def need(program, *packages):
    """Finds a program, installing it if that is allowed here."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    if not shutil.which(program, path=path):
        if os.getuid() != 0:
            sys.exit(f"This needs {program}. Install it first: sudo apt-get install {' '.join(packages)}")
        install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
        subprocess.run(["apt-get", "update", "-q"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    return shutil.which(program, path=path)


def wait_for(what, ask, limit=PATIENCE):
    end = time.monotonic() + limit
    while not (answer := ask()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {limit} s for {what}")
        time.sleep(0.005)
    return answer


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def is_open(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def end(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def scratch(parent=None):
    with tempfile.TemporaryDirectory(prefix="bunraku-bench-", dir=parent) as name:
        path = pathlib.Path(name)
        path.chmod(0o755)  # nginx's workers are another user
        yield path


def spawn_farm(data, port, site=None, *options):
    command = [BUNRAKU, "up", *([site] if site else []), "--data", data, "--listen", f"127.0.0.1:{port}", "--autosign", "all", *options]
    with open(data.with_suffix(".log"), "ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


@contextlib.contextmanager
def farm(data, port, site=None, *options):
    process = spawn_farm(data, port, site, *options)
    try:
        wait_for("the edge", lambda: process.poll() is None and is_open(port))
        yield process
    finally:
        end(process)


def pointers(data):
    directory = data / "store/pointers/production"
    return len(os.listdir(directory)) if directory.is_dir() else 0


def all_facts():
    return [json.loads(path.read_text()) for path in sorted((SITE / "facts").glob("*.json"))]


def fleet_site(target, count):
    """A copy of the demo site with facts of `count` nodes: those of its own nodes, over and over."""
    shutil.copytree(SITE, target)
    kinds = all_facts()
    for number in range(count - len(kinds)):
        facts = json.loads(json.dumps(kinds[number % len(kinds)]))
        hostname, _, domain = facts["name"].partition(".")
        hostname = f"{hostname.rstrip('0123456789')}{100 + number}"
        certname = f"{hostname}.{domain}"
        facts["name"] = facts["values"]["clientcert"] = certname
        facts["values"]["networking"].update(hostname=hostname, fqdn=certname)
        (target / f"facts/{certname}.json").write_text(json.dumps(facts))


def plain_site(target, count):
    (target / "manifests").mkdir(parents=True)
    (target / "facts").mkdir()
    (target / "environment.conf").write_text("modulepath = modules\n")
    (target / "manifests/site.pp").write_text('notify { "catalog 1 of ${facts[\'name\']}": }\n')
    names = [f"node{number}.example.test" for number in range(1, count + 1)]
    for name in [*names, *command_nodes()]:
        (target / f"facts/{name}.json").write_text(json.dumps({"name": name, "values": {"name": name}}))


def push(data, site, *options):
    command = [BUNRAKU, "push", site, "--environment", "production", "--store", f"file://{data / 'store'}", *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def resident(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    values = dict(line.split(":", 1) for line in status.splitlines())
    return {name: int(values[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")}


def cpu_seconds(pids):
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / ticks
    return total


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
