"""What is said to a vendor, step by step, without a socket or a clock."""

from __future__ import annotations

import copy
from collections.abc import Generator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.client.flows import (
    CLOCK_SKEW,
    AccountFlows,
    Cancellation,
    Flow,
    GenerationFlows,
    Pause,
    Send,
    Step,
)
from airflow_provider_seedance.core.client.retry import MAX_ATTEMPTS
from airflow_provider_seedance.core.vendors.contract import (
    API,
    AccountCalls,
    Call,
    GenerationCalls,
    HttpRequest,
    HttpResponse,
    Listing,
    Service,
    Vendor,
)
from airflow_provider_seedance.errors import (
    ConfigurationError,
    Conflict,
    IntermediaryReply,
    Kind,
    MalformedReply,
    NoReply,
    NotFound,
    NotSent,
    RateLimited,
    RequestInvalid,
    SeedanceError,
    Unsupported,
    VendorUnavailable,
    refusal,
)
from airflow_provider_seedance.models import (
    Balance,
    Generation,
    GenerationPage,
    GenerationRequest,
    ListQuery,
    Pending,
    Status,
)

REQUEST = GenerationRequest(prompt="A kitten yawns")
SINCE = datetime(2026, 1, 1, tzinfo=timezone.utc)

#: What comes back for a request: what its reading gives, or the error that it is.
Reply = Any


def _call(method: str, path: str, *, repeatable: bool = True) -> Call[Any]:
    def read(response: HttpResponse) -> Any:
        """The test puts what is to be read into the headers, which a vendor's reading would make of the body."""
        found = response.headers["read"]
        if isinstance(found, SeedanceError):
            raise found
        return found

    return Call(HttpRequest(method, path), read, repeatable=repeatable)  # type: ignore[arg-type]


def _listed(query: ListQuery) -> Call[Any]:
    return _call("GET", f"/list/{query.service_tier}/{query.page}")


API_HOST = (Service(API, {"global": "https://api.example.com"}),)
BARE = Vendor(
    name="bare",
    services=API_HOST,
    generations=GenerationCalls(
        create=lambda request: _call("POST", f"/create/{request.prompt}", repeatable=False),
        get=lambda generation_id: _call("GET", f"/get/{generation_id}"),
    ),
    account=AccountCalls(probe=lambda: _call("GET", "/probe")),
)
FULL = Vendor(
    name="full",
    services=API_HOST,
    generations=replace(
        BARE.generations,
        cancel=lambda generation_id: _call("DELETE", f"/get/{generation_id}", repeatable=False),
        mark=lambda request, intent_id: request.model_copy(update={"prompt": intent_id}),
        matches=lambda request, seen: seen.model == request.prompt,
    ),
    account=replace(
        BARE.account, balance=lambda: (_call("GET", "/balance/key"), _call("GET", "/balance/account"))
    ),
    listing=Listing(_listed, ("usual", "cheap"), largest_page_size=5, last_page=3, ids_per_request=5),
)
BY_KEY = Vendor(
    name="by key",
    services=API_HOST,
    generations=replace(
        BARE.generations,
        mark=FULL.generations.mark,
        find=lambda request: _call("GET", f"/get/{request.prompt}"),
    ),
    account=BARE.account,
)


def _seen(generation_id: str = "g-1", status: Status = Status.QUEUED, **fields: Any) -> Generation:
    return Pending(vendor="full", generation_id=generation_id, status=status, **fields)


def _play(conversation: Flow[Any], replies: Sequence[Reply]) -> tuple[Any, list[Step]]:
    """The outcome of a conversation in which the vendor answers like this, and the steps it took."""
    left, steps = list(replies), []
    try:
        step = next(conversation)
        while True:
            steps.append(step)
            step = _answered(conversation, step, left)
    except StopIteration as end:
        outcome = end.value
    except SeedanceError as error:
        outcome = error
    assert left == [], "all answers were asked for"
    return outcome, steps


def _answered(conversation: Generator[Step, HttpResponse | None, Any], step: Step, left: list[Reply]) -> Step:
    if isinstance(step, Pause):
        return conversation.send(None)
    reply = left.pop(0)
    if isinstance(reply, (NotSent, NoReply)):
        return conversation.throw(reply)
    status = reply if isinstance(reply, int) else 200
    return conversation.send(HttpResponse(status, {"read": reply}, b"", 0.0))


