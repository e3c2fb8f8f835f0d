"""ModelArk's list, and what becomes of a wish to cancel."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.client.flows import Cancellation
from airflow_provider_seedance.errors import Kind, NotFound
from airflow_provider_seedance.models import (
    Failed,
    GenerationPage,
    ListQuery,
    Status,
)
from tests.contract.account import AccountUnderTest, Open

FLEX = {"model": "seedance-1.5-pro", "prompt": "Overnight", "service_tier": "flex"}
LITTLE = {"model": "seedance-2.0-mini", "prompt": "Little", "duration": 4}


@pytest.fixture
def account(opened: Open) -> AccountUnderTest:
    return opened("modelark")


def _listed(account: AccountUnderTest, **query: object) -> list[str]:
    page: GenerationPage = account("generations.list", ListQuery(**query))
    assert page.total == len(page.items)
    return [generation.generation_id for generation in page.items]


def test_an_account_without_generations(account: AccountUnderTest) -> None:
    """An empty page."""
    assert account("generations.list", ListQuery()) == GenerationPage(total=0, items=())


def test_what_a_list_tells_is_what_a_look_tells(account: AccountUnderTest) -> None:
    """For every state, links and reasons included."""
    good, bad = account.create(), account.create(prompt="[emulator:moderation]", duration=4)
    account.emulator.advance(9_000)
    waiting = account.create()
    page = account("generations.list", ListQuery())
    assert {type(generation).__name__ for generation in page.items} == {"Pending", "Failed", "Succeeded"}
    for generation in page.items:
        seen = account.get(generation.generation_id)
        if isinstance(seen, Failed):  # each answer has a request id of its own in its message
            assert isinstance(generation, Failed)
            assert (generation.failure.kind, generation.failure.code) == (
                seen.failure.kind,
                seen.failure.code,
            )
        else:
            assert generation == seen
    assert {generation.generation_id for generation in page.items} == {good, bad, waiting}


def test_a_list_by_ids(account: AccountUnderTest) -> None:
    """Those that the vendor does not know are missing from it."""
    ids = [account.create() for _ in range(4)]
    assert set(_listed(account, ids=(ids[1], ids[3], "cgt-unknown"))) == {ids[1], ids[3]}


def test_a_list_by_many_ids_is_one_request(account: AccountUnderTest) -> None:
    """As many as a page holds."""
    ids = [account.create() for _ in range(120)]
    assert set(_listed(account, ids=tuple(ids), page_size=500)) == set(ids)
    assert account.sent("list") == 1


def test_a_list_by_status(account: AccountUnderTest) -> None:
    """In our words, which are ModelArk's."""
    done = account.create()
    account.emulator.advance(9_000)
    waiting = account.create()
    assert _listed(account, status=Status.SUCCEEDED) == [done]
    assert _listed(account, status=Status.QUEUED) == [waiting]
    assert _listed(account, status=Status.FAILED) == []


def test_a_list_by_model(account: AccountUnderTest) -> None:
    """By the vendor's own id."""
    account.create()
    little = account.create(**LITTLE)
    assert _listed(account, model="dreamina-seedance-2-0-mini-260615") == [little]


def test_a_list_by_tier(account: AccountUnderTest) -> None:
    """Unless asked for, the offline tier stays hidden."""
    online, offline = account.create(), account.create(**FLEX)
    assert _listed(account) == [online]
    assert _listed(account, service_tier="flex") == [offline]


def test_pages(account: AccountUnderTest) -> None:
    """Newest first; each one is told how many there are in all."""
    ids = [account.create() for _ in range(5)]
    pages = [account("generations.list", ListQuery(page=page, page_size=2)) for page in (1, 2, 3, 4)]
    assert [page.total for page in pages] == [5, 5, 5, 5]
    assert [[item.generation_id for item in page.items] for page in pages] == [
        [ids[4], ids[3]],
        [ids[2], ids[1]],
        [ids[0]],
        [],
    ]


def test_records_are_gone_after_a_week(account: AccountUnderTest) -> None:
    """From the list and by id."""
    generation_id = account.create()
    account.emulator.advance(7 * 86_400 - 1)
    assert _listed(account) == [generation_id]
    account.emulator.advance(1)
    assert _listed(account) == []
    with pytest.raises(NotFound):
        account.get(generation_id)


def test_cancelling_what_is_queued(account: AccountUnderTest) -> None:
    """It ends without a bill."""
    generation_id = account.create()
    assert account("generations.cancel", generation_id) is Cancellation.CANCELLED
    seen = account.get(generation_id)
    assert isinstance(seen, Failed)
    assert (seen.status, seen.failure.kind) == (Status.CANCELLED, Kind.CANCELLED)
    assert account.emulator.ledger()["generations"][0]["billed"] is False


def test_cancelling_what_runs(account: AccountUnderTest) -> None:
    """Too late, and said so; the vendor is not even asked."""
    generation_id = account.create()
    account.emulator.advance(30)
    assert account("generations.cancel", generation_id) is Cancellation.RUNNING
    assert account.sent("cancel") == 0


@pytest.mark.parametrize("prompt", ["Good", "[emulator:fail]"])
def test_cancelling_what_has_ended_keeps_its_record(account: AccountUnderTest, prompt: str) -> None:
    """The vendor's own call would delete it, and with it the link to a paid video."""
    ended = account.finished(prompt=prompt, duration=4)
    assert account("generations.cancel", ended.generation_id) is Cancellation.ENDED
    assert account.get(ended.generation_id).status is ended.status


def test_cancelling_twice(account: AccountUnderTest) -> None:
    """The second time there is nothing left to do."""
    generation_id = account.create()
    account("generations.cancel", generation_id)
    assert account("generations.cancel", generation_id) is Cancellation.ENDED


def test_cancelling_what_is_unknown(account: AccountUnderTest) -> None:
    """An error that names it."""
    with pytest.raises(NotFound, match="cgt-20260101120000-abcde"):
        account("generations.cancel", "cgt-20260101120000-abcde")
