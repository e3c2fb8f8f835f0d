"""What a DAG author gets from the batch operator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG, Asset, AssetAlias
from airflow.sdk.exceptions import AirflowFailException, TaskDeferralTimeout, TaskDeferred

from airflow_provider_seedance.errors import BatchIncomplete, StateUnreadable
from airflow_provider_seedance.runtime.batch_session import KEY
from tests.airflow.fixtures import VENDORS
from tests.airflow.running import TaskRun
from tests.operators.conftest import LONG, creates, lines


@pytest.fixture
def passing_time(emulator) -> Iterator[None]:
    """Vendor time passes by itself: a generation takes a third of a second."""
    emulator.set_rate(300)
    yield
    emulator.set_rate(0)


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_row_lands_and_has_a_result(vendor, batching, connect, emulator, tmp_path) -> None:
    """One deferral for all, one file and one line for each, and a small summary."""
    task = batching(connect(vendor), [{"prompt": "A fox", "metadata": {"sku": 7}}, "A fox", "A cat"])
    summary = task()
    assert summary["counts"]["succeeded"] == summary["rows"] == 3
    assert len(task.deferrals) == 1
    assert [result["row"] for result in lines(summary)] == [1, 2, 3]
    assert [result["uri"] for result in lines(summary)] == [f"{tmp_path}/{row:05d}.mp4" for row in (1, 2, 3)]
    assert all(Path(result["uri"]).stat().st_size == result["manifest"]["bytes"] for result in lines(summary))
    assert lines(summary)[0]["metadata"] == {"sku": 7}
    assert len({result["generation_id"] for result in lines(summary)}) == creates(emulator) == 3
    assert sum(len(amounts) for amounts in summary["cost"].values()) == (vendor != "anyfast")


@pytest.mark.usefixtures("passing_time")
def test_waiting_in_the_worker_ends_alike(batching, connect, tmp_path) -> None:
    """Without the triggerer."""
    task = batching(connect(), deferrable=False)
    assert task()["counts"]["succeeded"] == 3
    assert task.deferrals == []
    assert len(list(tmp_path.glob("*.mp4"))) == 3


def test_bad_rows_are_refused_all_at_once(batching, connect, emulator) -> None:
    """Before anything is sent."""
    rows = ["A fox", {"prompt": "A hare", "duration": 99}, {"prompt": "A cat", "colour": "red"}]
    with pytest.raises(
        AirflowFailException, match=r"2 of 3 rows(?s:.*)row 2: duration=99(?s:.*)column `colour`"
    ):
        batching(connect(), rows)()
    assert emulator.requests() == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows.csv", "prompt,seed\nA fox,7\nA hare,\n"),
        ("rows.jsonl", '{"prompt": "A fox", "seed": 7}\n"A hare"\n'),
        ("rows.json", '[{"prompt": "A fox", "seed": 7}, "A hare"]'),
    ],
)
def test_rows_come_from_files(name, text, batching, connect, emulator, tmp_path) -> None:
    """A path that is a template, as any other argument."""
    (tmp_path / name).write_text(text)
    summary = batching(connect(), f"{tmp_path}/{{{{ params.name }}}}", params={"name": name})()
    assert summary["counts"]["succeeded"] == 2
    sent = [note["body"] for note in emulator.requests() if note["operation"] == "create"]
    assert sorted(body.get("seed", 0) for body in sent) == [0, 7]


def test_a_list_may_be_rendered_as_text(batching, connect) -> None:
    """By a template over an XCom."""
    task = batching(connect(), "{{ params.rows }}", params={"rows": [{"prompt": "A fox's tail"}]})
    assert task()["rows"] == 1


def test_no_rows_are_no_failure(batching, connect, emulator) -> None:
    """Some days there is nothing to do."""
    assert batching(connect(), [])()["rows"] == 0
    assert emulator.requests() == []


def test_a_rows_failure_does_not_touch_its_siblings(batching, connect, emulator) -> None:
    """The summary names it, and the task succeeds."""
    emulator.add_fault(on="create", kind="moderation", times=1)
    summary = batching(connect())()
    assert (summary["counts"]["succeeded"], summary["counts"]["failed"]) == (2, 1)
    (failure,) = summary["failures"]
    assert failure["kind"] == "moderation"
    assert creates(emulator) == 3


@pytest.mark.usefixtures("passing_time")
def test_too_many_requests_fail_no_row(batching, connect, emulator) -> None:
    """They are waited out."""
    emulator.add_fault(on="create", kind="status", status=429, times=2)
    assert batching(connect())()["counts"]["succeeded"] == 3


def test_no_balance_stops_the_batch_and_fails_no_row(batching, connect, emulator) -> None:
    """After topping up, a clear goes on."""
    conn_id = connect(password="sk-empty")
    with pytest.raises(AirflowFailException, match=r"3 not_submitted.*results"):
        (task := batching(conn_id))()
    connect()
    task.context["ti"].max_tries += 1
    assert task()["counts"]["succeeded"] == 3


def test_a_lost_reply_is_found_by_its_key(batching, connect, emulator) -> None:
    """As with the single operator."""
    emulator.add_fault(on="create", kind="drop_after_accept", times=1)
    assert batching(connect("toapis"))()["counts"]["succeeded"] == 3
    assert creates(emulator) == 3


def test_a_lost_reply_that_cannot_be_found_fails_the_task_and_is_not_repeated(
    batching, connect, emulator
) -> None:
    """The siblings are landed, and no retry pays."""
    emulator.add_fault(on="create", kind="drop_after_accept", times=1)
    task = batching(connect("evolink"))
    for _ in range(2):
        with pytest.raises(AirflowFailException, match=r"may have been billed.*2 succeeded, 1 uncertain"):
            task()
    assert creates(emulator) == 3


def test_a_video_that_cannot_be_landed_fails_the_task_and_a_retry_lands_it(
    batching, connect, emulator, tmp_path
) -> None:
    """Never a silent loss, and nothing is paid again."""
    emulator.add_fault(on="download", kind="status", status=503, times=None)
    task = batching(connect(), ["A fox"])
    with pytest.raises(BatchIncomplete, match="1 uncollected") as incomplete:
        task()
    assert incomplete.value.retryable
    emulator.clear_faults()
    assert task()["counts"]["succeeded"] == 1
    assert (creates(emulator), len(list(tmp_path.glob("*.mp4")))) == (1, 1)


def test_a_retry_of_a_batch_that_is_done_pays_nothing(batching, connect, emulator) -> None:
    """And neither does a clear, unless the user chose so."""
    task = batching(connect())
    first = task()
    task.context["ti"].max_tries += 1
    assert task() == first
    assert creates(emulator) == 3
    task.operator.on_clear = "regenerate"
    task.context["ti"].max_tries += 1
    assert task()["counts"]["succeeded"] == 3
    assert creates(emulator) == 6


def test_a_row_that_failed_can_be_corrected(batching, connect, emulator) -> None:
    """Only that one is bought."""
    emulator.add_fault(on="create", kind="moderation", times=1)
    task = batching(connect(), ["A", "B", "C"])
    row = task()["failures"][0]["row"]
    task.operator.requests = [f"{prompt} better" if n == row else prompt for n, prompt in enumerate("ABC", 1)]
    task.context["ti"].max_tries += 1
    assert task()["counts"]["succeeded"] == 3
    assert creates(emulator) == 4


def test_rows_that_are_paid_for_may_not_change_unnoticed(batching, connect, emulator) -> None:
    """A row that was put in before them would make every one another; ``resubmit`` says that it is meant."""
    task = batching(connect())
    task()
    task.operator.requests = ["A newt", "A fox", "A hare", "A cat"]
    with pytest.raises(AirflowFailException, match=r"3 rows have changed.*: 1, 2, 3"):
        task()
    assert creates(emulator) == 3
    task.operator.on_stale_state = "resubmit"
    assert task()["counts"]["succeeded"] == 4
    assert creates(emulator) == 7


def test_a_journal_that_is_out_of_sight_is_not_taken_for_none(batching, connect, emulator, tmp_path) -> None:
    """Another worker's disk may have it."""
    task = batching(connect())
    task()
    Path(task.state.values[KEY]["journal"]).rename(tmp_path / "elsewhere")
    with pytest.raises(StateUnreadable, match="not there on this machine"):
        task()
    assert creates(emulator) == 3


