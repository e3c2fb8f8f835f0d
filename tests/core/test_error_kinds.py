"""The table of error kinds holds together."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.error_kinds import ERROR_KINDS, Kind


def test_every_kind_has_its_row() -> None:
    assert set(ERROR_KINDS) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_advice_is_a_sentence(kind: Kind) -> None:
    assert kind.traits.advice.endswith(".")
    assert kind.traits.advice[0].isupper()


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.traits.transient])
def test_what_is_transient_is_borne_by_all_who_wait_or_retry(kind: Kind) -> None:
    """An error that passes by itself ends neither a task nor a wait, and stops no batch."""
    assert kind.traits.retryable
    assert kind.traits.tolerated_while_waiting
    assert not kind.traits.account_wide
    assert kind.traits.retry_delay is not None


@pytest.mark.parametrize("kind", [Kind.VALIDATION, Kind.MODERATION, Kind.AUTHENTICATION, Kind.BALANCE])
def test_a_refusal_is_never_retried_by_itself(kind: Kind) -> None:
    """Rule of money: what a vendor refuses for the request or the account is not asked again."""
    assert not kind.traits.retryable
    assert not kind.traits.transient
