"""What is said to a vendor's asset library. Where it has a list, nothing is made that is there already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TypeVar

from airflow_provider_seedance.core.client.flows import Flow, Flows, Pause
from airflow_provider_seedance.core.library import (
    Asset,
    AssetGroup,
    AssetGroupPage,
    AssetPage,
    NewAsset,
    PersonCheck,
)
from airflow_provider_seedance.core.vendors.contract import AssetCalls, Call, PersonCalls
from airflow_provider_seedance.errors import Kind, NotFound, SeedanceError, Unsupported

T = TypeVar("T")

#: Rows of a list that are looked through for a name.
MAX_LISTED = 10_000
#: Seconds before each look for what a create may have made whose answer was lost.
LOOK_DELAYS = (0.0, 2.0, 5.0)


@dataclass(frozen=True)
class AssetFlows(Flows):
    """Groups and assets of the account."""

    @property
    def has_list(self) -> bool:
        """Whether the vendor tells which assets there are."""
        return self.vendor.assets is not None and self.vendor.assets.list is not None

    def create_group(self, name: str, description: str | None = None) -> Flow[AssetGroup]:
        """Make a group. If the answer is lost, the group is looked for by its name, where the vendor has a list.

        :raises Unsupported: where the vendor has no asset library.
        """
        try:
            group_id = yield from self._exchange(self._assets().create_group(name, description))
        except SeedanceError as error:
            return (yield from self._found_after(error, lambda: self.find_group(name)))
        return AssetGroup(group_id=group_id, name=name, description=description)

    def create(self, asset: NewAsset) -> Flow[Asset]:
        """Make an asset, whose review may take a while. If the answer is lost, the asset is looked for likewise.

        :raises Unsupported: where the vendor has no asset library.
        """
        try:
            calls = self._persons() if asset.real_person else self._assets()
            asset_id = yield from self._exchange(calls.create(asset))
        except SeedanceError as error:
            find = partial(self.find, asset.group_id, asset.name, asset.real_person)
            return (yield from self._found_after(error, find))
        return Asset(asset_id=asset_id, group_id=asset.group_id, vendor_name=asset.name, kind=asset.kind)

    def find(self, group_id: str, name: str, real_person: bool = False) -> Flow[Asset | None]:
        """The asset with exactly this name at the vendor, where it tells which there are."""
        if not self.has_list:
            return None
        return (yield from self._first(group_id, name, real_person, lambda asset: asset.vendor_name == name))

    def get(self, asset_id: str, person_group_id: str | None = None) -> Flow[Asset]:
        """How an asset stands.

        :param person_group_id: its group, if a check of a real person made that.
        :raises NotFound: if there is no such asset.
        """
        if person_group_id is None:
            return (yield from self._exchange(self._assets().get(asset_id)))
        if (call := self._persons().get) is not None:
            return (yield from self._exchange(call(asset_id)))
        found = yield from self._first(person_group_id, None, True, lambda asset: asset.asset_id == asset_id)
        if found is None:
            raise NotFound(f"no asset {asset_id} in the group {person_group_id}", vendor=self.vendor.name)
        return found

    def _first(
        self, group_id: str, name: str | None, real_person: bool, is_wanted: Callable[[Asset], bool]
    ) -> Flow[Asset | None]:
        """The first asset in the list that is wanted."""
        for page in count(1):
            answer = yield from self.list(group_id, name, page, real_person)
            for asset in answer.items:
                if is_wanted(asset):
                    return asset
            if _is_last(page, len(answer.items), answer.total):
                return None
        raise AssertionError("unreachable")

    def list_groups(self, name: str | None = None, page: int = 1) -> Flow[AssetGroupPage]:
        """A page of the groups; ``name`` is a part of the names.

        :raises Unsupported: where the vendor has no list.
        """
        call = self._offered(self._assets().list_groups, "list groups of assets")
        return (yield from self._exchange(call(name, page)))

    def list(
        self,
        group_id: str | None = None,
        name: str | None = None,
        page: int = 1,
        real_person: bool = False,
    ) -> Flow[AssetPage]:
        """A page of the assets; ``name`` is a part of the names.

        :param real_person: those in groups that checks of real persons made; else all others.
        :raises Unsupported: where the vendor has no list.
        """
        calls = self._persons() if real_person else self._assets()
        call = self._offered(calls.list, "list assets")
        return (yield from self._exchange(call(group_id, name, page)))

    def rename_group(self, group_id: str, name: str) -> Flow[None]:
        """:raises Unsupported: where the vendor cannot."""
        call = self._offered(self._assets().rename_group, "rename groups of assets")
        yield from self._exchange(call(group_id, name))

    def delete_group(self, group_id: str) -> Flow[None]:
        """Delete a group with all assets in it.

        :raises Unsupported: where the vendor cannot.
        """
        yield from self._exchange(
            self._offered(self._assets().delete_group, "delete groups of assets")(group_id)
        )

    def rename(self, asset_id: str, name: str) -> Flow[None]:
        """:raises Unsupported: where the vendor cannot."""
        yield from self._exchange(self._offered(self._assets().rename, "rename assets")(asset_id, name))

    def delete(self, asset_id: str) -> Flow[None]:
        """:raises Unsupported: where the vendor cannot."""
        yield from self._exchange(self._offered(self._assets().delete, "delete assets")(asset_id))

    def start_person_check(self, callback_url: str) -> Flow[PersonCheck]:
        """Begin the check of a real person, who opens its link.

        :raises Unsupported: where the vendor has none.
        :raises SeedanceError: if the vendor does not make the link in time.
        """
        calls = self._persons()
        check = yield from self._exchange(calls.start(callback_url))
        if check.link is None and calls.read is not None:
            check = yield from self._with_link(calls.read(check.token), check)
        if check.link is None:
            raise SeedanceError(
                "the check of a real person has no link", kind=Kind.OVERLOAD, vendor=self.vendor.name
            )
        return check

    def _with_link(self, call: Call[PersonCheck], check: PersonCheck) -> Flow[PersonCheck]:
        """The check when the vendor has made its link, if that is soon."""
        for pause in LOOK_DELAYS:
            yield Pause(pause)
            check = yield from self._exchange(call)
            if check.link is not None:
                break
        return check

    def person_check_result(self, token: str) -> Flow[str | None]:
        """The group that a passed check made; ``None`` while it is not done.

        :raises Unsupported: where the vendor has none.
        """
        return (yield from self._exchange(self._persons().result(token)))

    def find_group(self, name: str) -> Flow[AssetGroup | None]:
        """The group with exactly this name, where the vendor tells which there are."""
        if not self.has_list:
            return None
        for page in count(1):
            answer = yield from self.list_groups(name, page)
            for group in answer.items:
                if group.name == name:
                    return group
            if _is_last(page, len(answer.items), answer.total):
                return None
        raise AssertionError("unreachable")

    def _found_after(self, error: SeedanceError, look: Callable[[], Flow[T | None]]) -> Flow[T]:
        """What a create has made whose answer was lost; it is not sent again.

        :raises SeedanceError: the create's own, if nothing is found.
        """
        for pause in LOOK_DELAYS if error.maybe_accepted else ():
            yield Pause(pause)
            if (found := (yield from look())) is not None:
                return found
        raise error

    def _assets(self) -> AssetCalls:
        if self.vendor.assets is None:
            raise Unsupported("this vendor has no asset library", vendor=self.vendor.name)
        return self.vendor.assets

    def _persons(self) -> PersonCalls:
        return self._offered(self._assets().persons, "check real persons")


def _is_last(page: int, rows: int, total: int) -> bool:
    return not rows or page * rows >= min(total, MAX_LISTED)
