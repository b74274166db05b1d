"""The server that speaks AWS's API, which the deploying tests run against.

BUNRAKU_TEST_ENDPOINT says where it is, BUNRAKU_TEST_CLOUD which one (localstack, ministack); localstack-tests/run sets
both. Without an endpoint these tests are skipped.
"""

import os
import subprocess
import sys

import boto3
import pytest
from botocore.config import Config

ENDPOINT = os.environ.get("BUNRAKU_TEST_ENDPOINT", "")
CLOUD = os.environ.get("BUNRAKU_TEST_CLOUD", "")
REGION = "us-east-1"
ACCOUNT = "000000000000"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
}

needed = pytest.mark.skipif(not ENDPOINT, reason="needs a server: set BUNRAKU_TEST_ENDPOINT")


def client(service):
    """A client of one service, at the server under test."""
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        # The first use of each service is slow on LocalStack.
        config=Config(read_timeout=120, retries={"max_attempts": 2}, s3={"addressing_style": "path"}),
    )


def aws(*arguments):
    """Runs the AWS command line, as infra/README.md tells to."""
    command = [sys.executable, "-m", "awscli", "--endpoint-url", ENDPOINT, *arguments]
    done = subprocess.run(command, env=os.environ | CREDENTIALS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout
