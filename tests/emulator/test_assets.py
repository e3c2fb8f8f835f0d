"""Uploads, file services and asset libraries."""

from __future__ import annotations

import base64
import os

import httpx
import pytest

from airflow_provider_seedance.emulator.http.multipart import parse_form
from airflow_provider_seedance.emulator.media.samples import SAMPLES

AVATAR = "/v1/videos/doubao-seedance-2-0/private-avatar"
PNG = SAMPLES["first.png"].media.load()


def test_forms_keep_every_byte():
    """Binary content with all kinds of line ends survives."""
    content = bytes(range(256)) * 4 + b"\r\n\r\n--x\n" + os.urandom(5000)
    request = httpx.Request(
        "POST", "http://x", files={"file": ("a b.png", content, "image/png")}, data={"purpose": "y"}
    )
    form = parse_form(request.headers["content-type"], request.read())
    assert form.files["file"].content == content
    assert (form.files["file"].name, form.files["file"].mime) == ("a b.png", "image/png")
    assert form.fields == {"purpose": "y"}


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


@pytest.mark.parametrize("body", [{"base64_data": "@@@"}, {"base64_data": "data:text/plain;base64,AAAA"}])
def test_evolink_refuses_bad_files(body, api):
    """success false, in the envelope of the service."""
    answer = api("evolink").post("/api/v1/files/upload/base64", json=body)
    assert (answer.status_code, answer.json()["success"]) == (400, False)


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


def test_toapis_real_avatars_end_in_a_group(api):
    """Verification needs no phone here."""
    toapis, base = api("toapis"), "/v1/videos/doubao-seedance-2-0/real-avatar"
    task = toapis.post(f"{base}/verify-tasks", json={"callback_url": "https://h/x"}).json()["data"]["task_id"]
    assert toapis.get(f"{base}/verify-tasks/{task}").json()["data"]["h5_link"]
    results = [toapis.get(f"{base}/verify-results", params={"task_id": task}).json() for _ in range(2)]
    assert results[0]["data"]["group_id"] == results[1]["data"]["group_id"]


def test_anyfast_assets_are_flat(emulator, api, golden, shape):
    """The contract's bodies, without an envelope."""
    anyfast = api("anyfast")

    def do(action, status=200, **body):
        answer = anyfast.post(f"/volc/asset/{action}", json={"model": "volc-asset", **body})
        assert answer.status_code == status, answer.text
        return answer.json()

    group = do("CreateAssetGroup", Name="cast")["Id"]
    request = {
        **golden("anyfast", "asset_request"),
        "GroupId": group,
        "URL": emulator.sample_url("first.png"),
    }
    asset = do("CreateAsset", **request)["Id"]
    assert do("GetAsset", Id=asset)["Status"] == "Processing"
    emulator.advance(10)
    assert shape(do("GetAsset", Id=asset)) == shape(golden("anyfast", "asset"))
    assert do("ListAssets", Filter={"GroupType": "AIGC", "Name": "hero"})["TotalCount"] == 1
    assert do("UpdateAsset", Id=asset, Name="n") == {"Id": asset}
    assert do("DeleteAsset", Id=asset) == {"Id": asset, "Deleted": True}
    missing = do("CreateAsset", 404, **{**request, "GroupId": "group-foreign"})
    assert missing == golden("anyfast", "asset_error")


def test_anyfast_takes_uploads_and_bare_base64(emulator, api):
    """Both are ingested like a URL; a broken one fails."""
    anyfast, path = api("anyfast"), "/volc/asset/CreateAsset"
    group = anyfast.post("/volc/asset/CreateAssetGroup", json={"Name": "cast"}).json()["Id"]
    fields = {"model": "volc-asset", "GroupId": group, "Name": "a", "AssetType": "Image"}
    ids = [
        anyfast.post(path, files={"file": ("a.png", PNG, "image/png")}, data=fields).json()["Id"],
        anyfast.post(path, json={**fields, "URL": base64.b64encode(PNG).decode()}).json()["Id"],
        anyfast.post(path, json={**fields, "URL": "AAAA"}).json()["Id"],
    ]
    emulator.advance(10)
    states = [anyfast.post("/volc/asset/GetAsset", json={"Id": asset}).json()["Status"] for asset in ids]
    assert states == ["Active", "Active", "Failed"]


def test_a_real_person_is_checked_before_a_group_exists(api):
    """The session needs a callback, and its token works once."""
    anyfast = api("anyfast")
    refused = anyfast.post("/volc/asset/CreateVisualValidateSession", json={})
    assert "CallbackURL is missing" in refused.json()["error"]["message"]
    session = anyfast.post(
        "/volc/asset/CreateVisualValidateSession", json={"CallbackURL": "https://h/x"}
    ).json()
    result = anyfast.post("/volc/asset/GetVisualValidateResult", json={"BytedToken": session["BytedToken"]})
    assert result.json()["GroupId"].startswith("group-")


def test_an_unsigned_control_call_is_refused(api):
    """A bearer key is no signature."""
    answer = api("modelark").post("/?Action=GetAsset&Version=2024-01-01", json={"Id": "x"})
    assert answer.status_code == 401
    assert answer.json()["ResponseMetadata"]["Error"]["Code"] == "MissingAuthenticationToken"
