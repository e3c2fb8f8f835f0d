"""What a DAG author gets from the generate operator, in both modes and from all four vendors."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from tests.airflow.fixtures import VENDORS
from tests.airflow.running import TaskRun
from tests.operators.conftest import LONG, SMALL

#: The keys of the returned value, always there.
KEYS = {
    "vendor",
    "seedance_conn_id",
    "generation_id",
    "model",
    "mode",
    "status",
    "video_url",
    "last_frame_url",
    "duration",
    "resolution",
    "aspect_ratio",
    "width",
    "height",
    "seed",
    "usage",
    "cost",
    "created_at",
    "finished_at",
    "expires_at",
    "reused",
    "request_fingerprint",
    "provenance",
    "attempts",
    "paid",
}


@pytest.mark.parametrize("vendor", VENDORS)
def test_it_returns_the_same_dict_for_every_vendor(vendor, generating, connect) -> None:
    """Only the connection decides who makes the video."""
    result = generating(connect(vendor))()
    assert set(result) == KEYS
    assert result["vendor"] == vendor
    assert (result["status"], result["mode"]) == ("succeeded", "text")
    assert set(result["cost"]) == {"amount", "currency", "basis"}
    assert (result["duration"], result["resolution"], result["aspect_ratio"]) == (4, "480p", "16:9")
    assert isinstance(result["duration"], int)


@pytest.mark.parametrize("deferrable", [True, False])
def test_both_modes_land_the_same(deferrable, generating, connect, emulator, tmp_path) -> None:
    """Waiting in the triggerer or in the worker: one create, one file, one result."""
    task = generating(
        connect(), deferrable=deferrable, destination=f"{tmp_path}/{{mode}}/{{generation_id}}.mp4"
    )
    result = task()
    assert len(task.deferrals) == (1 if deferrable else 0)
    assert set(result) == KEYS | {"manifest"}
    landed = Path(result["manifest"]["uri"])
    assert landed == tmp_path / "text" / f"{result['generation_id']}.mp4"
    with av.open(str(landed)) as film:
        assert (film.streams.video[0].width, film.streams.video[0].height) == (864, 496)
        assert film.streams.video[0].frames == 24 * 4 + 1
    assert result["manifest"]["mismatches"] == []
    assert emulator.ledger()["creates_received"] == 1


def test_templated_texts_become_numbers_and_booleans(generating, connect, emulator) -> None:
    """Jinja renders text; the vendor gets what the field is."""
    task = generating(
        connect(),
        duration="{{ params.seconds }}",
        seed="{{ params.seed }}",
        generate_audio="{{ params.sound }}",
        watermark="False",
        max_cost="{{ params.limit }}",
        timeout="{{ params.patience }}",
        params={"seconds": 5, "seed": 7, "sound": False, "limit": "3 USD", "patience": 900},
    )
    task()
    sent = next(note["body"] for note in emulator.requests() if note["operation"] == "create")
    assert (sent["duration"], sent["seed"]) == (5, 7)
    assert (sent["generate_audio"], sent["watermark"]) == (False, False)
    assert task.payloads[0]["deadline"] - task.payloads[0]["started"] == 900


def test_a_template_that_renders_to_nothing_is_a_field_left_out(generating, connect, emulator) -> None:
    """``None`` and blanks from Jinja are not values."""
    generating(connect(), seed="{{ params.seed }}", first_frame=" ", max_cost="", params={"seed": None})()
    sent = next(note["body"] for note in emulator.requests() if note["operation"] == "create")
    assert "seed" not in sent
    assert len(sent["content"]) == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_preview_pays_nothing(vendor, generating, connect, emulator) -> None:
    """It shows the wire request and the estimate, and talks to nobody."""
    told = generating(connect(vendor), preview=True)()
    assert told["vendor"] == vendor
    assert told["request"]["method"] == "POST"
    assert "A fox looks up" in str(told["request"]["body"])
    assert set(told["cost"]) == {"amount", "currency", "basis"}
    assert emulator.requests() == []


def test_a_preview_refuses_what_a_submission_would(generating, connect, emulator) -> None:
    """What the preview lets through can be paid for."""
    with pytest.raises(AirflowFailException, match="duration=99: allowed: 4 to 15"):
        generating(connect(), preview=True, duration=99)()


@pytest.mark.parametrize("deferrable", [True, False])
def test_an_adopted_generation_is_not_paid_for_again(
    deferrable, generating, connect, emulator, tmp_path
) -> None:
    """``generation_id`` collects what exists; the file lands as any other."""
    bought = generating(connect())()["generation_id"]
    task = generating(
        connect(), generation_id=bought, deferrable=deferrable, destination=f"{tmp_path}/adopted.mp4"
    )
    assert task()["generation_id"] == bought
    assert (tmp_path / "adopted.mp4").exists()
    assert emulator.ledger()["creates_received"] == 1


def test_an_adopted_generation_that_does_not_exist_ends_the_task(generating, connect, emulator) -> None:
    """The vendor's answer names the id, and nothing is bought in its place."""
    with pytest.raises(AirflowFailException, match=r"(?s)cgt-unknown.*unknown to this vendor account"):
        generating(connect(), generation_id="cgt-unknown")()
    assert emulator.ledger()["creates_received"] == 0


