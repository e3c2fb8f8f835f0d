"""Paying once, shown on the emulator's ledger: whatever is lost, and wherever a try dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.outcome import Refused
from airflow_provider_seedance.core.submission.record import SubmissionRecord, TaskIdentity
from airflow_provider_seedance.core.submission.submit import Submitter
from airflow_provider_seedance.emulator import serve
from airflow_provider_seedance.errors import (
    ForeignGeneration,
    GenerationFailed,
    IntermediaryReply,
    Kind,
    NotSent,
    OrphanedIntent,
    OutcomeUnknown,
    StaleState,
    StateUnreadable,
    StateUnwritable,
    ValidationRefused,
)
from airflow_provider_seedance.models import GenerationRequest
from tests.clocks import ImpatientClock

VENDORS = ("modelark", "evolink", "anyfast", "toapis")
REQUEST = GenerationRequest(prompt="A kitten yawns", duration=5, resolution="480p", aspect_ratio="16:9")
TASK = TaskIdentity("dag", "run", "task", -1, max_tries=3)


class Dead(BaseException):
    """The process was killed."""


@dataclass
class Memory:
    """A store that can die before or after a write, or be out of order."""

    record: SubmissionRecord | None = None
    writes: int = 0
    dies_before: int | None = None
    dies_after: int | None = None
    broken: bool = False
    fails: list[int] = field(default_factory=list)
    remembers = True

    def read(self) -> SubmissionRecord | None:
        if self.broken:
            raise StateUnreadable("out of order")
        return self.record

    def write(self, record: SubmissionRecord) -> None:
        self.writes += 1
        if self.writes == self.dies_before:
            raise Dead
        if self.writes in self.fails:
            raise StateUnwritable("out of order")
        self.record = record
        if self.writes == self.dies_after:
            raise Dead


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve(port=0, rate=1.0) as emulator:
        yield emulator


@pytest.fixture
def emulator(server: Any) -> Any:
    """The emulator, empty."""
    server.reset()
    server.clear_faults()
    return server


@contextmanager
def submitter(
    emulator: Any,
    vendor: str,
    store: Memory,
    *,
    task: TaskIdentity = TASK,
    policies: Policies | None = None,
    api_key: str = "sk-test-0123456789",
    draw: float = 0.5,
    callback_url: Callable[[SubmissionRecord], str | None] | None = None,
) -> Iterator[Submitter]:
    settings = Account.create(vendor=vendor, api_key=api_key, host=emulator.vendor_url(vendor))
    with SeedanceClient(settings, attempts=1) as client:
        yield Submitter(
            lambda conn_id: client,
            store,
            task,
            "seedance_test",
            policies or Policies(),
            timeout=3600.0,
            queue_timeout=None,
            clock=ImpatientClock(draw=draw),
            callback_url=callback_url,
        )


def submit(
    emulator: Any, vendor: str, store: Memory, request: GenerationRequest = REQUEST, **others: Any
) -> SubmissionRecord:
    with submitter(emulator, vendor, store, **others) as once:
        return once.submit(request).record


def bought(emulator: Any) -> list[str]:
    return [generation["generation_id"] for generation in emulator.ledger()["generations"]]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_submission_is_on_record_before_and_after(emulator: Any, vendor: str) -> None:
    """The intent first, then the id, with the times of the wait."""
    store = Memory()
    record = submit(emulator, vendor, store)
    assert store.writes == 2
    assert store.record == record
    assert [record.generation_id] == bought(emulator)
    assert record.deadline
    assert record.started
    assert (record.deadline - record.started).total_seconds() == 3600.0


def callback_urls_sent(emulator: Any) -> list[str | None]:
    """What each create had as its callback URL."""
    creates = [entry for entry in emulator.requests() if entry["operation"] == "create"]
    return [entry["body"].get("callback_url") for entry in creates]


@pytest.mark.parametrize("vendor", ["modelark", "evolink", "toapis"])
def test_the_vendor_is_told_where_to_tell_of_the_end(emulator: Any, vendor: str) -> None:
    """The URL is of the intent; the request is the same order with it and without."""
    url = "http://127.0.0.1:9/{}".format
    record = submit(emulator, vendor, Memory(), callback_url=lambda intent: url(intent.intent_id))
    assert callback_urls_sent(emulator) == [url(record.intent_id)]
    assert record.has_callback
    plain = submit(emulator, vendor, Memory())
    assert (plain.fingerprint, plain.has_callback) == (record.fingerprint, False)


def test_a_callback_url_of_the_users_own_is_left_alone(emulator: Any) -> None:
    """It is part of the request."""
    own = REQUEST.model_copy(update={"vendor_options": {"callback_url": "https://h.example/own"}})
    submit(emulator, "modelark", Memory(), own, callback_url=lambda intent: "http://127.0.0.1:9/ours")
    assert callback_urls_sent(emulator) == ["https://h.example/own"]


@pytest.mark.parametrize("wanted", [None, "http://127.0.0.1:9/x"])
def test_no_url_goes_to_a_vendor_that_has_no_callbacks(emulator: Any, wanted: str | None) -> None:
    """Nor anywhere if there is none."""
    submit(emulator, "anyfast", Memory(), callback_url=lambda intent: wanted)
    assert callback_urls_sent(emulator) == [None]


def test_a_create_that_is_sent_again_names_the_same_url(emulator: Any) -> None:
    """The vendor knows the order by its key; the URL is what it was."""
    emulator.add_fault(on="create", kind="drop_before_accept")
    submit(emulator, "toapis", Memory(), callback_url=lambda intent: f"http://127.0.0.1:9/{intent.intent_id}")
    urls = callback_urls_sent(emulator)
    assert len(urls) == 2
    assert len(set(urls)) == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_next_try_goes_on_with_what_is_paid(emulator: Any, vendor: str) -> None:
    """The same generation, the same deadline."""
    store = Memory()
    first = submit(emulator, vendor, store)
    second = submit(emulator, vendor, store)
    assert (second.generation_id, second.deadline) == (first.generation_id, first.deadline)
    assert emulator.ledger()["creates_received"] == 1


@pytest.mark.parametrize("vendor", ["modelark", "toapis"])
def test_a_lost_reply_is_reconciled_where_the_vendor_can_be_asked(emulator: Any, vendor: str) -> None:
    """ModelArk by its list, ToAPIs by our own key: one create, one generation, found."""
    emulator.add_fault(vendor=vendor, on="create", kind="drop_after_accept", times=1)
    record = submit(emulator, vendor, Memory())
    assert [record.generation_id] == bought(emulator)
    assert emulator.ledger()["creates_received"] == 1


@pytest.mark.parametrize("vendor", ["evolink", "anyfast"])
def test_a_lost_reply_elsewhere_is_said_and_not_repeated(emulator: Any, vendor: str) -> None:
    """Vendor, time, model and the ways out are named; no try pays again."""
    emulator.add_fault(vendor=vendor, on="create", kind="drop_after_accept", times=1)
    store = Memory()
    for _ in range(2):
        with pytest.raises(
            OrphanedIntent, match=f"{vendor}: one text video of seedance-2.0 may have been bought at"
        ):
            submit(emulator, vendor, store)
    assert len(bought(emulator)) == 1
    assert emulator.ledger()["creates_received"] == 1


@pytest.mark.parametrize("vendor", ["evolink", "anyfast"])
def test_resubmitting_is_the_users_choice(emulator: Any, vendor: str) -> None:
    """A new intent, counted; the one before may have bought something."""
    emulator.add_fault(vendor=vendor, on="create", kind="drop_after_accept", times=1)
    record = submit(emulator, vendor, Memory(), policies=Policies(on_orphaned_intent="resubmit"))
    assert (record.intent_number, record.unbilled_intents) == (2, 0)
    assert len(bought(emulator)) == 2


def test_an_intent_that_the_list_does_not_show_is_void(emulator: Any) -> None:
    """Where the user lets another one follow it, the record tells how many bought something."""
    emulator.add_fault(vendor="modelark", on="create", kind="drop_before_accept", times=2)
    record = submit(emulator, "modelark", Memory(), policies=Policies(on_orphaned_intent="resubmit"))
    assert (record.intent_number, record.unbilled_intents) == (3, 2)
    assert [record.generation_id] == bought(emulator)


def test_a_create_that_never_arrived_is_sent_again_under_the_same_key(emulator: Any) -> None:
    """ToAPIs knows for sure that it has none."""
    emulator.add_fault(vendor="toapis", on="create", kind="drop_before_accept", times=1)
    record = submit(emulator, "toapis", Memory())
    assert record.intent_number == 1
    assert [record.generation_id] == bought(emulator)


@pytest.mark.parametrize("vendor", ["modelark", "toapis"])
def test_another_account_proves_nothing(emulator: Any, vendor: str) -> None:
    """That it does not know the request says nothing about the one that was asked to make it."""
    store = Memory(dies_after=1)
    with pytest.raises(Dead):
        submit(emulator, vendor, store)
    with pytest.raises(OrphanedIntent, match="the connection's key or host has changed since"):
        submit(emulator, vendor, store, api_key="sk-other-0123456789")
    assert bought(emulator) == []


def test_an_empty_list_proves_nothing_by_itself(emulator: Any) -> None:
    """ModelArk may show a task late: paying again is the user's choice."""
    emulator.add_fault(vendor="modelark", on="create", kind="drop_before_accept", times=1)
    with pytest.raises(OrphanedIntent, match="list does not show it"):
        submit(emulator, "modelark", Memory())


