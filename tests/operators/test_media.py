"""A task's own media: from anywhere, checked before paying, brought to each vendor in its own way."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path

import pytest
from airflow.sdk import ObjectStoragePath
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.core.media.content import FileReader
from airflow_provider_seedance.core.media.deliver import DeliveringClient, MediaDelivery
from airflow_provider_seedance.core.media.uploads import UploadCache
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.runtime import media as runtime_media
from tests.airflow.fixtures import KEY, VENDORS
from tests.airflow.s3 import bucket, s3_endpoint, s3_signature
from tests.core.media.files import image, lasting, sample, wav
from tests.operators.conftest import lines
from tests.operators.stores import SECRET, SigningFileSystem, put, store, unsigning_store

__all__ = ["bucket", "s3_endpoint", "s3_signature", "store", "unsigning_store"]

FIELD = {"image": "reference_images", "video": "reference_videos", "audio": "reference_audios"}
FILES = {"image": image(), "video": sample("reference.mp4"), "audio": wav(3)}
NAMES = {"image": "a.png", "video": "b.mp4", "audio": "c.wav"}
#: Vendor and kind -> how the vendor is given a local file.
WAYS = {
    ("modelark", "image"): "data:image/png;base64,",
    ("modelark", "audio"): "data:audio/wav;base64,",
    ("evolink", "image"): "http",
    ("evolink", "video"): "http",
    ("evolink", "audio"): "http",
    ("anyfast", "image"): "data:image/png;base64,",
    ("anyfast", "audio"): "data:audio/wav;base64,",
    ("toapis", "image"): "http",
    ("toapis", "video"): "http",
    ("toapis", "audio"): "http",
}


@pytest.fixture(autouse=True)
def _nothing_uploaded_before() -> None:
    runtime_media._uploads.cache_clear()


def _sent(emulator) -> dict:
    return next(note["body"] for note in emulator.requests() if note["operation"] == "create")


def _uploads(emulator) -> list[dict]:
    return [note for note in emulator.requests() if note["method"] == "POST" and "/upload" in note["path"]]


def _request(kind: str, file: str) -> dict:
    """An image is always there, since sound alone is not taken."""
    return {"reference_images": ["https://h/a.png"], FIELD[kind]: [file], "prompt": "A fox"}


@pytest.mark.parametrize(("vendor", "kind"), WAYS)
def test_a_local_file_comes_to_every_vendor(vendor, kind, generating, connect, emulator, tmp_path) -> None:
    """In the vendor's own way; the emulator looks at the content itself."""
    file = tmp_path / NAMES[kind]
    file.write_bytes(FILES[kind])
    task = generating(connect(vendor), **_request(kind, str(file)))
    result = task()
    assert (result["status"], result["mode"]) == ("succeeded", "reference")
    text = json.dumps(_sent(emulator))
    assert WAYS[vendor, kind] in text
    assert str(file) not in text
    assert len(_uploads(emulator)) == (WAYS[vendor, kind] == "http")
    assert all(note["headers"]["authorization"] != KEY for note in _uploads(emulator))


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_object_store_is_a_source_too(vendor, generating, connect, emulator, store) -> None:
    """Read through Airflow's object storage; a video goes by a signed link where the vendor takes no file."""
    uri = put(f"{store}/clip.mp4", FILES["video"])
    result = generating(connect(vendor), prompt="Go on", reference_videos=uri)()
    assert result["status"] == "succeeded"
    assert bool(SigningFileSystem.signed) is (vendor in ("modelark", "anyfast"))


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_data_uri_is_taken_everywhere(vendor, generating, connect, emulator) -> None:
    """Also by a vendor that takes links alone: it is uploaded there."""
    uri = f"data:image/png;base64,{base64.b64encode(FILES['image']).decode()}"
    assert generating(connect(vendor), first_frame=uri)()["mode"] == "first_frame"
    assert len(_uploads(emulator)) == (vendor in ("evolink", "toapis"))


