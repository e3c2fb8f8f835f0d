"""Arguments of operators: what a template may have turned into text, and what Airflow calls by several names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from inspect import signature
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

    from airflow_provider_seedance.core.landing.ownership import Overwrite
    from airflow_provider_seedance.core.submission.decide import Policies

#: The ways to treat a file that is already at a destination.
OVERWRITE = ("own", "always", "never")
#: What a template makes of an argument that was left out.
_OMITTED = (None, "", "None")


#: What a template makes of a switch.
_SWITCHES = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

T = TypeVar("T")


def requests_as_dicts(operator: BaseOperator, given: Any) -> Any:
    """A ``GenerationRequest``, or each one in a list, as a dict that Airflow can render; anything else as it is.

    What a mapped instance is given may come from another task, and then it must not be rendered: it is left as it is.
    """
    if getattr(operator, "_BaseOperator__from_mapped", False):
        return given
    if isinstance(given, (list, tuple)):
        return [requests_as_dicts(operator, item) for item in given]
    return given.to_dict() if hasattr(given, "model_fields_set") else given


#: What to do about a video that is not as it should be, the default first.
ON_QUALITY = ("flag", "fail")


def at_parse(check: Callable[..., object], name: str, value: T, *rest: Any) -> T:
    """``value`` as it is, checked when the DAG is parsed; what a template or another task fills in is checked later.

    :param check: one of the functions below, called with ``name``, ``value`` and ``rest``.
    :raises ValueError: with what the check says.
    """
    if is_constant(value):
        as_value_error(check, name, value, *rest)
    return value


def as_value_error(check: Callable[..., object], *arguments: Any) -> None:
    """Run a check of a constructor's arguments.

    :raises ValueError: with what the check says.
    """
    from airflow_provider_seedance.errors import SeedanceError

    try:
        check(*arguments)
    except SeedanceError as error:
        raise ValueError(str(error)) from None


def is_constant(value: Any) -> bool:
    """Whether a value is known when the DAG is parsed: no template, and no result of another task."""
    if isinstance(value, str):
        return "{{" not in value and "{%" not in value
    if isinstance(value, Mapping):
        return all(map(is_constant, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(is_constant, value))
    return value is None or isinstance(value, (bool, int, float, timedelta))


def one_of(name: str, value: Any, *known: str) -> Any:
    """``value``, if it is one of the known ones or filled in later; for arguments of a constructor.

    :raises ValueError: if it is not.
    """
    if is_constant(value) and value not in known:
        raise ValueError(_not_known(name, value, known))
    return value


def choice(name: str, value: Any, *known: str) -> str:
    """The one of the known values that is given; the first if nothing is.

    :raises ConfigurationError: for anything else.
    """
    from airflow_provider_seedance.errors import ConfigurationError

    if value in _OMITTED:
        return known[0]
    if value not in known:
        raise ConfigurationError(_not_known(name, value, known))
    return str(value)


def overwrite_of(operator: Any) -> Overwrite:
    """An operator's ``overwrite``, once templates have been rendered.

    :raises ConfigurationError: if it is none of the known words.
    """
    return choice("overwrite", operator.overwrite, *OVERWRITE)  # type: ignore[return-value]  # it has checked that


def _not_known(name: str, value: Any, known: tuple[str, ...]) -> str:
    from airflow_provider_seedance.core.redaction import describe

    return f"{name} must be one of {', '.join(known)}, not {describe(value)}"


def switch(name: str, value: Any) -> bool:
    """A truth value, also as a template writes it; false if nothing is given.

    :raises ConfigurationError: for anything else.
    """
    from airflow_provider_seedance.core.redaction import describe
    from airflow_provider_seedance.errors import ConfigurationError

    if value in _OMITTED:
        return False
    known = _SWITCHES.get(str(value).strip().lower())
    if known is None:
        raise ConfigurationError(f"{name} must be true or false, not {describe(value)}")
    return known


def seconds(name: str, value: Any) -> float | None:
    """Seconds above 0, from a number, its text or a ``timedelta``; ``None`` if nothing is given.

    :raises ConfigurationError: for anything else.
    """
    from airflow_provider_seedance.core.redaction import describe
    from airflow_provider_seedance.errors import ConfigurationError

    if value in _OMITTED:
        return None
    try:
        number = value.total_seconds() if isinstance(value, timedelta) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = 0.0
    if isinstance(value, bool) or not 0 < number < float("inf"):
        raise ConfigurationError(
            f"{name} must be a number of seconds above 0 or a timedelta, not {describe(value)}",
            advice="One hour, for example, is 3600, or timedelta(hours=1).",
        )
    return number


def policies(operator: Any) -> Policies:
    """The choices of an operator about money.

    :raises ConfigurationError: naming one that is none.
    """
    from airflow_provider_seedance.core.submission.decide import POLICY_VALUES, Policies

    chosen = {name: choice(name, getattr(operator, name), *known) for name, known in POLICY_VALUES.items()}
    return Policies(**chosen)  # type: ignore[arg-type]  # choice() has checked them


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


def conn_ids(name: str, value: Any) -> tuple[str, ...]:
    """The ids of connections, from one id or a list of them, also as a template writes it.

    :raises ConfigurationError: if there is none, one is no text, or one is named twice.
    """
    from airflow_provider_seedance.core.redaction import describe
    from airflow_provider_seedance.errors import ConfigurationError

    given = _list_in(value)
    ids = [given] if isinstance(given, str) else given
    if (
        not isinstance(ids, (list, tuple))
        or not ids
        or not all(isinstance(each, str) and each for each in ids)
    ):
        raise ConfigurationError(
            f"{name} must be the id of a connection or a list of ids, not {describe(value)}"
        )
    if len(set(ids)) < len(ids):
        raise ConfigurationError(f"{name} names a connection twice: {', '.join(ids)}")
    return tuple(ids)


def request_changes(name: str, value: Any) -> tuple[Mapping[str, Any], ...]:
    """A list of request changes, also as a template writes it; what is known of their values is checked.

    :raises ConfigurationError: if it is no list of dicts, or has a field that no request has.
    :raises RequestInvalid: if a field's value does not fit.
    """
    from airflow_provider_seedance.core.redaction import describe
    from airflow_provider_seedance.core.request_fields import REQUEST_FIELDS
    from airflow_provider_seedance.core.suggestions import did_you_mean
    from airflow_provider_seedance.errors import ConfigurationError

    if value in (*_OMITTED, (), []):
        return ()
    changes = _list_in(value)
    if not isinstance(changes, (list, tuple)) or not all(isinstance(change, Mapping) for change in changes):
        raise ConfigurationError(
            f"{name} must be a list of dicts of request fields, not {describe(value)}",
            advice='{} asks for the same again, {"generate_audio": False} for a video without sound.',
        )
    for field in (field for change in changes for field in change if field not in REQUEST_FIELDS):
        hint = did_you_mean(field, REQUEST_FIELDS)
        raise ConfigurationError(
            f"{name} changes {describe(field)}, which is no field of a request",
            advice=f"{hint}The fields are: {', '.join(REQUEST_FIELDS)}.",
        )
    return tuple(changes)


def refuse_media(name: str, changes: tuple[Mapping[str, Any], ...]) -> None:
    """Refuse changes of media, which would have to be read and checked for each row.

    :raises ConfigurationError: naming the first one.
    """
    from airflow_provider_seedance.core.request_fields import MEDIA_FIELDS
    from airflow_provider_seedance.errors import ConfigurationError

    for field in (field for change in changes for field in change if field in MEDIA_FIELDS):
        raise ConfigurationError(
            f"{name} of a batch changes {field}, and media cannot be changed for all rows",
            advice="Change the prompt, the model or an option; or use the generate operator for such a video.",
        )


def check_changes(name: str, value: Any) -> None:
    """Check a list of request changes as far as it is known when the DAG is parsed.

    :raises ConfigurationError: as :func:`request_changes`.
    :raises RequestInvalid: if a value cannot be what its field needs.
    """
    from airflow_provider_seedance.models import GenerationRequest

    if isinstance(value, (list, tuple)):
        value = [change for change in value if isinstance(change, Mapping) or is_constant(change)]
    elif not is_constant(value):
        return
    for change in request_changes(name, value):
        GenerationRequest.parse({field: known for field, known in change.items() if is_constant(known)})


def _list_in(value: Any) -> Any:
    """The list that ``value`` writes down; any other value as it is."""
    from airflow_provider_seedance.core.literals import parse_literal

    if not isinstance(value, str) or not value.strip().startswith("["):
        return value
    try:
        return parse_literal(value)
    except ValueError:
        return value


def wait_limit(operator: Callable[..., Any], timeout: timedelta | None) -> dict[str, timedelta]:
    """The argument by which this operator limits the wait for an answer; none without a limit."""
    if timeout is None:
        return {}
    known = "response_timeout" in signature(operator).parameters
    return {"response_timeout" if known else "execution_timeout": timeout}
