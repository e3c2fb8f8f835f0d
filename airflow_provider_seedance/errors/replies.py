"""How an exchange with a vendor ends without what was asked for: no connection, no answer, or a refusal."""

from __future__ import annotations

from typing import Any

from airflow_provider_seedance.core.error_kinds import Kind
from airflow_provider_seedance.errors.base import SeedanceError
from airflow_provider_seedance.errors.requests import ConfigurationError


class Redirected(ConfigurationError):
    """A create or a cancel was answered with a redirect, which is not followed: the host is not the vendor's API."""

    @property
    def maybe_accepted(self) -> bool:
        """``302`` and ``303`` may come after the request was carried out; the others say that it was not."""
        return self.http_status in (None, 302, 303)


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
