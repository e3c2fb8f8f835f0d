"""Links are concealed before Airflow stores what was rendered, and are there when the task needs them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import PurePosixPath

import pytest
from airflow.sdk import BaseOperator
from airflow.sdk.log import redact

from airflow_provider_seedance.runtime.masking import SignedLinkMaskingMixin
from tests.airflow.running import TaskRun


class TakesLinks(SignedLinkMaskingMixin, BaseOperator):
    """An operator with one field for links."""

    template_fields = ("link",)

    def __init__(self, *, link, **kwargs) -> None:
        super().__init__(**kwargs)
        self.link = link

    def execute(self, context):
        return self.link


def ran(link, **params) -> tuple[object, object]:
    """What Airflow stores of the field, and what the task has."""
    task = TaskRun(TakesLinks(task_id="takes", link=link), params=params)
    received = task()
    return task.rendered[0]["link"], received


LINK = "https://bucket.example/a.png?X-Amz-Signature=TOPSECRET"
PLACES = {
    "alone": LINK,
    "with a leading blank": f" {LINK}",
    "in capitals": LINK.upper(),
    "in a prompt": f"A fox as in {LINK}, at night",
    "with a user": "https://someone:TOPSECRET@bucket.example/a.png",
    "with a fragment": "https://bucket.example/a.png#TOPSECRET",
    "percent-encoded": "https%3A%2F%2Fbucket.example%2Fa.png%3Fsig%3DTOPSECRET",
    "percent-encoded twice": "https%253A%252F%252Fbucket.example%252Fa.png%253Fsig%253DTOPSECRET",
    "escaped": r"https:\/\/bucket.example\/a.png?sig=TOPSECRET",
    "escaped by numbers": r"https:\u002f\u002fbucket.example\u002fa.png\u003fsig=TOPSECRET",
    "escaped twice": r"{\"a\": \"https:\\/\\/bucket.example\\/a.png?sig=TOPSECRET\"}",
    "in HTML": '<a href="https:&#x2F;&#x2F;bucket.example&#x2F;a.png?sig=TOPSECRET">',
    "inside a link": "https://proxy.example/fetch/https://bucket.example/a.png?sig=TOPSECRET",
    "as text of a list": json.dumps([LINK, "x"]),
    "as text of a Python list": str([LINK, "x"]),
    "as text of a dict": json.dumps({"a": {"b": LINK}}),
    "in a list": [[[LINK]]],
    "in a tuple": ("x", (LINK,)),
    "in a dict": {"a": {"b": [{"c": LINK}]}},
    "deeper than Airflow looks": {"a": {"b": {"c": {"d": {"e": {"f": {"g": [LINK]}}}}}}},
    "as a key": {LINK: 1},
    "in another type": {"a": PurePosixPath("/fetch") / "https:/" / LINK.partition("//")[2], "b": LINK},
    "as a password": "socks5://someone:TOPSECRET@proxy.example:1080",
    "as a key of the API": "Authorization: Bearer TOPSECRET",
    "without a host": "/a.png?X-Tos-Signature=TOPSECRET&x=1",
    "as media": "data:image/png;base64,TOPSECRETTOPSECRETTOPSECRET",
}


@pytest.mark.parametrize("link", PLACES.values(), ids=PLACES)
def test_no_secret_of_a_field_is_stored(link) -> None:
    """Wherever it stands; the task has it as it was given."""
    stored, received = ran(link)
    assert "TOPSECRET" not in json.dumps(stored).upper()
    assert "%" in str(link) or "bucket.example" in json.dumps(stored).lower() or "***" in json.dumps(stored)
    assert received == link


def test_a_link_out_of_a_template_shows_its_host() -> None:
    """It may be one of a result, which opens the file without a signature too."""
    stored, received = ran("{{ params.it }}", it="https://host/films/secret-name.mp4")
    assert stored == "https://host/***"
    assert received == "https://host/films/secret-name.mp4"


@pytest.mark.parametrize("key", ["video_url", "last_frame_url"])
def test_the_links_of_a_result_are_hidden(key) -> None:
    """The rest of it stays readable."""
    stored, _ = ran({key: "https://host/films/secret-name.mp4", "generation_id": "task-1"})
    assert stored == {key: "https://host/***", "generation_id": "task-1"}


@pytest.mark.parametrize(
    "value",
    ["https://host/public.png", "s3://bucket/{generation_id}.mp4", ["A fox", 7, None], Decimal("1.5")],
)
def test_what_is_no_secret_stays_readable(value) -> None:
    """A public picture in the author's own words is none."""
    stored, received = ran(value)
    assert json.loads(json.dumps(stored, default=str)) == json.loads(json.dumps(value, default=str))
    assert received == value


def test_logs_are_searched_for_links() -> None:
    """What the user's own code logs, as Airflow does with every secret it knows."""
    link = "https://bucket.example/masked.png?sig=IN-A-LOG"
    ran({"a": [f"see {link}."]})
    assert "IN-A-LOG" not in redact(f"fetching {link} again")


def test_logs_are_not_searched_for_thousands_of_links(monkeypatch) -> None:
    """Each is one more pattern for every log line."""
    masked: list[str] = []
    monkeypatch.setattr("airflow.sdk.log.mask_secret", masked.append)
    stored, _ = ran([f"https://bucket.example/{number}?sig=TOPSECRET" for number in range(3_000)])
    assert len(masked) == 100
    assert "TOPSECRET" not in json.dumps(stored)


def test_a_field_that_nests_without_end_does_not_stop_the_task() -> None:
    """What is too deep is not shown."""
    nested: object = LINK
    for _ in range(100):
        nested = [nested]
    stored, received = ran(nested)
    assert "..." in json.dumps(stored)
    assert received == nested
