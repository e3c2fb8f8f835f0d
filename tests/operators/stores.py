"""An object store in memory, as Airflow's object storage knows it, whose links are signed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

#: What a signed link has in it that nobody may see.
SECRET = "X-Amz-Signature=0123456789abcdef0123456789abcdef"


class SigningFileSystem(MemoryFileSystem):
    """Signs as S3 does; what it signed is in ``signed``."""

    cachable = False
    signed: list[str] = []  # noqa: RUF012  # one store

    def sign(self, path: str, expiration: int = 100, **_: Any) -> str:
        self.signed.append(path)
        return f"https://store.example/{path.lstrip('/')}?X-Amz-Expires={expiration}&{SECRET}"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URI of an empty folder in a store that signs links."""
    yield from _registered(monkeypatch, SigningFileSystem)


@pytest.fixture
def unsigning_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Likewise, in a store that cannot."""
    yield from _registered(monkeypatch, MemoryFileSystem)


def _registered(monkeypatch: pytest.MonkeyPatch, kind: type[MemoryFileSystem]) -> Iterator[str]:
    from airflow.sdk.io import fs, store

    monkeypatch.setattr(store, "_STORE_CACHE", {})
    SigningFileSystem.signed.clear()
    monkeypatch.setattr(fs, "_register_filesystems", lambda: {"memory": lambda conn_id: kind()})
    yield f"memory://{uuid.uuid4().hex}"


def put(uri: str, content: bytes) -> str:
    """Write a file into the store."""
    with MemoryFileSystem().open(uri.removeprefix("memory:/"), "wb") as file:
        file.write(content)
    return uri
