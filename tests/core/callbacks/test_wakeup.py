"""From a callback to a task that goes on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from airflow_provider_seedance.core.callbacks.token import CallbackTarget
from airflow_provider_seedance.core.callbacks.wakeup import WaitingTask, WakeResult, wake
from airflow_provider_seedance.core.polling.decide import WaitState
from airflow_provider_seedance.core.vendors.contract import CallbackHint
from airflow_provider_seedance.errors import AuthenticationRefused, NoReply, NotFound, NotSent, SeedanceError
from airflow_provider_seedance.models import Failed, Failure, Generation, Pending, Status, Succeeded
from tests.clocks import ManualClock

TARGET = CallbackTarget("dag", "run", "task", -1, "sd-1", "conn")
START = ManualClock().now()
TASK = WaitingTask(7, "conn", "g-1", WaitState(started=START, deadline=START + 3600), earliest_event=START)
RUNNING = Pending(vendor="evolink", generation_id="g-1", status=Status.RUNNING)
DONE = Succeeded(vendor="evolink", generation_id="g-1", video_url="https://h/v", video_urls=("https://h/v",))
BROKEN = Failed(
    vendor="evolink", generation_id="g-1", status=Status.FAILED, failure=Failure(reason="", kind="unknown")
)


@dataclass
class Airflow:
    """Its one task, or none."""

    task: WaitingTask | None = TASK
    waits: bool = True
    resumed_at: list[float] = field(default_factory=list)
    clock: ManualClock = field(default_factory=ManualClock)

    #: What goes wrong with the first calls, each in its turn; ``None`` for nothing.
    finds: list[SeedanceError | None] = field(default_factory=list)
    resumes: list[SeedanceError | None] = field(default_factory=list)
    deferred_at: float = START

    async def find(self, target: CallbackTarget) -> WaitingTask | None:
        assert target == TARGET
        _fail(self.finds)
        return self.task if self.clock.now() >= self.deferred_at else None

    async def resume(self, task: WaitingTask) -> bool:
        assert task == self.task
        _fail(self.resumes)
        if self.waits:
            self.resumed_at.append(self.clock.now())
        return self.waits


def _fail(turns: list[SeedanceError | None]) -> None:
    if turns and (error := turns.pop(0)):
        raise error


@dataclass
class Vendor:
    """Its answers, one after the other; the last one stays."""

    answers: list[Generation | SeedanceError]
    reads: int = 0

    async def read(self, conn_id: str, generation_id: str) -> Generation:
        assert (conn_id, generation_id) == ("conn", "g-1")
        self.reads += 1
        answer = self.answers[min(self.reads, len(self.answers)) - 1]
        if isinstance(answer, SeedanceError):
            raise answer
        return answer


def woken(airflow: Airflow, vendor: Vendor, hint: CallbackHint | None = None) -> WakeResult:
    return asyncio.run(
        wake(TARGET, hint or CallbackHint("g-1"), tasks=airflow, read=vendor.read, clock=airflow.clock)
    )


@pytest.mark.parametrize("end", [DONE, BROKEN])
@pytest.mark.parametrize("hint", [CallbackHint("g-1"), CallbackHint()])
def test_an_end_that_the_vendor_confirms_wakes_the_task(end: Generation, hint: CallbackHint) -> None:
    """Good or bad; also where the callback's own words are none that we know."""
    airflow, vendor = Airflow(), Vendor([end])
    assert woken(airflow, vendor, hint) is WakeResult.WOKEN
    assert (len(airflow.resumed_at), vendor.reads) == (1, 1)


@pytest.mark.parametrize(
    "answers",
    [
        [RUNNING],
        [NotFound("no")],
        [AuthenticationRefused("no")],
        [NoReply("no answer")],
        [NoReply("no answer"), RUNNING, RUNNING],
    ],
)
def test_nothing_is_believed_that_the_vendor_does_not_confirm(
    answers: list[Generation | SeedanceError],
) -> None:
    """The task waits on, and is polled."""
    airflow = Airflow()
    assert woken(airflow, Vendor(answers)) is WakeResult.NOT_CONFIRMED
    assert airflow.resumed_at == []
    assert airflow.clock.now() - START <= 5.0


@pytest.mark.parametrize("answers", [[RUNNING, DONE], [NoReply("no answer"), DONE], [RUNNING, RUNNING, DONE]])
def test_an_end_may_show_a_little_later(answers: list[Generation | SeedanceError]) -> None:
    """A vendor's callback can be ahead of its API, and a read can fail."""
    airflow = Airflow()
    assert woken(airflow, Vendor(answers)) is WakeResult.WOKEN


@pytest.mark.parametrize("task", [None, TASK])
def test_who_does_not_wait_costs_no_read(task: WaitingTask | None) -> None:
    """No task, or one that waits for a later generation."""
    vendor = Vendor([DONE])
    assert woken(Airflow(task=task), vendor, CallbackHint("g-0")) is WakeResult.NOT_WAITING
    assert vendor.reads == 0


def test_a_generation_that_goes_on_costs_nothing() -> None:
    """A vendor that tells of each change tells of the start too."""
    vendor = Vendor([DONE])
    assert woken(Airflow(), vendor, CallbackHint("g-1", pending=True)) is WakeResult.PENDING
    assert vendor.reads == 0


def test_a_task_is_not_woken_before_airflow_has_taken_its_deferral_in() -> None:
    """Airflow would fail it."""
    young = WaitingTask(7, "conn", "g-1", TASK.wait, earliest_event=START + 6.0)
    airflow = Airflow(task=young)
    assert woken(airflow, Vendor([DONE])) is WakeResult.WOKEN
    assert airflow.resumed_at == [START + 6.0]


def test_polling_may_have_been_first() -> None:
    """Then there is nobody left to wake."""
    assert woken(Airflow(waits=False), Vendor([DONE])) is WakeResult.NOT_WAITING


@pytest.mark.parametrize("seconds", [0.5, 1.0, 4.9])
@pytest.mark.parametrize("answers", [[DONE], [RUNNING, DONE]])
def test_a_callback_may_be_ahead_of_the_deferral(
    seconds: float, answers: list[Generation | SeedanceError]
) -> None:
    """The trigger's own first read may be ahead of the vendor's API."""
    airflow = Airflow(deferred_at=START + seconds)
    found = woken(airflow, Vendor(answers))
    late = seconds > 1.0 and len(answers) > 1  # One look is left, and the vendor needs two.
    assert found is (WakeResult.NOT_CONFIRMED if late else WakeResult.WOKEN)


LOCKED = NotSent("Airflow's database cannot be asked")


@pytest.mark.parametrize(
    ("finds", "resumes"),
    [([LOCKED], []), ([LOCKED, LOCKED], []), ([], [LOCKED]), ([], [LOCKED, LOCKED]), ([LOCKED], [LOCKED])],
)
def test_a_database_may_be_away_for_a_moment(
    finds: list[SeedanceError | None], resumes: list[SeedanceError | None]
) -> None:
    """Whichever call meets that, the next look begins anew."""
    airflow = Airflow(finds=list(finds), resumes=list(resumes))
    assert woken(airflow, Vendor([DONE])) is WakeResult.WOKEN
    assert len(airflow.resumed_at) == 1


def test_a_database_that_stays_away_leaves_it_to_polling() -> None:
    """After the last look."""
    assert woken(Airflow(finds=[LOCKED] * 3), Vendor([DONE])) is WakeResult.NOT_CONFIRMED
