"""Who is asked for next, and with whom."""

from dataclasses import dataclass

from airflow_provider_seedance.core.polling.due_queue import MIN_ABANDONED_TO_SWEEP, DueQueue


@dataclass
class Waiter:
    name: str
    gone: bool = False

    def is_abandoned(self) -> bool:
        return self.gone


def queue_of(size: int, **dues: float) -> tuple[DueQueue[Waiter], dict[str, Waiter]]:
    queue: DueQueue[Waiter] = DueQueue(size)
    waiters = {name: Waiter(name) for name in dues}
    for name, due in dues.items():
        queue.add(due, waiters[name])
    return queue, waiters


def names(taken: list[Waiter]) -> str:
    return "".join(waiter.name for waiter in taken)


def test_the_first_one_due_comes_first() -> None:
    """And the one that came first, of two."""
    queue, _ = queue_of(1, b=2.0, a=1.0, c=2.0)
    assert [names(queue.pop_batch()) for _ in range(4)] == ["a", "b", "c", ""]


def test_a_request_is_filled_up() -> None:
    """With those due next: they cost no request more, and need none of their own then."""
    queue, _ = queue_of(3, a=1.0, d=9.0, c=5.0, b=2.0)
    assert queue.next_due() == 1.0
    assert names(queue.pop_batch()) == "abc"
    assert queue.next_due() == 9.0


def test_who_left_is_not_asked_for() -> None:
    """Nor does a request start for its sake."""
    queue, waiters = queue_of(2, a=1.0, b=2.0, c=3.0, d=4.0)
    waiters["a"].gone = waiters["c"].gone = True
    assert queue.next_due() == 2.0
    assert names(queue.pop_batch()) == "bd"
    assert queue.next_due() is None


def test_those_who_left_do_not_pile_up() -> None:
    """Even if they would be due in an hour only."""
    queue: DueQueue[Waiter] = DueQueue(1)
    queue.add(3600.0, stays := Waiter("a"))
    for number in range(10_000):
        queue.add(3600.0 + number, gone := Waiter("x"))
        gone.gone = True
        queue.note_abandoned()
        assert len(queue) <= MIN_ABANDONED_TO_SWEEP + 2
    assert queue.pop_batch() == [stays]
