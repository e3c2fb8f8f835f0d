"""Refused before anything is sent: the text names what, the limit and the remedy, and the task ends for good."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

REFERENCE = "https://example.com/product.png"


@pytest.fixture
def refused(generating, emulator):
    """Runs the task and returns the refusal's text, after making sure that the vendor has heard nothing."""

    def run(conn_id: str, **arguments: object) -> str:
        with pytest.raises(AirflowFailException) as caught:
            generating(conn_id, **arguments)()
        assert emulator.requests() == []
        return str(caught.value)

    return run


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        pytest.param({"password": None}, ["modelark", "no API key", "connection's password"], id="no key"),
        pytest.param({"password": "  "}, ["modelark", "no API key"], id="blank key"),
        pytest.param({"password": "sk-one two"}, ["API key holds blanks", "copy it again"], id="broken key"),
        pytest.param(
            {"vendor": None}, ["no vendor is set", "anyfast, evolink, modelark, toapis"], id="no vendor"
        ),
        pytest.param(
            {"vendor": "runway"}, ["'runway'", "anyfast, evolink, modelark, toapis"], id="unknown vendor"
        ),
        pytest.param(
            {"extra": {"region": "mars"}}, ["'mars'", "ap-southeast, cn-beijing"], id="unknown region"
        ),
        pytest.param(
            {"host": "ftp://files"}, ["'ftp://files'", "https://proxy.example.com"], id="unusable host"
        ),
        pytest.param(
            {"extra": {"request_timeout": "soon"}}, ["request_timeout", "above 0", "'soon'"], id="no number"
        ),
    ],
)
def test_an_unusable_connection(connection, words, refused, connect) -> None:
    """The setting, its value and what it may be."""
    text = refused(connect(**connection))
    assert all(word in text for word in words), text


def test_all_problems_of_a_request_are_told_at_once(refused, connect) -> None:
    """Each with the field, the value and what is allowed."""
    text = refused(
        connect(),
        duration=99,
        resolution="8k",
        first_frame="https://example.com/first.png",
        reference_images=[REFERENCE],
    )
    assert "modelark: request refused before sending for model seedance-2.0" in text
    assert "duration=99: allowed: 4 to 15" in text
    assert "resolution='8k': allowed: 480p, 720p, 1080p, 4k" in text
    assert "first and last frames cannot be combined with reference media" in text
    assert "Correct the request" in text


@pytest.mark.parametrize(
    ("field", "value"), [("duration", "long"), ("generate_audio", "loud"), ("vendor_options", "{half")]
)
def test_a_value_of_the_wrong_type(field, value, refused, connect) -> None:
    """A template that renders to nonsense is a refusal, not a crash."""
    text = refused(connect(), **{field: value})
    assert f"{field}='{value}'" in text


@pytest.mark.parametrize(
    ("vendor", "option", "others"),
    [
        ("evolink", {"seed": 7}, "anyfast, modelark, toapis"),
        ("evolink", {"return_last_frame": True}, "anyfast, modelark, toapis"),
        ("toapis", {"watermark": True}, "anyfast, modelark"),
        ("anyfast", {"priority": 3}, "modelark"),
        ("modelark", {"content_filter": False}, "evolink"),
    ],
)
def test_an_option_that_this_vendor_lacks(vendor, option, others, refused, connect) -> None:
    """It is refused, never dropped, and the text says who has it."""
    text = refused(connect(vendor), **option)
    assert f"not offered by {vendor}" in text
    assert f"vendors that have it: {others}" in text


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("0.01 USD", ["above max_cost 0.01 USD", "Raise max_cost"]),
        ({"amount": "0.01", "currency": "USD"}, ["above max_cost 0.01 USD"]),
        ("60 credits", ["price is in USD", "max_cost is in credits", "Give max_cost in USD"]),
        ("a lot", ["'a lot'", '"1.50 USD"']),
        ("5", ["'5'", '"1.50 USD"']),
        ("-1 USD", ["'-1 USD'", '"1.50 USD"']),
        ("nan USD", ["'nan USD'", '"1.50 USD"']),
    ],
)
def test_max_cost(limit, words, refused, connect) -> None:
    """Above the limit, in another currency, or no amount at all."""
    text = refused(connect(), max_cost=limit)
    assert all(word in text for word in words), text


def test_an_unknown_price_cannot_be_held_against_max_cost(refused, connect) -> None:
    """The text points to where prices can be set."""
    text = refused(connect("anyfast"), max_cost="5 USD")
    assert "no price" in text
    assert "prices in the connection's extra" in text


