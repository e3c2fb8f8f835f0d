"""How long to wait before trying again: the formula for pauses that grow with failures, and ``Retry-After``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime

#: Seconds. A server that asks for a longer pause is asked again after this one.
LONGEST_RETRY_AFTER = 3_600.0

_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]+)?")

#: More doublings than this change no pause any more.
_MAX_DOUBLINGS = 30


@dataclass(frozen=True)
class Backoff:
    """A pause that doubles with each failure in a row.

    :param first: seconds after the first failure.
    :param longest: seconds at most.
    :param jitter: the part of the pause, from 0 to 1, that chance may take away.
    :param longest_retry_after: the longest ``Retry-After`` that is waited out, seconds.
    """

    first: float
    longest: float
    jitter: float = 0.0
    longest_retry_after: float = 60.0

    def pause(self, failures: int, *, random: float = 0.0, retry_after: float | None = None) -> float:
        """Seconds to wait after so many failures in a row, never less than the server asks for.

        What a server asks for is spread by up to a second, so that those it told together do not return together.

        :param failures: from 1.
        :param random: a random number in [0, 1).
        :param retry_after: seconds that the server asked for.
        """
        doublings = min(max(failures, 1) - 1, _MAX_DOUBLINGS)
        growing = min(self.longest, self.first * 2.0**doublings) * (1.0 - self.jitter * (1.0 - random))
        if retry_after is None:
            return growing
        return max(growing, min(retry_after, self.longest_retry_after) + random)


def read_retry_after(header: str, received_at: float) -> float | None:
    """Seconds that a ``Retry-After`` header asks to wait, at most :data:`LONGEST_RETRY_AFTER`.

    :param header: its value, in either form: seconds or a date.
    :param received_at: when the answer arrived, epoch seconds.
    :returns: ``None`` if it is empty or cannot be read.
    """
    raw = header.strip()
    if _SECONDS.fullmatch(raw):
        return min(LONGEST_RETRY_AFTER, float(raw))
    try:
        moment = parsedate_to_datetime(raw)
    except (TypeError, ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000"; HTTP dates are always UTC
        moment = moment.replace(tzinfo=timezone.utc)
    return min(LONGEST_RETRY_AFTER, max(0.0, moment.timestamp() - received_at))
