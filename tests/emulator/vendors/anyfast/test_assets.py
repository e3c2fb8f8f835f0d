"""AnyFast's asset library."""

from __future__ import annotations

import base64

from airflow_provider_seedance.emulator.media.samples import SAMPLES

PNG = SAMPLES["first.png"].media.load()


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


def test_a_real_person_is_checked_before_a_group_exists(emulator, api):
    """The session needs a callback, and its token tells the group once."""
    anyfast = api("anyfast")
    refused = anyfast.post("/volc/asset/CreateVisualValidateSession", json={})
    assert "CallbackURL is missing" in refused.json()["error"]["message"]
    session = anyfast.post(
        "/volc/asset/CreateVisualValidateSession", json={"CallbackURL": "https://h/x"}
    ).json()
    results = []
    for seconds in (0, 30, 0):
        emulator.advance(seconds)
        body = {"BytedToken": session["BytedToken"]}
        results.append(anyfast.post("/volc/asset/GetVisualValidateResult", json=body))
    assert results[0].json() == {"GroupId": ""}
    assert results[1].json()["GroupId"].startswith("group-")
    assert results[2].status_code == 404


def test_the_token_of_a_check_ends(emulator, api):
    anyfast, path = api("anyfast"), "/volc/asset/CreateVisualValidateSession"
    token = anyfast.post(path, json={"CallbackURL": "https://h/x"}).json()["BytedToken"]
    emulator.advance(1_801)
    answer = anyfast.post("/volc/asset/GetVisualValidateResult", json={"BytedToken": token})
    assert answer.status_code == 404


def test_the_assets_of_real_persons_are_told_by_the_list_alone(emulator, api):
    """Their groups are in no list, and a name is there once."""
    anyfast = api("anyfast")

    def do(action, **body):
        return anyfast.post(f"/volc/asset/{action}", json={"model": "volc-asset", **body})

    token = do("CreateVisualValidateSession", CallbackURL="https://h/x").json()["BytedToken"]
    emulator.advance(30)
    group = do("GetVisualValidateResult", BytedToken=token).json()["GroupId"]
    face = {"GroupId": group, "Name": "Anna", "AssetType": "Image", "URL": emulator.sample_url("first.png")}
    asset = do("CreateAsset", **face).json()["Id"]
    again, read = do("CreateAsset", **face), do("GetAsset", Id=asset)
    assert [answer.status_code for answer in (again, read)] == [404, 404]
    assert "[NotFound.asset_id]" in read.json()["error"]["message"]
    listed = do("ListAssets", Filter={"GroupType": "LivenessFace", "GroupIds": [group]}).json()
    assert [row["Id"] for row in listed["Items"]] == [asset]
    assert do("ListAssets", Filter={"GroupType": "AIGC", "GroupIds": [group]}).json()["TotalCount"] == 0
    assert do("ListAssetGroups", Filter={"GroupType": "LivenessFace"}).json()["TotalCount"] == 0