def test_a_deferral_carries_ids_and_times_only(generating, connect) -> None:
    """Airflow stores trigger arguments and events in clear text."""
    task = generating(connect())
    result = task()
    _, kwargs = task.deferrals[0].trigger.serialize()
    times = {"started", "deadline", "queue_deadline"}
    assert set(kwargs) <= {"seedance_conn_id", "generation_id", *times, "cancel_on_kill", "has_callback"}
    assert set(task.payloads[0]) == {
        "version",
        "generation_id",
        "outcome",
        "started",
        "deadline",
        "queue_deadline",
    }
    assert task.payloads[0]["generation_id"] == result["generation_id"]
    assert task.deferrals[0].kwargs == {"seedance_conn_id": "seedance_tested"}


def test_the_last_frame_comes_where_it_was_asked_for(generating, connect) -> None:
    """The link chains shots."""
    assert generating(connect(), return_last_frame=True)()["last_frame_url"].startswith("http")
    assert generating(connect())()["last_frame_url"] is None


def test_a_second_try_goes_on_with_what_the_first_paid_for(generating, connect, emulator) -> None:
    """The record of the task instance outlives its tries."""
    task = generating(connect())
    first, second = task(), task()
    assert first["generation_id"] == second["generation_id"]
    assert emulator.ledger()["creates_received"] == 1


def test_a_generation_goes_on_through_the_connection_that_made_it(
    generating, connect, emulator, tmp_path
) -> None:
    """Another one for the task is no other request; waiting, landing and the result name the first."""
    task = generating(connect(), destination=f"{tmp_path}/video.mp4")
    with pytest.raises(TaskDeferred):
        task._single_use().execute(task.context)
    task.operator.seedance_conn_id = connect("toapis", "seedance_other")
    result = task()
    assert (result["vendor"], result["seedance_conn_id"]) == ("modelark", "seedance_tested")
    assert task.deferrals[0].trigger.seedance_conn_id == "seedance_tested"
    assert emulator.ledger()["creates_received"] == 1


def looks(emulator, vendor) -> int:
    """How often the vendor was asked how a generation stands."""
    requests = emulator.ledger()["requests"][vendor]
    return requests["get"] + requests["list"]


@pytest.mark.parametrize("vendor", ["modelark", "evolink"])
def test_a_first_try_reads_nothing_before_it_waits(vendor, generating, connect, emulator) -> None:
    """The create's answer is enough; after the wait it reads once."""
    task = generating(connect(vendor))
    with pytest.raises(TaskDeferred) as paused:
        task._single_use().execute(task.context)
    assert looks(emulator, vendor) == 0
    event = task._wait(paused.value)
    before = looks(emulator, vendor)
    task._single_use().resume_execution("execute_complete", {"event": event}, task.context)
    assert looks(emulator, vendor) - before == 1


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_retry_of_a_finished_generation_reads_it_once(
    deferrable, generating, connect, emulator, tmp_path
) -> None:
    """What was read is handed on to the end: it neither waits nor asks again."""
    task = generating(connect(), destination=f"{tmp_path}/video.mp4", deferrable=deferrable)
    with pytest.raises(TaskDeferred):
        copy(task, deferrable=True).execute(task.context)
    emulator.advance(20_000.0)
    before = looks(emulator, "modelark")
    assert task()["manifest"]["bytes"]
    assert looks(emulator, "modelark") - before == 1
    assert task.deferrals == []


def copy(task, *, deferrable):
    """The operator of another try."""
    operator = task._single_use()
    operator.deferrable = deferrable
    return operator


def test_time_runs_out_with_an_honest_word(generating, connect, emulator) -> None:
    """The error says what becomes of the generation and how to collect it."""
    task = generating(
        connect(), prompt="[emulator:stuck] A fox", deferrable=False, timeout=0.2, on_kill_action="detach"
    )
    with pytest.raises(
        Exception, match=r"generation cgt-.*still queued when its timeout was up; it goes on"
    ) as caught:
        task()
    assert not isinstance(caught.value, AirflowFailException)


