import http.client
import json
import queue
import socket
import threading
import time

import pytest

from bunraku_host_executor.runtime_api import Answered, InitFailed, Invocation, Ready, RuntimeApi


@pytest.fixture
def events():
    return queue.SimpleQueue()


@pytest.fixture
def api(events):
    api = RuntimeApi(events.put)
    yield api
    api.close()


def invocation(request_id="one", payload=b'{"a": 1}'):
    return Invocation(request_id, payload, "arn:aws:lambda:function", "Root=1-2-3;Sampled=1", 1234.5)


def call(api, method, path, body=None, headers=None, encode_chunked=False):
    connection = http.client.HTTPConnection(api.address, timeout=30)
    connection.request(method, f"/2018-06-01/runtime/{path}", body, headers or {}, encode_chunked=encode_chunked)
    answer = connection.getresponse()
    result = answer.status, dict(answer.headers), answer.read()
    connection.close()
    return result


def status_of_next_answer(connection):
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status


def test_an_invocation_comes_with_all_its_headers(api, events):
    api.submit(invocation())
    status, headers, body = call(api, "GET", "invocation/next")
    assert (status, body) == (200, b'{"a": 1}')
    assert headers["Lambda-Runtime-Aws-Request-Id"] == "one"
    assert headers["Lambda-Runtime-Deadline-Ms"] == "1234500"
    assert headers["Lambda-Runtime-Invoked-Function-Arn"] == "arn:aws:lambda:function"
    assert headers["Lambda-Runtime-Trace-Id"] == "Root=1-2-3;Sampled=1"
    assert events.get(timeout=30) == Ready()


def test_next_waits_for_an_invocation(api, events):
    got = queue.SimpleQueue()
    threading.Thread(target=lambda: got.put(call(api, "GET", "invocation/next")), daemon=True).start()
    assert events.get(timeout=30) == Ready()
    with pytest.raises(queue.Empty):
        got.get(timeout=0.1)
    api.submit(invocation("late"))
    assert got.get(timeout=30)[1]["Lambda-Runtime-Aws-Request-Id"] == "late"


@pytest.mark.parametrize(("what", "is_error"), [("response", False), ("error", True)])
def test_answers_are_reported(api, events, what, is_error):
    api.submit(invocation())
    call(api, "GET", "invocation/next")
    assert call(api, "POST", f"invocation/one/{what}", b"answer")[0] == 202
    assert events.get(timeout=30) == Ready()
    assert events.get(timeout=30) == Answered("one", b"answer", is_error)


def test_a_chunked_body_is_put_together(api, events):
    api.submit(invocation())
    call(api, "GET", "invocation/next")
    chunks = [b"a" * 70_000, b"b", b"c" * 17]
    status, _, _ = call(
        api, "POST", "invocation/one/response", iter(chunks), {"Transfer-Encoding": "chunked"}, encode_chunked=True
    )
    assert status == 202
    events.get(timeout=30)
    assert events.get(timeout=30) == Answered("one", b"".join(chunks), False)


def test_chunks_may_have_extensions_and_trailers(api, events):
    api.submit(invocation())
    call(api, "GET", "invocation/next")
    host, port = api.address.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        head = b"POST /2018-06-01/runtime/invocation/one/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + b"2;name=value\r\nok\r\n0\r\nTrailer: value\r\n\r\n")
        assert status_of_next_answer(connection) == 202
        # The connection goes on after it.
        connection.sendall(b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nbad")
        assert status_of_next_answer(connection) == 202
    events.get(timeout=30)
    assert events.get(timeout=30) == Answered("one", b"ok", False)
    assert events.get(timeout=30) == InitFailed(b"bad")


def test_a_cut_off_answer_is_none(api, events):
    api.submit(invocation())
    call(api, "GET", "invocation/next")
    host, port = api.address.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        head = b"POST /2018-06-01/runtime/invocation/one/response HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
        connection.sendall(head + b"half")
        connection.shutdown(socket.SHUT_WR)
        assert status_of_next_answer(connection) == 400
    assert call(api, "POST", "invocation/one/response", b"whole")[0] == 202
    events.get(timeout=30)
    assert events.get(timeout=30) == Answered("one", b"whole", False)


def test_only_the_invocation_in_hand_can_be_answered(api, events):
    assert call(api, "POST", "invocation/one/response", b"")[0] == 400
    api.submit(invocation())
    call(api, "GET", "invocation/next")
    assert call(api, "POST", "invocation/two/response", b"")[0] == 400
    assert call(api, "POST", "invocation/one/response", b"first")[0] == 202
    assert call(api, "POST", "invocation/one/response", b"second")[0] == 400
    events.get(timeout=30)
    assert events.get(timeout=30).payload == b"first"
    assert events.empty()


def test_next_before_the_answer_is_refused(api):
    api.submit(invocation())
    call(api, "GET", "invocation/next")
    status, _, body = call(api, "GET", "invocation/next")
    assert status == 403
    assert json.loads(body)["errorType"] == "InvalidStateTransition"


def test_unknown_paths_are_not_found(api):
    assert call(api, "GET", "nonsense")[0] == 404
    assert call(api, "POST", "invocation/one/nonsense", b"")[0] == 404


def test_an_abandoned_wait_takes_no_invocation(api, events):
    host, port = api.address.split(":")
    abandoned = socket.create_connection((host, int(port)), timeout=30)
    abandoned.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n")
    assert events.get(timeout=30) == Ready()
    abandoned.close()
    got = queue.SimpleQueue()
    threading.Thread(target=lambda: got.put(call(api, "GET", "invocation/next")), daemon=True).start()
    end = time.monotonic() + 30
    while api._asked < 2 and time.monotonic() < end:
        time.sleep(0.01)
    api.submit(invocation("mine"))
    assert got.get(timeout=30)[1]["Lambda-Runtime-Aws-Request-Id"] == "mine"


def test_what_was_not_seen_can_be_withdrawn(api):
    api.submit(invocation())
    assert api.withdraw()
    api.submit(invocation())
    call(api, "GET", "invocation/next")
    assert not api.withdraw()


def test_close_ends_whoever_waits(api, events):
    failed = queue.SimpleQueue()

    def wait():
        try:
            call(api, "GET", "invocation/next")
        except (OSError, http.client.HTTPException) as error:
            failed.put(error)

    threading.Thread(target=wait, daemon=True).start()
    events.get(timeout=30)
    api.close()
    failed.get(timeout=30)
    with pytest.raises(OSError):
        call(api, "GET", "invocation/next")
