"""EvoLink's file service."""

from __future__ import annotations

import base64

import httpx
import pytest

from airflow_provider_seedance.emulator.media.samples import SAMPLES

PNG = SAMPLES["first.png"].media.load()


def test_evolink_takes_files_in_three_ways(emulator, api, golden, shape):
    """base64, stream and url; each file is then served, listed and deleted."""
    evolink, base = api("evolink"), "/api/v1/files"
    data = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    answers = [
        evolink.post(
            f"{base}/upload/base64",
            json={"base64_data": data, "upload_path": "avatars", "file_name": "a.png"},
        ),
        evolink.post(
            f"{base}/upload/stream", files={"file": ("b.png", PNG, "image/png")}, data={"uploadPath": "x"}
        ),
        evolink.post(f"{base}/upload/url", json={"file_url": emulator.sample_url("first.png")}),
    ]
    for answer in answers:
        assert shape(answer.json()) == shape(golden("evolink", "uploaded"))
        assert httpx.get(answer.json()["data"]["file_url"]).content == PNG
    assert evolink.get(f"{base}/list", params={"page": 1, "pageSize": 2}).json()["data"]["total"] == 3
    assert evolink.delete(f"{base}/{answers[0].json()['data']['file_id']}").json()["success"] is True
    assert evolink.get(f"{base}/quota").json()["data"]["used_files"] == 2
    assert api("evolink", "sk-two").get(f"{base}/list").json()["data"]["total"] == 0
    emulator.advance(72 * 3600)
    assert httpx.get(answers[1].json()["data"]["file_url"]).status_code == 403


def test_an_uploaded_file_is_an_input(emulator, api):
    """Its picture decides the adaptive ratio."""
    evolink = api("evolink")
    png = SAMPLES["reference.png"].media.load()
    upload = evolink.post("/api/v1/files/upload/stream", files={"file": ("r.png", png, "image/png")}).json()
    body = {"model": "seedance-2.0-image-to-video", "prompt": "x", "image_urls": [upload["data"]["file_url"]]}
    assert evolink.post("/v1/videos/generations", json=body).status_code == 200
    emulator.advance(1000)
    assert emulator.ledger()["generations"][0]["status"] == "succeeded"


def test_an_uploaded_session_description_does_not_block(emulator, api):
    """The vendor finds that it is no video, and nobody waits for the address that it names."""
    evolink = api("evolink")
    sdp = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5004 RTP/AVP 96\r\n"
    upload = evolink.post("/api/v1/files/upload/stream", files={"file": ("v.mp4", sdp, "video/mp4")}).json()
    body = {
        "model": "seedance-2.0-reference-to-video",
        "prompt": "x",
        "video_urls": [upload["data"]["file_url"]],
    }
    evolink.post("/v1/videos/generations", json=body, timeout=30)
    emulator.advance(1000)
    assert [row["status"] for row in emulator.ledger()["generations"]] == ["failed"]


@pytest.mark.parametrize("body", [{"base64_data": "@@@"}, {"base64_data": "data:text/plain;base64,AAAA"}])
def test_evolink_refuses_bad_files(body, api):
    """success false, in the envelope of the service."""
    answer = api("evolink").post("/api/v1/files/upload/base64", json=body)
    assert (answer.status_code, answer.json()["success"]) == (400, False)
