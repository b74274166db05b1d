"""The bucket's notifications: what is written where, and who hears of it."""

import io

from emulator import client
from stack import queue_url


def assert_events_arrive(stack, bucket, topic):
    """Uploads go to the queue `uploads`, pointers to the topic, and nothing else anywhere."""
    s3, sqs, sns = client("s3"), client("sqs"), client("sns")
    listener = sqs.create_queue(QueueName=f"{stack}-listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=listener, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    uploads = queue_url(stack, "uploads")
    keys = {
        "uploads/production/one.tar.zst": uploads,
        "uploads/production/two.tar.gz": uploads,
        "pointers/production/web1.example.test.json": listener,
        "uploads/production/one.result.json": None,
        "catalogs/0.json.gz": None,
    }
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=io.BytesIO(b"x"))
    for queue in (uploads, listener):
        wanted = {key for key, where in keys.items() if where == queue}
        seen = receive_keys(sqs, queue, keys, wanted)
        assert seen == wanted
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=listener)


def receive_keys(sqs, queue, keys, wanted):
    """The keys that a queue's messages name; waits for the wanted ones, and a little for others."""
    seen, idle = set(), 0
    for _ in range(30):
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        for message in messages:
            seen |= {key for key in keys if key.rsplit("/", 1)[1] in message["Body"]}
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        idle = 0 if messages else idle + 1
        if idle >= 2 and wanted <= seen:
            break
    return seen
