"""Result links: ranges, expiry, signatures, and no key ever."""

from __future__ import annotations

import io

import av
import httpx
import pytest
from PIL import Image

TASKS = "/api/v3/contents/generations/tasks"
BODY = {"model": "dreamina-seedance-2-0-260128", "content": [{"type": "text", "text": "x"}], "duration": 4,
        "resolution": "480p", "return_last_frame": True}  # fmt: skip


@pytest.fixture
def links(emulator, api):
    """Video and last frame of a finished task."""
    ark = api("modelark")
    task_id = ark.post(TASKS, json=BODY).json()["id"]
    emulator.advance(1000)
    return ark.get(f"{TASKS}/{task_id}").json()["content"]


def test_a_video_is_served_whole(links):
    """200, video/mp4, with a hash as ETag."""
    answer = httpx.get(links["video_url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    assert answer.headers["accept-ranges"] == "bytes"
    assert len(answer.content) == int(answer.headers["content-length"])


@pytest.mark.parametrize(("header", "part"), [
    ("bytes=0-99", slice(0, 100)), ("bytes=100-", slice(100, None)), ("bytes=-100", slice(-100, None)),
])  # fmt: skip
def test_a_part_is_served(header, part, links):
    """206 with exactly the bytes asked for."""
    whole = httpx.get(links["video_url"]).content
    answer = httpx.get(links["video_url"], headers={"Range": header})
    assert answer.status_code == 206
    assert answer.content == whole[part]
    assert answer.headers["content-range"].endswith(f"/{len(whole)}")


def test_a_part_beyond_the_end_is_refused(links):
    """416 with the real length."""
    answer = httpx.get(links["video_url"], headers={"Range": "bytes=99999999-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"].startswith("bytes */")


def test_a_part_of_another_file_is_not_mixed_in(links):
    """If-Range with a foreign ETag gets the whole file."""
    etag = httpx.get(links["video_url"]).headers["etag"]
    same = httpx.get(links["video_url"], headers={"Range": "bytes=10-", "If-Range": etag})
    other = httpx.get(links["video_url"], headers={"Range": "bytes=10-", "If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)


def test_a_link_dies_after_a_day(emulator, links):
    """403 from then on."""
    emulator.advance(86400)
    assert httpx.get(links["video_url"]).status_code == 403


def test_a_forged_signature_is_refused(links):
    """The query is part of the link."""
    assert httpx.get(links["video_url"].replace("X-Tos-Signature=", "X-Tos-Signature=0")).status_code == 403
    assert httpx.get(links["video_url"].partition("?")[0]).status_code == 403
    assert httpx.get(links["video_url"].replace("%2F", "/")).status_code == 200


def test_a_key_at_the_result_host_is_refused_and_recorded(emulator, links):
    """So that a test can catch a client that leaks its key."""
    assert httpx.get(links["video_url"], headers={"Authorization": "Bearer sk-one"}).status_code == 400
    note = emulator.requests()[-1]
    assert (note["operation"], note["status"]) == ("download", 400)
    assert note["problem"] == "a key was sent to a result host"
    assert "sk-one" not in str(note)


def test_head_is_the_vendors_choice(emulator, api, links):
    """ModelArk signs for GET only; EvoLink answers HEAD."""
    assert httpx.head(links["video_url"]).status_code == 403
    evolink = api("evolink")
    body = {"model": "seedance-2.0-text-to-video", "prompt": "x", "duration": 4, "quality": "480p"}
    task_id = evolink.post("/v1/videos/generations", json=body).json()["id"]
    emulator.advance(1000)
    url = evolink.get(f"/v1/tasks/{task_id}").json()["results"][0]
    head, whole = httpx.head(url), httpx.get(url)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(whole.content)))


def test_downloads_are_counted(emulator, links):
    """One per GET."""
    for _ in range(3):
        httpx.get(links["video_url"])
    assert emulator.ledger()["requests"]["modelark"]["download"] == 3


def test_the_last_frame_is_the_videos_last_frame(links):
    """Same size, nearly the same picture."""
    still = Image.open(io.BytesIO(httpx.get(links["last_frame_url"]).content)).convert("L")
    with av.open(io.BytesIO(httpx.get(links["video_url"]).content)) as container:
        *_, last = container.decode(video=0)
    assert (last.width, last.height) == still.size == (864, 496)
    seen = last.to_image().convert("L")
    difference = sum(abs(a - b) for a, b in zip(still.tobytes(), seen.tobytes(), strict=True)) / (864 * 496)
    assert difference < 4


@pytest.mark.parametrize(("name", "kind"), [
    ("first.png", "image/png"), ("last.png", "image/png"), ("reference.png", "image/png"),
    ("reference.mp4", "video/mp4"), ("reference.mp3", "audio/mpeg"), ("reference.wav", "audio/wav"),
])  # fmt: skip
def test_samples_are_what_they_say(name, kind, emulator):
    """Each sample opens as its kind; films and sounds last five seconds."""
    answer = httpx.get(emulator.sample_url(name), timeout=60)
    assert answer.headers["content-type"] == kind
    if kind == "image/png":
        assert min(Image.open(io.BytesIO(answer.content)).size) >= 300
    else:
        with av.open(io.BytesIO(answer.content)) as container:
            assert container.duration / av.time_base == pytest.approx(5, abs=0.15)


def test_an_unknown_sample_names_the_known_ones(emulator):
    """404 that helps."""
    answer = httpx.get(emulator.sample_url("none.png"))
    assert answer.status_code == 404
    assert "first.png" in answer.text
