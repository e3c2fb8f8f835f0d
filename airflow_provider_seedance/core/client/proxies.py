"""The proxies that the environment names."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

#: A shorter password is not searched for by itself: it would be found in innocent words.
_SHORTEST_PASSWORD = 4


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for this host."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def proxy_secrets() -> Iterator[str]:
    """Users with their passwords, and the passwords, of all proxies that the environment names."""
    for url in getproxies().values():
        user_and_password = url.rpartition("@")[0].rpartition("//")[2]
        password = user_and_password.partition(":")[2]
        for secret in (user_and_password, password):
            if len(secret) >= _SHORTEST_PASSWORD:
                yield from dict.fromkeys((secret, unquote(secret)))
