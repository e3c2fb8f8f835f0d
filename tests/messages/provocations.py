"""How each message of the table is provoked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from airflow_provider_seedance.core.batch.paths import check_distinct_destinations
from airflow_provider_seedance.core.batch.rows import read_rows
from airflow_provider_seedance.core.batch.summary import check_complete
from airflow_provider_seedance.core.client.addresses import check_literal
from airflow_provider_seedance.core.client.connection_parts import read_extra
from airflow_provider_seedance.core.landing.manifest import Manifest
from airflow_provider_seedance.core.landing.publish import publish
from airflow_provider_seedance.core.landing.quality import check_quality
from airflow_provider_seedance.core.ledger.engine import make_engine
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.library import Asset, AssetStatus
from airflow_provider_seedance.core.lifecycle.collect import wait_for_video
from airflow_provider_seedance.core.media.asset_records import made_once
from airflow_provider_seedance.core.media.assets import check_usable
from airflow_provider_seedance.core.media.deliver import NotDelivered
from airflow_provider_seedance.core.money import parse_limits
from airflow_provider_seedance.core.polling.decide import WaitState
from airflow_provider_seedance.core.polling.report import TroubleReport
from airflow_provider_seedance.core.submission.decide import (
    Policies,
    PriorSubmission,
    connection_lost,
    decide_by_status,
)
from airflow_provider_seedance.core.submission.max_cost import check_balance
from airflow_provider_seedance.core.submission.outcome import Ended, Refused
from airflow_provider_seedance.core.submission.record import NoRecords, SubmissionRecord
from airflow_provider_seedance.errors import Kind, NoReply, TooManyFailures
from airflow_provider_seedance.models import parse_generation_id
from airflow_provider_seedance.operators import _arguments as arguments
from tests.clocks import ImpatientClock, ManualClock
from tests.ledgers import intent, usd
from tests.messages.scene import (
    RECORD,
    BrokenStore,
    Scene,
    UnreadableStore,
    again,
    budget,
    catalog,
    connection,
    request,
)

Provoke = Callable[[Scene], object]
PRICE = {"family": "seedance-2.0", "unit": "second", "currency": "USD", "amount": "0.1"}
IMAGE = "https://h.example.com/a.png"
#: How vendors tell of generations that have ended without a video.
REJECTED = {
    "object": "generation.task",
    "model": "m",
    "status": "failed",
    "error": {"code": "generation_failed", "message": "the model gave up"},
}
EXPIRED = {"id": "cgt-1", "model": "m", "status": "expired", "created_at": 1_790_000_000}


def _get(scene: Scene, vendor: str, generation_id: str) -> object:
    with scene.client(vendor) as client:
        return client.generations.get(generation_id)


def _wait_for(scene: Scene, vendor: str, generation_id: str, body: Any = None) -> object:
    """Wait by a clock that only pauses move.

    :param body: what the vendor tells of the generation.
    """
    if body is not None:
        scene.emulator.add_fault(vendor=vendor, on="get", kind="reply", body=body, times=5)
    clock = ManualClock()
    wait = WaitState(deadline=clock.now() + 60, started=clock.now())
    report = TroubleReport("Generation", lambda *args: None)
    with scene.client(vendor) as client:
        return wait_for_video(client, generation_id, wait, clock=clock, report=report)


def _wait(scene: Scene, prompt: str) -> object:
    """Submit, and let the vendor's time pass."""
    generation_id = scene.create(prompt=prompt)
    scene.emulator.advance(20_000)
    return _wait_for(scene, "modelark", generation_id)


def _lost(scene: Scene, vendor: str) -> object:
    scene.emulator.add_fault(vendor=vendor, on="create", kind="drop_after_accept")
    return scene.submit(NoRecords(), vendor)


def _lost_and_away(scene: Scene) -> object:
    """The answer is lost, and the vendor does not answer any more."""
    scene.emulator.add_fault(vendor="modelark", on="list", kind="drop_before_accept", times=9)
    return _lost(scene, "modelark")


def _earlier_answer(scene: Scene) -> object:
    """The vendor answers a create with a generation that was there before."""
    scene.emulator.add_fault(
        vendor="toapis",
        on="create",
        kind="reply",
        body={"id": "tsk_vid_1", "status": "queued", "created_at": 1_750_000_000},
    )
    return scene.submit(NoRecords(), "toapis")


def _unknown(*, account_changed: bool) -> object:
    prior = PriorSubmission(RECORD, changed=False, cleared=False, policies=Policies())
    return decide_by_status(prior, None, account_changed=account_changed)


def _ledger(scene: Scene) -> Ledger:
    return Ledger.open(make_engine(make_url(f"sqlite:///{scene.folder}/ledger.db")))