def test_twins_in_the_list_are_told_apart(emulator: Any) -> None:
    """Two equal requests of two tasks lose their replies: each finds its own."""
    emulator.add_fault(vendor="modelark", on="create", kind="drop_after_accept", times=2)
    records = [
        submit(emulator, "modelark", Memory(), task=replace(TASK, map_index=index)) for index in range(2)
    ]
    assert sorted(record.generation_id or "" for record in records) == sorted(bought(emulator))


@pytest.mark.parametrize(
    ("death", "vendor"),
    [
        (death, vendor)
        for death in ({"dies_before": 1}, {"dies_after": 1}, {"dies_before": 2}, {"dies_after": 2})
        for vendor in VENDORS
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, next(iter(value.items())))),
)
def test_wherever_a_try_dies_at_most_one_is_bought(emulator: Any, death: dict[str, int], vendor: str) -> None:
    """Before or after the intent is written, before or after the id is: two tries, one bill at most."""
    store = Memory(**death)
    with pytest.raises(Dead):
        submit(emulator, vendor, store)
    before = bought(emulator)
    store.dies_before = store.dies_after = None
    try:
        record = submit(emulator, vendor, store)
    except OrphanedIntent:
        assert vendor in ("evolink", "anyfast") or not before
        assert bought(emulator) == before
    else:
        assert bought(emulator) == [record.generation_id]


