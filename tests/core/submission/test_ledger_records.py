"""The ledger as the record of intents: one submission under overlap, and nothing lost while it is out of reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.ledger import spend
from airflow_provider_seedance.core.ledger.budgets import SpendLimitReached
from airflow_provider_seedance.core.ledger.ledger import IntentTaken, Ledger
from airflow_provider_seedance.core.money import parse_limits
from airflow_provider_seedance.core.submission.ledger_records import (
    IntentBook,
    LedgerRecords,
    later,
    owner_of,
)
from airflow_provider_seedance.core.submission.outcome import Ended, Refused
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.core.submission.submit import Submitter
from airflow_provider_seedance.emulator import serve
from airflow_provider_seedance.errors import (
    LedgerUnavailable,
    ModerationRefused,
    NoReply,
    SeedanceError,
    StateUnreadable,
    StateUnwritable,
)
from airflow_provider_seedance.models import Cost, GenerationRequest
from tests.clocks import ImpatientClock
from tests.core.submission.test_overlap import Interrupted
from tests.core.submission.test_submit import REQUEST, TASK, VENDORS, Dead, Memory, bought, submitter

RECORD = SubmissionRecord(
    intent_number=1,
    intent_id="sd-1-1",
    vendor="evolink",
    seedance_conn_id="seedance_default",
    fingerprint="v1:a",
    intended_at=datetime(2026, 11, 21, tzinfo=timezone.utc),
    max_tries=2,
)


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve(port=0, rate=1.0) as running:
        yield running


@pytest.fixture
def emulator(server: Any) -> Any:
    """The emulator, empty."""
    server.reset()
    server.clear_faults()
    return server


def out_of_reach() -> Ledger:
    raise LedgerUnavailable("the ledger is not reachable")


def records(ledger: Ledger, summary: Memory | None = None, **changes: Any) -> LedgerRecords:
    book = IntentBook(lambda: ledger, ImpatientClock(), **changes)
    return LedgerRecords(book, owner_of(TASK), summary or Memory())


@contextmanager
def trying(emulator: Any, vendor: str, store: LedgerRecords, **changes: Any) -> Iterator[Submitter]:
    with submitter(emulator, vendor, store, **changes) as made:  # type: ignore[arg-type]
        yield replace(made, begin=store.begin)


def rows(ledger: Ledger) -> list[dict[str, Any]]:
    return list(spend.history(ledger.engine, spend.Filter()))


@pytest.mark.parametrize("vendor", VENDORS)
def test_two_tries_that_both_saw_nothing_buy_one_video(emulator: Any, ledger: Ledger, vendor: str) -> None:
    """The second cannot make the intent; it finds the first one's and follows it."""
    first = records(ledger)

    class Blind(LedgerRecords):
        """Reads the record before the first try writes it."""

        def read(self) -> SubmissionRecord | None:
            if not bought(emulator):
                with trying(emulator, vendor, first, draw=0.25) as other:
                    other.submit(REQUEST)
                return None
            return super().read()

    second = Blind(first.book, first.owner, Memory())
    with trying(emulator, vendor, second, draw=0.75) as trier:
        record = trier.submit(REQUEST).record
    assert [record.generation_id] == bought(emulator)
    assert emulator.ledger()["creates_received"] == 1
    assert [row["generation_id"] for row in rows(ledger)] == bought(emulator)


@pytest.mark.parametrize("vendor", ["modelark", "evolink"])
def test_a_try_follows_the_one_that_is_still_sending(emulator: Any, ledger: Ledger, vendor: str) -> None:
    """It looks at the record between its looks at the vendor, also where that cannot be asked."""
    first, second = records(ledger), records(ledger)
    followed: list[SubmissionRecord] = []

    with trying(emulator, vendor, first) as slow, trying(emulator, vendor, second) as other:

        def meanwhile() -> None:
            clock = Awaiting(lambda: first.write(known))
            created = slow.open_client("").generations.create(REQUEST, intent_id())
            known = first.read().replace(generation_id=created.generation_id)  # type: ignore[union-attr]
            followed.append(replace(other, clock=clock).submit(REQUEST).record)
            raise NoReply("cut off")

        def intent_id() -> str:
            record = first.read()
            assert record
            return record.intent_id

        client = Interrupted(slow.open_client(""), meanwhile)
        patched = replace(slow, open_client=lambda _: Pricing(client))
        record = patched.submit(REQUEST).record
    assert [record.generation_id] == [followed[0].generation_id] == bought(emulator)


