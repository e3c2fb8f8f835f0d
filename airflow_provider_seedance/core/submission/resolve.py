"""A person's word about an intent of which neither the task nor the vendor knows whether it bought anything."""

from __future__ import annotations

import json

from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.submission.ledger_records import progress_of
from airflow_provider_seedance.core.submission.outcome import Refused
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import ConfigurationError


def resolve(ledger: Ledger, intent_id: str, *, generation_id: str | None, clock: Clock) -> None:
    """Put on record what an intent bought: the next try of its task goes by it.

    :param generation_id: of the generation that it bought, whose cost the vendor settles; ``None`` if it bought
        nothing, so that what it reserves is given back.
    :raises ConfigurationError: if there is no such intent, or its outcome is known.
    :raises LedgerUnavailable: if that cannot be found out or written.
    """
    row = ledger.find(intent_id)
    if row is None:
        raise ConfigurationError(f"the ledger has no intent {intent_id}")
    if row["generation_id"] or row["settled_at"]:
        bought = f"generation {row['generation_id']}" if row["generation_id"] else "nothing"
        raise ConfigurationError(
            f"the outcome of intent {intent_id} is known: it is {row['status']}, with {bought}"
        )
    record = SubmissionRecord.parse(json.loads(row["record"]))
    outcome = None if generation_id else Refused(reason="a person has found that nothing was bought")
    resolved = record.replace(generation_id=generation_id, outcome=outcome)
    ledger.progress(row["id"], progress_of(resolved), utc_now(clock))
