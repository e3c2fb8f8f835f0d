"""What a task that fails tells other tasks: the XComs ``error`` and ``generation_id``, and the exception's fields."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.errors import Kind, SeedanceError, refusal
from airflow_provider_seedance.runtime.exceptions import task_errors
from airflow_provider_seedance.runtime.xcom import error_value
from tests.airflow.running import TaskRun

KEYS = {
    "kind",
    "code",
    "stage",
    "medium",
    "field",
    "index",
    "vendor",
    "connection",
    "generation_id",
    "billed",
    "message",
}


def failed(task: TaskRun) -> tuple[SeedanceError, dict[str, Any]]:
    """The exception that ends the task, and the XCom that tells of it."""
    with pytest.raises(SeedanceError) as caught:
        task()
    told = task.pushed["error"]
    assert set(told) == KEYS
    assert {name: told[name] for name in ("stage", "field", "billed", "code")} == {
        name: getattr(caught.value, name) for name in ("stage", "field", "billed", "code")
    }
    return caught.value, told


def test_a_refused_prompt(generating, connect, emulator) -> None:
    """Input, text, the prompt; nothing is billed, and there is no generation."""
    emulator.add_fault(on="create", kind="moderation")
    task = generating(connect("modelark"))
    error, told = failed(task)
    assert isinstance(error, AirflowFailException)
    assert told == {
        "kind": "moderation",
        "code": "InputTextSensitiveContentDetected",
        "stage": "input",
        "medium": "text",
        "field": "prompt",
        "index": None,
        "vendor": "modelark",
        "connection": "seedance_tested",
        "generation_id": None,
        "billed": False,
        "message": "The request failed because the input text 'content[0]' may contain sensitive information.",
    }
    assert "generation_id" not in task.pushed


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_rejected_result(generating, connect, emulator, deferrable) -> None:
    """Told after the wait, whoever has waited; the generation was told when it was submitted."""
    task = generating(
        connect("anyfast"), prompt="[emulator:moderation] A fox", deferrable=deferrable, timeout=20_000
    )
    seen: list[Any] = []
    waits, task.while_deferred = task.while_deferred, lambda: (seen.append(dict(task.pushed)), waits())
    error, told = failed(task)
    (bought,) = emulator.ledger()["generations"]
    assert isinstance(error, AirflowFailException)
    assert (told["kind"], told["stage"], told["medium"]) == ("moderation", "output", "video")
    assert (told["billed"], told["generation_id"]) == (False, bought["generation_id"])
    assert task.pushed["generation_id"] == bought["generation_id"]
    assert [pushed["generation_id"] for pushed in seen] == [bought["generation_id"]] * deferrable
    assert not any("error" in pushed for pushed in seen)


def test_an_empty_account(generating, connect) -> None:
    error, told = failed(generating(connect("evolink", password="sk-empty")))
    assert isinstance(error, AirflowFailException)
    assert (told["kind"], told["stage"], told["connection"]) == ("balance", None, "seedance_tested")
    assert told["billed"] is False


def test_a_request_that_is_refused_here(generating, connect, emulator) -> None:
    """The first field at fault is told, as by a vendor."""
    _, told = failed(generating(connect("toapis"), duration=99))
    assert (told["kind"], told["stage"], told["field"], told["billed"]) == (
        "validation",
        "input",
        "duration",
        False,
    )
    assert emulator.requests() == []


def test_what_may_still_be_billed(generating, connect, emulator) -> None:
    """A wait that ran out: it is not known yet, and the id is there to go on with."""
    emulator.add_fault(on="get", kind="stuck", times=None)
    error, told = failed(generating(connect("toapis"), timeout=100, deferrable=False))
    assert error.retryable
    assert (told["kind"], told["billed"]) == ("timeout", None)
    assert told["generation_id"] == emulator.ledger()["generations"][0]["generation_id"]


def test_what_surely_is_billed(generating, connect, tmp_path) -> None:
    """A video that cannot be landed."""
    (tmp_path / "file").write_text("x")
    task = generating(connect("modelark"))
    video = task()
    from airflow_provider_seedance.operators.download import SeedanceDownloadVideoOperator

    landing = SeedanceDownloadVideoOperator(task_id="d", video=video, destination=f"{tmp_path}/file/v.mp4")
    _, told = failed(TaskRun(landing))
    assert (told["billed"], told["generation_id"]) == (True, video["generation_id"])


def test_a_batch_tells_of_itself_and_of_each_row(batching, connect, emulator) -> None:
    """The task's error is overall; a result has its row's."""
    emulator.add_fault(on="create", kind="moderation", times=None)
    _, told = failed(batching(connect("modelark"), ("A fox", "A hare")))
    assert (told["kind"], told["billed"], told["connection"]) == ("rejected", False, "seedance_tested")
    assert "no row succeeded" in told["message"]
    results = told["message"].partition("The results are in ")[2].removesuffix(".")
    with open(results.removeprefix("file://"), encoding="utf-8") as lines:
        rows = [json.loads(line)["error"] for line in lines]
    assert [(row["kind"], row["stage"], row["field"]) for row in rows] == [
        ("moderation", "input", "prompt")
    ] * 2


def test_no_secret_is_in_it(generating, connect, emulator) -> None:
    """Neither the key nor a signature that the vendor repeats."""
    key, link = "sk-tested-0123456789", "https://h.example.com/a.png?X-Amz-Signature=abcdef0123"
    body = {"error": {"code": "InvalidParameter", "message": f"key {key} cannot read {link}", "param": ""}}
    emulator.add_fault(on="create", kind="reply", status=400, body=body)
    _, told = failed(generating(connect("modelark")))
    assert key not in json.dumps(told)
    assert "abcdef0123" not in json.dumps(told)


def test_an_xcom_that_cannot_be_pushed_hides_no_error(caplog) -> None:
    """A backend of the team's own may be out of reach."""

    def xcom_push(**_: Any) -> None:
        raise OSError("no such bucket")

    context: Any = {"ti": SimpleNamespace(xcom_push=xcom_push)}
    with pytest.raises(SeedanceError, match="why"), task_errors(context):
        raise refusal(Kind.OVERLOAD, "why")
    assert "could not be stored" in caplog.text


def test_a_connection_of_several_is_not_guessed() -> None:
    """Only the error knows which one it was."""
    error = refusal(Kind.OVERLOAD, "why", connection="second")
    assert error_value(error, ["first", "second"])["connection"] == "second"
    assert error_value(refusal(Kind.OVERLOAD, "why"), ["first", "second"])["connection"] is None
