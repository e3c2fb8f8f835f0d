"""The user's own S3, as moto's server has it: a source of media, a place to stage files, a destination of videos."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace

import httpx
import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.errors import DestinationError
from airflow_provider_seedance.runtime import media as runtime_media
from tests.airflow.s3 import SECRET_ACCESS_KEY, bucket, s3_endpoint, s3_signature
from tests.core.media.files import image, sample
from tests.operators.conftest import creates

__all__ = ["bucket", "s3_endpoint", "s3_signature"]

PICTURE = image()
VIDEO = sample("reference.mp4")


@pytest.fixture(autouse=True)
def _nothing_uploaded_before() -> None:
    runtime_media._uploads.cache_clear()


def _link_in(emulator) -> str:
    """The link of the video in the last request to ModelArk."""
    body = [note["body"] for note in emulator.requests() if note["operation"] == "create"][-1]
    return next(part["video_url"]["url"] for part in body["content"] if part["type"] == "video_url")


def test_an_object_goes_to_the_vendors_file_service(generating, connect, emulator, bucket) -> None:
    uri = bucket.put("products/mug.png", PICTURE)
    assert generating(connect("evolink"), first_frame=uri)()["mode"] == "first_frame"
    assert len([note for note in emulator.requests() if "/upload" in note["path"]]) == 1


@pytest.mark.parametrize("s3_signature", ["s3", "s3v4"])
def test_an_object_is_fetched_by_a_signed_link(generating, connect, emulator, bucket, caplog) -> None:
    """The link opens the object as it is to who has no credentials, and is seen nowhere but in the request."""
    uri = bucket.put("clips/walk.mp4", VIDEO)
    with caplog.at_level(logging.DEBUG, "airflow_provider_seedance"):
        task = generating(connect(), prompt="Go on", reference_videos=uri)
        result = task()
    link = _link_in(emulator)
    fetched = httpx.get(link)
    assert (fetched.status_code, fetched.content) == (200, VIDEO)
    assert bucket.names() == ["clips/walk.mp4"]
    shown = "".join(map(repr, (caplog.text, result, task.state.values, task.rendered, task.payloads)))
    assert not [part for part in (link.partition("?")[2], "AKIATESTED", SECRET_ACCESS_KEY) if part in shown]


def test_a_local_file_is_staged_once_and_fetched_there(
    generating, connect, emulator, bucket, tmp_path, monkeypatch
) -> None:
    """Under the name of its content, whatever it is called here."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__STAGING", bucket.uri("staging"))
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(VIDEO)
        generating(connect(), prompt="Go on", reference_videos=[str(tmp_path / name)])()
        assert httpx.get(_link_in(emulator)).content == VIDEO
    assert bucket.names() == [f"staging/{hashlib.sha256(VIDEO).hexdigest()}.mp4"]


def test_a_video_and_its_last_frame_are_landed(generating, connect, bucket) -> None:
    """With the manifest and the poster beside it, under the content types that browsers go by."""
    task = generating(
        connect(),
        destination=bucket.uri("clips/{generation_id}.mp4"),
        last_frame_destination=bucket.uri("frames/{generation_id}.png"),
        return_last_frame=True,
    )
    result = task()
    manifest, made = result["manifest"], result["generation_id"]
    assert manifest["uri"] == bucket.uri(f"clips/{made}.mp4")
    assert hashlib.sha256(bucket.read(manifest["uri"])).hexdigest() == manifest["sha256"]
    assert {f"clips/{made}.mp4", f"clips/{made}.mp4.json", f"frames/{made}.png"} <= set(bucket.names())
    shown = httpx.get(bucket.fs.sign(f"{bucket.name}/clips/{made}.mp4"))
    assert shown.headers["Content-Type"] == "video/mp4"
    assert task()["generation_id"] == made


def test_another_videos_object_is_not_replaced(generating, connect, emulator, bucket) -> None:
    """That is found out before paying; ``always`` replaces it."""
    uri = bucket.uri("hero.mp4")
    first = generating(connect(), destination=uri)()
    with pytest.raises(AirflowFailException, match=r"hero\.mp4"):
        generating(connect(), prompt="A hare", destination=uri)()
    assert creates(emulator) == 1
    assert hashlib.sha256(bucket.read(uri)).hexdigest() == first["manifest"]["sha256"]
    second = generating(connect(), prompt="A hare", destination=uri, overwrite="always")()
    assert hashlib.sha256(bucket.read(uri)).hexdigest() == second["manifest"]["sha256"]


@pytest.mark.parametrize("trouble", ["missing", "closed"])
@pytest.mark.parametrize("use", ["source", "staging", "destination"])
def test_a_bucket_that_cannot_be_used_is_named_before_paying(
    use, trouble, generating, connect, emulator, bucket, tmp_path, monkeypatch
) -> None:
    """A retry may find the permission granted, but makes no bucket."""
    name = bucket.name if trouble == "closed" else "nowhere"
    uri = replace(bucket, name=name).uri("a.mp4")
    if trouble == "closed":
        bucket.put("a.mp4", VIDEO)
        bucket.close()
    (tmp_path / "b.mp4").write_bytes(VIDEO)
    if use == "staging":
        monkeypatch.setenv("AIRFLOW__SEEDANCE__STAGING", uri.removesuffix("/a.mp4"))
    arguments = {
        "source": {"reference_videos": [uri]},
        "staging": {"reference_videos": [str(tmp_path / "b.mp4")]},
        "destination": {"destination": uri},
    }
    final = {"missing": AirflowFailException, "closed": DestinationError}[trouble]
    with pytest.raises(final, match=f"@{name}/") as caught:
        generating(connect(), prompt="Go on", **arguments[use])()
    assert creates(emulator) == 0
    assert SECRET_ACCESS_KEY not in str(caught.value)