class Awaiting(ImpatientClock):
    """A clock in whose second pause something happens."""

    def __init__(self, then: Any) -> None:
        super().__init__()
        self.then = then

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.pauses) == 2:
            self.then()


class Pricing:
    """An interrupted client that also tells prices."""

    def __init__(self, client: Interrupted) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        inner: Any = self._client.client
        return getattr(self._client if hasattr(Interrupted, name) else inner, name)


def test_nothing_is_sent_while_the_ledger_cannot_be_read(emulator: Any) -> None:
    """ "Could not look" is an error, and a retry may help."""
    store = LedgerRecords(IntentBook(out_of_reach, ImpatientClock()), owner_of(TASK), Memory())
    with trying(emulator, "evolink", store) as trier, pytest.raises(StateUnreadable) as caught:
        trier.submit(REQUEST)
    assert caught.value.retryable
    assert emulator.ledger()["creates_received"] == 0


def test_an_intent_that_the_summary_does_not_take_is_given_back(emulator: Any, ledger: Ledger) -> None:
    """Nothing is sent, and nothing stays reserved."""
    store = records(ledger, Memory(fails=[1]))
    with trying(emulator, "modelark", store) as trier, pytest.raises(StateUnwritable, match="out of order"):
        trier.submit(REQUEST)
    (row,) = rows(ledger)
    assert (row["status"], row["cost_amount"]) == ("refused", "0")
    assert emulator.ledger()["creates_received"] == 0


class FlakyBook(IntentBook):
    """Its first writes fail."""

    def __init__(self, ledger: Ledger, failures: int) -> None:
        super().__init__(lambda: ledger, ImpatientClock())
        object.__setattr__(self, "left", iter(range(failures)))

    def write(self, *args: Any, **kwargs: Any) -> None:
        if next(self.left, None) is not None:  # type: ignore[attr-defined]
            raise StateUnwritable("the ledger is out of order")
        super().write(*args, **kwargs)


@pytest.mark.parametrize(("failures", "status"), [(0, "refused"), (3, "refused"), (4, "intended")])
def test_giving_back_is_tried_again(ledger: Ledger, failures: int, status: str, caplog: Any) -> None:
    """The error is what was out of order first, no trouble of the vendor's; what stays reserved is told."""
    book = FlakyBook(ledger, failures)
    store = LedgerRecords(book, owner_of(TASK), Memory(fails=[1]))
    with pytest.raises(StateUnwritable, match=r"^out of order"):
        store.begin(RECORD, REQUEST, Priced())
    (row,) = rows(ledger)
    assert row["status"] == status
    assert not book.read(store.owner).attempt.in_trouble  # type: ignore[union-attr]
    assert ("ledger resolve" in caplog.text) is (status == "intended")


class Priced:
    """A client that tells a price, under a limit of one at a time."""

    vendor_name, account_id, finds_by_key = "toapis", "own", True
    limits: Any = parse_limits([{"limit": "1 USD", "per": "day"}])
    generations = property(lambda self: self)

    def estimate_cost(self, request: GenerationRequest) -> Cost:
        return Cost(amount=Decimal(1), currency="USD", basis="estimated")

    def find(self, *asked: Any) -> tuple[Any, ...]:
        return ()

    def get(self, generation_id: str) -> Any:
        raise NoReply("out of reach")


def of_toapis(number: int) -> SubmissionRecord:
    return RECORD.replace(intent_id=f"sd-{number}", vendor="toapis", account_id="own")


def test_what_is_sent_once_more_is_reserved_once_more(ledger: Ledger) -> None:
    """Another task may have taken the room that it had given back; it is sent only if there is room again."""
    late = IntentBook(lambda: ledger, ImpatientClock(ahead=660))
    book, first, second = IntentBook(lambda: ledger, ImpatientClock()), of_toapis(1), of_toapis(2)
    one, two = owner_of(TASK), owner_of(replace(TASK, task_id="second"))
    book.begin(one, first, REQUEST, Priced())
    book.begin(one, first, REQUEST, Priced())
    late.begin(two, second, REQUEST, Priced())
    with pytest.raises(SpendLimitReached):
        late.begin(one, first, REQUEST, Priced())
    late.write(two, second.replace(outcome=Refused(reason="no")))
    late.begin(one, first, REQUEST, Priced())
    assert {row["intent_id"]: row["cost_basis"] for row in rows(ledger)} == {
        "sd-1": "reserved",
        "sd-2": "billed",
    }
    with pytest.raises(SpendLimitReached):
        late.begin(two, second.replace(intent_number=2, intent_id="sd-3"), REQUEST, Priced())


