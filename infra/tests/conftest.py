"""What the tests of the infrastructure share."""

from pathlib import Path

import pytest

import cloudformation

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
