"""Every error of the provider, what each says, and what it may have cost.

The tree follows the question a user asks first, "was anything sent, and can it have cost money?":

* :class:`RequestInvalid`, :class:`ConfigurationError`, :class:`Unsupported`: refused here, nothing was sent;
* :class:`NotSent`: no connection, nothing was sent, safe to repeat;
* :class:`NoReply`, :class:`MalformedReply`: sent, but the outcome is unknown;
* :class:`VendorRefusal` and its children: the vendor answered with an error (:class:`IntermediaryReply`: something
  between Airflow and the vendor did);
* :class:`GenerationFailed`: the vendor accepted the request and ended it without a video;
* :class:`LandingError` and its children: the video exists but could not be brought home.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from airflow_provider_seedance.core.diagnosis import MAX_DETAIL, MAX_READ, Diagnosis, Medium, Problem, Stage
from airflow_provider_seedance.core.error_kinds import Kind
from airflow_provider_seedance.core.redaction import MAX_TEXT, redact, shorten

__all__ = ["MAX_DETAIL", "Diagnosis", "Kind", "Problem", "redact"]

#: The longest text of an error, in characters.
MAX_MESSAGE = 20_000


class SeedanceError(Exception):
    """Root of all errors of this package.

    :param message: what happened, in a sentence; links and keys in it are made unusable.
    :param vendor: the vendor's name, once known.
    :param generation_id: the vendor's id, if one exists.
    :param kind: overrides the class's own :class:`Kind`.
    :param code: the vendor's own error code.
    :param http_status: the HTTP status of the answer.
    :param request_id: the vendor's trace id, for a support request.
    :param retry_after: seconds the vendor asked to wait.
    :param advice: what to do next; without it, the usual advice for the kind.
    :param connection: the id of the Airflow connection that is concerned, once known.
    :param diagnosis: what in the request, or in the result, it is about.

    Its text begins with a short line that says what happened; each problem, and the advice, has a line of its own.
    """

    kind: Kind = Kind.UNKNOWN

    def __init__(
        self,
        message: str,
        *,
        vendor: str | None = None,
        generation_id: str | None = None,
        kind: Kind | None = None,
        code: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        advice: str | None = None,
        connection: str | None = None,
        diagnosis: Diagnosis | None = None,
    ) -> None:
        super().__init__(shorten(redact(message[:MAX_READ]), MAX_MESSAGE))
        self.vendor = vendor
        self.connection = connection
        self.generation_id = generation_id
        self.kind = kind or type(self).kind
        self.code = code
        self.http_status = http_status
        self.request_id = request_id
        self.retry_after = retry_after
        self.diagnosis = diagnosis or Diagnosis()
        self.advice = shorten(redact(advice), MAX_TEXT) if advice else self.kind.traits.advice

    @property
    def message(self) -> str:
        """What happened, without vendor, id and advice."""
        return str(self.args[0])

    @property
    def stage(self) -> Stage | None:
        """``input`` if what was sent is at fault, ``output`` if what was made of it was rejected."""
        return self.diagnosis.stage

    @property
    def medium(self) -> Medium | None:
        """``text``, ``image``, ``video`` or ``audio``, where one of them is at fault."""
        return self.diagnosis.medium

    @property
    def field(self) -> str | None:
        """The request's field at fault, where it is known."""
        return self.diagnosis.field

    @property
    def index(self) -> int | None:
        """The place in :attr:`field`, from 0, where that is a list."""
        return self.diagnosis.index

    @cached_property
    def billed(self) -> bool | None:
        """Whether the vendor bills for it; ``None`` if that is not known, or not yet. Who knows more, sets it."""
        return None if self.maybe_accepted or self.generation_id else False

    @property
    def maybe_accepted(self) -> bool:
        """Whether a create that ended like this may have been accepted, and so billed."""
        return False

    @property
    def retryable(self) -> bool:
        """Whether doing the same again later can succeed."""
        return self.kind.traits.retryable

    def about(
        self,
        *,
        vendor: str | None = None,
        generation_id: str | None = None,
        connection: str | None = None,
    ) -> SeedanceError:
        """This error, told who it is about where it does not know yet."""
        self.vendor = self.vendor or vendor
        self.connection = self.connection or connection
        self.generation_id = self.generation_id or generation_id
        return self

    def __str__(self) -> str:
        subject = " ".join(
            part
            for part in (
                self.vendor,
                self.generation_id and f"generation {_detail(self.generation_id)}",
            )
            if part
        )
        details = ", ".join(
            f"{name} {_detail(value)}"
            for name, value in (
                ("HTTP", self.http_status),
                ("code", self.code),
                ("request id", self.request_id),
                ("connection", self.connection),
            )
            if value
        )
        text = f"{subject}: {self.message}" if subject else self.message
        if details:
            text = f"{text} ({details})"
        return f"{text}{'' if text.endswith(('.', '!', '?')) else '.'}\n{self.advice}"


def _detail(value: object) -> str:
    return shorten(redact(str(value)), MAX_DETAIL)


class ConfigurationError(SeedanceError):
    """The connection, the catalog or an argument is unusable. Nothing was sent."""

    kind = Kind.CONFIGURATION