def test_prices_of_ones_own_count(generating, refused, connect) -> None:
    """What the connection's extra says goes before the catalog."""
    price = {"family": "seedance-2.0", "unit": "second", "currency": "USD", "amount": "2"}
    dear = connect("anyfast", extra={"prices": [price]})
    assert "may cost 8 USD, above max_cost 7 USD" in refused(dear, max_cost="7 USD")
    assert generating(dear, max_cost="9 USD")()["status"] == "succeeded"


@pytest.mark.parametrize("timeout", ["soon", 0, -5, "inf", "nan"])
@pytest.mark.parametrize("name", ["timeout", "queue_timeout"])
def test_a_timeout_that_is_no_time(name, timeout, refused, connect) -> None:
    """Found out before paying, not when the waiting begins."""
    text = refused(connect(), **{name: "{{ params.timeout }}"}, params={"timeout": timeout})
    assert f"{name} must be a number of seconds above 0 or a timedelta, not '{timeout}'" in text


def test_a_destination_below_a_file(refused, connect, tmp_path) -> None:
    """Nothing is paid for a video that has no place to go."""
    (tmp_path / "file").touch()
    text = refused(connect(), destination=f"{tmp_path}/file/video.mp4")
    assert f"{tmp_path}/file is not a directory" in text
    assert "Choose another destination" in text


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs Linux's /proc, where nobody can write")
def test_a_destination_without_permission(refused, connect) -> None:
    """The text names the directory that refuses; in this one even root may not write."""
    assert "no permission to write in /proc/self" in refused(connect(), destination="/proc/self/video.mp4")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"duration": "five", "resolution": "9p"}, ["duration='five'", "resolution='9p'"]),
        ({"seed": "x", "duration": 99}, ["seed='x'", "duration=99"]),
        ({"watermark": "maybe", "service_tier": "fast"}, ["watermark='maybe'", "service_tier='fast'"]),
        ({"first_frame": 7, "duration": 99}, ["first_frame=7"]),
    ],
)
def test_a_value_that_cannot_be_read_hides_no_other_problem(arguments, words, refused, connect) -> None:
    """What the vendor does not take is told at the same time."""
    text = refused(connect(), **arguments)
    assert all(word in text for word in words), text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"max_cost": "0.01 USD"}, "above max_cost 0.01 USD"),
        ({"destination": "/proc/self/video.mp4"}, "no permission to write in /proc/self"),
        ({"destination": "warehouse://bucket/video.mp4"}, "Install the Airflow provider"),
    ],
)
def test_a_preview_refuses_what_a_submission_would(arguments, said, refused, connect) -> None:
    """What the preview lets through can be paid for, and its video has a place."""
    assert said in refused(connect(), preview=True, **arguments)


@pytest.mark.parametrize("conn_type", ["http", "aws", "generic"])
def test_a_connection_to_another_system(conn_type, refused, connect, monkeypatch) -> None:
    """It is named with its type."""
    conn_id = connect()
    name = f"AIRFLOW_CONN_{conn_id.upper()}"
    monkeypatch.setenv(
        name, os.environ[name].replace('"conn_type": "seedance"', f'"conn_type": "{conn_type}"')
    )
    assert f"connection '{conn_id}' is of type '{conn_type}', not 'seedance'" in refused(conn_id)


@pytest.mark.parametrize(
    ("destination", "words"),
    [
        ("warehouse://bucket/video.mp4", ["warehouse://bucket/video.mp4", "Install the Airflow provider"]),
        ("/tmp/{title}.mp4", ["{title} is not known", "generation_id, mode, model, vendor"]),
        ("/tmp/{generation_id.mp4", ["'/tmp/{generation_id.mp4' cannot be used"]),
    ],
)
def test_a_destination_that_means_nothing(destination, words, refused, connect) -> None:
    """An unknown store, an unknown name, a half-open brace."""
    text = refused(connect(), destination=destination)
    assert all(word in text for word in words), text


def test_a_refusal_leaves_no_file_and_no_directory(refused, connect, tmp_path) -> None:
    """Looking whether the destination can be written writes nothing."""
    refused(connect(), duration=99, destination=f"{tmp_path}/new/video.mp4")
    refused(connect(), max_cost="0.01 USD", destination=f"{tmp_path}/new/video.mp4")
    assert list(Path(tmp_path).iterdir()) == []
