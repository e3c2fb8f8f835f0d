"""Which addresses a result link may lead to, judged by the address that is really connected to.

A host's name is resolved once, and one of those very addresses is connected to: a name that resolves to something else
a moment later gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from airflow_provider_seedance.errors import LinkRefused

#: Connects to a host and port, within so many seconds: as ``socket.create_connection``.
Connect = Callable[..., socket.socket]

#: All that is assigned to the internet so far.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_DOCUMENTATION = IPv6Network("3fff::/20")
_NAT64 = IPv6Network("64:ff9b::/96")
#: Addresses that stand for the IPv4 address in their last bytes.
_IPV4_INSIDE = (_NAT64, IPv6Network("::ffff:0:0/96"), IPv6Network("::/96"), IPv6Network("::ffff:0:0:0/96"))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's, and neither private, local, shared, reserved nor multicast."""
    ip = ip_address(address.partition("%")[0])
    return _is_public_ipv6(ip) if isinstance(ip, IPv6Address) else ip.is_global and not ip.is_multicast


def _is_public_ipv6(ip: IPv6Address) -> bool:
    if any(ip in network for network in _IPV4_INSIDE):
        return is_public(str(IPv4Address(int(ip) & 0xFFFFFFFF)))
    if ip.sixtofour:
        return is_public(str(ip.sixtofour))
    return ip in _GLOBAL_UNICAST and ip not in _DOCUMENTATION and ip.is_global and ip.teredo is None


def addresses_of(
    host: str, port: int | None = None, *, flags: int = 0
) -> list[tuple[int, str, tuple[object, ...]]]:
    """What a host's name, or an address in any notation, stands for: family, address, and what to connect to.

    :param flags: as for ``socket.getaddrinfo``.
    :raises OSError: if it stands for nothing.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, str(where[0]), where) for family, _, _, _, where in found]


def is_private_host(host: str) -> bool:
    """Whether a host has an address that is not public; one that is not known at all counts as public."""
    try:
        return not all(is_public(address) for _, address, _ in addresses_of(host))
    except (OSError, UnicodeError):
        return False


def connect_publicly(
    where: tuple[str, int], timeout: float | None = None, source_address: tuple[str, int] | None = None
) -> socket.socket:
    """Connect to one of a host's public addresses; in place of ``socket.create_connection``.

    :raises LinkRefused: if it has none. Nothing was sent to it then.
    :raises OSError: if none of them answers.
    """
    host, port = where
    public = [found for found in addresses_of(host, port) if is_public(found[1])]
    if not public:
        raise refused(host)
    for position, (family, _, address) in enumerate(public, 1):
        try:
            return _connect(family, address, timeout, source_address)
        except OSError:
            if position == len(public):
                raise
    raise AssertionError("unreachable: there is at least one address")


def _connect(
    family: int, address: tuple[object, ...], timeout: float | None, source: tuple[str, int] | None
) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        if source:
            connection.bind(source)
        connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


def check_literal(host: str) -> None:
    """Refuse an address that is not public, in any notation, without a look-up; and this machine's own name.

    It is all that can be told of a host that a proxy connects to.

    :raises LinkRefused: naming the host and the setting.
    """
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        raise refused(host)
    try:
        literal = addresses_of(host, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return
    if not all(is_public(address) for _, address, _ in literal):
        raise refused(host)


def refused(host: str) -> LinkRefused:
    """The error for a link to ``host``."""
    return LinkRefused(
        f"a result link leads to {host}, which is not an address of the internet",
        advice="If results are to come from there, set allow_private_result_hosts = True in [seedance] of Airflow's"
        " configuration; it is allowed anyway where the connection's own host is such an address.",
    )
