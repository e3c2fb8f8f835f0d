"""The sensor: a generation of somebody else's, waited for without a worker where Airflow allows it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from airflow.sdk import DAG, BaseHook
from airflow.sdk.exceptions import AirflowFailException, AirflowSensorTimeout, AirflowSkipException
from airflow.triggers.base import TaskSuccessEvent

from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.sensors.generation import TRIGGER, SeedanceGenerationSensor
from airflow_provider_seedance.triggers.sensor import MARGIN_SECONDS, SeedanceGenerationSensorTrigger
from tests.airflow.running import TaskRun, by_way_of_the_database

#: Vendor seconds after which everything that was ordered has ended.
LONG = 20_000.0


@pytest.fixture
def started(connect, passing):
    """Starts a generation elsewhere, and returns its id."""

    def made(prompt: str = "A fox looks up", vendor: str = "modelark") -> str:
        request = GenerationRequest(prompt=prompt, duration=4, resolution="480p")
        return SeedanceHook(connect(vendor)).create_generation(request).generation_id

    return made


@pytest.fixture
def waiting(emulator, started):
    """Makes the sensor's task; vendor time passes when it defers."""

    def made(generation_id: Any, **arguments: Any) -> TaskRun:
        conn_id = arguments.pop("seedance_conn_id", "seedance_tested")
        sensor = SeedanceGenerationSensor(
            task_id="wait", generation_id=generation_id, seedance_conn_id=conn_id, **arguments
        )
        return TaskRun(sensor, lambda: emulator.advance(LONG), {"id": generation_id})

    return made


def events_of(trigger: Any) -> list[Any]:
    async def run() -> list[Any]:
        return [event async for event in trigger.run()]

    return asyncio.run(run())


def test_it_tells_of_the_video(waiting, started) -> None:
    """Without the links, which die."""
    generation_id = started()
    run = waiting(generation_id)
    result = run()
    assert (result["generation_id"], result["status"]) == (generation_id, "succeeded")
    assert (result["vendor"], result["video_url"]) == ("modelark", None)
    assert len(run.deferrals) == 1


def test_it_may_look_from_the_worker(waiting, started, emulator) -> None:
    """Again and again, as any sensor does."""
    run = waiting(started(), deferrable=False)
    assert not run.operator.poke(run.context)
    emulator.advance(LONG)
    assert run()["status"] == "succeeded"
    assert run.deferrals == []


def test_one_that_has_ended_is_told_at_once(waiting, started, emulator) -> None:
    """Without a deferral; the id may be given as the result that holds it."""
    generation_id = started()
    emulator.advance(LONG)
    run = waiting({"generation_id": generation_id, "video_url": "https://h/v?sig=secret"})
    assert run()["generation_id"] == generation_id
    assert run.deferrals == []
    assert "secret" not in str(run.rendered)


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_failure_is_final(deferrable, waiting, started, emulator) -> None:
    """Another try would find the same; a sensor that may fail softly is skipped."""
    generation_id = started("[emulator:moderation] A fox")
    emulator.advance(LONG)
    with pytest.raises(AirflowFailException, match=r"(?s)reject|policy|moderation|sensitive"):
        waiting(generation_id, deferrable=deferrable)()
    with pytest.raises(AirflowSkipException):
        waiting(generation_id, deferrable=deferrable, soft_fail=True)()


def test_a_failure_while_it_waits_is_final_too(waiting, started) -> None:
    """The trigger resumes the task, which reads the reason."""
    with pytest.raises(AirflowFailException):
        waiting(started("[emulator:moderation] A fox"))()


def test_time_may_be_up(waiting, started) -> None:
    """Airflow's own exception for that, which sensors end with."""
    run = waiting(started(), timeout=60)
    run.while_deferred = lambda: None
    with pytest.raises(AirflowSensorTimeout, match="60 seconds"):
        run()


@pytest.mark.parametrize("wrong", ["", "https://h/v.mp4", {"video_url": "x"}, None])
def test_what_is_no_id_is_refused(wrong, waiting) -> None:
    with pytest.raises(AirflowFailException):
        waiting(wrong)()