def _flows(vendor: Vendor = FULL, chance: float = 0.5, **options: Any) -> GenerationFlows:
    return GenerationFlows(vendor, lambda: chance, **options)


def _sends(steps: list[Step]) -> list[str]:
    return [f"{step.request.method} {step.request.path}" for step in steps if isinstance(step, Send)]


def _pauses(steps: list[Step]) -> list[float]:
    return [step.seconds for step in steps if isinstance(step, Pause)]


def test_a_call_that_succeeds_is_one_step() -> None:
    """Nothing before it, nothing after."""
    outcome, steps = _play(_flows().get("g-1"), [_seen()])
    assert outcome == _seen()
    assert _sends(steps) == ["GET /get/g-1"]


def test_only_what_may_be_sent_once_gets_a_connection_of_its_own() -> None:
    """Creates and cancels; looks share theirs."""
    _, created = _play(_flows().create(REQUEST), [_seen()])
    _, cancelled = _play(_flows().cancel("g-1"), [_seen(), None])
    single_use = [step.single_use_connection for step in (*created, *cancelled) if isinstance(step, Send)]
    assert single_use == [True, False, True]


def test_a_look_is_repeated_with_growing_pauses() -> None:
    """Half of each bound, since chance draws a half."""
    outcome, steps = _play(_flows().get("g-1"), [NoReply("x"), NotSent("x"), NoReply("x"), _seen()])
    assert outcome == _seen()
    assert _pauses(steps) == [0.5, 1.0, 2.0]


def test_there_is_an_end_to_repeating() -> None:
    """Then the error goes to the caller, told whom and what it is about."""
    outcome, steps = _play(_flows().get("g-1"), [NoReply("x")] * MAX_ATTEMPTS)
    assert isinstance(outcome, NoReply)
    assert (outcome.vendor, outcome.generation_id) == ("full", "g-1")
    assert len(_sends(steps)) == MAX_ATTEMPTS


def test_a_caller_in_a_hurry_asks_once() -> None:
    """Such as a task that is being killed."""
    _, steps = _play(_flows(attempts=1).get("g-1"), [NoReply("x")])
    assert len(steps) == 1


@pytest.mark.parametrize(
    "lost", [NoReply("x"), VendorUnavailable("x", http_status=502)], ids=lambda error: type(error).__name__
)
def test_a_create_with_an_unknown_outcome_is_never_repeated(lost: SeedanceError) -> None:
    """It may have been billed."""
    outcome, steps = _play(_flows().create(REQUEST), [lost])
    assert outcome is lost
    assert len(steps) == 1


@pytest.mark.parametrize(
    "harmless",
    [NotSent("x"), RateLimited("x", http_status=429, retry_after=3.0)],
    ids=lambda error: type(error).__name__,
)
def test_a_create_that_surely_had_no_effect_is_repeated(harmless: SeedanceError) -> None:
    """No connection, or a clear "one too many"."""
    outcome, steps = _play(_flows().create(REQUEST), [harmless, _seen()])
    assert outcome == _seen()
    assert _sends(steps) == ["POST /create/A kitten yawns"] * 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_a_look_is_trouble_that_passes(status: int) -> None:
    """A login gate answers so for a while; it is not followed either."""
    outcome, steps = _play(_flows().get("g-1"), [status, _seen()])
    assert (outcome, len(_sends(steps))) == (_seen(), 2)
    outcome, _ = _play(_flows().get("g-1"), [status] * MAX_ATTEMPTS)
    assert isinstance(outcome, IntermediaryReply)
    assert "redirect" in str(outcome)


@pytest.mark.parametrize(
    "wrong", ["", ".", "..", "a/b", "a b", "cgt\n1", "任务", "a" * 201, None, {"id": "a"}]
)
def test_what_cannot_be_an_id_is_refused(wrong: Any) -> None:
    """It would change the request's path, and nothing is sent."""
    for conversation in (_flows().get(wrong), _flows().cancel(wrong), _flows().list(_ids(wrong))):
        outcome, steps = _play(conversation, [])
        assert isinstance(outcome, RequestInvalid)
        assert steps == []


def test_a_number_is_an_id() -> None:
    """As text."""
    assert _sends(_play(_flows().get(12345), [_seen()])[1]) == ["GET /get/12345"]  # type: ignore[arg-type]


def _ids(wrong: Any) -> ListQuery:
    return ListQuery.model_construct(ids=(wrong,), page=1, page_size=None, service_tier=None)