def test_a_file_that_must_be_fetched_is_staged_first(
    generating, connect, emulator, store, tmp_path, monkeypatch
) -> None:
    """A local video for ModelArk; the second request finds it there."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__STAGING", f"{store}/staging")
    file = tmp_path / "b.mp4"
    file.write_bytes(FILES["video"])
    for _ in range(2):
        generating(connect(), prompt="Go on", reference_videos=[str(file)])()
    assert len(SigningFileSystem.signed) == 2
    assert len(set(SigningFileSystem.signed)) == 1
    assert "X-Amz-Signature" in json.dumps(_sent(emulator))


def test_without_staging_the_refusal_names_the_remedies(generating, connect, emulator, tmp_path) -> None:
    file = tmp_path / "b.mp4"
    file.write_bytes(FILES["video"])
    with pytest.raises(AirflowFailException, match=r"\[seedance\] staging"):
        generating(connect(), prompt="Go on", reference_videos=[str(file)])()
    assert emulator.ledger()["creates_received"] == 0


def test_a_store_that_cannot_sign_says_so(generating, connect, emulator, unsigning_store) -> None:
    uri = put(f"{unsigning_store}/clip.mp4", FILES["video"])
    with pytest.raises(AirflowFailException, match="makes no signed links"):
        generating(connect(), prompt="Go on", reference_videos=uri)()
    assert emulator.ledger()["creates_received"] == 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"reference_videos": ["long.mp4"]},
            r"reference_videos\[0\].*at most 15.2 seconds, and this file has 16",
        ),
        ({"first_frame": "small.png"}, "first_frame=.*at least 300 and at most 6000 pixels.*200"),
        ({"first_frame": "c.wav"}, "the kind image"),
        ({"first_frame": "missing.png"}, "no such file"),
    ],
)
@pytest.mark.parametrize("vendor", ["modelark", "evolink"])
def test_what_the_vendor_does_not_take_costs_nothing(
    vendor, fields, words, generating, connect, emulator, tmp_path
) -> None:
    """Nothing is uploaded and nothing submitted; the task is not retried."""
    (tmp_path / "long.mp4").write_bytes(lasting(FILES["video"], 16))
    (tmp_path / "small.png").write_bytes(image(200, 300))
    (tmp_path / "c.wav").write_bytes(wav())
    fields = {
        name: [f"{tmp_path}/{file}" for file in files] if isinstance(files, list) else f"{tmp_path}/{files}"
        for name, files in fields.items()
    }
    with pytest.raises(AirflowFailException, match=words):
        generating(connect(vendor), **fields)()
    assert not [note for note in emulator.requests() if note["operation"] == "create"]
    assert not _uploads(emulator)


def test_a_retry_uploads_nothing_again(generating, connect, emulator, tmp_path) -> None:
    """It finds its generation by the content, also when the file is gone."""
    file = tmp_path / "a.png"
    file.write_bytes(FILES["image"])
    task = generating(connect("evolink"), first_frame=str(file))
    first = task()
    again = task()
    file.unlink()
    gone = task()
    assert first["generation_id"] == again["generation_id"] == gone["generation_id"]
    assert emulator.ledger()["creates_received"] == 1
    assert len(_uploads(emulator)) == 1


def test_the_same_content_is_uploaded_once_for_all_tasks(generating, connect, emulator, tmp_path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(FILES["image"])
        generating(connect("evolink"), first_frame=str(tmp_path / name))()
    assert emulator.ledger()["creates_received"] == 2
    assert len(_uploads(emulator)) == 1


def test_an_upload_that_has_died_is_made_again_once(
    generating, connect, emulator, tmp_path, monkeypatch
) -> None:
    """Whatever the vendor promised: it is looked at before it is used."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__STATE_FOLDER", str(tmp_path / "state"))
    (tmp_path / "a.png").write_bytes(FILES["image"])
    for _ in range(2):
        generating(connect("toapis"), first_frame=str(tmp_path / "a.png"))()
        runtime_media._uploads.cache_clear()
        emulator.forget_uploads()
    assert len(_uploads(emulator)) == 2