def test_an_unreadable_record_stops_everything(emulator: Any) -> None:
    """It is not "no record"."""
    with pytest.raises(StateUnreadable, match="Nothing was sent"):
        submit(emulator, "evolink", Memory(broken=True))
    assert bought(emulator) == []


def test_an_intent_that_cannot_be_stored_is_not_paid_for(emulator: Any) -> None:
    """The record comes first."""
    with pytest.raises(StateUnwritable):
        submit(emulator, "evolink", Memory(fails=[1]))
    assert bought(emulator) == []


def test_an_id_that_cannot_be_stored_at_once_is_stored_a_little_later(emulator: Any) -> None:
    """It is worth some attempts."""
    store = Memory(fails=[2, 3])
    record = submit(emulator, "evolink", store)
    assert store.record == record


def test_an_id_that_cannot_be_stored_at_all_is_told(emulator: Any) -> None:
    """So that it can be adopted by hand."""
    with pytest.raises(StateUnwritable) as caught:
        submit(emulator, "evolink", Memory(fails=[2, 3, 4, 5]))
    assert bought(emulator)[0] in str(caught.value)


def test_a_refused_request_leaves_no_orphan(emulator: Any) -> None:
    """A clear submits afresh, a retry does not; the record tells that only one of the two bought something."""
    emulator.add_fault(vendor="evolink", on="create", kind="status", status=400, times=1)
    store = Memory()
    for _ in range(2):
        with pytest.raises(ValidationRefused):
            submit(emulator, "evolink", store)
    record = submit(emulator, "evolink", store, task=replace(TASK, max_tries=7))
    assert (record.intent_number, record.unbilled_intents) == (2, 1)
    assert len(bought(emulator)) == 1


def test_an_unreachable_vendor_leaves_no_orphan(emulator: Any) -> None:
    """Surely nothing was sent."""
    store = Memory()
    settings = Account.create(vendor="evolink", api_key="sk-test-0123456789", host="http://127.0.0.1:1")
    with submitter(emulator, "evolink", store) as once, SeedanceClient(settings, attempts=1) as nowhere:
        with pytest.raises(NotSent):
            replace(once, open_client=lambda conn_id: nowhere).submit(REQUEST)
        assert once.submit(REQUEST).record.intent_number == 2
    assert len(bought(emulator)) == 1