@pytest.mark.parametrize(
    "error", [NotFound("no such path", http_status=404), IntermediaryReply("page", http_status=404)]
)
@pytest.mark.parametrize("what", ["create", "list", "probe", "balance"])
def test_a_404_that_is_about_no_generation_names_the_host(error: SeedanceError, what: str) -> None:
    """The id is not what is unknown."""
    flows = AccountFlows(FULL, lambda: 0.5, 1, "proxy.example.com")
    generations = GenerationFlows(FULL, lambda: 0.5, 1, "proxy.example.com")
    conversations: dict[str, Flow[Any]] = {
        "create": generations.create(REQUEST),
        "list": generations.list(ListQuery()),
        "probe": flows.probe(),
        "balance": flows.balance(),
    }
    outcome, _ = _play(conversations[what], [copy.copy(error)])
    assert str(outcome).startswith("full: proxy.example.com answered")
    assert "check the connection's host" in str(outcome)


def test_a_probe_that_finds_another_server_names_the_host() -> None:
    """A page at the address is no answer of the vendor's, and a wrong address no trouble of the vendor's."""
    flows = AccountFlows(FULL, lambda: 0.5, 1, "proxy.example.com:8443", "videos")
    outcome, _ = _play(flows.probe(), [MalformedReply("the answer is not a JSON object")])
    assert str(outcome) == (
        "full: proxy.example.com:8443 does not answer as full does: the answer is not a JSON object"
        " (connection videos).\nCheck the connection's host: the vendor's API is not there."
    )


@pytest.mark.parametrize("kind", [Kind.AUTHENTICATION, Kind.BALANCE, Kind.VALIDATION, Kind.RATE_LIMIT])
def test_an_error_that_the_connection_may_be_to_blame_for_names_it(kind: Kind) -> None:
    """Its key, its account, its address; not the request, nor the vendor's load."""
    flows = GenerationFlows(FULL, lambda: 0.5, 1, "the host", "videos")
    outcome, _ = _play(flows.get("g-1"), [refusal(kind, "no", http_status=400)])
    assert ("connection videos" in str(outcome)) is (kind in (Kind.AUTHENTICATION, Kind.BALANCE))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """It would take the key elsewhere."""
    outcome, steps = _play(_flows().create(REQUEST), [status])
    assert isinstance(outcome, ConfigurationError)
    assert outcome.maybe_accepted is (status in (302, 303))
    assert len(steps) == 1


def test_a_create_is_marked_with_its_intent() -> None:
    """Where the vendor has a field for that, and there is an intent."""
    assert _sends(_play(_flows().create(REQUEST, "sd-1"), [_seen()])[1]) == ["POST /create/sd-1"]
    assert _sends(_play(_flows(BARE).create(REQUEST, "sd-1"), [_seen()])[1]) == [
        "POST /create/A kitten yawns"
    ]


def test_cancelling_looks_first() -> None:
    """What runs or has ended is left alone."""
    assert _play(_flows().cancel("g-1"), [_seen(status=Status.RUNNING)])[0] is Cancellation.RUNNING
    outcome, steps = _play(_flows().cancel("g-1"), [_seen(), None])
    assert outcome is Cancellation.CANCELLED
    assert _sends(steps) == ["GET /get/g-1", "DELETE /get/g-1"]


def test_cancelling_too_late_is_said_honestly() -> None:
    """The vendor refuses to delete what has begun to run."""
    assert _play(_flows().cancel("g-1"), [_seen(), Conflict("x", http_status=409)])[0] is Cancellation.RUNNING


@pytest.mark.parametrize(
    "trouble",
    [NotSent("x"), NoReply("x"), RateLimited("x", http_status=429, retry_after=30.0)],
    ids=lambda error: type(error).__name__,
)
def test_a_cancel_is_never_repeated(trouble: SeedanceError) -> None:
    """After a pause it might hit a finished generation, and delete the record of a paid video."""
    outcome, steps = _play(_flows().cancel("g-1"), [_seen(), trouble])
    assert outcome is trouble
    assert _pauses(steps) == []