def test_a_preview_uploads_nothing_and_shows_the_content(generating, connect, emulator, tmp_path) -> None:
    (tmp_path / "a.png").write_bytes(FILES["image"])
    shown = generating(connect("evolink"), first_frame=str(tmp_path / "a.png"), preview=True)()
    assert shown["request"]["body"]["image_urls"][0].startswith("sha256:")
    assert emulator.requests() == []


def test_no_link_is_seen_where_it_does_not_belong(generating, connect, emulator, store, caplog) -> None:
    """A signed link and an upload's link are in the request alone."""
    uri = put(f"{store}/clip.mp4", FILES["video"])
    with caplog.at_level(logging.DEBUG):
        task = generating(connect(), prompt="Go on", reference_videos=uri)
        result = task()
    shown = "".join(map(repr, (caplog.text, result, task.state.values, task.rendered, task.payloads)))
    assert SECRET not in shown
    assert "store.example" not in shown


@pytest.mark.parametrize("quoted", [False, True], ids=["a success", "a vendor that quotes the link"])
def test_no_signed_link_of_a_batch_stays_behind(
    quoted, batching, connect, emulator, store, caplog, tmp_path, monkeypatch
) -> None:
    """Neither in logs, journal, results and task state nor in the ledger, though a refusal quotes it."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_CONN_ID", "seedance_ledger")
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_LEDGER", f"sqlite:///{tmp_path}/ledger.db")
    rows = [{"prompt": "Go on", "reference_videos": [put(f"{store}/clip.mp4", FILES["video"])]}]
    if quoted:
        link = f"https://store.example/clip.mp4?X-Amz-Expires=86400&{SECRET}"
        body = json.dumps({"error": {"code": "InvalidParameter", "message": f"cannot fetch {link}"}})
        headers = {"Content-Type": "application/json"}
        emulator.add_fault(on="create", kind="reply", status=400, headers=headers, body=body, times=None)
    task = batching(connect(), rows)
    with caplog.at_level(logging.DEBUG):
        try:
            told = task()
        except AirflowFailException as error:
            told = str(error)
    assert SigningFileSystem.signed
    files = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".mp4"]
    assert len(files) >= 3
    shown = "".join(map(repr, (caplog.text, told, task.state.values, task.rendered, task.payloads, files)))
    assert SECRET not in shown
    assert SECRET.partition("=")[2] not in shown


def _earlier(generating, connect, emulator, tmp_path) -> dict:
    return generating(connect(), destination=f"{tmp_path}/earlier.mp4", return_last_frame=True)()


def _asset(connect, place) -> str:
    hook = SeedanceHook(connect("toapis"))
    group = hook.assets.create_group("products")
    return f"asset://{hook.assets.upload(str(place / 'a.png'), group.group_id).asset_id}"


#: What a user may write -> the field, and what makes it.
SOURCES = {
    "a path": ("first_frame", lambda place, **_: str(place / "a.png")),
    "a file URI": ("first_frame", lambda place, **_: f"file://{place}/a.png"),
    "a data URI": (
        "first_frame",
        lambda **_: f"data:image/png;base64,{base64.b64encode(FILES['image']).decode()}",
    ),
    "a link": ("first_frame", lambda emulator, **_: emulator.sample_url("first.png")),
    "an object store": ("first_frame", lambda store, **_: put(f"{store}/a.png", FILES["image"])),
    "S3": ("first_frame", lambda fixture, **_: fixture("bucket").put("a.png", FILES["image"])),
    "an asset": ("reference_images", lambda connect, place, **_: _asset(connect, place)),
    "a path of Airflow": ("first_frame", lambda place, **_: ObjectStoragePath(f"file://{place}/a.png")),
    "an earlier result's last frame": ("first_frame", lambda earlier, **_: earlier()["last_frame_url"]),
    "an earlier result's file": ("reference_videos", lambda earlier, **_: earlier()["manifest"]["uri"]),
}


@pytest.mark.parametrize("source", SOURCES)
def test_media_come_from_anywhere(source, generating, connect, emulator, store, tmp_path, request) -> None:
    """As an argument, and by a template from what another task has returned."""
    (tmp_path / "a.png").write_bytes(FILES["image"])
    field, make = SOURCES[source]
    given = make(
        place=tmp_path,
        emulator=emulator,
        store=store,
        connect=connect,
        fixture=request.getfixturevalue,
        earlier=lambda: _earlier(generating, connect, emulator, tmp_path),
    )
    emulator.advance(20)  # an asset is reviewed
    mode = "first_frame" if field == "first_frame" else "reference"
    for arguments in (
        {field: given if field == "first_frame" else [given]},
        {field: "{{ params.given }}", "params": {"given": str(given)}},
    ):
        made = generating(connect("toapis" if source == "an asset" else "evolink"), **arguments)()
        assert (made["mode"], made["status"]) == (mode, "succeeded")


def test_the_manifest_names_the_request_by_its_content(generating, connect, tmp_path) -> None:
    """The same fingerprint after a deferral, and for a copy of the file."""
    prints = set()
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(FILES["image"])
        task = generating(connect(), first_frame=str(tmp_path / name), destination=f"{tmp_path}/{name}.mp4")
        prints.add(task()["manifest"]["source"]["request_fingerprint"])
        prints.add(task.state.values["seedance_generation"]["fingerprint"])
    assert len(prints) == 1


def test_the_rows_of_a_batch_share_what_is_uploaded(batching, connect, emulator, tmp_path) -> None:
    """All of them are checked before the first one is paid for."""
    (tmp_path / "a.png").write_bytes(FILES["image"])
    rows = [{"prompt": prompt, "first_frame": str(tmp_path / "a.png")} for prompt in ("A fox", "A hare")]
    task = batching(connect("evolink"), rows)
    assert task()["counts"]["succeeded"] == 2
    assert task()["counts"]["succeeded"] == 2
    assert emulator.ledger()["creates_received"] == 2
    assert len(_uploads(emulator)) == 1
    rows[1]["first_frame"] = str(tmp_path / "missing.png")
    with pytest.raises(AirflowFailException, match=r"row 2.*no such file"):
        batching(connect("evolink"), rows, task_id="other")()
    assert emulator.ledger()["creates_received"] == 2


def test_the_last_frame_outlives_its_link(generating, connect, emulator, tmp_path) -> None:
    """It is asked for, landed beside the video, and begins the next shot."""
    frame = f"{tmp_path}/{{generation_id}}.png"
    task = generating(connect(), last_frame_destination=frame)
    first = task()
    assert Path(first["last_frame"]["uri"]).read_bytes().startswith(b"\x89PNG")
    assert _sent(emulator)["return_last_frame"] is True
    assert task()["last_frame"] == first["last_frame"]
    assert generating(connect(), first_frame=first["last_frame"]["uri"])()["mode"] == "first_frame"


def test_a_file_of_another_is_not_overwritten_by_a_last_frame(generating, connect, tmp_path) -> None:
    (tmp_path / "frame.png").write_bytes(b"another's")
    with pytest.raises(AirflowFailException, match="another file"):
        generating(connect(), last_frame_destination=f"{tmp_path}/frame.png")()
    assert (tmp_path / "frame.png").read_bytes() == b"another's"


@pytest.mark.parametrize(
    ("name", "words"), [("reference.wav", "the kind image"), ("missing.png", "cannot be fetched")]
)
def test_links_are_looked_at_where_the_user_asks(name, words, generating, connect, emulator) -> None:
    """Else they are the vendor's to fetch."""
    link = emulator.sample_url(name)
    with pytest.raises(AirflowFailException, match=words):
        generating(connect("evolink"), first_frame=link, check_media="all")()
    assert emulator.ledger()["creates_received"] == 0


