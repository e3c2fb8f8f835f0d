"""The hook's files, and a request with files of the user's own."""

from __future__ import annotations

import asyncio
import io
from functools import partial

import pytest

from airflow_provider_seedance.core.vendors.contract import Upload
from airflow_provider_seedance.errors import Kind, RequestInvalid, SeedanceError, Unsupported
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.runtime import media as runtime_media
from tests.core.media.files import image


@pytest.fixture(autouse=True)
def _nothing_uploaded_before() -> None:
    runtime_media._uploads.cache_clear()


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(image())
    return str(path)


def test_a_request_with_a_file_is_delivered_by_both_twins(connect, emulator, picture) -> None:
    hook = SeedanceHook(connect("evolink"))
    request = GenerationRequest(prompt="A fox", first_frame=picture)
    hook.create_generation(request)
    asyncio.run(hook.acreate_generation(request))
    assert emulator.ledger()["creates_received"] == 2
    assert hook.files.quota().used == 1


def test_uploads_are_listed_and_deleted(connect, picture) -> None:
    hook = SeedanceHook(connect("evolink"))
    hook.create_generation(GenerationRequest(prompt="A fox", first_frame=picture))
    (upload,) = hook.files.list().items
    assert upload.size
    hook.files.delete(upload.file_id)
    assert asyncio.run(hook.files.alist()).total == 0
    assert asyncio.run(hook.files.aquota()).remaining == 100


def test_a_full_quota_says_how_to_make_room(connect, picture) -> None:
    """Nothing is submitted then, and no retry mends it."""
    hook = SeedanceHook(connect("evolink"))
    with hook.get_conn() as client:
        for number in range(100):
            content = number.to_bytes(1, "big")
            client.files.upload(
                Upload("image", f"{number}.png", "image/png", 1, partial(io.BytesIO, content))
            )
    with pytest.raises(SeedanceError, match=r"files.delete") as full:
        hook.create_generation(GenerationRequest(prompt="A fox", first_frame=picture))
    assert full.value.kind is Kind.BALANCE
    assert not full.value.retryable


@pytest.mark.parametrize("vendor", ["modelark", "anyfast", "toapis"])
def test_others_have_no_list_of_files(vendor, connect) -> None:
    with pytest.raises(Unsupported):
        SeedanceHook(connect(vendor)).files.list()


def test_a_wrong_file_is_refused_before_anything_is_sent(connect, emulator, tmp_path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(image(200, 200))
    with pytest.raises(RequestInvalid, match="first_frame"):
        SeedanceHook(connect("evolink")).create_generation(
            GenerationRequest(prompt="x", first_frame=str(path))
        )
    assert emulator.requests() == []
