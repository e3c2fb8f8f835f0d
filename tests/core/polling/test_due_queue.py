"""Which waiters the next request serves."""

from dataclasses import dataclass

from airflow_provider_seedance.core.polling.due_queue import MIN_ABANDONED_TO_SWEEP, DueQueue


@dataclass
class NamedWaiter:
    name: str
    abandoned: bool = False

    def is_abandoned(self) -> bool:
        return self.abandoned


def queue_of(size: int, **dues: float) -> tuple[DueQueue[NamedWaiter], dict[str, NamedWaiter]]:
    queue: DueQueue[NamedWaiter] = DueQueue(size)
    waiters = {name: NamedWaiter(name) for name in dues}
    for name, due in dues.items():
        queue.add(due, waiters[name])
    return queue, waiters


def names(taken: list[NamedWaiter]) -> str:
    return "".join(waiter.name for waiter in taken)


def test_the_first_one_due_comes_first() -> None:
    """Of two that are due together, the first one added does."""
    queue, _ = queue_of(1, b=2.0, a=1.0, c=2.0)
    assert [names(queue.pop_batch()) for _ in range(4)] == ["a", "b", "c", ""]


def test_a_request_is_filled_up() -> None:
    """Waiters that are due later join it, since they cost no further request."""
    queue, _ = queue_of(3, a=1.0, d=9.0, c=5.0, b=2.0)
    assert queue.next_due() == 1.0
    assert names(queue.pop_batch()) == "abc"
    assert queue.next_due() == 9.0


def test_an_abandoned_waiter_takes_no_place_in_a_request() -> None:
    """Nor is a request due for its sake."""
    queue, waiters = queue_of(2, a=1.0, b=2.0, c=3.0, d=4.0)
    waiters["a"].abandoned = waiters["c"].abandoned = True
    assert queue.next_due() == 2.0
    assert names(queue.pop_batch()) == "bd"
    assert queue.next_due() is None


def test_abandoned_waiters_do_not_pile_up() -> None:
    """They are swept out long before they would be due."""
    queue: DueQueue[NamedWaiter] = DueQueue(1)
    queue.add(3600.0, stays := NamedWaiter("a"))
    for number in range(10_000):
        queue.add(3600.0 + number, leaves := NamedWaiter("x"))
        leaves.abandoned = True
        queue.note_abandoned()
        assert len(queue) <= MIN_ABANDONED_TO_SWEEP + 2
    assert queue.pop_batch() == [stays]
