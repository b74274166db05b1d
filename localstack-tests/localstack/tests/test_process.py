import os
import pathlib
import queue
import time

import pytest

from bunraku_host_executor.process import FunctionProcess


def start(bench, tmp_path, script):
    exits = queue.SimpleQueue()
    program = bench.program(f"#!/bin/sh\n{script}\n") / "bootstrap"
    process = FunctionProcess(program, {"PATH": "/usr/bin:/bin", "NAME": "value"}, tmp_path / "log", exits.put)
    return process, exits


def is_gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_for(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "waited 30 s"
        time.sleep(0.01)


def test_both_outputs_go_to_the_log(bench, tmp_path):
    _, exits = start(bench, tmp_path, 'echo "$NAME in $PWD"; echo error >&2; cat')
    assert exits.get(timeout=30) == "exit status 0"
    assert (tmp_path / "log").read_text() == f"value in {next(tmp_path.glob('code*'))}\nerror\n"


@pytest.mark.parametrize(("script", "how"), [("exit 3", "exit status 3"), ("kill -KILL $$", "signal: killed")])
def test_how_it_ended_is_told(bench, tmp_path, script, how):
    assert start(bench, tmp_path, script)[1].get(timeout=30) == how


def test_kill_ends_its_children_too(bench, tmp_path):
    process, exits = start(bench, tmp_path, "sleep 60 & echo $!; wait")
    wait_for(lambda: (tmp_path / "log").read_text().endswith("\n"))
    child = int((tmp_path / "log").read_text())
    assert not is_gone(child)
    process.kill()
    assert exits.get(timeout=30) == "signal: killed"
    wait_for(lambda: is_gone(child))
    assert is_gone(process.pid)
    process.kill()
    assert exits.empty()


def test_children_do_not_outlive_it(bench, tmp_path):
    _, exits = start(bench, tmp_path, "sleep 60 & echo $!")
    assert exits.get(timeout=30) == "exit status 0"
    child = int((tmp_path / "log").read_text())
    wait_for(lambda: is_gone(child))


def test_its_memory_is_known_while_it_runs(bench, tmp_path):
    process, _ = start(bench, tmp_path, "sleep 60")
    wait_for(lambda: process.peak_memory() > 0)
    process.kill()
    assert process.peak_memory() == 0


def test_a_program_that_cannot_be_started_is_an_error(tmp_path):
    with pytest.raises(OSError):
        FunctionProcess(tmp_path / "missing", dict(os.environ), tmp_path / "log", lambda _: None)
