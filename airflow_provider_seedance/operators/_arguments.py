"""Arguments of operators that a template may have turned into text."""

from __future__ import annotations

from typing import Any

#: The ways to treat a file that is already at a destination.
OVERWRITE = ("own", "always", "never")
#: What a template makes of an argument that was left out.
_OMITTED = (None, "", "None")


def one_of(name: str, value: Any, *known: str) -> Any:
    """``value``, if it is one of the known ones; for arguments that are checked when the DAG is parsed.

    :raises ValueError: if it is not.
    """
    from airflow_provider_seedance.core.redaction import describe

    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, not {describe(value)}")
    return value


def seconds(name: str, value: Any) -> float | None:
    """Seconds above 0; ``None`` if nothing is given.

    :raises ConfigurationError: for anything else.
    """
    from airflow_provider_seedance.core.redaction import describe
    from airflow_provider_seedance.errors import ConfigurationError

    if value in _OMITTED:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = 0.0
    if not 0 < number < float("inf"):
        raise ConfigurationError(f"{name} must be a number of seconds above 0, not {describe(value)}")
    return number


def whole_number(name: str, value: Any, *, least: int) -> int | None:
    """A whole number of at least ``least``; ``None`` if nothing is given.

    :raises ConfigurationError: for anything else.
    """
    from airflow_provider_seedance.core.redaction import describe
    from airflow_provider_seedance.errors import ConfigurationError

    if value in _OMITTED:
        return None
    try:
        number = int(str(value))
    except ValueError:
        number = least - 1
    if number < least:
        raise ConfigurationError(f"{name} must be a whole number of at least {least}, not {describe(value)}")
    return number