class TestDestination:
    """No film is replaced unasked, none is paid for without a place to go, and none is fetched twice."""

    def test_another_runs_film_is_kept_before_anything_is_paid(
        self, generating, connect, emulator, tmp_path
    ) -> None:
        """A constant destination, run a second time: the error says whose it is, and what to do."""
        first = generating(connect(), destination=f"{tmp_path}/hero.mp4")()
        with pytest.raises(AirflowFailException) as caught:
            generating(connect(), prompt="A wolf", destination=f"{tmp_path}/hero.mp4")()
        assert first["generation_id"] in str(caught.value)
        assert "{generation_id}" in str(caught.value)
        assert emulator.ledger()["creates_received"] == 1

    def test_always_replaces_it_and_says_so(self, generating, connect, tmp_path, caplog) -> None:
        destination = f"{tmp_path}/hero.mp4"
        first = generating(connect(), destination=destination)()
        with caplog.at_level("INFO"):
            second = generating(connect(), destination=destination, overwrite="always")()
        assert f"Replaced {destination}, which held the video of modelark" in caplog.text
        assert first["generation_id"] in caplog.text
        assert second["manifest"]["source"]["generation_id"] == second["generation_id"]

    @pytest.mark.parametrize(
        ("destination", "refused"),
        [
            ("/hero.mp4", True),
            ("/{{ run_id }}/{{ params.name }}.mp4", True),
            ("/{vendor}-{mode}.mp4", True),
            ("/{generation_id}.mp4", False),
            ("/{{ ti.map_index }}.mp4", False),
            ("/{{ task.prompt }}.mp4", False),
            ("/{{ shot() }}.mp4", False),
        ],
    )
    def test_mapped_tasks_may_not_meet_in_one_file(
        self, connect, emulator, tmp_path, passing, destination, refused
    ) -> None:
        """As far as the template tells, before anything is paid."""
        from airflow.sdk import DAG

        from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

        with DAG("tested", schedule=None, params={"name": "x"}, user_defined_macros={"shot": lambda: "a"}):
            operator = SeedanceGenerateVideoOperator.partial(
                **{name: value for name, value in SMALL.items() if name != "prompt"},
                task_id="generate",
                seedance_conn_id=connect(),
                destination=f"{tmp_path}{destination}",
            ).expand(prompt=["A fox", "A hare"])
        task = TaskRun(operator, lambda: emulator.advance(LONG), {"name": "x"})
        task.context["run_id"] = "run"
        if refused:
            with pytest.raises(AirflowFailException, match="is the same file for every map index"):
                task()
            assert emulator.requests() == []
        else:
            assert task()["manifest"]["uri"].startswith(str(tmp_path))

    def test_regenerating_replaces_what_the_same_task_made(self, generating, connect, tmp_path) -> None:
        """Its user has chosen to pay for another one in its place."""
        task = generating(connect(), destination=f"{tmp_path}/hero.mp4")
        first = task()
        task.operator.on_clear = "regenerate"
        task.context["ti"].max_tries += 1
        second = task()
        assert second["generation_id"] != first["generation_id"]
        assert second["manifest"]["source"]["generation_id"] == second["generation_id"]

    @pytest.mark.parametrize("word", ["replace", "skip-identical", True])
    def test_another_word_is_refused_when_the_dag_is_parsed(self, generating, connect, word) -> None:
        with pytest.raises(ValueError, match="overwrite must be one of own, always, never"):
            generating(connect(), overwrite=word)

    @pytest.mark.parametrize(
        ("destination", "told"),
        [
            ("s3:/bucket/{generation_id}.mp4", "s3://bucket/{generation_id}.mp4"),
            ("clips/{generation_id}.mp4", "relative to wherever the worker runs"),
            ("/proc/clips/{generation_id}.mp4", "no file can be made in /proc"),
            ("/tmp/" + "小" * 76 + "-{generation_id}.mp4", "-{generation_id}.mp4' has"),
            ("/tmp/" + "a" * 225 + "-{mode}-{model}-{generation_id}.mp4", "bytes"),
        ],
    )
    @pytest.mark.parametrize("adopts", [False, True])
    def test_what_would_fail_is_refused_before_paying_or_waiting(
        self, generating, connect, emulator, destination, told, adopts
    ) -> None:
        """In the words of the user's own path."""
        adopted = {"generation_id": "cgt-20260101120000-abcde"} if adopts else {}
        destination = destination.replace("{mode}", "text") if adopts else destination
        with pytest.raises(AirflowFailException) as caught:
            generating(connect(), destination=destination, **adopted)()
        told = told.replace("{generation_id}", adopted.get("generation_id", "{generation_id}"))
        assert told in str(caught.value)
        assert "of-48-characters" not in str(caught.value)
        assert emulator.requests() == []

    def test_an_adopted_generation_has_no_mode(self, generating, connect, emulator, tmp_path) -> None:
        """Which is said before it is waited for."""
        with pytest.raises(AirflowFailException, match=r"\{mode\} has no value for this video"):
            generating(
                connect(), generation_id="cgt-20260101120000-abcde", destination=f"{tmp_path}/{{mode}}.mp4"
            )()
        assert emulator.requests() == []


