"""The table of list prices is whole and says what each figure is."""

import json

from conftest import INFRA

TABLE = json.loads((INFRA / "prices.json").read_text(encoding="utf-8"))


def test_every_region_has_every_price():
    assert TABLE["currency"] == "USD"
    assert {"us-east-1", "eu-central-1"} <= set(TABLE["regions"])
    for region, prices in TABLE["regions"].items():
        assert list(prices) == list(TABLE["prices"]), region
        assert all(isinstance(price, (int, float)) and 0 < price < 100 for price in prices.values()), region


def test_every_price_has_a_unit_a_source_and_a_date():
    for name, about in TABLE["prices"].items():
        assert about["unit"] and about["as_of"], name
        assert about["source"].startswith("https://aws.amazon.com/"), name


def test_the_prices_that_everybody_knows():
    """A slip by a factor of ten would be found here."""
    prices = TABLE["regions"]["us-east-1"]
    known = {
        ("lambda_request", 1_000_000): 0.20,
        ("s3_put_request", 1_000): 0.005,
        ("s3_get_request", 1_000): 0.0004,
        ("sqs_request", 1_000_000): 0.40,
        ("sns_publish", 1_000_000): 0.50,
        ("kms_request", 10_000): 0.03,
    }
    for (name, count), dollars in known.items():
        assert abs(prices[name] * count - dollars) < 1e-9, name
