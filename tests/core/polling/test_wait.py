"""Waiting for one generation on a thread."""

import threading
import time
from dataclasses import dataclass, field

import pytest

from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.core.polling.report import WaitReport
from airflow_provider_seedance.core.polling.wait import WaitResult, wait_for_end
from airflow_provider_seedance.errors import NoReply, NotFound, SeedanceError
from airflow_provider_seedance.models import Generation, Pending, Status, Succeeded
from tests.clocks import ImpatientClock, ManualClock

NAMED = {"vendor": "toapis", "generation_id": "tsk_vid_1"}
QUEUED = Pending(status=Status.QUEUED, **NAMED)
RUNNING = Pending(status=Status.RUNNING, **NAMED)
SILENT = WaitReport("tsk_vid_1", lambda level, text: None)
DONE = Succeeded(video_url="https://files.example.com/v.mp4", **NAMED)


@dataclass
class Scene:
    """A vendor that answers from a list, and time that passes only in pauses."""

    answers: list[Generation | SeedanceError]
    clock: ManualClock = field(default_factory=lambda: ManualClock(1000.0))
    lines: list[str] = field(default_factory=list)

    def request_status(self) -> Generation:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, SeedanceError):
            raise answer
        return answer

    def write(self, level: int, text: str) -> None:
        self.lines.append(text)


def wait(scene: Scene, wait: WaitState, **options: float) -> WaitResult:
    report = WaitReport("tsk_vid_1", scene.write)
    return wait_for_end(scene.request_status, wait, clock=scene.clock, report=report, **options)


def test_it_polls_until_the_end() -> None:
    """It reports each status once, not each answer."""
    scene = Scene([QUEUED, QUEUED, RUNNING, RUNNING, RUNNING, DONE])
    result = wait(scene, WaitState(started=1000.0, deadline=2000.0))
    assert result == WaitResult(WaitOutcome.ENDED, DONE)
    assert scene.lines == [f"Generation tsk_vid_1 is {status} at toapis." for status in ("queued", "running")]
    assert len(scene.clock.pauses) == 5


def test_it_tolerates_errors_that_pass() -> None:
    """Two lost answers do not end the wait; it reports that they are lost, and that answers come again."""
    scene = Scene([RUNNING, NoReply("cut"), NoReply("cut"), DONE])
    assert wait(scene, WaitState(started=1000.0, deadline=2000.0)).outcome is WaitOutcome.ENDED
    assert ["a status request failed: cut." in line for line in scene.lines] == [False, True, False]
    assert "answered again, after 2 that failed" in scene.lines[-1]


def test_it_keeps_the_deadline() -> None:
    """The last status request is sent at the deadline."""
    scene = Scene([RUNNING])
    result = wait(scene, WaitState(started=1000.0, deadline=1900.0))
    assert result.outcome is WaitOutcome.TIMED_OUT
    assert scene.clock.moment == pytest.approx(1900.0)


def test_it_hands_over_the_error_that_ended_it() -> None:
    """The caller can say why."""
    gone = NotFound("no such task")
    scene = Scene([QUEUED, gone])
    result = wait(scene, WaitState(started=1000.0, deadline=2000.0))
    assert result == WaitResult(WaitOutcome.STATUS_UNKNOWN, QUEUED, gone)


def test_pauses_follow_the_schedule() -> None:
    """They double while nothing is measured, and none is longer than ``max_lag``."""
    scene = Scene([RUNNING])
    wait(scene, WaitState(started=1000.0, deadline=1060.0))
    assert scene.clock.pauses[:4] == pytest.approx([1.9, 1.9, 3.61, 7.04], abs=0.05)
    bounded = Scene([RUNNING])
    wait(bounded, WaitState(started=1000.0, deadline=1060.0), max_lag=3.0)
    assert max(bounded.clock.pauses) <= 3.0


@pytest.mark.parametrize("answered", [0, 1])
def test_a_request_that_never_returns_does_not_hold_the_deadline_up(answered: int) -> None:
    """The thread that it hangs in is left behind."""
    hanging, answers = threading.Event(), iter([QUEUED] * answered)

    def request_status() -> Generation:
        if (answer := next(answers, None)) is not None:
            return answer
        hanging.wait(30)
        raise AssertionError

    now = time.time()
    state = WaitState(started=now, deadline=now + 0.2)
    result = wait_for_end(request_status, state, clock=ImpatientClock(), report=SILENT)
    hanging.set()
    assert result == WaitResult(WaitOutcome.TIMED_OUT, QUEUED if answered else None)
    assert time.time() - now < 5


@pytest.mark.parametrize("fault", [TimeoutError("slow disk"), KeyError("mistake"), SystemExit(3)])
def test_other_exceptions_of_a_request_come_through(fault: BaseException) -> None:
    def request_status() -> Generation:
        raise fault

    with pytest.raises(type(fault)) as caught:
        wait_for_end(
            request_status,
            WaitState(started=1000.0, deadline=2000.0),
            clock=ManualClock(1000.0),
            report=SILENT,
        )
    assert caught.value is fault
