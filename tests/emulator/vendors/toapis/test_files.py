"""ToAPIs' uploads."""

from __future__ import annotations

import httpx

from airflow_provider_seedance.emulator.media.samples import SAMPLES

PNG = SAMPLES["first.png"].media.load()


def test_toapis_takes_images(api, golden, shape):
    """The contract's body; wrong types are refused in its words."""
    toapis = api("toapis")
    answer = toapis.post(
        "/v1/uploads/images", files={"file": ("a.png", PNG, "image/png")}, data={"purpose": "generation"}
    )
    assert shape(answer.json()) == shape(golden("toapis", "uploaded"))
    assert httpx.get(answer.json()["data"]["url"]).content == PNG
    wrong = toapis.post("/v1/uploads/images", files={"file": ("a.txt", b"x", "text/plain")})
    assert wrong.json()["message"] == "Unsupported image type. Allowed: JPEG, PNG, WebP, GIF"
    assert wrong.status_code == 400