def test_a_changed_destination_does_not_lose_the_journal(batching, connect, emulator, tmp_path) -> None:
    """Airflow's task state says where it is."""
    task = batching(connect())
    task()
    task.operator.destination = f"{tmp_path}/other/{{row}}.mp4"
    task()
    assert creates(emulator) == 3


def test_max_cost_stops_before_it_is_exceeded(batching, connect, emulator) -> None:
    """What is under way is landed; the rest is not submitted."""
    with pytest.raises(AirflowFailException, match=r"row 3 may cost .*2 succeeded, 1 not_submitted"):
        batching(connect(), max_cost="0.70 USD")()
    assert creates(emulator) == 2


def test_max_cost_needs_the_price_of_every_row(batching, connect, emulator) -> None:
    """An unknown one is refused, by number, before anything is paid."""
    rows = ["A fox", {"prompt": "A hare", "model": "seedance-9-beta"}]
    with pytest.raises(AirflowFailException, match="row 2: the catalog knows no price"):
        batching(connect(), rows, max_cost="9 USD")()
    assert emulator.requests() == []


def test_max_failures_ends_the_task(batching, connect, emulator) -> None:
    """With one line for each row all the same."""
    emulator.add_fault(on="create", kind="moderation", times=None)
    with pytest.raises(AirflowFailException, match="max_failures is 1"):
        batching(connect(), [f"row {n}" for n in range(30)], max_failures="1")()
    assert creates(emulator) < 12