class Redirected(ConfigurationError):
    """A create or a cancel was answered with a redirect, which is not followed: the host is not the vendor's API."""

    @property
    def maybe_accepted(self) -> bool:
        """``302`` and ``303`` may come after the request was carried out; the others say that it was not."""
        return self.http_status in (None, 302, 303)


class Unsupported(SeedanceError):
    """This vendor has no such call. Nothing was sent."""

    kind = Kind.CONFIGURATION


class RequestInvalid(SeedanceError):
    """A request that cannot succeed, refused before it costs anything.

    :param problems: everything that is wrong, not only the first thing.
    :param model: the model that was asked for.
    """

    kind = Kind.VALIDATION

    def __init__(
        self, problems: Sequence[Problem], *, vendor: str | None = None, model: str | None = None
    ) -> None:
        self.problems = tuple(problems)
        self.model = model
        target = f" for model {shorten(model, MAX_DETAIL)}" if model else ""
        listed = "".join(f"\n- {problem}" for problem in self.problems)
        text = f"request refused before sending{target}:{listed}"
        super().__init__(text, vendor=vendor, diagnosis=Diagnosis.of(self.problems))


class NotSent(SeedanceError):
    """No connection could be made: surely nothing was sent, so a repeat is safe."""

    kind = Kind.CONNECTION


class NoReply(SeedanceError):
    """The request left, and no answer came back. A create may have been accepted and billed."""

    kind = Kind.CONNECTION

    @property
    def maybe_accepted(self) -> bool:
        return True


class MalformedReply(SeedanceError):
    """An answer that cannot be read: not JSON, empty, or without what it must hold."""

    kind = Kind.OVERLOAD

    @property
    def maybe_accepted(self) -> bool:
        return True


class VendorRefusal(SeedanceError):
    """The vendor answered with an error. Its children exist to be caught by name."""

    @property
    def maybe_accepted(self) -> bool:
        """A 4xx refuses for sure, and so does a reason that names a fault of the request or the account."""
        refused = self.http_status is not None and 400 <= self.http_status < 500 and self.http_status != 408
        return not refused and self.kind in (Kind.OVERLOAD, Kind.UNKNOWN)


class ValidationRefused(VendorRefusal):
    """The vendor finds the request wrong."""

    kind = Kind.VALIDATION


class ModerationRefused(VendorRefusal):
    """The vendor's safety filter refused the input."""

    kind = Kind.MODERATION


class AuthenticationRefused(VendorRefusal):
    """The key is wrong, or may not use this model."""

    kind = Kind.AUTHENTICATION


class BalanceRefused(VendorRefusal):
    """The account is out of money or quota."""

    kind = Kind.BALANCE


class NotFound(VendorRefusal):
    """The vendor does not know this id, or no longer."""

    kind = Kind.NOT_FOUND


class Conflict(VendorRefusal):
    """The generation's state forbids the call."""

    kind = Kind.CONFLICT


class RateLimited(VendorRefusal):
    """Too many requests: surely not accepted."""

    kind = Kind.RATE_LIMIT


class VendorUnavailable(VendorRefusal):
    """The vendor has trouble of its own. After a 5xx, a create may have been accepted all the same."""

    kind = Kind.OVERLOAD


#: Statuses that say that the request has not been applied, whoever answers with them (RFC 9110, RFC 6585).
_NOT_APPLIED = (401, 407, 411, 413, 414, 431)


class IntermediaryReply(VendorUnavailable):
    """Something between Airflow and the vendor answered: a proxy, a firewall, a login gate, an ingress.

    It says nothing about a generation. A create may have reached the vendor all the same.
    """

    def __init__(self, message: str, **details: Any) -> None:
        details.setdefault(
            "advice",
            "Try again later; if it stays so, check the connection's host, and the proxies and firewalls on the way.",
        )
        super().__init__(message, **details)

    @property
    def maybe_accepted(self) -> bool:
        return self.http_status not in _NOT_APPLIED


_REFUSALS: dict[Kind, type[VendorRefusal]] = {
    refusal.kind: refusal
    for refusal in (
        ValidationRefused,
        ModerationRefused,
        AuthenticationRefused,
        BalanceRefused,
        NotFound,
        Conflict,
        RateLimited,
        VendorUnavailable,
    )
}


def refusal(kind: Kind, message: str, **details: Any) -> VendorRefusal:
    """The error for a vendor's answer of this kind; ``details`` as for :class:`SeedanceError`."""
    return _REFUSALS.get(kind, VendorRefusal)(message, kind=kind, **details)


class GenerationFailed(SeedanceError):
    """The vendor accepted the request and ended it without a video. ``kind`` says why."""

    @cached_property
    def billed(self) -> bool | None:
        """Vendors bill finished videos only."""
        return False


class DeadlinePassed(SeedanceError):
    """The generation was not finished by the caller's deadline."""

    kind = Kind.TIMEOUT


class BudgetExceeded(SeedanceError):
    """The estimate is above ``max_cost``, or no price is known to hold against it. A decision, not a fault."""

    kind = Kind.VALIDATION


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
