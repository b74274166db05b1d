"""What the tests of the infrastructure share."""

import uuid
from pathlib import Path

import pytest

import cloudformation
import stack
from emulator import client

INFRA = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def farm() -> cloudformation.Template:
    """The farm's template."""
    return cloudformation.load(INFRA / "template.yaml")


@pytest.fixture(scope="session")
def edge() -> cloudformation.Template:
    """The edge's template."""
    return cloudformation.load(INFRA / "edge.yaml")


@pytest.fixture(scope="session", params=["template.yaml", "edge.yaml"])
def template(request) -> cloudformation.Template:
    """Each template in its turn."""
    return cloudformation.load(INFRA / request.param)


@pytest.fixture
def stack_name():
    """The name of a stack of the test's own, which is gone after the test however it ends."""
    with stack.named() as name:
        yield name


@pytest.fixture
def artifacts():
    """A bucket for what is deployed."""
    name = f"artifacts-{uuid.uuid4().hex[:8]}"
    client("s3").create_bucket(Bucket=name)
    yield name
    stack.empty(name)
    client("s3").delete_bucket(Bucket=name)
