"""Asset events for what was published: the outlet that the graph shows, and the event that consumers get."""

from __future__ import annotations

import json
import logging
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

from airflow import __version__ as airflow_version
from airflow.sdk import Asset, AssetAlias, BaseOperator, XComArg

from airflow_provider_seedance.core.clock import parse_time

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

Outlet: TypeAlias = Asset | AssetAlias

#: What an author's own URI keeps; anything else is percent-encoded, since Airflow's API takes ASCII only.
_PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "
#: How far the clocks of a worker and of Airflow's API server may be apart.
_CLOCK_SKEW = timedelta(minutes=5)
#: Events that are searched for one publication's, the oldest first: it follows its publication within seconds.
_MAX_SEARCHED_EVENTS = 1_000


def asset_uri(uri: str) -> str:
    """The URI of the asset at a local path or an object-storage URI: ASCII, and without a connection id.

    Every character that means something in a URI is percent-encoded: in a path it is a part of a name.
    """
    if "://" not in uri:
        return f"file://{quote(uri)}"
    scheme, _, rest = uri.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{quote(authority.rpartition('@')[2], safe=':.')}{slash}{quote(path)}"


def declared_outlets(outlets: Any, given: object, own_name: str) -> list[Any]:
    """The outlets of a task when the DAG is parsed, so that Airflow's graph shows what will be published.

    :param outlets: what the author gave: one, or several.
    :param given: the operator's argument ``asset``; one that is not rendered yet declares nothing.
    :param own_name: see :func:`outlet_of`.
    :raises ConfigurationError: as :func:`outlet_of`.
    """
    listed = list(outlets) if isinstance(outlets, (list, tuple, set)) else [outlets] if outlets else []
    others = _without(listed, outlet_of(None, own_name))
    return others if _is_template(given) else _with(others, outlet_of(given, own_name))


def _is_template(given: object) -> bool:
    return isinstance(given, XComArg) or (isinstance(given, str) and ("{{" in given or "{%" in given))


def outlet_of(given: object, own_name: str) -> Outlet:
    """The asset or alias that an operator's argument ``asset`` names.

    :param given: an :class:`~airflow.sdk.Asset`, an :class:`~airflow.sdk.AssetAlias`, or the URI or name of an asset.
    :param own_name: of the asset if none is given.
    :raises ConfigurationError: if Airflow would refuse the asset's event, which it does when all work is done.
    """
    if given is None or given == "":
        return Asset(name=own_name, uri=quote(own_name, safe=_PRINTABLE))
    if isinstance(given, AssetAlias):
        return given
    if isinstance(given, Asset):
        return _checked(given)
    if isinstance(given, str):
        return _from_text(given)
    raise _refusal(f"asset must be an Asset, an AssetAlias, a URI or a name, not a {type(given).__name__}")


def _checked(asset: Asset) -> Asset:
    if not asset.uri.isascii():
        raise _refusal(
            f"asset has the URI {asset.uri!r}, and Airflow takes ASCII only",
            f"Write it as {quote(asset.uri, safe=_PRINTABLE)!r}, in the DAGs that wait for it too.",
        )
    return asset


def _from_text(text: str) -> Asset:
    encoded = quote(text, safe=_PRINTABLE)
    try:
        parts = urlsplit(encoded)
        if not parts.scheme or "://" not in text:
            return Asset(name=text, uri=encoded)
        if parts.fragment:
            raise ValueError("what follows a # is cut off; write it as %23")
        return Asset(uri=urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])))
    except ValueError as fault:
        raise _refusal(f"asset is {text!r}, which cannot be used as an asset: {fault}") from fault


def _with(outlets: list[Any], outlet: Outlet) -> list[Any]:
    return outlets if outlet in outlets else [*outlets, outlet]


def _without(outlets: list[Any], outlet: Outlet) -> list[Any]:
    return [other for other in outlets if other != outlet]


def own_alias(task: BaseOperator) -> AssetAlias:
    """The alias of a task's own."""
    return AssetAlias(f"{task.dag_id}.{task.task_id}")


