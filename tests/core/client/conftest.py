"""Fixtures of the client's tests."""

from collections.abc import Iterator

import pytest

from tests.core.client.scripted import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A scripted server of this test's own."""
    scripted = ScriptedServer()
    yield scripted
    scripted.close()