def trigger_kwargs(sensor: Any) -> dict[str, Any] | None:
    """What Airflow's scheduler has to begin the task in the triggerer; ``None`` if a worker is to."""
    from airflow.serialization.serialized_objects import BaseSerialization, DagSerialization

    stored = DagSerialization.from_dict(DagSerialization.to_dict(sensor.dag)).get_task(sensor.task_id)
    if not stored.start_from_trigger:
        return None
    assert stored.start_trigger_args.trigger_cls == TRIGGER
    return dict(BaseSerialization.deserialize(stored.start_trigger_args.trigger_kwargs))


@pytest.mark.parametrize("generation_id", ["cgt-1", "{{ params.id }}", "{{ dag_run.conf['id'] }}"])
def test_it_begins_in_the_triggerer(generation_id) -> None:
    """If nothing has to be looked up first."""
    with DAG("sensors", schedule=None):
        sensor = SeedanceGenerationSensor(task_id="wait", generation_id=generation_id, timeout=60)
    assert trigger_kwargs(sensor) == {
        "seedance_conn_id": "seedance_default",
        "generation_id": generation_id,
        "timeout": 60.0,
        "ends_task": False,
    }


@pytest.mark.parametrize(
    "arguments",
    [
        {"generation_id": "{{ ti.xcom_pull('x') }}"},
        {"generation_id": "{{ var.value.id }}"},
        {"generation_id": {"generation_id": "cgt-1"}},
        {"generation_id": "cgt-1", "deferrable": False},
        {"generation_id": "cgt-1", "seedance_conn_id": "{{ var.value.conn }}"},
    ],
)
def test_a_worker_begins_where_something_is_to_be_looked_up(arguments) -> None:
    """Or where the author wants it."""
    with DAG("sensors", schedule=None):
        sensor = SeedanceGenerationSensor(task_id="wait", **arguments)
    assert trigger_kwargs(sensor) is None


def test_a_worker_begins_mapped_tasks() -> None:
    """Each has an id of its own, which the triggerer is not told."""
    with DAG("sensors", schedule=None):
        mapped = SeedanceGenerationSensor.partial(task_id="wait").expand(generation_id=["cgt-1", "cgt-2"])
    assert trigger_kwargs(mapped) is None


@pytest.mark.parametrize("ends_task", [True, False])
def test_the_trigger_may_end_the_task(ends_task, started, emulator, passing) -> None:
    """Where nobody wants its result, since Airflow would store that as text; nothing holds it back."""
    generation_id = started()
    emulator.advance(LONG)
    trigger = SeedanceGenerationSensorTrigger("seedance_tested", generation_id, 60, ends_task=ends_task)
    (event,) = events_of(by_way_of_the_database(trigger))
    assert isinstance(event, TaskSuccessEvent) is ends_task
    assert "http" not in str(event.payload)
    assert passing.moment - passing.start < 6


def test_the_trigger_does_not_end_the_task_without_a_video(started, emulator) -> None:
    """The task reads why."""
    generation_id = started("[emulator:moderation] A fox")
    emulator.advance(LONG)
    trigger = SeedanceGenerationSensorTrigger("seedance_tested", generation_id, 60, ends_task=True)
    (event,) = events_of(trigger)
    assert event.payload["outcome"] == "ended"


def test_a_task_without_a_result(waiting, started) -> None:
    """Ends well in ``dag.test()`` too, which knows no task that ends in a trigger."""
    run = waiting(started(), do_xcom_push=False)
    run()
    assert run.payloads == ["success"]


def test_the_trigger_cannot_read_the_video(started, emulator, monkeypatch) -> None:
    """Then the task is resumed, and looks itself."""
    generation_id = started()
    emulator.advance(LONG)
    monkeypatch.delenv("AIRFLOW_CONN_SEEDANCE_TESTED")
    monkeypatch.setattr(BaseHook, "get_connection", lambda conn_id: 1 / 0)
    trigger = SeedanceGenerationSensorTrigger("seedance_tested", generation_id, 30, ends_task=True)
    (event,) = events_of(trigger)
    assert event.payload["generation_id"] == generation_id
    assert event.payload["outcome"] != "ended"


def test_a_restart_does_not_prolong_the_wait(passing) -> None:
    """Airflow keeps the end of the deferral."""
    trigger: Any = SeedanceGenerationSensorTrigger("seedance_tested", "cgt-1", 3_600)
    assert trigger._deadline(1_000.0) == 4_600.0
    trigger.timeout_after = datetime.fromtimestamp(2_000.0, timezone.utc) + timedelta(seconds=MARGIN_SECONDS)
    assert trigger._deadline(1_000.0) == 2_000.0