class TestOnRecord:
    """What was landed is known, and need not be asked for again."""

    @pytest.mark.parametrize("cleared", [False, True])
    def test_a_run_older_than_its_link_is_as_good_as_new(
        self, generating, connect, emulator, tmp_path, cleared
    ) -> None:
        """The vendor still calls it finished, and its link is dead: the whole file is taken over."""
        task = generating(connect(), destination=f"{tmp_path}/{{generation_id}}.mp4")
        first = task()
        emulator.advance(2 * 86_400)
        task.context["ti"].max_tries += cleared
        again = task()
        assert again["manifest"] == first["manifest"]
        assert emulator.ledger()["creates_received"] == 1

    @pytest.mark.parametrize("gone", ["forgotten", "out of reach"])
    def test_a_run_that_the_vendor_knows_nothing_of_any_more(
        self, generating, connect, emulator, tmp_path, gone, monkeypatch, caplog
    ) -> None:
        """The result is rebuilt from the record, without links, and the log says how to get another one."""
        task = generating(connect(), destination=f"{tmp_path}/{{generation_id}}.mp4")
        first = task()
        if gone == "forgotten":
            emulator.advance(20 * 86_400)
        else:
            emulator.add_fault(on="get", kind="status", status=503, times=None)
        task.context["ti"].max_tries += 1
        with caplog.at_level("INFO"):
            again = task()
        assert again == {**first, "video_url": None, "last_frame_url": None}
        assert "on_clear='regenerate'" in caplog.text
        assert emulator.ledger()["creates_received"] == 1

    def test_an_adopted_generation_that_is_landed_needs_no_vendor(
        self, generating, connect, emulator, tmp_path
    ) -> None:
        """Its result is what the manifest tells."""
        bought = generating(connect())()["generation_id"]
        adopting = {"generation_id": bought, "destination": f"{tmp_path}/{{generation_id}}.mp4"}
        first = generating(connect(), **adopting)()
        emulator.advance(20 * 86_400)
        again = generating(connect(), **adopting)()
        assert again["manifest"] == first["manifest"]
        assert set(again) == set(first)
        assert (again["status"], again["video_url"]) == ("succeeded", None)

    def test_a_damaged_file_is_no_success(self, generating, connect, emulator, tmp_path) -> None:
        """There is nothing left to go on with: no retries, and a remedy that works."""
        task = generating(connect(), destination=f"{tmp_path}/{{generation_id}}.mp4")
        first = task()
        Path(first["manifest"]["uri"]).write_bytes(b"damaged")
        emulator.advance(2 * 86_400)
        task.context["ti"].max_tries += 1
        with pytest.raises(AirflowFailException, match=r"(?s)on_clear='regenerate'.*press Clear"):
            task()
        task.operator.on_clear = "regenerate"
        task.context["ti"].max_tries += 1
        assert task()["manifest"]["bytes"] > 1000

    def test_the_record_names_the_file_and_holds_no_link(self, generating, connect, tmp_path) -> None:
        task = generating(connect(), destination=f"{tmp_path}/{{generation_id}}.mp4")
        manifest = task()["manifest"]
        record = task.state.values["seedance_generation"]
        assert record["videos"] == [
            {
                "generation_id": record["generation_id"],
                "uri": manifest["uri"],
                "bytes": manifest["bytes"],
                "sha256": manifest["sha256"],
                "published": False,
            }
        ]
        assert "http" not in json.dumps(record)

    def test_the_manifest_tells_how_the_video_came_about(self, generating, connect, tmp_path) -> None:
        """In the file beside the video, too."""
        task = generating(connect(), destination=f"{tmp_path}/{{generation_id}}.mp4", seed=11)
        result = task()
        told = json.loads(Path(result["manifest"]["uri"] + ".json").read_text())["provenance"]
        assert told == result["manifest"]["provenance"] == result["provenance"]
        assert (told["request"]["prompt"], told["seed"], told["mode"]) == ("A fox looks up", 11, "text")
        assert (told["cost"], told["usage"]) == (result["cost"], result["usage"])
        ti = task.context["ti"]
        by = {"dag_id": "tested", "run_id": ti.run_id, "task_id": "generate", "map_index": -1}
        assert told["generated_by"] == by
