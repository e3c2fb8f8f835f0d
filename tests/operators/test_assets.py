"""The asset library: one group for a name, one asset for a content, and a wait for its review."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.core.library import AssetStatus
from airflow_provider_seedance.emulator.vendors.modelark.assets import SECRET_KEY
from airflow_provider_seedance.errors import Unsupported
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.operators.assets import (
    SeedanceCreateAssetGroupOperator,
    SeedanceUploadAssetOperator,
)
from airflow_provider_seedance.runtime import media as runtime_media
from airflow_provider_seedance.runtime import polling
from tests.airflow.running import TaskRun
from tests.core.media.files import image, wav
from tests.operators.stores import put, store

__all__ = ["store"]

VENDORS = ("modelark", "anyfast", "toapis")
#: What makes a library list what is in it.
LISTING = ("modelark", "anyfast")
ACCESS_KEY = {"access_key_id": "AKLTtested", "secret_access_key": SECRET_KEY}

each_vendor = pytest.mark.parametrize("vendor", VENDORS)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, store) -> None:
    runtime_media._uploads.cache_clear()
    monkeypatch.setattr(polling, "EARLIEST_EVENT_SECONDS", 0.0)
    monkeypatch.setenv("AIRFLOW__SEEDANCE__STAGING", f"{store}/staging")


@pytest.fixture
def library(connect):
    """Makes the connection of a vendor that has an access key too."""
    return lambda vendor: connect(vendor, extra=ACCESS_KEY if vendor == "modelark" else {})


def _group(conn_id: str, name: str = "cast") -> TaskRun:
    return TaskRun(SeedanceCreateAssetGroupOperator(task_id="group", name=name, seedance_conn_id=conn_id))


def _upload(conn_id: str, file: str, group_id: str, emulator=None, **arguments: Any) -> TaskRun:
    operator = SeedanceUploadAssetOperator(
        task_id="upload", file=file, group_id=group_id, seedance_conn_id=conn_id, **arguments
    )
    return TaskRun(operator, lambda: emulator and emulator.advance(20))


def _actions(emulator, *words: str) -> int:
    """How many requests to the library create something."""
    made = ("CreateAsset", "private-avatar/assets", "private-avatar/groups")
    return sum(
        note["method"] == "POST"
        and any(word in f"{note['path']}?{note.get('query')}" for word in words or made)
        for note in emulator.requests()
    )


@each_vendor
def test_a_group_is_made_once(vendor, library, emulator) -> None:
    """A retry of the same task finds it; where the vendor has a list, any task does."""
    conn_id = library(vendor)
    task = _group(conn_id)
    first, again = task(), task()
    assert first["created"] is True
    assert set(first) == {"vendor", "seedance_conn_id", "group_id", "name", "created"}
    assert again == {**first, "created": False}
    if vendor in LISTING:
        assert _group(conn_id)()["group_id"] == first["group_id"]


@each_vendor
@pytest.mark.parametrize("deferrable", [True, False])
def test_an_asset_is_uploaded_once_and_used(
    vendor, deferrable, library, generating, emulator, tmp_path, passing
) -> None:
    """From a local file: reviewed, active, and a medium of a generation."""
    conn_id, file = library(vendor), tmp_path / "anna.png"
    file.write_bytes(image())
    group_id = _group(conn_id)()["group_id"]
    task = _upload(conn_id, str(file), group_id, emulator, deferrable=deferrable)
    result, again = task(), task()
    assert (result["kind"], result["status"], result["created"]) == ("image", "active", True)
    assert (result["name"], result["group_id"], result["vendor"]) == ("anna", group_id, vendor)
    assert result["asset_uri"] == f"asset://{result['asset_id']}"
    assert again == {**result, "created": False}
    assert len(task.deferrals) == (1 if deferrable else 0) or vendor == "toapis"
    made = generating(conn_id, prompt="A walk", reference_images=[result["asset_uri"]])()
    assert made["status"] == "succeeded"


@pytest.mark.parametrize("vendor", LISTING)
def test_other_content_or_another_name_is_another_asset(vendor, library, emulator, tmp_path) -> None:
    conn_id, file = library(vendor), tmp_path / "anna.png"
    group_id = _group(conn_id)()["group_id"]
    ids = set()
    for content, name in ((image(), None), (image(641), None), (image(), "Ben"), (image(), None)):
        file.write_bytes(content)
        ids.add(_upload(conn_id, str(file), group_id, emulator, name=name)()["asset_id"])
    assert len(ids) == 3


@each_vendor
@pytest.mark.parametrize("word", ["moderation", "fail"])
def test_a_failed_review_ends_with_the_vendors_reason(vendor, word, library, emulator, tmp_path) -> None:
    """Without further tries, and a second try makes no second asset."""
    conn_id, file = library(vendor), tmp_path / "anna.png"
    file.write_bytes(image())
    task = _upload(conn_id, str(file), _group(conn_id)()["group_id"], emulator, name=f"A [emulator:{word}]")
    for _ in range(2):
        with pytest.raises(AirflowFailException, match=r"sensitive content|could not be processed"):
            task()
    assert _actions(emulator, "Action=CreateAsset&", "/CreateAsset?", "private-avatar/assets") <= 1


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (image(200, 200), None, "at least 300"),
        (b"hello", None, "no image, video or sound"),
        (wav(), "image", "the kind image"),
        (None, None, "no such file"),
    ],
)
def test_what_the_vendor_does_not_take_is_not_sent(content, kind, words, library, emulator, tmp_path) -> None:
    file = tmp_path / "a"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(AirflowFailException, match=words):
        _upload(library("anyfast"), str(file), "group-1", kind=kind)()
    assert emulator.requests() == []


@pytest.mark.parametrize("vendor", LISTING)
def test_the_hook_uploads_what_is_there_no_second_time(vendor, library, store) -> None:
    hook = SeedanceHook(library(vendor))
    uri = put(f"{store}/anna.png", image())
    group_id = hook.assets.create_group("cast").group_id
    made = hook.assets.upload(uri, group_id)
    assert asyncio.run(hook.assets.aupload(uri, group_id)).asset_id == made.asset_id
    assert hook.assets.list(group_id).total == 1


@pytest.mark.parametrize("vendor", LISTING)
def test_the_hook_lists_renames_and_deletes(vendor, library, emulator, store) -> None:
    hook = SeedanceHook(library(vendor))
    group = hook.assets.create_group("cast", "all of them")
    asset = hook.assets.upload(put(f"{store}/anna.png", image()), group.group_id)
    assert hook.assets.get(asset.asset_id).status is AssetStatus.PROCESSING
    assert [found.name for found in hook.assets.list(group.group_id).items] == ["anna"]
    hook.assets.rename(asset.asset_id, "Anna")
    hook.assets.rename_group(group.group_id, "crew")
    assert asyncio.run(hook.assets.aget(asset.asset_id)).name == "Anna"
    assert asyncio.run(hook.assets.alist_groups("crew")).items[0].group_id == group.group_id
    hook.assets.delete(asset.asset_id)
    asyncio.run(hook.assets.adelete_group(group.group_id))
    assert hook.assets.list_groups().total == 0


@each_vendor
def test_the_check_of_a_real_person(vendor, library, emulator, store) -> None:
    """Its group is there when the person is through, and takes assets, each of them once where there is a list."""
    assets = SeedanceHook(library(vendor)).assets
    check = assets.start_person_check("https://example.com/back")
    assert check.link
    assert check.token not in repr(check)
    assert assets.person_check_result(check.token) is None
    emulator.advance(30)
    group_id = asyncio.run(assets.aperson_check_result(check.token))
    assert group_id
    uri = put(f"{store}/anna.png", image())
    made = [
        assets.upload(uri, group_id, real_person=True).asset_id for _ in range(2 if vendor in LISTING else 1)
    ]
    assert len(set(made)) == _actions(emulator, "CreateAsset&", "/CreateAsset?", "real-avatar/assets") == 1
    assert assets.get(made[0], group_id).status is AssetStatus.PROCESSING
    emulator.advance(20)
    assert asyncio.run(assets.aget(made[0], group_id)).status is AssetStatus.ACTIVE


@pytest.mark.parametrize("vendor", LISTING)
def test_a_list_has_real_persons_where_it_is_asked_for_them(vendor, library, emulator, store) -> None:
    assets = SeedanceHook(library(vendor)).assets
    token = assets.start_person_check("https://example.com/back").token
    emulator.advance(30)
    group_id = assets.person_check_result(token)
    made = assets.upload(put(f"{store}/anna.png", image()), group_id, real_person=True)
    assert assets.list(group_id).total == 0
    assert [found.asset_id for found in assets.list(group_id, real_person=True).items] == [made.asset_id]


def test_without_an_access_key_modelark_says_what_is_missing(connect, emulator) -> None:
    with pytest.raises(Unsupported, match="secret_access_key"):
        SeedanceHook(connect()).assets.create_group("cast")
    assert emulator.requests() == []


def test_a_vendor_without_a_library_says_so(connect, emulator) -> None:
    with pytest.raises(AirflowFailException, match="no asset library"):
        _upload(connect("evolink"), "data:image/png;base64,AAAA", "group-1")()


@pytest.mark.parametrize("vendor", ["anyfast", "toapis"])
def test_a_vendor_without_a_list_cannot_list(vendor, library) -> None:
    hook = SeedanceHook(library(vendor))
    if vendor == "toapis":
        with pytest.raises(Unsupported):
            hook.assets.list()
    else:
        assert hook.assets.list().total == 0


def test_the_secret_key_is_in_no_text(library, emulator, store, caplog) -> None:
    """A wrong one is refused, and neither is shown."""
    caplog.set_level("DEBUG")
    conn_id = library("modelark")
    result = _group(conn_id)()
    shown = "".join(
        map(repr, (caplog.text, result, SeedanceHook(conn_id).get_account(), emulator.requests()))
    )
    assert SECRET_KEY not in shown
    assert "Signature=" not in caplog.text
