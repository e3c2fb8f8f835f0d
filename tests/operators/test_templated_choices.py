"""Remedies without a code change: policies and ``preview`` from the form with which a user triggers a run."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tests.operators.conftest import creates

FORM = "{{ params.chosen }}"


def clear(task) -> None:
    """As a user does."""
    task.context["ti"].max_tries += 1


@pytest.mark.parametrize(("chosen", "bought"), [("reattach", 1), ("regenerate", 2), (None, 1)])
def test_on_clear(chosen, bought, generating, connect, emulator) -> None:
    task = generating(connect(), on_clear=FORM, params={"chosen": chosen})
    task()
    clear(task)
    task()
    assert creates(emulator) == bought


def test_on_clear_of_a_batch(batching, connect, emulator) -> None:
    task = batching(connect(), ("A fox",), on_clear=FORM, params={"chosen": "regenerate"})
    task()
    clear(task)
    assert task()["counts"]["succeeded"] == 1
    assert creates(emulator) == 2


def test_on_stale_state(generating, connect, emulator) -> None:
    params = {"chosen": "fail", "prompt": "A fox"}
    task = generating(connect(), prompt="{{ params.prompt }}", on_stale_state=FORM, params=params)
    task()
    params["prompt"] = "A hare"
    with pytest.raises(AirflowFailException, match="the request changed"):
        task()
    params["chosen"] = "resubmit"
    task()
    assert creates(emulator) == 2


def test_on_orphaned_intent(generating, connect, emulator) -> None:
    params = {"chosen": "fail"}
    emulator.add_fault(on="create", kind="drop_after_accept")
    task = generating(connect("evolink"), on_orphaned_intent=FORM, params=params)
    with pytest.raises(AirflowFailException, match="may have been bought"):
        task()
    params["chosen"] = "resubmit"
    assert task()["status"] == "succeeded"


@pytest.mark.parametrize("chosen", [True, "True", "yes"])
def test_preview(chosen, generating, connect, emulator) -> None:
    result = generating(connect(), preview=FORM, params={"chosen": chosen})()
    assert set(result) >= {"vendor", "mode", "cost", "request"}
    assert emulator.requests() == []


@pytest.mark.parametrize(
    "argument", ["on_clear", "on_stale_state", "on_orphaned_intent", "on_kill_action", "preview", "timeout"]
)
def test_what_the_form_got_wrong_is_named_and_pays_nothing(argument, generating, connect, emulator) -> None:
    task = generating(connect(), **{argument: FORM}, params={"chosen": "agian"})
    with pytest.raises(AirflowFailException, match=f"{argument} must be .*, not 'agian'"):
        task()
    assert emulator.requests() == []
