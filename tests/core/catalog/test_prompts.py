"""Settings in a prompt: what is found, where it is refused, and what the refusal says."""

from __future__ import annotations

import logging
from decimal import Decimal

import pytest

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.catalog.prompts import flags_in
from airflow_provider_seedance.core.catalog.rules import warn_once
from airflow_provider_seedance.errors import RequestInvalid
from airflow_provider_seedance.models import GenerationRequest

READING = [
    ("modelark", "ap-southeast", "seedance-1.0-pro"),
    ("modelark", "cn-beijing", "doubao-seedance-1-0-pro-fast-251015"),
    ("modelark", "ap-southeast", "seedance-1.0-lite-t2v"),
    ("modelark", "ap-southeast", "seedance-1.5-pro"),
    ("modelark", "ap-southeast", "ep-20260101-abcde"),
    ("anyfast", "global", "seedance-1.5-pro"),
    ("anyfast", "global", "seedance-1.0-pro-fast"),
]


def refusal(vendor: str, region: str, model: str, prompt: str) -> RequestInvalid:
    with pytest.raises(RequestInvalid) as refused:
        Catalog.load(vendor, region).prepare(GenerationRequest(model=model, prompt=prompt))
    return refused.value


@pytest.mark.parametrize(("vendor", "region", "model"), READING)
def test_settings_in_a_prompt_are_refused(vendor: str, region: str, model: str) -> None:
    """By every model that reads them, and by an id that may stand for one; each with its parameter."""
    found = refusal(vendor, region, model, "A cat runs --rs 1080p --dur 12").problems
    assert [(problem.field, problem.value) for problem in found] == [
        ("prompt", "--rs 1080p"),
        ("prompt", "--dur 12"),
    ]
    assert [problem.reason.rpartition("; use the parameter ")[2] for problem in found] == [
        "resolution",
        "duration",
    ]


@pytest.mark.parametrize(
    ("flag", "parameter"),
    [
        ("--rs 720p", "resolution"),
        ("--resolution 720p", "resolution"),
        ("--rt 16:9", "aspect_ratio"),
        ("--ratio adaptive", "aspect_ratio"),
        ("--dur 5", "duration"),
        ("--duration 5", "duration"),
        ("--frames 57", "vendor_options={'frames': ...}"),
        ("--seed -1", "seed"),
        ("--cf false", "camera_fixed"),
        ("--camerafixed true", "camera_fixed"),
        ("--camera_fixed true", "camera_fixed"),
        ("--wm true", "watermark"),
        ("--watermark true", "watermark"),
        ("--DUR 12", "duration"),
        ("--dur=12", "duration"),
        ("--dur\n12", "duration"),
        ("cat.--dur 12", "duration"),
        ("cat--dur 12", "duration"),
    ],
)
def test_every_spelling(flag: str, parameter: str) -> None:
    """Short and long, in capitals, with another separator, right behind a word."""
    problem = refusal("modelark", "ap-southeast", "seedance-1.0-pro", f"A cat {flag}").problems[0]
    assert problem.reason.endswith(f"use the parameter {parameter}")


@pytest.mark.parametrize(
    "prompt",
    [
        "A cat -- seen from above -- runs",
        "A garden grows--seed by seed",
        "Letters --- ratio of gold",
        "The sign says --open--",
        "A well-seed farmer - dur 5",
    ],
)
def test_prose_is_left_alone(prompt: str) -> None:
    """Dashes are punctuation as well."""
    names = {"seed": "seed", "ratio": "aspect_ratio", "dur": "duration"}
    assert list(flags_in(prompt, names)) == []


@pytest.mark.parametrize("vendor", ["modelark", "anyfast"])
def test_a_model_that_reads_no_settings_is_told_about(vendor: str, caplog: pytest.LogCaptureFixture) -> None:
    """Seedance 2.0 takes the words as words: they cost nothing, and do nothing."""
    warn_once.cache_clear()
    region = {"modelark": "ap-southeast"}.get(vendor, "global")
    with caplog.at_level(logging.WARNING):
        Catalog.load(vendor, region).prepare(GenerationRequest(prompt="A cat --dur 12"))
    assert caplog.messages == [
        f"{vendor}: seedance-2.0 takes no --dur 12 from a prompt; use the parameter duration"
    ]


def test_the_estimate_counts_the_parameter() -> None:
    """What the prompt asked for behind its back."""
    request = GenerationRequest(model="seedance-1.0-pro", prompt="A cat", resolution="1080p", duration=12)
    assert Catalog.load("modelark", "ap-southeast").estimate(request).amount == Decimal("1.473900")
