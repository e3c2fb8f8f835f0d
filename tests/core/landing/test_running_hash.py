"""The same hash as if it were computed at once."""

from __future__ import annotations

import gc
import hashlib
import threading

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_seedance.core.landing.running_hash import RunningHash


@given(st.lists(st.binary()))
def test_pieces_are_hashed_in_order(pieces: list[bytes]) -> None:
    """Whatever their number and size; it can be asked for in between."""
    running = RunningHash()
    for number, piece in enumerate(pieces, 1):
        running.update(piece)
        if number == 2:
            assert running.hexdigest() == hashlib.sha256(b"".join(pieces[:2])).hexdigest()
    assert running.hexdigest() == hashlib.sha256(b"".join(pieces)).hexdigest()


def test_the_thread_ends_with_it() -> None:
    """A worker that lands many videos does not gather threads."""
    before = set(threading.enumerate())
    running = RunningHash()
    running.update(b"piece")
    assert running.hexdigest()
    (thread,) = set(threading.enumerate()) - before
    del running
    gc.collect()
    thread.join(10)
    assert not thread.is_alive()