def _over_budget(scene: Scene) -> object:
    limits = parse_limits([{"limit": "1 USD", "per": "day"}])
    return _ledger(scene).insert(intent("a", estimate=usd("2.5")), limits)


def _publish(scene: Scene, change: Callable[[Path], object], destination: str = "public.mp4") -> object:
    """Land a video, change it, and publish it."""
    manifest = scene.land("landed.mp4")
    change(Path(manifest["uri"]))
    return publish(
        Manifest.parse(manifest),
        f"{scene.folder}/{destination}",
        {},
        path_from_uri=Path,
        clock=ImpatientClock(),
    )


def _complete(**counts: int) -> object:
    statuses = ("succeeded", "failed", "uncollected", "uncertain", "in_flight", "not_submitted")
    every = {status: counts.get(status, 0) for status in statuses}
    summary = {"rows": sum(every.values()), "counts": every, "results": "s3://videos/results.jsonl"}
    return check_complete(summary, [], None)


def _raise(error: Exception) -> object:
    raise error


class _Notes(dict[str, Any]):
    """Small notes, as asset records are."""

    def read(self, key: str) -> Any:
        return self.get(key)

    write = dict.__setitem__


def _no_answer() -> str:
    raise NoReply("no answer")


def _twice(scene: Scene) -> object:
    """An asset whose answer never came is asked for again."""
    notes = _Notes()
    with suppress(NoReply):
        made_once(notes, "toapis/1/group/cast", lambda: _no_answer)
    return made_once(notes, "toapis/1/group/cast", lambda: lambda: "g")


def _undelivered(scene: Scene) -> object:
    return _raise(NotDelivered(NoReply("files.example.com gave no complete answer", vendor="evolink")))


def _low_balance(scene: Scene) -> object:
    with scene.client("evolink", api_key="sk-empty", min_balance="5 credits") as client:
        return check_balance(client)


