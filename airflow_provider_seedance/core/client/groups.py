"""``client.generations.get(...)`` and the like: each flow as a method, written once for both clients."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from airflow_provider_seedance.core.client.asset_flows import AssetFlows
from airflow_provider_seedance.core.client.flows import AccountFlows, FileFlows, Flow, Flows, GenerationFlows

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Flows)
R_co = TypeVar("R_co", covariant=True)


class SyncRunner(Protocol):
    """Runs a flow and returns its result."""

    def run(self, flow: Flow[T]) -> T: ...


class AsyncRunner(Protocol):
    """Runs a flow on the event loop."""

    async def run(self, flow: Flow[T]) -> T: ...


class Group(Generic[R_co, F]):
    """The flows of one subject, and the client that runs them."""

    def __init__(self, runner: R_co, flows: F) -> None:
        self._runner = runner
        self._flows = flows


class Operation(Generic[F, P, T]):
    """A flow as a method of a group: with a sync client it returns the result, with an async one an awaitable."""

    def __init__(self, flow: Callable[Concatenate[F, P], Flow[T]]) -> None:
        @wraps(flow)
        def operation(group: Group[Any, F], *args: P.args, **kwargs: P.kwargs) -> Any:
            return group._runner.run(flow(group._flows, *args, **kwargs))

        self._operation = operation

    @overload
    def __get__(self, group: None, owner: type) -> Callable[Concatenate[Any, P], Any]: ...

    @overload
    def __get__(self, group: Group[SyncRunner, F], owner: type) -> Callable[P, T]: ...

    @overload
    def __get__(self, group: Group[AsyncRunner, F], owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...

    def __get__(self, group: Group[Any, F] | None, owner: type) -> Callable[..., Any]:
        return self._operation if group is None else partial(self._operation, group)


class Generations(Group[R_co, GenerationFlows]):
    """Making generations and following them."""

    create = Operation(GenerationFlows.create)
    find = Operation(GenerationFlows.find)
    get = Operation(GenerationFlows.get)
    list = Operation(GenerationFlows.list)
    list_all = Operation(GenerationFlows.list_all)
    cancel = Operation(GenerationFlows.cancel)


class Files(Group[R_co, FileFlows]):
    """Files at the vendor's file service."""

    upload = Operation(FileFlows.upload)
    list = Operation(FileFlows.list)
    quota = Operation(FileFlows.quota)
    delete = Operation(FileFlows.delete)


class Assets(Group[R_co, AssetFlows]):
    """The library of reviewed media."""

    create_group = Operation(AssetFlows.create_group)
    create = Operation(AssetFlows.create)
    find_group = Operation(AssetFlows.find_group)
    find = Operation(AssetFlows.find)
    get = Operation(AssetFlows.get)
    list_groups = Operation(AssetFlows.list_groups)
    list = Operation(AssetFlows.list)
    rename_group = Operation(AssetFlows.rename_group)
    delete_group = Operation(AssetFlows.delete_group)
    rename = Operation(AssetFlows.rename)
    delete = Operation(AssetFlows.delete)
    start_person_check = Operation(AssetFlows.start_person_check)
    person_check_result = Operation(AssetFlows.person_check_result)


class AccountGroup(Group[R_co, AccountFlows]):
    """What concerns the account, and no generation."""

    balance = Operation(AccountFlows.balance)
    probe = Operation(AccountFlows.probe)