def test_what_has_an_id_is_not_sent_once_more(ledger: Ledger) -> None:
    """The ledger knows what became of it."""
    store, client = records(ledger), Priced()
    client.limits = ()
    store.begin(of_toapis(1), REQUEST, client)
    store.write(of_toapis(1).replace(generation_id="g"))
    with pytest.raises(IntentTaken):
        store.begin(of_toapis(1), REQUEST, client)


def test_an_id_that_the_ledger_does_not_take_is_in_the_summary(emulator: Any, ledger: Ledger) -> None:
    """The next try finds it there, goes on with it, and puts it into the ledger."""
    summary, opened = Memory(), iter([ledger, ledger])
    book = IntentBook(lambda: next(opened, None) or out_of_reach(), ImpatientClock())
    with trying(emulator, "modelark", LedgerRecords(book, owner_of(TASK), summary)) as trier:
        first = trier.submit(REQUEST).record
    assert rows(ledger)[0]["generation_id"] is None
    with trying(emulator, "modelark", records(ledger, summary)) as trier:
        assert trier.submit(REQUEST).record.generation_id == first.generation_id
    assert [row["generation_id"] for row in rows(ledger)] == bought(emulator)


@pytest.mark.parametrize("vendor", ["modelark", "toapis"])
def test_a_task_under_way_is_taken_over(emulator: Any, ledger: Ledger, vendor: str) -> None:
    """What was submitted before there was a ledger is not bought again."""
    summary = Memory()
    with submitter(emulator, vendor, summary) as before:
        first = before.submit(REQUEST).record
    with trying(emulator, vendor, records(ledger, summary)) as after:
        assert after.submit(REQUEST).record.generation_id == first.generation_id
    assert [row["generation_id"] for row in rows(ledger)] == bought(emulator)


def test_a_try_that_died_before_it_sent_is_gone_on_with(emulator: Any, ledger: Ledger) -> None:
    """Under the same intent, since the vendor has none with its key."""
    store = records(ledger, Memory(dies_after=1))
    with trying(emulator, "toapis", store) as trier, pytest.raises(Dead):
        trier.submit(REQUEST)
    with trying(emulator, "toapis", records(ledger, store.summary)) as trier:  # type: ignore[arg-type]
        trier.submit(REQUEST)
    assert [row["intent_id"] for row in rows(ledger)] == [store.summary.read().intent_id]  # type: ignore[union-attr]
    assert len(bought(emulator)) == 1


def test_what_is_reserved_and_settled_stands_in_the_row(emulator: Any, ledger: Ledger) -> None:
    """With who, what and where; the prompt is kept unless that is switched off."""
    signed = "https://example.com/fox.png?X-Amz-Signature=0123456789abcdef"
    request = REQUEST.model_copy(update={"first_frame": signed})
    store = records(ledger)
    with trying(emulator, "modelark", store) as trier:
        record = trier.submit(request).record
    (row,) = rows(ledger)
    assert (row["dag_id"], row["run_id"], row["task_id"], row["map_index"]) == ("dag", "run", "task", -1)
    assert (row["prompt"], row["model"], row["mode"]) == (request.prompt, "seedance-2.0", "first_frame")
    assert (row["status"], row["cost_basis"]) == ("submitted", "reserved")
    assert Decimal(row["cost_amount"]) > 0
    cost = Cost(amount=Decimal("0.3"), currency="USD", basis="billed")
    store.write(record.replace(outcome=Ended(status="succeeded", cost=cost, tokens=7)))
    (row,) = rows(ledger)
    assert (row["status"], row["cost_amount"], row["tokens"]) == ("succeeded", "0.3", 7)
    with ledger.engine.connect() as connection:
        stored = str(connection.exec_driver_sql("SELECT * FROM seedance_intents").fetchall())
    assert "0123456789abcdef" not in stored


