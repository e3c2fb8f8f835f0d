"""Carrying out the decisions: the two waits see and do the same."""

import ast
import asyncio
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from airflow_provider_seedance.errors import NoReply, NotFound, SeedanceError
from airflow_provider_seedance.models import Generation, Pending, Status, Succeeded
from airflow_provider_seedance.polling.wait import Verdict, await_end, wait_for_end
from airflow_provider_seedance.polling.watch import Outcome, Watch

NAMED = {"vendor": "toapis", "generation_id": "tsk_vid_1"}
QUEUED = Pending(status=Status.QUEUED, **NAMED)
RUNNING = Pending(status=Status.RUNNING, **NAMED)
DONE = Succeeded(video_url="https://files.example.com/v.mp4", **NAMED)


@dataclass
class Scene:
    """A vendor that answers from a list, and time that passes only in pauses."""

    answers: list[Generation | SeedanceError]
    time: float = 1000.0
    changes: list[str] = field(default_factory=list)
    pauses: int = 0

    def now(self) -> float:
        return self.time

    def chance(self) -> float:
        return 0.5

    def look(self) -> Generation:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, SeedanceError):
            raise answer
        return answer

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.pauses += 1

    async def alook(self) -> Generation:
        return self.look()

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)

    def note(self, seen: Generation) -> None:
        self.changes.append(seen.status.value)


def _sync(scene: Scene, watch: Watch) -> Verdict:
    return wait_for_end(scene.look, watch, clock=scene, sleep=scene.sleep, on_change=scene.note)


def _async(scene: Scene, watch: Watch) -> Verdict:
    return asyncio.run(await_end(scene.alook, watch, clock=scene, sleep=scene.asleep, on_change=scene.note))


@pytest.fixture(params=[_sync, _async], ids=["thread", "loop"])
def wait(request: pytest.FixtureRequest) -> Callable[[Scene, Watch], Verdict]:
    """Both ways of waiting."""
    return request.param


def test_it_looks_until_the_end(wait: Callable[[Scene, Watch], Verdict]) -> None:
    """And reports each change of status once, not each look."""
    scene = Scene([QUEUED, QUEUED, RUNNING, RUNNING, RUNNING, DONE])
    verdict = wait(scene, Watch(started=1000.0, deadline=2000.0))
    assert verdict == Verdict(Outcome.ENDED, DONE)
    assert scene.changes == ["queued", "running", "succeeded"]
    assert scene.pauses == 5


def test_it_bears_trouble(wait: Callable[[Scene, Watch], Verdict]) -> None:
    """A blink of the vendor does not end the wait."""
    scene = Scene([RUNNING, NoReply("cut"), NoReply("cut"), DONE])
    assert wait(scene, Watch(started=1000.0, deadline=2000.0)).outcome is Outcome.ENDED


def test_it_keeps_the_deadline(wait: Callable[[Scene, Watch], Verdict]) -> None:
    """To the second, however long it takes."""
    scene = Scene([RUNNING])
    verdict = wait(scene, Watch(started=1000.0, deadline=1900.0))
    assert verdict.outcome is Outcome.TIMED_OUT
    assert scene.time == pytest.approx(1900.0)


def test_it_hands_over_the_error_that_ended_it(wait: Callable[[Scene, Watch], Verdict]) -> None:
    """For those who want to say why."""
    gone = NotFound("no such task")
    verdict = wait(Scene([QUEUED, gone]), Watch(started=1000.0, deadline=2000.0))
    assert verdict == Verdict(Outcome.LOST_SIGHT, QUEUED, gone)


def test_the_two_waits_are_the_same_text() -> None:
    """But for the words that make one of them async."""

    def shape(function: Callable[..., object]) -> str:
        source = textwrap.dedent(inspect.getsource(function))
        source = source.replace("Awaitable[None]", "None").replace("Awaitable[Generation]", "Generation")
        source = re.sub(r"\basync |\bawait ", "", source).replace("await_end", "wait_for_end")
        tree = ast.parse(source)
        tree.body[0].body.pop(0)  # type: ignore[attr-defined]
        return ast.dump(tree)

    assert shape(await_end) == shape(wait_for_end)
