"""Where a vendor quotes the key back and links come in every dress, none of them stays behind anywhere."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest
from airflow.sdk.exceptions import AirflowException

from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from tests.airflow.fixtures import VENDORS
from tests.airflow.running import TaskRun
from tests.core.client.scripted import Answer, ScriptedServer

#: As no pattern for keys would have it.
KEY = "5e1d/4a7c+0b9e=f3"
FORMS = (KEY, quote(KEY, safe=""), base64.b64encode(KEY.encode()).decode(), KEY.replace("/", "\\/"))
SIGNED = "https://bucket.example/in/picture.png?X-Tos-Signature=TOPSECRET"


def quoting(**changes):
    """An answer that repeats the key in its headers and its body."""
    words = f"Incorrect API key provided: {' '.join(FORMS)}; see {SIGNED}"
    body = json.dumps({"error": {"code": f"E-{KEY}", "message": words}, "message": words, "code": 401})
    headers = {
        "X-Request-Id": KEY,
        "Set-Cookie": f"k={KEY}",
        "Location": SIGNED,
        "Content-Type": "application/json",
    }
    return {"kind": "reply", "status": 401, "headers": headers, "body": body, "times": None, **changes}


@pytest.fixture
def everything(caplog, capfd, tmp_path):
    """All that is left behind of runs: logs at DEBUG, the process's output, files, and what Airflow would store."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore.connection", "httpcore.http11", "aiohttp.client"):
        caplog.set_level(logging.DEBUG, name)

    def looked_at(*runs: TaskRun, errors=()) -> str:
        stored = [
            [
                run.rendered,
                run.state.values,
                [paused.trigger.serialize()[1] for paused in run.deferrals],
                run.payloads,
            ]
            for run in runs
        ]
        files = [
            path.read_text(errors="replace")
            for path in tmp_path.rglob("*")
            if path.suffix != ".mp4" and path.is_file()
        ]
        told = ["".join(traceback.format_exception(error)) + repr(error) for error in errors]
        out = capfd.readouterr()
        return "\n".join([json.dumps(stored, default=str), *files, *told, caplog.text, out.out, out.err])

    return looked_at


def assert_clean(text: str) -> None:
    assert text
    assert [form for form in FORMS if form in text] == []
    assert "TOPSECRET" not in text
    assert "X-Tos-Signature=" not in text


def ended(run: TaskRun) -> list[Exception]:
    try:
        run()
    except (AirflowException, SeedanceError) as error:
        return [error]
    return []


@pytest.mark.parametrize("on", ["create", "get"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_that_quotes_the_key(vendor, on, generating, connect, emulator, everything) -> None:
    """In a refusal of the order, and of a look at it."""
    conn_id = connect(vendor, password=KEY)
    emulator.add_fault(on=on, **quoting())
    run = generating(conn_id, first_frame=SIGNED, prompt=f"as {SIGNED}")
    errors = ended(run)
    assert errors
    assert_clean(everything(run, errors=errors))


def test_a_batch_of_which_the_vendor_quotes_the_key(
    batching, connect, emulator, everything, tmp_path
) -> None:
    """Its journal and its results lie beside the videos."""
    emulator.add_fault(on="create", **quoting(status=400))
    run = batching(
        connect(password=KEY),
        [
            {"prompt": f"A fox as {SIGNED}", "metadata": {"from": "a"}},
            {"prompt": "A hare", "vendor_options": {"x": 1}},
        ],
    )
    errors = ended(run)
    assert errors
    assert list(tmp_path.rglob("*.jsonl"))
    assert_clean(everything(run, errors=errors))


@pytest.mark.parametrize("status", [200, 302, 401, 500])
@pytest.mark.parametrize("vendor", VENDORS)
def test_the_connections_test_quotes_no_key(vendor, status, connect, everything) -> None:
    """A user reads its answer in the UI."""
    fault = quoting(status=status)
    server = ScriptedServer()
    server.answers = [Answer(status, fault["body"].encode(), fault["headers"])]
    try:
        worked, told = SeedanceHook(connect(vendor, password=KEY, host=server.url)).test_connection()
    finally:
        server.close()
    assert server.seen
    assert_clean(f"{everything()} {told} {worked}")


def test_a_whole_way_leaves_no_link_behind(
    generating, downloading, publishing, connect, emulator, everything, asset_server, tmp_path
) -> None:
    """From the order to the public place; the result of a task alone holds the links."""
    generated = generating(connect(password=KEY), return_last_frame=True, vendor_options={"note": [SIGNED]})
    video = generated()
    assert "X-Tos-Signature=" in video["video_url"]
    downloaded = downloading(str(video), tmp_path / "a" / "{generation_id}.mp4")
    manifest = downloaded()
    published = publishing(
        str(manifest),
        tmp_path / "public" / "{generation_id}.mp4",
        metadata={"from": SIGNED.partition("?")[0]},
    )
    record = asset_server.succeed(published)
    text = everything(generated, downloaded, published) + json.dumps([manifest, record], default=str)
    text += repr(asset_server.events)
    assert_clean(text)
    for link in (video["video_url"], video["last_frame_url"]):
        assert link.partition("?")[0] not in text


GIVEN = {
    "a link": SIGNED,
    "a dict without an id": str({"video_url": SIGNED, "last_frame_url": None}),
    "half a dict": str({"video_url": SIGNED})[:-1],
    "JSON without an id": json.dumps({"video_url": SIGNED}),
    "a link as an id": {"generation_id": SIGNED},
    "a list": str([SIGNED]),
    "an escape": f"\x1b[31m{SIGNED}",
}


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_what_is_no_video_reaches_neither_trigger_nor_log(
    given, generating, downloading, batching, connect, emulator, everything, tmp_path
) -> None:
    """As a video, as an id to adopt, and as a row's."""
    conn_id = connect(password=KEY)
    runs = [
        downloading(given, tmp_path / "a.mp4", seedance_conn_id=conn_id),
        generating(conn_id, generation_id=given),
        batching(conn_id, [{"generation_id": given}], defaults=None),
    ]
    errors = [error for run in runs for error in ended(run)]
    assert len(errors) == 3
    assert not any(run.deferrals for run in runs)
    assert emulator.requests() == []
    assert_clean(everything(*runs, errors=errors))


def test_a_result_as_text_is_read(generating, downloading, connect, emulator, tmp_path) -> None:
    """A template without native rendering makes one of it."""
    conn_id = connect(conn_id="seedance_other")
    video = generating(conn_id)()
    manifest = downloading(str(video), tmp_path / "{mode}.mp4")()
    assert Path(manifest["uri"]).name == "text.mp4"
    adopted = generating(conn_id, generation_id=json.dumps(video))()
    assert adopted["generation_id"] == video["generation_id"]


def test_a_preview_shows_a_quoted_link_without_its_secret(generating, connect, everything) -> None:
    run = generating(
        connect(), preview=True, prompt=f"say \"{SIGNED}\" \\ and '{SIGNED}'", first_frame=SIGNED
    )
    shown = run()
    assert "bucket.example" in json.dumps(shown)
    assert_clean(json.dumps(shown) + everything(run))
