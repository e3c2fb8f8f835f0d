"""Asset libraries: reviewed media in groups, to which requests refer as ``asset://<id>``.

Three vendors have one. Their APIs differ, but the stored data is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from airflow_provider_seedance.emulator.media.inputs import Media

REVIEW_SECONDS = 8.0
CHECK_SECONDS = 20.0
"""For which a real person is busy with an identity check, which is always passed: nobody can do one here."""
_REJECTIONS = {
    "[emulator:moderation]": "The asset may contain sensitive content.",
    "[emulator:fail]": "The asset could not be processed.",
}


@dataclass
class Group:
    """A named set of assets."""

    id: str
    owner: str
    name: str
    description: str
    kind: str
    created_at: float
    updated_at: float


@dataclass
class Asset:
    """One medium, which can be used after its review."""

    id: str
    owner: str
    group: Group
    name: str
    kind: str
    """image, video or audio."""
    url: str
    media: Media | None
    """None means that the source could not be downloaded, so the asset fails."""
    created_at: float
    updated_at: float

    def status(self, now: float) -> str:
        """``processing``, then ``active`` or ``failed``."""
        if now < self.created_at + REVIEW_SECONDS:
            return "processing"
        return "active" if self.media and self.rejection is None else "failed"

    @property
    def rejection(self) -> str | None:
        """Why the review refuses it: ``[emulator:moderation]`` and ``[emulator:fail]`` in its name say so."""
        return next((reason for word, reason in _REJECTIONS.items() if word in self.name), None)


@dataclass
class IdentityCheck:
    """The check of a real person, who opens a link in a browser."""

    owner: str
    started_at: float
    group: Group | None = None
    """The group that the passed check made."""

    def passed(self, now: float) -> bool:
        """Whether the person is through with it."""
        return now >= self.started_at + CHECK_SECONDS


class AssetLibrary:
    """Groups and assets by id, in the order of their creation."""

    def __init__(self, token: Callable[[int], str]) -> None:
        self.token = token
        self.groups: dict[str, Group] = {}
        self.assets: dict[str, Asset] = {}
        self.checks: dict[str, IdentityCheck] = {}
        """Identity checks of real persons by their tokens."""

    def group(self, group_id: object, owner: str) -> Group | None:
        """The group with that id, if it belongs to that owner."""
        group = self.groups.get(str(group_id))
        return group if group and group.owner == owner else None

    def asset(self, asset_id: object, owner: str | None = None) -> Asset | None:
        """The asset with that id; if an owner is given, only one that belongs to that owner."""
        asset = self.assets.get(str(asset_id))
        return asset if asset and owner in (None, asset.owner) else None

    def check(self, token: str, owner: str) -> IdentityCheck | None:
        """The identity check with that token, if it belongs to that owner."""
        check = self.checks.get(token)
        return check if check and check.owner == owner else None

    def delete_group(self, group: Group) -> None:
        """Delete a group with everything in it."""
        del self.groups[group.id]
        self.assets = {key: asset for key, asset in self.assets.items() if asset.group is not group}
