"""A worker in a process of its own that dies by SIGKILL while the bytes of an upload go.

    python -m tests.core.media.killed VENDOR HOST FOLDER WHAT BYTES

It makes a generation or an asset, WHAT, of ``picture.png`` in FOLDER, and dies when BYTES of it have been sent.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.groups import Files
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.media.assets import create_group, upload_asset
from airflow_provider_seedance.core.media.content import FileReader
from airflow_provider_seedance.core.media.deliver import DeliveringClients, MediaDelivery
from airflow_provider_seedance.core.media.uploads import UploadCache
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.record import SubmissionRecord, TaskIdentity
from airflow_provider_seedance.core.submission.submit import Submitter
from airflow_provider_seedance.models import GenerationRequest
from tests.clocks import ImpatientClock

REQUEST = GenerationRequest(prompt="A fox", duration=5, resolution="480p", aspect_ratio="16:9")


class Notes:
    """A file for each record."""

    remembers = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, name: str, value: Any) -> None:
        (self._folder / name.replace("/", "_")).write_text(json.dumps(value))

    def noted(self, name: str) -> Any:
        file = self._folder / name.replace("/", "_")
        return json.loads(file.read_text()) if file.exists() else None


class Records(Notes):
    """Of the one task."""

    def read(self) -> SubmissionRecord | None:
        fields = self.noted("record.json")
        return fields and SubmissionRecord.parse(fields)

    def write(self, record: SubmissionRecord) -> None:
        self.note("record.json", record.to_dict())


class AssetNotes(Notes):
    read, write = Notes.noted, Notes.note


def make_generation(client: SeedanceClient, delivery: MediaDelivery, folder: Path) -> str | None:
    """One try of a task; the generation that it goes on with."""
    request = REQUEST.model_copy(update={"first_frame": str(folder / "picture.png")})
    media = FileReader(Path).identify(request)
    delivering = DeliveringClients(lambda _: client, media, delivery)
    submitter = Submitter(
        delivering,
        Records(folder),
        TaskIdentity("dag", "run", "task", -1, max_tries=3),
        "seedance_test",
        Policies(),
        timeout=3600.0,
        queue_timeout=None,
        clock=ImpatientClock(),
        check=lambda conn_id, _: delivering(conn_id).prepare(),
        media=media.keys,
    )
    return submitter.submit(media.request).record.generation_id


def make_asset(client: SeedanceClient, delivery: MediaDelivery, folder: Path) -> str | None:
    """One try of a task; the asset that it goes on with."""
    notes, file = AssetNotes(folder), str(folder / "picture.png")
    group, _ = create_group(client, "cast", records=notes)
    uploaded = upload_asset(
        client, FileReader(Path), delivery, file=file, group_id=group.group_id, records=notes
    )
    return uploaded.asset.asset_id


WHAT: dict[str, Callable[[SeedanceClient, MediaDelivery, Path], str | None]] = {
    "generation": make_generation,
    "asset": make_asset,
}


def run(vendor: str, host: str, folder: Path, what: str) -> str | None:
    account = Account.create(vendor=vendor, api_key="sk-test-0123456789", host=host)
    delivery = MediaDelivery(Path, UploadCache(str(folder), Path), ImpatientClock())
    with SeedanceClient(account) as client:
        return WHAT[what](client, delivery, folder)


class _Deadly(io.BytesIO):
    """A file that takes the process with it when so much of it has been read, and sent."""

    bytes_left = 0

    def read(self, size: int | None = -1, /) -> bytes:
        if self.bytes_left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        content = super().read(size)
        self.bytes_left -= len(content)
        return content


def die_after(sent: int) -> None:
    """Let each upload's file be a deadly one."""
    upload = Files.upload

    def deadly(self: Any, given: Any) -> Any:
        def open_deadly() -> _Deadly:
            file = _Deadly(given.open().read())
            file.bytes_left = sent
            return file

        return upload.__get__(self, type(self))(replace(given, open=open_deadly))

    Files.upload = deadly  # type: ignore[assignment,method-assign]


if __name__ == "__main__":
    die_after(int(sys.argv[5]))
    run(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4])