#: Part of the page -> what happens -> how it is made to happen.
MESSAGES: Mapping[str, Mapping[str, Provoke]] = {
    "The request": {
        "a misspelt model": lambda s: request(model="seedence-2.0"),
        "a model of other vendors": lambda s: request("evolink", model="seedance-1.0-pro"),
        "a value that the model lacks": lambda s: request(duration=20),
        "a value with a unit left out": lambda s: request(resolution="720"),
        "a ratio that YAML made a number of": lambda s: request(aspect_ratio=969),
        "a text for a number": lambda s: request(duration="long"),
        "a number for a prompt": lambda s: request(prompt=3.1),
        "a field that is none": lambda s: request(ratio="16:9"),
        "several links in one": lambda s: request(first_frame="https://h/a.png https://h/b.png"),
        "an option that the vendor lacks": lambda s: request("evolink", seed=7),
        "no prompt": lambda s: request("evolink", prompt=None),
        "settings in a prompt": lambda s: request(model="seedance-1.0-pro", prompt="A fox --rs 1080p"),
        "a reference that is not there": lambda s: request(
            "evolink", prompt="@image3 runs", reference_images=[IMAGE]
        ),
        "frames beside references": lambda s: request(first_frame=IMAGE, reference_images=[IMAGE]),
        "a last frame alone": lambda s: request(last_frame=IMAGE),
        "too many references": lambda s: request(reference_images=[f"https://h/{n}.png" for n in range(10)]),
        "sound alone": lambda s: request(reference_audios=["https://h/a.mp3"]),
        "a link that is none": lambda s: request(first_frame="https://"),
        "a vendor's own field of another name": lambda s: request(vendor_options={"ratio": "16:9"}),
        "a link in the place of an id": lambda s: parse_generation_id("https://h/v.mp4", "video"),
        "a file that is not there": lambda s: s.media(first_frame=f"{s.folder}/no.png"),
        "a directory": lambda s: s.media(first_frame=f"{s.folder}"),
        "a file that is no image": lambda s: s.media(first_frame=s.file("a.png", "no image")),
        "a broken data: URI": lambda s: s.media(first_frame="data:image/png;base64,***"),
        "an image that is too small": lambda s: s.media(first_frame=_small_image(s)),
    },
    "The connection": {
        "no vendor": lambda s: connection({"request_timeout": 5}),
        "a misspelt vendor": lambda s: connection({"vendor": "EvoLink"}),
        "a region of another vendor": lambda s: connection({"vendor": "evolink", "region": "cn-beijing"}),
        "no key": lambda s: connection(password=""),
        "a key with blanks": lambda s: connection(password="sk-one two"),
        "a misspelt extra": lambda s: connection({"vendor": "modelark", "max_concurency": 5}),
        "an extra encoded twice": lambda s: connection("{}"),
        "an extra that is no JSON": lambda s: read_extra("{vendor", {}),
        "a host with the vendor's own path": lambda s: connection(host="https://proxy.test/api/v3"),
        "a host that is no URL": lambda s: connection(host="ftp://files"),
        "a port without a host": lambda s: connection(port=80),
        "no number": lambda s: connection({"vendor": "modelark", "request_timeout": "soon"}),
        "half an access key": lambda s: connection({"vendor": "modelark", "access_key_id": "AK"}),
        "an access key for a vendor that signs nothing": lambda s: connection(
            {"vendor": "evolink", "access_key_id": "AK", "secret_access_key": "SK"}
        ),
        "a price of no model": lambda s: catalog(prices=[{**PRICE, "family": "seedence-2.0"}]),
        "a price with a misspelt condition": lambda s: catalog(
            prices=[{**PRICE, "when": {"resolutoin": ["720p"]}}]
        ),
        "a price of no unit": lambda s: catalog(prices=[{**PRICE, "unit": "seconds"}]),
        "a price with a misspelt field": lambda s: catalog(prices=[{**PRICE, "amuont": "1"}]),
        "prices as text": lambda s: catalog(prices=["0.1 USD"]),
    },
    "The operator's arguments": {
        "a choice that is none": lambda s: arguments.choice(
            "on_clear", "regenrate", "reattach", "regenerate"
        ),
        "neither true nor false": lambda s: arguments.switch("preview", "perhaps"),
        "no time": lambda s: arguments.seconds("timeout", "1 hour"),
        "no whole number": lambda s: arguments.whole_number("max_active", "many", least=1),
    },
    "Money": {
        "above max_cost": lambda s: budget("0.10 USD"),
        "no price for max_cost": lambda s: budget("1 USD", "anyfast"),
        "max_cost in another currency": lambda s: budget("60 credits"),
        "no amount": lambda s: budget("a lot"),
        "budgets that cannot be read": lambda s: parse_limits([{"limit": "200 USD", "per": "week"}]),
        "a budget that is used up": _over_budget,
        "a balance below min_balance": _low_balance,
        "a ledger out of reach": lambda s: Ledger.open(
            make_engine(make_url(f"sqlite:///{s.folder}/no/ledger.db"))
        ),
    },
    "The vendor refuses, or does not answer": {
        "a value that the vendor refuses": lambda s: s.answered(
            "modelark",
            400,
            _ark("InvalidParameter", "the parameter duration specified in the request is not valid"),
        ),
        "a reference that the vendor refuses": lambda s: s.answered(
            "evolink", 400, {"error": {"code": "invalid_request", "message": "image_urls[1] cannot be read"}}
        ),
        "a prompt that is moderated": lambda s: s.faulty("modelark", kind="moderation"),
        "a prompt that is moderated, elsewhere": lambda s: s.faulty("toapis", kind="moderation"),
        "a wrong key": lambda s: s.create("evolink", key="sk-invalid"),
        "an empty account": lambda s: s.create("evolink", key="sk-empty"),
        "an id that the vendor does not know": lambda s: _get(s, "evolink", "task-unified-0-abcdefgh"),
        "a state that forbids it": lambda s: s.answered(
            "modelark", 409, _ark("InvalidAction.RunningTaskDeletion", "the task is running")
        ),
        "too many requests": lambda s: s.faulty("modelark", kind="status", status=429),
        "a vendor in trouble": lambda s: s.faulty("toapis", kind="status", status=500),
        "an answer that fits nothing": lambda s: s.answered(
            "evolink", 200, {"error": {"code": "odd", "message": "something odd"}}
        ),
        "a proxy's page": lambda s: s.answered("evolink", 403, "<html>Access denied</html>"),
        "a redirect": lambda s: s.answered("evolink", 302, ""),
        "an answer that cannot be read": lambda s: s.faulty("evolink", kind="malformed"),
        "no answer": lambda s: s.faulty("evolink", kind="drop_after_accept"),
        "no connection": lambda s: _nobody(s),
        "a call that the vendor lacks": lambda s: _cancel(s),
    },
    "The generation ends without a video": {
        "a result that is moderated": lambda s: _wait(s, "[emulator:moderation] A fox"),
        "a failure of the vendor's own": lambda s: _wait(s, "[emulator:fail] A fox"),
        "a failure without a known reason": lambda s: _wait_for(s, "toapis", "tsk_vid_1", REJECTED),
        "a generation that the vendor gave up on": lambda s: _wait_for(s, "modelark", "cgt-1", EXPIRED),
        "a timeout": lambda s: _wait_for(s, "modelark", s.create()),
    },
    "Retries, clears and the record": {
        "a retry after a refusal": lambda s: again(Refused(reason="a face", error=Kind.MODERATION)),
        "a retry after moderation": lambda s: again(
            Ended(status="failed", reason="a face", error=Kind.MODERATION)
        ),
        "a changed request": lambda s: again(Ended(status="succeeded"), changed=True),
        "a lost answer": lambda s: _lost(s, "evolink"),
        "a lost answer of a vendor that stays away": _lost_and_away,
        "a generation that is not this request's": _earlier_answer,
        "another account": lambda s: _unknown(account_changed=True),
        "a generation that is gone": lambda s: _unknown(account_changed=False),
        "a connection that is gone": lambda s: _raise(connection_lost(RECORD, "which cannot be opened")),
        "a damaged record": lambda s: SubmissionRecord.parse({"version": 1}),
        "a record that cannot be read": lambda s: s.submit(UnreadableStore()),
        "a record that cannot be written": lambda s: s.submit(BrokenStore(first=False)),
        "an id that cannot be stored": lambda s: s.submit(BrokenStore(first=True)),
    },
    "Landing and publishing": {
        "a generation that is not finished": lambda s: s.land(
            "v.mp4", video=s.create(prompt="[emulator:stuck] A")
        ),
        "a dead link": lambda s: s.land("v.mp4", kind="status", status=403),
        "a link to an internal address": lambda s: check_literal("10.0.0.1"),
        "a video that is black, with `on_quality='fail'`": lambda s: check_quality(
            {"uri": "s3://videos/fox.mp4", "quality": {"flags": ["black"]}}, "fail"
        ),
        "a video that is too large": lambda s: s.land("v.mp4", settings={"max_video_bytes": 1_000}),
        "a download that breaks off": lambda s: s.land("v.mp4", kind="truncate"),
        "an empty file": lambda s: s.land("v.mp4", kind="reply", body=""),
        "a host that does not go on": lambda s: s.land("v.mp4", kind="status", status=416),
        "a page in the place of a video": lambda s: s.land("v.mp4", kind="malformed"),
        "a broken video": lambda s: s.land("v.mp4", kind="reply", base64=_cut_video()),
        "another file at the destination": lambda s: (s.file("v.mp4", "mine"), s.land("v.mp4")),
        "a file in the place of a folder": lambda s: (s.file("f", "mine"), s.land("f/v.mp4")),
        "a name that cannot be filled in": lambda s: s.land("{row}.mp4"),
        "a landed video that is gone": lambda s: _publish(s, Path.unlink),
        "a landed video that was changed": lambda s: _publish(s, lambda path: path.write_bytes(b"other")),
    },
    "Media and the asset library": {
        "a file that may not have arrived": _undelivered,
        "an asset that is refused": lambda s: check_usable(
            Asset(asset_id="asset-1", vendor_name="hero", status=AssetStatus.FAILED, reason="a real person"),
            "modelark",
        ),
        "an asset that may exist": _twice,
    },
    "Batches": {
        "rows that cannot succeed": lambda s: s.plan([{"prompt": "A fox", "duration": 99}, "A hare"]),
        "no rows": lambda s: read_rows("", Path),
        "rows of another type": lambda s: read_rows({"prompt": "A fox"}, Path),
        "a file of rows that is not there": lambda s: read_rows("/no/rows.csv", Path),
        "a file of another kind": lambda s: read_rows(s.file("rows.txt", "A fox"), Path),
        "a CSV without a header": lambda s: read_rows(s.file("rows.csv", ""), Path),
        "one destination for all rows": lambda s: check_distinct_destinations("s3://videos/clip.mp4"),
        "a batch without success": lambda s: _complete(failed=2),
        "rows that may be billed": lambda s: _complete(succeeded=1, uncertain=1),
        "too many failed rows": lambda s: _raise(
            TooManyFailures(
                "6 rows failed, and max_failures is 5",
                advice="See the results for the reasons; correct these rows, or raise max_failures.",
            )
        ),
    },
}


def _ark(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "param": "", "type": "BadRequest"}}


def _small_image(scene: Scene) -> str:
    from tests.core.media.files import image

    return scene.file("small.png", image(100, 100))


def _cut_video() -> str:
    from base64 import b64encode

    from tests.core.media.files import sample

    return b64encode(sample("reference.mp4")[:5_000]).decode()


def _nobody(scene: Scene) -> object:
    with scene.client("evolink", host="http://127.0.0.1:9") as client:
        return client.account.balance()


def _cancel(scene: Scene) -> object:
    with scene.client("evolink") as client:
        return client.generations.cancel("task-unified-0-abcdefgh")
