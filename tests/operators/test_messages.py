"""Every refusal begins with a short line, and names what was given, what is allowed, and what to do."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.core.batch.rows import read_rows
from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.connection_parts import join_address, read_extra
from airflow_provider_seedance.core.submission.budget import check_budget
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.models import GenerationRequest, parse_generation_id

#: Characters of the first line, which a window or a notification shows whole.
SHORT = 100


def request(vendor: str = "modelark", region: str = "ap-southeast", **fields: Any) -> Any:
    """Check a request as the operator does before it pays."""
    return Catalog.load(vendor, region).prepare(GenerationRequest.parse({"prompt": "A fox", **fields}))


def connection(extra: Any = None, **parts: Any) -> Any:
    """Check the parts of a connection as the hook does."""
    read = read_extra("{...}", {"vendor": "modelark"} if extra is None else extra)
    host = join_address(parts.get("host"), parts.get("port"), parts.get("schema"))
    return Account.create(
        vendor=read.get("vendor"), api_key="sk-abcdef", host=host, region=read.get("region")
    )


def prices(*rows: Any) -> Any:
    return Catalog.load("modelark", "ap-southeast", prices=rows)


def budget(max_cost: str, vendor: str = "modelark") -> Any:
    catalog = Catalog.load(vendor, "ap-southeast" if vendor == "modelark" else "global")
    return check_budget(catalog.estimate(GenerationRequest(prompt="A fox")), max_cost, vendor=vendor)


PRICE = {"family": "seedance-2.0", "unit": "second", "currency": "USD", "amount": "0.1"}
CORRECT = "Correct the request"
#: What is done, and the words that its refusal must have.
REFUSALS: dict[str, tuple[Any, list[str]]] = {
    "flag in a prompt": (
        lambda: request(model="seedance-1.0-pro", prompt="A fox --rs 1080p"),
        ["prompt='--rs 1080p'", "max_cost", "use the parameter resolution", CORRECT],
    ),
    "model": (
        lambda: request(model="seedence-2.0"),
        ["model='seedence-2.0'", "did you mean 'seedance-2.0'?", "modelark has: seedance-1.0", CORRECT],
    ),
    "resolution": (
        lambda: request(resolution="720"),
        ["resolution='720'", "did you mean '720p'?", "allowed: 480p, 720p, 1080p, 4k", CORRECT],
    ),
    "duration": (
        lambda: request(duration=20),
        ["duration=20", "allowed: 4 to 15", "models of modelark that have it: seedance-2.5", CORRECT],
    ),
    "ratio of YAML": (
        lambda: request(aspect_ratio=969),
        ["aspect_ratio='969'", "did you mean '16:9'?", "unless it is quoted", "allowed: 16:9, 4:3", CORRECT],
    ),
    "number": (lambda: request(duration="long"), ["duration='long'", "a whole number is needed", CORRECT]),
    "float prompt": (lambda: request(prompt=3.1), ["prompt=3.1", "quote it", CORRECT]),
    "field": (lambda: request(ratio="16:9"), ["ratio='16:9'", "did you mean 'aspect_ratio'?", CORRECT]),
    "two links": (
        lambda: request(first_frame="https://h/a.png https://h/b.png"),
        ["first_frame='https://h/a.png https://h/b.png'", "several links", "as a list", CORRECT],
    ),
    "link for an id": (
        lambda: parse_generation_id("https://h/v.mp4", "video"),
        ["video='https://h/***'", "this is a link", "a generation id", CORRECT],
    ),
    "vendor": (
        lambda: connection({"vendor": "EvoLink"}),
        ["'EvoLink'", "did you mean 'evolink'?", "known vendors: anyfast, evolink", "Correct the connection"],
    ),
    "region": (
        lambda: connection({"vendor": "evolink", "region": "cn-beijing"}),
        ["region='cn-beijing'", "only modelark has", "leave it out", "Correct the connection"],
    ),
    "extra": (
        lambda: connection({"vendor": "modelark", "max_concurency": 5}),
        [
            "'max_concurency'",
            "did you mean 'max_concurrency'?",
            "Known are: vendor",
            "Correct the connection",
        ],
    ),
    "extra twice": (lambda: connection("{}"), ["extra", "encoded once", "Correct the connection"]),
    "host with a path": (
        lambda: connection(host="https://proxy.test/api/v3"),
        ["host 'https://proxy.test/api/v3'", "ends with /api/v3", "leave that out"],
    ),
    "port without host": (
        lambda: connection(port=80),
        ["port=80", "without a host", "Correct the connection"],
    ),
    "price for nothing": (
        lambda: prices({**PRICE, "family": "seedence-2.0"}),
        ["price 1", "family='seedence-2.0'", "did you mean 'seedance-2.0'?", "Correct the connection"],
    ),
    "price for a condition that is none": (
        lambda: prices({**PRICE, "when": {"resolutoin": ["720p"]}}),
        ["price 1", "when.resolutoin", "did you mean 'resolution'?", "Correct the connection"],
    ),
    "price of a unit": (
        lambda: prices({**PRICE, "unit": "seconds"}),
        ["price 1", "unit='seconds'", "million_tokens", "second", "Correct the connection"],
    ),
    "price with a field": (
        lambda: prices({**PRICE, "amuont": "1"}),
        ["price 1", "amuont", "did you mean 'amount'?", "Correct the connection"],
    ),
    "prices as text": (
        lambda: prices("0.1 USD"),
        ["price 1", "'0.1 USD'", "object", "Correct the connection"],
    ),
    "max_cost": (lambda: budget("0.10 USD"), ["max_cost 0.10 USD", "may cost", "Raise max_cost"]),
    "max_cost without prices": (
        lambda: budget("1 USD", "anyfast"),
        ["no price", "max_cost", "prices in the connection's extra", "leave max_cost out"],
    ),
    "rows": (lambda: read_rows({"prompt": "A fox"}, lambda _: None), ["requests must be a list", "prompt"]),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_short_at_first_and_says_it_all(name: str) -> None:
    """The first line is short, and no line is long; every word that is needed is there."""
    act, words = REFUSALS[name]
    with pytest.raises(SeedanceError) as refused:
        act()
    text = str(refused.value)
    assert len(text.split("\n")[0]) <= SHORT, text
    assert [word for word in words if word not in text] == [], text
    assert text.endswith(".")


@pytest.mark.parametrize(
    ("video", "said"),
    [
        ("https://h/v.mp4?sig=TOPSECRET", "video must be the manifest of a landed video, not a link"),
        ("cgt-1", "video must be the manifest of a landed video, not a str"),
        ({"generation_id": "cgt-1", "video_url": "https://h/v"}, "was generated without a destination"),
    ],
)
def test_publishing_what_is_no_landed_video(video: Any, said: str, publishing: Any) -> None:
    """One sentence, and where the operator belongs."""
    with pytest.raises(AirflowFailException) as refused:
        publishing(video)
    first, advice = str(refused.value).split("\n")
    assert said in first
    assert len(first) <= SHORT
    assert "destination" in advice
    assert "TOPSECRET" not in str(refused.value)


@pytest.fixture
def publishing(tmp_path: Any) -> Any:
    """Publishes a video, outside of a run."""
    from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator

    def run(video: Any) -> Any:
        task = SeedancePublishVideoOperator(task_id="publish", video=video, destination=f"{tmp_path}/v.mp4")
        from airflow_provider_seedance.runtime.exceptions import task_errors

        with task_errors():
            return task._manifest()

    return run
