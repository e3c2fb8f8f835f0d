"""The token in a callback URL: it names one intent of one task instance, to nobody but our own servers.

It is encrypted and authenticated with a secret that workers and API servers share, so that nothing has to be stored
and no database is asked about a token that somebody made up. The same intent always has the same token.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

#: Characters of the longest token that is looked at; no vendor takes a longer URL.
MAX_TOKEN_LENGTH = 2048
#: What the key is for; it changes with the meaning of a token.
_PURPOSE = b"airflow-provider-seedance: callback token, version 1"


@dataclass(frozen=True)
class CallbackTarget:
    """The intent that a callback is about, and the connection that submitted it."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    intent_id: str
    seedance_conn_id: str


class CallbackTokens:
    """Makes and reads tokens.

    :param secrets: the first one makes tokens, and all are tried on those that come, so that a secret can be replaced.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._ciphers = [AESSIV(hmac.digest(secret.encode(), _PURPOSE, "sha512")) for secret in secrets]

    def seal(self, target: CallbackTarget) -> str:
        """The token of an intent: letters, digits, ``-`` and ``_``."""
        fields = json.dumps(astuple(target), ensure_ascii=False, separators=(",", ":"))
        sealed = self._ciphers[0].encrypt(zlib.compress(fields.encode(), 9), None)
        return urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, token: str) -> CallbackTarget | None:
        """The intent of a token; ``None`` for one that was not made here."""
        sealed = _decoded(token)
        for cipher in self._ciphers if sealed else ():
            try:
                fields = json.loads(zlib.decompress(cipher.decrypt(sealed, None)))
            except InvalidTag:
                continue
            return CallbackTarget(*fields)
        return None


def token_digest(token: str) -> str:
    """A short name for a token, for logs."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()[:8]


def _decoded(token: str) -> bytes:
    """The bytes of a token; none for a text that cannot be one. Only one text stands for them."""
    if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
        return b""
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return b""
    return sealed if urlsafe_b64encode(sealed).decode().rstrip("=") == token else b""
