"""Functions in a real LocalStack, as the launcher starts it."""

import io
import json
import pathlib
import subprocess
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from conftest import Bench

LAUNCHER = pathlib.Path(__file__).resolve().parents[2] / "emulator"

# Notes what it was given in the directory of its environment, and does what the messages say.
HANDLER = """
def note(record):
    name = f"{time.time_ns()}-{os.getpid()}.json"
    with open(os.path.join(os.environ["NOTES"], "." + name), "w") as file:
        json.dump(record, file)
    os.rename(file.name, os.path.join(os.environ["NOTES"], name))

def handle(event, context):
    failures = []
    for record in event.get("Records", []):
        body, count = record["body"], int(record["attributes"]["ApproximateReceiveCount"])
        note(dict(body=body, count=count))
        if body == "die" and count == 1: os.kill(os.getpid(), 9)
        if body == "bad" and count == 1: failures.append(dict(itemIdentifier=record["messageId"]))
        if body == "slow":
            time.sleep(2)
            note(dict(body="slow, to its end", count=count))
    if "meet" in event:
        note(dict(body="meet", count=os.getpid()))
        while len(os.listdir(os.environ["NOTES"])) < event["meet"]: time.sleep(0.05)
    return dict(batchItemFailures=failures, pid=os.getpid(), endpoint=os.environ["AWS_ENDPOINT_URL"])
"""


class Cloud:
    """A running emulator and a function in it."""

    def __init__(self, endpoint, process, directory):
        self.endpoint, self.process, self.directory = endpoint, process, directory
        self.notes = directory / "notes"
        self.notes.mkdir()
        settings = {
            "endpoint_url": endpoint,
            "region_name": "us-east-1",
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            # The first use of each service is slow.
            "config": Config(read_timeout=120, retries={"max_attempts": 0}, max_pool_connections=20),
        }
        self.functions = boto3.client("lambda", **settings)
        self.queues = boto3.client("sqs", **settings)

    def function(self, name, code):
        self.functions.create_function(
            FunctionName=name,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Role="arn:aws:iam::000000000000:role/any",
            Timeout=20,
            Code={"ZipFile": code},
            Environment={"Variables": {"NOTES": str(self.notes)}},
        )
        self.functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})

    def queue(self, name, function):
        queue = self.queues.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
        attributes = self.queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
        self.functions.create_event_source_mapping(
            EventSourceArn=attributes["QueueArn"],
            FunctionName=function,
            BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
        return queue

    def send(self, queue, *bodies):
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        self.queues.send_message_batch(QueueUrl=queue, Entries=entries)

    def invoke(self, name, **event):
        answer = self.functions.invoke(FunctionName=name, Payload=json.dumps(event))
        assert "FunctionError" not in answer
        return json.load(answer["Payload"])

    def noted(self):
        """How often each body was received."""
        return sorted((note["body"], note["count"]) for note in (json.loads(path.read_text()) for path in self.notes.glob("[0-9]*")))

    def processes(self):
        """What runs with a directory of ours in its environment, without the emulator itself."""
        found = set()
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                environment = (process / "environ").read_bytes()
            except OSError:
                continue
            if str(self.directory).encode() in environment and b"AWS_LAMBDA_RUNTIME_API" in environment:
                found.add(int(process.name))
        return found


def wait_for(what, limit=60):
    end = time.monotonic() + limit
    while not what():
        assert time.monotonic() < end, f"waited {limit} s"
        time.sleep(0.05)


def zipped(program):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(program / "bootstrap", "bootstrap")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    directory = tmp_path_factory.mktemp("cloud")
    process = subprocess.Popen(
        [LAUNCHER, "localstack", "--directory", directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield Cloud(json.loads(process.stdout.readline())["endpoint"], process, directory)
        finally:
            process.stdin.close()


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    return zipped(Bench(tmp_path_factory.mktemp("code")).python(HANDLER))


@pytest.fixture(scope="module", autouse=True)
def function(cloud, code):
    cloud.function("worker", code)


@pytest.fixture(autouse=True)
def no_notes(cloud):
    for path in cloud.notes.iterdir():
        path.unlink()


def test_it_listens_on_the_loopback_address_alone(cloud):
    port = urlsplit(cloud.endpoint).port
    lines = [line.split() for table in ("tcp", "tcp6") for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    listening = [local for _, local, _, state, *_ in lines if state == "0A" and local.endswith(f":{port:04X}")]
    assert listening == [f"0100007F:{port:04X}"]


def test_a_function_is_told_where_the_emulator_is(cloud):
    assert cloud.invoke("worker")["endpoint"] == cloud.endpoint


def test_invocations_run_beside_each_other(cloud):
    with ThreadPoolExecutor(8) as pool:
        # Each waits for all the others.
        pids = list(pool.map(lambda _: cloud.invoke("worker", meet=8)["pid"], range(8)))
    assert len(set(pids)) == 8


def test_messages_come_again_after_a_kill_or_a_reported_failure(cloud):
    queue = cloud.queue("messages", "worker")
    cloud.send(queue, "good", "bad")
    wait_for(lambda: ("bad", 2) in cloud.noted())
    assert cloud.noted() == [("bad", 1), ("bad", 2), ("good", 1)]
    cloud.send(queue, "die")
    wait_for(lambda: ("die", 2) in cloud.noted())


def test_an_update_lets_the_work_in_hand_finish(cloud, code):
    cloud.function("updated", code)
    queue = cloud.queue("slow", "updated")
    cloud.send(queue, "slow")
    wait_for(lambda: ("slow", 1) in cloud.noted())
    cloud.functions.update_function_configuration(FunctionName="updated", Timeout=21)
    wait_for(lambda: ("slow, to its end", 1) in cloud.noted())


# The last two: they take away what the others need.
def test_no_process_outlives_its_function(cloud):
    cloud.invoke("worker")
    assert cloud.processes()
    for name in ("worker", "updated"):
        cloud.functions.delete_function(FunctionName=name)
    wait_for(lambda: not cloud.processes())


def test_nothing_outlives_the_launcher(cloud, code):
    cloud.function("last", code)
    cloud.invoke("last")
    assert cloud.processes()
    cloud.process.stdin.close()
    assert cloud.process.wait(30) == 0
    assert not cloud.processes()