@pytest.mark.parametrize(
    ("vendor", "on", "fault", "kind"),
    [
        ("modelark", "list", {"kind": "drop_before_accept"}, Kind.CONNECTION),
        ("modelark", "list", {"kind": "status", "status": 503}, Kind.OVERLOAD),
        ("modelark", "list", {"kind": "status", "status": 401}, Kind.AUTHENTICATION),
        ("toapis", "get", {"kind": "drop_before_accept"}, Kind.CONNECTION),
        ("toapis", "get", {"kind": "status", "status": 503}, Kind.RATE_LIMIT),
    ],
)
def test_not_being_able_to_look_is_not_finding_nothing(
    emulator: Any, vendor: str, on: str, fault: dict[str, Any], kind: Kind
) -> None:
    """The error says what may have been bought, and that a retry asks again; which finds it."""
    emulator.add_fault(vendor=vendor, on="create", kind="drop_after_accept", times=1)
    emulator.add_fault(vendor=vendor, on=on, times=9, **fault)
    store = Memory()
    with pytest.raises(
        OutcomeUnknown, match=r"(?s)one text video of .* may have been bought at 20.*asks again"
    ) as e:
        submit(emulator, vendor, store)
    assert (e.value.kind, e.value.maybe_accepted) == (kind, True)
    emulator.clear_faults()
    assert [submit(emulator, vendor, store).generation_id] == bought(emulator)


def test_a_changed_request_does_not_pay_beside_a_running_one(emulator: Any) -> None:
    """Unless the user says so."""
    store = Memory()
    submit(emulator, "evolink", store)
    changed = REQUEST.model_copy(update={"prompt": "A dog yawns"})
    with pytest.raises(StaleState):
        submit(emulator, "evolink", store, changed)
    record = submit(emulator, "evolink", store, changed, policies=Policies(on_stale_state="resubmit"))
    assert len(bought(emulator)) == 2
    assert (record.earlier_generation_ids, record.unbilled_intents) == ((bought(emulator)[0],), 0)


def test_a_clear_goes_on_or_starts_anew_as_the_user_chose(emulator: Any) -> None:
    """A clear raises max_tries; a retry does not."""
    store = Memory()
    first = submit(emulator, "evolink", store)
    cleared = replace(TASK, max_tries=7)
    assert submit(emulator, "evolink", store, task=cleared).generation_id == first.generation_id
    again = replace(TASK, max_tries=11)
    anew = submit(emulator, "evolink", store, task=again, policies=Policies(on_clear="regenerate"))
    assert anew.generation_id != first.generation_id
    kept = submit(emulator, "evolink", store, task=again, policies=Policies(on_clear="regenerate"))
    assert kept.generation_id == anew.generation_id


def test_a_moderated_generation_is_not_paid_for_again_by_a_retry(emulator: Any) -> None:
    """A clear may."""
    blocked = REQUEST.model_copy(update={"prompt": "[emulator:moderation]"})
    store = Memory()
    submit(emulator, "evolink", store, blocked)
    emulator.advance(3600)
    with pytest.raises(GenerationFailed) as caught:
        submit(emulator, "evolink", store, blocked)
    assert not caught.value.retryable
    assert submit(emulator, "evolink", store, blocked, task=replace(TASK, max_tries=7)).intent_number == 2


def test_a_generation_that_broke_is_replaced_by_a_retry(emulator: Any) -> None:
    """Vendor trouble: a new, recorded intent; what failed was not billed."""
    broken = REQUEST.model_copy(update={"prompt": "[emulator:fail]"})
    store = Memory()
    first = submit(emulator, "evolink", store, broken)
    emulator.advance(3600)
    second = submit(emulator, "evolink", store, broken)
    assert (second.intent_number, second.unbilled_intents) == (2, 1)
    assert second.earlier_generation_ids == (first.generation_id,)


@pytest.mark.parametrize("vendor", VENDORS)
def test_two_airflows_with_the_same_dag_never_share_a_generation(emulator: Any, vendor: str) -> None:
    """Staging and production on one account: the key of an intent is unique beyond one Airflow."""
    staging = submit(emulator, vendor, Memory(), draw=0.1)
    production = submit(emulator, vendor, Memory(), draw=0.2)
    assert staging.intent_id != production.intent_id
    assert staging.generation_id != production.generation_id
    assert len(bought(emulator)) == 2


