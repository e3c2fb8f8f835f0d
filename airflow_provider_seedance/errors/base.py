"""The root of all errors: what each of them tells."""

from __future__ import annotations

from functools import cached_property

from airflow_provider_seedance.core.diagnosis import MAX_DETAIL, MAX_READ, Diagnosis, Medium, Stage
from airflow_provider_seedance.core.error_kinds import Kind
from airflow_provider_seedance.core.redaction import MAX_TEXT, redact, shorten

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
