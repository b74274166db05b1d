import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bunraku_host_executor import sandbox as sandbox_module
from bunraku_host_executor.sandbox import StartFailed

ECHO = "def handle(event, context): return dict(event=event, pid=os.getpid(), headers=context.headers, environment=dict(os.environ))"
# By the event: answer, raise, crash, hang.
MOODY = """
def handle(event, context):
    print("handling", event, flush=True)
    if event == "raise": raise ValueError("no")
    if event == "crash": os._exit(3)
    if event == "die": os.kill(os.getpid(), 9)
    if event == "hang": time.sleep(60)
    return os.getpid()
"""


def invoke(sandbox, event=None, request_id="id"):
    result = sandbox.invoke(request_id, json.dumps(event).encode(), "arn:function", "Root=1")
    return json.loads(result.payload), result.is_error, result.logs


def test_an_invocation_gets_what_it_needs_and_answers(bench):
    sandbox = bench.started(bench.python(ECHO), timeout=3, AWS_REGION="us-east-1")
    before = time.time()
    answer, is_error, _ = invoke(sandbox, {"key": "ä"}, "first")
    assert not is_error
    assert answer["event"] == {"key": "ä"}
    assert answer["headers"]["Lambda-Runtime-Aws-Request-Id"] == "first"
    assert before + 2.9 < int(answer["headers"]["Lambda-Runtime-Deadline-Ms"]) / 1000 < time.time() + 3.1
    environment = answer["environment"]
    assert environment["AWS_REGION"] == "us-east-1"
    assert environment["LAMBDA_TASK_ROOT"].endswith("code0")
    assert environment["TMPDIR"].endswith("sandbox0/tmp")
    again, _, _ = invoke(sandbox)
    assert again["pid"] == answer["pid"], "the process is kept"


def test_an_error_of_the_function_is_passed_on(bench):
    sandbox = bench.started(bench.python(MOODY))
    pid, _, _ = invoke(sandbox)
    assert invoke(sandbox, "raise")[:2] == ({"errorType": "ValueError", "errorMessage": "no"}, True)
    assert invoke(sandbox)[0] == pid, "an error does not end the process"


@pytest.mark.parametrize(("event", "how"), [("crash", "exit status 3"), ("die", "signal: killed")])
def test_a_crash_is_an_error_and_the_next_invocation_has_a_new_process(bench, event, how):
    sandbox = bench.started(bench.python(MOODY))
    pid, _, _ = invoke(sandbox)
    answer, is_error, logs = invoke(sandbox, event, "bad")
    assert is_error
    assert answer == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: bad Error: Runtime exited with error: {how}"}
    assert f"handling {event}\n" in logs
    assert f"Error: Runtime exited with error: {how}\n" in logs
    after, is_error, _ = invoke(sandbox)
    assert not is_error
    assert after != pid


def test_what_takes_too_long_is_killed(bench):
    sandbox = bench.started(bench.python(MOODY), timeout=0.3)
    pid, _, _ = invoke(sandbox)
    began = time.monotonic()
    answer, is_error, logs = invoke(sandbox, "hang", "slow")
    assert 0.3 <= time.monotonic() - began < 30
    assert is_error
    assert answer == {"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: slow Error: Task timed out after 0.30 seconds"}
    assert "slow Task timed out after 0.30 seconds\n" in logs
    after, is_error, _ = invoke(sandbox)
    assert not is_error
    assert after != pid


def test_a_process_that_ends_between_invocations_costs_none(bench):
    # It answers once and leaves.
    sandbox = bench.started(bench.python("""
count = 0
def handle(event, context):
    global count, call
    count += 1
    usual, answered = call, []
    def leave(*arguments):
        if answered: os._exit(0)
        answered.append(1)
        return usual(*arguments)
    call = leave
    return count
"""))
    assert [invoke(sandbox)[:2] for _ in range(5)] == [(1, False)] * 5


def test_logs_have_start_end_and_report(bench):
    sandbox = bench.started(bench.python("print('init', flush=True)\n" + MOODY))
    _, _, logs = invoke(sandbox, "x", "one")
    lines = logs.splitlines()
    assert lines[:4] == ["init", "START RequestId: one Version: $LATEST", "handling x", "END RequestId: one"]
    report = r"REPORT RequestId: one\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: [1-9]\d* MB"
    assert re.fullmatch(report + r"\tInit Duration: [\d.]+ ms", lines[4])
    _, _, logs = invoke(sandbox, "y", "one")
    assert re.fullmatch(report, logs.splitlines()[3]), "it started once only"
    assert "handling x" not in logs
    assert sandbox.log() == "init\nhandling x\nhandling y\n"


