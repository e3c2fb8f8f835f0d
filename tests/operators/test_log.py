"""The log of a task tells the story of its generation: submission, states, end, and money."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator


@pytest.fixture
def log(caplog, monkeypatch) -> Callable[[], list[str]]:
    """The lines so far, with the level of each: those of operators and those of what they call, in their order."""
    for operator in (SeedanceGenerateVideoOperator, SeedanceGenerateBatchOperator):
        monkeypatch.setattr(operator, "log", logging.getLogger("airflow_provider_seedance"), raising=False)
    caplog.set_level(logging.INFO, "airflow_provider_seedance")

    def lines() -> list[str]:
        told = [f"{record.levelname} {record.getMessage()}" for record in caplog.records]
        return [line for line in told if "outside of the Task Runner" not in line]  # Airflow's own

    return lines


@pytest.fixture(params=[True, False], ids=["deferred", "in the worker"])
def deferrable(request) -> bool:
    return request.param


def test_a_video_from_its_submission_to_its_file(
    deferrable, generating, connect, emulator, tmp_path, log
) -> None:
    task = generating(
        connect("evolink"), destination=f"{tmp_path}/{{generation_id}}.mp4", deferrable=deferrable
    )
    manifest = task()["manifest"]
    (bought,) = emulator.ledger()["generations"]
    lines, generation_id = log(), bought["generation_id"]
    assert lines[0] == (
        f"INFO Submitted generation {generation_id} to evolink: seedance-2.0, text, 480p, 16:9, 4 s,"
        f" at most 20.46 credits, destination {tmp_path}/{generation_id}.mp4."
    )
    assert re.fullmatch(
        rf"INFO Generation {generation_id} has succeeded \d+ s after its submission: 4 s of video, 864x496,"
        rf" cost 20.46 credits \(estimated\)\. Landed {manifest['uri']} \({manifest['bytes']} bytes\)\.",
        lines[-1],
    )
    states = [] if deferrable else ["queued", "running"]
    assert lines[1:-1] == [f"INFO Generation {generation_id} is {state} at evolink." for state in states]


def test_a_clear_that_keeps_the_file_tells_of_the_first_run(
    generating, connect, emulator, passing, tmp_path, log
) -> None:
    """Not of the weeks that have passed since."""
    task = generating(connect("evolink"), destination=f"{tmp_path}/{{generation_id}}.mp4")
    task()
    first = log()[-1]
    passing.sleep(14 * 86_400)
    task.context["ti"].max_tries += 1
    task()
    again = log()[-1]
    assert re.search(r"has succeeded \d+ s after its submission", again).group() in first


def test_each_rejection_says_what_follows(deferrable, generating, connect, log) -> None:
    """And that it is not billed; its advice is for a task that ends."""
    changes = [{}, {"generate_audio": False}, {"prompt": "A fox in a meadow"}]
    blocked = "[emulator:moderation] A fox"
    generating(connect(), prompt=blocked, on_moderation=changes, deferrable=deferrable)()
    told = [line for line in log() if "The next attempt is" in line]
    assert [line.partition("The next attempt is ")[2] for line in told] == [
        "change 1 of on_moderation (the same again), through connection seedance_tested.",
        "change 2 of on_moderation (generate_audio), through connection seedance_tested.",
        "change 3 of on_moderation (prompt), through connection seedance_tested.",
    ]
    assert all("Nothing is billed." in line and "cannot succeed" not in line for line in told)


def test_trouble_while_the_worker_waits(generating, connect, emulator, log) -> None:
    emulator.add_fault(on="get", kind="status", status=503, times=30)
    generating(connect("toapis"), deferrable=False)()
    told = [line for line in log() if "status request" in line]
    assert [line.split()[0] for line in told] == ["WARNING", "INFO"]
    assert "answered again, after " in told[1]


BILLS = {
    "moderated": ("[emulator:moderation] A fox", {}, "Nothing is billed."),
    "failed": ("[emulator:fail] A fox", {}, "Nothing is billed."),
    "invalid": ("A fox", {"duration": 99}, "Nothing is billed."),
    "too dear": ("A fox", {"max_cost": "0.01 credits"}, "Nothing is billed."),
    "too slow": (
        "[emulator:stuck] A fox",
        {"timeout": 60},
        "Generation {id} may go on, and is billed if it succeeds.",
    ),
}


@pytest.mark.parametrize("case", BILLS)
@pytest.mark.parametrize("durable", [True, False], ids=["durable", "without record"])
def test_each_failure_says_whether_it_is_billed(
    case, durable, generating, connect, emulator, passing, log
) -> None:
    prompt, arguments, told = BILLS[case]
    task = generating(connect("evolink"), prompt=prompt, durable=durable, **arguments)
    with pytest.raises((AirflowFailException, SeedanceError)):
        task()
    bought = emulator.ledger()["generations"]
    if durable or case != "too slow":
        assert log()[-1] == "WARNING " + told.format(id=bought and bought[0]["generation_id"])
    assert not any(entry["billed"] for entry in bought)


def test_a_batch_from_its_rows_to_its_results(batching, connect, emulator, tmp_path, log) -> None:
    task = batching(
        connect("evolink"), ("A fox", "[emulator:moderation] A hare", "A cat"), max_cost="90 credits"
    )
    summary = task()
    lines = log()
    assert lines[0] == (
        "INFO Batch of 3 rows: they cost at most 61.38 credits (estimated)."
        f" Videos go to {tmp_path}/{{row}}.mp4, the journal to {next(tmp_path.glob('*/'))}."
    )
    submitted = sorted(line.partition(": ")[2] for line in lines if "Submitted" in line)
    assert submitted == [
        f"row {row}, seedance-2.0, text, 480p, 16:9, 4 s, at most 20.46 credits." for row in (1, 2, 3)
    ]
    (failed,) = (line for line in lines if "Row 2" in line)
    assert failed.startswith("WARNING Row 2 is failed, which costs nothing: evolink generation ")
    ended = [line for line in lines if "has succeeded" in line]
    assert len(ended) == 2
    assert all(
        re.search(r"cost 20.46 credits \(estimated\)\. Landed .*/\d+\.mp4 \(\d+ bytes\)\.", line)
        for line in ended
    )
    assert lines[-1] == (
        "INFO Of 3 rows: 2 succeeded, 1 failed; cost so far 40.92 credits (estimated) of 90 credits."
        f" Results go to {summary['results']}."
    )


@pytest.mark.parametrize("made", ["video", "batch"])
def test_a_clear_that_pays_for_nothing_new_says_how_to_regenerate(
    made, generating, batching, connect, log
) -> None:
    task = generating(connect()) if made == "video" else batching(connect(), ("A fox",))
    task()
    if made == "video":
        task()
    assert not any("regenerate" in line for line in log())
    task.context["ti"].max_tries += 1
    task()
    (hint,) = (line for line in log() if "regenerate" in line)
    assert hint.endswith("To pay for a new one, clear the task with on_clear='regenerate'.")


def test_a_total_above_the_limit_is_told_before_anything_is_paid(batching, connect, log) -> None:
    """The rows may cost less than their estimates, so those that have room are made."""
    with pytest.raises(AirflowFailException, match="max_cost"):
        batching(connect(), max_cost="0.70 USD")()
    started, warned, submitted, *_ = log()
    assert "Batch of 3 rows" in started
    assert "may cost 0.852474 USD, above max_cost 0.70 USD" in warned
    assert "Submitted" in submitted
