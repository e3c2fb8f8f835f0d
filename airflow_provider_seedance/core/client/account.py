"""Where one account's requests go, and with which key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_seedance.core.catalog import Catalog, vendor_names
from airflow_provider_seedance.core.catalog.alternatives import vendors_with_regions
from airflow_provider_seedance.core.client.addresses import is_private_host, is_public
from airflow_provider_seedance.core.money import SpendLimit, parse_limits, parse_money
from airflow_provider_seedance.core.redaction import describe
from airflow_provider_seedance.core.suggestions import unknown_name
from airflow_provider_seedance.core.vendors import load_vendor
from airflow_provider_seedance.core.vendors.contract import API, Credential, Vendor
from airflow_provider_seedance.errors import ConfigurationError

#: Seconds to wait for the answer to a read, and to a create: a create given up early has an unknown outcome.
READ_TIMEOUT, CREATE_TIMEOUT = 60.0, 300.0
MAX_CONCURRENCY = 20
#: Bytes of the largest video that is fetched, unless a setting says otherwise.
MAX_VIDEO_BYTES = 2 * 1024**3

_KEY = re.compile(r"[\x21-\x7e]+")
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".svc", ".lan", ".home.arpa", ".test")
#: The part of a path that ends an API's own prefix.
_VERSION = re.compile(r"/v\d+(?=/)")
_HOST = re.compile(r"[\w.:-]+")


@dataclass(frozen=True)
class Account:
    """One vendor account, checked.

    :param vendor: the vendor's dialect.
    :param region: one of the vendor's regions.
    :param access_key_id: with ``secret_access_key``, signs the requests to services that want that.
    :param api_key: sent to the hosts of the vendor's services and nowhere else.
    :param host: scheme, host and optional prefix, without a trailing slash, below which all services are reached;
        ``None`` for the vendor's own hosts.
    :param request_timeout: seconds for one HTTP call; ``None`` for 60, and 300 for a create. A create that is given
        up has an unknown outcome, so a short time is a bad economy.
    :param max_concurrency: HTTP calls at a time to the vendor from one client.
    :param catalog_rows: the user's additions to the catalog.
    :param price_rows: the user's own prices.
    :param max_video_bytes: of the largest video that is fetched.
    :param allow_private_result_hosts: whether result links may lead to addresses that are not of the internet, even
        though ``host`` is.
    :param budgets: what submissions may cost in a period; they need a ledger.
    :param min_balance: nothing is submitted while the vendor tells that less than this amount is left.
    :param webhook_secret: what the vendor signs its callbacks with.
    :param connection: the id of the Airflow connection, for messages.
    """

    vendor: Vendor
    region: str
    api_key: str = field(repr=False)
    host: str | None = None
    request_timeout: float | None = None
    max_concurrency: int = MAX_CONCURRENCY
    catalog_rows: Sequence[Mapping[str, Any]] | str = ()
    price_rows: Sequence[Mapping[str, Any]] | str = ()
    max_video_bytes: int = MAX_VIDEO_BYTES
    allow_private_result_hosts: bool = False
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    budgets: tuple[SpendLimit, ...] = ()
    min_balance: tuple[Decimal, str] | None = None
    webhook_secret: str | None = field(default=None, repr=False)
    connection: str | None = field(default=None, compare=False)

    @classmethod
    def create(
        cls,
        *,
        vendor: str | None,
        api_key: str | None,
        host: str | None = None,
        region: str | None = None,
        **others: Any,
    ) -> Account:
        """The settings, checked; ``others`` as the fields of this class.

        :raises ConfigurationError: naming the setting, its value and what is allowed.
        """
        if not vendor:
            raise ConfigurationError(f"no vendor is set; choose one of: {', '.join(vendor_names())}")
        dialect = load_vendor(vendor)
        region = region or dialect.regions[0]
        if region not in dialect.regions:
            raise ConfigurationError(_unknown_region(region, dialect), vendor=vendor)
        _check_access_key(dialect, others.get("access_key_id"), others.get("secret_access_key"))
        if others.get("webhook_secret") and not (dialect.callbacks and dialect.callbacks.verify):
            raise ConfigurationError(
                f"webhook_secret is of no use: {vendor} signs no callbacks", vendor=vendor
            )
        return cls(
            vendor=dialect,
            region=region,
            api_key=_checked_key(api_key, vendor),
            host=_checked_host(host, dialect) if host else None,
            request_timeout=_positive("request_timeout", others.pop("request_timeout", None), vendor),
            max_concurrency=_whole("max_concurrency", others.pop("max_concurrency", None), vendor)
            or MAX_CONCURRENCY,
            budgets=parse_limits(others.pop("budgets", None)),
            min_balance=parse_money("min_balance", others.pop("min_balance", None)),
            **others,
        )

    def service_url(self, service: str) -> str:
        """The base URL of one of the vendor's services, without a trailing slash."""
        return self.host or self.vendor.service(service).base_urls[self.region]

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is replaced in every text that comes from the wire."""
        return tuple(filter(None, (self.api_key, self.secret_access_key, self.webhook_secret)))

    @property
    def base_url(self) -> str:
        """The base URL of the vendor's API."""
        return self.service_url(API)

    @property
    def console(self) -> str | None:
        """The address of the vendor's console; ``None`` if it is not known, as that of another host is not."""
        return None if self.host else self.vendor.console

    @property
    def sends_key_in_clear(self) -> bool:
        """Whether requests leave this network without encryption."""
        parts = urlsplit(self.base_url)
        return parts.scheme == "http" and not _is_local(parts.hostname or "")

    @property
    def account_id(self) -> str:
        """A name for key and host together that tells neither."""
        return hashlib.sha256(f"{self.base_url}\0{self.api_key}".encode()).hexdigest()[:12]

    def allows_private_results(self) -> bool:
        """Whether result links may lead to private addresses: by a setting, or because the vendor's API is at one."""
        return self.allow_private_result_hosts or self.has_private_host

    @property
    def has_private_host(self) -> bool:
        """Whether the vendor's API is reached at a private address."""
        own_host = urlsplit(self.host or "").hostname
        return own_host is not None and is_private_host(own_host)

    def catalog(self) -> Catalog:
        """What this vendor's models take and cost, with the user's own rows.

        :raises ConfigurationError: if a row or a price cannot be used.
        """
        try:
            return Catalog.load(self.vendor.name, self.region, rows=self.catalog_rows, prices=self.price_rows)
        except ConfigurationError as error:
            error.about(vendor=self.vendor.name, connection=self.connection)
            raise

    def read_timeout(self, *, repeatable: bool) -> float:
        """Seconds to wait for the answer to a request, which may be repeated if it does not come or may not."""
        return self.request_timeout or (READ_TIMEOUT if repeatable else CREATE_TIMEOUT)


