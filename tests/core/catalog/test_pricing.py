"""Tokens and money: the contracts' own numbers, and the bound before anything is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.catalog.pricing import Workload, tokens
from airflow_provider_seedance.models import Cost, ExpectedVideo, GenerationRequest, Succeeded, Usage

VIDEO, IMAGE = "https://h/1.mp4", "https://h/1.png"
MODELARK = Catalog.load("modelark", "ap-southeast")
CHINA = Catalog.load("modelark", "cn-beijing")
EVOLINK = Catalog.load("evolink", "global")
TOAPIS = Catalog.load("toapis", "global")
ANYFAST = Catalog.load("anyfast", "global")


def request(**fields: Any) -> GenerationRequest:
    return GenerationRequest(**{"prompt": "A cat", **fields})


def amount(catalog: Catalog, **fields: Any) -> Decimal | None:
    return catalog.estimate(request(**fields)).amount


def finished(vendor: str = "modelark", **fields: Any) -> Succeeded:
    return Succeeded(vendor=vendor, generation_id="g-1", video_url="https://h/v.mp4", **fields)


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (Workload(seconds=5, input_seconds=0, pixels=1280 * 720), 108_900),
        (Workload(seconds=5, input_seconds=0, pixels=864 * 480), 49_005),
        (Workload(seconds=5, input_seconds=0, pixels=1920 * 1088), 246_840),
        (Workload(seconds=30, input_seconds=30, pixels=1280 * 720), 1_296_900),
        (Workload(seconds=4, input_seconds=0, pixels=1280 * 720), 87_300),
        (Workload(seconds=None, input_seconds=0, pixels=864 * 480, frames=57), 23_085),
        (Workload(seconds=5, input_seconds=0, pixels=None), None),
        (Workload(seconds=None, input_seconds=0, pixels=1), None),
    ],
)
def test_tokens(work: Workload, expected: int | None) -> None:
    """Bills have one frame more than 24 a second, and the product is cut off to whole tokens."""
    assert tokens(work) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "0.7623"),
        ({"resolution": "1080p"}, "1.886693"),
        ({"resolution": "4k"}, "3.9204"),
        ({"model": "seedance-2.0-fast"}, "0.60984"),
        ({"model": "seedance-2.0-mini"}, "0.38115"),
        ({"model": "seedance-2.5"}, "1.16523"),
        ({"model": "seedance-1.0-pro"}, "0.6171"),
        ({"model": "seedance-1.5-pro"}, "0.26136"),
        ({"model": "seedance-1.5-pro", "generate_audio": False}, "0.13068"),
        ({"model": "seedance-1.5-pro", "service_tier": "flex"}, "0.13068"),
        ({"model": "dreamina-seedance-2-0-260128"}, "0.7623"),
    ],
)
def test_modelark_estimates(fields: dict[str, Any], expected: str) -> None:
    """Five seconds in 16:9 at the list price, in dollars."""
    cost = MODELARK.estimate(request(duration=5, aspect_ratio="16:9", **fields))
    assert cost == Cost(amount=Decimal(expected), currency="USD", basis="estimated")


def test_regions_have_their_currency() -> None:
    """The Chinese region has its own price list."""
    assert CHINA.estimate(request(duration=5, aspect_ratio="16:9")) == Cost(
        amount=Decimal("5.0094"), currency="CNY", basis="estimated"
    )
    assert CHINA.estimate(request(model="seedance-1.5-pro")) == Cost()


def test_a_draft_counts_fewer_tokens() -> None:
    """A 480p draft is billed 0.7 of its tokens when silent, 0.6 with sound."""
    draft = {
        "model": "seedance-1.5-pro",
        "duration": 5,
        "aspect_ratio": "1:1",
        "vendor_options": {"draft": True},
    }
    full = tokens(Workload(seconds=5, input_seconds=0, pixels=640 * 640))
    assert full is not None
    assert (
        amount(MODELARK, **draft, generate_audio=False) == full * Decimal("0.7") * Decimal("1.2") / 1_000_000
    )
    assert amount(MODELARK, **draft) == full * Decimal("0.6") * Decimal("2.4") / 1_000_000


def test_frames_are_priced() -> None:
    """A number of frames is priced as it is, without the frame on top."""
    cost = amount(
        MODELARK,
        model="seedance-1.0-pro",
        resolution="480p",
        aspect_ratio="16:9",
        vendor_options={"frames": 57},
    )
    assert cost == Decimal("0.057713")


def test_what_the_model_decides_counts_with_the_most() -> None:
    """An adaptive ratio, a free duration and videos of unknown length are bounded from above."""
    sizes = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")
    assert amount(MODELARK) == max(amount(MODELARK, aspect_ratio=ratio) or 0 for ratio in sizes)
    assert amount(MODELARK, duration=-1) == amount(MODELARK, duration=15)
    assert amount(MODELARK, model="seedance-2.5") == amount(MODELARK, model="seedance-2.5", duration=30)
    video = {"reference_videos": [VIDEO], "aspect_ratio": "16:9", "duration": 5}
    assert (
        amount(MODELARK, **video)
        == 21_600 * 20 * Decimal("4.3") / 1_000_000 + 900 * Decimal("4.3") / 1_000_000
    )
    assert (
        amount(MODELARK, model="seedance-2.5", **{**video, "duration": 30})
        == 1_296_900 * Decimal("6.4") / 1_000_000
    )


def test_a_final_render_is_bounded_without_knowing_the_draft() -> None:
    """Length, ratio and sound of a draft are not known here, so the most of each counts."""
    final = {"model": "seedance-1.5-pro", "prompt": None, "draft_task_id": "cgt-1", "resolution": "720p"}
    longest = {"model": "seedance-1.5-pro", "duration": 12, "generate_audio": True, "resolution": "720p"}
    assert amount(MODELARK, **final) == amount(MODELARK, **longest)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"model": "seedance-2.0-mini"}, "10.23"),
        ({"model": "seedance-2.0-fast"}, "16.5726"),
        ({}, "20.46"),
        ({"content_filter": False}, "22.506"),
        ({"reference_videos": [VIDEO]}, "59.185"),
        ({"reference_videos": [VIDEO], "duration": 15}, "93.45"),
    ],
)
def test_evolink_estimates(fields: dict[str, Any], expected: str) -> None:
    """Credits a second as observed; with videos, theirs (at least the output's) are added."""
    cost = EVOLINK.estimate(request(**{"duration": 4, "resolution": "480p", **fields}))
    assert cost == Cost(amount=Decimal(expected), currency="credits", basis="estimated")


def test_toapis_estimate() -> None:
    """The one price that ToAPIs published, to the dollar's fifth digit; 4k has none."""
    cost = TOAPIS.estimate(
        request(model="seedance-2.0-mini", duration=4, aspect_ratio="16:9", generate_audio=False)
    )
    assert cost.amount == pytest.approx(Decimal("0.157762"), abs=Decimal("0.000002"))
    assert amount(TOAPIS, duration=0) == amount(TOAPIS, duration=-1) == amount(TOAPIS, duration=15)
    assert TOAPIS.estimate(request(resolution="4k")) == Cost()


def test_no_price_is_unknown() -> None:
    """Without a price, or a model that the catalog knows, the cost is unknown and not zero."""
    assert ANYFAST.estimate(request()) == Cost()
    assert MODELARK.estimate(request(model="seedance-1.0-lite-t2v")) == Cost()
    assert MODELARK.estimate(request(model="ep-20260101-abcde")) == Cost()


def test_the_vendor_names_the_charge() -> None:
    """What the vendor says it charged wins over everything."""
    charge = Cost(amount=Decimal("27"), currency="credits", basis="billed")
    assert MODELARK.cost(finished(charge=charge), request()) == charge


def test_tokens_at_the_list_price() -> None:
    """The vendor's count is exact, the price list is ours: estimated."""
    usage = Usage(completion_tokens=108_900, total_tokens=108_900)
    done = finished(usage=usage, model="dreamina-seedance-2-0-260128", resolution="720p")
    expected = Cost(amount=Decimal("0.7623"), currency="USD", basis="estimated")
    assert MODELARK.cost(done, request()) == expected
    assert MODELARK.cost(done, None) == expected
    assert MODELARK.cost(done, request(model="ep-20260101-abcde")) == expected


def test_tokens_of_a_draft_are_not_reduced_twice() -> None:
    """A draft's count is already the reduced one."""
    done = finished(
        usage=Usage(completion_tokens=1_000_000), model="seedance-1-5-pro-251215", generate_audio=True
    )
    draft = request(model="seedance-1.5-pro", vendor_options={"draft": True})
    assert MODELARK.cost(done, draft).amount == Decimal("2.4")


def test_the_report_wins_over_the_request() -> None:
    """Without a count, the estimate is made for what the vendor says it made."""
    done = finished("toapis", duration=4.0, aspect_ratio="16:9", resolution="720p")
    asked = request(model="seedance-2.0-mini", duration=15)
    assert TOAPIS.cost(done, asked) == TOAPIS.estimate(
        request(model="seedance-2.0-mini", duration=4, aspect_ratio="16:9", resolution="720p")
    )


def test_nothing_to_go_by() -> None:
    """Neither a charge, a count, nor a request: unknown."""
    assert EVOLINK.cost(finished("evolink", model="seedance-2.0-text-to-video"), None) == Cost()
    assert ANYFAST.cost(finished("anyfast", usage=Usage(total_tokens=1)), request()) == Cost()


@pytest.mark.parametrize(
    ("catalog", "model", "resolution", "ratio", "expected"),
    [
        (MODELARK, "seedance-2.0", "1080p", "21:9", (2206, 946)),
        (MODELARK, "seedance-2.0", None, "16:9", (1280, 720)),
        (MODELARK, "seedance-1.0-pro", "1080p", "16:9", (1920, 1088)),
        (MODELARK, "dreamina-seedance-2-5-260628", "480p", "16:9", (854, 480)),
        (MODELARK, "seedance-2.0", "720p", "adaptive", None),
        (MODELARK, "seedance-2.0", "720p", None, None),
        (MODELARK, "ep-20260101-abcde", "720p", "16:9", None),
        (ANYFAST, "seedance-2.0-ultra", "2k", "16:9", None),
        (EVOLINK, "seedance-2.0-fast", "480p", "9:16", (496, 864)),
    ],
)
def test_frame_size(
    catalog: Catalog, model: str, resolution: str | None, ratio: str | None, expected: tuple[int, int] | None
) -> None:
    """Sizes come from the model's table; what the vendor decides has none."""
    assert catalog.frame_size(model, resolution, ratio) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"duration": 8, "aspect_ratio": "16:9"}, ExpectedVideo(8.0, 1280, 720, True)),
        ({"duration": -1}, ExpectedVideo(None, None, None, True)),
        ({"generate_audio": False, "aspect_ratio": "1:1"}, ExpectedVideo(5.0, 960, 960, False)),
        ({"model": "seedance-1.0-pro"}, ExpectedVideo(5.0, 1920, 1088, False)),
        ({"model": "seedance-1.0-pro", "first_frame": IMAGE}, ExpectedVideo(5.0, None, None, False)),
        (
            {"model": "seedance-1.0-pro", "vendor_options": {"frames": 57}},
            ExpectedVideo(2.375, 1920, 1088, False),
        ),
        (
            {"model": "seedance-1.5-pro", "aspect_ratio": "16:9", "vendor_options": {"draft": True}},
            ExpectedVideo(5.0, 864, 496, True),
        ),
        ({"model": "seedance-1.5-pro", "draft_task_id": "cgt-1"}, ExpectedVideo(None, None, None, None)),
        ({"model": "ep-1", "duration": 7}, ExpectedVideo(7.0, None, None, None)),
    ],
)
def test_order(fields: dict[str, Any], expected: ExpectedVideo) -> None:
    """What the file must be follows from the request and the defaults; what is open is ``None``."""
    assert MODELARK.expected_video(request(**fields)) == expected
