"""ToAPIs' webhook: an event about a task, at its end, with a signature (contract: toapis 7)."""

from __future__ import annotations

import hashlib
import hmac
import re

from airflow_provider_seedance.core.vendors.contract import CallbackCalls, CallbackRefused, CallbackRequest
from airflow_provider_seedance.core.vendors.tasks import read_callback

#: How far the time of signing may be from ours, seconds.
TOLERANCE_SECONDS = 300.0
EVENT_ID, TIMESTAMP, SIGNATURE = (f"x-toapis-webhook-{name}" for name in ("id", "timestamp", "signature"))

#: What an event's id and a time may look like; both are part of what is signed.
_EVENT_ID = re.compile(r"[\x21-\x7e]{1,200}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
#: Signatures in one header: a new and a previous secret's, with room for what is not known.
_MOST_SIGNATURES = 8


def verify(request: CallbackRequest, secret: str) -> str:
    """Check that the vendor signed this body with ``secret``, within five minutes of now.

    For a day after a rotation the header has two signatures, of the new and of the previous secret.
    """
    event_id, timestamp = request.headers.get(EVENT_ID, ""), request.headers.get(TIMESTAMP, "")
    if not (_EVENT_ID.fullmatch(event_id) and _TIMESTAMP.fullmatch(timestamp)):
        raise CallbackRefused("the headers of a signed webhook are missing")
    if abs(request.received_at - int(timestamp)) > TOLERANCE_SECONDS:
        raise CallbackRefused(f"it was not signed within {TOLERANCE_SECONDS:.0f} s of now")
    message = f"{event_id}.{timestamp}.".encode() + request.body
    expected = f"v1={hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()}".encode()
    given = request.headers.get(SIGNATURE, "").encode("utf-8", "replace").split(b",", _MOST_SIGNATURES)
    if not any(hmac.compare_digest(expected, one.strip()) for one in given):
        raise CallbackRefused("no signature in it is by the connection's webhook_secret")
    return event_id


CALLS = CallbackCalls(field="callback_url", read=read_callback, verify=verify)
