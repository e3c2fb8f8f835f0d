"""Texts without what opens something: signed links, passwords, inline media, API keys.

Each function makes one linear pass: texts come from the wire, and a triggerer's event loop may have to read them.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any
from urllib.parse import quote

#: The longest text of a vendor or host that is kept, in characters.
MAX_TEXT = 2_000

#: Levels of lists and dicts that are shown.
MAX_DEPTH = 40
#: The keys of a generation's result that hold links: whoever knows one can fetch the file, signed or not.
RESULT_LINK_KEYS = ("video_url", "video_urls", "last_frame_url")

#: The shortest piece of a text that a link or inline media can be: ``http://a``.
_SHORTEST_SECRET = 8
_GAP = re.compile(r"([\s\"'<>`]+)")
#: A character as it is, percent-encoded once or more, or escaped in JSON or HTML.
_ESCAPED = r"(?:\\{{0,8}}{0}|%(?:25){{0,3}}{1}|\\{{1,8}}u00{1}|&#(?:{2}|x{1});)"
_COLON, _SLASH = _ESCAPED.format(":", "3a", 58), _ESCAPED.format("/", "2f", 47)
_SCHEME = re.compile(rf"https?{_COLON}{_SLASH}{{2}}", re.IGNORECASE)
_PATH = re.compile(r"[/\\]|%(?:25){0,3}2f|&#(?:47|x2f);", re.IGNORECASE)
_QUERY = re.compile(r"[?#]|%(?:25){0,3}(?:3f|23)|\\u00(?:3f|23)|&#(?:63|x3f|35|x23);", re.IGNORECASE)
_AT = re.compile(_ESCAPED.format("@", "40", 64), re.IGNORECASE)
_DATA_URI = re.compile(
    r"(data(?::|%3a)[a-z]{1,20}(?:/|%2f)[a-z0-9.+-]{1,80}(?:(?:;|%3b)[a-z0-9=-]{1,40}){0,4}(?:,|%2c)).{16,}",
    re.IGNORECASE | re.DOTALL,
)
_API_KEY = re.compile(
    r"\b(bearer\s{1,8}|authorization:\s{0,8}basic\s{1,8}|sk-)[a-z0-9._~+/-]{6,}=*", re.IGNORECASE
)
#: Of any other scheme, such as that of a proxy or a database.
_PASSWORD = re.compile(r"(://[^\s\"'<>`/?#@:]{0,256}:)[^\s\"'<>`/@]{1,1024}@")
#: Of a link without its scheme and host.
_SIGNATURE = re.compile(
    r"\b(x-[a-z]{2,8}-(?:signature|credential|security-token|content-sha256)=)[^\s&\"'<>]+", re.IGNORECASE
)
# C0 and C1 controls but tab and line feed, marks that turn the direction of text, and halves of surrogate pairs.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def redact(text: str, *, hide_links: bool = False) -> str:
    """``text`` without queries and fragments of links (a signed link is a key), passwords, inline media and keys.

    Links are found anywhere in the text, in capitals, percent-encoded and escaped too.

    :param hide_links: show of each link no more than its host.
    """
    hide_links = hide_links or _is_of_result(text)
    shown = _PASSWORD.sub(r"\1***@", text) if "://" in text else text
    if _SCHEME.search(shown) or _DATA_URI.search(shown):
        shown = "".join(_without_secrets(piece, hide_links) for piece in _GAP.split(shown))
    return _API_KEY.sub(r"\1***", _SIGNATURE.sub(r"\1***", shown))


def redact_values(value: Any, *, hide_links: bool = False) -> Any:
    """A copy of ``value`` in which each text is redacted, however deep in lists and dicts, and each result link hidden.

    What is deeper than :data:`MAX_DEPTH` is left out.
    """
    return _redact_values(value, hide_links, MAX_DEPTH)


def _redact_values(value: Any, hide_links: bool, levels: int) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return redact(value, hide_links=hide_links)
    if isinstance(value, (Mapping, list, tuple, set, frozenset)) and not levels:
        return "..."
    if isinstance(value, Mapping):
        return {
            redact(key) if isinstance(key, str) else key: _redact_values(
                item, hide_links or key in RESULT_LINK_KEYS, levels - 1
            )
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_redact_values(item, hide_links, levels - 1) for item in value]
    text = str(value)
    shown = redact(text, hide_links=hide_links)
    return value if shown == text else shown


def describe(value: Any, limit: int = 80) -> str:
    """``value`` as an error text shows it: redacted, and cut to ``limit`` characters."""
    try:
        shown = redact(repr(redact_values(value)))
    except (ValueError, RecursionError):
        # Python writes no number down that has thousands of digits.
        shown = f"<{type(value).__name__}>"
    return shorten(shown, limit)


def shorten(text: str, limit: int) -> str:
    """``text`` cut to ``limit`` characters."""
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def secret_links(value: Any, *, hide_links: bool = False) -> Iterator[str]:
    """Every link in the texts of ``value`` of which :func:`redact_values` hides something, whole."""
    yield from _secret_links(value, hide_links, MAX_DEPTH)


def _secret_links(value: Any, hide_links: bool, levels: int) -> Iterator[str]:
    if isinstance(value, str):
        hide_links = hide_links or _is_of_result(value)
        for piece in _GAP.split(value):
            link = _SCHEME.search(piece)
            if link and redact(piece, hide_links=hide_links) != piece:
                yield piece[link.start() :].rstrip(".,;:!)]}\\")
    elif isinstance(value, Mapping) and levels:
        for key, item in value.items():
            yield from _secret_links(key, False, levels - 1)
            yield from _secret_links(item, hide_links or key in RESULT_LINK_KEYS, levels - 1)
    elif isinstance(value, (list, tuple, set, frozenset)) and levels:
        for item in value:
            yield from _secret_links(item, hide_links, levels - 1)


def _is_of_result(text: str) -> bool:
    """Whether ``text`` writes a generation's result down."""
    return any(key in text for key in RESULT_LINK_KEYS)


