"""Who may use the control surface: programs on purpose, but no web page that a browser on this machine shows."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

_EVERY_ADDRESS = frozenset({"0.0.0.0", "::", ""})


def refusal(headers: Mapping[str, str], bound_host: str, names: Collection[str] = ()) -> str | None:
    """Why a request is refused; None if it is not.

    A page of another site shows in ``Origin``. A name that its owner lets lead to this machine (DNS rebinding) makes
    the page one of the same site, but shows in ``Host``.

    :param headers: of the request, by names in lower case.
    :param bound_host: the name or address that the emulator was told to listen on.
    :param names: further host names by which it may be called, such as that of a container.
    """
    host, origin = headers.get("host", ""), headers.get("origin")
    own_names = {"localhost", *(name.lower() for name in (bound_host, *names))}
    if not _is_own(host, own_names, bound_host):
        return (
            f"the Host header must name localhost, a loopback address or {' or '.join((bound_host, *names))}"
        )
    if origin is not None and origin.lower() != f"http://{host.lower()}":
        return "the Origin header must be absent or that of the emulator itself"
    return None


def _is_own(host: str, own_names: Collection[str], bound_host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name in own_names:
        return bool(name)
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    # Whoever listens on every address is reached by any of them, and an address cannot be rebound.
    return address.is_loopback or bound_host in _EVERY_ADDRESS