@pytest.mark.parametrize(
    ("conversation", "said"),
    [
        (lambda flows: flows.cancel("g-1"), "cannot cancel: the generation runs on and will be billed"),
        (lambda flows: flows.list(ListQuery()), "cannot list"),
        (lambda flows: flows.list_all(), "cannot list"),
        (lambda flows: AccountFlows(flows.vendor, flows.chance).balance(), "does not tell its balance"),
        (lambda flows: flows.find(REQUEST, "sd-1", SINCE), "cannot look a lost generation up"),
    ],
)
def test_what_a_vendor_lacks_is_said_and_nothing_is_sent(conversation: Any, said: str) -> None:
    """With its name."""
    outcome, steps = _play(conversation(_flows(BARE)), [])
    assert isinstance(outcome, Unsupported)
    assert said in outcome.message
    assert outcome.vendor == "bare"
    assert steps == []


@pytest.mark.parametrize(
    ("amounts", "lowest"),
    [((5, 3), 3), ((3, 5), 3), ((None, 3), 3), ((3, None), 3), ((None, None), None)],
)
def test_the_balance_is_the_lowest_limit(amounts: tuple[int | None, int | None], lowest: int | None) -> None:
    """No limit is the highest."""
    limits = [
        Balance(amount=None if amount is None else Decimal(amount), currency="credits") for amount in amounts
    ]
    outcome, _ = _play(AccountFlows(FULL, lambda: 0.5).balance(), limits)
    assert outcome.amount == lowest


def _page(*generations: Generation, total: int | None = None) -> GenerationPage:
    return GenerationPage(total=len(generations) if total is None else total, items=generations)


def test_list_all_is_all_tiers_and_all_pages() -> None:
    """One that moved from page to page meanwhile counts once."""
    first = _page(_seen("a"), _seen("b"), total=6)
    outcome, steps = _play(
        _flows().list_all(),
        [first, _page(_seen("b"), _seen("c"), total=6), _page(_seen("d"))],
    )
    assert [seen.generation_id for seen in outcome] == ["a", "b", "c", "d"]
    assert _sends(steps) == ["GET /list/usual/1", "GET /list/usual/2", "GET /list/cheap/1"]


def test_a_list_that_shrinks_while_it_is_read_ends() -> None:
    """An empty page is the last, whatever the total says."""
    outcome, _ = _play(_flows().list_all(), [_page(total=9999), _page(total=9999)])
    assert outcome == ()


def test_a_list_is_read_to_its_last_page_only() -> None:
    """The vendor gives no further ones, however many there are."""
    full = _page(_seen("a"), _seen("b"), total=9999)
    _, steps = _play(_flows().list_all(), [full] * 6)
    assert _sends(steps)[:3] == ["GET /list/usual/1", "GET /list/usual/2", "GET /list/usual/3"]
    assert len(steps) == 6


@pytest.mark.parametrize("wrong", [{"page": 4}, {"page_size": 6}])
def test_a_page_that_the_vendor_does_not_give_is_refused(wrong: dict[str, int]) -> None:
    """The refusal names the field and its bound, and nothing is sent."""
    outcome, steps = _play(_flows().list(ListQuery(**wrong)), [])
    assert isinstance(outcome, RequestInvalid)
    assert [problem.field for problem in outcome.problems] == list(wrong)
    assert steps == []


def test_a_lost_generation_is_found_by_all_that_is_echoed() -> None:
    """Made after the intent, as far as the vendor's clock can be trusted, and marked like it."""
    candidates = [
        _seen("ours", model="sd-1", created_at=SINCE),
        _seen("fast clock", model="sd-1", created_at=SINCE - CLOCK_SKEW),
        _seen("too old", model="sd-1", created_at=SINCE - CLOCK_SKEW - timedelta(seconds=1)),
        _seen("another's", model="sd-2", created_at=SINCE),
        _seen("undated", model="sd-1"),
    ]
    outcome, _ = _play(_flows().find(REQUEST, "sd-1", SINCE), [_page(*candidates), _page()])
    assert [seen.generation_id for seen in outcome] == ["ours", "fast clock"]


def test_a_vendor_that_finds_by_key_is_asked_by_key() -> None:
    """Its "not found" means that there is none; any other error says nothing."""
    outcome, steps = _play(_flows(BY_KEY).find(REQUEST, "sd-1", SINCE), [_seen()])
    assert outcome == (_seen(),)
    assert _sends(steps) == ["GET /get/sd-1"]
    assert _play(_flows(BY_KEY).find(REQUEST, "sd-1", SINCE), [NotFound("x", http_status=404)])[0] == ()
    lasting = [NoReply("x")] * MAX_ATTEMPTS
    assert isinstance(_play(_flows(BY_KEY).find(REQUEST, "sd-1", SINCE), lasting)[0], NoReply)
