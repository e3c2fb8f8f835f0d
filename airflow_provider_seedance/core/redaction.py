"""Texts without what opens something: signed links, passwords, inline media, API keys."""

from __future__ import annotations

import re

_URL_USER = re.compile(r"(?i)(https?://)[^\s\"'<>/?#@]+@")
_URL_SECRET = re.compile(r"(?i)(https?://[^\s\"'<>?#]+)[?#][^\s\"'<>]*")
_DATA_URI = re.compile(r"(data:[a-zA-Z0-9.+/-]+;base64,)[A-Za-z0-9+/=]{16,}")
_BEARER = re.compile(r"(?i)\b(bearer\s+|sk-)[A-Za-z0-9._~+/-]{6,}=*")


def redact(text: str) -> str:
    """``text`` without URL queries (a signed link is a key) and passwords, base64 media and API keys."""
    text = _URL_USER.sub(r"\1***@", text)
    text = _URL_SECRET.sub(r"\1?***", text)
    text = _DATA_URI.sub(r"\1***", text)
    return _BEARER.sub(r"\1***", text)