def declared_alias(task: BaseOperator, given: object) -> list[Any]:
    """The outlets of a task that publishes many videos: the alias that is given, or its own.

    :raises ConfigurationError: as :func:`outlet_of`.
    """
    if not _is_template(given):
        outlet_of(given, "checked")
    alias = given if isinstance(given, AssetAlias) else own_alias(task)
    return declared_outlets(task.outlets, alias, alias.name)


@dataclass(frozen=True)
class PublicationEvent:
    """The event that the success of this try emits, or not.

    :param task: the operator at work.
    :param outlet: the asset or alias that its argument names.
    """

    context: Context
    task: BaseOperator
    outlet: Outlet

    def emit(self, record: Mapping[str, Any]) -> None:
        """Let the success emit one event, with ``record`` as its extra.

        The event of an alias is for an asset at the folder of the published file. An asset that no DAG declares or
        waits for, whose events Airflow drops, is created through an alias of the task's own.
        """
        extra = _event_extra(record)
        if known := self._known:
            self._replace_outlet(known)
            self._events[known].extra = extra
            return
        alias, asset = self._aliased(record)
        self._replace_outlet(alias)
        self._events[alias].add(asset, extra=extra)

    def suppress(self) -> None:
        """Let the success emit no event: it does for each asset among the outlets."""
        self.task.outlets = _without(self.task.outlets, self.outlet)

    def emit_all(self, records: Sequence[Mapping[str, Any]]) -> int:
        """Let the success emit an event for each of many videos, but for those that Airflow has, and count them.

        They are emitted through an alias, since a success is one event of an asset.
        """
        emitted, known = self._emitted(records), self._known
        new = [record for record in records if _publication(record) not in emitted]
        for record in new:
            alias, asset = self._aliased(record)
            self._replace_outlet(alias)
            self._events[alias].add(known or asset, extra=_event_extra(record))
        return len(new)

    def is_emitted(self, record: Mapping[str, Any]) -> bool:
        """Whether Airflow has the event of this publication; ``False`` if that cannot be found out."""
        return _publication(record) in self._emitted([record])

    def _emitted(self, records: Sequence[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
        """The publications since the first of these whose events Airflow has; none if that cannot be found out."""
        from airflow.sdk.execution_time.context import InletEventsAccessors

        if not records:
            return set()
        outlet = self._known or self.outlet
        first = min(record["published_at"] for record in records)
        start = parse_time(first) - _CLOCK_SKEW
        try:
            events = InletEventsAccessors([outlet])[outlet].after(start.isoformat())
            found = events.limit(_MAX_SEARCHED_EVENTS + len(records))
            return {_publication(event.extra or {}) for event in found}
        except Exception:
            log.debug("The events of %s cannot be read, so all are emitted.", outlet, exc_info=True)
            return set()

    def _aliased(self, record: Mapping[str, Any]) -> tuple[AssetAlias, Asset]:
        if isinstance(self.outlet, AssetAlias):
            folder = record["uri"].rpartition("/")[0] or "/"
            return self.outlet, Asset(uri=asset_uri(folder))
        return own_alias(self.task), self.outlet

    def _replace_outlet(self, outlet: Outlet) -> None:
        self.task.outlets = _with(_without(self.task.outlets, self.outlet), outlet)

    @property
    def _events(self) -> Any:
        return self.context["outlet_events"]

    @property
    def _known(self) -> Asset | None:
        """The asset as the DAGs know it, by its name or else by its URI; ``None`` if none does."""
        if isinstance(self.outlet, AssetAlias):
            return None
        for reference in (Asset.ref(name=self.outlet.name), Asset.ref(uri=self.outlet.uri)):
            try:
                key = self._events[reference].key
            except Exception:
                log.debug("No DAG declares or waits for %s.", reference, exc_info=True)
            else:
                return Asset(name=key.name, uri=key.uri)
        return None


def _publication(record: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells publications apart."""
    return tuple(record.get(name) for name in ("uri", "sha256", "published_at"))


def _event_extra(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record; Airflow 3.1 takes flat values only, so there the nested ones are JSON text."""
    if not airflow_version.startswith("3.1."):
        return dict(record)
    nested = (dict, list)
    return {name: json.dumps(value) if isinstance(value, nested) else value for name, value in record.items()}


def _refusal(message: str, advice: str | None = None) -> Exception:
    from airflow_provider_seedance.errors import ConfigurationError

    return ConfigurationError(message, advice=advice)
