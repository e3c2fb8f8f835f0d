"""The official SDKs, unmodified, against the emulator."""

from __future__ import annotations

import importlib

import pytest

ARK = [
    ("byteplussdkarkruntime", "dreamina-seedance-2-0-260128"),
    ("volcenginesdkarkruntime", "doubao-seedance-2-0-260128"),
]
CORES = ["byteplussdkcore", "volcenginesdkcore"]


@pytest.fixture
def ark_client(emulator):
    """Opens an SDK's client."""

    def open_client(package, key="sk-one"):
        base_url = emulator.vendor_url("modelark") + "/api/v3"
        return importlib.import_module(package).Ark(api_key=key, base_url=base_url, max_retries=0)

    return open_client


@pytest.mark.parametrize(("package", "model"), ARK)
def test_the_runtime_sdk_creates_gets_lists_and_deletes(package, model, ark_client, emulator):
    """All four calls, with the SDK's own types."""
    tasks = ark_client(package).content_generation.tasks
    created = tasks.create(
        model=model,
        content=[{"type": "text", "text": "A kitten"}],
        duration=5,
        return_last_frame=True,
        ratio="16:9",
    )
    assert tasks.get(task_id=created.id).status == "queued"
    emulator.advance(1000)
    done = tasks.get(task_id=created.id)
    assert (done.status, done.model, done.usage.completion_tokens) == ("succeeded", model, 108900)
    assert done.content.video_url.startswith(emulator.url)
    listed = tasks.list(page_size=10, task_ids=[created.id], status="succeeded", model=model)
    assert [item.id for item in listed.items] == [created.id]
    tasks.delete(task_id=created.id)
    assert tasks.list().total == 0


@pytest.mark.parametrize(("package", "model"), ARK)
def test_the_runtime_sdk_raises_its_own_errors(package, model, ark_client, emulator):
    """Codes and parameters arrive where the SDK looks for them."""
    sdk = importlib.import_module(package)
    content = [{"type": "text", "text": "A kitten"}]
    with pytest.raises(sdk._exceptions.ArkBadRequestError) as bad:
        ark_client(package).content_generation.tasks.create(model=model, content=content, duration=99)
    assert (bad.value.code, bad.value.param) == ("InvalidParameter", "duration")
    with pytest.raises(sdk._exceptions.ArkAuthenticationError):
        ark_client(package, "sk-invalid").content_generation.tasks.get(task_id="cgt-1")
    with pytest.raises(sdk._exceptions.ArkNotFoundError):
        ark_client(package).content_generation.tasks.get(task_id="cgt-1")


@pytest.mark.parametrize("package", CORES)
def test_the_control_plane_sdk_manages_assets(package, emulator, api):
    """Groups and assets by signed calls; an active asset can be used in a task."""
    core = importlib.import_module(package)

    def do(action, secret="emulator-secret-key", **body):
        settings = core.Configuration()
        settings.ak, settings.sk, settings.region = "AKLTanything", secret, "ap-southeast-1"
        settings.scheme, settings.host = "http", emulator.vendor_url("modelark").removeprefix("http://")
        info = core.UniversalInfo(
            method="POST", service="ark", version="2024-01-01", action=action, content_type="application/json"
        )
        return core.UniversalApi(core.ApiClient(settings)).do_call(info, body)

    group = do("CreateAssetGroup", Name="cast")["Id"]
    asset = do("CreateAsset", GroupId=group, URL=emulator.sample_url("reference.png"), AssetType="Image")[
        "Id"
    ]
    part = {"type": "image_url", "image_url": {"url": f"asset://{asset}"}, "role": "reference_image"}
    body = {"model": "dreamina-seedance-2-0-260128", "content": [part]}
    path = "/api/v3/contents/generations/tasks"
    assert "still processing" in api("modelark").post(path, json=body).text
    emulator.advance(10)
    assert do("GetAsset", Id=asset)["Status"] == "Active"
    listed = do("ListAssets", Filter={"GroupIds": [group], "GroupType": "AIGC"}, PageNumber=1, PageSize=10)
    assert [item["Id"] for item in listed["Items"]] == [asset]
    assert api("modelark").post(path, json=body).status_code == 200
    do("UpdateAssetGroup", Id=group, Name="crew")
    assert do("ListAssetGroups", Filter={"GroupType": "AIGC", "Name": "crew"})["TotalCount"] == 1
    do("DeleteAssetGroup", Id=group)
    with pytest.raises(core.rest.ApiException) as missing:
        do("GetAsset", Id=asset)
    assert "NotFound.asset_id" in missing.value.body
    with pytest.raises(core.rest.ApiException) as forged:
        do("GetAsset", secret="another", Id=asset)
    assert forged.value.status == 403