def _unknown_region(region: str, vendor: Vendor) -> str:
    if len(vendor.regions) > 1:
        return unknown_name("region", region, vendor.regions)
    others = ", ".join(vendors_with_regions())
    return f"region={describe(region)}: {vendor.name} has no regions, only {others} has; leave it out"


def _check_access_key(vendor: Vendor, key_id: object, secret: object) -> None:
    """Refuse half of an access key, and one that the vendor has no use for."""
    if not (key_id or secret):
        return
    if not any(service.credential is Credential.SIGNATURE for service in vendor.services):
        raise ConfigurationError(
            f"access_key_id and secret_access_key are of no use: {vendor.name} signs nothing",
            vendor=vendor.name,
        )
    if not (key_id and secret):
        missing = "secret_access_key" if key_id else "access_key_id"
        raise ConfigurationError(f"{missing} is missing: an access key has both parts", vendor=vendor.name)


def _checked_key(key: str | None, vendor: str) -> str:
    key = (key or "").strip()
    if not key:
        raise ConfigurationError("no API key is set; put it into the connection's password", vendor=vendor)
    if not _KEY.fullmatch(key):
        raise ConfigurationError(
            "the API key holds blanks, line breaks or non-ASCII characters; copy it again", vendor=vendor
        )
    return key


def _is_local(host: str) -> bool:
    """Whether a host is this machine or one of a private network, as far as its name or address tells."""
    try:
        return not is_public(host)
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_NAMES)


def _checked_url(host: str, vendor: str) -> str:
    url = host.strip()
    if "://" not in url:
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        named = _HOST.fullmatch(parts.hostname or "") is not None and "@" not in parts.netloc
        usable = parts.scheme in ("http", "https") and named and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        raise ConfigurationError(
            f"host {host!r} is not a usable base URL; give scheme, host and an optional prefix,"
            " such as https://proxy.example.com/seedance, or leave it empty for the vendor's own",
            vendor=vendor,
        )
    return url.rstrip("/")


def _checked_host(host: str, vendor: Vendor) -> str:
    """A base URL without the beginning of the vendor's own paths, which would then stand in it twice."""
    url = _checked_url(host, vendor.name)
    path = vendor.account.probe().request.path
    for end in (match.end() for match in _VERSION.finditer(path)):
        if f"{urlsplit(url).path}/".endswith(f"{path[:end]}/") or url.endswith(path):
            raise ConfigurationError(
                f"host {describe(host)} ends with {path[:end]}, which comes below it; leave that out",
                vendor=vendor.name,
            )
    return url


def _positive(name: str, value: Any, vendor: str) -> float | None:
    if value in (None, ""):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if not 0 < number < float("inf"):
        raise ConfigurationError(f"{name} must be a number above 0, not {describe(value)}", vendor=vendor)
    return number


def _whole(name: str, value: Any, vendor: str) -> int | None:
    number = _positive(name, value, vendor)
    if number is not None and number % 1:
        raise ConfigurationError(f"{name} must be a whole number, not {describe(value)}", vendor=vendor)
    return None if number is None else int(number)
