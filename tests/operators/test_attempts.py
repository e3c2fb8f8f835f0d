"""Several attempts at one video: changes of the request after a moderation refusal, and further connections."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.runtime.task_state import KEY
from tests.operators.conftest import creates

BLOCKED = "[emulator:moderation] A fox"
MUTE, OTHER = {"generate_audio": False}, {"prompt": "A fox in a meadow"}


def sent(emulator: Any) -> list[dict[str, Any]]:
    """The bodies of all creates."""
    return [note["body"] for note in emulator.requests() if note["operation"] == "create"]


def rungs(result: dict[str, Any]) -> list[tuple[int, str]]:
    return [(attempt["rung"], attempt["status"]) for attempt in result["attempts"]]


def billed(emulator: Any) -> list[str]:
    return [entry["generation_id"] for entry in emulator.ledger()["generations"] if entry["billed"]]


class TestLadder:
    """``on_moderation``."""

    @pytest.mark.parametrize("deferrable", [True, False])
    def test_a_rejected_video_leads_down_the_ladder(self, deferrable, generating, connect, emulator) -> None:
        """The same again, then the change that helps; each is a generation of its own, and one is billed."""
        ladder = [{}, MUTE, OTHER, {"model": "seedance-1.5-pro"}]
        task = generating(connect(), prompt=BLOCKED, on_moderation=ladder, deferrable=deferrable)
        result = task()
        assert rungs(result) == [(0, "failed"), (1, "failed"), (2, "failed"), (3, "succeeded")]
        assert len(task.deferrals) == (4 if deferrable else 0)
        assert billed(emulator) == [result["generation_id"]]
        assert [attempt["generation_id"] for attempt in result["attempts"]] == [
            entry["generation_id"] for entry in emulator.ledger()["generations"]
        ]
        assert result["paid"] == {"USD": {result["cost"]["basis"]: result["cost"]["amount"]}}
        assert [body.get("generate_audio") for body in sent(emulator)] == [None, None, False, None]

    @pytest.mark.parametrize("vendor", ["modelark", "evolink", "anyfast", "toapis"])
    def test_a_refused_input_is_not_repeated(self, vendor, generating, connect, emulator) -> None:
        """``{}`` is passed over, and told; the next change is submitted in the same try."""
        emulator.add_fault(on="create", kind="moderation", times=1)
        task = generating(connect(vendor), on_moderation=[{}, {"prompt": "{{ params.tame }}"}])
        task.params["tame"] = "A fox in a meadow"
        result = task()
        assert rungs(result) == [(0, "refused"), (1, "skipped"), (2, "succeeded")]
        assert creates(emulator) == 2
        assert "A fox in a meadow" in str(sent(emulator)[-1])
        assert result["provenance"]["request"]["prompt"] == "A fox in a meadow"

    def test_what_the_vendor_does_not_have_is_skipped_and_told(
        self, generating, connect, emulator, caplog
    ) -> None:
        """Beforehand in the log, and in the list of attempts."""
        caplog.set_level(logging.WARNING)
        emulator.add_fault(on="create", kind="moderation", times=1)
        ladder = [{"model": "seedance-1.5-pro"}, {"duration": 99}, MUTE]
        task = generating(connect("evolink"), on_moderation=ladder)
        result = task()
        assert rungs(result)[0] == (0, "refused")
        assert rungs(result)[-1] == (3, "succeeded")
        assert (2, "skipped") in rungs(result)
        assert "An attempt cannot be made, should it be needed: change 2 of on_moderation" in caplog.text
        assert "duration=99" in caplog.text

    def test_a_ladder_without_a_rung_left_ends_with_the_refusal(self, generating, connect, emulator) -> None:
        """Not with the reason why the last change was skipped; a clear then begins with the request as it is."""
        emulator.add_fault(on="create", kind="moderation", times=2)
        task = generating(connect(), on_moderation=[MUTE, {"duration": 99}])
        with pytest.raises(AirflowFailException, match="may contain sensitive information"):
            task()
        assert creates(emulator) == 2
        task.context["ti"].max_tries += 1
        assert rungs(task())[-1] == (0, "succeeded")
        assert creates(emulator) == 3

    def test_nothing_follows_another_failure(self, generating, connect, emulator) -> None:
        """The ladder is for moderation alone."""
        emulator.add_fault(on="create", kind="fail", times=1)
        task = generating(connect(), on_moderation=[{}, MUTE])
        with pytest.raises(Exception, match="ended as failed"):
            task()
        assert creates(emulator) == 1
        assert rungs(task()) == [(0, "failed"), (0, "succeeded")]

    def test_max_cost_holds_over_all_rungs_together(self, generating, connect, emulator) -> None:
        """A rung that costs more than the limit is not paid for, and the error says so."""
        task = generating(connect(), prompt=BLOCKED, max_cost="0.30 USD", on_moderation=[{"duration": 12}])
        with pytest.raises(AirflowFailException, match=r"above max_cost 0\.30 USD"):
            task()
        assert creates(emulator) == 1

    @pytest.mark.parametrize(
        ("ladder", "words"),
        [
            ([{"promt": "x"}], "did you mean 'prompt'"),
            ([{"duration": "long"}], "duration"),
            ([{"seed": 1, "prompt": "{{ x }}"}, {"watermark": "perhaps"}], "watermark"),
            ({"prompt": "x"}, "must be a list"),
            (["x"], "must be a list"),
        ],
    )
    def test_a_wrong_ladder_is_refused_when_the_dag_is_parsed(self, ladder, words, generating) -> None:
        """As far as no template is in the way."""
        with pytest.raises(ValueError, match=words):
            generating("c", on_moderation=ladder)

    def test_a_task_that_nothing_remembers_goes_down_the_ladder(self, generating, connect, emulator) -> None:
        """What it has to know travels with the deferral."""
        task = generating(connect(), prompt=BLOCKED, durable=False, on_moderation=[{}, OTHER])
        result = task()
        assert rungs(result) == [(0, "failed"), (1, "failed"), (2, "succeeded")]
        assert KEY not in task.state.values


@pytest.fixture
def two(connect: Callable[..., str]) -> Callable[..., list[str]]:
    """Two connections to two vendors."""

    def made(first: str = "modelark", second: str = "evolink", **changes: Any) -> list[str]:
        return [connect(first, "primary", **changes), connect(second, "backup")]

    return made


def through(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(attempt["connection"], attempt["status"]) for attempt in result["attempts"]]


class TestFailover:
    """A list of connections."""

    @pytest.mark.parametrize(
        "changes", [{"password": "sk-invalid"}, {"password": "sk-empty"}], ids=["key refused", "no balance"]
    )
    @pytest.mark.parametrize(
        "vendors",
        [("modelark", "evolink"), ("evolink", "toapis"), ("toapis", "anyfast"), ("anyfast", "modelark")],
    )
    def test_the_next_connection_is_asked(self, vendors, changes, generating, two, emulator) -> None:
        """Where the first is of no use: it gets one create, the second makes the video and is on record."""
        task = generating(two(*vendors, **changes))
        result = task()
        assert through(result) == [("primary", "refused"), ("backup", "succeeded")]
        assert (result["seedance_conn_id"], result["vendor"]) == ("backup", vendors[1])
        assert task.state.values[KEY]["seedance_conn_id"] == "backup"
        assert len(billed(emulator)) == 1
        assert creates(emulator) == 2

    def test_a_model_that_only_the_backup_has(self, generating, two, emulator) -> None:
        """The first is not asked at all."""
        result = generating(two("evolink", "modelark"), model="seedance-1.0-pro-fast")()
        assert through(result) == [("primary", "skipped"), ("backup", "succeeded")]
        assert creates(emulator) == 1

    def test_a_backup_that_cannot_do_it_is_told_early(self, generating, two, caplog) -> None:
        """Before the first payment, though it is not needed."""
        result = generating(two("modelark", "evolink"), model="seedance-1.0-pro-fast")()
        assert through(result) == [("primary", "succeeded")]
        assert "An attempt cannot be made, should it be needed: the request as it is, through connection" in (
            caplog.text
        )

    @pytest.mark.parametrize(
        "fault",
        [
            {"kind": "status", "status": 429},
            {"kind": "drop_before_accept"},
        ],
        ids=["overloaded", "out of reach"],
    )
    @pytest.mark.parametrize("deferrable", [True, False])
    def test_trouble_is_borne_for_a_while(
        self, fault, deferrable, generating, connect, emulator, passing
    ) -> None:
        """The same connection again for ``failover_after`` seconds, and then the next; most of it without a worker."""
        backup = connect("evolink", "backup")
        if fault["kind"] == "status":
            primary = connect("modelark", "primary")
            emulator.add_fault(vendor="modelark", on="create", times=None, **fault)
        else:
            primary = connect("modelark", "primary", host="http://127.0.0.1:9/modelark")
        task = generating([primary, backup], failover_after=120, deferrable=deferrable)
        begun = passing.moment
        result = task()
        assert through(result) == [("primary", "refused"), ("backup", "succeeded")]
        assert 120 <= passing.moment - begun < 4 * 120 + 60 * (not deferrable)
        waits = [deferral for deferral in task.deferrals if deferral.method_name == "submit_again"]
        assert [deferral.kwargs["trouble"]["pauses"] for deferral in waits] == [3, 4, 5] * deferrable
        assert len(billed(emulator)) == 1
        assert result["attempts"][0]["reason"]

    def test_a_wait_goes_on_where_nothing_was_sent(self, generating, connect, emulator, passing) -> None:
        """How long the connection has been in trouble is known after each pause, though no record says it."""
        extra = {"min_balance": "1 credits"}
        primary = connect("evolink", "primary", host="http://127.0.0.1:9/evolink", extra=extra)
        task = generating([primary, connect("modelark", "backup")], failover_after=100)
        begun = passing.moment
        result = task()
        assert through(result) == [("primary", "skipped"), ("backup", "succeeded")]
        assert 100 <= passing.moment - begun < 400
        carried = [d.kwargs["trouble"]["skipped"] for d in task.deferrals if d.method_name == "submit_again"]
        assert len({skipped[0]["since"] for skipped in carried}) == 1
        assert len(carried) > 1

    def test_trouble_that_passes_changes_nothing(self, generating, two, emulator, passing) -> None:
        """The primary makes the video as soon as it can."""
        emulator.add_fault(vendor="modelark", on="create", kind="status", status=429, times=9)
        result = generating(two())()
        assert through(result) == [("primary", "succeeded")]

    @pytest.mark.parametrize("kind", ["drop_after_accept", "malformed"])
    def test_an_unclear_outcome_never_leads_on(self, kind, generating, two, emulator, passing) -> None:
        """It is reconciled at the vendor that may have accepted it."""
        emulator.add_fault(vendor="modelark", on="create", kind=kind, times=1)
        task = generating(two())
        with suppress(AirflowFailException):
            assert through(task()) == [("primary", "succeeded")]
        assert emulator.ledger()["requests"]["evolink"]["create"] == 0

    def test_both_go_together(self, generating, two, emulator) -> None:
        """The ladder goes on where the failover has led."""
        task = generating(two(password="sk-empty"), prompt=BLOCKED, on_moderation=[MUTE, OTHER])
        result = task()
        assert through(result) == [("primary", "refused")] + [("backup", "failed")] * 2 + [
            ("backup", "succeeded")
        ]
        assert rungs(result)[1:] == [(0, "failed"), (1, "failed"), (2, "succeeded")]
        assert Counter(entry["vendor"] for entry in emulator.ledger()["generations"]) == {"evolink": 3}

    def test_no_connection_left_is_the_last_ones_error(self, generating, connect, emulator) -> None:
        """And a clear asks all of them again."""
        task = generating(
            [
                connect("modelark", "primary", password="sk-empty"),
                connect("evolink", "backup", password="sk-empty"),
            ]
        )
        with pytest.raises(AirflowFailException, match="evolink"):
            task()
        connect("modelark", "primary")
        task.context["ti"].max_tries += 1
        assert through(task())[-1] == ("primary", "succeeded")

    @pytest.mark.parametrize(
        ("given", "words"),
        [([], "list of ids"), (["a", "a"], "twice"), ([1], "list of ids"), ("", "list of ids")],
    )
    def test_wrong_connections_are_refused_when_the_dag_is_parsed(self, given, words, generating) -> None:
        with pytest.raises(ValueError, match=words):
            generating(given)

    def test_a_template_may_make_the_list(self, generating, two, emulator) -> None:
        """Its text, as a list is written."""
        two(password="sk-empty")
        task = generating("{{ params.connections }}", params={"connections": ["primary", "backup"]})
        assert task()["seedance_conn_id"] == "backup"
