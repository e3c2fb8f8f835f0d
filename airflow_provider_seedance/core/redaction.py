"""Texts without what opens something: signed links, passwords, inline media, API keys.

Each function makes one linear pass: texts come from the wire, and a triggerer's event loop may have to read them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from itertools import pairwise
from urllib.parse import quote

#: The longest text of a vendor or host that is kept, in characters.
MAX_TEXT = 2_000

_GAP = re.compile(r"([\s\"'<>`]+)")
#: A scheme as it is, percent-encoded, or escaped in JSON.
_SCHEME = re.compile(r"https?(?::|%3a)(?:\\?/|%2f){2}", re.IGNORECASE)
_PATH = re.compile(r"/|\\|%2f", re.IGNORECASE)
_QUERY = re.compile(r"[?#]|%3f|%23|\\u003f|\\u0023", re.IGNORECASE)
_DATA_URI = re.compile(
    r"(data(?::|%3a)[a-z]{1,20}(?:/|%2f)[a-z0-9.+-]{1,80}(?:(?:;|%3b)[a-z0-9=-]{1,40}){0,4}(?:,|%2c)).{16,}",
    re.IGNORECASE | re.DOTALL,
)
_API_KEY = re.compile(
    r"\b(bearer\s{1,8}|authorization:\s{0,8}basic\s{1,8}|sk-)[a-z0-9._~+/-]{6,}=*", re.IGNORECASE
)
# C0 and C1 controls but tab and line feed, marks that turn the direction of text, and halves of surrogate pairs.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def redact(text: str) -> str:
    """``text`` without queries and fragments of links (a signed link is a key), passwords, inline media and keys.

    Links are found anywhere in the text, in capitals, percent-encoded and escaped too.
    """
    shown = "".join(_without_secrets(piece) for piece in _GAP.split(text))
    return _API_KEY.sub(r"\1***", shown)


def _without_secrets(piece: str) -> str:
    """A piece of text without blanks in it."""
    piece = _DATA_URI.sub(r"\1***", piece)
    first = _SCHEME.search(piece)
    if first is None:
        return piece
    query = _QUERY.search(piece, first.end())
    shown = piece if query is None else piece[: query.start()]
    starts = [*(link.end() for link in _SCHEME.finditer(shown)), len(shown)]
    links = (shown[start:end] for start, end in pairwise(starts))
    return shown[: starts[0]] + "".join(map(_without_user, links)) + ("" if query is None else "?***")


def _without_user(link: str) -> str:
    """What follows a scheme, without a user and a password before the host."""
    path = _PATH.search(link)
    authority = link if path is None else link[: path.start()]
    end = max(authority.rfind("@") + 1, authority.lower().rfind("%40") + 3 if "%40" in authority else 0)
    return f"***@{link[end:]}" if end else link


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """``text`` cut to ``limit`` characters, then without control characters, so that it can be stored and logged.

    Line feeds become blanks: a vendor's text must not look like a line of ours.
    """
    cut = text[: limit + 1]
    printable = _UNPRINTABLE.sub("", cut).replace("\n", " ").strip()
    return printable if len(text) <= limit else f"{printable[: limit - 3]}..."


def forms_of(secret: str) -> tuple[str, ...]:
    """The forms in which a secret may be quoted back: as it is, percent-encoded, and in base64."""
    encoded = base64.b64encode(secret.encode()).decode()
    return tuple(dict.fromkeys((secret, quote(secret, safe=""), encoded, encoded.rstrip("="))))


def without(secrets: Iterable[str], content: bytes) -> bytes:
    """``content`` with each of the secrets, in any of its forms, replaced.

    :param secrets: texts that are known to be secret, such as the connection's own key.
    """
    for secret in secrets:
        for form in forms_of(secret):
            content = content.replace(form.encode(), b"***")
    return content
