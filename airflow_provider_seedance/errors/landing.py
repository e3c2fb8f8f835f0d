"""Why a finished video could not be brought home."""

from __future__ import annotations

from functools import cached_property

from airflow_provider_seedance.core.error_kinds import Kind
from airflow_provider_seedance.errors.base import SeedanceError


class LandingError(SeedanceError):
    """A finished video could not be brought home."""

    kind = Kind.LANDING

    @cached_property
    def billed(self) -> bool | None:
        return bool(self.generation_id)


class LinkDead(LandingError):
    """The result link no longer answers, and the vendor has no fresh one. A retry would find the same."""

    @property
    def retryable(self) -> bool:
        return False


class LinkRefused(LandingError):
    """A result link leads to where this connection may not go, such as an internal address. Nothing was sent there."""

    kind = Kind.CONFIGURATION


class VideoTooLarge(LandingError):
    """More bytes were promised, or came, than ``[seedance] max_video_bytes`` allows."""

    kind = Kind.CONFIGURATION


class ResumeRefused(LandingError):
    """The host does not go on where a download broke off, or has another file by now."""


class DownloadIncomplete(LandingError):
    """Fewer bytes came than were promised."""


class VideoCorrupt(LandingError):
    """The bytes are complete but are not a whole MP4 file."""


class NoVideo(VideoCorrupt):
    """A result link answered with something else than a video, such as a page or a message."""


class DestinationError(LandingError):
    """The destination cannot be written: no permission, no space, no such store."""


class QualityRejected(LandingError):
    """A landed video differs from its order, or is black, frozen or silent, and ``on_quality`` is ``"fail"``."""

    kind = Kind.REJECTED