def test_a_retry_keeps_the_key_of_its_intent(emulator: Any) -> None:
    """It is on record, so that a vendor that knows it can tell what became of it."""
    store = Memory()
    emulator.add_fault(on="create", kind="drop_after_accept", times=1)
    first = submit(emulator, "toapis", store, draw=0.1)
    again = submit(emulator, "toapis", store, draw=0.9)
    assert (first.intent_id, first.generation_id) == (again.intent_id, again.generation_id)
    assert len(bought(emulator)) == 1


def test_without_a_record_all_tries_of_a_run_send_one_key() -> None:
    """And another run of the same name, in another Airflow, sends another one."""
    one, other = (replace(TASK, run_started=started) for started in ("2026-03-01T12:00", "2026-03-01T12:01"))
    assert one.intent_id(1, random=None) == one.intent_id(1, random=None)
    assert one.intent_id(1, random=None) != other.intent_id(1, random=None)


def test_a_generation_that_is_older_than_its_intent_is_not_taken(emulator: Any) -> None:
    """A vendor that replays answers an old key with an old film; nothing is bought, and no film is swapped."""
    request = REQUEST.model_copy(update={"vendor_options": {"client_business_id": "campaign-7"}})
    old = submit(emulator, "toapis", Memory(), request)
    store = Memory()
    with submitter(emulator, "toapis", store) as later:
        later = replace(later, clock=ImpatientClock(ahead=100_000.0))
        with pytest.raises(ForeignGeneration, match="before this request was made") as refused:
            later.submit(request)
    assert refused.value.generation_id == old.generation_id
    assert not refused.value.retryable
    assert isinstance(store.record.outcome, Refused)
    assert len(bought(emulator)) == 1


HIDDEN = {"Id": "task-77", "video": {"url": "https://h/v.mp4?sig=secret"}}


@pytest.mark.parametrize("vendor", ["evolink", "anyfast"])
def test_an_answer_without_a_readable_id_is_kept_for_people(
    emulator: Any, vendor: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Log, record and error quote it without its secrets; the next try says it again, and takes what a person sets."""
    emulator.add_fault(vendor=vendor, on="create", kind="reply", status=200, body=HIDDEN, accept=True)
    store = Memory()
    for _ in range(2):
        with pytest.raises(OrphanedIntent, match="task-77") as caught:
            submit(emulator, vendor, store)
        assert "secret" not in str(caught.value)
    assert store.record is not None
    assert "task-77" in (store.record.unread_reply or "")
    assert "task-77" in caplog.text
    store.record = store.record.replace(generation_id=bought(emulator)[0])
    assert submit(emulator, vendor, store).generation_id == bought(emulator)[0]
    assert emulator.ledger()["creates_received"] == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_id_in_another_place_is_taken(emulator: Any, vendor: str) -> None:
    """The gateway wraps what the vendor has accepted."""
    body = {"code": 200, "message": "success", "data": {"taskId": "task-unified-1777288506-abcd1234"}}
    emulator.add_fault(vendor=vendor, on="create", kind="reply", status=200, body=body, accept=True)
    assert submit(emulator, vendor, Memory()).generation_id == "task-unified-1777288506-abcd1234"


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "reply",
    [
        {"status": 404, "body": "404 page not found"},
        {"status": 404, "body": {"message": "no Route matched with those values"}},
        {"status": 403, "body": "<html>Access denied"},
        {"status": 404},
    ],
)
def test_what_came_in_between_is_no_ground_for_buying(
    emulator: Any, vendor: str, reply: dict[str, Any]
) -> None:
    """Neither a retry nor a clear pays again while the vendor has not said that it does not know the generation."""
    store = Memory()
    first = submit(emulator, vendor, store)
    for on in ("get", "list"):
        emulator.add_fault(vendor=vendor, on=on, kind="reply", times=None, **reply)
    for task in (TASK, replace(TASK, max_tries=7)):
        with pytest.raises(IntermediaryReply):
            submit(emulator, vendor, store, task=task)
    emulator.clear_faults()
    assert submit(emulator, vendor, store).generation_id == first.generation_id
    assert emulator.ledger()["creates_received"] == 1
