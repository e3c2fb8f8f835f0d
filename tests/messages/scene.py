"""What a message needs to be provoked: a client before the emulator, a folder, and a few shortcuts."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow_provider_seedance.core.batch.plan import make_plan
from airflow_provider_seedance.core.batch.rows import read_rows
from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.connection_parts import join_address, read_extra
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.lifecycle.collect import land_video
from airflow_provider_seedance.core.media.check import check_media
from airflow_provider_seedance.core.media.content import FileReader
from airflow_provider_seedance.core.submission.decide import Policies, PriorSubmission, decide_by_record
from airflow_provider_seedance.core.submission.max_cost import check_budget
from airflow_provider_seedance.core.submission.outcome import Outcome
from airflow_provider_seedance.core.submission.record import NoRecords, SubmissionRecord, TaskIdentity
from airflow_provider_seedance.core.submission.submit import Submitter
from airflow_provider_seedance.emulator import Emulator
from airflow_provider_seedance.errors import StateUnreadable, StateUnwritable
from airflow_provider_seedance.models import GenerationRequest
from tests.clocks import ImpatientClock

KEY = "sk-messages-0123456789"
SMALL = {"prompt": "A fox", "duration": 4, "resolution": "480p", "aspect_ratio": "16:9"}
RECORD = SubmissionRecord(
    intent_number=1,
    intent_id="sd-1-1",
    vendor="evolink",
    seedance_conn_id="studio",
    fingerprint="v1:a",
    intended_at=datetime(2026, 11, 21, tzinfo=timezone.utc),
    max_tries=2,
    generation_id="task-unified-1",
)


def region_of(vendor: str) -> str:
    return "ap-southeast" if vendor == "modelark" else "global"


def catalog(vendor: str = "modelark", **others: Any) -> Catalog:
    return Catalog.load(vendor, region_of(vendor), **others)


def request(vendor: str = "modelark", **fields: Any) -> Any:
    """Check a request as the operator does before it pays."""
    return catalog(vendor).prepare(GenerationRequest.parse({"prompt": "A fox", **fields}))


def connection(extra: Any = None, *, password: str = KEY, **parts: Any) -> Account:
    """Check the parts of a connection as the hook does."""
    read = read_extra("{...}", {"vendor": "modelark"} if extra is None else extra)
    host = join_address(parts.get("host"), parts.get("port"), parts.get("schema"))
    return Account.create(**{"vendor": None, **read, "api_key": password, "host": host})


def budget(max_cost: Any, vendor: str = "modelark") -> None:
    check_budget(catalog(vendor).estimate(GenerationRequest(prompt="A fox")), max_cost, vendor=vendor)


def again(outcome: Outcome | None, *, changed: bool = False) -> Any:
    """Try again with a record that has this outcome."""
    record = RECORD.replace(outcome=outcome)
    return decide_by_record(PriorSubmission(record, changed, cleared=False, policies=Policies()))


class BrokenStore(NoRecords):
    """A store that cannot be written: at once, or once an id is to be stored.

    :param first: whether the first write goes through.
    """

    def __init__(self, *, first: bool) -> None:
        super().__init__()
        self.first = first

    def write(self, record: SubmissionRecord) -> None:
        if not self.first or record.generation_id:
            raise StateUnwritable("Airflow's task state cannot be written (500)")


class UnreadableStore(NoRecords):
    def read(self) -> SubmissionRecord | None:
        raise StateUnreadable("Airflow's task state cannot be read (500)")


@dataclass
class Scene:
    """Where messages are provoked.

    :param emulator: without faults; its clock stands still.
    :param folder: an empty one.
    """

    emulator: Emulator
    folder: Path
    videos: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def client(self, vendor: str = "modelark", **settings: Any) -> Iterator[SeedanceClient]:
        given = {"api_key": KEY, "host": self.emulator.vendor_url(vendor), "connection": "studio", **settings}
        with SeedanceClient(
            Account.create(vendor=vendor, **given), attempts=1, clock=ImpatientClock()
        ) as client:
            yield client

    def create(self, vendor: str = "modelark", *, key: str = KEY, **fields: Any) -> str:
        """Submit a request, and tell the id of its generation."""
        with self.client(vendor, api_key=key) as client:
            request = GenerationRequest.parse({**SMALL, **fields})
            return client.generations.create(request).generation_id

    def answered(self, vendor: str, status: int, body: Any, on: str = "create") -> Any:
        """Submit a request that is answered so."""
        self.emulator.add_fault(vendor=vendor, on=on, kind="reply", status=status, body=body)
        return self.create(vendor)

    def faulty(self, vendor: str = "modelark", **fault: Any) -> Any:
        """Submit a request that meets this fault."""
        self.emulator.add_fault(**{"vendor": vendor, "on": "create", **fault})
        return self.create(vendor)

    def video(self, vendor: str = "modelark") -> str:
        """The id of a finished generation."""
        if vendor not in self.videos:
            self.videos[vendor] = self.create(vendor)
            self.emulator.advance(20_000)
        return self.videos[vendor]

    def land(self, destination: str, *, video: Any = None, settings: Any = None, **fault: Any) -> Any:
        """Land a finished video, with a fault at its download."""
        video = video or self.video()
        if fault:
            self.emulator.add_fault(**{"on": "download", "times": 50, **fault})
        with self.client(**(settings or {})) as client:
            target = f"{self.folder}/{destination}"
            return land_video(client, video, target, path_from_uri=Path, clock=ImpatientClock())

    def submit(self, store: Any, vendor: str = "evolink", **policies: Any) -> Any:
        """Submit as the operator does, with a record."""
        with self.client(vendor) as client:
            return Submitter(
                lambda conn_id: client,
                store,
                TaskIdentity("dag", "run", "task", -1, max_tries=3),
                "studio",
                Policies(**policies),
                timeout=3600.0,
                queue_timeout=None,
                clock=ImpatientClock(),
            ).submit(GenerationRequest(**SMALL))

    def media(self, vendor: str = "modelark", **fields: Any) -> Any:
        """Read and check the files of a request."""
        media = FileReader(Path).identify(GenerationRequest.parse({"prompt": "A fox", **fields}))
        return check_media(catalog(vendor), media)

    def file(self, name: str, content: bytes | str) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def plan(self, rows: Any, defaults: Any = None, **options: Any) -> Any:
        """Check the rows of a batch."""
        with self.client() as client:
            options = {"max_failures": None, "max_cost": None, **options}
            return make_plan(client, read_rows(rows, Path), defaults, **options)

    @cached_property
    def landed(self) -> dict[str, Any]:
        """The manifest of a landed video."""
        return copy.deepcopy(json.loads(json.dumps(self.land("landed.mp4"))))


#: How far ahead a deadline lies.
SOON = timedelta(seconds=5)
