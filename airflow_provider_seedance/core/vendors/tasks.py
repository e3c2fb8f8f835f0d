"""The task in an answer: where gateways put it, whose id it has, and the links to its video."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from airflow_provider_seedance.core.vendors.contract import CallbackHint, HttpResponse
from airflow_provider_seedance.core.vendors.reading import (
    as_dict,
    as_id,
    as_link,
    as_text,
    as_word,
    malformed,
    required,
)
from airflow_provider_seedance.core.vendors.replies import (
    ERROR_OBJECT,
    ErrorDetails,
    OwnShape,
    effective_status,
    is_vendors_own,
)
from airflow_provider_seedance.core.vendors.status_words import PENDING, WORDS, status_of
from airflow_provider_seedance.core.vendors.strict_json import parse_json
from airflow_provider_seedance.models import Pending, Status

#: Members in which gateways wrap a task, alone or in a list of one.
WRAPPERS = ("data", "result", "task", "output", "response")
_DEEPEST_WRAPPER = 3
#: Names of a task's id.
ID_NAMES = ("id", "task_id", "taskId", "generation_id", "generationId")
#: Further names of it that only an accepted create is searched for.
_CREATED_ID_NAMES = (*ID_NAMES, "video_id", "videoId", "job_id", "jobId")
#: Usually the names of a trace id; that of a task only if it has the form of the vendor's ids.
_TRACE_NAMES = ("request_id", "requestId")
#: A wrong one makes a video be lost: it is believed only of what is certainly a task.
_BAD_ENDS = (Status.FAILED, Status.EXPIRED, Status.CANCELLED)
_STATUS_NAMES = ("status", "state", "task_status")
#: What only a task has: an answer without them and without an id is not taken for the end of one.
_SIGNS_OF_A_TASK = ("model", "object", "created", "created_at", "submit_time", "task_info")

_LINK_NAMES = (
    "video_url",
    "videoUrl",
    "result_url",
    "resultUrl",
    "video",
    "url",
    "download_url",
    "downloadUrl",
)
_LINK_PLACES = (
    "content",
    "results",
    "result_data",
    "result",
    "videos",
    "video_urls",
    "result_urls",
    "urls",
    "output",
    "outputs",
    "data",
    "response",
    "task_result",
    "metadata",
)
_LINK_MEMBERS = (*_LINK_NAMES, *_LINK_PLACES)
_MOST_LINKS = 8
_DEEPEST_LINK = 4


def created_id(response: HttpResponse, body: Mapping[str, Any], prefixes: tuple[str, ...]) -> str:
    """The id of a task that a create has made, wherever a gateway puts it.

    :param prefixes: how the vendor's ids begin; they tell an id from a trace id or another text.
    :raises MalformedReply: if there is none, or several that differ; the message quotes the answer.
    """
    found = dict.fromkeys(_ids_in(body, prefixes))
    texts = dict.fromkeys(_ids_in(body, prefixes, numbers=False))
    ids = list(texts or found)
    if len(ids) > 1:
        raise malformed(response, f"the answer has several ids ({', '.join(ids[:5])})")
    return required(response, "id", ids[0] if ids else None)


def _ids_in(
    body: Mapping[str, Any], prefixes: tuple[str, ...], *, numbers: bool = True, depth: int = 0
) -> Iterator[str]:
    """All that may be the id. A number is a row of the gateway's database if there is a text as well."""
    for name in _CREATED_ID_NAMES:
        value = body.get(name)
        if (numbers or isinstance(value, str)) and (found := as_id(value)):
            yield found
    for name in _TRACE_NAMES:
        if (trace := as_id(body.get(name))) and trace.startswith(prefixes):
            yield trace
    for name in WRAPPERS if depth < _DEEPEST_WRAPPER else ():
        inner = _single(body.get(name))
        if isinstance(inner, dict):
            yield from _ids_in(inner, prefixes, numbers=numbers, depth=depth + 1)
        elif (text := as_id(inner)) and text.startswith(prefixes):
            yield text