def test_a_relative_path_is_refused_with_its_parameter(generating, connect) -> None:
    with pytest.raises(AirflowFailException, match=r"first_frame.*relative"):
        generating(connect(), first_frame="pictures/a.png")()


class Killed(BaseException):
    """The process is gone."""


def _dies(original, *, after: bool):
    """``original``, once: killed before it has begun, or when it is done."""
    calls = []

    def call(*args, **kwargs):
        calls.append(args)
        if len(calls) == 1 and not after:
            raise Killed
        done = original(*args, **kwargs)
        if len(calls) == 1:
            raise Killed
        return done

    return call


@pytest.mark.parametrize(
    ("owner", "name", "after", "uploads"),
    [
        (MediaDelivery, "upload", False, 1),
        (UploadCache, "keep", False, 2),
        (UploadCache, "keep", True, 1),
        (DeliveringClient, "prepare", True, 1),
        (DeliveringClient, "create", False, 1),
        (DeliveringClient, "create", True, 1),
    ],
    ids=[
        "before the upload",
        "before it is remembered",
        "after it is remembered",
        "before the intent",
        "before the create",
        "after the create",
    ],
)
def test_a_kill_around_an_upload_buys_one_video(
    owner, name, after, uploads, generating, connect, emulator, tmp_path, monkeypatch
) -> None:
    """The next try uses the upload that is known, or makes it again, for the same request."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__STATE_FOLDER", str(tmp_path / "state"))
    (tmp_path / "a.png").write_bytes(FILES["image"])
    task = generating(connect("toapis"), first_frame=str(tmp_path / "a.png"))
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, _dies(getattr(owner, name), after=after))
        with pytest.raises(Killed):
            task()
    runtime_media._uploads.cache_clear()
    result = task()
    assert [entry["generation_id"] for entry in emulator.ledger()["generations"]] == [result["generation_id"]]
    assert len(_uploads(emulator)) == uploads
    again = generating(connect("toapis"), first_frame=str(tmp_path / "a.png"))()
    assert again["request_fingerprint"] == result["request_fingerprint"]


@pytest.mark.parametrize("gone", ["while it is waited for", "after the success"])
def test_a_row_whose_file_is_gone_is_not_lost(gone, batching, connect, emulator, tmp_path) -> None:
    """It is paid for: its video is landed, and a clear keeps it."""
    file = tmp_path / "a.png"
    file.write_bytes(FILES["image"])
    task = batching(connect("evolink"), [{"prompt": "A fox", "first_frame": str(file)}, {"prompt": "A hare"}])
    if gone == "after the success":
        task()
        file.unlink()
        task.context["ti"].max_tries += 1
    else:
        advance = task.while_deferred
        task.while_deferred = lambda: (advance(), file.unlink(missing_ok=True))
    assert task()["counts"]["succeeded"] == 2
    assert emulator.ledger()["creates_received"] == 2


def test_the_files_of_rows_that_have_ended_are_not_read_again(
    batching, connect, emulator, tmp_path, monkeypatch
) -> None:
    """A later part of the same try has no use for them."""
    read: list[str] = []
    monkeypatch.setattr(
        FileReader,
        "_from_path",
        lambda reader, link, original=FileReader._from_path: (
            read.append(link),
            original(reader, link),
        )[1],
    )
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(image(640 + len(read) + ord(name[0])))
    rows = [{"prompt": "A fox", "first_frame": f"{tmp_path}/{name}.png"} for name in "ab"]
    task = batching(connect("evolink"), rows)
    assert task()["counts"]["succeeded"] == 2
    before = len(read)
    task._single_use().resume_execution("submit_again", {}, task.context)
    assert len(read) == before > 0


def test_a_row_whose_file_is_gone_is_not_bought_without_it(batching, connect, emulator, tmp_path) -> None:
    """It has failed before, and its sibling goes on."""
    file = tmp_path / "a.png"
    file.write_bytes(FILES["image"])
    rows = [{"prompt": "[emulator:fail] A fox", "first_frame": str(file)}, {"prompt": "A hare"}]
    task = batching(connect("evolink"), rows)
    task()
    bought = emulator.ledger()["creates_received"]
    file.unlink()
    task.context["ti"].max_tries += 1
    (first, second) = lines(task())
    assert (first["status"], second["status"]) == ("failed", "succeeded")
    assert "a.png" in first["error"]["message"] or "first_frame" in first["error"]["message"]
    assert emulator.ledger()["creates_received"] == bought
