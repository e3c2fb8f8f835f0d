"""A sha256 that is computed beside the transfer."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor


class RunningHash:
    """The hash of bytes that come one piece after the other.

    A thread of its own computes it while the next piece is fetched and written: done in between, it keeps landing
    below ``curl`` (``benchmarks/landing.py``). One piece at a time waits, so memory stays flat. The thread ends
    with this object.
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="seedance-hash")
        self._busy: Future[None] | None = None

    def update(self, piece: bytes) -> None:
        """Add ``piece``, once the one before is done."""
        self._settle()
        self._busy = self._thread.submit(self._digest.update, piece)

    def hexdigest(self) -> str:
        """Of all pieces so far, in lower case."""
        self._settle()
        return self._digest.hexdigest()

    def _settle(self) -> None:
        if self._busy:
            self._busy.result()