def _single(value: Any) -> Any:
    """The value, or the only one in a list."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def task_in(body: dict[str, Any]) -> dict[str, Any]:
    """The task in an answer: the body itself, or what gateways wrap."""
    for _ in range(_DEEPEST_WRAPPER):
        if word_of(body) and any(as_id(body.get(name)) for name in ID_NAMES):
            return body
        wrapped = (as_dict(_single(body.get(name))) for name in WRAPPERS)
        inner = next((found for found in wrapped if word_of(found)), None)
        if inner is None:
            return body
        body = inner
    return body


def word_of(task: Mapping[str, Any]) -> str | None:
    """The vendor's word for a task's state."""
    for name in _STATUS_NAMES:
        if word := as_word(task.get(name)):
            return word
    return None


def is_complaint(body: dict[str, Any]) -> bool:
    """Whether the body of a 2xx answer is an error all the same: an error without the state of a task beside it."""
    if body.get("success") is False or (body.get("error") and not word_of(body)):
        return True
    code = as_word(body.get("code"))
    says_status = code is not None and effective_status(ErrorDetails(code, None, None), 200) >= 400
    return says_status and word_of(task_in(body)) is None


def confirmed_id(
    response: HttpResponse, task: Mapping[str, Any], asked: str, *, also: Iterable[str] = ()
) -> str:
    """The id that a reading was about; an answer without one is about the id that was asked for.

    :param also: names of further ids that the vendor knows a task by; the answer then tells its own.
    :raises MalformedReply: if the answer is about another one.
    """
    if task.get("id") == asked:
        return asked
    said = [found for name in ID_NAMES if (found := as_id(task.get(name)))]
    if not said or asked in said:
        return asked
    if asked in (as_text(task.get(name)) for name in also):
        return said[0]
    raise malformed(response, "the answer is about another generation")


def read_status(
    response: HttpResponse,
    task: Mapping[str, Any],
    also: Mapping[str, Status],
    *,
    shape: OwnShape = ERROR_OBJECT,
) -> Status:
    """The state of a task; an unknown word counts as running.

    :param also: the vendor's own words.
    :raises MalformedReply: without a word, and for a bad end of which it is not certain that a task has it.
    """
    word = word_of(task)
    if word:
        status = status_of(word, also) or Status.RUNNING
        if status not in _BAD_ENDS or _is_a_task(task) or is_vendors_own(task, shape):
            return status
        raise malformed(response, "the answer does not say which generation it is about")
    return required(response, "status", also.get("") if _is_a_task(task) else None)


def _is_a_task(body: Mapping[str, Any]) -> bool:
    return any(body.get(name) for name in (*ID_NAMES, *_SIGNS_OF_A_TASK))


def read_pending(
    status: Status,
    common: dict[str, Any],
    *,
    links: Callable[[], tuple[str, ...]],
    details: Callable[[], ErrorDetails],
    also: Mapping[str, Status] = WORDS,
) -> Pending:
    """A task that is not finished.

    :param common: what it tells in every state, in our field names.
    :param links: to its video; looked for where its word is unknown, as ``details`` of an error are.
    :param also: the vendor's own words.
    """
    return Pending(status=status, warning=_warning(common["vendor_status"], also, links, details), **common)


def _warning(
    word: str | None,
    also: Mapping[str, Status],
    links: Callable[[], tuple[str, ...]],
    details: Callable[[], ErrorDetails],
) -> str | None:
    """What a person should know of a task that counts as running: its word is unknown, and something is beside it."""
    if not word or status_of(word, also) is not None:
        return None
    beside = (
        "a link to a video" if links() else f"an error ({reason})" if (reason := _said(details())) else None
    )
    return beside and f"the vendor's word {word!r} is not known, and {beside} stands beside it"


def _said(details: ErrorDetails) -> str | None:
    return details.message or details.code


def video_links(task: Mapping[str, Any], *first: Any) -> tuple[str, ...]:
    """Every link to the video, the best first.

    :param first: the places of the vendor's contract, in order; those of other gateways follow.
    """
    every = (*(link for place in first for link in _links_in(place)), *_links_in(task))
    return tuple(dict.fromkeys(every))[:_MOST_LINKS]


def _links_in(value: Any, depth: int = 0) -> Iterator[str]:
    """The links in a text, a list or an object, those of nearer places first."""
    if link := as_link(value):
        yield link
    elif depth < _DEEPEST_LINK and isinstance(value, list):
        for item in value[:_MOST_LINKS]:
            yield from _links_in(item, depth + 1)
    elif depth < _DEEPEST_LINK and isinstance(value, dict):
        for name in _LINK_MEMBERS:
            if inner := value.get(name):
                yield from _links_in(inner, depth + 1)


def read_callback(body: bytes) -> CallbackHint:
    """What a callback claims about a task, which it is or which it wraps; of another body, nothing."""
    try:
        value = parse_json(body)
    except ValueError:
        return CallbackHint()
    task = task_in(as_dict(_single(value)))
    claimed = next((found for name in ID_NAMES if (found := as_id(task.get(name)))), None)
    return CallbackHint(claimed, pending=status_of(word_of(task) or "") in PENDING)
