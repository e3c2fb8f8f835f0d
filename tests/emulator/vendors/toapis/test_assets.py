"""ToAPIs' asset library."""

from __future__ import annotations

from airflow_provider_seedance.emulator.media.samples import SAMPLES

AVATAR = "/v1/videos/doubao-seedance-2-0/private-avatar"
PNG = SAMPLES["first.png"].media.load()


def test_toapis_avatars_become_active(emulator, api, golden, shape):
    """Group, asset, review, use; a foreign or unfinished asset cannot be used."""
    toapis = api("toapis")
    group = toapis.post(f"{AVATAR}/groups", json={"name": "cast", "description": "optional"}).json()
    assert shape(group) == shape(golden("toapis", "group"))
    request = {
        **golden("toapis", "asset_request"),
        "group_id": group["data"]["group_id"],
        "source_url": emulator.sample_url("reference.png"),
    }
    asset = toapis.post(f"{AVATAR}/assets", json=request).json()
    assert shape(asset) == shape(golden("toapis", "asset"))
    body = {
        "model": "seedance-2", "prompt": "x", "duration": 5,
        "image_with_roles": [{"url": asset["data"]["asset_url"], "role": "reference_image"}],
    }  # fmt: skip
    assert toapis.post("/v1/videos/generations", json=body).status_code == 400
    emulator.advance(10)
    assert toapis.get(f"{AVATAR}/assets/{asset['data']['asset_id']}").json()["data"]["status"] == "active"
    assert toapis.post("/v1/videos/generations", json=body).status_code == 200
    assert api("toapis", "sk-two").post("/v1/videos/generations", json=body).status_code == 400


def test_toapis_real_avatars_end_in_a_group(emulator, api):
    """Verification needs no phone here, but some time; the link works two minutes, and asking again moves no end."""
    toapis, base = api("toapis"), "/v1/videos/doubao-seedance-2-0/real-avatar"
    task = toapis.post(f"{base}/verify-tasks", json={"callback_url": "https://h/x"}).json()["data"]["task_id"]
    session = toapis.get(f"{base}/verify-tasks/{task}").json()["data"]
    assert (session["status"], bool(session["h5_link"])) == ("completed", True)
    assert toapis.get(f"{base}/verify-results", params={"task_id": task}).json()["data"]["group_id"] is None
    emulator.advance(30)
    assert toapis.get(f"{base}/verify-tasks/{task}").json()["data"]["expires_at"] == session["expires_at"]
    results = [toapis.get(f"{base}/verify-results", params={"task_id": task}).json() for _ in range(2)]
    assert results[0]["data"]["group_id"] == results[1]["data"]["group_id"]
    group = {"group_id": results[0]["data"]["group_id"], "asset_type": "image", "name": "Anna"}
    body = {**group, "source_url": emulator.sample_url("reference.png")}
    assert toapis.post(f"{AVATAR}/assets", json=body).status_code == 404
    asset = toapis.post(f"{base}/assets", json=body).json()["data"]["asset_id"]
    assert [toapis.get(f"{path}/assets/{asset}").status_code for path in (AVATAR, base)] == [404, 200]
    other = api("toapis", "sk-two")
    assert other.get(f"{base}/verify-results", params={"task_id": task}).status_code == 404