def test_a_large_answer_and_a_large_log_pass(bench):
    sandbox = bench.started(bench.python("def handle(event, context):\n  print('x' * 1_000_000)\n  sys.stdout.flush()\n  return 'y' * event"))
    answer, _, logs = invoke(sandbox, 5_000_000)
    assert len(answer) == 5_000_000
    assert "x" * 1_000_000 + "\n" in logs


def test_a_failed_start_is_told_as_the_function_says_it(bench):
    sandbox = bench.sandbox(bench.python("call(connection, 'POST', 'init/error', '{\"errorMessage\": \"no configuration\"}')\ntime.sleep(60)"))
    with pytest.raises(StartFailed) as failure:
        sandbox.start()
    assert json.loads(failure.value.payload) == {"errorMessage": "no configuration"}


def test_an_exit_before_the_first_invocation_is_a_failed_start(bench):
    sandbox = bench.sandbox(bench.program("#!/bin/sh\necho why\nexit 7\n"))
    with pytest.raises(StartFailed) as failure:
        sandbox.start()
    assert json.loads(failure.value.payload) == {"errorType": "Runtime.ExitError", "errorMessage": "Runtime exited with error: exit status 7"}
    assert sandbox.log() == "why\n"


def test_no_bootstrap_is_a_failed_start(bench, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(StartFailed) as failure:
        bench.started(tmp_path / "empty")
    assert json.loads(failure.value.payload)["errorType"] == "Runtime.InvalidEntrypoint"


def test_a_start_that_takes_too_long_fails(bench, monkeypatch):
    monkeypatch.setattr(sandbox_module, "INIT_LIMIT", 0.3)
    with pytest.raises(StartFailed) as failure:
        bench.started(bench.program("#!/bin/sh\nsleep 60\n"))
    assert json.loads(failure.value.payload)["errorType"] == "Sandbox.Timedout"


def test_a_restart_that_fails_is_an_error_and_the_one_after_it_may_work(bench, tmp_path):
    flag = tmp_path / "fail"
    sandbox = bench.started(bench.python(f"if os.path.exists({str(flag)!r}): sys.exit(5)\n{MOODY}"))
    invoke(sandbox, "crash")
    flag.touch()
    answer, is_error, _ = invoke(sandbox)
    assert is_error
    assert answer["errorMessage"] == "Runtime exited with error: exit status 5"
    flag.unlink()
    assert not invoke(sandbox)[1]


def test_sandboxes_run_beside_each_other(bench):
    code = bench.python("def handle(event, context):\n  began = time.monotonic()\n  time.sleep(1)\n  return began, time.monotonic()")
    sandboxes = [bench.started(code) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        began, ended = zip(*pool.map(lambda sandbox: invoke(sandbox)[0], sandboxes))
    assert max(began) < min(ended)


def test_one_sandbox_takes_invocations_one_by_one(bench):
    sandbox = bench.started(bench.python("def handle(event, context):\n  time.sleep(0.02)\n  return event"))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: invoke(sandbox, number, f"id{number}")[0], range(40)))
    assert answers == list(range(40))


def test_stop_lets_the_invocation_in_hand_finish_and_leaves_nothing(bench, tmp_path):
    sandbox = bench.started(bench.python("def handle(event, context):\n  print('begun', flush=True)\n  time.sleep(0.4)\n  return 'done'"))
    answers = []
    thread = threading.Thread(target=lambda: answers.append(invoke(sandbox)[:2]))
    thread.start()
    while "begun" not in sandbox.log():
        time.sleep(0.01)
    sandbox.stop()
    thread.join(30)
    assert answers == [("done", False)]
    assert not (tmp_path / "sandbox0").exists()
    assert invoke(sandbox)[1], "it takes no more work"
    sandbox.stop()


def test_stop_interrupts_a_start(bench):
    sandbox = bench.sandbox(bench.program("#!/bin/sh\necho begun\nsleep 60\n"))
    failures = []

    def start():
        try:
            sandbox.start()
        except StartFailed as failure:
            failures.append(failure)

    thread = threading.Thread(target=start)
    thread.start()
    while "begun" not in sandbox.log():
        time.sleep(0.01)
    sandbox.stop()
    thread.join(30)
    assert len(failures) == 1