def test_what_a_refusal_is_about_stands_in_the_ledger(emulator: Any, ledger: Ledger) -> None:
    """The next try, and whoever reads the history, need not ask the vendor again."""
    emulator.add_fault(vendor="modelark", on="create", kind="moderation", medium="text")
    store = records(ledger)
    with trying(emulator, "modelark", store) as trier, pytest.raises(ModerationRefused):
        trier.submit(REQUEST)
    outcome = (ledger.latest_record(store.owner.key) or {})["outcome"]
    told = {name: outcome[name] for name in ("kind", "error", "stage", "medium", "field", "param")}
    assert told == {
        "kind": "refused",
        "error": "moderation",
        "stage": "input",
        "medium": "text",
        "field": "prompt",
        "param": "content[0]",
    }


def test_prompts_can_be_left_out(ledger: Ledger) -> None:
    """Of the columns and of the request."""
    book = IntentBook(lambda: ledger, ImpatientClock(), keeps_prompts=False)
    order = book.order_of(GenerationRequest(prompt="A secret campaign"), Cost())
    assert order.prompt is None
    assert "campaign" not in str(order)


def test_a_reservation_whose_owner_died_is_settled_by_the_vendors_word(emulator: Any, ledger: Ledger) -> None:
    """Where a budget leaves no room: what has ended is settled, and what was never accepted is given back."""
    limits = parse_limits([{"limit": "100 USD", "per": "day"}])
    request = GenerationRequest(prompt="A fox", duration=4, resolution="480p", aspect_ratio="16:9")

    def pay(task_id: str, clock: ImpatientClock, *, dies_after: int | None = None) -> None:
        task = replace(TASK, task_id=task_id)
        store = LedgerRecords(
            IntentBook(lambda: ledger, clock),
            owner_of(task),
            Memory(dies_after=dies_after),
        )
        with trying(emulator, "toapis", store, task=task) as trier:
            client = trier.open_client("")
            object.__setattr__(client.settings, "budgets", limits)  # type: ignore[attr-defined]
            replace(trier, clock=clock).submit(request)

    def reserved() -> Decimal:
        return sum(Decimal(row["cost_amount"]) for row in rows(ledger) if row["cost_basis"] == "reserved")  # type: ignore[return-value]

    now = ImpatientClock()
    with pytest.raises(Dead):
        pay("died", now, dies_after=1)
    each = reserved()
    limits = parse_limits([{"limit": f"{each * 2} {rows(ledger)[0]['cost_currency']}", "per": "day"}])
    pay("lives", now)
    with pytest.raises(SpendLimitReached):
        pay("third", now)
    emulator.advance(20_000)
    pay("fourth", ImpatientClock(ahead=timedelta(minutes=11).total_seconds()))
    statuses = {row["task_id"]: row["status"] for row in rows(ledger)}
    assert statuses == {"died": "refused", "lives": "succeeded", "fourth": "submitted"}


@pytest.mark.parametrize(
    ("noted", "summary", "expected"),
    [
        (None, RECORD, "summary"),
        (RECORD, None, "noted"),
        (RECORD.replace(intent_number=2), RECORD, "noted"),
        (RECORD, RECORD.replace(intent_number=2), "summary"),
        (RECORD.replace(generation_id="x"), RECORD, "noted"),
        (RECORD, RECORD.replace(generation_id="x"), "summary"),
        (RECORD.replace(outcome=Refused()), RECORD, "noted"),
        (RECORD, RECORD.replace(outcome=Refused()), "summary"),
    ],
)
def test_the_record_that_knows_more_counts(
    noted: SubmissionRecord | None, summary: SubmissionRecord | None, expected: str
) -> None:
    """The later intent, then the one with an id, then the one with an outcome."""
    assert later(noted, summary) is (noted if expected == "noted" else summary)


def test_errors_of_the_ledger_are_errors_of_the_record() -> None:
    """So that whoever waits for a video does not lose it."""
    book = IntentBook(out_of_reach, ImpatientClock())
    with pytest.raises(StateUnwritable) as caught:
        book.write(owner_of(TASK), RECORD)
    assert isinstance(caught.value, SeedanceError)