def _without_secrets(piece: str, hide_links: bool) -> str:
    """A piece of text without blanks in it."""
    if len(piece) < _SHORTEST_SECRET:
        return piece
    piece = _DATA_URI.sub(r"\1***", piece)
    first = _SCHEME.search(piece)
    if first is None:
        return piece
    query = _QUERY.search(piece, first.end())
    shown = piece if query is None else piece[: query.start()]
    starts = [*(link.end() for link in _SCHEME.finditer(shown)), len(shown)]
    links = (shown[start:end] for start, end in pairwise(starts))
    show = _host_of if hide_links else _without_user
    return shown[: starts[0]] + "".join(map(show, links)) + ("" if query is None else "?***")


def _without_user(link: str) -> str:
    """What follows a scheme, without a user and a password before the host."""
    path = _PATH.search(link)
    authority = link if path is None else link[: path.start()]
    marked = "@" in authority or "%" in authority or "\\" in authority or "&" in authority
    ends = [at.end() for at in _AT.finditer(authority)] if marked else []
    return f"***@{link[ends[-1] :]}" if ends else link


def _host_of(link: str) -> str:
    """What follows a scheme, as far as the host."""
    shown = _without_user(link)
    path = _PATH.search(shown)
    return shown if path is None else f"{shown[: path.end()]}***"


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """``text`` cut to ``limit`` characters, then without control characters, so that it can be stored and logged.

    Line feeds become blanks: a vendor's text must not look like a line of ours.
    """
    cut = text[: limit + 1]
    printable = _UNPRINTABLE.sub("", cut).replace("\n", " ").strip()
    return printable if len(text) <= limit else f"{printable[: limit - 3]}..."


@lru_cache(maxsize=64)
def forms_of(secret: str) -> tuple[bytes, ...]:
    """The forms in which a secret may be quoted back, the longest first.

    As it is, percent-encoded, escaped in JSON, HTML or a shell, and in base64 at each place of a longer text, as
    ``Authorization: Basic`` has it.
    """
    encoded = quote(secret, safe="")
    quoted = json.dumps(secret)[1:-1]
    forms = {secret, encoded, quote(secret), quoted, quoted.replace("/", "\\/"), html.escape(secret)}
    forms |= {re.sub("%..", lambda code: code[0].lower(), form) for form in (encoded, quote(secret))}
    forms |= {json.dumps(form)[1:-1] for form in forms}
    forms |= {form for start in range(3) for form in _base64_forms(secret.encode(), start) if len(form) >= 8}
    return tuple(form.encode() for form in sorted(forms, key=lambda form: (-len(form), form)))


def _base64_forms(secret: bytes, start: int) -> Iterator[str]:
    """The characters that a secret alone decides, when ``start`` bytes come before it in their group of three."""
    whole = base64.b64encode(bytes(start) + secret).decode()
    decided = (start + len(secret)) * 8 // 6
    for form in (whole[(start * 8 + 5) // 6 : decided], *([whole] if start == 0 else [])):
        yield form
        yield form.translate(str.maketrans("+/", "-_"))


def without(secrets: Iterable[str], content: bytes) -> bytes:
    """``content`` with each of the secrets, in any of its forms, replaced.

    :param secrets: texts that are known to be secret, such as the connection's own key.
    """
    for secret in secrets:
        for form in forms_of(secret):
            content = content.replace(form, b"***")
    return content


def text_without(secrets: Iterable[str], text: str) -> str:
    """As :func:`without`, for a text."""
    return without(secrets, text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
