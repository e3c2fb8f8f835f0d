"""Waiting without a worker before anything is submitted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseOperator

from airflow_provider_seedance.core import clock

if TYPE_CHECKING:
    from airflow_provider_seedance.core.ledger.budgets import SpendLimitReached

#: The longest pause between two looks at a budget: room is also made by what others give back.
LONGEST_PAUSE = timedelta(minutes=5)


def defer_until(
    operator: BaseOperator, moment: datetime, method_name: str, kwargs: dict[str, Any] | None = None
) -> NoReturn:
    """Defer until a moment.

    :param method_name: what the task goes on with, and ``kwargs`` what it is given then.
    """
    from airflow.providers.standard.triggers.temporal import DateTimeTrigger

    operator.defer(trigger=DateTimeTrigger(moment), method_name=method_name, kwargs=kwargs)


def defer_until_room(
    operator: BaseOperator, reached: SpendLimitReached, method_name: str, kwargs: dict[str, Any] | None = None
) -> None:
    """Defer until the budget's period ends or its next look is due; do nothing if it can never have room."""
    if not reached.can_fit:
        return
    now = clock.utc_now(clock.SYSTEM_CLOCK)
    moment = min(now + LONGEST_PAUSE, reached.ends or now + LONGEST_PAUSE)
    operator.log.info("%s The task waits, and looks again at %s.", reached.message, moment.isoformat())
    defer_until(operator, moment, method_name, kwargs)
