"""Airflow's side of asset events in miniature: which events a success becomes, and which a task may look up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow.sdk.exceptions import ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import AssetResult, ErrorResponse
from airflow.sdk.execution_time.context import OutletEventAccessors

from tests.airflow.running import TaskRun


@dataclass(frozen=True)
class Event:
    """One row of Airflow's table of asset events."""

    asset: str
    extra: dict[str, Any]
    aliases: tuple[str, ...] = ()


@dataclass
class AssetServer:
    """What an API server knows of assets.

    :param active: URIs of the assets that DAGs declare or wait for, by name.
    """

    active: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def succeed(self, run: TaskRun) -> Any:
        """Run one try; its success becomes events by the rules of ``register_asset_changes_in_db``."""
        returned = self.kill(run)
        self.events += self._registered(run)
        return returned

    def kill(self, run: TaskRun) -> Any:
        """Run one try whose success is never heard of."""
        run.context["outlet_events"] = OutletEventAccessors()
        return run()

    def _registered(self, run: TaskRun) -> list[Event]:
        outlets = list(task_runner._build_asset_profiles(run.context["task"].outlets))
        sent = list(task_runner._serialize_outlet_events(run.context["outlet_events"]))
        found = []
        for outlet in outlets:
            if outlet.type == "AssetAlias":
                found += [
                    Event(event["dest_asset_key"]["uri"], event["extra"], (outlet.name,))
                    for event in sent
                    if event.get("source_alias_name") == outlet.name
                ]
            elif self.active.get(outlet.name) == outlet.uri:
                key = {"name": outlet.name, "uri": outlet.uri}
                plain = [event for event in sent if "source_alias_name" not in event]
                extras = [event["extra"] for event in plain if event["dest_asset_key"] == key]
                found += [Event(outlet.uri, extra) for extra in extras or [{}]]
        return found

    def send(self, message: Any) -> Any:
        """Answer a task that looks something up."""
        kind = type(message).__name__
        if kind in ("GetAssetByName", "GetAssetByUri"):
            known = [
                (name, uri)
                for name, uri in self.active.items()
                if getattr(message, "name", name) == name and getattr(message, "uri", uri) == uri
            ]
            if known:
                return AssetResult(name=known[0][0], uri=known[0][1], group="asset")
            return ErrorResponse(error=ErrorType.ASSET_NOT_FOUND)
        return _Found([event for event in self.events if _concerns(event, message)])


def _concerns(event: Event, message: Any) -> bool:
    if hasattr(message, "alias_name"):
        return message.alias_name in event.aliases
    return bool(event.asset == message.uri)


@dataclass
class _Found:
    events: list[Event]

    def iter_asset_event_results(self) -> list[Event]:
        return self.events


@pytest.fixture
def asset_server(monkeypatch: pytest.MonkeyPatch) -> AssetServer:
    """A server that tasks of this test talk to."""
    server = AssetServer()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", server, raising=False)
    monkeypatch.setattr(OutletEventAccessors, "_asset_ref_cache", {})
    return server