def test_a_batch_without_any_success_fails(batching, connect, emulator) -> None:
    """A green task would be a lie."""
    emulator.add_fault(on="create", kind="moderation", times=None)
    with pytest.raises(AirflowFailException, match="no row succeeded"):
        batching(connect())()


def test_landing_nothing_needs_a_place_for_the_journal(
    batching, connect, emulator, tmp_path, monkeypatch
) -> None:
    """``[seedance] state_folder``; then the results are there, too."""
    with pytest.raises(AirflowFailException, match="no place for its journal"):
        batching(connect(), destination=None)()
    assert emulator.requests() == []
    monkeypatch.setenv("AIRFLOW__SEEDANCE__STATE_FOLDER", str(tmp_path / "state"))
    summary = batching(connect(), destination=None)()
    assert summary["counts"]["succeeded"] == 3
    assert summary["results"].startswith(str(tmp_path / "state"))
    assert lines(summary)[0]["generation_id"]


def test_rows_may_not_meet_in_one_file(batching, connect, emulator, tmp_path) -> None:
    """They would overwrite each other."""
    with pytest.raises(AirflowFailException, match="same file for every row"):
        batching(connect(), destination=f"{tmp_path}/video.mp4")()
    assert emulator.requests() == []


def test_another_batchs_videos_are_kept_and_nothing_is_paid(batching, connect, emulator, tmp_path) -> None:
    """A second run with the same destinations: each row says whose file is there."""
    first = batching(connect())()
    with pytest.raises(AirflowFailException, match="no row succeeded") as caught:
        batching(connect(), destination=f"{tmp_path}/{{row}}.mp4")()
    assert creates(emulator) == 3
    assert "3 failed" in str(caught.value)
    assert all(Path(result["uri"]).stat().st_size == result["manifest"]["bytes"] for result in lines(first))
    assert batching(connect(), overwrite="always")()["counts"]["succeeded"] == 3


def test_rows_own_data_name_and_publish_their_videos(batching, connect, emulator, tmp_path) -> None:
    """One file and one sidecar each, with the row's metadata."""
    rows = [{"prompt": "A fox", "metadata": {"sku": "f-1"}}, {"prompt": "A hare", "metadata": {"sku": 2}}]
    task = batching(
        connect(),
        rows,
        destination=f"{tmp_path}/in/{{metadata.sku}}.mp4",
        publish_destination=f"{tmp_path}/out/{{metadata.sku}}-{{generation_id}}.mp4",
    )
    summary = task()
    assert sorted(path.name for path in (tmp_path / "in").glob("*.mp4")) == ["2.mp4", "f-1.mp4"]
    for result, sku in zip(lines(summary), ["f-1", "2"], strict=True):
        published = result["publication"]
        assert published["uri"] == f"{tmp_path}/out/{sku}-{result['generation_id']}.mp4"
        sidecar = json.loads(Path(published["sidecar_uri"]).read_text())
        assert sidecar["metadata"] == result["metadata"]
        assert sidecar["provenance"]["request"]["prompt"] in ("A fox", "A hare")
        assert sidecar["provenance"]["row"] == result["row"]
    task.context["ti"].max_tries += 1
    assert task() == summary
    assert creates(emulator) == 2


PUBLISHED = [Asset(name="clips", uri="s3://bucket/clips"), AssetAlias("clips"), None]


@pytest.mark.parametrize("asset", PUBLISHED, ids=["an asset", "an alias", "its own"])
def test_each_published_video_is_one_event(asset, batching, connect, asset_server, tmp_path) -> None:
    """With its publication; emitted again after a kill, and by no rerun."""
    asset_server.active = {"clips": "s3://bucket/clips"}
    with DAG("tested", schedule=None):
        task = batching(connect(), publish_destination=f"{tmp_path}/out/{{row}}.mp4", asset=asset)
    alias = "clips" if isinstance(asset, AssetAlias) else "tested.batch"
    assert task.operator.outlets == [AssetAlias(alias)]
    asset_server.kill(task)
    summary = asset_server.succeed(task)
    events = list(asset_server.events)
    assert {event.extra["uri"] for event in events} == {row["publication"]["uri"] for row in lines(summary)}
    assert [event.aliases for event in events] == [(alias,)] * 3
    place = {"clips": f"file://{tmp_path}/out", "tested.batch": "tested.batch"}[alias]
    assert {event.asset for event in events} == {asset.uri if isinstance(asset, Asset) else place}
    assert all(event.extra["manifest"]["provenance"]["request"] is None for event in events)
    task.context["ti"].max_tries += 1
    asset_server.succeed(task)
    assert asset_server.events == events


