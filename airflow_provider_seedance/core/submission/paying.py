"""What is asked of a client through which is paid, and of the store of intents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.core.submission.resume import ReadingClient, ReadingGenerations
from airflow_provider_seedance.models import Generation, GenerationRequest, Pending


class PayingGenerations(ReadingGenerations, Protocol):
    """How a client makes and finds generations."""

    def create(
        self, request: GenerationRequest, intent_id: str | None = None, callback_url: str | None = None
    ) -> Pending: ...

    def find(self, request: GenerationRequest, intent_id: str, since: datetime) -> tuple[Generation, ...]: ...


class PayingClient(ReadingClient, Protocol):
    """What is asked of a vendor's client."""

    @property
    def generations(self) -> PayingGenerations: ...

    @property
    def finds_by_key(self) -> bool: ...


#: Stores an intent before it is paid for, or before it is sent once more; raises
#: :class:`~airflow_provider_seedance.core.ledger.ledger.IntentTaken` if another try has made it.
BeginIntent = Callable[[SubmissionRecord, GenerationRequest, Any], None]