def test_a_batch_that_publishes_nothing_declares_nothing(batching, connect) -> None:
    with DAG("tested", schedule=None):
        assert batching(connect()).operator.outlets == []


@pytest.mark.parametrize(
    ("destination", "told"),
    [
        ("{sku}.mp4", r"\{sku\} is not known; known are .*metadata\.sku"),
        ("{metadata.colour}.mp4", r"row 1, row 2: .*\{metadata\.colour\} is not known"),
        ("{metadata.sku}.mp4", "row 2: its destination .* is that of row 1"),
    ],
)
def test_a_destination_that_does_not_fit_the_rows(
    batching, connect, emulator, tmp_path, destination, told
) -> None:
    """Before anything is paid, by the numbers of the rows."""
    rows = [{"prompt": "A fox", "metadata": {"sku": 7}}, {"prompt": "A hare", "metadata": {"sku": "7"}}]
    for templates in (
        {"destination": f"{tmp_path}/{destination}"},
        {"publish_destination": f"{tmp_path}/out/{destination}"},
    ):
        with pytest.raises(AirflowFailException, match=told):
            batching(connect(), rows, **templates)()
    assert emulator.requests() == []


def test_what_is_stored_in_clear_text_holds_no_prompt_and_no_link(batching, connect) -> None:
    """The trigger's arguments, its events, the task state and the results."""
    task = batching(connect(), ["A secret fox"])
    summary = task()
    (deferral,) = task.deferrals
    stored = json.dumps(
        [deferral.trigger.serialize(), task.payloads, task.state.values, summary, lines(summary)]
    )
    assert "secret fox" not in stored
    assert "http" not in stored
    assert len(json.dumps(task.state.values)) < 2_000


@pytest.fixture
def timed_out() -> Callable[[TaskRun], Any]:
    """Resumes a deferred task as Airflow does when its trigger was lost."""

    def too_late(*_: Any, **__: Any) -> None:
        raise TaskDeferralTimeout("too late")

    def resumed(task: TaskRun) -> Any:
        with pytest.raises(TaskDeferred):
            task._single_use().execute(task.context)
        task.while_deferred()
        fresh = task._single_use()
        object.__setattr__(fresh, "execute_complete", too_late)
        return fresh.resume_execution("execute_complete", {"event": {}}, task.context)

    return resumed


def test_a_deferral_that_timed_out_goes_on_from_the_journal(batching, connect, emulator, timed_out) -> None:
    """All that is under way is looked at."""
    assert timed_out(batching(connect()))["counts"]["succeeded"] == 3
    assert creates(emulator) == 3


def test_a_lost_trigger_is_not_replaced_for_ever(batching, connect, emulator, timed_out) -> None:
    """What has not ended is left to the task's retry."""
    task = batching(connect())
    task.while_deferred = lambda: None
    with pytest.raises(TaskDeferralTimeout):
        timed_out(task)
    emulator.advance(LONG)
    assert task()["counts"]["succeeded"] == 3
    assert creates(emulator) == 3


@pytest.mark.parametrize(("name", "value"), [("max_active", 0), ("max_failures", "few"), ("timeout", -1)])
def test_numbers_are_checked(name, value, batching, connect, emulator) -> None:
    """By name."""
    with pytest.raises(AirflowFailException, match=name):
        batching(connect(), **{name: "{{ params.value }}"}, params={"value": value})()
    assert emulator.requests() == []


@pytest.mark.usefixtures("passing_time")
@pytest.mark.parametrize(
    ("on", "status", "body"),
    [
        ("get", 404, "404 page not found"),
        ("get", 403, "<html><h1>Access denied</h1></html>"),
        ("list", 404, "default backend - 404"),
        ("list", 302, ""),
    ],
)
def test_what_stands_between_is_not_the_vendor(on, status, body, batching, connect, emulator) -> None:
    """A page of an ingress or a firewall about a paid row is borne, and no ground for buying it again."""
    vendor = "modelark" if on == "list" else "evolink"
    emulator.add_fault(on=on, kind="reply", status=status, headers={}, body=body, times=2)
    assert batching(connect(vendor))()["counts"]["succeeded"] == 3
    assert creates(emulator) == 3


@pytest.mark.parametrize("limit", ["50 USD", {"amount": "1", "currency": "EUR"}])
def test_a_limit_in_another_currency_is_not_the_rows_fault(limit, batching, connect, emulator) -> None:
    """It is told once, with what to give instead."""
    with pytest.raises(
        AirflowFailException, match=r"(?s)price is in credits, max_cost is in .*Give max_cost in"
    ):
        batching(connect("evolink"), max_cost=limit)()
    assert creates(emulator) == 0
